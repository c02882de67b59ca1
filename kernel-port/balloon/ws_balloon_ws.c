/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ws_balloon_ws.c - working-set reports: what the host asks, by way of the core's
 * protocol, and what the sources of ages answer, node by node.
 *
 * One work takes the host's messages, another is woken by reclaim in distress.  A host
 * that takes no reports costs a second each, and then they are dropped and counted: it
 * could not use an old one anyway.
 */
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "ws_balloon_ages.h"
#include "ws_balloon_dev.h"
#include "ws_balloon_dialect.h"
#include "ws_proto.h"

static unsigned int refresh_min_ms = 100;
module_param(refresh_min_ms, uint, 0444);
MODULE_PARM_DESC(refresh_min_ms, "the shortest refresh interval that a host may ask for (wsr1)");

#define OUT_MESSAGES 8

struct ws_balloon_ws {
	struct ws_balloon_device *dev;
	struct mutex lock;
	struct ws_proto_guest guest;
	u32 nodes_max;
	bool posted;	 /* the notification buffer was given to the host */
	bool announcing; /* a report under pressure is wanted now and then */
	struct work_struct message_work, pressure_work;
	struct ws_balloon_message *notify, *out[OUT_MESSAGES];
	u32 next; /* in @out */
	u64 sent_count, dropped_count, pressed_count;
	struct ws_hist sum;
	u32 nodes_count;
	struct ws_balloon_node node[];
};

/* Nodes that the configuration is about. */
static bool chosen(struct ws_balloon_ws *ws, u32 i)
{
	return i < ws->nodes_count &&
	       (ws->guest.node == WS_NODE_ANY || ws->guest.node == ws->node[i].nid);
}

static struct ws_balloon_message *free_message(struct ws_balloon_ws *ws)
{
	struct ws_balloon_message *message = ws->out[ws->next];

	if (!ws_balloon_wait(ws->dev, message, WS_BALLOON_PATIENCE)) {
		ws->dropped_count++;
		return NULL;
	}
	ws->next = (ws->next + 1) % OUT_MESSAGES;
	return message;
}

/* Return: was it sent? */
static bool transmit(struct ws_balloon_ws *ws, struct ws_balloon_message *message, int len)
{
	if (len > 0 && !ws_balloon_send(ws->dev, WS_VQ_WORKING_SET, message, len)) {
		ws->sent_count++;
		return true;
	}
	if (len)
		ws->dropped_count++;
	return false;
}

static void send_verdict(struct ws_balloon_ws *ws, enum ws_status status)
{
	struct ws_balloon_message *message;

	if (!ws->guest.dialect->numbered) {
		ws_proto_guest_verdict(&ws->guest, status, 0, NULL, 0);
		return;
	}
	message = free_message(ws);
	if (message)
		transmit(ws, message, ws_proto_guest_verdict(&ws->guest, status, 0, message->data,
							     message->size));
}

/* Return: was it sent?  Else what continues it must not be sent either. */
static bool send_report(struct ws_balloon_ws *ws, struct ws_proto_report *report)
{
	struct ws_balloon_message *message = free_message(ws);

	report->now_ns = ktime_get_ns();
	return message && transmit(ws, message, ws_proto_guest_send(&ws->guest, report,
								     message->data, message->size));
}

static void send_error(struct ws_balloon_ws *ws, int error)
{
	struct ws_proto_report report = { .error = error };

	send_report(ws, &report);
}

/* For dialects that do not know nodes: all in one. */
static void send_sum(struct ws_balloon_ws *ws, bool pressure)
{
	struct ws_proto_report report = { .pressure = pressure, .made_ns = U64_MAX };
	u32 i;

	for (i = 0; i < ws->nodes_count; i++) {
		const struct ws_report *own = &ws->node[i].report;

		if (!own->valid)
			continue;
		if (!report.parts_count++)
			ws->sum = own->hist;
		else
			ws_hist_merge(&ws->sum, &own->hist);
		report.made_ns = min(report.made_ns, own->made_ns);
	}
	if (!report.parts_count)
		return;
	report.parts_count = 1;
	report.part[0].node = WS_NODE_ANY;
	report.part[0].hist = &ws->sum;
	send_report(ws, &report);
}

