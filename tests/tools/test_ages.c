/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ages.c - the contest of sources: names, order of time, truth and scores. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab/sim_ages.h"
#include "lab/sim_ages_flow.h"
#include "lab/sim_ages_score.h"
#include "tr_gen.h"
#include "own_folder.h"

#define MS 1000000ull
#define SECOND (1000 * MS)

/* --- names --- */

Test(ages, sources_are_named_with_number_and_interval)
{
	struct sim_ages_choice choice;
	struct tr_error error;

	cr_assert_eq(sim_ages_choose(&choice, "mglru", &error), 0);
	cr_assert(choice.kind == SIM_AGES_MGLRU && choice.param == 4 && !choice.interval_ns);
	cr_assert_eq(sim_ages_choose(&choice, "mglru:16@250ms", &error), 0);
	cr_assert(choice.param == 16 && choice.interval_ns == 250 * MS);
	cr_assert_str_eq(choice.name, "mglru:16@250ms");
	cr_assert_str_eq(choice.family, "mglru:16");
	cr_assert_eq(choice.rules, ws_rules_base, "mglru means here what it means in a scenario");
	cr_assert_eq(sim_ages_choose(&choice, "scan:clear_refs", &error), 0);
	cr_assert_eq(choice.kind, SIM_AGES_REFS);
	sim_ages_set_interval(&choice, 2 * SECOND);
	cr_assert_str_eq(choice.name, "scan:clear_refs@2s");
}

Test(ages, a_version_means_the_kernels_rules_as_in_a_scenario)
{
	static const struct {
		const char *text, *rules;
		u32 gens;
	} good[] = {
		{ "mglru:6.14", "6.14", 4 },	     { "mglru:6.14:16", "6.14", 16 },
		{ "mglru:16:6.14@2s", "6.14", 16 },  { "mglru:6.1.y", "6.1.y", 4 },
		{ "mglru:mm-new:64", "mm-new", 64 }, { "mglru:base:8", "base", 8 },
	};
	struct sim_ages_choice choice;
	struct tr_error error;

	for (u32 i = 0; i < sizeof(good) / sizeof(*good); i++) {
		cr_assert_eq(sim_ages_choose(&choice, good[i].text, &error), 0, "%s", error.text);
		cr_assert_str_eq(choice.rules->name, good[i].rules);
		cr_assert_eq(choice.param, good[i].gens, "%s: %u", good[i].text, choice.param);
	}
}

Test(ages, what_is_no_source_is_refused_with_a_reason)
{
	static const char *const bad[] = {
		"", "@1s", "lru", "mglru:", "mglru:2", "mglru:65", "mglru:x", "mglru:6.13", "mglru:4.5",
		"mglru:6.14:6.18", "mglru:4:8", "mglru:6.14:", "mglru::4", "mglru:6.14:65",
		"twolist:1.5", "twolist:6.14", "twolist:1:2", "twolist:13", "damon:5", "scan:all",
		"mglru@", "mglru@0", "mglru@1us", "mglru@soon",
	};
	struct sim_ages_choice choice;

	for (u32 i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct tr_error error = { "" };
		cr_assert_eq(sim_ages_choose(&choice, bad[i], &error), -EINVAL, "%s", bad[i]);
		cr_assert(*error.text && !strchr(error.text, '\n'));
	}
}

/* A second word that is neither is not taken for a second number. */
Test(ages, a_word_that_is_no_number_is_refused_as_such)
{
	static const struct {
		const char *text, *reason;
	} bad[] = {
		{ "mglru:8:xyz", "mglru:8:xyz: needs a number from 3 to 64" },
		{ "mglru:8:", "mglru:8:: needs a number from 3 to 64" },
		{ "mglru:8:16", "mglru:8:16: two numbers" },
	};
	struct sim_ages_choice choice;
	struct tr_error error;

	for (u32 i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		cr_assert_eq(sim_ages_choose(&choice, bad[i].text, &error), -EINVAL);
		cr_assert(strstr(error.text, bad[i].reason), "%s", error.text);
	}
}

/* --- traces --- */

static void write_trace(const char *name, char *path, const struct tr_record *records, u32 count)
{
	struct tr_meta meta = { .window_ns = 0, .origin = "kind: test\n" };
	struct tr_writer *writer;
	struct tr_error error;

	path_of(path, 128, name);
	cr_assert_eq(tr_writer_open(&writer, path, &meta, &error), 0, "%s", error.text);
	for (u32 i = 0; i < count; i++)
		cr_assert_eq(tr_writer_put(writer, &records[i], &error), 0, "%s", error.text);
	cr_assert_eq(tr_writer_commit(writer, &error), 0, "%s", error.text);
}

