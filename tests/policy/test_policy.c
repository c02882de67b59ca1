/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_policy.c - parameter tables, and the policies of the field against vectors
 * worked out by hand from their published rules.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "policy/policy_fill.h"
#include "policy/policy_util.h"
#include "policy_desk.h"

/* Registry and parameters. */

Test(policy, every_policy_tells_what_it_is_and_has_a_sound_table)
{
	for (size_t i = 0; sim_policies[i]; i++) {
		const struct sim_policy *policy = sim_policies[i];

		cr_assert(policy->name && policy->summary && policy->rule && policy->source &&
			  policy->flaw, "policy %zu is not described", i);
		cr_assert_eq(sim_policy_find(policy->name), policy, "%s is not unique",
			     policy->name);
		for (u32 j = 0; j < policy->params_count; j++) {
			const struct sim_param *param = &policy->params[j];
			size_t size = param->type == SIM_PARAM_BOOL ? sizeof(bool) : 8;

			cr_assert(param->offset + size <= policy->state_size, "%s.%s",
				  policy->name, param->name);
			cr_assert(param->value_min <= param->value_default &&
				  param->value_default <= param->value_max,
				  "%s.%s: the default is out of range", policy->name, param->name);
			for (u32 k = 0; k < j; k++)
				cr_assert(strcmp(param->name, policy->params[k].name),
					  "%s.%s stands twice", policy->name, param->name);
		}
	}
	cr_assert_null(sim_policy_find("nonesuch"));
}

Test(policy, defaults_of_each_parameter_are_in_the_state)
{
	for (size_t i = 0; sim_policies[i]; i++) {
		const struct sim_policy *policy = sim_policies[i];
		char *state = calloc(1, policy->state_size);

		cr_assert(state);
		sim_policy_defaults(policy, state);
		for (u32 j = 0; j < policy->params_count; j++) {
			const struct sim_param *param = &policy->params[j];
			double value;

			if (param->type == SIM_PARAM_DOUBLE)
				memcpy(&value, state + param->offset, sizeof(value));
			else if (param->type == SIM_PARAM_BOOL)
				value = *(bool *)(state + param->offset);
			else
				value = (double)*(u64 *)(state + param->offset);
			cr_assert(value == param->value_default, "%s.%s is %g, not %g",
				  policy->name, param->name, value, param->value_default);
		}
		free(state);
	}
}

struct probe_state {
	u64 count, size, time;
	double ratio;
	bool flag;
};

static const struct sim_param probe_params[] = {
	{ "count", "", SIM_PARAM_U64, POLICY_FIELD(probe_state, count), 3, 1, 100 },
	{ "size", "", SIM_PARAM_SIZE, POLICY_FIELD(probe_state, size), 4096, 4096, 1e12 },
	{ "time", "", SIM_PARAM_TIME, POLICY_FIELD(probe_state, time), 1e9, 1e6, 1e12 },
	{ "ratio", "", SIM_PARAM_DOUBLE, POLICY_FIELD(probe_state, ratio), 0.5, 0, 1 },
	{ "flag", "", SIM_PARAM_BOOL, POLICY_FIELD(probe_state, flag), 1, 0, 1 },
};

static const struct sim_policy probe_policy = {
	.name = "probe",
	.params = probe_params,
	.params_count = POLICY_COUNT(probe_params),
	.state_size = sizeof(struct probe_state),
};

