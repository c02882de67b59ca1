/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_policy_ws.c - what ws-target promises, on a host that is not the simulator's.
 */
#include <criterion/criterion.h>

#include "policy/policy_curve.h"
#include "policy/policy_util.h"
#include "policy/policy_ws_explain.h"
#include "policy/policy_ws_guest.h"
#include "toy_host.h"

#define NVME_NS 90000
#define ZRAM_NS 5000

static double saved(const struct toy *toy, u32 vm)
{
	return 1 - (double)toy_backed(&toy->guest[vm]) / toy->guest[vm].nominal;
}

/* Touches 800 MiB once, then works on 200. */
static struct toy_guest *add_idle_rich(struct toy *toy, u64 refault_ns)
{
	struct toy_guest *guest = toy_add(toy, 1000, refault_ns);

	toy_phase(guest, 0, 800, 1, 0, 1);
	toy_phase(guest, 10, 200, 1, 0, 1);
	return guest;
}

Test(policy_ws, takes_memory_that_never_comes_back_whatever_the_generations)
{
	for (u32 gens = 4; gens <= 16; gens += 12) {
		struct toy *toy = toy_open("ws-target", 4000);
		struct toy_guest *guest = add_idle_rich(toy, NVME_NS);

		guest->gens = gens;
		toy_run(toy, 400);
		cr_assert(saved(toy, 0) > 0.6, "%u generations: saved %.2f", gens, saved(toy, 0));
		cr_assert(guest->target >= 200 + guest->base, "less than the working set is left");
		cr_assert(guest->stalled_s < 0.02 * 400, "stalled for %.1f s", guest->stalled_s);
		cr_assert_eq(guest->reversals, 0);
		toy_close(toy);
	}
}

Test(policy_ws, follows_a_step_within_two_report_intervals_and_turns_once)
{
	struct toy *toy = toy_open("ws-target", 4000);
	struct toy_guest *guest = add_idle_rich(toy, NVME_NS);

	toy_phase(guest, 400, 500, 1, 0, 1);
	toy_run(toy, 400);
	cr_assert(guest->target < 400, "not yet shrunk: %u", guest->target);
	cr_assert_eq(guest->reversals, 0);
	toy_run(toy, 420);
	cr_assert(guest->actual >= 500 + guest->base, "%u MiB after two intervals", guest->actual);
	double paid_s = guest->stalled_s;
	toy_run(toy, 600);
	cr_assert_eq(guest->reversals, 1, "%u reversals", guest->reversals);
	cr_assert(guest->stalled_s - paid_s < 0.5, "it goes on stalling: %.1f s",
		  guest->stalled_s - paid_s);
	toy_close(toy);
}

Test(policy_ws, a_falling_load_gives_its_memory_back_in_one_turn)
{
	struct toy *toy = toy_open("ws-target", 4000);
	struct toy_guest *guest = toy_add(toy, 1000, NVME_NS);

	toy_phase(guest, 0, 300, 1, 0, 1);
	toy_phase(guest, 200, 700, 1, 0, 1);
	toy_phase(guest, 400, 300, 1, 0, 1);
	toy_run(toy, 400);
	u32 before = guest->reversals;
	toy_run(toy, 900);
	cr_assert(guest->reversals - before <= 1, "%u reversals", guest->reversals - before);
	cr_assert(guest->actual < 500, "%u MiB are left to 300", guest->actual);
	toy_close(toy);
}

Test(policy_ws, a_load_that_comes_and_goes_is_not_chased)
{
	struct toy *toy = toy_open("ws-target", 4000);
	struct toy_guest *guest = toy_add(toy, 1000, NVME_NS);

	for (u32 i = 0; i < 4; i++) {
		toy_phase(guest, i * 60, 500, 1, 0, 1);
		toy_phase(guest, i * 60 + 30, 50, 1, 0, 1);
	}
	toy_run(toy, 240);
	cr_assert(guest->reversals <= 1, "%u reversals", guest->reversals);
	cr_assert(guest->stalled_s < 0.02 * 240, "stalled for %.1f s", guest->stalled_s);
	toy_close(toy);
}

