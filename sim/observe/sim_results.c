/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_results.c - write beside, then exchange. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "observe/sim_results.h"
#include "tr_scratch.h"

/* Everything that wssim puts at the top of a results directory. */
static const char *const own_names[] = {
	"summary.json",	 "summary.csv", "vms.csv", "regret.csv", "timeseries.csv", "host.csv", "ages.csv",
	"reaccess.csv", "memcgs.csv",
	"histograms.csv", "decisions.csv", "scenario.json", "provenance.txt", "journal.wsj",
	"perfetto.json", "report.html", "plots",	  "runs",
};

static bool is_own(const char *name)
{
	for (size_t i = 0; i < sizeof(own_names) / sizeof(*own_names); i++)
		if (!strcmp(name, own_names[i]))
			return true;
	return false;
}

/* May @dir be replaced? */
static int check_replaceable(const char *dir, struct tr_error *error)
{
	DIR *stream = opendir(dir);
	char stranger[256] = "";
	bool empty = true, marked = false;
	struct dirent *entry;

	if (!stream) {
		int err = errno;
		return err == ENOENT ? 0 : tr_fail(error, -err, "%s: %s", dir, strerror(err));
	}
	while ((entry = readdir(stream))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		empty = false;
		marked |= !strcmp(entry->d_name, "summary.json");
		/* The least name, whatever order the directory has. */
		if (!is_own(entry->d_name) && (!*stranger || strcmp(entry->d_name, stranger) < 0))
			snprintf(stranger, sizeof(stranger), "%s", entry->d_name);
	}
	closedir(stream);
	if (empty)
		return 0;
	if (!marked)
		return tr_fail(error, -EEXIST,
			       "%s: neither empty nor results of wssim; name another directory", dir);
	if (*stranger)
		return tr_fail(error, -EEXIST,
			       "%s: holds '%s', which wssim did not write; name another directory",
			       dir, stranger);
	return 0;
}

/* Does the folder @name of @folder, open, hold nothing but what wssim writes? */
static bool holds_only_own(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool own = stream;

	while (own && (entry = readdir(stream)))
		own = is_own(entry->d_name) || !strcmp(entry->d_name, ".") ||
		      !strcmp(entry->d_name, "..");
	if (stream)
		closedir(stream);
	else if (fd >= 0)
		close(fd);
	return own;
}

/* Remove each @final.tmp.PID whose process is gone. */
static void remove_stale(const char *final)
{
	const char *slash = strrchr(final, '/'), *name = slash ? slash + 1 : final;
	size_t length = strlen(name);
	char folder[SIM_FILE_PATH_MAX], path[SIM_FILE_PATH_MAX + 256];
	struct dirent *entry;

	snprintf(folder, sizeof(folder), "%.*s", (int)(name - final), final);
	DIR *stream = opendir(*folder ? folder : ".");

	while (stream && (entry = readdir(stream))) {
		const char *rest = entry->d_name + length;
		if (strncmp(entry->d_name, name, length) || strncmp(rest, ".tmp.", 5) || !rest[5] ||
		    rest[5 + strspn(rest + 5, "0123456789")])
			continue;
		int lock = tr_folder_lock(dirfd(stream), entry->d_name);
		if (lock < 0)
			continue;
		snprintf(path, sizeof(path), "%s%s", folder, entry->d_name);
		if (holds_only_own(dirfd(stream), entry->d_name))
			tr_folder_remove(path);
		close(lock);
	}
	if (stream)
		closedir(stream);
}

/* The work directory is gone, or is the results now. */
static void forget_work(struct sim_results *results)
{
	*results->work = 0;
	if (results->lock >= 0)
		close(results->lock);
	results->lock = -1;
}

int sim_results_begin(struct sim_results *results, const char *dir, struct tr_error *error)
{
	size_t length = strlen(dir);
	char *real = realpath(dir, NULL);
	int rc;

	*results = (struct sim_results){ .lock = -1 };
	while (length > 1 && dir[length - 1] == '/')
		length--;
	if (!length || length > SIM_FILE_PATH_MAX - 64 ||
	    (real && strlen(real) > SIM_FILE_PATH_MAX - 64)) {
		free(real);
		return tr_fail(error, -EINVAL, "%.80s: not a name for a directory", dir);
	}
	/* Through a symbolic link: the directory it names is what gets replaced. */
	if (real)
		snprintf(results->final, sizeof(results->final), "%s", real);
	else
		snprintf(results->final, sizeof(results->final), "%.*s", (int)length, dir);
	free(real);
	rc = check_replaceable(results->final, error);
	if (rc)
		return rc;
	remove_stale(results->final);
	snprintf(results->work, sizeof(results->work), "%.*s.tmp.%ld", SIM_FILE_PATH_MAX - 64,
		 results->final, (long)getpid());
	if (mkdir(results->work, 0777)) {
		rc = -errno;
		*results->work = 0;
		return tr_fail(error, rc, "%s: %s", dir, strerror(-rc));
	}
	results->lock = tr_folder_lock(AT_FDCWD, results->work);
	return 0;
}

