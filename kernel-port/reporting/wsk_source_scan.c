/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wsk_source_scan.c - ages out of accessed bits that we harvest ourselves; see wsk_scan.h.
 *
 * More generations than the kernel's four, and none of its configuration is asked for:
 * works with MGLRU off.  All views share the passes; a view whose refresh interval is over
 * makes one, and the next view finds its ages fresh.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/vmalloc.h>

#include "wsk_scan.h"
#include "wsk_source.h"

static unsigned int gens = WS_GENS_MAX;
module_param(gens, uint, 0444);
MODULE_PARM_DESC(gens, "scan: generations, 2 to 64 (default 64)");

static bool flush = true;
module_param(flush, bool, 0644);
MODULE_PARM_DESC(flush, "scan: flush user translations once a pass (default on)");

static int giveback = -1;
module_param(giveback, int, 0644);
MODULE_PARM_DESC(giveback, "scan: taken accessed bits are 0: lost to reclaim, 1: PG_young, "
		 "2: folio_mark_accessed(); default: 1 where the kernel has it, else 0");

struct wsk_scan wsk_scan;

/* --- lots ------------------------------------------------------------------------------- */

static void lot_free(struct wsk_lot *lot)
{
	wsk_scan.footprint_bytes -= sizeof(*lot);
	wsk_scan.lot[lot->index] = NULL;
	kvfree(lot);
}

/* Born with the pass before: what it gets now came since. */
static int lot_add(struct wsk_view *view)
{
	struct wsk_lot *lot;
	u32 index;

	for (index = 1; index < wsk_scan.lots_end && wsk_scan.lot[index]; index++)
		;
	if (index == WSK_LOTS_MAX)
		return -ENOSPC;
	lot = kvzalloc(sizeof(*lot), GFP_KERNEL);
	if (!lot)
		return -ENOMEM;
	ws_age_init(&lot->age, wsk_scan.page, wsk_scan.frames_count, gens, wsk_scan.pass_ns);
	lot->group = view->group;
	lot->node_index = view->node - wsk_nodes;
	lot->index = index;
	wsk_scan.lot[index] = lot;
	wsk_scan.lots_end = max(wsk_scan.lots_end, index + 1);
	wsk_scan.footprint_bytes += sizeof(*lot);
	view->lot = lot;
	return 0;
}

/* Without a lot of its own a memcg's pages count as its parent's. */
static void lots_add(void)
{
	struct wsk_group *group;
	int i;

	list_for_each_entry(group, &wsk_groups, link)
		for (i = 0; i < wsk_nodes_count; i++)
			if (!group->view[i].lot && lot_add(&group->view[i]) && !group->parent)
				pr_warn_once("ws: no memory for the ages of a node\n");
}

static void lots_begin(void)
{
	u32 index;

	lots_add();
	for (index = 1; index < wsk_scan.lots_end; index++)
		if (wsk_scan.lot[index])
			memset(wsk_scan.lot[index]->vacated, 0, sizeof(wsk_scan.lot[index]->vacated));
}

static void lots_advance(u64 now_ns)
{
	bool folded[WS_TYPES];
	u32 index;

	for (index = 1; index < wsk_scan.lots_end; index++) {
		struct wsk_lot *lot = wsk_scan.lot[index];

		if (!lot)
			continue;
		if (lot->orphan && !ws_age_total(&lot->age)) {
			lot_free(lot);
			continue;
		}
		/* Out of names, the youngest generation goes on for another pass. */
		lot->relabel = ws_age_advance(&lot->age, now_ns, folded) ||
			       lot->age.labels_free < WS_LABELS / 4;
	}
}

static void scan_forget(struct wsk_group *group)
{
	u32 index;
	int i;

	for (i = 0; i < wsk_nodes_count; i++)
		group->view[i].lot = NULL;
	for (index = 1; index < wsk_scan.lots_end; index++) {
		struct wsk_lot *lot = wsk_scan.lot[index];

		if (!lot || lot->group != group)
			continue;
		lot->group = group->parent;
		lot->orphan = true;
	}
}

/* --- a pass ----------------------------------------------------------------------------- */

static enum wsk_giveback giveback_now(void)
{
	int wanted = READ_ONCE(giveback);

	if (wanted >= 0 && wanted <= WSK_GIVE_MARK)
		return wanted;
	return IS_ENABLED(CONFIG_PAGE_IDLE_FLAG) ? WSK_GIVE_YOUNG : WSK_GIVE_NOTHING;
}

static int scan_age(void *ctx, u64 now_ns)
{
	struct wsk_scan *scan = &wsk_scan;
	unsigned long now_jiffies = jiffies;
	u64 walked_ns, swept_ns;
	int error;

	lots_begin();
	bitmap_zero(scan->mapped, scan->frames_count);
	bitmap_zero(scan->young, scan->frames_count);
	error = wsk_scan_mms(scan);
	if (!error && READ_ONCE(flush))
		wsk_scan_flush();
	walked_ns = ktime_get_ns();
	if (!error)
		error = wsk_scan_frames(scan, giveback_now());
	if (error) {
		scan->stats.passes_broken_off++;
		return error;
	}
	lots_advance(now_ns);
	swept_ns = ktime_get_ns();
	scan->first = false;
	scan->pass_ns = now_ns;
	scan->pass_jiffies = now_jiffies;
	scan->stats.passes++;
	scan->stats.walk_last_ns = walked_ns - now_ns;
	scan->stats.sweep_last_ns = swept_ns - walked_ns;
	scan->stats.walk_ns += scan->stats.walk_last_ns;
	scan->stats.sweep_ns += scan->stats.sweep_last_ns;
	return 0;
}

