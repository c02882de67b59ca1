/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_trace_file.c - .wst files: what is written is read, and nothing else is.
 *
 * The model is a plain list of records with the identity (source page, life) beside
 * each; a file is right when reading gives the same list, one number per identity.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own_folder.h"
#include "tr_block.h"
#include "tr_bytes.h"
#include "tr_file.h"
#include "tr_fit.h"
#include "tr_hash.h"
#include "tr_layout.h"
#include "tr_number.h"
#include "tr_repack.h"
#include "tr_stat.h"
#include "trace_mend.h"

static char path[96];

static void set_up(void)
{
	make_folder();
	snprintf(path, sizeof(path), "%s/t.wst", folder);
}

TestSuite(trace_file, .init = set_up, .fini = remove_folder);

static u64 seed_state;

static u64 draw(u64 below)
{
	seed_state += 0x9e3779b97f4a7c15ull;
	return tr_mix64(seed_state) % below;
}

static struct tr_meta plain_meta(u32 numbering)
{
	return (struct tr_meta){ .numbering = numbering, .origin = "tool: test\n" };
}

static void write_file(const struct tr_meta *meta, const struct tr_record *records, u32 count)
{
	struct tr_writer *writer;
	struct tr_error error = { "" };

	cr_assert_eq(tr_writer_open(&writer, path, meta, &error), 0, "%s", error.text);
	for (u32 i = 0; i < count; i++)
		cr_assert_eq(tr_writer_put(writer, &records[i], &error), 0, "%s", error.text);
	cr_assert_eq(tr_writer_commit(writer, &error), 0, "%s", error.text);
}

static u8 *slurp(size_t *size)
{
	FILE *file = fopen(path, "rb");
	struct stat stat;

	cr_assert(file && !fstat(fileno(file), &stat));
	u8 *bytes = malloc((size_t)stat.st_size + 1);
	*size = fread(bytes, 1, (size_t)stat.st_size, file);
	cr_assert_eq(*size, (size_t)stat.st_size);
	fclose(file);
	return bytes;
}

static void spill(const u8 *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");

	cr_assert(file);
	cr_assert_eq(fwrite(bytes, 1, size, file), size);
	cr_assert_eq(fclose(file), 0);
}

/* Read everything; 0 at the end or the error. */
static int read_all(struct tr_error *error)
{
	struct tr_file *file;
	struct tr_cursor *cursor;
	struct tr_run run;
	int rc = tr_file_open(&file, path, error);

	if (rc)
		return rc;
	rc = tr_cursor_open(&cursor, file, TR_MERGED, error);
	cr_assert_eq(rc, 0);
	while ((rc = tr_cursor_next(cursor, &run, error)) == 1)
		for (u32 i = 0; i < run.count; i++)
			cr_assert_lt(TR_PAGE(run.page[i]), tr_file_meta(file)->pages_count);
	tr_cursor_close(cursor);
	tr_file_close(file);
	return rc;
}

/* --- random traces against the model --- */

#define MODEL_RECORDS 30000u
#define MODEL_PAGES 3000u
#define MODEL_STREAMS 5u

struct model {
	struct tr_record record[MODEL_RECORDS];
	u32 life[MODEL_RECORDS]; /* index of the identity */
	u32 count, lives_count;
	u32 stream_count[MODEL_STREAMS];
	u64 idle_ns;
};

/* A record that will be stored as it is: frees only of the living, idling not empty. */
static void model_add(struct model *model, u32 *life_of_page, u64 *now_ns, bool *idled)
{
	u32 stream = (u32)draw(MODEL_STREAMS), page = (u32)draw(MODEL_PAGES), kind = (u32)draw(20);
	struct tr_record record = { .stream = (u16)stream };

	/* Steps from nothing to hours, in bursts of one kind. */
	now_ns[stream] += idled[stream] ? 0 : draw(3) ? draw(1000) : draw(1ull << draw(42));
	record.time_ns = now_ns[stream];
	record.page = (u64)page * 77 + ((u64)(page & 7) << 50);
	record.kind = (u8)draw(3);
	if (kind == 0 && !idled[stream]) {
		now_ns[stream] += record.time_ns = 1 + draw(1ull << 40);
		record = (struct tr_record){ .op = TR_IDLE,
					     .stream = (u16)stream,
					     .time_ns = now_ns[stream] };
		idled[stream] = true;
	} else if (kind <= 2 && life_of_page[page]) {
		record.op = TR_FREE;
	} else if (kind <= 4 && !life_of_page[page]) {
		record.op = TR_ALLOC;
		record.type = (u8)draw(3);
		record.memcg = (u16)draw(300);
		record.node = (u8)draw(3);
	} else {
		record.write = (u8)draw(2);
	}
	if (record.op != TR_IDLE) {
		idled[stream] = false;
		if (!life_of_page[page])
			life_of_page[page] = ++model->lives_count;
		model->life[model->count] = life_of_page[page];
		if (record.op == TR_FREE)
			life_of_page[page] = 0;
	}
	model->stream_count[stream]++;
	model->record[model->count++] = record;
}

