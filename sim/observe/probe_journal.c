/* SPDX-License-Identifier: BSD-2-Clause */
/* probe_journal.c - writing, reading and comparing journals. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "observe/probe_journal.h"
#include "observe/sim_results.h"
#include "scenario/sim_scenario_read.h"

#define MAGIC "wssimjnl"
#define VERSION 1

struct probe_journal {
	struct sim_file file; /* first, for sim_file_make() */
	const struct sim_scenario *scenario;
};

static void put(u8 *to, u64 value, u32 bytes)
{
	for (u32 i = 0; i < bytes; i++)
		to[i] = (u8)(value >> (8 * i));
}

static u64 get(const u8 *from, u32 bytes)
{
	u64 value = 0;

	for (u32 i = 0; i < bytes; i++)
		value |= (u64)from[i] << (8 * i);
	return value;
}

static u32 padding(u64 length)
{
	return (u32)(-length & 7);
}

static void record_encode(u8 bytes[SIM_JOURNAL_RECORD], const struct sim_event_record *record)
{
	put(bytes, record->time_ns, 8);
	put(bytes + 8, record->kind, 2);
	put(bytes + 10, record->vm, 2);
	put(bytes + 12, record->arg, 4);
	put(bytes + 16, record->a, 8);
	put(bytes + 24, record->b, 8);
}

static void record_decode(struct sim_event_record *record, const u8 bytes[SIM_JOURNAL_RECORD])
{
	record->time_ns = get(bytes, 8);
	record->kind = (u16)get(bytes + 8, 2);
	record->vm = (u16)get(bytes + 10, 2);
	record->arg = (u32)get(bytes + 12, 4);
	record->a = get(bytes + 16, 8);
	record->b = get(bytes + 24, 8);
}

int probe_journal_create(struct probe_journal **journal, const char *dir, const char *name,
			 const struct sim_scenario *scenario, struct tr_error *error)
{
	struct probe_journal *made;
	int rc;

	made = sim_file_make(sizeof(*made), dir, name, &rc, error);
	if (rc)
		return rc;
	made->scenario = scenario;
	*journal = made;
	return 0;
}

/* The scenario's folder as an absolute path that ends in a slash; "" if there is none. */
static char *absolute_folder(const struct sim_scenario *scenario)
{
	char *path = realpath(scenario->path, NULL);
	char *slash = path ? strrchr(path, '/') : NULL;

	if (slash)
		slash[1] = 0;
	return path ? path : strdup("");
}

static void put_text(FILE *to, const char *text)
{
	static const u8 zeros[8];
	size_t length = strlen(text);

	fwrite(text, 1, length, to);
	fwrite(zeros, 1, padding(length), to);
}

/* The header needs the digest of the traces, so it is written when the run starts. */
static void on_start(void *ctx, const struct sim_run_info *info)
{
	struct probe_journal *journal = ctx;
	char *text = sim_scenario_print(journal->scenario);
	char *folder = absolute_folder(journal->scenario);
	u8 header[SIM_JOURNAL_HEADER] = { 0 };

	assert(text && folder);
	memcpy(header, MAGIC, 8);
	put(header + 8, VERSION, 4);
	put(header + 12, strlen(text), 4);
	put(header + 16, sim_scenario_digest(journal->scenario), 8);
	put(header + 24, info->traces_digest, 8);
	put(header + 32, info->scenario->seed, 8);
	put(header + 40, info->scenario->run, 4);
	put(header + 44, SIM_JOURNAL_RECORD, 4);
	put(header + 48, strlen(folder), 4);
	fwrite(header, sizeof(header), 1, journal->file.stream);
	put_text(journal->file.stream, text);
	put_text(journal->file.stream, folder);
	free(folder);
	free(text);
}

static void on_event(void *ctx, const struct sim_event_record *record)
{
	struct probe_journal *journal = ctx;
	u8 bytes[SIM_JOURNAL_RECORD];

	record_encode(bytes, record);
	fwrite(bytes, sizeof(bytes), 1, journal->file.stream); /* checked by close */
}

struct sim_probe probe_journal_probe(struct probe_journal *journal)
{
	return (struct sim_probe){ .ctx = journal, .start = on_start, .event = on_event };
}

int probe_journal_close(struct probe_journal *journal, struct tr_error *error)
{
	int rc = journal ? sim_file_close(&journal->file, error) : 0;

	free(journal);
	return rc;
}

/* A text of the header with its padding; @left: bytes that the file still has. */
static int read_text(struct sim_journal *journal, char **text, u64 length, u64 *left,
		     struct tr_error *error)
{
	u64 padded = length + padding(length);

	if (length > SIM_JOURNAL_TEXT_MAX || padded > *left)
		return tr_fail(error, -EINVAL, "%s: header: cut short", journal->path);
	*left -= padded;
	*text = calloc(1, padded + 1);
	if (!*text)
		return tr_fail(error, -ENOMEM, "%s: out of memory", journal->path);
	if (fread(*text, 1, padded, journal->stream) != padded)
		return tr_fail(error, -EINVAL, "%s: header: cut short", journal->path);
	if (strlen(*text) != length)
		return tr_fail(error, -EINVAL, "%s: header: holds bytes that are not text",
			       journal->path);
	return 0;
}