Test(policy_ws, the_bound_on_stalls_holds_for_memory_that_is_merely_lukewarm)
{
	static const u64 period_s[] = { 15, 30, 60, 120 };
	static const u64 device_ns[] = { ZRAM_NS, NVME_NS, 8000000 };

	for (u32 i = 0; i < 4; i++) {
		for (u32 d = 0; d < 3; d++) {
			struct toy *toy = toy_open("ws-target", 4000);
			struct toy_guest *guest = toy_add(toy, 1000, device_ns[d]);

			toy_phase(guest, 0, 200, 1, 400, period_s[i]);
			toy_run(toy, 900);
			cr_assert(guest->stalled_s < 0.02 * 900,
				  "used every %llu s, %llu ns a page: stalled for %.1f s",
				  period_s[i], device_ns[d], guest->stalled_s);
			toy_close(toy);
		}
	}
}

Test(policy_ws, a_dear_device_keeps_what_a_cheap_one_gives_up)
{
	double share[2];

	for (u32 i = 0; i < 2; i++) {
		struct toy *toy = toy_open("ws-target", 4000);

		toy_add(toy, 1000, i ? 8000000 : ZRAM_NS);
		toy_phase(&toy->guest[0], 0, 800, 1, 0, 1);
		toy_phase(&toy->guest[0], 10, 200, 1, 0, 1);
		toy_run(toy, 300);
		share[i] = saved(toy, 0);
		toy_close(toy);
	}
	cr_assert(share[0] > share[1] + 0.2, "zram %.2f, disk %.2f", share[0], share[1]);
}

/* Four guests that together want more than there is, one step after the other. */
static struct toy *overcommitted(u64 refault_ns)
{
	struct toy *toy = toy_open("ws-target", 2500);

	for (u32 i = 0; i < 4; i++) {
		struct toy_guest *guest = toy_add(toy, 1000, refault_ns);

		toy_phase(guest, 0, 450, 1, 0, 1);
		toy_phase(guest, 30, 200, 1, 0, 1);
		toy_phase(guest, 200 + i * 60, 600, 1, 0, 1);
		toy_phase(guest, 260 + i * 60, 200, 1, 0, 1);
	}
	return toy;
}

static u64 targets(const struct toy *toy)
{
	u64 sum = 0;

	for (u32 i = 0; i < toy->guests; i++)
		sum += toy->guest[i].target;
	return sum;
}

/* A guest of 1000 MiB on a host that with another one is overcommitted; it works on 700. */
static struct toy *started(const char *set, const char *value)
{
	struct toy *toy = toy_open("ws-target", 1500);

	if (set)
		cr_assert_eq(sim_policy_set(toy->policy, toy->state, set, value), 0);
	toy_phase(toy_add(toy, 1000, NVME_NS), 20, 650, 1, 0, 1);
	toy_phase(toy_add(toy, 1000, NVME_NS), 0, 100, 1, 0, 1);
	return toy;
}

Test(policy_ws, guests_of_an_overcommitted_host_start_small_and_grow_when_they_pay)
{
	struct toy *toy = started("start", "0.5");
	struct toy_guest *guest = &toy->guest[0];

	toy_run(toy, 10);
	cr_assert_eq(guest->target, 500, "%u MiB before it used anything", guest->target);
	cr_assert_eq(toy->guest[1].target, 500);
	toy_run(toy, 60);
	cr_assert(guest->target >= 650 + guest->base, "%u MiB after 40 s", guest->target);
	cr_assert_eq(toy->guest[1].target, 500, "the other one did not pay");
	toy_close(toy);
}

Test(policy_ws, a_host_with_memory_for_all_starts_nobody_small)
{
	struct toy *toy = toy_open("ws-target", 4000);

	toy_phase(toy_add(toy, 1000, NVME_NS), 0, 100, 1, 0, 1);
	toy_run(toy, 2);
	cr_assert_eq(toy->guest[0].target, 1000, "%u MiB", toy->guest[0].target);
	toy_close(toy);
}

