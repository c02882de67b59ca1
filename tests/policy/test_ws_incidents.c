/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_ws_incidents.c - what ws-target did wrong once in scenarios of incidents, each as
 * small as it still shows.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "lint/sim_lint.h"
#include "policy/policy_ws_guest.h"
#include "toy_host.h"

#define NVME_NS 90000

static u64 targets(const struct toy *toy)
{
	u64 sum = 0;

	for (u32 i = 0; i < toy->guests; i++)
		sum += toy->guest[i].target;
	return sum;
}

/* Statistics of a guest that had not begun came, and none after: its programs then want 450. */
Test(ws_incidents, statistics_that_stopped_lead_nobody)
{
	struct toy *toy = toy_open("ws-target", 2000);

	for (u32 i = 0; i < 3; i++) {
		struct toy_guest *guest = toy_add(toy, 1000, NVME_NS);

		toy_phase(guest, 0, 20, 1, 0, 1);
		toy_phase(guest, 10, 450, 1, 0, 1);
	}
	toy_run(toy, 3);
	toy->loss = 1;
	toy_run(toy, 300);
	for (u32 i = 0; i < 3; i++) {
		cr_assert(toy->guest[i].target >= 450 + toy->guest[i].base, "guest %u: %u MiB", i,
			  toy->guest[i].target);
		cr_assert(toy->guest[i].stalled_s < 0.02 * 300, "guest %u stalled %.1f s", i,
			  toy->guest[i].stalled_s);
	}
	toy_close(toy);
}

/*
 * Shares are the same for all, as nobody has set them; the guests are not.  The small ones
 * touch most of what they have every two minutes, the large one its own every second.
 */
Test(ws_incidents, many_small_idle_guests_do_not_starve_a_large_one)
{
	struct toy *toy = toy_open("ws-target", 1000);
	struct toy_guest *large;

	for (u32 i = 0; i < 5; i++) {
		struct toy_guest *guest = toy_add(toy, 200, NVME_NS);

		guest->min = 50;
		toy_phase(guest, 0, 30, 1, 80, 120);
	}
	large = toy_add(toy, 1000, NVME_NS);
	toy_phase(large, 0, 50, 1, 0, 1);
	toy_phase(large, 180, 480, 1, 0, 1);
	toy_run(toy, 400);
	cr_assert(large->actual >= 480 + large->base, "%u MiB three minutes after it wanted 530",
		  large->actual);
	double paid_s = large->stalled_s;
	toy_run(toy, 600);
	cr_assert(large->stalled_s - paid_s < 0.05 * 200, "it waits for %.1f s more",
		  large->stalled_s - paid_s);
	toy_close(toy);
}

static char said[4096];

static void note(struct toy *toy, u32 vm, const char *text)
{
	size_t used = strlen(said);

	(void)toy;
	if (!vm && strstr(text, "(others need it more)"))
		snprintf(said + used, sizeof(said) - used, "%.60s\n", text);
}

Test(ws_incidents, a_guest_that_gets_nothing_is_told_why_once_a_minute)
{
	struct toy *toy = toy_open("ws-target", 900);
	u32 lines = 0;

	*said = 0;
	toy->trace = note;
	for (u32 i = 0; i < 2; i++)
		toy_phase(toy_add(toy, 1000, NVME_NS), 0, 700, 1, 0, 1);
	toy_run(toy, 400);
	for (const char *at = said; (at = strchr(at, '\n')); at++)
		lines++;
	cr_assert(!strncmp(said, "keep ", 5), "%.60s", said);
	cr_assert(lines >= 3 && lines <= 7, "%u lines in 400 s", lines);
	toy_close(toy);
}

