/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * toy_host.h - a host of a few hundred lines to try controllers on.
 *
 * Guests are made of blocks of 1 MiB that their load touches with given periods; they
 * evict the block that was used least recently, keep ages in N generations, answer
 * statistics and report requests over a link that may lose and delay, and have a balloon
 * of limited speed.  Nothing here is shared with the simulator: it is there to find out
 * whether a policy relies on the simulator's details.
 */
#ifndef TOY_HOST_H
#define TOY_HOST_H

#include <stdlib.h>
#include <string.h>

#include "policy/sim_policy.h"

#define TOY_BLOCK (1ull << 20)
#define TOY_PAGES 256
#define TOY_BLOCKS 2048
#define TOY_VMS 6
#define TOY_PHASES 8
#define TOY_GENS 16
#define TOY_STEP_NS 100000000ull
#define TOY_SECOND 1000000000ull

/* From from_ns on blocks 0..hot-1 are used every hot_ns, the warm ones after them every warm_ns. */
struct toy_phase {
	u64 from_ns;
	u32 hot, warm;
	u64 hot_ns, warm_ns;
};

struct toy_guest {
	/* Set by the test. */
	u32 nominal, min, base; /* blocks */
	struct toy_phase phase[TOY_PHASES];
	u32 phases, gens;
	u32 balloon_rate; /* blocks per second; 0: it refuses */
	u64 start_ns;
	u64 really_ns; /* a refault costs this, whatever the view says; 0: what it says */
	bool agent;    /* tells of its memory pressure */
	/* State. */
	bool added;
	u32 phase_now, cursor;
	struct toy_block {
		enum { TOY_ABSENT, TOY_RESIDENT, TOY_SWAPPED } state;
		u64 next_ns, last_ns, gen;
	} block[TOY_BLOCKS];
	u32 resident, touched, actual, target;
	double balloon_credit;
	u64 max_seq, birth_ns[TOY_GENS];
	u64 moved_ns; /* of the balloon, for stall detection */
	u64 edge_ns[SIM_BINS_MAX], refresh_ns, threshold_ns, pressure_ns;
	u32 edges;
	u64 stats_due_ns, report_due_ns; /* 0: none asked */
	u64 swap_in, swap_out, async, direct, stalls;
	/* What the test looks at. */
	double stalled_s, busy_until_s;
	u32 commands, reversals;
	int direction;
	u32 extreme;
};

struct toy {
	const struct sim_policy *policy;
	void *state;
	u32 guests, memory, taken, low, high; /* blocks; taken: by others on the host */
	struct toy_guest guest[TOY_VMS];
	struct sim_vm_view view[TOY_VMS];
	struct sim_host_view host;
	struct sim_actions act;
	u64 now_ns, tick_ns, pressure_ns;
	double loss;
	u64 delay_ns;
	u64 random;
	double short_s; /* time with less than low free */
	void (*trace)(struct toy *toy, u32 vm, const char *text);
};

static double toy_random(struct toy *toy)
{
	toy->random = toy->random * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(toy->random >> 40) / (double)(1 << 24);
}

static u32 toy_free(const struct toy_guest *guest)
{
	u32 used = guest->base + guest->resident;

	return guest->actual > used ? guest->actual - used : 0;
}

static u32 toy_backed(const struct toy_guest *guest)
{
	return guest->added ? (guest->touched < guest->actual ? guest->touched : guest->actual) : 0;
}

static u32 toy_host_free(const struct toy *toy)
{
	u32 used = toy->taken;

	for (u32 i = 0; i < toy->guests; i++)
		used += toy_backed(&toy->guest[i]);
	return used < toy->memory ? toy->memory - used : 0;
}

/* Evict the block of the oldest generation, of these the one used least recently. */
static bool toy_evict(struct toy_guest *guest)
{
	struct toy_block *victim = NULL;

	for (u32 i = 0; i < TOY_BLOCKS; i++) {
		struct toy_block *block = &guest->block[i];

		if (block->state == TOY_RESIDENT &&
		    (!victim || block->last_ns < victim->last_ns))
			victim = block;
	}
	if (!victim)
		return false;
	victim->state = TOY_SWAPPED;
	guest->resident--;
	guest->swap_out += TOY_BLOCK;
	return true;
}