static struct model *make_model(u64 seed, u32 count)
{
	struct model *model = calloc(1, sizeof(*model));
	u32 *life_of_page = calloc(MODEL_PAGES, sizeof(*life_of_page));
	u64 now_ns[MODEL_STREAMS] = { 0 };
	bool idled[MODEL_STREAMS] = { false };

	seed_state = seed;
	while (model->count < count)
		model_add(model, life_of_page, now_ns, idled);
	free(life_of_page);
	return model;
}

/* The model's next record of @stream after @from, or -1. */
static int model_next(const struct model *model, u32 stream, int from)
{
	for (u32 i = (u32)(from + 1); i < model->count; i++)
		if (model->record[i].stream == stream)
			return (int)i;
	return -1;
}

static void same_record(const struct tr_record *want, const struct tr_run *run, u32 i, u64 tolerance)
{
	u64 time_ns = run->time_ns + run->span_ns * i / run->count;
	u64 off = time_ns > want->time_ns ? time_ns - want->time_ns : want->time_ns - time_ns;

	cr_assert_eq(run->op, want->op);
	cr_assert_eq(run->kind, want->kind);
	cr_assert_eq(run->type, want->type);
	cr_assert_eq(run->memcg, want->memcg);
	cr_assert_eq(run->node, want->node);
	cr_assert_eq(TR_IS_WRITE(run->page[i]), want->write);
	cr_assert_leq(off, tolerance + 1, "a time is off by %llu ns", off);
}

/* Check a cursor over one stream or all; number_of_life: first sight decides. */
static u32 check_runs(struct model *model, struct tr_cursor *cursor, u32 *number_of_life)
{
	struct tr_error error = { "" };
	struct tr_run run;
	u32 seen = 0;
	u64 last_ns = 0;
	int at[MODEL_STREAMS] = { -1, -1, -1, -1, -1 }, rc;

	while ((rc = tr_cursor_next(cursor, &run, &error)) == 1) {
		cr_assert_geq(run.time_ns, last_ns, "runs are out of order");
		last_ns = run.time_ns;
		for (u32 i = 0; i < run.count + (run.op == TR_IDLE); i++, seen++) {
			int index = model_next(model, run.stream, at[run.stream]);
			cr_assert_geq(index, 0);
			at[run.stream] = index;
			const struct tr_record *want = &model->record[index];
			if (run.op == TR_IDLE) {
				cr_assert_eq(want->op, TR_IDLE);
				cr_assert_eq(run.time_ns + run.span_ns, want->time_ns);
				continue;
			}
			same_record(want, &run, i, 1000000);
			u32 *number = &number_of_life[model->life[index]];
			cr_assert(*number == 0 || *number == TR_PAGE(run.page[i]) + 1);
			*number = TR_PAGE(run.page[i]) + 1;
		}
	}
	cr_assert_eq(rc, 0, "%s", error.text);
	return seen;
}

/* Two lives with one number: the second must be begun by the stream that ended the first. */
static void check_reuse(const struct model *model, const u32 *number_of_life, u32 pages_count)
{
	int *freed_by = malloc(pages_count * sizeof(*freed_by));
	bool *begun = calloc(model->lives_count + 1, sizeof(*begun));

	for (u32 i = 0; i < pages_count; i++)
		freed_by[i] = -1;
	for (u32 i = 0; i < model->count; i++) {
		const struct tr_record *record = &model->record[i];
		if (record->op == TR_IDLE)
			continue;
		u32 number = number_of_life[model->life[i]] - 1;
		if (!begun[model->life[i]] && freed_by[number] >= 0)
			cr_assert_eq(freed_by[number], record->stream);
		begun[model->life[i]] = true;
		freed_by[number] = record->op == TR_FREE ? record->stream : -2;
	}
	free(freed_by);
	free(begun);
}

