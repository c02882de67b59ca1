/* SPDX-License-Identifier: BSD-2-Clause */
/* test_vectors.c - the examples that kernels check too (ws_vectors.h), in user space. */
#include <criterion/criterion.h>
#include <string.h>

#include "ws_vectors.h"

static u8 buf[WS_WIRE_TO_HOST_MAX];
static struct ws_msg msg;

Test(vectors, messages_are_these_bytes_and_bytes_these_messages)
{
	for (u32 i = 0; i < ws_vectors_wire_count; i++)
		cr_assert_eq(ws_vector_wire_check(&ws_vectors_wire[i], &msg, buf), 0, "%s: %d",
			     ws_vectors_wire[i].name,
			     ws_vector_wire_check(&ws_vectors_wire[i], &msg, buf));
}

Test(vectors, bytes_decode_to_what_they_mean)
{
	for (u32 i = 0; i < ws_vectors_wire_count; i++) {
		const struct ws_vector_wire *vector = &ws_vectors_wire[i];
		static struct ws_msg meant;

		cr_assert_eq(ws_vector_wire_check(vector, &msg, buf), 0);
		ws_vector_message(vector, &meant);
		cr_assert_eq(memcmp(&msg, &meant, sizeof(msg)), 0, "%s", vector->name);
	}
}

Test(vectors, a_wrong_byte_is_found)
{
	for (u32 i = 0; i < ws_vectors_wire_count; i++) {
		struct ws_vector_wire wrong = ws_vectors_wire[i];
		u8 bytes[WS_WIRE_TO_HOST_MAX];

		memcpy(bytes, wrong.bytes, wrong.len);
		bytes[wrong.len - 1] ^= 1;
		wrong.bytes = bytes;
		cr_assert_neq(ws_vector_wire_check(&wrong, &msg, buf), 0, "%s", wrong.name);
	}
}

Test(vectors, bins_hold_these_pages)
{
	struct ws_hist hist;

	for (u32 i = 0; i < ws_vectors_hist_count; i++)
		cr_assert_eq(ws_vector_hist_check(&ws_vectors_hist[i], &hist), 0, "%s",
			     ws_vectors_hist[i].name);
}
