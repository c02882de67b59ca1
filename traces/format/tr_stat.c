/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_stat.c - see tr_stat.h. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "tr_number.h"
#include "tr_stat.h"

/* Sixteen bins an octave: a quantile is too high by less than 1/16. */
#define BINS (64 * 16)

struct page {
	u64 last_ns; /* last access; NEVER: not alive, or not accessed in this life */
	u32 interval; /* last interval in whose working set it is, + 1 */
	u8 type;
	bool lives;
};

#define NEVER (~0ull)

struct collector {
	struct tr_stat *stat;
	const struct tr_meta *meta;
	struct page *page;
	u64 bin[BINS], reuse_ns_max;
	u32 live_pages, interval;
	u64 end_ns[TR_STREAMS_MAX], begin_ns[TR_STREAMS_MAX];
};

static u32 bin_of(u64 ns)
{
	if (ns < 16)
		return (u32)ns;
	u32 octave = 63 - (u32)__builtin_clzll(ns);
	return (octave - 3) * 16 + (u32)(ns >> (octave - 4) & 15);
}

/* The largest time in a bin. */
static u64 bin_end(u32 bin)
{
	u32 octave = bin / 16 + 3;

	if (bin < 16)
		return bin;
	return ((16ull + bin % 16 + 1) << (octave - 4)) - 1;
}

/* Intervals that end at or before @time_ns are over; note the live pages at their ends. */
static struct tr_stat_interval *move_to(struct collector *c, u64 time_ns)
{
	u32 to = (u32)(time_ns / c->stat->interval_ns);

	while (c->interval < to && c->interval + 1 < c->stat->intervals_count)
		c->stat->interval[c->interval++].live_pages = c->live_pages;
	return &c->stat->interval[c->interval];
}

static void begin_life(struct collector *c, struct tr_stat_interval *interval, struct page *page,
		       u8 type)
{
	page->lives = true;
	page->type = type;
	page->last_ns = NEVER;
	c->stat->lives_by_type[type]++;
	c->stat->lives_count++;
	interval->new_pages++;
	if (++c->live_pages > c->stat->live_pages_max)
		c->stat->live_pages_max = c->live_pages;
}

static void access_page(struct collector *c, struct page *page, const struct tr_run *run,
			u32 entry, u64 time_ns)
{
	struct tr_stat *stat = c->stat;
	struct tr_stat_interval *interval = move_to(c, time_ns);

	if (!page->lives)
		begin_life(c, interval, page, (u8)c->meta->default_type);
	if (page->last_ns != NEVER) {
		stat->reuses_count++;
		c->bin[bin_of(time_ns - page->last_ns)]++;
		if (time_ns - page->last_ns > c->reuse_ns_max)
			c->reuse_ns_max = time_ns - page->last_ns;
	}
	page->last_ns = time_ns;
	stat->accesses_count++;
	stat->accesses_by_kind[run->kind]++;
	stat->accesses_by_type[page->type]++;
	stat->writes_count += TR_IS_WRITE(entry);
	interval->accesses_count++;
	interval->writes_count += TR_IS_WRITE(entry);
	if (page->interval != c->interval + 1) {
		page->interval = c->interval + 1;
		interval->working_set_pages++;
	}
}

/* Idling may cover many intervals. */
static void add_idle(struct collector *c, const struct tr_run *run)
{
	u64 at = run->time_ns, end = run->time_ns + run->span_ns, step = c->stat->interval_ns;

	while (at < end) {
		u64 i = at / step, until = (i + 1) * step;
		if (i >= c->stat->intervals_count) {
			i = c->stat->intervals_count - 1;
			until = end;
		}
		if (until > end)
			until = end;
		c->stat->interval[i].idle_ns += until - at;
		at = until;
	}
}

static void add_run(struct collector *c, const struct tr_run *run)
{
	u64 time_ns = run->time_ns, step = 0, rest = 0, sum = 0;

	if (c->begin_ns[run->stream] == NEVER)
		c->begin_ns[run->stream] = run->time_ns;
	c->end_ns[run->stream] = run->time_ns + run->span_ns;
	if (run->op == TR_IDLE) {
		add_idle(c, run);
		return;
	}
	step = run->span_ns / run->count;
	rest = run->span_ns % run->count;
	for (u32 i = 0; i < run->count; i++) {
		struct page *page = &c->page[TR_PAGE(run->page[i])];
		if (run->op == TR_ACCESS) {
			access_page(c, page, run, run->page[i], time_ns);
		} else if (run->op == TR_ALLOC && !page->lives) {
			begin_life(c, move_to(c, time_ns), page, run->type);
		} else if (run->op == TR_FREE && page->lives) {
			move_to(c, time_ns);
			page->lives = false;
			c->live_pages--;
			c->stat->frees_count++;
		}
		/* i * span / count, without dividing each time. */
		time_ns += step;
		sum += rest;
		if (sum >= run->count) {
			sum -= run->count;
			time_ns++;
		}
	}
}

static void finish(struct collector *c)
{
	static const u32 percent[TR_STAT_QUANTILES] = { 10, 50, 90, 99, 100 };
	struct tr_stat *stat = c->stat;
	u32 bin = 0;
	u64 below = 0;

	for (; c->interval < stat->intervals_count; c->interval++)
		stat->interval[c->interval].live_pages = c->live_pages;
	for (u32 s = 0; s < c->meta->streams_count; s++)
		if (c->begin_ns[s] != NEVER)
			stat->stream_ns += c->end_ns[s] - c->begin_ns[s];
	for (u32 q = 0; q < TR_STAT_QUANTILES; q++) {
		/* The least time that so many percent of the reuses do not exceed. */
		u64 want = (u64)(((unsigned __int128)stat->reuses_count * percent[q] + 99) / 100);
		while (bin < BINS - 1 && below + c->bin[bin] < want)
			below += c->bin[bin++];
		stat->reuse_percent[q] = percent[q];
		stat->reuse_ns[q] = bin_end(bin) < c->reuse_ns_max ? bin_end(bin) : c->reuse_ns_max;
	}
}

static int collect(struct collector *c, struct tr_file *file, struct tr_error *error)
{
	struct tr_cursor *cursor;
	struct tr_run run;
	int rc = tr_cursor_open(&cursor, file, TR_MERGED, error);

	if (rc)
		return rc;
	while ((rc = tr_cursor_next(cursor, &run, error)) == 1)
		add_run(c, &run);
	tr_cursor_close(cursor);
	if (!rc)
		finish(c);
	return rc;
}

int tr_stat_collect(struct tr_stat *stat, struct tr_file *file, u32 intervals_count,
		    struct tr_error *error)
{
	struct collector *c = calloc(1, sizeof(*c));
	int rc;

	assert(intervals_count && intervals_count <= TR_STAT_INTERVALS_MAX);
	if (!c)
		return tr_fail(error, -ENOMEM, "trace statistics: out of memory");
	*stat = (struct tr_stat){ 0 };
	c->stat = stat;
	c->meta = tr_file_meta(file);
	stat->intervals_count = intervals_count;
	stat->interval_ns = c->meta->span_ns / intervals_count + 1;
	for (u32 s = 0; s < TR_STREAMS_MAX; s++)
		c->begin_ns[s] = NEVER;
	c->page = calloc((size_t)c->meta->pages_count + 1, sizeof(*c->page));
	rc = c->page ? collect(c, file, error) :
		       tr_fail(error, -ENOMEM, "trace statistics: out of memory");
	free(c->page);
	free(c);
	return rc;
}