static void round_trip(u64 seed, u32 count, u32 numbering)
{
	struct model *model = make_model(seed, count);
	struct tr_meta meta = plain_meta(numbering);
	u32 *number_of_life = calloc(model->lives_count + 1, sizeof(*number_of_life)), seen = 0;
	struct tr_error error = { "" };
	struct tr_file *file;
	struct tr_cursor *cursor;

	write_file(&meta, model->record, model->count);
	cr_assert_eq(tr_file_open(&file, path, &error), 0, "seed %llu: %s", seed, error.text);
	for (int stream = 0; stream < (int)tr_file_meta(file)->streams_count; stream++) {
		cr_assert_eq(tr_cursor_open(&cursor, file, stream, &error), 0, "%s", error.text);
		seen += check_runs(model, cursor, number_of_life);
		tr_cursor_close(cursor);
	}
	cr_assert_eq(seen, model->count, "seed %llu: %u of %u records", seed, seen, model->count);
	cr_assert_eq(tr_cursor_open(&cursor, file, TR_MERGED, &error), 0);
	for (int twice = 0; twice < 2; twice++) {
		cr_assert_eq(check_runs(model, cursor, number_of_life), model->count);
		tr_cursor_rewind(cursor);
	}
	tr_cursor_close(cursor);
	check_reuse(model, number_of_life, tr_file_meta(file)->pages_count);
	tr_file_close(file);
	free(number_of_life);
	free(model);
}

Test(trace_file, random_records_come_back)
{
	for (u64 seed = 1; seed <= 6; seed++)
		round_trip(seed, 200, seed & 1 ? TR_NUMBER_REGIONS : TR_NUMBER_OBJECTS);
	round_trip(7, 6000, TR_NUMBER_REGIONS);
	round_trip(8, 6000, TR_NUMBER_OBJECTS);
}

Test(trace_file, regions_keep_the_order_of_pages_inside_two_mebibytes)
{
	struct tr_record records[2048];
	struct tr_meta meta = plain_meta(TR_NUMBER_REGIONS);
	struct tr_error error = { "" };
	struct tr_file *file;
	struct tr_cursor *cursor;
	struct tr_run run;

	seed_state = 3;
	for (u32 i = 0; i < 2048; i++)
		records[i] = (struct tr_record){ .page = draw(1u << 20), .time_ns = i * 100 };
	write_file(&meta, records, 2048);
	cr_assert_eq(tr_file_open(&file, path, &error), 0);
	cr_assert_eq(tr_cursor_open(&cursor, file, 0, &error), 0);
	cr_assert_eq(tr_cursor_next(cursor, &run, &error), 1);
	/* The last record has no time behind it, so it is a run by itself. */
	cr_assert_eq(run.count, 2047, "evenly spaced records were cut after %u", run.count);
	cr_assert_eq(run.span_ns, 2047 * 100);
	for (u32 i = 0; i < 2047; i++)
		cr_assert_eq(TR_PAGE(run.page[i]) & 511, records[i].page & 511);
	tr_cursor_close(cursor);
	tr_file_close(file);
}

