/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_block_column.c - a block's runs as columns, which are read without a search for
 * where the next run begins: first bytes, counts, lengths of the spans and spans each by
 * themselves; what few runs have besides stands behind them all.
 */
#include <errno.h>

#include "tr_block_run.h"

#define BATCH 32u	    /* runs decoded at a time */
#define LONG_SPAN 0xffffffffu /* stands for a span this long, or longer */

/* What a first byte says, as a run begins. */
struct what {
	u8 op, kind, type, node;
	u16 memcg, stream;
};

struct columns {
	struct what what[64]; /* by an ordinary run's first byte */
	struct tr_block_decoder span;
	const u8 *more, *end;
	u64 records, span_ns; /* so far */
	u16 stream;
};

/* Return: 0, or -EINVAL when there are too few bytes for the columns. */
static int split(struct columns *columns, const u8 *bytes, const struct tr_block_head *head)
{
	u32 count = head->runs_count, fixed = 2 * count + tr_block_control_size(count);

	columns->span = (struct tr_block_decoder){ .control = bytes + 2 * count,
						   .data = bytes + fixed };
	columns->end = bytes + head->runs_size;
	columns->records = columns->span_ns = 0;
	columns->stream = head->stream;
	for (u32 i = 0; i < 64; i++)
		columns->what[i] = (struct what){ .op = i & 3, .kind = i >> 2 & 3, .type = i >> 4,
						  .stream = head->stream };
	if (head->runs_size < fixed)
		return -EINVAL;
	u32 spans = tr_block_announced(columns->span.control, count);

	columns->more = columns->span.data + spans;
	return head->runs_size - fixed < spans ? -EINVAL : 0;
}

/* A run of any kind.  Return: 0 or -EINVAL with *reason. */
static int get_run(struct columns *columns, u32 first, u32 count, u32 span,
		   const struct tr_run_bounds *bounds, struct tr_block_run *run,
		   const char **reason)
{
	u64 memcg = 0, node = 0, records = count, span_ns = span;
	const u8 *more = columns->more;

	*reason = "has a run that is none";
	if (first & TR_RUN_RESERVED || (first >> 2 & 3) > TR_KERNEL ||
	    (first >> 4 & 3) > TR_UNEVICTABLE)
		return -EINVAL;
	if (first & TR_RUN_PLACED) {
		more = tr_get_varint(more, columns->end, &memcg);
		more = more ? tr_get_varint(more, columns->end, &node) : NULL;
	}
	if (more && !count && (first & 3) != TR_IDLE)
		more = tr_get_varint(more, columns->end, &records);
	if (more && span == LONG_SPAN)
		more = tr_get_varint(more, columns->end, &span_ns);
	if (!more || records > 65536u || ((first & 3) == TR_IDLE) != !records)
		return -EINVAL;
	*reason = "names a memcg or node that is none";
	if (memcg >= bounds->memcgs_count || node >= bounds->nodes_count)
		return -EINVAL;
	*run = (struct tr_block_run){ .op = first & 3, .kind = first >> 2 & 3,
				      .type = first >> 4 & 3, .node = (u8)node,
				      .memcg = (u16)memcg, .stream = columns->stream,
				      .count = (u32)records, .span_ns = span_ns };
	columns->more = more;
	return 0;
}

/* Top bits of bytes that no ordinary run has, and low ones of numbers that are 3. */
#define PLACED_OR_WORSE 0xc0c0c0c0c0c0c0c0ull
#define THREES 0x1515151515151515ull
#define ONES 0x0101010101010101ull
#define TOPS 0x8080808080808080ull

/* Are all of the batch ordinary: operations with records, not placed, numbers in their columns? */
static bool all_ordinary(const u8 *first, const u8 *count, const u32 *span)
{
	u64 odd = 0;
	u32 longs = 0;

	for (u32 i = 0; i < BATCH; i += 8) {
		u64 eight = tr_get64(first + i), counts = tr_get64(count + i);

		odd |= (eight & PLACED_OR_WORSE) | (eight & eight >> 1 & THREES) |
		       ((counts - ONES) & ~counts & TOPS);
	}
	for (u32 i = 0; i < BATCH; i++)
		longs |= span[i] == LONG_SPAN;
	return !odd && !longs;
}

