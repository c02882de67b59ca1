/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ws_balloon_ages.c - ages from ws.ko where that is loaded, else from the kernel's
 * own generations, of all cgroups of a node.
 *
 * A generation was used between its own birth and that of the next.  The counts are read
 * without locks, as the kernel's own report of them does: they may be negative for the
 * moment, and then count as none.
 *
 * To begin a generation takes a function that stock kernels do not export (patches/).
 * Without it ages are as fine as reclaim, or whoever writes to lru_gen in debugfs, makes
 * them, and the report says that it is stale.
 */
#include <linux/jiffies.h>
#include <linux/memcontrol.h>
#include <linux/mm_inline.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/version.h>

#include "ws_balloon_ages.h"
#include "wsk_ages.h"

/* --- the kernel's generations --- */

#if defined(CONFIG_LRU_GEN) && defined(CONFIG_MEMCG)

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define ws_lru_gen lru_gen_folio
#else
#define ws_lru_gen lru_gen_struct
#endif

static struct cgroup_subsys_state *root_css(void)
{
	return memory_cgrp_subsys.root->cgrp.subsys[memory_cgrp_id];
}

static struct ws_lru_gen *generations(struct cgroup_subsys_state *css, int nid)
{
	return &mem_cgroup_from_css(css)->nodeinfo[nid]->lruvec.lrugen;
}

static u64 age_ns(const struct ws_lru_gen *lrugen, unsigned long seq)
{
	unsigned long birth = READ_ONCE(lrugen->timestamps[lru_gen_from_seq(seq)]);

	return (u64)(jiffies - birth) * (NSEC_PER_SEC / HZ);
}

static u64 pages_of(const struct ws_lru_gen *lrugen, unsigned long seq, enum ws_type type)
{
	u32 gen = lru_gen_from_seq(seq), zone;
	u64 pages = 0;

	for (zone = 0; zone < MAX_NR_ZONES; zone++)
		pages += max(READ_ONCE(lrugen->nr_pages[gen][type][zone]), 0l);
	return pages;
}

static void add(const struct ws_lru_gen *lrugen, struct ws_hist *hist, enum ws_type type)
{
	unsigned long max_seq = smp_load_acquire(&lrugen->max_seq), seq;
	u32 gens = min_t(unsigned long, max_seq - READ_ONCE(lrugen->min_seq[type]) + 1,
			 MAX_NR_GENS);
	u64 younger_ns = 0, older_ns;

	for (seq = max_seq; gens--; seq--) {
		older_ns = max(age_ns(lrugen, seq), younger_ns);
		ws_hist_add_span(hist, type, younger_ns, older_ns, pages_of(lrugen, seq, type));
		younger_ns = older_ns;
	}
}

static int generations_collect(const struct ws_balloon_node *node, struct ws_hist *hist)
{
	struct cgroup_subsys_state *css;

	rcu_read_lock();
	css_for_each_descendant_pre(css, root_css()) {
		add(generations(css, node->nid), hist, WS_ANON);
		add(generations(css, node->nid), hist, WS_FILE);
	}
	rcu_read_unlock();
	return 0;
}

static u64 generations_birth(const struct ws_balloon_node *node)
{
	const struct ws_lru_gen *lrugen = generations(root_css(), node->nid);
	u64 now_ns = ktime_get_ns();

	return now_ns - min(now_ns, age_ns(lrugen, READ_ONCE(lrugen->max_seq)));
}

#ifdef lru_gen_begin_generation
/* A cgroup that goes away meanwhile has no pages that matter. */
static int generations_age(struct ws_balloon_node *node)
{
	struct cgroup_subsys_state *css;
	int error, first_error = 0;

	rcu_read_lock();
	css_for_each_descendant_pre(css, root_css()) {
		if (!css_tryget_online(css))
			continue;
		rcu_read_unlock();
		error = lru_gen_begin_generation(mem_cgroup_from_css(css), node->nid, 0);
		if (error && error != -EAGAIN && !first_error)
			first_error = error;
		rcu_read_lock();
		css_put(css);
	}
	rcu_read_unlock();
	node->stale = first_error;
	return first_error;
}
#else
static int generations_age(struct ws_balloon_node *node)
{
	node->stale = true;
	return 0;
}
#endif

#else
static int generations_collect(const struct ws_balloon_node *node, struct ws_hist *hist)
{
	return -EOPNOTSUPP;
}

static u64 generations_birth(const struct ws_balloon_node *node)
{
	return 0;
}

static int generations_age(struct ws_balloon_node *node)
{
	return -EOPNOTSUPP;
}
#endif

/* --- or those of ws.ko, which may come and go --- */

static int collect(void *ctx, struct ws_hist *hist, u64 now_ns)
{
	const struct ws_ages_ops *loaded = symbol_get(wsk_node_ages);
	struct ws_balloon_node *node = ctx;
	int error = -EOPNOTSUPP;

	if (loaded) {
		error = loaded->collect(&node->nid, hist, now_ns);
		symbol_put(wsk_node_ages);
	}
	return error == -EOPNOTSUPP ? generations_collect(node, hist) : error;
}

/* A source that cannot age says that its youngest were born just now. */
static u64 youngest_birth(void *ctx)
{
	const struct ws_ages_ops *loaded = symbol_get(wsk_node_ages);
	struct ws_balloon_node *node = ctx;
	u64 before_ns = ktime_get_ns(), birth_ns = before_ns;

	if (loaded) {
		birth_ns = loaded->youngest_birth(&node->nid);
		symbol_put(wsk_node_ages);
	}
	return birth_ns < before_ns ? birth_ns : generations_birth(node);
}

static int age(void *ctx, u64 now_ns)
{
	const struct ws_ages_ops *loaded = symbol_get(wsk_node_ages);
	struct ws_balloon_node *node = ctx;
	int error = -EOPNOTSUPP;

	if (loaded) {
		error = loaded->age(&node->nid, now_ns);
		symbol_put(wsk_node_ages);
	}
	if (error == -EOPNOTSUPP)
		return generations_age(node);
	node->stale = error;
	return error;
}

const struct ws_ages_ops ws_balloon_ages = {
	.age = age,
	.youngest_birth = youngest_birth,
	.collect = collect,
};