Test(trace_file, totals_are_those_of_the_records)
{
	struct tr_record records[] = {
		{ .op = TR_ALLOC, .page = 5, .type = TR_FILE, .memcg = 4, .node = 1 },
		{ .op = TR_ACCESS, .page = 5, .time_ns = 10 },
		{ .op = TR_FREE, .page = 99, .time_ns = 10 }, /* never lived: left out */
		{ .op = TR_IDLE, .time_ns = 1000000010 },
		{ .op = TR_ACCESS, .page = 6, .time_ns = 1000000020, .write = 1 },
		{ .op = TR_ALLOC, .page = 6, .time_ns = 1000000030 }, /* ends the life before */
		{ .op = TR_ACCESS, .page = 5, .time_ns = 30, .stream = 1 },
	};
	struct tr_meta meta = plain_meta(TR_NUMBER_OBJECTS);
	struct tr_error error = { "" };
	struct tr_file *file;

	meta.default_type = TR_FILE;
	meta.window_ns = 1234;
	write_file(&meta, records, 7);
	cr_assert_eq(tr_file_open(&file, path, &error), 0, "%s", error.text);
	const struct tr_meta *got = tr_file_meta(file);
	cr_assert_eq(got->records[TR_ACCESS], 3);
	cr_assert_eq(got->records[TR_ALLOC], 2);
	cr_assert_eq(got->records[TR_FREE], 1);
	cr_assert_eq(got->records[TR_IDLE], 1);
	cr_assert_eq(got->pages_count, 2);
	cr_assert_eq(got->pages_touched, 2);
	cr_assert_eq(got->streams_count, 2);
	cr_assert_eq(got->memcgs_count, 5);
	cr_assert_eq(got->nodes_count, 2);
	cr_assert_eq(got->idle_ns, 1000000000);
	cr_assert_eq(got->span_ns, 1000000030);
	cr_assert_eq(got->window_ns, 1234);
	cr_assert_eq(got->default_type, TR_FILE);
	cr_assert_str_eq(got->origin, "tool: test\n");
	tr_file_close(file);
}

Test(trace_file, an_empty_trace_is_a_trace)
{
	struct tr_meta meta = plain_meta(TR_NUMBER_OBJECTS);
	struct tr_error error = { "" };

	write_file(&meta, NULL, 0);
	cr_assert_eq(read_all(&error), 0, "%s", error.text);
}

Test(trace_file, more_than_one_block_and_seeking)
{
	u32 count = 3 * TR_BLOCK_RECORDS + 17;
	struct tr_record *records = calloc(count, sizeof(*records));
	struct tr_meta meta = plain_meta(TR_NUMBER_OBJECTS);
	struct tr_error error = { "" };
	struct tr_file *file;
	struct tr_cursor *cursor;
	struct tr_run run;

	for (u32 i = 0; i < count; i++)
		records[i] = (struct tr_record){ .page = i, .time_ns = i * 1000ull };
	write_file(&meta, records, count);
	cr_assert_eq(tr_file_open(&file, path, &error), 0, "%s", error.text);
	cr_assert_eq(tr_cursor_open(&cursor, file, TR_MERGED, &error), 0);
	for (u32 i = 0; i < 20; i++) {
		u32 at = i * (count / 20);
		tr_cursor_seek(cursor, at * 1000ull);
		cr_assert_eq(tr_cursor_next(cursor, &run, &error), 1, "%s", error.text);
		cr_assert_leq(TR_PAGE(run.page[0]), at + 1);
		cr_assert_geq(TR_PAGE(run.page[0]) + 1, at);
		u64 seen = run.count;
		while (tr_cursor_next(cursor, &run, &error) == 1)
			seen += run.count;
		cr_assert_leq(seen, count - at + 1);
		cr_assert_geq(seen + 1, count - at);
	}
	/* The last record of a block, the first one of the next, and the last of all. */
	const u32 edge[] = { TR_BLOCK_RECORDS - 1, TR_BLOCK_RECORDS, 3 * TR_BLOCK_RECORDS - 1,
			     3 * TR_BLOCK_RECORDS, count - 1 };
	for (size_t i = 0; i < sizeof(edge) / sizeof(*edge); i++) {
		tr_cursor_seek(cursor, edge[i] * 1000ull);
		cr_assert_eq(tr_cursor_next(cursor, &run, &error), 1, "nothing at %u", edge[i]);
		cr_assert_eq(TR_PAGE(run.page[0]), edge[i]);
	}
	tr_cursor_seek(cursor, ~0ull);
	cr_assert_eq(tr_cursor_next(cursor, &run, &error), 0);
	tr_cursor_close(cursor);
	tr_file_close(file);
	free(records);
}