Test(policy_ws, what_is_borne_says_how_small_guests_start)
{
	static const struct {
		const char *slowdown;
		u32 size;
	} known[] = { { "0.005", 720 }, { "0.025", 625 }, { "0.05", 500 }, { "0.1", 500 } };

	for (u32 i = 0; i < 4; i++) {
		struct toy *toy = toy_open("ws-target", 1500);

		cr_assert_eq(sim_policy_set(toy->policy, toy->state, "slowdown", known[i].slowdown), 0);
		toy_phase(toy_add(toy, 1000, NVME_NS), 0, 100, 1, 0, 1);
		toy_phase(toy_add(toy, 1000, NVME_NS), 0, 100, 1, 0, 1);
		toy_run(toy, 2);
		/* No more than its part of the host, whatever is borne. */
		cr_assert(toy->guest[0].target <= known[i].size + 5 &&
				  toy->guest[0].target + 5 >= known[i].size,
			  "slowdown %s: %u MiB", known[i].slowdown, toy->guest[0].target);
		toy_close(toy);
	}
}

Test(policy_ws, growth_comes_in_steps_of_its_parameters_and_only_beyond_patience)
{
	static const char *const most[] = { "0.02", "0.2" };
	u32 steps[2] = { 0 };

	for (u32 i = 0; i < 2; i++) {
		struct toy *toy = started("growth_max", most[i]);
		u32 before, largest = 0;

		toy_run(toy, 20);
		before = toy->guest[0].target;
		for (u32 s = 21; s < 120; s++) {
			toy_run(toy, s);
			if (toy->guest[0].target > before) {
				steps[i]++;
				if (toy->guest[0].target - before > largest)
					largest = toy->guest[0].target - before;
			}
			before = toy->guest[0].target;
		}
		cr_assert(largest <= (i ? 200 : 40), "%s: a step of %u MiB", most[i], largest);
		toy_close(toy);
	}
	cr_assert(steps[0] > steps[1], "%u small and %u large steps", steps[0], steps[1]);

	/* On a device of 1 ms it waits all the time for little: it pays, but does not thrash. */
	for (u32 i = 0; i < 2; i++) {
		struct toy *toy = toy_open("ws-target", 1500);
		struct toy_guest *guest = toy_add(toy, 1000, 1000000);

		cr_assert_eq(sim_policy_set(toy->policy, toy->state, "patience", i ? "0.1" : "0.9"), 0);
		toy_phase(guest, 0, 350, 1, 0, 1);
		toy_phase(guest, 20, 350, 1, 350, 25);
		toy_phase(toy_add(toy, 1000, NVME_NS), 0, 100, 1, 0, 1);
		toy_run(toy, 20);
		u32 before = guest->target;
		toy_run(toy, 200);
		cr_assert(guest->stalled_s > 5, "it does not even stall: %.1f s", guest->stalled_s);
		cr_assert((guest->target > before) == i, "from %u to %u MiB", before, guest->target);
		toy_close(toy);
	}
}

Test(policy_ws, without_overbooking_targets_never_exceed_the_host)
{
	struct toy *toy = overcommitted(NVME_NS);

	cr_assert_eq(sim_policy_set(toy->policy, toy->state, "overbook", "0"), 0);
	for (u32 s = 5; s < 700; s++) {
		toy_run(toy, s);
		cr_assert(targets(toy) <= toy->memory - toy->high, "%llu MiB at %u s",
			  targets(toy), s);
	}
	cr_assert(toy->short_s == 0, "the host was short for %.1f s", toy->short_s);
	toy_close(toy);
}

Test(policy_ws, one_guest_grows_on_what_others_do_not_use)
{
	struct toy *toy = overcommitted(NVME_NS);

	toy_run(toy, 200);
	toy_run(toy, 225);
	cr_assert(toy->guest[0].actual >= 600, "%u MiB", toy->guest[0].actual);
	for (u32 i = 1; i < 4; i++)
		cr_assert(toy->guest[i].actual >= 200 + toy->guest[i].base, "guest %u: %u MiB", i,
			  toy->guest[i].actual);
	toy_close(toy);
}

