/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_sweep.c - the list of runs, what of it is done, and a pool that does the rest. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "output/sim_pool.h"
#include "output/sim_single.h"
#include "scenario/sim_scenario_read.h"
#include "sweep/sim_sweep.h"

#define LOCK_TRIES 50 /* a second in all */

/* --- the list --- */

/* Identities of all variants of a cell, the baseline's last. */
static int identify_cell(struct sim_sweep *sweep, u32 cell, u64 *identity, u64 *seed,
			 u32 *first_run, struct tr_error *error)
{
	const struct sim_plan *plan = sweep->plan;
	struct sim_scenario scenario, baseline;
	int rc = 0;

	for (u32 variant = 0; variant < plan->variants_count && !rc; variant++) {
		rc = sim_plan_scenario(plan, cell, variant, &scenario, error);
		if (rc)
			return rc;
		*seed = scenario.seed;
		*first_run = scenario.run;
		if (scenario.sample_one_in > sweep->sample_one_in)
			sweep->sample_one_in = scenario.sample_one_in;
		rc = sim_store_identity(&scenario, &identity[variant], error);
		if (!rc && !variant && plan->baseline) {
			sim_baseline_init(&baseline, &scenario);
			rc = sim_store_identity(&baseline, &identity[plan->variants_count], error);
			sim_baseline_destroy(&baseline);
		}
		sim_scenario_free(&scenario);
	}
	return rc;
}

static int list_cell(struct sim_sweep *sweep, u32 cell, u64 *identity, struct tr_error *error)
{
	const struct sim_plan *plan = sweep->plan;
	u32 first_run = 0, first = plan->baseline ? 0 : 1;
	u64 seed = 0;
	int rc = identify_cell(sweep, cell, identity, &seed, &first_run, error);

	if (rc)
		return rc;
	for (u32 sample = 0; sample < sim_plan_samples(plan); sample++) {
		u64 own_seed = plan->seeds_count ? plan->seed[sample / plan->runs_count] : seed;
		u32 run = first_run + sample % plan->runs_count;
		u64 at = ((u64)sample * plan->cells_count + cell) * sweep->runs_per_cell;

		for (u32 slot = first; slot <= plan->variants_count; slot++) {
			u32 variant = slot ? slot - 1 : plan->variants_count;
			sweep->run[at++] = (struct sim_sweep_run){
				.key = sim_store_key(identity[variant], own_seed, run),
				.cell = cell,
				.variant = variant,
				.sample = sample,
			};
		}
	}
	return 0;
}

static const struct sim_sweep_run *sorted_runs; /* of the comparison below */

static int by_key(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	if (sorted_runs[x].key != sorted_runs[y].key)
		return sorted_runs[x].key < sorted_runs[y].key ? -1 : 1;
	return x < y ? -1 : x > y;
}

static int by_place(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/* One of each key, the first in the order of the plan. */
static void find_unique(struct sim_sweep *sweep)
{
	u32 count = 0;

	sweep->unique = malloc((size_t)sweep->runs_count * sizeof(*sweep->unique));
	assert(sweep->unique);
	for (u32 i = 0; i < sweep->runs_count; i++)
		sweep->unique[i] = i;
	sorted_runs = sweep->run;
	qsort(sweep->unique, sweep->runs_count, sizeof(*sweep->unique), by_key);
	for (u32 i = 0; i < sweep->runs_count; i++)
		if (!count ||
		    sweep->run[sweep->unique[i]].key != sweep->run[sweep->unique[count - 1]].key)
			sweep->unique[count++] = sweep->unique[i];
	qsort(sweep->unique, count, sizeof(*sweep->unique), by_place);
	sweep->unique_count = count;
	sim_sweep_count(sweep);
}

void sim_sweep_count(struct sim_sweep *sweep)
{
	sweep->done_count = 0;
	for (u32 i = 0; i < sweep->unique_count; i++)
		sweep->done_count += sim_store_has(&sweep->store, sweep->run[sweep->unique[i]].key);
}

static void drop_damaged(struct sim_sweep *sweep)
{
	for (u32 i = 0; i < sweep->unique_count; i++) {
		u64 key = sweep->run[sweep->unique[i]].key;
		u32 damaged = 0;

		free(sim_store_take(&sweep->store, key, &damaged));
		if (damaged)
			sim_store_drop(&sweep->store, key);
		sweep->damaged_count += damaged;
	}
	sim_sweep_count(sweep);
}

void sim_sweep_share(struct sim_sweep *sweep)
{
	/* Nobody can have it exclusively meanwhile; a failure leaves it as it was. */
	(void)!flock(sweep->lock_fd, LOCK_SH | LOCK_NB);
}

/*
 * The workers of a sweep that was killed have its lock until they are gone as well, which
 * takes them a moment: whoever goes on at once waits for that.
 */
static int lock_patiently(int fd, int how)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	int rc = flock(fd, how | LOCK_NB);

	for (u32 i = 0; rc && errno == EWOULDBLOCK && i < LOCK_TRIES; i++) {
		nanosleep(&moment, NULL);
		rc = flock(fd, how | LOCK_NB);
	}
	return rc;
}

