/* SPDX-License-Identifier: GPL-2.0-only */
/* ws_balloon_queue.c - virtqueues, messages and who owns them; see ws_balloon_dev.h. */
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "ws_balloon_compat.h"
#include "ws_balloon_dev.h"

static const char *const names[WS_VQS] = {
	"inflate", "deflate", "stats", "free page hints", "free page reporting",
	"working set", "working set notify",
};

/* Linux's transports number the queues that are asked for, from 0. */
static bool wanted(struct virtio_device *vdev, enum ws_vq queue)
{
	u64 features = vdev->features;

	return ws_vq_index(WS_VQ_NEGOTIATED, features, features, ws_balloon_ws_bit(vdev),
			   queue) >= 0;
}

static void heard(struct ws_balloon_device *dev, enum ws_vq queue)
{
	if (queue == WS_VQ_STATS)
		queue_work(system_freezable_wq, &dev->stats_work);
	if (queue == WS_VQ_WORKING_SET || queue == WS_VQ_NOTIFY)
		ws_balloon_ws_heard(dev);
	if (queue == WS_VQ_DEFLATE)
		queue_delayed_work(system_freezable_wq, &dev->size_work, 0);
}

static void callback(struct virtqueue *vq)
{
	struct ws_balloon_device *dev = vq->vdev->priv;
	struct ws_balloon_message *message;
	unsigned long flags;
	u32 i, used_bytes;

	for (i = 0; i < WS_VQS && dev->queue[i].vq != vq; i++)
		;
	if (i == WS_VQS)
		return;
	spin_lock_irqsave(&dev->queue[i].lock, flags);
	while ((message = virtqueue_get_buf(vq, &used_bytes))) {
		message->used_bytes = min(used_bytes, message->size);
		smp_store_release(&message->busy, false);
	}
	spin_unlock_irqrestore(&dev->queue[i].lock, flags);
	wake_up_all(&dev->acked);
	if (!READ_ONCE(dev->closing))
		heard(dev, i);
}

/* Without gaps among the names: what kernels make of those is not the same in all. */
int ws_balloon_queues_find(struct ws_balloon_device *dev)
{
	const char *name[WS_VQS] = { NULL };
	struct virtqueue *vqs[WS_VQS] = { NULL };
	u32 i, count = 0;
	int error;

	for (i = 0; i < WS_VQS; i++) {
		spin_lock_init(&dev->queue[i].lock);
		if (wanted(dev->vdev, i))
			name[count++] = names[i];
	}
	error = ws_balloon_find_vqs(dev->vdev, count, vqs, callback, name);
	count = 0;
	for (i = 0; i < WS_VQS && !error; i++)
		if (wanted(dev->vdev, i))
			dev->queue[i].vq = vqs[count++];
	return error;
}

struct ws_balloon_message *ws_balloon_message_new(u32 size)
{
	struct ws_balloon_message *message = kzalloc(struct_size(message, data, size), GFP_KERNEL);

	if (message) {
		message->size = size;
		INIT_LIST_HEAD(&message->pages);
	}
	return message;
}

void ws_balloon_message_free(struct ws_balloon_device *dev, struct ws_balloon_message *message)
{
	if (!message)
		return;
	WARN_ON(ws_balloon_busy(message) && !dev->gone);
	ws_balloon_pages_free(dev, &message->pages);
	kfree(message);
}

static int submit(struct ws_balloon_device *dev, enum ws_vq queue,
		  struct ws_balloon_message *message, struct scatterlist *sg, unsigned int count,
		  bool host_writes)
{
	struct ws_balloon_queue *q = &dev->queue[queue];
	unsigned long flags;
	bool notify = false;
	int error = -ENODEV;

	spin_lock_irqsave(&q->lock, flags);
	if (q->vq && !dev->gone) {
		message->busy = true;
		error = host_writes ?
				virtqueue_add_inbuf(q->vq, sg, count, message, GFP_ATOMIC) :
				virtqueue_add_outbuf(q->vq, sg, count, message, GFP_ATOMIC);
		if (error)
			message->busy = false;
		else
			notify = virtqueue_kick_prepare(q->vq);
	}
	spin_unlock_irqrestore(&q->lock, flags);
	if (notify)
		virtqueue_notify(q->vq);
	return error;
}

int ws_balloon_send(struct ws_balloon_device *dev, enum ws_vq queue,
		    struct ws_balloon_message *message, u32 len)
{
	struct scatterlist sg;

	sg_init_one(&sg, message->data, len);
	return submit(dev, queue, message, &sg, 1, false);
}

int ws_balloon_post(struct ws_balloon_device *dev, enum ws_vq queue,
		    struct ws_balloon_message *message)
{
	struct scatterlist sg;

	sg_init_one(&sg, message->data, message->size);
	return submit(dev, queue, message, &sg, 1, true);
}

int ws_balloon_post_pages(struct ws_balloon_device *dev, enum ws_vq queue,
			  struct ws_balloon_message *message, struct scatterlist *sg,
			  unsigned int count)
{
	return submit(dev, queue, message, sg, count, true);
}

/* A broken device wakes nobody up, so that it is looked at again every second. */
bool ws_balloon_wait(struct ws_balloon_device *dev, struct ws_balloon_message *message,
		     unsigned long timeout)
{
	bool closing = false;
	unsigned long slice;

	while (ws_balloon_busy(message)) {
		if (READ_ONCE(dev->closing) && !closing) {
			closing = true;
			timeout = min(timeout, WS_BALLOON_PATIENCE);
		}
		if (READ_ONCE(dev->gone) || !timeout ||
		    virtqueue_is_broken(dev->queue[WS_VQ_INFLATE].vq))
			return false;
		slice = min_t(unsigned long, timeout, HZ);
		if (timeout != MAX_SCHEDULE_TIMEOUT)
			timeout -= slice;
		wait_event_timeout(dev->acked,
				   !ws_balloon_busy(message) || READ_ONCE(dev->gone) ||
					   READ_ONCE(dev->closing) != closing,
				   slice);
	}
	return true;
}
