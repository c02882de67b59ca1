/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_gen.c - the table of generators, their parameters, and how they put records. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tr_gen_run.h"
#include "tr_units.h"

static const struct tr_gen *const generators[] = {
	&tr_gen_loop, &tr_gen_zipf,    &tr_gen_gauss, &tr_gen_scan,  &tr_gen_phase,
	&tr_gen_ramp, &tr_gen_desktop, &tr_gen_jvm,   &tr_gen_burst, &tr_gen_leak,
};

#define GENERATORS_COUNT (sizeof(generators) / sizeof(*generators))

const struct tr_gen *tr_gen_at(u32 i)
{
	return i < GENERATORS_COUNT ? generators[i] : NULL;
}

const struct tr_gen *tr_gen_find(const char *name)
{
	for (size_t i = 0; i < GENERATORS_COUNT; i++)
		if (!strcmp(generators[i]->name, name))
			return generators[i];
	return NULL;
}

/* --- parameters --- */

void tr_gen_init(const struct tr_gen *gen, u64 *value)
{
	for (u32 i = 0; i < TR_GEN_PARAMS_MAX && gen->param[i].name; i++)
		value[i] = gen->param[i].initial;
}

static int parse_flag(const char *text, u64 *value)
{
	bool yes = !strcmp(text, "yes") || !strcmp(text, "1") || !strcmp(text, "on");

	if (!yes && strcmp(text, "no") && strcmp(text, "0") && strcmp(text, "off"))
		return -EINVAL;
	*value = yes;
	return 0;
}

static int parse_unit(enum tr_gen_unit unit, const char *text, u64 *value)
{
	switch (unit) {
	case TR_GEN_PAGES:
		return tr_parse_pages(text, value);
	case TR_GEN_COUNT:
		return tr_parse_count(text, value);
	case TR_GEN_TIME:
		return tr_parse_ns(text, value);
	case TR_GEN_RATIO:
		return tr_parse_ratio(text, value);
	case TR_GEN_FLAG:
		return parse_flag(text, value);
	}
	return -EINVAL;
}

static const char *const unit_help[] = {
	"pages such as 1M, or a size such as 256MiB", "a count such as 20M",
	"a time such as 250ms or 10m", "a number such as 0.25", "yes or no",
};

int tr_gen_set(const struct tr_gen *gen, u64 *value, const char *name, const char *text,
	       struct tr_error *error)
{
	char least[TR_UNITS_TEXT], most[TR_UNITS_TEXT];

	for (u32 i = 0; i < TR_GEN_PARAMS_MAX && gen->param[i].name; i++) {
		const struct tr_gen_param *param = &gen->param[i];
		u64 x;
		if (strcmp(param->name, name))
			continue;
		if (parse_unit(param->unit, text, &x))
			return tr_fail(error, -EINVAL, "%s: %s: '%s' is not %s", gen->name, name,
				       text, unit_help[param->unit]);
		if (x < param->min || x > param->max)
			return tr_fail(error, -EINVAL, "%s: %s: '%s' is not in %s to %s", gen->name,
				       name, text,
				       tr_gen_format(param, param->min, least, sizeof(least)),
				       tr_gen_format(param, param->max, most, sizeof(most)));
		value[i] = x;
		return 0;
	}
	return tr_fail(error, -EINVAL, "%s: %s: no such parameter", gen->name, name);
}

char *tr_gen_format(const struct tr_gen_param *param, u64 value, char *text, size_t size)
{
	char unit[TR_UNITS_TEXT];

	switch (param->unit) {
	case TR_GEN_PAGES:
		if (value % 256)
			snprintf(text, size, "%llu", value);
		else
			snprintf(text, size, "%s%s", tr_format_bytes(value * TR_PAGE_SIZE, unit),
				 value ? "" : "B");
		break;
	case TR_GEN_TIME:
		snprintf(text, size, "%s", tr_format_ns(value, unit));
		break;
	case TR_GEN_RATIO:
		snprintf(text, size, "%llu.%06llu", value / 1000000, value % 1000000);
		for (size_t end = strlen(text); text[end - 1] == '0' && text[end - 2] != '.';)
			text[--end] = 0;
		break;
	case TR_GEN_FLAG:
		snprintf(text, size, "%s", value ? "yes" : "no");
		break;
	case TR_GEN_COUNT:
		snprintf(text, size, "%llu", value);
		break;
	}
	return text;
}

int tr_gen_generate(const struct tr_gen *gen, const u64 *value, u64 seed, struct tr_sink sink,
		    struct tr_error *error)
{
	struct tr_gen_run run = { .value = value, .sink = sink, .error = error };

	tr_rng_init(&run.rng, seed, gen->name);
	for (u32 i = 0; i < TR_GEN_PARAMS_MAX && gen->param[i].name; i++) {
		assert(value[i] >= gen->param[i].min && value[i] <= gen->param[i].max);
		if (!strcmp(gen->param[i].name, "access"))
			run.access_ns = value[i];
		if (!strcmp(gen->param[i].name, "write"))
			run.write = value[i];
	}
	int rc = gen->generate(&run);
	if (rc == -ENOMEM)
		tr_fail(error, rc, "%s: out of memory", gen->name);
	return rc;
}

/* --- records --- */

static int put(struct tr_gen_run *run, const struct tr_record *record)
{
	return run->sink.put(run->sink.ctx, record, run->error);
}

int tr_gen_touch(struct tr_gen_run *run, u64 page, enum tr_kind kind, bool write)
{
	struct tr_record record = {
		.kind = (u8)kind, .write = write, .page = page, .time_ns = run->now_ns
	};

	run->now_ns += run->access_ns;
	return put(run, &record);
}

int tr_gen_access(struct tr_gen_run *run, u64 page)
{
	return tr_gen_touch(run, page, TR_MAPPED, run->write && tr_gen_chance(run, run->write));
}

int tr_gen_alloc(struct tr_gen_run *run, u64 page, enum tr_type type)
{
	struct tr_record record = {
		.op = TR_ALLOC, .type = (u8)type, .page = page, .time_ns = run->now_ns
	};

	return put(run, &record);
}

static int free_page(struct tr_gen_run *run, u64 page)
{
	struct tr_record record = { .op = TR_FREE, .page = page, .time_ns = run->now_ns };

	return put(run, &record);
}

int tr_gen_free_range(struct tr_gen_run *run, u64 first, u64 count)
{
	int rc = 0;

	for (u64 i = 0; i < count && !rc; i++)
		rc = free_page(run, first + i);
	return rc;
}

int tr_gen_idle(struct tr_gen_run *run, u64 until_ns)
{
	struct tr_record record = { .op = TR_IDLE, .time_ns = until_ns };

	if (until_ns <= run->now_ns)
		return 0;
	run->now_ns = until_ns;
	return put(run, &record);
}

int tr_gen_populate(struct tr_gen_run *run, u64 first, u64 count, enum tr_type type)
{
	int rc = 0;

	for (u64 i = 0; i < count && !rc; i++) {
		rc = tr_gen_alloc(run, first + i, type);
		if (!rc)
			rc = tr_gen_touch(run, first + i, TR_MAPPED, true);
	}
	return rc;
}
