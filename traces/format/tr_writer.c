/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_writer.c - writes .wst files: numbers pages, forms runs, fills blocks.
 *
 * The file is written front to back, so a block is written when one of the streams
 * has filled it, and blocks of different streams alternate.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tr_block.h"
#include "tr_bytes.h"
#include "tr_fit.h"
#include "tr_hash.h"
#include "tr_layout.h"
#include "tr_number.h"
#include "tr_pack.h"
#include "tr_place.h"

#define TOLERANCE_NS 1000000ull /* how far a time may be off where the window is 0 */
#define RAW_MAX (TR_BLOCK_RECORDS / 4 * 17 + TR_BLOCK_RUNS * TR_RUN_BYTES_MAX)

/* One stream's block in the making. */
struct lane {
	bool begun, run_open;
	u32 *entry;
	u32 entries_count, entries_capacity;
	u8 *runs;
	u32 runs_size, runs_capacity, runs_count;
	u64 block_ns; /* where the block's first run begins */
	u64 now_ns;   /* time of the last record, or end of the last idling */
	bool idled;   /* nothing came since an idling ended at now_ns */
	struct tr_run run; /* attributes of the open run */
	struct tr_fit fit; /* its records */
};

struct tr_writer {
	struct tr_place place;
	char *path;
	struct tr_meta meta;
	char *origin;
	struct tr_number *number;
	struct lane **lanes;
	u32 lanes_count;
	u8 *raw;
	struct tr_pack pack;
	u64 offset; /* bytes written */
	u64 hash;   /* over header and origin; later over the index too */
	struct tr_index_entry *index;
	u64 index_count, index_capacity;
};

static int fail_errno(struct tr_writer *writer, int number, struct tr_error *error)
{
	return tr_fail(error, -number, "%s: byte %llu: cannot write: %s", writer->path,
		       writer->offset, strerror(number));
}

static int no_memory(struct tr_writer *writer, struct tr_error *error)
{
	return tr_fail(error, -ENOMEM, "%s: byte %llu: out of memory", writer->path,
		       writer->offset);
}

static int write_bytes(struct tr_writer *writer, const void *bytes, size_t size,
		       struct tr_error *error)
{
	if (fwrite(bytes, 1, size, writer->place.stream) != size)
		return fail_errno(writer, errno ? errno : EIO, error);
	writer->offset += size;
	return 0;
}

static int write_header(struct tr_writer *writer, struct tr_error *error)
{
	u8 header[TR_HEADER_BYTES];
	u32 size = (u32)strlen(writer->origin);

	tr_layout_put_header(header, &writer->meta, size);
	writer->hash = tr_hash64(header, sizeof(header), 0);
	writer->hash = tr_hash64(writer->origin, size, writer->hash);
	int rc = write_bytes(writer, header, sizeof(header), error);
	return rc ? rc : write_bytes(writer, writer->origin, size, error);
}

static void destroy(struct tr_writer *writer)
{
	tr_place_abort(&writer->place);
	for (u32 i = 0; i < writer->lanes_count; i++) {
		if (!writer->lanes[i])
			continue;
		free(writer->lanes[i]->entry);
		free(writer->lanes[i]->runs);
		free(writer->lanes[i]);
	}
	free(writer->lanes);
	free(writer->index);
	free(writer->raw);
	tr_pack_destroy(&writer->pack);
	tr_number_destroy(writer->number);
	free(writer->origin);
	free(writer->path);
	free(writer);
}

static int open_memory(struct tr_writer *writer, const char *path, const struct tr_meta *meta)
{
	writer->path = strdup(path);
	writer->origin = strdup(meta->origin ? meta->origin : "");
	if (!writer->path || !writer->origin)
		return -ENOMEM;
	writer->raw = malloc(RAW_MAX);
	if (!writer->raw || tr_pack_init(&writer->pack) ||
	    tr_number_create(&writer->number, meta->numbering == TR_NUMBER_REGIONS ? 9 : 0))
		return -ENOMEM;
	return 0;
}

int tr_writer_open(struct tr_writer **result, const char *path, const struct tr_meta *meta,
		   struct tr_error *error)
{
	struct tr_writer *writer;
	int rc;