/* A guest that grew by force got its balloon emptied whole, and the host swapped for it. */
Test(ws_incidents, memory_taken_by_force_and_not_used_goes_to_a_host_that_is_short)
{
	struct toy *toy = toy_open("ws-target", 2000);
	struct toy_guest *forced;

	cr_assert_eq(sim_policy_set(toy->policy, toy->state, "overbook", "0"), 0);
	for (u32 i = 0; i < 3; i++) {
		toy_phase(toy_add(toy, 1000, 0), 0, 500, 1, 0, 1);
		toy->view[i].deflate_on_oom = true;
	}
	forced = &toy->guest[0];
	toy_run(toy, 60);
	/* It deflates step by step, and each step is told. */
	for (u32 i = 0; i < 5; i++) {
		forced->actual = forced->actual + 10 < 1000 ? forced->actual + 10 : 1000;
		toy_look(toy);
		toy->policy->stalled(toy->state, &toy->host, 0, true, &toy->act);
	}
	cr_assert(forced->target <= forced->actual + 110 && forced->target >= forced->actual + 90,
		  "%u MiB to one that has %u", forced->target, forced->actual);
	toy->taken = 50;
	toy_run(toy, 120);
	cr_assert(forced->target >= 500 + forced->base, "%u MiB", forced->target);
	cr_assert(targets(toy) <= 2000 - 50 - toy->high, "%llu MiB", targets(toy));
	toy_close(toy);
}

/*
 * Neither swap nor a balloon that gives way: whatever such a guest has to evict kills its
 * programs.  The host is short by a fifth of what they want, and has swap of its own.
 */
Test(ws_incidents, a_guest_that_cannot_but_die_is_never_squeezed)
{
	struct toy *toy = toy_open("ws-target", 1000);

	for (u32 i = 0; i < 3; i++) {
		struct toy_guest *guest = toy_add(toy, 1000, 0);

		toy_phase(guest, 0, 100, 1, 0, 1);
		for (u64 s = 0; s < 6; s++)
			toy_phase(guest, 120 + i * 60 + s, 150 + (u32)s * 40, 1, 0, 1);
	}
	toy_run(toy, 100);
	for (u32 i = 0; i < 3; i++)
		cr_assert(toy->guest[i].target < 500, "what is free is taken: %u MiB",
			  toy->guest[i].target);
	toy_run(toy, 400);
	for (u32 i = 0; i < 3; i++) {
		cr_assert_eq(toy->guest[i].swap_out, 0, "guest %u evicted %llu bytes", i,
			     toy->guest[i].swap_out);
		cr_assert(toy->guest[i].actual >= 350 + toy->guest[i].base);
	}
	toy_close(toy);
}

/* How a target went. */
struct path {
	u32 turns, forced;
	int direction;
	u64 forced_ns;
	u64 soonest_ns; /* from a cut for others to growth */
};

static struct path path[TOY_VMS];

static void note_path(struct toy *toy, u32 vm, const char *text)
{
	bool grows = !strncmp(text, "grow", 4);

	if (!grows && strncmp(text, "shrink", 6) != 0)
		return;
	path[vm].turns += path[vm].direction && path[vm].direction != (grows ? 1 : -1);
	path[vm].direction = grows ? 1 : -1;
	if (strstr(text, "(host is short)")) {
		path[vm].forced++;
		path[vm].forced_ns = toy->now_ns;
	} else if (grows && path[vm].forced_ns) {
		if (toy->now_ns - path[vm].forced_ns < path[vm].soonest_ns)
			path[vm].soonest_ns = toy->now_ns - path[vm].forced_ns;
		path[vm].forced_ns = 0;
	}
}

static void forget_paths(void)
{
	for (u32 i = 0; i < TOY_VMS; i++)
		path[i] = (struct path){ .soonest_ns = ~0ull };
}

