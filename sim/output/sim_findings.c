/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_findings.c - sentences from estimates. */
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "output/sim_findings.h"
#include "tr_units.h"

static void say(struct sim_findings *findings, enum sim_finding_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct sim_findings *findings, enum sim_finding_kind kind, const char *format, ...)
{
	va_list args;

	findings->finding = realloc(findings->finding,
				    (findings->count + 1) * sizeof(*findings->finding));
	assert(findings->finding);
	struct sim_finding *finding = &findings->finding[findings->count++];
	finding->kind = kind;
	va_start(args, format);
	int rc = vasprintf(&finding->text, format, args);
	va_end(args);
	assert(rc >= 0);
}

void sim_findings_destroy(struct sim_findings *findings)
{
	for (u32 i = 0; i < findings->count; i++)
		free(findings->finding[i].text);
	free(findings->finding);
	memset(findings, 0, sizeof(*findings));
}

#define PHRASE 160

/* "1.07 (1.03 to 1.11)" or "48.3 % (46.4 to 50.1)". */
static const char *phrase(const struct sim_metric *metric, struct sim_estimate e, char text[PHRASE])
{
	char mean[SIM_METRIC_TEXT], range[SIM_RANGE_TEXT];

	sim_metric_text(metric, e.mean, mean);
	sim_metric_range(metric, e.low, e.high, " to ", range);
	if (e.count < 2 || e.low == e.high)
		snprintf(text, PHRASE, "%s", mean);
	else
		snprintf(text, PHRASE, "%s (%s)", mean, range);
	return text;
}

static struct sim_estimate run_estimate(const struct sim_comparison *comparison, u32 policy,
					enum sim_run_metric metric)
{
	return sim_comparison_estimate(comparison, policy, metric);
}

static double run_mean(const struct sim_comparison *comparison, u32 policy,
		       enum sim_run_metric metric)
{
	return run_estimate(comparison, policy, metric).mean;
}

static void say_setting(struct sim_findings *findings, const struct sim_comparison *comparison)
{
	const struct sim_scenario *scenario = comparison->scenario[0];
	char nominal[TR_UNITS_TEXT], host[TR_UNITS_TEXT];
	u64 nominal_bytes = 0, host_bytes = scenario->host.memory_bytes;

	if (host_bytes > scenario->host.reserved_bytes)
		host_bytes -= scenario->host.reserved_bytes;
	for (u32 i = 0; i < scenario->vms_count; i++)
		nominal_bytes += scenario->vm[i].memory_bytes;
	say(findings, SIM_FINDING_SETTING,
	    "%u VM%s with %s of nominal memory in all run on a host that has %s for them "
	    "(%.2f times overcommitted), for %.3g minutes%s. %s",
	    scenario->vms_count, scenario->vms_count == 1 ? "" : "s",
	    tr_about_bytes(nominal_bytes, nominal), tr_about_bytes(host_bytes, host),
	    (double)nominal_bytes / (double)host_bytes, (double)scenario->duration_ns / 60e9,
	    comparison->made_by ? "" : " of simulated time",
	    comparison->policies_count > 1 ?
		    "Run k of every policy sees the same random numbers; ranges in parentheses are "
		    "95 % bootstrap intervals." :
		    "");
	if (comparison->interrupted)
		say(findings, SIM_FINDING_CAUTION,
		    "It was interrupted: what stands here comes from the runs, or the part "
			      "of the run, that were done by then.");
	if (comparison->policies_count > 1 && comparison->runs_count < 5)
		say(findings, SIM_FINDING_CAUTION,
		    "With %u run%s the intervals are wide or missing; ten runs or more make "
			      "them useful.",
		    comparison->runs_count, comparison->runs_count == 1 ? "" : "s");
}

static void say_frontier(struct sim_findings *findings, const struct sim_comparison *comparison)
{
	bool on[SIM_POLICIES_MAX];
	char saved[PHRASE], slow[PHRASE], worst[PHRASE];
	bool any = false;

	sim_comparison_frontier(comparison, SIM_RUN_SLOWDOWN_MEDIAN, on, NULL);
	for (u32 i = 0; i < comparison->policies_count; i++) {
		if (!on[i])
			continue;
		any = true;
		say(findings, SIM_FINDING_ANSWER,
		    "On the frontier: %s saves %s of memory; the median VM needs %s times the time that "
		    "it needs with full memory, the worst VM %s.",
		    sim_comparison_name(comparison, i),
		    phrase(&sim_run_metrics[SIM_RUN_SAVED],
			   run_estimate(comparison, i, SIM_RUN_SAVED), saved),
		    phrase(&sim_run_metrics[SIM_RUN_SLOWDOWN_MEDIAN],
			   run_estimate(comparison, i, SIM_RUN_SLOWDOWN_MEDIAN), slow),
		    phrase(&sim_run_metrics[SIM_RUN_SLOWDOWN_MAX],
			   run_estimate(comparison, i, SIM_RUN_SLOWDOWN_MAX), worst));
	}
	if (!any)
		say(findings, SIM_FINDING_ANSWER,
		    "No policy is on the frontier: each had OOM kills, is not valid, or lacks a baseline "
		    "run.");
}

