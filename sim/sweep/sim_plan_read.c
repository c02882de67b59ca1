/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_plan_read.c - a plan from its JSON file. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/sim_json.h"
#include "scenario/sim_json_write.h"
#include "sweep/sim_plan.h"

#define RUNS_DEFAULT 5

static char *copy(const char *text)
{
	char *out = strdup(text);

	assert(out);
	return out;
}

/* --- values of a parameter --- */

/* A number, text or truth value as people write it, and as --set wants it. */
static int read_value(const struct sim_json_in *in, const char *path, char **value, char **set,
		      struct tr_error *error)
{
	char number[SIM_JSON_DOUBLE_TEXT], *out = NULL;
	const char *text;
	double real;
	bool truth;
	size_t size;
	int rc;

	switch (sim_json_kind(in)) {
	case SIM_JSON_NUMBER:
		rc = sim_json_get_double(in, &real, error);
		if (rc)
			return rc;
		text = sim_json_double_text(real, number);
		break;
	case SIM_JSON_BOOL:
		rc = sim_json_get_bool(in, &truth, error);
		if (rc)
			return rc;
		text = truth ? "true" : "false";
		break;
	case SIM_JSON_STRING:
		rc = sim_json_get_text(in, &text, error);
		if (rc)
			return rc;
		break;
	default:
		return sim_json_fail(in, -EINVAL, error, "must be a number, a string or a truth value");
	}
	FILE *to = open_memstream(&out, &size);
	assert(to);
	fprintf(to, "%s=", path);
	if (sim_json_kind(in) == SIM_JSON_STRING)
		sim_json_quote(to, text);
	else
		fputs(text, to);
	fclose(to);
	*value = copy(text);
	*set = out;
	return 0;
}

static void free_axis(struct sim_axis *axis)
{
	for (u32 i = 0; i < axis->values_count; i++) {
		free(axis->value[i]);
		free(axis->set[i]);
	}
	free(axis->value);
	free(axis->set);
	free(axis->path);
}

/* One value or a list of them. */
static int read_axis(struct sim_axis *axis, const char *prefix, const struct sim_json_in *in,
		     struct tr_error *error)
{
	bool list = sim_json_kind(in) == SIM_JSON_ARRAY;
	u32 count = list ? sim_json_count(in) : 1;
	struct sim_json_in child = *in;
	int rc = 0;

	if (!count || count > SIM_PLAN_VALUES_MAX)
		return sim_json_fail(in, -EINVAL, error, "1 to %d values", SIM_PLAN_VALUES_MAX);
	axis->value = calloc(count, sizeof(*axis->value));
	axis->set = calloc(count, sizeof(*axis->set));
	rc = asprintf(&axis->path, "%s%s", prefix, in->key);
	assert(axis->value && axis->set && rc >= 0);
	rc = 0;
	for (bool ok = list ? sim_json_first(in, &child) : true; ok && !rc;
	     ok = list && sim_json_next(&child)) {
		rc = read_value(&child, axis->path, &axis->value[axis->values_count],
				&axis->set[axis->values_count], error);
		if (rc)
			break;
		for (u32 i = 0; i < axis->values_count && !rc; i++)
			if (!strcmp(axis->set[i], axis->set[axis->values_count]))
				rc = sim_json_fail(&child, -EINVAL, error, "twice");
		axis->values_count++;
	}
	return rc;
}

/* An object of parameters. */
static int read_axes(struct sim_axis *axis, u32 *count, const char *prefix,
		     const struct sim_json_in *in, struct tr_error *error)
{
	struct sim_json_in child;
	int rc = 0;

	if (sim_json_kind(in) != SIM_JSON_OBJECT)
		return sim_json_fail(in, -EINVAL, error, "must be an object of paths and values");
	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child)) {
		if (*count == SIM_PLAN_AXES_MAX)
			return sim_json_fail(&child, -EINVAL, error, "more than %d parameters",
					     SIM_PLAN_AXES_MAX);
		if (!*prefix && (!strcmp(child.key, "seed") || !strcmp(child.key, "run") ||
				 !strcmp(child.key, "policy") || !strncmp(child.key, "policy.", 7)))
			return sim_json_fail(&child, -EINVAL, error,
					     "seeds, runs and policies have members of their own in a "
					     "plan");
		memset(&axis[*count], 0, sizeof(*axis));
		rc = read_axis(&axis[(*count)++], prefix, &child, error);
	}
	return rc;
}

