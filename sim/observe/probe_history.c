/* SPDX-License-Identifier: BSD-2-Clause */
/* probe_history.c - thinned samples, report marks and sums of histograms. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "observe/probe_history.h"

struct sim_history *sim_history_create(const struct sim_scenario *scenario)
{
	struct sim_history *history = calloc(1, sizeof(*history));
	double top_s = fmax((double)scenario->duration_ns / 1e9, 1);

	assert(history);
	history->scenario = scenario;
	history->vms_count = scenario->vms_count;
	history->points_stride = history->marks_stride = 1;
	history->time_s = calloc(SIM_HISTORY_POINTS, sizeof(*history->time_s));
	history->host = calloc(SIM_HISTORY_POINTS, sizeof(*history->host));
	history->mark = calloc(SIM_HISTORY_MARKS, sizeof(*history->mark));
	/* calloc: pages of VMs and points that never come cost nothing. */
	history->vm = calloc((size_t)SIM_HISTORY_POINTS * scenario->vms_count,
			     sizeof(*history->vm));
	assert(history->time_s && history->host && history->mark && history->vm);
	/* Twelve octaves below the run's length, two rows each. */
	for (u32 i = 0; i < SIM_AGE_ROWS; i++)
		history->age_edge_s[i] = top_s * pow(2, ((double)i + 1 - SIM_AGE_ROWS) / 2);
	return history;
}

void sim_history_destroy(struct sim_history *history)
{
	if (!history)
		return;
	free(history->time_s);
	free(history->host);
	free(history->vm);
	free(history->mark);
	free(history);
}

/* Pages whose idle age lies somewhere in from..to, spread evenly over the rows there. */
static void spread(const struct sim_history *history, struct sim_vm_point *point, double from_s,
		   double to_s, double pages)
{
	double below = 0, last = SIM_AGE_ROWS - 1;

	if (pages <= 0)
		return;
	for (u32 i = 0; i < SIM_AGE_ROWS; i++) {
		double upper = i == last ? INFINITY : history->age_edge_s[i];
		double low = fmax(from_s, below), high = fmin(to_s, upper);
		if (to_s <= from_s) {
			if (from_s >= below && from_s < upper)
				point->age[i] += (float)pages;
		} else if (high > low) {
			point->age[i] += (float)(pages * (high - low) / (to_s - from_s));
		}
		below = upper;
	}
}

/*
 * A generation's age is that of its birth: its pages were last used after that and
 * before the birth of the next younger one.
 */
static void spread_generations(const struct sim_history *history, struct sim_vm_point *point,
			       const struct sim_vm_sample *vm)
{
	double younger_s = 0;

	for (u32 i = 0; i < vm->generations_count; i++) {
		double age_s = (double)vm->generation[i].age_ns / 1e9;
		spread(history, point, younger_s, age_s,
		       (double)(vm->generation[i].anon_pages + vm->generation[i].file_pages));
		younger_s = age_s;
	}
}

static void take_vm(const struct sim_history *history, struct sim_vm_point *point,
		    const struct sim_vm_sample *vm)
{
	memset(point, 0, sizeof(*point));
	point->running = vm->running;
	point->nominal = (u32)vm->nominal_pages;
	point->target = (u32)vm->target_pages;
	point->balloon = (u32)vm->balloon_pages;
	point->free = (u32)vm->free_pages;
	point->anon = (u32)vm->anon_pages;
	point->file = (u32)vm->file_pages;
	point->kernel = (u32)vm->kernel_pages;
	point->compressed = (u32)vm->compressed_pages;
	point->swapped = (u32)vm->swapped_pages;
	point->backed = (u32)vm->backed_pages;
	point->host_swapped = (u32)vm->host_swapped_pages;
	point->psi_some_percent = (float)vm->psi_some_avg10 / 100;
	spread_generations(history, point, vm);
}

