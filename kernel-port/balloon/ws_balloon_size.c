/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ws_balloon_size.c - inflate and deflate: the work that ws_balloon_step() orders.
 *
 * A page counts as the balloon's from the moment that the host has acknowledged it, and
 * no more from the moment that it is chosen to be given back.  In between it is in a
 * message and in no list.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "ws_balloon_dev.h"

static bool shrinks_memory(struct ws_balloon_device *dev)
{
	return !virtio_has_feature(dev->vdev, WS_F_DEFLATE_ON_OOM);
}

/* Written by this work alone, and after the reset of the device by nobody. */
static void tell_actual(struct ws_balloon_device *dev)
{
	u32 actual = READ_ONCE(dev->balloon.actual_pages);

	if (actual == dev->told_pages)
		return;
	ws_balloon_config_write(dev->vdev, WS_CONFIG_ACTUAL_OFFSET, actual);
	dev->told_pages = actual;
}

void ws_balloon_page_free(struct ws_balloon_device *dev, struct page *page)
{
	if (shrinks_memory(dev))
		adjust_managed_page_count(page, 1);
	put_page(page);
}

void ws_balloon_pages_free(struct ws_balloon_device *dev, struct list_head *pages)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, pages, lru) {
		list_del(&page->lru);
		ws_balloon_page_free(dev, page);
	}
}

u32 ws_balloon_pages_take(struct ws_balloon_device *dev, struct ws_balloon_message *message,
			  u32 count, u32 *pfn)
{
	struct page *page;
	u32 i = 0;

	lockdep_assert_held(&dev->lock);
	balloon_page_list_dequeue(&dev->pages, &message->pages, count);
	list_for_each_entry(page, &message->pages, lru)
		pfn[i++] = page_to_pfn(page);
	return i;
}

/* Pages that are the guest's no more, but not yet the balloon's. */
static u32 allocate(struct ws_balloon_device *dev, u32 wanted)
{
	struct page *page;
	u32 got;

	for (got = 0; got < wanted; got++) {
		page = balloon_page_alloc();
		if (!page)
			break;
		if (page_to_pfn(page) > U32_MAX) {
			put_page(page); /* the device has no number for it */
			break;
		}
		dev->pfn[got] = page_to_pfn(page);
		list_add_tail(&page->lru, &dev->inflate->pages);
		if (shrinks_memory(dev))
			adjust_managed_page_count(page, -1);
	}
	return got;
}

static int tell(struct ws_balloon_device *dev, enum ws_vq queue,
		struct ws_balloon_message *message, const u32 *pfn, u32 count)
{
	int len = ws_wire_pfns_encode(pfn, count, message->data, message->size);

	return len < 0 ? len : ws_balloon_send(dev, queue, message, len);
}

/* Return: false when the host did not take the message: there is nothing more to do. */
static bool inflate(struct ws_balloon_device *dev, u32 wanted)
{
	u32 got = allocate(dev, wanted);

	if (got) {
		if (tell(dev, WS_VQ_INFLATE, dev->inflate, dev->pfn, got)) {
			ws_balloon_pages_free(dev, &dev->inflate->pages);
			return false;
		}
		if (!ws_balloon_wait(dev, dev->inflate, MAX_SCHEDULE_TIMEOUT))
			return false;
	}
	mutex_lock(&dev->lock);
	if (got)
		balloon_page_list_enqueue(&dev->pages, &dev->inflate->pages);
	ws_balloon_inflated(&dev->balloon, wanted, got, ktime_get_ns());
	mutex_unlock(&dev->lock);
	tell_actual(dev);
	return true;
}

/* Return: pages, 0 when the host does not answer or compaction has them all. */
static u32 deflate(struct ws_balloon_device *dev, u32 wanted, unsigned long timeout)
{
	u32 count;

	mutex_lock(&dev->lock);
	count = ws_balloon_pages_take(dev, dev->deflate, wanted, dev->pfn);
	if (count)
		ws_balloon_deflated(&dev->balloon, count);
	mutex_unlock(&dev->lock);
	if (!count)
		return 0;
	/* Without a queue the pages stay in the message until the device is reset. */
	if (tell(dev, WS_VQ_DEFLATE, dev->deflate, dev->pfn, count) ||
	    !ws_balloon_wait(dev, dev->deflate, timeout))
		return 0;
	ws_balloon_pages_free(dev, &dev->deflate->pages);
	tell_actual(dev);
	return count;
}