/* --- policies --- */

static int add_variant(struct sim_plan *plan, const struct sim_json_in *in,
		       const struct sim_variant *variant, struct tr_error *error)
{
	for (u32 i = 0; i < plan->variants_count; i++)
		if (!strcmp(plan->variant[i].label, variant->label))
			return sim_json_fail(in, -EINVAL, error, "%s: twice", variant->label);
	if (plan->variants_count == SIM_PLAN_VARIANTS_MAX)
		return sim_json_fail(in, -EINVAL, error, "more than %d policies with their params",
				     SIM_PLAN_VARIANTS_MAX);
	plan->variant[plan->variants_count++] = *variant;
	return 0;
}

/* All combinations of the params' values. */
static int add_combinations(struct sim_plan *plan, const struct sim_json_in *in,
			    const struct sim_policy *policy, const struct sim_axis *axis,
			    u32 axes_count, struct tr_error *error)
{
	u64 combinations = 1;
	int rc = 0;

	for (u32 i = 0; i < axes_count; i++)
		combinations *= axis[i].values_count;
	if (combinations > SIM_PLAN_VARIANTS_MAX)
		return sim_json_fail(in, -EINVAL, error, "%llu combinations of params; %d at most",
				     combinations, SIM_PLAN_VARIANTS_MAX);
	for (u64 c = 0; c < combinations && !rc; c++) {
		struct sim_variant variant = { .policy = policy };
		size_t used = (size_t)snprintf(variant.label, sizeof(variant.label), "%s",
					       policy->name);
		u64 rest = combinations, at = c;
		/* The first param varies slowest, as people read it. */
		for (u32 i = 0; i < axes_count; i++) {
			rest /= axis[i].values_count;
			u32 value = (u32)(at / rest);
			at %= rest;
			if (used < sizeof(variant.label))
				used += (size_t)snprintf(variant.label + used,
							 sizeof(variant.label) - used, " %s=%s",
							 strrchr(axis[i].path, '.') + 1,
							 axis[i].value[value]);
			variant.set[variant.sets_count++] = copy(axis[i].set[value]);
		}
		rc = add_variant(plan, in, &variant, error);
		for (u32 i = 0; i < variant.sets_count && rc; i++)
			free(variant.set[i]);
	}
	return rc;
}

static int read_policy(struct sim_plan *plan, const struct sim_json_in *in, struct tr_error *error)
{
	struct sim_axis axis[SIM_PLAN_AXES_MAX];
	struct sim_json_in name = *in, member;
	const struct sim_policy *policy;
	u32 axes_count = 0;
	const char *text;
	int rc;

	if (sim_json_kind(in) == SIM_JSON_OBJECT) {
		for (bool ok = sim_json_first(in, &member); ok; ok = sim_json_next(&member))
			if (strcmp(member.key, "policy") && strcmp(member.key, "params"))
				return sim_json_fail(&member, -EINVAL, error,
						     "unknown key; known: policy, params");
		if (!sim_json_find(in, "policy", &name))
			return sim_json_fail(in, -EINVAL, error, "needs a \"policy\"");
	}
	rc = sim_json_get_text(&name, &text, error);
	if (rc)
		return rc;
	policy = sim_policy_find(text);
	if (!policy)
		return sim_json_fail(&name, -EINVAL, error,
				     "'%s': no such policy; 'wssim policies' lists them", text);
	if (sim_json_kind(in) == SIM_JSON_OBJECT && sim_json_find(in, "params", &member))
		rc = read_axes(axis, &axes_count, "policy.params.", &member, error);
	if (!rc)
		rc = add_combinations(plan, in, policy, axis, axes_count, error);
	for (u32 i = 0; i < axes_count; i++)
		free_axis(&axis[i]);
	return rc;
}

static int read_policies(struct sim_plan *plan, const struct sim_json_in *in,
			 struct tr_error *error)
{
	struct sim_json_in child;
	int rc = 0;

	if (sim_json_kind(in) != SIM_JSON_ARRAY || !sim_json_count(in))
		return sim_json_fail(in, -EINVAL, error, "must be a list of policies");
	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child))
		rc = read_policy(plan, &child, error);
	return rc;
}

