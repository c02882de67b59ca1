/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ws_balloon_dev.h - a virtio-balloon device as the guest's driver sees it.
 *
 * The driver is glue: what to do next is said by the core's ws_balloon (how many
 * pages, when) and ws_proto (what to answer), the bytes are ws_wire's.  Here is
 * what only a kernel can do: pages, virtqueues, notifiers, contexts.
 *
 *	ws_balloon_drv.c	probe, remove, sleep, changes of the config space
 *	ws_balloon_queue.c	virtqueues, messages and who owns them
 *	ws_balloon_size.c	inflate and deflate
 *	ws_balloon_oom.c	pages given back when the guest is out of memory
 *	ws_balloon_move.c	compaction: a page of the balloon for another
 *	ws_balloon_stats.c	statistics
 *	ws_balloon_free.c	free page reporting
 *	ws_balloon_hint.c	free page hints
 *	ws_balloon_ws.c		working-set reports
 *	ws_balloon_pressure.c	how the driver learns that reclaim is in distress
 *
 * A host may never answer.  So nobody waits for it but the works of this driver
 * (and a compaction that moves one of its pages), every wait ends a second after
 * @closing was set, and what the host may still hold is freed only after the device
 * was reset, which takes it away from the host.
 *
 * Locks, outermost first: move_lock, ws->lock; lock; a queue's lock.  Under @lock
 * nothing is allocated and nobody is waited for, because the OOM notifier takes it.
 */
#ifndef WS_BALLOON_DEV_H
#define WS_BALLOON_DEV_H

#include <linux/balloon_compaction.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/page_reporting.h>
#include <linux/spinlock.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "ws_balloon.h"
#include "ws_vq.h"
#include "ws_wire.h"

/* The pages of the device have 4 KiB, whatever the guest's have. */
static_assert(PAGE_SIZE == 1ul << WS_PAGE_SHIFT, "the core counts pages of 4 KiB");

#define WS_BALLOON_MESSAGE_PFNS_BYTES (4 * WS_BALLOON_BATCH_PAGES)

/* How long a host gets where its silence must not be waited out. */
#define WS_BALLOON_PATIENCE msecs_to_jiffies(1000)

/* Bytes that go to the host or come from it.  Its host's while @busy. */
struct ws_balloon_message {
	bool busy;
	u32 size;
	u32 used_bytes;		/* that the host wrote, at most @size */
	struct list_head pages; /* to be freed when it is no longer busy */
	u8 data[];
};

struct ws_balloon_queue {
	struct virtqueue *vq; /* NULL: the feature is not there */
	spinlock_t lock;
};

struct ws_balloon_ws;
struct ws_balloon_hint;
struct ws_balloon_pressure;

#define WS_BALLOON_OOM_MESSAGES 4

struct ws_balloon_device {
	struct virtio_device *vdev;
	struct ws_balloon_queue queue[WS_VQS];
	wait_queue_head_t acked; /* some message is no longer busy, or @closing, or @gone */
	bool closing;		 /* begin nothing, wait for the host a second at most */
	bool gone;		 /* the device was reset and holds nothing */
	bool changed;		 /* the config space, since it was last read */

	struct mutex lock; /* of @balloon and what @pages counts */
	struct ws_balloon balloon;
	struct balloon_dev_info pages;
	struct delayed_work size_work;
	struct ws_balloon_message *inflate, *deflate, *oom[WS_BALLOON_OOM_MESSAGES];
	u32 told_pages; /* what actual in the config space is */
	u32 pfn[WS_BALLOON_BATCH_PAGES]; /* of size_work */
	u32 oom_pfn[WS_BALLOON_BATCH_PAGES]; /* under @lock */
	struct notifier_block oom_notifier;
	bool oom_registered;

	struct mutex move_lock; /* of the next three */
	struct ws_balloon_message *move_in, *move_out;
	struct page *limbo; /* a page of which the host has not said whose it is */
	u64 moved_count;

	struct ws_balloon_message *stats;
	struct work_struct stats_work;
	u64 stats_count;

	struct page_reporting_dev_info reporting;
	struct ws_balloon_message *reported;
	bool reporting_registered;
	u64 reported_bytes;

	struct ws_balloon_hint *hint; /* NULL: not negotiated */
	struct ws_balloon_ws *ws;     /* NULL: not negotiated */
	struct ws_balloon_pressure *pressure;
	struct dentry *dentry;
};

/* ws_balloon_queue.c */

/* Find the queues that were negotiated.  0 or negative errno. */
int ws_balloon_queues_find(struct ws_balloon_device *dev);

/* NULL when there is no memory. */
struct ws_balloon_message *ws_balloon_message_new(u32 size);

/* Frees its pages too.  Not while busy, unless the device is gone.  NULL is allowed. */
void ws_balloon_message_free(struct ws_balloon_device *dev, struct ws_balloon_message *message);

/*
 * Give @len bytes of the message to the host to read, or all of it to be written.
 * It must not be busy.  Return: 0, or negative errno and it is not busy.
 */
int ws_balloon_send(struct ws_balloon_device *dev, enum ws_vq queue,
		    struct ws_balloon_message *message, u32 len);
