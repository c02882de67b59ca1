/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_oracle.c - wssim oracle: bounds that nobody who knows only the past can beat. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_sim.h"
#include "oracle/sim_elastic.h"
#include "oracle/sim_oracle.h"
#include "scenario/sim_json_write.h"
#include "scenario/sim_scenario_read.h"

static const double slowdowns[] = { 1.001, 1.005, 1.01, 1.02, 1.05, 1.1, 1.2, 1.5 };
#define SLOWDOWNS (sizeof(slowdowns) / sizeof(*slowdowns))

static const struct {
	enum sim_vmin_knows knows;
	enum sim_vmin_reads reads;
	const char *key, *label, *note;
} kinds[] = {
	{ SIM_VMIN_FUTURE, SIM_VMIN_CLUSTERS, "future", "VMIN, whole clusters", "bound in open loop" },
	{ SIM_VMIN_FUTURE, SIM_VMIN_SINGLE, "future", "VMIN, a page a read", "reference" },
	{ SIM_VMIN_PAST, SIM_VMIN_CLUSTERS, "past", "WS, whole clusters", "best idle ages" },
	{ SIM_VMIN_PAST, SIM_VMIN_SINGLE, "past", "WS, a page a read", "best idle ages" },
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

static const struct {
	enum sim_elastic_limits limits;
	enum sim_vmin_reads reads;
	const char *key, *label, *note;
} elastics[] = {
	{ SIM_ELASTIC_FREE, SIM_VMIN_CLUSTERS, "free", "LRU, whole clusters", "any size" },
	{ SIM_ELASTIC_FREE, SIM_VMIN_SINGLE, "free", "LRU, a page a read", "any size" },
	{ SIM_ELASTIC_LIMITED, SIM_VMIN_CLUSTERS, "limited", "LRU, whole clusters",
	  "from memory_min" },
	{ SIM_ELASTIC_LIMITED, SIM_VMIN_SINGLE, "limited", "LRU, a page a read", "from memory_min" },
};
#define ELASTICS (sizeof(elastics) / sizeof(*elastics))

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

static void json_elastic(struct sim_json_writer *json, const struct sim_elastic *elastic)
{
	sim_json_array(json, "o5");
	for (size_t k = 0; k < ELASTICS; k++)
		for (size_t i = 0; i < SLOWDOWNS; i++) {
			sim_json_object(json, NULL);
			sim_json_text(json, "size", elastics[k].key);
			sim_json_text(json, "reads", elastics[k].reads == SIM_VMIN_CLUSTERS ?
							     "clusters" : "single");
			sim_json_number(json, "slowdown_at_most", slowdowns[i]);
			sim_json_number(json, "saved_share",
					sim_elastic_best(elastic, elastics[k].limits,
							 elastics[k].reads, slowdowns[i]));
			sim_json_close(json);
		}
	sim_json_close(json);
}

static void text_elastic(const struct sim_elastic *elastic)
{
	printf("\no5   MOST MEMORY SAVED by a balloon that knows the future, in guests that evict "
	       "in LRU order\n     %-14s", "mean slowdown");
	for (size_t k = 0; k < ELASTICS; k++)
		printf(" %24s", elastics[k].label);
	printf("\n     %-14s", "");
	for (size_t k = 0; k < ELASTICS; k++)
		printf(" %24s", elastics[k].note);
	putchar('\n');
	for (size_t i = 0; i < SLOWDOWNS; i++) {
		printf("     <= %-11.3f", slowdowns[i]);
		for (size_t k = 0; k < ELASTICS; k++)
			printf(" %22.2f %%", 100 * sim_elastic_best(elastic, elastics[k].limits,
								    elastics[k].reads,
								    slowdowns[i]));
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
	sim_json_array(&json, "o4");
	for (size_t k = 0; k < KINDS; k++) {
		for (size_t i = 0; i < SLOWDOWNS; i++) {
			struct sim_vmin_point point =
				sim_vmin_best(vmin, kinds[k].knows, kinds[k].reads,
					      slowdowns[i]);
			sim_json_object(&json, NULL);
			sim_json_text(&json, "knows", kinds[k].key);
			sim_json_text(&json, "reads", kinds[k].reads == SIM_VMIN_CLUSTERS ?
							      "clusters" : "single");
			sim_json_number(&json, "slowdown_at_most", slowdowns[i]);
			sim_json_number(&json, "slowdown", point.slowdown);
			sim_json_number(&json, "saved_share", point.saved);
			sim_json_number(&json, "page_ins", point.page_ins);
			sim_json_close(&json);
		}
	}
	sim_json_close(&json);
	json_elastic(&json, elastic);
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
	printf("\n\no4   MOST MEMORY SAVED\n     %-14s", "mean slowdown");
	for (size_t k = 0; k < KINDS; k++)
		printf(" %24s", kinds[k].label);
	printf("\n     %-14s", "");
	for (size_t k = 0; k < KINDS; k++)
		printf(" %24s", kinds[k].note);
	putchar('\n');
	for (size_t i = 0; i < SLOWDOWNS; i++) {
		printf("     <= %-11.3f", slowdowns[i]);
		for (size_t k = 0; k < KINDS; k++) {
			struct sim_vmin_point point =
				sim_vmin_best(vmin, kinds[k].knows, kinds[k].reads,
					      slowdowns[i]);
			printf(" %22.2f %%", 100 * point.saved);
		}
		putchar('\n');
	}
	text_elastic(elastic);
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
	if (rc)
		return cmd_fail(rc, &error);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "wssim: standard output: cannot be written\n");
		return EXIT_FAILED;
	}
	return EXIT_DONE;
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
	argp_err_exit_status = EXIT_USAGE;
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
