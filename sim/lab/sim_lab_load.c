/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lab_load.c - reads a trace, with types, kinds and times where it has them.
 *
 * tr_load() gives the accesses of any format.  A .wst also says who accesses what and
 * when; that is read in a second pass over its runs.  Accesses by the guest's kernel and
 * to pages that no algorithm may evict are left out: they would be the same for all.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/sim_lab.h"
#include "tr_file.h"

struct lab_load {
	struct sim_lab_trace *trace;
	const char *path;
	u8 *type; /* by page: enum tr_type */
	u8 default_type;
	u64 at, kept;	/* accesses seen, and kept, so far */
	u64 frees_seen; /* frees whose positions are in kept accesses already */
	bool any;	/* an attribute that is not 0 */
};

/* Frees that come before access @at come before kept access @kept. */
static void move_frees(struct lab_load *load)
{
	struct tr_array *array = &load->trace->array;

	while (load->frees_seen < array->frees_count &&
	       array->frees[load->frees_seen].position <= load->at)
		array->frees[load->frees_seen++].position = load->kept;
}

static int load_accesses(struct lab_load *load, const struct tr_run *run, struct tr_error *error)
{
	struct sim_lab_trace *trace = load->trace;
	struct tr_array *array = &trace->array;

	for (u32 i = 0; i < run->count; i++) {
		u32 entry = run->page[i], page = TR_PAGE(entry);
		if (load->at >= array->count || array->page[load->at] != entry)
			return tr_fail(error, -EIO, "%s: changed while it was read", load->path);
		move_frees(load);
		load->at++;
		if (load->type[page] == TR_UNEVICTABLE || run->kind == TR_KERNEL) {
			trace->left_out++;
			continue;
		}
		u8 attribute = (load->type[page] == TR_FILE ? SIM_LAB_FILE : 0) |
			       (run->kind == TR_DESCRIPTOR ? SIM_LAB_DESCRIPTOR : 0);
		load->any |= attribute != 0;
		trace->attribute[load->kept] = attribute;
		if (trace->time_ns && load->kept % SIM_LAB_TIME_STEP == 0)
			trace->time_ns[load->kept / SIM_LAB_TIME_STEP] =
				run->time_ns + (u64)((double)run->span_ns * i / run->count);
		array->page[load->kept++] = entry;
	}
	return 0;
}

static int load_run(struct lab_load *load, const struct tr_run *run, struct tr_error *error)
{
	if (run->op == TR_ACCESS)
		return load_accesses(load, run, error);
	for (u32 i = 0; i < run->count; i++) {
		if (run->op == TR_ALLOC)
			load->type[TR_PAGE(run->page[i])] = run->type;
		else if (run->op == TR_FREE)
			load->type[TR_PAGE(run->page[i])] = load->default_type;
	}
	return 0;
}

/* Distinct pages of what was kept. */
static void count_pages(struct lab_load *load)
{
	struct tr_array *array = &load->trace->array;

	memset(load->type, 0, load->trace->pages_count);
	array->pages_touched = 0;
	for (u64 i = 0; i < array->count; i++) {
		u8 *seen = &load->type[TR_PAGE(array->page[i])];
		array->pages_touched += !*seen;
		*seen = 1;
	}
}

static int load_runs(struct lab_load *load, struct tr_file *file, struct tr_error *error)
{
	struct tr_array *array = &load->trace->array;
	struct tr_cursor *cursor;
	struct tr_run run;
	int rc = tr_cursor_open(&cursor, file, TR_MERGED, error);

	if (rc)
		return rc;
	while ((rc = tr_cursor_next(cursor, &run, error)) > 0) {
		rc = load_run(load, &run, error);
		if (rc)
			break;
	}
	tr_cursor_close(cursor);
	if (rc < 0)
		return rc;
	if (load->at != array->count)
		return tr_fail(error, -EIO, "%s: changed while it was read", load->path);
	move_frees(load);
	array->count = load->kept;
	count_pages(load);
	return 0;
}

static int load_attributes(struct sim_lab_trace *trace, const char *path, struct tr_error *error)
{
	struct lab_load load = { .trace = trace, .path = path };
	struct tr_file *file;
	int rc = tr_file_open(&file, path, error);

	if (rc)
		return rc;
	const struct tr_meta *meta = tr_file_meta(file);
	load.default_type = (u8)meta->default_type;
	load.type = malloc(trace->pages_count + 1ull);
	trace->attribute = malloc(trace->array.count + 1);
	if (trace->array.window_ns)
		trace->time_ns = calloc(trace->array.count / SIM_LAB_TIME_STEP + 1, sizeof(u64));
	if (!load.type || !trace->attribute || (trace->array.window_ns && !trace->time_ns)) {
		rc = tr_fail(error, -ENOMEM, "%s: out of memory", path);
	} else {
		memset(load.type, load.default_type, trace->pages_count);
		rc = load_runs(&load, file, error);
	}
	if (!load.any) {
		free(trace->attribute);
		trace->attribute = NULL;
	}
	free(load.type);
	tr_file_close(file);
	return rc;
}

int sim_lab_trace_load(struct sim_lab_trace *trace, const char *path, const char *format,
		       struct tr_error *error)
{
	struct tr_array array;
	int rc = tr_load(&array, path, format, error);

	if (rc)
		return rc;
	sim_lab_trace_adopt(trace, &array);
	if (!strcmp(trace->array.format, "wst"))
		rc = load_attributes(trace, path, error);
	else
		trace->array.window_ns = 0;
	if (!rc && !trace->array.count)
		rc = tr_fail(error, -EINVAL, "%s: has no accesses", path);
	if (rc)
		sim_lab_trace_destroy(trace);
	return rc;
}

void sim_lab_trace_destroy(struct sim_lab_trace *trace)
{
	tr_array_destroy(&trace->array);
	free(trace->attribute);
	free(trace->time_ns);
	free(trace->next_use);
	*trace = (struct sim_lab_trace){ 0 };
}
