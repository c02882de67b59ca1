/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_import_address.c - memory references of a processor, one a line.
 *
 *	s 0x1fffff50 1     store or load, address, instructions since the line before
 *	7f33a010 W         address, R or W, as in courses on virtual memory
 *
 * An instruction takes 1 ns, which is what a simple core of 1 GHz does; without
 * instruction counts, access_ns passes from line to line.
 */
#include <string.h>

#include "tr_format.h"
#include "tr_units.h"

struct reference {
	bool write, counted;
	u64 address, instructions;
};

static bool scan(const char *line, struct reference *reference)
{
	const char *p = line;

	reference->write = *p == 's';
	reference->counted = true;
	if ((tr_scan_char(&p, 'l') || tr_scan_char(&p, 's')) && tr_scan_char(&p, ' ')) {
		tr_skip_blanks(&p);
		if (!tr_scan_hex(&p, &reference->address) || !tr_scan_char(&p, ' '))
			return false;
		tr_skip_blanks(&p);
		return tr_scan_decimal(&p, &reference->instructions) && tr_at_end(p);
	}
	p = line;
	reference->counted = false;
	if (!tr_scan_hex(&p, &reference->address) || !tr_scan_char(&p, ' '))
		return false;
	tr_skip_blanks(&p);
	reference->write = *p == 'W' || *p == 'w';
	return *p && strchr("RWrw", *p) && tr_at_end(p + 1);
}

static bool detect(const struct tr_head *head)
{
	struct reference reference;

	for (u32 i = 0; i < head->lines_count; i++)
		if (!scan(head->line[i], &reference))
			return false;
	return head->lines_count > 0;
}

static int import_address(struct tr_import *import, struct tr_error *error)
{
	u64 time_ns = 0;
	char *line;
	int rc;

	while ((rc = tr_input_line(import->input, &line, error)) == 1) {
		struct reference reference;
		if (tr_at_end(line))
			continue;
		if (!scan(line, &reference))
			return tr_input_fail(import->input, error,
					     "wanted 'l|s 0xADDRESS INSTRUCTIONS' or 'ADDRESS R|W'");
		if (reference.counted)
			time_ns += reference.instructions;
		else if (import->info.accesses_count)
			time_ns += import->options.access_ns;
		if (reference.instructions > 1ull << 40 && reference.counted)
			return tr_input_fail(import->input, error, "too many instructions");
		struct tr_record record = {
			.write = reference.write,
			.page = reference.address >> TR_PAGE_SHIFT,
			.time_ns = time_ns,
		};
		rc = tr_import_put(import, &record, error);
		if (rc)
			return rc;
	}
	return rc;
}

const struct tr_format tr_format_address = {
	.name = "address",
	.help = "'l|s 0xADDRESS INSTRUCTIONS' or 'ADDRESS R|W'",
	.numbering = TR_NUMBER_REGIONS,
	.default_type = TR_ANON,
	.detect = detect,
	.import = import_address,
};