	assert(meta->numbering <= TR_NUMBER_OBJECTS && meta->default_type <= TR_UNEVICTABLE);
	if (meta->origin && strlen(meta->origin) > TR_ORIGIN_MAX)
		return tr_fail(error, -EINVAL, "%s: origin: longer than 64 KiB", path);
	if (meta->window_ns >= TR_TIME_MAX)
		return tr_fail(error, -EINVAL, "%s: window: longer than a trace can be", path);
	writer = calloc(1, sizeof(*writer));
	if (!writer)
		return tr_fail(error, -ENOMEM, "%s: out of memory", path);
	writer->meta = (struct tr_meta){ .numbering = meta->numbering,
					 .default_type = meta->default_type,
					 .window_ns = meta->window_ns };
	rc = open_memory(writer, path, meta);
	if (rc) {
		tr_fail(error, rc, "%s: out of memory", path);
		goto out;
	}
	rc = tr_place_open(&writer->place, path, error);
	if (!rc)
		rc = write_header(writer, error);
	if (rc)
		goto out;
	*result = writer;
	return 0;
out:
	destroy(writer);
	return rc;
}

/* --- blocks --- */

static int add_index(struct tr_writer *writer, const struct tr_block_head *head)
{
	if (writer->index_count == writer->index_capacity) {
		u64 capacity = writer->index_capacity ? writer->index_capacity * 2 : 64;
		void *index = realloc(writer->index, capacity * sizeof(*writer->index));
		if (!index)
			return -ENOMEM;
		writer->index = index;
		writer->index_capacity = capacity;
	}
	writer->index[writer->index_count++] = (struct tr_index_entry){
		.offset = writer->offset,
		.time_ns = head->time_ns,
		.end_ns = head->end_ns,
		.check = head->check,
		.records_count = head->records_count,
		.stream = head->stream,
	};
	return 0;
}

/* Write what the lane holds; its runs are closed and reach up to @end_ns. */
static int flush_lane(struct tr_writer *writer, u32 stream, u64 end_ns, struct tr_error *error)
{
	struct lane *lane = writer->lanes[stream];
	struct tr_block_head head = {
		.stream = (u16)stream,
		.records_count = lane->entries_count,
		.runs_count = lane->runs_count,
		.runs_size = lane->runs_size,
		.time_ns = lane->block_ns,
		.end_ns = end_ns,
	};
	u8 bytes[TR_BLOCK_HEAD_BYTES];
	const char *reason = NULL;

	if (!lane->runs_count)
		return 0;
	head.data_size = tr_block_encode(lane->entry, lane->entries_count, writer->raw);
	memcpy(writer->raw + tr_block_control_size(head.records_count) + head.data_size,
	       lane->runs, lane->runs_size);
	int rc = tr_pack(&writer->pack, writer->raw, &head, &reason);
	if (rc == -ENOMEM)
		return no_memory(writer, error);
	if (rc)
		return tr_fail(error, rc, "%s: byte %llu: cannot compress: %s", writer->path,
			       writer->offset, reason);
	const u8 *stored = writer->pack.stored;
	tr_block_put_head(bytes, &head);
	head.check = tr_hash64(stored, head.stored_size, tr_hash64(bytes, sizeof(bytes) - 8, 0));
	tr_block_put_head(bytes, &head);
	if (add_index(writer, &head))
		return no_memory(writer, error);
	rc = write_bytes(writer, bytes, sizeof(bytes), error);
	if (!rc)
		rc = write_bytes(writer, stored, head.stored_size, error);
	lane->entries_count = lane->runs_count = lane->runs_size = 0;
	lane->block_ns = end_ns;
	return rc;
}

/* --- runs --- */

static int emit_run(struct tr_writer *writer, struct lane *lane, u32 count, u64 span_ns)
{
	if (lane->runs_size + TR_RUN_BYTES_MAX > lane->runs_capacity) {
		u32 capacity = lane->runs_capacity ? lane->runs_capacity * 2 : 1024;
		u8 *runs = realloc(lane->runs, capacity);
		if (!runs)
			return -ENOMEM;
		lane->runs = runs;
		lane->runs_capacity = capacity;
	}
	lane->run.count = count;
	lane->run.span_ns = span_ns;
	lane->runs_size += tr_block_put_run(lane->runs + lane->runs_size, &lane->run);
	lane->runs_count++;
	if (lane->run.op == TR_IDLE)
		writer->meta.idle_ns += span_ns;
	return 0;
}

/* End the open run where the next thing begins. */
static int close_run(struct tr_writer *writer, struct lane *lane, u64 end_ns)
{
	struct tr_fit *fit = &lane->fit;
	/* Where nothing follows the last record, spreading would pull all forward a bit. */
	bool ends_here = end_ns == fit->last_ns && fit->last_ns > fit->start_ns;
	int rc;

	if (!lane->run_open)
		return 0;
	lane->run_open = false;
	if (!ends_here && tr_fit_accepts(fit, end_ns))
		return emit_run(writer, lane, fit->count, end_ns - fit->start_ns);
	/* The last record's own time is always a good end; it becomes a run by itself. */
	rc = emit_run(writer, lane, fit->count - 1, fit->last_ns - fit->start_ns);
	return rc ? rc : emit_run(writer, lane, 1, end_ns - fit->last_ns);
}

