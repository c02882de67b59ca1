/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_field.c - the rules of the field's policies against the figures that their
 * authors test them with, and against what follows from the rules.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy_proxmox.h"
#include "policy/policy_qmemman.h"
#include "policy/policy_rules.h"
#include "policy/policy_squeezed.h"

#define MIB (1ull << 20)
#define MB 1000000ll
#define GB 1000000000ll
#define SECOND 1000000000ull

/* --- Proxmox VE --- */

static const struct policy_proxmox_vm proxmox_two[] = {
	{ .max = 2 * GB, .shares = 2000, .balloon = GB, .min = GB },
	{ .max = 2 * GB, .shares = 1000, .balloon = GB, .min = GB },
};
static const struct policy_proxmox_vm proxmox_full[] = {
	{ .max = 2 * GB, .shares = 2000, .balloon = 2 * GB, .min = 2 * GB },
	{ .max = 2 * GB, .shares = 1000, .balloon = GB, .min = GB },
};
static const struct policy_proxmox_vm proxmox_three[] = {
	{ .max = 2 * GB, .shares = 2000, .balloon = 2 * GB, .min = 2 * GB },
	{ .max = 2 * GB, .shares = 1000, .balloon = GB + 7 * MB, .min = GB },
	{ .max = 2 * GB, .shares = 1000, .balloon = GB, .min = GB, .free = 512 * MB },
};

/* Rounds until nothing changes, guests' free memory following; returns the rounds. */
static u32 proxmox_settle(struct policy_proxmox_vm *vm, u32 count, s64 goal)
{
	for (u32 round = 0; round < 1000; round++) {
		bool moved = false;

		policy_proxmox_round(vm, count, goal, 100 * MB, true);
		for (u32 i = 0; i < count; i++) {
			s64 change = vm[i].target - vm[i].balloon;

			moved |= change != 0;
			goal -= change;
			vm[i].free = vm[i].free + change > 0 ? vm[i].free + change : 0;
			vm[i].balloon = vm[i].target;
		}
		if (!moved)
			return round;
	}
	cr_assert_fail("it does not settle");
	return 0;
}

static void proxmox_is(const struct policy_proxmox_vm *vm, u32 count, const s64 *want_mb, s64 goal)
{
	for (u32 i = 0; i < count; i++)
		cr_assert_eq(vm[i].target, want_mb[i] * MB, "goal %lld: VM %u has %lld, not %lld MB",
			     goal / MB, i, vm[i].target, want_mb[i]);
}

Test(field, proxmox_meets_the_vectors_of_one_round)
{
	static const struct {
		const struct policy_proxmox_vm *from;
		u32 count;
		s64 goal, want[3];
	} vectors[] = {
		{ proxmox_two, 2, 0, { 1000, 1000 } },
		{ proxmox_two, 2, 90, { 1060, 1030 } },
		{ proxmox_two, 2, 150, { 1100, 1050 } },
		{ proxmox_two, 2, 270, { 1100, 1090 } },
		{ proxmox_full, 2, 0, { 2000, 1000 } },
		{ proxmox_full, 2, 18, { 2000, 1018 } },
		{ proxmox_full, 2, 500, { 2000, 1100 } },
		{ proxmox_three, 3, 0, { 2000, 1007, 1000 } },
		{ proxmox_three, 3, 11, { 2000, 1018, 1000 } },
		{ proxmox_three, 3, 80, { 2000, 1087, 1000 } },
		{ proxmox_three, 3, 200, { 2000, 1107, 1000 } },
	};

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct policy_proxmox_vm vm[3];
		s64 goal = vectors[i].goal * MB;

		memcpy(vm, vectors[i].from, vectors[i].count * sizeof(*vm));
		policy_proxmox_round(vm, vectors[i].count, goal, 100 * MB, true);
		proxmox_is(vm, vectors[i].count, vectors[i].want, goal);
	}
}

Test(field, proxmox_meets_the_vectors_simulated_to_rest)
{
	static const s64 goals[][3] = {
		{ 180, 1120, 1060 }, { 270, 1180, 1090 }, { 600, 1300, 1300 }, { 900, 1600, 1300 },
	};
	static const s64 shrinks[][4] = {
		{ -200, 2000, 1200, 1200 }, { -400, 2000, 1200, 1000 }, { -593, 2000, 1007, 1000 },
	};
	static const s64 grown_want[] = { 2000, 1300, 1300 };
	struct policy_proxmox_vm vm[3], grown[3];

	for (u32 i = 0; i < 4; i++) {
		memcpy(vm, proxmox_two, sizeof(proxmox_two));
		proxmox_settle(vm, 2, goals[i][0] * MB);
		proxmox_is(vm, 2, &goals[i][1], goals[i][0] * MB);
	}
	memcpy(grown, proxmox_three, sizeof(grown));
	proxmox_settle(grown, 3, 593 * MB);
	proxmox_is(grown, 3, grown_want, 593 * MB);
	for (u32 i = 0; i < 3; i++) {
		memcpy(vm, grown, sizeof(vm));
		proxmox_settle(vm, 3, shrinks[i][0] * MB);
		proxmox_is(vm, 3, &shrinks[i][1], shrinks[i][0] * MB);
	}
}

Test(field, proxmox_leaves_out_whom_it_must_and_knows_its_dead_band)
{
	struct policy_proxmox_vm vm[4];

	for (u32 i = 0; i < 4; i++)
		vm[i] = proxmox_two[1];
	vm[0].balloon = 0;
	vm[1].min = 0;
	vm[2].shares = 0;
	policy_proxmox_round(vm, 4, 50 * MB, 100 * MB, true);
	cr_assert_eq(vm[0].target, 0);
	cr_assert_eq(vm[1].target, GB);
	cr_assert_eq(vm[2].target, GB);
	cr_assert_eq(vm[3].target, GB + 50 * MB);
	policy_proxmox_round(vm, 4, (s64)(10 * MIB), 100 * MB, true);
	cr_assert_eq(vm[3].target, GB, "10 MiB are nothing");
	policy_proxmox_round(vm, 4, (s64)(10 * MIB) + 1, 100 * MB, true);
	cr_assert_eq(vm[3].target, GB + (s64)(10 * MIB) + 1);
}

Test(field, proxmox_as_shipped_shrinks_in_a_call_to_grow_and_fixed_does_not)
{
	static const struct policy_proxmox_vm from[] = {
		{ .max = 2 * GB, .shares = 1000, .balloon = 1500 * MB, .min = GB },
		{ .max = 2 * GB, .shares = 1000, .balloon = GB, .min = GB },
	};
	struct policy_proxmox_vm vm[2];

	memcpy(vm, from, sizeof(vm));
	policy_proxmox_round(vm, 2, 50 * MB, 100 * MB, true);
	cr_assert_eq(vm[0].target, 1400 * MB);
	cr_assert_eq(vm[1].target, 1100 * MB);
	memcpy(vm, from, sizeof(vm));
	policy_proxmox_round(vm, 2, 50 * MB, 100 * MB, false);
	cr_assert_eq(vm[0].target, 1500 * MB);
	cr_assert_eq(vm[1].target, 1050 * MB);
}

