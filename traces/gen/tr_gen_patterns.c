/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_gen_patterns.c - patterns of the literature: loop, zipf, drift, scan, phases.
 *
 * They access one set of pages without end in sight, so they allocate nothing.
 */
#include <errno.h>
#include <stdlib.h>

#include "tr_gen_run.h"
#include "tr_zipf.h"

/* --- loop: the pattern that LRU and CLOCK cannot serve when it does not fit --- */

static const struct tr_gen_param loop_param[] = {
	TR_GEN_P_PAGES(65536, "pages in the loop"),
	TR_GEN_P_COUNT(1000000),
	TR_GEN_P_WRITE(250000),
	TR_GEN_P_ACCESS(1000),
	TR_GEN_P_END,
};

static int loop(struct tr_gen_run *run)
{
	u64 pages = run->value[0], count = run->value[1];
	int rc = 0;

	for (u64 i = 0; i < count && !rc; i++)
		rc = tr_gen_access(run, i % pages);
	return rc;
}

const struct tr_gen tr_gen_loop = {
	.name = "loop",
	.summary = "uniform loop over all pages in order",
	.param = loop_param,
	.generate = loop,
};

/* --- zipf --- */

static const struct tr_gen_param zipf_param[] = {
	/* A table entry a page is computed first: at the limit that takes half a minute. */
	{ "pages", "pages", TR_GEN_PAGES, 1000000, 1, 1u << 25 },
	TR_GEN_P_COUNT(20000000),
	{ "alpha", "exponent: rank r has weight 1/r^alpha", TR_GEN_RATIO, 1000000, 0, 4000000 },
	{ "scramble", "spread the ranks over the pages; no: page 0 is the hottest", TR_GEN_FLAG, 1,
	  0, 1 },
	TR_GEN_P_WRITE(250000),
	TR_GEN_P_ACCESS(1000),
	TR_GEN_P_END,
};

/* A random order of the pages (Fisher and Yates), or the order as it is. */
static u32 *make_order(struct tr_gen_run *run, u32 pages, bool scramble)
{
	u32 *order = malloc((u64)pages * sizeof(*order));

	for (u32 i = 0; order && i < pages; i++)
		order[i] = i;
	for (u32 i = pages; order && scramble && i > 1; i--) {
		u32 j = (u32)tr_rng_below(&run->rng, i), keep = order[j];
		order[j] = order[i - 1];
		order[i - 1] = keep;
	}
	return order;
}

static int zipf_run(struct tr_gen_run *run)
{
	u32 pages = (u32)run->value[0];
	u32 *order = make_order(run, pages, run->value[3]);
	struct tr_zipf zipf = { 0 };
	int rc = -ENOMEM;

	if (order && !tr_zipf_create(&zipf, pages, (u32)run->value[2])) {
		rc = 0;
		for (u64 i = 0; i < run->value[1] && !rc; i++)
			rc = tr_gen_access(run, order[tr_zipf_draw(&zipf, &run->rng)]);
	}
	tr_zipf_destroy(&zipf);
	free(order);
	return rc;
}

const struct tr_gen tr_gen_zipf = {
	.name = "zipf",
	.summary = "independent accesses with zipf popularity",
	.param = zipf_param,
	.generate = zipf_run,
};

/* --- gauss --- */

static const struct tr_gen_param gauss_param[] = {
	TR_GEN_P_PAGES(262144, "pages; the window wraps around"),
	TR_GEN_P_COUNT(10000000),
	{ "sigma", "standard deviation around the centre", TR_GEN_PAGES, 8192, 1, 1u << 28 },
	{ "drift", "pages that the centre moves in a second", TR_GEN_PAGES, 4096, 0, 1u << 30 },
	TR_GEN_P_WRITE(250000),
	TR_GEN_P_ACCESS(10000),
	TR_GEN_P_END,
};

static int gauss(struct tr_gen_run *run)
{
	u64 pages = run->value[0], sigma = run->value[2], drift = run->value[3];
	int rc = 0;

	for (u64 i = 0; i < run->value[1] && !rc; i++) {
		u64 moved = (u64)((unsigned __int128)run->now_ns * drift / TR_GEN_SECOND);
		s64 offset = tr_rng_normal(&run->rng) * (s64)sigma / 65536;
		u64 distance = (u64)(offset < 0 ? -offset : offset) % pages;
		u64 centre = moved % pages;
		rc = tr_gen_access(run, (centre + (offset < 0 ? pages - distance : distance)) %
						pages);
	}
	return rc;
}

const struct tr_gen tr_gen_gauss = {
	.name = "gauss",
	.summary = "Gaussian locality around a drifting centre",
	.param = gauss_param,
	.generate = gauss,
};

/* --- scan --- */

static const struct tr_gen_param scan_param[] = {
	TR_GEN_P_PAGES(262144, "pages of the file that is scanned"),
	{ "passes", "times that it is scanned", TR_GEN_COUNT, 4, 1, 1000000 },
	{ "hot", "pages of memory in use beside the scan", TR_GEN_PAGES, 32768, 0, 1u << 30 },
	{ "hot-share", "share of accesses that go to the hot pages", TR_GEN_RATIO, 500000, 0,
	  999999 },
	TR_GEN_P_WRITE(250000),
	TR_GEN_P_ACCESS(10000),
	TR_GEN_P_END,
};

/* A backup beside a server: read() of a file once through, mapped accesses between. */
static int scan(struct tr_gen_run *run)
{
	u64 pages = run->value[0], hot = run->value[2];
	int rc = tr_gen_populate(run, 0, hot, TR_ANON);

	for (u64 i = 0; i < pages && !rc; i++)
		rc = tr_gen_alloc(run, hot + i, TR_FILE);
	for (u64 i = 0; i < pages * run->value[1] && !rc; i++) {
		while (hot && !rc && tr_gen_chance(run, run->value[3]))
			rc = tr_gen_access(run, tr_rng_below(&run->rng, hot));
		if (!rc)
			rc = tr_gen_touch(run, hot + i % pages, TR_DESCRIPTOR, false);
	}
	return rc;
}

const struct tr_gen tr_gen_scan = {
	.name = "scan",
	.summary = "a file read through again and again, beside hot memory",
	.param = scan_param,
	.generate = scan,
};

/* --- phase --- */

static const struct tr_gen_param phase_param[] = {
	TR_GEN_P_PAGES(65536, "pages of each working set"),
	{ "sets", "disjoint working sets", TR_GEN_COUNT, 2, 1, 1000 },
	{ "phase", "time until the next set", TR_GEN_TIME, 60 * TR_GEN_SECOND, 1, 1ull << 60 },
	TR_GEN_P_DURATION(600 * TR_GEN_SECOND),
	TR_GEN_P_WRITE(250000),
	TR_GEN_P_ACCESS(100000),
	TR_GEN_P_END,
};

static int phase(struct tr_gen_run *run)
{
	u64 pages = run->value[0];
	int rc = 0;

	while (run->now_ns < run->value[3] && !rc) {
		u64 set = run->now_ns / run->value[2] % run->value[1];
		rc = tr_gen_access(run, set * pages + tr_rng_below(&run->rng, pages));
	}
	return rc;
}

const struct tr_gen tr_gen_phase = {
	.name = "phase",
	.summary = "alternation between disjoint working sets",
	.param = phase_param,
	.generate = phase,
};
