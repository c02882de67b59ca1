/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_field_rounds.c - the field's policies round by round: what their originals do at
 * thresholds, at the first round, without statistics, and with nothing to divide.
 */
#include "policy/policy_rules.h"
#include "policy_desk.h"

static void stats(struct desk *desk, u32 vm, u64 free_mib, u64 available_mib)
{
	desk->vm[vm].stats.time_ns = desk->host.now_ns + 1;
	desk->vm[vm].stats.free_bytes = free_mib * MIB;
	desk->vm[vm].stats.available_bytes = available_mib * MIB;
	desk->vm[vm].stats.total_bytes = desk->vm[vm].actual_bytes;
}

/* The balloons do at once what they were told. */
static void obey(struct desk *desk)
{
	for (u32 i = 0; i < desk->host.vms_count; i++)
		desk->vm[i].actual_bytes = desk->vm[i].target_bytes;
}

static u64 rounded_mib(const struct desk *desk, u32 vm)
{
	return (desk->vm[vm].target_bytes + MIB / 2) / MIB;
}

static void free_percent(struct desk *desk, double percent)
{
	desk->host.free_bytes = (u64)(percent * (double)desk->host.memory_bytes / 100 + 0.5);
}

/* --- hypeman --- */

Test(field_rounds, hypeman_is_pressed_below_ten_percent_until_fifteen)
{
	static const struct {
		double free;
		bool pressed; /* before */
		bool acts;
	} vectors[] = {
		{ 9, false, true },   { 10, false, false },   { 10.9, false, false },
		{ 9.99, false, true }, { 12, true, true },     { 14, true, true },
		{ 15, true, false },  { 16, true, false },    { 12, false, false },
	};

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct desk *desk = desk_open("hypeman", 100000 * MIB);

		desk_set(desk, "cooldown", "0s");
		desk_add(desk, 40000 * MIB, 0);
		if (vectors[i].pressed) {
			free_percent(desk, 5);
			desk_tick(desk);
			cr_assert_lt(desk->target[0], 40000 * MIB);
			/* Back to what it had, so that any plan shows. */
			desk->vm[0].target_bytes = 40000 * MIB;
		}
		desk->targets = 0;
		free_percent(desk, vectors[i].free);
		desk_tick(desk);
		cr_assert_eq(desk->targets > 0, vectors[i].acts, "vector %zu", i);
		desk_close(desk);
	}
}

Test(field_rounds, hypeman_steps_waits_and_leaves_small_changes)
{
	struct desk *desk = desk_open("hypeman", 10240 * MIB);

	desk_add(desk, 4096 * MIB, 0);
	/* 15 % of 10240 less 512 is 1024, of 2048 MiB headroom; 256 at a time, each 5 s. */
	desk->host.free_bytes = 512 * MIB;
	desk_tick(desk);
	cr_assert_eq(desk->target[0], 3840 * MIB);
	desk_tick(desk);
	desk_tick(desk);
	cr_assert_eq(desk->target[0], 3840 * MIB, "4 s later");
	desk_tick(desk);
	cr_assert_eq(desk->target[0], 3584 * MIB);
	/* As shipped what is held is forgotten: 63 MiB short plans 4033, 64 plans 4032. */
	desk->vm[0].target_bytes = 4096 * MIB;
	desk->targets = 0;
	desk->host.free_bytes = (1536 - 63) * MIB;
	for (u32 i = 0; i < 3; i++)
		desk_tick(desk);
	cr_assert_eq(desk->targets, 0, "less than 64 MiB");
	desk->host.free_bytes = (1536 - 64) * MIB;
	desk_tick(desk);
	cr_assert_eq(desk->target[0], 4032 * MIB);
	desk_close(desk);
}

Test(field_rounds, hypeman_never_takes_the_floor_and_divides_by_no_headroom)
{
	for (u32 nominal = 256; nominal <= 4096; nominal *= 2) {
		struct desk *desk = desk_open("hypeman", 8192 * MIB);
		u64 floor = policy_max(512, nominal / 2) * MIB;

		desk_add(desk, nominal * MIB, 0);
		desk->host.free_bytes = 0;
		for (u32 i = 0; i < 60; i++)
			desk_tick(desk);
		if (nominal <= 512)
			cr_assert_eq(desk->targets, 0, "nothing to take of %u MiB", nominal);
		else
			cr_assert(desk->target[0] >= floor && desk->target[0] < nominal * MIB);
		desk_close(desk);
	}
}

/* --- Proxmox --- */