/* How sure a difference is. */
static const char *sureness(struct sim_estimate e)
{
	if (e.count < 2)
		return "one run, no interval";
	return e.low > 0 || e.high < 0 ? "beyond noise" : "within noise";
}

static void say_beaten(struct sim_findings *findings, const struct sim_comparison *comparison)
{
	bool on[SIM_POLICIES_MAX];
	u32 by[SIM_POLICIES_MAX];

	sim_comparison_frontier(comparison, SIM_RUN_SLOWDOWN_MEDIAN, on, by);
	for (u32 i = 0; i < comparison->policies_count; i++) {
		if (on[i] || by[i] == i)
			continue;
		struct sim_estimate saved =
			sim_comparison_difference(comparison, by[i], i, SIM_RUN_SAVED);
		struct sim_estimate slow =
			sim_comparison_difference(comparison, i, by[i], SIM_RUN_SLOWDOWN_MEDIAN);
		say(findings, SIM_FINDING_ANSWER,
		    "%s is off the frontier. Against it %s saves %.1f points more of the nominal memory "
		    "(%s), and the median VM's slowdown is %.3f less (%s).",
		    sim_comparison_name(comparison, i), sim_comparison_name(comparison, by[i]),
		    100 * saved.mean, sureness(saved), slow.mean, sureness(slow));
	}
}

/* The policy that saves most while its @metric stays at or below @bound; -1: none. */
static int best_within(const struct sim_comparison *comparison, enum sim_run_metric metric,
		       double bound)
{
	int best = -1;

	for (u32 i = 0; i < comparison->policies_count; i++) {
		if (!(run_mean(comparison, i, metric) <= bound) ||
		    !sim_comparison_valid(comparison, i) ||
		    run_mean(comparison, i, SIM_RUN_OOM) > 0)
			continue;
		double more = best < 0 ? 1 : run_mean(comparison, i, SIM_RUN_SAVED) -
						     run_mean(comparison, (u32)best, SIM_RUN_SAVED);
		if (more > 0 || (more == 0 && run_mean(comparison, i, metric) <
						      run_mean(comparison, (u32)best, metric)))
			best = (int)i;
	}
	return best;
}

static void say_bounds(struct sim_findings *findings, const struct sim_comparison *comparison,
		       enum sim_run_metric metric, const char *whose)
{
	static const double bounds[] = { 1.02, 1.05, 1.1, 1.25, 1.5, 2, 5 };
	char list[1024] = "";
	size_t used = 0;
	int last = -2;

	for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++) {
		int best = best_within(comparison, metric, bounds[i]);
		if (best == last || used >= sizeof(list))
			continue;
		last = best;
		int n = best < 0 ? snprintf(list + used, sizeof(list) - used,
					    "%sby at most %g %%: none of these", used ? "; " : "",
					    100 * (bounds[i] - 1)) :
				   snprintf(list + used, sizeof(list) - used,
					    "%sby at most %g %%: %s, which saves %.1f %%",
					    used ? "; " : "", 100 * (bounds[i] - 1),
					    sim_comparison_name(comparison, (u32)best),
					    100 * run_mean(comparison, (u32)best, SIM_RUN_SAVED));
		used += n > 0 ? (size_t)n : 0;
	}
	if (used)
		say(findings, SIM_FINDING_ANSWER,
		    "What saves most depends on how much slower %s may be. %c%s.",
		    whose, list[0] - 'a' + 'A', list + 1);
}

struct part {
	enum sim_vm_metric share; /* of busy time */
	const char *text;
	double points; /* per cent of the time that the same work takes with full memory */
};

/*
 * Where a policy's slowdown comes from: time lost per unit of work in each way, less what
 * is lost in that way with full memory, as a part of the time with full memory.  Mean
 * over VMs and runs.  Return: the mean slowdown, NaN without a baseline.
 */
static double attribute(const struct sim_comparison *comparison, u32 policy, struct part *part,
			u32 parts)
{
	double slowdown = 0;
	u32 count = 0;

	for (u32 run = 0; run < comparison->runs_count; run++) {
		const struct sim_summary *summary = sim_comparison_run(comparison, policy, run);
		const struct sim_summary *baseline = comparison->baseline[run];
		for (u32 vm = 0; summary && baseline && vm < summary->vms_count; vm++) {
			const double *value = summary->vm[vm].value, *base = baseline->vm[vm].value;
			double time = value[SIM_VM_TIME_PER_WORK];
			double base_time = base[SIM_VM_TIME_PER_WORK];
			if (!isfinite(value[SIM_VM_SLOWDOWN]))
				continue;
			slowdown += value[SIM_VM_SLOWDOWN];
			count++;
			for (u32 i = 0; i < parts; i++)
				part[i].points += 100 * (value[part[i].share] * time -
							 base[part[i].share] * base_time) / base_time;
		}
	}
	for (u32 i = 0; i < parts && count; i++)
		part[i].points /= count;
	return count ? slowdown / count : NAN;
}

