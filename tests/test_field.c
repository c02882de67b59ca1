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