int ws_balloon_post(struct ws_balloon_device *dev, enum ws_vq queue,
		    struct ws_balloon_message *message);

/* As ws_balloon_post(), memory that is not in the message; which stands for it. */
int ws_balloon_post_pages(struct ws_balloon_device *dev, enum ws_vq queue,
			  struct ws_balloon_message *message, struct scatterlist *sg,
			  unsigned int count);

/*
 * Wait until the host is done with it, at most @timeout jiffies.
 * Return: true, or false when the time is over, the driver's too, or the device is
 * broken: then it is the host's until the device is reset.
 */
bool ws_balloon_wait(struct ws_balloon_device *dev, struct ws_balloon_message *message,
		     unsigned long timeout);

static inline bool ws_balloon_busy(const struct ws_balloon_message *message)
{
	return smp_load_acquire(&message->busy);
}

/* ws_balloon_size.c */

int ws_balloon_size_init(struct ws_balloon_device *dev);
/* Read the target again. */
void ws_balloon_size_changed(struct ws_balloon_device *dev);
/* Give all pages back, telling the host as long as it answers. */
void ws_balloon_size_empty(struct ws_balloon_device *dev);
/* After the reset: free what the host held. */
void ws_balloon_size_release(struct ws_balloon_device *dev);
/* A page leaves the balloon, after the host was told. */
void ws_balloon_page_free(struct ws_balloon_device *dev, struct page *page);
/* Take @count pages off the list into @message and note their PFNs.  Under dev->lock. */
u32 ws_balloon_pages_take(struct ws_balloon_device *dev, struct ws_balloon_message *message,
			  u32 count, u32 *pfn);
void ws_balloon_pages_free(struct ws_balloon_device *dev, struct list_head *pages);

/* ws_balloon_oom.c */

int ws_balloon_oom_init(struct ws_balloon_device *dev);
/* Free pages whose message came back late. */
void ws_balloon_oom_reap(struct ws_balloon_device *dev);
void ws_balloon_oom_unregister(struct ws_balloon_device *dev);

/* ws_balloon_move.c */

int ws_balloon_move_init(struct ws_balloon_device *dev);
/* After the reset. */
void ws_balloon_move_release(struct ws_balloon_device *dev);

/* ws_balloon_stats.c */

int ws_balloon_stats_init(struct ws_balloon_device *dev);
void ws_balloon_stats_start(struct ws_balloon_device *dev);

/* ws_balloon_free.c */

int ws_balloon_free_init(struct ws_balloon_device *dev);
int ws_balloon_free_start(struct ws_balloon_device *dev);
/* Only when the device is gone: reporting waits for the host otherwise. */
void ws_balloon_free_stop(struct ws_balloon_device *dev);
/* Before FEATURES_OK: do free pages have contents that the host must know? */
void ws_balloon_poison_validate(struct virtio_device *vdev);
/* Before DRIVER_OK. */
void ws_balloon_poison_tell(struct ws_balloon_device *dev);

/* ws_balloon_hint.c */

int ws_balloon_hint_init(struct ws_balloon_device *dev);
void ws_balloon_hint_changed(struct ws_balloon_device *dev);
void ws_balloon_hint_stop(struct ws_balloon_device *dev);
/* After the reset. */
void ws_balloon_hint_release(struct ws_balloon_device *dev);
/* The guest needs memory.  Return: pages freed. */
unsigned long ws_balloon_hint_shrink(struct ws_balloon_device *dev);

/* ws_balloon_ws.c */

/* Before FEATURES_OK: which dialect, if any; the other bits are refused. */
void ws_balloon_ws_validate(struct virtio_device *vdev);
/* Before DRIVER_OK. */
int ws_balloon_ws_init(struct ws_balloon_device *dev);
void ws_balloon_ws_start(struct ws_balloon_device *dev);
/* The host has written or taken a message. */
void ws_balloon_ws_heard(struct ws_balloon_device *dev);
/* Reclaim is in distress.  Any context. */
void ws_balloon_ws_pressure(struct ws_balloon_device *dev);
void ws_balloon_ws_stop(struct ws_balloon_device *dev);
/* After the reset. */
void ws_balloon_ws_release(struct ws_balloon_device *dev);
struct seq_file;
void ws_balloon_ws_show(struct ws_balloon_device *dev, struct seq_file *file);
/* Bit of the working-set feature in use; without one, that of wsr1. */
u32 ws_balloon_ws_bit(struct virtio_device *vdev);

/* ws_balloon_pressure.c */

int ws_balloon_pressure_start(struct ws_balloon_device *dev);
void ws_balloon_pressure_stop(struct ws_balloon_device *dev);

/* Config space, little endian. */
static inline u32 ws_balloon_config_read(struct virtio_device *vdev, u32 offset)
{
	__le32 value = 0;

	vdev->config->get(vdev, offset, &value, sizeof(value));
	return le32_to_cpu(value);
}

static inline void ws_balloon_config_write(struct virtio_device *vdev, u32 offset, u32 value)
{
	__le32 le = cpu_to_le32(value);

	vdev->config->set(vdev, offset, &le, sizeof(le));
}

#endif /* WS_BALLOON_DEV_H */