static void halve_points(struct sim_history *history)
{
	size_t row = history->vms_count;

	for (u32 i = 0; i < SIM_HISTORY_POINTS / 2; i++) {
		history->time_s[i] = history->time_s[2 * i];
		history->host[i] = history->host[2 * i];
		memcpy(&history->vm[i * row], &history->vm[2 * i * row],
		       row * sizeof(*history->vm));
	}
	history->points_count = SIM_HISTORY_POINTS / 2;
	history->points_stride *= 2;
}

static void on_sample(void *ctx, u64 now_ns, const struct sim_host_sample *host,
		      const struct sim_vm_sample *vm, u32 vms_count)
{
	struct sim_history *history = ctx;

	assert(vms_count == history->vms_count);
	history->end_s = (double)now_ns / 1e9;
	if (history->samples_skipped++ % history->points_stride)
		return;
	if (history->points_count == SIM_HISTORY_POINTS)
		halve_points(history);

	u32 at = history->points_count++;
	history->time_s[at] = (double)now_ns / 1e9;
	history->host[at] = (struct sim_host_point){
		.memory = (u32)host->memory_pages,
		.free = (u32)host->free_pages,
		.backed = (u32)host->backed_pages,
		.compressed = (u32)host->compressed_pages,
		.swapped = (u32)host->swapped_pages,
	};
	for (u32 i = 0; i < vms_count; i++)
		take_vm(history, &history->vm[(size_t)at * vms_count + i], &vm[i]);
}

static struct sim_binning *find_binning(struct sim_history *history,
					const struct sim_report_sample *report)
{
	struct sim_binning *binning = history->binning;
	u32 count = report->bins_count;

	for (u32 i = 0; i < history->binnings_count; i++, binning++)
		if (binning->bins_count == count &&
		    !memcmp(binning->edge_ns, report->edge_ns, count * sizeof(u64)))
			return binning;
	if (history->binnings_count == SIM_HISTORY_BINNINGS)
		return NULL;
	history->binnings_count++;
	binning->bins_count = count;
	memcpy(binning->edge_ns, report->edge_ns, count * sizeof(u64));
	return binning;
}

static void add_mark(struct sim_history *history, const struct sim_report_mark *mark)
{
	if (history->marks_skipped++ % history->marks_stride)
		return;
	if (history->marks_count == SIM_HISTORY_MARKS) {
		for (u32 i = 0; i < SIM_HISTORY_MARKS / 2; i++)
			history->mark[i] = history->mark[2 * i];
		history->marks_count = SIM_HISTORY_MARKS / 2;
		history->marks_stride *= 2;
	}
	history->mark[history->marks_count++] = *mark;
}

static void on_report(void *ctx, const struct sim_report_sample *report)
{
	struct sim_history *history = ctx;
	struct sim_binning *binning = find_binning(history, report);
	double real = 0;

	for (u32 i = 0; i < report->bins_count; i++) {
		double truth = (double)(report->true_anon_bytes[i] + report->true_file_bytes[i]);
		real += truth;
		if (binning) {
			binning->true_bytes[i] += truth;
			binning->reported_bytes[i] +=
				(double)(report->anon_bytes[i] + report->file_bytes[i]);
		}
	}
	if (binning)
		binning->reports_count++;
	struct sim_report_mark mark = {
		.time_s = (double)report->arrived_ns / 1e9,
		.wrong_share = real > 0 ? (double)report->wrong_bytes / real : NAN,
		.vm = report->vm,
		.pressure = report->pressure,
	};
	add_mark(history, &mark);
}

static void on_end(void *ctx, const struct sim_run_result *result,
		   const struct sim_host_sample *host, const struct sim_vm_sample *vm,
		   u32 vms_count)
{
	struct sim_history *history = ctx;

	(void)host;
	(void)vm;
	(void)vms_count;
	history->end_s = (double)result->end_ns / 1e9;
}

struct sim_probe sim_history_probe(struct sim_history *history)
{
	return (struct sim_probe){
		.ctx = history,
		.sample = on_sample,
		.report = on_report,
		.end = on_end,
	};
}
