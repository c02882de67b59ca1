/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_expected.c - ratios as they were, beside ratios as they are.
 *
 * The file is one object, line name to [value, "more" or "less"]: what is good.
 */
#include <stdio.h>
#include <string.h>

#include "bench_report.h"
#include "scenario/sim_json.h"

static int read_line(struct bench_kept *line, const struct sim_json_in *in, struct tr_error *error)
{
	struct sim_json_in part;
	const char *good;

	if (sim_json_kind(in) != SIM_JSON_ARRAY || sim_json_count(in) != 2)
		return sim_json_fail(in, -EINVAL, error, "must be [value, \"more\" or \"less\"]");
	snprintf(line->name, sizeof(line->name), "%s", in->key);
	sim_json_first(in, &part);
	int rc = sim_json_get_double(&part, &line->value, error);

	if (rc)
		return rc;
	sim_json_next(&part);
	rc = sim_json_get_text(&part, &good, error);
	if (!rc)
		line->less_is_good = !strcmp(good, "less");
	return rc;
}

int bench_expected_read(struct bench_expected *expected, const char *path, struct tr_error *error)
{
	struct sim_json *json;
	struct sim_json_in in;
	int rc = sim_json_read_file(&json, path, error);

	expected->count = 0;
	if (rc)
		return rc;
	struct sim_json_in top = sim_json_top(json, path);

	for (bool more = sim_json_first(&top, &in); more && !rc; more = sim_json_next(&in)) {
		if (expected->count == BENCH_LINES_MAX)
			rc = sim_json_fail(&in, -EINVAL, error, "more lines than there can be");
		else
			rc = read_line(&expected->line[expected->count++], &in, error);
	}
	sim_json_free(json);
	return rc;
}

static bool is_of(const char *line, const char *bench)
{
	size_t length = strlen(bench);

	return !strncmp(line, bench, length) && line[length] == '.';
}

bool bench_expected_has(const struct bench_expected *expected, const char *bench)
{
	for (u32 i = 0; i < expected->count; i++)
		if (is_of(expected->line[i].name, bench))
			return true;
	return false;
}

int bench_expected_write(const struct bench_report *report, const char *path)
{
	char temporary[512];
	FILE *file;

	snprintf(temporary, sizeof(temporary), "%s.tmp", path);
	file = fopen(temporary, "w");
	if (!file)
		return -errno;
	fputs("{\n", file);
	for (u32 i = 0; i < report->kept_count; i++)
		fprintf(file, "  \"%s\": [%.4g, \"%s\"]%s\n", report->kept[i].name,
			report->kept[i].value, report->kept[i].less_is_good ? "less" : "more",
			i + 1 < report->kept_count ? "," : "");
	fputs("}\n", file);
	if (ferror(file) | fclose(file))
		return -EIO;
	return rename(temporary, path) ? -errno : 0;
}

static const struct bench_kept *find(const struct bench_report *report, const char *name)
{
	for (u32 i = 0; i < report->kept_count; i++)
		if (!strcmp(report->kept[i].name, name))
			return &report->kept[i];
	return NULL;
}

u32 bench_compare(const struct bench_report *report, const struct bench_expected *expected,
		  const char *bench, bool loud)
{
	u32 worse = 0;

	for (u32 i = 0; i < expected->count; i++) {
		const struct bench_kept *want = &expected->line[i];
		const struct bench_kept *have;

		if (!is_of(want->name, bench))
			continue;
		have = find(report, want->name);
		double part = !have ? 0 : want->less_is_good ? want->value / have->value
							     : have->value / want->value;
		bool lost = part < 1 - BENCH_LOSS_MAX;

		worse += lost;
		if (loud)
			printf("  %-24s %9.4g, was %9.4g: %s\n", want->name, have ? have->value : 0,
			       want->value, !have ? "MISSING" : lost ? "WORSE" : "within the limits");
	}
	return worse;
}
