/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_store.c - a run's figures as a file, and back. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "observe/sim_results.h"
#include "scenario/sim_json.h"
#include "scenario/sim_json_write.h"
#include "scenario/sim_scenario_read.h"
#include "sweep/sim_store.h"
#include "tr_file.h"
#include "tr_hash.h"

#define FORMAT 2 /* 2: with a check */

int sim_store_open(struct sim_store *store, const char *dir, struct tr_error *error)
{
	if ((size_t)snprintf(store->dir, sizeof(store->dir), "%s/runs", dir) >=
	    sizeof(store->dir) - 64)
		return tr_fail(error, -ENAMETOOLONG, "%.60s...: name too long", dir);
	if (mkdir(store->dir, 0777) && errno != EEXIST)
		return tr_fail(error, -errno, "%s: %s", store->dir, strerror(errno));
	return 0;
}

void sim_store_sweep_up(const struct sim_store *store)
{
	DIR *dir = opendir(store->dir);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strstr(entry->d_name, ".tmp."))
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
}

/* --- identity --- */

/* Identity of the running program's code. */
static u64 program_identity(void)
{
	static u64 program;
	struct stat file;
	int fd;

	if (program)
		return program;
	program = 1; /* if it cannot be read: any build */
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && !fstat(fd, &file) && file.st_size > 0) {
		void *map = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (map != MAP_FAILED) {
			program = tr_hash64(map, (size_t)file.st_size, FORMAT);
			munmap(map, (size_t)file.st_size);
		}
	}
	if (fd >= 0)
		close(fd);
	return program;
}

/* Plans name the same few traces again and again. */
static int trace_digest(const char *path, u64 *digest, struct tr_error *error)
{
	static struct known {
		char path[SIM_PATH_MAX];
		u64 digest;
	} known[64];
	static u32 known_count;
	struct tr_file *file;
	int rc;

	for (u32 i = 0; i < known_count; i++) {
		if (strcmp(known[i].path, path))
			continue;
		*digest = known[i].digest;
		return 0;
	}
	rc = tr_file_open(&file, path, error);
	if (rc)
		return rc;
	*digest = tr_file_digest(file);
	tr_file_close(file);
	if (known_count < sizeof(known) / sizeof(*known)) {
		snprintf(known[known_count].path, SIM_PATH_MAX, "%s", path);
		known[known_count++].digest = *digest;
	}
	return 0;
}

int sim_store_identity(const struct sim_scenario *scenario, u64 *identity,
		       struct tr_error *error)
{
	struct sim_scenario any = *scenario;
	u64 digest, trace;
	int rc;

	any.seed = 0;
	any.run = 0;
	digest = sim_scenario_digest(&any) ^ program_identity();
	for (u32 vm = 0; vm < scenario->vms_count; vm++) {
		for (u32 i = 0; i < scenario->vm[vm].segments_count; i++) {
			const char *path = scenario->vm[vm].segment[i].trace;
			if (!*path)
				continue;
			rc = trace_digest(path, &trace, error);
			if (rc)
				return rc;
			digest = sim_mix64(digest ^ trace);
		}
	}
	*identity = digest;
	return 0;
}

/* --- files --- */

static void path_of(const struct sim_store *store, u64 key, char path[SIM_FILE_PATH_MAX + 32])
{
	snprintf(path, SIM_FILE_PATH_MAX + 32, "%s/%016llx.json", store->dir, key);
}

bool sim_store_has(const struct sim_store *store, u64 key)
{
	char path[SIM_FILE_PATH_MAX + 32];
	struct stat file;

	path_of(store, key, path);
	return !stat(path, &file) && S_ISREG(file.st_mode);
}

/* What a file cannot hold, it holds as null and gives back as NAN. */
static u64 check_values(u64 check, const double *value, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		double kept = isfinite(value[i]) ? value[i] : 0;
		check = sim_mix64(check ^ tr_hash64(&kept, sizeof(kept), !isfinite(value[i])));
	}
	return check;
}

