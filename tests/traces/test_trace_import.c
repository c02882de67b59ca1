/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_trace_import.c - foreign formats, on inputs that the tests write themselves:
 * found by their first bytes, read right, packed or not, and refused by line.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "own_folder.h"
#include "tr_bytes.h"
#include "tr_csv.h"
#include "tr_file.h"
#include "tr_import.h"
#include "tr_input.h"
#include "tr_load.h"

#define RECORDS_MAX 4096u

/* Everything an import put, and how it went. */
struct result {
	struct tr_record record[RECORDS_MAX];
	u32 count;
	int rc;
	struct tr_error error;
	struct tr_import_info info;
	char format[16];
};

static int collect(void *ctx, const struct tr_record *record, struct tr_error *error)
{
	struct result *result = ctx;

	(void)error;
	cr_assert_lt(result->count, RECORDS_MAX);
	result->record[result->count++] = *record;
	return 0;
}

static struct result *import(const void *bytes, size_t size, const char *format,
			     const struct tr_import_options *options)
{
	static struct result result;
	struct tr_import_options defaults;
	struct tr_import *one;
	struct tr_input *input;

	memset(&result, 0, sizeof(result));
	tr_import_options_init(&defaults);
	cr_assert_eq(tr_input_open_memory(&input, "in", bytes, size, &result.error), 0);
	result.rc = tr_import_open_input(&one, input, format, options ? options : &defaults,
					 &result.error);
	if (result.rc)
		return &result;
	result.rc = tr_import_run(one, (struct tr_sink){ collect, &result }, &result.error);
	result.info = *tr_import_info(one);
	snprintf(result.format, sizeof(result.format), "%s", result.info.format);
	tr_import_close(one);
	return &result;
}

static struct result *import_text(const char *text)
{
	return import(text, strlen(text), NULL, NULL);
}

/* @want: "page[w]@time_ns ..." */
static void expect(const struct result *result, const char *format, const char *want)
{
	char got[4096];
	size_t at = 0;

	cr_assert_eq(result->rc, 0, "%s", result->error.text);
	cr_assert_str_eq(result->format, format);
	got[0] = 0;
	for (u32 i = 0; i < result->count; i++)
		at += (size_t)snprintf(got + at, sizeof(got) - at, "%s%s%llu%s@%llu", i ? " " : "",
				       result->record[i].op == TR_IDLE ? "idle" : "",
				       result->record[i].page, result->record[i].write ? "w" : "",
				       result->record[i].time_ns);
	cr_assert_str_eq(got, want);
}

static void refuse(const struct result *result, const char *text)
{
	cr_assert_eq(result->rc, -EINVAL, "was not refused: wanted '%s'", text);
	cr_assert(strstr(result->error.text, text), "wanted '%s', got '%s'", text,
		  result->error.text);
}

/* --- binary formats --- */

static size_t put_oracle(u8 *bytes, u32 time_s, u64 id, u32 size, u64 next)
{
	tr_put32(bytes, time_s);
	tr_put64(bytes + 4, id);
	tr_put32(bytes + 12, size);
	tr_put64(bytes + 16, next);
	return 24;
}

Test(trace_import, oracle_general_is_one_access_a_request)
{
	u8 bytes[96];
	size_t size = put_oracle(bytes, 100, 7, 512, 2);

	size += put_oracle(bytes + size, 100, 1ull << 40, 6656, ~0ull);
	size += put_oracle(bytes + size, 103, 7, 512, ~0ull);
	expect(import(bytes, size, NULL, NULL), "oracleGeneral",
	       "7@0 1099511627776@0 7@3000000000");
	refuse(import(bytes, size - 1, "oracleGeneral", NULL),
	       "in: record 3: the file ends after 23 of the record's 24 bytes");
}