static void toy_pressure_report(struct toy *toy, u32 vm);

static void toy_use(struct toy *toy, u32 vm, struct toy_block *block)
{
	struct toy_guest *guest = &toy->guest[vm];

	if (block->state != TOY_RESIDENT) {
		if (!toy_free(guest)) {
			guest->stalls++;
			toy_pressure_report(toy, vm);
			if (toy_evict(guest))
				guest->direct += TOY_PAGES;
		}
		if (block->state == TOY_SWAPPED) {
			u64 refault_ns = guest->really_ns ? guest->really_ns :
							     toy->view[vm].refault_ns;

			guest->swap_in += TOY_BLOCK;
			guest->stalled_s += TOY_PAGES * (double)refault_ns / 1e9;
			guest->busy_until_s += TOY_PAGES * (double)refault_ns / 1e9;
		}
		block->state = TOY_RESIDENT;
		guest->resident++;
		if (guest->base + guest->resident > guest->touched)
			guest->touched = guest->base + guest->resident;
	}
	block->last_ns = toy->now_ns;
}

static u64 toy_period(const struct toy_phase *phase, u32 block)
{
	if (block < phase->hot)
		return phase->hot_ns;
	return block < phase->hot + phase->warm ? phase->warm_ns : 0;
}

static void toy_load(struct toy *toy, u32 vm)
{
	struct toy_guest *guest = &toy->guest[vm];
	const struct toy_phase *phase;

	while (guest->phase_now < guest->phases &&
	       guest->phase[guest->phase_now].from_ns <= toy->now_ns) {
		phase = &guest->phase[guest->phase_now++];
		/* Uses are spread over the period, the first over two seconds. */
		for (u32 i = 0; i < phase->hot + phase->warm; i++)
			guest->block[i].next_ns = toy->now_ns + (u64)(toy_random(toy) * 2e9);
	}
	if (!guest->phase_now)
		return;
	phase = &guest->phase[guest->phase_now - 1];
	/* One thread: while it waits for its swap device it uses nothing else. */
	if (guest->busy_until_s < (double)toy->now_ns / 1e9)
		guest->busy_until_s = (double)toy->now_ns / 1e9;
	for (u32 n = 0; n < phase->hot + phase->warm; n++) {
		u32 i = guest->cursor++ % (phase->hot + phase->warm);
		struct toy_block *block = &guest->block[i];
		u64 period = toy_period(phase, i);

		if (guest->busy_until_s >= (double)(toy->now_ns + TOY_STEP_NS) / 1e9)
			break;
		if (block->next_ns <= toy->now_ns) {
			toy_use(toy, vm, block);
			block->next_ns = toy->now_ns + period;
		}
	}
	/* Background reclaim keeps 1 % free. */
	while (toy_free(guest) * 100 < guest->nominal && guest->resident && toy_evict(guest))
		guest->async += TOY_PAGES;
}

static void toy_age(struct toy *toy, u32 vm)
{
	struct toy_guest *guest = &toy->guest[vm];
	u64 oldest;

	for (u32 i = 0; i < TOY_BLOCKS; i++)
		if (guest->block[i].last_ns >= guest->birth_ns[guest->max_seq % TOY_GENS])
			guest->block[i].gen = guest->max_seq;
	guest->max_seq++;
	guest->birth_ns[guest->max_seq % TOY_GENS] = toy->now_ns;
	oldest = guest->max_seq >= guest->gens ? guest->max_seq - guest->gens + 1 : 0;
	for (u32 i = 0; i < TOY_BLOCKS; i++)
		if (guest->block[i].gen < oldest)
			guest->block[i].gen = oldest;
}

/* Spread one block of generation @gen evenly over the bins that its ages cover. */
static void toy_spread(const struct toy *toy, const struct toy_guest *guest,
		       struct sim_vm_report *report, u64 gen)
{
	double to = (double)(toy->now_ns - guest->birth_ns[gen % TOY_GENS]), from = 0, lower = 0;

