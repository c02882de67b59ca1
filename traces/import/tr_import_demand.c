/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_import_demand.c - how much memory VMs used over time, as clouds publish it.
 *
 *	gcd		Google's cluster data by VM: "cpu% mem%" every 300 s
 *	alibaba		"value,timestamp_anon,container_ip": share of the container's limit,
 *			many containers in a file, not in order; no CPU
 *	bitbrains	";\t" between columns, times in seconds whatever the header says
 *
 * They say nothing of pages; tr_demand.h tells what is made of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tr_demand.h"
#include "tr_format.h"

#define GCD_NS 300000000000ull
#define SECOND 1000000000ull
#define CPU_UNKNOWN 250000u /* of sources that do not tell */
#define FIELDS 11	    /* of a bitbrains line */
#define TIME_MAX (1ull << 33) /* seconds */

struct series {
	struct tr_demand_sample *sample;
	u32 count, capacity;
	u64 memory_bytes; /* that shares are of */
	char vm[65];	  /* alibaba: whose rows are taken */
};

static int add(struct tr_import *import, struct series *series, struct tr_demand_sample sample,
	       struct tr_error *error)
{
	if (series->count == TR_DEMAND_SAMPLES_MAX)
		return tr_input_fail(import->input, error, "more than %u samples",
				     TR_DEMAND_SAMPLES_MAX);
	if (series->count == series->capacity) {
		u32 capacity = series->capacity ? 2 * series->capacity : 1024;
		struct tr_demand_sample *grown =
			realloc(series->sample, capacity * sizeof(*grown));
		if (!grown)
			return tr_fail(error, -ENOMEM, "out of memory");
		series->sample = grown;
		series->capacity = capacity;
	}
	series->sample[series->count++] = sample;
	return 0;
}

/* "12.345" in millionths; further digits are cut. */
static bool scan_millionths(const char **p, u64 *value)
{
	u64 whole, part = 0, unit = TR_DEMAND_ONE;
	const char *q = *p;

	if (!tr_scan_decimal(&q, &whole) || whole > 1ull << 42)
		return false;
	if (*q == '.')
		for (q++; *q >= '0' && *q <= '9'; q++) {
			unit /= 10;
			part += (u64)(*q - '0') * unit;
		}
	if ((*q == 'e' || *q == 'E') && q[1] == '-') { /* as python writes what is nearly nothing */
		u64 exponent;

		q += 2;
		if (!tr_scan_decimal(&q, &exponent))
			return false;
		whole = whole * TR_DEMAND_ONE + part;
		for (; exponent && whole; exponent--)
			whole /= 10;
		*value = whole;
	} else {
		*value = whole * TR_DEMAND_ONE + part;
	}
	*p = q;
	return true;
}

/* @share: millionths of the VM's memory; more than all is taken as all, and counted. */
static u64 share_bytes(struct tr_import *import, u64 memory_bytes, u64 share)
{
	import->info.clamped_count += share > TR_DEMAND_ONE;
	share = share > TR_DEMAND_ONE ? TR_DEMAND_ONE : share;
	return (u64)((unsigned __int128)memory_bytes * share / TR_DEMAND_ONE);
}

static u32 share_cpu(u64 share)
{
	return share > TR_DEMAND_ONE ? TR_DEMAND_ONE : (u32)share;
}

/* --- the three layouts; each takes one line.  Return: 0 or negative errno with text. --- */

static bool scan_gcd(const char *line, u64 *cpu, u64 *memory)
{
	tr_skip_blanks(&line);
	if (!scan_millionths(&line, cpu) || (*line != ' ' && *line != '\t'))
		return false;
	tr_skip_blanks(&line);
	return scan_millionths(&line, memory) && tr_at_end(line);
}

static int take_gcd(struct tr_import *import, struct series *series, const char *line,
		    struct tr_error *error)
{
	u64 cpu, memory;

	if (!scan_gcd(line, &cpu, &memory))
		return tr_input_fail(import->input, error, "wanted 'cpu%% mem%%', two numbers");
	return add(import, series, (struct tr_demand_sample){
		.time_ns = series->count * GCD_NS,
		.bytes = share_bytes(import, series->memory_bytes, memory / 100),
		.cpu = share_cpu(cpu / 100),
	}, error);
}

static int take_alibaba(struct tr_import *import, struct series *series, const char *line,
			struct tr_error *error)
{
	const char *wanted = import->options.vm;
	u64 share, time;
	bool below;

	if (!strncmp(line, "value,", 6))
		return 0;
	below = tr_scan_char(&line, '-'); /* the published data has some a little below 0 */
	if (!scan_millionths(&line, &share) || !tr_scan_char(&line, ',') ||
	    !scan_millionths(&line, &time) || !tr_scan_char(&line, ',') ||
	    strlen(line) >= sizeof(series->vm))
		return tr_input_fail(import->input, error, "wanted 'value,timestamp,container'");
	if (time / TR_DEMAND_ONE > TIME_MAX)
		return tr_input_fail(import->input, error, "time is out of range");
	if (!*line) { /* the source has some without a container */
		import->info.skipped_count++;
		return 0;
	}
	if (!*series->vm)
		snprintf(series->vm, sizeof(series->vm), "%s", wanted ? wanted : line);
	if (strcmp(line, series->vm)) {
		import->info.skipped_count++;
		return 0;
	}
	import->info.clamped_count += below;
	return add(import, series, (struct tr_demand_sample){
		.time_ns = time * 1000,
		.bytes = share_bytes(import, series->memory_bytes, below ? 0 : share),
		.cpu = CPU_UNKNOWN,
	}, error);
}

static int take_bitbrains(struct tr_import *import, struct series *series, const char *line,
			  struct tr_error *error)
{
	u64 field[FIELDS];

