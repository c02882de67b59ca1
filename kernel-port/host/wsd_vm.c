/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_vm.c - what is heard of a VM and what it is asked; see wsd_vm.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "wsd_host.h"
#include "wsd_port.h"
#include "wsd_qmp.h"
#include "wsd_vm.h"

#define REQUEST_TIMEOUT_NS (2000 * WS_NS_PER_MS)
#define BESIDE_INTERVAL_NS (10000 * WS_NS_PER_MS)

/* --- heard --- */

void wsd_vm_complain(struct wsd_vm *vm, const char *text)
{
	vm->events->complain(vm->ctx, vm, text);
}

/* What the VMM holds beside changes seldom, and costs a walk over its page tables. */
static void look_beside(struct wsd_vm *vm)
{
	u64 now_ns = vm->events->now_ns(vm->ctx);

	if (!vm->qmp || (vm->beside_ns && now_ns - vm->beside_ns < BESIDE_INTERVAL_NS))
		return;
	vm->beside_ns = now_ns ? now_ns : 1;
	vm->beside_bytes = wsd_host_beside("/proc", wsd_qmp_pid(vm->qmp), vm->options->size_bytes);
}

/* What the driver said it can do; an agent behind a port has no config space to say it in. */
static void take_bounds(struct wsd_vm *vm)
{
	struct ws_wsr1_bounds agreed;

	vm->proto.bins_count = vm->options->device.bins;
	vm->proto.nodes_max = vm->proto.dialect->nodes_max;
	if (!vm->attach || vm->port || vm->proto.dialect != &ws_dialect_wsr1 ||
	    wsd_device_agreed(wsd_attach_device(vm->attach), &agreed))
		return;
	if (agreed.bins_max < vm->proto.bins_count)
		vm->proto.bins_count = agreed.bins_max;
	vm->proto.nodes_max = agreed.nodes_max;
}

void wsd_vm_went_up(struct wsd_vm *vm)
{
	if (vm->up)
		return;
	vm->beside_ns = 0; /* perhaps another process */
	look_beside(vm);
	vm->up = true;
	take_bounds(vm);
	if (vm->attach)
		vm->target_pages = wsd_attach_device(vm->attach)->config.num_pages;
	vm->events->up(vm->ctx, vm);
}

void wsd_vm_went_down(struct wsd_vm *vm)
{
	if (!vm->up)
		return;
	vm->up = false;
	ws_proto_host_reset(&vm->proto);
	vm->configured = false;
	vm->stats_ns = 0;
	memset(&vm->stats, 0, sizeof(vm->stats));
	memset(&vm->report, 0, sizeof(vm->report));
	vm->events->down(vm->ctx, vm);
}

void wsd_vm_stats_heard(struct wsd_vm *vm, const struct ws_stats *stats)
{
	u64 now_ns = vm->events->now_ns(vm->ctx);

	vm->stats = *stats;
	vm->stats_ns = now_ns ? now_ns : 1;
	if (vm->up)
		vm->events->stats(vm->ctx, vm);
}

void wsd_vm_agent_heard(struct wsd_vm *vm, const struct wsd_vm_agent *agent)
{
	vm->agent = *agent;
	vm->agent.heard = true;
}

static void send_message(struct wsd_vm *vm, const u8 *bytes, u32 length)
{
	vm->messages_count++;
	if (vm->port)
		wsd_port_send_message(vm->port, bytes, length);
	else if (vm->attach)
		wsd_device_send(wsd_attach_device(vm->attach), bytes, length);
}

static void keep_report(struct wsd_vm *vm, const struct ws_msg_report *report, bool pressure)
{
	struct sim_vm_report *to = &vm->report;

	to->arrived_ns = vm->events->now_ns(vm->ctx);
	to->arrived_ns += !to->arrived_ns;
	to->number++;
	to->pressure = pressure;
	to->bins_count = report->bins_count;
	for (u32 i = 0; i < report->bins_count; i++)
		to->bin[i] = (struct sim_report_bin){
			.idle_age_ns = report->bin[i].idle_age_ns,
			.anon_bytes = report->bin[i].anon_bytes,
			.file_bytes = report->bin[i].file_bytes,
		};
	vm->report_age_ns = report->age_ns;
	vm->reports_count++;
	vm->events->report(vm->ctx, vm);
}

