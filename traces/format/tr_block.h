/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_block.h - one block of a .wst file: the columns of up to 65536 records.
 *
 * Internal to the trace file; traces/README.md gives every byte.
 *
 * Entries are delta-coded: the difference to the page before (0 at the block's
 * start) in 31-bit two's complement, zigzag, shifted left by one, with the write
 * bit below.  Each is stored in one to four bytes; the lengths stand apart, four
 * to a control byte, so that decoding has no branch that depends on the data.
 */
#ifndef TR_BLOCK_H
#define TR_BLOCK_H

#include "tr_error.h"
#include "tr_record.h"

#define TR_BLOCK_RUNS 65536u	  /* runs a block holds at most */
#define TR_RUN_BYTES_MAX 26u	  /* one encoded run: in columns 1 + 1 + 1 + 4, + 3 + 2 + 3 + 10 */
#define TR_BLOCK_HEAD_BYTES 56u
#define TR_BLOCK_SLACK 16u	  /* readable bytes behind a raw block: loads are four wide */
#define TR_TIME_MAX ((u64)1 << 62) /* times stay below, so that sums cannot wrap */

enum tr_runs_layout {
	TR_RUNS_ROWS,	 /* one behind the other, as the writer gets them */
	TR_RUNS_COLUMNS, /* tr_block_column.c; quicker to read */
};

struct tr_block_head {
	u16 stream;
	u16 runs_layout; /* enum tr_runs_layout */
	u32 records_count, runs_count;
	u32 data_size;	 /* bytes of the entries, without control bytes */
	u32 runs_size;	 /* bytes of the runs */
	u32 stored_size; /* bytes behind the head in the file */
	u64 time_ns, end_ns;
	u64 check; /* tr_hash64() of the head's bytes before it and the stored bytes */
};

static inline u32 tr_block_control_size(u32 records_count)
{
	return (records_count + 3) / 4;
}

/* Bytes of the three columns together; the size of a decompressed block. */
static inline u32 tr_block_raw_size(const struct tr_block_head *head)
{
	return tr_block_control_size(head->records_count) + head->data_size + head->runs_size;
}

/* @bytes: TR_BLOCK_HEAD_BYTES of them. */
void tr_block_put_head(u8 *bytes, const struct tr_block_head *head);
/* Return: 0 or -EINVAL with *reason. */
int tr_block_get_head(struct tr_block_head *head, const u8 *bytes, const char **reason);

/*
 * Control bytes and data of @count entries (page << 1 | write) into @raw, which has
 * room for 4.25 bytes an entry, rounded up.  Return: bytes of data.
 */
u32 tr_block_encode(const u32 *entry, u32 count, u8 *raw);

/*
 * The reverse.  @raw has TR_BLOCK_SLACK readable bytes behind it.
 * @page_max: the largest page number found.
 * Return: 0, or -EINVAL when @data_size is not what the control bytes say.
 */
int tr_block_decode(u32 *entry, u32 count, const u8 *raw, u32 data_size, u32 *page_max);

/* Bytes of data of eight groups of four entries, from eight control bytes. */
static inline u64 tr_block_group_sizes(u64 control)
{
	u64 pairs = (control & 0x3333333333333333ull) + (control >> 2 & 0x3333333333333333ull);

	return (pairs & 0x0f0f0f0f0f0f0f0full) + (pairs >> 4 & 0x0f0f0f0f0f0f0f0full) +
	       0x0404040404040404ull;
}

/* Where decoding stands, for the two ways to do it. */
struct tr_block_decoder {
	const u8 *control, *data;
	u32 page, entry_max;
};

/* @count entries, one by one. */
void tr_block_decode_plain(struct tr_block_decoder *decoder, u32 *entry, u32 count);
/*
 * In vectors where the processor can; returns how many of @count it did (maybe 0).
 * Reads up to 16 bytes behind a group's first.
 */
u32 tr_block_decode_vector(struct tr_block_decoder *decoder, u32 *entry, u32 count);

/* Sum of the lengths that the control bytes announce for @count values. */
u32 tr_block_announced(const u8 *control, u32 count);
/*
 * The values as they stand, of which entries are made: @count of them, a multiple of four
 * unless they are the last.  Reads as tr_block_decode_vector() does.
 */
void tr_block_values(struct tr_block_decoder *decoder, u32 *value, u32 count);
/* Its part in vectors, as above. */
u32 tr_block_values_vector(struct tr_block_decoder *decoder, u32 *value, u32 count);

/* One run without its pages; returns the bytes written, at most TR_RUN_BYTES_MAX. */
u32 tr_block_put_run(u8 *bytes, const struct tr_run *run);
/* Fills all of @run but stream, time_ns and page.  Returns what follows, or NULL. */
const u8 *tr_block_get_run(const u8 *bytes, const u8 *end, struct tr_run *run);

#endif /* TR_BLOCK_H */
