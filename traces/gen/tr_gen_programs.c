/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_gen_programs.c - loads whose memory grows, shrinks and rests as programs' does:
 * a build, an idle desktop, a Java heap, bursts of arrivals, a leak.
 */
#include "tr_gen_run.h"

/* --- ramp: a build that climbs slowly, with a linker's spikes --- */

static const struct tr_gen_param ramp_param[] = {
	TR_GEN_P_PAGES(1024 * TR_GEN_MIB, "pages at the top"),
	{ "start", "pages at the beginning", TR_GEN_PAGES, 64 * TR_GEN_MIB, 1, 1u << 30 },
	{ "spike", "pages of a spike", TR_GEN_PAGES, 256 * TR_GEN_MIB, 0, 1u << 30 },
	{ "every", "from spike to spike", TR_GEN_TIME, 90 * TR_GEN_SECOND, 1000000, 1ull << 60 },
	{ "hold", "a spike's length", TR_GEN_TIME, 15 * TR_GEN_SECOND, 0, 1ull << 60 },
	TR_GEN_P_DURATION(600 * TR_GEN_SECOND),
	TR_GEN_P_WRITE(400000),
	TR_GEN_P_ACCESS(100000),
	TR_GEN_P_END,
};

static int ramp_spike(struct tr_gen_run *run, u64 base)
{
	u64 spike = run->value[2], end_ns = run->now_ns + run->value[4];
	u64 first = run->value[0] + run->value[1]; /* beyond what the ramp uses */
	int rc = tr_gen_populate(run, first, spike, TR_ANON);

	while (run->now_ns < end_ns && !rc) {
		u64 page = tr_rng_below(&run->rng, base + spike);
		rc = tr_gen_access(run, page < base ? page : first + page - base);
	}
	return rc ? rc : tr_gen_free_range(run, first, spike);
}

static int ramp(struct tr_gen_run *run)
{
	u64 start = run->value[1], top = run->value[0] < start ? start : run->value[0];
	u64 duration = run->value[5], live = start, next_spike = run->value[3];
	int rc = tr_gen_populate(run, 0, start, TR_ANON);

	while (run->now_ns < duration && !rc) {
		u64 want = start + (u64)((unsigned __int128)(top - start) * run->now_ns / duration);
		if (want > live)
			rc = tr_gen_populate(run, live++, 1, TR_ANON);
		if (!rc)
			rc = tr_gen_access(run, tr_rng_below(&run->rng, live));
		if (!rc && run->value[2] && run->now_ns >= next_spike) {
			rc = ramp_spike(run, live);
			next_spike += run->value[3];
		}
	}
	return rc ? rc : tr_gen_free_range(run, 0, live);
}

const struct tr_gen tr_gen_ramp = {
	.name = "ramp",
	.summary = "a build: memory climbs slowly, with spikes that are freed again",
	.param = ramp_param,
	.generate = ramp,
};

/* --- desktop: mostly idle --- */

static const struct tr_gen_param desktop_param[] = {
	TR_GEN_P_PAGES(768 * TR_GEN_MIB, "pages in all"),
	{ "wake", "pages that a periodic wake-up touches", TR_GEN_PAGES, 8 * TR_GEN_MIB, 1, 1u << 30 },
	{ "every", "from wake-up to wake-up", TR_GEN_TIME, 10 * TR_GEN_SECOND, 1000000, 1ull << 60 },
	{ "user", "pages that the user's return touches", TR_GEN_PAGES, 256 * TR_GEN_MIB, 0, 1u << 30 },
	{ "away", "from return to return", TR_GEN_TIME, 300 * TR_GEN_SECOND, 1000000, 1ull << 60 },
	TR_GEN_P_DURATION(1200 * TR_GEN_SECOND),
	TR_GEN_P_WRITE(300000),
	TR_GEN_P_ACCESS(50000),
	TR_GEN_P_END,
};

