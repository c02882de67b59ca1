/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_group.c - lruvecs in a tree, their protection and their reports; see ws_group.h. */
#include "ws_group.h"
#include "ws_math.h"

u64 ws_groups_footprint(u32 groups_max, u32 nodes_count)
{
	u64 lruvecs = (u64)groups_max * nodes_count;

	return groups_max * (u64)sizeof(struct ws_group) + lruvecs * sizeof(struct ws_lru *);
}

int ws_groups_init(struct ws_groups *groups, void *memory, u32 groups_max, u32 nodes_count)
{
	u64 i;

	if (!groups_max || !nodes_count || groups_max == WS_GROUP_NONE)
		return -EINVAL;
	groups->group = memory;
	groups->lru = (struct ws_lru **)(groups->group + groups_max);
	groups->groups_max = groups_max;
	groups->groups_top = 1;
	groups->nodes_count = nodes_count;
	groups->recursive = true;
	memset(groups->group, 0, groups_max * sizeof(struct ws_group));
	for (i = 0; i < (u64)groups_max * nodes_count; i++)
		groups->lru[i] = NULL;
	for (i = 0; i < groups_max; i++)
		groups->group[i].parent = WS_GROUP_NONE;
	groups->group[WS_GROUP_ROOT].used = true;
	return 0;
}

static bool is_used(const struct ws_groups *groups, u32 group)
{
	return group < groups->groups_top && groups->group[group].used;
}

static struct ws_lru **lruvec(const struct ws_groups *groups, u32 group, u32 node)
{
	return &groups->lru[(size_t)group * groups->nodes_count + node];
}

int ws_groups_add(struct ws_groups *groups, u32 parent, u32 *group)
{
	u32 i;

	if (!is_used(groups, parent))
		return -EINVAL;
	for (i = parent + 1; i < groups->groups_max && groups->group[i].used; i++)
		;
	if (i == groups->groups_max)
		return -ENOSPC;
	memset(&groups->group[i], 0, sizeof(struct ws_group));
	groups->group[i].used = true;
	groups->group[i].parent = parent;
	if (i >= groups->groups_top)
		groups->groups_top = i + 1;
	*group = i;
	return 0;
}

/* Pages of the group itself, without those of groups below. */
static u64 own_pages(const struct ws_groups *groups, u32 group)
{
	u64 pages = groups->group[group].other_pages;
	u32 node;

	for (node = 0; node < groups->nodes_count; node++) {
		const struct ws_lru *lru = *lruvec(groups, group, node);

		pages += lru ? ws_age_total(&lru->age) : 0;
	}
	return pages;
}

int ws_groups_remove(struct ws_groups *groups, u32 group)
{
	u32 i;

	if (group == WS_GROUP_ROOT || !is_used(groups, group))
		return -EINVAL;
	if (own_pages(groups, group))
		return -EBUSY;
	for (i = group + 1; i < groups->groups_top; i++)
		if (groups->group[i].used && groups->group[i].parent == group)
			return -EBUSY;
	for (i = 0; i < groups->nodes_count; i++)
		*lruvec(groups, group, i) = NULL;
	groups->group[group].used = false;
	groups->group[group].parent = WS_GROUP_NONE;
	while (!groups->group[groups->groups_top - 1].used)
		groups->groups_top--;
	return 0;
}

int ws_groups_attach(struct ws_groups *groups, u32 group, u32 node, struct ws_lru *lru)
{
	if (!is_used(groups, group) || node >= groups->nodes_count)
		return -EINVAL;
	*lruvec(groups, group, node) = lru;
	return 0;
}

int ws_groups_limit(struct ws_groups *groups, u32 group, u64 min_pages, u64 low_pages)
{
	if (!is_used(groups, group))
		return -EINVAL;
	groups->group[group].min_pages = min_pages;
	groups->group[group].low_pages = low_pages;
	return 0;
}

int ws_groups_charge(struct ws_groups *groups, u32 group, u64 other_pages)
{
	if (!is_used(groups, group))
		return -EINVAL;
	groups->group[group].other_pages = other_pages;
	return 0;
}

bool ws_groups_below(const struct ws_groups *groups, u32 group, u32 ancestor)
{
	while (group > ancestor && group != WS_GROUP_NONE)
		group = groups->group[group].parent;
	return group == ancestor;
}

/* --- protection --- */

static u64 smaller(u64 a, u64 b)
{
	return a < b ? a : b;
}

u64 ws_effective_protection(u64 usage, u64 parent_usage, u64 limit, u64 parent_effective,
			    u64 siblings_claimed, bool recursive)
{
	u64 claimed = smaller(usage, limit);

	/* More is claimed than the parent has: each gets its share of that. */
	if (siblings_claimed > parent_effective)
		return ws_muldiv(parent_effective, claimed, siblings_claimed);
	/* Less is claimed: the rest goes to those that use more than they claim, in proportion. */
	if (recursive && parent_effective > siblings_claimed && parent_usage > siblings_claimed &&
	    usage > claimed)
		return claimed + ws_muldiv(parent_effective - siblings_claimed, usage - claimed,
					   parent_usage - siblings_claimed);
	return claimed;
}

