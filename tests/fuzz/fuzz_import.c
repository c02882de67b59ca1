/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_import.c - any bytes as any foreign format, packed or not.
 *
 * The first byte chooses the format (or detection), the second options; of csv the
 * text up to the first NUL is the list of columns.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tr_import.h"
#include "tr_input.h"
#include "tr_number.h"

#define RECORDS_MAX 200000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

/* What a writer relies on, and what it would refuse with its own text. */
static int put(void *ctx, const struct tr_record *record, struct tr_error *error)
{
	u64 *count = ctx;

	(void)error;
	check(record->op <= TR_IDLE && record->kind <= TR_KERNEL &&
	      record->type <= TR_UNEVICTABLE && record->write <= 1);
	check(record->stream < TR_STREAMS_MAX && record->time_ns < (u64)1 << 62);
	return ++*count == RECORDS_MAX ? -ECANCELED : 0;
}

static const char *choose(u8 choice)
{
	u32 count = 0;

	while (tr_import_format_name(count))
		count++;
	return tr_import_format_name(choice % (count + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tr_import_options options;
	struct tr_error error = { "" };
	struct tr_import *import;
	struct tr_input *input;
	u64 count = 0;

	if (size < 2)
		return 0;
	tr_import_options_init(&options);
	const char *format = choose(data[0]);
	options.expand = data[1] & 1;
	options.idle_gap_ns = data[1] & 2 ? 1000000 : 0;
	bool has_columns = data[1] & 4;
	data += 2;
	size -= 2;
	const u8 *nul = has_columns ? memchr(data, 0, size) : NULL;
	if (nul) {
		options.csv = (const char *)data;
		size -= (size_t)(nul + 1 - data);
		data = nul + 1;
	}
	check(!tr_input_open_memory(&input, "in", data, size, &error));
	int rc = tr_import_open_input(&import, input, format, &options, &error);
	if (!rc) {
		rc = tr_import_run(import, (struct tr_sink){ put, &count }, &error);
		tr_import_close(import);
	}
	check(rc == 0 || rc == -ECANCELED || (error.text[0] && !strchr(error.text, '\n')));
	return 0;
}
