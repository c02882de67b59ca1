/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_record_run.c - runs an emulator with the plugin and takes in what it says. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tr_record_run.h"

#define POLL_MS 100
#define KILL_AFTER_MS 2000
#define CHUNK_BYTES 65536

extern char **environ;

int tr_run_dir_make(struct tr_run_dir *dir, struct tr_error *error)
{
	int rc = tr_scratch_make(&dir->folder, "record", error);

	if (rc)
		return rc;
	snprintf(dir->pipe, sizeof(dir->pipe), "%s/pipe", dir->folder.path);
	if (mkfifo(dir->pipe, 0600)) {
		rc = tr_fail(error, -errno, "%s: cannot make a pipe: %s", dir->pipe, strerror(errno));
		tr_scratch_remove(&dir->folder);
	}
	return rc;
}

void tr_run_dir_remove(struct tr_run_dir *dir)
{
	tr_scratch_remove(&dir->folder);
}

int tr_find_program(const char *name, char *path, size_t size, struct tr_error *error)
{
	const char *dirs = getenv("PATH");

	if (strchr(name, '/')) {
		snprintf(path, size, "%s", name);
		if (!access(path, X_OK))
			return 0;
		return tr_fail(error, -errno, "%s: %s", name, strerror(errno));
	}
	if (!dirs)
		dirs = "/usr/local/bin:/usr/bin:/bin";
	while (*dirs) {
		int length = (int)strcspn(dirs, ":");

		if ((size_t)snprintf(path, size, "%.*s%s%s", length, dirs, length ? "/" : "",
				     name) < size &&
		    !access(path, X_OK))
			return 0;
		dirs += length;
		dirs += *dirs == ':';
	}
	return tr_fail(error, -ENOENT, "%s: command not found", name);
}

/* Return: behind the text, or NULL if @path does not fit. */
static char *append_doubled(char *to, const char *end, const char *path)
{
	for (; *path; path++) {
		if (end - to < 3)
			return NULL;
		*to++ = *path;
		if (*path == ',')
			*to++ = ',';
	}
	*to = 0;
	return to;
}

int tr_plugin_argument(char *to, size_t size, const struct tr_record_options *options,
		       const char *pipe, struct tr_error *error)
{
	char *at = append_doubled(to, to + size - 128, options->plugin);
	int rc = access(options->plugin, R_OK) ? -errno : 0;

	if (rc)
		return tr_fail(error, rc, "%s: %s", options->plugin, strerror(-rc));
	if (at && options->bare) {
		snprintf(at, 96, ",mode=bare");
		return 0;
	}
	if (at) {
		at = stpcpy(at, ",out=");
		at = append_doubled(at, to + size - 96, pipe);
	}
	if (!at)
		return tr_fail(error, -ENAMETOOLONG, "%s: path too long", options->plugin);
	snprintf(at, 96, ",window=%llu,ns=%llu", options->window_insns, options->ns_per_kinsn);
	return 0;
}

static u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000u + (u64)now.tv_nsec / 1000000u;
}

static int start(char **args, pid_t *pid, struct tr_error *error)
{
	posix_spawnattr_t attr;
	sigset_t defaults;
	int rc;

	posix_spawnattr_init(&attr);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawn(pid, args[0], NULL, &attr, args, environ);
	posix_spawnattr_destroy(&attr);
	return rc ? tr_fail(error, -rc, "%s: cannot start: %s", args[0], strerror(rc)) : 0;
}

struct run {
	pid_t pid;
	int fd;
	bool over;	/* the emulator has ended */
	int rc;		/* of the first failure */
	u64 asked_ms;	/* when SIGTERM was sent; 0: not yet */
	u64 shown_ms;	/* last progress */
	struct tr_raw_reader reader;
};

/* End the emulator, politely at first. */
static void ask_to_end(struct run *run)
{
	if (!run->asked_ms) {
		run->asked_ms = now_ms();
		kill(run->pid, SIGTERM);
	} else if (now_ms() - run->asked_ms > KILL_AFTER_MS) {
		kill(run->pid, SIGKILL);
	}
}

/* Return: whether there may be more to take at once. */
static bool take(struct run *run, struct tr_error *error)
{
	static u8 chunk[CHUNK_BYTES];
	ssize_t got = read(run->fd, chunk, sizeof(chunk));

	if (got <= 0)
		return false;
	if (!run->rc)
		run->rc = tr_raw_reader_feed(&run->reader, chunk, (size_t)got, error);
	return true;
}

static void show(struct run *run, const struct tr_record_options *options, u64 time_ns)
{
	u64 now = now_ms();

	if (options->progress && now - run->shown_ms > 200) {
		run->shown_ms = now;
		options->progress(options->progress_ctx, run->reader.records_count, time_ns);
	}
}

/* Between the reader and the caller's handler: keeps the latest time. */
struct relay {
	int (*event)(void *ctx, const struct tr_raw_event *event, struct tr_error *error);
	void *ctx;
	u64 time_ns;
};

static int relay(void *ctx, const struct tr_raw_event *event, struct tr_error *error)
{
	struct relay *to = ctx;

	if (event->time_ns > to->time_ns)
		to->time_ns = event->time_ns;
	return to->event(to->ctx, event, error);
}

static void loop(struct run *run, const struct tr_record_options *options,
		 const struct relay *to, struct tr_record_result *result, struct tr_error *error)
{
	for (;;) {
		struct pollfd poll_fd = { .fd = run->fd, .events = POLLIN };

		if (poll(&poll_fd, 1, POLL_MS) > 0 && !(poll_fd.revents & POLLIN))
			usleep(5000); /* nobody writes: not begun yet, or over */
		while (take(run, error))
			show(run, options, to->time_ns);
		if (run->over)
			break;
		show(run, options, to->time_ns);
		if (waitpid(run->pid, &result->status, WNOHANG) == run->pid)
			run->over = true; /* and once more for what is in the pipe */
		else if (run->rc || (options->stop && *options->stop))
			ask_to_end(run);
	}
}

int tr_run(char **args, const struct tr_run_dir *dir, const struct tr_record_options *options,
	   int (*event)(void *ctx, const struct tr_raw_event *event, struct tr_error *error),
	   void *ctx, struct tr_record_result *result, struct tr_error *error)
{
	struct relay to = { event, ctx, 0 };
	struct run run = { .fd = open(dir->pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC) };

	if (run.fd < 0)
		return tr_fail(error, -errno, "%s: %s", dir->pipe, strerror(errno));
	tr_raw_reader_init(&run.reader, relay, &to);
	run.rc = start(args, &run.pid, error);
	if (!run.rc)
		loop(&run, options, &to, result, error);
	close(run.fd);
	result->whole = run.reader.ended;
	result->records_count = run.reader.records_count;
	result->time_ns = to.time_ns;
	if (!run.rc && !options->bare && !run.reader.words_count &&
	    !(WIFEXITED(result->status) && !WEXITSTATUS(result->status)))
		return tr_fail(error, -EIO, "%s: ended before the command began", args[0]);
	return run.rc;
}