/* One report for as many nodes as the dialect has room for, and further ones for the rest. */
static void send_nodes(struct ws_balloon_ws *ws, bool pressure)
{
	struct ws_proto_report report = { .pressure = pressure, .made_ns = U64_MAX };
	u32 i;

	for (i = 0; i < ws->nodes_count; i++) {
		const struct ws_balloon_node *node = &ws->node[i];

		if (!chosen(ws, i) || !node->report.valid)
			continue;
		if (report.parts_count == ws->nodes_max) {
			report.more = ws->guest.dialect->numbered;
			if (!send_report(ws, &report))
				return;
			report.parts_count = 0;
			report.made_ns = U64_MAX;
			report.more = false;
			report.continued = true;
		}
		report.part[report.parts_count].node = node->nid;
		report.part[report.parts_count].stale = node->stale;
		report.part[report.parts_count++].hist = &node->report.hist;
		report.made_ns = min(report.made_ns, node->report.made_ns);
	}
	if (report.parts_count)
		send_report(ws, &report);
}

static void send_ages(struct ws_balloon_ws *ws, bool pressure)
{
	if (ws->guest.dialect->carries_node)
		send_nodes(ws, pressure);
	else
		send_sum(ws, pressure);
}

static enum ws_status configure(struct ws_balloon_ws *ws)
{
	const struct ws_report_config *config = &ws->guest.msg.config;
	u32 i, count = 0;

	for (i = 0; i < ws->nodes_count; i++) {
		if (!chosen(ws, i))
			continue;
		if (ws_report_configure(&ws->node[i].report, config))
			return WS_STATUS_FAILED;
		count++;
	}
	if (!count)
		return WS_STATUS_NODE;
	WRITE_ONCE(ws->announcing, config->report_threshold_ns);
	return WS_STATUS_OK;
}

static void unconfigure(struct ws_balloon_ws *ws)
{
	u32 i;

	for (i = 0; i < ws->nodes_count; i++)
		if (chosen(ws, i))
			ws_report_unconfigure(&ws->node[i].report);
}

static void answer(struct ws_balloon_ws *ws)
{
	int error = 0;
	u32 i;

	for (i = 0; i < ws->nodes_count; i++)
		if (chosen(ws, i))
			error = ws_report_refresh(&ws->node[i].report, ktime_get_ns()) ?: error;
	if (error)
		send_error(ws, error);
	else
		send_ages(ws, false);
}

static void obey(struct ws_balloon_ws *ws, const u8 *bytes, u32 len)
{
	int action = ws_proto_guest_consume(&ws->guest, bytes, len, ktime_get_ns());

	switch (action) {
	case WS_PROTO_CONFIGURE:
		send_verdict(ws, configure(ws));
		break;
	case WS_PROTO_UNCONFIGURE:
		unconfigure(ws);
		WRITE_ONCE(ws->announcing, false);
		fallthrough;
	case WS_PROTO_VERDICT:
		send_verdict(ws, WS_STATUS_OK);
		break;
	case WS_PROTO_REPORT:
		answer(ws);
		break;
	case -ENODATA:
		if (ws->guest.dialect->numbered)
			send_error(ws, action);
		break;
	default: /* nothing to do, or no message; ws->guest has counted it */
		break;
	}
}

static void message_work(struct work_struct *work)
{
	struct ws_balloon_ws *ws = container_of(work, struct ws_balloon_ws, message_work);

	mutex_lock(&ws->lock);
	if (!READ_ONCE(ws->dev->closing) && !ws_balloon_busy(ws->notify)) {
		if (ws->posted)
			obey(ws, ws->notify->data, ws->notify->used_bytes);
		ws->posted = !ws_balloon_post(ws->dev, WS_VQ_NOTIFY, ws->notify);
	}
	mutex_unlock(&ws->lock);
}

static void pressure_work(struct work_struct *work)
{
	struct ws_balloon_ws *ws = container_of(work, struct ws_balloon_ws, pressure_work);
	bool due = false;
	u32 i;

	mutex_lock(&ws->lock);
	for (i = 0; i < ws->nodes_count && ws->guest.configured; i++)
		if (chosen(ws, i) &&
		    ws_report_pressure(&ws->node[i].report, ktime_get_ns()) &&
		    !ws_report_collect(&ws->node[i].report, ktime_get_ns()))
			due = true;
	if (due && !READ_ONCE(ws->dev->closing)) {
		ws->pressed_count++;
		send_ages(ws, true);
	}
	mutex_unlock(&ws->lock);
}

