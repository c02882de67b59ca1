/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_oracle.c - wssim oracle: bounds that nobody who knows only the past can beat. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_advice.h"
#include "cli/cmd_sim.h"
#include "oracle/sim_elastic.h"
#include "oracle/sim_oracle.h"
#include "scenario/sim_json_write.h"
#include "scenario/sim_scenario_read.h"

static const double slowdowns[] = { 1.001, 1.005, 1.01, 1.02, 1.05, 1.1, 1.2, 1.5 };
#define SLOWDOWNS (sizeof(slowdowns) / sizeof(*slowdowns))

/* A column of a table: who knows or may what, and how much a read brings. */
struct column {
	int who; /* enum sim_vmin_knows, or enum sim_elastic_limits */
	enum sim_vmin_reads reads;
	const char *key, *label, *note;
};

#define COLUMNS 4

static const struct column kinds[COLUMNS] = {
	{ SIM_VMIN_FUTURE, SIM_VMIN_CLUSTERS, "future", "VMIN, whole clusters", "bound in open loop" },
	{ SIM_VMIN_FUTURE, SIM_VMIN_SINGLE, "future", "VMIN, a page a read", "reference" },
	{ SIM_VMIN_PAST, SIM_VMIN_CLUSTERS, "past", "WS, whole clusters", "best idle ages" },
	{ SIM_VMIN_PAST, SIM_VMIN_SINGLE, "past", "WS, a page a read", "best idle ages" },
};

static const struct column elastics[COLUMNS] = {
	{ SIM_ELASTIC_FREE, SIM_VMIN_CLUSTERS, "free", "LRU, whole clusters", "any size" },
	{ SIM_ELASTIC_FREE, SIM_VMIN_SINGLE, "free", "LRU, a page a read", "any size" },
	{ SIM_ELASTIC_LIMITED, SIM_VMIN_CLUSTERS, "limited", "LRU, whole clusters",
	  "from memory_min" },
	{ SIM_ELASTIC_LIMITED, SIM_VMIN_SINGLE, "limited", "LRU, a page a read", "from memory_min" },
};

static const char doc[] =
	"Bounds of a scenario: fewest page-ins with the host's memory, most memory saved at a "
	"slowdown.\v"
	"Oracles know every future use of every page on the open-loop timeline (traces at their own "
	"times, nothing stalls) and move memory for nothing.  Prints which one bounds what.\n\n"
	"Examples:\n"
	"  wssim oracle demo.json\n"
	"  wssim oracle demo.json --set host.memory=800MiB --json\n\n"
	"Exit status: 0 done, 1 failed or interrupted, 2 usage or bad input.";

/*
 * What so many page-ins cost, if all are of anonymous memory: the time that all VMs need
 * together, by the time that they are at work.
 */
static double slowdown_of(double page_ins, const struct sim_vmin *vmin, enum sim_vmin_reads reads)
{
	double busy_ns = 0, cost_ns = 0;

	for (u32 i = 0; i < vmin->vms_count; i++) {
		busy_ns += vmin->vm[i].busy_ns;
		cost_ns += vmin->vm[i].cost_ns[reads][0] / vmin->vms_count;
	}
	return page_ins > 0 && busy_ns > 0 ? 1 + page_ins * cost_ns / busy_ns : 1;
}

/* The most memory saved at a mean slowdown, by VMIN or WS. */
static struct sim_vmin_point vmin_point(const void *of, const struct column *column, double slowdown)
{
	return sim_vmin_best(of, (enum sim_vmin_knows)column->who, column->reads, slowdown);
}

/* Of which only the saving is known. */
static struct sim_vmin_point elastic_point(const void *of, const struct column *column,
					   double slowdown)
{
	return (struct sim_vmin_point){
		.saved = sim_elastic_best(of, (enum sim_elastic_limits)column->who, column->reads,
					  slowdown),
	};
}

static void json_point(struct sim_json_writer *json, const char *key, const struct column *column,
		       double slowdown)
{
	sim_json_object(json, NULL);
	sim_json_text(json, key, column->key);
	sim_json_text(json, "reads", column->reads == SIM_VMIN_CLUSTERS ? "clusters" : "single");
	sim_json_number(json, "slowdown_at_most", slowdown);
}