Test(policy_ws, a_guest_that_thrashes_is_not_shrunk_for_another)
{
	struct toy *toy = toy_open("ws-target", 1500);
	double stalled_s[2] = { 0 };
	bool thrashed[2] = { false };
	u32 target[2] = { 0 };

	/* Both want 950 of 1440. */
	for (u32 i = 0; i < 2; i++)
		toy_phase(toy_add(toy, 1000, NVME_NS), i * 60, 900, 1, 0, 1);
	for (u32 s = 10; s <= 400; s += 10) {
		toy_run(toy, s);
		for (u32 i = 0; i < 2; i++) {
			struct toy_guest *guest = &toy->guest[i];

			cr_assert(!thrashed[i] || guest->target >= target[i],
				  "guest %u was shrunk from %u to %u at %u s", i, target[i],
				  guest->target, s);
			thrashed[i] = guest->stalled_s - stalled_s[i] > 5;
			stalled_s[i] = guest->stalled_s;
			target[i] = guest->target;
			cr_assert(s < 100 || target[i] > 400, "guest %u has %u", i, target[i]);
		}
	}
	toy_close(toy);
}

/*
 * As in kernel-port/tests/daemon.sh: compressed memory on a processor that is emulated costs
 * a hundred times what its device is said to cost, so the stall that the policy computes is
 * next to nothing.  Both have touched 200 MiB; one goes on using 150 of it, one 10.
 */
Test(policy_ws, a_guest_that_works_is_not_squeezed_because_its_device_is_thought_cheap)
{
	for (u32 run = 0; run < 4; run++) {
		struct toy *toy = toy_open("ws-target", 800);
		struct toy_guest *busy, *lazy;
		u32 order = run & 1, agent = run >> 1;
		double before;

		cr_assert_eq(sim_policy_set(toy->policy, toy->state, "interval", "2s"), 0);
		cr_assert_eq(sim_policy_set(toy->policy, toy->state, "stats_interval", "1s"), 0);
		cr_assert_eq(sim_policy_set(toy->policy, toy->state, "hold", "4s"), 0);
		toy->taken = 340; /* what the VMMs hold for themselves */
		for (u32 i = 0; i < 2; i++) {
			struct toy_guest *guest = toy_add(toy, 448, 3000);

			guest->base = guest->touched = 90;
			guest->really_ns = 130000;
			guest->agent = agent;
			toy_phase(guest, 0, 200, 1, 0, 1);
			toy_phase(guest, 10, i == order ? 150 : 10, 1, 0, 1);
		}
		busy = &toy->guest[order];
		lazy = &toy->guest[!order];
		toy_run(toy, 90);
		before = busy->stalled_s;
		toy_run(toy, 120);
		cr_assert(busy->actual >= 240, "the busy one has %u MiB", busy->actual);
		cr_assert(lazy->actual <= 200, "the lazy one has %u MiB", lazy->actual);
		cr_assert(busy->stalled_s - before < 3, "it waits %.1f of 30 s",
			  busy->stalled_s - before);
		toy_close(toy);
	}
}

Test(policy_ws, equal_guests_that_want_too_much_share_alike)
{
	struct toy *toy = toy_open("ws-target", 1500);

	for (u32 i = 0; i < 2; i++)
		toy_phase(toy_add(toy, 1000, NVME_NS), 0, 900, 1, 0, 1);
	toy_run(toy, 400);
	for (u32 i = 0; i < 2; i++) {
		cr_assert(toy->guest[i].actual > 550, "guest %u has %u of a fair 700", i,
			  toy->guest[i].actual);
		cr_assert(toy->guest[i].reversals <= 4, "%u reversals", toy->guest[i].reversals);
	}
	toy_close(toy);
}

Test(policy_ws, shares_decide_between_equal_guests)
{
	struct toy *toy = toy_open("ws-target", 1500);

	for (u32 i = 0; i < 2; i++)
		toy_phase(toy_add(toy, 1000, NVME_NS), 0, 900, 1, 0, 1);
	toy->view[1].shares = 4000;
	toy_run(toy, 400);
	cr_assert(toy->guest[1].actual > toy->guest[0].actual + 100, "%u and %u MiB",
		  toy->guest[0].actual, toy->guest[1].actual);
	toy_close(toy);
}

