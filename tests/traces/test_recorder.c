/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_recorder.c - from the plugin's stream to a trace, without an emulator: the
 * stream cut at every byte, mappings against a plain array, and the rules by which
 * pages begin, end, move and are given numbers.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "own_folder.h"
#include "tr_guest.h"
#include "tr_kernel_image.h"
#include "tr_pages.h"
#include "tr_raw_read.h"
#include "tr_recorder.h"
#include "tr_vmas.h"

#define LOG_MOST 256u

static struct log {
	struct tr_record record[LOG_MOST];
	u32 count;
} log_;

static int log_put(void *ctx, const struct tr_record *record, struct tr_error *error)
{
	(void)ctx;
	(void)error;
	cr_assert_lt(log_.count, LOG_MOST);
	log_.record[log_.count++] = *record;
	return 0;
}

static const struct tr_sink log_sink = { log_put, NULL };

/* --- the stream --- */

static int count_event(void *ctx, const struct tr_raw_event *event, struct tr_error *error)
{
	(void)error;
	cr_assert_lt(event->op, TR_RAW_OPS);
	++*(u32 *)ctx;
	return 0;
}

static const u64 stream[] = {
	TR_RAW_MAGIC, 1000000, 1000, 0,
	5, 0x10 | (u64)TR_RAW_READ << 56,
	6, 0x20 | (u64)TR_RAW_MAP << 56, 4, 0, 1, 0,
	7 | 1ull << 48, 0x30 | (u64)TR_RAW_UNMAP << 56, 4, 0,
	8, (u64)TR_RAW_END << 56,
};

Test(recorder, stream_may_end_at_any_byte_and_come_in_any_pieces)
{
	for (size_t cut = 0; cut <= sizeof(stream); cut++) {
		u32 whole = (cut >= 48) + (cut >= 96) + (cut >= 128);

		for (size_t piece = 1; piece < 40; piece += 6) {
			struct tr_raw_reader reader;
			struct tr_error error = { "" };
			u32 events = 0;

			tr_raw_reader_init(&reader, count_event, &events);
			for (size_t at = 0; at < cut; at += piece) {
				size_t part = cut - at < piece ? cut - at : piece;

				cr_assert_eq(tr_raw_reader_feed(&reader, (const u8 *)stream + at,
								part, &error),
					     0, "cut %zu piece %zu: %s", cut, piece, error.text);
			}
			cr_assert_eq(events, whole, "cut %zu piece %zu", cut, piece);
			cr_assert_eq(reader.ended, cut == sizeof(stream));
		}
	}
}

Test(recorder, streams_no_plugin_writes_are_refused)
{
	static const struct {
		u32 word;
		u64 value;
	} bad[] = { { 0, 7 }, { 1, 0 }, { 2, 0 }, { 5, (u64)TR_RAW_OPS << 56 }, { 5, ~0ull } };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		u64 copy[sizeof(stream) / sizeof(u64)];
		struct tr_raw_reader reader;
		struct tr_error error = { "" };
		u32 events = 0;

		memcpy(copy, stream, sizeof(copy));
		copy[bad[i].word] = bad[i].value;
		tr_raw_reader_init(&reader, count_event, &events);
		cr_assert_eq(tr_raw_reader_feed(&reader, copy, sizeof(copy), &error), -EINVAL);
		cr_assert(strstr(error.text, "plugin's stream"), "%s", error.text);
	}
}

/* --- mappings --- */

Test(recorder, mappings_are_those_of_a_plain_array)
{
	enum { PAGES = 64 };
	u32 model[PAGES] = { 0 }, offset[PAGES] = { 0 }, random = 12345;
	struct tr_vmas vmas;

	tr_vmas_init(&vmas);
	for (u32 step = 1; step < 5000; step++) {
		u32 first, end;

		random = random * 1664525u + 1013904223u;
		first = (random >> 8) % PAGES;
		end = first + 1 + (random >> 16) % (PAGES - first);
		if (random >> 31) {
			cr_assert_eq(tr_vmas_clear(&vmas, first, end), 0);
		} else {
			struct tr_vma vma = { .first = first, .end = end, .file = step,
					      .file_page_first = 100 };

			cr_assert_eq(tr_vmas_set(&vmas, &vma), 0);
		}
		for (u32 p = first; p < end; p++) {
			model[p] = random >> 31 ? 0 : step;
			offset[p] = 100 + p - first;
		}
		for (u32 p = 0; p < PAGES; p++) {
			const struct tr_vma *found = tr_vmas_find(&vmas, p);

			cr_assert_eq(found ? found->file : 0, model[p], "step %u page %u", step, p);
			if (found)
				cr_assert_eq(found->file_page_first + p - found->first, offset[p]);
		}
	}
	tr_vmas_destroy(&vmas);
}