Test(field_rounds, proxmox_wants_eighty_percent_and_knows_its_band)
{
	static const s64 off_mib[] = { -11, -10, -1, 0, 10, 11 };

	for (u32 i = 0; i < 6; i++) {
		struct desk *desk = desk_open("proxmox", 10000 * MIB);

		desk_add(desk, 2000 * MIB, 1000 * MIB);
		desk->vm[0].actual_bytes = desk->vm[0].target_bytes = 1500 * MIB;
		stats(desk, 0, 1000, 1000);
		desk->host.free_bytes = (u64)(2000 + off_mib[i]) * MIB;
		desk_tick(desk);
		cr_assert_eq(desk->targets, off_mib[i] < -10 || off_mib[i] > 10, "%lld", off_mib[i]);
		if (desk->targets)
			cr_assert_eq(desk->target[0], (u64)(1500 + off_mib[i]) * MIB);
		desk_close(desk);
	}
}

Test(field_rounds, proxmox_takes_a_guest_that_tells_nothing_for_one_without_free_memory)
{
	struct desk *desk = desk_open("proxmox", 10000 * MIB);

	desk_add(desk, 2000 * MIB, 1000 * MIB);
	desk_add(desk, 2000 * MIB, 1000 * MIB);
	stats(desk, 1, 800, 800);
	for (u32 i = 0; i < 2; i++)
		desk->vm[i].actual_bytes = desk->vm[i].target_bytes = 1500 * MIB;
	desk->host.free_bytes = 2050 * MIB;
	desk_tick(desk);
	cr_assert_eq(desk->target[0], 1550 * MIB, "it gains first");
	cr_assert_eq(desk->target[1], 0, "the comfortable one is not told anything");
	desk->host.free_bytes = 1950 * MIB;
	desk->vm[0].target_bytes = 1500 * MIB;
	desk_tick(desk);
	cr_assert_eq(desk->target[1], 1450 * MIB, "and the comfortable one gives first");
	desk_close(desk);
}

Test(field_rounds, proxmox_comfort_is_more_than_a_quarter_of_the_minimum)
{
	for (u32 more = 0; more < 2; more++) {
		struct desk *desk = desk_open("proxmox", 10000 * MIB);

		desk_add(desk, 2000 * MIB, 1000 * MIB);
		desk_add(desk, 2000 * MIB, 1000 * MIB);
		for (u32 i = 0; i < 2; i++) {
			desk->vm[i].actual_bytes = desk->vm[i].target_bytes = 1500 * MIB;
			stats(desk, i, 0, 0);
		}
		desk->vm[0].stats.free_bytes = 250 * MIB + more;
		desk->host.free_bytes = 1950 * MIB;
		desk_tick(desk);
		/* Nobody comfortable: both give. */
		cr_assert_eq(desk->target[0], (more ? 1450 : 1475) * MIB);
		cr_assert_eq(desk->target[1], (more ? 0 : 1475) * MIB);
		desk_close(desk);
	}
}

Test(field_rounds, proxmox_idles_when_all_are_at_their_minimum)
{
	struct desk *desk = desk_open("proxmox", 10000 * MIB);

	for (u32 i = 0; i < 3; i++) {
		desk_add(desk, 2000 * MIB, 1000 * MIB);
		desk->vm[i].actual_bytes = desk->vm[i].target_bytes = 1000 * MIB;
		stats(desk, i, 0, 0);
	}
	desk->host.free_bytes = 0;
	for (u32 i = 0; i < 20; i++)
		desk_tick(desk);
	cr_assert_eq(desk->targets, 0);
	desk_close(desk);
}

/* --- MOM --- */

static struct desk *mom_desk(u64 current, u64 nominal, u64 min, u64 unused, double host_free)
{
	struct desk *desk = desk_open("mom", 10000 * MIB);

	desk_add(desk, nominal * MIB, min * MIB);
	desk->vm[0].actual_bytes = desk->vm[0].target_bytes = current * MIB;
	stats(desk, 0, unused, unused);
	free_percent(desk, host_free);
	desk_tick(desk);
	desk_tick(desk);
	return desk;
}