static void all_policies(struct sim_plan *plan)
{
	for (u32 i = 0; sim_policies[i]; i++) {
		struct sim_variant *variant = &plan->variant[plan->variants_count++];
		assert(plan->variants_count <= SIM_PLAN_VARIANTS_MAX);
		*variant = (struct sim_variant){ .policy = sim_policies[i] };
		snprintf(variant->label, sizeof(variant->label), "%s", sim_policies[i]->name);
	}
}

/* --- the rest --- */

static int read_scenarios(struct sim_plan *plan, const struct sim_json_in *in, const char *path,
			  struct tr_error *error)
{
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash + 1 - path) : 0;
	struct sim_json_in child;
	const char *text;
	int rc;

	if (sim_json_kind(in) != SIM_JSON_ARRAY || !sim_json_count(in) ||
	    sim_json_count(in) > SIM_PLAN_SCENARIOS_MAX)
		return sim_json_fail(in, -EINVAL, error, "must be a list of 1 to %d files",
				     SIM_PLAN_SCENARIOS_MAX);
	for (bool ok = sim_json_first(in, &child); ok; ok = sim_json_next(&child)) {
		rc = sim_json_get_text(&child, &text, error);
		if (rc)
			return rc;
		rc = asprintf(&plan->scenario[plan->scenarios_count], "%.*s%s",
			      *text == '/' ? 0 : folder, path, text);
		assert(rc >= 0);
		for (u32 i = 0; i < plan->scenarios_count; i++)
			if (!strcmp(plan->scenario[i], plan->scenario[plan->scenarios_count])) {
				free(plan->scenario[plan->scenarios_count]);
				return sim_json_fail(&child, -EINVAL, error, "twice");
			}
		plan->scenarios_count++;
	}
	return 0;
}

static int read_seeds(struct sim_plan *plan, const struct sim_json_in *in, struct tr_error *error)
{
	struct sim_json_in child;
	int rc = 0;

	if (sim_json_kind(in) != SIM_JSON_ARRAY || !sim_json_count(in) ||
	    sim_json_count(in) > SIM_PLAN_SEEDS_MAX)
		return sim_json_fail(in, -EINVAL, error, "must be a list of 1 to %d seeds",
				     SIM_PLAN_SEEDS_MAX);
	plan->seed = calloc(sim_json_count(in), sizeof(*plan->seed));
	assert(plan->seed);
	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child)) {
		u64 *seed = &plan->seed[plan->seeds_count];
		rc = sim_json_get_seed(&child, seed, error);
		for (u32 i = 0; i < plan->seeds_count && !rc; i++)
			if (plan->seed[i] == *seed)
				rc = sim_json_fail(&child, -EINVAL, error, "twice");
		plan->seeds_count++;
	}
	return rc;
}

static int read_vary(struct sim_plan *plan, const struct sim_json_in *in, struct tr_error *error)
{
	const char *text;
	int rc = sim_json_get_text(in, &text, error);

	if (rc)
		return rc;
	plan->each = !strcmp(text, "each");
	if (!plan->each && strcmp(text, "all"))
		return sim_json_fail(in, -EINVAL, error, "'%s': all or each", text);
	return 0;
}

static int read_name(struct sim_plan *plan, const struct sim_json_in *in, struct tr_error *error)
{
	const char *text;
	int rc = sim_json_get_text(in, &text, error);

	if (!rc && (!*text || strlen(text) >= sizeof(plan->name)))
		rc = sim_json_fail(in, -EINVAL, error, "1 to %d characters", SIM_NAME_MAX - 1);
	if (!rc)
		snprintf(plan->name, sizeof(plan->name), "%s", text);
	return rc;
}

static int read_member(struct sim_plan *plan, const struct sim_json_in *in, const char *path,
		       struct tr_error *error)
{
	u64 runs;
	int rc;