static int desktop(struct tr_gen_run *run)
{
	u64 pages = run->value[0], wake = run->value[1], user = run->value[3];
	u64 next_return = run->value[4];
	/* A third of a desktop is page cache: programs and libraries. */
	int rc = tr_gen_populate(run, 0, pages - pages / 3, TR_ANON);

	wake = wake < pages ? wake : pages;
	user = user < pages ? user : pages;
	if (!rc)
		rc = tr_gen_populate(run, pages - pages / 3, pages / 3, TR_FILE);
	while (run->now_ns < run->value[5] && !rc) {
		/* Timers touch the same pages each time; the user comes back to some part. */
		for (u64 i = 0; i < wake && !rc; i++)
			rc = tr_gen_access(run, i * (pages / wake));
		if (!rc && user && run->now_ns >= next_return) {
			u64 first = tr_rng_below(&run->rng, pages - user + 1);
			for (u64 i = 0; i < 4 * user && !rc; i++)
				rc = tr_gen_access(run, first + tr_rng_below(&run->rng, user));
			next_return += run->value[4];
		}
		if (!rc)
			rc = tr_gen_idle(run, (run->now_ns / run->value[2] + 1) * run->value[2]);
	}
	return rc;
}

const struct tr_gen tr_gen_desktop = {
	.name = "desktop",
	.summary = "an idle desktop: periodic wake-ups, and now and then the user",
	.param = desktop_param,
	.generate = desktop,
};

/* --- jvm: fills its heap, then collects --- */

static const struct tr_gen_param jvm_param[] = {
	{ "heap", "pages of the heap", TR_GEN_PAGES, 1024 * TR_GEN_MIB, 2, 1u << 30 },
	{ "live", "pages that survive each collection", TR_GEN_PAGES, 256 * TR_GEN_MIB, 1, 1u << 30 },
	{ "rate", "pages allocated in a second", TR_GEN_PAGES, 16 * TR_GEN_MIB, 1, 1u << 30 },
	{ "uncommit", "give the emptied part back to the system after a collection", TR_GEN_FLAG, 0,
	  0, 1 },
	TR_GEN_P_DURATION(600 * TR_GEN_SECOND),
	TR_GEN_P_WRITE(300000),
	TR_GEN_P_ACCESS(100000),
	TR_GEN_P_END,
};

/* The collector reads and copies what lives; the rest of the heap is empty then. */
static int jvm_collect(struct tr_gen_run *run, u64 heap, u64 live)
{
	u64 mutator_ns = run->access_ns;
	int rc = 0;

	run->access_ns = 1000; /* a collector goes through 4 GB in a second */
	for (u64 page = 0; page < live && !rc; page++)
		rc = tr_gen_touch(run, page, TR_MAPPED, true);
	run->access_ns = mutator_ns;
	if (!rc && run->value[3])
		rc = tr_gen_free_range(run, live, heap - live);
	return rc;
}

static int jvm(struct tr_gen_run *run)
{
	u64 heap = run->value[0], live = run->value[1] < heap ? run->value[1] : heap - 1;
	u64 top = live, seen = live, begun_ns, rate = run->value[2];
	int rc = tr_gen_populate(run, 0, live, TR_ANON);

	begun_ns = run->now_ns;
	while (run->now_ns < run->value[4] && !rc) {
		u64 due = (u64)((unsigned __int128)(run->now_ns - begun_ns) * rate / TR_GEN_SECOND);
		for (u64 end = live + due < heap ? live + due : heap; top < end && !rc; top++) {
			rc = top < seen ? tr_gen_touch(run, top, TR_MAPPED, true) :
					  tr_gen_populate(run, top, 1, TR_ANON);
			seen = top < seen ? seen : top + 1;
		}
		if (!rc && top == heap) {
			rc = jvm_collect(run, heap, live);
			top = live;
			seen = run->value[3] ? live : heap;
			begun_ns = run->now_ns;
		}
		if (!rc)
			rc = tr_gen_access(run, tr_rng_below(&run->rng, live));
	}
	return rc;
}

