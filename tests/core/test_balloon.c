/* SPDX-License-Identifier: BSD-2-Clause */
/* test_balloon.c - the guest's balloon: batches, pauses, running out of memory. */
#include <criterion/criterion.h>
#include <signal.h>

#include "ws_balloon.h"

#define SECOND_NS 1000000000ull

static struct ws_balloon balloon;

static void expect(u64 now_ns, enum ws_balloon_what what, u32 pages)
{
	struct ws_balloon_next next = ws_balloon_step(&balloon, now_ns);

	cr_assert_eq(next.what, what, "to do: %d, not %d", next.what, what);
	cr_assert_eq(next.pages, pages, "%u pages, not %u", next.pages, pages);
}

/* Follow the target; every page is to be had. */
static void settle(u64 now_ns)
{
	for (;;) {
		struct ws_balloon_next next = ws_balloon_step(&balloon, now_ns);

		if (next.what == WS_BALLOON_INFLATE)
			ws_balloon_inflated(&balloon, next.pages, next.pages, now_ns);
		else if (next.what == WS_BALLOON_DEFLATE)
			ws_balloon_deflated(&balloon, next.pages);
		else
			break;
	}
}

Test(balloon, is_idle_until_the_configuration_changes)
{
	ws_balloon_init(&balloon, false);
	expect(0, WS_BALLOON_IDLE, 0);
	ws_balloon_set_target(&balloon, 0);
	expect(0, WS_BALLOON_IDLE, 0);
}

Test(balloon, works_in_batches_of_256_pages)
{
	ws_balloon_init(&balloon, false);
	ws_balloon_set_target(&balloon, 600);
	expect(0, WS_BALLOON_INFLATE, 256);
	ws_balloon_inflated(&balloon, 256, 256, 0);
	expect(0, WS_BALLOON_INFLATE, 256);
	ws_balloon_inflated(&balloon, 256, 256, 0);
	expect(0, WS_BALLOON_INFLATE, 88);
	ws_balloon_inflated(&balloon, 88, 88, 0);
	expect(0, WS_BALLOON_IDLE, 0);
	cr_assert_eq(balloon.actual_pages, 600);
	ws_balloon_set_target(&balloon, 300);
	expect(1, WS_BALLOON_DEFLATE, 256);
	ws_balloon_deflated(&balloon, 256);
	expect(1, WS_BALLOON_DEFLATE, 44);
	ws_balloon_deflated(&balloon, 44);
	expect(1, WS_BALLOON_IDLE, 0);
	cr_assert_eq(balloon.inflated_pages - balloon.deflated_pages, 300);
	cr_assert_eq(balloon.batches_count, 5);
}

Test(balloon, pauses_200_ms_when_it_is_out_of_puff)
{
	struct ws_balloon_next next;

	ws_balloon_init(&balloon, false);
	ws_balloon_set_target(&balloon, 1000);
	ws_balloon_inflated(&balloon, 256, 10, SECOND_NS);
	cr_assert_eq(balloon.actual_pages, 10);
	cr_assert_eq(balloon.out_of_puff_count, 1);
	next = ws_balloon_step(&balloon, SECOND_NS);
	cr_assert_eq(next.what, WS_BALLOON_WAIT);
	cr_assert_eq(next.until_ns, SECOND_NS + 200000000);
	expect(SECOND_NS + 199999999, WS_BALLOON_WAIT, 0);
	/* The worker sleeps: a smaller target is not followed before it wakes. */
	ws_balloon_set_target(&balloon, 0);
	expect(SECOND_NS + 199999999, WS_BALLOON_WAIT, 0);
	expect(SECOND_NS + 200000000, WS_BALLOON_DEFLATE, 10);
}

Test(balloon, gives_256_pages_back_on_oom_when_negotiated)
{
	ws_balloon_init(&balloon, true);
	ws_balloon_set_target(&balloon, 300);
	settle(0);
	cr_assert_eq(ws_balloon_oom(&balloon), 256);
	cr_assert_eq(balloon.actual_pages, 44);
	cr_assert_eq(ws_balloon_oom(&balloon), 44);
	cr_assert_eq(ws_balloon_oom(&balloon), 0, "the balloon is empty");
	cr_assert_eq(balloon.oom_deflated_pages, 300);
	cr_assert_eq(balloon.oom_count, 2);
}

Test(balloon, keeps_its_pages_on_oom_when_not_negotiated)
{
	ws_balloon_init(&balloon, false);
	ws_balloon_set_target(&balloon, 300);
	settle(0);
	cr_assert_eq(ws_balloon_oom(&balloon), 0);
	cr_assert_eq(balloon.actual_pages, 300);
}