Test(field_rounds, mom_compares_strictly_at_both_thresholds)
{
	static const struct {
		u64 unused;
		double host_free, want; /* MiB; 0: nothing */
	} vectors[] = {
		{ 300, 19.99, 950 }, { 300, 20, 1050 },	 /* below 20 % shrinks, at 20 % grows */
		{ 10, 5, 990 },				 /* at 5 %: 5 - 5, floor 990 */
		{ 40, 5.01, 0 },			 /* above: g .0501, floor 1010 */
		{ 40, 4.99, 960 },			 /* g -.0001: floor 959.9, step 950 */
		{ 10, 0, 950 },				 /* g -.05: floor 940, step 950 */
	};

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct desk *desk = mom_desk(1000, 2000, 10, vectors[i].unused, vectors[i].host_free);
		double got = (double)desk->target[0] / (double)MIB;

		cr_assert(got > vectors[i].want - 0.11 && got < vectors[i].want + 0.11,
			  "vector %zu: %g", i, got);
		desk_close(desk);
	}
}

Test(field_rounds, mom_leaves_changes_of_a_quarter_percent)
{
	struct desk *desk;

	/* used 1000 - unused; at 10 % free floor = used + 100 */
	desk = mom_desk(4000, 8000, 10, 410, 10); /* 3590 + 400 = 3990: exactly .25 % */
	cr_assert_eq(desk->targets, 0);
	desk_close(desk);
	desk = mom_desk(4000, 8000, 10, 411, 10);
	cr_assert_eq(desk->target[0], 3989 * MIB);
	desk_close(desk);
	/* Growing to the nominal size over less than that is not done either. */
	desk = mom_desk(3990, 4000, 10, 2000, 50);
	cr_assert_eq(desk->target[0], 4000 * MIB, "10 of 3990 is more");
	desk_close(desk);
	desk = mom_desk(3991, 4000, 10, 2000, 50);
	cr_assert_eq(desk->targets, 0, "9 of 3991 is less: it never gets all back");
	desk_close(desk);
}

Test(field_rounds, mom_needs_fourteen_rounds_to_halve_a_guest)
{
	struct desk *desk = mom_desk(1000, 1000, 10, 1000, 10);
	u32 rounds = 1;

	obey(desk);
	while (desk->vm[0].actual_bytes > 500 * MIB) {
		desk->vm[0].stats.free_bytes = desk->vm[0].actual_bytes;
		desk_tick(desk);
		desk_tick(desk);
		obey(desk);
		rounds++;
		cr_assert_lt(rounds, 100);
	}
	cr_assert_eq(rounds, 14, "%u", rounds);
	desk_close(desk);
}

Test(field_rounds, mom_below_its_minimum_is_brought_there_when_it_grows)
{
	struct desk *desk = mom_desk(1000, 2000, 1200, 300, 50);

	cr_assert_eq(desk->target[0], 1200 * MIB);
	desk_close(desk);
	/* In a shortage a target above what it has makes no sense and is not set. */
	desk = mom_desk(1000, 2000, 1200, 300, 10);
	cr_assert_eq(desk->targets, 0);
	desk_close(desk);
}

/* --- self-ballooning --- */

Test(field_rounds, selfballoon_reckons_in_pages_and_rests_seven_above_its_goal)
{
	struct desk *desk = desk_open("selfballoon", 1000 * MIB);
	u64 goal = 600 * MIB;

	desk_set(desk, "as_shipped", "off");
	desk_set(desk, "total_reserve", "0");
	desk_add(desk, 1000 * MIB, 0);
	desk_tick(desk);
	cr_assert_eq(desk->targets, 0, "nothing is known yet");
	desk->vm[0].committed_bytes = goal;
	for (u32 i = 0; i < 200; i++) {
		u64 before = desk->vm[0].actual_bytes / 4096;

		desk_tick(desk);
		obey(desk);
		cr_assert_eq(desk->vm[0].actual_bytes / 4096, before - (before - goal / 4096) / 8);
	}
	cr_assert_eq(desk->vm[0].actual_bytes, goal + 7 * 4096);
	desk->targets = 0;
	desk_tick(desk);
	cr_assert_eq(desk->targets, 0, "no command without a change");
	desk->vm[0].committed_bytes = 900 * MIB;
	desk_tick(desk);
	cr_assert_eq(desk->target[0], 900 * MIB, "at once");
	desk->vm[0].committed_bytes = 2000 * MIB;
	desk_tick(desk);
	cr_assert_eq(desk->target[0], 1000 * MIB, "more than it is cannot be had");
	desk_close(desk);
}

Test(field_rounds, selfballoon_floor_never_falls_and_jumps_where_the_original_does)
{
	u64 before = 0;

	for (u64 size = 16; size <= 8192; size++) {
		u64 floor = policy_selfballoon_floor(size * MIB, 0);

		cr_assert(floor <= size * MIB);
		cr_assert(size == 16 || floor >= before, "%llu MiB", size);
		/* The original's pieces do not meet: 3.5 and 13 MiB. */
		cr_assert(size == 16 || size == 64 || size == 512 || floor - before <= MIB, "%llu MiB",
			  size);
		before = floor;
	}
}