Test(policy_ws, without_reports_nothing_is_taken_that_the_host_does_not_need)
{
	struct toy *toy = toy_open("ws-target", 2500);

	for (u32 i = 0; i < 4; i++)
		toy_phase(toy_add(toy, 1000, NVME_NS), 0, 300, 1, 0, 1);
	toy->loss = 1;
	toy_run(toy, 600);
	for (u32 i = 0; i < 4; i++) {
		cr_assert(toy->guest[i].actual >= 2300 / 4 - 20, "guest %u: %u MiB", i,
			  toy->guest[i].actual);
		cr_assert(toy->guest[i].reversals == 0);
	}
	cr_assert(targets(toy) <= 2400);
	toy_close(toy);
}

Test(policy_ws, reports_that_stop_leave_the_guest_its_memory)
{
	struct toy *toy = toy_open("ws-target", 4000);
	struct toy_guest *guest = add_idle_rich(toy, NVME_NS);

	toy_run(toy, 165);
	u32 before = guest->target;
	toy->loss = 1;
	toy_run(toy, 205);
	u32 after = guest->target;
	toy_run(toy, 600);
	cr_assert(before < 1000, "has not begun to shrink");
	cr_assert(after + 350 > before, "from %u to %u MiB on the last report", before, after);
	cr_assert_eq(guest->target, after, "shrunk without any report");
	toy_close(toy);
}

Test(policy_ws, lost_and_late_messages_cost_little)
{
	double stalled_s[2] = { 0 };

	for (u32 bad = 0; bad < 2; bad++) {
		struct toy *toy = overcommitted(NVME_NS);

		toy->loss = bad ? 0.3 : 0;
		toy->delay_ns = bad ? 3 * TOY_SECOND : 0;
		toy_run(toy, 600);
		for (u32 i = 0; i < 4; i++)
			stalled_s[bad] += toy->guest[i].stalled_s / 4;
		cr_assert(toy->short_s == 0);
		toy_close(toy);
	}
	cr_assert(stalled_s[1] < stalled_s[0] + 0.03 * 600, "%.1f s, with a bad link %.1f s",
		  stalled_s[0], stalled_s[1]);
}

Test(policy_ws, a_balloon_that_refuses_is_not_pushed)
{
	struct toy *toy = overcommitted(NVME_NS);

	toy->guest[0].balloon_rate = 0;
	toy_run(toy, 600);
	cr_assert_eq(toy->guest[0].actual, 1000);
	cr_assert(toy->guest[0].target > 700, "target %u", toy->guest[0].target);
	cr_assert(toy->guest[0].commands < 60, "%u commands", toy->guest[0].commands);
	for (u32 i = 1; i < 4; i++)
		cr_assert(toy->guest[i].actual >= 200 + toy->guest[i].base, "guest %u: %u MiB", i,
			  toy->guest[i].actual);
	toy_close(toy);
}

Test(policy_ws, a_slow_balloon_does_not_make_it_waver)
{
	struct toy *toy = toy_open("ws-target", 4000);
	struct toy_guest *guest = add_idle_rich(toy, NVME_NS);

	guest->balloon_rate = 5;
	toy_phase(guest, 400, 500, 1, 0, 1);
	toy_run(toy, 700);
	cr_assert(guest->reversals <= 2, "%u reversals", guest->reversals);
	cr_assert(guest->actual >= 500 + guest->base, "%u MiB", guest->actual);
	toy_close(toy);
}

Test(policy_ws, arriving_guests_are_made_room_for)
{
	struct toy *toy = toy_open("ws-target", 2500);

	for (u32 i = 0; i < 5; i++) {
		struct toy_guest *guest = toy_add(toy, 1000, NVME_NS);

		guest->start_ns = i * 60 * TOY_SECOND;
		toy_phase(guest, i * 60, 300, 1, 0, 1);
	}
	toy_run(toy, 500);
	cr_assert(toy->short_s == 0, "the host was short for %.1f s", toy->short_s);
	for (u32 i = 0; i < 5; i++)
		cr_assert(toy->guest[i].actual >= 300 + toy->guest[i].base, "guest %u: %u MiB", i,
			  toy->guest[i].actual);
	toy_close(toy);
}