static void get_ordinary(struct columns *columns, struct tr_block_run *run, const u8 *first,
			 const u8 *count, const u32 *span)
{
	u32 records = 0;
	u64 span_ns = 0;

	for (u32 i = 0; i < BATCH; i++) {
		memcpy(&run[i], &columns->what[first[i]], sizeof(*columns->what));
		run[i].count = count[i];
		run[i].span_ns = span[i];
		records += count[i];
		span_ns += span[i];
	}
	columns->records += records;
	columns->span_ns += span_ns;
}

/* Runs of any kind.  Return: 0 or -EINVAL with *reason. */
static int get_any(struct columns *columns, struct tr_block_run *run, const u8 *first,
		   const u8 *count, const u32 *span, u32 batch,
		   const struct tr_run_bounds *bounds, const char **reason)
{
	for (u32 i = 0; i < batch; i++) {
		if (get_run(columns, first[i], count[i], span[i], bounds, &run[i], reason))
			return -EINVAL;
		columns->records += run[i].count;
		columns->span_ns += run[i].span_ns;
		/* Ordinary ones have 32 bits, so that the sum is found too large before it wraps. */
		if (run[i].span_ns >= TR_TIME_MAX || columns->span_ns >= TR_TIME_MAX) {
			*reason = "has runs beyond its end";
			return -EINVAL;
		}
	}
	return 0;
}

int tr_block_get_columns(struct tr_block_run *run, const struct tr_block_head *head,
			 const u8 *bytes, const struct tr_run_bounds *bounds,
			 const char **reason)
{
	const u8 *first = bytes, *count = bytes + head->runs_count;
	struct columns columns;
	u32 span[BATCH];

	*reason = "has runs that do not add up to it";
	if (split(&columns, bytes, head))
		return -EINVAL;
	for (u32 i = 0; i < head->runs_count; i += BATCH) {
		u32 batch = head->runs_count - i < BATCH ? head->runs_count - i : BATCH;

		tr_block_values(&columns.span, span, batch);
		if (batch == BATCH && all_ordinary(first + i, count + i, span))
			get_ordinary(&columns, run + i, first + i, count + i, span);
		else if (get_any(&columns, run + i, first + i, count + i, span, batch, bounds,
				 reason))
			return -EINVAL;
	}
	run[head->runs_count] = (struct tr_block_run){ .span_ns = TR_RUN_NONE };
	*reason = "has runs that do not add up to it";
	if (columns.records == head->records_count && columns.more == columns.end &&
	    columns.span_ns == head->end_ns - head->time_ns)
		return 0;
	return -EINVAL;
}

static u8 *put_more(u8 *more, const struct tr_block_run *run)
{
	if (run->memcg || run->node) {
		more += tr_put_varint(more, run->memcg);
		more += tr_put_varint(more, run->node);
	}
	if (run->count > 0xff)
		more += tr_put_varint(more, run->count);
	if (run->span_ns >= LONG_SPAN)
		more += tr_put_varint(more, run->span_ns);
	return more;
}

u32 tr_block_put_columns(u8 *bytes, const struct tr_block_run *run, u32 count)
{
	u8 *control = bytes + 2 * count, *at = control + tr_block_control_size(count);

	memset(control, 0, tr_block_control_size(count));
	for (u32 i = 0; i < count; i++) {
		u32 span = run[i].span_ns < LONG_SPAN ? (u32)run[i].span_ns : LONG_SPAN;
		u32 length = 1 + (span > 0xff) + (span > 0xffff) + (span > 0xffffff);
		u8 four[4];

		bytes[i] = (u8)(run[i].op | run[i].kind << 2 | run[i].type << 4 |
				(run[i].memcg || run[i].node ? TR_RUN_PLACED : 0));
		bytes[count + i] = run[i].count > 0xff ? 0 : (u8)run[i].count;
		control[i / 4] |= (u8)((length - 1) << (i % 4 * 2));
		tr_put32(four, span);
		memcpy(at, four, length);
		at += length;
	}
	for (u32 i = 0; i < count; i++)
		at = put_more(at, &run[i]);
	return (u32)(at - bytes);
}
