/* SPDX-License-Identifier: GPL-2.0-only */
/* ws_balloon_compat.h - what differs between the kernels that ws_balloon.ko is built for. */
#ifndef WS_BALLOON_COMPAT_H
#define WS_BALLOON_COMPAT_H

#include <linux/mmzone.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/version.h>
#include <linux/virtio_config.h>

#define WS_BALLOON_VQS_MAX 8

static inline int ws_balloon_find_vqs(struct virtio_device *vdev, unsigned int count,
				      struct virtqueue *vqs[], vq_callback_t *callback,
				      const char *const names[])
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	struct virtqueue_info info[WS_BALLOON_VQS_MAX] = {};
	unsigned int i;

	if (count > WS_BALLOON_VQS_MAX)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		info[i].name = names[i];
		info[i].callback = callback;
	}
	return virtio_find_vqs(vdev, count, vqs, info, NULL);
#else
	vq_callback_t *callbacks[WS_BALLOON_VQS_MAX] = {};
	unsigned int i;

	if (count > WS_BALLOON_VQS_MAX)
		return -EINVAL;
	for (i = 0; i < count; i++)
		callbacks[i] = callback;
	return virtio_find_vqs(vdev, count, vqs, callbacks, (const char **)names, NULL);
#endif
}

/* The largest order that the allocator gives. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define WS_BALLOON_ORDER_MAX MAX_PAGE_ORDER
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define WS_BALLOON_ORDER_MAX MAX_ORDER
#else
#define WS_BALLOON_ORDER_MAX (MAX_ORDER - 1)
#endif

/* Since 6.7 a shrinker is allocated by the kernel, and knows its owner. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
static inline struct shrinker *ws_balloon_shrinker_new(void *owner)
{
	struct shrinker *shrinker = shrinker_alloc(0, "ws-balloon");

	if (shrinker)
		shrinker->private_data = owner;
	return shrinker;
}

static inline void *ws_balloon_shrinker_owner(struct shrinker *shrinker)
{
	return shrinker->private_data;
}

static inline int ws_balloon_shrinker_register(struct shrinker *shrinker)
{
	shrinker_register(shrinker);
	return 0;
}

static inline void ws_balloon_shrinker_free(struct shrinker *shrinker, bool registered)
{
	shrinker_free(shrinker);
}
#else
struct ws_balloon_shrinker {
	struct shrinker shrinker;
	void *owner;
};

static inline struct shrinker *ws_balloon_shrinker_new(void *owner)
{
	struct ws_balloon_shrinker *own = kzalloc(sizeof(*own), GFP_KERNEL);

	if (!own)
		return NULL;
	own->owner = owner;
	return &own->shrinker;
}

static inline void *ws_balloon_shrinker_owner(struct shrinker *shrinker)
{
	return container_of(shrinker, struct ws_balloon_shrinker, shrinker)->owner;
}

static inline int ws_balloon_shrinker_register(struct shrinker *shrinker)
{
	return register_shrinker(shrinker, "ws-balloon");
}

static inline void ws_balloon_shrinker_free(struct shrinker *shrinker, bool registered)
{
	if (registered)
		unregister_shrinker(shrinker);
	kfree(container_of(shrinker, struct ws_balloon_shrinker, shrinker));
}
#endif

#endif /* WS_BALLOON_COMPAT_H */