static int allocate(struct ws_balloon_device *dev)
{
	struct ws_balloon_ws *ws;
	u32 i = 0;
	int nid;

	ws = kvzalloc(struct_size(ws, node, num_node_state(N_MEMORY)), GFP_KERNEL);
	if (!ws)
		return -ENOMEM;
	dev->ws = ws;
	ws->dev = dev;
	mutex_init(&ws->lock);
	INIT_WORK(&ws->message_work, message_work);
	INIT_WORK(&ws->pressure_work, pressure_work);
	for_each_node_state(nid, N_MEMORY) {
		ws->node[ws->nodes_count].nid = nid;
		ws_report_init(&ws->node[ws->nodes_count].report, &ws_balloon_ages,
			       &ws->node[ws->nodes_count]);
		ws->nodes_count++;
	}
	ws->notify = ws_balloon_message_new(WS_WIRE_TO_GUEST_MAX);
	for (i = 0; i < OUT_MESSAGES; i++) {
		ws->out[i] = ws_balloon_message_new(WS_WIRE_TO_HOST_MAX);
		if (!ws->out[i])
			return -ENOMEM;
	}
	return ws->notify ? 0 : -ENOMEM;
}

int ws_balloon_ws_init(struct ws_balloon_device *dev)
{
	const struct ws_dialect *dialect = ws_balloon_dialect(dev->vdev);
	struct ws_balloon_bounds bounds;
	int error;

	if (!dialect)
		return 0;
	error = ws_balloon_bounds(dev->vdev, dialect, refresh_min_ms, &bounds);
	if (error) {
		dev_warn(&dev->vdev->dev, "no working-set reports: bounds of %s: %d\n",
			 dialect->name, error);
		return 0;
	}
	error = allocate(dev);
	if (error)
		return error;
	dev->ws->nodes_max = bounds.nodes_max;
	error = ws_proto_guest_init(&dev->ws->guest, dialect, bounds.bins);
	dev->ws->guest.nodes_max = bounds.nodes_max;
	dev->ws->guest.refresh_min_ns = (u64)refresh_min_ms * NSEC_PER_MSEC;
	dev_info(&dev->vdev->dev, "working-set reports: %s, %u bins\n", dialect->name, bounds.bins);
	return error;
}

void ws_balloon_ws_start(struct ws_balloon_device *dev)
{
	ws_balloon_ws_heard(dev);
}

void ws_balloon_ws_heard(struct ws_balloon_device *dev)
{
	if (dev->ws)
		queue_work(system_freezable_wq, &dev->ws->message_work);
}

void ws_balloon_ws_pressure(struct ws_balloon_device *dev)
{
	if (dev->ws && READ_ONCE(dev->ws->announcing) && !READ_ONCE(dev->closing))
		queue_work(system_freezable_wq, &dev->ws->pressure_work);
}

void ws_balloon_ws_stop(struct ws_balloon_device *dev)
{
	if (!dev->ws)
		return;
	cancel_work_sync(&dev->ws->message_work);
	cancel_work_sync(&dev->ws->pressure_work);
}

void ws_balloon_ws_release(struct ws_balloon_device *dev)
{
	struct ws_balloon_ws *ws = dev->ws;
	u32 i;

	if (!ws)
		return;
	for (i = 0; i < OUT_MESSAGES; i++)
		ws_balloon_message_free(dev, ws->out[i]);
	ws_balloon_message_free(dev, ws->notify);
	dev->ws = NULL;
	kvfree(ws);
}

void ws_balloon_ws_show(struct ws_balloon_device *dev, struct seq_file *file)
{
	struct ws_balloon_ws *ws = dev->ws;

	if (!ws)
		return;
	mutex_lock(&ws->lock);
	seq_printf(file, "dialect %s\nbins %u\nconfigured %d\n", ws->guest.dialect->name,
		   ws->guest.bins_count, ws->guest.configured);
	seq_printf(file, "configurations %llu\nrequests %llu\nreports %llu\n",
		   ws->guest.configs_count, ws->guest.requests_count, ws->guest.reports_count);
	seq_printf(file, "early %llu\nmalformed %llu\nrefused %llu\nduplicates %llu\n",
		   ws->guest.early_count, ws->guest.malformed_count, ws->guest.refused_count,
		   ws->guest.duplicates_count);
	seq_printf(file, "messages_sent %llu\nmessages_dropped %llu\npressure_reports %llu\n",
		   ws->sent_count, ws->dropped_count, ws->pressed_count);
	mutex_unlock(&ws->lock);
}
