/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_trace_gen.c - generators: the same seed makes the same trace, parameters are
 * kept, and what comes out has the shape that the name promises.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tr_gen.h"
#include "tr_zipf.h"

#define PAGES_MAX (1u << 20)

struct tally {
	u64 digest, count, last_ns;
	u64 by_op[4], writes, idle_ns;
	u64 limit; /* stop after so many records; 0: never */
	u32 live, live_max;
	u32 *accesses; /* by page */
	bool *lives;
	u64 page_max;
};

static int tally_put(void *ctx, const struct tr_record *record, struct tr_error *error)
{
	struct tally *tally = ctx;

	(void)error;
	if (tally->limit && tally->count == tally->limit)
		return -ECANCELED;
	cr_assert_geq(record->time_ns, tally->last_ns, "time goes back");
	cr_assert_lt(record->page, PAGES_MAX);
	tally->digest = tr_mix64(tally->digest ^ record->page) + record->op;
	tally->digest = tr_mix64(tally->digest ^ record->time_ns) + record->write +
			2 * record->kind + 8 * record->type;
	tally->by_op[record->op]++;
	tally->writes += record->write;
	tally->accesses[record->page] += record->op == TR_ACCESS;
	if (record->op == TR_IDLE)
		tally->idle_ns += record->time_ns - tally->last_ns;
	if (record->op == TR_ALLOC) {
		cr_assert(!tally->lives[record->page], "allocates a living page");
		tally->lives[record->page] = true;
		if (++tally->live > tally->live_max)
			tally->live_max = tally->live;
	}
	if (record->op == TR_FREE) {
		cr_assert(tally->lives[record->page], "frees a page that does not live");
		tally->lives[record->page] = false;
		tally->live--;
	}
	if (record->op != TR_IDLE && record->page > tally->page_max)
		tally->page_max = record->page;
	tally->last_ns = record->time_ns;
	tally->count++;
	return 0;
}

/* @settings: "name=text name=text". */
static struct tally *generate(const char *name, const char *settings, u64 seed, u64 limit)
{
	static struct tally tally;
	const struct tr_gen *gen = tr_gen_find(name);
	struct tr_error error = { "" };
	u64 value[TR_GEN_PARAMS_MAX];
	char copy[256], *rest = copy, *word;

	cr_assert(gen);
	free(tally.accesses);
	free(tally.lives);
	tally = (struct tally){ .limit = limit,
				.accesses = calloc(PAGES_MAX, sizeof(u32)),
				.lives = calloc(PAGES_MAX, sizeof(bool)) };
	tr_gen_init(gen, value);
	snprintf(copy, sizeof(copy), "%s", settings);
	while ((word = strsep(&rest, " "))) {
		char *text = strchr(word, '=');
		if (!text)
			continue;
		*text++ = 0;
		cr_assert_eq(tr_gen_set(gen, value, word, text, &error), 0, "%s", error.text);
	}
	int rc = tr_gen_generate(gen, value, seed, (struct tr_sink){ tally_put, &tally }, &error);
	cr_assert(rc == 0 || (rc == -ECANCELED && limit), "%s: %d %s", name, rc, error.text);
	return &tally;
}

/* The digests are part of the contract: other machines and later versions make the same. */
static const struct {
	const char *name;
	u64 digest;
} golden[] = {
	{ "loop", 0x672c5503fdc6e245ull },
	{ "zipf", 0x626ba4e298fcbd87ull },
	{ "gauss", 0x167e1725ea20ad67ull },
	{ "scan", 0xdb3419788a081e8dull },
	{ "phase", 0x301e2469b767baa3ull },
	{ "ramp", 0xec86e2b46839ee3full },
	{ "desktop", 0xe8043eded5d37fafull },
	{ "jvm", 0x7fa3533ed8e71e30ull },
	{ "burst", 0xaf9f7c26fd1fccb8ull },
	{ "leak", 0xddf3fcacd3bc3bf7ull },
};

Test(trace_gen, a_seed_makes_the_same_trace_on_every_machine)
{
	for (u32 i = 0; tr_gen_at(i); i++) {
		cr_assert_str_eq(tr_gen_at(i)->name, golden[i].name);
		u64 digest = generate(golden[i].name, "", 7, 100000)->digest;
		cr_expect_eq(digest, golden[i].digest, "%s is 0x%016llxull", golden[i].name, digest);
		cr_assert_eq(generate(golden[i].name, "", 7, 100000)->digest, digest);
	}
}

