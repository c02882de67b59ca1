/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_controller.c - a policy at work on the simulated host. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_balloon.h"
#include "model/sim_controller.h"
#include "model/sim_guest.h"
#include "model/sim_reporter.h"

#define WATCH_NS SIM_SECOND
#define STALLED_NS (5 * SIM_SECOND)
#define STALLED_PAGES 256	       /* a gap below one batch is not worth a word */
#define REQUEST_TIMEOUT_NS (2 * SIM_SECOND)

/* --- what the policy sees --- */

/* Of the guest's vCPUs; what it waits for devices or for the host is not in it. */
static u64 cpu_ns(const struct sim_vm_counters *count)
{
	return count->compute_ns + count->fault_ns + count->reclaim_ns + count->descriptor_ns +
	       count->split_ns + count->ageing_cpu_ns + count->report_cpu_ns +
	       count->balloon_cpu_ns + count->kswapd_cpu_ns;
}

static void refresh_vm(struct sim_controller *control, u32 vm)
{
	const struct sim_guest *guest = &control->guests[vm];
	struct sim_vm_view *view = &control->vm_view[vm];
	u32 channels = control->policy->channels;

	view->running = guest->running;
	view->target_bytes = (guest->frames_count - control->peer[vm].target_pages) *
			     control->engine->page_bytes;
	view->actual_bytes = (guest->frames_count - sim_balloon_pages(guest)) * control->engine->page_bytes;
	if (channels & SIM_CH_HOST) {
		view->backed_bytes = guest->backing.backed * control->engine->page_bytes;
		view->host_swapped_bytes = guest->backing.swapped * control->engine->page_bytes;
		view->cpu_ns = cpu_ns(&guest->counters);
	}
	if (channels & SIM_CH_AGENT) {
		view->committed_bytes = (guest->resident[TR_ANON] + guest->swap.used +
					 guest->kernel_frames) * control->engine->page_bytes;
		view->psi_some_ns = guest->psi.some_ns;
		view->psi_full_ns = guest->psi.full_ns;
		view->psi_some_avg10 = guest->psi.some_avg10;
		view->psi_full_avg10 = guest->psi.full_avg10;
	}
}

static const struct sim_host_view *refresh(struct sim_controller *control)
{
	const struct sim_host *host = control->host;
	struct sim_host_view *view = &control->view;

	view->now_ns = control->engine->now_ns;
	for (u32 i = 0; i < view->vms_count; i++)
		refresh_vm(control, i);
	if (control->policy->channels & SIM_CH_HOST) {
		view->free_bytes = host->free_pages * control->engine->page_bytes;
		view->low_bytes = host->low_pages * control->engine->page_bytes;
		view->high_bytes = host->high_pages * control->engine->page_bytes;
		view->swap_in_bytes = host->swap_in_pages * control->engine->page_bytes;
		view->swap_out_bytes = host->swap_out_pages * control->engine->page_bytes;
		view->psi_some_ns = host->psi.some_ns;
		view->psi_full_ns = host->psi.full_ns;
		view->psi_some_avg10 = host->psi.some_avg10;
		view->psi_full_avg10 = host->psi.full_avg10;
	}
	return view;
}

/* --- what the policy does --- */

static void need(const struct sim_controller *control, u32 channel)
{
	assert(control->policy->channels & channel); /* an undeclared channel */
}

