/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_scenario_workload.c - what runs in a VM: a sequence of traces, demand series and idle time. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario/sim_demand.h"
#include "scenario/sim_scenario_parts.h"
#include "tr_units.h"

#define MIB (1024.0 * 1024)
#define TIB (MIB * 1024 * 1024)
#define SEC 1e9
#define DAY (86400 * SEC)

static const char *const keep_names[] = { "none", "file", "all", NULL };

/* The name of a readable file, from the traces' folder, into @path. */
static int read_path(struct sim_reader *reader, const struct sim_json_in *in,
		     char path[SIM_PATH_MAX])
{
	const char *text;
	struct stat st;
	int rc = sim_json_get_text(in, &text, reader->error);

	if (rc)
		return rc;
	if (!*text)
		return sim_json_fail(in, -EINVAL, reader->error, "must name a file");
	if ((size_t)snprintf(path, SIM_PATH_MAX, "%s%s", *text == '/' ? "" : reader->trace_folder,
			     text) >= SIM_PATH_MAX)
		return sim_json_fail(in, -ENAMETOOLONG, reader->error, "name too long");
	if (stat(path, &st))
		return sim_json_fail(in, -errno, reader->error, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return sim_json_fail(in, -EINVAL, reader->error, "%s: not a file", path);
	if (access(path, R_OK))
		return sim_json_fail(in, -errno, reader->error, "%s: %s", path, strerror(errno));
	return 0;
}

static int read_trace(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	return read_path(reader, in, ((struct sim_segment *)object)->trace);
}

/* --- demand series --- */

static int read_series(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	return read_path(reader, in, ((struct sim_demand *)object)->series);
}

static void print_series(struct sim_json_writer *json, const struct sim_field *field,
			 const void *object)
{
	sim_json_text(json, field->key, ((const struct sim_demand *)object)->series);
}

static void print_container(struct sim_json_writer *json, const struct sim_field *field,
			    const void *object)
{
	const struct sim_demand *demand = object;

	if (*demand->container)
		sim_json_text(json, field->key, demand->container);
}

static int read_container(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	char *container = ((struct sim_demand *)object)->container;
	const char *text;
	int rc = sim_json_get_text(in, &text, reader->error);

	if (!rc && (!*text || strlen(text) >= SIM_NAME_MAX))
		rc = sim_json_fail(in, -EINVAL, reader->error, "must be 1 to %d characters",
				   SIM_NAME_MAX - 1);
	if (!rc)
		snprintf(container, SIM_NAME_MAX, "%s", text);
	return rc;
}

#define DEMAND(member) offsetof(struct sim_demand, member)

/* As wssim trace import has them. */
static const struct sim_field demand_fields[] = {
	{ "series", SIM_FIELD_CUSTOM, .flags = SIM_FIELD_REQUIRED, .read = read_series,
	  .print = print_series },
	{ "format", SIM_FIELD_CHOICE, .offset = DEMAND(format), .value = "any",
	  .names = sim_demand_formats },
	{ "container", SIM_FIELD_CUSTOM, .read = read_container, .print = print_container },
	{ "memory", SIM_FIELD_BYTES, .offset = DEMAND(memory_bytes), .flags = SIM_FIELD_OR_NONE,
	  .value = "none", .min = MIB, .max = 16 * TIB },
	{ "time_scale", SIM_FIELD_DOUBLE, .offset = DEMAND(time_scale), .value = "1", .min = 1,
	  .max = 1e6 },
	{ "hot", SIM_FIELD_DOUBLE, .offset = DEMAND(hot), .value = "0.2", .max = 1 },
	{ "hot_every", SIM_FIELD_NS, .offset = DEMAND(hot_ns), .value = "10s", .min = SEC,
	  .max = 365 * DAY },
	{ "warm", SIM_FIELD_DOUBLE, .offset = DEMAND(warm), .value = "0.3", .max = 1 },
	{ "warm_every", SIM_FIELD_NS, .offset = DEMAND(warm_ns), .value = "5m", .min = SEC,
	  .max = 365 * DAY },
	{ "write", SIM_FIELD_DOUBLE, .offset = DEMAND(write), .value = "0.3", .max = 1 },
	{ "seed", SIM_FIELD_U32, .offset = DEMAND(seed), .value = "1", .max = 1e9 },
	{ .key = NULL },
};

/* The name of a series, or an object with the model's words. */
static int read_demand(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	struct sim_demand *demand = &((struct sim_segment *)object)->demand;
	u64 seen = 0;
	int rc;

	sim_fields_default(demand_fields, demand);
	if (sim_json_kind(in) == SIM_JSON_STRING)
		return read_series(reader, in, demand);
	rc = sim_fields_read(reader, demand_fields, in, demand, &seen);
	if (!rc)
		rc = sim_fields_required(demand_fields, in, seen, reader->error);
	if (!rc && demand->hot + demand->warm > 1)
		rc = sim_json_fail(in, -EINVAL, reader->error, "\"hot\" and \"warm\" are more than all");
	return rc;
}

#define SEGMENT(member) offsetof(struct sim_segment, member)

static const struct sim_field segment_fields[] = {
	{ "trace", SIM_FIELD_CUSTOM, .read = read_trace },
	{ "demand", SIM_FIELD_CUSTOM, .read = read_demand },
	{ "repeat", SIM_FIELD_U32, .offset = SEGMENT(repeat), .value = "1", .min = 1, .max = 1e9 },
	{ "keep", SIM_FIELD_CHOICE, .offset = SEGMENT(keep), .value = "file",
	  .names = keep_names },
	{ "idle", SIM_FIELD_NS, .offset = SEGMENT(idle_ns), .value = "0", .max = 365 * DAY },
	{ .key = NULL },
};

static int read_segment(struct sim_reader *reader, const struct sim_json_in *in,
			struct sim_segment *segment)
{
	struct sim_json_in keep;
	bool plays;
	int rc;

	sim_fields_default(segment_fields, segment);
	if (sim_json_kind(in) == SIM_JSON_STRING)
		return read_trace(reader, in, segment);
	rc = sim_fields_read(reader, segment_fields, in, segment, NULL);
	plays = *segment->trace || *segment->demand.series;
	if (!rc && *segment->trace && *segment->demand.series)
		return sim_json_fail(in, -EINVAL, reader->error,
				     "needs a \"trace\" or a \"demand\", and not both");
	if (rc || plays)
		return rc;
	if (!segment->idle_ns)
		return sim_json_fail(in, -EINVAL, reader->error,
				     "needs a \"trace\", a \"demand\" or an \"idle\" longer than 0");
	if (sim_json_find(in, "keep", &keep))
		return sim_json_fail(&keep, -EINVAL, reader->error, "says nothing without a trace");
	return 0;
}

int sim_read_workload(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	struct sim_vm_config *vm = object;
	struct sim_json_in child;
	int rc = 0;

	free(vm->segment); /* what "defaults" had said */
	vm->segment = NULL;
	vm->segments_count = 0;
	if (sim_json_kind(in) != SIM_JSON_ARRAY || !sim_json_count(in))
		return sim_json_fail(in, -EINVAL, reader->error,
				     "must be a list of one or more segments");
	vm->segment = calloc(sim_json_count(in), sizeof(*vm->segment));
	if (!vm->segment)
		return sim_json_fail(in, -ENOMEM, reader->error, "out of memory");
	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child))
		rc = read_segment(reader, &child, &vm->segment[vm->segments_count++]);
	return rc;
}

