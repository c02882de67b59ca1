/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_curve.c - learning the hazard of idle memory from pairs of reports. */
#include "policy/policy_curve.h"

#include "policy/policy_util.h"

/* A bin with less than this share of a kind's bytes says nothing about the horizon. */
#define SIGNIFICANT 0.02

void policy_curve_init(struct policy_curve *curve, u64 interval_ns)
{
	memset(curve, 0, sizeof(*curve));
	curve->interval_ns = interval_ns;
}

void policy_curve_edges(const struct policy_curve *curve, u64 *edge_ns)
{
	for (u32 k = 0; k < POLICY_CURVE_AGES; k++)
		edge_ns[k] = policy_curve_age(curve, k);
}

double policy_curve_all(const struct policy_curve *curve)
{
	return curve->all[POLICY_ANON] + curve->all[POLICY_FILE];
}

/* Lower edge of the oldest bin that holds a significant part of the report. */
static u64 oldest_seen(const struct sim_vm_report *report)
{
	double least = SIGNIFICANT * (double)policy_report_bytes(report);
	u64 from = 0, oldest = 0;

	for (u32 i = 0; i < report->bins_count && i < SIM_BINS_MAX; i++) {
		if ((double)(report->bin[i].anon_bytes + report->bin[i].file_bytes) > least)
			oldest = from;
		from = report->bin[i].idle_age_ns;
	}
	return oldest;
}

static double bytes_of(struct policy_idle idle, enum policy_kind kind)
{
	return (double)(kind == POLICY_ANON ? idle.anon_bytes : idle.file_bytes);
}

/*
 * Bytes of @kind that were idle for longer than age @k before and were touched since.
 * @left: bytes that went out of the report in another way, evicted or freed.
 */
static double touched_since(const struct policy_curve *curve, enum policy_kind kind, u32 k,
			    const struct sim_vm_report *report, u64 dt_ns, double left)
{
	u64 age = policy_curve_age(curve, k);
	u64 shifted = policy_min(age + dt_ns, policy_max(age, curve->horizon_ns));
	double still = bytes_of(policy_idle_longer(report, shifted), kind);

	return policy_larger(0, curve->idle[kind][k] - still - left);
}

/*
 * File pages that come in while nothing is reclaimed are read for the first time; what
 * comes in beyond that rate while memory is short is taken to be a refault.  read()
 * misses are in no fault counter, so there is no better sign.
 */
static void learn_file_reads(struct policy_curve *curve, double came_in, double reclaimed,
			     double seconds)
{
	double rate = policy_larger(0, came_in) / seconds;

	if (reclaimed <= came_in * 0.05) {
		curve->file_in += (rate - curve->file_in) * 0.5;
		curve->file_refault = 0;
		return;
	}
	curve->file_refault = policy_larger(0, rate - curve->file_in);
	if (rate < curve->file_in)
		curve->file_in += (rate - curve->file_in) * 0.1;
}

/* Bytes gone that are idle for longer than age @k. */
static double gone_longer(const struct policy_curve *curve, enum policy_kind kind, u32 k)
{
	double bytes = 0;

	if (kind == POLICY_ANON)
		for (u32 i = k + 1; i <= POLICY_CURVE_AGES; i++)
			bytes += curve->gone[i];
	return bytes;
}

/* What is gone grows older by @dt_ns; classes are split in proportion to time. */
static void age_gone(struct policy_curve *curve, u64 dt_ns)
{
	u64 whole = dt_ns / curve->interval_ns;
	double part = (double)(dt_ns % curve->interval_ns) / (double)curve->interval_ns;
	double aged[POLICY_CURVE_AGES + 1] = { 0 };

	for (u32 i = 0; i <= POLICY_CURVE_AGES; i++) {
		u32 to = (u32)policy_min(i + whole, POLICY_CURVE_AGES);

		aged[to] += curve->gone[i] * (1 - part);
		aged[policy_min(to + 1, POLICY_CURVE_AGES)] += curve->gone[i] * part;
	}
	memcpy(curve->gone, aged, sizeof(aged));
}

/* @bytes came back from swap, of what went last.  @back: by age, what had been idle longer. */
static void come_back(struct policy_curve *curve, double bytes, double *back)
{
	for (u32 i = 0; i <= POLICY_CURVE_AGES && bytes > 0; i++) {
		double part = curve->gone[i] < bytes ? curve->gone[i] : bytes;

		curve->gone[i] -= part;
		bytes -= part;
		for (u32 k = 0; k < i; k++)
			back[k] += part;
	}
}

