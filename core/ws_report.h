/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_report.h - when a guest makes a working-set report, and out of what.
 *
 * Reports are queried and event-driven.  A query gets the last report while it
 * is younger than the refresh interval; later, the source of ages is asked for a
 * new one, and is made to age its pages first when its youngest generation is
 * older than the refresh interval.  Reclaim under pressure announces a report of
 * its own accord, at most once per report threshold; that one costs no ageing, as
 * reclaim has just aged what it needed.
 *
 *	refresh interval 0	every query collects anew, none ages
 *	report threshold 0	no report is announced
 *
 * Ages come through one table of operations, so that MGLRU's generations,
 * active and inactive lists, DAMON's regions and a scan from user space are all
 * sources of the same report and can be compared.
 *
 * Memory: the caller's struct.  Time: now_ns, never decreasing.  Errors: 0 or
 * negative errno.  Locking: the caller serializes per object; the source is
 * called under that lock.  Source: the working-set-reporting series for Linux,
 * v4 of 2024; announcing follows v1 of 2023, which takes the pressure report's
 * own time into account where v4 repeats it on each pass of reclaim.
 */
#ifndef WS_REPORT_H
#define WS_REPORT_H

#include "ws_age.h"
#include "ws_hist.h"

/* What a host asks of a guest's reports. */
struct ws_report_config {
	u64 edge_ns[WS_EDGES_MAX]; /* as ws_hist_init() */
	u32 edges_count;
	u64 refresh_interval_ns;
	u64 report_threshold_ns;
};

/* A source of ages. */
struct ws_ages_ops {
	/* Take accessed bits in and begin a new youngest generation.  0 or negative errno. */
	int (*age)(void *ctx, u64 now_ns);
	/* When the youngest generation began. */
	u64 (*youngest_birth)(void *ctx);
	/* Add all pages to @hist, which is empty and has its edges.  0 or negative errno. */
	int (*collect)(void *ctx, struct ws_hist *hist, u64 now_ns);
};

struct ws_report {
	const struct ws_ages_ops *ops;
	void *ctx;
	bool configured;
	bool valid; /* @hist holds a report, made at @made_ns */
	bool announced; /* a pressure report was announced at @announced_ns */
	u64 refresh_interval_ns;
	u64 report_threshold_ns;
	u64 made_ns;
	u64 announced_ns;
	struct ws_hist hist;
	u64 ageings_count, collections_count, cached_count, announced_count;
};

/* @ops and @ctx stay the caller's and must outlive @report. */
void ws_report_init(struct ws_report *report, const struct ws_ages_ops *ops, void *ctx);

/* New edges and intervals; forgets the last report.  0, or -EINVAL (edges), nothing changed. */
int ws_report_configure(struct ws_report *report, const struct ws_report_config *config);

/* Back to the state after ws_report_init(); the counters stay. */
void ws_report_unconfigure(struct ws_report *report);

/**
 * ws_report_refresh() - answer a query; report->hist holds the report then
 *
 * Return: 0; -ENODATA when not configured; or what the source failed with.  When
 * ageing failed the last report is still there, when collecting failed it is not:
 * report->valid tells.
 */
int ws_report_refresh(struct ws_report *report, u64 now_ns);

/**
 * ws_report_pressure() - reclaim did not find enough in its first pass
 *
 * Return: true when a report is to be sent, made by ws_report_collect().  That uses
 * up the threshold: true is not returned again before it has passed once more.
 */
bool ws_report_pressure(struct ws_report *report, u64 now_ns);

/* A new report without ageing.  Return: as ws_report_refresh(). */
int ws_report_collect(struct ws_report *report, u64 now_ns);

/**
 * ws_age_collect() - add the pages of all generations to a histogram
 *
 * Generation s covers idle times from now - birth(s + 1) to now - birth(s), the
 * youngest from 0.  For the collect operation of sources that use ws_age.
 */
void ws_age_collect(const struct ws_age *age, struct ws_hist *hist, u64 now_ns);

#endif /* WS_REPORT_H */
