/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_source.h - where the ages in a report come from: one table, many sources.
 *
 * A source watches the pages of one memory and, when asked, answers in spans: so many
 * pages of this type were last used between a and b ago.  Spans go to a sink, which may
 * be a histogram (ws_source_ages fits any source into ws_report) or a judge of sources.
 *
 *	environment             source                       who asks
 *	accessed bits --take--> ws_source_mglru  generations  --spans--> ws_report
 *	                        ws_source_lists  active/inactive
 *	pages come and go ----> ws_source_damon  sampled regions
 *	                        ws_source_scan   user space, page by page
 *	                        ws_source_refs   user space, sums
 *
 * A source knows only what struct ws_access hands it, and what that costs is counted
 * where it is asked for: entries read, single pages found by reverse mapping, flushes.
 * The environment knows how much time each of them takes.  So one table serves a
 * kernel, the simulator's guests, and a comparison of sources over a trace.
 *
 * Memory: the caller's, each source says how much.  Time: now_ns, never decreasing; a
 * pass is bounded by the pages, which the environment may skip by 512.  Errors: 0 or
 * negative errno.  Locking: the caller serializes per source; the environment's
 * functions are called under that lock.
 */
#ifndef WS_SOURCE_H
#define WS_SOURCE_H

#include "ws_lru.h"
#include "ws_report.h"

#define WS_BLOCK_PAGES 512u /* a page-table page's worth: the most that one call covers */
#define WS_BLOCK_WORDS (WS_BLOCK_PAGES / 64)
#define WS_NEVER_NS (~0ull)

/*
 * What the environment tells of pages.  @first is a multiple of 64, @count at most
 * WS_BLOCK_PAGES; bit i is page first + i.  Which bit is read is the environment's to
 * choose, by source: accessed bits, idle flags, write protection.
 */
struct ws_access_ops {
	/* Test and clear.  Return: page-table entries read, 0 where none is mapped. */
	u32 (*take)(void *ctx, u32 first, u32 count, u64 *bits);
	/* Test.  Return: as take. */
	u32 (*look)(void *ctx, u32 first, u32 count, u64 *bits);
	/* Test and clear a single page. */
	bool (*take_page)(void *ctx, u32 page);
	/* Which pages are in memory, and which of these are file pages. */
	void (*resident)(void *ctx, u32 first, u32 count, u64 *resident, u64 *file);
};

struct ws_access {
	const struct ws_access_ops *ops;
	void *ctx;
};

/* What a source has asked for so far; running totals. */
struct ws_source_cost {
	u64 ptes;	 /* page-table entries read in walks */
	u64 young;	 /* of these, found accessed (written, for a scan of writes) */
	u64 rmaps;	 /* single pages found by reverse mapping, and their entries read */
	u64 pfns;	 /* pages asked for by number: a flag or a type looked up */
	u64 flushes;	 /* of the TLB, of one page-table page's range */
	u64 locked_ptes; /* of ptes: read with all page faults of the process held off */
};

/* Takes spans; the first member of whatever it is part of. */
struct ws_span_sink {
	void (*put)(struct ws_span_sink *sink, enum ws_type type, u64 age_min_ns, u64 age_max_ns,
		    u64 pages);
};

struct ws_span {
	u64 age_min_ns, age_max_ns;
};

struct ws_source;

/**
 * struct ws_source_ops - one kind of source
 * @enter:	a page comes into memory; @how decides where it is put
 * @leave:	a page goes
 * @descriptor:	NULL, or: an access by read() or write() to a page in memory
 * @step:	NULL, or: do what is due at @now_ns.  Return: when to be called next; calls
 *		are expected at those times, the first at init's now_ns
 * @age:	take accessed bits in and begin a new youngest age; 0 or negative errno
 * @youngest_birth: when the youngest age began
 * @collect:	all pages in memory, as spans; 0 or negative errno
 * @page_span:	one page in memory; 0, or -ENODATA: this source knows sums only
 */
struct ws_source_ops {
	const char *name;
	void (*enter)(struct ws_source *source, u32 page, enum ws_type type, enum ws_enter how);
	void (*leave)(struct ws_source *source, u32 page);
	void (*descriptor)(struct ws_source *source, u32 page);
	u64 (*step)(struct ws_source *source, u64 now_ns);
	int (*age)(struct ws_source *source, u64 now_ns);
	u64 (*youngest_birth)(const struct ws_source *source);
	int (*collect)(struct ws_source *source, struct ws_span_sink *sink, u64 now_ns);
	int (*page_span)(const struct ws_source *source, u32 page, u64 now_ns,
			 struct ws_span *span);
};

/* What all sources begin with. */
struct ws_source {
	const struct ws_source_ops *ops;
	struct ws_access access;
	u32 pages_count;
	u64 began_ns;
	struct ws_source_cost cost;
};

void ws_source_init(struct ws_source *source, const struct ws_source_ops *ops,
		    const struct ws_access *access, u32 pages_count, u64 now_ns);

/* Any source as ws_report wants it: ws_report_init(report, &ws_source_ages, source). */
extern const struct ws_ages_ops ws_source_ages;

static inline u32 ws_source_blocks(const struct ws_source *source)
{
	return source->pages_count / WS_BLOCK_PAGES + !!(source->pages_count % WS_BLOCK_PAGES);
}

/* Pages of the block at @first, at most WS_BLOCK_PAGES. */
static inline u32 ws_source_block(const struct ws_source *source, u32 first)
{
	u32 left = source->pages_count - first;

	return left < WS_BLOCK_PAGES ? left : WS_BLOCK_PAGES;
}

/* --- for sources that keep ages in a ws_age --- */

/*
 * ws_age_advance(), with labels tidied when they have run out; @mine and @mine_ctx as
 * ws_age_tidy() wants them.
 */
int ws_source_advance(struct ws_age *age, u64 now_ns, bool (*mine)(const void *ctx, u32 page),
		      const void *mine_ctx);

/* All pages of all generations, a span each: between its birth and the next one's. */
void ws_source_spans(const struct ws_age *age, struct ws_span_sink *sink, u64 now_ns);

/* The span of generation @seq. */
struct ws_span ws_source_gen_span(const struct ws_age *age, u64 seq, u64 now_ns);

/* Bits set. */
u32 ws_source_weight(const u64 *bits, u32 words);

#endif /* WS_SOURCE_H */
