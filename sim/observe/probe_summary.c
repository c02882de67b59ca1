/* SPDX-License-Identifier: BSD-2-Clause */
/* probe_summary.c - integrals over samples, totals from counters, control from events. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "observe/probe_summary.h"
#include "observe/sim_control.h"
#include "observe/sim_stats.h"
#include "tr_units.h"

#define GIB ((double)(1ull << 30))
#define NS_PER_S 1e9

struct vm_sums {
	struct sim_control control;
	bool started, was_running, ended;
	u64 start_ns, stop_ns;
	u64 commands_count;
	double nominal_page_s, resident_page_s, list_page_s, backed_page_s, running_s;
	double wrong_sum;
	u32 wrong_count;
	struct sim_vm_sample last;
};

struct probe_summary {
	const struct sim_scenario *scenario;
	u64 traces_digest;
	u64 sampled_ns;
	bool sampled, finished;
	double used_page_s, backed_page_s, compressed_page_s, used_max_share;
	u64 host_oom_count;
	struct sim_host_sample last_host;
	struct sim_run_result result;
	u32 vms_count;
	struct vm_sums vm[];
};

struct probe_summary *probe_summary_create(const struct sim_scenario *scenario)
{
	struct probe_summary *summary =
		calloc(1, sizeof(*summary) + scenario->vms_count * sizeof(struct vm_sums));

	assert(summary);
	summary->scenario = scenario;
	summary->vms_count = scenario->vms_count;
	for (u32 i = 0; i < scenario->vms_count; i++)
		sim_control_init(&summary->vm[i].control,
				 scenario->vm[i].memory_bytes >> TR_PAGE_SHIFT,
				 scenario->vm[i].start_ns);
	return summary;
}

void probe_summary_destroy(struct probe_summary *summary)
{
	if (!summary)
		return;
	for (u32 i = 0; i < summary->vms_count; i++)
		sim_control_destroy(&summary->vm[i].control);
	free(summary);
}

static void on_start(void *ctx, const struct sim_run_info *info)
{
	struct probe_summary *summary = ctx;

	summary->traces_digest = info->traces_digest;
}

static void on_event(void *ctx, const struct sim_event_record *record)
{
	struct probe_summary *summary = ctx;

	if (record->kind == SIM_EV_HOST_OOM)
		summary->host_oom_count++;
	if (record->vm >= summary->vms_count)
		return;

	struct vm_sums *vm = &summary->vm[record->vm];
	switch (record->kind) {
	case SIM_EV_START:
		vm->started = true;
		vm->start_ns = record->time_ns;
		break;
	case SIM_EV_STOP:
		vm->ended = true;
		vm->stop_ns = record->time_ns;
		sim_control_end(&vm->control, record->time_ns);
		break;
	case SIM_EV_TARGET:
		sim_control_target(&vm->control, record->time_ns, record->a);
		break;
	case SIM_EV_BALLOON:
		if (!vm->ended)
			sim_control_balloon(&vm->control, record->time_ns, record->b);
		break;
	case SIM_EV_ACTION:
		vm->commands_count += record->arg == SIM_ACT_TARGET;
		break;
	}
}

static u64 resident(const struct sim_vm_sample *vm)
{
	return vm->anon_pages + vm->file_pages + vm->kernel_pages + vm->compressed_pages;
}

/*
 * One trapezoid of each integral: between this sample and the one before.  From a VM's
 * start to its first sample, and from its last to its stop, what was seen stands for
 * the rest.
 */
