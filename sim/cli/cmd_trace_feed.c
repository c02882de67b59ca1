/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_trace_feed.c - what the subcommands of wssim trace that write files share. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_trace.h"
#include "tr_units.h"

#define PROGRESS_RECORDS (1u << 20)

int cmd_trace_begin(struct tr_writer **writer, const char *path, struct tr_meta *meta,
		    struct tr_origin *origin, int rc, struct tr_error *error)
{
	meta->origin = origin->text;
	rc = rc ? tr_fail(error, -ENOMEM, "%s: out of memory", path) :
		  tr_writer_open(writer, path, meta, error);
	tr_origin_free(origin);
	return rc;
}

static int put(void *ctx, const struct tr_record *record, struct tr_error *error)
{
	struct cmd_trace_feed *feed = ctx;

	if (cli_stop)
		return tr_fail(error, -EINTR, "interrupted after %llu records; nothing written",
			       feed->records_count);
	if (feed->records_max && feed->records_count == feed->records_max) {
		feed->full = true;
		return -ECANCELED;
	}
	feed->records_count++;
	if (feed->shows && !(feed->records_count & (PROGRESS_RECORDS - 1))) {
		char records[TR_UNITS_TEXT], time[TR_UNITS_TEXT];
		fprintf(stderr, "\r\033[K%s records, %s of trace",
			tr_about_count(feed->records_count, records),
			tr_about_ns(record->time_ns, time));
	}
	return tr_writer_put(feed->writer, record, error);
}

void cmd_trace_feed_open(struct cmd_trace_feed *feed, struct tr_writer *writer, u64 records_max)
{
	*feed = (struct cmd_trace_feed){ .writer = writer,
					 .records_max = records_max,
					 .shows = isatty(STDERR_FILENO) };
	cli_stop_install();
}

struct tr_sink cmd_trace_feed_sink(struct cmd_trace_feed *feed)
{
	return (struct tr_sink){ put, feed };
}

int cmd_trace_feed_close(struct cmd_trace_feed *feed, int rc, struct tr_error *error)
{
	if (feed->shows && feed->records_count >= PROGRESS_RECORDS)
		fputs("\r\033[K", stderr);
	if (feed->full)
		rc = 0;
	if (rc)
		tr_writer_abort(feed->writer);
	else
		rc = tr_writer_commit(feed->writer, error);
	return rc ? cmd_fail(rc, error) : EXIT_DONE;
}

void cmd_trace_report(const char *path)
{
	char records[TR_UNITS_TEXT], pages[TR_UNITS_TEXT], bytes[TR_UNITS_TEXT],
		span[TR_UNITS_TEXT];
	struct tr_error error;
	struct tr_file *file;
	struct stat stat_buf;

	if (tr_file_open(&file, path, &error))
		return;
	const struct tr_meta *meta = tr_file_meta(file);
	u64 count = meta->records[TR_ACCESS] + meta->records[TR_ALLOC] + meta->records[TR_FREE];
	u64 size = stat(path, &stat_buf) ? 0 : (u64)stat_buf.st_size;
	printf("%s: %s records over %s, %s of pages, %s", path, tr_about_count(count, records),
	       tr_about_ns(meta->span_ns, span),
	       tr_about_bytes((u64)meta->pages_touched * TR_PAGE_SIZE, pages),
	       tr_about_bytes(size, bytes));
	if (count)
		printf(" (%llu.%02llu bytes a record)", size / count, size % count * 100 / count);
	putchar('\n');
	tr_file_close(file);
}
