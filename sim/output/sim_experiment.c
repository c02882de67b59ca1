/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_experiment.c - jobs, their results, and the files made of them. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "output/sim_experiment.h"
#include "output/sim_figures_compare.h"
#include "output/sim_pool.h"
#include "output/sim_report.h"
#include "observe/sim_results.h"
#include "output/sim_single.h"
#include "output/sim_summary_write.h"
#include "tr_scratch.h"

/* What a job hands over; the summary follows. */
struct job_result {
	bool figures[SIM_FIGURES];
	struct tr_error plots_error;
	u64 summary_bytes;
};

struct job {
	u32 run, policy; /* policy: policies_count for the baseline */
};

struct engine {
	struct sim_experiment *experiment;
	struct sim_results results;
	u32 jobs_count;
};

static struct job job_of(const struct sim_experiment *experiment, u32 index)
{
	u32 policies = experiment->policies_count, per_run = policies + experiment->baseline;
	u32 slot = index % per_run;
	struct job job = { .run = index / per_run };

	/* The baseline first. */
	job.policy = !experiment->baseline ? slot : slot ? slot - 1 : policies;
	return job;
}

static bool is_single(const struct sim_experiment *experiment)
{
	return experiment->policies_count == 1 && experiment->runs_count == 1;
}

/* Where the files of a job go; false: it leaves none. */
static bool job_dir(const struct engine *engine, struct job job, char dir[SIM_FILE_PATH_MAX])
{
	const struct sim_experiment *experiment = engine->experiment;
	int n;

	if (job.policy == experiment->policies_count || job.run)
		return false;
	if (is_single(experiment))
		n = snprintf(dir, SIM_FILE_PATH_MAX, "%s", engine->results.work);
	else
		n = snprintf(dir, SIM_FILE_PATH_MAX, "%s/runs/%s", engine->results.work,
			     experiment->scenario[job.policy].policy->name);
	assert(n > 0 && n < SIM_FILE_PATH_MAX);
	return true;
}

static void pack(const struct sim_single *single, void **result, size_t *bytes)
{
	struct job_result head = { .plots_error = { "" } };
	u64 summary_bytes = sim_summary_bytes(single->summary->vms_count);

	memcpy(head.figures, single->figures, sizeof(head.figures));
	if (single->plots_rc)
		head.plots_error = single->plots_error;
	head.summary_bytes = summary_bytes;
	*bytes = sizeof(head) + summary_bytes;
	*result = malloc(*bytes);
	assert(*result);
	memcpy(*result, &head, sizeof(head));
	memcpy((char *)*result + sizeof(head), single->summary, summary_bytes);
}

/* In a process of its own. */
static int work(void *ctx, u32 index, void **result, size_t *bytes, struct tr_error *error)
{
	struct engine *engine = ctx;
	struct sim_experiment *experiment = engine->experiment;
	struct job job = job_of(experiment, index);
	bool is_baseline = job.policy == experiment->policies_count;
	struct sim_scenario scenario = experiment->scenario[is_baseline ? 0 : job.policy];
	char dir[SIM_FILE_PATH_MAX], title[SIM_NAME_MAX + 32];
	struct sim_single single = { .scenario = &scenario, .stop = experiment->stop };
	int rc;

	if (is_baseline)
		sim_baseline_init(&scenario, &experiment->scenario[0]);
	scenario.run += job.run;
	if (job_dir(engine, job, dir)) {
		single.dir = dir;
		single.plots = experiment->plots;
		single.journal = experiment->journal;
		single.perfetto = experiment->perfetto;
		snprintf(title, sizeof(title), "%s, run %u", scenario.policy->name, scenario.run);
		single.title = title;
		if (is_single(experiment)) {
			single.progress = experiment->run_progress;
			single.progress_ctx = experiment->progress_ctx;
		}
	}
	rc = sim_single_run(&single, error);
	/* Half a run is worth something only if there is no other. */
	if (!rc && single.summary->interrupted && !(is_single(experiment) && !is_baseline))
		rc = -EINTR;
	if (!rc)
		pack(&single, result, bytes);
	else if (single.dir && !is_single(experiment))
		tr_folder_remove(dir);
	free(single.summary);
	if (is_baseline)
		sim_baseline_destroy(&scenario);
	return rc;
}

static int take(void *ctx, u32 index, const void *result, size_t bytes)
{
	struct engine *engine = ctx;
	struct sim_experiment *experiment = engine->experiment;
	struct sim_comparison *comparison = &experiment->comparison;
	struct job job = job_of(experiment, index);
	struct job_result head;

	assert(bytes >= sizeof(head));
	memcpy(&head, result, sizeof(head));
	assert(bytes == sizeof(head) + head.summary_bytes);
	struct sim_summary *summary = malloc(head.summary_bytes);
	assert(summary);
	memcpy(summary, (const char *)result + sizeof(head), head.summary_bytes);
	if (job.policy == experiment->policies_count) {
		comparison->baseline[job.run] = summary;
		return 0;
	}
	comparison->summary[job.policy * experiment->runs_count + job.run] = summary;
	if (!job.run) {
		memcpy(comparison->figures[job.policy], head.figures, sizeof(head.figures));
		if (*head.plots_error.text && !*experiment->plots_error.text)
			experiment->plots_error = head.plots_error;
	}
	return 0;
}

