/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_control.c - view, actions and timers of a policy; see wsd_control.h. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_device.h"
#include "tr_units.h"
#include "wsd_control.h"

#define WATCH_NS SIM_SECOND
#define STALLED_NS (5 * SIM_SECOND)
#define STALLED_PAGES 256 /* a gap below one batch is not worth a word */
#define COMPLAINTS_MAX 20 /* lines about one VM; a guest must not fill a log */

static void say(struct wsd_control *control, u32 vm, const char *text)
{
	u32 *count = &control->peer[vm].complaints_count;

	if (*count > COMPLAINTS_MAX)
		return;
	control->say(control->vm[vm].options->name,
		     ++*count > COMPLAINTS_MAX ? "says no more of this kind" : text);
}

static u64 now(const struct wsd_control *control)
{
	return wsd_loop_now(control->loop);
}

/* --- what the policy sees --- */

static u64 left_bytes(const struct wsd_vm *vm, u64 balloon_pages)
{
	return vm->options->size_bytes - balloon_pages * WS_PAGE_BYTES;
}

static void refresh_vm(struct wsd_control *control, u32 i)
{
	const struct wsd_vm *vm = &control->vm[i];
	struct sim_vm_view *view = &control->vm_view[i];
	u64 nominal = vm->options->size_bytes / WS_PAGE_BYTES;
	struct wsd_backing backing;

	view->running = control->peer[i].added;
	view->target_bytes = left_bytes(vm, vm->target_pages < nominal ? vm->target_pages : nominal);
	view->actual_bytes = left_bytes(vm, wsd_vm_balloon_pages(vm));
	if (control->policy->channels & SIM_CH_HOST) {
		wsd_vm_backing(vm, &backing);
		view->backed_bytes = backing.backed_bytes;
		view->host_swapped_bytes = backing.swapped_bytes;
		/* A VMM's processor time is that of another clock than the guest's. */
		view->cpu_ns = control->loop->clock == WSD_CLOCK_GUEST ? 0 : backing.cpu_ns;
	}
	if ((control->policy->channels | control->policy->channels_more) & SIM_CH_AGENT) {
		view->committed_bytes = vm->agent.committed_bytes;
		view->psi_some_ns = vm->agent.psi_some_ns;
		view->psi_full_ns = vm->agent.psi_full_ns;
		view->psi_some_avg10 = vm->agent.psi_some_avg10;
		view->psi_full_avg10 = vm->agent.psi_full_avg10;
	}
}

/* Of all VMs' memory; @beside: and what their VMMs hold beside it. */
static u64 backed_bytes(const struct wsd_control *control, bool beside)
{
	struct wsd_backing backing;
	u64 sum = 0;

	for (u32 i = 0; i < control->vms_count; i++) {
		wsd_vm_backing(&control->vm[i], &backing);
		sum += backing.backed_bytes + (beside ? backing.beside_bytes : 0);
	}
	return sum;
}

static u64 free_bytes(struct wsd_control *control)
{
	u64 budget = control->scenario->host.memory_bytes, backed = backed_bytes(control, true);
	u64 left = backed < budget ? budget - backed : 0;

	if (control->loop->clock == WSD_CLOCK_GUEST)
		return left;
	wsd_host_read(&control->host, "/proc");
	if (!control->options->host_bytes)
		return control->host.available_bytes;
	return left < control->host.available_bytes ? left : control->host.available_bytes;
}

static const struct sim_host_view *refresh(struct wsd_control *control)
{
	struct sim_host_view *view = &control->view;

	view->now_ns = now(control);
	for (u32 i = 0; i < control->vms_count; i++)
		refresh_vm(control, i);
	if (control->policy->channels & SIM_CH_HOST) {
		view->free_bytes = free_bytes(control);
		view->swap_in_bytes = control->host.swap_in_bytes;
		view->swap_out_bytes = control->host.swap_out_bytes;
		view->psi_some_ns = control->host.psi_some_ns;
		view->psi_full_ns = control->host.psi_full_ns;
		view->psi_some_avg10 = control->host.psi_some_avg10;
		view->psi_full_avg10 = control->host.psi_full_avg10;
	}
	return view;
}

