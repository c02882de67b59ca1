/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_vectors.h - examples with their results, for every environment's tests.
 *
 * The known answers (ws_kat.h) say that two machines compute the same; these say, on the
 * example that was posted with the series, that it is right: edges at 200, 800 and 3000 ms,
 * refreshed every 750 ms, pressure reports a second apart; 16 and 32 pages of anonymous
 * and file memory in the first bin, 0x1234 anonymous ones in the second, 0x123456789a of
 * files in the last.  The bytes were written by hand from the layouts' sources.
 *
 * tests/core/test_vectors.c checks them in user space, kernel-port/selftest/ws_kunit.c in a kernel.
 *
 * Memory: none, or the caller's.  Errors: as said.  Locking: none, no state.
 */
#ifndef WS_VECTORS_H
#define WS_VECTORS_H

#include "ws_kat.h"
#include "ws_wire.h"

/* The digests that ws_kat_run() has to give, in its order. */
extern const struct ws_kat_result ws_vectors_kat[WS_KAT_COUNT];

struct ws_vector_wire {
	const char *name;
	const struct ws_dialect *dialect;
	enum ws_msg_kind kind;
	u16 node;
	u32 id; /* of numbered dialects */
	u32 len;
	const u8 *bytes;
};

extern const struct ws_vector_wire ws_vectors_wire[];
extern const u32 ws_vectors_wire_count;

/* What the bytes of a vector mean. */
void ws_vector_message(const struct ws_vector_wire *vector, struct ws_msg *msg);

/**
 * ws_vector_wire_check() - does the message become the bytes, and the bytes the message?
 * @msg, @buf: scratch; @buf has WS_WIRE_TO_HOST_MAX bytes
 *
 * Return: 0; what the codec failed with; or -EPROTO when the bytes are others.
 */
int ws_vector_wire_check(const struct ws_vector_wire *vector, struct ws_msg *msg, u8 *buf);

#define WS_VECTOR_SPANS 3
#define WS_VECTOR_BINS 4

struct ws_vector_hist {
	const char *name;
	u64 edge_ns[WS_VECTOR_BINS - 1];
	u32 edges_count, spans_count;
	struct {
		enum ws_type type;
		u64 age_min_ns, age_max_ns, pages;
	} span[WS_VECTOR_SPANS];
	u64 pages[WS_TYPES][WS_VECTOR_BINS];
};

extern const struct ws_vector_hist ws_vectors_hist[];
extern const u32 ws_vectors_hist_count;

/* Return: 0, -EINVAL when the edges are refused, or -ERANGE when the bins hold other pages. */
int ws_vector_hist_check(const struct ws_vector_hist *vector, struct ws_hist *hist);

#endif /* WS_VECTORS_H */