static bool same_attributes(const struct tr_run *a, const struct tr_run *b)
{
	return a->op == b->op && a->kind == b->kind && a->type == b->type && a->node == b->node &&
	       a->memcg == b->memcg;
}

/* Account a record of @time_ns to the open run, or begin another. */
static int extend_run(struct tr_writer *writer, struct lane *lane, const struct tr_run *run,
		      u64 time_ns)
{
	struct tr_fit *fit = &lane->fit;
	int rc;

	if (lane->run_open && same_attributes(run, &lane->run)) {
		if (!tr_fit_accepts(fit, time_ns)) {
			rc = emit_run(writer, lane, fit->count - 1, fit->last_ns - fit->start_ns);
			if (rc)
				return rc;
			tr_fit_begin(fit, fit->last_ns);
		}
		tr_fit_add(fit, time_ns);
		return 0;
	}
	rc = close_run(writer, lane, time_ns);
	lane->run = *run;
	lane->run_open = true;
	fit->tolerance_ns = writer->meta.window_ns ? writer->meta.window_ns : TOLERANCE_NS;
	tr_fit_begin(fit, time_ns);
	return rc;
}

static int add_entry(struct lane *lane, u32 entry)
{
	if (lane->entries_count == lane->entries_capacity) {
		u32 capacity = lane->entries_capacity ? lane->entries_capacity * 2 : 256;
		u32 *grown = realloc(lane->entry, capacity * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		lane->entry = grown;
		lane->entries_capacity = capacity;
	}
	lane->entry[lane->entries_count++] = entry;
	return 0;
}

/* --- records --- */

static int get_lane(struct tr_writer *writer, u32 stream, struct lane **result)
{
	if (stream >= writer->lanes_count) {
		struct lane **lanes = realloc(writer->lanes, (stream + 1) * sizeof(*lanes));
		if (!lanes)
			return -ENOMEM;
		for (u32 i = writer->lanes_count; i <= stream; i++)
			lanes[i] = NULL;
		writer->lanes = lanes;
		writer->lanes_count = stream + 1;
	}
	if (!writer->lanes[stream])
		writer->lanes[stream] = calloc(1, sizeof(struct lane));
	*result = writer->lanes[stream];
	return *result ? 0 : -ENOMEM;
}

static int put_idle(struct tr_writer *writer, struct lane *lane, u32 stream, u64 end_ns,
		    struct tr_error *error)
{
	int rc = close_run(writer, lane, lane->now_ns);

	if (!rc && lane->runs_count >= TR_BLOCK_RUNS - 4)
		rc = flush_lane(writer, stream, lane->now_ns, error);
	if (rc || end_ns == lane->now_ns)
		return rc == -ENOMEM ? no_memory(writer, error) : rc;
	lane->begun = true; /* a stream that begins by idling begins at 0 */
	lane->run = (struct tr_run){ .op = TR_IDLE };
	if (emit_run(writer, lane, 0, end_ns - lane->now_ns))
		return no_memory(writer, error);
	lane->now_ns = end_ns;
	lane->idled = true;
	writer->meta.records[TR_IDLE]++;
	return 0;
}

/* A record of a page, its number known. */
static int put_page(struct tr_writer *writer, struct lane *lane, const struct tr_record *record,
		    u32 op, u32 number, struct tr_error *error)
{
	/* Compute before the first record after idling would have no record to belong to:
	 * that record moves to the end of the idling, the compute follows it. */
	u64 time_ns = lane->idled ? lane->now_ns : record->time_ns;
	struct tr_run run = { .op = (u8)op, .kind = record->kind };
	int rc = 0;

	if (op == TR_ALLOC) {
		run.type = record->type;
		run.memcg = record->memcg;
		run.node = record->node;
	}
	if (lane->entries_count == TR_BLOCK_RECORDS || lane->runs_count >= TR_BLOCK_RUNS - 4) {
		rc = close_run(writer, lane, time_ns);
		if (!rc)
			rc = flush_lane(writer, record->stream, time_ns, error);
	}
	if (!lane->begun)
		lane->block_ns = time_ns;
	lane->begun = true;
	if (!rc)
		rc = extend_run(writer, lane, &run, time_ns);
	if (!rc)
		rc = add_entry(lane, number << 1 | (op == TR_ACCESS && record->write));
	if (rc)
		return rc == -ENOMEM ? no_memory(writer, error) : rc;
	lane->idled = false;
	lane->now_ns = time_ns;
	writer->meta.records[op]++;
	return 0;
}

static int check_record(struct tr_writer *writer, const struct tr_record *record,
			struct tr_error *error)
{
	const char *reason = NULL;

	if (record->op > TR_IDLE || record->kind > TR_KERNEL || record->type > TR_UNEVICTABLE)
		reason = "unknown operation, kind or type";
	else if (record->stream >= TR_STREAMS_MAX)
		reason = "more than 1024 streams";
	else if (record->time_ns >= TR_TIME_MAX)
		reason = "time beyond 2^62 ns";
	if (!reason)
		return 0;
	return tr_fail(error, -EINVAL, "%s: record at %llu ns in stream %u: %s", writer->path,
		       record->time_ns, record->stream, reason);
}

/* End the life of the record's page, if it lives. */
static int put_free(struct tr_writer *writer, struct lane *lane, const struct tr_record *record,
		    struct tr_error *error)
{
	u32 number;

	if (!tr_number_free(writer->number, record->page, record->stream, &number))
		return 0;
	return put_page(writer, lane, record, TR_FREE, number, error);
}

int tr_writer_put(struct tr_writer *writer, const struct tr_record *record,
		  struct tr_error *error)
{
	struct lane *lane;
	u32 number;
	int rc = check_record(writer, record, error);

	if (rc)
		return rc;
	if (get_lane(writer, record->stream, &lane))
		return no_memory(writer, error);
	if (record->time_ns < lane->now_ns)
		return tr_fail(error, -EINVAL,
			       "%s: stream %u: time goes back from %llu to %llu ns", writer->path,
			       record->stream, lane->now_ns, record->time_ns);
	if (record->op == TR_IDLE)
		return put_idle(writer, lane, record->stream, record->time_ns, error);
	if (record->op == TR_FREE)
		return put_free(writer, lane, record, error);
	if (record->op == TR_ALLOC)
		rc = put_free(writer, lane, record, error);
	if (rc)
		return rc;
	rc = tr_number_get(writer->number, record->page, record->stream, &number);
	if (rc == -EOVERFLOW)
		return tr_fail(error, rc, "%s: page %llu: more than 2^31 pages", writer->path,
			       record->page);
	if (rc < 0)
		return no_memory(writer, error);
	if (record->op == TR_ALLOC && record->memcg >= writer->meta.memcgs_count)
		writer->meta.memcgs_count = record->memcg + 1u;
	if (record->op == TR_ALLOC && record->node >= writer->meta.nodes_count)
		writer->meta.nodes_count = record->node + 1u;
	return put_page(writer, lane, record, record->op, number, error);
}

static int sink_put(void *ctx, const struct tr_record *record, struct tr_error *error)
{
	return tr_writer_put(ctx, record, error);
}

struct tr_sink tr_writer_sink(struct tr_writer *writer)
{
	return (struct tr_sink){ .put = sink_put, .ctx = writer };
}

/* --- the end --- */

static int flush_lanes(struct tr_writer *writer, struct tr_error *error)
{
	for (u32 i = 0; i < writer->lanes_count; i++) {
		struct lane *lane = writer->lanes[i];
		if (!lane)
			continue;
		if (close_run(writer, lane, lane->now_ns))
			return no_memory(writer, error);
		int rc = flush_lane(writer, i, lane->now_ns, error);
		if (rc)
			return rc;
		if (lane->now_ns > writer->meta.span_ns)
			writer->meta.span_ns = lane->now_ns;
	}
	return 0;
}

static int write_index(struct tr_writer *writer, struct tr_error *error)
{
	struct tr_footer footer = { .index_offset = writer->offset,
				    .blocks_count = writer->index_count };
	struct tr_meta *meta = &writer->meta;
	u8 bytes[TR_FOOTER_BYTES];

	for (u64 i = 0; i < writer->index_count; i++) {
		tr_layout_put_index(bytes, &writer->index[i]);
		writer->hash = tr_hash64(bytes, TR_INDEX_BYTES, writer->hash);
		int rc = write_bytes(writer, bytes, TR_INDEX_BYTES, error);
		if (rc)
			return rc;
	}
	meta->streams_count = writer->lanes_count;
	meta->memcgs_count += !meta->memcgs_count;
	meta->nodes_count += !meta->nodes_count;
	meta->pages_count = tr_number_end(writer->number);
	meta->pages_touched = tr_number_touched(writer->number);
	tr_layout_put_footer(bytes, meta, &footer, writer->hash);
	return write_bytes(writer, bytes, TR_FOOTER_BYTES, error);
}

int tr_writer_commit(struct tr_writer *writer, struct tr_error *error)
{
	int rc = flush_lanes(writer, error);

	if (!rc)
		rc = write_index(writer, error);
	if (!rc)
		rc = tr_place_commit(&writer->place, error);
	destroy(writer);
	return rc;
}

void tr_writer_abort(struct tr_writer *writer)
{
	destroy(writer);
}