/* Three guests that take turns in wanting more than the host has: what was taken came back at once. */
Test(ws_incidents, what_was_cut_for_others_is_not_given_back_at_once)
{
	struct toy *toy = toy_open("ws-target", 1000);
	u32 forced = 0;

	forget_paths();
	toy->trace = note_path;
	for (u32 i = 0; i < 3; i++) {
		struct toy_guest *guest = toy_add(toy, 1000, NVME_NS);

		for (u64 k = 0; k < 8; k++)
			toy_phase(guest, 30 + k * 60 + i * 20, k % 2 ? 150 : 420, 1, 0, 1);
	}
	toy_run(toy, 600);
	for (u32 i = 0; i < 3; i++) {
		forced += path[i].forced;
		cr_assert(path[i].soonest_ns >= 5 * TOY_SECOND, "guest %u grew %llu ms after its cut", i,
			  path[i].soonest_ns / 1000000);
	}
	cr_assert_gt(forced, 10, "%u cuts", forced);
	toy_close(toy);
}

/* Its balloon obeys as late as its statistics come: it had been taken to stand still. */
Test(ws_incidents, a_balloon_that_is_late_as_all_else_does_not_stand_still)
{
	struct toy *toy = toy_open("ws-target", 1000);

	forget_paths();
	toy->trace = note_path;
	toy->delay_ns = 20 * TOY_SECOND;
	for (u32 i = 0; i < 2; i++) {
		toy_phase(toy_add(toy, 1000, NVME_NS), 0, 200, 1, 0, 1);
		toy->guest[i].balloon_rate = 0;
	}
	for (u32 s = 0; s < 20; s++) {
		toy_run(toy, (u64)s * 30 + 25);
		for (u32 i = 0; i < 2; i++)
			toy->guest[i].balloon_rate = 400;
		toy_run(toy, (u64)s * 30 + 30);
		for (u32 i = 0; i < 2; i++)
			toy->guest[i].balloon_rate = 0;
	}
	for (u32 i = 0; i < 2; i++)
		cr_assert_leq(path[i].turns, 2, "guest %u turned %u times", i, path[i].turns);
	toy_close(toy);
}

Test(ws_incidents, late_statistics_say_what_following_is_worth_and_each_says_it_once)
{
	static struct policy_ws_guest guest;
	const struct policy_ws_params params = { .buffer = 0.2, .spare = 0.05, .exchange = 1,
						 .queueing = 1 };
	const struct sim_vm_view vm = { .nominal_bytes = 1000ull << 20, .target_bytes = 1000ull << 20,
					.actual_bytes = 1000ull << 20, .refault_ns = NVME_NS };

	guest.follow.linger_ns = 120 * TOY_SECOND;
	guest.used = 300 << 20;
	guest.stats_ns = 80 * TOY_SECOND;
	guest.late_until_ns = 200 * TOY_SECOND;
	cr_assert(!policy_ws_guest_informed(&guest, 100 * TOY_SECOND));
	policy_ws_follow_update(&guest, &vm, 100 * TOY_SECOND, &params);
	cr_assert_eq(guest.follow.demand, 300 << 20, "late, and heard: %g", guest.follow.demand);
	guest.used = 200 << 20;
	policy_ws_follow_update(&guest, &vm, 110 * TOY_SECOND, &params);
	cr_assert_eq(guest.follow.demand, 300 << 20, "nothing new came");
	guest.stats_ns = 90 * TOY_SECOND;
	policy_ws_follow_update(&guest, &vm, 110 * TOY_SECOND, &params);
	cr_assert_eq(guest.follow.demand, 200 << 20, "something did");
}

Test(ws_incidents, no_drill_finds_an_error)
{
	static struct sim_lint lint;
	const struct sim_policy *policy = sim_policy_find("ws-target");
	void *state = calloc(1, policy->state_size);

	cr_assert(state);
	sim_policy_defaults(policy, state);
	cr_assert_eq(sim_lint_run(&lint, policy, state, NULL, NULL, NULL, NULL), 0);
	cr_assert_gt(lint.drills_count, 10);
	for (u32 i = 0; i < lint.findings_count; i++)
		cr_assert_neq(lint.finding[i].severity, SIM_LINT_ERROR, "%s: %s: %s",
			      lint.finding[i].drill, lint.finding[i].check,
			      lint.finding[i].evidence);
	free(state);
}