static int take_lock(struct sim_sweep *sweep, const char *dir, bool exclusive,
		     struct tr_error *error)
{
	char path[sizeof(sweep->store.dir) + 8];

	if (mkdir(dir, 0777) && errno != EEXIST)
		return tr_fail(error, -errno, "%s: %s", dir, strerror(errno));
	snprintf(path, sizeof(path), "%s/lock", dir);
	sweep->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (sweep->lock_fd < 0)
		return tr_fail(error, -errno, "%s: %s", path, strerror(errno));
	if (lock_patiently(sweep->lock_fd, exclusive ? LOCK_EX : LOCK_SH)) {
		int err = errno;
		close(sweep->lock_fd);
		if (err == EWOULDBLOCK)
			return tr_fail(error, -EBUSY, "%s: another sweep is at work here", dir);
		return tr_fail(error, -err, "%s: %s", path, strerror(err));
	}
	return 0;
}

/* A sweep's directory has its lock; anything else is somebody's and stays as it is. */
static int check_dir(const char *dir, struct tr_error *error)
{
	char path[sizeof(((struct sim_store *)0)->dir) + 8];
	DIR *handle = opendir(dir);
	struct dirent *entry;
	bool filled = false;

	if (!handle)
		return 0; /* not there; or making files in it will tell */
	while ((entry = readdir(handle)))
		filled |= strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	closedir(handle);
	snprintf(path, sizeof(path), "%s/lock", dir);
	if (filled && access(path, F_OK))
		return tr_fail(error, -EEXIST, "%s: holds something else than a sweep", dir);
	return 0;
}

int sim_sweep_claim(const char *dir, struct tr_error *error)
{
	struct sim_sweep sweep;
	int rc = check_dir(dir, error);

	if (!rc)
		rc = take_lock(&sweep, dir, false, error);
	if (!rc)
		close(sweep.lock_fd);
	return rc;
}

int sim_sweep_open(struct sim_sweep *sweep, const struct sim_plan *plan, const char *dir,
		   bool exclusive, struct tr_error *error)
{
	u64 *identity;
	int rc;

	memset(sweep, 0, sizeof(*sweep));
	sweep->plan = plan;
	rc = check_dir(dir, error);
	if (rc)
		return rc;
	/* The lock first: it says whose directory this is. */
	rc = take_lock(sweep, dir, exclusive, error);
	if (rc)
		return rc;
	rc = sim_store_open(&sweep->store, dir, error);
	if (rc) {
		close(sweep->lock_fd);
		return rc;
	}
	if (exclusive)
		sim_store_sweep_up(&sweep->store);
	sweep->runs_per_cell = plan->variants_count + plan->baseline;
	sweep->runs_count = sim_plan_samples(plan) * plan->cells_count * sweep->runs_per_cell;
	sweep->run = calloc(sweep->runs_count, sizeof(*sweep->run));
	identity = calloc(plan->variants_count + 1, sizeof(*identity));
	assert(sweep->run && identity);
	for (u32 cell = 0; cell < plan->cells_count && !rc; cell++)
		rc = list_cell(sweep, cell, identity, error);
	free(identity);
	if (rc)
		sim_sweep_close(sweep);
	else
		find_unique(sweep);
	if (!rc && exclusive && sweep->done_count)
		drop_damaged(sweep);
	return rc;
}

