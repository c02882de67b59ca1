/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_scenario_read.c - the top of a scenario, and its echo; see sim_scenario_read.h. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/sim_scenario_parts.h"
#include "scenario/sim_scenario_read.h"

#define SEC 1e9

static int later(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	(void)reader; /* read_parts() reads it, after what it depends on */
	(void)in;
	(void)object;
	return 0;
}

static int read_host(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	(void)object;
	return sim_read_host(reader, in);
}

static int read_link(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	return sim_fields_read(reader, sim_link_fields, in,
			       &((struct sim_scenario *)object)->link, NULL);
}

static int read_costs(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	(void)object;
	return sim_read_costs(reader, in);
}

static int read_folder(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	const char *text;

	(void)object;
	return sim_json_get_text(in, &text, reader->error);
}

#define TOP(member) offsetof(struct sim_scenario, member)

static const struct sim_field top_fields[] = {
	{ "name", SIM_FIELD_NAME, .offset = TOP(name) },
	{ "seed", SIM_FIELD_SEED, .offset = TOP(seed), .value = "1" },
	{ "run", SIM_FIELD_U32, .offset = TOP(run), .value = "0", .max = 1e9 },
	{ "duration", SIM_FIELD_NS, TOP(duration_ns), SIM_FIELD_REQUIRED, NULL, 1e6,
	  365 * 86400 * SEC, NULL, NULL, NULL },
	{ "quantum", SIM_FIELD_NS, .offset = TOP(quantum_ns), .value = "5ms", .min = 1e3,
	  .max = 3600 * SEC },
	{ "sample", SIM_FIELD_NS, .offset = TOP(sample_ns), .value = "1s", .min = 1e3,
	  .max = 86400 * SEC },
	{ "sample_one_in", SIM_FIELD_U32, .offset = TOP(sample_one_in), .value = "1", .min = 1,
	  .max = 1024 },
	{ "open_loop", SIM_FIELD_BOOL, .offset = TOP(open_loop), .value = "false" },
	{ "trace_folder", SIM_FIELD_CUSTOM, .flags = SIM_FIELD_INPUT, .read = read_folder },
	{ "host", SIM_FIELD_CUSTOM, .flags = SIM_FIELD_REQUIRED, .read = read_host },
	{ "link", SIM_FIELD_CUSTOM, .read = read_link },
	{ "costs", SIM_FIELD_CUSTOM, .read = read_costs },
	{ "devices", SIM_FIELD_CUSTOM, .flags = SIM_FIELD_INPUT, .read = later },
	{ "defaults", SIM_FIELD_CUSTOM, .flags = SIM_FIELD_INPUT, .read = later },
	{ "vms", SIM_FIELD_CUSTOM, .flags = SIM_FIELD_REQUIRED, .read = later },
	{ "disturbances", SIM_FIELD_CUSTOM, .read = later },
	{ "policy", SIM_FIELD_CUSTOM, .read = later },
	{ .key = NULL },
};

static const struct sim_json_short shorts[] = {
	{ "swap", "device" }, { "disk", "device" }, { "reclaim", "engine" },
	{ "policy", "name" }, { "mechanism", "name" }, { NULL, NULL },
};

