/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_import_oracle.c - libCacheSim's oracleGeneral: records of 24 bytes, no header.
 *
 *	u32 time (s)   u64 object id   u32 size (bytes)   i64 next access (-1: never)
 *
 * The next access is an index of records; it tells this format from other bytes and
 * is not needed otherwise.
 */
#include "tr_bytes.h"
#include "tr_format.h"

#define RECORD_BYTES 24
#define SECTOR_BYTES 512 /* what the ids of block traces count */

/* Times do not fall, sizes are plausible, and a next access lies ahead. */
static bool detect(const struct tr_head *head)
{
	size_t count = head->size / RECORD_BYTES;
	u32 time_s = 0;

	if (!count || head->is_text || (head->size < TR_PEEK_BYTES && head->size % RECORD_BYTES))
		return false;
	for (size_t i = 0; i < count; i++) {
		const u8 *record = head->bytes + i * RECORD_BYTES;
		u64 next = tr_get64(record + 16);
		if (tr_get32(record) < time_s || tr_get32(record + 12) >> 31)
			return false;
		if (next != ~0ull && (next < i || next >> 48))
			return false;
		time_s = tr_get32(record);
	}
	return true;
}

static int import_oracle(struct tr_import *import, struct tr_error *error)
{
	const u8 *bytes;
	int rc;

	while ((rc = tr_input_record(import->input, RECORD_BYTES, &bytes, error)) == 1) {
		struct tr_record record = {
			.page = tr_get64(bytes + 4),
			.time_ns = tr_import_time(import, 0, tr_get32(bytes) * 1000000000ull),
		};
		rc = tr_import_request(import, &record, tr_get32(bytes + 12), SECTOR_BYTES, error);
		if (rc)
			return rc;
	}
	return rc;
}

const struct tr_format tr_format_oracle = {
	.name = "oracleGeneral",
	.help = "libCacheSim's binary records of 24 bytes",
	.numbering = TR_NUMBER_OBJECTS,
	.default_type = TR_FILE,
	.detect = detect,
	.import = import_oracle,
};