/* --- what the policy does --- */

static void need(const struct wsd_control *control, u32 channel)
{
	assert(control->policy->channels & channel); /* an undeclared channel */
}

static void emit(struct wsd_control *control, enum sim_event_kind kind, u32 vm, u32 arg, u64 a,
		 u64 b)
{
	wsd_record_event(control->record, now(control), kind, vm, arg, a, b);
}

void wsd_control_set_target(struct wsd_control *control, u32 i, u64 bytes)
{
	struct wsd_vm *vm = &control->vm[i];
	char text[160], to[TR_UNITS_TEXT], from[TR_UNITS_TEXT];
	u64 pages;

	if (!vm->up)
		return;
	if (bytes < vm->options->min_bytes)
		bytes = vm->options->min_bytes;
	if (bytes > vm->options->size_bytes)
		bytes = vm->options->size_bytes;
	pages = (vm->options->size_bytes - bytes) / WS_PAGE_BYTES;
	if (control->options->dry_run) {
		if (pages != control->peer[i].said_pages) {
			control->peer[i].said_pages = pages;
			snprintf(text, sizeof(text), "would be left %s, now %s",
				 tr_about_bytes(bytes, to),
				 tr_about_bytes(left_bytes(vm, vm->target_pages), from));
			control->say(vm->options->name, text);
		}
		return;
	}
	emit(control, SIM_EV_ACTION, i, SIM_ACT_TARGET, bytes, vm->target_pages);
	wsd_vm_set_target(vm, pages);
	emit(control, SIM_EV_TARGET, i, 0, vm->options->size_bytes / WS_PAGE_BYTES - pages, 0);
	control->peer[i].moved_ns = now(control);
}

static void act_target(void *ctx, u32 vm, u64 bytes)
{
	struct wsd_control *control = ctx;

	if (control->peer[vm].added)
		wsd_control_set_target(control, vm, bytes);
}

static void act_stats(void *ctx, u32 vm)
{
	struct wsd_control *control = ctx;

	need(control, SIM_CH_STATS);
	if (!control->peer[vm].added)
		return;
	emit(control, SIM_EV_ACTION, vm, SIM_ACT_STATS, 0, 0);
	control->peer[vm].stats_asked = true;
	wsd_vm_request_stats(&control->vm[vm]);
}

static void act_report(void *ctx, u32 vm)
{
	struct wsd_control *control = ctx;
	int length;

	need(control, SIM_CH_REPORTS);
	if (!control->peer[vm].added)
		return;
	length = wsd_vm_request_report(&control->vm[vm]);
	emit(control, SIM_EV_ACTION, vm, SIM_ACT_REPORT, (u64)(length < 0), 0);
}

static void act_configure(void *ctx, u32 vm, const u64 *edge_ns, u32 edges_count,
			  u64 refresh_interval_ns, u64 report_threshold_ns)
{
	struct wsd_control *control = ctx;
	struct ws_report_config config = {
		.edges_count = edges_count,
		.refresh_interval_ns = refresh_interval_ns,
		.report_threshold_ns = report_threshold_ns,
	};
	char text[96];
	int length;

	need(control, SIM_CH_REPORTS);
	assert(edges_count && edges_count < SIM_BINS_MAX);
	if (!control->peer[vm].added)
		return;
	memcpy(config.edge_ns, edge_ns, edges_count * sizeof(*edge_ns));
	length = wsd_vm_configure(&control->vm[vm], &config);
	if (length < 0) {
		snprintf(text, sizeof(text), "reports cannot be configured like that: %s",
			 strerror(-length));
		say(control, vm, text);
	}
	emit(control, SIM_EV_ACTION, vm, SIM_ACT_CONFIG, edges_count, (u64)(length < 0));
}

static void act_reclaim(void *ctx, u32 vm, u64 bytes)
{
	struct wsd_control *control = ctx;
	char text[96], size[TR_UNITS_TEXT];

	need(control, SIM_CH_RECLAIM);
	if (!control->peer[vm].added)
		return;
	if (control->options->dry_run) {
		snprintf(text, sizeof(text), "would be told to give up its coldest %s",
			 tr_about_bytes(bytes, size));
		control->say(control->vm[vm].options->name, text);
		return;
	}
	emit(control, SIM_EV_ACTION, vm, SIM_ACT_RECLAIM, bytes, 0);
	wsd_vm_reclaim(&control->vm[vm], bytes);
}

