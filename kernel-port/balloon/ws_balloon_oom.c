/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ws_balloon_oom.c - the guest is out of memory and takes pages back, if the host allows.
 *
 * Nothing may be waited for here that could itself wait for memory.  Unless the host
 * must be told first, the pages are free at once; else it gets a second, and what it
 * has not acknowledged by then is freed when it does.
 */
#include <linux/oom.h>

#include "ws_balloon_dev.h"

static struct ws_balloon_message *idle_message(struct ws_balloon_device *dev)
{
	u32 i;

	for (i = 0; i < WS_BALLOON_OOM_MESSAGES; i++)
		if (!ws_balloon_busy(dev->oom[i]) && list_empty(&dev->oom[i]->pages))
			return dev->oom[i];
	return NULL;
}

/* Compaction may have some of them for the moment: these have not left the balloon. */
static u32 take(struct ws_balloon_device *dev, struct ws_balloon_message *message)
{
	u32 asked = ws_balloon_oom(&dev->balloon);
	u32 got = asked ? ws_balloon_pages_take(dev, message, asked, dev->oom_pfn) : 0;

	if (got < asked)
		ws_balloon_inflated(&dev->balloon, asked - got, asked - got, 0);
	return got;
}

/* Send what is to be freed.  Return: the message, or NULL when there is none. */
static struct ws_balloon_message *give_back(struct ws_balloon_device *dev, u32 *count)
{
	struct ws_balloon_message *message;
	int len;

	lockdep_assert_held(&dev->lock);
	message = READ_ONCE(dev->closing) ? NULL : idle_message(dev);
	*count = message ? take(dev, message) : 0;
	if (!*count)
		return NULL;
	len = ws_wire_pfns_encode(dev->oom_pfn, *count, message->data, message->size);
	if (len > 0)
		ws_balloon_send(dev, WS_VQ_DEFLATE, message, len);
	return message;
}

/* Several may look after one message: whoever finds the pages frees them. */
static void free_pages_of(struct ws_balloon_device *dev, struct ws_balloon_message *message,
			  bool at_once)
{
	LIST_HEAD(pages);

	mutex_lock(&dev->lock);
	if (at_once || !ws_balloon_busy(message))
		list_splice_init(&message->pages, &pages);
	mutex_unlock(&dev->lock);
	ws_balloon_pages_free(dev, &pages);
}

static int oom_notify(struct notifier_block *notifier, unsigned long unused, void *freed)
{
	struct ws_balloon_device *dev =
		container_of(notifier, struct ws_balloon_device, oom_notifier);
	bool told_first = virtio_has_feature(dev->vdev, WS_F_MUST_TELL_HOST);
	struct ws_balloon_message *message;
	u32 count;

	*(unsigned long *)freed += ws_balloon_hint_shrink(dev);
	ws_balloon_ws_pressure(dev);
	mutex_lock(&dev->lock);
	message = give_back(dev, &count);
	mutex_unlock(&dev->lock);
	if (!message)
		return NOTIFY_OK;
	if (!told_first || ws_balloon_wait(dev, message, WS_BALLOON_PATIENCE))
		*(unsigned long *)freed += count;
	free_pages_of(dev, message, !told_first);
	queue_delayed_work(system_freezable_wq, &dev->size_work, 0);
	return NOTIFY_OK;
}

void ws_balloon_oom_reap(struct ws_balloon_device *dev)
{
	u32 i;

	for (i = 0; i < WS_BALLOON_OOM_MESSAGES; i++)
		free_pages_of(dev, dev->oom[i], false);
}

int ws_balloon_oom_init(struct ws_balloon_device *dev)
{
	int error;
	u32 i;

	for (i = 0; i < WS_BALLOON_OOM_MESSAGES; i++) {
		dev->oom[i] = ws_balloon_message_new(WS_BALLOON_MESSAGE_PFNS_BYTES);
		if (!dev->oom[i])
			return -ENOMEM;
	}
	dev->oom_notifier.notifier_call = oom_notify;
	/* Before the others: what the balloon gives back hurts least. */
	dev->oom_notifier.priority = 1;
	error = register_oom_notifier(&dev->oom_notifier);
	dev->oom_registered = !error;
	return error;
}

void ws_balloon_oom_unregister(struct ws_balloon_device *dev)
{
	if (dev->oom_registered)
		unregister_oom_notifier(&dev->oom_notifier);
	dev->oom_registered = false;
}
