/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_scenario_policy.c - which policy a scenario runs, and its parameters. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/sim_scenario_parts.h"
#include "tr_units.h"

static int choose(struct sim_reader *reader, const struct sim_json_in *in, const char *name)
{
	struct sim_scenario *scenario = reader->scenario;
	const char *names[64];
	char known[384];
	u32 count = 0;

	scenario->policy = sim_policy_find(name);
	if (!scenario->policy) {
		for (; sim_policies[count] && count < 63; count++)
			names[count] = sim_policies[count]->name;
		names[count] = NULL;
		sim_list_names(names, known, sizeof(known));
		if (reader->policy_override)
			return tr_fail(reader->error, -EINVAL, "unknown policy \"%s\"; known: %s",
				       name, known);
		return sim_json_fail(in, -EINVAL, reader->error, "unknown policy \"%s\"; known: %s",
				     name, known);
	}
	free(scenario->policy_state);
	scenario->policy_state = calloc(1, scenario->policy->state_size + 1);
	if (!scenario->policy_state)
		return sim_json_fail(in, -ENOMEM, reader->error, "out of memory");
	sim_policy_defaults(scenario->policy, scenario->policy_state);
	return 0;
}

/* A parameter's value as the text that the policy's table parses. */
static int value_text(struct sim_reader *reader, const struct sim_json_in *in, char *text,
		      size_t size)
{
	const char *string;
	double number;
	bool flag;
	int rc = 0;

	switch (sim_json_kind(in)) {
	case SIM_JSON_STRING:
		rc = sim_json_get_text(in, &string, reader->error);
		if (!rc && strlen(string) >= size)
			rc = sim_json_fail(in, -EINVAL, reader->error, "too long");
		if (!rc)
			memcpy(text, string, strlen(string) + 1);
		return rc;
	case SIM_JSON_NUMBER:
		rc = sim_json_get_double(in, &number, reader->error);
		if (number >= 0 && number < (double)SIM_JSON_EXACT && number == floor(number))
			snprintf(text, size, "%llu", (u64)number);
		else
			sim_json_double_text(number, text);
		return rc;
	case SIM_JSON_BOOL:
		rc = sim_json_get_bool(in, &flag, reader->error);
		snprintf(text, size, "%s", flag ? "true" : "false");
		return rc;
	default:
		return sim_json_fail(in, -EINVAL, reader->error,
				     "must be a number, a string, true or false");
	}
}

static const struct sim_param *find_param(const struct sim_policy *policy, const char *name)
{
	for (u32 i = 0; i < policy->params_count; i++)
		if (!strcmp(policy->params[i].name, name))
			return &policy->params[i];
	return NULL;
}

static char *limit_text(const struct sim_param *param, double limit, char text[TR_UNITS_TEXT])
{
	if (param->type == SIM_PARAM_SIZE)
		return tr_format_bytes((u64)limit, text);
	if (param->type == SIM_PARAM_TIME)
		return tr_format_ns((u64)limit, text);
	return sim_json_double_text(limit, text);
}

static int read_param(struct sim_reader *reader, const struct sim_json_in *in)
{
	static const char *const forms[] = {
		[SIM_PARAM_U64] = "a whole number",
		[SIM_PARAM_SIZE] = "a size, such as \"256MiB\"",
		[SIM_PARAM_TIME] = "a time with its unit, such as \"250ms\"",
		[SIM_PARAM_DOUBLE] = "a number",
		[SIM_PARAM_BOOL] = "true or false",
	};
	struct sim_scenario *scenario = reader->scenario;
	const struct sim_param *param = find_param(scenario->policy, in->key);
	char text[128], least[TR_UNITS_TEXT], most[TR_UNITS_TEXT], known[384];
	const char *names[64];
	u32 count = 0;
	int rc;

	if (!param) {
		for (; count < scenario->policy->params_count && count < 63; count++)
			names[count] = scenario->policy->params[count].name;
		names[count] = NULL;
		sim_list_names(names, known, sizeof(known));
		return sim_json_fail(in, -EINVAL, reader->error,
				     "policy %s has no such parameter; known: %s",
				     scenario->policy->name, *known ? known : "none");
	}
	rc = value_text(reader, in, text, sizeof(text));
	if (rc)
		return rc;
	rc = sim_policy_set(scenario->policy, scenario->policy_state, in->key, text);
	if (rc == -ERANGE)
		return sim_json_fail(in, rc, reader->error, "must be from %s to %s",
				     limit_text(param, param->value_min, least),
				     limit_text(param, param->value_max, most));
	if (rc)
		return sim_json_fail(in, rc, reader->error, "must be %s, not \"%s\"",
				     forms[param->type], text);
	return 0;
}

