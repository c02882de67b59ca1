/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_raw_read.c - cuts the plugin's byte stream into records. */
#include <string.h>

#include "tr_raw_read.h"

#define HEADER_WORDS (sizeof(struct tr_raw_header) / sizeof(u64))
#define RECORD_WORDS (sizeof(struct tr_raw_record) / sizeof(u64))

void tr_raw_reader_init(struct tr_raw_reader *reader,
			int (*event)(void *ctx, const struct tr_raw_event *event,
				     struct tr_error *error),
			void *ctx)
{
	memset(reader, 0, sizeof(*reader));
	reader->event = event;
	reader->ctx = ctx;
}

static int take_header(struct tr_raw_reader *reader, struct tr_error *error)
{
	memcpy(&reader->header, reader->word, sizeof(reader->header));
	if (reader->header.magic != TR_RAW_MAGIC)
		return tr_fail(error, -EINVAL, "recorder: plugin's stream: wrong magic %016llx",
			       reader->header.magic);
	if (!reader->header.window_insns || !reader->header.ns_per_kinsn)
		return tr_fail(error, -EINVAL, "recorder: plugin's stream: window of no length");
	return 0;
}

static int take_record(struct tr_raw_reader *reader, struct tr_error *error)
{
	struct tr_raw_event event;

	memset(&event, 0, sizeof(event));
	event.time_ns = reader->word[0] & ((1ull << TR_RAW_TIME_BITS) - 1);
	event.stream = (u16)(reader->word[0] >> TR_RAW_TIME_BITS);
	event.arg = reader->word[1] & ((1ull << TR_RAW_ARG_BITS) - 1);
	event.op = (u32)(reader->word[1] >> TR_RAW_ARG_BITS);
	for (u32 i = RECORD_WORDS; i < reader->words_have; i++)
		event.extra[i - RECORD_WORDS] = reader->word[i];
	reader->records_count++;
	if (event.op == TR_RAW_END) {
		reader->ended = true;
		return 0;
	}
	return reader->event(reader->ctx, &event, error);
}

/* A word is complete: the header's, or a record's. */
static int take_word(struct tr_raw_reader *reader, struct tr_error *error)
{
	int rc = 0;

	reader->words_have++;
	reader->words_count++;
	if (reader->words_count <= HEADER_WORDS) {
		if (reader->words_count < HEADER_WORDS)
			return 0;
		rc = take_header(reader, error);
	} else {
		u64 op = reader->word[1] >> TR_RAW_ARG_BITS;

		if (reader->words_have < RECORD_WORDS)
			return 0;
		if (op >= TR_RAW_OPS || reader->ended)
			return tr_fail(error, -EINVAL, "recorder: plugin's stream: record %llu: %s",
				       reader->records_count,
				       reader->ended ? "after the end" : "no such operation");
		if (reader->words_have < RECORD_WORDS + tr_raw_extra((u32)op))
			return 0;
		rc = take_record(reader, error);
	}
	reader->words_have = 0;
	return rc;
}

int tr_raw_reader_feed(struct tr_raw_reader *reader, const void *bytes, size_t size,
		       struct tr_error *error)
{
	const u8 *from = bytes;

	while (size) {
		u32 room = (u32)sizeof(u64) - reader->bytes_have;
		u32 part = size < room ? (u32)size : room;
		int rc;

		memcpy((u8 *)&reader->word[reader->words_have] + reader->bytes_have, from, part);
		from += part;
		size -= part;
		reader->bytes_have += part;
		if (reader->bytes_have < sizeof(u64))
			break;
		reader->bytes_have = 0;
		rc = take_word(reader, error);
		if (rc)
			return rc;
	}
	return 0;
}