Test(policy, parameters_take_units_of_their_type)
{
	struct probe_state state = { 0 };

	sim_policy_defaults(&probe_policy, &state);
	cr_assert_eq(sim_policy_set(&probe_policy, &state, "count", "42"), 0);
	cr_assert_eq(sim_policy_set(&probe_policy, &state, "size", "64MiB"), 0);
	cr_assert_eq(sim_policy_set(&probe_policy, &state, "time", "250ms"), 0);
	cr_assert_eq(sim_policy_set(&probe_policy, &state, "ratio", "0.25"), 0);
	cr_assert_eq(sim_policy_set(&probe_policy, &state, "flag", "off"), 0);
	cr_assert_eq(state.count, 42);
	cr_assert_eq(state.size, 64 * MIB);
	cr_assert_eq(state.time, 250000000ull);
	cr_assert(state.ratio == 0.25);
	cr_assert(!state.flag);
	cr_assert_eq(sim_policy_set(&probe_policy, &state, "ratio", "2%"), 0);
	cr_assert(state.ratio == 0.02);
	cr_assert_eq(sim_policy_set(&probe_policy, &state, "flag", "true"), 0);
	cr_assert(state.flag);
}

Test(policy, wrong_parameters_are_refused_and_change_nothing)
{
	static const struct {
		const char *name, *value;
		int rc;
	} wrong[] = {
		{ "nonesuch", "1", -ENOENT },	{ "count", "x", -EINVAL },
		{ "count", "-1", -EINVAL },	{ "count", "", -EINVAL },
		{ "count", "101", -ERANGE },	{ "count", "0", -ERANGE },
		{ "size", "4", -ERANGE },	{ "size", "1s", -EINVAL },
		{ "time", "10", -EINVAL },	{ "time", "1ns", -ERANGE },
		{ "time", "3d", -ERANGE },	{ "ratio", "nan", -EINVAL },
		{ "ratio", "inf", -EINVAL },	{ "ratio", "0x1", -EINVAL },
		{ "ratio", "1.5", -ERANGE },	{ "ratio", "-0.5", -ERANGE },
		{ "ratio", "1e999", -ERANGE },	{ "ratio", "0.5 ", -EINVAL },
		{ "ratio", "", -EINVAL },	{ "ratio", "%", -EINVAL },
		{ "flag", "maybe", -EINVAL },	{ "flag", "2", -EINVAL },
	};
	struct probe_state state = { 0 }, before;

	sim_policy_defaults(&probe_policy, &state);
	before = state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cr_assert_eq(sim_policy_set(&probe_policy, &state, wrong[i].name, wrong[i].value),
			     wrong[i].rc, "%s='%s'", wrong[i].name, wrong[i].value);
		cr_assert(!memcmp(&state, &before, sizeof(state)), "%s='%s' changed the state",
			  wrong[i].name, wrong[i].value);
	}
}

Test(policy, channels_are_named_and_cut_to_the_room_there_is)
{
	char text[64], small[8];

	sim_channels_text(0, text, sizeof(text));
	cr_assert_str_eq(text, "none");
	sim_channels_text(SIM_CH_STATS | SIM_CH_REPORTS, text, sizeof(text));
	cr_assert_str_eq(text, "statistics, reports");
	sim_channels_text(SIM_CH_HOST | SIM_CH_AGENT | SIM_CH_RECLAIM, small, sizeof(small));
	cr_assert_str_eq(small, "host co");
}

/*
 * All that a policy has not declared reads as zero, and it still must not ask for what
 * it has no channel for, nor leave the limits of a VM.
 */
Test(policy, nothing_but_declared_channels_and_limits_are_kept)
{
	for (size_t i = 0; sim_policies[i]; i++) {
		const struct sim_policy *policy = sim_policies[i];
		struct desk *desk = desk_open(policy->name, 1000 * MIB);

		for (u32 vm = 0; vm < 3; vm++)
			desk_add(desk, 500 * MIB, 100 * MIB);
		for (u32 round = 0; round < 200; round++) {
			if (policy->tick)
				desk_tick(desk);
			for (u32 vm = 0; vm < 3; vm++) {
				if (policy->pressure)
					policy->pressure(desk->state, &desk->host, round % 3,
							 &desk->act);
				if (policy->stalled)
					policy->stalled(desk->state, &desk->host, vm, round & 1,
							&desk->act);
				if (policy->report)
					policy->report(desk->state, &desk->host, vm, &desk->act);
				if (policy->stats)
					policy->stats(desk->state, &desk->host, vm, &desk->act);
				cr_assert(desk->vm[vm].target_bytes >= 100 * MIB &&
					  desk->vm[vm].target_bytes <= 500 * MIB,
					  "%s sets a target of %llu", policy->name,
					  desk->vm[vm].target_bytes);
				desk->vm[vm].actual_bytes = desk->vm[vm].target_bytes;
			}
		}
		desk->vm[1].running = false;
		if (policy->vm_removed)
			policy->vm_removed(desk->state, &desk->host, 1, &desk->act);
		desk_close(desk);
	}
}

