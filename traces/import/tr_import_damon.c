/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_import_damon.c - what "damo report raw" prints: DAMON's regions and how often
 * one sampled page of each was found accessed.
 *
 *	monitoring_start:          104.599 ms
 *	monitoring_end:            208.590 ms
 *	target_id: 18446623438842320000
 *	# start_addr     end_addr        length  nr_accesses   age
 *	563ebadf3000-563ebafec000 (   1.973 MiB)           1    -1
 *
 * DAMON takes all pages of a region as alike.  nr_accesses = k says that a page was
 * accessed in k of the M samples of an aggregation, so it was accessed in it at all
 * with probability 1 - (1 - k/M)^M.  Each page of the region gets one access in the
 * aggregation with that probability, by a hash of seed, page and time: the same file
 * gives the same trace.  M is 20, DAMON's default (5 ms samples, 100 ms aggregation).
 *
 * A target is a stream and an address space.  What happens inside an aggregation
 * is not known: its length is the trace's window.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tr_format.h"
#include "tr_hash.h"
#include "tr_number.h"
#include "tr_units.h"

#define SAMPLES 20u
#define TARGETS_MAX 256u
#define REGIONS_MAX 65536u /* a snapshot; DAMON's own default is 1000 */
#define SNAPSHOT_PAGES_MAX (1u << 24)

struct region {
	u64 first_page, end_page;
	u32 accesses;
};

struct damon {
	struct tr_import *import;
	u64 start_ns, end_ns;
	u64 target_id[TARGETS_MAX], target_end_ns[TARGETS_MAX];
	u32 targets_count, target;
	struct region *region;
	u32 regions_count;
	u64 pages_count; /* in the regions at hand */
	u32 chance[SAMPLES + 1]; /* of 2^32 - 1, by nr_accesses */
};

/* "8 m 59.809 s", "104.599 ms", "0 ns": numbers with units that add up. */
static bool scan_time(const char *text, u64 *ns)
{
	char part[48];
	u64 one;

	*ns = 0;
	tr_skip_blanks(&text);
	do {
		size_t length = strcspn(text, " \t");
		length += strspn(text + length, " \t");
		length += strcspn(text + length, " \t");
		if (!length || length >= sizeof(part))
			return false;
		memcpy(part, text, length);
		part[length] = 0;
		if (tr_parse_ns(part, &one) || __builtin_add_overflow(*ns, one, ns))
			return false;
		text += length;
		tr_skip_blanks(&text);
	} while (*text);
	return *ns < 1ull << 61;
}

static const char *after(const char *line, const char *key)
{
	size_t length = strlen(key);

	return strncmp(line, key, length) ? NULL : line + length;
}

static bool detect(const struct tr_head *head)
{
	return head->lines_count && (after(head->line[0], "base_time_absolute:") ||
				     after(head->line[0], "monitoring_start:"));
}

static void describe(const struct tr_head *head, struct tr_import_info *info)
{
	u64 start_ns = 0, end_ns = 0;

	for (u32 i = 0; i < head->lines_count && !end_ns; i++) {
		const char *text = after(head->line[i], "monitoring_start:");
		if (text && !scan_time(text, &start_ns))
			return;
		text = after(head->line[i], "monitoring_end:");
		if (text && !scan_time(text, &end_ns))
			return;
	}
	info->window_ns = end_ns > start_ns ? end_ns - start_ns : 0;
}

/* 1 - (1 - k/M)^M in 32-bit fixed point. */
static void fill_chances(struct damon *damon)
{
	for (u32 k = 0; k <= SAMPLES; k++) {
		u64 miss = 0xffffffffull;
		for (u32 i = 0; i < SAMPLES; i++)
			miss = miss * (SAMPLES - k) / SAMPLES;
		damon->chance[k] = (u32)(0xffffffffull - miss);
	}
}

static bool is_drawn(const struct damon *damon, const struct region *region, u64 page)
{
	u32 k = region->accesses < SAMPLES ? region->accesses : SAMPLES;
	u64 key = tr_mix64(damon->import->options.seed ^ tr_mix64(damon->start_ns));

	return k && (u32)(tr_mix64(page ^ key) >> 32) <= damon->chance[k];
}

/* Write the snapshot that was read: its pages in order of address, spread over its time. */
static int flush(struct damon *damon, struct tr_error *error)
{
	u64 drawn = 0, put = 0, span_ns = damon->end_ns - damon->start_ns;

	for (u32 pass = 0; pass < 2; pass++) {
		for (u32 i = 0; i < damon->regions_count; i++) {
			const struct region *region = &damon->region[i];
			for (u64 page = region->first_page; page < region->end_page; page++) {
				if (!is_drawn(damon, region, page))
					continue;
				if (!pass) {
					drawn++;
					continue;
				}
				struct tr_record record = {
					.stream = (u16)damon->target,
					.page = page | (u64)damon->target << 52,
					.time_ns = damon->start_ns +
						   (u64)((unsigned __int128)span_ns * put++ / drawn),
				};
				int rc = tr_import_put(damon->import, &record, error);
				if (rc)
					return rc;
			}
		}
	}
	damon->regions_count = 0;
	damon->pages_count = 0;
	return 0;
}

