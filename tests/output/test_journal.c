/* SPDX-License-Identifier: BSD-2-Clause */
/* test_journal.c - journals: round trip, damage, and finding the first difference. */
#include <criterion/criterion.h>
#include <errno.h>
#include <unistd.h>

#include "fake_run.h"
#include "observe/probe_journal.h"
#include "observe/sim_results.h"
#include "own_folder.h"

static const char *journal_path(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/journal.wsj", folder);
	return path;
}

static void write_journal(u64 duration_s)
{
	struct sim_scenario scenario;
	struct probe_journal *journal;
	struct tr_error error = { "" };

	fake_scenario(&scenario, 2, duration_s);
	cr_assert_eq(probe_journal_create(&journal, folder, "journal.wsj", &scenario, &error), 0);
	struct sim_probe probe = probe_journal_probe(journal);
	fake_run(&scenario, &probe, 1, 5);
	cr_assert_eq(probe_journal_close(journal, &error), 0, "%s", error.text);
	fake_scenario_free(&scenario);
}

/* Drive a replay of the journal by a run of this length, with one record changed. */
static void replay(struct probe_replay *probe_replay, struct sim_journal *journal, u64 duration_s,
		   u64 slow_percent)
{
	struct sim_scenario scenario;
	struct tr_error error = { "" };

	fake_scenario(&scenario, 2, duration_s);
	cr_assert_eq(sim_journal_open(journal, journal_path(), &error), 0, "%s", error.text);
	struct sim_probe probe = probe_replay_probe(probe_replay, journal);
	fake_run(&scenario, &probe, 1, slow_percent);
	fake_scenario_free(&scenario);
}

TestSuite(journal, .init = make_folder, .fini = remove_folder);

Test(journal, holds_header_and_every_record)
{
	struct sim_event_record record;
	struct sim_journal journal;
	struct tr_error error = { "" };
	u64 count = 0;
	int rc;

	write_journal(10);
	cr_assert_eq(sim_journal_open(&journal, journal_path(), &error), 0, "%s", error.text);
	cr_assert_eq(journal.seed, 7);
	cr_assert_eq(journal.traces_digest, 0x1234);
	cr_assert_eq(journal.records_count, 2 + 11 * 4 + 1);
	cr_assert(strchr(journal.text, '{'));
	while ((rc = sim_journal_next(&journal, &record, &error)) == 1)
		count++;
	cr_assert_eq(rc, 0);
	cr_assert_eq(count, journal.records_count);
	cr_assert_eq(record.kind, SIM_EV_END);
	cr_assert_eq(record.vm, 0xffff);
	cr_assert_eq(record.a, 99);
	cr_assert_eq(record.time_ns, 10 * FAKE_S);
	sim_journal_close(&journal);
}

Test(journal, equal_run_compares_equal)
{
	struct probe_replay probe_replay;
	struct sim_journal journal;

	write_journal(10);
	replay(&probe_replay, &journal, 10, 5);
	cr_assert(!probe_replay.differs && !probe_replay.stop && !probe_replay.rc);
	cr_assert_eq(probe_replay.index, journal.records_count);
	cr_assert_eq(probe_replay.want.kind, SIM_EV_END);
	sim_journal_close(&journal);
}

Test(journal, stops_at_the_first_record_that_differs)
{
	struct probe_replay probe_replay;
	struct sim_journal journal;
	char text[SIM_EVENT_TEXT];
	FILE *file;

	write_journal(10);
	/* Change one bit of record 20's last field. */
	struct tr_error error = { "" };
	cr_assert_eq(sim_journal_open(&journal, journal_path(), &error), 0);
	long start = ftell(journal.stream);
	sim_journal_close(&journal);
	file = fopen(journal_path(), "r+b");
	fseek(file, start + 20 * SIM_JOURNAL_RECORD + 24, SEEK_SET);
	int byte = fgetc(file);
	fseek(file, -1, SEEK_CUR);
	fputc(byte ^ 1, file);
	fclose(file);

	replay(&probe_replay, &journal, 10, 5);
	cr_assert(probe_replay.differs && probe_replay.stop);
	cr_assert_eq(probe_replay.index, 20);
	cr_assert_eq(probe_replay.want.b ^ probe_replay.got.b, 1);
	cr_assert(strstr(sim_event_text(&probe_replay.got, text), "s  vm "), "%s", text);
	sim_journal_close(&journal);
}

Test(journal, longer_run_than_journal_is_noticed)
{
	struct probe_replay probe_replay;
	struct sim_journal journal;

	write_journal(10);
	replay(&probe_replay, &journal, 12, 5);
	/* Where the journal has its end, the run has something else. */
	cr_assert(probe_replay.differs);
	cr_assert_eq(probe_replay.want.kind, SIM_EV_END);
	sim_journal_close(&journal);
}

Test(journal, truncation_at_every_byte_is_an_error_or_a_shorter_journal)
{
	struct sim_journal journal;
	struct tr_error error = { "" };
	long size;
	FILE *file;

	write_journal(1);
	file = fopen(journal_path(), "rb");
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	fclose(file);
	for (long cut = size - 1; cut >= 0; cut--) {
		cr_assert_eq(truncate(journal_path(), cut), 0);
		int rc = sim_journal_open(&journal, journal_path(), &error);
		if (!rc) {
			cr_assert_eq((size - cut) % SIM_JOURNAL_RECORD, 0, "cut at %ld", cut);
			sim_journal_close(&journal);
		} else {
			cr_assert_eq(rc, -EINVAL, "cut at %ld: %d", cut, rc);
			cr_assert(!strncmp(error.text, folder, strlen(folder)), "%s", error.text);
		}
	}
}

Test(journal, damaged_headers_are_refused)
{
	struct sim_journal journal;
	struct tr_error error = { "" };
	char start[SIM_JOURNAL_HEADER];
	static const struct {
		u32 offset;
		u8 byte;
	} damage[] = { { 0, 'x' }, { 8, 9 }, { 15, 0xff }, { 12, 0xff }, { 44, 31 }, { 51, 0x7f } };

	write_journal(1);
	for (size_t i = 0; i < sizeof(damage) / sizeof(*damage); i++) {
		FILE *file = fopen(journal_path(), "r+b");
		cr_assert_eq(fread(start, sizeof(start), 1, file), 1);
		fseek(file, damage[i].offset, SEEK_SET);
		fputc(damage[i].byte, file);
		fclose(file);
		cr_assert_eq(sim_journal_open(&journal, journal_path(), &error), -EINVAL, "byte %u",
			     damage[i].offset);
		file = fopen(journal_path(), "r+b");
		fwrite(start, sizeof(start), 1, file);
		fclose(file);
	}
	cr_assert_eq(sim_journal_open(&journal, "/nonexistent/j", &error), -ENOENT);
	cr_assert_eq(sim_journal_open(&journal, folder, &error), -EINVAL);
	cr_assert(strstr(error.text, "not a regular file"), "%s", error.text);
}