static void act_target(void *ctx, u32 vm, u64 bytes)
{
	struct sim_controller *control = ctx;
	const struct sim_guest *guest = &control->guests[vm];
	struct sim_peer *peer = &control->peer[vm];
	struct ws_balloon_config config = { .actual = (u32)sim_balloon_pages(guest) };
	u8 space[WS_CONFIG_BYTES];

	if (!guest->running)
		return;
	if (bytes < guest->config->memory_min_bytes)
		bytes = guest->config->memory_min_bytes;
	if (bytes > guest->config->memory_bytes)
		bytes = guest->config->memory_bytes;
	u32 pages = guest->frames_count - (u32)(bytes / control->engine->page_bytes);

	sim_emit(control->engine, SIM_EV_ACTION, vm, SIM_ACT_TARGET, bytes, peer->target_pages);
	/* Writing the same value again still interrupts the guest, which resumes its work. */
	peer->target_pages = config.num_pages = pages;
	peer->moved_ns = control->engine->now_ns;
	int length = ws_wire_config_encode(&config, space, sizeof(space));

	sim_link_send(control->link, (u16)vm, SIM_VQ_CONFIG, false, space, (u32)length, NULL);
}

static void act_stats(void *ctx, u32 vm)
{
	struct sim_controller *control = ctx;

	need(control, SIM_CH_STATS);
	if (!control->guests[vm].running)
		return;
	sim_emit(control->engine, SIM_EV_ACTION, vm, SIM_ACT_STATS, 0, 0);
	sim_link_send(control->link, (u16)vm, SIM_VQ_STATS, false, NULL, 0, NULL);
}

static void act_report(void *ctx, u32 vm)
{
	struct sim_controller *control = ctx;
	struct ws_proto_host *proto = &control->peer[vm].proto;
	u64 now_ns = control->engine->now_ns;
	u8 bytes[WS_WIRE_TO_GUEST_MAX];

	need(control, SIM_CH_REPORTS);
	if (!control->guests[vm].running)
		return;
	ws_proto_host_expired(proto, now_ns);
	/* A configuration that was never confirmed may have been lost. */
	int length = ws_proto_host_repeat(proto, bytes, sizeof(bytes));

	if (length > 0)
		sim_link_send(control->link, (u16)vm, SIM_VQ_NOTIFY, false, bytes, (u32)length, NULL);
	length = ws_proto_host_request(proto, now_ns, bytes, sizeof(bytes));
	sim_emit(control->engine, SIM_EV_ACTION, vm, SIM_ACT_REPORT, (u64)(length < 0), 0);
	if (length > 0)
		sim_link_send(control->link, (u16)vm, SIM_VQ_NOTIFY, false, bytes, (u32)length, NULL);
}

/* Dialects that negotiate the number of bins do so in configuration space. */
static void set_bins(struct sim_controller *control, u32 vm, u32 bins)
{
	struct ws_proto_host *proto = &control->peer[vm].proto;
	const struct ws_dialect *dialect = proto->dialect;

	if (!dialect->config_bins_bytes || proto->bins_count == bins || bins < dialect->bins_min ||
	    bins > dialect->bins_max)
		return;
	ws_proto_host_init(proto, dialect, bins, REQUEST_TIMEOUT_NS);
	control->guests[vm].reporter->device_bins = bins;
}

static void act_configure(void *ctx, u32 vm, const u64 *edge_ns, u32 edges_count,
			  u64 refresh_interval_ns, u64 report_threshold_ns)
{
	struct sim_controller *control = ctx;
	struct ws_report_config config = {
		.edges_count = edges_count,
		.refresh_interval_ns = refresh_interval_ns,
		.report_threshold_ns = report_threshold_ns,
	};
	u8 bytes[WS_WIRE_TO_GUEST_MAX];

	need(control, SIM_CH_REPORTS);
	assert(edges_count && edges_count < SIM_BINS_MAX);
	if (!control->guests[vm].running)
		return;
	memcpy(config.edge_ns, edge_ns, edges_count * sizeof(*edge_ns));
	set_bins(control, vm, edges_count + 1);
	int length = ws_proto_host_config(&control->peer[vm].proto, &config, 0, bytes, sizeof(bytes));

	sim_emit(control->engine, SIM_EV_ACTION, vm, SIM_ACT_CONFIG, edges_count, (u64)(length < 0));
	if (length > 0)
		sim_link_send(control->link, (u16)vm, SIM_VQ_NOTIFY, false, bytes, (u32)length, NULL);
}