static void integrate(struct vm_sums *sums, const struct sim_vm_sample *vm, u64 from_ns, u64 now_ns)
{
	const struct sim_vm_sample *last = &sums->last;

	if (!vm->running && !sums->was_running)
		return;
	if (!sums->was_running) {
		last = vm;
		from_ns = sums->start_ns > from_ns ? sums->start_ns : from_ns;
	} else if (!vm->running) {
		vm = last;
		now_ns = sums->ended && sums->stop_ns < now_ns ? sums->stop_ns : now_ns;
	}
	double s = now_ns > from_ns ? (double)(now_ns - from_ns) / NS_PER_S : 0;
	sums->running_s += s;
	sums->nominal_page_s += s * (double)vm->nominal_pages;
	sums->resident_page_s += s * ((double)resident(last) + (double)resident(vm)) / 2;
	sums->list_page_s += s * ((double)(last->anon_pages + last->file_pages) +
				  (double)(vm->anon_pages + vm->file_pages)) / 2;
	sums->backed_page_s += s * ((double)last->backed_pages + (double)vm->backed_pages) / 2;
}

static double used_pages(const struct sim_host_sample *host)
{
	return (double)host->memory_pages - (double)host->free_pages;
}

static void on_sample(void *ctx, u64 now_ns, const struct sim_host_sample *host,
		      const struct sim_vm_sample *vm, u32 vms_count)
{
	struct probe_summary *summary = ctx;
	double s = (double)(now_ns - summary->sampled_ns) / NS_PER_S;
	const struct sim_host_sample *last = summary->sampled ? &summary->last_host : host;

	assert(vms_count == summary->vms_count);
	summary->used_page_s += s * (used_pages(last) + used_pages(host)) / 2;
	summary->compressed_page_s +=
		s * ((double)last->compressed_pages + (double)host->compressed_pages) / 2;
	if (host->memory_pages) {
		double share = used_pages(host) / (double)host->memory_pages;
		summary->used_max_share = fmax(summary->used_max_share, share);
	}
	for (u32 i = 0; i < vms_count; i++) {
		struct vm_sums *sums = &summary->vm[i];
		integrate(sums, &vm[i], summary->sampled_ns, now_ns);
		sums->was_running = vm[i].running;
		/* A stopped VM keeps its counters, and its last state for the integrals. */
		if (vm[i].running)
			sums->last = vm[i];
		else
			sums->last.counters = vm[i].counters;
	}
	summary->last_host = *host;
	summary->sampled = true;
	summary->sampled_ns = now_ns;
}

static void on_report(void *ctx, const struct sim_report_sample *report)
{
	struct probe_summary *summary = ctx;
	u64 total = 0;

	assert(report->vm < summary->vms_count);
	for (u32 i = 0; i < report->bins_count; i++)
		total += report->true_anon_bytes[i] + report->true_file_bytes[i];
	if (!total)
		return;
	summary->vm[report->vm].wrong_sum += (double)report->wrong_bytes / (double)total;
	summary->vm[report->vm].wrong_count++;
}

static void on_end(void *ctx, const struct sim_run_result *result,
		   const struct sim_host_sample *host, const struct sim_vm_sample *vm,
		   u32 vms_count)
{
	struct probe_summary *summary = ctx;

	on_sample(ctx, result->end_ns, host, vm, vms_count);
	summary->result = *result;
	summary->finished = true;
	for (u32 i = 0; i < vms_count; i++)
		if (!summary->vm[i].ended)
			sim_control_end(&summary->vm[i].control, result->end_ns);
}

struct sim_probe probe_summary_probe(struct probe_summary *summary)
{
	return (struct sim_probe){
		.ctx = summary,
		.start = on_start,
		.event = on_event,
		.sample = on_sample,
		.report = on_report,
		.end = on_end,
	};
}

static double ratio(double a, double b)
{
	return b > 0 ? a / b : NAN;
}

static double page_bytes(u64 pages)
{
	return (double)pages * TR_PAGE_SIZE;
}

