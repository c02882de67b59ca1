/* SPDX-License-Identifier: BSD-2-Clause */
/* test_group.c - groups of lruvecs: protection, min_ttl, reports that add up. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "ws_group.h"

#define PAGES 4096u
#define GROUPS 8u
#define NODES 2u
#define MS WS_NS_PER_MS

static struct ws_groups groups;
static u64 memory[GROUPS * (sizeof(struct ws_group) + NODES * sizeof(void *)) / 8];
static struct ws_lru lru[GROUPS][NODES];
static u16 page[PAGES];
static u32 pool[16 * (2 + PAGES / 8)];
static u32 pages_used;

static void start(void)
{
	cr_assert_eq(ws_groups_footprint(GROUPS, NODES), sizeof(memory));
	memset(memory, 0xa5, sizeof(memory));
	memset(page, 0, sizeof(page));
	memset(pool, 0, sizeof(pool));
	pages_used = 0;
	cr_assert_eq(ws_groups_init(&groups, memory, GROUPS, NODES), 0);
}

/* A group with an lruvec on each node. */
static u32 make(u32 parent)
{
	u32 group = WS_GROUP_NONE;

	cr_assert_eq(ws_groups_add(&groups, parent, &group), 0);
	for (u32 node = 0; node < NODES; node++) {
		cr_assert_eq(ws_lru_init_rules(&lru[group][node], page, pool, PAGES,
					       ws_rules_find("6.12", 4), 0), 0);
		cr_assert_eq(ws_groups_attach(&groups, group, node, &lru[group][node]), 0);
	}
	return group;
}

static void fill(u32 group, u32 node, u32 count, enum ws_type type)
{
	while (count--)
		ws_lru_add(&lru[group][node], pages_used++, type, WS_ENTER_FAULT, 0);
}

/* --- the tree --- */

Test(group, groups_are_numbered_after_their_parents)
{
	u32 a, b, c, d;

	start();
	a = make(WS_GROUP_ROOT);
	b = make(a);
	c = make(a);
	cr_assert(a > 0 && b > a && c > a);
	cr_assert(ws_groups_below(&groups, c, a) && ws_groups_below(&groups, c, WS_GROUP_ROOT));
	cr_assert(ws_groups_below(&groups, c, c));
	cr_assert_not(ws_groups_below(&groups, c, b));
	cr_assert_not(ws_groups_below(&groups, a, c));
	cr_assert_eq(ws_groups_remove(&groups, a), -EBUSY, "has groups");
	fill(b, 1, 1, WS_ANON);
	cr_assert_eq(ws_groups_remove(&groups, b), -EBUSY, "has a page");
	ws_lru_remove(&lru[b][1], 0);
	cr_assert_eq(ws_groups_remove(&groups, b), 0);
	cr_assert_eq(ws_groups_remove(&groups, b), -EINVAL);
	cr_assert_eq(ws_groups_remove(&groups, WS_GROUP_ROOT), -EINVAL);
	cr_assert_eq(ws_groups_add(&groups, c, &d), 0);
	cr_assert(d > c, "a free number below would not do");
	cr_assert_eq(ws_groups_add(&groups, b, &d), -EINVAL, "is gone");
	cr_assert_eq(ws_groups_attach(&groups, c, NODES, NULL), -EINVAL);
	cr_assert_eq(ws_groups_limit(&groups, b, 1, 1), -EINVAL);
}

Test(group, there_are_as_many_groups_as_there_is_memory_for)
{
	u32 group;

	start();
	for (u32 i = 1; i < GROUPS; i++)
		cr_assert_eq(ws_groups_add(&groups, WS_GROUP_ROOT, &group), 0);
	cr_assert_eq(ws_groups_add(&groups, WS_GROUP_ROOT, &group), -ENOSPC);
	cr_assert_eq(ws_groups_remove(&groups, 3), 0);
	cr_assert_eq(ws_groups_add(&groups, 4, &group), -ENOSPC, "3 is below its parent");
	cr_assert_eq(ws_groups_add(&groups, 2, &group), 0);
	cr_assert_eq(group, 3);
	cr_assert_eq(ws_groups_init(&groups, memory, 0, 1), -EINVAL);
	cr_assert_eq(ws_groups_init(&groups, memory, 1, 0), -EINVAL);
}

