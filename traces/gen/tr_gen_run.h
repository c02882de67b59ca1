/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_gen_run.h - a generator at work: its clock, its random numbers, its records.
 *
 * Internal to the generators.  Every put returns 0 or the sink's error.
 */
#ifndef TR_GEN_RUN_H
#define TR_GEN_RUN_H

#include "tr_gen.h"
#include "tr_rng.h"

struct tr_gen_run {
	const u64 *value; /* by parameter */
	struct tr_rng rng;
	struct tr_sink sink;
	struct tr_error *error;
	u64 now_ns;
	u64 access_ns; /* compute after each access */
	u64 write;     /* share of writes, millionths */
};

/* Access with a random direction, then compute. */
int tr_gen_access(struct tr_gen_run *run, u64 page);
/* The same, all given. */
int tr_gen_touch(struct tr_gen_run *run, u64 page, enum tr_kind kind, bool write);
int tr_gen_alloc(struct tr_gen_run *run, u64 page, enum tr_type type);
int tr_gen_free_range(struct tr_gen_run *run, u64 first, u64 count);
/* Idle until @until_ns, if that is later than now. */
int tr_gen_idle(struct tr_gen_run *run, u64 until_ns);
/* Allocate and write one page after another. */
int tr_gen_populate(struct tr_gen_run *run, u64 first, u64 count, enum tr_type type);

/* True once in @ratio millionths. */
static inline bool tr_gen_chance(struct tr_gen_run *run, u64 ratio)
{
	return tr_rng_below(&run->rng, 1000000) < ratio;
}

extern const struct tr_gen tr_gen_loop, tr_gen_zipf, tr_gen_gauss, tr_gen_scan, tr_gen_phase,
	tr_gen_ramp, tr_gen_desktop, tr_gen_jvm, tr_gen_burst, tr_gen_leak;

/* Parameters that many have in common. */
#define TR_GEN_P_PAGES(initial, text) \
	{ "pages", text, TR_GEN_PAGES, initial, 1, 1u << 30 }
#define TR_GEN_P_COUNT(initial) \
	{ "count", "accesses", TR_GEN_COUNT, initial, 1, 1ull << 40 }
#define TR_GEN_P_WRITE(initial) \
	{ "write", "share of accesses that are writes", TR_GEN_RATIO, initial, 0, 1000000 }
#define TR_GEN_P_ACCESS(initial) \
	{ "access", "compute time after each access", TR_GEN_TIME, initial, 1, 1000000000000ull }
#define TR_GEN_P_DURATION(initial) \
	{ "duration", "span of the trace", TR_GEN_TIME, initial, 1, 1ull << 60 }
#define TR_GEN_P_END { NULL, NULL, TR_GEN_COUNT, 0, 0, 0 }

#define TR_GEN_SECOND 1000000000ull
#define TR_GEN_MIB 256ull /* pages */

#endif /* TR_GEN_RUN_H */
