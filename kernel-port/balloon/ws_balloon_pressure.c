/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ws_balloon_pressure.c - hears that reclaim did not find enough in its first pass.
 *
 * Reclaim's priority falls with every pass that was not enough, and no notifier for
 * modules tells it.  But it asks every shrinker for a share of its objects, count >>
 * priority: of 4096 objects that do not exist, 1 in the first pass, 2 and more in later
 * ones.  Fewer than a batch are not asked for.  What is not asked for is carried over,
 * and after 4096 first passes makes a batch too: then distress is reported once in vain.
 *
 * Since 6.2 multi-gen reclaim begins at a priority of its own choice, never below half
 * of the usual one; distress is what lies below that.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "ws_balloon_compat.h"
#include "ws_balloon_dev.h"

#define OBJECTS_COUNT (1ul << DEF_PRIORITY)
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define CALM_PRIORITY (DEF_PRIORITY / 2)
#else
#define CALM_PRIORITY DEF_PRIORITY
#endif

struct ws_balloon_pressure {
	struct shrinker *shrinker;
	bool registered;
};

static unsigned long count_objects(struct shrinker *shrinker, struct shrink_control *control)
{
	return OBJECTS_COUNT;
}

static unsigned long scan_objects(struct shrinker *shrinker, struct shrink_control *control)
{
	struct ws_balloon_device *dev = ws_balloon_shrinker_owner(shrinker);

	control->nr_scanned = 4 * OBJECTS_COUNT; /* and nothing is carried over */
	/* "echo 2 > drop_caches" comes here too, but reclaims nothing. */
	if (!(current->flags & PF_MEMALLOC))
		return 0;
	ws_balloon_ws_pressure(dev);
	return ws_balloon_hint_shrink(dev);
}

int ws_balloon_pressure_start(struct ws_balloon_device *dev)
{
	struct ws_balloon_pressure *pressure;
	int error = -ENOMEM;

	if (!dev->ws && !dev->hint)
		return 0;
	pressure = kzalloc(sizeof(*pressure), GFP_KERNEL);
	if (!pressure)
		return -ENOMEM;
	dev->pressure = pressure;
	pressure->shrinker = ws_balloon_shrinker_new(dev);
	if (pressure->shrinker) {
		pressure->shrinker->count_objects = count_objects;
		pressure->shrinker->scan_objects = scan_objects;
		pressure->shrinker->seeks = 4; /* reclaim asks for 4 / seeks of the share */
		pressure->shrinker->batch = 2l << (DEF_PRIORITY - CALM_PRIORITY);
		error = ws_balloon_shrinker_register(pressure->shrinker);
	}
	pressure->registered = !error;
	return error;
}

void ws_balloon_pressure_stop(struct ws_balloon_device *dev)
{
	struct ws_balloon_pressure *pressure = dev->pressure;

	if (!pressure)
		return;
	if (pressure->shrinker)
		ws_balloon_shrinker_free(pressure->shrinker, pressure->registered);
	kfree(pressure);
	dev->pressure = NULL;
}
