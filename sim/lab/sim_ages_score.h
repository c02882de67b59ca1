/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_ages_score.h - what a source said, held against what was.
 *
 * The truth of a moment is worked out once and serves all sources.  Scores that are
 * means over reports are kept as sums until sim_ages_judge_result().  Private to
 * sim/lab.
 */
#ifndef SIM_AGES_SCORE_H
#define SIM_AGES_SCORE_H

#include "lab/sim_ages.h"

struct sim_ages_memory;

struct sim_ages_truth {
	struct ws_hist hist;
	u64 now_ns, pages, cold_pages, cold_ns;
	u64 rank_ns[SIM_AGES_RANKS]; /* true ages at ranks, youngest first */
};

/* Spans as they come, with their histogram. */
struct sim_ages_told {
	struct ws_span_sink sink; /* the first member: sources put into it */
	struct ws_hist hist;
	struct sim_ages_piece {
		u64 age_min_ns, age_max_ns, pages;
	} *piece;
	struct sim_ages_edge {
		double at, slope, jump;
	} *edge; /* room for the sweep: two a piece */
	u64 pieces_count, pieces_room;
	bool lost; /* out of memory */
};

#define SIM_AGES_ERROR_BUCKETS 2048

struct sim_ages_judge {
	u64 reports_count;
	double wrong_bin, error_ns, bias_ns, cold_error, cold_bias, cold_true;
	u64 pages_asked, pages_wrong; /* page by page */
	bool pages_known;
	u64 error[SIM_AGES_ERROR_BUCKETS]; /* distances by size, 3 % a bucket */
	double told[WS_TYPES][WS_BINS_MAX], truth[WS_TYPES][WS_BINS_MAX];
};

void sim_ages_truth_make(struct sim_ages_truth *truth, const struct sim_ages_memory *memory,
			 const struct sim_ages *ages, u64 now_ns);

void sim_ages_told_begin(struct sim_ages_told *told, const struct sim_ages *ages);
void sim_ages_told_destroy(struct sim_ages_told *told);

/* Judge a report; @sample gets its figures. */
void sim_ages_judge_report(struct sim_ages_judge *judge, struct sim_ages_told *told,
			   const struct sim_ages_truth *truth, struct sim_ages_sample *sample);
/* Page by page: one page in @share, or all. */
void sim_ages_judge_pages(struct sim_ages_judge *judge, const struct ws_source *source,
			  const struct sim_ages_memory *memory,
			  const struct sim_ages_truth *truth, u32 share);
void sim_ages_judge_result(const struct sim_ages_judge *judge, struct sim_ages_score *score);

/* Told ages at SIM_AGES_RANKS ranks; for tests. */
void sim_ages_told_ranks(struct sim_ages_told *told, double rank_ns[SIM_AGES_RANKS]);

#endif /* SIM_AGES_SCORE_H */