Test(field, proxmox_treats_equals_alike_in_any_order_and_scales_shares)
{
	for (s64 goal = -900; goal <= 900; goal += 100) {
		struct policy_proxmox_vm vm[3], back[3];

		for (u32 i = 0; i < 3; i++)
			vm[i] = (struct policy_proxmox_vm){
				.max = 2 * GB, .min = 500 * MB, .shares = i == 2 ? 3000 : 1000,
				.balloon = 1200 * MB, .free = i == 2 ? 0 : 600 * MB,
			};
		for (u32 i = 0; i < 3; i++) {
			back[i] = vm[2 - i];
			back[i].shares *= 7;
		}
		policy_proxmox_round(vm, 3, goal * MB, 100 * MB, true);
		policy_proxmox_round(back, 3, goal * MB, 100 * MB, true);
		cr_assert_eq(vm[0].target, vm[1].target);
		for (u32 i = 0; i < 3; i++) {
			s64 apart = vm[i].target - back[2 - i].target;

			cr_assert(apart >= -1 && apart <= 1, "goal %lld: VM %u: %lld", goal, i, apart);
		}
	}
}

/* --- Qubes OS --- */

static const struct policy_qmemman_rules qubes = {
	.cache_factor = 1.3, .pref_min_bytes = 200 * MIB, .boost_bytes = 350 * MIB,
	.transfer_min_bytes = 150 * MIB, .change_min_bytes = 15 * MIB, .left_bytes = 50 * MIB,
	.as_shipped = true,
};

static struct policy_qmemman_vm qubes_vm(s64 used_mib, s64 max_mib, s64 actual_mib)
{
	return (struct policy_qmemman_vm){
		.used = used_mib < 0 ? -1 : used_mib * (s64)MIB,
		.max = max_mib * (s64)MIB, .actual = actual_mib * (s64)MIB,
	};
}

Test(field, qubes_prefers_and_needs_what_its_tests_say)
{
	struct policy_qmemman_vm vm = qubes_vm(1024, 4096, 1024);

	cr_assert_eq(policy_qmemman_prefers(&vm, &qubes), 1395864371, "1331.2 MiB");
	cr_assert_eq(policy_qmemman_needs(&vm, &qubes), 322122547, "307.2 MiB");
	vm.actual = 2024 * (s64)MIB;
	cr_assert_eq(policy_qmemman_needs(&vm, &qubes), -726453453, "-692.8 MiB");
	vm.privileged = true;
	cr_assert_eq(policy_qmemman_prefers(&vm, &qubes), 1762865971, "1681.2 MiB");
	vm.used = 5000 * (s64)MIB;
	cr_assert_eq(policy_qmemman_prefers(&vm, &qubes), 4096 * (s64)MIB);
	vm.privileged = false;
	cr_assert_eq(policy_qmemman_prefers(&vm, &qubes), 4096 * (s64)MIB);
	vm.used = MIB;
	cr_assert_eq(policy_qmemman_prefers(&vm, &qubes), 200 * (s64)MIB);
}

Test(field, qubes_borrows_in_proportion_with_five_percent_more)
{
	struct policy_qmemman_vm vm[] = {
		qubes_vm(1024, 4096, 1736), qubes_vm(1024, 4096, 1536), qubes_vm(4096, 4096, 4096),
		qubes_vm(-1, 4096, 4096),
	};

	vm[0].privileged = true;
	cr_assert(!policy_qmemman_borrow(vm, 4, 400 * (s64)MIB, &qubes), "they have 259.6 MiB");
	vm[1].used = 512 * (s64)MIB;
	cr_assert(policy_qmemman_borrow(vm, 4, 400 * (s64)MIB, &qubes));
	cr_assert_eq(vm[0].target, 1794242737);
	cr_assert_eq(vm[1].target, 1196296014);
	cr_assert_eq(vm[2].role, POLICY_QMEMMAN_STAYS);
	cr_assert_eq(vm[3].role, POLICY_QMEMMAN_STAYS);
}

static void qubes_six(struct policy_qmemman_vm *vm, s64 first_mib)
{
	vm[0] = qubes_vm(1024, 4096, first_mib);
	vm[0].privileged = true;
	vm[1] = qubes_vm(1024, 4096, 1536);
	vm[2] = qubes_vm(4096, 4096, 4096);
	vm[3] = qubes_vm(-1, 4096, 4096);
	vm[4] = qubes_vm(1536, 4096, 1536);
	vm[5] = qubes_vm(512, 1024, 768);
}

Test(field, qubes_divides_plenty_as_its_tests_say)
{
	static const s64 want[] = { 3068708976, 2548378128, 4294967296, 0, 3537898734, 1073741824 };
	struct policy_qmemman_vm vm[6];

	qubes_six(vm, 1736);
	policy_qmemman_divide(vm, 6, 4096 * (s64)MIB, &qubes);
	for (u32 i = 0; i < 6; i++) {
		cr_assert_eq(vm[i].role, i == 3 ? POLICY_QMEMMAN_STAYS : POLICY_QMEMMAN_ACCEPTOR);
		if (i != 3)
			cr_assert_eq(vm[i].target, want[i], "VM %u: %lld", i, vm[i].target);
	}
}

Test(field, qubes_divides_shortage_as_its_tests_say)
{
	struct policy_qmemman_rules fixed = qubes;
	struct policy_qmemman_vm vm[6];
	s64 sum = 0;

	qubes_six(vm, 768);
	policy_qmemman_balance(vm, 6, 50 * (s64)MIB, &qubes);
	for (u32 i = 0; i < 6; i++)
		cr_assert_eq(vm[i].role, i == 1 || i == 5 ? POLICY_QMEMMAN_DONOR :
							    POLICY_QMEMMAN_STAYS, "VM %u", i);
	cr_assert_eq(vm[1].target, 1395864371);
	cr_assert_eq(vm[5].target, 697932185);
	/* Mended, what the two give goes to the two that need: all of it, none more. */
	fixed.as_shipped = false;
	policy_qmemman_balance(vm, 6, 50 * (s64)MIB, &fixed);
	for (u32 i = 0; i < 6; i++)
		if (vm[i].role != POLICY_QMEMMAN_STAYS)
			sum += vm[i].target - vm[i].actual;
	cr_assert_eq(vm[0].role, POLICY_QMEMMAN_ACCEPTOR);
	cr_assert_gt(vm[0].target, 768 * (s64)MIB);
	cr_assert(sum > 45 * (s64)MIB && sum <= 50 * (s64)MIB, "%lld", sum);
}

Test(field, qubes_knows_what_is_worth_moving)
{
	struct policy_qmemman_vm vm = qubes_vm(1024, 4096, 1400);

	vm.role = POLICY_QMEMMAN_ACCEPTOR;
	vm.target = 1549 * (s64)MIB;
	cr_assert(!policy_qmemman_worth(&vm, 1, 50 * (s64)MIB, &qubes), "149 MiB");
	cr_assert(policy_qmemman_worth(&vm, 1, 52 * (s64)MIB, &qubes), "151 MiB with what is free");
	vm.actual = 1300 * (s64)MIB;
	vm.target = 1315 * (s64)MIB;
	cr_assert(!policy_qmemman_worth(&vm, 1, 50 * (s64)MIB, &qubes), "short, and gains 15");
	vm.target++;
	cr_assert(policy_qmemman_worth(&vm, 1, 50 * (s64)MIB, &qubes));
}

