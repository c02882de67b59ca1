/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ws_balloon_stats.c - statistics: the host returns the buffer when it wants new ones.
 *
 * Every answer has the same tags, as the specification demands: all that the kernel's
 * configuration counts.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmstat.h>

#include "ws_balloon_dev.h"

static void set(struct ws_stats *stats, enum ws_stat tag, u64 value)
{
	stats->present |= 1u << tag;
	stats->value[tag] = value;
}

#ifdef CONFIG_VM_EVENT_COUNTERS
static void set_events(struct ws_stats *stats, unsigned long *events)
{
	unsigned long stalls = 0;
	u32 zone;

	all_vm_events(events);
	for (zone = 0; zone < MAX_NR_ZONES; zone++)
		stalls += events[ALLOCSTALL_NORMAL - ZONE_NORMAL + zone];
#ifdef CONFIG_SWAP
	set(stats, WS_STAT_SWAP_IN, (u64)events[PSWPIN] << PAGE_SHIFT);
	set(stats, WS_STAT_SWAP_OUT, (u64)events[PSWPOUT] << PAGE_SHIFT);
#endif
	set(stats, WS_STAT_MAJFLT, events[PGMAJFAULT]);
	set(stats, WS_STAT_MINFLT, events[PGFAULT]);
#ifdef CONFIG_HUGETLB_PAGE
	set(stats, WS_STAT_HTLB_PGALLOC, events[HTLB_BUDDY_PGALLOC]);
	set(stats, WS_STAT_HTLB_PGFAIL, events[HTLB_BUDDY_PGALLOC_FAIL]);
#endif
	set(stats, WS_STAT_OOM_KILL, events[OOM_KILL]);
	set(stats, WS_STAT_ALLOC_STALL, stalls);
	set(stats, WS_STAT_ASYNC_SCAN, events[PGSCAN_KSWAPD]);
	set(stats, WS_STAT_DIRECT_SCAN, events[PGSCAN_DIRECT]);
	set(stats, WS_STAT_ASYNC_RECLAIM, events[PGSTEAL_KSWAPD]);
	set(stats, WS_STAT_DIRECT_RECLAIM, events[PGSTEAL_DIRECT]);
}

#define WS_BALLOON_EVENTS NR_VM_EVENT_ITEMS
#else
static void set_events(struct ws_stats *stats, unsigned long *events)
{
}

#define WS_BALLOON_EVENTS 1
#endif

static int fill(struct ws_balloon_message *message)
{
	struct ws_stats stats = {};
	unsigned long *events = kcalloc(WS_BALLOON_EVENTS, sizeof(*events), GFP_KERNEL);
	struct sysinfo info;

	if (!events)
		return -ENOMEM;
	si_meminfo(&info);
	set_events(&stats, events);
	kfree(events);
	set(&stats, WS_STAT_MEMFREE, (u64)info.freeram << PAGE_SHIFT);
	set(&stats, WS_STAT_MEMTOT, (u64)info.totalram << PAGE_SHIFT);
	set(&stats, WS_STAT_AVAIL, (u64)si_mem_available() << PAGE_SHIFT);
	set(&stats, WS_STAT_CACHES, (u64)global_node_page_state(NR_FILE_PAGES) << PAGE_SHIFT);
	return ws_wire_stats_encode(&stats, message->data, message->size);
}

static void stats_work(struct work_struct *work)
{
	struct ws_balloon_device *dev = container_of(work, struct ws_balloon_device, stats_work);
	int len;

	if (READ_ONCE(dev->closing) || ws_balloon_busy(dev->stats))
		return;
	len = fill(dev->stats);
	if (len > 0 && !ws_balloon_send(dev, WS_VQ_STATS, dev->stats, len))
		dev->stats_count++;
}

int ws_balloon_stats_init(struct ws_balloon_device *dev)
{
	INIT_WORK(&dev->stats_work, stats_work);
	dev->stats = ws_balloon_message_new(WS_STATS_BYTES_MAX);
	return dev->stats ? 0 : -ENOMEM;
}

/* The first ones are sent unasked: this is how the host gets the buffer. */
void ws_balloon_stats_start(struct ws_balloon_device *dev)
{
	if (dev->queue[WS_VQ_STATS].vq)
		queue_work(system_freezable_wq, &dev->stats_work);
}
