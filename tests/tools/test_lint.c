/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_lint.c - policies with one defect each, which lint must catch, and one without.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lint/sim_lint_checks.h"

#define MIB (1ull << 20)
#define SEC 1000000000ull

/* What all of the toys keep. */
struct toy_state {
	u64 stall_ns[SIM_PLANT_VMS], calm_since_ns[SIM_PLANT_VMS];
	u32 ticks;
};

static u64 every_second(const void *state)
{
	(void)state;
	return SEC;
}

static void target(struct sim_actions *act, u32 vm, u64 bytes)
{
	act->ops->set_target(act->ctx, vm, bytes);
}

/* Lint and keep the result for the one test that runs in this process. */
static const struct sim_lint *lint_policy(const struct sim_policy *policy, const char *drill)
{
	static struct sim_lint lint;
	void *state = calloc(1, policy->state_size + 1);

	sim_policy_defaults(policy, state);
	int rc = sim_lint_run(&lint, policy, state, drill ? sim_drill_find(drill) : NULL, NULL, NULL,
			      NULL);
	cr_assert_eq(rc, 0);
	free(state);
	return &lint;
}

static const struct sim_lint_finding *found(const struct sim_lint *lint, const char *check)
{
	for (u32 i = 0; i < lint->findings_count; i++)
		if (!strcmp(lint->finding[i].check, check))
			return &lint->finding[i];
	return NULL;
}

static const struct sim_lint_finding *must_find(const struct sim_policy *policy, const char *drill,
						const char *check)
{
	const struct sim_lint *lint = lint_policy(policy, drill);
	const struct sim_lint_finding *finding = found(lint, check);

	cr_assert(finding != NULL, "%s in %s: %u findings and no %s", policy->name, drill,
		  lint->findings_count, check);
	cr_assert(*finding->evidence, "no evidence");
	return finding;
}

#define TOY(toy_name, toy_channels, ...)                                                          \
	static const struct sim_policy toy_name = { .name = #toy_name, .channels = (toy_channels), \
		.state_size = sizeof(struct toy_state), .tick_ns = every_second, __VA_ARGS__ }

/* --- one without defects: what is committed and a margin, more where a guest stalls ----- */

static void sane_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct toy_state *toy = state;

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];
		u64 stall_ns = vm->psi_some_ns - toy->stall_ns[i], want = vm->target_bytes;

		toy->stall_ns[i] = vm->psi_some_ns;
		if (!vm->running)
			continue;
		if (stall_ns > SEC / 50) { /* it waits: give fast, and then leave it alone */
			want += 200 * MIB;
			toy->calm_since_ns[i] = host->now_ns;
		} else if (host->free_bytes < 2 * host->high_bytes &&
			   host->now_ns > toy->calm_since_ns[i] + 20 * SEC) {
			want -= 20 * MIB; /* all give while the host is short */
		}
		want = want < vm->min_bytes ? vm->min_bytes : want;
		want = want > vm->nominal_bytes ? vm->nominal_bytes : want;
		if (want != vm->target_bytes)
			target(act, i, want);
	}
}

TOY(toy_sane, SIM_CH_HOST | SIM_CH_AGENT, .tick = sane_tick);

Test(lint, passes_a_policy_that_gives_and_takes_as_it_should)
{
	const struct sim_lint *lint = lint_policy(&toy_sane, "step");

	for (u32 i = 0; i < lint->findings_count; i++)
		cr_log_info("%s %s", lint->finding[i].check, lint->finding[i].evidence);
	cr_assert_eq(lint->errors, 0, "%s: %s", lint->finding[0].check, lint->finding[0].evidence);
	cr_assert_eq(lint->drills_count, 1);
	lint = lint_policy(&toy_sane, "slow-balloon");
	cr_assert_eq(lint->errors, 0, "%s: %s", lint->finding[0].check, lint->finding[0].evidence);
}

/* --- the defects ------------------------------------------------------------------------ */

