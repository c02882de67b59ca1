/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_reclaim_lru.c - exact LRU, which no kernel can afford: every access counts.
 *
 * The laboratory has a quicker way to the same order (sim_lab_lru.c), which needs
 * the trace as an array; a test holds the two against each other.
 */
#include "model/sim_reclaim.h"
#include "reclaim/sim_list.h"

struct sim_lru {
	struct sim_reclaim base;
	struct sim_list list;
	u64 pages[WS_TYPES];
};

static int lru_init(struct sim_reclaim *reclaim, u64 now_ns)
{
	(void)now_ns;
	((struct sim_lru *)reclaim)->list = SIM_LIST_EMPTY;
	return 0;
}

static bool lru_insert(struct sim_reclaim *reclaim, u32 page, enum ws_type type,
		       enum ws_enter how, u32 shadow)
{
	struct sim_lru *lru = (struct sim_lru *)reclaim;
	struct sim_reclaim_space *space = reclaim->space;

	(void)how, (void)shadow;
	space->entry[page] = type == WS_FILE ? WS_PAGE_FILE : 0;
	lru->pages[type]++;
	sim_list_push(&lru->list, space->link, space->link2, page);
	return false;
}

static void lru_remove(struct sim_reclaim *reclaim, u32 page)
{
	struct sim_lru *lru = (struct sim_lru *)reclaim;
	struct sim_reclaim_space *space = reclaim->space;

	lru->pages[ws_page_type(space->entry[page])]--;
	sim_list_remove(&lru->list, space->link, space->link2, page);
}

static void lru_access(struct sim_reclaim *reclaim, u32 page, u32 position)
{
	struct sim_lru *lru = (struct sim_lru *)reclaim;
	struct sim_reclaim_space *space = reclaim->space;

	(void)position;
	if (lru->list.young == page)
		return;
	sim_list_remove(&lru->list, space->link, space->link2, page);
	sim_list_push(&lru->list, space->link, space->link2, page);
}

static u32 lru_evict(struct sim_reclaim *reclaim, struct sim_reclaim_scan *scan, u32 *victims,
		     u32 *shadows, u32 max)
{
	struct sim_lru *lru = (struct sim_lru *)reclaim;
	const struct sim_reclaim_space *space = reclaim->space;
	u32 count = 0, page = lru->list.old;

	scan->scanned = scan->rmap_walks = 0;
	while (count < max && page != WS_NO_PAGE && scan->scanned < scan->budget) {
		u32 victim = page;
		page = space->link[page];
		scan->scanned++;
		if (!scan->swappiness && ws_page_type(space->entry[victim]) == WS_ANON)
			continue; /* stays where it is: this order is not the scan's to change */
		lru_remove(reclaim, victim);
		if (shadows)
			shadows[count] = 1;
		victims[count++] = victim;
	}
	return count;
}

static void lru_stat(const struct sim_reclaim *reclaim, struct sim_reclaim_stat *stat)
{
	const struct sim_lru *lru = (const struct sim_lru *)reclaim;

	*stat = (struct sim_reclaim_stat){ .pages = { lru->pages[0], lru->pages[1] } };
}

static bool lru_check(const struct sim_reclaim *reclaim)
{
	const struct sim_lru *lru = (const struct sim_lru *)reclaim;

	return lru->pages[0] + lru->pages[1] == lru->list.pages &&
	       sim_list_check(&lru->list, reclaim->space->link, reclaim->space->link2);
}

const struct sim_reclaim_ops sim_reclaim_lru = {
	.name = "lru",
	.summary = "exact least recently used; sees every access",
	.state_size = sizeof(struct sim_lru),
	.links = 2,
	.init = lru_init,
	.insert = lru_insert,
	.remove = lru_remove,
	.access = lru_access,
	.evict = lru_evict,
	.stat = lru_stat,
	.check = lru_check,
};
