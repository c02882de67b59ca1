/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_trace.h - the subcommands of wssim trace, and what they share. */
#ifndef CMD_TRACE_H
#define CMD_TRACE_H

#include "tr_error.h"
#include "tr_file.h"

int cmd_trace_import(int argc, char **argv);
int cmd_trace_info(int argc, char **argv);
int cmd_trace_dump(int argc, char **argv);
int cmd_trace_pack(int argc, char **argv);
int cmd_trace_gen(int argc, char **argv);

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