void wsd_vm_message_heard(struct wsd_vm *vm, const u8 *bytes, u32 length)
{
	struct ws_proto_heard heard;
	struct ws_msg msg;
	char text[96];
	int rc;

	if (!vm->up)
		return;
	rc = ws_proto_host_consume(&vm->proto, bytes, length, vm->events->now_ns(vm->ctx), &msg,
				   &heard);
	vm->reports_lost = vm->proto.lost_count;
	vm->malformed_count = vm->proto.malformed_count;
	if (rc == WS_PROTO_GOT_REFUSED) {
		snprintf(text, sizeof(text), "the guest refuses the report configuration (status %d, %u)",
			 (int)heard.status, heard.detail);
		wsd_vm_complain(vm, text);
	} else if (rc == WS_PROTO_GOT_REPORT && msg.report.error) {
		snprintf(text, sizeof(text), "the guest could not report: %s",
			 strerror(-msg.report.error));
		wsd_vm_complain(vm, text);
	} else if (rc == WS_PROTO_GOT_REPORT) {
		keep_report(vm, &msg.report, heard.pressure);
	}
}

/* --- the device below --- */

static void device_up(void *ctx)
{
	wsd_vm_went_up(ctx);
}

static void device_down(void *ctx)
{
	wsd_vm_went_down(ctx);
}

static void device_stats(void *ctx, const struct ws_stats *stats)
{
	wsd_vm_stats_heard(ctx, stats);
}

static void device_message(void *ctx, const u8 *bytes, u32 length)
{
	wsd_vm_message_heard(ctx, bytes, length);
}

static void device_moved(void *ctx, int direction)
{
	struct wsd_vm *vm = ctx;

	(void)direction;
	if (vm->up)
		vm->events->moved(vm->ctx, vm);
}

static void device_fault(void *ctx, const char *text)
{
	wsd_vm_complain(ctx, text);
}

static const struct wsd_listener device_listener = {
	.up = device_up,
	.down = device_down,
	.stats = device_stats,
	.message = device_message,
	.moved = device_moved,
	.fault = device_fault,
};

/* --- asked --- */

u32 wsd_vm_channels(const struct wsd_vm *vm)
{
	const struct wsd_device *device = vm->attach ? wsd_attach_device(vm->attach) : NULL;
	u32 channels = SIM_CH_HOST;

	if (vm->qmp || wsd_device_has(device, WS_F_STATS_VQ))
		channels |= SIM_CH_STATS;
	if (vm->port || (device && wsd_device_has_reports(device)))
		channels |= SIM_CH_REPORTS;
	if (vm->port)
		channels |= SIM_CH_AGENT | SIM_CH_RECLAIM;
	return channels;
}

u64 wsd_vm_balloon_pages(const struct wsd_vm *vm)
{
	u64 nominal = vm->options->size_bytes / WS_PAGE_BYTES, pages;

	pages = vm->attach ? wsd_device_pages(wsd_attach_device(vm->attach)) :
			     wsd_qmp_balloon_pages(vm->qmp);
	return pages < nominal ? pages : nominal;
}

void wsd_vm_backing(const struct wsd_vm *vm, struct wsd_backing *backing)
{
	struct wsd_process process;

	memset(backing, 0, sizeof(*backing));
	if (vm->attach) {
		backing->backed_bytes = wsd_mem_backed_bytes(&wsd_attach_device(vm->attach)->mem);
		return;
	}
	wsd_host_process(&process, "/proc", wsd_qmp_pid(vm->qmp));
	backing->beside_bytes = vm->beside_bytes < process.resident_bytes ? vm->beside_bytes :
									   process.resident_bytes;
	backing->backed_bytes = process.resident_bytes - backing->beside_bytes;
	backing->swapped_bytes = process.swapped_bytes;
	backing->cpu_ns = process.cpu_ns;
}

void wsd_vm_set_target(struct wsd_vm *vm, u64 balloon_pages)
{
	if (vm->dry_run)
		return;
	vm->target_pages = balloon_pages;
	if (vm->attach) {
		wsd_device_set_target(wsd_attach_device(vm->attach), (u32)balloon_pages);
		wsd_attach_save(vm->attach);
	} else {
		wsd_qmp_set_target(vm->qmp, vm->options->size_bytes - balloon_pages * WS_PAGE_BYTES);
	}
}

void wsd_vm_request_stats(struct wsd_vm *vm)
{
	if (vm->attach)
		wsd_device_request_stats(wsd_attach_device(vm->attach));
	else
		wsd_qmp_request_stats(vm->qmp);
}