static u64 check_of(const struct sim_summary *summary)
{
	const u64 numbers[] = { summary->seed,   summary->run,    summary->digest,
				summary->events, summary->end_ns, summary->traces_digest,
				summary->valid,  summary->vms_count };
	u64 check = tr_hash64(numbers, sizeof(numbers), FORMAT);

	check = tr_hash64(summary->policy, strlen(summary->policy), check);
	check = check_values(check, summary->value, SIM_RUN_METRICS);
	for (u32 vm = 0; vm < summary->vms_count; vm++) {
		check = tr_hash64(summary->vm[vm].name, strlen(summary->vm[vm].name), check);
		check = check_values(check, summary->vm[vm].value, SIM_VM_METRICS);
	}
	return check;
}

static void put_values(struct sim_json_writer *json, const struct sim_metric *metric,
		       const double *value, u32 count)
{
	for (u32 i = 0; i < count; i++)
		sim_json_exact(json, metric[i].key, value[i]);
}

static void put_summary(FILE *to, u64 key, const struct sim_summary *summary)
{
	struct sim_json_writer json;

	sim_json_begin(&json, to);
	sim_json_number(&json, "format", FORMAT);
	sim_json_hex(&json, "key", key);
	sim_json_text(&json, "policy", summary->policy);
	sim_json_hex(&json, "seed", summary->seed);
	sim_json_number(&json, "run", summary->run);
	sim_json_hex(&json, "digest", summary->digest);
	sim_json_hex(&json, "events", summary->events);
	sim_json_hex(&json, "end_ns", summary->end_ns);
	sim_json_hex(&json, "traces_digest", summary->traces_digest);
	sim_json_bool(&json, "valid", summary->valid);
	sim_json_object(&json, "values");
	put_values(&json, sim_run_metrics, summary->value, SIM_RUN_METRICS);
	sim_json_close(&json);
	sim_json_array(&json, "vms");
	for (u32 vm = 0; vm < summary->vms_count; vm++) {
		sim_json_object(&json, NULL);
		sim_json_text(&json, "name", summary->vm[vm].name);
		sim_json_object(&json, "values");
		put_values(&json, sim_vm_metrics, summary->vm[vm].value, SIM_VM_METRICS);
		sim_json_close(&json);
		sim_json_close(&json);
	}
	sim_json_close(&json);
	sim_json_hex(&json, "check", check_of(summary));
	sim_json_finish(&json);
}

int sim_store_put(const struct sim_store *store, u64 key, const struct sim_summary *summary,
		  struct tr_error *error)
{
	char path[SIM_FILE_PATH_MAX + 32], temporary[SIM_FILE_PATH_MAX + 64];
	int rc = 0;
	FILE *to;

	path_of(store, key, path);
	snprintf(temporary, sizeof(temporary), "%s.tmp.%d", path, (int)getpid());
	to = fopen(temporary, "we");
	if (!to)
		return tr_fail(error, -errno, "%s: %s", temporary, strerror(errno));
	put_summary(to, key, summary);
	if (ferror(to))
		rc = -EIO;
	if (fclose(to))
		rc = -errno;
	if (!rc && rename(temporary, path))
		rc = -errno;
	if (!rc)
		return 0;
	unlink(temporary);
	return tr_fail(error, rc, "%s: %s", path, strerror(-rc));
}

/* --- reading back: anything that is not as put_summary() writes it does not count --- */

static bool get_hex(const struct sim_json_in *object, const char *key, u64 *value)
{
	struct tr_error error;
	struct sim_json_in in;

	return sim_json_find(object, key, &in) && !sim_json_get_seed(&in, value, &error);
}

