/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_core.c - what the core costs: by page aged, bit harvested, page evicted,
 * histogram, report.
 *
 * The guest has 4 GiB in pages of 4 KiB, 16 generations unless said otherwise, and the
 * accessed pages are spread at random, which is the worst for the cache.
 *
 * Every line is in time, beside the time that the machine takes to read as many bytes in
 * sequence as the operation cannot do without: bits, entries (whole cache lines where
 * they are far apart; twice what is also written), queue, message.
 *
 * core.pass		one pass of ageing with 1 % of the pages young, and the new generation
 * core.page		the same, by page of the guest
 * core.pass.RULES	the same with eviction's queues and Linux's four generations, so that each
 *			pass folds nearly all pages; by the rules of a kernel's version
 * core.bit.dense	a young page, when all are
 * core.bit.sparse	a young page, when 1 % are
 * core.enter		a page that comes in by a fault
 * core.evict		a victim, cold, with its shadow
 * core.histogram	all generations into 32 bins
 * core.report.DIALECT	the same, and the report's bytes from it
 * core.encode.DIALECT	a report's struct into bytes
 * core.decode.DIALECT	and back, with all that is checked
 * core.state.*		bytes of state by page, and of one object
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "ws_lru.h"
#include "ws_wire.h"

#define PAGES (1u << 20)
#define GENS 16u
#define BLOCK 512u
#define BATCH 64u /* victims of one call */
#define STREAM_BYTES (128u << 20)
#define LINE_BYTES 64.0
#define ROUNDS 2000u /* of what takes microseconds */
#define MS WS_NS_PER_MS

struct desk {
	u64 *stream, sum;
	u16 *page;
	u32 *pool;
	u64 *sparse, *dense; /* bits, by page */
	u32 sparse_count;
	struct ws_age age;
	struct ws_lru lru;
	struct ws_hist hist;
	struct ws_msg msg;
	const struct ws_dialect *dialect;
	u8 bytes[WS_WIRE_TO_HOST_MAX];
	u32 length;
	u64 now_ns;
};

/* --- the limit --------------------------------------------------------------------------- */

static int stream(void *ctx)
{
	struct desk *desk = ctx;
	u64 sum[4] = { 0, 0, 0, 0 };

	for (u32 i = 0; i < STREAM_BYTES / 8; i += 4)
		for (u32 lane = 0; lane < 4; lane++)
			sum[lane] += desk->stream[i + lane];
	desk->sum += sum[0] ^ sum[1] ^ sum[2] ^ sum[3];
	return 0;
}

/* --- the work ------------------------------------------------------------------------------ */

static void harvest(struct desk *desk, const u64 *bits)
{
	for (u32 first = 0; first < PAGES; first += BLOCK)
		ws_age_harvest(&desk->age, first, bits + first / 64, BLOCK);
}

static int harvest_dense(void *ctx)
{
	struct desk *desk = ctx;

	harvest(desk, desk->dense);
	return 0;
}

static int harvest_sparse(void *ctx)
{
	struct desk *desk = ctx;

	for (u32 i = 0; i < 8; i++)
		harvest(desk, desk->sparse);
	return 0;
}

static int pass(void *ctx)
{
	struct desk *desk = ctx;
	bool folded[WS_TYPES];

	for (u32 i = 0; i < 8; i++) {
		harvest(desk, desk->sparse);
		desk->now_ns += 1000 * MS;
		if (ws_age_advance(&desk->age, desk->now_ns, folded))
			return -EAGAIN;
	}
	return 0;
}

static int pass_and_fold(void *ctx)
{
	struct desk *desk = ctx;

	for (u32 i = 0; i < 8; i++) {
		for (u32 first = 0; first < PAGES; first += BLOCK)
			ws_lru_harvest(&desk->lru, first, desk->sparse + first / 64, BLOCK);
		desk->now_ns += 1000 * MS;
		if (ws_lru_advance(&desk->lru, desk->now_ns))
			return -EAGAIN;
	}
	return 0;
}