static void time_metrics(double *value, const struct sim_vm_counters *c, double life_ns)
{
	double busy = (double)c->busy_ns;

	value[SIM_VM_SLOWDOWN] = NAN;
	value[SIM_VM_TIME_PER_WORK] = ratio(busy, (double)c->compute_ns);
	value[SIM_VM_WORK] = (double)c->compute_ns / NS_PER_S;
	value[SIM_VM_PSI_SOME] = ratio((double)c->psi_some_ns, life_ns);
	value[SIM_VM_PSI_FULL] = ratio((double)c->psi_full_ns, life_ns);
	value[SIM_VM_FAULT_SHARE] = ratio((double)c->fault_ns, busy);
	value[SIM_VM_IO_SHARE] = ratio((double)c->io_ns, busy);
	value[SIM_VM_RECLAIM_SHARE] = ratio((double)c->reclaim_ns, busy);
	value[SIM_VM_HOST_STALL_SHARE] = ratio((double)c->host_stall_ns, busy);
	value[SIM_VM_DESCRIPTOR_SHARE] = ratio((double)c->descriptor_ns, busy);
	value[SIM_VM_SPLIT_SHARE] = ratio((double)c->split_ns, busy);
	value[SIM_VM_VCPU_WAIT_SHARE] = ratio((double)c->vcpu_wait_ns, busy);
	value[SIM_VM_LOW_AVAILABLE] = (double)c->low_available_ns / NS_PER_S;
	value[SIM_VM_AGEING_CPU] = (double)c->ageing_cpu_ns / NS_PER_S;
	value[SIM_VM_REPORT_CPU] = (double)c->report_cpu_ns / NS_PER_S;
	value[SIM_VM_BALLOON_CPU] = (double)c->balloon_cpu_ns / NS_PER_S;
	value[SIM_VM_KSWAPD_CPU] = (double)c->kswapd_cpu_ns / NS_PER_S;
}

static void paging_metrics(double *value, const struct sim_vm_counters *c,
			   const struct vm_sums *sums, double life_s)
{
	u64 major = c->faults[SIM_FAULT_FILE] + c->faults[SIM_FAULT_REFAULT] +
		    c->faults[SIM_FAULT_SWAPIN] + c->faults[SIM_FAULT_HOST_SWAP];
	double list_pages = ratio(sums->list_page_s, sums->running_s);

	value[SIM_VM_GUEST_SWAP_IN] = page_bytes(c->swap_in_pages);
	value[SIM_VM_GUEST_SWAP_OUT] = page_bytes(c->swap_out_pages);
	value[SIM_VM_HOST_SWAP_IN] = page_bytes(c->host_swap_in_pages);
	value[SIM_VM_HOST_SWAP_OUT] = page_bytes(c->host_swap_out_pages);
	value[SIM_VM_SWAP_WRITTEN] = page_bytes(c->swap_out_pages + c->host_swap_out_pages);
	value[SIM_VM_FILE_IN] = page_bytes(c->file_in_pages);
	value[SIM_VM_DOUBLE_PAGING] = page_bytes(c->double_paging);
	value[SIM_VM_REFAULT_ANON] = page_bytes(c->refault[0]);
	value[SIM_VM_REFAULT_FILE] = page_bytes(c->refault[1]);
	value[SIM_VM_ACTIVATE_ANON] = (double)c->activate[0];
	value[SIM_VM_ACTIVATE_FILE] = (double)c->activate[1];
	value[SIM_VM_RESTORE_ANON] = (double)c->restore[0];
	value[SIM_VM_RESTORE_FILE] = (double)c->restore[1];
	value[SIM_VM_PGSCAN_KSWAPD] = (double)c->pgscan_background;
	value[SIM_VM_PGSCAN_DIRECT] = (double)c->pgscan_direct;
	value[SIM_VM_PGSTEAL_KSWAPD] = (double)c->pgsteal_background;
	value[SIM_VM_PGSTEAL_DIRECT] = (double)c->pgsteal_direct;
	value[SIM_VM_PTES_SCANNED] = (double)c->ageing_entries;
	value[SIM_VM_RMAP_WALKS] = (double)c->rmap_walks;
	value[SIM_VM_RECLAIM_OVERSHOOT] = (double)c->overshoot_pages;
	value[SIM_VM_MAJOR_FAULTS] = ratio((double)major, life_s);
	value[SIM_VM_PROMOTION] =
		ratio(ratio((double)c->proactive_refaults, life_s / 60), list_pages);
	value[SIM_VM_HUGE_SPLITS] = (double)c->huge_splits;
	value[SIM_VM_OOM] = (double)c->oom_kills;
	value[SIM_VM_FIRST_OOM] = c->first_oom_ns ? (double)c->first_oom_ns / NS_PER_S : NAN;
	value[SIM_VM_OOM_DEFLATE] = page_bytes(c->oom_deflate_pages);
	value[SIM_VM_PUFFS] = (double)c->puffs;
	value[SIM_VM_EXITS] = (double)c->vm_exits;
	value[SIM_VM_REPORTS] = (double)c->reports_sent;
	value[SIM_VM_REPORTS_LOST] = (double)c->reports_lost;
	value[SIM_VM_WINDOW_SHARE] =
		c->evicted_total ? (double)c->evicted_in_window / (double)c->evicted_total : 0;
}