static void act_explain(void *ctx, u32 vm, const char *text)
{
	struct wsd_control *control = ctx;

	wsd_record_explain(control->record, now(control), vm, text);
}

static const struct sim_action_ops action_ops = {
	.set_target = act_target,
	.request_stats = act_stats,
	.request_report = act_report,
	.configure_reports = act_configure,
	.reclaim = act_reclaim,
	.explain = act_explain,
};

/* --- what arrives --- */

static u64 now_ns(void *ctx)
{
	return now(ctx);
}

static void on_up(void *ctx, struct wsd_vm *vm)
{
	struct wsd_control *control = ctx;
	struct wsd_peer *peer = &control->peer[vm->index];
	u32 missing = control->policy->channels & ~wsd_vm_channels(vm);
	char lacks[128], text[256];

	peer->moved_ns = now(control);
	peer->pages_seen = peer->actual_seen = wsd_vm_balloon_pages(vm);
	peer->said_pages = vm->target_pages;
	peer->oom_seen = vm->stats.value[WS_STAT_OOM_KILL];
	emit(control, SIM_EV_START, vm->index, 0, vm->options->size_bytes / WS_PAGE_BYTES, 0);
	if (peer->pages_seen)
		emit(control, SIM_EV_BALLOON, vm->index, 0, 0, peer->pages_seen);
	if (missing) {
		sim_channels_text(missing, lacks, sizeof(lacks));
		snprintf(text, sizeof(text), "its driver does not give %s, which policy %s needs: left alone",
			 lacks, control->policy->name);
		say(control, vm->index, text);
		return;
	}
	peer->added = true;
	if (control->policy->vm_added)
		control->policy->vm_added(control->state, refresh(control), vm->index,
					  &control->actions);
}

static void on_down(void *ctx, struct wsd_vm *vm)
{
	struct wsd_control *control = ctx;
	struct wsd_peer *peer = &control->peer[vm->index];
	bool was_added = peer->added;

	if (control->closing)
		return;
	emit(control, SIM_EV_STOP, vm->index, 0, 0, 0);
	peer->added = peer->stats_asked = false;
	memset(&control->vm_view[vm->index].stats, 0, sizeof(struct sim_vm_stats));
	memset(&control->vm_view[vm->index].report, 0, sizeof(struct sim_vm_report));
	if (was_added && control->policy->vm_removed)
		control->policy->vm_removed(control->state, refresh(control), vm->index,
					    &control->actions);
}

static void on_stats(void *ctx, struct wsd_vm *vm)
{
	struct wsd_control *control = ctx;
	struct wsd_peer *peer = &control->peer[vm->index];
	const u64 *value = vm->stats.value;

	if (!(control->policy->channels & SIM_CH_STATS))
		return;
	control->vm_view[vm->index].stats = (struct sim_vm_stats){
		.time_ns = vm->stats_ns,
		.swap_in_bytes = value[WS_STAT_SWAP_IN],
		.swap_out_bytes = value[WS_STAT_SWAP_OUT],
		.major_faults = value[WS_STAT_MAJFLT],
		.minor_faults = value[WS_STAT_MINFLT],
		.free_bytes = value[WS_STAT_MEMFREE],
		.total_bytes = value[WS_STAT_MEMTOT],
		.available_bytes = value[WS_STAT_AVAIL],
		.caches_bytes = value[WS_STAT_CACHES],
		.oom_kills = value[WS_STAT_OOM_KILL],
		.alloc_stalls = value[WS_STAT_ALLOC_STALL],
		.async_scan = value[WS_STAT_ASYNC_SCAN],
		.direct_scan = value[WS_STAT_DIRECT_SCAN],
		.async_reclaim = value[WS_STAT_ASYNC_RECLAIM],
		.direct_reclaim = value[WS_STAT_DIRECT_RECLAIM],
	};
	if (!peer->stats_asked || !peer->added)
		return;
	peer->stats_asked = false;
	if (control->policy->stats)
		control->policy->stats(control->state, refresh(control), vm->index,
				       &control->actions);
}

