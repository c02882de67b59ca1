/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * naive_lru.h - eviction order once more, slow and plain; and both sides in step.
 *
 * In the model a page knows its generation and its history, generations are lists kept in
 * arrays that are shifted, folding visits every page, and the controller computes in
 * 128 bits.  No labels, no rows, no chunks, no shadows in bits.  Victims, their order and
 * all counters must be the same.  test_diff_lru.c drives both sides by random operations,
 * fuzz_lru.c by a fuzzer's.
 */
#ifndef NAIVE_LRU_H
#define NAIVE_LRU_H

#include <string.h>

#include "diff.h"
#include "ws_lru.h"

#define PAGES 1024u
#define GENS 8u /* most that are tried */

/* --- the model ------------------------------------------------------------------------- */

struct list {
	u32 count, page[PAGES];
};

struct naive_page {
	bool here, queued;
	int type;
	u64 seq;
	u32 accesses; /* by descriptor since it changed generation, 5 at most */
	bool restored; /* came back with the working-set flag */
	/* left behind by the last eviction */
	bool shadow;
	u64 shadow_seq;
	u32 shadow_refs;
};

struct naive {
	struct naive_page page[PAGES];
	u32 gens;
	u64 max_seq, min_seq[2];
	struct list list[GENS][2]; /* [seq % gens][type] */
	u64 refaulted[2][4], evicted[2][4], protected[2][4], refaulted_avg[2][4], total_avg[2][4];
	u64 recent[2], refaults[2], restores[2], protections;
};

static void list_insert(struct list *list, u32 at, u32 page)
{
	memmove(list->page + at + 1, list->page + at, (list->count - at) * sizeof(u32));
	list->page[at] = page;
	list->count++;
}

static u32 list_take(struct list *list)
{
	u32 page = list->page[0];

	memmove(list->page, list->page + 1, --list->count * sizeof(u32));
	return page;
}

static struct list *list_of(struct naive *n, u64 seq, int type)
{
	return &n->list[seq % n->gens][type];
}

static u32 tier_of(u32 refs)
{
	return refs < 2 ? refs : refs < 4 ? 2 : 3;
}

/* Accesses past the first; the restored flag stands for the second. */
static u32 refs_of(const struct naive_page *page)
{
	u32 flags = page->accesses > 1 || page->restored;
	u32 more;

	if (page->restored)
		more = page->accesses > 1 ? page->accesses - 1 : 0;
	else
		more = page->accesses > 2 ? page->accesses - 2 : 0;
	return flags + (more > 3 ? 3 : more);
}

static void forget(struct naive_page *page)
{
	page->accesses = 0;
	page->restored = false;
}

static void carry(struct naive *n, int type)
{
	for (int tier = 0; tier < 4; tier++) {
		n->refaulted_avg[type][tier] += n->refaulted[type][tier];
		n->refaulted_avg[type][tier] /= 2;
		n->total_avg[type][tier] += n->evicted[type][tier] + n->protected[type][tier];
		n->total_avg[type][tier] /= 2;
		n->refaulted[type][tier] = n->evicted[type][tier] = n->protected[type][tier] = 0;
	}
}

/* The oldest generation of @type goes into the next, page by page. */
static void fold(struct naive *n, int type)
{
	struct list *from = list_of(n, n->min_seq[type], type);
	struct list *to = list_of(n, n->min_seq[type] + 1, type);

	for (u32 i = from->count; i; i--)
		list_insert(to, 0, from->page[i - 1]);
	from->count = 0;
	for (u32 i = 0; i < PAGES; i++) {
		struct naive_page *page = &n->page[i];

		if (page->here && page->type == type && page->seq == n->min_seq[type]) {
			page->seq++;
			forget(page);
		}
	}
	n->min_seq[type]++;
}

static void naive_advance(struct naive *n)
{
	for (int type = 0; type < 2; type++) {
		if (n->max_seq - n->min_seq[type] + 1 < n->gens)
			continue;
		fold(n, type);
		carry(n, type);
	}
	n->max_seq++;
}

