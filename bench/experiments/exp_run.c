/* SPDX-License-Identifier: BSD-2-Clause */
/* exp_run.c - traces and runs of experiments, as children of this process. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exp_run.h"
#include "exp_table.h"

#define WORDS_MAX 64
#define FNV_START 0xcbf29ce484222325ull
#define COMMAND_MAX 8192

struct job {
	struct exp *exp;
	char **argv; /* malloc'd, with its words in one block behind */
	char log[EXP_PATH_MAX + 8];
	char then_from[EXP_PATH_MAX + 8], then_to[EXP_PATH_MAX]; /* renamed when done; or empty */
	pid_t pid;
};

struct jobs {
	struct job *at;
	u32 count;
};

static u64 hash_bytes(u64 hash, const void *bytes, size_t size)
{
	for (const u8 *b = bytes; size--; b++)
		hash = (hash ^ *b) * 0x100000001b3ull;
	return hash;
}

static u64 hash_text(u64 hash, const char *text)
{
	return hash_bytes(hash, text, strlen(text) + 1);
}

static u64 hash_file(u64 hash, const char *path)
{
	FILE *from = fopen(path, "r");
	char block[65536];
	size_t got;

	if (!from)
		return hash_text(hash, "none");
	while ((got = fread(block, 1, sizeof(block), from)) > 0)
		hash = hash_bytes(hash, block, got);
	fclose(from);
	return hash;
}

static void make_dir(const char *path)
{
	char part[EXP_PATH_MAX];

	for (size_t i = 1; path[i - 1] && i < sizeof(part); i++) {
		if (path[i] && path[i] != '/')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)i, path);
		mkdir(part, 0777); /* an error shows when something is written there */
	}
}

/* The words of @command; blanks part them, there is no quoting. */
static char **split(const char *command)
{
	size_t size = strlen(command) + 1;
	char **argv = calloc(1, (WORDS_MAX + 1) * sizeof(*argv) + size);
	u32 count = 0;

	if (!argv)
		return NULL;
	char *text = memcpy(argv + WORDS_MAX + 1, command, size), *rest;
	for (char *w = strtok_r(text, " ", &rest); w && count < WORDS_MAX; w = strtok_r(NULL, " ", &rest))
		argv[count++] = w;
	return argv;
}

static struct job *add(struct jobs *jobs, struct exp *exp, const char *command)
{
	struct job *grown = realloc(jobs->at, (jobs->count + 1) * sizeof(*grown));

	if (!grown)
		return NULL;
	jobs->at = grown;
	grown[jobs->count] = (struct job){ .exp = exp, .argv = split(command) };
	return grown[jobs->count].argv ? &grown[jobs->count++] : NULL;
}

/* Return: 0 or negative errno: there is no process for it now. */
static int start(struct job *job)
{
	pid_t parent = getpid();

	job->pid = fork();
	if (job->pid)
		return job->pid < 0 ? -errno : 0;
	/* Nobody waits for what an orphan simulates. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	int out = open("/dev/null", O_WRONLY), err = open(job->log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (out < 0 || err < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(127);
	execv(job->argv[0], job->argv);
	_exit(127);
}

static void finished(struct job *job, int status)
{
	char line[256] = "";
	FILE *log;

	if (WIFEXITED(status) && !WEXITSTATUS(status)) {
		unlink(job->log);
		if (*job->then_to && rename(job->then_from, job->then_to))
			tr_fail(&job->exp->error, -errno, "%s: %s", job->then_to, strerror(errno));
		return;
	}
	log = fopen(job->log, "r");
	if (log && fgets(line, sizeof(line), log))
		line[strcspn(line, "\n")] = 0;
	if (log)
		fclose(log);
	job->exp->verdict = EXP_BROKEN;
	tr_fail(&job->exp->error, -EIO, "%s", *line ? line : "wssim was killed");
}

static void show(const char *what, u32 done, u32 all)
{
	if (!isatty(2)) {
		if (done == all || done % 20 == 0)
			fprintf(stderr, "%s: %u of %u\n", what, done, all);
		return;
	}
	u32 width = 40, filled = all ? done * width / all : width;
	fprintf(stderr, "\r%s [%.*s%*s] %u of %u%s", what, (int)filled,
		"########################################", (int)(width - filled), "", done, all,
		done == all ? "\n" : "");
}

static int do_jobs(struct exp_runner *runner, struct jobs *jobs, const char *what)
{
	u32 next = 0, running = 0, done = 0;

	while (done < jobs->count) {
		int status, rc = 0;

		for (; running < runner->workers && next < jobs->count; next++, running++) {
			rc = start(&jobs->at[next]);
			if (rc)
				break; /* perhaps when one of the others is done */
		}
		if (!running)
			return rc;
		pid_t pid = wait(&status);
		if (pid < 0)
			return -errno;
		for (u32 i = 0; i < next; i++) {
			if (jobs->at[i].pid != pid)
				continue;
			finished(&jobs->at[i], status);
			jobs->at[i].pid = 0; /* another job may get this number */
			show(what, ++done, jobs->count);
			running--;
		}
	}
	return 0;
}

