/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_trace.h - the subcommands of wssim trace, and what they share. */
#ifndef CMD_TRACE_H
#define CMD_TRACE_H

#include "tr_error.h"
#include "tr_file.h"
#include "tr_origin.h"

int cmd_trace_import(int argc, char **argv);
int cmd_trace_info(int argc, char **argv);
int cmd_trace_dump(int argc, char **argv);
int cmd_trace_pack(int argc, char **argv);
int cmd_trace_gen(int argc, char **argv);

/*
 * Open the writer of a trace with this origin, which is freed; @rc: whether it could be made.
 * Return: 0 or negative errno with text.
 */
int cmd_trace_begin(struct tr_writer **writer, const char *path, struct tr_meta *meta,
		    struct tr_origin *origin, int rc, struct tr_error *error);

/*
 * A sink before a writer: ends at a count or at Ctrl-C, shows progress on a terminal.
 * cmd_trace_feed_open() catches SIGINT and SIGTERM from then on.
 */
struct cmd_trace_feed {
	struct tr_writer *writer;
	u64 records_count, records_max; /* max 0: no limit */
	bool full;			/* the limit ended it: not an error */
	bool shows;
};

void cmd_trace_feed_open(struct cmd_trace_feed *feed, struct tr_writer *writer, u64 records_max);
struct tr_sink cmd_trace_feed_sink(struct cmd_trace_feed *feed);
/*
 * Commit or abort the writer, by @rc of what fed it (a full feed is well).
 * Return: the exit status; an error is printed.
 */
int cmd_trace_feed_close(struct cmd_trace_feed *feed, int rc, struct tr_error *error);

/* One line about a finished file on stdout: records, pages, bytes. */
void cmd_trace_report(const char *path);

#endif /* CMD_TRACE_H */