static void on_progress(void *ctx, u32 done_count, u32 running_count)
{
	struct engine *engine = ctx;
	struct sim_experiment *experiment = engine->experiment;

	(void)running_count;
	if (experiment->progress)
		experiment->progress(experiment->progress_ctx, done_count, engine->jobs_count);
}

static int make_folders(const struct engine *engine, struct tr_error *error)
{
	char dir[SIM_FILE_PATH_MAX];
	int n = snprintf(dir, sizeof(dir), "%s/runs", engine->results.work);

	if (is_single(engine->experiment))
		return 0;
	assert(n > 0 && n < SIM_FILE_PATH_MAX);
	if (mkdir(dir, 0777))
		return tr_fail(error, -errno, "%s: %s", dir, strerror(errno));
	for (u32 i = 0; i < engine->experiment->policies_count; i++) {
		if (job_dir(engine, (struct job){ .policy = i }, dir) && mkdir(dir, 0777))
			return tr_fail(error, -errno, "%s: %s", dir, strerror(errno));
	}
	return 0;
}

static bool anything_finished(const struct sim_comparison *comparison)
{
	for (u32 i = 0; i < comparison->policies_count; i++)
		if (sim_comparison_finished(comparison, i))
			return true;
	return false;
}

static bool was_interrupted(const struct sim_experiment *experiment)
{
	const struct sim_comparison *comparison = &experiment->comparison;

	for (u32 i = 0; i < comparison->policies_count; i++)
		if (sim_comparison_finished(comparison, i) < comparison->runs_count)
			return true;
	return comparison->summary[0]->interrupted;
}

/* Of policies whose first run was not done. */
static void remove_empty_folders(const struct engine *engine)
{
	const struct sim_experiment *experiment = engine->experiment;
	char dir[SIM_FILE_PATH_MAX];

	for (u32 i = 0; i < experiment->policies_count && !is_single(experiment); i++)
		if (!sim_comparison_run(&experiment->comparison, i, 0) &&
		    job_dir(engine, (struct job){ .policy = i }, dir))
			tr_folder_remove(dir);
}

/* What is made of all runs together. */
static int write_results(struct engine *engine, struct tr_error *error)
{
	struct sim_experiment *experiment = engine->experiment;
	struct sim_comparison *comparison = &experiment->comparison;
	const char *dir = engine->results.work;
	int rc = 0;

	comparison->interrupted = was_interrupted(experiment);
	remove_empty_folders(engine);
	sim_comparison_relate(comparison);
	if (!experiment->no_oracles)
		rc = sim_regret_make(&comparison->regret, comparison, experiment->workers,
				     experiment->stop, error);
	if (rc)
		return rc;
	rc = sim_summary_write(comparison, dir, error);
	if (!rc && experiment->plots && experiment->policies_count > 1 &&
	    !*experiment->plots_error.text)
		sim_figures_compare(comparison, dir, &experiment->plots_error);
	return rc ? rc : sim_report_write(comparison, dir, error);
}

int sim_experiment_run(struct sim_experiment *experiment, struct tr_error *error)
{
	struct engine engine = { .experiment = experiment };
	struct sim_comparison *comparison = &experiment->comparison;
	struct sim_pool pool = {
		.workers = experiment->workers,
		.stop = experiment->stop,
		.ctx = &engine,
		.work = work,
		.done = take,
		.progress = on_progress,
	};
	int rc;

	engine.jobs_count = (experiment->policies_count + experiment->baseline) *
			    experiment->runs_count;
	pool.jobs_count = engine.jobs_count;
	*experiment->plots_error.text = 0;
	sim_comparison_init(comparison, experiment->policies_count, experiment->runs_count);
	comparison->command = experiment->command;
	for (u32 i = 0; i < experiment->policies_count; i++)
		comparison->scenario[i] = &experiment->scenario[i];
	rc = sim_results_begin(&engine.results, experiment->dir, error);
	if (rc)
		return rc;
	rc = make_folders(&engine, error);
	if (!rc)
		rc = sim_pool_run(&pool, error);
	if (!rc && !anything_finished(comparison))
		rc = tr_fail(error, -EINTR, "interrupted before a run was done");
	if (!rc)
		rc = write_results(&engine, error);
	if (rc) {
		sim_results_abort(&engine.results);
		return rc;
	}
	return sim_results_commit(&engine.results, error);
}