Test(policy, an_action_without_its_channel_is_a_programmer_error, .signal = SIGABRT)
{
	struct desk *desk = desk_open("static", 1000 * MIB);

	desk_request_report(desk, 0);
}

/* static, equal-share */

Test(policy, static_keeps_the_nominal_size_or_a_fraction_of_it)
{
	struct desk *desk = desk_open("static", 100 * MIB);

	desk_add(desk, 500 * MIB, 100 * MIB);
	cr_assert_eq(desk->target[0], 500 * MIB);
	desk_set(desk, "fraction", "0.5");
	desk_add(desk, 500 * MIB, 100 * MIB);
	cr_assert_eq(desk->target[1], 250 * MIB);
	desk_set(desk, "fraction", "0.1");
	desk_add(desk, 500 * MIB, 100 * MIB);
	cr_assert_eq(desk->target[2], 100 * MIB);
	desk_close(desk);
}

Test(policy, equal_share_divides_and_shares_out_what_small_vms_leave)
{
	struct desk *desk = desk_open("equal-share", 1200 * MIB);

	desk_set(desk, "reserve", "0");
	desk_add(desk, 1000 * MIB, 0);
	cr_assert_eq(desk->target[0], 1000 * MIB, "alone it has its nominal memory");
	desk_add(desk, 1000 * MIB, 0);
	cr_assert_eq(desk->target[0], 600 * MIB);
	cr_assert_eq(desk->target[1], 600 * MIB);
	/* 1200/3 = 400, of which the small one needs 100; (1200-100)/2 = 550 for the others */
	desk_add(desk, 100 * MIB, 0);
	cr_assert_eq(desk->target[0], 550 * MIB);
	cr_assert_eq(desk->target[1], 550 * MIB);
	cr_assert_eq(desk->target[2], 100 * MIB);
	/* 1200/4 = 300; less 100: 1100/3 = 366.67; less 350: 750/2 = 375 */
	desk_add(desk, 350 * MIB, 0);
	cr_assert_eq(desk->target[0], 375 * MIB);
	cr_assert_eq(desk->target[1], 375 * MIB);
	cr_assert_eq(desk->target[3], 350 * MIB);
	desk->vm[1].running = false;
	desk->policy->vm_removed(desk->state, &desk->host, 1, &desk->act);
	cr_assert_eq(desk->target[0], 750 * MIB);
	desk_close(desk);
}

Test(policy, equal_share_honours_minima_and_reserve)
{
	struct desk *desk = desk_open("equal-share", 1000 * MIB);

	desk_set(desk, "reserve", "0.1");
	desk_add(desk, 1000 * MIB, 0);
	cr_assert_eq(desk->target[0], 900 * MIB);
	desk_add(desk, 1000 * MIB, 600 * MIB);
	cr_assert_eq(desk->target[0], 300 * MIB);
	cr_assert_eq(desk->target[1], 600 * MIB);
	desk_add(desk, 1000 * MIB, 600 * MIB);
	cr_assert_eq(desk->target[0], 0, "minima alone do not fit; the rest gets nothing");
	cr_assert_eq(desk->target[2], 600 * MIB);
	desk_close(desk);
}

/* auto-balloon */