static int enter(void *ctx)
{
	struct desk *desk = ctx;

	memset(desk->page, 0, ws_age_footprint(PAGES));
	memset(desk->pool, 0, ws_lru_footprint(PAGES));
	if (ws_lru_init(&desk->lru, desk->page, desk->pool, PAGES, GENS, 0))
		return -EINVAL;
	for (u32 i = 0; i < PAGES; i++)
		ws_lru_add(&desk->lru, (i * 2654435761u) % PAGES, i & 1 ? WS_FILE : WS_ANON,
			   WS_ENTER_FAULT, 0);
	return 0;
}

static int evict(void *ctx)
{
	struct desk *desk = ctx;
	u32 victims[BATCH], shadows[BATCH], evicted = 0, got;

	do {
		struct ws_lru_scan scan = { .swappiness = 60, .budget = 2 * BATCH };

		got = ws_lru_evict(&desk->lru, &scan, NULL, NULL, victims, shadows, BATCH);
		evicted += got;
	} while (got);
	return evicted == PAGES ? 0 : -EINVAL;
}

static int histogram(void *ctx)
{
	struct desk *desk = ctx;

	for (u32 i = 0; i < ROUNDS; i++) {
		ws_hist_reset(&desk->hist);
		ws_age_collect(&desk->age, &desk->hist, desk->now_ns + i);
	}
	return 0;
}

static int encode(void *ctx)
{
	struct desk *desk = ctx;

	for (u32 i = 0; i < ROUNDS; i++) {
		int length = desk->dialect->encode_to_host(&desk->msg, desk->hist.bins_count,
							   desk->bytes, sizeof(desk->bytes));
		if (length < 0)
			return length;
		desk->length = (u32)length;
	}
	return 0;
}

static int decode(void *ctx)
{
	struct desk *desk = ctx;
	int rc = 0;

	for (u32 i = 0; !rc && i < ROUNDS; i++)
		rc = desk->dialect->decode_to_host(&desk->msg, desk->hist.bins_count, desk->bytes,
						   desk->length);
	return rc;
}

static int make_report(void *ctx)
{
	struct desk *desk = ctx;

	for (u32 i = 0; i < ROUNDS; i++) {
		ws_hist_reset(&desk->hist);
		ws_age_collect(&desk->age, &desk->hist, desk->now_ns + i);
		ws_msg_from_hist(&desk->msg, &desk->hist, 0);
		int length = desk->dialect->encode_to_host(&desk->msg, desk->hist.bins_count,
							   desk->bytes, sizeof(desk->bytes));
		if (length < 0)
			return length;
		desk->length = (u32)length;
	}
	return 0;
}

/* --- lines ----------------------------------------------------------------------------------- */

struct cost {
	const char *name, *unit;
	int (*run)(void *ctx);
	double items;	  /* of one call */
	double bytes;	  /* of one item, that must be moved */
	double ns_a_unit; /* 1, or 1e6 for a line in milliseconds */
	double target;
};

static int hand_in(struct bench_report *report, struct desk *desk, const struct cost *cost)
{
	struct bench_line line = { .name = cost->name, .unit = cost->unit, .less_is_good = true,
				   .limit_name = "reading its bytes", .target = cost->target };
	struct bench_work figure = { cost->run, desk, cost->items / 1e6 };
	struct bench_work limit = { stream, desk, STREAM_BYTES / cost->bytes / 1e6 };
	int rc = bench_pairs(&line, &figure, &limit);

	for (u32 i = 0; i < line.samples_count; i++) {
		line.sample[i] = 1000 / line.sample[i] / cost->ns_a_unit;
		line.limit_sample[i] = 1000 / line.limit_sample[i] / cost->ns_a_unit;
	}
	if (!rc)
		bench_add(report, &line);
	return rc;
}

