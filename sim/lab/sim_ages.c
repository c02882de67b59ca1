/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_ages.c - one trace, many sources: when each is due, and the sums at the end. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab/sim_ages.h"
#include "lab/sim_ages_flow.h"
#include "lab/sim_ages_memory.h"
#include "lab/sim_ages_score.h"
#include "ws_source_damon.h"
#include "ws_source_lists.h"
#include "ws_source_mglru.h"
#include "ws_source_refs.h"
#include "ws_source_scan.h"

#define REPORTS_MAX 1000000u
#define DAMON_SAMPLE_NS 5000000ull /* Linux's default; or the trace's window, if longer */
#define DAMON_AGGREGATION 20u	   /* samples */
#define PROGRESS_EVENTS 65536u

/* One source with what belongs to it. */
struct watcher {
	union {
		struct ws_source source;
		struct ws_source_mglru mglru;
		struct ws_source_lists lists;
		struct ws_source_damon damon;
		struct ws_source_scan scan;
		struct ws_source_refs refs;
	};
	struct sim_ages_view view;
	u16 *page;
	u32 *pool;
	struct ws_damon_region *region;
	u64 state_bytes;
	u64 step_ns, age_ns; /* when due */
	struct sim_ages_judge judge;
};

struct contest {
	struct sim_ages *ages;
	struct sim_ages_flow flow;
	struct sim_ages_memory memory;
	struct watcher *watcher;
	struct sim_ages_truth truth;
	struct sim_ages_told told;
	u64 report_ns; /* when due */
	u64 due_ns;    /* when anybody is */
	u64 events_count;
};

static int open_damon(struct watcher *watcher, const struct sim_ages *ages,
		      const struct sim_ages_choice *choice, u32 pages,
		      const struct ws_access *access)
{
	struct ws_damon_config config = {
		.sample_ns = choice->interval_ns,
		.aggregation_ns = choice->interval_ns * DAMON_AGGREGATION,
		.regions_min = 10,
		.regions_max = 1000,
		.seed = ages->seed,
	};

	watcher->state_bytes = ws_source_damon_footprint(&config);
	watcher->region = malloc(watcher->state_bytes);
	if (!watcher->region)
		return -ENOMEM;
	return ws_source_damon_init(&watcher->damon, &config, watcher->region, pages, access, 0);
}

/* The page array, zeroed, and for lists the pool. */
static int give_memory(struct watcher *watcher, enum sim_ages_kind kind, u32 pages)
{
	if (kind == SIM_AGES_DAMON || kind == SIM_AGES_REFS)
		return 0;
	watcher->state_bytes = ws_age_footprint(pages);
	watcher->page = calloc(1, watcher->state_bytes);
	if (!watcher->page)
		return -ENOMEM;
	if (kind != SIM_AGES_LISTS)
		return 0;
	watcher->state_bytes += ws_queue_footprint(pages);
	watcher->pool = calloc(1, ws_queue_footprint(pages));
	return watcher->pool ? 0 : -ENOMEM;
}

static int open_watcher(struct contest *contest, u32 index)
{
	struct watcher *watcher = &contest->watcher[index];
	const struct sim_ages_choice *choice = &contest->ages->choice[index];
	struct sim_ages_memory *memory = &contest->memory;
	u32 pages = memory->pages_count;
	struct ws_access access = { &sim_ages_access_ops, &watcher->view };
	int rc = give_memory(watcher, choice->kind, pages);

	watcher->view = (struct sim_ages_view){ .memory = memory, .bits = memory->touched,
						.bit = 1ull << index };
	watcher->step_ns = watcher->age_ns = WS_NEVER_NS;
	if (choice->kind == SIM_AGES_DAMON)
		watcher->step_ns = 0;
	else
		watcher->age_ns = choice->interval_ns;
	if (rc)
		return rc;
	switch (choice->kind) {
	case SIM_AGES_MGLRU:
		rc = ws_source_mglru_init(&watcher->mglru, watcher->page, pages, choice->rules,
					  choice->param, &access, 0);
		break;
	case SIM_AGES_LISTS:
		ws_source_lists_init(&watcher->lists, watcher->page, watcher->pool, pages,
				     choice->param, &access, 0);
		break;
	case SIM_AGES_DAMON:
		watcher->view.physical = true;
		rc = open_damon(watcher, contest->ages, choice, pages, &access);
		break;
	case SIM_AGES_IDLE:
		watcher->view.bits = memory->used;
		ws_source_scan_init(&watcher->scan, WS_SCAN_IDLE, watcher->page, pages, &access, 0);
		break;
	case SIM_AGES_WRITES:
		watcher->view.bits = memory->written;
		memory->protecting |= watcher->view.bit;
		ws_source_scan_init(&watcher->scan, WS_SCAN_WRITES, watcher->page, pages, &access,
				    0);
		break;
	case SIM_AGES_REFS:
		ws_source_refs_init(&watcher->refs, pages, &access, 0);
		break;
	}
	memory->source[memory->sources_count++] = &watcher->source;
	return rc;
}