/* --- hyperv-like --- */

Test(field_rounds, hyperv_leaves_a_fifth_and_cuts_by_weight)
{
	struct desk *desk = desk_open("hyperv-like", 2000 * MIB);

	desk_set(desk, "reserve", "0");
	desk_set(desk, "band", "0");
	desk_add(desk, 2000 * MIB, 100 * MIB);
	desk_add(desk, 2000 * MIB, 100 * MIB);
	desk_tick(desk);
	cr_assert_eq(rounded_mib(desk, 0), 1000, "nothing known: half each");
	desk->vm[0].committed_bytes = desk->vm[1].committed_bytes = 500 * MIB;
	desk_tick(desk);
	cr_assert_eq(desk->vm[0].target_bytes, 600 * MIB, "a pressure of 83 %");
	/* 1200 each of 2000: equal weights get equal cuts, three to one does not. */
	desk->vm[0].committed_bytes = desk->vm[1].committed_bytes = 1000 * MIB;
	desk_tick(desk);
	cr_assert_eq(rounded_mib(desk, 0), 1000);
	desk->vm[0].shares = 3000;
	desk_tick(desk);
	cr_assert_eq(desk->vm[0].target_bytes, 1200 * MIB, "no more than its target");
	cr_assert_eq(rounded_mib(desk, 1), 800);
	desk->vm[0].committed_bytes = 10 * MIB;
	desk_tick(desk);
	cr_assert_eq(desk->vm[0].target_bytes, 100 * MIB, "the minimum");
	desk_close(desk);
}

/* Cut only when the targets do not fit: 1920 of 2000 do. */
Test(field_rounds, hyperv_cuts_nothing_that_fits)
{
	struct desk *desk = desk_open("hyperv-like", 2000 * MIB);

	desk_add(desk, 2000 * MIB, 100 * MIB);
	desk_add(desk, 2000 * MIB, 100 * MIB);
	desk->vm[0].committed_bytes = desk->vm[1].committed_bytes = 800 * MIB;
	desk_tick(desk);
	for (u32 i = 0; i < 2; i++)
		cr_assert_eq(desk->vm[i].target_bytes, 960 * MIB, "%llu",
			     desk->vm[i].target_bytes);
	desk_set(desk, "reserve", "0.05");
	desk->vm[1].committed_bytes = 850 * MIB;
	desk_tick(desk);
	cr_assert_lt(desk->vm[0].target_bytes + desk->vm[1].target_bytes, 1901 * MIB);
	desk_close(desk);
}

/* --- qmemman --- */

/* Those who get wait for those who give, and only for them. */
Test(field_rounds, qmemman_waits_for_donors_if_there_are_any)
{
	struct desk *desk = desk_open("qmemman", 4000 * MIB);

	for (u32 i = 0; i < 2; i++) {
		desk_add(desk, 4000 * MIB, 100 * MIB);
		desk->vm[i].target_bytes = desk->vm[i].actual_bytes = 1000 * MIB;
		desk->vm[i].committed_bytes = 1000 * MIB;
	}
	desk_tick(desk);
	cr_assert_gt(desk->vm[0].target_bytes, 1900 * MIB, "nobody gives: at once");
	cr_assert_eq(desk->vm[0].target_bytes, desk->vm[1].target_bytes);
	desk->vm[0].actual_bytes = desk->vm[1].actual_bytes = desk->vm[0].target_bytes;
	desk->vm[0].committed_bytes = 200 * MIB;
	u64 before = desk->vm[1].target_bytes;

	desk_tick(desk);
	cr_assert_lt(desk->vm[0].target_bytes, 1000 * MIB, "it gives");
	cr_assert_eq(desk->vm[1].target_bytes, before, "before it has");
	desk->vm[0].actual_bytes = desk->vm[0].target_bytes;
	desk_tick(desk);
	cr_assert_gt(desk->vm[1].target_bytes, 3000 * MIB, "when it has");
	desk_close(desk);
}

/* --- the PI controller --- */

