/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_load.c - see tr_load.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tr_file.h"
#include "tr_import.h"
#include "tr_input.h"
#include "tr_layout.h"
#include "tr_load.h"
#include "tr_number.h"

struct loader {
	struct tr_array *array;
	u64 capacity, frees_capacity;
	u8 *seen; /* a bit a page: was it accessed? */
	struct tr_number *number; /* foreign formats */
	const char *path;
};

static int no_memory(const struct loader *loader, struct tr_error *error)
{
	return tr_fail(error, -ENOMEM, "%s: access %llu: out of memory", loader->path,
		       loader->array->count);
}

/* Room for @more accesses. */
static int reserve(struct loader *loader, u64 more)
{
	u64 want = loader->array->count + more, capacity = loader->capacity;

	if (want <= capacity)
		return 0;
	capacity = capacity ? capacity : 4096;
	while (capacity < want)
		capacity *= 2;
	u32 *page = realloc(loader->array->page, capacity * sizeof(*page));
	if (!page)
		return -ENOMEM;
	loader->array->page = page;
	loader->capacity = capacity;
	return 0;
}

static int add_free(struct loader *loader, u32 page)
{
	struct tr_array *array = loader->array;

	if (array->frees_count == loader->frees_capacity) {
		u64 capacity = loader->frees_capacity ? loader->frees_capacity * 2 : 1024;
		struct tr_array_free *frees = realloc(array->frees, capacity * sizeof(*frees));
		if (!frees)
			return -ENOMEM;
		array->frees = frees;
		loader->frees_capacity = capacity;
	}
	array->frees[array->frees_count++] = (struct tr_array_free){ array->count, page };
	return 0;
}

/* --- .wst --- */

static int add_run(struct loader *loader, const struct tr_run *run)
{
	struct tr_array *array = loader->array;

	if (run->op == TR_FREE) {
		for (u32 i = 0; i < run->count; i++)
			if (add_free(loader, TR_PAGE(run->page[i])))
				return -ENOMEM;
		return 0;
	}
	if (run->op != TR_ACCESS)
		return 0;
	if (reserve(loader, run->count))
		return -ENOMEM;
	memcpy(array->page + array->count, run->page, run->count * sizeof(*run->page));
	array->count += run->count;
	for (u32 i = 0; i < run->count; i++)
		loader->seen[TR_PAGE(run->page[i]) / 8] |= (u8)(1u << (TR_PAGE(run->page[i]) & 7));
	return 0;
}

static u32 count_seen(const struct loader *loader, u64 bytes)
{
	u32 count = 0;

	for (u64 i = 0; i < bytes; i++)
		count += (u32)__builtin_popcount(loader->seen[i]);
	return count;
}

static int load_runs(struct loader *loader, struct tr_cursor *cursor, struct tr_error *error)
{
	struct tr_run run;
	int rc;

	while ((rc = tr_cursor_next(cursor, &run, error)) == 1)
		if (add_run(loader, &run))
			return no_memory(loader, error);
	return rc;
}

static int load_wst(struct loader *loader, struct tr_error *error)
{
	struct tr_array *array = loader->array;
	struct tr_cursor *cursor = NULL;
	struct tr_file *file;
	int rc = tr_file_open(&file, loader->path, error);

	if (rc)
		return rc;
	const struct tr_meta *meta = tr_file_meta(file);
	u64 bytes = meta->pages_count / 8 + 1;
	snprintf(array->format, sizeof(array->format), "wst");
	array->pages_count = meta->pages_count;
	array->window_ns = meta->window_ns;
	array->span_ns = meta->span_ns;
	loader->seen = calloc(bytes, 1);
	if (!loader->seen)
		rc = no_memory(loader, error);
	if (!rc)
		rc = tr_cursor_open(&cursor, file, TR_MERGED, error);
	if (!rc)
		rc = load_runs(loader, cursor, error);
	if (!rc)
		array->pages_touched = count_seen(loader, bytes);
	tr_cursor_close(cursor);
	tr_file_close(file);
	return rc;
}

/* --- foreign formats --- */

static int put(void *ctx, const struct tr_record *record, struct tr_error *error)
{
	struct loader *loader = ctx;
	struct tr_array *array = loader->array;
	u32 number;
	int rc;

	if (record->time_ns > array->span_ns)
		array->span_ns = record->time_ns;
	if (record->op == TR_IDLE)
		return 0;
	if (record->op != TR_ACCESS) {
		/* An allocation ends an earlier life, as a free does. */
		if (!tr_number_free(loader->number, record->page, record->stream, &number))
			return 0;
		return add_free(loader, number) ? no_memory(loader, error) : 0;
	}
	rc = tr_number_get(loader->number, record->page, record->stream, &number);
	if (rc == -EOVERFLOW)
		return tr_fail(error, rc, "%s: access %llu: more than 2^31 pages", loader->path,
			       array->count);
	if (rc < 0 || reserve(loader, 1))
		return no_memory(loader, error);
	array->page[array->count++] = number << 1 | record->write;
	return 0;
}

static int load_foreign(struct loader *loader, struct tr_input *input, const char *format,
			struct tr_error *error)
{
	struct tr_array *array = loader->array;
	struct tr_import_options options;
	struct tr_import *import;

	tr_import_options_init(&options);
	int rc = tr_import_open_input(&import, input, format, &options, error);
	if (rc)
		return rc;
	const struct tr_import_info *info = tr_import_info(import);
	snprintf(array->format, sizeof(array->format), "%s", info->format);
	array->window_ns = info->window_ns;
	rc = tr_number_create(&loader->number, info->numbering == TR_NUMBER_REGIONS ? 9 : 0);
	if (rc)
		no_memory(loader, error);
	else
		rc = tr_import_run(import, (struct tr_sink){ put, loader }, error);
	if (!rc) {
		array->pages_count = tr_number_end(loader->number);
		array->pages_touched = tr_number_touched(loader->number);
	}
	tr_number_destroy(loader->number);
	tr_import_close(import);
	return rc;
}

int tr_load(struct tr_array *array, const char *path, const char *format, struct tr_error *error)
{
	struct loader loader = { .array = array, .path = path };
	struct tr_input *input;
	const u8 *head;
	size_t size;
	int rc = tr_input_open(&input, path, error);

	*array = (struct tr_array){ 0 };
	if (rc)
		return rc;
	rc = tr_input_peek(input, &head, &size, error);
	if (rc) {
		tr_input_close(input);
		return rc;
	}
	bool is_wst = format ? !strcmp(format, "wst") :
			       size >= 4 && !memcmp(head, TR_MAGIC, 4);
	if (is_wst) {
		tr_input_close(input);
		rc = load_wst(&loader, error);
	} else {
		rc = load_foreign(&loader, input, format, error);
	}
	free(loader.seen);
	if (rc)
		tr_array_destroy(array);
	return rc;
}

void tr_array_destroy(struct tr_array *array)
{
	free(array->page);
	free(array->frees);
	*array = (struct tr_array){ 0 };
}
