/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_pages.h - from places (addresses, places in files) to pages of a trace.
 *
 * A page of a trace is an identity that ends at its free.  A place may hold one page
 * after another, and mremap() moves a page to another place.  A page's number is its
 * place's, so that neighbours stay neighbours, plus a generation in the high bits
 * where the place's number is not free for reuse: because another stream freed it
 * (streams drift apart, see tr_record.h), or because the page was moved away and
 * lives on.
 *
 * Places are u64 below 2^TR_PLACE_BITS.  Addresses are places as they are; the pages
 * of files are put, 32 at a time (one readahead), in order of first touch from
 * TR_PLACE_FILES on, so that a thousand small files stay dense.
 *
 * Memory: malloc, 16 bytes a place in any 2 MiB region that is touched.
 * Errors: NULL or -ENOMEM.  Locking: none.
 */
#ifndef TR_PAGES_H
#define TR_PAGES_H

#include <ws_env.h>

#define TR_PLACE_BITS 44
#define TR_PLACE_FILES (1ull << 43)
#define TR_FILE_CHUNK 32u

struct tr_page {
	u64 number; /* of the page that lives here, when live */
	u32 generation;
	u16 freed_by; /* stream */
	u8 live;
	u8 type; /* enum tr_type */
};

struct tr_pages;
struct tr_pages *tr_pages_new(void);
void tr_pages_delete(struct tr_pages *pages);

/* @create: make what is missing; NULL then means no memory, else nothing was ever there. */
struct tr_page *tr_pages_get(struct tr_pages *pages, u64 place, bool create);

/* Start a page at @place for @stream; it must not be live. */
void tr_page_begin(struct tr_page *page, u64 place, u16 stream, u8 type);
void tr_page_end(struct tr_page *page, u16 stream);

/* Move the page that lives at @from to @to_place, whose own must not be live. */
void tr_page_move(struct tr_page *from, struct tr_page *to);

/* Call @each for every live page among @count places from @first, in order; stop at non-zero. */
int tr_pages_each(struct tr_pages *pages, u64 first, u64 count,
		  int (*each)(void *ctx, u64 place, struct tr_page *page), void *ctx);

/* The place of page @index of @file (1 to TR_RAW_FILES); 0 if it has none and not @create. */
u64 tr_pages_file_place(struct tr_pages *pages, u32 file, u64 index, bool create);

/* The same as tr_pages_each() for pages @first to @last of @file. */
int tr_pages_each_of_file(struct tr_pages *pages, u32 file, u64 first, u64 last,
			  int (*each)(void *ctx, u64 place, struct tr_page *page), void *ctx);

#endif /* TR_PAGES_H */
