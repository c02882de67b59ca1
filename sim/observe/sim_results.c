/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_results.c - write beside, then exchange. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "observe/sim_results.h"

/* Everything that wssim puts at the top of a results directory. */
static const char *const own_names[] = {
	"summary.json",	 "summary.csv", "vms.csv", "timeseries.csv", "host.csv", "ages.csv",
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
			       "%s: not empty and no results of wssim; name another directory", dir);
	if (*stranger)
		return tr_fail(error, -EEXIST,
			       "%s: holds '%s', which wssim did not write; name another directory",
			       dir, stranger);
	return 0;
}

int sim_results_begin(struct sim_results *results, const char *dir, struct tr_error *error)
{
	size_t length = strlen(dir);
	char *real = realpath(dir, NULL);
	int rc;

	memset(results, 0, sizeof(*results));
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
	snprintf(results->work, sizeof(results->work), "%.*s.tmp.%ld", SIM_FILE_PATH_MAX - 64,
		 results->final, (long)getpid());
	if (mkdir(results->work, 0777)) {
		rc = -errno;
		*results->work = 0;
		return tr_fail(error, rc, "%s: %s", dir, strerror(-rc));
	}
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

int sim_results_remove(const char *path)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) ? -errno : 0;
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
		*results->work = 0;
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
	rc = sim_results_remove(results->work);
	if (rc)
		tr_fail(error, rc, "%s: previous results: %s", results->work, strerror(-rc));
	*results->work = 0;
	return rc;
}

void sim_results_abort(struct sim_results *results)
{
	if (*results->work)
		sim_results_remove(results->work);
	*results->work = 0;
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
