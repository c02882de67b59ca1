/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_trial.c - a trial from its file, and the sweep that it is. */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model/sim_reclaim.h"
#include "observe/sim_results.h"
#include "scenario/sim_scenario_parts.h"
#include "tr_stat.h"
#include "trial/sim_trial.h"

#define SECOND 1000000000ull
#define GIB (1ull << 30)
#define TAIL_NS (5 * SECOND) /* after the last repetition, for what is still being written */

/* --- reading --- */

static int add(struct sim_trial_list *list, const struct sim_json_in *in, const char *text,
	       struct tr_error *error)
{
	for (u32 i = 0; i < list->count; i++)
		if (!strcmp(list->text[i], text))
			return sim_json_fail(in, -EINVAL, error, "'%s': twice", text);
	if (list->count == SIM_TRIAL_LIST_MAX)
		return sim_json_fail(in, -EINVAL, error, "more than %d", SIM_TRIAL_LIST_MAX);
	list->text[list->count] = strdup(text);
	assert(list->text[list->count]);
	list->count++;
	return 0;
}

static int read_names(struct sim_trial_list *list, const struct sim_json_in *in,
		      struct tr_error *error)
{
	char number[SIM_JSON_DOUBLE_TEXT];
	struct sim_json_in child;
	const char *text;
	double value;
	int rc = 0;

	if (sim_json_kind(in) != SIM_JSON_ARRAY || !sim_json_count(in))
		return sim_json_fail(in, -EINVAL, error, "must be a list");
	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child)) {
		if (sim_json_kind(&child) == SIM_JSON_NUMBER) {
			rc = sim_json_get_double(&child, &value, error);
			text = rc ? "" : sim_json_double_text(value, number);
		} else {
			rc = sim_json_get_text(&child, &text, error);
		}
		rc = rc ? rc : add(list, &child, text, error);
	}
	return rc;
}

static int read_engines(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	struct tr_error *error = reader->error;
	struct sim_trial *trial = object;
	struct sim_reclaim_choice choice;
	struct tr_error why;
	int rc = read_names(&trial->engines, in, error);

	for (u32 i = 0; i < trial->engines.count && !rc; i++)
		if (sim_reclaim_choose(&choice, trial->engines.text[i], &why))
			rc = sim_json_fail(in, -EINVAL, error, "%s", why.text);
	return rc;
}

static int read_memory(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	struct tr_error *error = reader->error;
	struct sim_trial *trial = object;
	struct sim_json_in child;
	int rc = 0;

	if (sim_json_kind(in) != SIM_JSON_ARRAY || !sim_json_count(in) ||
	    sim_json_count(in) > SIM_TRIAL_LIST_MAX)
		return sim_json_fail(in, -EINVAL, error, "must be a list of 1 to %d shares",
				     SIM_TRIAL_LIST_MAX);
	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child)) {
		double *share = &trial->memory[trial->memory_count];
		rc = sim_json_get_double(&child, share, error);
		if (!rc && !(*share >= 0.01 && *share <= 2))
			rc = sim_json_fail(&child, -EINVAL, error, "%g: a share from 0.01 to 2", *share);
		if (!rc && trial->memory_count && *share <= share[-1])
			rc = sim_json_fail(&child, -EINVAL, error, "%g: not above the one before", *share);
		trial->memory_count++;
	}
	return rc;
}

static int read_name(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	struct tr_error *error = reader->error;
	struct sim_trial *trial = object;
	const char *text;
	int rc = sim_json_get_text(in, &text, error);

	if (!rc && (!*text || strlen(text) >= SIM_NAME_MAX))
		rc = sim_json_fail(in, -EINVAL, error, "1 to %d characters", SIM_NAME_MAX - 1);
	if (!rc)
		snprintf(trial->name, SIM_NAME_MAX, "%s", text);
	return rc;
}

static int read_traces(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	return read_names(&((struct sim_trial *)object)->traces, in, reader->error);
}

static int read_devices(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	return read_names(&((struct sim_trial *)object)->devices, in, reader->error);
}

static int read_swappiness(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	return read_names(&((struct sim_trial *)object)->swappiness, in, reader->error);
}