Test(field, qubes_gives_equals_the_same)
{
	for (s64 free = -1000; free <= 3000; free += 250) {
		struct policy_qmemman_vm vm[3] = { qubes_vm(700, 2048, 900), qubes_vm(400, 2048, 900),
						   qubes_vm(700, 2048, 900) };

		policy_qmemman_balance(vm, 3, free * (s64)MIB, &qubes);
		cr_assert_eq(vm[0].role, vm[2].role);
		cr_assert_eq(vm[0].target, vm[2].target);
	}
}

/* --- XenServer's squeezed: its authors' scenarios --- */

enum balloon_kind { WORKS, STICKY, LOW_LIMIT, HIGH_LIMIT, STUCK };

struct balloon {
	enum balloon_kind kind;
	s64 rate; /* KiB/s */
	double period; /* s, of being stuck and not */
	s64 limit;
};

struct squeeze {
	struct policy_squeezed_vm vm[2];
	struct balloon balloon[2];
	s64 free, required;
	bool succeeds;
};

static struct policy_squeezed_vm xen_vm(s64 min, s64 target, s64 max, s64 inaccuracy)
{
	return (struct policy_squeezed_vm){
		.present = true, .can_balloon = true, .min = min, .max = max, .target = target,
		.actual = target, .inaccuracy = inaccuracy,
	};
}

/* Where a balloon is a tenth of a second after @time. */
static s64 balloon_moves(const struct policy_squeezed_vm *vm, const struct balloon *balloon,
			 double time)
{
	s64 sign = vm->actual > vm->target ? -1 : 1, way = (vm->target - vm->actual) * sign;
	s64 most = (s64)(0.1 * (double)balloon->rate + 1e-6);

	way = way > vm->inaccuracy ? way - vm->inaccuracy : 0;
	way = sign * (way < most ? way : most);
	if (balloon->kind == STUCK ||
	    (balloon->kind == STICKY && ((int)(time / balloon->period) % 2 ||
					 (int)((time + 0.1) / balloon->period) % 2)))
		way = 0;
	if (balloon->kind == LOW_LIMIT && way <= 0 && vm->actual + way <= balloon->limit)
		way = balloon->limit - vm->actual;
	if (balloon->kind == HIGH_LIMIT && vm->actual + way >= balloon->limit)
		way = balloon->limit - vm->actual;
	return way;
}

/*
 * Iterate until @wanted KiB are free (@most: and not more than that many).
 * Return: it worked.  Handing out memory that is not there is a failure.
 */
static bool squeeze(struct squeeze *test, s64 wanted, s64 most,
		    const struct policy_squeezed_rules *rules)
{
	for (u32 i = 0; i < 2; i++) {
		test->vm[i].seen = test->vm[i].stuck = test->vm[i].inactive = false;
	}
	for (u32 step = 0; step < 10000; step++) {
		enum policy_squeezed_outcome outcome = policy_squeezed_step(
			test->vm, 2, test->free, wanted, test->free >= wanted && test->free <= most,
			step * (SECOND / 10), rules);

		for (u32 i = 0; i < 2; i++)
			if (test->vm[i].send)
				test->vm[i].target = test->vm[i].target_new;
		if (outcome != POLICY_SQUEEZED_GOES_ON)
			return outcome == POLICY_SQUEEZED_DONE;
		for (u32 i = 0; i < 2; i++) {
			s64 way = balloon_moves(&test->vm[i], &test->balloon[i], step / 10.0);

			if (way > test->free)
				return false;
			test->vm[i].actual += way;
			test->free -= way;
		}
	}
	return false;
}

/* What stays free when every balloon goes to the end of its inaccuracy. */
static s64 surely_free(const struct squeeze *test)
{
	s64 free = test->free;

	for (u32 i = 0; i < 2; i++)
		free -= test->vm[i].target + test->vm[i].inaccuracy - test->vm[i].actual;
	return free;
}

static const struct policy_squeezed_rules xen = { 5 * SECOND, true, true };

static void scenario(char name, bool succeeds, struct squeeze test,
		     const struct policy_squeezed_rules *rules)
{
	bool worked = squeeze(&test, test.required, 1ll << 60, rules) &&
		      surely_free(&test) >= test.required;

	cr_assert_eq(worked, succeeds, "scenario %c %s", name, worked ? "works" : "fails");
	if (!worked)
		return;
	for (u32 i = 0; i < 2; i++)
		cr_assert(test.vm[i].target >= test.vm[i].min && test.vm[i].target <= test.vm[i].max);
}

Test(field, squeezed_meets_its_authors_scenarios)
{
	struct squeeze a = { { xen_vm(1000, 1500, 2000, 4), xen_vm(2500, 3500, 4500, 4) },
			     { { LOW_LIMIT, 100, 0, 1250 }, { STICKY, 500, 0.25, 0 } }, 0, 1000, 0 };
	struct squeeze b = { { xen_vm(500, 3500, 4500, 4), xen_vm(500, 1500, 2500, 4) },
			     { { STICKY, 100, 3, 0 }, { STICKY, 100, 1.5, 0 } }, 0, 1000, 0 };
	struct squeeze c = { { xen_vm(1000, 1500, 2000, 0), xen_vm(2000, 2500, 3000, 0) },
			     { { WORKS, 100, 0, 0 }, { WORKS, 100, 0, 0 } }, 0, 1500, 0 };
	struct squeeze d = { { xen_vm(1000, 1500, 2000, 0), xen_vm(2000, 2500, 3000, 0) },
			     { { WORKS, 100, 0, 0 }, { LOW_LIMIT, 100, 0, 2250 } }, 0, 1000, 0 };
	struct squeeze e = { { xen_vm(5000, 7000, 7000, 0), xen_vm(5000, 6000, 11000, 0) },
			     { { STUCK, 0, 0, 0 }, { WORKS, 100, 0, 0 } }, 0, 1000, 0 };
	struct squeeze h = { { xen_vm(1000, 1500, 2000, 4), xen_vm(1000, 1500, 2000, 4) },
			     { { HIGH_LIMIT, 100, 0, 1500 }, { WORKS, 100, 0, 0 } }, 1000, 0, 0 };
	struct policy_squeezed_rules one_phase = xen, trusting = xen;

	one_phase.two_phase = false;
	trusting.compensate = false;
	scenario('a', true, a, &xen);
	scenario('b', true, b, &xen);
	scenario('c', false, c, &xen);
	scenario('d', false, d, &xen);
	scenario('e', true, e, &xen);
	scenario('f', false, e, &one_phase);
	scenario('g', false, a, &trusting);
	scenario('h', true, h, &xen);
}

