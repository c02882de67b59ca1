/* SPDX-License-Identifier: GPL-2.0-only */
/* wsk_ages.c - the ages of ws.ko for other modules; see wsk_ages.h. */
#include <linux/export.h>

#include "wsk_ages.h"
#include "wsk_source.h"

static struct wsk_view *node_view(void *ctx)
{
	int index = wsk_node_index(*(const int *)ctx);

	return index < 0 ? NULL : &wsk_group_root->view[index];
}

static int node_age(void *ctx, u64 now_ns)
{
	struct wsk_view *view = node_view(ctx);
	int error = -ENODEV;

	mutex_lock(&wsk_lock);
	if (view)
		error = wsk_source_now->ages.age(view, now_ns);
	mutex_unlock(&wsk_lock);
	return error;
}

static u64 node_youngest_birth(void *ctx)
{
	struct wsk_view *view = node_view(ctx);
	u64 birth_ns = 0;

	mutex_lock(&wsk_lock);
	if (view)
		birth_ns = wsk_source_now->ages.youngest_birth(view);
	mutex_unlock(&wsk_lock);
	return birth_ns;
}

static int node_collect(void *ctx, struct ws_hist *hist, u64 now_ns)
{
	struct wsk_view *view = node_view(ctx);
	int error = -ENODEV;

	mutex_lock(&wsk_lock);
	if (view)
		error = wsk_source_now->ages.collect(view, hist, now_ns);
	mutex_unlock(&wsk_lock);
	return error;
}

const struct ws_ages_ops wsk_node_ages = {
	.age = node_age,
	.youngest_birth = node_youngest_birth,
	.collect = node_collect,
};
EXPORT_SYMBOL_GPL(wsk_node_ages);