/* The earliest moment at which anybody is due. */
static u64 next_due(const struct contest *contest)
{
	u64 due_ns = contest->report_ns;

	for (u32 i = 0; i < contest->ages->sources_count; i++) {
		const struct watcher *watcher = &contest->watcher[i];
		due_ns = watcher->step_ns < due_ns ? watcher->step_ns : due_ns;
		due_ns = watcher->age_ns < due_ns ? watcher->age_ns : due_ns;
	}
	return due_ns;
}

static int open_contest(struct contest *contest, struct tr_error *error)
{
	struct sim_ages *ages = contest->ages;
	int rc = sim_ages_flow_open(&contest->flow, ages->path, error);

	if (rc)
		return rc;
	const struct tr_meta *meta = tr_file_meta(contest->flow.file);
	if (!meta->records[TR_ACCESS])
		return tr_fail(error, -EINVAL, "%s: has no accesses", ages->path);
	ages->window_ns = meta->window_ns;
	ages->span_ns = meta->span_ns;
	ages->pages_touched = meta->pages_touched;
	if (ages->span_ns / ages->report_ns > REPORTS_MAX)
		return tr_fail(error, -EINVAL, "%s: more than %u reports; take them less often",
			       ages->path, REPORTS_MAX);
	if (ages->span_ns < ages->report_ns)
		return tr_fail(error, -EINVAL, "%s: ends before the first report; take them more often",
			       ages->path);
	rc = sim_ages_memory_init(&contest->memory, meta->pages_count, meta->default_type,
				  ages->memory_pages);
	contest->watcher = calloc(ages->sources_count + 1, sizeof(*contest->watcher));
	if (!contest->watcher)
		rc = -ENOMEM;
	for (u32 i = 0; i < ages->sources_count && !rc; i++) {
		if (!ages->choice[i].interval_ns)
			sim_ages_set_interval(&ages->choice[i], meta->window_ns > DAMON_SAMPLE_NS ?
							       meta->window_ns : DAMON_SAMPLE_NS);
		rc = open_watcher(contest, i);
	}
	if (rc)
		return tr_fail(error, rc, "%s: %s", ages->path,
			       rc == -ENOMEM ? "out of memory" : strerror(-rc));
	ages->page_share = meta->pages_touched > SIM_AGES_PAGES_ALL ? 256 : 1;
	contest->report_ns = ages->report_ns;
	contest->due_ns = next_due(contest);
	return 0;
}

static void close_contest(struct contest *contest)
{
	for (u32 i = 0; contest->watcher && i < contest->ages->sources_count; i++) {
		free(contest->watcher[i].page);
		free(contest->watcher[i].pool);
		free(contest->watcher[i].region);
	}
	free(contest->watcher);
	sim_ages_told_destroy(&contest->told);
	sim_ages_memory_destroy(&contest->memory);
	sim_ages_flow_close(&contest->flow);
}

/* All sources report at the same moment. */
static int report(struct contest *contest, u64 now_ns)
{
	struct sim_ages *ages = contest->ages;

	if (!contest->memory.lru.pages)
		return 0;
	sim_ages_truth_make(&contest->truth, &contest->memory, ages, now_ns);
	ages->reports_count++;
	for (u32 i = 0; i < ages->sources_count; i++) {
		struct watcher *watcher = &contest->watcher[i];
		struct ws_source *source = &watcher->source;
		struct sim_ages_sample sample = { .source = i, .time_ns = now_ns };

		sim_ages_told_begin(&contest->told, ages);
		int rc = source->ops->collect(source, &contest->told.sink, now_ns);
		if (rc || contest->told.lost)
			return rc ? rc : -ENOMEM;
		sim_ages_judge_report(&watcher->judge, &contest->told, &contest->truth, &sample);
		sim_ages_judge_pages(&watcher->judge, source, &contest->memory, &contest->truth,
				     ages->page_share);
		if (ages->sample)
			ages->sample(ages->ctx, &sample);
	}
	return 0;
}

