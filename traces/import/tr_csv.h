/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_csv.h - which column of a csv file means what.
 *
 * The text of columns is a list, separated by commas:
 *
 *	time=COLUMN page=COLUMN size=COLUMN op=COLUMN write=COLUMN stream=COLUMN
 *	device=COLUMN kind=COLUMN type=COLUMN memcg=COLUMN node=COLUMN
 *		COLUMN is a number from 1 or a name of the header
 *	time-unit=s|ms|us|100ns|ns	default s, or what the header's name ends in
 *	page-unit=BYTES			of what the page column counts, for expand
 *	has-header, no-header		default: has one if the first line has no digit first
 *	delimiter=comma|semicolon|tab|space|CHARACTER	default: found in the first line
 *
 * Ready lists: "msr" (MSR Cambridge), "alibaba" (Alibaba block traces).  What is not
 * named is found by the header's usual names (time, timestamp, lbn, obj_id, offset,
 * size, op, ..).  Only the page column must exist.
 */
#ifndef TR_CSV_H
#define TR_CSV_H

#include "tr_error.h"
#include <ws_env.h>

#define TR_CSV_COLUMNS_MAX 64u

enum tr_csv_role {
	TR_CSV_TIME,
	TR_CSV_PAGE,
	TR_CSV_SIZE,
	TR_CSV_OP,
	TR_CSV_WRITE,
	TR_CSV_STREAM,
	TR_CSV_DEVICE,
	TR_CSV_KIND,
	TR_CSV_TYPE,
	TR_CSV_MEMCG,
	TR_CSV_NODE,
	TR_CSV_ROLES
};

struct tr_csv {
	u32 column[TR_CSV_ROLES]; /* from 1; 0: there is none */
	bool has_header;
	bool is_dump; /* the header is that of "wssim trace dump": times and pages are ours */
	char delimiter;
	u64 time_scale_ns;
	u64 page_unit_bytes;
};

/*
 * @text: see above, or NULL.  @first_line: of the file.
 * Return: 0 or -EINVAL with a reason (no file or place) in @error.
 */
int tr_csv_init(struct tr_csv *csv, const char *text, const char *first_line,
		struct tr_error *error);

/* Cut @line in place at the delimiter; blanks and quotes around a field go.  Returns fields. */
u32 tr_csv_split(const struct tr_csv *csv, char *line, char *field[TR_CSV_COLUMNS_MAX]);

#endif /* TR_CSV_H */