static void act_reclaim(void *ctx, u32 vm, u64 bytes)
{
	struct sim_controller *control = ctx;
	u8 le[8];

	need(control, SIM_CH_RECLAIM);
	if (!control->guests[vm].running)
		return;
	for (u32 i = 0; i < 8; i++)
		le[i] = (u8)(bytes >> 8 * i);
	sim_emit(control->engine, SIM_EV_ACTION, vm, SIM_ACT_RECLAIM, bytes, 0);
	sim_link_send(control->link, (u16)vm, SIM_VQ_RECLAIM, false, le, sizeof(le), NULL);
}

static void act_explain(void *ctx, u32 vm, const char *text)
{
	struct sim_controller *control = ctx;
	struct sim_engine *engine = control->engine;

	for (u32 i = 0; i < engine->probes_count; i++)
		if (engine->probes[i].explain)
			engine->probes[i].explain(engine->probes[i].ctx, engine->now_ns, vm, text);
}

static const struct sim_action_ops action_ops = {
	.set_target = act_target,
	.request_stats = act_stats,
	.request_report = act_report,
	.configure_reports = act_configure,
	.reclaim = act_reclaim,
	.explain = act_explain,
};

/* --- life --- */

int sim_controller_init(struct sim_controller *control, struct sim_engine *engine, struct sim_host *host,
		     struct sim_link *link, struct sim_guest *guests, struct tr_error *error)
{
	const struct sim_scenario *scenario = engine->scenario;
	u32 vms = scenario->vms_count;

	*control = (struct sim_controller){
		.engine = engine, .host = host, .link = link, .guests = guests,
		.policy = scenario->policy,
		.state = malloc(scenario->policy->state_size + 1),
		.peer = calloc(vms, sizeof(*control->peer)),
		.vm_view = calloc(vms, sizeof(*control->vm_view)),
	};
	control->actions = (struct sim_actions){ .ops = &action_ops, .ctx = control };
	if (!control->state || !control->peer || !control->vm_view)
		return tr_fail(error, -ENOMEM, "%s: out of memory", scenario->name);
	if (scenario->policy->state_size)
		memcpy(control->state, scenario->policy_state, scenario->policy->state_size);
	control->view.memory_bytes = host->memory_pages * control->engine->page_bytes;
	control->view.vms_count = vms;
	control->view.vm = control->vm_view;
	for (u32 i = 0; i < vms; i++) {
		const struct sim_vm_config *config = &scenario->vm[i];
		const struct ws_dialect *dialect = ws_dialect_find(config->dialect);

		if (!dialect || ws_proto_host_init(&control->peer[i].proto, dialect, dialect->bins_max,
						   REQUEST_TIMEOUT_NS))
			return tr_fail(error, -EINVAL, "%s: %s: no such wire dialect", config->name,
				       config->dialect);
		control->vm_view[i] = (struct sim_vm_view){
			.name = config->name,
			.nominal_bytes = config->memory_bytes,
			.min_bytes = config->memory_min_bytes,
			.shares = config->shares,
			.refault_ns = sim_device_mean_read_ns(&guests[i].swap.device),
			.file_refault_ns = sim_device_mean_read_ns(&guests[i].disk),
			.deflate_on_oom = config->deflate_on_oom &&
				  guests[i].balloon->mechanism->deflates_on_oom,
		};
	}
	return 0;
}

void sim_controller_destroy(struct sim_controller *control)
{
	if (control->policy && control->policy->destroy && control->state)
		control->policy->destroy(control->state);
	free(control->state);
	free(control->peer);
	free(control->vm_view);
	control->state = NULL;
}

static void next_tick(struct sim_controller *control)
{
	u64 period_ns = control->policy->tick_ns ? control->policy->tick_ns(control->state) : 0;

	if (period_ns && control->policy->tick)
		sim_wake_at(control->engine, control->engine->now_ns + period_ns, SIM_CLASS_TIMER,
			    SIM_WAKE_TICK, SIM_HOST_ID, 0, 0);
}

