/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_summary_write.c - summary.json, summary.csv, vms.csv, regret.csv, provenance.txt. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output/sim_estimate_write.h"
#include "observe/sim_results.h"
#include "output/sim_summary_write.h"
#include "scenario/sim_json_write.h"
#include "scenario/sim_scenario_read.h"
#include "tr_file.h"
#include "model/sim_sampling.h"

static void put_run(struct sim_json_writer *json, const struct sim_summary *summary)
{
	sim_json_object(json, NULL);
	sim_json_number(json, "run", summary->run);
	sim_json_hex(json, "digest", summary->digest);
	sim_json_number(json, "events", summary->events);
	sim_json_number(json, "end_s", (double)summary->end_ns / 1e9);
	sim_json_bool(json, "valid", summary->valid);
	sim_json_bool(json, "interrupted", summary->interrupted);
	for (u32 i = 0; i < SIM_RUN_METRICS; i++)
		sim_json_number(json, sim_run_metrics[i].key, summary->value[i]);
	sim_json_array(json, "vms");
	for (u32 vm = 0; vm < summary->vms_count; vm++) {
		sim_json_object(json, NULL);
		sim_json_text(json, "name", summary->vm[vm].name);
		for (u32 i = 0; i < SIM_VM_METRICS; i++)
			sim_json_number(json, sim_vm_metrics[i].key, summary->vm[vm].value[i]);
		sim_json_close(json);
	}
	sim_json_close(json);
	sim_json_close(json);
}

/* What a curve is to a policy's runs. */
static const char *curve_is(const struct sim_regret *regret, u32 policy, u32 curve)
{
	return sim_regret_bounds(regret->bound, regret->lru, regret->right[policy], curve) ?
		       "bound" : "reference";
}

static void put_regret(struct sim_json_writer *json, const struct sim_regret *regret, u32 policy)
{
	sim_json_object(json, "regret");
	sim_json_number(json, "slowdown_mean", regret->slowdown[policy]);
	sim_json_number(json, "saved_share", regret->saved[policy]);
	sim_json_text(json, "right_oracle", sim_regret_texts[regret->right[policy]].key);
	for (u32 i = 0; i < SIM_REGRET_CURVES; i++) {
		sim_json_object(json, sim_regret_texts[i].key);
		sim_json_text(json, "is", curve_is(regret, policy, i));
		sim_json_text(json, "bounds_in_open_loop",
			      sim_regret_texts[i].bounds ? sim_regret_texts[i].bounds : "nothing");
		sim_json_number(json, "could_save_share", regret->could[i][policy]);
		sim_json_number(json, "regret_share", regret->could[i][policy] - regret->saved[policy]);
		sim_json_close(json);
	}
	sim_json_close(json);
}

static void put_regret_rows(FILE *to, const struct sim_comparison *comparison, u32 policy)
{
	const struct sim_regret *regret = &comparison->regret;
	char number[SIM_NUMBER_TEXT];

	for (u32 i = 0; i < SIM_REGRET_CURVES; i++) {
		sim_csv_text(to, sim_comparison_name(comparison, policy));
		fprintf(to, ",%s", sim_number_text(regret->slowdown[policy], number));
		fprintf(to, ",%s", sim_number_text(regret->saved[policy], number));
		fprintf(to, ",%s,%d,%s,", sim_regret_texts[i].key, regret->right[policy] == i,
			curve_is(regret, policy, i));
		sim_csv_text(to, sim_regret_texts[i].bounds ? sim_regret_texts[i].bounds : "nothing");
		fprintf(to, ",%s", sim_number_text(regret->could[i][policy], number));
		fprintf(to, ",%s\n",
			sim_number_text(regret->could[i][policy] - regret->saved[policy], number));
	}
}

static int write_regret(const struct sim_comparison *comparison, const char *dir,
			struct tr_error *error)
{
	struct sim_file file;
	int rc;

	if (!comparison->regret.known)
		return 0;
	rc = sim_file_create(&file, dir, "regret.csv", error);
	if (rc)
		return rc;
	fputs("policy,slowdown_mean,saved_share,oracle,right,is,bounds_in_open_loop,could_save_share,"
	      "regret_share\n", file.stream);
	for (u32 i = 0; i < comparison->policies_count; i++)
		put_regret_rows(file.stream, comparison, i);
	return sim_file_close(&file, error);
}

