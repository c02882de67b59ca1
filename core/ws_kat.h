/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_kat.h - known answers: does the core compute here what it computes elsewhere?
 *
 * Runs the modules named below on inputs made by a fixed generator and digests what
 * comes out, one u64 a module; ws_vq is in that of wire.  Left out are ws_advice,
 * ws_free, the bounds of ws_wsr1, and of ws_lru ws_lru_advance_for().
 *
 * The digests are the same in user space, in a kernel,
 * on 32 and 64 bits, with any compiler; a module whose digest differs is broken
 * there, and the name says which.
 *
 * Memory: the caller's scratch.  Time: some milliseconds; one call, no budget,
 * for load time and tests.  Errors: -ENOMEM.  Locking: none, no state.
 */
#ifndef WS_KAT_H
#define WS_KAT_H

#include <ws_env.h>

/* math, age, refault, lru, hist, report, wire, proto, balloon, source, rules, walk, group,
 * reaccess, hint */
#define WS_KAT_COUNT 15

struct ws_kat_result {
	const char *name; /* the module, without its prefix */
	u64 digest;
};

/* Bytes of scratch that ws_kat_run() needs. */
u64 ws_kat_footprint(void);

/**
 * ws_kat_run() - compute all digests
 * @scratch: aligned to 8, any content
 * @size: at least ws_kat_footprint()
 * @result: WS_KAT_COUNT of them
 *
 * Return: 0, or -ENOMEM when @size is too small.
 */
int ws_kat_run(void *scratch, u64 size, struct ws_kat_result *result);

#endif /* WS_KAT_H */
