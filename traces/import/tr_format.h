/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_format.h - what one foreign format provides, and what helps to write it.
 *
 * Internal to the importers.
 */
#ifndef TR_FORMAT_H
#define TR_FORMAT_H

#include "tr_file.h"
#include "tr_import.h"
#include "tr_input.h"
#include "tr_number.h"

/* The first bytes of an input; text: its whole lines, at most TR_HEAD_LINES of them. */
#define TR_HEAD_LINES 16

struct tr_head {
	const u8 *bytes;
	size_t size;
	bool is_text;
	char *line[TR_HEAD_LINES]; /* NUL-terminated copies; blank ones are left out */
	u32 lines_count;
};

struct tr_format {
	const char *name, *help;
	u32 numbering;
	u32 default_type;
	/* Does it look like this format?  May not change anything. */
	bool (*detect)(const struct tr_head *head);
	/* May be NULL: look at the head to fill info (window_ns, numbering). */
	void (*describe)(const struct tr_head *head, struct tr_import_info *info);
	int (*import)(struct tr_import *import, struct tr_error *error);
};

struct tr_import {
	const struct tr_format *format;
	struct tr_input *input;
	struct tr_import_options options;
	struct tr_import_info info;
	struct tr_sink sink;
	bool begun;
	u64 base_ns; /* first time of the source */
	u64 salt;    /* set by formats of several devices: tells equal ids apart */
	u64 now_ns[TR_STREAMS_MAX];  /* last time handed out, by stream */
	u64 last_ns[TR_STREAMS_MAX]; /* last time put, by stream */
};

/* --- for import functions --- */

/* The source's time becomes the trace's: starts at 0, never goes back in a stream. */
u64 tr_import_time(struct tr_import *import, u32 stream, u64 source_ns);
/* Put one record; accounts it, puts idling before it if the gap asks for it. */
int tr_import_put(struct tr_import *import, struct tr_record *record, struct tr_error *error);
/*
 * Put the accesses of a request of @size bytes at @record->page, an id in units of
 * @id_bytes: one, or with expand as many as it covers blocks.
 */
int tr_import_request(struct tr_import *import, struct tr_record *record, u64 size, u64 id_bytes,
		      struct tr_error *error);

/* --- text --- */

/* Parse at *p and move it behind; false and *p unmoved if there is none or it overflows. */
bool tr_scan_decimal(const char **p, u64 *value);
bool tr_scan_hex(const char **p, u64 *value); /* with or without 0x */
bool tr_scan_char(const char **p, char c);
void tr_skip_blanks(const char **p); /* spaces and tabs */
bool tr_at_end(const char *p);	     /* nothing but blanks is left */

extern const struct tr_format tr_format_oracle, tr_format_vscsi, tr_format_arc, tr_format_address,
	tr_format_lackey, tr_format_csv, tr_format_damon, tr_format_list, tr_format_gcd,
	tr_format_alibaba, tr_format_bitbrains;

#endif /* TR_FORMAT_H */
