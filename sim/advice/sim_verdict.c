/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_verdict.c - judging runs; see sim_verdict.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "advice/sim_verdict.h"
#include "output/sim_comparison.h"

#define RESAMPLING_SEED 20121218

static const struct {
	enum sim_vm_metric metric;
	const char *text;
} causes[] = {
	{ SIM_VM_IO_SHARE, "waiting for swap and disk" },
	{ SIM_VM_FAULT_SHARE, "page faults" },
	{ SIM_VM_RECLAIM_SHARE, "reclaim in the guest" },
	{ SIM_VM_HOST_STALL_SHARE, "faults on memory that the host had swapped" },
	{ SIM_VM_DESCRIPTOR_SHARE, "read() and write()" },
	{ SIM_VM_SPLIT_SHARE, "huge pages that the balloon or the host split" },
	{ SIM_VM_VCPU_WAIT_SHARE, "waiting for a vCPU that works on reclaim" },
};
#define CAUSES (sizeof(causes) / sizeof(*causes))

const char *sim_verdict_cause(enum sim_vm_metric cause)
{
	for (size_t i = 0; i < CAUSES; i++)
		if (causes[i].metric == cause)
			return causes[i].text;
	return "nothing in particular";
}

/* The share at which so few bad ones would be seen only in @tail of all cases. */
static double upper(u32 bad, u32 runs, double tail)
{
	double low = 0, high = 1;

	if (!runs || bad >= runs)
		return 1;
	for (u32 i = 0; i < 60; i++) {
		double p = (low + high) / 2, term = pow(1 - p, runs), sum = term;

		for (u32 k = 1; k <= bad; k++) {
			term *= p / (1 - p) * (runs - k + 1) / k;
			sum += term;
		}
		*(sum > tail ? &low : &high) = p;
	}
	return high;
}

double sim_verdict_upper(u32 bad, u32 runs)
{
	return upper(bad, runs, 0.05);
}

struct sim_share sim_verdict_share(u32 bad, u32 runs)
{
	double tail = bad && bad < runs ? 0.025 : 0.05;

	return (struct sim_share){ .low = bad ? 1 - upper(runs - bad, runs, tail) : 0,
				   .high = upper(bad, runs, tail) };
}

char *sim_verdict_share_text(u32 bad, u32 runs, char text[SIM_SHARE_TEXT])
{
	struct sim_share share = sim_verdict_share(bad, runs);

	if (!bad)
		snprintf(text, SIM_SHARE_TEXT, "below %.0f %%", 100 * share.high);
	else if (bad >= runs)
		snprintf(text, SIM_SHARE_TEXT, "at least %.0f %%", 100 * share.low);
	else
		snprintf(text, SIM_SHARE_TEXT, "%.0f to %.0f %%", 100 * share.low, 100 * share.high);
	return text;
}

static u32 slowest_vm(struct sim_summary *const *summary, u32 runs)
{
	u32 slowest = 0;
	double most = -1;

	for (u32 vm = 0; vm < summary[0]->vms_count; vm++) {
		double sum = 0;
		for (u32 run = 0; run < runs; run++)
			if (!isnan(summary[run]->vm[vm].value[SIM_VM_SLOWDOWN]))
				sum += summary[run]->vm[vm].value[SIM_VM_SLOWDOWN];
		if (sum > most) {
			most = sum;
			slowest = vm;
		}
	}
	return slowest;
}

static void find_cause(struct sim_verdict *verdict, struct sim_summary *const *summary,
		       struct sim_summary *const *baseline, u32 runs)
{
	u32 vm = slowest_vm(summary, runs);

	memcpy(verdict->slowest, summary[0]->vm[vm].name, SIM_NAME_MAX);
	verdict->cause = causes[0].metric;
	for (size_t i = 0; i < CAUSES; i++) {
		double share = 0;

		for (u32 run = 0; run < runs; run++) {
			share += summary[run]->vm[vm].value[causes[i].metric];
			if (baseline && baseline[run])
				share -= baseline[run]->vm[vm].value[causes[i].metric];
		}
		share /= runs;
		if (share > verdict->cause_share) {
			verdict->cause = causes[i].metric;
			verdict->cause_share = share;
		}
	}
}

static bool is_killed(const struct sim_slo *slo, const struct sim_summary *summary)
{
	bool killed = sim_verdict_is_killed(summary);

	for (u32 vm = 0; vm < summary->vms_count && slo->no_oom_deflate; vm++)
		killed = killed || summary->vm[vm].value[SIM_VM_OOM_DEFLATE] > 0;
	return killed;
}

/* A VM that did no work has no slowdown; then nothing is known to be safe. */
bool sim_verdict_keeps(const struct sim_slo *slo, const struct sim_summary *summary)
{
	return !is_killed(slo, summary) && summary->value[slo->metric] <= slo->slowdown;
}

void sim_verdict_make(struct sim_verdict *verdict, const struct sim_slo *slo,
		      struct sim_summary *const *summary, struct sim_summary *const *baseline,
		      u32 runs_count)
{
	double slowdown[SIM_RUNS_MAX];

	memset(verdict, 0, sizeof(*verdict));
	verdict->runs = runs_count;
	verdict->valid = true;
	for (u32 run = 0; run < runs_count; run++) {
		const double *value = summary[run]->value;
		bool killed = is_killed(slo, summary[run]);

		slowdown[run] = value[slo->metric];
		verdict->safe += sim_verdict_keeps(slo, summary[run]);
		verdict->oom_runs += killed;
		verdict->worst = slowdown[run] > verdict->worst ? slowdown[run] : verdict->worst;
		verdict->valid = verdict->valid && summary[run]->valid;
		verdict->oom += value[SIM_RUN_OOM] / runs_count;
		verdict->saved += value[SIM_RUN_SAVED] / runs_count;
		verdict->guest_swap += value[SIM_RUN_GUEST_SWAP] / runs_count;
		verdict->host_swap += value[SIM_RUN_HOST_SWAP] / runs_count;
	}
	verdict->slowdown = sim_stats_estimate(slowdown, runs_count, RESAMPLING_SEED);
	find_cause(verdict, summary, baseline, runs_count);
}