static u64 scan_youngest_birth(void *ctx)
{
	return wsk_scan.pass_ns;
}

static int scan_collect(void *ctx, struct ws_hist *hist, u64 now_ns)
{
	struct wsk_view *view = ctx;
	u32 index;

	for (index = 1; index < wsk_scan.lots_end; index++) {
		struct wsk_lot *lot = wsk_scan.lot[index];

		if (lot && &wsk_nodes[lot->node_index] == view->node &&
		    wsk_group_within(lot->group, view->group))
			ws_age_collect(&lot->age, hist, now_ns);
	}
	return 0;
}

/* --- as a source -------------------------------------------------------------------------- */

static void *scan_alloc(u64 bytes)
{
	wsk_scan.footprint_bytes += bytes;
	return vzalloc(bytes);
}

static void scan_stop(void)
{
	struct wsk_group *group;
	u32 index;
	int i;

	list_for_each_entry(group, &wsk_groups, link)
		for (i = 0; i < wsk_nodes_count; i++)
			group->view[i].lot = NULL;
	for (index = 1; index < wsk_scan.lots_end; index++)
		if (wsk_scan.lot[index])
			lot_free(wsk_scan.lot[index]);
	vfree(wsk_scan.lot);
	vfree(wsk_scan.page);
	vfree(wsk_scan.owner);
	vfree(wsk_scan.flags);
	vfree(wsk_scan.mapped);
	vfree(wsk_scan.young);
	memset(&wsk_scan, 0, sizeof(wsk_scan));
}

/* Frames beyond the last node's end, plugged in later, are not looked at. */
static int scan_start(void)
{
	unsigned long end = 0;
	u64 bitmap;
	int i;

	if (gens < WS_GENS_MIN || gens > WS_GENS_MAX)
		return -EINVAL;
	for (i = 0; i < wsk_nodes_count; i++)
		end = max(end, pgdat_end_pfn(NODE_DATA(wsk_nodes[i].nid)));
	end = round_up(end, 64);
	if (end > U32_MAX)
		return -EOPNOTSUPP;
	bitmap = BITS_TO_LONGS(end) * sizeof(long);
	wsk_scan.frames_count = end;
	wsk_scan.lots_end = 1;
	wsk_scan.first = true;
	wsk_scan.pass_ns = ktime_get_ns();
	wsk_scan.pass_jiffies = jiffies;
	wsk_scan.page = scan_alloc(ws_age_footprint(end));
	wsk_scan.owner = scan_alloc(end * sizeof(*wsk_scan.owner));
	wsk_scan.flags = scan_alloc(end * sizeof(*wsk_scan.flags));
	wsk_scan.mapped = scan_alloc(bitmap);
	wsk_scan.young = scan_alloc(bitmap);
	wsk_scan.lot = scan_alloc(WSK_LOTS_MAX * sizeof(*wsk_scan.lot));
	if (wsk_scan.page && wsk_scan.owner && wsk_scan.flags && wsk_scan.mapped && wsk_scan.young &&
	    wsk_scan.lot)
		return 0;
	scan_stop();
	return -ENOMEM;
}

static int scan_stats(char *buf, int at)
{
	const struct wsk_scan_stats *stats = &wsk_scan.stats;
	const struct {
		const char *key;
		u64 value;
	} lines[] = {
		{ "frames_max", wsk_scan.frames_count },
		{ "footprint_bytes", wsk_scan.footprint_bytes },
		{ "passes", stats->passes },
		{ "passes_broken_off", stats->passes_broken_off },
		{ "walk_ns", stats->walk_ns },
		{ "walk_last_ns", stats->walk_last_ns },
		{ "sweep_ns", stats->sweep_ns },
		{ "sweep_last_ns", stats->sweep_last_ns },
		{ "mms", stats->mms },
		{ "mms_busy", stats->mms_busy },
		{ "mms_secondary", stats->mms_secondary },
		{ "ptes", stats->ptes },
		{ "young_ptes", stats->young_ptes },
		{ "huge_pmds", stats->huge_pmds },
		{ "young_pmds", stats->young_pmds },
		{ "frames", stats->frames },
		{ "young_frames", stats->young_frames },
		{ "cache_hits", stats->cache_hits },
		{ "moved_frames", stats->moved_frames },
		{ "cleared_referenced", stats->cleared_referenced },
		{ "given_back", stats->given_back },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(lines); i++)
		at += sysfs_emit_at(buf, at, "%s %llu\n", lines[i].key, lines[i].value);
	return at;
}

const struct wsk_source wsk_source_scan = {
	.name = "scan",
	.start = scan_start,
	.stop = scan_stop,
	.forget = scan_forget,
	.stats = scan_stats,
	.ages = {
		.age = scan_age,
		.youngest_birth = scan_youngest_birth,
		.collect = scan_collect,
	},
};
