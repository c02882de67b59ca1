/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_reclaim_opt.c - OPT (Belady 1966): evict the page that is used last of all.
 *
 * Each resident page is one number in an ordered set: the position in the timeline
 * where it is used next, which no two pages share.  A page that is never used again
 * has the number timeline_count + page, so such pages go first.  The victim is the
 * page of the greatest number.
 *
 * A page that comes in without being used (readahead) counts as never used until its
 * first access.  When streams drift, positions are those of the trace and OPT is only
 * nearly optimal.
 */
#include "model/sim_reclaim.h"
#include "reclaim/sim_bitset.h"

struct sim_opt {
	struct sim_reclaim base;
	struct sim_bitset next; /* link[page] is the page's member */
	u64 pages[WS_TYPES];
};

static int opt_init(struct sim_reclaim *reclaim, u64 now_ns)
{
	const struct sim_reclaim_space *space = reclaim->space;
	u64 size = (u64)space->timeline_count + space->pages_count;

	(void)now_ns;
	if (size >= SIM_BITSET_NONE || (space->timeline_count && !space->next_use))
		return -EINVAL;
	return sim_bitset_init(&((struct sim_opt *)reclaim)->next, size);
}

static void opt_destroy(struct sim_reclaim *reclaim)
{
	sim_bitset_destroy(&((struct sim_opt *)reclaim)->next);
}

static bool opt_insert(struct sim_reclaim *reclaim, u32 page, enum ws_type type,
		       enum ws_enter how, u32 shadow)
{
	struct sim_opt *opt = (struct sim_opt *)reclaim;
	struct sim_reclaim_space *space = reclaim->space;

	(void)how, (void)shadow;
	space->entry[page] = type == WS_FILE ? WS_PAGE_FILE : 0;
	space->link[page] = space->timeline_count + page;
	sim_bitset_add(&opt->next, space->link[page]);
	opt->pages[type]++;
	return false;
}

static void opt_remove(struct sim_reclaim *reclaim, u32 page)
{
	struct sim_opt *opt = (struct sim_opt *)reclaim;

	sim_bitset_remove(&opt->next, reclaim->space->link[page]);
	opt->pages[ws_page_type(reclaim->space->entry[page])]--;
}

static void opt_access(struct sim_reclaim *reclaim, u32 page, u32 position)
{
	struct sim_opt *opt = (struct sim_opt *)reclaim;
	struct sim_reclaim_space *space = reclaim->space;
	u32 next = space->next_use[position];

	if (next == SIM_NEVER)
		next = space->timeline_count + page;
	if (next == space->link[page])
		return;
	sim_bitset_remove(&opt->next, space->link[page]);
	sim_bitset_add(&opt->next, next);
	space->link[page] = next;
}

static u32 page_at(const struct sim_reclaim_space *space, u32 member)
{
	return member < space->timeline_count ? space->timeline[member] >> 1
					      : member - space->timeline_count;
}

static u32 opt_evict(struct sim_reclaim *reclaim, struct sim_reclaim_scan *scan, u32 *victims,
		     u32 *shadows, u32 max)
{
	struct sim_opt *opt = (struct sim_opt *)reclaim;
	const struct sim_reclaim_space *space = reclaim->space;
	u32 count = 0, limit = space->timeline_count + space->pages_count;

	scan->scanned = scan->rmap_walks = 0;
	while (count < max && scan->scanned < scan->budget) {
		u32 member = sim_bitset_last(&opt->next, limit);
		if (member == SIM_BITSET_NONE)
			break;
		u32 page = page_at(space, member);
		scan->scanned++;
		if (!scan->swappiness && ws_page_type(space->entry[page]) == WS_ANON) {
			if (!member)
				break;
			limit = member - 1;
			continue;
		}
		opt_remove(reclaim, page);
		if (shadows)
			shadows[count] = 1;
		victims[count++] = page;
	}
	return count;
}

static void opt_stat(const struct sim_reclaim *reclaim, struct sim_reclaim_stat *stat)
{
	const struct sim_opt *opt = (const struct sim_opt *)reclaim;

	*stat = (struct sim_reclaim_stat){ .pages = { opt->pages[0], opt->pages[1] } };
}

static bool opt_check(const struct sim_reclaim *reclaim)
{
	const struct sim_opt *opt = (const struct sim_opt *)reclaim;
	const struct sim_reclaim_space *space = reclaim->space;
	u64 found[WS_TYPES] = { 0 };
	u32 limit = space->timeline_count + space->pages_count;

	for (;;) {
		u32 member = sim_bitset_last(&opt->next, limit);
		if (member == SIM_BITSET_NONE)
			break;
		u32 page = page_at(space, member);
		if (space->link[page] != member)
			return false;
		found[ws_page_type(space->entry[page])]++;
		if (!member)
			break;
		limit = member - 1;
	}
	return found[0] == opt->pages[0] && found[1] == opt->pages[1];
}

const struct sim_reclaim_ops sim_reclaim_opt = {
	.name = "opt",
	.summary = "Belady's: knows the future; what no real algorithm can beat",
	.state_size = sizeof(struct sim_opt),
	.links = 1,
	.future = true,
	.init = opt_init,
	.destroy = opt_destroy,
	.insert = opt_insert,
	.remove = opt_remove,
	.access = opt_access,
	.evict = opt_evict,
	.stat = opt_stat,
	.check = opt_check,
};