Test(policy_ws, memory_taken_by_others_on_the_host_is_made_up_for)
{
	struct toy *toy = overcommitted(NVME_NS);

	toy_run(toy, 150);
	toy->taken = 1000;
	toy_run(toy, 175);
	double before = toy->short_s;
	toy_run(toy, 195);
	cr_assert(toy->short_s == before, "still short");
	cr_assert(targets(toy) <= 1500 - 90, "%llu MiB", targets(toy));
	toy_close(toy);
}

Test(policy_ws, deflating_on_oom_gives_memory_and_peace)
{
	struct toy *toy = toy_open("ws-target", 4000);
	struct toy_guest *guest = add_idle_rich(toy, NVME_NS);

	toy_run(toy, 300);
	u32 before = guest->target, least;
	toy->policy->stalled(toy->state, &toy->host, 0, true, &toy->act);
	least = guest->target;
	cr_assert(least >= before + 90, "from %u to %u MiB", before, least);
	toy_run(toy, 400);
	cr_assert(guest->target >= least, "shrunk again to %u MiB", guest->target);
	toy_close(toy);
}

Test(policy_ws, it_is_deterministic)
{
	u32 target[2][4];

	for (u32 run = 0; run < 2; run++) {
		struct toy *toy = overcommitted(ZRAM_NS);

		toy->loss = 0.2;
		toy_run(toy, 400);
		for (u32 i = 0; i < 4; i++)
			target[run][i] = toy->guest[i].target;
		toy_close(toy);
	}
	cr_assert(!memcmp(target[0], target[1], sizeof(target[0])));
}

Test(policy_ws, contradicting_parameters_are_refused)
{
	struct toy *toy = toy_open("ws-target", 1000);

	cr_assert_eq(sim_policy_set(toy->policy, toy->state, "stats_interval", "20s"), 0);
	cr_assert_lt(toy->policy->init(toy->state, &toy->host), 0);
	cr_assert_eq(sim_policy_set(toy->policy, toy->state, "stats_interval", "1s"), 0);
	cr_assert_eq(toy->policy->init(toy->state, &toy->host), 0);
	cr_assert_eq(sim_policy_set(toy->policy, toy->state, "headroom", "0.5"), 0);
	cr_assert_lt(toy->policy->init(toy->state, &toy->host), 0);
	toy_close(toy);
}

/* The cost curve alone. */

static const struct policy_learning learning = {
	.prior = 0.1,
	.forget_ns = 600 * TOY_SECOND,
	.refault_ns = { NVME_NS, NVME_NS },
};

/* A report with @bytes of anon memory idle for @age_s, in bins of 10 s. */
static void put_lump(struct sim_vm_report *report, u64 now_s, u64 age_s, u64 bytes)
{
	memset(report, 0, sizeof(*report));
	report->arrived_ns = now_s * TOY_SECOND;
	report->bins_count = POLICY_CURVE_AGES + 1;
	for (u32 i = 0; i < POLICY_CURVE_AGES; i++)
		report->bin[i].idle_age_ns = (i + 1) * 10 * TOY_SECOND;
	report->bin[POLICY_CURVE_AGES].idle_age_ns = ~0ull;
	report->bin[policy_min(age_s / 10, POLICY_CURVE_AGES)].anon_bytes = bytes;
}

Test(policy_ws, a_window_knows_nothing_older_than_it_is_long)
{
	struct policy_ws_window window = { .now = 0 };

	for (u32 s = 1; s <= 80; s++)
		policy_ws_window_enter(&window, s == 40 ? 9 : 5, s * TOY_SECOND, 80 * TOY_SECOND);
	cr_assert_float_eq(policy_ws_window_peak(&window), 9, 0);
	policy_ws_window_enter(&window, 3, 130 * TOY_SECOND, 80 * TOY_SECOND);
	cr_assert_float_eq(policy_ws_window_peak(&window), 5, 0, "9 was 90 s ago, 5 was 50 s ago");
	policy_ws_window_enter(&window, 2, 1000 * TOY_SECOND, 80 * TOY_SECOND);
	cr_assert_float_eq(policy_ws_window_peak(&window), 2, 0, "after a long silence");
}

