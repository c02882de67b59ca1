/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ws_balloon_hint.c - free page hints: what a migration need not copy.
 *
 * What is sent when, and when blocks are freed, is ws_hint.h's; here is where blocks come
 * from and how they travel.  Under pressure they are freed earlier; a page that is then
 * written is copied after all.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "ws_balloon_compat.h"
#include "ws_balloon_dev.h"
#include "ws_hint.h"

#define BLOCK_BYTES (PAGE_SIZE << WS_BALLOON_ORDER_MAX)
#define HINT_MESSAGES 32

struct ws_balloon_hint {
	struct ws_balloon_device *dev;
	struct work_struct work;
	spinlock_t lock; /* of @blocks */
	struct list_head blocks;
	unsigned long blocks_count;
	struct ws_hint_guest guest; /* the work's alone */
	bool wanted; /* config space is to be read */
	struct ws_balloon_message *head, *tail, *block[HINT_MESSAGES];
};

static unsigned long free_blocks(struct ws_balloon_hint *hint)
{
	struct page *page, *next;
	unsigned long count = 0;
	LIST_HEAD(blocks);

	spin_lock(&hint->lock);
	list_splice_init(&hint->blocks, &blocks);
	hint->blocks_count = 0;
	spin_unlock(&hint->lock);
	list_for_each_entry_safe(page, next, &blocks, lru) {
		list_del(&page->lru);
		__free_pages(page, WS_BALLOON_ORDER_MAX);
		count++;
	}
	return count << WS_BALLOON_ORDER_MAX;
}

static bool send_command(struct ws_balloon_device *dev, struct ws_balloon_message *message,
			 u32 command)
{
	int len;

	if (!ws_balloon_wait(dev, message, MAX_SCHEDULE_TIMEOUT))
		return false;
	len = ws_wire_hint_encode(command, message->data, message->size);
	return len > 0 && !ws_balloon_send(dev, WS_VQ_FREE_PAGE, message, len);
}

/* One block, when there is one.  Blocks are kept though their message comes back. */
static bool send_block(struct ws_balloon_device *dev, struct ws_balloon_message *message)
{
	struct ws_balloon_hint *hint = dev->hint;
	struct scatterlist sg;
	struct page *page;

	if (!ws_balloon_wait(dev, message, MAX_SCHEDULE_TIMEOUT))
		return false;
	page = alloc_pages(__GFP_NORETRY | __GFP_NOWARN | __GFP_NOMEMALLOC, WS_BALLOON_ORDER_MAX);
	if (!page)
		return false;
	sg_init_table(&sg, 1);
	sg_set_page(&sg, page, BLOCK_BYTES, 0);
	if (ws_balloon_post_pages(dev, WS_VQ_FREE_PAGE, message, &sg, 1)) {
		__free_pages(page, WS_BALLOON_ORDER_MAX);
		return false;
	}
	spin_lock(&hint->lock);
	list_add(&page->lru, &hint->blocks);
	hint->blocks_count++;
	spin_unlock(&hint->lock);
	return true;
}

static void hint_work(struct work_struct *work)
{
	struct ws_balloon_hint *hint = container_of(work, struct ws_balloon_hint, work);
	struct ws_balloon_device *dev = hint->dev;
	u32 i = 0, id;

	while (!READ_ONCE(dev->closing)) {
		if (xchg(&hint->wanted, false))
			ws_hint_guest_command(&hint->guest, ws_balloon_config_read(
							dev->vdev, WS_CONFIG_HINT_OFFSET));
		switch (ws_hint_guest_next(&hint->guest, &id)) {
		case WS_HINT_SEND:
			if (!send_command(dev, id == WS_HINT_STOP ? hint->tail : hint->head, id))
				return;
			ws_hint_guest_sent(&hint->guest);
			break;
		case WS_HINT_HAND:
			if (!send_block(dev, hint->block[i++ % HINT_MESSAGES]))
				ws_hint_guest_empty(&hint->guest);
			cond_resched();
			break;
		case WS_HINT_FREE:
			free_blocks(hint);
			ws_hint_guest_freed(&hint->guest);
			break;
		case WS_HINT_WAIT:
		default:
			return;
		}
	}
}

int ws_balloon_hint_init(struct ws_balloon_device *dev)
{
	struct ws_balloon_hint *hint;
	u32 i;

	if (!virtio_has_feature(dev->vdev, WS_F_FREE_PAGE_HINT))
		return 0;
	hint = kzalloc(sizeof(*hint), GFP_KERNEL);
	if (!hint)
		return -ENOMEM;
	dev->hint = hint;
	hint->dev = dev;
	ws_hint_guest_init(&hint->guest);
	spin_lock_init(&hint->lock);
	INIT_LIST_HEAD(&hint->blocks);
	INIT_WORK(&hint->work, hint_work);
	hint->head = ws_balloon_message_new(sizeof(__le32));
	hint->tail = ws_balloon_message_new(sizeof(__le32));
	if (!hint->head || !hint->tail)
		return -ENOMEM;
	for (i = 0; i < HINT_MESSAGES; i++) {
		hint->block[i] = ws_balloon_message_new(0);
		if (!hint->block[i])
			return -ENOMEM;
	}
	return 0;
}

void ws_balloon_hint_changed(struct ws_balloon_device *dev)
{
	if (!dev->hint)
		return;
	WRITE_ONCE(dev->hint->wanted, true);
	queue_work(system_freezable_wq, &dev->hint->work);
}

unsigned long ws_balloon_hint_shrink(struct ws_balloon_device *dev)
{
	return dev->hint ? free_blocks(dev->hint) : 0;
}

void ws_balloon_hint_stop(struct ws_balloon_device *dev)
{
	if (dev->hint)
		cancel_work_sync(&dev->hint->work);
}

void ws_balloon_hint_release(struct ws_balloon_device *dev)
{
	struct ws_balloon_hint *hint = dev->hint;
	u32 i;

	if (!hint)
		return;
	free_blocks(hint);
	for (i = 0; i < HINT_MESSAGES; i++)
		ws_balloon_message_free(dev, hint->block[i]);
	ws_balloon_message_free(dev, hint->head);
	ws_balloon_message_free(dev, hint->tail);
	kfree(hint);
	dev->hint = NULL;
}