static bool get_values(const struct sim_json_in *object, const struct sim_metric *metric,
		       double *value, u32 count)
{
	struct sim_json_in values, in;
	struct tr_error error;
	u32 i = 0;

	if (!sim_json_find(object, "values", &values) ||
	    sim_json_kind(&values) != SIM_JSON_OBJECT || sim_json_count(&values) != count)
		return false;
	for (bool ok = sim_json_first(&values, &in); ok; ok = sim_json_next(&in), i++) {
		if (strcmp(in.key, metric[i].key))
			return false;
		if (sim_json_kind(&in) == SIM_JSON_NULL)
			value[i] = NAN;
		else if (sim_json_get_double(&in, &value[i], &error))
			return false;
	}
	return true;
}

static bool get_text(const struct sim_json_in *object, const char *key, char out[SIM_NAME_MAX])
{
	struct tr_error error;
	struct sim_json_in in;
	const char *text;

	if (!sim_json_find(object, key, &in) || sim_json_get_text(&in, &text, &error))
		return false;
	snprintf(out, SIM_NAME_MAX, "%s", text);
	return true;
}

static bool get_vms(const struct sim_json_in *vms, struct sim_summary *summary)
{
	struct sim_json_in in;
	u32 vm = 0;

	for (bool ok = sim_json_first(vms, &in); ok; ok = sim_json_next(&in), vm++)
		if (sim_json_kind(&in) != SIM_JSON_OBJECT ||
		    !get_text(&in, "name", summary->vm[vm].name) ||
		    !get_values(&in, sim_vm_metrics, summary->vm[vm].value, SIM_VM_METRICS))
			return false;
	return true;
}

static struct sim_summary *get_summary(const struct sim_json_in *top, u64 key)
{
	struct sim_json_in vms, in;
	struct sim_summary *summary;
	struct tr_error error;
	u64 found, run, check;

	if (sim_json_kind(top) != SIM_JSON_OBJECT || !get_hex(top, "key", &found) || found != key ||
	    !sim_json_find(top, "vms", &vms) || sim_json_kind(&vms) != SIM_JSON_ARRAY)
		return NULL;
	summary = calloc(1, sim_summary_bytes(sim_json_count(&vms)));
	assert(summary);
	summary->vms_count = sim_json_count(&vms);
	if (get_text(top, "policy", summary->policy) && get_hex(top, "seed", &summary->seed) &&
	    sim_json_find(top, "run", &in) && !sim_json_get_u64(&in, &run, &error) &&
	    get_hex(top, "digest", &summary->digest) && get_hex(top, "events", &summary->events) &&
	    get_hex(top, "end_ns", &summary->end_ns) &&
	    get_hex(top, "traces_digest", &summary->traces_digest) &&
	    sim_json_find(top, "valid", &in) && !sim_json_get_bool(&in, &summary->valid, &error) &&
	    get_values(top, sim_run_metrics, summary->value, SIM_RUN_METRICS) &&
	    get_vms(&vms, summary) && get_hex(top, "check", &check)) {
		summary->run = (u32)run;
		if (check == check_of(summary))
			return summary;
	}
	free(summary);
	return NULL;
}

struct sim_summary *sim_store_get(const struct sim_store *store, u64 key)
{
	char path[SIM_FILE_PATH_MAX + 32];
	struct sim_summary *summary;
	struct sim_json_in top;
	struct sim_json *json;
	struct tr_error error;

	path_of(store, key, path);
	if (sim_json_read_file(&json, path, &error))
		return NULL;
	top = sim_json_top(json, path);
	summary = get_summary(&top, key);
	sim_json_free(json);
	return summary;
}

struct sim_summary *sim_store_take(const struct sim_store *store, u64 key, u32 *damaged_count)
{
	/* In this order: another part may bring it meanwhile. */
	bool there = sim_store_has(store, key);
	struct sim_summary *summary = sim_store_get(store, key);

	*damaged_count += there && !summary;
	return summary;
}

void sim_store_drop(const struct sim_store *store, u64 key)
{
	char path[SIM_FILE_PATH_MAX + 32];

	path_of(store, key, path);
	unlink(path);
}
