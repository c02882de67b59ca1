/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_field_edges.c - policies after others' rules, where the rules have edges: equality at
 * a threshold, limits that bind, guests that tell nothing, that went, that began anew.
 */
#include <criterion/criterion.h>

#include "policy/policy_rules.h"
#include "policy/policy_squeezed.h"
#include "policy_desk.h"

/* What desk_set_target() last wrote; 0 when nothing was told since. */
static u64 told(struct desk *desk, u32 vm)
{
	u64 bytes = desk->target[vm];

	desk->target[vm] = 0;
	return bytes;
}

static void pressure(struct desk *desk, u32 level)
{
	desk->policy->pressure(desk->state, &desk->host, level, &desk->act);
}

Test(field_edges, senpai_begins_at_what_is_used_and_stays_within_its_limits)
{
	struct desk *desk = desk_open("senpai", 8192 * MIB);
	u32 vm = desk_add(desk, 4096 * MIB, 64 * MIB);

	desk_set(desk, "headroom", "0");
	desk_tick(desk);
	desk_tick(desk);
	cr_assert_eq(told(desk, vm), 0, "no statistics: no limit");
	desk->vm[vm].stats.time_ns = 1;
	desk->vm[vm].stats.free_bytes = 3096 * MIB;
	desk_tick(desk);
	for (u32 tick = 0; tick < 6; tick++)
		desk_tick(desk);
	cr_assert_eq(told(desk, vm), 1000 * MIB, "the limit is what was used");
	desk_tick(desk);
	cr_assert_eq(told(desk, vm), 990 * MIB, "one percent less without pressure");
	for (u64 limit = 1980; limit <= 7920; limit *= 2) {
		desk->vm[vm].psi_some_ns += 200000000;
		desk_tick(desk);
		cr_assert_eq(told(desk, vm), (limit < 4096 ? limit : 4096) * MIB,
			     "twenty times the pressure doubles, up to all of it");
	}
	for (u32 tick = 0; tick < 6 * 400; tick++)
		desk_tick(desk);
	cr_assert_eq(desk->vm[vm].target_bytes, 100 * MIB, "no less than 100 MiB");
	desk_close(desk);
}

Test(field_edges, auto_balloon_ends_at_the_minimum_and_asks_nothing_of_the_gone)
{
	struct desk *desk = desk_open("auto-balloon", 4096 * MIB);
	u32 vm = desk_add(desk, 1000 * MIB, 985 * MIB), gone = desk_add(desk, 1000 * MIB, 0);

	desk->vm[gone].running = false;
	pressure(desk, 0);
	cr_assert_eq(told(desk, vm), 990 * MIB);
	desk->vm[vm].actual_bytes = 990 * MIB;
	pressure(desk, 0);
	cr_assert_eq(told(desk, vm), 985 * MIB, "no less than its minimum");
	desk->vm[vm].actual_bytes = 985 * MIB;
	pressure(desk, 2);
	cr_assert_eq(told(desk, vm), 0, "nothing left to take");
	cr_assert_eq(told(desk, gone), 0);
	desk_close(desk);
}

Test(field_edges, tmo_takes_nothing_at_its_threshold_and_survives_a_reboot)
{
	struct desk *desk = desk_open("tmo", 4096 * MIB);
	u32 vm = desk_add(desk, 1000 * MIB, 64 * MIB);

	desk->vm[vm].psi_some_ns = 50 * SECOND;
	desk_tick(desk);
	cr_assert_eq(desk->reclaimed[vm], 0, "no statistics");
	desk->vm[vm].stats.time_ns = 1;
	desk_tick(desk);
	desk->reclaimed[vm] = 0;
	desk->vm[vm].psi_some_ns += 6000000;
	desk_tick(desk);
	cr_assert_eq(desk->reclaimed[vm], 0, "a thousandth of the time is too much");
	desk->vm[vm].psi_some_ns += 3000000;
	desk_tick(desk);
	cr_assert(desk->reclaimed[vm] >= 262143 && desk->reclaimed[vm] <= 262144,
		  "half of it leaves half: %llu", desk->reclaimed[vm]);
	desk->vm[vm].psi_some_ns = 0;
	desk_tick(desk);
	cr_assert(desk->reclaimed[vm] >= 524287 && desk->reclaimed[vm] <= 524288,
		  "a counter that went back is no pressure: %llu", desk->reclaimed[vm]);
	desk_close(desk);
}