static void json_saved(struct sim_json_writer *json, const struct sim_vmin *vmin,
		       const struct sim_elastic *elastic)
{
	sim_json_array(json, "o4");
	for (size_t i = 0; i < COLUMNS * SLOWDOWNS; i++) {
		const struct column *column = &kinds[i / SLOWDOWNS];
		struct sim_vmin_point point = vmin_point(vmin, column, slowdowns[i % SLOWDOWNS]);

		json_point(json, "knows", column, slowdowns[i % SLOWDOWNS]);
		sim_json_number(json, "slowdown", point.slowdown);
		sim_json_number(json, "saved_share", point.saved);
		sim_json_number(json, "page_ins", point.page_ins);
		sim_json_close(json);
	}
	sim_json_close(json);
	sim_json_array(json, "o5");
	for (size_t i = 0; i < COLUMNS * SLOWDOWNS; i++) {
		const struct column *column = &elastics[i / SLOWDOWNS];

		json_point(json, "size", column, slowdowns[i % SLOWDOWNS]);
		sim_json_number(json, "saved_share",
				elastic_point(elastic, column, slowdowns[i % SLOWDOWNS]).saved);
		sim_json_close(json);
	}
	sim_json_close(json);
}

static void text_saved(const char *title, const struct column *columns, const void *of,
		       struct sim_vmin_point (*point)(const void *of, const struct column *column,
						      double slowdown))
{
	printf("\n%s\n     %-14s", title, "mean slowdown");
	for (size_t k = 0; k < COLUMNS; k++)
		printf(" %24s", columns[k].label);
	printf("\n     %-14s", "");
	for (size_t k = 0; k < COLUMNS; k++)
		printf(" %24s", columns[k].note);
	putchar('\n');
	for (size_t i = 0; i < SLOWDOWNS; i++) {
		printf("     <= %-11.3f", slowdowns[i]);
		for (size_t k = 0; k < COLUMNS; k++)
			printf(" %22.2f %%", 100 * point(of, &columns[k], slowdowns[i]).saved);
		putchar('\n');
	}
}

static void print_json(const struct sim_scenario *scenario, const struct sim_oracle *oracle,
		       const struct sim_vmin *vmin, const struct sim_elastic *elastic)
{
	struct sim_json_writer json;

	sim_json_begin(&json, stdout);
	sim_json_text(&json, "scenario", scenario->name);
	sim_json_number(&json, "run", scenario->run);
	sim_json_number(&json, "memory_bytes", (double)oracle->frames * 4096);
	sim_json_number(&json, "chunk_bytes", (double)oracle->chunk_pages * 4096);
	sim_json_number(&json, "reuses", (double)oracle->reuses);
	sim_json_array(&json, "page_ins");
	for (u32 i = 0; i < SIM_ORACLES; i++) {
		sim_json_object(&json, NULL);
		sim_json_text(&json, "oracle", sim_oracle_texts[i].key);
		sim_json_text(&json, "what", sim_oracle_texts[i].label);
		sim_json_text(&json, "bounds", sim_oracle_texts[i].bounds);
		sim_json_number(&json, "page_ins", oracle->page_ins[i]);
		sim_json_number(&json, "slowdown_clusters",
				slowdown_of(oracle->page_ins[i], vmin, SIM_VMIN_CLUSTERS));
		sim_json_number(&json, "slowdown_single",
				slowdown_of(oracle->page_ins[i], vmin, SIM_VMIN_SINGLE));
		if (oracle->best[i].chunks) {
			sim_json_array(&json, "division_bytes");
			for (u32 vm = 0; vm < scenario->vms_count; vm++)
				sim_json_number(&json, NULL, (double)oracle->best[i].chunks[vm] *
								     (double)oracle->chunk_pages * 4096);
			sim_json_close(&json);
		}
		sim_json_close(&json);
	}
	sim_json_close(&json);
	json_saved(&json, vmin, elastic);
	cmd_json_sampled(&json, scenario->sample_one_in);
	sim_json_finish(&json);
}

