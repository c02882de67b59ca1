/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe_journal.h - every event of a run in a file, and a run against that file.
 *
 * The file, little-endian:
 *
 *	 0  8  "wssimjnl"
 *	 8  4  version, 1
 *	12  4  length of the scenario's text
 *	16  8  digest of the effective scenario
 *	24  8  digest of the traces
 *	32  8  seed
 *	40  4  run number
 *	44  4  size of a record, 32
 *	48  4  length of the folder's name
 *	52  4  zero
 *	56     the effective scenario as JSON, and the folder that its traces are named
 *	       from (a hint, true on the machine of the run), each with zero bytes up to
 *	       a multiple of 8
 *	...    records: time_ns 8, kind 2, vm 2, arg 4, a 8, b 8 (struct sim_event_record)
 *
 * The last record of a run that came to its end is SIM_EV_END.  The text inside makes a
 * journal enough to run again, as long as the traces it names are there.  A replay
 * compares record by record and stops at the first that differs, which tells more than
 * two digests that differ.
 *
 * Errors: 0 or negative errno with text.  Reading never allocates more than the file's
 * size, and at most SIM_JOURNAL_TEXT_MAX for the text.
 */
#ifndef PROBE_JOURNAL_H
#define PROBE_JOURNAL_H

#include <stdio.h>

#include "model/sim_probe.h"
#include "tr_error.h"

#define SIM_JOURNAL_TEXT_MAX (64u << 20)
#define SIM_JOURNAL_HEADER 56
#define SIM_JOURNAL_RECORD 32

/* --- writing --- */
struct probe_journal;
/* @scenario outlives the observer. */
int probe_journal_create(struct probe_journal **journal, const char *dir, const char *name,
			 const struct sim_scenario *scenario, struct tr_error *error);
struct sim_probe probe_journal_probe(struct probe_journal *journal);
int probe_journal_close(struct probe_journal *journal, struct tr_error *error); /* frees */

/* --- reading --- */
struct sim_journal {
	FILE *stream;
	const char *path; /* the caller's */
	char *text;	  /* the effective scenario */
	char *folder;	  /* absolute, ends in a slash; a hint */
	u64 scenario_digest, traces_digest, seed;
	u32 run;
	u64 records_count, record_index; /* index of the record read next */
};

int sim_journal_open(struct sim_journal *journal, const char *path, struct tr_error *error);
/* Return: 1 and *record, 0 at the end, or negative errno. */
int sim_journal_next(struct sim_journal *journal, struct sim_event_record *record,
		     struct tr_error *error);
void sim_journal_close(struct sim_journal *journal);

/* --- comparing --- */
struct probe_replay {
	struct sim_journal *journal;
	volatile bool stop; /* for sim_world_run(): set at the first difference */
	bool differs;
	int rc;		    /* reading failed */
	struct tr_error error;
	u64 index; /* records compared and found equal */
	u64 traces_digest;
	struct sim_event_record want, got;
};

struct sim_probe probe_replay_probe(struct probe_replay *replay, struct sim_journal *journal);

/* A record for people: "12.345678901 s  vm 3  fault  arg 0x102  a 17  b 90000". */
#define SIM_EVENT_TEXT 160
char *sim_event_text(const struct sim_event_record *record, char text[SIM_EVENT_TEXT]);

#endif /* PROBE_JOURNAL_H */