static void read_target(struct ws_balloon_device *dev)
{
	u32 target;

	if (!xchg(&dev->changed, false))
		return;
	target = ws_balloon_config_read(dev->vdev, WS_CONFIG_NUM_PAGES_OFFSET);
	mutex_lock(&dev->lock);
	ws_balloon_set_target(&dev->balloon, target);
	mutex_unlock(&dev->lock);
}

static void again_at(struct ws_balloon_device *dev, u64 when_ns)
{
	u64 now_ns = ktime_get_ns(), wait_ns = when_ns > now_ns ? when_ns - now_ns : 0;

	queue_delayed_work(system_freezable_wq, &dev->size_work,
			   msecs_to_jiffies(div_u64(wait_ns, NSEC_PER_MSEC)) + 1);
}

static void size_work(struct work_struct *work)
{
	struct ws_balloon_device *dev =
		container_of(to_delayed_work(work), struct ws_balloon_device, size_work);
	struct ws_balloon_next next;

	ws_balloon_oom_reap(dev);
	while (!READ_ONCE(dev->closing)) {
		read_target(dev);
		tell_actual(dev);
		mutex_lock(&dev->lock);
		next = ws_balloon_step(&dev->balloon, ktime_get_ns());
		mutex_unlock(&dev->lock);
		if (next.what == WS_BALLOON_IDLE)
			return;
		if (next.what == WS_BALLOON_WAIT) {
			again_at(dev, next.until_ns);
			return;
		}
		if (next.what == WS_BALLOON_INFLATE && !inflate(dev, next.pages))
			return;
		if (next.what == WS_BALLOON_DEFLATE &&
		    !deflate(dev, next.pages, MAX_SCHEDULE_TIMEOUT)) {
			again_at(dev, ktime_get_ns() + WS_BALLOON_RETRY_NS);
			return;
		}
		cond_resched();
	}
}

int ws_balloon_size_init(struct ws_balloon_device *dev)
{
	ws_balloon_init(&dev->balloon, virtio_has_feature(dev->vdev, WS_F_DEFLATE_ON_OOM));
	balloon_devinfo_init(&dev->pages);
	INIT_DELAYED_WORK(&dev->size_work, size_work);
	dev->inflate = ws_balloon_message_new(WS_BALLOON_MESSAGE_PFNS_BYTES);
	dev->deflate = ws_balloon_message_new(WS_BALLOON_MESSAGE_PFNS_BYTES);
	return dev->inflate && dev->deflate ? 0 : -ENOMEM;
}

void ws_balloon_size_changed(struct ws_balloon_device *dev)
{
	WRITE_ONCE(dev->changed, true);
	queue_delayed_work(system_freezable_wq, &dev->size_work, 0);
}

/* The work has ended.  A host that answers is told all. */
void ws_balloon_size_empty(struct ws_balloon_device *dev)
{
	while (!ws_balloon_busy(dev->deflate) && list_empty(&dev->deflate->pages) &&
	       deflate(dev, WS_BALLOON_BATCH_PAGES, WS_BALLOON_PATIENCE))
		cond_resched();
}

void ws_balloon_size_release(struct ws_balloon_device *dev)
{
	unsigned long isolated;
	LIST_HEAD(pages);

	do {
		balloon_page_list_dequeue(&dev->pages, &pages, ULONG_MAX);
		ws_balloon_pages_free(dev, &pages);
		spin_lock_irq(&dev->pages.pages_lock);
		isolated = dev->pages.isolated_pages + !list_empty(&dev->pages.pages);
		spin_unlock_irq(&dev->pages.pages_lock);
		/* Compaction holds some; it puts them back, for the driver is closing. */
		if (isolated)
			schedule_timeout_uninterruptible(1);
	} while (isolated);
	ws_balloon_message_free(dev, dev->inflate);
	ws_balloon_message_free(dev, dev->deflate);
}