static int read_header(struct sim_journal *journal, u64 file_bytes, struct tr_error *error)
{
	const char *path = journal->path;
	u8 header[SIM_JOURNAL_HEADER];
	u64 left = file_bytes - sizeof(header);
	int rc;

	if (fread(header, sizeof(header), 1, journal->stream) != 1 || memcmp(header, MAGIC, 8))
		return tr_fail(error, -EINVAL, "%s: not a journal of wssim", path);
	if (get(header + 8, 4) != VERSION)
		return tr_fail(error, -EINVAL, "%s: header: version %llu, this program reads %d",
			       path, get(header + 8, 4), VERSION);
	if (get(header + 44, 4) != SIM_JOURNAL_RECORD)
		return tr_fail(error, -EINVAL, "%s: header: records of %llu bytes, not %d", path,
			       get(header + 44, 4), SIM_JOURNAL_RECORD);
	journal->scenario_digest = get(header + 16, 8);
	journal->traces_digest = get(header + 24, 8);
	journal->seed = get(header + 32, 8);
	journal->run = (u32)get(header + 40, 4);
	rc = read_text(journal, &journal->text, get(header + 12, 4), &left, error);
	if (!rc)
		rc = read_text(journal, &journal->folder, get(header + 48, 4), &left, error);
	if (rc)
		return rc;
	journal->records_count = left / SIM_JOURNAL_RECORD;
	if (left % SIM_JOURNAL_RECORD)
		return tr_fail(error, -EINVAL, "%s: record %llu: cut short", path,
			       journal->records_count);
	return 0;
}

int sim_journal_open(struct sim_journal *journal, const char *path, struct tr_error *error)
{
	struct stat status;
	int rc;

	memset(journal, 0, sizeof(*journal));
	journal->path = path;
	journal->stream = fopen(path, "rbe");
	if (!journal->stream || fstat(fileno(journal->stream), &status)) {
		rc = -errno;
		sim_journal_close(journal);
		return tr_fail(error, rc, "%s: %s", path, strerror(-rc));
	}
	if (!S_ISREG(status.st_mode))
		rc = tr_fail(error, -EINVAL, "%s: not a regular file", path);
	else
		rc = read_header(journal, (u64)status.st_size, error);
	if (rc)
		sim_journal_close(journal);
	return rc;
}

int sim_journal_next(struct sim_journal *journal, struct sim_event_record *record,
		     struct tr_error *error)
{
	u8 bytes[SIM_JOURNAL_RECORD];

	if (journal->record_index == journal->records_count)
		return 0;
	if (fread(bytes, sizeof(bytes), 1, journal->stream) != 1)
		return tr_fail(error, -EIO, "%s: record %llu: cannot be read", journal->path,
			       journal->record_index);
	record_decode(record, bytes);
	journal->record_index++;
	return 1;
}

void sim_journal_close(struct sim_journal *journal)
{
	if (journal->stream)
		fclose(journal->stream);
	free(journal->text);
	free(journal->folder);
	journal->stream = NULL;
	journal->text = journal->folder = NULL;
}

static bool record_equal(const struct sim_event_record *x, const struct sim_event_record *y)
{
	return x->time_ns == y->time_ns && x->kind == y->kind && x->vm == y->vm &&
	       x->arg == y->arg && x->a == y->a && x->b == y->b;
}

static void replay_on_start(void *ctx, const struct sim_run_info *info)
{
	struct probe_replay *replay = ctx;

	replay->traces_digest = info->traces_digest;
}

static void replay_on_event(void *ctx, const struct sim_event_record *record)
{
	struct probe_replay *replay = ctx;

	if (replay->stop)
		return;
	replay->got = *record;
	int rc = sim_journal_next(replay->journal, &replay->want, &replay->error);
	if (rc < 0) {
		replay->rc = rc;
		replay->stop = true;
	} else if (!rc) { /* the journal's run was stopped here */
		replay->stop = true;
	} else if (!record_equal(&replay->want, record)) {
		replay->differs = true;
		replay->stop = true;
	} else {
		replay->index++;
	}
}

struct sim_probe probe_replay_probe(struct probe_replay *replay, struct sim_journal *journal)
{
	memset(replay, 0, sizeof(*replay));
	replay->journal = journal;
	return (struct sim_probe){
		.ctx = replay,
		.start = replay_on_start,
		.event = replay_on_event,
	};
}

char *sim_event_text(const struct sim_event_record *record, char text[SIM_EVENT_TEXT])
{
	static const char *const kinds[] = {
		[SIM_EV_START] = "start",	    [SIM_EV_SEGMENT] = "segment",
		[SIM_EV_IDLE] = "idle",		    [SIM_EV_FAULT] = "fault",
		[SIM_EV_EVICT] = "evict",	    [SIM_EV_AGE] = "age",
		[SIM_EV_TARGET] = "target",	    [SIM_EV_BALLOON] = "balloon",
		[SIM_EV_PUFF] = "puff",		    [SIM_EV_MESSAGE] = "message",
		[SIM_EV_REPORT] = "report",	    [SIM_EV_ACTION] = "action",
		[SIM_EV_PRESSURE] = "pressure",	    [SIM_EV_HOST_EVICT] = "host-evict",
		[SIM_EV_HOST_AGE] = "host-age",	    [SIM_EV_OOM] = "oom",
		[SIM_EV_HOST_OOM] = "host-oom",	    [SIM_EV_STOP] = "stop",
		[SIM_EV_DISTURB] = "disturbance",   [SIM_EV_WRITEBACK] = "writeback",
		[SIM_EV_END] = "end",
	};
	const char *kind = record->kind < sizeof(kinds) / sizeof(*kinds) && kinds[record->kind] ?
				   kinds[record->kind] :
				   "unknown";
	char who[24] = "host";

	if (record->vm != 0xffff)
		snprintf(who, sizeof(who), "vm %u", record->vm);
	snprintf(text, SIM_EVENT_TEXT, "%llu.%09llu s  %s  %s  arg 0x%x  a %llu  b %llu",
		 record->time_ns / 1000000000, record->time_ns % 1000000000, who, kind, record->arg,
		 record->a, record->b);
	return text;
}
