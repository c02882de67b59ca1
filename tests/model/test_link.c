/* SPDX-License-Identifier: BSD-2-Clause */
/* test_link.c - the link between guest and host: order, delay and faults of its queues. */
#include <criterion/criterion.h>
#include <string.h>

#include "model/sim_link.h"

#define MESSAGES 500u
#define US 1000ull

/* Sends MESSAGES numbered ones, 10 us apart, and takes them as they arrive. */
struct course {
	u32 number[MESSAGES]; /* in the order of arrival */
	u64 delay_ns[MESSAGES], arrived_ns[MESSAGES];
	u32 arrived, lost;
};

static void take_all(struct sim_link *link, struct course *course, u64 until_ns)
{
	struct sim_engine *engine = link->engine;
	struct sim_event event;

	while (engine->queue.count && engine->queue.near[engine->queue.near_at].time_ns <= until_ns &&
	       sim_queue_take(&engine->queue, &event)) {
		struct sim_message *message = sim_link_arrived(link, event.arg);
		u32 number = message->bytes[0] | (u32)message->bytes[1] << 8;

		cr_assert_eq(message->length, 2);
		course->number[course->arrived] = number;
		course->arrived_ns[course->arrived] = event.time_ns;
		course->delay_ns[course->arrived++] = event.time_ns - number * 10 * US;
		sim_link_done(message);
	}
}

static void play(struct sim_link_config config, enum sim_queue_name queue, struct course *course)
{
	struct sim_scenario scenario = { .seed = 7, .vms_count = 2, .link = config };
	struct sim_engine engine = { .scenario = &scenario };
	struct sim_link link;

	memset(course, 0, sizeof(*course));
	sim_queue_init(&engine.queue);
	cr_assert_eq(sim_link_init(&link, &engine), 0);
	for (u32 i = 0; i < MESSAGES; i++) {
		u8 bytes[2] = { (u8)i, (u8)(i >> 8) };

		engine.now_ns = i * 10 * US;
		take_all(&link, course, engine.now_ns);
		course->lost += !sim_link_send(&link, 1, queue, true, bytes, sizeof(bytes), NULL);
	}
	take_all(&link, course, ~0ull);
	sim_link_destroy(&link);
	sim_queue_destroy(&engine.queue);
	cr_assert_eq(course->arrived + course->lost, MESSAGES);
}

static u32 overtakings(const struct course *course)
{
	u32 count = 0;

	for (u32 i = 1; i < course->arrived; i++)
		count += course->number[i] < course->number[i - 1];
	return count;
}

Test(link, a_queue_keeps_its_order_whatever_the_jitter)
{
	struct course course;

	play((struct sim_link_config){ .delay_ns = 20 * US, .jitter_ns = 300 * US }, SIM_VQ_REPORT,
	     &course);
	cr_assert_eq(course.arrived, MESSAGES);
	cr_assert_eq(overtakings(&course), 0);
	for (u32 i = 0; i < MESSAGES; i++)
		cr_assert_geq(course.delay_ns[i], 20 * US);
	for (u32 i = 1; i < MESSAGES; i++)
		cr_assert_gt(course.arrived_ns[i], course.arrived_ns[i - 1], "one after the other");
}

Test(link, without_jitter_all_take_the_delay)
{
	struct course course;

	play((struct sim_link_config){ .delay_ns = 35 * US }, SIM_VQ_CONFIG, &course);
	for (u32 i = 0; i < MESSAGES; i++)
		cr_assert_eq(course.delay_ns[i], 35 * US);
}

Test(link, reports_are_lost_and_late_as_often_as_asked_and_configuration_never)
{
	struct sim_link_config bad = { .delay_ns = 20 * US, .loss = 0.2, .reorder = 0.1 };
	struct course course;

	play(bad, SIM_VQ_REPORT, &course);
	cr_assert(course.lost > MESSAGES / 8 && course.lost < MESSAGES * 2 / 7, "%u lost", course.lost);
	cr_assert(overtakings(&course) > MESSAGES / 40, "%u overtaken", overtakings(&course));
	play(bad, SIM_VQ_CONFIG, &course);
	cr_assert_eq(course.lost, 0);
	cr_assert_eq(overtakings(&course), 0);
}