static void mechanism_metrics(double *value, const struct sim_vm_sample *last)
{
	const struct sim_mechanism_totals *m = &last->mechanism;
	const double region = 2.0 * (1 << 20);

	value[SIM_VM_INFLATED] = page_bytes(last->counters.inflate_pages);
	value[SIM_VM_DEFLATED] = page_bytes(last->counters.deflate_pages);
	value[SIM_VM_REPORTED] = page_bytes(m->reported_pages);
	value[SIM_VM_TAKEN_HUGE] = (double)m->taken_regions * region;
	value[SIM_VM_GIVEN_HUGE] = (double)m->given_regions * region;
	value[SIM_VM_SOFT_HUGE] = (double)m->soft_regions * region;
	value[SIM_VM_MIGRATED] = page_bytes(m->migrated_pages);
	value[SIM_VM_UNMOVABLE] = (double)m->unmovable_blocks;
	value[SIM_VM_REPORTING_CPU] = (double)m->reporting_cpu_ns / NS_PER_S;
}

static void memory_metrics(double *value, const struct vm_sums *sums)
{
	value[SIM_VM_RESIDENT] = ratio(sums->resident_page_s, sums->running_s) * TR_PAGE_SIZE;
	value[SIM_VM_BACKED] = ratio(sums->backed_page_s, sums->running_s) * TR_PAGE_SIZE;
	value[SIM_VM_SAVED] = 1 - ratio(sums->backed_page_s, sums->nominal_page_s);
	value[SIM_VM_FOOTPRINT] = sums->backed_page_s * TR_PAGE_SIZE / GIB / 60;
}

static void control_metrics(double *value, const struct vm_sums *sums, double life_s)
{
	value[SIM_VM_REACTION] = sim_control_reaction(&sums->control);
	value[SIM_VM_SETTLING] = sim_control_settling(&sums->control);
	value[SIM_VM_OVERSHOOT] = sim_control_overshoot(&sums->control);
	value[SIM_VM_CHURN] = sim_control_churn(&sums->control);
	value[SIM_VM_REVERSALS] = sim_control_reversals_per_h(&sums->control);
	value[SIM_VM_GAP] = sim_control_gap_gib_s(&sums->control);
	value[SIM_VM_COMMANDS] = ratio((double)sums->commands_count, life_s / 3600);
	value[SIM_VM_WRONG_SHARE] = ratio(sums->wrong_sum, sums->wrong_count);
}

static double sum_vms(const struct sim_summary *out, enum sim_vm_metric metric)
{
	double sum = 0;

	for (u32 i = 0; i < out->vms_count; i++)
		if (isfinite(out->vm[i].value[metric]))
			sum += out->vm[i].value[metric];
	return sum;
}