Test(field, squeezed_gives_all_the_same_part_of_their_range)
{
	struct policy_squeezed_vm vm[] = { xen_vm(1000, 1500, 3000, 0), xen_vm(500, 500, 1500, 0),
					   xen_vm(1000, 1500, 3000, 0) };

	/* surplus 600 + 500 + 0 + 500 - 100 = 1500 of ranges 5000: three tenths */
	policy_squeezed_step(vm, 3, 600, 100, false, SECOND, &xen);
	cr_assert_eq(vm[0].target_new, 1600);
	cr_assert_eq(vm[1].target_new, 800);
	cr_assert_eq(vm[2].target_new, 1600);
	/* Nobody gets less than the minimum, nobody more than the maximum. */
	policy_squeezed_step(vm, 3, -5000, 100, false, SECOND, &xen);
	cr_assert_eq(vm[0].target_new, 1000);
	cr_assert(vm[0].send && !vm[1].send, "only shrinks are sent");
	policy_squeezed_step(vm, 3, 50000, 100, false, SECOND, &xen);
	cr_assert_eq(vm[1].target_new, 1500);
}

/* --- Xen's self-ballooning --- */

Test(field, selfballoon_goes_an_eighth_down_and_all_the_way_up)
{
	cr_assert_eq(policy_selfballoon_step(900 * MIB, 500 * MIB, 0, 8, 1), 850 * MIB);
	cr_assert_eq(policy_selfballoon_step(500 * MIB, 900 * MIB, 0, 8, 1), 900 * MIB);
	cr_assert_eq(policy_selfballoon_step(500 * MIB, 500 * MIB, 0, 8, 1), 500 * MIB);
	cr_assert_eq(policy_selfballoon_step(900 * MIB, 100 * MIB, 860 * MIB, 8, 1), 860 * MIB);
	u64 size = 1000 * MIB;

	/* (7/8)^8 of the way is left after 40 s. */
	for (u32 i = 0; i < 8; i++)
		size = policy_selfballoon_step(size, 0, 0, 8, 1);
	cr_assert(size > 343 * MIB && size < 344 * MIB, "%llu", size);
}

Test(field, selfballoon_has_a_floor_of_flattening_pieces)
{
	cr_assert_eq(policy_selfballoon_floor(12 * MIB, 2 * MIB), 12 * MIB);
	cr_assert_eq(policy_selfballoon_floor(32 * MIB, 0), 24 * MIB);
	cr_assert_eq(policy_selfballoon_floor(64 * MIB, 0), 43 * MIB);
	cr_assert_eq(policy_selfballoon_floor(130 * MIB, 2 * MIB), 53 * MIB);
	cr_assert_eq(policy_selfballoon_floor(512 * MIB, 0), 99 * MIB + 413 * MIB / 32);
	cr_assert_eq(policy_selfballoon_floor(2147 * MIB, 0), 163 * MIB);
}

/* --- dividing by weight; ESX's tax on idle memory --- */

static void near(double got, double want, const char *what)
{
	double most = 1e-9 * (want < 0 ? -want : want) + 1e-12;

	cr_assert(got > want - most && got < want + most, "%s: %.12g, not %.12g", what, got, want);
}

/* What two VMs of equal shares get of 1000 when the first is idle and the second is not. */
static double esx_idle_part(double tax, double idle_active, double busy_active)
{
	struct policy_claim claim[] = {
		{ policy_esx_weight(1000, idle_active, tax), 0, 5000, 0 },
		{ policy_esx_weight(1000, busy_active, tax), 0, 5000, 0 },
	};

	policy_divide(claim, 2, 1000);
	near(claim[0].got + claim[1].got, 1000, "all is given out");
	return claim[0].got / claim[1].got;
}

Test(field, esx_meets_its_closed_form)
{
	near(esx_idle_part(0, 0, 1), 1, "without tax idle memory is as good as any");
	near(esx_idle_part(0.75, 0, 1), 0.25, "at 75 % one to four");
	near(esx_idle_part(0.5, 0, 1), 0.5, "at 50 % one to two");
	near(esx_idle_part(0.75, 1, 1), 1, "equals");
	/* P1 (f1 + k (1 - f1)) = P2 (f2 + k (1 - f2)), k = 4 */
	near(esx_idle_part(0.75, 0.25, 0.75), (0.75 + 4 * 0.25) / (0.25 + 4 * 0.75), "between");
}

Test(field, esx_shares_scale_and_limits_bind)
{
	struct policy_claim claim[] = {
		{ policy_esx_weight(3000, 1, 0.75), 0, 5000, 0 },
		{ policy_esx_weight(1000, 1, 0.75), 0, 5000, 0 },
		{ policy_esx_weight(1000, 0, 0.75), 0, 5000, 0 },
	};

	policy_divide(claim, 3, 1700);
	near(claim[0].got, 1200, "three times the shares");
	near(claim[1].got, 400, "one");
	near(claim[2].got, 100, "one, idle");
	claim[2].least = 300;
	policy_divide(claim, 3, 1700);
	near(claim[0].got, 1050, "the minimum of one is paid by the others");
	near(claim[2].got, 300, "minimum");
	claim[0].most = 600;
	policy_divide(claim, 3, 1700);
	near(claim[0].got, 600, "maximum");
	near(claim[1].got, 800, "the rest, after minimum and maximum");
	policy_divide(claim, 3, 100);
	near(claim[2].got, 300, "minima hold when they do not fit");
	cr_assert_lt(claim[0].got + claim[1].got, 1e-6);
	policy_divide(claim, 3, 1e9);
	near(claim[1].got, 5000, "with plenty all get their most");
}

Test(field, dividing_does_not_depend_on_order)
{
	struct policy_claim forth[8], back[8];

	for (u32 i = 0; i < 8; i++) {
		forth[i] = (struct policy_claim){ 1 + i * i, 10 * i, 100 + 50 * (7 - i), 0 };
		back[7 - i] = forth[i];
	}
	for (double memory = 0; memory < 3000; memory += 100) {
		policy_divide(forth, 8, memory);
		policy_divide(back, 8, memory);
		for (u32 i = 0; i < 8; i++)
			near(forth[i].got, back[7 - i].got, "the same for the same VM");
	}
}

/* --- senpai, TMO --- */

static struct policy_senpai new_senpai(void)
{
	return (struct policy_senpai){ .pressure_us = 10000, .interval_ticks = 6,
				       .probe_max = 0.01, .backoff_max = 1, .coeff_probe = 10,
				       .coeff_backoff = 20, .grace_ticks = 6 };
}

Test(field, senpai_meets_its_vectors)
{
	static const struct {
		u64 stall_us;
		double factor;
	} vectors[] = {
		{ 200000, 1 }, { 20000, 0.01 }, { 100000, 0.25 }, { 4000000, 1 }, { 40000, 0.04 },
	};
	struct policy_senpai senpai = new_senpai();

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		near(policy_senpai_tick(&senpai, vectors[i].stall_us), vectors[i].factor, "up");
	cr_assert_eq(senpai.integral_us, 0);
}