Test(field_rounds, pi_waits_for_its_guest_and_sends_what_is_worth_it)
{
	struct desk *desk = desk_open("pi", 10000 * MIB);

	desk_add(desk, 8000 * MIB, 0);
	desk->host.free_bytes = 0;
	desk_tick(desk);
	cr_assert_eq(desk->targets, 0, "no statistics yet");
	stats(desk, 0, 8000, 8000);
	/* e = .2 - .19 = .01, I = .05: (.005 + .0025) * 8000 = 60 MiB */
	free_percent(desk, 19);
	desk_tick(desk);
	cr_assert_eq(desk->targets, 0, "60 MiB are below 128");
	free_percent(desk, 15);
	desk_tick(desk);
	/* e = .05, I = .3: (.025 + .015) * 8000 = 320 MiB */
	cr_assert_eq((desk->target[0] + MIB / 2) / MIB, 7680);
	desk_close(desk);
}

Test(field_rounds, pi_takes_below_use_only_when_the_host_is_very_short)
{
	for (u32 hard = 0; hard < 2; hard++) {
		struct desk *desk = desk_open("pi", 10000 * MIB);

		desk_add(desk, 8000 * MIB, 0);
		stats(desk, 0, 100, 100);
		desk->host.free_bytes = 1000 * MIB - hard;
		desk->vm[0].stats.available_bytes = 100 * MIB; /* 7900 in use */
		for (u32 i = 0; i < 20; i++) {
			desk_tick(desk);
			obey(desk);
			/* What it uses stays: less memory is less available. */
			desk->vm[0].stats.available_bytes =
				policy_less(desk->vm[0].actual_bytes, 7900 * MIB);
		}
		if (hard)
			cr_assert_eq(desk->target[0] / MIB, 2640, "33 %%: %llu", desk->target[0] / MIB);
		else
			cr_assert_eq(desk->target[0], 7900 * MIB);
		desk_close(desk);
	}
}

Test(field_rounds, pi_pressure_of_the_host_lowers_the_ceiling)
{
	static const struct {
		u32 avg10; /* hundredths of a percent */
		u64 want;
	} vectors[] = { { 999, 8000 }, { 1000, 8000 }, { 3000, 5320 }, { 5000, 2640 }, { 9000, 2640 } };

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct desk *desk = desk_open("pi", 10000 * MIB);

		desk_add(desk, 8000 * MIB, 0);
		stats(desk, 0, 8000, 8000);
		free_percent(desk, 50);
		desk->host.psi_some_avg10 = vectors[i].avg10;
		desk_tick(desk);
		cr_assert_eq(desk->vm[0].target_bytes / MIB, vectors[i].want, "%u", vectors[i].avg10);
		desk_close(desk);
	}
}

/* --- VirtualBox --- */

Test(field_rounds, vbox_as_shipped_takes_no_free_memory_for_no_statistics)
{
	for (u32 shipped = 0; shipped < 2; shipped++) {
		struct desk *desk = desk_open("vbox-watchdog", 8192 * MIB);

		desk_set(desk, "as_shipped", shipped ? "on" : "off");
		desk_add(desk, 2048 * MIB, 0);
		desk->vm[0].actual_bytes = desk->vm[0].target_bytes = 1536 * MIB;
		desk->host.free_bytes = 4096 * MIB;
		desk_tick(desk);
		cr_assert_eq(desk->targets, 0, "no statistics yet");
		stats(desk, 0, 0, 0);
		desk_tick(desk);
		cr_assert_eq(desk->targets, !shipped);
		desk->vm[0].stats.free_bytes = MIB;
		desk_tick(desk);
		cr_assert_eq(desk->target[0], 1664 * MIB, "128 MiB back");
		desk_close(desk);
	}
}

Test(field_rounds, vbox_shares_what_the_host_has_above_its_margin)
{
	struct desk *desk = desk_open("vbox-watchdog", 8192 * MIB);

	for (u32 i = 0; i < 3; i++) {
		desk_add(desk, 2048 * MIB, 0);
		desk->vm[i].actual_bytes = desk->vm[i].target_bytes = 1536 * MIB;
		stats(desk, i, 100, 100);
	}
	desk->host.free_bytes = (1024 + 200) * MIB;
	desk_tick(desk);
	cr_assert_eq(desk->target[0], 1664 * MIB);
	cr_assert_eq(desk->target[1], 1608 * MIB, "72 are left");
	cr_assert_eq(desk->target[2], 0, "nothing is left");
	desk_close(desk);
}

/* --- ESX --- */

