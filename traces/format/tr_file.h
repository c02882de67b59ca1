/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_file.h - reading and writing .wst trace files as streams.
 *
 * A file is a header, blocks, an index of the blocks, and a footer.  A block holds
 * up to TR_BLOCK_RECORDS records of one stream, as columns, compressed by zstd with
 * zstd's own checksum; traces/README.md gives it byte by byte.  Reading needs
 * memory for one block a cursor, whatever the file's length.
 *
 * Page numbers are dense.  TR_NUMBER_REGIONS: each 2 MiB region of the source that
 * is touched gets the next 512 numbers and keeps the order inside, so number >> 9 is
 * still a page-table page.  TR_NUMBER_OBJECTS: numbers by first appearance, for
 * sources whose ids are names and not addresses.
 *
 * Errors: 0 or negative errno, and text "file: place: reason" in struct tr_error.
 * Locking: none; a file may have many cursors, each used by one thread.
 */
#ifndef TR_FILE_H
#define TR_FILE_H

#include "tr_error.h"
#include "tr_record.h"

#define TR_BLOCK_RECORDS 65536u
#define TR_MERGED (-1) /* a cursor over all streams, ordered by time */

enum tr_numbering { TR_NUMBER_REGIONS, TR_NUMBER_OBJECTS };

struct tr_meta {
	u32 numbering;	   /* enum tr_numbering */
	u32 default_type;  /* enum tr_type of pages accessed before any TR_ALLOC */
	u64 window_ns;	   /* reuse inside this time was not recorded; 0: all was */
	const char *origin; /* lines "key: value\n": command, host, tool, date, licence */
	/* The writer finds these out; the caller leaves them 0. */
	u32 streams_count, memcgs_count, nodes_count;
	u32 pages_count;   /* largest page number + 1 */
	u32 pages_touched; /* distinct page numbers */
	u64 records[4];	   /* by enum tr_op */
	u64 span_ns;	   /* time of the last record of any stream, idling included */
	u64 idle_ns;	   /* sum over streams of time spent idling */
};

/* --- writing: everything goes to PATH.tmp, which tr_writer_commit() renames --- */
struct tr_writer;
int tr_writer_open(struct tr_writer **writer, const char *path, const struct tr_meta *meta,
		   struct tr_error *error);
/*
 * Records of one stream come in order of time.  Numbers the pages itself.
 * Times are kept to the window (1 ms if that is 0): tr_fit.h.  A free of a page that
 * does not live is left out; an allocation of one that does ends its life first.
 * The first record after TR_IDLE moves to the end of the idling.
 */
int tr_writer_put(struct tr_writer *writer, const struct tr_record *record,
		  struct tr_error *error);
struct tr_sink tr_writer_sink(struct tr_writer *writer);
int tr_writer_commit(struct tr_writer *writer, struct tr_error *error); /* frees writer */
void tr_writer_abort(struct tr_writer *writer);				/* frees writer and file */

/* --- reading --- */
struct tr_file;
struct tr_cursor;
int tr_file_open(struct tr_file **file, const char *path, struct tr_error *error);
const struct tr_meta *tr_file_meta(const struct tr_file *file);
/* 64-bit digest over the whole file's contents, for journals and provenance. */
u64 tr_file_digest(const struct tr_file *file);
void tr_file_close(struct tr_file *file); /* after its cursors */
/*
 * Cursors that are opened from now on share what they decode where they stand in the same
 * block; the file and all its cursors then belong to one thread.  Called once more, for
 * another reader, blocks that all have left are kept for those who come later, too.
 * Return: 0 or -ENOMEM.
 */
int tr_file_share(struct tr_file *file);

/* @stream: 0.. or TR_MERGED. */
int tr_cursor_open(struct tr_cursor **cursor, struct tr_file *file, int stream,
		   struct tr_error *error);
/* Return: 1 and *run, 0 at the end, or negative errno. */
int tr_cursor_next(struct tr_cursor *cursor, struct tr_run *run, struct tr_error *error);
/* Entries behind a run's last that may be read: those of the next runs, or anything. */
#define TR_RUN_AHEAD 32u
/* A run of this one-stream cursor is soon asked for: fetch for it.  @step 0, and then 1. */
void tr_cursor_fetch(const struct tr_cursor *cursor, u32 step);
/*
 * For how much of the stream's busy time will this one-stream cursor hand out no more than
 * @records accesses?  Told as far as @most_ns, and to the end of the block it stands in.
 */
u64 tr_cursor_reach(const struct tr_cursor *cursor, u64 records, u64 most_ns);
void tr_cursor_rewind(struct tr_cursor *cursor);
/* Continue with the first record or idling that ends or happens at or after @time_ns. */
void tr_cursor_seek(struct tr_cursor *cursor, u64 time_ns);
void tr_cursor_close(struct tr_cursor *cursor);

#endif /* TR_FILE_H */
