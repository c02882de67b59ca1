/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_import.h - reads the formats of other tools.
 *
 * One table of formats; each is one file with a const struct tr_format.  A format
 * is named, or found by the first bytes; when none or several fit, the error lists
 * them all.
 *
 * What a request becomes: one access at its block or object id, as libCacheSim
 * counts them, or, with expand, one access for each 4 KiB block that it covers.
 * Ids stay what they are in the source, up to 64 bits; numbering is the writer's.
 *
 * Time: the first record's is 0.  A time before the last one is taken as equal to
 * it (traces of several queues are not sorted) and counted.  Formats without times
 * put access_ns between two accesses.
 */
#ifndef TR_IMPORT_H
#define TR_IMPORT_H

#include "tr_demand.h"
#include "tr_error.h"
#include "tr_record.h"

/* Options of all formats.  tr_import_options_init() sets the defaults. */
struct tr_import_options {
	bool expand;
	u64 id_bytes;	 /* expand: an id counts units of this size; 0: the format's own */
	u64 access_ns;	 /* time from access to access where the format has none */
	u64 idle_gap_ns; /* a gap from here on is idling, not compute; 0: never */
	u64 seed;	 /* of sampling formats */
	struct tr_demand_model demand; /* gcd, alibaba, bitbrains; its seed is the one above */
	const char *vm;	 /* alibaba: the container; NULL: the first of the file */
	const char *csv; /* columns and units of csv, see tr_import_csv.c; NULL: from the header */
};

void tr_import_options_init(struct tr_import_options *options);

struct tr_import;
struct tr_input;

/* What is known before the first record, and, after the last, what was found. */
struct tr_import_info {
	const char *format;
	u32 numbering;	  /* enum tr_numbering that suits the source */
	u32 default_type; /* enum tr_type */
	u64 window_ns;
	u64 accesses_count;
	u64 clamped_count; /* times that went back */
	u64 skipped_count; /* lines or records that are no access (other operations) */
};

/* @path: file or "-".  @format: a name, or NULL to detect. */
int tr_import_open(struct tr_import **import, const char *path, const char *format,
		   const struct tr_import_options *options, struct tr_error *error);
/* The same over an open input, which the import then owns, also when this fails. */
int tr_import_open_input(struct tr_import **import, struct tr_input *input, const char *format,
			 const struct tr_import_options *options, struct tr_error *error);
const struct tr_import_info *tr_import_info(const struct tr_import *import);
/* Put every record into @sink.  A sink's error ends it and is returned. */
int tr_import_run(struct tr_import *import, struct tr_sink sink, struct tr_error *error);
void tr_import_close(struct tr_import *import);

/* Does the format tell of memory in use, and nothing of pages (tr_demand.h)? */
bool tr_import_is_demand(const char *format);

/* Names and summaries for help: i = 0, 1, .. until NULL. */
const char *tr_import_format_name(u32 i);
const char *tr_import_format_help(u32 i);

#endif /* TR_IMPORT_H */