Test(trace_import, expand_covers_the_blocks_of_a_request)
{
	struct tr_import_options options;
	u8 bytes[48];
	size_t size = put_oracle(bytes, 0, 15, 8192, ~0ull); /* sectors 15 to 30 */

	tr_import_options_init(&options);
	options.expand = true;
	expect(import(bytes, size, "oracleGeneral", &options), "oracleGeneral", "1@0 2@0 3@0");
	options.id_bytes = 4096;
	expect(import(bytes, size, "oracleGeneral", &options), "oracleGeneral", "15@0 16@0");
	options.id_bytes = 0;
	size = put_oracle(bytes, 0, ~0ull, ~0u, ~0ull);
	expect(import(bytes, 0, "oracleGeneral", &options), "oracleGeneral", "");
	refuse(import(bytes, size, "oracleGeneral", &options), "record 1: request is larger");
	options.id_bytes = 1u << 30;
	refuse(import(bytes, size, "oracleGeneral", &options), "record 1: request lies beyond");
}

static size_t put_vscsi(u8 *bytes, int version, u16 command, u32 length, u64 sector, u64 time_us)
{
	memset(bytes, 0, 40);
	tr_put16(bytes + (version == 1 ? 12 : 0), command);
	tr_put16(bytes + (version == 1 ? 14 : 2), (u16)(version << 8));
	tr_put32(bytes + (version == 1 ? 4 : 8), length);
	tr_put64(bytes + 16, sector);
	tr_put64(bytes + 24, time_us);
	return version == 1 ? 32 : 40;
}

Test(trace_import, vscsi_in_both_versions)
{
	for (int version = 1; version <= 2; version++) {
		u8 bytes[160];
		size_t size = put_vscsi(bytes, version, 0x28, 4096, 800, 5000000);

		size += put_vscsi(bytes + size, version, 0x2a, 512, 808, 5000250);
		size += put_vscsi(bytes + size, version, 0x8a, 512, 801, 5000100);
		struct result *result = import(bytes, size, NULL, NULL);
		expect(result, "vscsi", "800@0 808w@250000 801w@250000");
		cr_assert_eq(result->info.clamped_count, 1);
		bytes[size - (version == 1 ? 32 : 40) + (version == 1 ? 15 : 3)] = 9;
		refuse(import(bytes, size, NULL, NULL), "in: record 3: is not of version");
		refuse(import(bytes, size - 3, "vscsi", NULL), "the file ends after");
	}
	refuse(import("what is this", 12, "vscsi", NULL), "neither version 1 nor 2");
}

/* --- text formats --- */

Test(trace_import, arc_lines_are_expanded_by_definition)
{
	expect(import_text("10 3 0 0\n5 1 0 1\r\n\n"), "arc", "10@0 11@1000 12@2000 5@3000");
	refuse(import_text("10 3 0 0\n5 1 0\n"), "unknown format");
	refuse(import("10 3 0 0\n5 1 0\n", 15, "arc", NULL), "in: line 2: wanted 'start count");
	refuse(import("1 99999999 0 0\n", 15, "arc", NULL), "line 1: more than");
	refuse(import("1 99999999999999999999 0 0\n", 27, "arc", NULL), "line 1: wanted");
}

Test(trace_import, addresses_count_instructions)
{
	expect(import_text("l 0x1000 1\ns 0x2fff 10\nl 0xffffffffffffffff 5"), "address",
	       "1@1 2w@11 4503599627370495@16");
	expect(import_text("0041f7a0 R\n13f5e2c0 W\n"), "address", "1055@0 81758w@1000");
	refuse(import("l 0x1000 1\nx 0x2000 1\n", 22, "address", NULL), "line 2: wanted 'l|s");
	refuse(import("l 0x11112222333344445 1\n", 24, "address", NULL), "line 1: wanted");
}

Test(trace_import, lackey_counts_instructions_as_time)
{
	expect(import_text("==12== Lackey\nI  04001000,3\n L 1fff000ab8,8\nI  04001003,5\n"
			   " S 1fff000ffc,8\n M 0421c7cc,4\nI  04002000,1\n"),
	       "lackey",
	       "16385@0 33550336@1 33550336w@2 33550337w@2 16924w@2 16386@2");
	refuse(import("I  zz,3\n", 8, "lackey", NULL), "line 1: wanted 'I|L|S|M");
	refuse(import("I  1000,9999\n", 13, "lackey", NULL), "line 1: wanted");
}