static void generate(const char *name, const char *generator, char *path, u64 seed)
{
	const struct tr_gen *gen = tr_gen_find(generator);
	struct tr_meta meta = { .origin = "kind: test\n" };
	u64 value[TR_GEN_PARAMS_MAX];
	struct tr_writer *writer;
	struct tr_error error;

	path_of(path, 128, name);
	cr_assert_not_null(gen);
	tr_gen_init(gen, value);
	cr_assert_eq(tr_gen_set(gen, value, "heap", "4MiB", &error), 0, "%s", error.text);
	cr_assert_eq(tr_gen_set(gen, value, "live", "1MiB", &error), 0, "%s", error.text);
	cr_assert_eq(tr_gen_set(gen, value, "rate", "200", &error), 0, "%s", error.text);
	cr_assert_eq(tr_gen_set(gen, value, "duration", "20s", &error), 0, "%s", error.text);
	cr_assert_eq(tr_writer_open(&writer, path, &meta, &error), 0, "%s", error.text);
	cr_assert_eq(tr_gen_generate(gen, value, seed, tr_writer_sink(writer), &error), 0, "%s",
		     error.text);
	cr_assert_eq(tr_writer_commit(writer, &error), 0, "%s", error.text);
}

Test(ages, streams_are_merged_record_by_record, .init = make_folder, .fini = remove_folder)
{
	struct tr_record records[400];
	struct sim_ages_event event;
	struct sim_ages_flow flow;
	struct tr_error error;
	u64 last_ns = 0;
	u32 seen = 0, count = 0;
	char path[128];

	/* Two streams whose runs overlap: every 10 ms and, in between, every 15 ms. */
	for (u32 i = 0; i < 200; i++) {
		records[count++] = (struct tr_record){ .op = TR_ACCESS, .page = i, .stream = 0,
						       .time_ns = i * 10 * MS };
		records[count++] = (struct tr_record){ .op = TR_ACCESS, .page = 4096 + i, .stream = 1,
						       .time_ns = i * 15 * MS + 3 * MS };
	}
	write_trace("two.wst", path, records, count);
	cr_assert_eq(sim_ages_flow_open(&flow, path, &error), 0, "%s", error.text);
	while (sim_ages_flow_next(&flow, &event, &error) > 0) {
		cr_assert_geq(event.time_ns, last_ns, "record %u", seen);
		last_ns = event.time_ns;
		seen++;
	}
	sim_ages_flow_close(&flow);
	cr_assert_eq(seen, 400);
}

static void ages_of(struct sim_ages *ages, const char *path, const char *const *source)
{
	struct tr_error error;

	memset(ages, 0, sizeof(*ages));
	ages->path = path;
	ages->report_ns = 700 * MS;
	ages->cold_ns = 2 * SECOND;
	ages->edges_count = 4;
	for (u32 i = 0; i < 4; i++)
		ages->edge_ns[i] = SECOND << i;
	ages->costs = sim_ages_costs_default;
	ages->seed = 1;
	for (; *source; source++)
		cr_assert_eq(sim_ages_choose(&ages->choice[ages->sources_count++], *source, &error),
			     0, "%s", error.text);
}

static const char *const all_sources[] = { "mglru:4@500ms", "mglru:64@500ms", "twolist:0@500ms",
					   "damon@5ms", "scan:idle@500ms", "scan:clear_refs@250ms",
					   "scan:pagemap_scan@500ms", NULL };

/* The truth, once more and simply: everybody's last access, looked through at each report. */
static void naive_truth(const struct sim_ages *ages, u64 pages, double bins[WS_BINS_MAX],
			double *cold_share, u64 *reports)
{
	u64 *last_ns = calloc(pages, sizeof(u64)), next_ns = ages->report_ns;
	u8 *present = calloc(pages, 1);
	struct sim_ages_event event;
	struct sim_ages_flow flow;
	struct tr_error error;
	bool more = true;

	*reports = 0;
	*cold_share = 0;
	memset(bins, 0, sizeof(double) * WS_BINS_MAX);
	cr_assert_eq(sim_ages_flow_open(&flow, ages->path, &error), 0);
	while (more) {
		more = sim_ages_flow_next(&flow, &event, &error) > 0;
		u64 until_ns = more ? event.time_ns : ages->span_ns;
		for (; next_ns <= until_ns; next_ns += ages->report_ns) {
			u64 here = 0, cold = 0;
			for (u32 page = 0; page < pages; page++) {
				if (!present[page])
					continue;
				u64 idle_ns = next_ns - last_ns[page];
				u32 bin = 0;
				while (bin < ages->edges_count && idle_ns >= ages->edge_ns[bin])
					bin++;
				bins[bin]++;
				here++;
				cold += idle_ns >= ages->cold_ns;
			}
			*reports += here > 0;
			*cold_share += here ? (double)cold / (double)here : 0;
		}
		if (!more)
			break;
		present[event.page] = event.op == TR_ACCESS;
		last_ns[event.page] = event.time_ns;
	}
	sim_ages_flow_close(&flow);
	free(last_ns);
	free(present);
}