/* --- rules of commands --- */

static struct tr_recorder *recorder_new(void)
{
	struct tr_recorder *r;
	struct tr_error error = { "" };

	log_.count = 0;
	cr_assert_eq(tr_recorder_open(&r, log_sink, &error), 0, "%s", error.text);
	return r;
}

static int tell(struct tr_recorder *r, u16 stream_number, u32 op, u64 arg, u64 e0, u64 e1,
		u64 e2, u64 e3)
{
	static u64 time_ns;
	struct tr_raw_event event = { .time_ns = ++time_ns, .arg = arg,
				      .extra = { e0, e1, e2, e3 }, .op = op,
				      .stream = stream_number };
	struct tr_error error = { "" };

	return tr_recorder_event(r, &event, &error);
}

static const struct tr_record *last(u8 op)
{
	for (u32 i = log_.count; i-- > 0;) {
		if (log_.record[i].op == op)
			return &log_.record[i];
	}
	cr_assert(false, "no record of operation %u", op);
	return NULL;
}

Test(recorder, numbers_return_to_the_stream_that_freed_them_and_to_no_other)
{
	struct tr_recorder *r = recorder_new();
	u64 number;

	tell(r, 3, TR_RAW_WRITE, 0x1000, 0, 0, 0, 0);
	number = last(TR_ACCESS)->page;
	cr_assert_eq(last(TR_ACCESS)->stream, 0, "streams are dense");
	tell(r, 3, TR_RAW_UNMAP, 0x1000, 1, 0, 0, 0);
	cr_assert_eq(last(TR_FREE)->page, number);
	tell(r, 3, TR_RAW_WRITE, 0x1000, 0, 0, 0, 0);
	cr_assert_eq(last(TR_ALLOC)->page, number);
	tell(r, 3, TR_RAW_DISCARD, 0x1000, 1, 0, 0, 0);
	tell(r, 9, TR_RAW_WRITE, 0x1000, 0, 0, 0, 0);
	cr_assert_neq(last(TR_ALLOC)->page, number);
	cr_assert_eq(last(TR_ALLOC)->stream, 1);
	tr_recorder_close(r);
}

Test(recorder, private_file_pages_are_the_files_until_they_are_written)
{
	struct tr_recorder *r = recorder_new();
	u64 file_page;

	tell(r, 0, TR_RAW_FILE_READ, 7, 1, 1, 0, 0);
	file_page = last(TR_ACCESS)->page;
	cr_assert_eq(last(TR_ALLOC)->type, TR_FILE);
	cr_assert_eq(last(TR_ACCESS)->kind, TR_DESCRIPTOR);
	tell(r, 0, TR_RAW_MAP, 0x2000, 16, 0, 1, 0);
	tell(r, 0, TR_RAW_READ, 0x2007, 0, 0, 0, 0);
	cr_assert_eq(last(TR_ACCESS)->page, file_page);
	cr_assert_eq(last(TR_ACCESS)->kind, TR_MAPPED);
	tell(r, 0, TR_RAW_WRITE, 0x2007, 0, 0, 0, 0);
	cr_assert_eq(last(TR_ALLOC)->type, TR_ANON);
	cr_assert_neq(last(TR_ACCESS)->page, file_page);
	tell(r, 0, TR_RAW_READ, 0x2007, 0, 0, 0, 0);
	cr_assert_neq(last(TR_ACCESS)->page, file_page, "the copy stays");
	tell(r, 0, TR_RAW_FILE_DROP, 0, 1, ~0ull, 0, 0);
	cr_assert_eq(last(TR_FREE)->page, file_page);
	tr_recorder_close(r);
}