static void sum_metrics(struct sim_summary *out)
{
	static const struct {
		enum sim_run_metric to;
		enum sim_vm_metric from[4];
		u32 count;
	} sums[] = {
		{ SIM_RUN_WORK, { SIM_VM_WORK }, 1 },
		{ SIM_RUN_GUEST_SWAP, { SIM_VM_GUEST_SWAP_IN, SIM_VM_GUEST_SWAP_OUT }, 2 },
		{ SIM_RUN_HOST_SWAP, { SIM_VM_HOST_SWAP_IN, SIM_VM_HOST_SWAP_OUT }, 2 },
		{ SIM_RUN_DISK_READ, { SIM_VM_FILE_IN }, 1 },
		{ SIM_RUN_DOUBLE_PAGING, { SIM_VM_DOUBLE_PAGING }, 1 },
		{ SIM_RUN_SWAP_WRITTEN, { SIM_VM_SWAP_WRITTEN }, 1 },
		{ SIM_RUN_OOM, { SIM_VM_OOM }, 1 },
		{ SIM_RUN_LOW_AVAILABLE, { SIM_VM_LOW_AVAILABLE }, 1 },
		{ SIM_RUN_GUEST_CPU,
		  { SIM_VM_AGEING_CPU, SIM_VM_REPORT_CPU, SIM_VM_BALLOON_CPU, SIM_VM_KSWAPD_CPU },
		  4 },
		{ SIM_RUN_COMMANDS, { SIM_VM_COMMANDS }, 1 },
		{ SIM_RUN_GAP, { SIM_VM_GAP }, 1 },
		{ SIM_RUN_EXITS, { SIM_VM_EXITS }, 1 },
		{ SIM_RUN_REPORTS, { SIM_VM_REPORTS }, 1 },
	};

	for (size_t i = 0; i < sizeof(sums) / sizeof(*sums); i++) {
		out->value[sums[i].to] = 0;
		for (u32 j = 0; j < sums[i].count; j++)
			out->value[sums[i].to] += sum_vms(out, sums[i].from[j]);
	}
}

static double mean_vms(const struct sim_summary *out, enum sim_vm_metric metric)
{
	double value[SIM_VMS_MAX];

	for (u32 i = 0; i < out->vms_count; i++)
		value[i] = out->vm[i].value[metric];
	return sim_stats_mean(value, out->vms_count);
}

static void host_metrics(struct sim_summary *out, const struct probe_summary *summary)
{
	const struct sim_host_sample *host = &summary->last_host;
	double end_s = (double)out->end_ns / NS_PER_S, memory = (double)host->memory_pages;
	double nominal_now = 0, nominal_page_s = 0, used_page_s = summary->compressed_page_s;
	double wrong_sum = 0, wrong_count = 0;
	double *value = out->value;

	for (u32 i = 0; i < summary->vms_count; i++) {
		const struct vm_sums *vm = &summary->vm[i];
		nominal_now += (double)(summary->scenario->vm[i].memory_bytes >> TR_PAGE_SHIFT);
		nominal_page_s += vm->nominal_page_s;
		used_page_s += vm->backed_page_s;
		wrong_sum += vm->wrong_sum;
		wrong_count += vm->wrong_count;
	}
	value[SIM_RUN_SLOWDOWN_MEDIAN] = value[SIM_RUN_SLOWDOWN_P95] = NAN;
	value[SIM_RUN_SLOWDOWN_MEAN] = NAN;
	value[SIM_RUN_SLOWDOWN_MAX] = value[SIM_RUN_JAIN] = NAN;
	value[SIM_RUN_SAVED] = 1 - ratio(used_page_s, nominal_page_s);
	value[SIM_RUN_FOOTPRINT] = used_page_s * TR_PAGE_SIZE / GIB / 60;
	value[SIM_RUN_OVERCOMMIT] = ratio(nominal_now, memory);
	value[SIM_RUN_USED_MEAN] = ratio(summary->used_page_s, memory * end_s);
	value[SIM_RUN_USED_MAX] = summary->used_max_share;
	value[SIM_RUN_HOST_OOM] = (double)summary->host_oom_count;
	value[SIM_RUN_HOST_LOW] = (double)host->low_ns / NS_PER_S;
	value[SIM_RUN_HOST_CRITICAL] = (double)host->critical_ns / NS_PER_S;
	value[SIM_RUN_HOST_PSI_SOME] = ratio((double)host->psi_some_ns, (double)out->end_ns);
	value[SIM_RUN_HOST_CPU] = (double)host->cpu_ns / NS_PER_S;
	value[SIM_RUN_REVERSALS] = mean_vms(out, SIM_VM_REVERSALS);
	value[SIM_RUN_CHURN] = mean_vms(out, SIM_VM_CHURN);
	value[SIM_RUN_WRONG_SHARE] = ratio(wrong_sum, wrong_count);
}