/* Compare @report with the one before it. */
static void learn(struct policy_curve *curve, const struct sim_vm_report *report,
		  const struct policy_flow *flow, const double *all,
		  const struct policy_learning *learning)
{
	u64 dt_ns = report->arrived_ns - curve->made_ns, oldest = oldest_seen(report);
	double seconds = (double)dt_ns / 1e9;
	double kept = policy_larger(0, 1 - (double)dt_ns / (double)learning->forget_ns);
	double evicted[POLICY_KINDS] = { flow->swapped_out,
					 policy_larger(0, flow->reclaimed - flow->swapped_out) };
	double back[POLICY_KINDS][POLICY_CURVE_AGES] = { 0 };

	learn_file_reads(curve, all[POLICY_FILE] - curve->all[POLICY_FILE] + evicted[POLICY_FILE],
			 evicted[POLICY_FILE], seconds);
	age_gone(curve, dt_ns);
	/* Evicted first, so that what thrashes is known to have been out for a short time. */
	curve->gone[policy_min(oldest / curve->interval_ns, POLICY_CURVE_AGES)] +=
		flow->swapped_out;
	come_back(curve, flow->swapped_in, back[POLICY_ANON]);
	for (u32 k = 0; k < POLICY_CURVE_AGES && policy_curve_age(curve, k) <= oldest + dt_ns; k++)
		back[POLICY_FILE][k] = curve->file_refault * seconds;
	for (u32 kind = 0; kind < POLICY_KINDS; kind++) {
		double left = policy_larger(evicted[kind], curve->all[kind] - all[kind]);

		for (u32 k = 0; k < POLICY_CURVE_AGES; k++) {
			double again = touched_since(curve, kind, k, report, dt_ns, left);

			curve->touched[kind][k] =
				curve->touched[kind][k] * kept + again + back[kind][k];
			curve->exposed[kind][k] =
				curve->exposed[kind][k] * kept +
				(curve->idle[kind][k] + gone_longer(curve, kind, k)) * seconds;
		}
	}
}

void policy_curve_update(struct policy_curve *curve, const struct sim_vm_report *report,
			 const struct policy_flow *flow, const struct policy_learning *learning)
{
	struct policy_idle total = policy_idle_longer(report, 0);
	double all[POLICY_KINDS] = { (double)total.anon_bytes, (double)total.file_bytes };
	u64 oldest = oldest_seen(report);

	if (curve->made_ns && report->arrived_ns > curve->made_ns) {
		/* A guest that once told old ages apart may lose that ability. */
		u64 faded = policy_less(curve->horizon_ns,
					(report->arrived_ns - curve->made_ns) / 8);
		curve->horizon_ns = policy_max(oldest, faded);
		learn(curve, report, flow, all, learning);
	} else {
		curve->horizon_ns = oldest;
	}
	curve->made_ns = report->arrived_ns;
	for (u32 kind = 0; kind < POLICY_KINDS; kind++) {
		curve->all[kind] = all[kind];
		for (u32 k = 0; k < POLICY_CURVE_AGES; k++)
			curve->idle[kind][k] =
				bytes_of(policy_idle_longer(report, policy_curve_age(curve, k)),
					 kind);
	}
}

double policy_curve_hazard(const struct policy_curve *curve, enum policy_kind kind, u32 k,
			   double prior)
{
	double hazard = 0;

	/*
	 * Memory idle for longer is no likelier to come back.  What is known of younger
	 * ages so bounds the oldest, of which there is the least experience.
	 */
	for (u32 i = 0; i <= k; i++) {
		double pseudo = prior * (curve->idle[kind][i] + gone_longer(curve, kind, i)) + 1;
		double age = (double)policy_curve_age(curve, i) / 1e9;
		double found = (curve->touched[kind][i] + pseudo) /
			       (curve->exposed[kind][i] + pseudo * age);

		hazard = i && found > hazard ? hazard : found;
	}
	return hazard;
}

static double stall_at(const struct policy_curve *curve, u32 k,
		       const struct policy_learning *learning)
{
	double stall = 0;

	for (u32 kind = 0; kind < POLICY_KINDS; kind++)
		stall += policy_curve_hazard(curve, kind, k, learning->prior) *
			 (curve->idle[kind][k] + gone_longer(curve, kind, k)) / POLICY_PAGE_SIZE *
			 learning->refault_ns[kind] / 1e9;
	return stall;
}

double policy_curve_stall(const struct policy_curve *curve, u32 k,
			  const struct policy_learning *learning)
{
	double stall = 0;

	/* Taking less never costs more; noise may say so. */
	for (u32 older = POLICY_CURVE_AGES; older-- > k;)
		stall = policy_larger(stall, stall_at(curve, older, learning));
	return stall;
}

double policy_curve_idle(const struct policy_curve *curve, u32 k,
			 const struct policy_learning *learning)
{
	double bytes = 0;

	for (u32 kind = 0; kind < POLICY_KINDS; kind++)
		if (learning->refault_ns[kind] > 0)
			bytes += curve->idle[kind][k];
	return bytes;
}