Test(policy, auto_balloon_takes_one_percent_at_each_event_and_never_gives_back)
{
	struct desk *desk = desk_open("auto-balloon", 1000 * MIB);
	u64 want = 1000 * MIB;

	desk_add(desk, 1000 * MIB, 980 * MIB);
	for (u32 event = 0; event < 2; event++) {
		desk->policy->pressure(desk->state, &desk->host, event, &desk->act);
		want -= want / 100;
		/* Doubles may round by a byte. */
		cr_assert(desk->target[0] + 1 >= want && desk->target[0] <= want + 1,
			  "event %u: %llu, not %llu", event, desk->target[0], want);
		desk->vm[0].actual_bytes = desk->target[0];
	}
	desk->policy->pressure(desk->state, &desk->host, 2, &desk->act);
	cr_assert_eq(desk->target[0], 980 * MIB, "the minimum holds");
	desk->vm[0].actual_bytes = desk->target[0];
	u32 before = desk->targets;
	desk->policy->pressure(desk->state, &desk->host, 2, &desk->act);
	cr_assert_eq(desk->targets, before);
	cr_assert_null(desk->policy->tick, "nothing but events moves it");
	desk_close(desk);
}

Test(policy, auto_balloon_counts_from_the_current_size_and_above_its_level)
{
	struct desk *desk = desk_open("auto-balloon", 1000 * MIB);

	desk_set(desk, "granularity", "10%");
	desk_set(desk, "level", "1");
	desk_add(desk, 1000 * MIB, 0);
	desk->policy->pressure(desk->state, &desk->host, 0, &desk->act);
	cr_assert_eq(desk->targets, 0);
	/* A balloon that has not moved gets the same target again, not a lower one. */
	for (u32 i = 0; i < 3; i++)
		desk->policy->pressure(desk->state, &desk->host, 1, &desk->act);
	cr_assert_eq(desk->target[0], 900 * MIB);
	/* The guest has deflated its balloon: that is the target now. */
	desk->vm[0].actual_bytes = 940 * MIB;
	desk->policy->stalled(desk->state, &desk->host, 0, false, &desk->act);
	cr_assert_eq(desk->target[0], 900 * MIB);
	desk->policy->stalled(desk->state, &desk->host, 0, true, &desk->act);
	cr_assert_eq(desk->target[0], 940 * MIB);
	desk_close(desk);
}

Test(policy, auto_balloon_holds_still_after_a_guest_has_helped_itself_if_told_to)
{
	struct desk *desk = desk_open("auto-balloon", 1000 * MIB);

	desk_set(desk, "hold", "60s");
	for (u32 i = 0; i < 2; i++)
		desk_add(desk, 1000 * MIB, 0);
	desk->vm[0].actual_bytes = 900 * MIB;
	desk->host.now_ns = SECOND;
	desk->policy->stalled(desk->state, &desk->host, 0, true, &desk->act);
	desk->host.now_ns = 61 * SECOND - 1;
	desk->policy->pressure(desk->state, &desk->host, 0, &desk->act);
	cr_assert_eq(desk->target[0], 900 * MIB);
	cr_assert_lt(desk->target[1], 1000 * MIB, "the other one is not held");
	desk->host.now_ns++;
	desk->policy->pressure(desk->state, &desk->host, 0, &desk->act);
	cr_assert_lt(desk->target[0], 900 * MIB);
	desk_close(desk);
}

/* MOM */

/* One round of MOM with everything steady: current, unused and the host's free share. */
static u64 mom_round(const char *as_shipped, u64 current, u64 unused, u64 available,
		     double host_free)
{
	struct desk *desk = desk_open("mom", 10000 * MIB);
	u64 target;

	desk_set(desk, "as_shipped", as_shipped);
	desk_add(desk, 2000 * MIB, 10 * MIB);
	desk->vm[0].actual_bytes = current * MIB;
	desk->vm[0].target_bytes = current * MIB;
	desk->vm[0].stats.time_ns = 1;
	desk->vm[0].stats.free_bytes = unused * MIB;
	desk->vm[0].stats.available_bytes = available * MIB;
	desk->host.free_bytes = (u64)(host_free * 10000 + 0.5) * MIB;
	desk_tick(desk);
	cr_assert_eq(desk->targets, 0, "the rules run at every second sample");
	desk_tick(desk);
	target = desk->targets ? desk->target[0] : 0;
	desk_close(desk);
	return target;
}

