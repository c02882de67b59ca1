/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_import_arc.c - the traces of the ARC paper (Megiddo and Modha, FAST 2003).
 *
 *	start_block blocks_count ignored request_number
 *
 * By its definition a line stands for blocks_count consecutive accesses.  There are
 * no times.
 */
#include "tr_format.h"

#define BLOCKS_MAX (1u << 20)

static bool scan(const char *line, u64 field[4])
{
	for (int i = 0; i < 4; i++) {
		tr_skip_blanks(&line);
		if (!tr_scan_decimal(&line, &field[i]))
			return false;
		if (*line && *line != ' ' && *line != '\t')
			return false;
	}
	return tr_at_end(line);
}

static bool detect(const struct tr_head *head)
{
	u64 field[4];

	for (u32 i = 0; i < head->lines_count; i++)
		if (!scan(head->line[i], field) || !field[1] || field[1] > BLOCKS_MAX)
			return false;
	return head->lines_count > 0;
}

static int import_arc(struct tr_import *import, struct tr_error *error)
{
	u64 field[4], time_ns = 0;
	char *line;
	int rc;

	while ((rc = tr_input_line(import->input, &line, error)) == 1) {
		if (tr_at_end(line))
			continue;
		if (!scan(line, field))
			return tr_input_fail(import->input, error,
					     "wanted 'start count ignored request', four numbers");
		if (field[1] > BLOCKS_MAX)
			return tr_input_fail(import->input, error, "more than %u blocks",
					     BLOCKS_MAX);
		for (u64 i = 0; i < field[1]; i++) {
			struct tr_record record = { .page = field[0] + i, .time_ns = time_ns };
			rc = tr_import_put(import, &record, error);
			if (rc)
				return rc;
			time_ns += import->options.access_ns;
		}
	}
	return rc;
}

const struct tr_format tr_format_arc = {
	.name = "arc",
	.help = "the ARC paper's .lis: 'start count ignored request'",
	.numbering = TR_NUMBER_OBJECTS,
	.default_type = TR_FILE,
	.detect = detect,
	.import = import_arc,
};
