/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ws_balloon_drv.c - a driver for virtio-balloon devices, in the place of the stock one.
 *
 * Start and stop are the same for load and unload, bind and unbind, wake and sleep.
 * Stopping: what could begin something is unregistered, works end, pages are given back
 * as long as the host answers; then the device is reset, and only then is freed what
 * the host had not given back.  See ws_balloon_dev.h.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/virtio_ids.h>

#include "ws_balloon_dev.h"
#include "ws_wsr1.h"

static unsigned int also_id;
module_param(also_id, uint, 0444);
MODULE_PARM_DESC(also_id, "for tests: virtio id of other devices that speak virtio-balloon");

static struct dentry *debugfs_folder;

static int device_show(struct seq_file *file, void *unused)
{
	struct ws_balloon_device *dev = file->private;
	const struct ws_balloon *balloon = &dev->balloon;

	mutex_lock(&dev->lock);
	seq_printf(file, "features %016llx\ntarget_pages %u\nactual_pages %u\ntold_pages %u\n",
		   dev->vdev->features, balloon->target_pages, balloon->actual_pages,
		   dev->told_pages);
	seq_printf(file, "inflated_pages %llu\ndeflated_pages %llu\noom_deflated_pages %llu\n",
		   balloon->inflated_pages, balloon->deflated_pages, balloon->oom_deflated_pages);
	seq_printf(file, "batches %llu\nout_of_puff %llu\noom %llu\n", balloon->batches_count,
		   balloon->out_of_puff_count, balloon->oom_count);
	mutex_unlock(&dev->lock);
	seq_printf(file, "moved_pages %llu\nstatistics %llu\nreported_bytes %llu\n",
		   dev->moved_count, dev->stats_count, dev->reported_bytes);
	ws_balloon_ws_show(dev, file);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(device);

/* Everything that needs no queue; what it leaves half done stop() frees. */
static int prepare(struct ws_balloon_device *dev)
{
	int error = ws_balloon_size_init(dev);

	error = error ?: ws_balloon_move_init(dev);
	error = error ?: ws_balloon_stats_init(dev);
	error = error ?: ws_balloon_free_init(dev);
	error = error ?: ws_balloon_hint_init(dev);
	return error ?: ws_balloon_ws_init(dev);
}

static void release(struct ws_balloon_device *dev)
{
	u32 i;

	ws_balloon_size_release(dev);
	ws_balloon_move_release(dev);
	ws_balloon_hint_release(dev);
	ws_balloon_ws_release(dev);
	ws_balloon_message_free(dev, dev->stats);
	ws_balloon_message_free(dev, dev->reported);
	for (i = 0; i < WS_BALLOON_OOM_MESSAGES; i++) {
		ws_balloon_message_free(dev, dev->oom[i]);
		dev->oom[i] = NULL;
	}
}

static void end_works(struct ws_balloon_device *dev)
{
	ws_balloon_ws_stop(dev);
	ws_balloon_hint_stop(dev);
	cancel_work_sync(&dev->stats_work);
	cancel_delayed_work_sync(&dev->size_work);
}

static void stop(struct ws_balloon_device *dev)
{
	unsigned long flags;
	u32 i;

	debugfs_remove(dev->dentry);
	dev->dentry = NULL;
	ws_balloon_pressure_stop(dev);
	ws_balloon_oom_unregister(dev);
	WRITE_ONCE(dev->closing, true);
	wake_up_all(&dev->acked);
	end_works(dev);
	ws_balloon_size_empty(dev);
	virtio_reset_device(dev->vdev);
	for (i = 0; i < WS_VQS; i++) {
		spin_lock_irqsave(&dev->queue[i].lock, flags);
		dev->gone = true;
		spin_unlock_irqrestore(&dev->queue[i].lock, flags);
	}
	wake_up_all(&dev->acked);
	ws_balloon_free_stop(dev);
	mutex_lock(&dev->move_lock); /* a compaction that saw the balloon open ends first */
	mutex_unlock(&dev->move_lock);
	dev->vdev->config->del_vqs(dev->vdev);
	end_works(dev); /* that an interrupt had begun in the meantime */
	release(dev);
}

static int start(struct ws_balloon_device *dev)
{
	struct virtio_device *vdev = dev->vdev;
	int error;

	dev->closing = dev->gone = false;
	memset(dev->queue, 0, sizeof(dev->queue));
	error = prepare(dev) ?: ws_balloon_queues_find(dev);
	if (error) {
		dev->gone = true; /* it never had anything */
		release(dev);
		return error;
	}
	ws_balloon_poison_tell(dev);
	dev->told_pages = ws_balloon_config_read(vdev, WS_CONFIG_ACTUAL_OFFSET);
	virtio_device_ready(vdev);
	error = ws_balloon_oom_init(dev);
	error = error ?: ws_balloon_pressure_start(dev);
	error = error ?: ws_balloon_free_start(dev);
	if (error) {
		stop(dev);
		return error;
	}
	dev->dentry = debugfs_create_file(dev_name(&vdev->dev), 0444, debugfs_folder, dev,
					  &device_fops);
	ws_balloon_stats_start(dev);
	ws_balloon_ws_start(dev);
	ws_balloon_size_changed(dev);
	return 0;
}

static int probe(struct virtio_device *vdev)
{
	struct ws_balloon_device *dev;
	int error;

	if (!vdev->config->get)
		return -EINVAL; /* no config space, no target */
	dev = kvzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return -ENOMEM;
	dev->vdev = vdev;
	vdev->priv = dev;
	mutex_init(&dev->lock);
	init_waitqueue_head(&dev->acked);
	error = start(dev);
	if (error) {
		vdev->priv = NULL;
		kvfree(dev);
	}
	return error;
}

static void remove(struct virtio_device *vdev)
{
	struct ws_balloon_device *dev = vdev->priv;

	stop(dev);
	vdev->priv = NULL;
	kvfree(dev);
}

static void config_changed(struct virtio_device *vdev)
{
	struct ws_balloon_device *dev = vdev->priv;

	if (READ_ONCE(dev->closing))
		return;
	ws_balloon_size_changed(dev);
	ws_balloon_hint_changed(dev);
}

/* PFNs are physical addresses, whatever lies between the device and memory. */
static int validate(struct virtio_device *vdev)
{
	if (!vdev->config->get)
		return -EINVAL;
	ws_balloon_poison_validate(vdev);
	ws_balloon_ws_validate(vdev);
	__virtio_clear_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	return 0;
}

#ifdef CONFIG_PM_SLEEP
/* The image is made without the balloon's pages being known to anyone: it is empty then. */
static int freeze(struct virtio_device *vdev)
{
	stop(vdev->priv);
	return 0;
}

static int restore(struct virtio_device *vdev)
{
	return start(vdev->priv);
}
#endif

static const unsigned int features[] = {
	WS_F_MUST_TELL_HOST,
	WS_F_STATS_VQ,
	WS_F_DEFLATE_ON_OOM,
	WS_F_FREE_PAGE_HINT,
	WS_F_PAGE_POISON,
	WS_F_PAGE_REPORTING,
	6, /* working sets: rfc1, rfc2, v4 */
	8, /* crosvm */
	WS_WSR1_FEATURE_BIT,
};

static const struct virtio_device_id balloon_id[] = {
	{ VIRTIO_ID_BALLOON, VIRTIO_DEV_ANY_ID },
	{ 0 },
};

static struct virtio_device_id id_table[] = {
	{ VIRTIO_ID_BALLOON, VIRTIO_DEV_ANY_ID },
	{ 0 }, /* also_id */
	{ 0 },
};

static struct virtio_driver driver = {
	.feature_table = features,
	.feature_table_size = ARRAY_SIZE(features),
	.driver.name = "ws_balloon",
	.driver.owner = THIS_MODULE,
	.id_table = id_table,
	.validate = validate,
	.probe = probe,
	.remove = remove,
	.config_changed = config_changed,
#ifdef CONFIG_PM_SLEEP
	.freeze = freeze,
	.restore = restore,
#endif
};

static int __init ws_balloon_module_init(void)
{
	int error;

	if (also_id) {
		id_table[1].device = also_id;
		id_table[1].vendor = VIRTIO_DEV_ANY_ID;
	}
	debugfs_folder = debugfs_create_dir("ws_balloon", NULL);
	error = register_virtio_driver(&driver);
	if (error)
		debugfs_remove(debugfs_folder);
	return error;
}

static void __exit ws_balloon_module_exit(void)
{
	unregister_virtio_driver(&driver);
	debugfs_remove(debugfs_folder);
}

module_init(ws_balloon_module_init);
module_exit(ws_balloon_module_exit);

MODULE_DEVICE_TABLE(virtio, balloon_id);
MODULE_DESCRIPTION("Virtio balloon driver with working-set reporting");
MODULE_LICENSE("GPL");