static void near(u64 got, double want_mib)
{
	double got_mib = (double)got / MIB;

	cr_assert(got_mib > want_mib - 0.01 && got_mib < want_mib + 0.01, "%.3f MiB, not %.3f",
		  got_mib, want_mib);
}

Test(policy, mom_meets_the_vectors_of_its_rules)
{
	/* used 700, g .10: floor 800; the step of 5 % binds */
	near(mom_round("on", 1000, 300, 0, 0.10), 950);
	/* g -.01: floor 690; the step binds */
	near(mom_round("on", 1000, 300, 0, 0.04), 950);
	/* used 900, g .10: floor 1000 = current: no change is big enough */
	cr_assert_eq(mom_round("on", 1000, 100, 0, 0.10), 0);
	/* used 900, g -.03: floor 870, step binds: a guest with little free memory must swap */
	near(mom_round("on", 1000, 100, 0, 0.02), 950);
	/* used 960, g -.03: floor 930; still the step */
	near(mom_round("on", 1000, 40, 0, 0.02), 950);
	/* used 990, g 0 at exactly .05: floor 990 */
	near(mom_round("on", 1000, 10, 0, 0.05), 990);
	/* used 850, g .12: floor 970 binds */
	near(mom_round("on", 1000, 150, 0, 0.12), 970);
	/* a floor .2 % below current is no change */
	cr_assert_eq(mom_round("on", 1000, 102, 0, 0.10), 0);
	/* growing: used 700, floor 900, step 1050 */
	near(mom_round("on", 1000, 300, 0, 0.30), 1050);
	/* growing: used 950, floor 1150 above the step: fast growth for a full guest */
	near(mom_round("on", 1000, 50, 0, 0.20), 1150);
	/* growing ends at nominal, and at nominal nothing is done */
	near(mom_round("on", 1990, 900, 0, 0.50), 2000);
	cr_assert_eq(mom_round("on", 2000, 0, 0, 0.50), 0);
}

Test(policy, mom_fixed_counts_available_memory_and_never_forces_swap)
{
	/* MemFree 50 of which the rest is cache: as shipped the guest cannot give */
	cr_assert_eq(mom_round("on", 1000, 50, 400, 0.10), 0);
	near(mom_round("off", 1000, 50, 400, 0.10), 950);
	/* used 980; at .04 the fixed rule keeps 4 % free: floor 1020: nothing to take */
	cr_assert_eq(mom_round("off", 1000, 0, 20, 0.04), 0);
	near(mom_round("on", 1000, 20, 0, 0.04), 970);
}

Test(policy, mom_averages_ten_samples)
{
	struct desk *desk = desk_open("mom", 10000 * MIB);

	desk_add(desk, 2000 * MIB, 0);
	desk->vm[0].stats.time_ns = 1;
	desk->vm[0].stats.free_bytes = 500 * MIB;
	/* Ten samples without pressure, at nominal so that nothing is done. */
	desk->host.free_bytes = 3000 * MIB;
	for (u32 i = 0; i < 10; i++)
		desk_tick(desk);
	cr_assert_eq(desk->targets, 0);
	/* Mean after k samples at 5 %: (30 (10 - k) + 5 k) / 10 < 20 from k = 5 on. */
	desk->host.free_bytes = 500 * MIB;
	for (u32 k = 1; k <= 6; k++) {
		desk_tick(desk);
		cr_assert_eq(desk->targets > 0, k == 6, "sample %u", k);
	}
	desk_close(desk);
}