static int read_params(struct sim_reader *reader, const struct sim_json_in *in)
{
	struct sim_json_in child;
	int rc = 0;

	if (sim_json_kind(in) != SIM_JSON_OBJECT)
		return sim_json_fail(in, -EINVAL, reader->error, "must be an object");
	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child))
		rc = read_param(reader, &child);
	return rc;
}

static int read_object(struct sim_reader *reader, const struct sim_json_in *in)
{
	const char *name = NULL, *override = reader->policy_override;
	struct sim_json_in child, params;
	bool with_params = false;
	int rc = 0;

	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child)) {
		if (!strcmp(child.key, "name")) {
			rc = sim_json_get_text(&child, &name, reader->error);
		} else if (!strcmp(child.key, "params")) {
			params = child;
			with_params = true;
		} else {
			rc = sim_json_fail(&child, -EINVAL, reader->error,
					   "unknown key; known: name, params");
		}
	}
	/* "--policy mom --set policy.params.x=1" on a scenario that names no policy. */
	if (!rc && !name)
		name = override;
	if (!rc && !name)
		rc = sim_json_fail(in, -EINVAL, reader->error, "needs the key \"name\"");
	if (rc)
		return rc;
	child = *in;
	sim_json_find(in, "name", &child);
	rc = choose(reader, &child, override ? override : name);
	/* Parameters of the policy that another one replaces are nobody's. */
	if (!rc && with_params && (!override || !strcmp(override, name)))
		rc = read_params(reader, &params);
	return rc;
}

int sim_read_policy(struct sim_reader *reader, const struct sim_json_in *in)
{
	const char *name = "static";
	int rc = 0;

	if (in && sim_json_kind(in) == SIM_JSON_OBJECT)
		return read_object(reader, in);
	if (in)
		rc = sim_json_get_text(in, &name, reader->error);
	if (reader->policy_override)
		name = reader->policy_override;
	return rc ? rc : choose(reader, in ? in : &reader->top, name);
}

static void print_param(struct sim_json_writer *json, const struct sim_param *param,
			const void *state)
{
	const void *at = (const char *)state + param->offset;
	char text[TR_UNITS_TEXT];

	switch (param->type) {
	case SIM_PARAM_U64:
		if (*(const u64 *)at < SIM_JSON_EXACT) {
			sim_json_number(json, param->name, *(const u64 *)at);
			break;
		}
		snprintf(text, sizeof(text), "%llu", *(const u64 *)at);
		sim_json_text(json, param->name, text);
		break;
	case SIM_PARAM_SIZE:
		sim_json_text(json, param->name, tr_format_bytes(*(const u64 *)at, text));
		break;
	case SIM_PARAM_TIME:
		sim_json_text(json, param->name, tr_format_ns(*(const u64 *)at, text));
		break;
	case SIM_PARAM_DOUBLE:
		sim_json_exact(json, param->name, *(const double *)at);
		break;
	case SIM_PARAM_BOOL:
		sim_json_bool(json, param->name, *(const bool *)at);
		break;
	}
}

void sim_print_policy(struct sim_json_writer *json, const struct sim_scenario *scenario)
{
	sim_json_object(json, "policy");
	sim_json_text(json, "name", scenario->policy->name);
	sim_json_object(json, "params");
	for (u32 i = 0; i < scenario->policy->params_count; i++)
		print_param(json, &scenario->policy->params[i], scenario->policy_state);
	sim_json_close(json);
	sim_json_close(json);
}
