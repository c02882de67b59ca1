/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_world.c - a run: what each event wakes, from the first to the last. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_ahead.h"
#include "model/sim_balloon.h"
#include "model/sim_check.h"
#include "model/sim_controller.h"
#include "model/sim_disturb.h"
#include "model/sim_guest.h"
#include "model/sim_khugepaged.h"
#include "model/sim_reporter.h"
#include "model/sim_sampling.h"
#include "model/sim_world.h"

#define PROGRESS_EVENTS 65536
#define FETCH_GUESTS 4 /* with fewer, the caches hold them all */

struct sim_world {
	struct sim_engine engine;
	struct sim_scenario scenario; /* as the model sees it */
	struct sim_host host;
	struct sim_link link;
	struct sim_controller control;
	struct sim_guest *guest;
	u32 guests_count; /* initialized */
	struct sim_vm_sample *sample;
	struct sim_run_info info;
};

static void start_vm(struct sim_world *world, u32 vm)
{
	sim_guest_start(&world->guest[vm]);
	sim_controller_vm_added(&world->control, vm);
}

static void stop_vm(struct sim_world *world, u32 vm)
{
	bool known = world->guest[vm].running; /* one that reboots is removed already */

	sim_guest_stop(&world->guest[vm]);
	if (known)
		sim_controller_vm_removed(&world->control, vm);
}

static void take_samples(struct sim_world *world, struct sim_host_sample *sample)
{
	const struct sim_host *host = &world->host;

	u32 one_in = world->scenario.sample_one_in;

	for (u32 i = 0; i < world->guests_count; i++) {
		sim_guest_sample(&world->guest[i], &world->sample[i]);
		sim_sampling_tell_vm(&world->sample[i], one_in);
	}
	*sample = (struct sim_host_sample){
		.memory_pages = host->memory_pages,
		.free_pages = host->free_pages,
		.backed_pages = host->memory_pages - host->free_pages - host->pool_pages -
				host->taken_pages,
		.compressed_pages = host->pool_pages,
		.swapped_pages = host->swap_used,
		.swap_in_pages = host->swap_in_pages,
		.swap_out_pages = host->swap_out_pages,
		.psi_some_ns = host->psi.some_ns,
		.psi_full_ns = host->psi.full_ns,
		.low_ns = host->low_ns,
		.critical_ns = host->critical_ns,
		.cpu_ns = host->cpu_ns,
	};
	sim_sampling_tell_host(sample, one_in);
}

static void sample(struct sim_world *world)
{
	struct sim_engine *engine = &world->engine;
	u64 step_ns = engine->scenario->sample_ns;
	struct sim_host_sample host_sample;

	/* Times below a limit are counted whether or not anybody looks. */
	for (u32 i = 0; i < world->guests_count; i++) {
		struct sim_guest *guest = &world->guest[i];

		if (guest->running && sim_guest_available(guest) * 50 < guest->frames_count)
			guest->counters.low_available_ns += step_ns;
	}
	world->host.low_ns += sim_host_pressure(&world->host) >= 2 ? step_ns : 0;
	world->host.critical_ns += sim_host_pressure(&world->host) >= 3 ? step_ns : 0;
	take_samples(world, &host_sample);
	for (u32 i = 0; i < engine->probes_count; i++)
		if (engine->probes[i].sample)
			engine->probes[i].sample(engine->probes[i].ctx, engine->now_ns, &host_sample,
						 world->sample, world->guests_count);
	sim_wake_at(engine, engine->now_ns + step_ns, SIM_CLASS_SAMPLE, SIM_WAKE_SAMPLE, SIM_HOST_ID, 0,
		    0);
}

static void disturb(struct sim_world *world, u32 arg)
{
	struct sim_engine *engine = &world->engine;
	const struct sim_disturbance *disturbance = &engine->scenario->disturbance[arg >> 1];
	struct sim_disturbed disturbed = { engine, &world->host, &world->link, &world->control,
					   world->guest };

	sim_disturb(&disturbed, arg >> 1, arg & 1);
	if (arg & 1)
		sim_wake_at(engine, engine->now_ns + disturbance->duration_ns, SIM_CLASS_TIMER,
			    SIM_WAKE_DISTURB, SIM_HOST_ID, arg & ~1u, 0);
}