Test(policy, mom_leaves_guests_without_statistics_alone)
{
	struct desk *desk = desk_open("mom", 10000 * MIB);

	desk_add(desk, 2000 * MIB, 0);
	for (u32 i = 0; i < 10; i++)
		desk_tick(desk);
	cr_assert_eq(desk->targets, 0);
	cr_assert_eq(desk->stats, 11, "it goes on asking");
	desk_close(desk);
}

/* WMO, and reading reports */

static void put_report(struct sim_vm_view *vm, u64 now_ns)
{
	static const struct sim_report_bin bins[] = {
		{ 5 * SECOND, 100 * MIB, 50 * MIB },
		{ 20 * SECOND, 60 * MIB, 30 * MIB },
		{ ~0ull, 200 * MIB, 100 * MIB },
	};

	memset(&vm->report, 0, sizeof(vm->report));
	vm->report.arrived_ns = now_ns;
	vm->report.number++;
	vm->report.bins_count = 3;
	memcpy(vm->report.bin, bins, sizeof(bins));
}

Test(policy, cold_bytes_are_interpolated_inside_a_bin)
{
	struct sim_vm_view vm = { 0 };
	struct policy_idle idle;

	put_report(&vm, SECOND);
	cr_assert_eq(policy_report_bytes(&vm.report), 540 * MIB);
	idle = policy_idle_longer(&vm.report, 0);
	cr_assert_eq(idle.anon_bytes + idle.file_bytes, 540 * MIB);
	idle = policy_idle_longer(&vm.report, 20 * SECOND);
	cr_assert_eq(idle.anon_bytes, 200 * MIB);
	cr_assert_eq(idle.file_bytes, 100 * MIB);
	/* 10 s lies a third into 5..20: two thirds of 60 and 30 are older */
	idle = policy_idle_longer(&vm.report, 10 * SECOND);
	cr_assert_eq(idle.anon_bytes, 240 * MIB);
	cr_assert_eq(idle.file_bytes, 120 * MIB);
	/* the last bin reaches from 20 to 60 */
	idle = policy_idle_longer(&vm.report, 40 * SECOND);
	cr_assert_eq(idle.anon_bytes, 100 * MIB);
	idle = policy_idle_longer(&vm.report, 60 * SECOND);
	cr_assert_eq(idle.anon_bytes + idle.file_bytes, 0);
}

Test(policy, wmo_reclaims_what_was_idle_for_ten_seconds_every_forty)
{
	struct desk *desk = desk_open("wmo", 1000 * MIB);

	desk_add(desk, 1000 * MIB, 100 * MIB);
	cr_assert_eq(desk->configs, 1);
	cr_assert_eq(desk->edge[0][1], 10 * SECOND, "its age is an edge");
	/* Seven reports only make the guest's pages age. */
	for (u32 i = 1; i < 8; i++) {
		desk_tick(desk);
		put_report(&desk->vm[0], desk->host.now_ns);
		desk->policy->report(desk->state, &desk->host, 0, &desk->act);
	}
	cr_assert_eq(desk->reclaimed[0], 0);
	desk_tick(desk);
	cr_assert_eq(desk->host.now_ns, 40 * SECOND);
	cr_assert_eq(desk->reports, 8);
	put_report(&desk->vm[0], desk->host.now_ns);
	desk->policy->report(desk->state, &desk->host, 0, &desk->act);
	cr_assert_eq(desk->reclaimed[0], 360 * MIB);
	/* warm 180 + 15 % of nominal */
	cr_assert_eq(desk->target[0], 330 * MIB);
	/* A second report was not asked for. */
	desk->reclaimed[0] = 0;
	desk->policy->report(desk->state, &desk->host, 0, &desk->act);
	cr_assert_eq(desk->reclaimed[0], 0);
	desk_close(desk);
}