static void print_text(const struct sim_scenario *scenario, const struct sim_oracle *oracle,
		       const struct sim_vmin *vmin, const struct sim_elastic *elastic)
{
	printf("%s, run %u, open-loop timeline; %.0f MiB for guests' pages, in chunks of %.1f MiB\n\n",
	       scenario->name, scenario->run, (double)oracle->frames / 256,
	       (double)oracle->chunk_pages / 256);
	printf("%-4s %-40s %12s %8s %19s  %s\n", "", "FEWEST PAGE-INS", "page-ins", "of uses",
	       "slowdown: clusters, single", "BOUND OF");
	for (u32 i = 0; i < SIM_ORACLES; i++)
		printf("%-4s %-40s %12.0f %6.3f %% %17.3f, %7.3f  %s\n", sim_oracle_texts[i].key,
		       sim_oracle_texts[i].label, oracle->page_ins[i],
		       oracle->reuses ? 100 * oracle->page_ins[i] / (double)oracle->reuses : 0.0,
		       slowdown_of(oracle->page_ins[i], vmin, SIM_VMIN_CLUSTERS),
		       slowdown_of(oracle->page_ins[i], vmin, SIM_VMIN_SINGLE), sim_oracle_texts[i].bounds);
	printf("\nMiB by VM          ");
	for (u32 vm = 0; vm < scenario->vms_count; vm++)
		printf(" %10s", scenario->vm[vm].name);
	for (u32 i = 0; i < SIM_ORACLES; i++) {
		if (!oracle->best[i].chunks)
			continue;
		printf("\n%-18s ", sim_oracle_texts[i].key);
		for (u32 vm = 0; vm < scenario->vms_count; vm++)
			printf(" %10.1f", (double)oracle->best[i].chunks[vm] *
						  (double)oracle->chunk_pages / 256);
	}
	putchar('\n');
	text_saved("o4   MOST MEMORY SAVED", kinds, vmin, vmin_point);
	text_saved("o5   MOST MEMORY SAVED by a balloon that knows the future, in guests that evict "
		   "in LRU order", elastics, elastic, elastic_point);
	cmd_say_sampled(scenario->sample_one_in);
}

static int make_all(const struct sim_scenario *scenario, bool as_json)
{
	struct tr_error error = { "" };
	struct sim_timeline timeline;
	struct sim_elastic elastic;
	struct sim_oracle oracle;
	struct sim_vmin vmin;
	int rc = sim_timeline_make(&timeline, scenario, &cli_stop, &error);

	if (!rc)
		rc = sim_oracle_make(&oracle, &timeline, &cli_stop, &error);
	if (!rc) {
		rc = sim_vmin_make(&vmin, scenario, NULL, &cli_stop, &error);
		if (!rc)
			rc = sim_elastic_make(&elastic, scenario, &vmin, &cli_stop, &error);
		if (!rc && as_json)
			print_json(scenario, &oracle, &vmin, &elastic);
		else if (!rc)
			print_text(scenario, &oracle, &vmin, &elastic);
		sim_vmin_destroy(&vmin);
		sim_oracle_destroy(&oracle);
	}
	sim_timeline_destroy(&timeline);
	return rc ? cmd_fail(rc, &error) : EXIT_DONE;
}

int cmd_oracle(int argc, char **argv)
{
	struct argp argp = cmd_scenario_argp;
	struct cmd_sim sim = { .sets_count = 0 };
	struct sim_scenario scenario;
	struct tr_error error = { "" };
	int rc, status;

	argp.args_doc = "SCENARIO";
	argp.doc = doc;
	argp_parse(&argp, argc, argv, 0, NULL, &sim);
	cli_stop_install();
	rc = cmd_sim_read(&sim, NULL, &scenario, &error);
	if (rc) {
		status = cmd_fail(rc, &error);
	} else {
		status = make_all(&scenario, sim.json);
		sim_scenario_free(&scenario);
	}
	cmd_sim_free(&sim);
	return status;
}