/* Usage and claims, from the leaves up. */
static void count_up(struct ws_groups *groups)
{
	u32 i;

	for (i = 0; i < groups->groups_top; i++) {
		struct ws_group *group = &groups->group[i];

		group->usage_pages = group->used ? own_pages(groups, i) : 0;
		group->claimed_min = 0;
		group->claimed_low = 0;
	}
	for (i = groups->groups_top; --i > WS_GROUP_ROOT;) {
		const struct ws_group *group = &groups->group[i];
		struct ws_group *parent;

		if (!group->used)
			continue;
		parent = &groups->group[group->parent];
		parent->usage_pages += group->usage_pages;
		parent->claimed_min += smaller(group->usage_pages, group->min_pages);
		parent->claimed_low += smaller(group->usage_pages, group->low_pages);
	}
}

void ws_groups_protect(struct ws_groups *groups, u32 target)
{
	u32 i;

	count_up(groups);
	for (i = 0; i < groups->groups_top; i++) {
		struct ws_group *group = &groups->group[i];
		const struct ws_group *parent;

		group->emin_pages = 0;
		group->elow_pages = 0;
		if (!group->used || i == target || group->parent == WS_GROUP_NONE)
			continue;
		parent = &groups->group[group->parent];
		if (group->parent == target) {
			/* No group above limits how much there is to share. */
			group->emin_pages = group->min_pages;
			group->elow_pages = group->low_pages;
			continue;
		}
		group->emin_pages = ws_effective_protection(
			group->usage_pages, parent->usage_pages, group->min_pages,
			parent->emin_pages, parent->claimed_min, groups->recursive);
		group->elow_pages = ws_effective_protection(
			group->usage_pages, parent->usage_pages, group->low_pages,
			parent->elow_pages, parent->claimed_low, groups->recursive);
	}
}

enum ws_protected ws_groups_protected(const struct ws_groups *groups, u32 group)
{
	const struct ws_group *g = &groups->group[group];

	WS_ASSERT(group < groups->groups_top);
	if (!g->usage_pages)
		return WS_PROTECTED_NOT;
	if (g->emin_pages >= g->usage_pages)
		return WS_PROTECTED_MIN;
	return g->elow_pages >= g->usage_pages ? WS_PROTECTED_LOW : WS_PROTECTED_NOT;
}

u64 ws_groups_scan(const struct ws_groups *groups, u32 group, u64 pages, bool low_too,
		   bool proportional)
{
	const struct ws_group *g = &groups->group[group];
	enum ws_protected protected = ws_groups_protected(groups, group);
	u64 protection = g->emin_pages, scan;

	if (protected == WS_PROTECTED_MIN || (protected == WS_PROTECTED_LOW && !low_too))
		return 0;
	if (!low_too && g->elow_pages > protection)
		protection = g->elow_pages;
	if (!proportional || !protection)
		return pages;
	/* The more of the group exceeds its protection, the more of it is looked at. */
	scan = pages - ws_muldiv(pages, smaller(protection, g->usage_pages), g->usage_pages + 1);
	return scan > WS_SCAN_PAGES_MIN ? scan : WS_SCAN_PAGES_MIN;
}

/* --- min_ttl --- */

/* The oldest generation that may be evicted from. */
static u64 oldest_evictable(const struct ws_lru *lru, u32 swappiness)
{
	const u64 *min_seq = lru->age.min_seq;

	if (lru->rules->ttl == WS_TTL_FILE || !swappiness)
		return min_seq[WS_FILE];
	return min_seq[WS_ANON] < min_seq[WS_FILE] ? min_seq[WS_ANON] : min_seq[WS_FILE];
}

bool ws_lru_is_worth_it(const struct ws_lru *lru, u64 min_ttl_ns, u64 now_ns, u32 swappiness,
			u32 priority)
{
	u64 birth_ns = ws_age_birth(&lru->age, oldest_evictable(lru, swappiness)), pages = 0;
	enum ws_type type;
	u64 seq;

	WS_ASSERT(priority <= WS_PRIORITY_DEFAULT);
	for (type = swappiness ? WS_ANON : WS_FILE; type < WS_TYPES; type++)
		for (seq = lru->age.min_seq[type]; seq <= lru->age.max_seq; seq++)
			pages += ws_age_pages(&lru->age, seq, type);
	if (!(pages >> priority))
		return false;
	return now_ns > birth_ns && now_ns - birth_ns > min_ttl_ns;
}

