/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_ages.c - wssim ages: sources of ages over one trace, error against cost. */
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_ages.h"
#include "cli/cmd_options.h"
#include "cli/cmd_sim.h"
#include "output/sim_figures_ages.h"
#include "observe/sim_results.h"
#include "tr_units.h"

#define SOURCES_DEFAULT \
	"mglru:4,mglru:16,twolist,damon,scan:idle,scan:clear_refs,scan:pagemap_scan"
#define EDGES_DEFAULT "1s,2s,4s,8s,16s,32s"
#define INTERVALS_MAX SIM_AGES_SOURCES_MAX

enum { KEY_COLD = 256, KEY_EDGES, KEY_SEED, KEY_NO_PLOTS };

struct options {
	const char *path, *sources, *intervals, *edges, *dir;
	u64 report_ns, cold_ns, memory_pages, seed;
	bool json, no_plots;
};

static void parse_time(struct argp_state *state, const char *name, const char *arg, u64 *ns)
{
	if (tr_parse_ns(arg, ns) || *ns < 1000000 || *ns > 1ull << 60)
		argp_error(state, "--%s %s: a time of 1ms or more", name, arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'S':
		options->sources = arg;
		return 0;
	case 'a':
		options->intervals = arg;
		return 0;
	case 'r':
		parse_time(state, "report", arg, &options->report_ns);
		return 0;
	case KEY_COLD:
		parse_time(state, "cold", arg, &options->cold_ns);
		return 0;
	case KEY_EDGES:
		options->edges = arg;
		return 0;
	case 'm':
		if (tr_parse_pages(arg, &options->memory_pages) || !options->memory_pages)
			argp_error(state, "--memory %s: a number of pages or a size like 64MiB", arg);
		return 0;
	case KEY_SEED:
		if (tr_parse_count(arg, &options->seed))
			argp_error(state, "--seed %s: not a number", arg);
		return 0;
	case 'o':
		options->dir = arg;
		return 0;
	case 'J':
		options->json = true;
		return 0;
	case KEY_NO_PLOTS:
		options->no_plots = true;
		return 0;
	default:
		return cmd_option_input(key, arg, state, "trace", &options->path);
	}
}

/* Call @each with every part of a list with commas. */
static int for_each(const char *list, int (*each)(void *ctx, const char *part,
						   struct tr_error *error),
		    void *ctx, struct tr_error *error)
{
	char part[64];

	for (const char *at = list;;) {
		size_t length = strcspn(at, ",");
		if (!length || length >= sizeof(part))
			return tr_fail(error, -EINVAL, "%.60s: a list with commas between", list);
		memcpy(part, at, length);
		part[length] = 0;
		int rc = each(ctx, part, error);
		if (rc || !at[length])
			return rc;
		at += length + 1;
	}
}

struct intervals {
	u64 ns[INTERVALS_MAX];
	u32 count;
};

static int add_interval(void *ctx, const char *part, struct tr_error *error)
{
	struct intervals *intervals = ctx;
	u64 ns;

	if (tr_parse_ns(part, &ns) || ns < 1000000 || ns > 1ull << 60)
		return tr_fail(error, -EINVAL, "--age %s: a time of 1ms or more", part);
	if (intervals->count == INTERVALS_MAX)
		return tr_fail(error, -EINVAL, "--age: at most %u intervals", INTERVALS_MAX);
	intervals->ns[intervals->count++] = ns;
	return 0;
}

static int add_edge(void *ctx, const char *part, struct tr_error *error)
{
	struct sim_ages *ages = ctx;
	u64 ns;

	if (tr_parse_ns(part, &ns) || !ns)
		return tr_fail(error, -EINVAL, "--edges: %s is no time", part);
	if (ages->edges_count == WS_EDGES_MAX)
		return tr_fail(error, -EINVAL, "--edges: at most %u", WS_EDGES_MAX);
	ages->edge_ns[ages->edges_count++] = ns;
	if (ws_hist_check_edges(ages->edge_ns, ages->edges_count))
		return tr_fail(error, -EINVAL, "--edges: %s is not above the one before", part);
	return 0;
}

