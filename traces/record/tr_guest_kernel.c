/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_guest_kernel.c - finds a kernel for a recorded guest. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tr_guest_kernel.h"
#include "ws_env.h"

#define META_PACKAGE "linux-image-cloud-amd64"

int tr_spawn_wait(char *const *argv, const char *dir)
{
	int status, null;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		if (!dir || !chdir(dir))
			execvp(argv[0], argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

/* Make @path and what leads there. */
static int make_dirs(char *path, struct tr_error *error)
{
	for (char *at = path + 1;; at++) {
		char was = *at;

		if (was && was != '/')
			continue;
		*at = 0;
		if (mkdir(path, 0755) && errno != EEXIST)
			return tr_fail(error, -errno, "%s: cannot make the folder: %s", path,
				       strerror(errno));
		*at = was;
		if (!was)
			return 0;
	}
}

static int cache_dir(char *dir, size_t size, struct tr_error *error)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (cache && *cache == '/')
		snprintf(dir, size, "%.3800s/wssim/kernels", cache);
	else
		snprintf(dir, size, "%.3800s/.cache/wssim/kernels", home && *home ? home : "/tmp");
	return make_dirs(dir, error);
}

/* One match of @pattern, the last in order. */
static bool match(const char *pattern, char *path, size_t size)
{
	glob_t found;
	bool ok = !glob(pattern, 0, NULL, &found) && found.gl_pathc;

	if (ok)
		snprintf(path, size, "%s", found.gl_pathv[found.gl_pathc - 1]);
	globfree(&found);
	return ok;
}

/* What the meta package stands for today. */
static int current_package(char *name, size_t size, struct tr_error *error)
{
	FILE *pipe = popen("apt-cache depends " META_PACKAGE " 2>/dev/null", "re");
	char line[256], word[200];

	name[0] = 0;
	while (pipe && fgets(line, sizeof(line), pipe)) {
		if (sscanf(line, " Depends: %199s", word) == 1 &&
		    !strncmp(word, "linux-image-", 12) && !name[0])
			snprintf(name, size, "%s", word);
	}
	if (pipe)
		pclose(pipe);
	return name[0] ? 0
		       : tr_fail(error, -ENOENT,
				 META_PACKAGE ": apt does not know it: give a kernel with --kernel");
}

/* Unpack @deb as folder @to, whole or not at all. */
static int unpack(const char *deb, const char *to, struct tr_error *error)
{
	char part[PATH_MAX];
	char *args[] = { (char *)"dpkg-deb", (char *)"-x", (char *)deb, part, NULL };
	char *clean[] = { (char *)"rm", (char *)"-rf", part, NULL };

	if ((size_t)snprintf(part, sizeof(part), "%s.%d.part", to, (int)getpid()) >= sizeof(part))
		return tr_fail(error, -ENAMETOOLONG, "%s: path too long", to);
	if (tr_spawn_wait(args, NULL) || (rename(part, to) && errno != EEXIST &&
					  errno != ENOTEMPTY)) {
		tr_spawn_wait(clean, NULL);
		return tr_fail(error, -EINVAL, "%s: cannot be unpacked as a Debian package", deb);
	}
	tr_spawn_wait(clean, NULL);
	return 0;
}

static int download(const char *name, const char *dir, char *deb, size_t size,
		    struct tr_error *error)
{
	char *args[] = { (char *)"apt-get", (char *)"download", (char *)"-q", (char *)name, NULL };
	char pattern[PATH_MAX];

	snprintf(pattern, sizeof(pattern), "%.3500s/%.200s_*.deb", dir, name);
	if (match(pattern, deb, size))
		return 0;
	if (tr_spawn_wait(args, dir) || !match(pattern, deb, size))
		return tr_fail(error, -ENOENT,
			       "%s: apt-get cannot download it: give a kernel with --kernel", name);
	return 0;
}

/* Where the unpacked package has its kernel and modules. */
static int look_into(struct tr_guest_kernel *kernel, const char *dir, struct tr_error *error)
{
	char pattern[PATH_MAX];

	snprintf(pattern, sizeof(pattern), "%.3900s/boot/vmlinuz-*", dir);
	if (!match(pattern, kernel->image, sizeof(kernel->image)))
		return tr_fail(error, -ENOENT, "%s: has no kernel in it", kernel->name);
	snprintf(pattern, sizeof(pattern), "%.3900s/lib/modules/*/kernel", dir);
	if (!match(pattern, kernel->modules, sizeof(kernel->modules)))
		kernel->modules[0] = 0;
	return 0;
}

int tr_guest_kernel_find(struct tr_guest_kernel *kernel, const char *spec, struct tr_error *error)
{
	char cache[PATH_MAX], dir[PATH_MAX], deb[PATH_MAX];
	size_t length = spec ? strlen(spec) : 0;
	bool is_deb = length > 4 && !strcmp(spec + length - 4, ".deb");
	const char *base;
	int rc;

	memset(kernel, 0, sizeof(*kernel));
	if (spec && !is_deb && !access(spec, R_OK)) {
		snprintf(kernel->name, sizeof(kernel->name), "%.250s", spec);
		snprintf(kernel->image, sizeof(kernel->image), "%s", spec);
		return 0;
	}
	if (spec && (is_deb || strchr(spec, '/')) && access(spec, R_OK))
		return tr_fail(error, -errno, "%s: %s", spec, strerror(errno));
	rc = cache_dir(cache, sizeof(cache), error);
	if (rc)
		return rc;
	if (spec) {
		base = strrchr(spec, '/') ? strrchr(spec, '/') + 1 : spec;
		snprintf(kernel->name, sizeof(kernel->name), "%.*s",
			 (int)(is_deb ? strlen(base) - 4 : strlen(base)), base);
	} else {
		rc = current_package(kernel->name, sizeof(kernel->name), error);
		if (rc)
			return rc;
	}
	snprintf(dir, sizeof(dir), "%.3800s/%.250s", cache, kernel->name);
	if (access(dir, R_OK)) {
		rc = is_deb ? 0 : download(kernel->name, cache, deb, sizeof(deb), error);
		if (!rc)
			rc = unpack(is_deb ? spec : deb, dir, error);
		if (rc)
			return rc;
	}
	return look_into(kernel, dir, error);
}