Test(trace_import, lists_hold_numbers_or_names)
{
	expect(import_text("1\n2\n0x10\n1\n"), "list", "1@0 2@1000 16@2000 1@3000");
	struct result *result = import("user:1\nuser:2\nuser:1\n", 21, "list", NULL);
	cr_assert_eq(result->count, 3);
	cr_assert_eq(result->record[0].page, result->record[2].page);
	cr_assert_neq(result->record[0].page, result->record[1].page);
}

static const char damon[] = "base_time_absolute: 8 m 59.809 s\n\n"
			    "monitoring_start:                0 ns\n"
			    "monitoring_end:            100.000 ms\n"
			    "target_id: 17\nnr_regions: 2\n"
			    "# start_addr     end_addr        length  nr_accesses   age\n"
			    "00001000-00005000 (  16.000 KiB)          20    -1\n"
			    "00005000-00105000 (   1.000 MiB)           1    -1\n"
			    "00200000-00300000 (   1.000 MiB)           0    -1\n\n"
			    "monitoring_start:          100.000 ms\n"
			    "monitoring_end:            200.000 ms\n"
			    "target_id: 17\n"
			    "00001000-00003000 (   8.000 KiB)          21    -1\n";

Test(trace_import, damon_regions_become_accesses_by_their_chance)
{
	struct result *result = import_text(damon);
	u32 hot = 0, warm = 0, later = 0;

	cr_assert_eq(result->rc, 0, "%s", result->error.text);
	cr_assert_str_eq(result->format, "damon");
	cr_assert_eq(result->info.window_ns, 100000000);
	for (u32 i = 0; i < result->count; i++) {
		const struct tr_record *record = &result->record[i];
		later += record->time_ns >= 100000000;
		hot += record->page >= 1 && record->page < 5 && record->time_ns < 100000000;
		warm += record->page >= 5 && record->page < 261;
		cr_assert_lt(record->page, 261);
	}
	cr_assert_eq(hot, 4);
	cr_assert_eq(later, 2);
	/* 1 - 0.95^20 = 0.64 of 256 pages, give or take four deviations. */
	cr_assert(warm > 133 && warm < 195, "%u", warm);
}

Test(trace_import, damon_reports_that_are_broken_are_refused)
{
	refuse(import("monitoring_start: x\n", 20, NULL, NULL), "line 1: monitoring_start is no");
	refuse(import("monitoring_end: 1 q\n", 20, "damon", NULL), "line 1: monitoring_end is no");
	refuse(import("target_id: q\n", 13, "damon", NULL), "line 1: target_id");
	refuse(import("1000-2000 (1) 1 1\n", 18, "damon", NULL), "line 1: a region before");
	refuse(import("target_id: 1\n2000-1000 (1) 1 1\n", 31, "damon", NULL), "line 2: the region");
	refuse(import("target_id: 1\n1000-2000 (1) x 1\n", 31, "damon", NULL), "nr_accesses");
	refuse(import("target_id: 1\nnonsense\n", 22, "damon", NULL), "line 2: wanted");
	refuse(import("target_id: 1\n0-ffffffffff000 (1) 1 1\n", 37, "damon", NULL), "64 GiB");
}

/* --- csv --- */

static struct result *import_csv(const char *text, const char *columns)
{
	struct tr_import_options options;

	tr_import_options_init(&options);
	options.csv = columns;
	return import(text, strlen(text), "csv", &options);
}