struct sources {
	struct sim_ages *ages;
	const struct intervals *intervals;
};

static int add_source(void *ctx, const char *part, struct tr_error *error)
{
	const struct sources *sources = ctx;
	struct sim_ages *ages = sources->ages;
	struct sim_ages_choice choice;
	int rc = sim_ages_choose(&choice, part, error);

	if (rc)
		return rc;
	/* DAMON has an interval of its own. */
	bool one = choice.interval_ns || choice.kind == SIM_AGES_DAMON;
	for (u32 i = 0; i < (one ? 1 : sources->intervals->count); i++) {
		if (ages->sources_count == SIM_AGES_SOURCES_MAX)
			return tr_fail(error, -EINVAL, "--source: more than %u sources and intervals",
				       SIM_AGES_SOURCES_MAX);
		if (!one)
			sim_ages_set_interval(&choice, sources->intervals->ns[i]);
		ages->choice[ages->sources_count++] = choice;
	}
	return 0;
}

static int read_lists(struct sim_ages *ages, const struct options *options, struct tr_error *error)
{
	struct intervals intervals = { .count = 0 };
	struct sources sources = { ages, &intervals };
	int rc = for_each(options->intervals, add_interval, &intervals, error);

	if (!rc)
		rc = for_each(options->edges, add_edge, ages, error);
	if (!rc)
		rc = for_each(options->sources, add_source, &sources, error);
	return rc;
}

static void show_progress(void *ctx, u64 now_ns, u64 end_ns)
{
	struct cmd_ages *run = ctx;

	run->progress.end_ns = end_ns;
	cmd_progress_time(&run->progress, now_ns);
}

static int draw(const struct sim_ages *ages, const char *dir, struct tr_error *error)
{
	struct sim_ages_point point[SIM_AGES_SOURCES_MAX];

	for (u32 i = 0; i < ages->sources_count; i++)
		point[i] = (struct sim_ages_point){
			.family = ages->score[i].choice.family,
			.cost_ns_per_s = ages->score[i].cpu_ns_per_s,
			.wrong_share = ages->score[i].wrong_bin,
			.error_s = ages->score[i].error_ns / 1e9,
		};
	return sim_figures_ages(point, ages->sources_count, dir, error);
}

/* Everything into the results that have begun.  Missing plots are told, and no error. */
static int fill_results(struct cmd_ages *run, const struct options *options,
			struct tr_error *error)
{
	struct sim_ages *ages = &run->ages;
	struct tr_error plots_error;
	int rc = cmd_ages_begin_reports(run, error);

	if (rc)
		return rc;
	rc = sim_ages_run(ages, error);
	cmd_progress_clear(&run->progress);
	if (rc) {
		cmd_ages_end_reports(run, NULL);
		return rc;
	}
	rc = cmd_ages_end_reports(run, error);
	if (!rc)
		rc = cmd_ages_write(run, error);
	if (!rc && !options->no_plots && draw(ages, run->results.work, &plots_error)) {
		fprintf(stderr, "wssim: plots are missing: %s\n", plots_error.text);
		run->plots_missing = true;
	}
	return rc;
}

static int execute(struct cmd_ages *run, const struct options *options, struct tr_error *error)
{
	int rc = sim_results_begin(&run->results, options->dir, error);

	if (rc)
		return rc;
	rc = fill_results(run, options, error);
	if (rc) {
		sim_results_abort(&run->results);
		return rc;
	}
	return sim_results_commit(&run->results, error);
}