Test(policy_ws, the_curve_starts_at_one_over_age_and_learns_from_quiet)
{
	struct policy_curve curve;
	struct policy_flow none = { 0 };
	struct sim_vm_report report;

	policy_curve_init(&curve, 10 * TOY_SECOND);
	put_lump(&report, 100, 25, 100 * TOY_BLOCK);
	policy_curve_update(&curve, &report, &none, &learning);
	/* Ten seconds: without experience memory comes back after as long again. */
	double first = policy_curve_hazard(&curve, POLICY_ANON, 0, learning.prior);
	cr_assert(first > 0.099 && first < 0.101, "%g", first);
	cr_assert(policy_curve_idle(&curve, 1, &learning) == 100 * TOY_BLOCK);
	cr_assert(policy_curve_idle(&curve, 2, &learning) == 0);
	for (u32 i = 1; i <= 10; i++) {
		put_lump(&report, 100 + 10 * i, 25 + 10 * i, 100 * TOY_BLOCK);
		policy_curve_update(&curve, &report, &none, &learning);
	}
	/* Hundred seconds of quiet at a prior of .1: 0.1 / (100 + 0.1 * 10). */
	double later = policy_curve_hazard(&curve, POLICY_ANON, 0, learning.prior);
	cr_assert(later > 0.0008 && later < 0.0012, "%g", later);
}

Test(policy_ws, the_curve_sees_what_was_touched_again)
{
	struct policy_curve curve;
	struct policy_flow none = { 0 };
	struct sim_vm_report report;

	policy_curve_init(&curve, 10 * TOY_SECOND);
	/* Every other report finds the lump young again, after having been idle for 25 s. */
	for (u32 i = 0; i < 20; i++) {
		put_lump(&report, 100 + 10 * i, i % 2 ? 25 : 5, 100 * TOY_BLOCK);
		policy_curve_update(&curve, &report, &none, &learning);
	}
	/* In half of the intervals it was there to be touched, and was: 1 per 10 s. */
	double hazard = policy_curve_hazard(&curve, POLICY_ANON, 0, learning.prior);
	cr_assert(hazard > 0.08 && hazard < 0.12, "%g", hazard);
}

Test(policy_ws, evicted_memory_is_not_taken_for_touched)
{
	struct policy_curve curve;
	struct policy_flow flow = { .reclaimed = 100 * TOY_BLOCK, .swapped_out = 100 * TOY_BLOCK };
	struct policy_flow back = { .swapped_in = 40 * TOY_BLOCK };
	struct sim_vm_report report;

	policy_curve_init(&curve, 10 * TOY_SECOND);
	put_lump(&report, 100, 55, 100 * TOY_BLOCK);
	policy_curve_update(&curve, &report, &(struct policy_flow){ 0 }, &learning);
	put_lump(&report, 110, 0, 0);
	policy_curve_update(&curve, &report, &flow, &learning);
	cr_assert(curve.touched[POLICY_ANON][0] == 0, "%g", curve.touched[POLICY_ANON][0]);
	/* It goes on in the classes of what is out, and what comes back was touched. */
	put_lump(&report, 120, 0, 40 * TOY_BLOCK);
	policy_curve_update(&curve, &report, &back, &learning);
	double touched = curve.touched[POLICY_ANON][0] / TOY_BLOCK;
	cr_assert(touched > 39.9 && touched < 40.1, "%g", touched);
	double gone = 0;
	for (u32 i = 0; i <= POLICY_CURVE_AGES; i++)
		gone += curve.gone[i] / TOY_BLOCK;
	cr_assert(gone > 59.9 && gone < 60.1, "%g", gone);
}