static void message(struct sim_world *world, u32 index)
{
	struct sim_message *arrived = sim_link_arrived(&world->link, index);
	struct sim_guest *guest = &world->guest[arrived->vm];

	if (arrived->forgotten)
		; /* of a guest before its reboot */
	else if (arrived->to_host)
		sim_controller_message(&world->control, arrived);
	else if (!guest->running)
		; /* nobody there any more */
	else if (arrived->queue == SIM_VQ_CONFIG)
		sim_balloon_configured(guest, arrived->bytes, arrived->length);
	else
		sim_reporter_message(guest, arrived);
	sim_link_done(arrived);
}

static void psi_period(struct sim_world *world)
{
	struct sim_engine *engine = &world->engine;

	for (u32 i = 0; i < world->guests_count; i++)
		if (world->guest[i].running)
			sim_psi_period(&world->guest[i].psi, engine->now_ns);
	sim_psi_period(&world->host.psi, engine->now_ns);
	sim_wake_at(engine, engine->now_ns + SIM_PSI_PERIOD_NS, SIM_CLASS_TIMER, SIM_WAKE_PSI,
		    SIM_HOST_ID, 0, 0);
}

static void ageing_timer(struct sim_guest *guest)
{
	if (!guest->running)
		return;
	sim_guest_age(guest);
	sim_guest_timer(guest, guest->engine->now_ns + guest->config->ageing_interval_ns,
			SIM_WAKE_AGEING);
}

/* A stream's turn, played now or ahead of its time.  Return: 0 or negative errno. */
static int take_turn(struct sim_world *world, const struct sim_event *event,
		     struct tr_error *error)
{
	struct sim_engine *engine = &world->engine;
	struct sim_guest *guest = &world->guest[event->vm];
	bool silent = event->kind == SIM_WAKE_SILENT;
	int rc;

	if (silent && sim_ahead_passes(engine, event))
		return 0;
	if (!silent && !sim_ahead_owns(engine, event))
		rc = sim_stream_wake(guest, event->arg, event->ticket, error);
	else if (sim_ahead_replay(engine, &world->host.psi, event))
		rc = sim_stream_resume(guest, event->arg, error);
	else
		return 0;
	sim_ahead_note(engine, guest);
	return rc;
}

/* A timer that a kernel set which is no longer there. */
static bool is_of_old_kernel(const struct sim_guest *guest, const struct sim_event *event)
{
	switch ((enum sim_wake)event->kind) {
	case SIM_WAKE_KSWAPD:
	case SIM_WAKE_MECHANISM:
	case SIM_WAKE_AGEING:
	case SIM_WAKE_FLUSH:
	case SIM_WAKE_REPORTING:
		return event->ticket != guest->reboots;
	default:
		return false;
	}
}

/* What is no stream's turn. */
static void dispatch(struct sim_world *world, const struct sim_event *event)
{
	struct sim_guest *guest = event->vm < world->guests_count ? &world->guest[event->vm] : NULL;

	if (world->engine.ahead_of)
		sim_ahead_handled(&world->engine, event);
	if (guest && is_of_old_kernel(guest, event))
		return;
	switch ((enum sim_wake)event->kind) {
	case SIM_WAKE_STREAM: /* take_turn() */
	case SIM_WAKE_SILENT:
		break;
	case SIM_WAKE_WRITEBACK:
		sim_guest_written(guest, event->arg);
		break;
	case SIM_WAKE_KSWAPD:
		sim_guest_kswapd(guest);
		break;
	case SIM_WAKE_BALLOON:
		sim_balloon_wake(guest, event->ticket);
		break;
	case SIM_WAKE_MECHANISM:
		sim_balloon_period(guest);
		break;
	case SIM_WAKE_KHUGEPAGED:
		sim_khugepaged(&world->host);
		break;
	case SIM_WAKE_AGEING:
		ageing_timer(guest);
		break;
	case SIM_WAKE_FLUSH:
		sim_guest_flush(guest);
		break;
	case SIM_WAKE_REPORTING:
		sim_guest_page_reporting(guest);
		break;
	case SIM_WAKE_VM_START:
		start_vm(world, event->vm);
		break;
	case SIM_WAKE_VM_STOP:
		stop_vm(world, event->vm);
		break;
	case SIM_WAKE_PSI:
		psi_period(world);
		break;
	case SIM_WAKE_MESSAGE:
		message(world, event->arg);
		break;
	case SIM_WAKE_TICK:
		sim_controller_tick(&world->control);
		break;
	case SIM_WAKE_WATCH:
		sim_controller_watch(&world->control);
		break;
	case SIM_WAKE_HOST_RECLAIM:
		sim_host_reclaim(&world->host);
		break;
	case SIM_WAKE_HOST_WRITTEN:
		sim_host_written(&world->host, event->arg);
		break;
	case SIM_WAKE_DISTURB:
		disturb(world, event->arg);
		break;
	case SIM_WAKE_SAMPLE:
		sample(world);
		break;
	}
	if (guest)
		sim_ahead_looked_at(&world->engine, guest);
}