Test(policy, wmo_as_shipped_leaves_the_balloon_alone)
{
	struct desk *desk = desk_open("wmo", 1000 * MIB);

	desk_set(desk, "balloon", "off");
	desk_add(desk, 1000 * MIB, 100 * MIB);
	for (u32 i = 0; i < 8; i++)
		desk_tick(desk);
	put_report(&desk->vm[0], desk->host.now_ns);
	desk->vm[0].report.pressure = true;
	desk->policy->report(desk->state, &desk->host, 0, &desk->act);
	cr_assert_eq(desk->reclaimed[0], 0, "pressure reports are not its business");
	desk->vm[0].report.pressure = false;
	desk->policy->report(desk->state, &desk->host, 0, &desk->act);
	cr_assert_eq(desk->reclaimed[0], 360 * MIB);
	cr_assert_eq(desk->targets, 0);
	desk_close(desk);
}

/* Taking where it costs least */

Test(policy, filling_takes_the_cheapest_pieces_and_the_last_in_part)
{
	struct policy_fill *fill = calloc(1, sizeof(*fill));
	u64 taken[3] = { 0 };

	cr_assert(fill);
	policy_fill_offer(fill, 0, 10, 1.0);
	policy_fill_offer(fill, 0, 10, 3.0);
	policy_fill_offer(fill, 1, 10, 2.0);
	policy_fill_offer(fill, 1, 10, 1.5); /* after a dearer piece: counts as 2.0 */
	policy_fill_offer(fill, 2, 0, 0.0);
	cr_assert_eq(fill->pieces_count, 4, "an empty piece is none");
	cr_assert(policy_fill_take(fill, 25, taken) == 2.0);
	cr_assert_eq(taken[0], 10);
	cr_assert_eq(taken[1], 15);
	cr_assert_eq(taken[2], 0);
	memset(taken, 0, sizeof(taken));
	cr_assert(policy_fill_take(fill, 1000, taken) == 3.0);
	cr_assert_eq(taken[0] + taken[1], 40, "all there is");
	free(fill);
}

Test(policy, arcbox_walks_down_after_five_quiet_minutes_and_gives_all_back_at_the_first_want)
{
	struct desk *desk = desk_open("arcbox", 20480 * MIB);
	struct sim_vm_view *vm = &desk->vm[0];

	desk_add(desk, 16384 * MIB, 64 * MIB);
	vm->stats.total_bytes = 16384 * MIB;
	vm->stats.available_bytes = 16284 * MIB;
	for (u32 i = 0; i < 299; i++) {
		vm->stats.time_ns = desk->host.now_ns + 1;
		desk_tick(desk);
	}
	cr_assert_eq(desk->targets, 0, "not quiet for long enough");
	for (u32 i = 0; i < 130; i++) {
		vm->stats.time_ns = desk->host.now_ns + 1;
		desk_tick(desk);
		vm->actual_bytes = vm->target_bytes;
	}
	cr_assert_eq(desk->targets, 8, "eight steps of 2 GiB: %u", desk->targets);
	cr_assert_eq(desk->target[0], 384 * MIB, "its floor");
	vm->stats.available_bytes = 127 * MIB;
	vm->stats.time_ns = desk->host.now_ns + 1;
	desk_tick(desk);
	cr_assert_eq(desk->target[0], 16384 * MIB);
	desk_close(desk);
}

/* A report with these bins; anonymous memory in halves of a MiB. */
static void put_ages(struct sim_vm_view *vm, u64 now_ns, const u64 *edge_ns, const u64 *file_mib,
		     const u64 *anon_mib, u32 count)
{
	vm->report.arrived_ns = now_ns;
	vm->report.number++;
	vm->report.bins_count = count;
	for (u32 i = 0; i < count; i++)
		vm->report.bin[i] = (struct sim_report_bin){ edge_ns[i], anon_mib[i] * MIB / 2,
							     file_mib[i] * MIB };
}