static void esx_report(struct desk *desk, u32 vm, u64 active_mib, u64 idle_mib)
{
	struct sim_vm_report *report = &desk->vm[vm].report;

	report->arrived_ns = desk->host.now_ns + 1;
	report->number++;
	report->bins_count = 3;
	report->bin[0] = (struct sim_report_bin){ 1000000, active_mib * MIB, 0 };
	report->bin[1] = (struct sim_report_bin){ 100 * SECOND, 0, 0 };
	report->bin[2] = (struct sim_report_bin){ ~0ull, idle_mib * MIB, 0 };
	desk->policy->report(desk->state, &desk->host, vm, &desk->act);
}

Test(field_rounds, esx_states_go_down_at_a_threshold_and_up_well_above)
{
	/* Free shares one after the other, and whether a VM above its due is then shrunk. */
	static const struct {
		double free;
		bool shrinks;
	} steps[] = {
		{ 10, false }, { 5, false }, { 4, false }, { 3.9, true }, { 6, true },
		{ 6.5, true }, { 6.6, false }, { 5, false }, { 0.5, true }, { 1.2, true },
		{ 7, false },
	};
	struct desk *desk = desk_open("esx", 10000 * MIB);

	desk_add(desk, 8000 * MIB, 0);
	desk_add(desk, 8000 * MIB, 0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		desk->vm[0].target_bytes = desk->vm[1].target_bytes = 8000 * MIB;
		desk->targets = 0;
		free_percent(desk, steps[i].free);
		desk_tick(desk);
		cr_assert_eq(desk->targets > 0, steps[i].shrinks, "step %zu", i);
		if (desk->targets)
			cr_assert_eq(desk->vm[0].target_bytes / MIB, 4700, "half of 94 %%");
	}
	desk_close(desk);
}

Test(field_rounds, esx_does_not_wait_when_a_threshold_is_crossed_or_a_vm_goes)
{
	struct desk *desk = desk_open("esx", 10000 * MIB);

	desk_add(desk, 8000 * MIB, 0);
	desk_add(desk, 8000 * MIB, 0);
	free_percent(desk, 10);
	desk_tick(desk);
	cr_assert_eq(desk->targets, 0);
	free_percent(desk, 3);
	desk->host.now_ns += SECOND;
	desk->policy->pressure(desk->state, &desk->host, 1, &desk->act);
	cr_assert_eq(desk->targets, 2);
	cr_assert_eq(desk->target[0] / MIB, 4700);
	desk->policy->pressure(desk->state, &desk->host, 1, &desk->act);
	cr_assert_eq(desk->targets, 2, "the same state is nothing new");
	desk->vm[1].running = false;
	desk->policy->vm_removed(desk->state, &desk->host, 1, &desk->act);
	cr_assert_eq(desk->target[0], 8000 * MIB, "what is due is given at once");
	desk_close(desk);
}

Test(field_rounds, esx_estimate_rises_within_a_period_and_falls_over_several)
{
	struct desk *desk = desk_open("esx", 10000 * MIB);
	u64 idle_due, step_due;

	desk_set(desk, "samples", "0");
	desk_add(desk, 8000 * MIB, 0);
	desk_add(desk, 8000 * MIB, 0);
	free_percent(desk, 3);
	for (u32 i = 0; i < 40; i++) {
		desk_tick(desk);
		esx_report(desk, 0, 0, 8000);
		esx_report(desk, 1, 8000, 0);
	}
	desk_tick(desk);
	idle_due = desk->vm[0].target_bytes;
	/* 9400 : 1 to 4, but the busy one is capped at nominal and the idle one at 35 %. */
	cr_assert_eq(idle_due / MIB, 2800, "%llu", idle_due / MIB);
	desk_set(desk, "cap", "1");
	desk_tick(desk);
	idle_due = desk->vm[0].target_bytes;
	cr_assert_eq(idle_due / MIB, 1880, "one to four: %llu", idle_due / MIB);
	/* The first one wakes: half the way by fast_now at the first look, half a period on. */
	esx_report(desk, 0, 8000, 0);
	desk_tick(desk);
	step_due = desk->vm[0].target_bytes;
	/* f = .5: weights 1/2.5 to 1 */
	cr_assert_eq((step_due + MIB / 2) / MIB, 2686, "%llu", step_due / MIB);
	for (u32 i = 0; i < 10; i++) {
		esx_report(desk, 0, 8000, 0);
		desk_tick(desk);
	}
	cr_assert(desk->vm[0].target_bytes > 4400 * MIB);
	/* And sleeps: in the period that has not ended the fast mean counts as it was. */
	esx_report(desk, 0, 0, 8000);
	desk_tick(desk);
	cr_assert(desk->vm[0].target_bytes > 4400 * MIB);
	for (u32 i = 0; i < 7; i++) {
		u64 before = desk->vm[0].target_bytes;

		esx_report(desk, 0, 0, 8000);
		desk_tick(desk);
		cr_assert(desk->vm[0].target_bytes <= before);
		cr_assert(desk->vm[0].target_bytes > 2000 * MIB, "look %u: %llu", i,
			  desk->vm[0].target_bytes / MIB);
	}
	for (u32 i = 0; i < 60; i++) {
		esx_report(desk, 0, 0, 8000);
		desk_tick(desk);
	}
	cr_assert(desk->vm[0].target_bytes < 1980 * MIB);
	desk_close(desk);
}