static void on_report(void *ctx, struct wsd_vm *vm)
{
	struct wsd_control *control = ctx;
	u64 sum = 0;

	for (u32 i = 0; i < vm->report.bins_count; i++)
		sum += vm->report.bin[i].anon_bytes + vm->report.bin[i].file_bytes;
	emit(control, SIM_EV_REPORT, vm->index, vm->report.pressure, vm->report.number, sum);
	wsd_record_report(control->record, now(control), vm->index, vm->report_age_ns, &vm->report);
	if (!(control->policy->channels & SIM_CH_REPORTS) || !control->peer[vm->index].added)
		return;
	control->vm_view[vm->index].report = vm->report;
	if (control->policy->report)
		control->policy->report(control->state, refresh(control), vm->index,
					&control->actions);
}

static void on_moved(void *ctx, struct wsd_vm *vm)
{
	struct wsd_control *control = ctx;
	struct wsd_peer *peer = &control->peer[vm->index];
	u64 pages = wsd_vm_balloon_pages(vm), before = peer->pages_seen;

	if (pages == before)
		return;
	peer->pages_seen = pages;
	emit(control, SIM_EV_BALLOON, vm->index, pages < before,
	     pages > before ? pages - before : before - pages, pages);
}

static void on_complaint(void *ctx, struct wsd_vm *vm, const char *text)
{
	say(ctx, vm->index, text);
}

static const struct wsd_vm_events vm_events = {
	.up = on_up,
	.down = on_down,
	.stats = on_stats,
	.report = on_report,
	.moved = on_moved,
	.complain = on_complaint,
	.now_ns = now_ns,
};

/* --- once a second --- */

static void watch_balloon(struct wsd_control *control, u32 i)
{
	struct wsd_vm *vm = &control->vm[i];
	struct wsd_peer *peer = &control->peer[i];
	u64 time_ns = now(control), actual = wsd_vm_balloon_pages(vm), target = vm->target_pages;
	u64 gap = actual > target ? actual - target : target - actual;
	/* A balloon that is smaller than it was and than it should be: the guest was out of memory. */
	bool oom = vm->options->device.features >> WS_F_DEFLATE_ON_OOM & 1 &&
		   actual < peer->actual_seen && actual + STALLED_PAGES / 2 < target &&
		   time_ns - peer->moved_ns >= WATCH_NS;

	if (actual != peer->actual_seen) {
		peer->actual_seen = actual;
		peer->moved_ns = time_ns;
	}
	bool stuck = gap > STALLED_PAGES && time_ns - peer->moved_ns >= STALLED_NS &&
		     time_ns - peer->stalled_ns >= STALLED_NS;

	if ((!oom && !stuck) || !control->policy->stalled)
		return;
	peer->stalled_ns = time_ns;
	control->policy->stalled(control->state, refresh(control), i, oom, &control->actions);
}

/* 0: the host is not short; else one more than the policy's level. */
static u32 pressure_level(struct wsd_control *control, u64 free)
{
	if (free >= control->view.high_bytes)
		return 0;
	if (free >= control->view.low_bytes)
		return 1;
	return free >= control->view.low_bytes / 2 ? 2 : 3;
}

static void on_watch(void *ctx)
{
	struct wsd_control *control = ctx;
	u64 free;
	u32 level;

	for (u32 i = 0; i < control->vms_count; i++) {
		wsd_vm_look_after(&control->vm[i]);
		if (control->peer[i].added)
			watch_balloon(control, i);
	}
	free = free_bytes(control);
	level = pressure_level(control, free);
	control->low_ns += level >= 2 ? WATCH_NS : 0;
	control->critical_ns += level >= 3 ? WATCH_NS : 0;
	if (level) {
		emit(control, SIM_EV_PRESSURE, SIM_HOST_ID, level - 1, free / WS_PAGE_BYTES, 0);
		if (control->policy->pressure)
			control->policy->pressure(control->state, refresh(control), level - 1,
						  &control->actions);
	}
	wsd_loop_set(control->loop, &control->watch, control->watch.due_ns + WATCH_NS);
}