/* What a balloon gives back between two reports is neither the kernel's nor of any use yet. */
Test(policy, mrc_greedy_does_not_take_what_it_has_just_given_for_a_need)
{
	static const u64 edge[] = { 10 * SECOND, ~0ull };
	static const u64 file[] = { 100, 0 }, anon[] = { 0, 0 };
	struct desk *desk = desk_open("mrc-greedy", 300 * MIB);

	for (u32 i = 0; i < 2; i++) {
		desk_add(desk, 256 * MIB, 32 * MIB);
		desk->vm[i].actual_bytes = 120 * MIB;
		desk->vm[i].stats.free_bytes = 10 * MIB;
		desk->vm[i].stats.time_ns = 1;
		desk->policy->stats(desk->state, &desk->host, i, &desk->act);
		put_ages(&desk->vm[i], 10 * SECOND, edge, file, anon, 2);
		desk->policy->report(desk->state, &desk->host, i, &desk->act);
	}
	desk->vm[0].actual_bytes = 256 * MIB;
	desk_tick(desk);
	cr_assert(desk->target[0] > 120 * MIB && desk->target[0] < 160 * MIB, "%llu MiB",
		  desk->target[0] / MIB);
	cr_assert_eq(desk->target[0], desk->target[1], "equals stay equal");
	desk_close(desk);
}

Test(policy, vmmms_as_shipped_is_stopped_by_remnants_and_fixed_is_not)
{
	static const u64 edge[] = { 60 * SECOND, 600 * SECOND, 6000 * SECOND };
	static const u64 young[] = { 100, 0, 0 }, old[] = { 50, 100, 0 }, bits[] = { 0, 0, 1 };

	for (u32 shipped = 0; shipped < 2; shipped++) {
		struct desk *desk = desk_open("vmmms", 1000 * MIB);

		desk_set(desk, "as_shipped", shipped ? "on" : "off");
		desk_add(desk, 400 * MIB, 64 * MIB);
		desk_add(desk, 400 * MIB, 64 * MIB);
		for (u32 i = 0; i < 10; i++) {
			put_ages(&desk->vm[0], desk->host.now_ns + 1, edge, young, bits, 3);
			put_ages(&desk->vm[1], desk->host.now_ns + 1, edge, old, bits, 3);
			desk_tick(desk);
		}
		cr_assert_eq(desk->targets, shipped ? 0 : 1, "half a MiB in both: %u", desk->targets);
		if (!shipped)
			cr_assert_eq(desk->target[1], 300 * MIB, "its files older than 60 s");
		desk_close(desk);
	}
}

Test(policy, sdfm_reclaims_idle_memory_of_a_guest_that_tells_two_ages_only)
{
	struct desk *desk = desk_open("sdfm", 1000 * MIB);
	struct sim_vm_view *vm = &desk->vm[0];

	desk_set(desk, "balloon", "off");
	desk_add(desk, 400 * MIB, 64 * MIB);
	cr_assert_eq(desk->edge[0][0], 120 * SECOND);
	cr_assert_eq(desk->edge[0][desk->edges[0] - 1], 255 * 120 * SECOND, "the original's oldest");
	/* 100 MiB in use; 200 idle since boot, of which reports spread what is over 240 s. */
	for (u32 round = 1; round <= 8 && !desk->reclaimed[0]; round++) {
		for (u32 i = 0; i < 25; i++) {
			vm->stats.time_ns = desk->host.now_ns + 1;
			desk_tick(desk);
		}
		vm->report.arrived_ns = desk->host.now_ns;
		vm->report.bins_count = desk->edges[0] + 1;
		memset(vm->report.bin, 0, sizeof(vm->report.bin));
		for (u32 i = 0; i < desk->edges[0]; i++)
			vm->report.bin[i].idle_age_ns = desk->edge[0][i];
		vm->report.bin[desk->edges[0]].idle_age_ns = ~0ull;
		vm->report.bin[0].anon_bytes = 100 * MIB;
		for (u32 i = 2; i < 2 + round; i++)
			vm->report.bin[i].anon_bytes = 200 * MIB / round;
		desk->policy->report(desk->state, &desk->host, 0, &desk->act);
	}
	cr_assert_eq(desk->reclaimed[0] / MIB, 200);
	desk_close(desk);
}
