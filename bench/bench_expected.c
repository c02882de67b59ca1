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
	if (rc)
		return rc;
	line->less_is_good = !strcmp(good, "less");
	if (!line->less_is_good && strcmp(good, "more"))
		return sim_json_fail(&part, -EINVAL, error, "must be \"more\" or \"less\"");
	return 0;
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

const char *bench_expected_stranger(const struct bench_expected *expected,
				    const struct bench *const *benches)
{
	for (u32 i = 0; i < expected->count; i++) {
		bool known = false;

		for (u32 k = 0; benches[k]; k++)
			known |= is_of(expected->line[i].name, benches[k]->name);
		if (!known)
			return expected->line[i].name;
	}
	return NULL;
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

static const struct bench_kept *find(const struct bench_kept *line, u32 count, const char *name)
{
	for (u32 i = 0; i < count; i++)
		if (!strcmp(line[i].name, name))
			return &line[i];
	return NULL;
}

/* Lines that nothing is expected of: nobody would see them lose. */
static u32 count_unexpected(const struct bench_report *report,
			    const struct bench_expected *expected, const char *bench, bool loud)
{
	u32 count = 0;

	for (u32 i = 0; i < report->kept_count; i++) {
		const struct bench_kept *have = &report->kept[i];

		if (!is_of(have->name, bench) || find(expected->line, expected->count, have->name))
			continue;
		count++;
		if (loud)
			printf("  %-24s %9.4g: NOT EXPECTED, 'make bench-expect' takes it up\n", have->name,
			       have->value);
	}
	return count;
}

u32 bench_compare(const struct bench_report *report, const struct bench_expected *expected,
		  const char *bench, bool loud)
{
	u32 worse = count_unexpected(report, expected, bench, loud);

	for (u32 i = 0; i < expected->count; i++) {
		const struct bench_kept *want = &expected->line[i];
		const struct bench_kept *have;

		if (!is_of(want->name, bench))
			continue;
		have = find(report->kept, report->kept_count, want->name);
		double part = !have ? 0 : want->less_is_good ? want->value / have->value
							     : have->value / want->value;
		bool lost = !(part >= 1 - BENCH_LOSS_MAX); /* a NaN, too */

		worse += lost;
		if (loud)
			printf("  %-24s %9.4g, was %9.4g: %s\n", want->name, have ? have->value : 0,
			       want->value, !have ? "MISSING" : lost ? "WORSE" : "within the limits");
	}
	return worse;
}
