/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_load.h - a whole trace as one array, for tools that need no time.
 *
 * Reads .wst and every foreign format of tr_import.h, compressed or not.  Accesses
 * come in global order of time (.wst) or in the order of the file (foreign
 * formats); allocations and idling are left out.  Frees stand in a list beside the
 * accesses, because a simulation of replacement must drop a freed page.
 *
 * Memory: 4 bytes an access, 16 a free.
 * Numbers of freed pages may come again: that is a new page.
 */
#ifndef TR_LOAD_H
#define TR_LOAD_H

#include "tr_error.h"
#include "tr_record.h"

struct tr_array_free {
	u64 position; /* happens before access page[position] */
	u32 page;     /* dense number, not shifted */
};

struct tr_array {
	u32 *page; /* dense number << 1 | write: TR_PAGE(), TR_IS_WRITE() */
	u64 count;
	struct tr_array_free *frees; /* position ascending */
	u64 frees_count;
	u32 pages_count;   /* largest number + 1: the size of arrays by page */
	u32 pages_touched; /* distinct numbers accessed: the footprint, for sizes like 0.1 */
	u64 window_ns;	   /* reuse inside this time was not recorded; 0: all was */
	u64 span_ns;
	char format[16]; /* "wst", "vscsi", .. */
};

/*
 * @path: a file, or "-" for standard input (not for .wst).
 * @format: name from tr_import.h, or NULL to detect.
 * @array: filled on success; give it to tr_array_destroy().
 */
int tr_load(struct tr_array *array, const char *path, const char *format,
	    struct tr_error *error);
void tr_array_destroy(struct tr_array *array);

#endif /* TR_LOAD_H */