int sim_controller_start(struct sim_controller *control, struct tr_error *error)
{
	const struct sim_policy *policy = control->policy;

	if (policy->init && policy->init(control->state, refresh(control)))
		return tr_fail(error, -EINVAL, "%s: /policy/params: %s: the parameters contradict each other",
			       control->engine->scenario->path, policy->name);
	next_tick(control);
	sim_wake_at(control->engine, control->engine->now_ns + WATCH_NS, SIM_CLASS_TIMER,
		    SIM_WAKE_WATCH, SIM_HOST_ID, 0, 0);
	return 0;
}

void sim_controller_vm_added(struct sim_controller *control, u32 vm)
{
	control->peer[vm].moved_ns = control->engine->now_ns;
	if (control->policy->vm_added)
		control->policy->vm_added(control->state, refresh(control), vm, &control->actions);
}

void sim_controller_vm_removed(struct sim_controller *control, u32 vm)
{
	control->peer[vm].target_pages = 0;
	sim_controller_vm_reset(control, vm);
}

void sim_controller_vm_reset(struct sim_controller *control, u32 vm)
{
	ws_proto_host_reset(&control->peer[vm].proto);
	memset(&control->vm_view[vm].stats, 0, sizeof(control->vm_view[vm].stats));
	memset(&control->vm_view[vm].report, 0, sizeof(control->vm_view[vm].report));
	if (control->policy->vm_removed)
		control->policy->vm_removed(control->state, refresh(control), vm, &control->actions);
}

void sim_controller_vm_booted(struct sim_controller *control, u32 vm)
{
	struct ws_balloon_config config = { .num_pages = control->peer[vm].target_pages };
	u8 space[WS_CONFIG_BYTES];
	int length = ws_wire_config_encode(&config, space, sizeof(space));

	/* The driver reads configuration space as it starts: that is no message. */
	if (config.num_pages)
		sim_balloon_configured(&control->guests[vm], space, (u32)length);
	sim_controller_vm_added(control, vm);
}

void sim_controller_tick(struct sim_controller *control)
{
	control->policy->tick(control->state, refresh(control), &control->actions);
	next_tick(control);
}

/* --- what arrives --- */

static void stats_arrived(struct sim_controller *control, const struct sim_message *message)
{
	struct sim_vm_stats *to = &control->vm_view[message->vm].stats;
	struct ws_stats stats;

	if (!(control->policy->channels & SIM_CH_STATS) ||
	    ws_wire_stats_decode(&stats, message->bytes, message->length))
		return;
	*to = (struct sim_vm_stats){
		.time_ns = control->engine->now_ns,
		.swap_in_bytes = stats.value[WS_STAT_SWAP_IN],
		.swap_out_bytes = stats.value[WS_STAT_SWAP_OUT],
		.major_faults = stats.value[WS_STAT_MAJFLT],
		.minor_faults = stats.value[WS_STAT_MINFLT],
		.free_bytes = stats.value[WS_STAT_MEMFREE],
		.total_bytes = stats.value[WS_STAT_MEMTOT],
		.available_bytes = stats.value[WS_STAT_AVAIL],
		.caches_bytes = stats.value[WS_STAT_CACHES],
		.oom_kills = stats.value[WS_STAT_OOM_KILL],
		.alloc_stalls = stats.value[WS_STAT_ALLOC_STALL],
		.async_scan = stats.value[WS_STAT_ASYNC_SCAN],
		.direct_scan = stats.value[WS_STAT_DIRECT_SCAN],
		.async_reclaim = stats.value[WS_STAT_ASYNC_RECLAIM],
		.direct_reclaim = stats.value[WS_STAT_DIRECT_RECLAIM],
	};
	if (control->policy->stats)
		control->policy->stats(control->state, refresh(control), message->vm,
				       &control->actions);
}