static void on_tick(void *ctx)
{
	struct wsd_control *control = ctx;
	u64 period_ns;

	control->policy->tick(control->state, refresh(control), &control->actions);
	period_ns = control->policy->tick_ns(control->state);
	if (period_ns)
		wsd_loop_set(control->loop, &control->tick, control->tick.due_ns + period_ns);
}

static void on_deadline(void *ctx)
{
	((struct wsd_control *)ctx)->loop->stop = true;
}

/* --- the record --- */

/* The last bin has no upper edge: nothing is idle for longer than since before the start. */
static u64 age_of_bin(const struct wsd_vm *vm, u32 i, u64 time_ns)
{
	u64 age_ns = vm->report.bin[i].idle_age_ns;

	if (age_ns != WS_AGE_INFINITE)
		return age_ns;
	return time_ns + (i ? vm->report.bin[i - 1].idle_age_ns : 0);
}

static void sample_memory(const struct wsd_vm *vm, u64 time_ns, struct sim_vm_sample *sample)
{
	const u64 *value = vm->stats.value;
	u64 total = value[WS_STAT_MEMTOT] / WS_PAGE_BYTES, held = 0;

	sample->free_pages = value[WS_STAT_MEMFREE] / WS_PAGE_BYTES;
	sample->available_pages = value[WS_STAT_AVAIL] / WS_PAGE_BYTES;
	sample->file_pages = value[WS_STAT_CACHES] / WS_PAGE_BYTES;
	if (vm->report.bins_count) {
		sample->generations_count = vm->report.bins_count;
		sample->file_pages = 0;
		for (u32 i = 0; i < vm->report.bins_count; i++) {
			const struct sim_report_bin *bin = &vm->report.bin[i];

			sample->generation[i].age_ns = age_of_bin(vm, i, time_ns);
			sample->generation[i].anon_pages = bin->anon_bytes / WS_PAGE_BYTES;
			sample->generation[i].file_pages = bin->file_bytes / WS_PAGE_BYTES;
			sample->anon_pages += sample->generation[i].anon_pages;
			sample->file_pages += sample->generation[i].file_pages;
		}
	}
	/* What nothing accounts for: without reports, anonymous memory is part of it. */
	held = sample->free_pages + sample->file_pages + sample->anon_pages;
	if (total > held && !vm->report.bins_count)
		sample->anon_pages = total - held;
	else if (total > held)
		sample->kernel_pages = total - held;
}

/* VM @i as the record sees it now. */
static void fill_sample(struct wsd_control *control, u32 i, struct sim_vm_sample *sample)
{
	const struct wsd_vm *vm = &control->vm[i];
	const u64 *value = vm->stats.value;
	struct sim_vm_counters *counters = &sample->counters;
	struct wsd_backing backing;

	memset(sample, 0, sizeof(*sample));
	sample->running = vm->up;
	sample->nominal_pages = vm->options->size_bytes / WS_PAGE_BYTES;
	sample->balloon_pages = wsd_vm_balloon_pages(vm);
	sample->target_pages = sample->nominal_pages - (vm->target_pages < sample->nominal_pages ?
							vm->target_pages : sample->nominal_pages);
	sample_memory(vm, now(control), sample);
	wsd_vm_backing(vm, &backing);
	sample->backed_pages = backing.backed_bytes / WS_PAGE_BYTES;
	sample->host_swapped_pages = backing.swapped_bytes / WS_PAGE_BYTES;
	sample->psi_some_avg10 = vm->agent.psi_some_avg10;
	sample->psi_full_avg10 = vm->agent.psi_full_avg10;
	counters->swap_in_pages = value[WS_STAT_SWAP_IN] / WS_PAGE_BYTES;
	counters->swap_out_pages = value[WS_STAT_SWAP_OUT] / WS_PAGE_BYTES;
	counters->faults[SIM_FAULT_MINOR] = value[WS_STAT_MINFLT];
	counters->faults[SIM_FAULT_SWAPIN] = value[WS_STAT_MAJFLT];
	counters->oom_kills = value[WS_STAT_OOM_KILL];
	counters->alloc_stalls = value[WS_STAT_ALLOC_STALL];
	counters->pgscan_background = value[WS_STAT_ASYNC_SCAN];
	counters->pgscan_direct = value[WS_STAT_DIRECT_SCAN];
	counters->pgsteal_background = value[WS_STAT_ASYNC_RECLAIM];
	counters->pgsteal_direct = value[WS_STAT_DIRECT_RECLAIM];
	counters->psi_some_ns = vm->agent.psi_some_ns;
	counters->psi_full_ns = vm->agent.psi_full_ns;
	counters->reports_sent = vm->reports_count;
	counters->reports_lost = vm->reports_lost;
	counters->messages = vm->messages_count;
	if (vm->attach) {
		const struct wsd_device_counters *device =
			&wsd_attach_device(vm->attach)->counters;

		counters->inflate_pages = device->inflated_pages;
		counters->deflate_pages = device->deflated_pages;
	}
}