static int read_target(struct damon *damon, const char *text, struct tr_error *error)
{
	struct tr_input *input = damon->import->input;
	u64 id;
	int rc = flush(damon, error); /* regions so far are another target's */

	if (rc)
		return rc;
	tr_skip_blanks(&text);
	if (!tr_scan_decimal(&text, &id) || !tr_at_end(text))
		return tr_input_fail(input, error, "target_id is no number");
	for (damon->target = 0; damon->target < damon->targets_count; damon->target++)
		if (damon->target_id[damon->target] == id)
			break;
	if (damon->target == TARGETS_MAX)
		return tr_input_fail(input, error, "more than %u targets", TARGETS_MAX);
	if (damon->target == damon->targets_count) {
		damon->target_id[damon->targets_count++] = id;
		damon->target_end_ns[damon->target] = 0;
	}
	if (damon->start_ns < damon->target_end_ns[damon->target] || damon->end_ns < damon->start_ns)
		return tr_input_fail(input, error, "the target's time goes back");
	damon->target_end_ns[damon->target] = damon->end_ns;
	return 0;
}

static int read_region(struct damon *damon, const char *line, struct tr_error *error)
{
	struct tr_input *input = damon->import->input;
	u64 start, end, accesses;
	const char *p = line;
	struct region *region = &damon->region[damon->regions_count];

	if (!tr_scan_hex(&p, &start) || !tr_scan_char(&p, '-') || !tr_scan_hex(&p, &end) ||
	    !(p = strchr(p, ')')))
		return tr_input_fail(input, error, "wanted 'START-END (LENGTH) NR_ACCESSES AGE'");
	p++;
	tr_skip_blanks(&p);
	if (!tr_scan_decimal(&p, &accesses) || (*p && *p != ' ' && *p != '\t'))
		return tr_input_fail(input, error, "nr_accesses is no number");
	if (start >= end)
		return tr_input_fail(input, error, "the region ends before it starts");
	if (damon->regions_count == REGIONS_MAX)
		return tr_input_fail(input, error, "more than %u regions", REGIONS_MAX);
	*region = (struct region){ start >> TR_PAGE_SHIFT,
				   (end >> TR_PAGE_SHIFT) + (end % TR_PAGE_SIZE != 0),
				   accesses > SAMPLES ? SAMPLES : (u32)accesses };
	if (!region->accesses)
		return 0; /* says nothing */
	damon->regions_count++;
	damon->pages_count += region->end_page - region->first_page;
	if (damon->pages_count > SNAPSHOT_PAGES_MAX)
		return tr_input_fail(input, error, "more than 64 GiB accessed in one snapshot");
	return 0;
}

static int read_line(struct damon *damon, const char *line, struct tr_error *error)
{
	static const char *const ignored[] = { "base_time_absolute:", "data source:",
					       "monitoring_duration:", "nr_regions:", "#" };
	struct tr_input *input = damon->import->input;
	const char *text;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		if (after(line, ignored[i]))
			return 0;
	if (tr_at_end(line))
		return 0;
	text = after(line, "monitoring_start:");
	if (text) {
		int rc = flush(damon, error);
		if (!rc && !scan_time(text, &damon->start_ns))
			rc = tr_input_fail(input, error, "monitoring_start is no time");
		return rc;
	}
	text = after(line, "monitoring_end:");
	if (text && !scan_time(text, &damon->end_ns))
		return tr_input_fail(input, error, "monitoring_end is no time");
	if (text)
		return 0;
	text = after(line, "target_id:");
	if (text)
		return read_target(damon, text, error);
	if (!damon->targets_count)
		return tr_input_fail(input, error, "a region before any target_id");
	return read_region(damon, line, error);
}

static int import_damon(struct tr_import *import, struct tr_error *error)
{
	struct damon *damon = calloc(1, sizeof(*damon));
	char *line;
	int rc = -ENOMEM;

	if (damon)
		damon->region = malloc((REGIONS_MAX + 1) * sizeof(*damon->region));
	if (!damon || !damon->region) {
		tr_fail(error, rc, "%s: out of memory", tr_input_name(import->input));
		goto out;
	}
	damon->import = import;
	fill_chances(damon);
	while ((rc = tr_input_line(import->input, &line, error)) == 1) {
		rc = read_line(damon, line, error);
		if (rc)
			goto out;
	}
	if (!rc)
		rc = flush(damon, error);
out:
	if (damon)
		free(damon->region);
	free(damon);
	return rc;
}

const struct tr_format tr_format_damon = {
	.name = "damon",
	.help = "'damo report raw': regions sampled by DAMON",
	.numbering = TR_NUMBER_REGIONS,
	.default_type = TR_ANON,
	.detect = detect,
	.describe = describe,
	.import = import_damon,
};