Test(trace_gen, another_seed_makes_another_trace)
{
	for (u32 i = 0; tr_gen_at(i); i++) {
		u64 digest = generate(tr_gen_at(i)->name, "", 7, 600000)->digest;
		cr_assert_neq(generate(tr_gen_at(i)->name, "", 8, 600000)->digest, digest, "%s",
			      tr_gen_at(i)->name);
	}
}

Test(trace_gen, parameters_are_checked)
{
	const struct tr_gen *gen = tr_gen_find("zipf");
	struct tr_error error;
	u64 value[TR_GEN_PARAMS_MAX];
	char text[64];

	tr_gen_init(gen, value);
	cr_assert_null(tr_gen_find("nothing"));
	cr_assert_eq(tr_gen_set(gen, value, "pages", "0", &error), -EINVAL);
	cr_assert_str_eq(error.text, "zipf: pages: '0' is not in 1 to 128GiB");
	cr_assert_eq(tr_gen_set(gen, value, "pages", "many", &error), -EINVAL);
	cr_assert_str_eq(error.text,
			 "zipf: pages: 'many' is not pages such as 1M, or a size such as 256MiB");
	cr_assert_eq(tr_gen_set(gen, value, "color", "1", &error), -EINVAL);
	cr_assert_eq(tr_gen_set(gen, value, "alpha", "4.1", &error), -EINVAL);
	cr_assert_eq(tr_gen_set(gen, value, "scramble", "maybe", &error), -EINVAL);
	cr_assert_eq(tr_gen_set(gen, value, "access", "10", &error), -EINVAL);
	cr_assert_eq(tr_gen_set(gen, value, "write", "0.125", &error), 0);
	for (u32 i = 0; gen->param[i].name; i++) {
		u64 before = value[i];
		tr_gen_format(&gen->param[i], value[i], text, sizeof(text));
		cr_assert_eq(tr_gen_set(gen, value, gen->param[i].name, text, &error), 0, "%s", text);
		cr_assert_eq(value[i], before, "%s: %s", gen->param[i].name, text);
	}
}

Test(trace_gen, loop_goes_round)
{
	struct tally *tally = generate("loop", "pages=1000 count=10000 write=1 access=2us", 1, 0);

	for (u32 i = 0; i < 1000; i++)
		cr_assert_eq(tally->accesses[i], 10);
	cr_assert_eq(tally->writes, 10000);
	cr_assert_eq(tally->last_ns, 9999 * 2000);
}

/* Expected counts by the definition, in floating point: only the test may use it. */
Test(trace_gen, zipf_has_the_distribution_of_its_name)
{
	struct tally *tally = generate("zipf", "pages=1000 count=1000000 scramble=no", 3, 0);
	double sum = 0;

	for (int i = 1; i <= 1000; i++)
		sum += 1.0 / i;
	for (u32 i = 0; i < 1000; i++) {
		double want = 1000000 / sum / (i + 1), off = tally->accesses[i] - want;
		cr_assert_lt(off * off, 30 * want, "rank %u: %u, not %.0f", i, tally->accesses[i],
			     want);
	}
	tally = generate("zipf", "pages=1000 count=100000 alpha=0 scramble=yes", 3, 0);
	for (u32 i = 0; i < 1000; i++)
		cr_assert(tally->accesses[i] > 40 && tally->accesses[i] < 160);
}

Test(trace_gen, zipf_tables_give_each_rank_its_exact_share)
{
	static const u32 alphas[] = { 0, 500000, 800000, 1000000, 1200000, 4000000 };
	struct tr_zipf zipf;

	for (u32 a = 0; a < 6; a++) {
		u32 count = 5000;
		double *share = calloc(count, sizeof(*share)), sum = 0;
		cr_assert_eq(tr_zipf_create(&zipf, count, alphas[a]), 0);
		for (u32 i = 0; i < count; i++) {
			double own = zipf.place[i].threshold / 4294967296.0;
			share[i] += own / count;
			share[zipf.place[i].alias] += (1 - own) / count;
		}
		for (u32 i = 1; i <= count; i++)
			sum += __builtin_pow(i, -(double)alphas[a] / 1e6);
		for (u32 i = 0; i < count; i++) {
			double want = __builtin_pow(i + 1, -(double)alphas[a] / 1e6) / sum;
			double off = share[i] - want;
			cr_assert(off < 1e-8 && off > -1e-8, "alpha %u rank %u: %g not %g",
				  alphas[a], i, share[i], want);
		}
		tr_zipf_destroy(&zipf);
		free(share);
	}
}