Test(field, senpai_probes_every_sixth_tick)
{
	struct policy_senpai senpai = new_senpai();
	double limit = 1;

	for (u32 tick = 1; tick <= 7 + 6 * 69; tick++) {
		double factor = policy_senpai_tick(&senpai, 0);

		near(factor, tick >= 7 && (tick - 7) % 6 == 0 ? -0.01 : 0, "no pressure");
		limit *= 1 + factor;
	}
	cr_assert(limit > 0.49 && limit < 0.5, "half in 414 s: %g", limit);
	/* A stall as large as the aim is not too large: the smallest of steps. */
	for (u32 tick = 0; tick < 5; tick++)
		near(policy_senpai_tick(&senpai, 2000), 0, "summing up");
	near(policy_senpai_tick(&senpai, 0), -0.0001, "exactly the aim");
	for (u32 tick = 0; tick < 5; tick++)
		near(policy_senpai_tick(&senpai, 400), 0, "summing up");
	near(policy_senpai_tick(&senpai, 0), -0.0025, "a fifth of the aim: (5 / 10)^2 of 1 %");
	near(policy_senpai_tick(&senpai, 10001), 0.01 / 4 * (1.0001 * 1.0001), "just above");
}

Test(field, tmo_meets_its_vectors)
{
	near(policy_tmo_reclaim(1e9, 0, 0.0005, 0.001, 0.01), 5e5, ".05 %");
	near(policy_tmo_reclaim(1e9, 0.0005, 0.0005, 0.001, 0.01), 2.5e5, ".025 %");
	near(policy_tmo_reclaim(1e9, 0.00025, 0.0005, 0.001, 0.01), 3.75e5, ".0375 %");
	near(policy_tmo_reclaim(1e9, 0.001, 0.0005, 0.001, 0.01), 0, "none");
	near(policy_tmo_reclaim(1e9, 0.5, 0.0005, 0.001, 0.01), 0, "none");
	near(policy_tmo_reclaim(1e9, 0, 0.5, 0.001, 0.01), 1e7, "at most 1 %");
}

/* --- the PI controller --- */

static struct policy_pi new_pi(void)
{
	return (struct policy_pi){ .kp = 0.5, .ki = 0.05, .free_wanted = 0.25, .free_hard = 0.125,
				   .seconds = 5, .psi_low = 0.10, .psi_high = 0.50 };
}

Test(field, pi_follows_error_and_integral)
{
	struct policy_pi pi = new_pi();

	cr_assert_eq(policy_pi_step(&pi, 0.25, 8000, 16000, 4000, 0, 16000), 8000);
	/* e .125: I .625; (.0625 + .03125) * 16000 = 1500 */
	cr_assert_eq(policy_pi_step(&pi, 0.125, 8000, 16000, 4000, 0, 16000), 6500);
	near(pi.integral, 0.625, "integral");
	/* I ends at 1: .0625 + .05 = .1125 * 16000 = 1800 */
	cr_assert_eq(policy_pi_step(&pi, 0.125, 8000, 16000, 4000, 0, 16000), 6200);
	near(pi.integral, 1, "integral");
	/* e -.25: I -.25; -.125 - .0125 = -.1375: 2200 more */
	cr_assert_eq(policy_pi_step(&pi, 0.5, 8000, 16000, 4000, 0, 16000), 10200);
}

Test(field, pi_at_a_limit_winds_nothing_up)
{
	struct policy_pi pi = new_pi();

	cr_assert_eq(policy_pi_step(&pi, 0.125, 8000, 16000, 4000, 7900, 16000), 7900,
		     "not below what is used");
	/* (8000 - 7900) / (.05 * 16000) - .5 * .125 / .05 = .125 - 1.25 */
	near(pi.integral, -1, "set back");
	pi = new_pi();
	cr_assert_eq(policy_pi_step(&pi, 0.0625, 4100, 16000, 4000, 4100, 16000), 4000,
		     "below what is used when the host is very short");
	pi = new_pi();
	cr_assert_eq(policy_pi_step(&pi, 0.5, 15900, 16000, 4000, 0, 16000), 16000);
	pi = new_pi();
	cr_assert_eq(policy_pi_step(&pi, 0.5, 8000, 16000, 4000, 9000, 6000), 6000,
		     "the host's pressure has the last word");
}

Test(field, pi_lowers_its_ceiling_with_pressure)
{
	struct policy_pi pi = new_pi();

	cr_assert_eq(policy_pi_ceiling(&pi, 0.0999, 4000, 16000), 16000);
	cr_assert_eq(policy_pi_ceiling(&pi, 0.10, 4000, 16000), 16000);
	cr_assert_eq(policy_pi_ceiling(&pi, 0.30, 4000, 16000), 10000);
	cr_assert_eq(policy_pi_ceiling(&pi, 0.50, 4000, 16000), 4000);
	cr_assert_eq(policy_pi_ceiling(&pi, 0.90, 4000, 16000), 4000);
}

/* --- VirtualBox, ChromeOS --- */

Test(field, vbox_halves_its_steps_and_bounds_deflation)
{
	static const struct {
		u64 free, balloon, wanted, host_free;
		s64 delta;
	} vectors[] = { /* MiB */
		{ 384, 0, 1024, 2048, 256 },   { 383, 0, 1024, 2048, 128 },
		{ 200, 0, 1024, 2048, 64 },    { 150, 0, 1024, 2048, 16 },
		{ 143, 0, 1024, 2048, 0 },     { 1000, 1000, 1024, 2048, 24 },
		{ 1000, 1024, 1024, 2048, 0 }, { 127, 1000, 1024, 2048, -128 },
		{ 127, 100, 1024, 2048, -100 }, { 127, 1000, 1024, 1104, -80 },
		{ 127, 1000, 1024, 512, 0 },   { 500, 1100, 1024, 2048, -76 },
	};
	struct policy_vbox vbox = { 256 * MIB, 128 * MIB, 16 * MIB, 128 * MIB, 1024 * MIB,
				    false };

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		s64 delta = policy_vbox_delta(&vbox, vectors[i].free * MIB, vectors[i].balloon * MIB,
					      vectors[i].wanted * MIB, vectors[i].host_free * MIB);

		cr_assert_eq(delta, vectors[i].delta * (s64)MIB, "vector %zu: %lld", i,
			     delta / (s64)MIB);
	}
}

static s64 balance_with(bool as_shipped, s64 free, s64 cached, s64 host, s64 balloon)
{
	struct policy_balance balance = { .host_critical = 400 * (s64)MIB,
					  .guest_critical = 400 * (s64)MIB,
					  .as_shipped = as_shipped };

	return policy_balance_delta(&balance, free * (s64)MIB, cached * (s64)MIB, 4096 * (s64)MIB,
				    host * (s64)MIB, balloon * (s64)MIB) / (s64)MIB;
}

static s64 balance_of(s64 free, s64 cached, s64 host, s64 balloon)
{
	return balance_with(true, free, cached, host, balloon);
}

Test(field, balance_available_meets_in_the_middle)
{
	cr_assert_eq(balance_of(800, 200, 1000, 1000), 0);
	cr_assert_eq(balance_of(800, 200, 600, 1000), 200);
	cr_assert_eq(balance_of(800, 200, 2000, 1000), -500);
	cr_assert_eq(balance_of(800, 200, 2000, 100), -100, "no more than there is");
	cr_assert_eq(balance_of(800, 200, 300, 1000), 350, "the host is below its margin");
	cr_assert_eq(balance_of(400, 100, 390, 0), 55, "inside both limits");
	cr_assert_eq(balance_with(false, 400, 10, 0, 0), 20, "the guest keeps its own");
	cr_assert_eq(balance_of(400, 10, 0, 0), 390, "as shipped it does not");
	cr_assert_eq(balance_of(100, 100, 500, 4000), -110, "or the host");
	cr_assert_eq(balance_of(800, 200, 989, 1000), 0, "half of 11 of 589 is below 1 %");
	cr_assert_eq(balance_of(800, 200, 970, 1000), 15);
}