Test(trace_file, every_difference_of_two_pages_survives_the_columns)
{
	static const u32 edge[] = { 0,		1,	    0x3f,	0x40,	    0x3fff,
				    0x4000,	0x3fffff,   0x400000,	0x3fffffff, 0x40000000,
				    0x40000001, 0x7ffffffe, 0x7fffffff, 0x20000000, 0x5fffffff };
	enum { N = sizeof(edge) / sizeof(*edge) };
	u32 entry[2 * N * N], back[2 * N * N], count = 0, max;
	u8 raw[2 * N * N * 5 + TR_BLOCK_SLACK] = { 0 };

	for (u32 i = 0; i < N; i++)
		for (u32 j = 0; j < N; j++) {
			entry[count++] = edge[i] << 1 | (j & 1);
			entry[count++] = edge[j] << 1 | (i & 1);
		}
	for (u32 n = 1; n <= count; n++) {
		u32 size = tr_block_encode(entry, n, raw);
		cr_assert_eq(tr_block_decode(back, n, raw, size, &max), 0);
		for (u32 i = 0; i < n; i++)
			cr_assert_eq(back[i], entry[i], "entry %u of %u", i, n);
		cr_assert_eq(tr_block_decode(back, n, raw, size + 1, &max), -EINVAL);
	}
}

Test(trace_file, decoding_four_at_a_time_is_decoding_one_by_one)
{
	enum { N = 40000 };
	u32 *entry = malloc(N * 4), *one = malloc(N * 4), *four = malloc(N * 4), max;
	u8 *raw = malloc(N * 5 + TR_BLOCK_SLACK);

	seed_state = 9;
	for (u32 n = 1020; n <= N; n += n / 5 + 1) {
		for (u32 i = 0; i < n; i++)
			entry[i] = (u32)draw(1ull << (1 + draw(32)));
		u32 size = tr_block_encode(entry, n, raw);
		memset(raw + tr_block_control_size(n) + size, 0xff, TR_BLOCK_SLACK);
		struct tr_block_decoder plain = { .control = raw,
						  .data = raw + tr_block_control_size(n) };
		tr_block_decode_plain(&plain, one, n);
		cr_assert_eq(tr_block_decode(four, n, raw, size, &max), 0);
		cr_assert_eq(memcmp(one, entry, n * 4), 0);
		cr_assert_eq(memcmp(four, entry, n * 4), 0);
		cr_assert_eq(max, plain.entry_max >> 1);
	}
	free(entry);
	free(one);
	free(four);
	free(raw);
}

Test(trace_file, checksum_is_the_published_one)
{
	cr_assert_eq(tr_hash64("", 0, 0), 0xef46db3751d8e999ull);
	cr_assert_eq(tr_hash64("abc", 3, 0), 0x44bc2cf5ad770999ull);
	cr_assert_eq(tr_hash64("Nobody inspects the spammish repetition", 39, 0),
		     0xfbcea83c8a378bf1ull);
}

/* Of all that the merged runs of the file at @path say. */
static u64 hash_of_runs(void)
{
	struct tr_error error = { "" };
	struct tr_cursor *cursor;
	struct tr_file *file;
	struct tr_run run;
	u64 hash = 0;

	cr_assert_eq(tr_file_open(&file, path, &error), 0, "%s", error.text);
	cr_assert_eq(tr_cursor_open(&cursor, file, TR_MERGED, &error), 0, "%s", error.text);
	while (tr_cursor_next(cursor, &run, &error) == 1) {
		u64 what[] = { run.op, run.kind, run.type, run.node, run.memcg, run.stream,
			       run.count, run.time_ns, run.span_ns };

		hash = tr_hash64(what, sizeof(what), hash);
		hash = tr_hash64(run.page, run.count * sizeof(*run.page), hash);
	}
	cr_assert_str_eq(error.text, "");
	tr_cursor_close(cursor);
	tr_file_close(file);
	return hash;
}