static void free_jobs(struct jobs *jobs)
{
	for (u32 i = 0; i < jobs->count; i++)
		free(jobs->at[i].argv);
	free(jobs->at);
	*jobs = (struct jobs){ 0 };
}

/* Recorded samples beside the generated traces, so that a scenario names both alike. */
static void link_samples(const char *samples, const char *folder)
{
	char pattern[EXP_PATH_MAX], to[EXP_PATH_MAX], full[PATH_MAX];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/*.wst", samples);
	if (glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		snprintf(to, sizeof(to), "%.700s/%.200s", folder, strrchr(found.gl_pathv[i], '/') + 1);
		if (realpath(found.gl_pathv[i], full) && symlink(full, to) && errno != EEXIST)
			perror(to); /* the run tells that the trace is missing */
	}
	globfree(&found);
}

static bool is_queued(const struct jobs *jobs, const char *made)
{
	for (u32 i = 0; i < jobs->count; i++)
		if (!strcmp(jobs->at[i].then_to, made))
			return true;
	return false;
}

/* Generated traces are named by what they are made from, with a link of the short name. */
static void add_traces(struct exp_runner *runner, struct exp *exp, u64 program, struct jobs *jobs)
{
	char folder[EXP_PATH_MAX - 300], made[EXP_PATH_MAX], link[EXP_PATH_MAX], name[64];

	snprintf(folder, sizeof(folder), "%s/traces/%s", runner->dir, exp->id);
	make_dir(folder);
	link_samples(runner->samples, folder);
	for (u32 i = 0; i < exp->traces.count; i++) {
		char command[COMMAND_MAX];
		struct job *job;
		u64 hash = hash_text(program, exp->traces.at[i].text);

		snprintf(name, sizeof(name), "%016llx", hash);
		snprintf(made, sizeof(made), "%s/%s", folder, name);
		snprintf(link, sizeof(link), "%s/%.100s", folder, exp->traces.at[i].name);
		unlink(link);
		/* Two names may stand for one trace. */
		if (symlink(name, link) || !access(made, R_OK) || is_queued(jobs, made))
			continue;
		snprintf(command, sizeof(command), "%s trace gen %s -o %s.part", runner->wssim,
			 exp->traces.at[i].text, made);
		job = add(jobs, exp, command);
		if (!job)
			continue;
		snprintf(job->log, sizeof(job->log), "%.1000s.log", made);
		snprintf(job->then_from, sizeof(job->then_from), "%.1000s.part", made);
		snprintf(job->then_to, sizeof(job->then_to), "%s", made);
	}
}