/* What comes next is known: fetch for it while this event is handled. */
static void fetch_ahead(const struct sim_world *world)
{
	const struct sim_engine *engine = &world->engine;

	for (u32 ahead = 0; ahead <= SIM_FETCH_AHEAD + 2; ahead += 2) {
		const struct sim_event *event = sim_queue_peek(&engine->queue, ahead);

		if (!event || event->kind > SIM_WAKE_SILENT)
			continue;
		if (ahead > SIM_FETCH_AHEAD)
			sim_ahead_fetch(engine, event->vm);
		else if (!sim_ahead_has(engine, event->vm))
			sim_stream_fetch(&world->guest[event->vm], event->arg, ahead);
		else if (ahead == SIM_FETCH_AHEAD)
			sim_ahead_fetch_step(engine, event->vm);
	}
}

static void set_first_events(struct sim_world *world)
{
	struct sim_engine *engine = &world->engine;
	const struct sim_scenario *scenario = engine->scenario;

	for (u32 i = 0; i < scenario->vms_count; i++) {
		const struct sim_vm_config *config = &scenario->vm[i];

		sim_wake_at(engine, config->start_ns, SIM_CLASS_COMPLETION, SIM_WAKE_VM_START, i, 0, 0);
		if (config->stop_ns != SIM_NONE)
			sim_wake_at(engine, config->stop_ns, SIM_CLASS_COMPLETION, SIM_WAKE_VM_STOP, i,
				    0, 0);
	}
	for (u32 i = 0; i < scenario->disturbances_count; i++)
		sim_wake_at(engine, scenario->disturbance[i].at_ns, SIM_CLASS_TIMER, SIM_WAKE_DISTURB,
			    SIM_HOST_ID, i << 1 | 1, 0);
	sim_khugepaged_start(&world->host);
	sim_wake_at(engine, SIM_PSI_PERIOD_NS, SIM_CLASS_TIMER, SIM_WAKE_PSI, SIM_HOST_ID, 0, 0);
	sim_wake_at(engine, scenario->sample_ns, SIM_CLASS_SAMPLE, SIM_WAKE_SAMPLE, SIM_HOST_ID, 0, 0);
}

int sim_world_create(struct sim_world **result, const struct sim_scenario *scenario,
		     const struct sim_probe *probes, u32 probes_count, struct tr_error *error)
{
	struct sim_world *world = calloc(1, sizeof(*world));
	int rc = -ENOMEM;

	*result = NULL;
	if (!world)
		return tr_fail(error, -ENOMEM, "%s: out of memory", scenario->path);
	if (sim_sampling_scale(&world->scenario, scenario)) {
		free(world);
		return tr_fail(error, -ENOMEM, "%s: out of memory", scenario->path);
	}
	world->engine = (struct sim_engine){ .scenario = &world->scenario, .probes = probes,
					     .page_bytes = SIM_PAGE_BYTES * scenario->sample_one_in,
					     .probes_count = probes_count };
	sim_queue_init(&world->engine.queue);
	sim_arena_init(&world->engine.arena, scenario->vms_count);
	world->guest = sim_dense(scenario->vms_count * sizeof(*world->guest));
	world->sample = calloc(scenario->vms_count, sizeof(*world->sample));
	if (!world->guest || !world->sample || sim_link_init(&world->link, &world->engine) ||
	    sim_host_init(&world->host, &world->engine)) {
		tr_fail(error, rc, "%s: out of memory", scenario->path);
		goto fail;
	}
	world->info.scenario = scenario;
	for (u32 i = 0; i < scenario->vms_count; i++) {
		struct sim_guest *guest = &world->guest[i];

		world->guests_count++;
		rc = sim_guest_init(guest, &world->engine, &world->host, (u16)i, error);
		if (rc)
			goto fail;
		rc = sim_reporter_init(guest, &world->link);
		if (rc) {
			tr_fail(error, rc, "%s: %s: no such wire dialect, or out of memory",
				guest->config->name, guest->config->dialect);
			goto fail;
		}
		for (u32 k = 0; k < guest->workload.sources_count; k++)
			world->info.traces_digest = sim_mix64(
				world->info.traces_digest ^
				tr_file_digest(guest->workload.source[k].file));
	}
	rc = sim_controller_init(&world->control, &world->engine, &world->host, &world->link,
			      world->guest, error);
	if (rc)
		goto fail;
	if (world->guests_count >= FETCH_GUESTS &&
	    sim_ahead_init(&world->engine, world->guest, world->guests_count)) {
		rc = tr_fail(error, -ENOMEM, "%s: out of memory", scenario->path);
		goto fail;
	}
	*result = world;
	return 0;
fail:
	sim_world_destroy(world);
	return rc;
}

