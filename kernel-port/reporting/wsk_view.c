/* SPDX-License-Identifier: GPL-2.0-only */
/* wsk_view.c - a report of one group on one node, in the text of the posted series. */
#include <linux/ktime.h>
#include <linux/sysfs.h>

#include "wsk_pressure.h"
#include "wsk_source.h"

void wsk_view_init(struct wsk_view *view, struct wsk_group *group, struct wsk_node *node)
{
	view->group = group;
	view->node = node;
	ws_report_init(&view->report, &wsk_source_now->ages, view);
	wsk_view_configure(view);
}

void wsk_view_configure(struct wsk_view *view)
{
	struct ws_report_config config = {
		.edges_count = view->node->edges_count,
		.refresh_interval_ns = view->refresh_ms * WS_NS_PER_MS,
		.report_threshold_ns = view->threshold_ms * WS_NS_PER_MS,
	};
	u32 i;

	/* not ws_report_init(), which forgets the counts */
	ws_report_unconfigure(&view->report);
	view->report.ops = &wsk_source_now->ages;
	if (!view->refresh_ms || !config.edges_count)
		return;
	for (i = 0; i < config.edges_count; i++)
		config.edge_ns[i] = view->node->edge_ms[i] * WS_NS_PER_MS;
	ws_report_configure(&view->report, &config);
}

void wsk_view_set_refresh(struct wsk_view *view, u32 refresh_ms)
{
	view->refresh_ms = refresh_ms;
	wsk_view_configure(view);
	wsk_aging_kick();
}

void wsk_view_set_threshold(struct wsk_view *view, u32 threshold_ms)
{
	wsk_pressure_watch(!!threshold_ms - !!view->threshold_ms);
	WRITE_ONCE(view->threshold_ms, threshold_ms);
	/* The last report stays. */
	view->report.report_threshold_ns = threshold_ms * WS_NS_PER_MS;
}

int wsk_view_refresh(struct wsk_view *view, u64 now_ns)
{
	struct ws_report *report = &view->report;
	u64 birth_ns;

	if (READ_ONCE(wsk_stopping))
		return -ENODEV;
	if (!report->configured)
		return -ENODATA;
	/* A report made under pressure is young, but did not look for young pages. */
	birth_ns = report->ops->youngest_birth(view);
	if (report->valid && now_ns > birth_ns && now_ns - birth_ns >= report->refresh_interval_ns)
		report->valid = false;
	return ws_report_refresh(report, now_ns);
}

size_t wsk_view_print(struct wsk_view *view, char *buf, size_t size, size_t at)
{
	const struct ws_hist *hist = &view->report.hist;
	u32 i;

	for (i = 0; i < hist->bins_count; i++) {
		if (i + 1 < hist->bins_count)
			at += scnprintf(buf + at, size - at, "%u", view->node->edge_ms[i]);
		else
			at += scnprintf(buf + at, size - at, "%lu", ULONG_MAX);
		at += scnprintf(buf + at, size - at, " anon=%llu file=%llu\n",
				hist->pages[WS_ANON][i] << PAGE_SHIFT,
				hist->pages[WS_FILE][i] << PAGE_SHIFT);
	}
	return at;
}

void wsk_view_notify(struct wsk_view *view)
{
	if (view->group == wsk_group_root)
		sysfs_notify(&view->node->kobj, NULL, "page_age");
	else
		sysfs_notify(&view->group->kobj, NULL, "memory.workingset.page_age");
}