Test(recorder, shared_file_pages_stay_the_files_and_shmem_is_anonymous)
{
	struct tr_recorder *r = recorder_new();
	u64 page;

	tell(r, 0, TR_RAW_MAP, 0x2000, 16, 0, 1, TR_RAW_MAP_SHARED | TR_RAW_SHMEM);
	tell(r, 0, TR_RAW_WRITE, 0x2003, 0, 0, 0, 0);
	page = last(TR_ACCESS)->page;
	cr_assert_eq(last(TR_ALLOC)->type, TR_ANON);
	tell(r, 0, TR_RAW_UNMAP, 0x2000, 16, 0, 0, 0);
	tell(r, 0, TR_RAW_FILE_READ, 3, 1 | TR_RAW_FILE_SHMEM, 1, 0, 0);
	cr_assert_eq(last(TR_ACCESS)->page, page);
	tr_recorder_close(r);
}

Test(recorder, moved_pages_keep_their_identity)
{
	struct tr_recorder *r = recorder_new();
	struct tr_error error = { "" };
	u64 first, second;
	u32 frees = 0;

	tell(r, 0, TR_RAW_WRITE, 0x3000, 0, 0, 0, 0);
	first = last(TR_ACCESS)->page;
	tell(r, 0, TR_RAW_WRITE, 0x3001, 0, 0, 0, 0);
	second = last(TR_ACCESS)->page;
	tell(r, 0, TR_RAW_MOVE, 0x3000, 2, 0x5000, 1, 0); /* moved and cut to one page */
	cr_assert_eq(last(TR_FREE)->page, second);
	tell(r, 0, TR_RAW_READ, 0x5000, 0, 0, 0, 0);
	cr_assert_eq(last(TR_ACCESS)->page, first);
	tell(r, 0, TR_RAW_WRITE, 0x3000, 0, 0, 0, 0);
	cr_assert_neq(last(TR_ACCESS)->page, first, "the old address holds another page");
	cr_assert_eq(tr_recorder_finish(r, &error), 0);
	for (u32 i = 0; i < log_.count; i++)
		frees += log_.record[i].op == TR_FREE;
	cr_assert_eq(frees, 3, "all memory is freed at the end");
	tr_recorder_close(r);
}

Test(recorder, events_that_name_no_page_are_refused)
{
	struct tr_recorder *r = recorder_new();

	cr_assert_eq(tell(r, 0, TR_RAW_READ, 1ull << 40, 0, 0, 0, 0), -EINVAL);
	cr_assert_eq(tell(r, 0, TR_RAW_FILE_READ, 0, 0, 1, 0, 0), -EINVAL);
	cr_assert_eq(tell(r, 0, TR_RAW_FILE_READ, 0, 1, 1ull << 50, 0, 0), -EINVAL);
	cr_assert_eq(tell(r, 0, TR_RAW_MAP, 0, 1, 0, TR_RAW_FILES + 1, 0), -EINVAL);
	cr_assert_eq(tell(r, 0, TR_RAW_PAGE_ALLOC, 0, 0, 0, 0, 0), -EINVAL);
	tr_recorder_close(r);
}

/* --- rules of guests --- */

static void guest_tell(struct tr_guest *g, u32 op, u64 arg, u64 e0, u64 e1)
{
	static u64 time_ns;
	struct tr_raw_event event = { .time_ns = ++time_ns, .arg = arg, .extra = { e0, e1 },
				      .op = op };
	struct tr_error error = { "" };

	cr_assert_eq(tr_guest_event(g, &event, &error), 0, "%s", error.text);
}

