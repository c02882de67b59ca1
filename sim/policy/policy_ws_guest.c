/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_ws_guest.c - a guest's need, from its statistics and reports. */
#include "policy/policy_ws_guest.h"

#include "policy/policy_util.h"

/*
 * Files are mostly read in sequence, 128 KiB at a time; page by page would be 1.  No
 * statistic tells which it is: major faults do not count read().
 */
#define FILE_PAGES_PER_WAIT 10.0
#define MEAN_NS 60e9 /* time constant of means */
#define LATE_NS (3 * POLICY_SECOND_NS)
#define LATE_HOLD_NS (60 * POLICY_SECOND_NS)
#define VITAL_ROOM 0.2 /* of nominal */
#define WORK_LEAST 0.02 /* processors: a guest that uses less is taken to use that */

void policy_ws_guest_init(struct policy_ws_guest *guest, const struct policy_ws_params *params)
{
	memset(guest, 0, sizeof(*guest));
	policy_curve_init(&guest->curve, params->interval_ns);
	guest->present = true;
	guest->base = -1;
	guest->hold_ns = params->hold_ns;
	guest->cold_age = POLICY_CURVE_AGES;
	guest->follow.linger_ns = params->linger_ns;
	guest->follow.work = 1;
	guest->faults = 1; /* until they are counted */
	guest->work_now = guest->work_mean = 1; /* as cautious as one that does nothing else */
}

double policy_ws_watermark(const struct sim_vm_view *vm)
{
	u64 kib = vm->nominal_bytes / 1024, min = 0;

	/* min_free_kbytes is 4 * sqrt(KiB); the high mark stands half as much above it. */
	for (u64 bit = 1ull << 31; bit; bit >>= 1)
		if ((min | bit) * (min | bit) <= kib)
			min |= bit;
	return 1.5 * 4 * 1024 * (double)min;
}

double policy_ws_kept_free(const struct sim_vm_view *vm, const struct policy_ws_params *params)
{
	return params->free_min * (double)vm->nominal_bytes + policy_ws_watermark(vm);
}

u64 policy_ws_vital(const struct policy_ws_guest *guest, const struct sim_vm_view *vm)
{
	double holds = guest->used - (double)vm->stats.caches_bytes;

	if (vm->refault_ns || vm->deflate_on_oom)
		return 0;
	if (!guest->stats_ns)
		return policy_max(vm->target_bytes, vm->actual_bytes);
	return policy_min(vm->nominal_bytes,
			  policy_bytes(policy_larger(0, holds) + VITAL_ROOM * (double)vm->nominal_bytes));
}

struct policy_learning policy_ws_learning(const struct policy_ws_guest *guest,
					  const struct sim_vm_view *vm,
					  const struct policy_ws_params *params)
{
	return (struct policy_learning){
		.prior = params->prior,
		.forget_ns = params->forget_ns,
		.refault_ns = {
			(double)vm->refault_ns * params->queueing * guest->faults,
			(double)vm->file_refault_ns * params->queueing / FILE_PAGES_PER_WAIT,
		},
	};
}

bool policy_ws_guest_pressed(const struct sim_vm_view *vm, const struct policy_ws_params *params)
{
	struct policy_idle idle = policy_idle_longer(&vm->report, params->interval_ns);
	double takeable = (double)(idle.file_bytes + (vm->refault_ns ? idle.anon_bytes : 0));

	return takeable < params->headroom * (double)vm->nominal_bytes;
}

static double fade(double value, u64 dt_ns, double tau_ns)
{
	return value * policy_larger(0, 1 - (double)dt_ns / tau_ns);
}

/* A running total that went back was reset; count from zero then. */
static double since(u64 now, u64 before)
{
	return (double)(now >= before ? now - before : now);
}

void policy_ws_guest_distress(struct policy_ws_guest *guest, double bytes, u64 now_ns,
			      const struct policy_ws_params *params)
{
	guest->deficit = policy_larger(guest->deficit, bytes);
	if (guest->distress_until_ns <= now_ns)
		guest->distress_since_ns = now_ns;
	guest->distress_until_ns = now_ns + 2 * params->interval_ns;
}

/* Pages below which a ratio of faults to pages says nothing. */
#define FAULTS_PAGES 64

/*
 * Time lost to pages from swap.  A major fault is one wait, however many pages readahead
 * brought with it; there are others than these, so their number is only a limit.
 */
