/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_single.c - put observers around a world and run it. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model/sim_world.h"
#include "observe/probe_journal.h"
#include "observe/probe_perfetto.h"
#include "observe/probe_series.h"
#include "observe/sim_results.h"
#include "output/sim_single.h"
#include "scenario/sim_scenario_read.h"

struct observers {
	struct probe_summary *summary;
	struct probe_series *series;
	struct probe_journal *journal;
	struct probe_perfetto *perfetto;
	struct sim_history *history;
	struct sim_probe probe[5];
	u32 count;
};

static int open_observers(struct observers *observers, const struct sim_single *single,
			  struct tr_error *error)
{
	const struct sim_scenario *scenario = single->scenario;
	int rc = 0;

	observers->summary = probe_summary_create(scenario);
	observers->probe[observers->count++] = probe_summary_probe(observers->summary);
	if (!single->dir)
		return 0;
	rc = probe_series_create(&observers->series, single->dir, scenario, error);
	if (rc)
		return rc;
	observers->probe[observers->count++] = probe_series_probe(observers->series);
	if (single->journal) {
		rc = probe_journal_create(&observers->journal, single->dir, "journal.wsj",
					  scenario, error);
		if (rc)
			return rc;
		observers->probe[observers->count++] = probe_journal_probe(observers->journal);
	}
	if (single->perfetto) {
		rc = probe_perfetto_create(&observers->perfetto, single->dir, "perfetto.json",
					   scenario, error);
		if (rc)
			return rc;
		observers->probe[observers->count++] = probe_perfetto_probe(observers->perfetto);
	}
	if (single->plots) {
		observers->history = sim_history_create(scenario);
		observers->probe[observers->count++] = sim_history_probe(observers->history);
	}
	return 0;
}

/* The first failure is the one that is told. */
static int close_files(struct observers *observers, int rc, struct tr_error *error)
{
	int closed;

	closed = probe_series_close(observers->series, rc ? NULL : error);
	rc = rc ? rc : closed;
	closed = probe_journal_close(observers->journal, rc ? NULL : error);
	rc = rc ? rc : closed;
	closed = probe_perfetto_close(observers->perfetto, rc ? NULL : error);
	return rc ? rc : closed;
}

static int write_scenario(const struct sim_single *single, struct tr_error *error)
{
	struct sim_file file;
	int rc = sim_file_create(&file, single->dir, "scenario.json", error);

	if (rc)
		return rc;
	char *text = sim_scenario_print(single->scenario);
	assert(text);
	fprintf(file.stream, "%s%s", text, *text && text[strlen(text) - 1] == '\n' ? "" : "\n");
	free(text);
	return sim_file_close(&file, error);
}

static void draw(struct sim_single *single, const struct sim_history *history)
{
	char plots[SIM_FILE_PATH_MAX];
	int n = snprintf(plots, sizeof(plots), "%s/plots", single->dir);

	if (n < 0 || (size_t)n >= sizeof(plots) || (mkdir(plots, 0777) && errno != EEXIST))
		single->plots_rc = tr_fail(&single->plots_error, -errno, "%s: %s", single->dir,
					   strerror(errno));
	else
		single->plots_rc = sim_figures_draw(history, plots, single->title, single->figures,
						    &single->plots_error);
}

static int simulate(const struct sim_single *single, const struct observers *observers,
		    struct tr_error *error)
{
	struct sim_run_result result;
	struct sim_world *world;
	int rc;

	if (single->drive)
		return single->drive(single->drive_ctx, observers->probe, observers->count, &result,
				     error);
	rc = sim_world_create(&world, single->scenario, observers->probe, observers->count, error);
	if (rc)
		return rc;
	rc = sim_world_run(world, single->stop, single->progress, single->progress_ctx, &result,
			   error);
	sim_world_destroy(world);
	return rc;
}

int sim_single_run(struct sim_single *single, struct tr_error *error)
{
	struct observers observers = { .count = 0 };
	int rc;

	single->summary = NULL;
	rc = open_observers(&observers, single, error);
	if (!rc)
		rc = simulate(single, &observers, error);
	rc = close_files(&observers, rc, error);
	if (!rc && single->dir)
		rc = write_scenario(single, error);
	if (!rc) {
		single->summary = probe_summary_take(observers.summary);
		assert(single->summary);
	}
	if (!rc && observers.history)
		draw(single, observers.history);
	probe_summary_destroy(observers.summary);
	sim_history_destroy(observers.history);
	return rc;
}

void sim_baseline_init(struct sim_scenario *baseline, const struct sim_scenario *scenario)
{
	const struct sim_policy *policy = sim_policy_find("static");
	u64 nominal_bytes = 0;

	assert(policy);
	*baseline = *scenario;
	for (u32 i = 0; i < scenario->vms_count; i++)
		nominal_bytes += scenario->vm[i].memory_bytes;
	/* Twice what all can take, so that no watermark is ever near. */
	baseline->host.memory_bytes = scenario->host.reserved_bytes + 2 * nominal_bytes;
	baseline->disturbance = NULL;
	baseline->disturbances_count = 0;
	baseline->policy = policy;
	baseline->policy_state = calloc(1, policy->state_size ? policy->state_size : 1);
	assert(baseline->policy_state);
	sim_policy_defaults(policy, baseline->policy_state);
}

void sim_baseline_destroy(struct sim_scenario *baseline)
{
	free(baseline->policy_state);
	baseline->policy_state = NULL;
}