Test(field, balance_available_lowers_a_critical_level_that_is_undercut_twice)
{
	struct policy_balance balance = { .host_critical = 400 * (s64)MIB,
					  .guest_critical = 400 * (s64)MIB };

	policy_balance_delta(&balance, 380 * (s64)MIB, 0, 4096 * (s64)MIB, 500 * (s64)MIB, 0);
	cr_assert_eq(balance.guest_critical, 400 * (s64)MIB);
	policy_balance_delta(&balance, 350 * (s64)MIB, 0, 4096 * (s64)MIB, 500 * (s64)MIB, 0);
	cr_assert_eq(balance.guest_critical, 380 * (s64)MIB, "what it had before");
	/* Full balloons do not count: the guest may have no way out. */
	policy_balance_delta(&balance, 340 * (s64)MIB, 0, 4096 * (s64)MIB, 500 * (s64)MIB,
			     3060 * (s64)MIB);
	cr_assert_eq(balance.guest_critical, 380 * (s64)MIB);
}

Test(field, limit_cache_restricts_those_with_cache_when_the_host_is_near)
{
	static const struct policy_limit_cache rule = { .guest_low = 10, .min_free = 20,
							.max_free = 335, .host_low = 50,
							.host_critical = 100, .reclaim_cache = 315,
							.critical_cache = 315 };

	cr_assert_eq(policy_limit_cache_delta(&rule, 335, 100, 1000, 1000), 0);
	cr_assert_eq(policy_limit_cache_delta(&rule, 300, 100, 1000, 1000), 0, "near enough");
	cr_assert_eq(policy_limit_cache_delta(&rule, 200, 100, 1000, 1000), -135);
	cr_assert_eq(policy_limit_cache_delta(&rule, 700, 100, 1000, 1000), 365);
	cr_assert_eq(policy_limit_cache_delta(&rule, 335, 600, 80, 1000), 285, "the cache above 315");
	cr_assert_eq(policy_limit_cache_delta(&rule, 200, 600, 80, 1000), 160, "down to 10 + 30 free");
	cr_assert_eq(policy_limit_cache_delta(&rule, 200, 600, 80, 110), 180, "critical: 20 at least");
	cr_assert_eq(policy_limit_cache_delta(&rule, 200, 315, 80, 110), -135, "too little cache");
	cr_assert_eq(policy_limit_cache_delta(&rule, 335, 600, 400, 1000), 0, "the host is far");
}

/* --- hypeman, SDFM --- */

Test(field, hypeman_plans_in_proportion_to_headroom)
{
	struct policy_hypeman_vm vm[] = { { 4096, 2048, 0 }, { 2048, 1024, 0 }, { 512, 0, 0 },
					  { 4096, 2048, 0 } };

	policy_hypeman_plan(vm, 4, 1000);
	cr_assert_eq(vm[0].target, 3696);
	cr_assert_eq(vm[1].target, 1848);
	cr_assert_eq(vm[2].target, 512);
	cr_assert_eq(vm[3].target, 3696);
	policy_hypeman_plan(vm, 4, 1004);
	cr_assert_eq(vm[0].target, 4096 - 401 - 2, "401.6, and what rounding leaves");
	cr_assert_eq(vm[1].target, 2048 - 200);
	cr_assert_eq(vm[3].target, 4096 - 401);
	policy_hypeman_plan(vm, 4, 1000000);
	cr_assert_eq(vm[0].target, 2048, "headroom is all there is");
	cr_assert_eq(vm[1].target, 1024);
	policy_hypeman_plan(vm, 4, 0);
	cr_assert_eq(vm[0].target, 4096);
	policy_hypeman_plan(&vm[2], 1, 100);
	cr_assert_eq(vm[2].target, 512);
}

Test(field, sdfm_finds_the_least_age_within_its_objective)
{
	static const double falling[] = { 9, 4, 2.1, 2, 1, 0 };
	static const double rising_again[] = { 1, 1, 5, 1, 0, 0 };

	/* 0.2 % of 1000 is 2 */
	cr_assert_eq(policy_sdfm_least(falling, 6, 1000, 0.002), 3);
	cr_assert_eq(policy_sdfm_least(falling, 6, 4500, 0.002), 0);
	cr_assert_eq(policy_sdfm_least(falling, 5, 0, 0.002), 5, "nothing comes up to it");
	cr_assert_eq(policy_sdfm_least(rising_again, 6, 1000, 0.002), 3);
}

Test(field, sdfm_takes_a_rank_of_its_history)
{
	static const u32 history[] = { 5, 1, 4, 1, 2, 3, 1, 1, 1, 1 };

	cr_assert_eq(policy_sdfm_percentile(history, 10, 0), 1);
	cr_assert_eq(policy_sdfm_percentile(history, 10, 0.5), 1);
	cr_assert_eq(policy_sdfm_percentile(history, 10, 0.6), 1);
	cr_assert_eq(policy_sdfm_percentile(history, 10, 0.7), 2);
	cr_assert_eq(policy_sdfm_percentile(history, 10, 0.9), 4);
	cr_assert_eq(policy_sdfm_percentile(history, 10, 0.98), 5);
	cr_assert_eq(policy_sdfm_percentile(history, 1, 0.98), 5);
}

/* --- miss-ratio curves --- */

static struct policy_mrc new_curve(double working_set, double accesses)
{
	return (struct policy_mrc){
		.points_count = 3, .size = { 0, working_set, 2 * working_set },
		.misses = { accesses, accesses * 0.04, 0 }, .accesses = accesses, .cost = 1,
		.least = 10, .most = 1000,
	};
}

Test(field, mrc_needs_are_met_and_spare_memory_follows_them)
{
	struct policy_mrc mrc[] = { new_curve(100, 1000), new_curve(300, 10) };

	near(policy_mrc_at(&mrc[0], 50), 520, "half way");
	near(policy_mrc_at(&mrc[0], 150), 20, "half way");
	near(policy_mrc_at(&mrc[0], 500), 0, "beyond");
	near(policy_mrc_need(&mrc[0], 0.04), 100, "4 %");
	near(policy_mrc_need(&mrc[0], 0.52), 50, "the least size, also between two points");
	near(policy_mrc_need(&mrc[0], 0.01), 175, "1 %, three quarters of the way from 4 %");
	near(policy_mrc_need(&mrc[0], 0), 200, "none");
	near(policy_mrc_need(&mrc[0], 1), 0, "all");
	mrc[1].misses[2] = 1;
	near(policy_mrc_need(&mrc[1], 0.03), 600, "never so few: all that there is");
	mrc[1].misses[2] = 0;
	policy_mrc_divide(mrc, 2, 600, 0.04, 1);
	near(mrc[0].got, 150, "a quarter of the spare");
	near(mrc[1].got, 450, "three quarters");
}