static double lost_ns(struct policy_ws_guest *guest, const struct sim_vm_view *vm, double in)
{
	double pages = in / POLICY_PAGE_SIZE;
	double waits = policy_smaller(pages, since(vm->stats.major_faults, guest->major));

	if (pages >= FAULTS_PAGES)
		guest->faults += (waits / pages - guest->faults) * 0.2;
	return waits * (double)vm->refault_ns;
}

/* Processor time tells how much of its time the guest wants to work. */
static void take_work(struct policy_ws_guest *guest, const struct sim_vm_view *vm, double seconds,
		      u64 dt_ns)
{
	double work = since(vm->cpu_ns, guest->cpu_ns) / 1e9 / seconds;

	if (!vm->cpu_ns)
		work = 1;
	guest->work_last = work;
	guest->work_now = policy_smooth(guest->work_now, work, dt_ns, 5e9);
	guest->work_mean = policy_smooth(guest->work_mean, work, dt_ns, MEAN_NS);
	guest->cpu_ns = vm->cpu_ns;
}

/*
 * What an agent says of the guest's pressure, where there is one: it has measured what a
 * refault costs, which else is taken from a table, wrong by far on an emulated processor.
 */
static double told_stall(struct policy_ws_guest *guest, const struct sim_vm_view *vm, u64 dt_ns)
{
	/* What it had waited before it was first heard is not of now; "not at all yet" is heard. */
	double told = guest->agent_heard ? since(vm->psi_some_ns, guest->psi_ns) : 0;

	guest->agent_heard = vm->committed_bytes || vm->psi_some_ns;
	guest->psi_ns = vm->psi_some_ns;
	/* While the balloon takes pages, it is the cause. */
	return vm->actual_bytes > vm->target_bytes ? 0 : policy_smaller(1, told / (double)dt_ns);
}

double policy_ws_slowdown(double stall, double work)
{
	/* What is hardly at work is not slowed down by a page or two. */
	return stall / policy_larger(stall + work, WORK_LEAST);
}

double policy_ws_slowdown_last(const struct policy_ws_guest *guest)
{
	return policy_ws_slowdown(guest->stall_last, guest->work_last);
}

double policy_ws_slowdown_now(const struct policy_ws_guest *guest)
{
	return policy_ws_slowdown(guest->stall_now, guest->work_now);
}

double policy_ws_slowdown_mean(const struct policy_ws_guest *guest)
{
	return policy_ws_slowdown(guest->stall_mean, guest->work_mean);
}

bool policy_ws_thrashes(const struct policy_ws_guest *guest, const struct policy_ws_params *params)
{
	return guest->turnover * 2 * (double)params->interval_ns / 1e9 > 1;
}

static void take_turnover(struct policy_ws_guest *guest, double in, double evicted, u64 dt_ns,
			  const struct policy_ws_params *params)
{
	/* A guest with little in its lists turns that over with next to nothing. */
	double listed = policy_larger(policy_curve_all(&guest->curve), guest->used / 4);
	double share = policy_smaller(in, evicted) / policy_larger(listed, 1 << 20) /
		       ((double)dt_ns / 1e9);

	guest->turnover =
		policy_smooth(guest->turnover, share, dt_ns, (double)params->interval_ns / 2);
}