/* What is due at @now_ns: sampling, then passes, then reports. */
static int do_due(struct contest *contest, u64 now_ns)
{
	struct sim_ages *ages = contest->ages;

	for (u32 i = 0; i < ages->sources_count; i++) {
		struct watcher *watcher = &contest->watcher[i];
		struct ws_source *source = &watcher->source;

		if (watcher->step_ns == now_ns)
			watcher->step_ns = source->ops->step(source, now_ns);
		if (watcher->age_ns != now_ns)
			continue;
		int rc = source->ops->age(source, now_ns);
		if (rc)
			return rc;
		watcher->age_ns += ages->choice[i].interval_ns;
	}
	if (contest->report_ns != now_ns)
		return 0;
	contest->report_ns += ages->report_ns;
	return report(contest, now_ns);
}

static int run_until(struct contest *contest, u64 until_ns)
{
	while (contest->due_ns <= until_ns) {
		struct sim_ages *ages = contest->ages;
		u64 due_ns = contest->due_ns;

		if (ages->stop && *ages->stop)
			return -EINTR;
		int rc = do_due(contest, due_ns);
		if (rc)
			return rc;
		contest->due_ns = next_due(contest);
		if (ages->progress)
			ages->progress(ages->ctx, due_ns, ages->span_ns);
	}
	return 0;
}

static int run(struct contest *contest, struct tr_error *error)
{
	struct sim_ages *ages = contest->ages;
	struct sim_ages_event event;
	int rc, more;

	while ((more = sim_ages_flow_next(&contest->flow, &event, error)) > 0) {
		rc = run_until(contest, event.time_ns);
		if (!rc && contest->events_count++ % PROGRESS_EVENTS == 0 && ages->stop &&
		    *ages->stop)
			rc = -EINTR;
		if (rc)
			return tr_fail(error, rc, "%s: %s", ages->path,
				       rc == -EINTR ? "interrupted" : strerror(-rc));
		sim_ages_memory_event(&contest->memory, &event);
	}
	if (more < 0)
		return more;
	rc = run_until(contest, ages->span_ns);
	return rc ? tr_fail(error, rc, "%s: %s", ages->path,
			    rc == -EINTR ? "interrupted" : strerror(-rc)) : 0;
}

static void sum_up(const struct contest *contest, u32 index)
{
	struct sim_ages *ages = contest->ages;
	const struct watcher *watcher = &contest->watcher[index];
	const struct ws_source_cost *cost = &watcher->source.cost;
	const struct sim_ages_costs *ns = &ages->costs;
	struct sim_ages_score *score = &ages->score[index];
	double seconds = (double)ages->span_ns / 1e9;

	memset(score, 0, sizeof(*score));
	score->choice = ages->choice[index];
	sim_ages_judge_result(&watcher->judge, score);
	score->cost = *cost;
	score->faults_count = contest->memory.faults[index];
	score->cpu_ns_per_s = ((double)cost->ptes * (double)ns->pte +
			       (double)cost->young * (double)ns->young +
			       (double)cost->rmaps * (double)ns->rmap +
			       (double)cost->pfns * (double)ns->pfn +
			       (double)cost->flushes * (double)ns->flush +
			       (double)score->faults_count * (double)ns->fault) / seconds;
	score->locked_ns_per_s = (double)cost->locked_ptes * (double)ns->pte / seconds;
	score->bytes_per_page = (double)watcher->state_bytes /
				(double)contest->memory.pages_count;
	score->valid = score->choice.interval_ns >= ages->window_ns;
}

int sim_ages_run(struct sim_ages *ages, struct tr_error *error)
{
	struct contest *contest = calloc(1, sizeof(*contest));
	int rc;

	assert(ages->sources_count && ages->sources_count <= SIM_AGES_SOURCES_MAX);
	assert(ages->report_ns && ages->cold_ns);
	assert(!ws_hist_check_edges(ages->edge_ns, ages->edges_count));
	if (!contest)
		return tr_fail(error, -ENOMEM, "out of memory");
	contest->ages = ages;
	ages->reports_count = 0;
	rc = open_contest(contest, error);
	if (!rc)
		rc = run(contest, error);
	if (!rc && !ages->reports_count)
		rc = tr_fail(error, -EINVAL, "%s: no page is in memory at any report", ages->path);
	if (!rc) {
		ages->accesses_count = contest->memory.accesses_count;
		ages->left_out = contest->memory.left_out;
		ages->evictions_count = contest->memory.evictions_count;
		for (u32 i = 0; i < ages->sources_count; i++)
			sum_up(contest, i);
	}
	close_contest(contest);
	free(contest);
	return rc;
}