static void put_policy(struct sim_json_writer *json, const struct sim_comparison *comparison,
		       u32 policy, bool on_frontier)
{
	char channels[256];

	sim_channels_text(comparison->scenario[policy]->policy->channels, channels,
			  sizeof(channels));
	sim_json_object(json, NULL);
	sim_json_text(json, "policy", sim_comparison_name(comparison, policy));
	sim_json_text(json, "channels", channels);
	sim_json_hex(json, "scenario_digest",
			 sim_scenario_digest(comparison->scenario[policy]));
	sim_json_bool(json, "valid", sim_comparison_valid(comparison, policy));
	sim_json_bool(json, "on_frontier", on_frontier);
	if (comparison->regret.known)
		put_regret(json, &comparison->regret, policy);
	sim_json_object(json, "estimates");
	for (u32 i = 0; i < SIM_RUN_METRICS; i++)
		sim_estimate_json(json, sim_run_metrics[i].key,
			     sim_comparison_estimate(comparison, policy, i));
	sim_json_close(json);
	sim_json_array(json, "runs");
	for (u32 run = 0; run < comparison->runs_count; run++)
		if (sim_comparison_run(comparison, policy, run))
			put_run(json, sim_comparison_run(comparison, policy, run));
	sim_json_close(json);
	sim_json_close(json);
}

static void put_definitions(struct sim_json_writer *json, const char *key,
			    const struct sim_metric *metric, u32 count)
{
	sim_json_object(json, key);
	for (u32 i = 0; i < count; i++) {
		sim_json_object(json, metric[i].key);
		sim_json_text(json, "unit", metric[i].unit);
		sim_json_text(json, "definition", metric[i].definition);
		sim_json_close(json);
	}
	sim_json_close(json);
}

static void put_summary(struct sim_json_writer *json, const struct sim_comparison *comparison)
{
	const struct sim_scenario *scenario = comparison->scenario[0];
	bool on[SIM_POLICIES_MAX];

	sim_comparison_frontier(comparison, SIM_RUN_SLOWDOWN_MEDIAN, on, NULL);
	sim_json_text(json, "scenario", scenario->name);
	sim_json_hex(json, "seed", scenario->seed);
	sim_json_number(json, "runs", comparison->runs_count);
	sim_json_bool(json, "interrupted", comparison->interrupted);
	sim_json_hex(json, "digest", sim_comparison_digest(comparison));
	sim_json_number(json, "quantum_s", (double)scenario->quantum_ns / 1e9);
	if (scenario->sample_one_in > 1) {
		char sampling[SIM_SAMPLING_TEXT];

		sim_json_text(json, "sampled",
			      sim_sampling_error_text(scenario->sample_one_in, sampling));
	}
	sim_json_array(json, "policies");
	for (u32 i = 0; i < comparison->policies_count; i++)
		put_policy(json, comparison, i, on[i]);
	sim_json_close(json);
	sim_json_array(json, "baseline");
	for (u32 run = 0; run < comparison->runs_count; run++)
		if (comparison->baseline[run])
			put_run(json, comparison->baseline[run]);
	sim_json_close(json);
	put_definitions(json, "run_metrics", sim_run_metrics, SIM_RUN_METRICS);
	put_definitions(json, "vm_metrics", sim_vm_metrics, SIM_VM_METRICS);
}

void sim_summary_json(const struct sim_comparison *comparison, FILE *to)
{
	struct sim_json_writer json;

	sim_json_begin(&json, to);
	put_summary(&json, comparison);
	sim_json_finish(&json);
}

static int write_json(const struct sim_comparison *comparison, const char *dir,
		      struct tr_error *error)
{
	struct sim_file file;
	int rc = sim_file_create(&file, dir, "summary.json", error);

	if (rc)
		return rc;
	sim_summary_json(comparison, file.stream);
	return sim_file_close(&file, error);
}

static void put_fields(FILE *to, const double *value, u32 count)
{
	char text[SIM_NUMBER_TEXT];

	for (u32 i = 0; i < count; i++)
		fprintf(to, ",%s", sim_number_text(value[i], text));
	fputc('\n', to);
}

/* Calls @put for every run there is: the policies' in order, then the baseline's. */
static void each_run(const struct sim_comparison *comparison, FILE *to,
		     void (*put)(FILE *to, const char *policy, const struct sim_summary *summary))
{
	for (u32 policy = 0; policy < comparison->policies_count; policy++)
		for (u32 run = 0; run < comparison->runs_count; run++)
			if (sim_comparison_run(comparison, policy, run))
				put(to, sim_comparison_name(comparison, policy),
				    sim_comparison_run(comparison, policy, run));
	for (u32 run = 0; run < comparison->runs_count; run++)
		if (comparison->baseline[run])
			put(to, "(baseline)", comparison->baseline[run]);
}