	if (gen < guest->max_seq)
		from = (double)(toy->now_ns - guest->birth_ns[(gen + 1) % TOY_GENS]);
	for (u32 i = 0; i < report->bins_count; i++) {
		double upper = i + 1 < report->bins_count ? (double)report->bin[i].idle_age_ns :
							     1e30;
		double start = from > lower ? from : lower, end = to < upper ? to : upper;

		if (to <= from ? (from >= lower && from < upper) : end > start)
			report->bin[i].anon_bytes +=
				(u64)(to <= from ? TOY_BLOCK :
						   TOY_BLOCK * (end - start) / (to - from));
		lower = upper;
	}
}

static void toy_report(struct toy *toy, u32 vm, bool pressure)
{
	struct toy_guest *guest = &toy->guest[vm];
	struct sim_vm_report *report = &toy->view[vm].report;
	u64 number = report->number;

	if (!guest->edges || toy_random(toy) < toy->loss)
		return;
	if (!pressure &&
	    toy->now_ns - guest->birth_ns[guest->max_seq % TOY_GENS] >= guest->refresh_ns)
		toy_age(toy, vm);
	memset(report, 0, sizeof(*report));
	report->arrived_ns = toy->now_ns;
	report->number = number + 1;
	report->pressure = pressure;
	report->bins_count = guest->edges + 1;
	for (u32 i = 0; i < guest->edges; i++)
		report->bin[i].idle_age_ns = guest->edge_ns[i];
	report->bin[guest->edges].idle_age_ns = ~0ull;
	for (u32 i = 0; i < TOY_BLOCKS; i++)
		if (guest->block[i].state == TOY_RESIDENT)
			toy_spread(toy, guest, report, guest->block[i].gen);
	if (toy->policy->report)
		toy->policy->report(toy->state, &toy->host, vm, &toy->act);
}

static void toy_pressure_report(struct toy *toy, u32 vm)
{
	struct toy_guest *guest = &toy->guest[vm];

	if (!guest->threshold_ns || toy->now_ns - guest->pressure_ns < guest->threshold_ns)
		return;
	guest->pressure_ns = toy->now_ns;
	toy_report(toy, vm, true);
}

static void toy_stats(struct toy *toy, u32 vm)
{
	const struct toy_guest *guest = &toy->guest[vm];

	if (toy_random(toy) < toy->loss)
		return;
	if (guest->agent)
		toy->view[vm].psi_some_ns = (u64)(guest->stalled_s * 1e9);
	toy->view[vm].stats = (struct sim_vm_stats){
		.time_ns = toy->now_ns,
		.swap_in_bytes = guest->swap_in,
		.major_faults = guest->swap_in / 4096,
		.swap_out_bytes = guest->swap_out,
		.free_bytes = toy_free(guest) * TOY_BLOCK,
		.available_bytes = toy_free(guest) * TOY_BLOCK,
		.total_bytes = guest->nominal * TOY_BLOCK,
		.alloc_stalls = guest->stalls,
		.async_reclaim = guest->async,
		.direct_reclaim = guest->direct,
	};
	if (toy->policy->stats)
		toy->policy->stats(toy->state, &toy->host, vm, &toy->act);
}

static void toy_moved(struct toy *toy, struct toy_guest *guest, int direction)
{
	u32 least = guest->nominal / 100 + 1;

	guest->moved_ns = toy->now_ns;
	if (!guest->direction)
		guest->direction = direction;
	if (direction == guest->direction) {
		guest->extreme = guest->actual;
	} else if (guest->actual + least <= guest->extreme || guest->actual >= guest->extreme + least) {
		guest->direction = direction;
		guest->extreme = guest->actual;
		guest->reversals++;
	}
}

static void toy_balloon(struct toy *toy, u32 vm)
{
	struct toy_guest *guest = &toy->guest[vm];

	guest->balloon_credit += guest->balloon_rate * (double)TOY_STEP_NS / 1e9;
	while (guest->balloon_credit >= 1 && guest->actual != guest->target) {
		int direction = guest->target > guest->actual ? 1 : -1;

		guest->balloon_credit -= 1;
		if (direction < 0 && !toy_free(guest)) {
			if (!toy_evict(guest))
				return;
			guest->async += TOY_PAGES;
		}
		guest->actual += (u32)direction;
		if (guest->touched > guest->actual)
			guest->touched = guest->actual;
		toy_moved(toy, guest, direction);
	}
	if (guest->balloon_credit > guest->balloon_rate)
		guest->balloon_credit = guest->balloon_rate;
	if (guest->actual == guest->target) {
		guest->moved_ns = toy->now_ns;
	} else if (toy->now_ns - guest->moved_ns >= 5 * TOY_SECOND) {
		guest->moved_ns = toy->now_ns;
		if (toy->policy->stalled)
			toy->policy->stalled(toy->state, &toy->host, vm, false, &toy->act);
	}
}

