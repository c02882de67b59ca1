/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_block.c - see tr_block.h. */
#include <errno.h>

#include "tr_block_run.h"
#include "tr_number.h"

#define BLOCK_MAGIC 0x42545357u /* "WSTB" */

void tr_block_put_head(u8 *bytes, const struct tr_block_head *head)
{
	memset(bytes, 0, TR_BLOCK_HEAD_BYTES);
	tr_put32(bytes, BLOCK_MAGIC);
	tr_put16(bytes + 4, head->stream);
	tr_put16(bytes + 6, head->runs_layout);
	tr_put32(bytes + 8, head->records_count);
	tr_put32(bytes + 12, head->runs_count);
	tr_put32(bytes + 16, head->data_size);
	tr_put32(bytes + 20, head->runs_size);
	tr_put32(bytes + 24, head->stored_size);
	tr_put64(bytes + 32, head->time_ns);
	tr_put64(bytes + 40, head->end_ns);
	tr_put64(bytes + 48, head->check);
}

int tr_block_get_head(struct tr_block_head *head, const u8 *bytes, const char **reason)
{
	if (tr_get32(bytes) != BLOCK_MAGIC) {
		*reason = "does not begin with WSTB";
		return -EINVAL;
	}
	head->stream = tr_get16(bytes + 4);
	head->runs_layout = tr_get16(bytes + 6);
	head->records_count = tr_get32(bytes + 8);
	head->runs_count = tr_get32(bytes + 12);
	head->data_size = tr_get32(bytes + 16);
	head->runs_size = tr_get32(bytes + 20);
	head->stored_size = tr_get32(bytes + 24);
	head->time_ns = tr_get64(bytes + 32);
	head->end_ns = tr_get64(bytes + 40);
	head->check = tr_get64(bytes + 48);
	*reason = NULL;
	if (head->runs_layout > TR_RUNS_COLUMNS)
		*reason = "has its runs in a layout that is unknown";
	else if (tr_get32(bytes + 28))
		*reason = "has reserved bytes that are not 0";
	else if (head->records_count > 65536u || head->runs_count > TR_BLOCK_RUNS)
		*reason = "claims more than 65536 records or runs";
	else if (!head->runs_count)
		*reason = "has no runs";
	else if (head->data_size < head->records_count ||
		 head->data_size > 4 * head->records_count)
		*reason = "claims a page column that its records cannot fill";
	else if (head->runs_size > head->runs_count * TR_RUN_BYTES_MAX)
		*reason = "claims a run column that its runs cannot fill";
	else if (head->time_ns > head->end_ns || head->end_ns >= TR_TIME_MAX)
		*reason = "has times out of order";
	return *reason ? -EINVAL : 0;
}

/* Page numbers have 31 bits; the difference of two wraps within them. */
static inline u32 encode_entry(u32 entry, u32 page_before)
{
	u32 delta = ((entry >> 1) - page_before) << 1; /* bit 31 is now the sign */
	u32 zigzag = delta ^ (u32)((s32)delta >> 31);

	return zigzag << 1 | (entry & 1);
}

u32 tr_block_encode(const u32 *entry, u32 count, u8 *raw)
{
	u8 *control = raw, *data = raw + tr_block_control_size(count), *start = data;
	u32 page = 0;

	memset(control, 0, tr_block_control_size(count));
	for (u32 i = 0; i < count; i++) {
		u32 value = encode_entry(entry[i], page);
		u32 length = value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x1000000 ? 3 : 4;
		u8 bytes[4];
		tr_put32(bytes, value);
		for (u32 b = 0; b < length; b++)
			*data++ = bytes[b];
		control[i / 4] |= (u8)((length - 1) << (i % 4 * 2));
		page = entry[i] >> 1;
	}
	return (u32)(data - start);
}

u32 tr_block_announced(const u8 *control, u32 count)
{
	u32 sum = 0, i = 0;

	for (; i + 32 <= count; i += 32)
		sum += (u32)(tr_block_group_sizes(tr_get64(control + i / 4)) *
			     0x0101010101010101ull >> 56);
	for (; i < count; i++)
		sum += (control[i / 4] >> (i % 4 * 2) & 3) + 1;
	return sum;
}