int sim_results_commit(struct sim_results *results, struct tr_error *error)
{
	int rc = check_replaceable(results->final, error);

	if (rc) {
		sim_results_abort(results);
		return rc;
	}
	/* A new name or an empty directory. */
	if (!rename(results->work, results->final)) {
		forget_work(results);
		return 0;
	}
	if (errno != ENOTEMPTY && errno != EEXIST) {
		rc = -errno;
	} else if (renameat2(AT_FDCWD, results->work, AT_FDCWD, results->final, RENAME_EXCHANGE)) {
		rc = -errno;
	}
	if (rc == -EINVAL || rc == -ENOSYS) {
		/* A file system that cannot exchange: two steps. */
		char old[SIM_FILE_PATH_MAX];
		snprintf(old, sizeof(old), "%.*s.old.%ld", SIM_FILE_PATH_MAX - 64, results->final,
			 (long)getpid());
		rc = 0;
		if (rename(results->final, old))
			rc = -errno;
		else if (rename(results->work, results->final)) {
			rc = -errno;
			rename(old, results->final);
		} else {
			snprintf(results->work, sizeof(results->work), "%s", old);
		}
	}
	if (rc) {
		tr_fail(error, rc, "%s: %s", results->final, strerror(-rc));
		sim_results_abort(results);
		return rc;
	}
	/* Now the old results. */
	rc = tr_folder_remove(results->work);
	if (rc)
		tr_fail(error, rc, "%s: previous results: %s", results->work, strerror(-rc));
	forget_work(results);
	return rc;
}

void sim_results_abort(struct sim_results *results)
{
	if (!*results->work)
		return;
	tr_folder_remove(results->work);
	forget_work(results);
}

int sim_file_create(struct sim_file *file, const char *dir, const char *name,
		    struct tr_error *error)
{
	const char *slash = strrchr(name, '/');
	char folder[SIM_FILE_PATH_MAX];
	int n = snprintf(file->path, sizeof(file->path), "%s/%s", dir, name);

	file->stream = NULL;
	if (n < 0 || (size_t)n >= sizeof(file->path))
		return tr_fail(error, -ENAMETOOLONG, "%.80s: name too long", name);
	if (slash) {
		snprintf(folder, sizeof(folder), "%.*s",
			 (int)(strlen(file->path) - strlen(slash)), file->path);
		if (mkdir(folder, 0777) && errno != EEXIST) {
			int err = errno;
			return tr_fail(error, -err, "%s: %s", folder, strerror(err));
		}
	}
	file->stream = fopen(file->path, "wbe");
	if (!file->stream) {
		int err = errno;
		return tr_fail(error, -err, "%s: %s", file->path, strerror(err));
	}
	return 0;
}

void *sim_file_make(size_t size, const char *dir, const char *name, int *rc,
		    struct tr_error *error)
{
	struct sim_file *file = calloc(1, size);

	*rc = file ? sim_file_create(file, dir, name, error) :
		     tr_fail(error, -ENOMEM, "%s: out of memory", name);
	if (!*rc)
		return file;
	free(file);
	return NULL;
}

int sim_file_close(struct sim_file *file, struct tr_error *error)
{
	int err = 0;

	if (!file->stream)
		return 0;
	if (fflush(file->stream))
		err = errno;
	/* After an earlier failed write the flush may succeed, with a hole before it. */
	else if (ferror(file->stream))
		err = EIO;
	if (fclose(file->stream) && !err)
		err = errno;
	file->stream = NULL;
	return err ? tr_fail(error, -err, "%s: %s", file->path, strerror(err)) : 0;
}

void sim_csv_text(FILE *stream, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, stream);
		return;
	}
	fputc('"', stream);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', stream);
		fputc(*text, stream);
	}
	fputc('"', stream);
}