/* Trace names start from here; relative to the trial's own folder, which stands there. */
static int read_folder(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	char *folder = ((struct sim_trial *)object)->folder;
	size_t length = strlen(folder);
	const char *text;
	int rc = sim_json_get_text(in, &text, reader->error);

	if (rc)
		return rc;
	if (*text == '/')
		length = 0;
	if (length + strlen(text) + 2 > SIM_PATH_MAX)
		return sim_json_fail(in, -ENAMETOOLONG, reader->error, "too long");
	snprintf(folder + length, SIM_PATH_MAX - length, "%s%s", text,
		 *text && text[strlen(text) - 1] != '/' ? "/" : "");
	return 0;
}

/* Looked up once the engines are known. */
static int read_baseline(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	const char *text;

	(void)object;
	return sim_json_get_text(in, &text, reader->error);
}

static const struct sim_field fields[] = {
	{ "name", SIM_FIELD_CUSTOM, .read = read_name },
	{ "traces", SIM_FIELD_CUSTOM, .flags = SIM_FIELD_REQUIRED, .read = read_traces },
	{ "trace_folder", SIM_FIELD_CUSTOM, .read = read_folder },
	{ "memory", SIM_FIELD_CUSTOM, .flags = SIM_FIELD_REQUIRED, .read = read_memory },
	{ "devices", SIM_FIELD_CUSTOM, .read = read_devices },
	{ "engines", SIM_FIELD_CUSTOM, .flags = SIM_FIELD_REQUIRED, .read = read_engines },
	{ "baseline", SIM_FIELD_CUSTOM, .read = read_baseline },
	{ "swappiness", SIM_FIELD_CUSTOM, .read = read_swappiness },
	{ "disk", SIM_FIELD_NAME, .offset = offsetof(struct sim_trial, disk), .value = "nvme" },
	{ "repeat", SIM_FIELD_U32, .offset = offsetof(struct sim_trial, repeat), .value = "3",
	  .min = 1, .max = 100000 },
	{ "idle", SIM_FIELD_NS, .offset = offsetof(struct sim_trial, idle_ns), .value = "1s",
	  .max = 1e14 },
	{ "seeds", SIM_FIELD_U32, .offset = offsetof(struct sim_trial, seeds), .value = "6",
	  .min = SIM_TRIAL_SEEDS_LEAST, .max = 1000 },
	{ .key = NULL },
};

/* Which of the engines is called so. */
static int find_baseline(struct sim_trial *trial, const struct sim_json_in *in,
			 struct tr_error *error)
{
	const char *text;
	int rc = sim_json_get_text(in, &text, error);

	if (rc)
		return rc;
	for (trial->baseline = 0; trial->baseline < trial->engines.count; trial->baseline++)
		if (!strcmp(trial->engines.text[trial->baseline], text))
			return 0;
	return sim_json_fail(in, -EINVAL, error, "'%s' is not among the engines", text);
}

static void put_default(struct sim_trial_list *list, const char *text)
{
	if (list->count)
		return;
	list->text[list->count++] = strdup(text);
	assert(list->text[0]);
}

static int read_all(struct sim_trial *trial, const struct sim_json_in *top, const char *path,
		    struct tr_error *error)
{
	struct sim_reader reader = { .error = error };
	struct sim_json_in child;
	u64 seen = 0;
	int rc;

	sim_folder_of(path, trial->folder);
	rc = sim_fields_read(&reader, fields, top, trial, &seen);
	if (!rc)
		rc = sim_fields_required(fields, top, seen, error);
	if (rc)
		return rc;
	put_default(&trial->devices, "nvme");
	put_default(&trial->swappiness, "60");
	return sim_json_find(top, "baseline", &child) ? find_baseline(trial, &child, error) : 0;
}

int sim_trial_read(struct sim_trial *trial, const char *path, struct tr_error *error)
{
	struct sim_json_in top;
	struct sim_json *json;
	int rc;

	memset(trial, 0, sizeof(*trial));
	sim_fields_default(fields, trial);
	snprintf(trial->name, SIM_NAME_MAX, "trial");
	rc = sim_json_read_file(&json, path, error);
	if (rc)
		return rc;
	top = sim_json_top(json, path);
	rc = read_all(trial, &top, path, error);
	sim_json_free(json);
	if (rc)
		sim_trial_free(trial);
	return rc;
}