const struct tr_gen tr_gen_jvm = {
	.name = "jvm",
	.summary = "a Java heap's sawtooth: it fills, then the collector touches all that lives",
	.param = jvm_param,
	.generate = jvm,
};

/* --- burst: requests arrive in bursts --- */

static const struct tr_gen_param burst_param[] = {
	{ "base", "pages of the service at rest", TR_GEN_PAGES, 128 * TR_GEN_MIB, 1, 1u << 30 },
	{ "request", "pages that a request allocates and frees", TR_GEN_PAGES, 16 * TR_GEN_MIB, 1,
	  1u << 28 },
	{ "concurrent", "requests at a time in a burst", TR_GEN_COUNT, 24, 1, 4096 },
	{ "every", "from burst to burst", TR_GEN_TIME, 120 * TR_GEN_SECOND, 1000000, 1ull << 60 },
	{ "length", "of a burst", TR_GEN_TIME, 20 * TR_GEN_SECOND, 1000000, 1ull << 60 },
	TR_GEN_P_DURATION(600 * TR_GEN_SECOND),
	TR_GEN_P_WRITE(400000),
	TR_GEN_P_ACCESS(50000),
	TR_GEN_P_END,
};

/* All requests of a burst are in flight together; they end one after another. */
static int one_burst(struct tr_gen_run *run, u64 end_ns)
{
	u64 base = run->value[0], request = run->value[1], count = run->value[2];
	int rc = 0;

	for (u64 i = 0; i < count && !rc; i++)
		rc = tr_gen_populate(run, base + i * request, request, TR_ANON);
	while (run->now_ns < end_ns && !rc) {
		bool own = tr_rng_next(&run->rng) & 1;
		rc = own ? tr_gen_access(run, base + tr_rng_below(&run->rng, count * request)) :
			   tr_gen_access(run, tr_rng_below(&run->rng, base));
	}
	for (u64 i = 0; i < count && !rc; i++)
		rc = tr_gen_free_range(run, base + i * request, request);
	return rc;
}

static int burst(struct tr_gen_run *run)
{
	u64 base = run->value[0], every = run->value[3], duration = run->value[5];
	int rc = tr_gen_populate(run, 0, base, TR_ANON);

	while (run->now_ns < duration && !rc) {
		u64 next_ns = (run->now_ns / every + 1) * every;
		rc = tr_gen_idle(run, next_ns < duration ? next_ns : duration);
		if (!rc && run->now_ns < duration)
			rc = one_burst(run, run->now_ns + run->value[4]);
	}
	return rc;
}

const struct tr_gen tr_gen_burst = {
	.name = "burst",
	.summary = "a service at rest, and bursts of requests that allocate and free",
	.param = burst_param,
	.generate = burst,
};

/* --- leak --- */

static const struct tr_gen_param leak_param[] = {
	{ "hot", "pages in use", TR_GEN_PAGES, 128 * TR_GEN_MIB, 1, 1u << 30 },
	{ "rate", "pages lost in a second: written once, never used or freed", TR_GEN_PAGES,
	  1 * TR_GEN_MIB, 1, 1u << 24 },
	TR_GEN_P_DURATION(600 * TR_GEN_SECOND),
	TR_GEN_P_WRITE(300000),
	TR_GEN_P_ACCESS(100000),
	TR_GEN_P_END,
};

static int leak(struct tr_gen_run *run)
{
	u64 hot = run->value[0], lost = 0;
	int rc = tr_gen_populate(run, 0, hot, TR_ANON);

	while (run->now_ns < run->value[2] && !rc) {
		u64 due = (u64)((unsigned __int128)run->now_ns * run->value[1] / TR_GEN_SECOND);
		if (lost < due)
			rc = tr_gen_populate(run, hot + lost++, 1, TR_ANON);
		else
			rc = tr_gen_access(run, tr_rng_below(&run->rng, hot));
	}
	return rc;
}

const struct tr_gen tr_gen_leak = {
	.name = "leak",
	.summary = "a working set, and memory that is lost at a steady rate",
	.param = leak_param,
	.generate = leak,
};
