/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_ages.h - sources of ages side by side over one trace, held against the truth.
 *
 * The trace runs once, in order of time.  Every page's last access is kept, so the truth
 * is complete and no sample; and each source sees the accessed bits that it would see if
 * it were alone: a bit per page and source, which only that source clears.  Sources come
 * to pass when they are due, reports are collected from all of them at the same moments,
 * and what each says is scored:
 *
 *	wrong_bin	share of bytes that its histogram has in another bin than the truth's:
 *			what somebody sees who gets reports
 *	wrong_page	share of bytes that it would itself put into the wrong bin, page by
 *			page: what somebody suffers who evicts by it
 *	age error	pages in order of told age against pages in order of true age, rank
 *			by rank, at SIM_AGES_RANKS ranks a report: mean and 95th percentile of
 *			the distance, and its mean with sign (above 0: told too old)
 *	cold		bytes told idle for a threshold and longer, less those that are: what
 *			a policy that takes what is cold would take too much (or not take)
 *
 * Errors are the sources' own: nothing random is added.  With a limit on memory the page
 * that was used longest ago goes, by the truth, so that all sources are asked about the
 * same pages whatever they believe.
 *
 * What the bits leave out: a TLB that holds an entry spares the processor from setting
 * the accessed bit again, and none of these sources flushes for that on x86; here a bit
 * is set by each access.
 *
 * Memory: 50 bytes a page, and the sources' own.  Errors: 0 or negative errno with text.
 */
#ifndef SIM_AGES_H
#define SIM_AGES_H

#include "tr_error.h"
#include "ws_source.h"

#define SIM_AGES_SOURCES_MAX 64u /* a bit each */
#define SIM_AGES_RANKS 256u
#define SIM_AGES_NAME_MAX 48
#define SIM_AGES_PAGES_ALL (1u << 20) /* more pages: wrong_page looks at one in 256 */

enum sim_ages_kind {
	SIM_AGES_MGLRU,
	SIM_AGES_LISTS,
	SIM_AGES_DAMON,
	SIM_AGES_IDLE,
	SIM_AGES_REFS,
	SIM_AGES_WRITES,
};

struct sim_ages_choice {
	char name[SIM_AGES_NAME_MAX]; /* as written, with its interval: "mglru:16@1s" */
	char family[SIM_AGES_NAME_MAX]; /* without it: "mglru:16" */
	enum sim_ages_kind kind;
	const struct ws_rules *rules; /* MGLRU's */
	u32 param;	 /* generations; priority */
	u64 interval_ns; /* between two passes; DAMON: its sampling interval; 0: 5 ms, or the
			    trace's window if that is longer */
};

/*
 * "mglru[:VERSION][:GENERATIONS]", "twolist[:PRIORITY]", "damon", "scan[:idle|clear_refs|
 * pagemap_scan]", and "@INTERVAL" behind.  VERSION is one of ws_rules.h, and means what it
 * means in a scenario's engine.  Return: 0 or -EINVAL with text.
 */
int sim_ages_choose(struct sim_ages_choice *choice, const char *text, struct tr_error *error);

/* Give a choice without an interval @interval_ns, in its name too. */
void sim_ages_set_interval(struct sim_ages_choice *choice, u64 interval_ns);

/* What things cost that sources ask for, in ns. */
struct sim_ages_costs {
	u64 pte, young, rmap, pfn, flush, fault;
};
extern const struct sim_ages_costs sim_ages_costs_default;

/* One source at one report. */
struct sim_ages_sample {
	u32 source;
	u64 time_ns;
	u64 resident_pages;
	u64 wrong_pages;      /* in the wrong bin of the histogram */
	u64 told_cold_pages, true_cold_pages;
	double error_ns, bias_ns; /* means over ranks */
};

struct sim_ages_score {
	struct sim_ages_choice choice;
	u64 reports_count;
	double wrong_bin;  /* shares are of the bytes in memory, means over reports */
	double wrong_page; /* NaN: the source knows no single pages */
	double error_ns, error_p95_ns, bias_ns;
	double cold_error, cold_bias; /* shares: without and with sign */
	double cold_true;
	struct ws_source_cost cost;
	u64 faults_count; /* that it provoked */
	double cpu_ns_per_s;
	double locked_ns_per_s; /* page faults held off */
	double bytes_per_page;	/* of state, by pages watched, holes included */
	bool valid;		/* looks are not nearer than the trace's window */
	double told[WS_TYPES][WS_BINS_MAX], truth[WS_TYPES][WS_BINS_MAX]; /* mean pages by bin */
};

struct sim_ages {
	/* What to do. */
	const char *path; /* a .wst */
	struct sim_ages_choice choice[SIM_AGES_SOURCES_MAX];
	u32 sources_count;
	u64 edge_ns[WS_EDGES_MAX];
	u32 edges_count;
	u64 report_ns, cold_ns;
	u64 memory_pages; /* 0: no limit */
	u64 seed;	  /* DAMON's */
	struct sim_ages_costs costs;
	const volatile bool *stop; /* may be NULL */
	void (*sample)(void *ctx, const struct sim_ages_sample *sample); /* may be NULL */
	void (*progress)(void *ctx, u64 now_ns, u64 end_ns);		    /* may be NULL */
	void *ctx;
	/* What came out. */
	u64 window_ns, span_ns;
	u64 accesses_count, left_out, evictions_count;
	u32 pages_touched;
	u32 page_share; /* wrong_page looked at one page in so many */
	u64 reports_count;
	struct sim_ages_score score[SIM_AGES_SOURCES_MAX];
};

/* Return: 0; -EINVAL (bad trace, too many reports), -ENOMEM, -EINTR. */
int sim_ages_run(struct sim_ages *ages, struct tr_error *error);

#endif /* SIM_AGES_H */