static void fill_host(struct wsd_control *control, struct sim_host_sample *sample)
{
	u64 free = free_bytes(control);

	*sample = (struct sim_host_sample){
		.memory_pages = control->scenario->host.memory_bytes / WS_PAGE_BYTES,
		.free_pages = free / WS_PAGE_BYTES,
		.backed_pages = backed_bytes(control, false) / WS_PAGE_BYTES,
		.swapped_pages = control->host.swapped_bytes / WS_PAGE_BYTES,
		.swap_in_pages = control->host.swap_in_bytes / WS_PAGE_BYTES,
		.swap_out_pages = control->host.swap_out_bytes / WS_PAGE_BYTES,
		.psi_some_ns = control->host.psi_some_ns,
		.psi_full_ns = control->host.psi_full_ns,
		.low_ns = control->low_ns,
		.critical_ns = control->critical_ns,
	};
}

/* A time series needs statistics also under a policy that never asks. */
static void ask_for_record(struct wsd_control *control, u32 i)
{
	struct wsd_vm *vm = &control->vm[i];
	u64 time_ns = now(control), interval_ns = control->options->sample_ns;

	if (!vm->up || (control->policy->channels & SIM_CH_STATS && control->peer[i].added))
		return;
	if (vm->stats_ns + interval_ns <= time_ns)
		wsd_vm_request_stats(vm);
}

static struct sim_vm_sample *fill_samples(struct wsd_control *control)
{
	struct sim_vm_sample *sample = calloc(control->vms_count, sizeof(*sample));

	assert(sample);
	for (u32 i = 0; i < control->vms_count; i++)
		fill_sample(control, i, &sample[i]);
	return sample;
}

static void on_sample(void *ctx)
{
	struct wsd_control *control = ctx;
	struct sim_vm_sample *sample = fill_samples(control);
	struct sim_host_sample host;

	fill_host(control, &host);
	wsd_record_sample(control->record, now(control), &host, sample);
	free(sample);
	for (u32 i = 0; i < control->vms_count; i++)
		ask_for_record(control, i);
	wsd_loop_set(control->loop, &control->sample,
		     control->sample.due_ns + control->options->sample_ns);
}

void wsd_control_finish(struct wsd_control *control, struct sim_run_result *result)
{
	struct sim_vm_sample *sample = fill_samples(control);
	struct sim_host_sample host;

	fill_host(control, &host);
	wsd_record_end(control->record, now(control), &host, sample, result);
	free(sample);
}

/* --- life --- */

/* What a refault costs on such a device, as the scenario has it. */
static u64 read_ns_of(const struct sim_device_config *config)
{
	struct sim_latency_set latencies = { .first = NULL };
	struct sim_device device;
	u64 read_ns = 0; /* unknown, when memory is out */

	if (!sim_device_init(&device, config, &latencies, 0, 0, ""))
		read_ns = sim_device_mean_read_ns(&device);
	sim_latency_set_destroy(&latencies);
	return read_ns;
}