Test(field_rounds, esx_knows_unsampled_guests_as_active_and_draws_the_same_twice)
{
	u64 target[2];

	for (u32 run = 0; run < 2; run++) {
		struct desk *desk = desk_open("esx", 10000 * MIB);

		desk_add(desk, 8000 * MIB, 0);
		desk_add(desk, 8000 * MIB, 0);
		free_percent(desk, 3);
		desk_tick(desk);
		cr_assert_eq(desk->vm[0].target_bytes, desk->vm[1].target_bytes);
		for (u32 i = 0; i < 6; i++) {
			esx_report(desk, 0, 3000, 5000);
			desk_tick(desk);
		}
		target[run] = desk->vm[0].target_bytes;
		desk_close(desk);
	}
	cr_assert_eq(target[0], target[1]);
	cr_assert_lt(target[0], 4700 * MIB, "it is taxed");
}

/* --- DAMON --- */

Test(field_rounds, damos_watermarks_have_a_middle)
{
	static const struct {
		double free;
		bool active;
	} steps[] = {
		{ .6, false }, { .45, false }, { .4, false }, { .39, true },  { .45, true },
		{ .5, true },  { .51, false }, { .45, false }, { .2, true },   { .19, false },
		{ .3, true },
	};
	bool active = false;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		active = policy_damos_active(active, steps[i].free, .5, .4, .2);
		cr_assert_eq(active, steps[i].active, "step %zu", i);
	}
}

Test(field_rounds, damos_quota_grows_with_distance_and_never_by_more_than_double)
{
	double before = 1e300;

	for (double psi = 0; psi <= 0.003; psi += 0.0001) {
		double next = policy_damos_quota(900000, 0.001, psi, 1);

		cr_assert(next <= 1800000 && next >= 1);
		cr_assert(next <= before);
		cr_assert(psi < 0.00099 ? next > 900000 : psi > 0.00101 ? next < 900000 : true);
		before = next;
	}
}

static struct desk *damos_desk(const char *as_shipped)
{
	struct desk *desk = desk_open("damos", 10000 * MIB);

	desk_set(desk, "as_shipped", as_shipped);
	desk_set(desk, "balloon", "off");
	desk_add(desk, 8000 * MIB, 0);
	stats(desk, 0, 2400, 2400);
	return desk;
}

static void damos_cold(struct desk *desk, u64 mib)
{
	struct sim_vm_report *report = &desk->vm[0].report;

	report->arrived_ns = desk->host.now_ns + 1;
	report->number++;
	report->bins_count = 2;
	report->bin[0] = (struct sim_report_bin){ 240 * SECOND, 0, 0 };
	report->bin[1] = (struct sim_report_bin){ ~0ull, mib * MIB, 0 };
}

Test(field_rounds, damos_as_shipped_begins_with_a_byte_and_winds_up)
{
	static const char *const modes[] = { "off", "on" };
	u64 after[2];

	for (u32 mode = 0; mode < 2; mode++) {
		struct desk *desk = damos_desk(modes[mode]);

		damos_cold(desk, 7000);
		desk_tick(desk);
		cr_assert_eq(desk->reclaimed[0], mode ? 2 : 2 * MIB);
		for (u32 i = 0; i < 100; i++) {
			damos_cold(desk, 7000);
			desk_tick(desk);
		}
		cr_assert_eq(desk->reclaimed[0], 128 * MIB, "the limit holds in both");
		/* Ten seconds of half as much pressure again as is aimed at. */
		for (u32 i = 0; i < 10; i++) {
			damos_cold(desk, 7000);
			desk->vm[0].psi_some_ns += 1500000;
			desk_tick(desk);
		}
		after[mode] = desk->reclaimed[0];
		desk_close(desk);
	}
	cr_assert_eq(after[0], MIB, "the quota has come down: %llu", after[0]);
	cr_assert_eq(after[1], 128 * MIB, "it has not: %llu", after[1]);
}

