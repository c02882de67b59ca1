/* SPDX-License-Identifier: GPL-2.0-only */
/* ws_kunit.c - the core's test vectors (ws_vectors.h) and known answers, as a KUnit suite. */
#include <kunit/test.h>
#include <linux/vmalloc.h>

#include "ws_vectors.h"

static void known_answers(struct kunit *test)
{
	struct ws_kat_result *result =
		kunit_kcalloc(test, WS_KAT_COUNT, sizeof(*result), GFP_KERNEL);
	void *scratch = vmalloc(ws_kat_footprint());
	int error, i;

	KUNIT_ASSERT_NOT_NULL(test, result);
	KUNIT_ASSERT_NOT_NULL(test, scratch);
	error = ws_kat_run(scratch, ws_kat_footprint(), result);
	vfree(scratch);
	KUNIT_ASSERT_EQ(test, error, 0);
	for (i = 0; i < WS_KAT_COUNT; i++) {
		KUNIT_EXPECT_STREQ(test, result[i].name, ws_vectors_kat[i].name);
		KUNIT_EXPECT_EQ_MSG(test, result[i].digest, ws_vectors_kat[i].digest, "%s",
				    result[i].name);
	}
}

static void messages(struct kunit *test)
{
	struct ws_msg *msg = kunit_kzalloc(test, sizeof(*msg), GFP_KERNEL);
	u8 *buf = kunit_kzalloc(test, WS_WIRE_TO_HOST_MAX, GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, msg);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (i = 0; i < ws_vectors_wire_count; i++)
		KUNIT_EXPECT_EQ_MSG(test, ws_vector_wire_check(&ws_vectors_wire[i], msg, buf), 0,
				    "%s", ws_vectors_wire[i].name);
}

/* Every shortened message is refused, and nothing behind its end is looked at. */
static void messages_cut_short(struct kunit *test)
{
	struct ws_msg *msg = kunit_kzalloc(test, sizeof(*msg), GFP_KERNEL);
	u32 i, len;

	KUNIT_ASSERT_NOT_NULL(test, msg);
	for (i = 0; i < ws_vectors_wire_count; i++) {
		const struct ws_vector_wire *vector = &ws_vectors_wire[i];
		bool to_host = vector->kind == WS_MSG_REPORT || vector->kind == WS_MSG_VERDICT;

		for (len = 0; len < vector->len; len++) {
			u8 *copy = kmemdup(vector->bytes, len, GFP_KERNEL);
			int error;

			KUNIT_ASSERT_NOT_NULL(test, copy);
			error = to_host ? vector->dialect->decode_to_host(msg, 4, copy, len) :
					  vector->dialect->decode_to_guest(msg, 4, copy, len);
			kfree(copy);
			KUNIT_EXPECT_NE_MSG(test, error, 0, "%s of %u bytes", vector->name, len);
		}
	}
}

static void bins(struct kunit *test)
{
	struct ws_hist *hist = kunit_kzalloc(test, sizeof(*hist), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, hist);
	for (i = 0; i < ws_vectors_hist_count; i++)
		KUNIT_EXPECT_EQ_MSG(test, ws_vector_hist_check(&ws_vectors_hist[i], hist), 0, "%s",
				    ws_vectors_hist[i].name);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(known_answers),
	KUNIT_CASE(messages),
	KUNIT_CASE(messages_cut_short),
	KUNIT_CASE(bins),
	{},
};

static struct kunit_suite suite = {
	.name = "ws",
	.test_cases = cases,
};
kunit_test_suite(suite);

MODULE_DESCRIPTION("Test vectors of the portable core of working set reporting");
MODULE_LICENSE("GPL");