Test(recorder, guests_pages_have_the_type_that_was_sampled_while_they_lived)
{
	enum { LRU = 1 << 5, BUDDY = 1 << 10, ANON = 1 << 12, SWAPBACKED = 1 << 14 };
	static const struct {
		u8 op, kind, type;
		u64 page;
	} want[] = {
		{ TR_ALLOC, 0, TR_FILE, 5 },	     { TR_ACCESS, TR_DESCRIPTOR, 0, 5 },
		{ TR_ACCESS, TR_MAPPED, 0, 5 },	     { TR_FREE, 0, 0, 5 },
		{ TR_ALLOC, 0, TR_ANON, 5 },	     { TR_ACCESS, TR_KERNEL, 0, 5 },
		{ TR_ALLOC, 0, TR_UNEVICTABLE, 9 },  { TR_ACCESS, TR_KERNEL, 0, 9 },
		{ TR_FREE, 0, 0, 9 },		     { TR_ALLOC, 0, TR_FILE, 6 },
		{ TR_ALLOC, 0, TR_FILE, 7 },	     { TR_FREE, 0, 0, 5 },
		{ TR_FREE, 0, 0, 6 },		     { TR_FREE, 0, 0, 7 },
	};
	char spool[96];
	struct tr_error error = { "" };
	struct tr_guest *g;

	make_folder();
	path_of(spool, sizeof(spool), "spool");
	log_.count = 0;
	cr_assert_eq(tr_guest_open(&g, spool, 16, &error), 0, "%s", error.text);
	guest_tell(g, TR_RAW_PAGE_ALLOC, 5, 0, 0x8 | 0x2); /* as anonymous as flags tell */
	guest_tell(g, TR_RAW_KERNEL_WRITE, 5, 0, 0);
	guest_tell(g, TR_RAW_PAGE_FLAGS, 5, 1, LRU); /* but it is on a file's list */
	guest_tell(g, TR_RAW_READ, 5, 0, 0);
	guest_tell(g, TR_RAW_PAGE_FREE, 5, 0, 0);
	guest_tell(g, TR_RAW_PAGE_ALLOC, 5, 0, 0x8 | 0x2);
	guest_tell(g, TR_RAW_KERNEL_WRITE, 5, 0, 0);
	guest_tell(g, TR_RAW_KERNEL_READ, 9, 0, 0); /* in use before anything was told */
	guest_tell(g, TR_RAW_PAGE_FLAGS, 9, 1, BUDDY);
	guest_tell(g, TR_RAW_PAGE_ALLOC, 6, 1, 0x8 | 0x1000); /* two pages, written by file */
	cr_assert_eq(tr_guest_allocations(g), 3);
	cr_assert_eq(tr_guest_write(g, log_sink, &error), 0, "%s", error.text);
	cr_assert_eq(log_.count, sizeof(want) / sizeof(want[0]));
	for (u32 i = 0; i < log_.count; i++) {
		const struct tr_record *r = &log_.record[i];

		cr_assert(r->op == want[i].op && r->page == want[i].page, "record %u", i);
		cr_assert(r->op != TR_ALLOC || r->type == want[i].type, "type of record %u", i);
		cr_assert(r->op != TR_ACCESS || r->kind == want[i].kind, "kind of record %u", i);
	}
	tr_guest_close(g);
	remove_folder();
}

/* --- unpacking kernels --- */

Test(recorder, lz4_is_unpacked_and_damage_is_found)
{
	/* "abc", then 9 bytes from 3 back, then "!" */
	static const u8 packed[] = { 2, 0x21, 0x4c, 0x18, 8, 0, 0, 0, 0x35, 'a', 'b', 'c', 3, 0,
				     0x10, '!' };
	u8 out[64];

	cr_assert_eq(tr_lz4_legacy(packed, sizeof(packed), out, sizeof(out)), 13);
	cr_assert_eq(memcmp(out, "abcabcabcabc!", 13), 0);
	for (size_t cut = 0; cut < sizeof(packed); cut++) {
		s64 got = tr_lz4_legacy(packed, cut, out, sizeof(out));

		cr_assert(got == -EINVAL || (got == 0 && cut < 8), "cut at %zu", cut);
	}
	cr_assert_eq(tr_lz4_legacy(packed, sizeof(packed), out, 12), -EINVAL, "no room");
	for (u32 i = 0; i < 20000; i++) { /* never beyond the room, whatever comes */
		u8 junk[sizeof(packed)];

		memcpy(junk, packed, sizeof(junk));
		junk[4 + (i * 7) % 12] ^= (u8)(i >> 4);
		cr_assert_leq(tr_lz4_legacy(junk, sizeof(junk), out, sizeof(out)),
			      (s64)sizeof(out));
	}
}
