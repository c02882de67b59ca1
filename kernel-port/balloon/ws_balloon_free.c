/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ws_balloon_free.c - free page reporting: the allocator's free blocks, while they are free.
 *
 * The host may discard a block until it gives its buffer back; so the wait for this has
 * no end but the reset of the device.  What a block holds afterwards is nothing or, with
 * PAGE_POISON, the value that the guest has told.
 */
#include <linux/mm.h>
#include <linux/poison.h>

#include "ws_balloon_dev.h"
#include "ws_free.h"

static int report(struct page_reporting_dev_info *reporting, struct scatterlist *sg,
		  unsigned int count)
{
	struct ws_balloon_device *dev =
		container_of(reporting, struct ws_balloon_device, reporting);
	u64 bytes = 0;
	unsigned int i;
	int error;

	for (i = 0; i < count; i++)
		bytes += sg[i].length;
	if (READ_ONCE(dev->closing) || ws_balloon_busy(dev->reported))
		return -EBUSY;
	error = ws_balloon_post_pages(dev, WS_VQ_REPORTING, dev->reported, sg, count);
	if (error)
		return error;
	wait_event(dev->acked, !ws_balloon_busy(dev->reported) || READ_ONCE(dev->gone));
	if (ws_balloon_busy(dev->reported))
		return -ENODEV;
	dev->reported_bytes += bytes;
	return 0;
}

int ws_balloon_free_init(struct ws_balloon_device *dev)
{
	dev->reported = ws_balloon_message_new(0);
	return dev->reported ? 0 : -ENOMEM;
}

int ws_balloon_free_start(struct ws_balloon_device *dev)
{
	struct virtqueue *vq = dev->queue[WS_VQ_REPORTING].vq;
	int error;

	if (!vq)
		return 0;
	if (virtqueue_get_vring_size(vq) < PAGE_REPORTING_CAPACITY)
		return -ENOSPC;
	dev->reporting.report = report;
	error = page_reporting_register(&dev->reporting);
	dev->reporting_registered = !error;
	return error;
}

void ws_balloon_free_stop(struct ws_balloon_device *dev)
{
	if (dev->reporting_registered)
		page_reporting_unregister(&dev->reporting);
	dev->reporting_registered = false;
}

/* What the allocator expects to find in free pages, and later does not write again. */
static struct ws_free_value free_pages_hold(void)
{
	struct ws_free_value value = { .known = true };

	if (want_init_on_free())
		return value;
	value.known = page_poisoning_enabled_static();
	if (value.known)
		memset(&value.word, PAGE_POISON, sizeof(value.word));
	return value;
}

void ws_balloon_poison_validate(struct virtio_device *vdev)
{
	struct ws_free_value value = free_pages_hold();
	u64 may = ws_free_features(vdev->features, &value);
	unsigned int bit;

	for (bit = 0; bit < 64; bit++)
		if (!(may >> bit & 1))
			__virtio_clear_bit(vdev, bit);
}

void ws_balloon_poison_tell(struct ws_balloon_device *dev)
{
	struct ws_free_value value = free_pages_hold();

	if (ws_free_tells(dev->vdev->features, &value))
		ws_balloon_config_write(dev->vdev, WS_CONFIG_POISON_OFFSET, value.word);
}