static void oneway_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct toy_state *toy = state;

	if (toy->ticks++ % 10)
		return;
	for (u32 i = 0; i < host->vms_count; i++)
		if (host->vm[i].running && host->vm[i].target_bytes > host->vm[i].min_bytes)
			target(act, i, host->vm[i].target_bytes - 50 * MIB < host->vm[i].min_bytes ?
					       host->vm[i].min_bytes :
					       host->vm[i].target_bytes - 50 * MIB);
}

TOY(toy_oneway, 0, .tick = oneway_tick);

Test(lint, catches_memory_that_never_comes_back)
{
	const struct sim_lint_finding *finding = must_find(&toy_oneway, "step", "no-deflate");

	cr_assert_eq(finding->severity, SIM_LINT_ERROR);
	cr_assert(finding->to_s - finding->from_s > 120, "%u to %u s", finding->from_s, finding->to_s);
	cr_assert(finding->bytes >= 100 * MIB, "short by %.0f", finding->bytes);
}

/* Takes quickly; where a guest waits, writes what it has; lets go after five minutes. */
static void pinned_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct toy_state *toy = state;
	u32 now_s = toy->ticks++;

	for (u32 i = 0; i < host->vms_count; i++) {
		if (now_s == 100)
			target(act, i, 600 * MIB);
		else if (now_s > 300 && now_s < 640 && now_s % 10 == 0)
			target(act, i, host->vm[i].actual_bytes);
		else if (now_s == 640)
			target(act, i, host->vm[i].nominal_bytes);
	}
}

TOY(toy_pinned, 0, .tick = pinned_tick);

Test(lint, catches_a_target_that_is_pinned_to_what_the_guest_has)
{
	const struct sim_lint_finding *finding = must_find(&toy_pinned, "step", "pinned-target");

	cr_assert_eq(finding->severity, SIM_LINT_ERROR);
	cr_assert(!found(lint_policy(&toy_pinned, "step"), "no-deflate"), "it did let go");
}

static void swinging_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct toy_state *toy = state;
	u32 now_s = toy->ticks++;

	if (now_s % 40 == 0)
		for (u32 i = 0; i < host->vms_count; i++)
			target(act, i, now_s % 80 ? 1800 * MIB : 1400 * MIB);
}

TOY(toy_swinging, 0, .tick = swinging_tick);

Test(lint, catches_oscillation_and_tells_period_and_amplitude)
{
	const struct sim_lint_finding *finding = must_find(&toy_swinging, "calm", "oscillation");

	cr_assert_eq(finding->severity, SIM_LINT_ERROR);
	cr_assert_float_eq(finding->period_s, 80, 4, "period %.1f s", finding->period_s);
	cr_assert_float_eq(finding->bytes, 400 * MIB, 20 * MIB, "amplitude %.0f", finding->bytes);
	cr_assert_gt(finding->count, 40);
}

static void wild_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct toy_state *toy = state;

	if (toy->ticks++ % 30 == 0) {
		target(act, 0, host->vm[0].min_bytes / 2);
		target(act, 1, (u64)0 - 4096); /* what an underflow makes */
	}
}

TOY(toy_wild, 0, .tick = wild_tick);

Test(lint, catches_targets_beyond_the_limits)
{
	const struct sim_lint_finding *finding = must_find(&toy_wild, "calm", "below-minimum");

	cr_assert_eq(finding->severity, SIM_LINT_ERROR);
	cr_assert_float_eq(finding->bytes, 256 * MIB, 1);
	cr_assert_eq(must_find(&toy_wild, "calm", "above-nominal")->severity, SIM_LINT_ERROR);
}

static void peeping_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	(void)state;
	(void)host;
	act->ops->request_report(act->ctx, 0);
	act->ops->reclaim(act->ctx, 0, 4096);
}

TOY(toy_peeping, SIM_CH_STATS, .tick = peeping_tick);

Test(lint, catches_calls_through_channels_that_were_not_declared)
{
	cr_assert_eq(must_find(&toy_peeping, "calm", "undeclared-channel")->severity, SIM_LINT_ERROR);
}

