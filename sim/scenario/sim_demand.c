/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_demand.c - traces made of demand series, and the folder that they lie in. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenario/sim_demand.h"
#include "tr_file.h"
#include "tr_import.h"
#include "tr_scratch.h"
#include "tr_units.h"

#define TICK_NS 1000000000ull /* of tr_demand.h */

u64 sim_demand_memory(u64 memory_bytes, u64 kernel_bytes)
{
	u64 taken = kernel_bytes + memory_bytes / 50; /* free reserves: a fiftieth */

	return memory_bytes > 2 * taken ? memory_bytes - taken : memory_bytes / 2;
}

const char *const sim_demand_formats[SIM_DEMAND_FORMATS + 1] = {
	[SIM_DEMAND_ANY] = "any",
	[SIM_DEMAND_GCD] = "gcd",
	[SIM_DEMAND_ALIBABA] = "alibaba",
	[SIM_DEMAND_BITBRAINS] = "bitbrains",
};

/* --- writing one --- */

struct limit {
	struct tr_sink sink;
	u64 until_ns;
};

/* Nobody plays what is behind the end: it need not be made. */
static int put_until(void *ctx, const struct tr_record *record, struct tr_error *error)
{
	const struct limit *limit = ctx;

	if (record->time_ns > limit->until_ns)
		return -ECANCELED;
	return limit->sink.put(limit->sink.ctx, record, error);
}

static char *origin_of(const struct sim_demand *demand, const char *format,
		       const struct tr_demand_model *model)
{
	const char *slash = strrchr(demand->series, '/');
	char text[TR_DEMAND_TEXT], *origin = NULL;
	int length = asprintf(&origin, "kind: demand series\nsource: %s\nformat: %s\nmodel: %s\n",
			      slash ? slash + 1 : demand->series, format,
			      tr_demand_text(model, text));

	assert(length > 0);
	return origin;
}

static int open_series(const struct sim_demand *demand, struct tr_import_options *options,
		       struct tr_import **import, struct tr_error *error)
{
	const char *format;
	int rc;

	options->vm = *demand->container ? demand->container : NULL;
	options->seed = demand->seed;
	rc = tr_import_open(import, demand->series,
			    demand->format ? sim_demand_formats[demand->format] : NULL, options, error);
	if (rc)
		return rc;
	format = tr_import_info(*import)->format;
	if (tr_import_is_demand(format))
		return 0;
	rc = tr_fail(error, -EINVAL, "%s: is %s, not a demand series", demand->series, format);
	tr_import_close(*import);
	return rc;
}

int sim_demand_write(const struct sim_demand *demand, u64 from_ns, u64 until_ns, const char *path,
		     struct tr_error *error)
{
	struct tr_import_options options;
	struct tr_import *import;
	struct tr_writer *writer;
	int rc;

	tr_import_options_init(&options);
	options.demand = (struct tr_demand_model){
		.from_ns = from_ns,
		.memory_bytes = demand->memory_bytes,
		.time_scale = (u64)(demand->time_scale * TR_DEMAND_ONE),
		.hot = (u32)(demand->hot * TR_DEMAND_ONE),
		.warm = (u32)(demand->warm * TR_DEMAND_ONE),
		.hot_ns = demand->hot_ns,
		.warm_ns = demand->warm_ns,
		.write = (u32)(demand->write * TR_DEMAND_ONE),
	};
	rc = open_series(demand, &options, &import, error);
	if (rc)
		return rc;
	const struct tr_import_info *info = tr_import_info(import);
	struct tr_meta meta = { .numbering = info->numbering, .default_type = info->default_type };
	meta.origin = origin_of(demand, info->format, &options.demand);
	rc = tr_writer_open(&writer, path, &meta, error);
	if (!rc) {
		struct limit limit = { tr_writer_sink(writer), until_ns + TICK_NS };

		rc = tr_import_run(import, (struct tr_sink){ put_until, &limit }, error);
		if (rc && rc != -ECANCELED)
			tr_writer_abort(writer);
		else
			rc = tr_writer_commit(writer, error);
	}
	free((char *)meta.origin);
	tr_import_close(import);
	return rc;
}

/* --- how much is used --- */

struct counting {
	struct sim_demand_use *use;
	u64 pages, count;
	u32 minute;
	bool more; /* than are counted */
};

/* A tick of the trace stands for a minute; with nothing used again a trace is but this. */
static int count_page(void *ctx, const struct tr_record *record, struct tr_error *error)
{
	struct counting *counting = ctx;

	(void)error;
	if (record->op == TR_ALLOC)
		counting->pages++;
	else if (record->op == TR_FREE)
		counting->pages--;
	else if (record->op == TR_IDLE && counting->minute < SIM_DEMAND_MINUTES)
		counting->use->pages[counting->minute++] += counting->count * counting->pages;
	else if (record->op == TR_IDLE)
		counting->more = true;
	return counting->more ? -ECANCELED : 0;
}