static void naive_add(struct naive *n, u32 i, int type, enum ws_enter how, bool with_shadow)
{
	struct naive_page *page = &n->page[i];

	page->here = true;
	page->type = type;
	page->seq = how == WS_ENTER_FAULT ? n->max_seq :
		    how == WS_ENTER_WRITEBACK ? n->min_seq[type] + 1 : n->min_seq[type];
	forget(page);
	if (with_shadow) {
		n->refaults[type]++;
		if (page->shadow_seq == n->min_seq[type]) {
			n->recent[type]++;
			n->refaulted[type][tier_of(page->shadow_refs)]++;
			page->restored = how == WS_ENTER_FAULT || page->shadow_refs == 4;
			n->restores[type] += page->restored;
		}
	}
	page->shadow = false;
	if (!page->queued)
		list_insert(list_of(n, page->seq, type), list_of(n, page->seq, type)->count, i);
	page->queued = true;
}

struct position {
	unsigned __int128 refaulted, total, gain;
};

static struct position position(const struct naive *n, int type, int tier, u32 gain)
{
	return (struct position){
		n->refaulted_avg[type][tier] + n->refaulted[type][tier],
		n->total_avg[type][tier] + n->evicted[type][tier] + n->protected[type][tier], gain,
	};
}

static bool no_worse(struct position sp, struct position pv)
{
	return pv.refaulted < 64 ||
	       pv.refaulted * (sp.total + 64) * sp.gain <= (sp.refaulted + 1) * pv.total * pv.gain;
}

static int limit_of(const struct naive *n, int type, u32 gain, struct position sp)
{
	int tier = 1;

	while (tier < 4 && no_worse(sp, position(n, type, tier, gain)))
		tier++;
	return tier - 1;
}

static void rescue(struct naive *n, u32 i, u64 *accessed)
{
	for (u32 j = i & ~63u; j < (i & ~63u) + 64; j++) {
		if ((accessed[j / 64] >> j % 64 & 1) && n->page[j].here) {
			n->page[j].seq = n->max_seq;
			forget(&n->page[j]);
		}
	}
	accessed[i / 64] = 0;
}

static void naive_evict_page(struct naive *n, u32 i, u32 *victims, u32 *count)
{
	struct naive_page *page = &n->page[i];
	u32 refs = page->accesses ? refs_of(page) : 0;

	n->evicted[page->type][tier_of(refs)]++;
	page->here = page->queued = false;
	page->shadow = true;
	page->shadow_seq = n->min_seq[page->type];
	page->shadow_refs = refs;
	victims[(*count)++] = i;
}

/* One type; true when it gave a victim or the budget is used up. */
static bool naive_evict_type(struct naive *n, int type, int limit, u32 *budget, u64 *accessed,
			     u32 *victims, u32 *count, u32 max)
{
	struct list *list = list_of(n, n->min_seq[type], type);
	u32 before = *count;

	if (n->max_seq - n->min_seq[type] + 1 <= 2)
		return false;
	while (*count < max && *budget && list->count) {
		u32 i = list_take(list);
		struct naive_page *page = &n->page[i];

		(*budget)--;
		if (!page->here) {
			page->queued = false;
		} else if (page->seq != n->min_seq[type] || page->type != type) {
			struct list *to = list_of(n, page->seq, page->type);

			list_insert(to, to->count, i);
		} else if ((int)tier_of(refs_of(page)) > limit) {
			n->protected[type][tier_of(refs_of(page))]++;
			n->protections++;
			page->seq++;
			forget(page);
			list_insert(list_of(n, page->seq, type), 0, i);
		} else if (accessed[i / 64] >> i % 64 & 1) {
			rescue(n, i, accessed);
			list_insert(list_of(n, n->max_seq, type), list_of(n, n->max_seq, type)->count, i);
		} else {
			naive_evict_page(n, i, victims, count);
		}
	}
	return *count > before || !*budget;
}

static bool naive_advance_min_seq(struct naive *n, bool can_swap)
{
	u64 want[2] = { n->min_seq[0], n->min_seq[1] };
	bool moved = false;

	for (int type = !can_swap; type < 2; type++)
		while (want[type] + 2 <= n->max_seq && !list_of(n, want[type], type)->count)
			want[type]++;
	if (can_swap) {
		want[0] = want[0] < want[1] ? want[0] : want[1];
		want[1] = want[0] > n->min_seq[1] ? want[0] : n->min_seq[1];
	}
	for (int type = !can_swap; type < 2; type++) {
		if (want[type] == n->min_seq[type])
			continue;
		moved = true;
		carry(n, type);
		while (n->min_seq[type] < want[type])
			fold(n, type);
	}
	return moved;
}