static int most_points_first(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->points != y->points)
		return x->points > y->points ? -1 : 1;
	return x->share < y->share ? -1 : 1;
}

static void say_why(struct sim_findings *findings, const struct sim_comparison *comparison,
		    u32 policy)
{
	struct part part[] = {
		{ SIM_VM_HOST_STALL_SHARE, "stalls by the host, which backs frames and swaps", 0 },
		{ SIM_VM_IO_SHARE, "waiting for the guest's own swap and disk", 0 },
		{ SIM_VM_RECLAIM_SHARE, "direct reclaim in the guest", 0 },
		{ SIM_VM_FAULT_SHARE, "page faults without I/O", 0 },
		{ SIM_VM_DESCRIPTOR_SHARE, "read and write calls", 0 },
		{ SIM_VM_SPLIT_SHARE, "huge pages that were split", 0 },
		{ SIM_VM_VCPU_WAIT_SHARE, "waiting for a vCPU (ageing, reclaim and balloon use it, too)", 0 },
	};
	const u32 parts = sizeof(part) / sizeof(*part);
	char guest[SIM_METRIC_TEXT], host[SIM_METRIC_TEXT], list[512] = "";
	double slowdown = attribute(comparison, policy, part, parts);
	size_t used = 0;

	qsort(part, parts, sizeof(*part), most_points_first);
	for (u32 i = 0; i < parts && part[i].points >= 0.5 && used < sizeof(list); i++) {
		int n = snprintf(list + used, sizeof(list) - used, "%s%.1f points to %s",
				 used ? ", " : ": ", part[i].points, part[i].text);
		used += n > 0 ? (size_t)n : 0;
	}
	char lost[128] = "";
	if (isfinite(slowdown))
		snprintf(lost, sizeof(lost), "work takes %.1f %% longer than with full memory (mean VM)",
			 100 * (slowdown - 1));
	say(findings, SIM_FINDING_WHY,
	    "%s: %s%s. Guests moved %s to and from their swap, the host %s; balloons changed "
	    "direction %.0f times an hour and had %.0f commands an hour.",
	    sim_comparison_name(comparison, policy), lost, list,
	    sim_metric_text(&sim_run_metrics[SIM_RUN_GUEST_SWAP],
			    run_mean(comparison, policy, SIM_RUN_GUEST_SWAP), guest),
	    sim_metric_text(&sim_run_metrics[SIM_RUN_HOST_SWAP],
			    run_mean(comparison, policy, SIM_RUN_HOST_SWAP), host),
	    run_mean(comparison, policy, SIM_RUN_REVERSALS),
	    run_mean(comparison, policy, SIM_RUN_COMMANDS));
}

static void say_safety(struct sim_findings *findings, const struct sim_comparison *comparison)
{
	char list[512] = "";
	size_t used = 0;
	bool any = false;

	for (u32 i = 0; i < comparison->policies_count; i++) {
		double kills = run_mean(comparison, i, SIM_RUN_OOM);
		double host = run_mean(comparison, i, SIM_RUN_HOST_OOM);
		const char *name = sim_comparison_name(comparison, i);
		any |= kills > 0 || host > 0;
		if (kills > 0)
			say(findings, SIM_FINDING_CAUTION,
			    "Not safe: %s led to %.3g OOM kill%s in guests per run.", name,
			    kills, kills == 1 ? "" : "s");
		if (host > 0)
			say(findings, SIM_FINDING_CAUTION,
			    "Not safe: under %s the host ran out of memory and swap %.3g time%s per "
			    "run.",
			    name, host, host == 1 ? "" : "s");
	}
	for (u32 i = 0; i < comparison->policies_count; i++) {
		if (!sim_comparison_finished(comparison, i) || sim_comparison_valid(comparison, i))
			continue;
		int n = snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "",
				 sim_comparison_name(comparison, i));
		used += n > 0 && used + (size_t)n < sizeof(list) ? (size_t)n : 0;
	}
	if (used)
		say(findings, SIM_FINDING_CAUTION,
		    "Not valid: %s. More than 1 %% of some VM's evictions hit pages younger than the "
		    "time resolution of its trace, so what they would have cost is not known.",
		    list);
	if (!any)
		say(findings, SIM_FINDING_CAUTION, "No OOM kill happened, in guests or host%s.",
		    comparison->policies_count > 1 ? ", under any policy" : "");
}

void sim_findings_make(struct sim_findings *findings, const struct sim_comparison *comparison)
{
	memset(findings, 0, sizeof(*findings));
	say_setting(findings, comparison);
	if (comparison->policies_count > 1) {
		say_frontier(findings, comparison);
		say_bounds(findings, comparison, SIM_RUN_SLOWDOWN_MEDIAN, "the median VM");
		say_bounds(findings, comparison, SIM_RUN_SLOWDOWN_MAX, "the worst VM");
		say_beaten(findings, comparison);
	}
	for (u32 i = 0; i < comparison->policies_count; i++)
		if (sim_comparison_finished(comparison, i))
			say_why(findings, comparison, i);
	say_safety(findings, comparison);
}