Test(ages, the_truth_is_what_a_naive_model_finds, .init = make_folder, .fini = remove_folder)
{
	static struct sim_ages ages;
	double bins[WS_BINS_MAX], cold;
	struct tr_error error;
	char path[128];
	u64 reports;

	for (u64 seed = 1; seed <= 3; seed++) {
		generate("jvm.wst", "jvm", path, seed);
		ages_of(&ages, path, all_sources);
		cr_assert_eq(sim_ages_run(&ages, &error), 0, "%s", error.text);
		naive_truth(&ages, 65536, bins, &cold, &reports);
		cr_assert_eq(ages.reports_count, reports, "seed %llu", seed);
		cr_assert_gt(reports, 20);
		cr_assert_float_eq(ages.score[0].cold_true, cold / (double)reports, 1e-9);
		for (u32 bin = 0; bin <= ages.edges_count; bin++) {
			double told = ages.score[0].truth[WS_ANON][bin] +
				      ages.score[0].truth[WS_FILE][bin];
			cr_assert_float_eq(told, bins[bin] / (double)reports, 1e-6,
					   "seed %llu bin %u: %g, not %g", seed, bin, told,
					   bins[bin] / (double)reports);
		}
	}
}

Test(ages, told_pages_are_conserved_and_a_run_is_the_same_twice, .init = make_folder,
     .fini = remove_folder)
{
	static struct sim_ages first, second;
	struct tr_error error;
	char path[128];

	generate("jvm.wst", "jvm", path, 7);
	ages_of(&first, path, all_sources);
	ages_of(&second, path, all_sources);
	cr_assert_eq(sim_ages_run(&first, &error), 0, "%s", error.text);
	cr_assert_eq(sim_ages_run(&second, &error), 0, "%s", error.text);
	cr_assert_eq(memcmp(first.score, second.score, sizeof(first.score)), 0);
	for (u32 i = 0; i < first.sources_count; i++) {
		double told = 0, truth = 0;
		for (u32 type = 0; type < WS_TYPES; type++)
			for (u32 bin = 0; bin <= first.edges_count; bin++) {
				told += first.score[i].told[type][bin];
				truth += first.score[i].truth[type][bin];
			}
		cr_assert_float_eq(told, truth, 1e-6, "%s", first.score[i].choice.name);
		cr_assert(first.score[i].cpu_ns_per_s > 0 && first.score[i].valid);
	}
}

Test(ages, finer_passes_and_more_generations_err_less, .init = make_folder, .fini = remove_folder)
{
	static const char *const source[] = { "mglru:4@250ms", "mglru:64@250ms", "mglru:64@2s", NULL };
	static struct sim_ages ages;
	struct tr_error error;
	char path[128];

	generate("jvm.wst", "jvm", path, 1);
	ages_of(&ages, path, source);
	cr_assert_eq(sim_ages_run(&ages, &error), 0, "%s", error.text);
	cr_assert_lt(ages.score[1].wrong_bin, ages.score[0].wrong_bin, "folding is an error");
	cr_assert_lt(ages.score[1].wrong_bin, ages.score[2].wrong_bin, "so is waiting");
	cr_assert_lt(ages.score[0].bias_ns, 0, "folded pages look younger");
	cr_assert_gt(ages.score[1].cpu_ns_per_s, ages.score[2].cpu_ns_per_s);
	/* The same walks find the same pages, whatever N is. */
	cr_assert_eq(memcmp(&ages.score[0].cost, &ages.score[1].cost, sizeof(ages.score[0].cost)), 0);
	/* No span is longer than an interval, so no page is told older than that too much. */
	cr_assert_leq(ages.score[1].error_ns, 250 * MS);
}