/* Rates from the difference of two statistics. */
static void take_rates(struct policy_ws_guest *guest, const struct sim_vm_view *vm, u64 now_ns,
		       double used, const struct policy_ws_params *params)
{
	u64 dt_ns = vm->stats.time_ns - guest->stats_ns;
	const struct sim_vm_stats *stats = &vm->stats;
	u64 reclaimed = (stats->async_reclaim + stats->direct_reclaim) * POLICY_PAGE_SIZE;
	double in = since(stats->swap_in_bytes, guest->swap_in);
	double evicted = since(reclaimed, guest->reclaimed);
	double seconds = (double)dt_ns / 1e9;
	double stall = lost_ns(guest, vm, in) * params->queueing / 1e9 / seconds;

	stall += guest->curve.file_refault / POLICY_PAGE_SIZE / FILE_PAGES_PER_WAIT *
		 (double)vm->file_refault_ns * params->queueing / 1e9;
	stall = policy_larger(stall, told_stall(guest, vm, dt_ns));
	guest->flow.swapped_in += in;
	guest->flow.swapped_out += since(stats->swap_out_bytes, guest->swap_out);
	guest->flow.reclaimed += evicted;
	guest->stall_last = stall;
	guest->stall_now = policy_smooth(guest->stall_now, stall, dt_ns, 5e9);
	guest->stall_mean = policy_smooth(guest->stall_mean, stall, dt_ns, MEAN_NS);
	take_work(guest, vm, seconds, dt_ns);
	take_turnover(guest, in, evicted, dt_ns, params);
	guest->growth =
		policy_larger(fade(guest->growth, dt_ns, 60e9), (used - guest->used) / seconds);
	guest->deficit = fade(guest->deficit, dt_ns, 2.0 * (double)params->interval_ns);
	/*
	 * What comes back while something else has to go shows what is missing.  Coming back
	 * within the bound is the price of saving, and into free memory it is no shortage.
	 */
	if (policy_ws_slowdown_now(guest) > params->slowdown / 2 ||
	    policy_ws_thrashes(guest, params))
		guest->deficit += policy_smaller(in, evicted);
	/* Pushed out by what the guest needs more, not by its balloon: likely to come back. */
	double out = since(stats->swap_out_bytes, guest->swap_out);
	bool squeezed = vm->actual_bytes > vm->target_bytes ||
			(guest->shrunk_ns && now_ns - guest->shrunk_ns < params->interval_ns);

	guest->pushed = fade(guest->pushed, dt_ns, (double)params->interval_ns) - in +
			(squeezed ? 0 : out);
	guest->pushed = policy_larger(0, guest->pushed);
	/* What thrashes comes back many times; no more can be missing than is out. */
	guest->deficit = policy_smaller(guest->deficit,
					since(stats->swap_out_bytes, stats->swap_in_bytes) +
						params->headroom * (double)vm->nominal_bytes);
	guest->hot = fade(guest->hot, dt_ns, (double)params->forget_ns);
	if (policy_ws_slowdown_now(guest) > params->slowdown)
		guest->hot = policy_larger(guest->hot,
					   guest->stall_now /
						   policy_larger(guest->deficit, POLICY_PAGE_SIZE));
}

bool policy_ws_guest_stats(struct policy_ws_guest *guest, const struct sim_vm_view *vm,
			   u64 now_ns, const struct policy_ws_params *params)
{
	const struct sim_vm_stats *stats = &vm->stats;
	/*
	 * Between question and answer the balloon may have moved, and nobody knows when the
	 * answer was made.  Too much would be given at once, too little waits for the next.
	 */
	u64 actual = policy_min(vm->actual_bytes, guest->actual_asked);
	double used = (double)policy_less(actual, stats->free_bytes);
	bool was_well = guest->distress_until_ns <= now_ns;

	if (stats->time_ns <= guest->stats_ns)
		return false;
	if (guest->stats_asked_ns && now_ns - guest->stats_asked_ns > LATE_NS)
		guest->late_until_ns = now_ns + LATE_HOLD_NS;
	guest->stats_asked_ns = 0;
	if (guest->stats_ns)
		take_rates(guest, vm, now_ns, used, params);
	/* A balloon that takes pages makes its guest reclaim; that is no distress. */
	bool inflating = vm->actual_bytes > vm->target_bytes;
	bool stalls = guest->stats_ns && stats->alloc_stalls > guest->stalls && !inflating &&
		      vm->report.arrived_ns && policy_ws_guest_pressed(vm, params);
	guest->stats_ns = stats->time_ns;
	guest->swap_in = stats->swap_in_bytes;
	guest->swap_out = stats->swap_out_bytes;
	guest->reclaimed = (stats->async_reclaim + stats->direct_reclaim) * POLICY_PAGE_SIZE;
	guest->stalls = stats->alloc_stalls;
	guest->major = stats->major_faults;
	guest->used = used;
	if (policy_ws_slowdown_now(guest) > params->slowdown || policy_ws_thrashes(guest, params))
		policy_ws_guest_distress(guest, 0, now_ns, params);
	if (stalls && vm->target_bytes < vm->nominal_bytes)
		policy_ws_guest_distress(guest, params->headroom * (double)vm->nominal_bytes,
					 now_ns, params);
	return was_well && guest->distress_until_ns > now_ns;
}

