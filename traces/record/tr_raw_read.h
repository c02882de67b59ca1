/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_raw_read.h - cuts the plugin's byte stream into records, checked.
 *
 * Fed with whatever a pipe delivers, in pieces of any size; a record that is cut by
 * a piece's end waits for the next.  A stream that ends early is not an error:
 * `ended` says whether the plugin had finished.  After an error feed no more.
 *
 * Memory: the struct.  Errors: -EINVAL for what no plugin writes, or what the
 * handler returned.  Locking: none.
 */
#ifndef TR_RAW_READ_H
#define TR_RAW_READ_H

#include <ws_env.h>

#include "tr_error.h"
#include "tr_raw.h"

struct tr_raw_event {
	u64 time_ns;
	u64 arg;
	u64 extra[4];
	u32 op; /* enum tr_raw_op, never TR_RAW_END */
	u16 stream;
};

struct tr_raw_reader {
	int (*event)(void *ctx, const struct tr_raw_event *event, struct tr_error *error);
	void *ctx;
	struct tr_raw_header header; /* good when words_count >= 4 */
	u64 words_count;	     /* whole words taken so far */
	u64 records_count;
	bool ended;
	/* The record that is being put together. */
	u64 word[6];
	u32 words_have;
	u32 bytes_have; /* of the next word */
};

void tr_raw_reader_init(struct tr_raw_reader *reader,
			int (*event)(void *ctx, const struct tr_raw_event *event,
				     struct tr_error *error),
			void *ctx);
int tr_raw_reader_feed(struct tr_raw_reader *reader, const void *bytes, size_t size,
		       struct tr_error *error);

#endif /* TR_RAW_READ_H */