/* --- protection --- */

/* The kernel's own example, Documentation/admin-guide/cgroup-v2: A 2G; B, C, D use 2, 2, 2G. */
Test(group, overcommitted_protection_is_shared_in_proportion)
{
	cr_assert_eq(ws_effective_protection(200, 600, 300, 200, 500, true), 80);
	cr_assert_eq(ws_effective_protection(200, 600, 100, 200, 500, true), 40);
	cr_assert_eq(ws_effective_protection(200, 600, 0, 200, 500, true), 0);
	/* Not overcommitted: each what it claims and uses. */
	cr_assert_eq(ws_effective_protection(50, 600, 100, 200, 150, false), 50);
	cr_assert_eq(ws_effective_protection(200, 600, 100, 200, 150, false), 100);
	/* What nobody claims goes to those above their claim: 50 of 450 for 100 beyond. */
	cr_assert_eq(ws_effective_protection(200, 600, 100, 200, 150, true), 111);
	cr_assert_eq(ws_effective_protection(100, 600, 100, 200, 150, true), 100);
}

Test(group, min_protects_always_and_low_while_others_have_more)
{
	u32 a, b, c;

	start();
	a = make(WS_GROUP_ROOT);
	b = make(WS_GROUP_ROOT);
	c = make(WS_GROUP_ROOT);
	fill(a, 0, 60, WS_ANON);
	fill(a, 1, 40, WS_FILE);
	fill(b, 0, 100, WS_ANON);
	fill(c, 0, 100, WS_ANON);
	ws_groups_limit(&groups, a, 100, 0);
	ws_groups_limit(&groups, b, 20, 150);
	ws_groups_limit(&groups, c, 99, 50);
	ws_groups_protect(&groups, WS_GROUP_ROOT);
	cr_assert_eq(groups.group[WS_GROUP_ROOT].usage_pages, 300);
	cr_assert_eq(ws_groups_protected(&groups, a), WS_PROTECTED_MIN);
	cr_assert_eq(ws_groups_protected(&groups, b), WS_PROTECTED_LOW);
	cr_assert_eq(ws_groups_protected(&groups, c), WS_PROTECTED_NOT);
	cr_assert_eq(ws_groups_scan(&groups, a, 1000, true, false), 0, "never");
	cr_assert_eq(ws_groups_scan(&groups, b, 1000, false, false), 0, "not yet");
	cr_assert_eq(ws_groups_scan(&groups, b, 1000, true, false), 1000);
	cr_assert_eq(ws_groups_scan(&groups, c, 1000, false, false), 1000);
	fill(a, 0, 1, WS_ANON);
	ws_groups_protect(&groups, WS_GROUP_ROOT);
	cr_assert_eq(ws_groups_protected(&groups, a), WS_PROTECTED_NOT, "one above its min");
}

/* A quarter of it is beyond the protection: a quarter is looked at, and 32 at least. */
Test(group, partly_protected_groups_are_scanned_in_proportion)
{
	u32 a;

	start();
	a = make(WS_GROUP_ROOT);
	fill(a, 0, 400, WS_ANON);
	ws_groups_limit(&groups, a, 100, 300);
	ws_groups_protect(&groups, WS_GROUP_ROOT);
	cr_assert_eq(ws_groups_scan(&groups, a, 401, false, true), 401 - 300, "low");
	cr_assert_eq(ws_groups_scan(&groups, a, 401, true, true), 401 - 100, "then min");
	cr_assert_eq(ws_groups_scan(&groups, a, 40, false, true), 32);
	cr_assert_eq(ws_groups_scan(&groups, a, 401, false, false), 401, "until 2025");
}