static u64 hash_samples(u64 hash, const char *samples)
{
	char pattern[EXP_PATH_MAX];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/*.wst", samples);
	if (glob(pattern, 0, NULL, &found))
		return hash;
	for (size_t i = 0; i < found.gl_pathc; i++)
		hash = hash_file(hash, found.gl_pathv[i]);
	globfree(&found);
	return hash;
}

static void add_runs(struct exp_runner *runner, struct exp *exp, u64 start_hash, struct jobs *jobs)
{
	char scenario[EXP_PATH_MAX + 128], folder[EXP_PATH_MAX], full[PATH_MAX];
	u64 hash;

	snprintf(scenario, sizeof(scenario), "%s%.100s", exp->dir, exp->scenario);
	snprintf(folder, sizeof(folder), "%.900s/traces/%s", runner->dir, exp->id);
	if (!realpath(folder, full)) /* else it would be relative to the scenario's */
		snprintf(full, sizeof(full), "%s", folder);
	hash = hash_file(hash_text(start_hash, exp->scenario), scenario);
	for (u32 i = 0; i < exp->traces.count; i++)
		hash = hash_text(hash_text(hash, exp->traces.at[i].name), exp->traces.at[i].text);
	for (u32 arm = 0; arm < exp->arms.count; arm++) {
		for (u32 run = 0; run < exp->runs_count; run++) {
			u64 name = hash_bytes(hash_text(hash, exp->arms.at[arm].text), &run, sizeof(run));
			char command[COMMAND_MAX], *dir = exp->run_dir[arm][run];
			struct job *job;

			snprintf(dir, EXP_PATH_MAX, "%.900s/runs/%016llx", runner->dir, name);
			runner->all_count++;
			if (!access(dir, R_OK)) {
				runner->done_count++;
				continue;
			}
			if (is_queued(jobs, dir))
				continue;
			/* An interrupted run leaves results as well, which must not pass for a whole one. */
			snprintf(command, sizeof(command),
				 "%s run %s --no-plots --run=%u -o %s.part --set trace_folder=%.3000s %s",
				 runner->wssim, scenario, run, dir, full, exp->arms.at[arm].text);
			job = add(jobs, exp, command);
			if (!job)
				continue;
			snprintf(job->log, sizeof(job->log), "%.1000s.log", dir);
			snprintf(job->then_from, sizeof(job->then_from), "%.1000s.part", dir);
			snprintf(job->then_to, sizeof(job->then_to), "%s", dir);
		}
	}
}

void exp_load(struct exp *exp)
{
	for (u32 arm = 0; arm < exp->arms.count; arm++) {
		for (u32 run = 0; run < exp->runs_count && exp->verdict != EXP_BROKEN; run++) {
			exp->tables[arm][run] = exp_tables_load(exp->run_dir[arm][run], &exp->error);
			if (!exp->tables[arm][run])
				exp->verdict = EXP_BROKEN;
		}
	}
}

void exp_unload(struct exp *exp)
{
	for (u32 arm = 0; arm < exp->arms.count; arm++) {
		for (u32 run = 0; run < exp->runs_count; run++) {
			exp_tables_free(exp->tables[arm][run]);
			exp->tables[arm][run] = NULL;
		}
	}
}

int exp_run_all(struct exp_runner *runner, struct exp *exps, u32 exps_count)
{
	u64 program = hash_file(FNV_START, runner->wssim);
	u64 start_hash = hash_samples(program, runner->samples);
	struct jobs jobs = { 0 };
	char runs[EXP_PATH_MAX];
	int rc;

	snprintf(runs, sizeof(runs), "%.900s/runs", runner->dir);
	make_dir(runs);
	if (access(runs, W_OK))
		return -errno;
	for (u32 i = 0; i < exps_count; i++)
		if (!exps[i].cannot)
			add_traces(runner, &exps[i], program, &jobs);
	rc = do_jobs(runner, &jobs, "traces");
	free_jobs(&jobs);
	for (u32 i = 0; i < exps_count; i++)
		if (!exps[i].cannot && exps[i].verdict != EXP_BROKEN)
			add_runs(runner, &exps[i], start_hash, &jobs);
	if (!rc)
		rc = do_jobs(runner, &jobs, "runs");
	free_jobs(&jobs);
	return rc;
}
