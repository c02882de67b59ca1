/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_pi.c - the PI controller of qemus.
 *
 * Rule: see .rule below; one controller for each VM, all with the same signal.
 * Source: qemus/qemu, src/balloon.py (read at 5eb8878).
 * May see: balloon statistics, the host's free memory and its memory pressure.
 * Known flaw: written for one VM on a host: with several, all loops see the same error, so
 * their gains add up, and none knows which guest could give.
 *
 * The integral is not wound up while the output is at a limit: it is set back to what
 * would just give that limit.
 */
#include "policy/policy_list.h"
#include "policy/policy_rules.h"

struct pi_state {
	u64 interval_ns, hysteresis_bytes;
	double least;
	struct policy_pi rule; /* template */

	struct policy_pi vm[SIM_VMS_MAX];
};

#define PI_FIELD(field) POLICY_FIELD(pi_state, field)

static const struct sim_param pi_params[] = {
	{ "interval", "time between two steps", SIM_PARAM_TIME, PI_FIELD(interval_ns), 5e9, 1e8,
	  3.6e12 },
	{ "kp", "gain of the error", SIM_PARAM_DOUBLE, PI_FIELD(rule.kp), 0.5, 0, 100 },
	{ "ki", "gain of its integral, per second", SIM_PARAM_DOUBLE, PI_FIELD(rule.ki), 0.05, 0,
	  100 },
	{ "free", "share of host memory to have free", SIM_PARAM_DOUBLE,
	  PI_FIELD(rule.free_wanted), 0.20, 0, 1 },
	{ "free_hard", "below this share guests may get less than they use", SIM_PARAM_DOUBLE,
	  PI_FIELD(rule.free_hard), 0.10, 0, 1 },
	{ "min_mem", "least memory of a guest, share of nominal", SIM_PARAM_DOUBLE,
	  PI_FIELD(least), 0.33, 0, 1 },
	{ "psi_low", "host pressure (some, 10 s) from which the most is lowered, share of time",
	  SIM_PARAM_DOUBLE, PI_FIELD(rule.psi_low), 0.10, 0, 1 },
	{ "psi_high", "host pressure at which the most is the least", SIM_PARAM_DOUBLE,
	  PI_FIELD(rule.psi_high), 0.50, 0.0001, 1 },
	{ "hysteresis", "smaller changes are not made, except to a limit", SIM_PARAM_SIZE,
	  PI_FIELD(hysteresis_bytes), 134217728, 0, 1e15 },
};

static double within(double value, double least, double most)
{
	return value < least ? least : value > most ? most : value;
}

double policy_pi_ceiling(const struct policy_pi *pi, double psi, double least, double most)
{
	if (psi < pi->psi_low)
		return most;
	double part = (psi - pi->psi_low) / (pi->psi_high - pi->psi_low);

	return (double)policy_bytes(most - (part < 1 ? part : 1) * (most - least));
}

double policy_pi_step(struct policy_pi *pi, double host_free, double actual, double nominal,
		      double least, double used, double ceiling)
{
	double error = pi->free_wanted - host_free;
	double integral = within(pi->integral + error * pi->seconds, -1, 1);
	double wanted = actual - (pi->kp * error + pi->ki * integral) * nominal;
	double floor = host_free >= pi->free_hard && used > least ? used : least;

	wanted = wanted < 0 ? 0 : (double)policy_bytes(wanted);
	double target = wanted < floor ? floor : wanted;

	target = target > ceiling ? ceiling : target;
	bool at_floor = target == floor && error > 0;
	bool at_ceiling = target == ceiling && error < 0;

	if (!at_floor && !at_ceiling)
		pi->integral = integral;
	else if (pi->ki > 0)
		pi->integral = within((actual - (at_floor ? floor : ceiling)) / (pi->ki * nominal) -
					      pi->kp * error / pi->ki, -1, 1);
	else
		pi->integral = 0;
	return target;
}

static u64 pi_tick_ns(const void *state)
{
	return ((const struct pi_state *)state)->interval_ns;
}

static void control(struct pi_state *self, const struct sim_host_view *host, u32 index,
		    struct sim_actions *act)
{
	const struct sim_vm_view *vm = &host->vm[index];
	double nominal = (double)vm->nominal_bytes, least = self->least * nominal;
	double used = (double)policy_less(vm->actual_bytes, vm->stats.available_bytes);

	if (least < (double)vm->min_bytes)
		least = (double)vm->min_bytes;
	least = (double)policy_bytes(least);
	double ceiling = policy_pi_ceiling(&self->vm[index], host->psi_some_avg10 / 10000.0, least,
					   nominal);
	double size = policy_pi_step(&self->vm[index],
				     (double)host->free_bytes / (double)host->memory_bytes,
				     (double)vm->actual_bytes, nominal, least, used, ceiling);
	bool limit = size == ceiling || size == least || size == used;
	u64 target = policy_clamp_target(vm, policy_bytes(size));
	u64 change = policy_max(policy_less(target, vm->target_bytes),
				policy_less(vm->target_bytes, target));

	if (change && (change >= self->hysteresis_bytes || limit))
		policy_move(act, host, index, target,
			    "host %.1f %% free, its PSI %.2f %%, integral %.3f, least %.1f MiB, used %.1f, "
			    "ceiling %.1f",
			    100.0 * (double)host->free_bytes / (double)host->memory_bytes,
			    host->psi_some_avg10 / 100.0, self->vm[index].integral, POLICY_MIB(least),
			    POLICY_MIB(used), POLICY_MIB(ceiling));
}

static void pi_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct pi_state *self = state;

	for (u32 i = 0; i < host->vms_count; i++) {
		if (!host->vm[i].running)
			continue;
		/* Nothing is done before the guest has told of itself for the first time. */
		if (host->vm[i].stats.time_ns)
			control(self, host, i, act);
		act->ops->request_stats(act->ctx, i);
	}
}

static void pi_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			struct sim_actions *act)
{
	struct pi_state *self = state;

	(void)host;
	self->vm[vm] = self->rule;
	self->vm[vm].seconds = (double)self->interval_ns / 1e9;
	act->ops->request_stats(act->ctx, vm);
}

static int pi_init(void *state, const struct sim_host_view *host)
{
	const struct pi_state *self = state;

	(void)host;
	return self->rule.psi_low < self->rule.psi_high ? 0 : -EINVAL;
}

const struct sim_policy policy_pi = {
	.name = "pi",
	.summary = "qemus: PI controller of host free memory at 20 %, one for each VM",
	.rule = "Every 5 s, for each VM: e = 0.20 - free share of the host\n"
		"    I = clamp(I + 5 * e, -1, 1); target = actual - (0.5 * e + 0.05 * I) * nominal\n"
		"between max(33 %, what the guest uses), or 33 % when the host has less than 10 %\n"
		"free, and a ceiling that host pressure of 10 to 50 % lowers from nominal to 33 %.\n"
		"Applied if it is 128 MiB or a limit is reached.  At a limit I is set back.",
	.source = "qemus/qemu, src/balloon.py",
	.flaw = "One loop for each VM on one common signal: their gains add up, and none knows\n"
		"which guest could give; the free fifth of the host serves nobody.",
	.channels = SIM_CH_STATS | SIM_CH_HOST,
	.params = pi_params,
	.params_count = POLICY_COUNT(pi_params),
	.state_size = sizeof(struct pi_state),
	.init = pi_init,
	.tick_ns = pi_tick_ns,
	.tick = pi_tick,
	.vm_added = pi_vm_added,
};