/* jobs has 100 of min; its children claim 80 and 120 and use more: 40 and 60. */
Test(group, children_share_what_their_parent_has)
{
	u32 jobs, batch, serve;

	start();
	jobs = make(WS_GROUP_ROOT);
	batch = make(jobs);
	serve = make(jobs);
	fill(jobs, 0, 10, WS_ANON);
	fill(batch, 0, 200, WS_ANON);
	fill(serve, 1, 200, WS_ANON);
	ws_groups_limit(&groups, jobs, 100, 0);
	ws_groups_limit(&groups, batch, 80, 0);
	ws_groups_limit(&groups, serve, 120, 0);
	ws_groups_protect(&groups, WS_GROUP_ROOT);
	cr_assert_eq(groups.group[jobs].usage_pages, 410);
	cr_assert_eq(groups.group[jobs].claimed_min, 200);
	cr_assert_eq(groups.group[jobs].emin_pages, 100);
	cr_assert_eq(groups.group[batch].emin_pages, 40);
	cr_assert_eq(groups.group[serve].emin_pages, 60);
	/* Reclaim that aims at jobs: its own protection is not asked, the children's is whole. */
	ws_groups_protect(&groups, jobs);
	cr_assert_eq(groups.group[jobs].emin_pages, 0);
	cr_assert_eq(groups.group[batch].emin_pages, 80);
	cr_assert_eq(groups.group[serve].emin_pages, 120);
}

/* Ten pages that no lruvec has are used all the same, by the parent too, and protected. */
Test(group, what_lies_on_no_lruvec_is_used_too)
{
	u32 jobs, batch;

	start();
	jobs = make(WS_GROUP_ROOT);
	batch = make(jobs);
	fill(batch, 0, 90, WS_ANON);
	ws_groups_limit(&groups, jobs, 0, 99);
	ws_groups_limit(&groups, batch, 95, 100);
	cr_assert_eq(ws_groups_charge(&groups, batch, 10), 0);
	ws_groups_protect(&groups, WS_GROUP_ROOT);
	cr_assert_eq(groups.group[batch].usage_pages, 100);
	cr_assert_eq(groups.group[jobs].usage_pages, 100);
	cr_assert_eq(groups.group[jobs].claimed_min, 95);
	cr_assert_eq(groups.group[batch].elow_pages, 99, "all that jobs has");
	cr_assert_eq(ws_groups_protected(&groups, batch), WS_PROTECTED_NOT, "one above");
	cr_assert_eq(ws_groups_charge(&groups, batch, 9), 0);
	ws_groups_protect(&groups, WS_GROUP_ROOT);
	cr_assert_eq(groups.group[jobs].usage_pages, 99, "replaced, not added");
	cr_assert_eq(ws_groups_protected(&groups, batch), WS_PROTECTED_LOW);
	cr_assert_eq(ws_groups_charge(&groups, batch + 1, 1), -EINVAL);
	while (ws_age_total(&lru[batch][0].age))
		ws_lru_remove(&lru[batch][0], --pages_used);
	cr_assert_eq(ws_groups_remove(&groups, batch), -EBUSY, "nine pages");
	ws_groups_charge(&groups, batch, 0);
	cr_assert_eq(ws_groups_remove(&groups, batch), 0);
}

/* --- min_ttl --- */

Test(group, memory_is_out_when_all_that_is_left_is_younger_than_min_ttl)
{
	u32 a, b;

	start();
	a = make(WS_GROUP_ROOT);
	b = make(WS_GROUP_ROOT);
	fill(a, 0, 100, WS_ANON);
	fill(b, 0, 100, WS_ANON);
	ws_groups_protect(&groups, WS_GROUP_ROOT);
	cr_assert_not(ws_groups_out_of_memory(&groups, 0, 0, 500 * MS, 60, 0), "off");
	cr_assert(ws_groups_out_of_memory(&groups, 0, 1000 * MS, 500 * MS, 60, 0));
	cr_assert_not(ws_groups_out_of_memory(&groups, 0, 1000 * MS, 1001 * MS, 60, 0));
	/* a is aged: three generations born at 900 and after; b still is as old as it was. */
	for (u32 i = 0; i < 3; i++)
		cr_assert_eq(ws_lru_advance(&lru[a][0], (900 + i) * MS), 0);
	cr_assert_not(ws_groups_out_of_memory(&groups, 0, 500 * MS, 1000 * MS, 60, 0), "b");
	ws_groups_limit(&groups, b, 100, 0);
	ws_groups_protect(&groups, WS_GROUP_ROOT);
	cr_assert_not(ws_groups_out_of_memory(&groups, 0, 500 * MS, 1000 * MS, 60, 0),
		      "a's oldest is of 0 ms still");
	cr_assert_eq(ws_lru_advance(&lru[a][0], 950 * MS), 0);
	cr_assert(ws_groups_out_of_memory(&groups, 0, 500 * MS, 1000 * MS, 60, 0),
		  "b is protected, a is young");
	cr_assert(ws_groups_out_of_memory(&groups, 1, 500 * MS, 1000 * MS, 60, 0), "no pages");
}