Test(trace_import, csv_columns_by_header_by_name_and_by_number)
{
	const char *text = "version,time,op,size,lbn\n1,5,2a,512,77\n1,6.25,28,512,78\n";

	expect(import_text(text), "csv", "77w@0 78@1250000000");
	expect(import_csv(text, "time=time,page=lbn,op=op"), "csv", "77w@0 78@1250000000");
	expect(import_csv(text, "page=4,time-unit=ms"), "csv", "512w@0 512@1250000");
	expect(import_csv("7;R;1000\n8;W;2000\n", "page=1,op=2,time=3,time-unit=us"), "csv",
	       "7@0 8w@1000000");
	expect(import_csv("7,R\n8,W\n", "page=1,op=2,no-header,delimiter=,"), "csv",
	       "7@0 8w@1000");
	expect(import_csv("id op\n7   R\n8   W\n", NULL), "csv", "7@0 8w@1000");
	expect(import_csv("id , op\n 7 ,\tR \n8, W\n", NULL), "csv", "7@0 8w@1000");
	expect(import_csv("\"key\"|\"op\"\n\"0x10\"|get\n17|set\n", NULL), "csv", "16@0 17w@1000");
}

Test(trace_import, csv_knows_msr_and_alibaba)
{
	struct result *result = import_text("128166372003061629,usr,0,Read,7014609920,24576,41286\n"
					    "128166372016382155,usr,1,Write,7014609920,4096,1\n");

	cr_assert_eq(result->rc, 0, "%s", result->error.text);
	cr_assert_eq(result->count, 2);
	cr_assert_eq(result->record[1].time_ns, 1332052600ull);
	cr_assert_eq(result->record[1].write, 1);
	cr_assert_neq(result->record[0].page, result->record[1].page, "devices differ");
	result = import_text("419,W,8792731648,16384,1577808144360767\n"
			     "419,R,8792731648,4096,1577808144360867\n");
	cr_assert_eq(result->rc, 0, "%s", result->error.text);
	cr_assert_eq(result->record[0].page, result->record[1].page);
	cr_assert_eq(result->record[1].time_ns, 100000);
}

Test(trace_import, csv_refusals_name_the_line_and_the_field)
{
	const char *head = "time,op,lbn\n";
	char text[256];

	refuse(import_csv("a,b\n1,2\n", NULL), "line 1: no column is known to be the page");
	refuse(import_csv("a,b\n1,2\n", "page=c"), "the header has no column 'c'");
	refuse(import_csv("1,2\n", "page=0"), "column 0 of page");
	refuse(import_csv("1,2\n", "page=65"), "column 65 of page");
	refuse(import_csv("1,2\n", "pages=1"), "'pages' is no column");
	refuse(import_csv("1,2\n", "page"), "'page' is no column");
	refuse(import_csv("1,2\n", "page=1,time-unit=year"), "time-unit 'year'");
	refuse(import_csv("1,2\n", "page=1,delimiter=xx"), "delimiter 'xx'");
	refuse(import_csv("1,2\n", "page=1,page-unit=x"), "page-unit 'x'");
	refuse(import_csv("1\n", "page=3"), "line 1: has 1 fields, but column 3 is wanted");
	snprintf(text, sizeof(text), "%s1,r,5\n2,jump,5\n", head);
	refuse(import_csv(text, NULL), "line 3: 'jump' is no operation");
	snprintf(text, sizeof(text), "%s-1,r,5\n", head);
	refuse(import_csv(text, NULL), "line 2: '-1' is no time");
	snprintf(text, sizeof(text), "%s99999999999999999,r,5\n", head);
	refuse(import_csv(text, NULL), "is no time");
	snprintf(text, sizeof(text), "%s1,r,\n", head);
	refuse(import_csv(text, NULL), "line 2: the page's column is empty");
	refuse(import_csv("page,stream\n1,1024\n", NULL), "stream '1024'");
	refuse(import_csv("page,size\n1,-5\n", NULL), "size '-5'");
	refuse(import_csv("page,kind\n1,x\n", NULL), "'x' is no kind");
	refuse(import_csv("page,what\n1,x\n", "type=2"), "'x' is no type");
	refuse(import_csv("page,op,type\n1,r,x\n", NULL), "'x' is no type");
	refuse(import_csv("page,memcg\n1,70000\n", NULL), "'70000' is no memcg");
	refuse(import_csv("page,node\n1,256\n", NULL), "'256' is no node");
	refuse(import_csv("page,write\n1,2\n", NULL), "write '2'");
}