Test(balloon, what_oom_took_stays_out_until_the_configuration_changes)
{
	ws_balloon_init(&balloon, true);
	ws_balloon_set_target(&balloon, 512);
	settle(0);
	ws_balloon_oom(&balloon);
	expect(10 * SECOND_NS, WS_BALLOON_IDLE, 0);
	ws_balloon_set_target(&balloon, 512);
	expect(10 * SECOND_NS, WS_BALLOON_INFLATE, 256);
}

/* The target is reached by the batch itself, not only when the next step is asked for. */
Test(balloon, what_oom_takes_right_after_the_last_batch_stays_out_too)
{
	ws_balloon_init(&balloon, true);
	ws_balloon_set_target(&balloon, 600);
	settle(0);
	ws_balloon_set_target(&balloon, 500);
	expect(0, WS_BALLOON_DEFLATE, 100);
	ws_balloon_deflated(&balloon, 100);
	cr_assert_eq(ws_balloon_oom(&balloon), 256);
	expect(10 * SECOND_NS, WS_BALLOON_IDLE, 0);
	ws_balloon_set_target(&balloon, 300);
	expect(10 * SECOND_NS, WS_BALLOON_INFLATE, 56);
	ws_balloon_inflated(&balloon, 56, 56, 10 * SECOND_NS);
	cr_assert_eq(ws_balloon_oom(&balloon), 256);
	expect(10 * SECOND_NS, WS_BALLOON_IDLE, 0);
}

Test(balloon, oom_amid_inflation_does_not_stop_it)
{
	ws_balloon_init(&balloon, true);
	ws_balloon_set_target(&balloon, 1024);
	ws_balloon_inflated(&balloon, 256, 256, 0);
	cr_assert_eq(ws_balloon_oom(&balloon), 256);
	expect(0, WS_BALLOON_INFLATE, 256);
}

Test(balloon, a_target_that_changes_amid_a_batch_counts_from_the_next_step)
{
	ws_balloon_init(&balloon, false);
	ws_balloon_set_target(&balloon, 512);
	expect(0, WS_BALLOON_INFLATE, 256);
	ws_balloon_set_target(&balloon, 100);
	ws_balloon_inflated(&balloon, 256, 256, 0);
	cr_assert_eq(balloon.actual_pages, 256, "the host has them");
	expect(0, WS_BALLOON_DEFLATE, 156);
	ws_balloon_set_target(&balloon, 300);
	ws_balloon_deflated(&balloon, 156);
	expect(0, WS_BALLOON_INFLATE, 200);
	settle(0);
	ws_balloon_set_target(&balloon, 300);
	expect(0, WS_BALLOON_IDLE, 0);
}

/* The host is silent: the batch of the last step is not in the balloon, and not OOM's to take. */
Test(balloon, oom_while_the_host_does_not_acknowledge)
{
	ws_balloon_init(&balloon, true);
	ws_balloon_set_target(&balloon, 512);
	expect(0, WS_BALLOON_INFLATE, 256);
	cr_assert_eq(ws_balloon_oom(&balloon), 0);
	ws_balloon_inflated(&balloon, 256, 256, 0);
	expect(0, WS_BALLOON_INFLATE, 256);
	cr_assert_eq(ws_balloon_oom(&balloon), 256);
	cr_assert_eq(ws_balloon_oom(&balloon), 0);
	ws_balloon_inflated(&balloon, 256, 256, 0);
	cr_assert_eq(balloon.actual_pages, 256);
}

Test(balloon, a_reset_leaves_an_empty_balloon_without_a_target)
{
	ws_balloon_init(&balloon, true);
	ws_balloon_set_target(&balloon, 512);
	ws_balloon_inflated(&balloon, 256, 10, 0);
	ws_balloon_init(&balloon, false);
	expect(0, WS_BALLOON_IDLE, 0);
	cr_assert_eq(ws_balloon_oom(&balloon), 0);
	ws_balloon_set_target(&balloon, 512);
	expect(0, WS_BALLOON_INFLATE, 256);
}

Test(balloon, reaches_the_largest_target)
{
	ws_balloon_init(&balloon, false);
	ws_balloon_set_target(&balloon, ~0u);
	balloon.actual_pages = ~0u - 100;
	expect(0, WS_BALLOON_INFLATE, 100);
	ws_balloon_inflated(&balloon, 100, 100, 0);
	expect(0, WS_BALLOON_IDLE, 0);
}

Test(balloon, more_pages_than_wanted_trap, .signal = SIGILL)
{
	ws_balloon_init(&balloon, false);
	ws_balloon_inflated(&balloon, 1, 2, 0);
}

Test(balloon, giving_back_more_than_there_is_traps, .signal = SIGILL)
{
	ws_balloon_init(&balloon, false);
	ws_balloon_deflated(&balloon, 1);
}