/* Misses of 5 % at @need. */
static struct policy_mrc needing(double need, double most)
{
	return (struct policy_mrc){
		.points_count = 2, .size = { 0, need / 0.95 }, .misses = { 100, 0 }, .accesses = 100,
		.cost = 1, .most = most,
	};
}

Test(field, mrc_spare_that_one_cannot_take_goes_to_the_others)
{
	struct policy_mrc two[] = { needing(200, 300), needing(100, 1000) };
	struct policy_mrc four[] = { needing(100, 150), needing(100, 210), needing(200, 1000),
				     needing(0, 0) };

	policy_mrc_divide(two, 2, 600, 0.05, 1);
	near(two[0].got, 300, "its maximum");
	near(two[1].got, 300, "all the rest");
	/* 400 to spare: by 100, 100, 200; then by 100, 200; then by 200. */
	policy_mrc_divide(four, 4, 800, 0.05, 1);
	near(four[0].got, 150, "full at once");
	near(four[1].got, 210, "full in the second round");
	near(four[2].got, 440, "all the rest");
	near(four[3].got, 0, "gone");
	policy_mrc_divide(four, 4, 5000, 0.05, 1);
	near(four[2].got, 1000, "no more than there is room for");
}

Test(field, mrc_in_shortage_goes_where_a_chunk_saves_most)
{
	struct policy_mrc mrc[] = { new_curve(100, 1000), new_curve(300, 10) };

	policy_mrc_divide(mrc, 2, 300, 0.05, 1);
	/* 9.6 a byte, then .4; the other .032: the first is served to the end of its curve */
	near(mrc[0].got, 200, "the busy one");
	near(mrc[1].got, 100, "the rest");
	mrc[1].cost = 1000;
	policy_mrc_divide(mrc, 2, 300, 0.05, 1);
	near(mrc[0].got, 10, "a slow device turns it round: 32 a byte");
	near(mrc[1].got, 290, "up to its working set");
	struct policy_mrc equal[] = { new_curve(200, 50), new_curve(200, 50) };

	policy_mrc_divide(equal, 2, 300, 0.05, 1);
	cr_assert(equal[0].got >= 149 && equal[0].got <= 151 && equal[0].got + equal[1].got > 299.9,
		  "equals: %g %g", equal[0].got, equal[1].got);
}

/* --- the blocker of VMMMS --- */

Test(field, blocker_lets_no_direction_turn_at_once)
{
	struct policy_blocker blocker = { .short_ns = 10 * SECOND, .long_ns = 100 * SECOND };

	cr_assert_eq(policy_blocker_lowest(&blocker, true, 0), 13);
	cr_assert(policy_blocker_ask(&blocker, true, POLICY_PRIORITY_RECLAIM, 0));
	cr_assert_eq(policy_blocker_lowest(&blocker, false, 0), 13, "reclaim blocks nothing");
	cr_assert(policy_blocker_ask(&blocker, false, 10, 0));
	/* Nothing was blocked, so that it beats the lowest: level 13, of 100 s. */
	cr_assert_eq(policy_blocker_lowest(&blocker, true, 0), 12);
	cr_assert(!policy_blocker_ask(&blocker, true, POLICY_PRIORITY_RECLAIM, SECOND));
	cr_assert(policy_blocker_ask(&blocker, true, 8, SECOND));
	cr_assert_eq(policy_blocker_lowest(&blocker, false, SECOND), 11, "one level at a time");
	cr_assert(policy_blocker_ask(&blocker, true, POLICY_PRIORITY_RECLAIM, 101 * SECOND));
	cr_assert_eq(policy_blocker_lowest(&blocker, false, 101 * SECOND), 11);
	cr_assert_eq(policy_blocker_lowest(&blocker, false, 101 * SECOND + 1), 13);
}

Test(field, blocker_holds_off_everything_after_a_stall)
{
	struct policy_blocker blocker = { .short_ns = 10 * SECOND, .long_ns = 100 * SECOND };

	cr_assert(policy_blocker_ask(&blocker, false, POLICY_PRIORITY_STALL, SECOND));
	for (u32 priority = 1; priority <= POLICY_BLOCKER_PRIORITIES; priority++)
		cr_assert(!policy_blocker_ask(&blocker, true, priority, 2 * SECOND), "%u", priority);
	cr_assert_eq(policy_blocker_lowest(&blocker, true, 12 * SECOND), 13, "10 s later");
}

Test(field, blocker_refused_requests_block_as_well)
{
	struct policy_blocker blocker = { .short_ns = 10 * SECOND, .long_ns = 100 * SECOND };

	blocker.until_ns[true][5] = 50 * SECOND; /* as by a request that went up level by level */
	cr_assert(!policy_blocker_ask(&blocker, false, 8, SECOND));
	cr_assert_eq(policy_blocker_lowest(&blocker, true, SECOND), 7);
	cr_assert(policy_blocker_ask(&blocker, false, 2, SECOND));
	cr_assert_eq(policy_blocker_lowest(&blocker, true, SECOND), 3, "capped to 4");
	cr_assert_eq(policy_blocker_lowest(&blocker, true, 20 * SECOND), 7, "4 lasts 10 s, 8 lasts 100");
}

/* --- DAMON's quota goal --- */

Test(field, damos_quota_follows_the_distance_from_its_goal)
{
	near(policy_damos_quota(100, 0.001, 0, 10), 200, "doubles without pressure");
	near(policy_damos_quota(100, 0.001, 0.0005, 10), 150, "half way");
	near(policy_damos_quota(100, 0.001, 0.001, 10), 100, "at the goal it stays");
	near(policy_damos_quota(100, 0.001, 0.0015, 10), 50, "above it falls");
	near(policy_damos_quota(100, 0.001, 0.002, 10), 10, "to its least");
	near(policy_damos_quota(100, 0.001, 0.5, 10), 10, "and not below");
}

/* --- what the originals' own tests and code say beyond the listed figures --- */

Test(field, qubes_moves_when_the_host_lacks_its_reserve_and_counts_from_what_was_told)
{
	struct policy_qmemman_vm vm = qubes_vm(1024, 4096, 1400);

	vm.role = POLICY_QMEMMAN_STAYS;
	cr_assert(!policy_qmemman_worth(&vm, 1, 35 * (s64)MIB, &qubes), "15 MiB short of 50");
	cr_assert(policy_qmemman_worth(&vm, 1, 35 * (s64)MIB - 1, &qubes));
	/* Told 1300 and still on its way from 1400: the change is from 1300. */
	vm.role = POLICY_QMEMMAN_ACCEPTOR;
	vm.last_target = 1300 * (s64)MIB;
	vm.target = 1315 * (s64)MIB;
	cr_assert(!policy_qmemman_worth(&vm, 1, 50 * (s64)MIB, &qubes));
	vm.target++;
	cr_assert(policy_qmemman_worth(&vm, 1, 50 * (s64)MIB, &qubes));
}