/* --- what formats have in common --- */

Test(trace_import, unknown_and_empty_inputs_list_the_formats)
{
	static const char bytes[] = "\1\2\3\0\4\5\6 no trace at all";
	struct result *result = import(bytes, sizeof(bytes), NULL, NULL);

	refuse(result, "in: byte 0: unknown format; name one of: oracleGeneral, vscsi, arc");
	for (u32 i = 0; tr_import_format_name(i); i++)
		cr_assert(strstr(result->error.text, tr_import_format_name(i)));
	refuse(import("", 0, NULL, NULL), "in: byte 0: the file is empty");
	refuse(import("1\n", 2, "tape", NULL), "format 'tape': no such format; there are:");
}

Test(trace_import, gaps_become_idling_when_asked)
{
	struct tr_import_options options;
	const char *text = "time,lbn\n1,5\n2,6\n12,7\n";

	tr_import_options_init(&options);
	options.idle_gap_ns = 5000000000ull;
	expect(import(text, strlen(text), NULL, &options), "csv",
	       "5@0 6@1000000000 idle0@11000000000 7@11000000000");
}

Test(trace_import, a_line_that_is_too_long_or_binary_is_refused)
{
	size_t size = 70000;
	char *text = malloc(size);

	memset(text, '1', size);
	memcpy(text, "1\n", 2);
	refuse(import(text, size, "list", NULL), "in: line 2: longer than 65535");
	refuse(import("1\n\0002\n", 5, "list", NULL), "in: line 2: holds a NUL");
	free(text);
}

/* --- packed input --- */

static size_t pack(const char *how, const char *text, u8 *to, size_t room)
{
	size_t size = strlen(text), at = 0;

	if (!strcmp(how, "gz")) {
		z_stream z = { 0 };
		cr_assert_eq(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
		z.next_in = (u8 *)text;
		z.avail_in = (uInt)size;
		z.next_out = to;
		z.avail_out = (uInt)room;
		cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
		at = z.total_out;
		deflateEnd(&z);
	} else if (!strcmp(how, "xz")) {
		cr_assert_eq(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL,
						     (const u8 *)text, size, to, &at, room),
			     LZMA_OK);
	} else {
		at = ZSTD_compress(to, room, text, size, 3);
		cr_assert(!ZSTD_isError(at));
	}
	return at;
}

Test(trace_import, packed_input_is_unpacked_and_its_members_follow_each_other)
{
	static const char *const hows[] = { "gz", "xz", "zst" };

	for (int i = 0; i < 3; i++) {
		u8 bytes[1024];
		size_t size = pack(hows[i], "10 3 0 0\n", bytes, sizeof(bytes));
		size += pack(hows[i], "5 1 0 1\n", bytes + size, sizeof(bytes) - size);
		expect(import(bytes, size, NULL, NULL), "arc", "10@0 11@1000 12@2000 5@3000");
		for (size_t cut = 7; cut < size; cut++) {
			struct result *result = import(bytes, cut, "arc", NULL);
			if (result->rc == 0) /* between the members */
				cr_assert_eq(result->count, 3, "%s cut at %zu", hows[i], cut);
			else
				cr_assert_eq(result->rc, -EINVAL);
		}
		bytes[size / 4] ^= 0x55;
		cr_assert_eq(import(bytes, size, "arc", NULL)->rc, -EINVAL, "%s", hows[i]);
	}
}

