/* SPDX-License-Identifier: BSD-2-Clause */
/* test_scratch.c - folders for temporary files, and what killed processes leave of them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observe/sim_results.h"
#include "tr_scratch.h"

static char place[64];

static void setup(void)
{
	snprintf(place, sizeof(place), "/tmp/wssim-test-XXXXXX");
	cr_assert(mkdtemp(place));
	cr_assert_eq(setenv("TMPDIR", place, 1), 0);
}

static void teardown(void)
{
	cr_assert_eq(tr_folder_remove(place), 0);
}

TestSuite(scratch, .init = setup, .fini = teardown);

static bool is_there(const char *path)
{
	struct stat status;

	return !lstat(path, &status);
}

static void put_file(const char *folder)
{
	char path[PATH_MAX + 8];
	FILE *file;

	snprintf(path, sizeof(path), "%s/file", folder);
	file = fopen(path, "w");
	cr_assert(file);
	cr_assert_eq(fclose(file), 0);
}

/* A process that makes a folder, tells its name and waits to be killed. */
static pid_t start_maker(char path[PATH_MAX])
{
	int told[2];
	ssize_t got;

	cr_assert_eq(pipe(told), 0);
	pid_t pid = fork();

	cr_assert(pid >= 0);
	if (!pid) {
		struct tr_scratch scratch;
		struct tr_error error;

		if (tr_scratch_make(&scratch, "demand", &error))
			_exit(1);
		put_file(scratch.path);
		if (write(told[1], scratch.path, sizeof(scratch.path)) < 0)
			_exit(1);
		pause();
		_exit(0);
	}
	got = read(told[0], path, PATH_MAX);
	cr_assert_eq(got, PATH_MAX);
	close(told[0]);
	close(told[1]);
	return pid;
}

static void kill_maker(pid_t pid)
{
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

Test(scratch, goes_with_all_that_is_in_it)
{
	struct tr_scratch scratch;
	struct tr_error error;

	cr_assert_eq(tr_scratch_make(&scratch, "demand", &error), 0, "%s", error.text);
	put_file(scratch.path);
	char path[PATH_MAX];

	memcpy(path, scratch.path, sizeof(path));
	tr_scratch_remove(&scratch);
	cr_assert(!is_there(path));
	tr_scratch_remove(&scratch); /* twice is fine */
}

Test(scratch, of_a_killed_process_goes_when_the_next_is_made)
{
	struct tr_scratch scratch, other;
	struct tr_error error;
	char path[PATH_MAX];
	pid_t pid = start_maker(path);

	cr_assert_eq(tr_scratch_make(&scratch, "demand", &error), 0, "%s", error.text);
	cr_assert(is_there(path), "its maker is alive");
	kill_maker(pid);
	cr_assert_eq(tr_scratch_make(&other, "whatif", &error), 0, "%s", error.text);
	cr_assert(is_there(path), "of another kind");
	tr_scratch_remove(&other);
	cr_assert_eq(tr_scratch_make(&other, "demand", &error), 0, "%s", error.text);
	cr_assert(!is_there(path));
	cr_assert(is_there(scratch.path), "ours, and in use");
	tr_scratch_remove(&other);
	tr_scratch_remove(&scratch);
}

Test(scratch, stays_while_a_process_forked_from_its_maker_lives)
{
	struct tr_scratch scratch, other;
	struct tr_error error;

	cr_assert_eq(tr_scratch_make(&scratch, "demand", &error), 0, "%s", error.text);
	pid_t pid = fork();

	if (!pid) {
		pause();
		_exit(0);
	}
	close(scratch.lock);
	scratch.lock = -1;
	cr_assert_eq(tr_scratch_make(&other, "demand", &error), 0, "%s", error.text);
	cr_assert(is_there(scratch.path));
	tr_scratch_remove(&other);
	kill_maker(pid);
	cr_assert_eq(tr_scratch_make(&other, "demand", &error), 0, "%s", error.text);
	cr_assert(!is_there(scratch.path));
	tr_scratch_remove(&other);
}

Test(scratch, links_and_files_of_that_name_are_left_alone)
{
	char target[128], link[128], file[128];
	struct tr_scratch scratch;
	struct tr_error error;

	snprintf(target, sizeof(target), "%s/precious", place);
	snprintf(link, sizeof(link), "%s/wssim-demand-aaaaaa", place);
	snprintf(file, sizeof(file), "%s/wssim-demand-bbbbbb", place);
	cr_assert_eq(mkdir(target, 0777), 0);
	put_file(target);
	cr_assert_eq(symlink(target, link), 0);
	int fd = open(file, O_CREAT | O_WRONLY, 0666);

	cr_assert(fd >= 0);
	close(fd);
	cr_assert_eq(tr_scratch_make(&scratch, "demand", &error), 0, "%s", error.text);
	cr_assert(is_there(link) && is_there(file));
	cr_assert(is_there(target));
	tr_scratch_remove(&scratch);
}

Test(scratch, without_a_place_is_an_error_that_names_it)
{
	struct tr_scratch scratch;
	struct tr_error error;

	setenv("TMPDIR", "/nonexistent/place", 1);
	cr_assert_eq(tr_scratch_make(&scratch, "demand", &error), -ENOENT);
	cr_assert(strstr(error.text, "/nonexistent/place/wssim-demand-"), "%s", error.text);
	tr_scratch_remove(&scratch);
}

Test(scratch, results_of_a_killed_process_go_with_the_next_run)
{
	char final[128], stale[160], notes[160], inside[200];
	struct sim_results results;
	struct tr_error error;

	snprintf(final, sizeof(final), "%s/out", place);
	pid_t pid = fork();

	if (!pid) {
		struct sim_results mine;
		_exit(sim_results_begin(&mine, final, &error) != 0);
	}
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	snprintf(stale, sizeof(stale), "%s.tmp.%d", final, (int)pid);
	cr_assert(is_there(stale));
	/* A user's own folder, whatever its name. */
	snprintf(notes, sizeof(notes), "%s.tmp.1", final);
	snprintf(inside, sizeof(inside), "%s/notes", notes);
	cr_assert(!mkdir(notes, 0777) && !mkdir(inside, 0777));

	cr_assert_eq(sim_results_begin(&results, final, &error), 0, "%s", error.text);
	cr_assert(!is_there(stale));
	cr_assert(is_there(inside));
	pid = fork();
	if (!pid) {
		struct sim_results mine;
		_exit(sim_results_begin(&mine, final, &error) != 0);
	}
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	cr_assert(is_there(results.work), "in use");
	cr_assert_eq(sim_results_commit(&results, &error), 0, "%s", error.text);
	cr_assert(is_there(final));
}