static void report_arrived(struct sim_controller *control, const struct sim_message *message)
{
	struct sim_engine *engine = control->engine;
	struct sim_vm_report *to = &control->vm_view[message->vm].report;
	struct ws_proto_heard heard;
	struct ws_msg msg;
	u64 sum = 0;

	if (ws_proto_host_consume(&control->peer[message->vm].proto, message->bytes, message->length,
				  engine->now_ns, &msg, &heard) ||
	    msg.report.error)
		return;
	to->arrived_ns = engine->now_ns;
	to->number++;
	to->pressure = heard.pressure;
	to->bins_count = msg.report.bins_count;
	for (u32 i = 0; i < to->bins_count; i++) {
		to->bin[i] = (struct sim_report_bin){
			.idle_age_ns = msg.report.bin[i].idle_age_ns,
			.anon_bytes = msg.report.bin[i].anon_bytes,
			.file_bytes = msg.report.bin[i].file_bytes,
		};
		sum += to->bin[i].anon_bytes + to->bin[i].file_bytes;
	}
	sim_emit(engine, SIM_EV_REPORT, message->vm, to->pressure, to->number, sum);
	if (message->truth.bins_count) {
		struct sim_report_sample sample = message->truth;

		sample.arrived_ns = engine->now_ns;
		for (u32 i = 0; i < engine->probes_count; i++)
			if (engine->probes[i].report)
				engine->probes[i].report(engine->probes[i].ctx, &sample);
	}
	if (control->policy->report)
		control->policy->report(control->state, refresh(control), message->vm,
					&control->actions);
}

void sim_controller_message(struct sim_controller *control, const struct sim_message *message)
{
	if (!control->guests[message->vm].running)
		return;
	if (message->queue == SIM_VQ_STATS)
		stats_arrived(control, message);
	else if (message->queue == SIM_VQ_REPORT && control->policy->channels & SIM_CH_REPORTS)
		report_arrived(control, message);
}

/* --- the watch over balloons and host memory, once a second --- */

static void watch_balloon(struct sim_controller *control, u32 vm)
{
	const struct sim_guest *guest = &control->guests[vm];
	struct sim_peer *peer = &control->peer[vm];
	u64 now_ns = control->engine->now_ns, actual = sim_balloon_pages(guest);
	u64 gap = actual > peer->target_pages ? actual - peer->target_pages
					      : peer->target_pages - actual;
	bool oom = guest->counters.oom_deflate_pages != peer->oom_seen;

	if (actual != peer->actual_seen) {
		peer->actual_seen = actual;
		peer->moved_ns = now_ns;
	}
	peer->oom_seen = guest->counters.oom_deflate_pages;
	u64 near = STALLED_PAGES > sim_mechanism_unit_pages(guest)
			   ? STALLED_PAGES : sim_mechanism_unit_pages(guest);
	bool stuck = gap > near && now_ns - peer->moved_ns >= STALLED_NS &&
		     now_ns - peer->stalled_ns >= STALLED_NS;

	if ((!oom && !stuck) || !control->policy->stalled)
		return;
	peer->stalled_ns = now_ns;
	control->policy->stalled(control->state, refresh(control), vm, oom, &control->actions);
}

void sim_controller_watch(struct sim_controller *control)
{
	u32 level = sim_host_pressure(control->host);

	for (u32 i = 0; i < control->view.vms_count; i++)
		if (control->guests[i].running)
			watch_balloon(control, i);
	if (level) {
		sim_emit(control->engine, SIM_EV_PRESSURE, SIM_HOST_ID, level - 1,
			 control->host->free_pages, 0);
		if (control->policy->pressure)
			control->policy->pressure(control->state, refresh(control), level - 1,
						  &control->actions);
	}
	sim_wake_at(control->engine, control->engine->now_ns + WATCH_NS, SIM_CLASS_TIMER,
		    SIM_WAKE_WATCH, SIM_HOST_ID, 0, 0);
}