Test(trace_import, big_packed_input_crosses_every_buffer)
{
	size_t room = 2000000, at = 0, lines = 150000;
	char *text = malloc(room);
	u8 *bytes = malloc(room);
	struct tr_input *input;
	struct tr_error error;
	char *line;

	for (size_t i = 0; i < lines; i++)
		at += (size_t)snprintf(text + at, room - at, "%zu\n", i * 7919);
	for (int how = 0; how < 3; how++) {
		size_t size = pack(how == 0 ? "gz" : how == 1 ? "xz" : "zst", text, bytes, room);
		cr_assert_eq(tr_input_open_memory(&input, "in", bytes, size, &error), 0);
		for (size_t i = 0; i < lines; i++) {
			cr_assert_eq(tr_input_line(input, &line, &error), 1);
			cr_assert_eq(strtoull(line, NULL, 10), i * 7919);
		}
		cr_assert_eq(tr_input_line(input, &line, &error), 0);
		tr_input_close(input);
	}
	free(text);
	free(bytes);
}

/* --- loading --- */

Test(trace_import, loading_is_the_same_from_csv_and_from_a_trace_file)
{
	static const char text[] = "time_ns,stream,op,page,write,kind,type,memcg,node\n"
				   "0,0,alloc,5,0,mapped,file,3,1\n0,0,access,5,0,mapped,,,\n"
				   "100,0,access,9,1,kernel,,,\n200,0,free,5,0,mapped,,,\n"
				   "5000000000,0,idle,,,,,,\n5000000000,0,access,9,0,descriptor,,,\n"
				   "5000000100,0,access,5,1,mapped,,,\n";
	char csv_path[96], wst_path[96];
	struct tr_meta meta = { .numbering = TR_NUMBER_REGIONS };
	struct tr_array from_csv, from_wst;
	struct tr_error error = { "" };
	struct tr_writer *writer;

	make_folder();
	path_of(csv_path, sizeof(csv_path), "t.csv");
	path_of(wst_path, sizeof(wst_path), "t.wst");
	FILE *csv = fopen(csv_path, "w");
	cr_assert(csv && fputs(text, csv) >= 0 && !fclose(csv));
	cr_assert_eq(tr_load(&from_csv, csv_path, NULL, &error), 0, "%s", error.text);
	struct result *result = import_text(text);
	cr_assert_eq(result->rc, 0, "%s", result->error.text);
	cr_assert_eq(result->count, 7);
	cr_assert_eq(result->info.numbering, TR_NUMBER_REGIONS);
	cr_assert_eq(result->record[0].memcg, 3);
	cr_assert_eq(result->record[0].node, 1);
	cr_assert_eq(result->record[0].type, TR_FILE);
	cr_assert_eq(tr_writer_open(&writer, wst_path, &meta, &error), 0);
	for (u32 i = 0; i < result->count; i++)
		cr_assert_eq(tr_writer_put(writer, &result->record[i], &error), 0);
	cr_assert_eq(tr_writer_commit(writer, &error), 0);
	cr_assert_eq(tr_load(&from_wst, wst_path, NULL, &error), 0, "%s", error.text);
	cr_assert_str_eq(from_csv.format, "csv");
	cr_assert_str_eq(from_wst.format, "wst");
	cr_assert_eq(from_csv.count, 4);
	cr_assert_eq(from_wst.count, 4);
	cr_assert_eq(memcmp(from_csv.page, from_wst.page, 16), 0);
	cr_assert_eq(from_csv.page[1] & 1, 1);
	cr_assert_eq(from_csv.frees_count, 1);
	cr_assert_eq(from_wst.frees_count, 1);
	cr_assert_eq(from_csv.frees[0].position, 2);
	cr_assert_eq(from_wst.frees[0].position, 2);
	cr_assert_eq(from_csv.pages_touched, 2);
	cr_assert_eq(from_wst.pages_touched, 2);
	cr_assert_eq(from_wst.span_ns, from_csv.span_ns);
	tr_array_destroy(&from_csv);
	tr_array_destroy(&from_wst);
	remove_folder();
}

Test(trace_import, loading_what_is_not_there_is_an_error)
{
	struct tr_array array;
	struct tr_error error;

	cr_assert_eq(tr_load(&array, "/nonexistent", NULL, &error), -ENOENT);
	cr_assert_str_eq(error.text, "/nonexistent: cannot open: No such file or directory");
	cr_assert_neq(tr_load(&array, "/tmp", NULL, &error), 0);
	cr_assert_null(array.page);
}
