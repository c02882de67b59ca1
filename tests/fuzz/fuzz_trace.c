/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_trace.c - any bytes as a .wst file, as they are and behind right checksums.
 *
 * Whatever comes out must keep the reader's promises: pages within the count, streams
 * within theirs, time that does not go back, runs that touch.  And as a block's runs, in
 * rows and in columns, which compression would hide from the fuzzer: they add up, or are
 * refused.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tr_block_run.h"
#include "tr_file.h"
#include "tr_stat.h"
#include "trace_mend.h"

#define RECORDS_MAX 2000000u /* a few bytes may be millions of records; enough is enough */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

static void check_run(const struct tr_run *run, const struct tr_meta *meta)
{
	check(run->op <= TR_IDLE && run->kind <= TR_KERNEL && run->type <= TR_UNEVICTABLE);
	check(run->stream < meta->streams_count && run->memcg < meta->memcgs_count &&
	      run->node < meta->nodes_count);
	check((run->op == TR_IDLE) == !run->count);
	for (u32 i = 0; i < run->count; i++)
		check(TR_PAGE(run->page[i]) < meta->pages_count);
}

static void read_stream(struct tr_file *file, int stream)
{
	const struct tr_meta *meta = tr_file_meta(file);
	struct tr_error error = { "" };
	struct tr_cursor *cursor;
	struct tr_run run;
	u64 now_ns = 0, records = 0;
	bool begun = false;
	int rc;

	check(!tr_cursor_open(&cursor, file, stream, &error));
	while ((rc = tr_cursor_next(cursor, &run, &error)) == 1 && records < RECORDS_MAX) {
		check_run(&run, meta);
		if (stream == TR_MERGED)
			check(run.time_ns >= now_ns);
		else
			check(!begun || run.time_ns == now_ns);
		begun = true;
		now_ns = run.time_ns + (stream == TR_MERGED ? 0 : run.span_ns);
		records += run.count + 1;
	}
	check(rc >= 0 || error.text[0]);
	tr_cursor_close(cursor);
}

static void read_file(const u8 *bytes, size_t size)
{
	char path[64];
	struct tr_error error = { "" };
	struct tr_file *file;
	int fd = memfd_create("trace", 0);

	check(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (tr_file_open(&file, path, &error)) {
		check(error.text[0] && !strchr(error.text, '\n'));
	} else {
		read_stream(file, TR_MERGED);
		for (u32 s = 0; s < tr_file_meta(file)->streams_count && s < 4; s++)
			read_stream(file, (int)s);
		tr_file_close(file);
	}
	close(fd);
}

static void read_runs(const u8 *data, size_t size, u32 layout)
{
	const struct tr_run_bounds bounds = { .memcgs_count = 300, .nodes_count = 3 };
	struct tr_block_head head = { .runs_layout = (u16)layout };
	u64 records = 0, span_ns = 0;
	const char *reason = NULL;

	if (size < 12 || size > TR_BLOCK_RUNS)
		return;
	head.runs_count = 1 + tr_get16(data) % 1024;
	head.records_count = tr_get16(data + 2);
	head.end_ns = tr_get64(data + 4) >> data[11] % 64 & (TR_TIME_MAX - 1);
	head.runs_size = (u32)size - 12;
	u8 *bytes = malloc(head.runs_size + TR_BLOCK_SLACK);
	struct tr_block_run *run = malloc((head.runs_count + 1) * sizeof(*run));

	check(bytes && run);
	memcpy(bytes, data + 12, head.runs_size);
	memset(bytes + head.runs_size, 0, TR_BLOCK_SLACK);
	if (tr_block_get_runs(run, &head, bytes, &bounds, &reason)) {
		check(reason);
	} else {
		for (u32 i = 0; i < head.runs_count; i++) {
			check(run[i].memcg < 300 && run[i].node < 3 && run[i].op <= TR_IDLE);
			check((run[i].op == TR_IDLE) == !run[i].count);
			records += run[i].count;
			span_ns += run[i].span_ns;
		}
		check(records == head.records_count && span_ns == head.end_ns);
	}
	free(run);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = malloc(size + 1);

	check(copy);
	memcpy(copy, data, size);
	read_file(copy, size);
	trace_mend(copy, size);
	read_file(copy, size);
	read_runs(data, size, TR_RUNS_ROWS);
	read_runs(data, size, TR_RUNS_COLUMNS);
	free(copy);
	return 0;
}