static void tell_report(struct desk *desk, u32 vm, bool pressed)
{
	desk->vm[vm].report.arrived_ns = desk->host.now_ns;
	desk->vm[vm].report.number++;
	desk->vm[vm].report.pressure = pressed;
	desk->reclaimed[vm] = 0;
	desk->policy->report(desk->state, &desk->host, vm, &desk->act);
}

Test(field_edges, wmo_acts_on_one_answer_a_round_however_late)
{
	struct desk *desk = desk_open("wmo", 4096 * MIB);
	u32 vm = desk_add(desk, 1000 * MIB, 64 * MIB);

	desk->vm[vm].report.bins_count = 3;
	desk->vm[vm].report.bin[0] = (struct sim_report_bin){ 5 * SECOND, 100 * MIB, 0 };
	desk->vm[vm].report.bin[1] = (struct sim_report_bin){ 10 * SECOND, 50 * MIB, 0 };
	desk->vm[vm].report.bin[2] = (struct sim_report_bin){ ~0ull, 30 * MIB, 20 * MIB };
	for (u32 tick = 0; tick < 7; tick++)
		desk_tick(desk);
	tell_report(desk, vm, false);
	cr_assert_eq(desk->reclaimed[vm], 0, "35 s: its round has not come");
	desk_tick(desk);
	tell_report(desk, vm, true);
	cr_assert_eq(desk->reclaimed[vm], 0, "not what it was asked for");
	desk_tick(desk);
	tell_report(desk, vm, false);
	cr_assert_eq(desk->reclaimed[vm], 50 * MIB, "all idle for more than 10 s, late");
	tell_report(desk, vm, false);
	cr_assert_eq(desk->reclaimed[vm], 0, "once");
	for (u32 tick = 0; tick < 7; tick++)
		desk_tick(desk);
	tell_report(desk, vm, false);
	cr_assert_eq(desk->reclaimed[vm], 50 * MIB, "80 s");
	desk_close(desk);
}

static void two_samples(struct desk *desk)
{
	desk_tick(desk);
	desk_tick(desk);
}

Test(field_edges, mom_forgets_a_guest_that_begins_anew)
{
	struct desk *desk = desk_open("mom", 1000 * MIB);
	u32 vm = desk_add(desk, 1000 * MIB, 100 * MIB), mute = desk_add(desk, 1000 * MIB, 0);

	desk->host.free_bytes = 100 * MIB;
	desk->vm[vm].stats.time_ns = 1;
	desk->vm[vm].stats.free_bytes = 300 * MIB;
	two_samples(desk);
	cr_assert_eq(told(desk, vm), 950 * MIB);
	cr_assert_eq(told(desk, mute), 0, "nobody knows what it uses");
	desk->vm[vm].running = false;
	two_samples(desk);
	cr_assert_eq(told(desk, vm), 0, "gone");
	desk->vm[vm].running = true;
	desk->policy->vm_added(desk->state, &desk->host, vm, &desk->act);
	desk->vm[vm].stats.free_bytes = 100 * MIB;
	two_samples(desk);
	cr_assert_eq(told(desk, vm), 0, "900 used and a tenth: nothing to take");
	/* Used 800 of 1000 and a tenth free: 900, but no more than 5 % at a time. */
	desk->vm[vm].running = false;
	two_samples(desk);
	desk->vm[vm].running = true;
	desk->policy->vm_added(desk->state, &desk->host, vm, &desk->act);
	desk->vm[vm].stats.free_bytes = 130 * MIB;
	two_samples(desk);
	cr_assert_eq(told(desk, vm), 970 * MIB, "870 used and a tenth");
	desk_close(desk);
}