void policy_ws_guest_learn(struct policy_ws_guest *guest, const struct sim_vm_view *vm,
			   const struct policy_ws_params *params)
{
	struct policy_learning learning = policy_ws_learning(guest, vm, params);
	double base;

	/* Statistics from before the report would blame evictions on the guest's accesses. */
	if (!guest->report_new || (guest->stats_ns && guest->stats_ns < guest->report_ns))
		return;
	guest->report_new = false;
	/* Pairs closer than that say little and have large errors. */
	if (guest->curve.made_ns &&
	    vm->report.arrived_ns - guest->curve.made_ns < params->interval_ns / 2)
		return;
	policy_curve_update(&guest->curve, &vm->report, &guest->flow, &learning);
	memset(&guest->flow, 0, sizeof(guest->flow));
	guest->used_reported = guest->used;
	base = policy_larger(0, guest->used - policy_curve_all(&guest->curve));
	if (!guest->stats_ns)
		base = 0.1 * (double)vm->nominal_bytes;
	guest->base = guest->base < 0 ? base : guest->base + (base - guest->base) * 0.3;
}

bool policy_ws_guest_informed(const struct policy_ws_guest *guest, u64 now_ns)
{
	return guest->stats_ns && guest->late_until_ns <= now_ns &&
	       (!guest->stats_asked_ns || now_ns - guest->stats_asked_ns <= LATE_NS);
}

bool policy_ws_guest_fresh(const struct policy_ws_guest *guest, u64 now_ns,
			   const struct policy_ws_params *params)
{
	return guest->curve.made_ns && now_ns - guest->curve.made_ns <= 3 * params->interval_ns;
}

/*
 * How much can be out at a stall of @bound: all that is older than the youngest age
 * that keeps it, and of the next younger class as much as the rest of the bound allows.
 */
static double cold_bytes(struct policy_ws_guest *guest, double bound,
			 const struct policy_learning *learning,
			 const struct policy_ws_params *params)
{
	const struct policy_curve *curve = &guest->curve;
	double cold = 0, stall_older = 0, part;
	u32 k = POLICY_CURVE_AGES;

	guest->cold_age = POLICY_CURVE_AGES;
	while (k-- > 0 && policy_curve_age(curve, k) >= params->idle_ns) {
		double stall = policy_curve_stall(curve, k, learning);
		double idle = policy_curve_idle(curve, k, learning);

		if (stall > bound) {
			part = (bound - stall_older) / (stall - stall_older);
			return part > 0 ? cold + (idle - cold) * part : cold;
		}
		cold = idle;
		stall_older = stall;
		guest->cold_age = k;
	}
	return cold;
}

double policy_ws_guest_peak(const struct policy_ws_guest *guest)
{
	return policy_ws_window_peak(&guest->needs);
}

void policy_ws_guest_update(struct policy_ws_guest *guest, const struct sim_vm_view *vm,
			    u64 now_ns, const struct policy_ws_params *params)
{
	struct policy_learning learning = policy_ws_learning(guest, vm, params);
	u64 rise = policy_less(vm->backed_bytes, guest->backed);
	double nominal = (double)vm->nominal_bytes;
	double bound = params->slowdown * policy_larger(guest->work_mean, WORK_LEAST);

	/* What the host sees is ahead of statistics: a guest on the rise is left alone. */
	if ((double)rise > params->band * nominal)
		guest->rose_ns = now_ns;
	if (guest->rose_ns == now_ns || vm->backed_bytes < guest->backed)
		guest->backed = vm->backed_bytes;
	if (!policy_ws_guest_fresh(guest, now_ns, params)) {
		/* Nothing is known to be cold. */
		guest->cold = guest->headroom = 0;
		guest->need = policy_smaller(nominal, (double)vm->target_bytes + guest->deficit);
	} else {
		guest->cold = policy_ws_slowdown_mean(guest) > params->slowdown ||
					      policy_ws_thrashes(guest, params) ?
				      0 :
				      cold_bytes(guest, bound, &learning, params);
		guest->headroom = policy_larger(params->headroom * nominal,
						guest->growth * (double)params->interval_ns / 1e9);
		guest->headroom = policy_smaller(guest->headroom, params->headroom_max * nominal) +
				  policy_ws_watermark(vm);
		guest->need = guest->base + policy_curve_all(&guest->curve) - guest->cold +
			      policy_larger(0, guest->used - guest->used_reported) + guest->headroom +
			      guest->deficit;
		guest->need = policy_smaller(guest->need, nominal);
	}
	policy_ws_window_enter(&guest->needs, guest->need, now_ns, guest->hold_ns);
	policy_ws_follow_update(guest, vm, now_ns, params);
}