struct sim_summary *probe_summary_take(struct probe_summary *summary)
{
	const struct sim_scenario *scenario = summary->scenario;

	if (!summary->finished)
		return NULL;
	struct sim_summary *out = calloc(1, sim_summary_bytes(summary->vms_count));
	assert(out);
	if (scenario->policy)
		snprintf(out->policy, sizeof(out->policy), "%s", scenario->policy->name);
	out->seed = scenario->seed;
	out->run = scenario->run;
	out->end_ns = summary->result.end_ns;
	out->digest = summary->result.digest;
	out->events = summary->result.events;
	out->traces_digest = summary->traces_digest;
	out->interrupted = summary->result.interrupted;
	out->valid = summary->result.valid;
	out->vms_count = summary->vms_count;
	for (u32 i = 0; i < summary->vms_count; i++) {
		struct vm_sums *sums = &summary->vm[i];
		const struct sim_vm_counters *c = &sums->last.counters;
		double *value = out->vm[i].value;
		u64 start_ns = sums->started ? sums->start_ns : scenario->vm[i].start_ns;
		u64 stop_ns = sums->ended ? sums->stop_ns : out->end_ns;
		double life_ns = stop_ns > start_ns ? (double)(stop_ns - start_ns) : 0;

		memcpy(out->vm[i].name, scenario->vm[i].name, sizeof(out->vm[i].name));
		time_metrics(value, c, life_ns);
		paging_metrics(value, c, sums, life_ns / NS_PER_S);
		mechanism_metrics(value, &sums->last);
		memory_metrics(value, sums);
		control_metrics(value, sums, life_ns / NS_PER_S);
	}
	sum_metrics(out);
	host_metrics(out, summary);
	return out;
}

void sim_summary_relate(struct sim_summary *summary, const struct sim_summary *baseline)
{
	double slowdown[SIM_VMS_MAX];
	u32 count = summary->vms_count;

	assert(count == baseline->vms_count && count <= SIM_VMS_MAX);
	for (u32 i = 0; i < count; i++) {
		double base = baseline->vm[i].value[SIM_VM_TIME_PER_WORK];
		slowdown[i] = ratio(summary->vm[i].value[SIM_VM_TIME_PER_WORK], base);
		summary->vm[i].value[SIM_VM_SLOWDOWN] = slowdown[i];
	}
	summary->value[SIM_RUN_SLOWDOWN_MEDIAN] = sim_stats_quantile(slowdown, count, 0.5);
	summary->value[SIM_RUN_SLOWDOWN_MEAN] = sim_stats_mean(slowdown, count);
	summary->value[SIM_RUN_SLOWDOWN_P95] = sim_stats_quantile(slowdown, count, 0.95);
	summary->value[SIM_RUN_SLOWDOWN_MAX] = sim_stats_max(slowdown, count);
	summary->value[SIM_RUN_JAIN] = sim_stats_jain(slowdown, count);
}