/* Actions. */

static void toy_need(const struct toy *toy, u32 channel)
{
	if (!(toy->policy->channels & channel))
		abort();
}

static void toy_set_target(void *ctx, u32 vm, u64 bytes)
{
	struct toy *toy = ctx;
	struct toy_guest *guest = &toy->guest[vm];
	u32 blocks = (u32)(bytes / TOY_BLOCK);

	blocks = blocks < guest->min ? guest->min : blocks;
	guest->target = blocks > guest->nominal ? guest->nominal : blocks;
	toy->view[vm].target_bytes = guest->target * TOY_BLOCK;
	guest->commands++;
}

static void toy_request_stats(void *ctx, u32 vm)
{
	struct toy *toy = ctx;

	toy_need(toy, SIM_CH_STATS);
	if (!toy->guest[vm].stats_due_ns)
		toy->guest[vm].stats_due_ns = toy->now_ns + toy->delay_ns + TOY_STEP_NS;
}

static void toy_request_report(void *ctx, u32 vm)
{
	struct toy *toy = ctx;

	toy_need(toy, SIM_CH_REPORTS);
	if (!toy->guest[vm].report_due_ns)
		toy->guest[vm].report_due_ns = toy->now_ns + toy->delay_ns + TOY_STEP_NS;
}

static void toy_configure(void *ctx, u32 vm, const u64 *edge_ns, u32 edges, u64 refresh_ns,
			  u64 threshold_ns)
{
	struct toy *toy = ctx;

	toy_need(toy, SIM_CH_REPORTS);
	if (toy_random(toy) < toy->loss)
		return;
	toy->guest[vm].edges = edges;
	memcpy(toy->guest[vm].edge_ns, edge_ns, edges * sizeof(*edge_ns));
	toy->guest[vm].refresh_ns = refresh_ns;
	toy->guest[vm].threshold_ns = threshold_ns;
}

static void toy_reclaim(void *ctx, u32 vm, u64 bytes)
{
	struct toy *toy = ctx;

	toy_need(toy, SIM_CH_RECLAIM);
	for (; bytes >= TOY_BLOCK && toy_evict(&toy->guest[vm]); bytes -= TOY_BLOCK)
		continue;
}

static void toy_explain(void *ctx, u32 vm, const char *text)
{
	struct toy *toy = ctx;

	if (toy->trace)
		toy->trace(toy, vm, text);
}

static const struct sim_action_ops toy_ops = {
	.set_target = toy_set_target,
	.request_stats = toy_request_stats,
	.request_report = toy_request_report,
	.configure_reports = toy_configure,
	.reclaim = toy_reclaim,
	.explain = toy_explain,
};

static struct toy *toy_open(const char *policy, u32 memory)
{
	struct toy *toy = calloc(1, sizeof(*toy));

	if (!toy)
		abort();
	toy->policy = sim_policy_find(policy);
	toy->state = calloc(1, toy->policy->state_size);
	if (!toy->state)
		abort();
	sim_policy_defaults(toy->policy, toy->state);
	toy->memory = memory;
	toy->low = memory / 50;
	toy->high = memory / 25;
	toy->random = 1;
	toy->act = (struct sim_actions){ &toy_ops, toy };
	return toy;
}

/* A guest with the habits of most tests; the caller adds phases. */
static struct toy_guest *toy_add(struct toy *toy, u32 nominal, u64 refault_ns)
{
	u32 vm = toy->guests++;
	struct toy_guest *guest = &toy->guest[vm];