Test(trace_gen, gauss_drifts_and_stays_near_its_centre)
{
	struct tally *tally = generate(
		"gauss", "pages=100000 count=100000 sigma=100 drift=1000 access=100us", 1, 0);
	u32 near = 0, far = 0;

	/* Ten seconds at 1000 pages a second: 0 to 10000, and six deviations around. */
	for (u32 i = 0; i < 100000; i++) {
		if (i <= 10600 || i >= 99400)
			near += tally->accesses[i];
		else
			far += tally->accesses[i];
	}
	cr_assert_eq(far, 0);
	cr_assert_eq(near, 100000);
	cr_assert_gt(tally->accesses[5000], 0);
}

Test(trace_gen, scan_reads_each_file_page_once_a_pass)
{
	struct tally *tally = generate("scan", "pages=1000 passes=3 hot=100 hot-share=0.5", 1, 0);
	u32 hot = 0;

	for (u32 i = 100; i < 1100; i++)
		cr_assert_eq(tally->accesses[i], 3);
	for (u32 i = 0; i < 100; i++)
		hot += tally->accesses[i] - 1;
	cr_assert(hot > 2600 && hot < 3400, "%u", hot);
	cr_assert_eq(tally->by_op[TR_ALLOC], 1100);
}

Test(trace_gen, phases_use_disjoint_sets)
{
	struct tally *tally = generate(
		"phase", "pages=100 sets=3 phase=1s duration=2s access=1ms", 1, 0);

	cr_assert_eq(tally->count, 2000);
	cr_assert_gt(tally->page_max, 100);
	cr_assert_lt(tally->page_max, 200);
}

Test(trace_gen, ramp_climbs_spikes_and_frees_all)
{
	struct tally *tally = generate("ramp",
				       "pages=2000 start=500 spike=300 every=10s hold=1s "
				       "duration=60s access=1ms",
				       1, 0);

	cr_assert_eq(tally->live, 0);
	cr_assert(tally->live_max > 1900 && tally->live_max <= 2300, "%u", tally->live_max);
	cr_assert_eq(tally->by_op[TR_ALLOC], tally->by_op[TR_FREE]);
	cr_assert_gt(tally->by_op[TR_ALLOC], 2000 + 4 * 300);
}

Test(trace_gen, a_desktop_mostly_idles)
{
	struct tally *tally = generate("desktop", "duration=10m", 1, 0);

	cr_assert_gt(tally->idle_ns * 10, tally->last_ns * 8);
	cr_assert_geq(tally->last_ns, 600000000000ull);
	cr_assert_geq(tally->by_op[TR_IDLE], 50);
	cr_assert_eq(tally->live, 768 * 256);
}

Test(trace_gen, a_heap_fills_and_is_collected)
{
	const char *same = "heap=1000 live=100 rate=450 duration=20s access=1ms";
	struct tally *tally = generate("jvm", same, 1, 0);
	char text[128];

	cr_assert_eq(tally->live_max, 1000);
	cr_assert_eq(tally->by_op[TR_FREE], 0);
	snprintf(text, sizeof(text), "%s uncommit=yes", same);
	tally = generate("jvm", text, 1, 0);
	/* It fills in two seconds and a little more: eight or nine times. */
	cr_assert_eq(tally->by_op[TR_FREE] % 900, 0);
	cr_assert(tally->by_op[TR_FREE] >= 5 * 900 && tally->by_op[TR_FREE] <= 10 * 900, "%llu",
		  tally->by_op[TR_FREE]);
	cr_assert_gt(tally->accesses[5], tally->accesses[500] * 10);
}

Test(trace_gen, bursts_allocate_and_free_between_rests)
{
	struct tally *tally = generate(
		"burst",
		"base=100 request=50 concurrent=4 every=10s length=2s duration=60s access=1ms", 1, 0);

	cr_assert_eq(tally->live, 100);
	cr_assert_eq(tally->live_max, 300);
	cr_assert_eq(tally->by_op[TR_FREE] % 200, 0);
	cr_assert_gt(tally->idle_ns * 2, tally->last_ns);
}

Test(trace_gen, a_leak_is_never_touched_again)
{
	struct tally *tally = generate("leak", "hot=100 rate=50 duration=20s access=1ms", 1, 0);

	cr_assert_eq(tally->by_op[TR_FREE], 0);
	cr_assert(tally->live > 100 + 950 && tally->live <= 100 + 1000, "%u", tally->live);
	for (u32 i = 100; i < tally->live; i++)
		cr_assert_eq(tally->accesses[i], 1);
}