/* What was taken from the guest that steps goes to the one that is steady. */
static void robbing_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct toy_state *toy = state;
	u32 now_s = toy->ticks++;

	if (now_s == 1) {
		target(act, 0, 1000 * MIB);
		target(act, 1, 1300 * MIB);
	}
	if (now_s > 330 && now_s < 430 && now_s % 10 == 0) {
		target(act, 0, host->vm[0].target_bytes + 40 * MIB);
		target(act, 1, host->vm[1].target_bytes - 40 * MIB);
	}
}

TOY(toy_robbing, 0, .tick = robbing_tick);

Test(lint, catches_memory_taken_from_a_guest_in_distress_for_one_that_is_not)
{
	const struct sim_lint_finding *finding = must_find(&toy_robbing, "step", "robs-distressed");

	cr_assert_eq(finding->severity, SIM_LINT_ERROR);
	cr_assert_str_eq(finding->vm, "step");
	cr_assert_float_eq(finding->bytes, 360 * MIB, 40 * MIB, "%.0f", finding->bytes);
}

static u64 every_10ms(const void *state)
{
	(void)state;
	return SEC / 100;
}

static void flooding_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	(void)state;
	target(act, 0, host->vm[0].target_bytes);
	act->ops->request_stats(act->ctx, 1);
}

static const struct sim_policy toy_flooding = { .name = "toy_flooding", .channels = SIM_CH_STATS,
	.state_size = sizeof(struct toy_state), .tick_ns = every_10ms, .tick = flooding_tick };

Test(lint, catches_floods_of_commands_and_of_requests)
{
	const struct sim_lint_finding *finding = must_find(&toy_flooding, "calm", "command-flood");

	cr_assert_eq(finding->severity, SIM_LINT_ERROR);
	cr_assert_gt(finding->count, 2400 * 90);
	must_find(&toy_flooding, "calm", "request-flood");
}

/* Takes a little from every guest that is silent. */
static void trusting_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct toy_state *toy = state;

	if (toy->ticks++ % 5)
		return;
	for (u32 i = 0; i < host->vms_count; i++) {
		act->ops->request_stats(act->ctx, i);
		if (host->vm[i].target_bytes > 1000 * MIB)
			target(act, i, host->vm[i].target_bytes - 8 * MIB);
	}
}

TOY(toy_trusting, SIM_CH_STATS, .tick = trusting_tick);

Test(lint, catches_taking_from_guests_that_have_long_been_silent)
{
	must_find(&toy_trusting, "silent", "acts-without-news");
	cr_assert(!found(lint_policy(&toy_trusting, "calm"), "acts-without-news"));
}

static void deaf_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct toy_state *toy = state;

	if (toy->ticks++ % 5 == 0)
		for (u32 i = 0; i < host->vms_count; i++)
			target(act, i, 800 * MIB);
}

TOY(toy_deaf, 0, .tick = deaf_tick);

Test(lint, catches_balloons_that_are_filled_again_after_they_gave_way)
{
	const struct sim_lint_finding *finding = must_find(&toy_deaf, "bursts", "reinflates-after-oom");

	cr_assert_geq(finding->count, 6);
	cr_assert_float_eq(finding->period_s, 120, 20, "%.0f s", finding->period_s);
	must_find(&toy_deaf, "step", "no-deflate");
}

TOY(toy_idle, 0, .tick = NULL);

Test(lint, catches_a_host_that_is_left_short)
{
	const struct sim_lint_finding *finding = must_find(&toy_idle, "step", "host-left-short");

	cr_assert_eq(finding->severity, SIM_LINT_ERROR);
	cr_assert_str_eq(finding->vm, "host");
}

/* Half of the host for one guest that does not need it. */
static void hoarding_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct toy_state *toy = state;

	(void)host;
	if (toy->ticks++ == 5) {
		target(act, 0, 1100 * MIB);
		target(act, 1, 800 * MIB);
	}
}

TOY(toy_hoarding, 0, .tick = hoarding_tick);

Test(lint, catches_idle_memory_that_is_kept_from_a_guest_in_need)
{
	const struct sim_lint *lint = lint_policy(&toy_hoarding, "step");

	cr_assert(found(lint, "idle-memory-kept") || found(lint, "no-deflate"));
	cr_assert_geq(lint->errors, 1);
}

