/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_util.h - what policies share: short calls, clamping, reading a report.
 *
 * Nothing here decides anything.
 */
#ifndef POLICY_UTIL_H
#define POLICY_UTIL_H

#include <stddef.h>

#include "policy/sim_policy.h"

#define POLICY_SECOND_NS 1000000000ull

/* The columns of struct sim_param for a field of a policy's state. */
#define POLICY_FIELD(type, field) (u32)offsetof(struct type, field)
#define POLICY_COUNT(array) (u32)(sizeof(array) / sizeof((array)[0]))

static inline u64 policy_min(u64 a, u64 b)
{
	return a < b ? a : b;
}

static inline u64 policy_max(u64 a, u64 b)
{
	return a > b ? a : b;
}

/* a - b, 0 when b is larger. */
static inline u64 policy_less(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

/* A size from the arithmetic of doubles: negative is 0, what does not fit is cut. */
static inline u64 policy_bytes(double bytes)
{
	if (!(bytes > 0))
		return 0;
	return bytes >= 9e18 ? (u64)9e18 : (u64)bytes;
}

static inline double policy_larger(double a, double b)
{
	return a > b ? a : b;
}

static inline double policy_smaller(double a, double b)
{
	return a < b ? a : b;
}

/* Exponential mean with time constant @tau_ns, without libm. */
static inline double policy_smooth(double mean, double value, u64 dt_ns, double tau_ns)
{
	return mean + (value - mean) * policy_smaller(1, (double)dt_ns / tau_ns);
}

/* What a balloon can leave to the guest. */
static inline u64 policy_clamp_target(const struct sim_vm_view *vm, u64 bytes)
{
	return policy_min(policy_max(bytes, vm->min_bytes), vm->nominal_bytes);
}

static inline void policy_set_target(struct sim_actions *act, u32 vm, u64 bytes)
{
	act->ops->set_target(act->ctx, vm, bytes);
}

#define POLICY_MIB(bytes) ((double)(bytes) / (1 << 20))

/*
 * Set the target and explain it: "shrink 384.0 -> 150.0 MiB: " and what @format says, the
 * numbers that it was made from, at most about 200 characters.
 */
void policy_move(struct sim_actions *act, const struct sim_host_view *host, u32 vm, u64 bytes,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Bytes of a report by kind. */
struct policy_idle {
	u64 anon_bytes, file_bytes;
};

/*
 * Bytes idle for longer than @age_ns.  A bin that @age_ns falls into is split in
 * proportion to time, as if its pages were spread evenly over it; the last bin has
 * no upper edge and counts as twice its lower edge wide.
 */
struct policy_idle policy_idle_longer(const struct sim_vm_report *report, u64 age_ns);

/* All bytes of a report. */
u64 policy_report_bytes(const struct sim_vm_report *report);

#endif /* POLICY_UTIL_H */