Test(field_edges, hyperv_gives_minima_that_exceed_the_host_and_what_the_gone_had)
{
	struct desk *desk = desk_open("hyperv-like", 1000 * MIB);

	desk_set(desk, "reserve", "0");
	desk_set(desk, "band", "0");
	for (u32 i = 0; i < 3; i++) {
		desk_add(desk, 1000 * MIB, 400 * MIB);
		desk->vm[i].committed_bytes = 800 * MIB;
	}
	desk_tick(desk);
	for (u32 i = 0; i < 3; i++)
		cr_assert_eq(desk->vm[i].target_bytes, 400 * MIB);
	desk->vm[2].running = false;
	desk_tick(desk);
	for (u32 i = 0; i < 2; i++)
		cr_assert(desk->vm[i].target_bytes >= 500 * MIB - 1 &&
			  desk->vm[i].target_bytes <= 500 * MIB);
	desk->vm[1].running = false;
	desk_tick(desk);
	cr_assert_eq(desk->vm[0].target_bytes, 960 * MIB, "800 and a fifth");
	desk_close(desk);
}

Test(field_edges, limit_cache_restricts_strictly_above_its_target)
{
	struct policy_limit_cache rule = { .guest_low = 20, .min_free = 19, .max_free = 400,
					   .host_low = 100, .reclaim_cache = 315 };

	cr_assert_eq(policy_limit_cache_delta(&rule, 400, 315, 100, 100), 0, "not above");
	cr_assert_eq(policy_limit_cache_delta(&rule, 400, 316, 100, 100), 1, "what is above");
	cr_assert_eq(policy_limit_cache_delta(&rule, 400, 1000, 100, 100), 380, "down to its watermark");
	cr_assert_eq(policy_limit_cache_delta(&rule, 400, 1000, 480, 480), 0, "the host is far enough");
	cr_assert_eq(policy_limit_cache_delta(&rule, 400, 1000, 479, 479), 1);
	cr_assert_eq(policy_limit_cache_delta(&rule, 20, 1000, 0, 0), 1, "no further than min_free");
	rule.reclaim_cache = 0;
	cr_assert_eq(policy_limit_cache_delta(&rule, 400, 1000, 0, 0), 0, "0: the rule is off");
}

Test(field_edges, balance_acts_within_a_mebibyte_of_critical)
{
	struct policy_balance balance = { .host_critical = 400 * (s64)MIB,
					  .guest_critical = 400 * (s64)MIB };
	s64 kib = 1024, at = 400 * (s64)MIB, total = 4096 * (s64)MIB;

	cr_assert_eq(policy_balance_delta(&balance, at + 512 * kib, 0, total, at + 256 * kib, 0),
		     128 * kib);
	cr_assert_eq(policy_balance_delta(&balance, at + 256 * kib, 0, total, at + 512 * kib, 0), 0,
		     "an empty balloon has nothing to give");
	cr_assert_eq(policy_balance_delta(&balance, at + 256 * kib, 0, total, at + 512 * kib,
					  (s64)MIB), -128 * kib);
	/* A percent of neither: 4 MiB of 400 is not over 1 %, 8 is 2. */
	cr_assert_eq(policy_balance_delta(&balance, 808 * (s64)MIB, 0, total, 800 * (s64)MIB, 0), 0);
	cr_assert_eq(policy_balance_delta(&balance, 816 * (s64)MIB, 0, total, 800 * (s64)MIB, 0),
		     8 * (s64)MIB);
}

Test(field_edges, squeezed_divides_nothing_between_guests_without_a_range)
{
	static const struct policy_squeezed_rules rules = { .stuck_ns = 5 * SECOND, .two_phase = true,
							    .compensate = true };
	struct policy_squeezed_vm vm[2] = {
		{ .present = true, .can_balloon = true, .min = 500, .max = 500, .target = 500,
		  .actual = 500 },
		{ .present = true, .can_balloon = true, .min = 300, .max = 300, .target = 300,
		  .actual = 300 },
	};

	cr_assert_eq(policy_squeezed_step(vm, 2, 100, 100, true, SECOND, &rules), POLICY_SQUEEZED_DONE);
	cr_assert_neq(policy_squeezed_step(vm, 2, 50, 100, false, 2 * SECOND, &rules),
		      POLICY_SQUEEZED_DONE, "nobody can give");
	for (u32 i = 0; i < 2; i++)
		cr_assert(!vm[i].send || vm[i].target_new == vm[i].min);
}