Test(group, too_small_an_lruvec_and_one_without_swap_do_not_count)
{
	u32 a;

	start();
	a = make(WS_GROUP_ROOT);
	fill(a, 0, 63, WS_ANON);
	ws_groups_protect(&groups, WS_GROUP_ROOT);
	cr_assert(ws_lru_is_worth_it(&lru[a][0], 10 * MS, 20 * MS, 60, 5));
	cr_assert_not(ws_lru_is_worth_it(&lru[a][0], 10 * MS, 20 * MS, 60, 6), "63 >> 6 is 0");
	cr_assert_not(ws_lru_is_worth_it(&lru[a][0], 10 * MS, 20 * MS, 0, 0), "anon without swap");
	cr_assert_not(ws_lru_is_worth_it(&lru[a][0], 10 * MS, 10 * MS, 60, 0));
}

/* 6.12 looks at file's oldest generation, 6.14 at the oldest of both. */
Test(group, whose_generation_min_ttl_looks_at)
{
	static const char *const names[] = { "6.12", "6.14" };

	for (u32 i = 0; i < 2; i++) {
		start();
		cr_assert_eq(ws_lru_init_rules(&lru[0][0], page, pool, PAGES,
					       ws_rules_find(names[i], 4), 0), 0);
		ws_lru_add(&lru[0][0], 0, WS_ANON, WS_ENTER_FAULT, 0);
		cr_assert_eq(ws_lru_advance(&lru[0][0], 100 * MS), 0);
		cr_assert(ws_age_fold(&lru[0][0].age, WS_FILE));
		cr_assert(ws_age_fold(&lru[0][0].age, WS_FILE));
		lru[0][0].age.birth_ns[ws_age_slot(&lru[0][0].age, 3)] = 50 * MS;
		cr_assert_eq(ws_lru_is_worth_it(&lru[0][0], 60 * MS, 100 * MS, 60, 0), i);
	}
}

/* --- reports --- */

static const u64 edge_ns[] = { 5 * MS, 12 * MS, 33 * MS };

static void age_everything(u64 *random)
{
	for (u32 group = 0; group < groups.groups_top; group++)
		for (u32 node = 0; node < NODES; node++) {
			struct ws_lru *one = &lru[group][node];

			if (!group)
				continue;
			for (u32 i = 0; i < PAGES; i += 64) {
				*random = *random * 6364136223846793005ull + 1442695040888963407ull;
				/* The arrays are shared: only pages of this one may be young. */
				for (u32 k = i; k < i + 64; k++)
					if (ws_page_aged(page[k]) && k % (GROUPS * NODES) ==
									     group * NODES + node &&
					    *random >> k % 64 & 1)
						ws_age_move(&one->age, k, one->age.max_seq);
			}
			cr_assert_eq(ws_lru_advance(one, one->age.max_seq * 10 * MS), 0);
		}
}

/* Groups 1..7 on two nodes, page k in group and node k % 16; reports at every level. */
static void make_forest(u64 seed)
{
	u64 random = seed;

	start();
	make(WS_GROUP_ROOT);
	make(WS_GROUP_ROOT);
	make(2);
	make(2);
	make(4);
	make(4);
	make(1);
	for (u32 k = 0; k < PAGES; k++) {
		u32 group = k / NODES % GROUPS;

		if (group && k % 3)
			ws_lru_add(&lru[group][k % NODES], k, k % 5 ? WS_ANON : WS_FILE,
				   WS_ENTER_FAULT, 0);
	}
	for (u32 i = 0; i < 4; i++)
		age_everything(&random);
}