/* --- the engine ------------------------------------------------------------------------- */

Test(lint, says_the_same_twice)
{
	static struct sim_lint first;

	first = *lint_policy(sim_policy_find("mom"), "step");
	const struct sim_lint *again = lint_policy(sim_policy_find("mom"), "step");
	cr_assert_eq(first.findings_count, again->findings_count);
	for (u32 i = 0; i < first.findings_count; i++)
		cr_assert_str_eq(first.finding[i].evidence, again->finding[i].evidence);
}

static const volatile bool stopped = true;

Test(lint, stops_when_told_to)
{
	static struct sim_lint lint;
	struct toy_state state = { .ticks = 0 };

	cr_assert_eq(sim_lint_run(&lint, &toy_idle, &state, NULL, &stopped, NULL, NULL), -EINTR);
}

Test(lint, findings_beyond_the_room_are_counted)
{
	static struct sim_lint lint;
	static struct sim_watch watch;

	watch.drill = sim_drills;
	for (u32 i = 0; i < SIM_LINT_FINDINGS + 5; i++)
		sim_lint_find(&lint, &watch, "x", SIM_LINT_WARNING, "y");
	cr_assert_eq(lint.findings_count, SIM_LINT_FINDINGS);
	cr_assert_eq(lint.left_out, 5);
	cr_assert_eq(lint.warnings, SIM_LINT_FINDINGS + 5);
}

/* The plant loses no memory, whatever is done to it. */
Test(lint, a_plant_conserves_its_blocks)
{
	const struct sim_drill *drill = sim_drill_find("bursts");
	struct sim_plant plant;
	struct toy_state state = { .ticks = 0 };

	cr_assert_eq(sim_plant_open(&plant, &toy_deaf, &state, drill->vm, drill->vms_count,
				    drill->memory), 0);
	for (u32 i = 0; i < 6000; i++) {
		sim_drill_steer(drill, &plant, i / 10);
		sim_plant_step(&plant);
		for (u32 vm = 0; vm < plant.vms_count; vm++) {
			const struct sim_plant_guest *guest = &plant.guest[vm];
			u32 resident[2] = { 0 }, swapped = 0;

			for (u32 b = 0; b < SIM_PLANT_BLOCKS; b++) {
				resident[b >= SIM_PLANT_ANON] +=
					guest->block[b].state == SIM_PLANT_RESIDENT;
				swapped += guest->block[b].state == SIM_PLANT_SWAPPED;
			}
			cr_assert_eq(resident[0], guest->anon);
			cr_assert_eq(resident[1], guest->files);
			cr_assert_eq(swapped, guest->swapped);
			cr_assert_leq(guest->vm->base + guest->anon + guest->files, guest->actual,
				      "step %u, VM %u: more in use than it has", i, vm);
			cr_assert_leq(guest->host_swapped, guest->touched);
		}
	}
	sim_plant_close(&plant);
}

/* A guest in distress that loses ten blocks after fifteen seconds, on a host with @free blocks. */
static const struct sim_lint *lint_squeeze(u16 free, u16 high)
{
	static const struct sim_drill drill = { .name = "made", .vms_count = 1,
						.vm = { { .name = "one", .nominal = 64 } } };
	static struct sim_watch watch;
	static struct sim_lint lint;

	memset(&lint, 0, sizeof(lint));
	watch.drill = &drill;
	watch.seconds = 20;
	for (u32 s = 0; s < watch.seconds; s++) {
		watch.host[s] = (struct sim_watch_host){ .free = free, .high = high };
		watch.vm[0][s] = (struct sim_watch_vm){
			.running = true, .distress = true, .need = 60, .target = s < 15 ? 50 : 40,
			.actual = 50 };
	}
	sim_lint_rob(&watch, NULL, &lint);
	return &lint;
}

Test(lint, a_host_has_memory_to_spare_above_its_high_watermark)
{
	cr_assert_null(found(lint_squeeze(19, 20), "squeezes-distressed"));
	cr_assert_null(found(lint_squeeze(20, 20), "squeezes-distressed"));
	cr_assert_not_null(found(lint_squeeze(21, 20), "squeezes-distressed"));
}