static const struct argp_option option[] = {
	{ "source", 'S', "NAME,..", 0, "sources (default: " SOURCES_DEFAULT ")", 0 },
	{ "age", 'a', "TIME,..", 0,
	  "time between two passes of a source; each source runs with each (default: 1s)", 0 },
	{ "report", 'r', "TIME", 0,
	  "time between two reports (default: 1.7s, so that they fall anywhere between passes)", 0 },
	{ "edges", KEY_EDGES, "TIME,..", 0, "bins of a report (default: " EDGES_DEFAULT ")", 0 },
	{ "cold", KEY_COLD, "TIME", 0, "idle for so long is cold (default: 5s)", 0 },
	{ "memory", 'm', "SIZE", 0,
	  "pages that fit into memory; more, and the one used longest ago goes (default: all fit)", 0 },
	{ "seed", KEY_SEED, "N", 0, "of DAMON's sampling (default: 1)", 0 },
	{ "output", 'o', "DIR", 0, "where results go (default: " CMD_OUT_DEFAULT ")", 0 },
	{ "json", 'J', NULL, 0, "print JSON instead of the table", 0 },
	{ "no-plots", KEY_NO_PLOTS, NULL, 0, "do without gnuplot", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char doc[] =
	"Ask several sources of ages about one trace, and hold what they say against the true time "
	"of each page's last access.\v"
	"Sources:\n"
	"  mglru:V:N          N generations (3 to 64; Linux: 4), walking page tables, by\n"
	"                     version V's rules: base (unless told), 6.1, 6.1.y, 6.12,\n"
	"                     6.14, 6.18, mm-new, fg\n"
	"  twolist:P          active and inactive lists; looks at 1/2^P a pass (2)\n"
	"  damon              regions, sampled every 5 ms; damon@10ms every 10 ms\n"
	"  scan:idle          idle bitmap: any use, by page frame (also: scan)\n"
	"  scan:clear_refs    clear_refs and smaps: sums by window\n"
	"  scan:pagemap_scan  PAGEMAP_SCAN with write protection: writes only\n"
	"mglru:8@250ms has an interval of its own.\n\n"
	"Examples:\n"
	"  wssim ages traces/samples/redis.wst\n"
	"  wssim ages guest.wst --source mglru:4,mglru:64,damon --age 1s,2s,4s -o ages\n"
	"  wssim ages guest.wst --edges 1s,10s --cold 10s --memory 96MiB --json\n\n"
	"Results: summary.json and .csv, ages.csv (each report), histograms.csv (told beside true), "
	"plots/ages.png (error against cost).\n"
	"Exit status: 0 done, 1 failed or interrupted, 2 usage or bad input.";

int cmd_ages(int argc, char **argv)
{
	struct options options = { .sources = SOURCES_DEFAULT, .intervals = "1s", .seed = 1,
				   .edges = EDGES_DEFAULT, .dir = CMD_OUT_DEFAULT,
				   .report_ns = 1700000000, .cold_ns = 5000000000 };
	static const struct argp argp = { option, parse, "TRACE", doc, NULL, NULL, NULL };
	struct tr_error error = { "" };

	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return EXIT_USAGE;
	struct cmd_ages *run = calloc(1, sizeof(*run));
	if (!run)
		return cmd_fail(tr_fail(&error, -ENOMEM, "out of memory"), &error);
	run->ages = (struct sim_ages){ .path = options.path, .report_ns = options.report_ns,
				       .cold_ns = options.cold_ns, .seed = options.seed,
				       .memory_pages = options.memory_pages,
				       .costs = sim_ages_costs_default, .stop = &cli_stop,
				       .sample = cmd_ages_sample, .progress = show_progress,
				       .ctx = run };
	cli_stop_install();
	signal(SIGXFSZ, SIG_IGN);
	int rc = read_lists(&run->ages, &options, &error), status = EXIT_DONE;
	if (!rc)
		rc = execute(run, &options, &error);
	if (rc) {
		status = cmd_fail(rc, &error);
	} else {
		if (options.json)
			cmd_ages_json(run, stdout);
		else
			cmd_ages_table(run, options.dir);
		if (run->plots_missing)
			status = EXIT_FAILED;
	}
	free(run);
	return status;
}