/* Blocks that repeat, that are noise, and that lie between: each way of packing is taken. */
Test(trace_file, packing_a_packed_file_again_gives_the_same_file)
{
	enum { COUNT = 400000 };
	struct tr_meta meta = plain_meta(TR_NUMBER_REGIONS);
	struct tr_record *records = calloc(COUNT, sizeof(*records));
	const volatile bool stop = true;
	struct tr_error error = { "" };
	size_t size, again_size;
	char tmp[112];

	snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	seed_state = 7;
	for (u32 i = 0; i < COUNT; i++)
		records[i] = (struct tr_record){
			.time_ns = i * 1000ull,
			.page = i < 150000 ? i % 1000 : i < 300000 ? draw(200) : draw(100000),
			.write = draw(4) == 0,
		};
	write_file(&meta, records, COUNT);
	u64 hash = hash_of_runs();

	cr_assert_eq(tr_repack(path, path, NULL, &error), 0, "%s", error.text);
	cr_assert_eq(hash_of_runs(), hash);
	u8 *bytes = slurp(&size);

	cr_assert_eq(tr_repack(path, path, NULL, &error), 0, "%s", error.text);
	u8 *again = slurp(&again_size);

	cr_assert_eq(size, again_size);
	cr_assert_eq(memcmp(bytes, again, size), 0);
	cr_assert_lt(size, COUNT * 3 / 2);
	cr_assert_eq(tr_repack(path, path, &stop, &error), -EINTR);
	cr_assert(access(tmp, F_OK), "what was begun is gone");
	free(again);
	again = slurp(&again_size);
	cr_assert(size == again_size && !memcmp(bytes, again, size), "and the file as it was");
	bytes[size / 2] ^= 1;
	spill(bytes, size);
	cr_assert_eq(tr_repack(path, path, NULL, &error), -EINVAL);
	cr_assert(strstr(error.text, "does not match"), "%s", error.text);
	free(bytes);
	free(again);
	free(records);
}

Test(trace_file, statistics_are_those_of_the_records)
{
	struct tr_record records[] = {
		{ .op = TR_ALLOC, .page = 1, .type = TR_FILE },
		{ .page = 1, .write = 1 },
		{ .page = 2, .time_ns = 1000000 },
		{ .page = 1, .time_ns = 2000000000, .kind = TR_DESCRIPTOR },
		{ .op = TR_IDLE, .time_ns = 6000000000 },
		{ .page = 2, .time_ns = 6000000000 },
		{ .op = TR_FREE, .page = 2, .time_ns = 7000000000 },
		{ .page = 2, .time_ns = 7999999999 },
	};
	struct tr_meta meta = plain_meta(TR_NUMBER_OBJECTS);
	struct tr_stat *stat = malloc(sizeof(*stat));
	struct tr_error error = { "" };
	struct tr_file *file;

	write_file(&meta, records, 8);
	cr_assert_eq(tr_file_open(&file, path, &error), 0, "%s", error.text);
	cr_assert_eq(tr_stat_collect(stat, file, 4, &error), 0, "%s", error.text);
	cr_assert_eq(stat->accesses_count, 5);
	cr_assert_eq(stat->writes_count, 1);
	cr_assert_eq(stat->accesses_by_kind[TR_DESCRIPTOR], 1);
	cr_assert_eq(stat->accesses_by_type[TR_FILE], 2);
	cr_assert_eq(stat->lives_count, 3);
	cr_assert_eq(stat->frees_count, 1);
	cr_assert_eq(stat->live_pages_max, 2);
	cr_assert_eq(stat->reuses_count, 2);
	cr_assert_eq(stat->reuse_ns[4], 5999000000ull);
	cr_assert_eq(stat->reuse_ns[0] / 1000000, 2013); /* 2 s, up to the end of its bin */
	cr_assert_eq(stat->stream_ns, 7999999999ull);
	cr_assert_eq(stat->intervals_count, 4);
	cr_assert_eq(stat->interval[0].working_set_pages, 2);
	cr_assert_eq(stat->interval[0].live_pages, 2);
	cr_assert_eq(stat->interval[1].working_set_pages, 1);
	cr_assert_eq(stat->interval[2].working_set_pages, 0);
	cr_assert_eq(stat->interval[2].idle_ns, 2000000000);
	cr_assert_eq(stat->interval[3].working_set_pages, 1);
	cr_assert_eq(stat->interval[3].new_pages, 1);
	tr_file_close(file);
	free(stat);
}

/* --- refusals of the writer --- */

static void refuse_record(struct tr_record record, const char *reason)
{
	struct tr_meta meta = plain_meta(TR_NUMBER_OBJECTS);
	struct tr_writer *writer;
	struct tr_error error = { "" };
	struct tr_record first = { .time_ns = 1000 };

	cr_assert_eq(tr_writer_open(&writer, path, &meta, &error), 0);
	cr_assert_eq(tr_writer_put(writer, &first, &error), 0);
	cr_assert_eq(tr_writer_put(writer, &record, &error), -EINVAL);
	cr_assert(strstr(error.text, reason) && strstr(error.text, path), "%s", error.text);
	tr_writer_abort(writer);
	cr_assert_neq(access(path, F_OK), 0, "an aborted writer left a file");
}