Test(field_rounds, damos_takes_no_more_than_is_cold_and_none_below_the_low_watermark)
{
	struct desk *desk = damos_desk("on");

	desk_set(desk, "quota", "1GiB");
	for (u32 i = 0; i < 60; i++) {
		damos_cold(desk, 3);
		desk_tick(desk);
	}
	cr_assert_eq(desk->reclaimed[0], 3 * MIB);
	desk->reclaimed[0] = 0;
	desk->vm[0].stats.free_bytes = 1599 * MIB;
	damos_cold(desk, 3);
	desk_tick(desk);
	cr_assert_eq(desk->reclaimed[0], 0, "below 20 %%");
	desk_set(desk, "as_shipped", "off");
	desk_tick(desk);
	cr_assert_eq(desk->reclaimed[0], 3 * MIB);
	desk_close(desk);
}

/* --- TMO --- */

Test(field_rounds, tmo_measures_pressure_since_its_last_look)
{
	struct desk *desk = desk_open("tmo", 10000 * MIB);

	desk_set(desk, "balloon", "off");
	desk->vm[0].psi_some_ns = 0;
	desk_add(desk, 8000 * MIB, 0);
	desk_tick(desk);
	cr_assert_eq(desk->reclaimed[0], 0, "no statistics yet");
	stats(desk, 0, 4000, 4000);
	desk_tick(desk);
	/* .05 % of 4000 MiB in use */
	cr_assert_eq(desk->reclaimed[0], 2 * MIB);
	desk->vm[0].psi_some_ns += 3000000; /* .05 % of 6 s */
	desk_tick(desk);
	cr_assert_eq(desk->reclaimed[0], MIB);
	desk->reclaimed[0] = 0;
	desk->vm[0].psi_some_ns += 6000000;
	desk_tick(desk);
	cr_assert_eq(desk->reclaimed[0], 0, ".1 %% is too much");
	desk_tick(desk);
	cr_assert_eq(desk->reclaimed[0], 2 * MIB, "what was is forgotten");
	desk_close(desk);
}

/* --- ChromeOS --- */

Test(field_rounds, balance_without_room_or_statistics_divides_by_nothing)
{
	struct policy_balance balance = { .as_shipped = true };

	cr_assert_eq(policy_balance_delta(&balance, 0, 0, 0, 0, 0), 0);
	balance = (struct policy_balance){ .guest_critical = 400, .host_critical = 400 };
	/* Integers, cut towards zero: (0 - 5) / 2 */
	cr_assert_eq(policy_balance_delta(&balance, 400, 0, 4096, 405, 100), -2);
	cr_assert_eq(policy_balance_delta(&balance, 405, 0, 4096, 400, 100), 2);
}

Test(field_rounds, balance_bias_grows_with_the_balloon)
{
	s64 mib = (s64)MIB, before = 1 << 30;

	for (s64 balloon = 0; balloon <= 3072; balloon += 512) {
		struct policy_balance balance = { .guest_critical = 400 * mib, .host_critical = 400 * mib,
						  .bias = 48 * mib, .as_shipped = true };
		s64 delta = policy_balance_delta(&balance, 1000 * mib, 0, 4096 * mib, 700 * mib,
						 balloon * mib) / mib;

		cr_assert_eq(delta, (300 - 48 * (balloon * 100 / 3072) / 100) / 2, "%lld: %lld", balloon,
			     delta);
		cr_assert(delta <= before);
		before = delta;
	}
}

Test(field_rounds, limit_cache_holds_still_between_three_quarters_and_one_and_a_half)
{
	static const struct policy_limit_cache rule = { .guest_low = 10, .min_free = 20,
							.max_free = 420 };

	/* enough = 20 + 400 / 4 * 3 */
	cr_assert_eq(policy_limit_cache_delta(&rule, 319, 0, 0, 0), -101);
	cr_assert_eq(policy_limit_cache_delta(&rule, 320, 0, 0, 0), 0);
	cr_assert_eq(policy_limit_cache_delta(&rule, 420, 0, 0, 0), 0);
	/* 629 / 420 and (629 + 209) / 420 are 1; (630 + 210) / 420 is 2. */
	cr_assert_eq(policy_limit_cache_delta(&rule, 629, 0, 0, 0), 0);
	cr_assert_eq(policy_limit_cache_delta(&rule, 630, 0, 0, 0), 210);
	cr_assert_eq(policy_limit_cache_delta(&rule, 840, 0, 0, 0), 420);
}