static void put_run_row(FILE *to, const char *policy, const struct sim_summary *summary)
{
	sim_csv_text(to, policy);
	fprintf(to, ",%u,0x%016llx,%d,%d", summary->run, summary->digest, summary->valid,
		summary->interrupted);
	put_fields(to, summary->value, SIM_RUN_METRICS);
}

static void put_vm_rows(FILE *to, const char *policy, const struct sim_summary *summary)
{
	for (u32 vm = 0; vm < summary->vms_count; vm++) {
		sim_csv_text(to, policy);
		fprintf(to, ",%u,", summary->run);
		sim_csv_text(to, summary->vm[vm].name);
		put_fields(to, summary->vm[vm].value, SIM_VM_METRICS);
	}
}

static int write_csv(const struct sim_comparison *comparison, const char *dir, const char *name,
		     const char *columns, const struct sim_metric *metric, u32 count,
		     void (*put)(FILE *, const char *, const struct sim_summary *),
		     struct tr_error *error)
{
	struct sim_file file;
	int rc = sim_file_create(&file, dir, name, error);

	if (rc)
		return rc;
	fputs(columns, file.stream);
	for (u32 i = 0; i < count; i++)
		fprintf(file.stream, ",%s", metric[i].key);
	fputc('\n', file.stream);
	each_run(comparison, file.stream, put);
	return sim_file_close(&file, error);
}

u32 sim_scenario_traces(const struct sim_scenario *scenario, const struct sim_segment **segment,
			u32 max)
{
	u32 count = 0;

	for (u32 vm = 0; vm < scenario->vms_count; vm++)
		for (u32 i = 0; i < scenario->vm[vm].segments_count; i++) {
			const struct sim_segment *one = &scenario->vm[vm].segment[i];
			bool known = !*one->trace;
			for (u32 j = 0; j < count && !known; j++)
				known = !strcmp(segment[j]->trace, one->trace);
			if (!known && count < max)
				segment[count++] = one;
		}
	return count;
}

/* The trace's name as the scenario's folder sees it. */
static const char *short_name(const struct sim_scenario *scenario, const char *trace)
{
	const char *slash = strrchr(scenario->path, '/');
	size_t folder = slash ? (size_t)(slash + 1 - scenario->path) : 0;

	return strncmp(trace, scenario->path, folder) ? trace : trace + folder;
}

static int write_provenance(const struct sim_scenario *scenario, const char *dir,
			    struct tr_error *error)
{
	static const struct sim_segment *segment[SIM_TRACES_MAX];
	u32 count = sim_scenario_traces(scenario, segment, SIM_TRACES_MAX);
	struct sim_file file;
	int rc = sim_file_create(&file, dir, "provenance.txt", error);

	for (u32 i = 0; i < count && !rc; i++) {
		struct tr_file *opened;
		rc = tr_file_open(&opened, segment[i]->trace, error);
		if (rc)
			break;
		const char *origin = tr_file_meta(opened)->origin;
		fprintf(file.stream, "trace: %s\ndigest: 0x%016llx\n%s%s\n",
			short_name(scenario, sim_segment_name(segment[i])), tr_file_digest(opened),
			origin ? origin : "",
			origin && *origin && origin[strlen(origin) - 1] != '\n' ? "\n" : "");
		tr_file_close(opened);
	}
	int closed = sim_file_close(&file, rc ? NULL : error);
	return rc ? rc : closed;
}

int sim_summary_write(const struct sim_comparison *comparison, const char *dir,
		      struct tr_error *error)
{
	int rc = write_json(comparison, dir, error);

	if (!rc)
		rc = write_csv(comparison, dir, "summary.csv", "policy,run,digest,valid,interrupted",
			       sim_run_metrics, SIM_RUN_METRICS, put_run_row, error);
	if (!rc)
		rc = write_csv(comparison, dir, "vms.csv", "policy,run,vm", sim_vm_metrics,
			       SIM_VM_METRICS, put_vm_rows, error);
	if (!rc)
		rc = write_regret(comparison, dir, error);
	if (!rc)
		rc = write_provenance(comparison->scenario[0], dir, error);
	return rc;
}