bool ws_groups_out_of_memory(const struct ws_groups *groups, u32 node, u64 min_ttl_ns, u64 now_ns,
			     u32 swappiness, u32 priority)
{
	bool any = false;
	u32 i;

	WS_ASSERT(node < groups->nodes_count);
	if (!min_ttl_ns)
		return false;
	for (i = 0; i < groups->groups_top; i++) {
		const struct ws_lru *lru = *lruvec(groups, i, node);

		if (!groups->group[i].used || !lru)
			continue;
		any = true;
		if (ws_groups_protected(groups, i) != WS_PROTECTED_MIN &&
		    ws_lru_is_worth_it(lru, min_ttl_ns, now_ns, swappiness, priority))
			return false;
	}
	return any;
}

/* --- reports --- */

/* Add the group's own pages on @node, or on all nodes. */
static void collect_own(const struct ws_groups *groups, u32 group, u32 node, struct ws_hist *hist,
			u64 now_ns)
{
	u32 from = node == WS_NODE_ALL ? 0 : node;
	u32 to = node == WS_NODE_ALL ? groups->nodes_count : node + 1;

	for (; from < to; from++) {
		const struct ws_lru *lru = *lruvec(groups, group, from);

		if (lru)
			ws_age_collect(&lru->age, hist, now_ns);
	}
}

void ws_groups_collect_begin(struct ws_groups_pass *pass, struct ws_groups *groups,
			     struct ws_hist *hist, u32 node, u64 now_ns)
{
	WS_ASSERT(node == WS_NODE_ALL || node < groups->nodes_count);
	pass->groups = groups;
	pass->hist = hist;
	pass->node = node;
	pass->now_ns = now_ns;
	pass->left = groups->groups_top;
	pass->clearing = true;
}

bool ws_groups_collect_step(struct ws_groups_pass *pass, u32 budget)
{
	struct ws_groups *groups = pass->groups;

	for (; budget && (pass->clearing || pass->left); budget--) {
		u32 i;

		if (!pass->left) {
			pass->clearing = false;
			pass->left = groups->groups_top;
		}
		i = --pass->left;
		if (pass->clearing) {
			if (i != WS_GROUP_ROOT)
				pass->hist[i] = pass->hist[WS_GROUP_ROOT];
			ws_hist_reset(&pass->hist[i]);
			continue;
		}
		if (!groups->group[i].used)
			continue;
		collect_own(groups, i, pass->node, &pass->hist[i], pass->now_ns);
		if (i != WS_GROUP_ROOT) {
			int error = ws_hist_merge(&pass->hist[groups->group[i].parent],
						  &pass->hist[i]);

			WS_ASSERT(!error); /* all have the root's edges */
		}
	}
	return pass->clearing || pass->left;
}

/* Call @visit for each lruvec of the source. */
static int each_lruvec(const struct ws_group_source *source,
		       int (*visit)(const struct ws_group_source *source, struct ws_lru *lru,
				    u64 *value), u64 *value)
{
	const struct ws_groups *groups = source->groups;
	u32 from = source->node == WS_NODE_ALL ? 0 : source->node, i, node;
	u32 to = source->node == WS_NODE_ALL ? groups->nodes_count : source->node + 1;

	for (i = source->group; i < groups->groups_top; i++) {
		if (!groups->group[i].used || !ws_groups_below(groups, i, source->group))
			continue;
		for (node = from; node < to; node++) {
			struct ws_lru *lru = *lruvec(groups, i, node);
			int error = lru ? visit(source, lru, value) : 0;

			if (error)
				return error;
		}
	}
	return 0;
}

static int visit_age(const struct ws_group_source *source, struct ws_lru *lru, u64 *now_ns)
{
	return source->age(source->ctx, lru, *now_ns);
}

static int source_age(void *ctx, u64 now_ns)
{
	return each_lruvec(ctx, visit_age, &now_ns);
}

static int visit_birth(const struct ws_group_source *source, struct ws_lru *lru, u64 *oldest_ns)
{
	u64 birth_ns = ws_age_birth(&lru->age, lru->age.max_seq);

	(void)source;
	if (birth_ns < *oldest_ns)
		*oldest_ns = birth_ns;
	return 0;
}

/* A report is as old as the lruvec in it that was aged longest ago. */
static u64 source_birth(void *ctx)
{
	u64 oldest_ns = WS_AGE_INFINITE;

	each_lruvec(ctx, visit_birth, &oldest_ns);
	return oldest_ns;
}

static int source_collect(void *ctx, struct ws_hist *hist, u64 now_ns)
{
	const struct ws_group_source *source = ctx;
	u32 i;

	for (i = source->group; i < source->groups->groups_top; i++)
		if (source->groups->group[i].used &&
		    ws_groups_below(source->groups, i, source->group))
			collect_own(source->groups, i, source->node, hist, now_ns);
	return 0;
}

const struct ws_ages_ops ws_group_ages = {
	.age = source_age,
	.youngest_birth = source_birth,
	.collect = source_collect,
};