static int ageing(struct bench_report *report, struct desk *desk)
{
	double young = desk->sparse_count;
	double pass_bytes = PAGES / 8.0 + 2 * LINE_BYTES * young;
	const struct cost costs[] = {
		{ "core.pass", "ms", pass, 8, pass_bytes, 1e6, 2 },
		{ "core.page", "ns/page", pass, 8.0 * PAGES, pass_bytes / PAGES, 1, 0 },
		{ "core.bit.sparse", "ns/bit", harvest_sparse, 8 * young, pass_bytes / young, 1, 0 },
		{ "core.bit.dense", "ns/bit", harvest_dense, PAGES, 4.125, 1, 0 },
	};
	int rc = ws_age_init(&desk->age, desk->page, PAGES, GENS, 0);

	for (u32 i = 0; !rc && i < PAGES; i++)
		ws_age_add(&desk->age, i, i & 1 ? WS_FILE : WS_ANON, desk->age.max_seq);
	for (u32 i = 0; !rc && i < sizeof(costs) / sizeof(costs[0]); i++)
		rc = hand_in(report, desk, &costs[i]);
	return rc;
}

static int folding(struct bench_report *report, struct desk *desk)
{
	static const struct {
		const char *rules, *line;
	} versions[] = {
		{ "base", "core.pass.base" }, { "6.1.y", "core.pass.6.1.y" },
		{ "6.12", "core.pass.6.12" }, { "6.14", "core.pass.6.14" },
		{ "mm-new", "core.pass.mm-new" }, { "fg", "core.pass.fg" },
	};
	double bytes = PAGES / 8.0 + 2 * LINE_BYTES * desk->sparse_count;
	int rc = 0;

	for (u32 i = 0; !rc && i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct ws_rules rules = *ws_rules_find(versions[i].rules, (u32)strlen(versions[i].rules));
		const struct cost cost = {
			versions[i].line, "ms", pass_and_fold, 8,
			/* a queue and its pages' entries are read, where promoted pages are sorted out */
			bytes + (rules.fold == WS_FOLD_SORTS ? PAGES * (4.3 + 2) : 0), 1e6, 2,
		};

		memset(desk->page, 0, ws_age_footprint(PAGES));
		memset(desk->pool, 0, ws_lru_footprint(PAGES));
		rc = ws_lru_init_rules(&desk->lru, desk->page, desk->pool, PAGES, &rules, 0);
		for (u32 page = 0; !rc && page < PAGES; page++)
			ws_lru_add(&desk->lru, page, page & 1 ? WS_FILE : WS_ANON, WS_ENTER_FAULT, 0);
		desk->now_ns = 0;
		rc = rc ? rc : pass_and_fold(desk);
		rc = rc ? rc : hand_in(report, desk, &cost);
	}
	return rc;
}

/* In pairs by itself: each eviction needs its guest filled and aged again. */
static int evicting(struct bench_report *report, struct desk *desk)
{
	struct bench_line line = { .name = "core.evict", .unit = "ns/victim", .less_is_good = true,
				   .limit_name = "reading its bytes" };
	const struct cost entering = { "core.enter", "ns/page", enter, PAGES, 2 * 2 + 2 * 4.3, 1, 0 };
	int rc = hand_in(report, desk, &entering);

	while (!rc && line.samples_count < BENCH_REPEATS) {
		double start = bench_cpu_seconds();

		stream(desk);
		line.limit_sample[line.samples_count] = (bench_cpu_seconds() - start) * 1e9 *
							(2 * 2 + 4.3 + 4 + 4) / STREAM_BYTES;
		rc = enter(desk);
		for (u32 i = 1; !rc && i < GENS; i++)
			rc = ws_lru_advance(&desk->lru, i * MS);
		start = bench_cpu_seconds();
		rc = rc ? rc : evict(desk);
		line.sample[line.samples_count++] = (bench_cpu_seconds() - start) * 1e9 / PAGES;
	}
	if (!rc)
		bench_add(report, &line);
	return rc;
}