	if (!strcmp(in->key, "name"))
		return read_name(plan, in, error);
	if (!strcmp(in->key, "scenarios"))
		return read_scenarios(plan, in, path, error);
	if (!strcmp(in->key, "policies"))
		return read_policies(plan, in, error);
	if (!strcmp(in->key, "parameters"))
		return read_axes(plan->axis, &plan->axes_count, "", in, error);
	if (!strcmp(in->key, "vary"))
		return read_vary(plan, in, error);
	if (!strcmp(in->key, "seeds"))
		return read_seeds(plan, in, error);
	if (!strcmp(in->key, "baseline"))
		return sim_json_get_bool(in, &plan->baseline, error);
	if (strcmp(in->key, "runs"))
		return sim_json_fail(in, -EINVAL, error,
				     "unknown key; known: name, scenarios, policies, parameters, vary, "
				     "seeds, runs, baseline");
	rc = sim_json_get_u64(in, &runs, error);
	if (!rc && (!runs || runs > SIM_PLAN_RUNS_MAX))
		rc = sim_json_fail(in, -EINVAL, error, "1 to %d", SIM_PLAN_RUNS_MAX);
	plan->runs_count = (u32)runs;
	return rc;
}

static void name_by_file(struct sim_plan *plan, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t length = strcspn(base, ".");

	snprintf(plan->name, sizeof(plan->name), "%.*s", (int)length, base);
}

static int count_cells(struct sim_plan *plan, const struct sim_json_in *top,
		       struct tr_error *error)
{
	u64 cells = 1;

	for (u32 i = 0; i < plan->axes_count; i++) {
		cells = plan->each ? cells + plan->axis[i].values_count :
				     cells * plan->axis[i].values_count;
		if (cells > SIM_PLAN_CASES_MAX)
			break;
	}
	cells *= plan->scenarios_count;
	if (cells > SIM_PLAN_CASES_MAX ||
	    cells * plan->variants_count * sim_plan_samples(plan) > SIM_PLAN_CASES_MAX)
		return sim_json_fail(top, -EINVAL, error, "more than %u runs", SIM_PLAN_CASES_MAX);
	plan->cells_count = (u32)cells;
	return 0;
}

/* Takes @json over. */
static int read_json(struct sim_plan *plan, const char *path, struct sim_json *json,
		     struct tr_error *error)
{
	struct sim_json_in top = sim_json_top(json, path), child;
	int rc = 0;

	plan->runs_count = RUNS_DEFAULT;
	plan->baseline = true;
	plan->variant = calloc(SIM_PLAN_VARIANTS_MAX, sizeof(*plan->variant));
	assert(plan->variant);
	name_by_file(plan, path);
	if (sim_json_kind(&top) != SIM_JSON_OBJECT)
		rc = sim_json_fail(&top, -EINVAL, error, "must be an object");
	for (bool ok = !rc && sim_json_first(&top, &child); ok && !rc; ok = sim_json_next(&child))
		rc = read_member(plan, &child, path, error);
	if (!rc && !plan->scenarios_count)
		rc = sim_json_fail(&top, -EINVAL, error, "needs \"scenarios\"");
	if (!rc && !plan->variants_count)
		all_policies(plan);
	if (!rc)
		rc = count_cells(plan, &top, error);
	sim_json_free(json);
	if (rc)
		sim_plan_free(plan);
	return rc;
}

int sim_plan_read(struct sim_plan *plan, const char *path, struct tr_error *error)
{
	struct sim_json *json;
	int rc;

	memset(plan, 0, sizeof(*plan));
	rc = sim_json_read_file(&json, path, error);
	return rc ? rc : read_json(plan, path, json, error);
}

int sim_plan_read_text(struct sim_plan *plan, const char *path, const char *text, size_t size,
		       struct tr_error *error)
{
	struct sim_json *json;
	int rc;

	memset(plan, 0, sizeof(*plan));
	rc = sim_json_parse(&json, path, text, size, error);
	return rc ? rc : read_json(plan, path, json, error);
}

void sim_plan_free(struct sim_plan *plan)
{
	for (u32 i = 0; i < plan->scenarios_count; i++)
		free(plan->scenario[i]);
	for (u32 i = 0; i < plan->axes_count; i++)
		free_axis(&plan->axis[i]);
	for (u32 i = 0; i < plan->variants_count; i++)
		for (u32 k = 0; k < plan->variant[i].sets_count; k++)
			free(plan->variant[i].set[k]);
	free(plan->variant);
	free(plan->seed);
	memset(plan, 0, sizeof(*plan));
}
