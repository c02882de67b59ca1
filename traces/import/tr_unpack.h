/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_unpack.h - one interface to zlib, liblzma and libzstd, and to no compression.
 *
 * Internal to tr_input.c.
 */
#ifndef TR_UNPACK_H
#define TR_UNPACK_H

#include <ws_env.h>

struct tr_unpack;

/* One step's buffers: consumed and filled parts move forward, as in zstd's streams. */
struct tr_unpack_step {
	const u8 *in;
	size_t in_size, in_at;
	u8 *out;
	size_t out_size, out_at;
	bool in_ended; /* no more input will come */
};

/* Choose by the first bytes.  NULL when out of memory. */
struct tr_unpack *tr_unpack_create(const u8 *head, size_t size);
void tr_unpack_destroy(struct tr_unpack *unpack);

/*
 * Turn some input into output.
 * Return: 0, or -EINVAL with *reason for data that is not what its head promised.
 * When the input ended, a step that yields no output means the end was reached
 * properly; an improper one is an error.
 */
int tr_unpack_step(struct tr_unpack *unpack, struct tr_unpack_step *step, const char **reason);

#endif /* TR_UNPACK_H */