void sim_world_keep_in_step(struct sim_world *world)
{
	world->engine.ahead_off = true;
}

void sim_world_destroy(struct sim_world *world)
{
	if (!world)
		return;
	sim_controller_destroy(&world->control);
	for (u32 i = 0; i < world->guests_count; i++)
		sim_guest_destroy(&world->guest[i]);
	free(world->guest);
	free(world->sample);
	sim_host_destroy(&world->host);
	sim_link_destroy(&world->link);
	sim_queue_destroy(&world->engine.queue);
	sim_ahead_destroy(&world->engine);
	sim_latency_set_destroy(&world->engine.latencies);
	sim_traces_destroy(&world->engine.traces);
	sim_arena_destroy(&world->engine.arena);
	free(world->scenario.vm);
	free(world);
}

/* The end of the record: all counters in one number. */
static void finish(struct sim_world *world, bool interrupted, struct sim_run_result *result)
{
	struct sim_engine *engine = &world->engine;
	struct sim_host_sample host_sample;
	u64 digest = 0;

	take_samples(world, &host_sample);
	*result = (struct sim_run_result){ .end_ns = engine->now_ns, .interrupted = interrupted,
					   .valid = true };
	for (u32 i = 0; i < world->guests_count; i++) {
		const struct sim_vm_counters *counters = &world->sample[i].counters;
		const u64 *word = (const u64 *)counters;

		for (u32 k = 0; k < sizeof(*counters) / sizeof(u64); k++)
			digest = sim_mix64(digest ^ word[k]) + k;
		if (counters->evicted_in_window * 100 > counters->evicted_total)
			result->valid = false;
	}
	sim_emit(engine, SIM_EV_END, SIM_HOST_ID, 0, digest, 0);
	result->digest = engine->digest;
	result->events = engine->events;
	result->ahead_turns = engine->ahead_turns;
	for (u32 i = 0; i < engine->probes_count; i++)
		if (engine->probes[i].end)
			engine->probes[i].end(engine->probes[i].ctx, result, &host_sample,
					      world->sample, world->guests_count);
}

/* On request, but not while VMs are ahead of now. */
static bool stops(struct sim_engine *engine, const volatile bool *stop)
{
	if (!stop || !*stop)
		return false;
	engine->ahead_off = true;
	return engine->now_ns >= engine->ahead_end_ns;
}

int sim_world_run(struct sim_world *world, const volatile bool *stop,
		  void (*progress)(void *ctx, u64 now_ns), void *progress_ctx,
		  struct sim_run_result *result, struct tr_error *error)
{
	struct sim_engine *engine = &world->engine;
	u64 end_ns = engine->scenario->duration_ns, handled = 0;
	struct sim_event event;

	for (u32 i = 0; i < engine->probes_count; i++)
		if (engine->probes[i].start)
			engine->probes[i].start(engine->probes[i].ctx, &world->info);
	set_first_events(world);
	int rc = sim_controller_start(&world->control, error);

	while (!rc && !stops(engine, stop) && sim_queue_next_ns(&engine->queue) <= end_ns &&
	       sim_queue_take(&engine->queue, &event)) {
		assert(event.time_ns >= engine->now_ns);
		engine->now_ns = event.time_ns;
		if (world->guests_count >= FETCH_GUESTS)
			fetch_ahead(world);
		if (event.kind <= SIM_WAKE_SILENT)
			rc = take_turn(world, &event, error);
		else
			dispatch(world, &event);
		sim_check_step(world->guest, world->guests_count, &world->host, event.vm, ++handled);
		if (progress && handled % PROGRESS_EVENTS == 0)
			progress(progress_ctx, engine->now_ns);
	}
	if (rc)
		return rc;
	bool interrupted = stop && *stop;

	if (!interrupted)
		engine->now_ns = end_ns;
	finish(world, interrupted, result);
	return 0;
}