Test(trace_file, the_writer_refuses_what_is_no_record)
{
	struct tr_error error = { "" };
	struct tr_writer *writer;
	struct tr_meta meta = plain_meta(TR_NUMBER_OBJECTS);

	refuse_record((struct tr_record){ .time_ns = 999 }, "time goes back");
	refuse_record((struct tr_record){ .time_ns = TR_TIME_MAX }, "2^62");
	refuse_record((struct tr_record){ .time_ns = 1000, .op = 4 }, "unknown");
	refuse_record((struct tr_record){ .time_ns = 1000, .kind = 3 }, "unknown");
	refuse_record((struct tr_record){ .time_ns = 1000, .type = 3 }, "unknown");
	refuse_record((struct tr_record){ .time_ns = 1000, .stream = 1024 }, "streams");
	meta.window_ns = TR_TIME_MAX;
	cr_assert_eq(tr_writer_open(&writer, path, &meta, &error), -EINVAL);
	cr_assert_eq(tr_writer_open(&writer, "/nonexistent/x.wst",
				    &(struct tr_meta){ .numbering = TR_NUMBER_OBJECTS }, &error),
		     -ENOENT);
	cr_assert(strstr(error.text, "/nonexistent/x.wst.tmp: cannot create"), "%s", error.text);
}

Test(trace_file, a_full_disk_leaves_the_old_file_whole)
{
	struct tr_error error = { "" };
	struct tr_writer *writer;
	struct tr_meta meta = plain_meta(TR_NUMBER_OBJECTS);
	struct tr_record record = { .page = 1 };
	char tmp[112];
	size_t size;

	write_file(&meta, &record, 1);
	snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	cr_assert_eq(symlink("/dev/full", tmp), 0);
	cr_assert_eq(tr_writer_open(&writer, path, &meta, &error), 0, "%s", error.text);
	cr_assert_eq(tr_writer_put(writer, &record, &error), 0);
	cr_assert_eq(tr_writer_commit(writer, &error), -ENOSPC);
	cr_assert(strstr(error.text, "No space left"), "%s", error.text);
	free(slurp(&size));
	cr_assert_eq(read_all(&error), 0, "%s", error.text);
	cr_assert_neq(access(tmp, F_OK), 0);
}

/* --- hostile files --- */

static void small_file(void)
{
	struct model *model = make_model(11, 700);
	struct tr_meta meta = plain_meta(TR_NUMBER_REGIONS);

	write_file(&meta, model->record, model->count);
	free(model);
}

Test(trace_file, truncation_at_every_byte_is_an_error)
{
	struct tr_error error;
	size_t size;

	small_file();
	u8 *bytes = slurp(&size);
	for (size_t cut = 0; cut < size; cut++) {
		cr_assert_eq(truncate(path, 0), 0);
		spill(bytes, cut);
		error.text[0] = 0;
		cr_assert_eq(read_all(&error), -EINVAL, "cut at %zu", cut);
		cr_assert_eq(strncmp(error.text, path, strlen(path)), 0, "%s", error.text);
	}
	free(bytes);
}

Test(trace_file, a_changed_byte_anywhere_is_an_error)
{
	struct tr_error error;
	size_t size;

	small_file();
	u8 *bytes = slurp(&size);
	for (size_t at = 0; at < size; at++) {
		bytes[at] ^= (u8)(1 + at % 255);
		spill(bytes, size);
		error.text[0] = 0;
		cr_assert_eq(read_all(&error), -EINVAL, "byte %zu changed unnoticed", at);
		cr_assert_gt(strlen(error.text), strlen(path));
		bytes[at] ^= (u8)(1 + at % 255);
	}
	free(bytes);
}

Test(trace_file, a_corrupt_block_is_named)
{
	struct tr_error error;
	size_t size;

	small_file();
	u8 *bytes = slurp(&size);
	bytes[TR_HEADER_BYTES + strlen("tool: test\n") + TR_BLOCK_HEAD_BYTES + 5] ^= 1;
	spill(bytes, size);
	cr_assert_eq(read_all(&error), -EINVAL);
	cr_assert(strstr(error.text, "block 0 at byte 59: is corrupt"), "%s", error.text);
	free(bytes);
}

