/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ws_balloon_move.c - compaction: another page takes the place of one in the balloon.
 *
 * The new page is the host's before the old one is the guest's, so that the balloon is
 * never smaller than the host believes.
 */
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/vmstat.h>

#include "ws_balloon_dev.h"

#ifdef CONFIG_BALLOON_COMPACTION
static int tell(struct ws_balloon_device *dev, enum ws_vq queue,
		struct ws_balloon_message *message, struct page *page)
{
	u32 pfn = page_to_pfn(page);
	int len = ws_wire_pfns_encode(&pfn, 1, message->data, message->size);

	return len < 0 ? len : ws_balloon_send(dev, queue, message, len);
}

static void exchange(struct ws_balloon_device *dev, struct page *to, struct page *from)
{
	unsigned long flags;

	if (!virtio_has_feature(dev->vdev, WS_F_DEFLATE_ON_OOM) &&
	    page_zone(from) != page_zone(to)) {
		adjust_managed_page_count(from, 1);
		adjust_managed_page_count(to, -1);
	}
	spin_lock_irqsave(&dev->pages.pages_lock, flags);
	balloon_page_insert(&dev->pages, to);
	dev->pages.isolated_pages--;
	__count_vm_event(BALLOON_MIGRATE);
	spin_unlock_irqrestore(&dev->pages.pages_lock, flags);
	dev->moved_count++;
}

/* The balloon's reference to @to is the list's of its message until the host has it. */
static int inflate_one(struct ws_balloon_device *dev, struct page *to)
{
	if (ws_balloon_busy(dev->move_in) || ws_balloon_busy(dev->move_out) ||
	    page_to_pfn(to) > U32_MAX)
		return -EAGAIN;
	get_page(to);
	if (tell(dev, WS_VQ_INFLATE, dev->move_in, to)) {
		put_page(to);
		return -EAGAIN;
	}
	if (ws_balloon_wait(dev, dev->move_in, MAX_SCHEDULE_TIMEOUT))
		return 0;
	/* Its migration fails and the page is the host's: it stays until the reset. */
	dev->limbo = to;
	return -EAGAIN;
}

static int migrate(struct balloon_dev_info *pages, struct page *to, struct page *from,
		   enum migrate_mode mode)
{
	struct ws_balloon_device *dev = container_of(pages, struct ws_balloon_device, pages);
	int error;

	if (READ_ONCE(dev->closing) || !mutex_trylock(&dev->move_lock))
		return -EAGAIN;
	error = dev->limbo ? -EAGAIN : inflate_one(dev, to);
	if (!error) {
		exchange(dev, to, from);
		/* A host that must be told first and does not answer has it until the reset. */
		if (!tell(dev, WS_VQ_DEFLATE, dev->move_out, from) &&
		    virtio_has_feature(dev->vdev, WS_F_MUST_TELL_HOST) &&
		    !ws_balloon_wait(dev, dev->move_out, MAX_SCHEDULE_TIMEOUT)) {
			get_page(from);
			dev->limbo = from;
		}
	}
	mutex_unlock(&dev->move_lock);
	if (error)
		return error;
	balloon_page_finalize(from);
	put_page(from);
	return MIGRATEPAGE_SUCCESS;
}
#endif

int ws_balloon_move_init(struct ws_balloon_device *dev)
{
	mutex_init(&dev->move_lock);
	dev->move_in = ws_balloon_message_new(sizeof(__le32));
	dev->move_out = ws_balloon_message_new(sizeof(__le32));
#ifdef CONFIG_BALLOON_COMPACTION
	dev->pages.migratepage = migrate;
#endif
	return dev->move_in && dev->move_out ? 0 : -ENOMEM;
}

void ws_balloon_move_release(struct ws_balloon_device *dev)
{
	if (dev->limbo)
		put_page(dev->limbo);
	dev->limbo = NULL;
	ws_balloon_message_free(dev, dev->move_in);
	ws_balloon_message_free(dev, dev->move_out);
}
