/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_import_list.c - one id a line: a number, 0x and hexadecimal, or any other word.
 *
 * Words are names: their 64-bit hash is the id.  Detection wants numbers.
 */
#include <string.h>

#include "tr_format.h"
#include "tr_hash.h"

static bool scan_number(const char *line, u64 *id)
{
	const char *p = line;

	tr_skip_blanks(&p);
	bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
	return (hex ? tr_scan_hex(&p, id) : tr_scan_decimal(&p, id)) && tr_at_end(p);
}

static bool detect(const struct tr_head *head)
{
	u64 id;

	for (u32 i = 0; i < head->lines_count; i++)
		if (!scan_number(head->line[i], &id))
			return false;
	return head->lines_count > 0;
}

static int import_list(struct tr_import *import, struct tr_error *error)
{
	u64 time_ns = 0;
	char *line;
	int rc;

	while ((rc = tr_input_line(import->input, &line, error)) == 1) {
		struct tr_record record = { .time_ns = time_ns };
		if (tr_at_end(line))
			continue;
		if (!scan_number(line, &record.page))
			record.page = tr_hash64(line, strlen(line), 0);
		rc = tr_import_put(import, &record, error);
		if (rc)
			return rc;
		time_ns += import->options.access_ns;
	}
	return rc;
}

const struct tr_format tr_format_list = {
	.name = "list",
	.help = "one id a line: a number, 0x and hexadecimal, or a name",
	.numbering = TR_NUMBER_OBJECTS,
	.default_type = TR_ANON,
	.detect = detect,
	.import = import_list,
};
