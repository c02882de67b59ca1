/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_pool.c - fork, wait, collect. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "output/sim_pool.h"

/* What a child writes before its result. */
struct outcome {
	int rc;
	struct tr_error error;
};

struct worker {
	pid_t pid; /* 0: free */
	u32 job;
	int fd; /* a file in memory that takes outcome and result */
};

static int write_all(int fd, const void *bytes, size_t size)
{
	const char *from = bytes;

	while (size) {
		ssize_t n = write(fd, from, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		from += n;
		size -= (size_t)n;
	}
	return 0;
}

static void child(const struct sim_pool *pool, u32 job, int fd, pid_t parent)
{
	struct outcome outcome = { .rc = 0 };
	void *result = NULL;
	size_t bytes = 0;
	int rc;

	/* Nobody waits for the results of an orphan. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	outcome.rc = pool->work(pool->ctx, job, &result, &bytes, &outcome.error);
	rc = write_all(fd, &outcome, sizeof(outcome));
	if (!rc && !outcome.rc)
		rc = write_all(fd, result, bytes);
	_exit(rc ? 1 : 0);
}

static int start(const struct sim_pool *pool, struct worker *worker, u32 job,
		 struct tr_error *error)
{
	pid_t parent = getpid();

	worker->job = job;
	worker->fd = memfd_create("wssim-job", MFD_CLOEXEC);
	if (worker->fd < 0)
		return tr_fail(error, -errno, "run %u: %s", job, strerror(errno));
	worker->pid = fork();
	if (worker->pid < 0) {
		int err = errno;
		worker->pid = 0;
		close(worker->fd);
		return tr_fail(error, -err, "run %u: %s", job, strerror(err));
	}
	if (!worker->pid)
		child(pool, job, worker->fd, parent);
	return 0;
}

/* Read what a finished child left, and hand it on. */
static int collect(const struct sim_pool *pool, const struct worker *worker, int status,
		   struct tr_error *error)
{
	struct outcome outcome;
	struct stat file;
	void *map;
	int rc = 0;

	if (WIFSIGNALED(status))
		return tr_fail(error, -EIO, "run %u: its process was ended by signal %d (%s)",
			       worker->job, WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (status || fstat(worker->fd, &file) || file.st_size < (off_t)sizeof(outcome))
		return tr_fail(error, -EIO, "run %u: its process failed", worker->job);
	map = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_PRIVATE, worker->fd, 0);
	if (map == MAP_FAILED)
		return tr_fail(error, -errno, "run %u: %s", worker->job, strerror(errno));
	memcpy(&outcome, map, sizeof(outcome));
	if (outcome.rc == -EINTR)
		rc = 0;
	else if (outcome.rc)
		rc = tr_fail(error, outcome.rc, "%s", outcome.error.text);
	else
		rc = pool->done(pool->ctx, worker->job, (char *)map + sizeof(outcome),
				(size_t)file.st_size - sizeof(outcome));
	munmap(map, (size_t)file.st_size);
	return rc;
}

static void end_all(const struct worker *worker, u32 workers)
{
	for (u32 i = 0; i < workers; i++)
		if (worker[i].pid)
			kill(worker[i].pid, SIGTERM);
}

int sim_pool_run(const struct sim_pool *pool, struct tr_error *error)
{
	struct worker *worker = calloc(pool->workers, sizeof(*worker));
	u32 next = 0, running = 0, done = 0;
	bool ended = false;
	int rc = 0;

	assert(worker && pool->workers);
	for (;;) {
		bool stopping = rc || (pool->stop && *pool->stop);
		for (u32 i = 0; i < pool->workers && next < pool->jobs_count && !stopping; i++) {
			if (worker[i].pid)
				continue;
			rc = start(pool, &worker[i], next, error);
			if (rc)
				break;
			next++;
			running++;
		}
		if (!running)
			break;
		stopping = rc || (pool->stop && *pool->stop);
		if (stopping && !ended) {
			ended = true;
			end_all(worker, pool->workers);
		}
		if (pool->progress)
			pool->progress(pool->ctx, done, running);

		int status;
		pid_t pid = waitpid(-1, &status, 0);
		for (u32 i = 0; pid > 0 && i < pool->workers; i++) {
			if (worker[i].pid != pid)
				continue;
			/* Once things go wrong or are stopped, what we ended is no error. */
			struct tr_error reason = { "" };
			int got = collect(pool, &worker[i], status, &reason);
			if (got && !rc && !ended &&
			    !(pool->failed && pool->failed(pool->ctx, worker[i].job, got, &reason)))
				rc = tr_fail(error, got, "%s", reason.text);
			close(worker[i].fd);
			worker[i].pid = 0;
			running--;
			done++;
		}
	}
	if (pool->progress)
		pool->progress(pool->ctx, done, 0);
	free(worker);
	return rc;
}