static int naive_type(const struct naive *n, u32 swappiness, int *limit)
{
	struct position anon = position(n, 0, 0, swappiness);
	struct position file = position(n, 1, 0, 200 - swappiness);
	int type;

	if (!swappiness)
		type = 1;
	else if (n->min_seq[0] < n->min_seq[1])
		type = 0;
	else if (swappiness == 1 || swappiness == 200)
		type = swappiness == 1;
	else {
		type = no_worse(anon, file);
		*limit = limit_of(n, type, type ? 200 - swappiness : swappiness, type ? anon : file);
		return type;
	}
	*limit = limit_of(n, type, 2, position(n, type, 0, 1));
	return type;
}

static u32 naive_evict(struct naive *n, u32 swappiness, u32 budget, u64 *accessed, u32 *victims,
		       u32 max)
{
	u32 count = 0;

	while (count < max && budget) {
		int limit, type = naive_type(n, swappiness, &limit);
		u32 stop = max - count < 64 ? max : count + 64;
		bool found = naive_evict_type(n, type, limit, &budget, accessed, victims, &count, stop);

		if (!found && swappiness) {
			type = !type;
			limit = limit_of(n, type, 2, position(n, type, 0, 1));
			found = naive_evict_type(n, type, limit, &budget, accessed, victims, &count,
						 stop);
		}
		if (!naive_advance_min_seq(n, swappiness > 0) && !found)
			break;
	}
	return count;
}

/* --- both together ----------------------------------------------------------------------- */

static struct naive naive; /* what the last run left */
static struct ws_lru lru;
static u16 entry[PAGES];
static u32 pool[16 * (1 + PAGES / 8)], shadow[PAGES];
static u64 accessed[PAGES / 64], naive_accessed[PAGES / 64];
static u32 gone[16]; /* evicted of late */

static u64 look_around(void *ctx, u32 page)
{
	u64 young = accessed[page / 64];

	(void)ctx;
	if (!(young >> page % 64 & 1))
		return 0;
	accessed[page / 64] = 0;
	return young;
}

static const char *step_evict(u64 op)
{
	static const u32 choice[] = { 60, 60, 60, 0, 0, 1, 200, 100 };
	static const struct ws_lru_ops ops = { look_around };
	u32 swappiness = choice[diff_pick(&op, 8)], budget = diff_pick(&op, 300);
	u32 max = diff_pick(&op, 20), victims[20], shadows[20], want[20], count;
	struct ws_lru_scan scan = { .swappiness = swappiness, .budget = budget };

	count = ws_lru_evict(&lru, &scan, &ops, NULL, victims, shadows, max);
	if (naive_evict(&naive, swappiness, budget, naive_accessed, want, max) != count)
		return "number of victims";
	if (memcmp(want, victims, count * sizeof(u32)))
		return "order of victims";
	for (u32 i = 0; i < count; i++) {
		shadow[victims[i]] = shadows[i];
		gone[diff_draw(&op) % 16] = victims[i];
		accessed[victims[i] / 64] &= ~(1ull << victims[i] % 64);
		naive_accessed[victims[i] / 64] &= ~(1ull << victims[i] % 64);
	}
	return memcmp(accessed, naive_accessed, sizeof(accessed)) ? "accessed bits" : NULL;
}

static void step_age(u64 op, u64 now_ns)
{
	if (diff_pick(&op, 2)) {
		for (u32 i = 0; i < PAGES; i += 512)
			ws_age_harvest(&lru.age, i, accessed + i / 64, 512);
		for (u32 i = 0; i < PAGES; i++) {
			if ((accessed[i / 64] >> i % 64 & 1) && naive.page[i].here) {
				naive.page[i].seq = naive.max_seq;
				forget(&naive.page[i]);
			}
		}
		memset(accessed, 0, sizeof(accessed));
		memset(naive_accessed, 0, sizeof(accessed));
	}
	while (ws_lru_advance(&lru, now_ns))
		ws_age_tidy(&lru.age, PAGES, NULL, NULL);
	naive_advance(&naive);
}

