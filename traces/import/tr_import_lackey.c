/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_import_lackey.c - output of valgrind --tool=lackey --trace-mem=yes.
 *
 *	==123== a comment of valgrind's
 *	I  04001000,3     instruction: the clock, 1 ns each
 *	 L 1fff000ab8,8   load
 *	 S 1fff000ab0,8   store
 *	 M 0421c7cc,4     load and store of the same place
 *
 * An instruction is an access when it lies on another page than the one before;
 * what crosses into the next page accesses both.
 */
#include "tr_format.h"
#include "tr_units.h"

static bool scan(const char *line, char *kind, u64 *address, u64 *size)
{
	const char *p = line;

	tr_skip_blanks(&p);
	*kind = *p;
	if (*p != 'I' && *p != 'L' && *p != 'S' && *p != 'M')
		return false;
	p++;
	if (*p != ' ')
		return false;
	tr_skip_blanks(&p);
	return tr_scan_hex(&p, address) && tr_scan_char(&p, ',') && tr_scan_decimal(&p, size) &&
	       tr_at_end(p) && *size <= TR_PAGE_SIZE;
}

static bool is_comment(const char *line)
{
	return (line[0] == '=' && line[1] == '=') || (line[0] == '-' && line[1] == '-');
}

static bool detect(const struct tr_head *head)
{
	u64 address, size;
	u32 found = 0;
	char kind;

	for (u32 i = 0; i < head->lines_count; i++) {
		if (is_comment(head->line[i]))
			continue;
		if (!scan(head->line[i], &kind, &address, &size))
			return false;
		found++;
	}
	/* A head of comments alone is valgrind's all the same. */
	return found || head->lines_count == TR_HEAD_LINES;
}

static int put(struct tr_import *import, char kind, u64 address, u64 size, u64 time_ns,
	       u64 *code_page, struct tr_error *error)
{
	u64 first = address >> TR_PAGE_SHIFT;
	u64 last = (address + (size ? size - 1 : 0)) >> TR_PAGE_SHIFT;

	if (last < first)
		last = first; /* wraps at the end of the address space */
	if (kind == 'I' && first == *code_page && last == first)
		return 0;
	if (kind == 'I')
		*code_page = last;
	for (u64 page = first; page <= last; page++) {
		struct tr_record record = { .page = page,
					    .write = kind == 'S' || kind == 'M',
					    .time_ns = time_ns };
		int rc = tr_import_put(import, &record, error);
		if (rc)
			return rc;
	}
	return 0;
}

static int import_lackey(struct tr_import *import, struct tr_error *error)
{
	u64 time_ns = 0, code_page = ~0ull, address, size;
	char *line, kind;
	int rc;

	while ((rc = tr_input_line(import->input, &line, error)) == 1) {
		if (is_comment(line) || tr_at_end(line)) {
			import->info.skipped_count++;
			continue;
		}
		if (!scan(line, &kind, &address, &size))
			return tr_input_fail(import->input, error,
					     "wanted 'I|L|S|M ADDRESS,SIZE', the output of lackey");
		rc = put(import, kind, address, size, time_ns, &code_page, error);
		if (rc)
			return rc;
		time_ns += kind == 'I';
	}
	return rc;
}

const struct tr_format tr_format_lackey = {
	.name = "lackey",
	.help = "valgrind --tool=lackey --trace-mem=yes",
	.numbering = TR_NUMBER_REGIONS,
	.default_type = TR_ANON,
	.detect = detect,
	.import = import_lackey,
};
