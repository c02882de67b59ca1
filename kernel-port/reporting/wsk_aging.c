/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wsk_aging.c - a kernel thread that makes the reports that are due (kagingd of the posted
 * series), and those that reclaim under pressure calls for.
 */
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/wait.h>

#include "wsk_source.h"

#define RETRY_NS NSEC_PER_SEC /* after a report that could not be made */

static struct task_struct *thread;
static DECLARE_WAIT_QUEUE_HEAD(wait);
static bool kicked;

void wsk_aging_kick(void)
{
	WRITE_ONCE(kicked, true);
	wake_up(&wait);
}

static u64 due_ns(const struct wsk_view *view)
{
	return view->report.valid ? view->report.made_ns + view->report.refresh_interval_ns : 0;
}

/* Returns when the view is due next. */
static u64 serve(struct wsk_view *view)
{
	struct ws_report *report = &view->report;
	u64 now_ns = ktime_get_ns();

	if (xchg(&view->pressed, false) && ws_report_pressure(report, now_ns) &&
	    !ws_report_collect(report, now_ns))
		wsk_view_notify(view);
	if (!report->configured)
		return U64_MAX;
	if (due_ns(view) <= now_ns && wsk_view_refresh(view, now_ns))
		return now_ns + RETRY_NS;
	return due_ns(view);
}

static u64 serve_all(void)
{
	struct wsk_group *group;
	u64 next_ns = U64_MAX;
	int i;

	mutex_lock(&wsk_lock);
	list_for_each_entry(group, &wsk_groups, link)
		for (i = 0; i < wsk_nodes_count; i++)
			next_ns = min(next_ns, serve(&group->view[i]));
	mutex_unlock(&wsk_lock);
	return next_ns;
}

static int aging_thread(void *unused)
{
	set_freezable();
	while (!kthread_should_stop()) {
		long timeout = MAX_SCHEDULE_TIMEOUT;
		u64 next_ns, now_ns;

		WRITE_ONCE(kicked, false);
		next_ns = serve_all();
		now_ns = ktime_get_ns();
		if (next_ns != U64_MAX)
			timeout = next_ns > now_ns ? nsecs_to_jiffies(next_ns - now_ns) + 1 : 1;
		wait_event_freezable_timeout(wait, READ_ONCE(kicked) || kthread_should_stop(),
					     timeout);
	}
	return 0;
}

int wsk_aging_init(void)
{
	thread = kthread_run(aging_thread, NULL, "ws_aging");
	return PTR_ERR_OR_ZERO(thread);
}

void wsk_aging_exit(void)
{
	kthread_stop(thread);
}