static const u32 length_mask[4] = { 0xff, 0xffff, 0xffffff, 0xffffffff };

static inline u32 decode_value(struct tr_block_decoder *decoder, u32 code)
{
	u32 value = tr_get32(decoder->data) & length_mask[code];

	decoder->data += code + 1;
	return value;
}

/* The page's bit 31 is noise from the sums; the entry's shift drops it. */
static inline u32 decode_entry(struct tr_block_decoder *decoder, u32 code)
{
	u32 value = decode_value(decoder, code);
	u32 zigzag = value >> 1;

	decoder->page += zigzag >> 1 ^ -(zigzag & 1);
	u32 entry = decoder->page << 1 | (value & 1);
	decoder->entry_max = entry > decoder->entry_max ? entry : decoder->entry_max;
	return entry;
}

void tr_block_decode_plain(struct tr_block_decoder *decoder, u32 *entry, u32 count)
{
	u32 i;

	for (i = 0; i + 4 <= count; i += 4) {
		u32 c = *decoder->control++;
		entry[i] = decode_entry(decoder, c & 3);
		entry[i + 1] = decode_entry(decoder, c >> 2 & 3);
		entry[i + 2] = decode_entry(decoder, c >> 4 & 3);
		entry[i + 3] = decode_entry(decoder, c >> 6);
	}
	for (u32 c = i < count ? *decoder->control : 0; i < count; i++, c >>= 2)
		entry[i] = decode_entry(decoder, c & 3);
}

void tr_block_values(struct tr_block_decoder *decoder, u32 *value, u32 count)
{
	u32 i = tr_block_values_vector(decoder, value, count);

	for (u32 c = 0; i < count; i++, c >>= 2) {
		if (!(i & 3))
			c = *decoder->control++;
		value[i] = decode_value(decoder, c & 3);
	}
}

int tr_block_decode(u32 *entry, u32 count, const u8 *raw, u32 data_size, u32 *page_max)
{
	struct tr_block_decoder decoder = { .control = raw,
					    .data = raw + tr_block_control_size(count) };
	u32 done;

	if (tr_block_announced(raw, count) != data_size)
		return -EINVAL;
	done = tr_block_decode_vector(&decoder, entry, count);
	tr_block_decode_plain(&decoder, entry + done, count - done);
	*page_max = decoder.entry_max >> 1;
	return 0;
}

u32 tr_block_put_run(u8 *bytes, const struct tr_run *run)
{
	u32 n = 1;

	bytes[0] = (u8)(run->op | run->kind << 2 | run->type << 4);
	if (run->memcg || run->node) {
		bytes[0] |= TR_RUN_PLACED;
		n += tr_put_varint(bytes + n, run->memcg);
		n += tr_put_varint(bytes + n, run->node);
	}
	if (run->op != TR_IDLE)
		n += tr_put_varint(bytes + n, run->count);
	return n + tr_put_varint(bytes + n, run->span_ns);
}

const u8 *tr_block_get_run(const u8 *bytes, const u8 *end, struct tr_run *run)
{
	u64 memcg = 0, node = 0, count = 0;

	if (bytes >= end || *bytes & TR_RUN_RESERVED)
		return NULL;
	u8 head = *bytes++;
	run->op = head & 3;
	run->kind = head >> 2 & 3;
	run->type = head >> 4 & 3;
	if (run->kind > TR_KERNEL || run->type > TR_UNEVICTABLE)
		return NULL;
	if (head & TR_RUN_PLACED) {
		bytes = tr_get_varint(bytes, end, &memcg);
		bytes = bytes ? tr_get_varint(bytes, end, &node) : NULL;
	}
	if (bytes && run->op != TR_IDLE) {
		bytes = tr_get_varint(bytes, end, &count);
		if (!count || count > 65536u)
			return NULL;
	}
	bytes = bytes ? tr_get_varint(bytes, end, &run->span_ns) : NULL;
	if (!bytes || memcg > 0xffff || node > 0xff || run->span_ns >= TR_TIME_MAX)
		return NULL;
	run->memcg = (u16)memcg;
	run->node = (u8)node;
	run->count = (u32)count;
	return bytes;
}