/* Random changes behind right checksums: any answer but a crash or a bad page. */
Test(trace_file, hostile_bytes_behind_right_checksums_do_no_harm)
{
	struct tr_error error;
	u32 refused = 0;
	size_t size;

	small_file();
	u8 *good = slurp(&size), *bytes = malloc(size);
	seed_state = 5;
	for (int i = 0; i < 6000; i++) {
		memcpy(bytes, good, size);
		for (u64 n = 1 + draw(3); n; n--)
			bytes[draw(size)] = draw(3) ? (u8)draw(256) : draw(2) ? 0xff : 0;
		trace_mend(bytes, size);
		spill(bytes, size);
		error.text[0] = 0;
		if (read_all(&error)) {
			refused++;
			cr_assert_gt(strlen(error.text), strlen(path));
		}
	}
	cr_assert_gt(refused, 3000);
	free(good);
	free(bytes);
}

static void hostile_field(size_t from_end, size_t at, u64 value, int width, const char *reason)
{
	struct tr_error error = { "" };
	size_t size;

	small_file();
	u8 *bytes = slurp(&size);
	u8 *field = from_end ? bytes + size - from_end + at : bytes + at;
	if (width == 4)
		tr_put32(field, (u32)value);
	else
		tr_put64(field, value);
	trace_mend(bytes, size);
	spill(bytes, size);
	cr_assert_eq(read_all(&error), -EINVAL, "%s", reason);
	cr_assert(strstr(error.text, reason), "wanted '%s', got '%s'", reason, error.text);
	free(bytes);
}

Test(trace_file, hostile_fields_are_refused_by_name)
{
	const size_t block = TR_HEADER_BYTES + 11, foot = TR_FOOTER_BYTES;

	hostile_field(0, 0, 0, 4, "not a .wst file");
	hostile_field(0, 8, 2, 4, "version");
	hostile_field(0, 12, 9, 4, "numbering");
	hostile_field(0, 16, 9, 4, "default type");
	hostile_field(0, 20, 0xffffffff, 4, "origin");
	hostile_field(0, 24, ~0ull, 8, "window");
	hostile_field(foot, 16, 70000, 4, "1024 streams");
	hostile_field(foot, 16, 1, 4, "stream does not exist");
	hostile_field(foot, 28, 0xffffffff, 4, "number of pages");
	hostile_field(foot, 24, 0, 4, "memcgs or nodes");
	hostile_field(foot, 20, 1, 4, "memcg or node");
	hostile_field(foot, 72, ~0ull, 8, "impossible span");
	hostile_field(foot, 72, 1, 8, "later than the trace");
	hostile_field(foot, 40, 1, 8, "totals");
	hostile_field(foot, 8, 1ull << 60, 8, "index is not there");
	hostile_field(foot, 0, ~0ull, 8, "index is not there");
	hostile_field(0, block, 0, 4, "WSTB");
	hostile_field(0, block + 8, 70000, 4, "more than 65536");
	hostile_field(0, block + 12, 0, 4, "no runs");
	hostile_field(0, block + 16, 0xffffff, 4, "page column");
	hostile_field(0, block + 20, 0xffffff, 4, "run column");
	hostile_field(0, block + 24, 1, 4, "not what the index says");
	hostile_field(0, block + 28, 1, 4, "reserved");
}

Test(trace_file, what_is_no_file_is_refused)
{
	struct tr_file *file;
	struct tr_error error;

	cr_assert_eq(tr_file_open(&file, "/nonexistent", &error), -ENOENT);
	cr_assert_str_eq(error.text, "/nonexistent: cannot open: No such file or directory");
	cr_assert_eq(tr_file_open(&file, "/tmp", &error), -EINVAL);
	spill((const u8 *)"hello, this is a text and it is long enough to have a header and a "
			  "footer, at least as far as their sizes go, but it is a text and no "
			  "more than that, whichever way you look at it.....................",
	      190);
	cr_assert_eq(tr_file_open(&file, path, &error), -EINVAL);
	cr_assert(strstr(error.text, "byte 0: not a .wst file"), "%s", error.text);
}