static void step_page(u64 op)
{
	u32 a = diff_pick(&op, PAGES), i = diff_pick(&op, a + 1), what = diff_pick(&op, 16);

	if (diff_pick(&op, 4) == 0)
		i = gone[diff_pick(&op, 16)];

	if (!naive.page[i].here) {
		enum ws_type type = i % 5 < 3 ? WS_ANON : WS_FILE;
		enum ws_enter how = what < 8 ? WS_ENTER_FAULT : what < 13 ? WS_ENTER_READ :
				    what == 13 ? WS_ENTER_WRITEBACK : WS_ENTER_SWAPCACHE;
		/* What was used through descriptors comes back sooner: the controller has to act. */
		bool with_shadow = naive.page[i].shadow &&
				   (naive.page[i].shadow_refs ? what != 7 : what % 4 == 1);

		ws_lru_add(&lru, i, type, how, with_shadow ? shadow[i] : 0);
		naive_add(&naive, i, type, how, with_shadow);
	} else if (what == 0) {
		ws_lru_remove(&lru, i);
		naive.page[i].here = false;
		naive.page[i].shadow = false;
	} else if (what < 10) {
		ws_lru_descriptor_access(&lru, i);
		naive.page[i].accesses += naive.page[i].accesses < 5;
	} else {
		accessed[i / 64] |= 1ull << i % 64;
		naive_accessed[i / 64] |= 1ull << i % 64;
	}
}

/* A past in which some tier did well or badly: it would take long to come about by itself. */
static void step_past(u64 op)
{
	u32 type = diff_pick(&op, 2), tier = diff_pick(&op, 4);
	u64 refaulted = diff_pick(&op, 400), total = refaulted + diff_pick(&op, 1000);

	lru.refault.refaulted_avg[type][tier] = naive.refaulted_avg[type][tier] = refaulted;
	lru.refault.total_avg[type][tier] = naive.total_avg[type][tier] = total;
}

static const char *compare(void)
{
	const struct ws_refault *refault = &lru.refault;

	if (!ws_lru_check(&lru))
		return "ws_lru_check()";
	if (lru.age.max_seq != naive.max_seq || memcmp(lru.age.min_seq, naive.min_seq, 16))
		return "sequence numbers";
	for (u32 i = 0; i < PAGES; i++)
		if (ws_page_aged(entry[i]) != naive.page[i].here ||
		    (naive.page[i].here && ws_age_seq(&lru.age, i) != naive.page[i].seq))
			return "generation of a page";
	if (memcmp(refault->refaulted, naive.refaulted, sizeof(naive.refaulted)) ||
	    memcmp(refault->evicted, naive.evicted, sizeof(naive.evicted)) ||
	    memcmp(refault->protected, naive.protected, sizeof(naive.protected)) ||
	    memcmp(refault->refaulted_avg, naive.refaulted_avg, sizeof(naive.refaulted_avg)) ||
	    memcmp(refault->total_avg, naive.total_avg, sizeof(naive.total_avg)))
		return "the controller's counts";
	if (memcmp(refault->workingset_refault, naive.refaults, 16) ||
	    memcmp(refault->workingset_recent, naive.recent, 16) ||
	    memcmp(refault->workingset_restore, naive.restores, 16) ||
	    lru.protected_pages != naive.protections)
		return "running totals";
	return NULL;
}


static inline const char *lru_world_run(const u64 *op, u32 count, u32 gens)
{
	const char *fault = NULL;

	memset(&naive, 0, sizeof(naive));
	memset(entry, 0, sizeof(entry));
	memset(pool, 0, sizeof(pool));
	memset(accessed, 0, sizeof(accessed));
	memset(naive_accessed, 0, sizeof(accessed));
	memset(gone, 0, sizeof(gone));
	naive.gens = gens;
	naive.max_seq = gens - 1;
	ws_lru_init(&lru, entry, pool, PAGES, gens, 0);
	for (u32 i = 0; i < count && !fault; i++) {
		u64 rest = op[i];
		u32 what = diff_pick(&rest, 1024);

		if (what == 0)
			step_age(rest, i);
		else if (what < 100)
			fault = step_evict(rest);
		else if (what < 120)
			step_past(rest);
		else
			step_page(rest);
		if (!fault && (i % 64 == 0 || i + 1 == count))
			fault = compare();
	}
	return fault;
}

#endif /* NAIVE_LRU_H */