static void make_views(struct wsd_control *control)
{
	const struct sim_scenario *scenario = control->scenario;

	for (u32 i = 0; i < control->vms_count; i++) {
		const struct sim_vm_config *config = &scenario->vm[i];

		control->vm_view[i] = (struct sim_vm_view){
			.name = config->name,
			.nominal_bytes = config->memory_bytes,
			.min_bytes = config->memory_min_bytes,
			.shares = config->shares,
			.refault_ns = read_ns_of(&config->swap),
			.file_refault_ns = read_ns_of(&config->disk),
			.deflate_on_oom = config->deflate_on_oom,
		};
	}
	control->view.memory_bytes = scenario->host.memory_bytes;
	control->view.vms_count = control->vms_count;
	control->view.vm = control->vm_view;
	control->view.low_bytes = (u64)((double)scenario->host.memory_bytes * scenario->host.low);
	control->view.high_bytes = (u64)((double)scenario->host.memory_bytes * scenario->host.high);
}

static void start_timers(struct wsd_control *control)
{
	struct wsd_loop *loop = control->loop;
	const struct sim_policy *policy = control->policy;
	u64 time_ns = now(control), tick_ns;

	control->tick = (struct wsd_timer){ .fire = on_tick, .ctx = control };
	control->watch = (struct wsd_timer){ .fire = on_watch, .ctx = control };
	control->sample = (struct wsd_timer){ .fire = on_sample, .ctx = control };
	control->deadline = (struct wsd_timer){ .fire = on_deadline, .ctx = control };
	wsd_loop_add_timer(loop, &control->tick);
	wsd_loop_add_timer(loop, &control->watch);
	wsd_loop_add_timer(loop, &control->sample);
	wsd_loop_add_timer(loop, &control->deadline);
	tick_ns = policy->tick && policy->tick_ns ? policy->tick_ns(control->state) : 0;
	if (tick_ns)
		wsd_loop_set(loop, &control->tick, time_ns + tick_ns);
	wsd_loop_set(loop, &control->watch, time_ns + WATCH_NS);
	wsd_loop_set(loop, &control->sample, time_ns + control->options->sample_ns);
	if (control->options->duration_ns)
		wsd_loop_set(loop, &control->deadline, time_ns + control->options->duration_ns);
}

static int start_policy(struct wsd_control *control, struct tr_error *error)
{
	const struct sim_policy *policy = control->policy;

	memcpy(control->state, control->scenario->policy_state, policy->state_size);
	if (policy->init && policy->init(control->state, refresh(control)))
		return tr_fail(error, -EINVAL, "policy %s: the parameters contradict each other",
			       policy->name);
	return 0;
}

int wsd_control_create(struct wsd_control *control, struct wsd_loop *loop,
		       const struct wsd_options *options, const struct sim_scenario *scenario,
		       struct wsd_record *record, void (*say_to)(const char *vm, const char *text),
		       struct tr_error *error)
{
	u32 count = options->vms_count;
	int rc = 0;

	*control = (struct wsd_control){
		.loop = loop, .options = options, .scenario = scenario, .policy = scenario->policy,
		.state = calloc(1, scenario->policy->state_size + 1),
		.vm = calloc(count, sizeof(*control->vm)),
		.peer = calloc(count, sizeof(*control->peer)),
		.vm_view = calloc(count, sizeof(*control->vm_view)),
		.record = record, .say = say_to, .vms_count = count,
		.actions = { .ops = &action_ops, .ctx = control },
	};
	if (!control->state || !control->vm || !control->peer || !control->vm_view)
		return tr_fail(error, -ENOMEM, "out of memory");
	for (u32 i = 0; i < count; i++)
		control->vm[i].options = &options->vm[i];
	make_views(control);
	for (u32 i = 0; i < count && !rc; i++)
		rc = wsd_vm_create(&control->vm[i], i, &options->vm[i], loop, options, &vm_events,
				   control, error);
	if (!rc)
		rc = start_policy(control, error);
	if (!rc)
		start_timers(control);
	return rc;
}

void wsd_control_destroy(struct wsd_control *control)
{
	control->closing = true;
	for (u32 i = 0; control->vm && i < control->vms_count; i++)
		wsd_vm_destroy(&control->vm[i]);
	if (control->policy && control->policy->destroy && control->state)
		control->policy->destroy(control->state);
	free(control->state);
	free(control->vm);
	free(control->peer);
	free(control->vm_view);
	memset(control, 0, sizeof(*control));
}
