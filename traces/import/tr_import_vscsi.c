/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_import_vscsi.c - block traces of VMware's vscsiStats, versions 1 and 2.
 *
 *	v1, 32 bytes: u32 serial, u32 length, u32 segments, u16 command, u16 version,
 *	              u64 sector, u64 time (us)
 *	v2, 40 bytes: u16 command, u16 version, u32 serial, u32 length, u32 segments,
 *	              u64 sector, u64 time (us), u64 response time
 *
 * The version's high byte is 1 or 2 in every record; it tells the two apart.
 */
#include <errno.h>

#include "tr_bytes.h"
#include "tr_format.h"

#define SECTOR_BYTES 512

struct layout {
	u32 version, size;
	u32 command_at, version_at, length_at, sector_at, time_at;
};

static const struct layout layouts[] = {
	{ 1, 32, 12, 14, 4, 16, 24 },
	{ 2, 40, 0, 2, 8, 16, 24 },
};

static bool is_write(u32 command)
{
	return command == 0x0a || command == 0x2a || command == 0x8a || command == 0xaa;
}

static bool is_transfer(u32 command)
{
	return is_write(command) || command == 0x08 || command == 0x28 || command == 0x88 ||
	       command == 0xa8;
}

/* The layout that the first two records have, or NULL. */
static const struct layout *find_layout(const u8 *bytes, size_t size)
{
	for (int v = 0; v < 2; v++) {
		const struct layout *layout = &layouts[v];
		u32 fit = 0, want = size >= 2 * layout->size ? 2 : 1;
		for (u32 i = 0; i < want && (i + 1) * layout->size <= size; i++) {
			const u8 *record = bytes + i * layout->size;
			fit += tr_get16(record + layout->version_at) >> 8 == layout->version &&
			       is_transfer(tr_get16(record + layout->command_at));
		}
		if (fit == want)
			return layout;
	}
	return NULL;
}

static bool detect(const struct tr_head *head)
{
	return !head->is_text && find_layout(head->bytes, head->size);
}

static int import_vscsi(struct tr_import *import, struct tr_error *error)
{
	const struct layout *layout;
	const u8 *bytes;
	size_t size;
	int rc = tr_input_peek(import->input, &bytes, &size, error);

	if (rc)
		return rc;
	layout = find_layout(bytes, size);
	if (!layout)
		return tr_fail(error, -EINVAL, "%s: record 1: neither version 1 nor 2 of vscsi",
			       tr_input_name(import->input));
	while ((rc = tr_input_record(import->input, layout->size, &bytes, error)) == 1) {
		u32 command = tr_get16(bytes + layout->command_at);
		u64 time_us = tr_get64(bytes + layout->time_at);
		if (tr_get16(bytes + layout->version_at) >> 8 != layout->version)
			return tr_input_fail(import->input, error, "is not of version %u",
					     layout->version);
		if (time_us > ~0ull / 1000)
			return tr_input_fail(import->input, error, "time is out of range");
		struct tr_record record = {
			.write = is_write(command),
			.page = tr_get64(bytes + layout->sector_at),
			.time_ns = tr_import_time(import, 0, time_us * 1000),
		};
		rc = tr_import_request(import, &record, tr_get32(bytes + layout->length_at),
				       SECTOR_BYTES, error);
		if (rc)
			return rc;
	}
	return rc;
}

const struct tr_format tr_format_vscsi = {
	.name = "vscsi",
	.help = "VMware's vscsiStats block traces, versions 1 and 2",
	.numbering = TR_NUMBER_OBJECTS,
	.default_type = TR_FILE,
	.detect = detect,
	.import = import_vscsi,
};