void sim_folder_of(const char *path, char folder[SIM_PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	snprintf(folder, SIM_PATH_MAX, "%.*s", slash ? (int)(slash + 1 - path) : 0, path);
}

/* The file's name without folder and ending, as far as that is a name. */
static void default_name(struct sim_scenario *scenario)
{
	const char *slash = strrchr(scenario->path, '/'), *from = slash ? slash + 1 : scenario->path;
	size_t length = strspn(from, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789-_");

	if (length && length < SIM_NAME_MAX)
		snprintf(scenario->name, SIM_NAME_MAX, "%.*s", (int)length, from);
	else
		snprintf(scenario->name, SIM_NAME_MAX, "scenario");
}

static int find_folder(struct sim_reader *reader, const struct sim_json_in *top)
{
	char base[SIM_PATH_MAX];
	struct sim_json_in in;
	const char *text = "";
	int rc = 0;

	sim_folder_of(reader->scenario->path, base);
	if (sim_json_find(top, "trace_folder", &in))
		rc = sim_json_get_text(&in, &text, reader->error);
	if (rc)
		return rc;
	if ((size_t)snprintf(reader->trace_folder, SIM_PATH_MAX, "%s%s%s", *text == '/' ? "" : base,
			     text, *text && text[strlen(text) - 1] != '/' ? "/" : "") >=
	    SIM_PATH_MAX)
		return sim_json_fail(&in, -ENAMETOOLONG, reader->error, "too long");
	return 0;
}

/* Parts that need others: devices before host and VMs, VMs before disturbances. */
static int read_parts(struct sim_reader *reader, const struct sim_json_in *top)
{
	struct sim_scenario *scenario = reader->scenario;
	struct sim_json_in vms, defaults, in;
	bool with_defaults = sim_json_find(top, "defaults", &defaults);
	int rc;

	if (scenario->quantum_ns > scenario->sample_ns) {
		in = *top;
		if (!sim_json_find(top, "quantum", &in))
			sim_json_find(top, "sample", &in);
		return sim_json_fail(&in, -EINVAL, reader->error, "quantum is longer than sample");
	}
	if (scenario->sample_one_in & (scenario->sample_one_in - 1)) {
		in = *top;
		sim_json_find(top, "sample_one_in", &in);
		return sim_json_fail(&in, -EINVAL, reader->error, "must be a power of two");
	}
	sim_json_find(top, "vms", &vms);
	rc = sim_read_vms(reader, &vms, with_defaults ? &defaults : NULL);
	if (!rc && sim_json_find(top, "disturbances", &in))
		rc = sim_read_disturbances(reader, &in);
	if (!rc)
		rc = sim_read_policy(reader, sim_json_find(top, "policy", &in) ? &in : NULL);
	return rc;
}

static int read_all(struct sim_reader *reader, const struct sim_json *json)
{
	struct sim_scenario *scenario = reader->scenario;
	struct sim_json_in devices, *top = &reader->top;
	u64 seen = 0;
	int rc = 0;

	*top = sim_json_top(json, scenario->path);
	if (sim_json_kind(top) != SIM_JSON_OBJECT)
		return sim_json_fail(top, -EINVAL, reader->error, "must be an object");
	sim_fields_default(top_fields, scenario);
	sim_fields_default(sim_link_fields, &scenario->link);
	scenario->costs = sim_costs_default;
	sim_default_host(&scenario->host);
	default_name(scenario);
	rc = find_folder(reader, top);
	if (!rc && sim_json_find(top, "devices", &devices))
		rc = sim_read_devices(reader, &devices);
	if (!rc)
		rc = sim_fields_read(reader, top_fields, top, scenario, &seen);
	if (!rc)
		rc = sim_fields_required(top_fields, top, seen, reader->error);
	return rc ? rc : read_parts(reader, top);
}

/*
 * Where @policy takes the place of another one, do so before the overrides: they are meant
 * for it, and parameters that the file gives the other are nobody's.
 */
static int replace_policy(struct sim_json *json, const char *policy, struct tr_error *error)
{
	struct sim_json_in top = sim_json_top(json, ""), in, child;
	struct tr_error ignored;
	const char *name = NULL;
	char set[SIM_NAME_MAX + 16];

	if (sim_json_kind(&top) != SIM_JSON_OBJECT || !sim_json_find(&top, "policy", &in))
		return 0;
	if (sim_json_kind(&in) == SIM_JSON_STRING)
		child = in;
	else if (sim_json_kind(&in) != SIM_JSON_OBJECT || !sim_json_find(&in, "name", &child))
		return 0;
	/* What is no name is refused with its place, later. */
	if (sim_json_get_text(&child, &name, &ignored) || !strcmp(name, policy))
		return 0;
	if ((size_t)snprintf(set, sizeof(set), "policy=%s", policy) >= sizeof(set) ||
	    !sim_policy_find(policy))
		return 0;
	return sim_json_set(json, set, shorts, error);
}

/* Takes @json over. */
static int read_json(struct sim_scenario *scenario, const char *path, struct sim_json *json,
		     const char *const *sets, u32 sets_count, const char *policy,
		     struct tr_error *error)
{
	struct sim_reader reader = {
		.scenario = scenario, .error = error, .policy_override = policy };
	int rc = 0;

	if ((size_t)snprintf(scenario->path, SIM_PATH_MAX, "%s", path) >= SIM_PATH_MAX)
		rc = tr_fail(error, -ENAMETOOLONG, "%.60s...: name too long", path);
	if (!rc && policy)
		rc = replace_policy(json, policy, error);
	for (u32 i = 0; i < sets_count && !rc; i++)
		rc = sim_json_set(json, sets[i], shorts, error);
	if (!rc)
		rc = read_all(&reader, json);
	free(reader.device);
	sim_json_free(json);
	if (rc)
		sim_scenario_free(scenario);
	return rc;
}

int sim_scenario_read(struct sim_scenario *scenario, const char *path, const char *const *sets,
		      u32 sets_count, const char *policy, struct tr_error *error)
{
	struct sim_json *json;
	int rc;

	memset(scenario, 0, sizeof(*scenario));
	rc = sim_json_read_file(&json, path, error);
	return rc ? rc : read_json(scenario, path, json, sets, sets_count, policy, error);
}

int sim_scenario_read_text(struct sim_scenario *scenario, const char *path, const char *text,
			   size_t size, const char *const *sets, u32 sets_count,
			   const char *policy, struct tr_error *error)
{
	struct sim_json *json;
	int rc;

	memset(scenario, 0, sizeof(*scenario));
	rc = sim_json_parse(&json, path, text, size, error);
	return rc ? rc : read_json(scenario, path, json, sets, sets_count, policy, error);
}

char *sim_scenario_print(const struct sim_scenario *scenario)
{
	struct sim_json_writer json;
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	sim_json_begin(&json, stream);
	sim_fields_print(top_fields, &json, scenario);
	sim_print_host(&json, scenario);
	sim_json_object(&json, "link");
	sim_fields_print(sim_link_fields, &json, &scenario->link);
	sim_json_close(&json);
	sim_print_costs(&json, scenario);
	sim_print_vms(&json, scenario);
	sim_print_disturbances(&json, scenario);
	sim_print_policy(&json, scenario);
	sim_json_finish(&json);
	if (fclose(stream)) { /* out of memory */
		free(text);
		return NULL;
	}
	return text;
}

u64 sim_scenario_digest(const struct sim_scenario *scenario)
{
	char *text = sim_scenario_print(scenario);
	u64 digest = 0xcbf29ce484222325ull;

	for (const char *c = text; c && *c; c++)
		digest = (digest ^ (u8)*c) * 0x100000001b3ull;
	free(text);
	return digest;
}

void sim_scenario_free(struct sim_scenario *scenario)
{
	for (u32 i = 0; i < scenario->vms_count; i++)
		free(scenario->vm[i].segment);
	free(scenario->vm);
	free(scenario->disturbance);
	free(scenario->policy_state);
	memset(scenario, 0, sizeof(*scenario));
}