static void free_list(struct sim_trial_list *list)
{
	for (u32 i = 0; i < list->count; i++)
		free(list->text[i]);
}

void sim_trial_free(struct sim_trial *trial)
{
	free_list(&trial->traces);
	free_list(&trial->devices);
	free_list(&trial->engines);
	free_list(&trial->swappiness);
	memset(trial, 0, sizeof(*trial));
}

/* --- the sweep --- */

void sim_trial_trace_name(const struct sim_trial *trial, u32 trace, char name[SIM_NAME_MAX])
{
	const char *path = trial->traces.text[trace], *slash = strrchr(path, '/');

	snprintf(name, SIM_NAME_MAX, "%s", slash ? slash + 1 : path);
	name[strcspn(name, ".")] = 0;
	for (char *c = name; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", *c))
			*c = '_';
}

/* What the trace needs: most pages alive at a time, and how long a repetition lasts. */
static int look_at_trace(const char *path, u64 *bytes, u64 *span_ns, struct tr_error *error)
{
	struct tr_stat *stat = calloc(1, sizeof(*stat));
	struct tr_file *file;
	int rc;

	assert(stat);
	rc = tr_file_open(&file, path, error);
	if (!rc) {
		rc = tr_stat_collect(stat, file, 1, error);
		*bytes = stat->live_pages_max * 4096ull;
		*span_ns = tr_file_meta(file)->span_ns;
		tr_file_close(file);
	}
	free(stat);
	if (!rc && !*bytes)
		rc = tr_fail(error, -EINVAL, "%s: no page is ever used", path);
	return rc;
}

static int write_text(const char *dir, const char *name, const char *text, struct tr_error *error)
{
	char path[SIM_FILE_PATH_MAX], temporary[SIM_FILE_PATH_MAX + 8];
	FILE *to;
	int rc = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	snprintf(temporary, sizeof(temporary), "%s.tmp", path);
	to = fopen(temporary, "we");
	if (!to)
		return tr_fail(error, -errno, "%s: %s", temporary, strerror(errno));
	if (fputs(text, to) < 0)
		rc = -EIO;
	if (fclose(to) || (!rc && rename(temporary, path)))
		rc = -errno;
	return rc ? tr_fail(error, rc, "%s: %s", path, strerror(-rc)) : 0;
}

/* A little more than its share, so that the guest's kernel is no part of it. */
static u64 vm_bytes(u64 trace_bytes, double share)
{
	const u64 kernel_bytes = 4ull << 20;
	u64 bytes = (u64)((double)trace_bytes * share) + kernel_bytes;

	return (bytes + 4095) / 4096 * 4096;
}

static int write_scenario(const struct sim_trial *trial, const char *dir, u32 trace, u32 memory,
			  u64 trace_bytes, u64 span_ns, struct tr_error *error)
{
	char name[2 * SIM_NAME_MAX], file[3 * SIM_NAME_MAX], trace_name[SIM_NAME_MAX], *text = NULL;
	char path[2 * SIM_PATH_MAX], *real;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	u64 duration_ns = (span_ns + trial->idle_ns) * trial->repeat + TAIL_NS;
	u64 bytes = vm_bytes(trace_bytes, trial->memory[memory]);
	int rc;

	assert(to);
	sim_trial_trace_name(trial, trace, trace_name);
	snprintf(name, sizeof(name), "%s-%g", trace_name, 100 * trial->memory[memory]);
	snprintf(path, sizeof(path), "%s%s", *trial->traces.text[trace] == '/' ? "" : trial->folder,
		 trial->traces.text[trace]);
	real = realpath(path, NULL);
	fprintf(to, "{\n  \"name\": \"%s\",\n  \"duration\": \"%lluns\",\n"
		    "  \"host\": { \"memory\": %llu },\n"
		    "  \"vms\": [\n    { \"name\": \"%s\", \"memory\": %llu, \"memory_min\": %llu, "
		    "\"kernel\": \"4MiB\",\n      \"disk\": \"%s\", "
		    "\"swap\": { \"device\": \"nvme\", \"size\": %llu }, \"loop\": false,\n"
		    "      \"workload\": [ { \"trace\": ",
		name, duration_ns, bytes * 2 + 2 * GIB, trace_name, bytes, bytes, trial->disk,
		(2 * trace_bytes + GIB) / 4096 * 4096);
	sim_json_quote(to, real ? real : path);
	fprintf(to, ", \"repeat\": %u, \"idle\": \"%lluns\" } ] }\n  ],\n  \"policy\": \"static\"\n}\n",
		trial->repeat, trial->idle_ns);
	fclose(to);
	free(real);
	snprintf(file, sizeof(file), "scenarios/%s.json", name);
	rc = write_text(dir, file, text, error);
	free(text);
	return rc;
}

static void put_list(FILE *to, const char *key, const struct sim_trial_list *list)
{
	fprintf(to, "    \"%s\": [", key);
	for (u32 i = 0; i < list->count; i++) {
		fputs(i ? ", " : "", to);
		sim_json_quote(to, list->text[i]);
	}
	fputs("]", to);
}

static int write_plan(const struct sim_trial *trial, const char *dir, struct tr_error *error)
{
	char *text = NULL, name[SIM_NAME_MAX];
	size_t size;
	FILE *to = open_memstream(&text, &size);
	int rc;

	assert(to);
	fputs("{\n  \"name\": ", to);
	sim_json_quote(to, trial->name);
	fputs(",\n  \"scenarios\": [", to);
	for (u32 trace = 0; trace < trial->traces.count; trace++)
		for (u32 memory = 0; memory < trial->memory_count; memory++) {
			sim_trial_trace_name(trial, trace, name);
			fprintf(to, "%s\"scenarios/%s-%g.json\"", trace || memory ? ", " : "", name,
				100 * trial->memory[memory]);
		}
	fputs("],\n  \"policies\": [\"static\"],\n  \"parameters\": {\n", to);
	put_list(to, "vms.0.swap.device", &trial->devices);
	fputs(",\n    \"vms.0.reclaim.swappiness\": [", to);
	for (u32 i = 0; i < trial->swappiness.count; i++)
		fprintf(to, "%s%s", i ? ", " : "", trial->swappiness.text[i]);
	fputs("],\n", to);
	put_list(to, "vms.0.reclaim.engine", &trial->engines);
	fprintf(to, "\n  },\n  \"runs\": %u,\n  \"baseline\": false\n}\n", trial->seeds);
	fclose(to);
	rc = write_text(dir, "plan.json", text, error);
	free(text);
	return rc;
}

int sim_trial_plan(const struct sim_trial *trial, const char *dir, struct sim_plan *plan,
		   struct tr_error *error)
{
	char path[SIM_FILE_PATH_MAX];
	u64 bytes = 0, span_ns = 0;
	int rc = 0;

	snprintf(path, sizeof(path), "%s/scenarios", dir);
	if (mkdir(path, 0777) && errno != EEXIST)
		return tr_fail(error, -errno, "%s: %s", path, strerror(errno));
	for (u32 trace = 0; trace < trial->traces.count && !rc; trace++) {
		const char *name = trial->traces.text[trace];
		snprintf(path, sizeof(path), "%s%s", *name == '/' ? "" : trial->folder, name);
		rc = look_at_trace(path, &bytes, &span_ns, error);
		for (u32 memory = 0; memory < trial->memory_count && !rc; memory++)
			rc = write_scenario(trial, dir, trace, memory, bytes, span_ns, error);
	}
	if (!rc)
		rc = write_plan(trial, dir, error);
	snprintf(path, sizeof(path), "%s/plan.json", dir);
	return rc ? rc : sim_plan_read(plan, path, error);
}

u32 sim_trial_cell(const struct sim_trial *trial, u32 trace, u32 memory, u32 device,
		   u32 swappiness, u32 engine)
{
	u32 cell = trace * trial->memory_count + memory;

	cell = cell * trial->devices.count + device;
	cell = cell * trial->swappiness.count + swappiness;
	return cell * trial->engines.count + engine;
}