Test(group, reports_add_up_to_the_root_and_lose_no_page)
{
	static struct ws_hist hist[GROUPS], alone;
	struct ws_groups_pass pass;
	u64 now_ns = 100 * MS;

	for (u64 seed = 1; seed <= 4; seed++) {
		u64 all[NODES][WS_TYPES] = { { 0 } };

		make_forest(seed);
		for (u32 node = 0; node <= NODES; node++) {
			u32 on = node < NODES ? node : WS_NODE_ALL;

			cr_assert_eq(ws_hist_init(&hist[0], edge_ns, 3), 0);
			ws_groups_collect_begin(&pass, &groups, hist, on, now_ns);
			while (ws_groups_collect_step(&pass, 3))
				;
			for (u32 group = 0; group < GROUPS; group++) {
				struct ws_group_source source = { &groups, group, on, NULL, NULL };

				cr_assert_eq(ws_hist_init(&alone, edge_ns, 3), 0);
				cr_assert_eq(ws_group_ages.collect(&source, &alone, now_ns), 0);
				cr_assert(!memcmp(alone.pages, hist[group].pages,
						  sizeof(alone.pages)),
					  "seed %llu: group %u by itself", seed, group);
			}
			for (u32 type = 0; type < WS_TYPES; type++) {
				u64 pages = ws_hist_total(&hist[0], type), below = 0;

				for (u32 group = 1; group < GROUPS; group++)
					for (u32 n = 0; n < NODES; n++)
						if (on == WS_NODE_ALL || on == n)
							for (u32 k = 0; k < PAGES; k++)
								below += k % NODES == n &&
									 k / NODES % GROUPS == group &&
									 ws_page_aged(page[k]) &&
									 ws_page_type(page[k]) == type;
				cr_assert_eq(pages, below, "seed %llu: pages are conserved", seed);
				if (node < NODES)
					all[node][type] = pages;
				else
					cr_assert_eq(pages, all[0][type] + all[1][type]);
			}
			/* 2 has 3 and 4, which has 5 and 6, below it; 1 has 7. */
			for (u32 bin = 0; bin < 4; bin++)
				cr_assert_eq(hist[0].pages[WS_ANON][bin],
					     hist[1].pages[WS_ANON][bin] +
						     hist[2].pages[WS_ANON][bin]);
		}
	}
}

static u32 aged;

static int age_one(void *ctx, struct ws_lru *one, u64 now_ns)
{
	(void)ctx;
	aged++;
	return now_ns == 77 * MS ? -EIO : ws_lru_advance(one, now_ns);
}

Test(group, a_group_is_a_source_of_reports)
{
	struct ws_group_source source = { &groups, 4, 1, age_one, NULL };
	struct ws_report_config config = { .edge_ns = { 5 * MS }, .edges_count = 1,
					   .refresh_interval_ns = 10 * MS };
	struct ws_report report;

	make_forest(9);
	ws_report_init(&report, &ws_group_ages, &source);
	cr_assert_eq(ws_report_configure(&report, &config), 0);
	aged = 0;
	/* Last aged at 60 ms. */
	cr_assert_eq(ws_group_ages.youngest_birth(&source), 60 * MS);
	cr_assert_eq(ws_report_refresh(&report, 65 * MS), 0);
	cr_assert_eq(aged, 0);
	cr_assert_eq(ws_report_refresh(&report, 76 * MS), 0);
	cr_assert_eq(aged, 3, "4, 5 and 6, on one node");
	cr_assert_eq(ws_group_ages.youngest_birth(&source), 76 * MS);
	cr_assert_eq(ws_report_refresh(&report, 77 * MS), 0, "cached");
	source.group = 3;
	report.valid = false;
	cr_assert_eq(ws_report_refresh(&report, 77 * MS), -EIO, "what the walk failed with");
}