	if (!strncmp(line, "Timestamp", 9))
		return 0;
	for (u32 i = 0; i < FIELDS; i++) {
		tr_skip_blanks(&line);
		if (!scan_millionths(&line, &field[i]) || (i + 1 < FIELDS && !tr_scan_char(&line, ';')))
			return tr_input_fail(import->input, error,
					     "column %u: wanted a number, and ';' behind it", i + 1);
	}
	if (field[0] / TR_DEMAND_ONE > TIME_MAX)
		return tr_input_fail(import->input, error, "time is out of range");
	if (!field[5])
		return tr_input_fail(import->input, error, "no memory is provisioned");
	/* KB, of 1024 bytes as its sizes show; usage in the VM's own or the given memory. */
	if (!series->memory_bytes)
		series->memory_bytes = field[5] / TR_DEMAND_ONE * 1024;
	return add(import, series, (struct tr_demand_sample){
		.time_ns = field[0] * 1000,
		.bytes = share_bytes(import, series->memory_bytes,
				     (u64)((unsigned __int128)field[6] * TR_DEMAND_ONE / field[5])),
		.cpu = share_cpu(field[4] / 100),
	}, error);
}

/* --- what they share --- */

static int by_time(const void *a, const void *b)
{
	const struct tr_demand_sample *left = a, *right = b;

	if (left->time_ns != right->time_ns)
		return left->time_ns < right->time_ns ? -1 : 1;
	return left->bytes < right->bytes ? -1 : left->bytes > right->bytes;
}

/* Of several at one time the first stays. */
static void in_order(struct series *series)
{
	u32 kept = 1;

	qsort(series->sample, series->count, sizeof(*series->sample), by_time);
	for (u32 i = 1; i < series->count; i++)
		if (series->sample[i].time_ns != series->sample[kept - 1].time_ns)
			series->sample[kept++] = series->sample[i];
	series->count = kept;
}

static int play(struct tr_import *import, struct series *series, struct tr_error *error)
{
	struct tr_demand_model model = import->options.demand;
	const struct tr_demand_sample *sample;
	u64 interval_ns = GCD_NS;

	if (!series->count)
		return *series->vm ?
			       tr_fail(error, -EINVAL, "%s: no rows of '%s'",
				       tr_input_name(import->input), series->vm) :
			       tr_fail(error, -EINVAL, "%s: no samples",
				       tr_input_name(import->input));
	in_order(series);
	sample = series->sample;
	if (series->count > 1)
		interval_ns = sample[series->count - 1].time_ns - sample[series->count - 2].time_ns;
	model.seed = import->options.seed;
	import->info.accesses_count = series->count;
	int rc = tr_demand_play(&model, sample, series->count, interval_ns, import->sink, error);
	return rc;
}

static int import_lines(struct tr_import *import, struct tr_error *error, u64 memory_default,
			int (*take)(struct tr_import *import, struct series *series,
				    const char *line, struct tr_error *error))
{
	struct series series = { .memory_bytes = import->options.demand.memory_bytes };
	char *line;
	int rc, got;

	if (!series.memory_bytes)
		series.memory_bytes = memory_default;
	for (rc = 0; !rc && (got = tr_input_line(import->input, &line, error)); )
		rc = got < 0 ? got : tr_at_end(line) ? 0 : take(import, &series, line, error);
	if (!rc)
		rc = play(import, &series, error);
	free(series.sample);
	return rc;
}

static int import_gcd(struct tr_import *import, struct tr_error *error)
{
	return import_lines(import, error, 2ull << 30, take_gcd);
}

static int import_alibaba(struct tr_import *import, struct tr_error *error)
{
	if (import->options.vm && strlen(import->options.vm) > 64)
		return tr_fail(error, -EINVAL, "%s: no container has so long a name",
			       tr_input_name(import->input));
	return import_lines(import, error, 2ull << 30, take_alibaba);
}

static int import_bitbrains(struct tr_import *import, struct tr_error *error)
{
	return import_lines(import, error, 0, take_bitbrains);
}

static bool detect_gcd(const struct tr_head *head)
{
	u64 cpu, memory;
	bool fraction = false;

	for (u32 i = 0; i < head->lines_count; i++) {
		if (!scan_gcd(head->line[i], &cpu, &memory))
			return false;
		fraction = fraction || strchr(head->line[i], '.');
	}
	/* Whole numbers alone may be anything. */
	return fraction;
}

static bool detect_alibaba(const struct tr_head *head)
{
	return head->lines_count && !strcmp(head->line[0], "value,timestamp_anon,container_ip");
}

static bool detect_bitbrains(const struct tr_head *head)
{
	return head->lines_count && !strncmp(head->line[0], "Timestamp [ms];", 15);
}

const struct tr_format tr_format_gcd = {
	.name = "gcd",
	.help = "a VM's demand: 'cpu% mem%' every 5 minutes (Google)",
	.numbering = TR_NUMBER_REGIONS,
	.default_type = TR_ANON,
	.detect = detect_gcd,
	.import = import_gcd,
};

const struct tr_format tr_format_alibaba = {
	.name = "alibaba",
	.help = "containers' demand: value,timestamp_anon,container_ip",
	.numbering = TR_NUMBER_REGIONS,
	.default_type = TR_ANON,
	.detect = detect_alibaba,
	.import = import_alibaba,
};

const struct tr_format tr_format_bitbrains = {
	.name = "bitbrains",
	.help = "a VM's demand: Bitbrains' columns, 'Timestamp [ms];...'",
	.numbering = TR_NUMBER_REGIONS,
	.default_type = TR_ANON,
	.detect = detect_bitbrains,
	.import = import_bitbrains,
};