void sim_print_workload(struct sim_json_writer *json, const struct sim_field *field,
			   const void *object)
{
	const struct sim_vm_config *vm = object;

	sim_json_array(json, field->key);
	for (u32 i = 0; i < vm->segments_count; i++) {
		const struct sim_segment *segment = &vm->segment[i];
		char text[TR_UNITS_TEXT];
		sim_json_object(json, NULL);
		if (*segment->demand.series) {
			sim_json_object(json, "demand");
			sim_fields_print(demand_fields, json, &segment->demand);
			sim_json_close(json);
		} else if (*segment->trace) {
			sim_json_text(json, "trace", segment->trace);
		}
		sim_json_number(json, "repeat", segment->repeat);
		if (*segment->trace)
			sim_json_text(json, "keep", keep_names[segment->keep]);
		sim_json_text(json, "idle", tr_format_ns(segment->idle_ns, text));
		sim_json_close(json);
	}
	sim_json_close(json);
}

/*
 * Says @why at the demand of segment number @number, or as near to it as the text has it: the
 * workload may be the defaults'.  A place refers to those that it is in, which live here.
 */
static int fail_at_demand(const struct sim_json_in *in, const struct sim_json_in *defaults,
			  u32 number, int rc, struct tr_error *error, const char *why)
{
	struct sim_json_in workload, segment, demand;
	const struct sim_json_in *place = in;

	if (sim_json_find(in, "workload", &workload) ||
	    (defaults && sim_json_find(defaults, "workload", &workload))) {
		bool found = sim_json_first(&workload, &segment);

		for (u32 i = 0; found && i < number; i++)
			found = sim_json_next(&segment);
		place = found ? &segment : &workload;
		if (found && sim_json_find(&segment, "demand", &demand))
			place = &demand;
	}
	return sim_json_fail(place, rc, error, "%s", why);
}

int sim_make_demands(struct sim_reader *reader, const struct sim_json_in *in,
		     const struct sim_json_in *defaults, struct sim_vm_config *vm)
{
	struct tr_error why;

	for (u32 i = 0; i < vm->segments_count; i++) {
		struct sim_segment *segment = &vm->segment[i];
		struct sim_demand *demand = &segment->demand;

		if (!*demand->series)
			continue;
		if (demand->memory_bytes == SIM_NONE)
			demand->memory_bytes =
				sim_demand_memory(vm->memory_bytes, vm->kernel_bytes);
		int rc = sim_demand_trace(demand, reader->scenario->duration_ns, segment->trace, &why);
		if (rc)
			return fail_at_demand(in, defaults, i, rc, reader->error, why.text);
	}
	return 0;
}
