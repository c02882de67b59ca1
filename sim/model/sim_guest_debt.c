/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_guest_debt.c - the guest kernel's own work: ageing, reclaim, the balloon, reports.
 *
 * Its threads compete with the workload for vCPUs.  A vCPU that no stream wants does
 * the work for nothing; only when there is none do the streams wait.
 */
#include "model/sim_guest.h"

static u32 idle_vcpus(const struct sim_guest *guest)
{
	u32 vcpus = guest->vcpus;

	return vcpus > guest->psi.productive ? vcpus - guest->psi.productive : 0;
}

void sim_guest_settle(struct sim_guest *guest)
{
	u64 now_ns = guest->engine->now_ns, done_ns = 0;

	if (guest->cpu_debt_ns)
		done_ns = (now_ns - guest->debt_since_ns) * idle_vcpus(guest);
	guest->cpu_debt_ns -= done_ns < guest->cpu_debt_ns ? done_ns : guest->cpu_debt_ns;
	guest->debt_since_ns = now_ns;
}

void sim_guest_owe(struct sim_guest *guest, u64 cpu_ns)
{
	sim_guest_settle(guest);
	guest->cpu_debt_ns += cpu_ns;
}

u64 sim_guest_pay_debt(struct sim_guest *guest, u64 from_ns, u64 limit_ns)
{
	u64 vcpus = guest->vcpus, share_ns;

	if (!guest->cpu_debt_ns)
		return 0;
	sim_guest_settle(guest);
	if (idle_vcpus(guest))
		return 0;
	/* At most half of the time, as a fair scheduler would have it. */
	share_ns = guest->cpu_debt_ns / vcpus;
	if (share_ns > (limit_ns - from_ns) / 2)
		share_ns = (limit_ns - from_ns) / 2;
	guest->cpu_debt_ns -= share_ns * vcpus;
	if (guest->cpu_debt_ns < vcpus)
		guest->cpu_debt_ns = 0;
	return share_ns;
}