Test(policy_ws, taking_more_never_costs_less)
{
	struct policy_curve curve;
	struct sim_vm_report report;
	u64 random = 7;

	policy_curve_init(&curve, 10 * TOY_SECOND);
	for (u32 i = 0; i < 200; i++) {
		struct policy_flow flow;

		put_lump(&report, 100 + 10 * i, 0, 0);
		for (u32 bin = 0; bin <= POLICY_CURVE_AGES; bin++) {
			random = random * 6364136223846793005ull + 1442695040888963407ull;
			report.bin[bin].anon_bytes = (random >> 40) * 4096;
			report.bin[bin].file_bytes = (random >> 20 & 0xffff) * 4096;
		}
		flow.swapped_out = (double)(random >> 44);
		flow.swapped_in = (double)(random >> 45);
		flow.reclaimed = flow.swapped_out * 2;
		policy_curve_update(&curve, &report, &flow, &learning);
		for (u32 k = 0; k + 1 < POLICY_CURVE_AGES; k++) {
			double less = policy_curve_stall(&curve, k + 1, &learning);
			double more = policy_curve_stall(&curve, k, &learning);

			cr_assert(more >= less && less >= 0, "report %u, age %u: %g < %g", i, k,
				  more, less);
		}
	}
}

/* What an agent says each second, of its pressure and of what is committed. */
static double stall_told(const u64 psi_ns[4], const u64 committed[4])
{
	struct policy_ws_params params = { .interval_ns = 10 * TOY_SECOND, .queueing = 1, .slowdown = 0.5,
					   .headroom = 0.1, .forget_ns = 600 * TOY_SECOND };
	struct sim_vm_view vm = { .nominal_bytes = 1 << 26, .target_bytes = 1 << 26,
				  .actual_bytes = 1 << 26 };
	struct policy_ws_guest guest;

	policy_ws_guest_init(&guest, &params);
	for (u32 i = 0; i < 4; i++) {
		u64 now_ns = (i + 1) * TOY_SECOND;

		vm.stats.time_ns = now_ns;
		vm.psi_some_ns = psi_ns[i];
		vm.committed_bytes = committed[i];
		guest.actual_asked = vm.actual_bytes;
		policy_ws_guest_stats(&guest, &vm, now_ns, &params);
	}
	return guest.stall_last;
}

Test(policy_ws, the_first_stall_of_a_guest_that_never_stalled_counts)
{
	static const u64 there[4] = { 1, 1, 1, 1 }, late[4] = { 0, 0, 0, 1 };
	double never = stall_told((u64[4]){ 0, 0, 0, 0 }, there);
	double first = stall_told((u64[4]){ 0, 0, 0, 50000000 }, there);
	double more = stall_told((u64[4]){ 7, 7, 7000, 50007000 }, there);
	double arrived = stall_told((u64[4]){ 0, 0, 0, 50000000 }, late);

	cr_assert_float_eq(never, 0, 1e-9);
	cr_assert_float_eq(first, 0.05, 1e-9, "%g", first);
	cr_assert_float_eq(more, 0.05, 1e-9, "%g", more);
	cr_assert_float_eq(arrived, 0, 1e-9, "%g: what was before the agent is not of now", arrived);
}

Test(policy_ws, a_loss_by_following_is_said_as_one)
{
	struct policy_ws_params params = { .interval_ns = 10 * TOY_SECOND };
	struct policy_ws_guest guest;
	struct sim_vm_view vm = { .target_bytes = 1 << 26 };
	struct policy_ws_reason reason = { .guest = &guest, .vm = &vm, .params = &params,
					   .why = "follow" };
	char text[POLICY_WS_TEXT_MAX];

	policy_ws_guest_init(&guest, &params);
	guest.follow.updated_ns = 1;
	guest.follow.saved = -12.0 * (1 << 20);
	policy_ws_explain(&reason, text);
	cr_assert_not_null(strstr(text, "following it would save -12 and is worth"), "%s", text);
	guest.follow.saved = 12.0 * (1 << 20);
	policy_ws_explain(&reason, text);
	cr_assert_not_null(strstr(text, "following it would save 12 and is worth"), "%s", text);
}
