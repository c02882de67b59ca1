/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exp.h - published experiments, run again: what an E*.json says, and what came of it.
 *
 *	{ "title": "...", "published": "...", "source": "...", "tag": "V",
 *	  "here": "how it is scaled, what differs",
 *	  "traces": { "build.wst": "ramp --pages 96MiB --duration 2m" },	wssim trace gen
 *	  "scenario": "E1.scenario.json",		beside the file
 *	  "arms": { "no tax": "--policy esx --set policy.params.tax=0" },	wssim run
 *	  "runs": 5,					of every arm, numbers 0 to 4
 *	  "values": { "ratio": "mean('no tax', 'idle', 'actual_bytes', 300, 600) / .." },
 *	  "checks": { "what must come out": "near(ratio, 1, 0.1)" },
 *	  "plot": { .. } }
 *
 * Expressions: exp_eval.h.  An experiment holds when all its checks do.  One with
 * "cannot" in place of arms says why it cannot be tested here.
 */
#ifndef EXP_H
#define EXP_H

#include <stdbool.h>
#include <stdio.h>

#include <tr_error.h>
#include <ws_env.h>

#include "scenario/sim_json.h"

#define EXP_ARMS_MAX 32
#define EXP_RUNS_MAX 10
#define EXP_PAIRS_MAX 64
#define EXP_PATH_MAX 1024

/* A name and a text, from an object of the file, which owns both. */
struct exp_pair {
	const char *name, *text;
};

struct exp_pairs {
	struct exp_pair at[EXP_PAIRS_MAX];
	u32 count;
};

/* A number for each run of an arm; one alone goes with any count. */
struct exp_value {
	double at[EXP_RUNS_MAX];
	u32 count;
};

enum exp_verdict { EXP_HOLDS, EXP_FAILS, EXP_CANNOT, EXP_BROKEN };

struct exp_tables; /* csv files of one run, exp_table.h */

struct exp {
	char id[16];	       /* "E1", from the file's name */
	char dir[EXP_PATH_MAX]; /* where the file lies */
	struct sim_json *json;
	const char *title, *published, *source, *tag, *here, *scenario, *cannot, *gap;
	struct exp_pairs traces, arms, values, checks;
	u32 runs_count;
	struct sim_json_in top; /* "plot" is read where it is drawn */
	/* What came out. */
	char run_dir[EXP_ARMS_MAX][EXP_RUNS_MAX][EXP_PATH_MAX];
	struct exp_tables *tables[EXP_ARMS_MAX][EXP_RUNS_MAX];
	struct exp_value value[EXP_PAIRS_MAX];
	bool passed[EXP_PAIRS_MAX];
	enum exp_verdict verdict;
	int drawn; /* of its figure: as exp_plot() */
	struct tr_error error; /* why it is EXP_BROKEN */
};

/* Return: 0 or negative errno with text; exp_free() it in either case. */
int exp_read(struct exp *exp, const char *path, struct tr_error *error);
void exp_free(struct exp *exp);

/* Values, checks and the verdict from the runs; EXP_BROKEN with exp->error when one of them
 * cannot be worked out. */
void exp_judge(struct exp *exp);

/* "holds", "does not hold", .. */
const char *exp_verdict_text(enum exp_verdict verdict);

#endif /* EXP_H */
