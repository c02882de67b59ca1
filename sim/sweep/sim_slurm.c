/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_slurm.c - sbatch and squeue, called without a shell. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sweep/sim_slurm.h"

#define OPTIONS_MAX 64

/* Run @argv with @input; its output, cut to one line, into @line.  Return: exit status, or
 * negative errno. */
static int call(char *const *argv, const char *input, char *line, size_t size)
{
	FILE *in = tmpfile(), *out = tmpfile();
	int status = 0, rc;
	pid_t pid;

	*line = 0;
	if (!in || !out || (*input && fputs(input, in) < 0) || fflush(in)) {
		rc = -errno;
		goto out;
	}
	rewind(in);
	lseek(fileno(in), 0, SEEK_SET);
	pid = fork();
	if (pid < 0) {
		rc = -errno;
		goto out;
	}
	if (!pid) {
		/* Ctrl-C here is for the one who waits, not for what was handed in. */
		signal(SIGINT, SIG_IGN);
		if (dup2(fileno(in), 0) < 0 || dup2(fileno(out), 1) < 0 || dup2(fileno(out), 2) < 0)
			_exit(126);
		execvp(argv[0], argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	rewind(out);
	if (!fgets(line, (int)size, out))
		*line = 0;
	line[strcspn(line, "\r\n")] = 0;
	rc = WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
out:
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	return rc;
}

static void put_quoted(FILE *to, const char *text)
{
	fputc('\'', to);
	for (; *text; text++)
		fputs(*text == '\'' ? "'\\''" : (char[]){ *text, 0 }, to);
	fputc('\'', to);
}

static char *make_script(const struct sim_slurm *slurm, const char *program, const char *plan,
			 const char *dir)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert(to);
	fputs("#!/bin/sh\nexec ", to);
	put_quoted(to, program);
	fputs(" sweep ", to);
	put_quoted(to, plan);
	fputs(" -o ", to);
	put_quoted(to, dir);
	fprintf(to, " --part \"$SLURM_ARRAY_TASK_ID/%u\" -j \"${SLURM_CPUS_PER_TASK:-1}\"\n",
		slurm->tasks);
	fclose(to);
	return text;
}

static int remember(const char *dir, const char *job, struct tr_error *error)
{
	char path[4200];
	FILE *to;
	int rc = 0;

	snprintf(path, sizeof(path), "%s/slurm/job", dir);
	to = fopen(path, "we");
	if (!to)
		return tr_fail(error, -errno, "%s: %s", path, strerror(errno));
	if (fprintf(to, "%s\n", job) < 0)
		rc = -EIO;
	if (fclose(to))
		rc = -errno;
	return rc ? tr_fail(error, rc, "%s: %s", path, strerror(-rc)) : 0;
}

/* Paths as every node sees them. */
struct places {
	char program[4096], *plan, *dir;
};

static int find_places(const struct sim_slurm *slurm, struct places *places,
		       struct tr_error *error)
{
	ssize_t n = readlink("/proc/self/exe", places->program, sizeof(places->program) - 1);

	if (n < 0)
		return tr_fail(error, -errno, "/proc/self/exe: %s", strerror(errno));
	places->program[n] = 0;
	places->plan = realpath(slurm->plan, NULL);
	if (!places->plan)
		return tr_fail(error, -errno, "%s: %s", slurm->plan, strerror(errno));
	places->dir = realpath(slurm->dir, NULL);
	if (!places->dir)
		return tr_fail(error, -errno, "%s: %s", slurm->dir, strerror(errno));
	return 0;
}

static int submit(const struct sim_slurm *slurm, const struct places *places,
		  char job[SIM_SLURM_JOB], struct tr_error *error)
{
	char array[32], name[128], output[4200], line[512], *script;
	const char *argv[OPTIONS_MAX + 8] = { "sbatch", "--parsable", name, array, output };
	u32 argc = 5;
	int rc;

	if (slurm->options_count > OPTIONS_MAX)
		return tr_fail(error, -E2BIG, "sbatch: more than %d options", OPTIONS_MAX);
	snprintf(name, sizeof(name), "--job-name=wssim-%.80s", slurm->name);
	snprintf(array, sizeof(array), "--array=0-%u", slurm->tasks - 1);
	snprintf(output, sizeof(output), "--output=%s/slurm/%%A-%%a.txt", places->dir);
	for (u32 i = 0; i < slurm->options_count; i++)
		argv[argc++] = slurm->option[i];
	script = make_script(slurm, places->program, places->plan, places->dir);
	rc = call((char *const *)argv, script, line, sizeof(line));
	free(script);
	if (rc == 127)
		return tr_fail(error, -ENOENT, "sbatch: not found; install slurm-client, or leave out "
					       "--slurm to run here");
	if (rc || line[strspn(line, "0123456789")] > ' ' || !*line)
		return tr_fail(error, -EIO, "sbatch: %s", *line ? line : "it said nothing");
	snprintf(job, SIM_SLURM_JOB, "%.*s", (int)strcspn(line, "; "), line);
	return remember(slurm->dir, job, error);
}

int sim_slurm_submit(const struct sim_slurm *slurm, char job[SIM_SLURM_JOB],
		     struct tr_error *error)
{
	struct places places = { .plan = NULL };
	char folder[4200];
	int rc;

	snprintf(folder, sizeof(folder), "%s/slurm", slurm->dir);
	if (mkdir(folder, 0777) && errno != EEXIST)
		return tr_fail(error, -errno, "%s: %s", folder, strerror(errno));
	rc = find_places(slurm, &places, error);
	if (!rc)
		rc = submit(slurm, &places, job, error);
	free(places.plan);
	free(places.dir);
	return rc;
}

bool sim_slurm_active(const char *dir, char job[SIM_SLURM_JOB])
{
	char path[4200], line[512];
	char *argv[] = { (char *)"squeue", (char *)"--noheader", (char *)"--format=%T",
			 (char *)"--jobs", job, NULL };
	FILE *from;
	bool read;

	snprintf(path, sizeof(path), "%s/slurm/job", dir);
	from = fopen(path, "re");
	if (!from)
		return false;
	read = fgets(job, SIM_SLURM_JOB, from);
	fclose(from);
	job[strcspn(job, "\r\n")] = 0;
	/* Slurm forgets finished jobs after a while, and then calls the number invalid. */
	return read && *job && !job[strspn(job, "0123456789")] &&
	       !call(argv, "", line, sizeof(line)) && *line;
}