int sim_demand_use_add(struct sim_demand_use *use, const struct sim_demand *demand, u64 count,
		       struct tr_error *error)
{
	struct counting counting = { .use = use, .count = count };
	struct tr_import_options options;
	struct tr_import *import;
	int rc;

	tr_import_options_init(&options);
	options.demand = (struct tr_demand_model){
		.memory_bytes = demand->memory_bytes,
		.time_scale = 60ull * TR_DEMAND_ONE,
		.hot_ns = TR_DEMAND_SPAN_MAX, /* so that nothing is looked for in each tick */
		.warm_ns = TR_DEMAND_SPAN_MAX,
	};
	rc = open_series(demand, &options, &import, error);
	if (rc)
		return rc;
	rc = tr_import_run(import, (struct tr_sink){ count_page, &counting }, error);
	tr_import_close(import);
	use->more |= counting.more || (use->any && counting.minute != use->shortest);
	use->shortest = use->any && use->shortest < counting.minute ? use->shortest : counting.minute;
	use->any = true;
	return rc == -ECANCELED ? 0 : rc;
}

u64 sim_demand_busiest(const struct sim_demand_use *use, u64 length_ns)
{
	u64 minute_ns = 60 * TICK_NS, length = (length_ns + minute_ns - 1) / minute_ns;
	u64 sum = 0, most = 0, best = 0;

	for (u64 end = 0; end < use->shortest; end++) {
		sum += use->pages[end];
		if (end >= length)
			sum -= use->pages[end - length];
		if (sum > most && end + 1 >= length) {
			most = sum;
			best = end + 1 - length;
		}
	}
	return best * minute_ns;
}

/* --- the folder --- */

/* What was made already; names in the folder are numbers. */
static struct {
	struct tr_scratch folder;
	pid_t owner;
	struct made {
		struct sim_demand demand;
		u64 until_ns;
	} *made;
	u32 count;
} kept;

static void trace_path(u32 number, char path[SIM_PATH_MAX])
{
	snprintf(path, SIM_PATH_MAX, "%.*s/%u.wst", SIM_PATH_MAX - 32, kept.folder.path, number);
}

/* Children that leave by exit() do not take the parent's traces along. */
static void remove_folder(void)
{
	if (kept.owner != getpid())
		return;
	tr_scratch_remove(&kept.folder);
	free(kept.made);
	memset(&kept, 0, sizeof(kept));
}

static int make_folder(struct tr_error *error)
{
	int rc;

	if (kept.owner == getpid())
		return 0;
	memset(&kept, 0, sizeof(kept)); /* a parent's stay the parent's */
	rc = tr_scratch_make(&kept.folder, "demand", error);
	if (!rc && strlen(kept.folder.path) + 32 > SIM_PATH_MAX) {
		rc = tr_fail(error, -ENAMETOOLONG, "%.60s...: name too long", kept.folder.path);
		tr_scratch_remove(&kept.folder);
	}
	if (rc)
		return rc;
	kept.owner = getpid();
	return atexit(remove_folder) ? tr_fail(error, -ENOMEM, "out of memory") : 0;
}

/* Members one by one: there may be anything between them and behind texts. */
static bool same(const struct sim_demand *a, const struct sim_demand *b)
{
	return !strcmp(a->series, b->series) && !strcmp(a->container, b->container) &&
	       a->memory_bytes == b->memory_bytes && a->time_scale == b->time_scale &&
	       a->hot == b->hot && a->warm == b->warm && a->hot_ns == b->hot_ns &&
	       a->warm_ns == b->warm_ns && a->write == b->write && a->seed == b->seed &&
	       a->format == b->format;
}

int sim_demand_trace(const struct sim_demand *demand, u64 until_ns, char path[SIM_PATH_MAX],
		     struct tr_error *error)
{
	struct made *grown;
	int rc;

	for (u32 i = 0; i < kept.count; i++)
		if (same(&kept.made[i].demand, demand) && kept.made[i].until_ns == until_ns) {
			trace_path(i, path);
			return 0;
		}
	rc = make_folder(error);
	if (rc)
		return rc;
	grown = realloc(kept.made, (kept.count + 1) * sizeof(*grown));
	if (!grown)
		return tr_fail(error, -ENOMEM, "%s: out of memory", demand->series);
	kept.made = grown;
	trace_path(kept.count, path);
	rc = sim_demand_write(demand, 0, until_ns, path, error);
	if (rc)
		return rc;
	kept.made[kept.count++] = (struct made){ .demand = *demand, .until_ns = until_ns };
	return 0;
}
