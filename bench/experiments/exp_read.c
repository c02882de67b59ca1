/* SPDX-License-Identifier: BSD-2-Clause */
/* exp_read.c - an experiment from its file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exp.h"
#include "exp_table.h"

static int read_pairs(const struct sim_json_in *in, struct exp_pairs *pairs,
		      struct tr_error *error)
{
	struct sim_json_in child;

	if (sim_json_kind(in) != SIM_JSON_OBJECT || sim_json_count(in) > EXP_PAIRS_MAX)
		return sim_json_fail(in, -EINVAL, error, "must be an object of at most %d texts",
				     EXP_PAIRS_MAX);
	for (bool ok = sim_json_first(in, &child); ok; ok = sim_json_next(&child)) {
		struct exp_pair *pair = &pairs->at[pairs->count++];
		int rc = sim_json_get_text(&child, &pair->text, error);

		if (rc)
			return rc;
		pair->name = child.key;
	}
	return 0;
}

static int read_key(struct exp *exp, const struct sim_json_in *in, struct tr_error *error)
{
	const struct {
		const char *key, **text;
		struct exp_pairs *pairs;
	} known[] = {
		{ "title", &exp->title, NULL },	      { "published", &exp->published, NULL },
		{ "source", &exp->source, NULL },     { "tag", &exp->tag, NULL },
		{ "here", &exp->here, NULL },	      { "scenario", &exp->scenario, NULL },
		{ "cannot", &exp->cannot, NULL },     { "gap", &exp->gap, NULL },
		{ "traces", NULL, &exp->traces },     { "arms", NULL, &exp->arms },
		{ "values", NULL, &exp->values },     { "checks", NULL, &exp->checks },
	};
	u64 count;
	int rc;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(in->key, known[i].key))
			return known[i].text ? sim_json_get_text(in, known[i].text, error) :
					       read_pairs(in, known[i].pairs, error);
	if (!strcmp(in->key, "plot"))
		return 0;
	if (strcmp(in->key, "runs"))
		return sim_json_fail(in, -EINVAL, error, "unknown key");
	rc = sim_json_get_u64(in, &count, error);
	if (!rc && (!count || count > EXP_RUNS_MAX))
		rc = sim_json_fail(in, -ERANGE, error, "must be from 1 to %d", EXP_RUNS_MAX);
	exp->runs_count = (u32)count;
	return rc;
}

static int check(const struct exp *exp, struct tr_error *error)
{
	if (!exp->title || !exp->published || !exp->source || !exp->tag)
		return sim_json_fail(&exp->top, -EINVAL, error,
				     "needs title, published, source and tag");
	if (exp->cannot)
		return 0;
	if (!exp->scenario || !exp->arms.count || !exp->checks.count || !exp->here)
		return sim_json_fail(&exp->top, -EINVAL, error,
				     "needs here, scenario, arms and checks, or cannot");
	return 0;
}

int exp_read(struct exp *exp, const char *path, struct tr_error *error)
{
	const char *name = strrchr(path, '/');
	struct sim_json_in child;
	int rc;

	memset(exp, 0, sizeof(*exp));
	exp->runs_count = 1;
	name = name ? name + 1 : path;
	snprintf(exp->dir, sizeof(exp->dir), "%.*s", (int)(name - path), path);
	snprintf(exp->id, sizeof(exp->id), "%.*s", (int)strcspn(name, "."), name);
	rc = sim_json_read_file(&exp->json, path, error);
	if (rc)
		return rc;
	exp->top = sim_json_top(exp->json, name);
	if (sim_json_kind(&exp->top) != SIM_JSON_OBJECT)
		return sim_json_fail(&exp->top, -EINVAL, error, "must be an object");
	for (bool ok = sim_json_first(&exp->top, &child); ok && !rc; ok = sim_json_next(&child))
		rc = read_key(exp, &child, error);
	return rc ? rc : check(exp, error);
}

void exp_free(struct exp *exp)
{
	for (u32 arm = 0; arm < exp->arms.count; arm++)
		for (u32 run = 0; run < exp->runs_count; run++)
			exp_tables_free(exp->tables[arm][run]);
	sim_json_free(exp->json);
	memset(exp, 0, sizeof(*exp));
}

const char *exp_verdict_text(enum exp_verdict verdict)
{
	static const char *const texts[] = {
		[EXP_HOLDS] = "holds",
		[EXP_FAILS] = "does not hold",
		[EXP_CANNOT] = "cannot be tested here",
		[EXP_BROKEN] = "could not be run",
	};

	return texts[verdict];
}
