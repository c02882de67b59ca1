/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wsk_source_mglru.c - ages out of the kernel's own multi-generational LRU.
 *
 * Reads the generations' births and sizes of every memcg, without a lock, as the debugfs
 * file lru_gen does.  A module cannot make a stock kernel age: no symbol that does is
 * exported.  So ages are as fine as the kernel's own ageing, which comes with reclaim or
 * from user space (agent/mglru_age.sh writes "+" to debugfs), and no older than four
 * generations.  A kernel with the second patch of patches/ ages when a report is due.
 */
#include <linux/cgroup.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/memcontrol.h>
#include <linux/sysfs.h>

#include "wsk_compat.h"
#include "wsk_source.h"

_Static_assert(WS_TYPES == ANON_AND_FILE && (int)WS_FILE == (int)LRU_GEN_FILE, "the same types");

static u64 generations_read;

static struct wsk_lrugen *memcg_lrugen(struct cgroup_subsys_state *css, int nid)
{
	return &mem_cgroup_from_css(css)->nodeinfo[nid]->lruvec.lrugen;
}

static struct cgroup_subsys_state *root_css(void)
{
	return memory_cgrp_subsys.root->cgrp.subsys[memory_cgrp_id];
}

static bool lru_gen_is_on(int nid)
{
	return READ_ONCE(memcg_lrugen(root_css(), nid)->enabled);
}

static u64 generation_pages(struct wsk_lrugen *lrugen, int gen, enum ws_type type)
{
	u64 pages = 0;
	int zone;

	/* transiently negative, for sizes are settled in batches */
	for (zone = 0; zone < MAX_NR_ZONES; zone++)
		pages += max(READ_ONCE(lrugen->nr_pages[gen][type][zone]), 0L);
	return pages;
}

static void collect_type(struct wsk_lrugen *lrugen, struct ws_hist *hist, enum ws_type type)
{
	unsigned long max_seq = READ_ONCE(lrugen->max_seq), seq;
	unsigned long min_seq = READ_ONCE(lrugen->min_seq[type]);
	unsigned long now = jiffies, younger = 0, age;

	for (seq = max_seq; seq + 1 > min_seq && max_seq - seq < MAX_NR_GENS; seq--) {
		int gen = seq % MAX_NR_GENS;
		unsigned long birth = READ_ONCE(lrugen->timestamps[gen]);

		/* ageing that runs meanwhile must not turn ages round */
		age = time_after(now, birth) ? now - birth : 0;
		age = max(age, younger);
		ws_hist_add_span(hist, type, jiffies64_to_nsecs(younger), jiffies64_to_nsecs(age),
				 generation_pages(lrugen, gen, type));
		younger = age;
		generations_read++;
	}
}

static int mglru_collect(void *ctx, struct ws_hist *hist, u64 now_ns)
{
	struct wsk_view *view = ctx;
	struct cgroup_subsys_state *css;

	if (!lru_gen_is_on(view->node->nid))
		return -EOPNOTSUPP;
	rcu_read_lock();
	css_for_each_descendant_pre(css, view->group->css) {
		struct wsk_lrugen *lrugen = memcg_lrugen(css, view->node->nid);

		collect_type(lrugen, hist, WS_ANON);
		collect_type(lrugen, hist, WS_FILE);
	}
	rcu_read_unlock();
	return 0;
}

#ifdef lru_gen_begin_generation /* patches/: this kernel lets modules age */
static int mglru_age(void *ctx, u64 now_ns)
{
	struct wsk_view *view = ctx;
	unsigned long younger = msecs_to_jiffies(view->refresh_ms);
	struct cgroup_subsys_state *css;
	int error = 0;

	rcu_read_lock();
	css_for_each_descendant_pre(css, view->group->css) {
		if (!css_tryget_online(css))
			continue;
		rcu_read_unlock();
		if (READ_ONCE(wsk_stopping))
			error = -EINTR;
		else
			error = lru_gen_begin_generation(mem_cgroup_from_css(css), view->node->nid,
							 younger);
		cond_resched();
		rcu_read_lock();
		css_put(css);
		if (error && error != -EEXIST && error != -EAGAIN)
			break;
		error = 0;
	}
	rcu_read_unlock();
	return error;
}

static u64 mglru_youngest_birth(void *ctx)
{
	struct wsk_view *view = ctx;
	struct wsk_lrugen *lrugen = memcg_lrugen(view->group->css, view->node->nid);
	unsigned long birth = READ_ONCE(lrugen->timestamps[READ_ONCE(lrugen->max_seq) % MAX_NR_GENS]);
	u64 now_ns = ktime_get_ns();

	return now_ns - min(now_ns, jiffies64_to_nsecs(jiffies - birth));
}
#else
/* Never too old, so that nobody asks for ageing. */
static u64 mglru_youngest_birth(void *ctx)
{
	return ktime_get_ns();
}

static int mglru_age(void *ctx, u64 now_ns)
{
	return -EOPNOTSUPP;
}
#endif

static int mglru_start(void)
{
	generations_read = 0;
	return lru_gen_is_on(wsk_nodes[0].nid) ? 0 : -EOPNOTSUPP;
}

static void mglru_stop(void)
{
}

static int mglru_stats(char *buf, int at)
{
	return at + sysfs_emit_at(buf, at, "generations_read %llu\n", generations_read);
}

const struct wsk_source wsk_source_mglru = {
	.name = "mglru",
	.start = mglru_start,
	.stop = mglru_stop,
	.stats = mglru_stats,
	.ages = {
		.age = mglru_age,
		.youngest_birth = mglru_youngest_birth,
		.collect = mglru_collect,
	},
};