static void repeat_config(struct wsd_vm *vm)
{
	u8 bytes[WS_WIRE_TO_GUEST_MAX];
	int length = ws_proto_host_repeat(&vm->proto, bytes, sizeof(bytes));

	if (length > 0)
		send_message(vm, bytes, (u32)length);
}

int wsd_vm_request_report(struct wsd_vm *vm)
{
	u64 now_ns = vm->events->now_ns(vm->ctx);
	u8 bytes[WS_WIRE_TO_GUEST_MAX];
	int length;

	ws_proto_host_expired(&vm->proto, now_ns);
	/* A configuration that was never confirmed may have been lost. */
	repeat_config(vm);
	length = ws_proto_host_request(&vm->proto, now_ns, bytes, sizeof(bytes));
	if (length > 0)
		send_message(vm, bytes, (u32)length);
	return length;
}

/* Where the number of bins is fixed, or fewer are agreed: the edges, thinned out or doubled on. */
static void fit_edges(struct ws_report_config *to, const struct ws_report_config *from, u32 count)
{
	u64 unit = from->edge_ns[from->edges_count - 1];

	*to = *from;
	to->edges_count = count;
	for (u32 i = 0; i < count; i++) {
		if (from->edges_count >= count)
			to->edge_ns[i] = from->edge_ns[(i + 1) * from->edges_count / count - 1];
		else if (i >= from->edges_count)
			to->edge_ns[i] = to->edge_ns[i - 1] + unit;
	}
}

int wsd_vm_configure(struct wsd_vm *vm, const struct ws_report_config *config)
{
	const struct ws_dialect *dialect = vm->proto.dialect;
	struct ws_report_config fitted = *config;
	u8 bytes[WS_WIRE_TO_GUEST_MAX];
	int length;

	if (dialect->config_bins_bytes || config->edges_count >= vm->proto.bins_count)
		fit_edges(&fitted, config, vm->proto.bins_count - 1);
	vm->asked = fitted;
	vm->configured = true;
	/* Posted dialects that have nodes take one; ours takes all at once. */
	length = ws_proto_host_config(&vm->proto, &fitted, dialect->numbered ? WS_NODE_ANY : 0, bytes,
				      sizeof(bytes));
	if (length > 0)
		send_message(vm, bytes, (u32)length);
	return length;
}

void wsd_vm_reclaim(struct wsd_vm *vm, u64 bytes)
{
	if (vm->port && !vm->dry_run)
		wsd_port_reclaim(vm->port, bytes);
}

void wsd_vm_look_after(struct wsd_vm *vm)
{
	if (vm->attach)
		wsd_attach_save(vm->attach);
	if (vm->qmp)
		wsd_qmp_look_after(vm->qmp);
	if (vm->port)
		wsd_port_look_after(vm->port);
	if (vm->up)
		look_beside(vm);
}

/* --- life --- */

static void complain(void *ctx, const char *text)
{
	wsd_vm_complain(ctx, text);
}

int wsd_vm_create(struct wsd_vm *vm, u32 index, const struct wsd_vm_options *options,
		  struct wsd_loop *loop, const struct wsd_options *all,
		  const struct wsd_vm_events *events, void *ctx, struct tr_error *error)
{
	int rc;

	*vm = (struct wsd_vm){
		.index = index, .options = options, .events = events, .ctx = ctx,
		.dry_run = all->dry_run,
	};
	rc = ws_proto_host_init(&vm->proto, options->dialect, options->device.bins,
				REQUEST_TIMEOUT_NS);
	WS_ASSERT(!rc); /* wsd_options_check() has seen to it */
	if (*options->serial)
		rc = wsd_port_create(&vm->port, loop, options->serial, vm, error);
	if (!rc && *options->vhost) {
		struct wsd_attach_setup setup = {
			.path = options->vhost, .device = options->device,
			.inband = all->inband || all->clock == WSD_CLOCK_GUEST,
			.size_bytes = vm->options->size_bytes,
			.keep_state = !all->no_state,
		};

		rc = wsd_attach_create(&vm->attach, loop, &setup, &device_listener, vm, complain,
				       error);
	} else if (!rc) {
		rc = wsd_qmp_create(&vm->qmp, loop, vm, error);
	}
	return rc;
}

void wsd_vm_destroy(struct wsd_vm *vm)
{
	wsd_port_destroy(vm->port);
	wsd_attach_destroy(vm->attach);
	wsd_qmp_destroy(vm->qmp);
	vm->port = NULL;
	vm->attach = NULL;
	vm->qmp = NULL;
}