static int reporting(struct bench_report *report, struct desk *desk, const char *dialect,
		     const char *const names[3])
{
	double report_bytes = sizeof(desk->age.pages) + sizeof(desk->age.birth_ns) +
			      2 * sizeof(desk->hist.pages);
	int rc;

	desk->dialect = ws_dialect_find(dialect);
	rc = make_report(desk);
	const struct cost costs[] = {
		{ names[0], "ns/report", make_report, ROUNDS, report_bytes + desk->length, 1, 2000 },
		{ names[1], "ns/report", encode, ROUNDS, 2.0 * desk->length, 1, 0 },
		{ names[2], "ns/report", decode, ROUNDS, 2.0 * desk->length, 1, 0 },
	};

	for (u32 i = 0; !rc && i < sizeof(costs) / sizeof(costs[0]); i++)
		rc = hand_in(report, desk, &costs[i]);
	return rc;
}

static int reports(struct bench_report *report, struct desk *desk)
{
	static const char *const v4[] = { "core.report.v4", "core.encode.v4", "core.decode.v4" };
	static const char *const wsr1[] = { "core.report.wsr1", "core.encode.wsr1",
					    "core.decode.wsr1" };
	const struct cost cost = { "core.histogram", "ns", histogram, ROUNDS,
				   sizeof(desk->age.pages) + sizeof(desk->age.birth_ns) +
					   2 * sizeof(desk->hist.pages), 1, 0 };
	u64 edge_ns[WS_EDGES_MAX];
	int rc;

	for (u32 i = 0; i < WS_EDGES_MAX; i++)
		edge_ns[i] = (i + 1) * 700 * MS; /* none of them a generation's */
	rc = ws_hist_init(&desk->hist, edge_ns, WS_EDGES_MAX);
	if (!rc)
		rc = hand_in(report, desk, &cost);
	if (!rc)
		rc = reporting(report, desk, "v4", v4);
	return rc ? rc : reporting(report, desk, "wsr1", wsr1);
}

static void sizes(struct bench_report *report)
{
	const struct {
		const char *name, *unit;
		double value;
	} size[] = {
		{ "core.state.age", "B/page", (double)ws_age_footprint(PAGES) / PAGES },
		{ "core.state.lru", "B/page",
		  (double)(ws_age_footprint(PAGES) + ws_lru_footprint(PAGES)) / PAGES },
		{ "core.state.lruvec", "B", sizeof(struct ws_lru) },
		{ "core.state.report", "B", sizeof(struct ws_report) },
	};

	for (u32 i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		struct bench_line line = { .name = size[i].name, .unit = size[i].unit,
					   .sample = { size[i].value }, .samples_count = 1,
					   .less_is_good = true, .exact = true };

		bench_add(report, &line);
	}
}

static int desk_set_up(struct desk *desk)
{
	u64 state = 1;

	desk->stream = malloc(STREAM_BYTES);
	desk->page = calloc(1, ws_age_footprint(PAGES));
	desk->pool = aligned_alloc(64, (ws_lru_footprint(PAGES) + 63) / 64 * 64);
	desk->sparse = calloc(PAGES / 64, sizeof(u64));
	desk->dense = malloc(PAGES / 8);
	if (!desk->stream || !desk->page || !desk->pool || !desk->sparse || !desk->dense)
		return -ENOMEM;
	memset(desk->stream, 1, STREAM_BYTES);
	memset(desk->dense, 0xff, PAGES / 8);
	for (u32 i = 0; i < PAGES; i++) {
		state = state * 6364136223846793005ull + 1442695040888963407ull;
		if ((state >> 33) % 100)
			continue;
		desk->sparse[i / 64] |= 1ull << i % 64;
		desk->sparse_count++;
	}
	return 0;
}

static int run(struct bench_report *report)
{
	struct desk *desk = calloc(1, sizeof(*desk));
	int rc = desk ? desk_set_up(desk) : -ENOMEM;

	if (!rc)
		rc = ageing(report, desk);
	if (!rc)
		rc = reports(report, desk);
	if (!rc)
		rc = folding(report, desk);
	if (!rc)
		rc = evicting(report, desk);
	if (!rc)
		sizes(report);
	if (desk) {
		free(desk->stream);
		free(desk->page);
		free(desk->pool);
		free(desk->sparse);
		free(desk->dense);
	}
	free(desk);
	return rc;
}

const struct bench bench_core = {
	.name = "core",
	.summary = "the core's operations, a guest of 4 GiB in 4 KiB pages",
	.run = run,
};