Test(ages, one_page_by_hand, .init = make_folder, .fini = remove_folder)
{
	static const char *const source[] = { "mglru:8@1s", "scan:idle@1s", "scan:pagemap_scan@1s",
					      NULL };
	static struct sim_ages ages;
	const struct tr_record records[] = {
		{ .op = TR_ACCESS, .page = 1, .write = 1, .time_ns = 0 },
		{ .op = TR_ACCESS, .page = 1, .time_ns = 2500 * MS }, /* a read */
		{ .op = TR_IDLE, .time_ns = 4500 * MS },
		{ .op = TR_ACCESS, .page = 1, .write = 1, .time_ns = 4500 * MS },
	};
	struct tr_error error;
	char path[128];

	write_trace("one.wst", path, records, 4);
	ages_of(&ages, path, source);
	ages.report_ns = 4 * SECOND; /* one report, at 4 s: idle for 1.5 s */
	cr_assert_eq(sim_ages_run(&ages, &error), 0, "%s", error.text);
	cr_assert_eq(ages.reports_count, 1);
	/* Seen by the pass at 3 s: used between 2 and 3 s, so 1 to 2 s ago, the middle is true. */
	for (u32 i = 0; i < 2; i++) {
		cr_assert_eq(ages.score[i].wrong_bin, 0);
		cr_assert_eq(ages.score[i].wrong_page, 0);
		cr_assert_float_eq(ages.score[i].bias_ns, 0, 2 * MS);
		cr_assert_float_eq(ages.score[i].error_ns, 250 * MS, 2 * MS);
	}
	/* Only the write at 0 was seen: 3 to 4 s ago, 2 s too much, and cold. */
	cr_assert_eq(ages.score[2].wrong_bin, 1);
	cr_assert_eq(ages.score[2].wrong_page, 1);
	cr_assert_float_eq(ages.score[2].bias_ns, 2 * SECOND, 2 * MS);
	cr_assert_eq(ages.score[2].cold_bias, 1);
	cr_assert_eq(ages.score[2].faults_count, 1, "the write at 4.5 s found it protected");
	cr_assert_eq(ages.score[0].faults_count, 0);
}

Test(ages, a_limit_on_memory_evicts_the_oldest_and_all_sources_agree, .init = make_folder,
     .fini = remove_folder)
{
	static struct sim_ages ages;
	struct tr_error error;
	char path[128];

	generate("jvm.wst", "jvm", path, 2);
	ages_of(&ages, path, all_sources);
	ages.memory_pages = 100;
	cr_assert_eq(sim_ages_run(&ages, &error), 0, "%s", error.text);
	cr_assert_gt(ages.evictions_count, 100);
	for (u32 i = 0; i < ages.sources_count; i++) {
		double told = 0;
		for (u32 bin = 0; bin <= ages.edges_count; bin++)
			told += ages.score[i].told[WS_ANON][bin] + ages.score[i].told[WS_FILE][bin];
		cr_assert_leq(told, 100 + 1e-9);
	}
}

Test(ages, traces_that_do_not_serve_are_refused, .init = make_folder, .fini = remove_folder)
{
	static struct sim_ages ages;
	const struct tr_record record = { .op = TR_ACCESS, .page = 1, .time_ns = 10 * MS };
	struct tr_error error = { "" };
	char path[128];

	write_trace("short.wst", path, &record, 1);
	ages_of(&ages, path, all_sources);
	cr_assert_eq(sim_ages_run(&ages, &error), -EINVAL);
	cr_assert(strstr(error.text, "ends before the first report"), "%s", error.text);
	ages_of(&ages, "/nonexistent.wst", all_sources);
	cr_assert_lt(sim_ages_run(&ages, &error), 0);
	bool stop = true;
	generate("jvm.wst", "jvm", path, 2);
	ages_of(&ages, path, all_sources);
	ages.stop = &stop;
	cr_assert_eq(sim_ages_run(&ages, &error), -EINTR);
}

/* --- scores --- */

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Ranks by a sweep against ranks of pages laid out one by one. */
Test(ages, ranks_are_those_of_pages_laid_out_evenly)
{
	struct sim_ages ages = { .edge_ns = { SECOND }, .edges_count = 1 };
	struct sim_ages_told told = { .piece = NULL };
	const u64 span[][3] = { { 0, 1000000, 5000 }, { 500000, 500000, 3000 },
				{ 2000000, 6000000, 4000 }, { 3000000, 3500000, 2000 } };
	double all[14000], rank_ns[SIM_AGES_RANKS];
	u32 count = 0;

	sim_ages_told_begin(&told, &ages);
	for (u32 i = 0; i < 4; i++) {
		told.sink.put(&told.sink, WS_ANON, span[i][0], span[i][1], span[i][2]);
		for (u64 k = 0; k < span[i][2]; k++)
			all[count++] = (double)span[i][0] + ((double)k + 0.5) / (double)span[i][2] *
							     (double)(span[i][1] - span[i][0]);
	}
	qsort(all, count, sizeof(*all), ascending);
	sim_ages_told_ranks(&told, rank_ns);
	for (u32 rank = 0; rank < SIM_AGES_RANKS; rank++) {
		double want = all[(u32)((rank + 0.5) / SIM_AGES_RANKS * count)];
		cr_assert_float_eq(rank_ns[rank], want, 2000, "rank %u: %g, not %g", rank,
				   rank_ns[rank], want);
	}
	sim_ages_told_destroy(&told);
}