Test(field, vbox_as_shipped_slips_where_the_original_does)
{
	struct policy_vbox vbox = { .inflate = 256 * MIB, .deflate = 128 * MIB,
				    .inflate_min = 16 * MIB, .guest_free_min = 128 * MIB,
				    .host_reserve = 1024 * MIB, .as_shipped = true };
	static const struct {
		u64 free, balloon, host;
		s64 shipped, mended;
	} vector[] = {
		{ 200, 0, 4096, 256, 64 },	/* 200 - 256 is a large number without sign */
		{ 384, 0, 4096, 0, 256 },	/* exactly 128 would be left */
		{ 385, 0, 4096, 256, 256 },
		{ 300, 0, 4096, 128, 128 },	/* 44 left, then 172 */
		{ 260, 0, 4096, 128, 128 },
		{ 256, 0, 4096, 0, 128 },
		{ 600, 900, 4096, 100, 100 },	/* 1000 are wanted */
		{ 100, 500, 4096, -128, -128 },
		{ 100, 100, 4096, 0, -100 },	/* a small balloon stays as it is */
		{ 100, 500, 1084, -60, -60 },
		{ 100, 500, 1000, 0, 0 },
		{ 600, 1050, 4096, -50, -50 },
	};

	for (size_t i = 0; i < sizeof(vector) / sizeof(vector[0]); i++) {
		s64 want[] = { vector[i].mended, vector[i].shipped };

		for (u32 shipped = 0; shipped < 2; shipped++) {
			vbox.as_shipped = shipped;
			s64 delta = policy_vbox_delta(&vbox, vector[i].free * MIB,
						      vector[i].balloon * MIB, 1000 * MIB,
						      vector[i].host * MIB);

			cr_assert_eq(delta, want[shipped] * (s64)MIB, "free %llu, balloon %llu: %lld",
				     vector[i].free, vector[i].balloon, delta / (s64)MIB);
		}
	}
}

Test(field, limit_cache_meets_its_authors_cases)
{
	struct policy_limit_cache rule = { .guest_low = 200 * (s64)MIB, .min_free = 199 * (s64)MIB,
					   .max_free = 300 * (s64)MIB + 322560 * 1024ll,
					   .host_low = 200 * (s64)MIB, .host_critical = 400 * (s64)MIB,
					   .host_moderate = 2000 * (s64)MIB };
	s64 max = rule.max_free, mib = (s64)MIB;

	cr_assert_eq(policy_limit_cache_delta(&rule, max + mib, 0, 0, 0), 0);
	cr_assert_eq(policy_limit_cache_delta(&rule, 2 * max, 0, 0, 0), max);
	cr_assert_eq(policy_limit_cache_delta(&rule, max * 3 / 4, 0, 0, 0), -(max / 4));
	rule.moderate_cache = 200 * mib;
	cr_assert_eq(policy_limit_cache_delta(&rule, max, 1000 * mib, 0,
					      rule.host_moderate + max - 201 * mib), mib);
	cr_assert_eq(policy_limit_cache_delta(&rule, max, 300 * mib, 0, rule.host_moderate), 100 * mib);
	cr_assert_eq(policy_limit_cache_delta(&rule, max, 1000 * mib, 0, 0), max - rule.min_free);
	rule.critical_cache = 100 * mib;
	cr_assert_eq(policy_limit_cache_delta(&rule, max, 150 * mib, 0, rule.host_critical), 50 * mib);
	cr_assert_eq(policy_limit_cache_delta(&rule, 0, 150 * mib, 0, 0), -rule.min_free);
	rule.moderate_cache = rule.critical_cache = 0;
	rule.reclaim_cache = 100 * mib;
	cr_assert_eq(policy_limit_cache_delta(&rule, max, 1000 * mib, rule.host_low + max - 201 * mib, 0),
		     mib);
	cr_assert_eq(policy_limit_cache_delta(&rule, max, 150 * mib, rule.host_low, 0), 50 * mib);
}

Test(field, vm0_gives_all_back_and_its_first_rule_pins_the_target)
{
	struct policy_vm0 rule = { 256 * MIB, 128 * MIB, 64 * MIB, 256 * MIB, false };
	const u64 most = 3584 * MIB;

	cr_assert_eq(policy_vm0_target(&rule, 384 * MIB, 600 * MIB, 0, 0, most), 0);
	cr_assert_eq(policy_vm0_target(&rule, 385 * MIB, 600 * MIB, 0, 0, most), 129 * MIB);
	cr_assert_eq(policy_vm0_target(&rule, 3000 * MIB, 3000 * MIB, 512 * MIB, 512 * MIB, most),
		     768 * MIB);
	cr_assert_eq(policy_vm0_target(&rule, 3000 * MIB, 3000 * MIB, 3500 * MIB, 3500 * MIB, most), most);
	cr_assert_eq(policy_vm0_target(&rule, 3000 * MIB, 3000 * MIB, 100 * MIB, 800 * MIB, most),
		     800 * MIB, "what is pending is not weakened");
	cr_assert_eq(policy_vm0_target(&rule, 50 * MIB, 600 * MIB, 512 * MIB, 512 * MIB, most), 512 * MIB,
		     "little free memory alone is no pressure");
	cr_assert_eq(policy_vm0_target(&rule, 50 * MIB, 192 * MIB, 512 * MIB, 512 * MIB, most), 512 * MIB);
	cr_assert_eq(policy_vm0_target(&rule, 50 * MIB, 191 * MIB, 512 * MIB, 512 * MIB, most), 0);
	/* The incident: 3306 MiB, 118 available; then the balloon barely moves. */
	rule.partial = true;
	u64 target = policy_vm0_target(&rule, 50 * MIB, 118 * MIB, 3306 * MIB, 3306 * MIB, most);

	cr_assert_eq(target, 3168 * MIB);
	for (u64 actual = 3305; actual >= 3293; actual--) {
		u64 next = policy_vm0_target(&rule, 50 * MIB, 118 * MIB, actual * MIB, target, most);

		cr_assert(next <= target && next >= 3155 * MIB, "%llu", next / MIB);
		target = next;
	}
}

Test(field, arcbox_as_shipped_leaves_an_idle_guest_its_floor)
{
	struct policy_arcbox rule = { 256 * MIB, 384 * MIB, 1024 * MIB, 512 * MIB, true };
	const u64 full = 16384 * MIB;

	cr_assert_eq(policy_arcbox_target(&rule, full, 4096 * MIB, full), 12544 * MIB);
	cr_assert_eq(policy_arcbox_target(&rule, full, full - 100 * MIB, full), 384 * MIB);
	cr_assert_eq(policy_arcbox_target(&rule, full, 128 * MIB, full), full);
	cr_assert_eq(policy_arcbox_target(&rule, 4096 * MIB, 8192 * MIB, full), 384 * MIB);
	cr_assert_eq(policy_arcbox_target(&rule, 0, 0, full), full, "no reading");
	cr_assert_eq(policy_arcbox_target(&rule, 128 * MIB, 128 * MIB, 128 * MIB), 128 * MIB);
	/* Mended: a reserve of 1 GiB, half of what is available, 512 MiB or nothing. */
	rule.as_shipped = false;
	cr_assert_eq(policy_arcbox_target(&rule, full, full - 100 * MIB, full), 8242 * MIB);
	cr_assert_eq(policy_arcbox_target(&rule, full, 1000 * MIB, full), full);
	cr_assert_eq(policy_arcbox_target(&rule, full, 1600 * MIB, full), 15808 * MIB);
}