void sim_sweep_close(struct sim_sweep *sweep)
{
	free(sweep->run);
	free(sweep->unique);
	close(sweep->lock_fd);
}

/* --- doing it --- */

struct engine {
	struct sim_sweep *sweep;
	struct sim_sweep_work *work;
	u32 *job; /* indices into run[] */
	u32 done_now;
};

/* In a process of its own: one run, into its file. */
static int do_run(void *ctx, u32 index, void **result, size_t *bytes, struct tr_error *error)
{
	struct engine *engine = ctx;
	const struct sim_plan *plan = engine->sweep->plan;
	const struct sim_sweep_run *run = &engine->sweep->run[engine->job[index]];
	bool is_baseline = run->variant == plan->variants_count;
	struct sim_scenario scenario, baseline;
	struct sim_single single = { .scenario = &scenario, .stop = engine->work->stop };
	int rc;

	*result = NULL;
	*bytes = 0;
	rc = sim_plan_scenario(plan, run->cell, is_baseline ? 0 : run->variant, &scenario, error);
	if (rc)
		return rc;
	sim_plan_sample(plan, run->sample, &scenario);
	if (is_baseline) {
		sim_baseline_init(&baseline, &scenario);
		single.scenario = &baseline;
	}
	rc = sim_single_run(&single, error);
	if (!rc && single.summary->interrupted)
		rc = -EINTR;
	if (!rc)
		rc = sim_store_put(&engine->sweep->store, run->key, single.summary, error);
	/* The process ends here: what it holds goes with it. */
	return rc;
}

static void tell_progress(struct engine *engine)
{
	struct sim_sweep *sweep = engine->sweep;

	if (engine->work->progress)
		engine->work->progress(engine->work->ctx, sweep->done_count, sweep->unique_count,
				       engine->done_now);
}

static int run_done(void *ctx, u32 index, const void *result, size_t bytes)
{
	struct engine *engine = ctx;

	(void)index;
	(void)result;
	(void)bytes;
	engine->sweep->done_count++;
	engine->done_now++;
	tell_progress(engine);
	return 0;
}

static bool run_failed(void *ctx, u32 index, int rc, const struct tr_error *error)
{
	struct engine *engine = ctx;
	const struct sim_plan *plan = engine->sweep->plan;
	const struct sim_sweep_run *run = &engine->sweep->run[engine->job[index]];
	char cell[SIM_PLAN_LABEL_MAX], label[2 * SIM_PLAN_LABEL_MAX + 32];

	/* Without room or rights there, the next will fare no better. */
	if (rc == -ENOSPC || rc == -EACCES || rc == -EROFS || rc == -EDQUOT || rc == -EFBIG)
		return false;
	snprintf(label, sizeof(label), "%s, %s, sample %u",
		 sim_plan_cell_label(plan, run->cell, cell),
		 run->variant == plan->variants_count ? "baseline" :
							plan->variant[run->variant].label,
		 run->sample);
	engine->work->failed_count++;
	if (engine->work->failed)
		engine->work->failed(engine->work->ctx, label, error->text);
	return true;
}

int sim_sweep_do(struct sim_sweep *sweep, struct sim_sweep_work *work, struct tr_error *error)
{
	struct engine engine = { .sweep = sweep, .work = work };
	struct sim_pool pool = {
		.workers = work->workers,
		.stop = work->stop,
		.ctx = &engine,
		.work = do_run,
		.done = run_done,
		.failed = run_failed,
	};
	int rc;

	engine.job = malloc((size_t)sweep->unique_count * sizeof(*engine.job));
	assert(engine.job);
	for (u32 i = 0; i < sweep->unique_count; i++)
		if (i % work->parts_count == work->part &&
		    !sim_store_has(&sweep->store, sweep->run[sweep->unique[i]].key))
			engine.job[pool.jobs_count++] = sweep->unique[i];
	tell_progress(&engine);
	rc = sim_pool_run(&pool, error);
	free(engine.job);
	return rc;
}