	guest->nominal = nominal;
	guest->min = nominal / 8;
	guest->base = nominal / 20;
	guest->gens = TOY_GENS;
	guest->balloon_rate = 500;
	guest->actual = guest->target = guest->extreme = nominal;
	guest->touched = guest->base;
	toy->view[vm] = (struct sim_vm_view){
		.name = "toy",
		.nominal_bytes = nominal * TOY_BLOCK,
		.min_bytes = guest->min * TOY_BLOCK,
		.target_bytes = nominal * TOY_BLOCK,
		.actual_bytes = nominal * TOY_BLOCK,
		.shares = 1000,
		.refault_ns = refault_ns,
		.file_refault_ns = refault_ns,
	};
	return guest;
}

static void toy_phase(struct toy_guest *guest, u64 from_s, u32 hot, u64 hot_s, u32 warm, u64 warm_s)
{
	guest->phase[guest->phases++] = (struct toy_phase){
		.from_ns = from_s * TOY_SECOND,
		.hot = hot,
		.hot_ns = hot_s * TOY_SECOND,
		.warm = warm,
		.warm_ns = warm_s * TOY_SECOND,
	};
}

static void toy_look(struct toy *toy)
{
	toy->host.now_ns = toy->now_ns;
	toy->host.memory_bytes = toy->memory * TOY_BLOCK;
	toy->host.vms_count = toy->guests;
	toy->host.vm = toy->view;
	toy->host.free_bytes = toy_host_free(toy) * TOY_BLOCK;
	toy->host.low_bytes = toy->low * TOY_BLOCK;
	toy->host.high_bytes = toy->high * TOY_BLOCK;
	for (u32 i = 0; i < toy->guests; i++) {
		toy->view[i].actual_bytes = toy->guest[i].actual * TOY_BLOCK;
		toy->view[i].backed_bytes = toy_backed(&toy->guest[i]) * TOY_BLOCK;
	}
}

static void toy_messages(struct toy *toy, u32 vm)
{
	struct toy_guest *guest = &toy->guest[vm];

	if (guest->stats_due_ns && guest->stats_due_ns <= toy->now_ns) {
		guest->stats_due_ns = 0;
		toy_stats(toy, vm);
	}
	if (guest->report_due_ns && guest->report_due_ns <= toy->now_ns) {
		guest->report_due_ns = 0;
		toy_report(toy, vm, false);
	}
}

static void toy_host_events(struct toy *toy)
{
	u32 free = toy_host_free(toy);

	if (free < toy->low)
		toy->short_s += (double)TOY_STEP_NS / 1e9;
	if (free < toy->high && toy->policy->pressure &&
	    toy->now_ns - toy->pressure_ns >= TOY_SECOND) {
		toy->pressure_ns = toy->now_ns;
		toy->policy->pressure(toy->state, &toy->host,
				      free < toy->low / 2 ? 2 : free < toy->low, &toy->act);
	}
	if (toy->policy->tick && toy->now_ns >= toy->tick_ns) {
		toy->tick_ns = toy->now_ns + toy->policy->tick_ns(toy->state);
		toy->policy->tick(toy->state, &toy->host, &toy->act);
	}
}

/* Run until @until_s. */
static void toy_run(struct toy *toy, u64 until_s)
{
	if (!toy->now_ns) {
		toy_look(toy);
		if (toy->policy->init && toy->policy->init(toy->state, &toy->host))
			abort();
	}
	while (toy->now_ns < until_s * TOY_SECOND) {
		toy->now_ns += TOY_STEP_NS;
		for (u32 i = 0; i < toy->guests; i++) {
			struct toy_guest *guest = &toy->guest[i];

			if (guest->start_ns > toy->now_ns)
				continue;
			if (!guest->added) {
				guest->added = toy->view[i].running = true;
				guest->birth_ns[0] = guest->moved_ns = toy->now_ns;
				toy_look(toy);
				if (toy->policy->vm_added)
					toy->policy->vm_added(toy->state, &toy->host, i, &toy->act);
			}
			toy_load(toy, i);
			toy_balloon(toy, i);
			toy_look(toy);
			toy_messages(toy, i);
		}
		toy_look(toy);
		toy_host_events(toy);
	}
}

static void toy_close(struct toy *toy)
{
	if (toy->policy->destroy)
		toy->policy->destroy(toy->state);
	free(toy->state);
	free(toy);
}

#endif /* TOY_HOST_H */
