/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_limit_cache.c - ChromeOS's limit of the guest's page cache.
 *
 * Rule: see .rule below.  Only a guest with more cache than a target is restricted, and
 * only as far as the host's distance from one of its thresholds says.
 * Source: ChromiumOS, vm_tools/concierge/balloon_policy.cc.
 * May see: balloon statistics (free memory and caches), the host's free memory and its
 * watermark.
 * Known flaw: takes cache only: idle anonymous memory is never asked for; a fixed target of
 * 315 MiB leaves smaller guests alone altogether.
 *
 * The host has no measure of available memory here but what is free, for its own page
 * cache is not modelled; both rules look at that.  Shared and unevictable memory, which the
 * original subtracts from the caches, is not in the statistics.  The deflation by up to
 * 256 MiB to save a process from Android's low-memory killer has no counterpart but
 * deflate-on-OOM.
 */
#include "policy/policy_list.h"
#include "policy/policy_rules.h"

struct limit_cache_state {
	u64 interval_ns, reclaim_cache, critical_cache, moderate_cache, free_above;
	double reserve, low, critical, moderate;
};

#define MIB (1ll << 20)
#define LIMIT_FIELD(field) POLICY_FIELD(limit_cache_state, field)

static const struct sim_param limit_cache_params[] = {
	{ "interval", "time between two looks", SIM_PARAM_TIME, LIMIT_FIELD(interval_ns), 1e9, 1e8,
	  3.6e12 },
	{ "reclaim_cache", "cache left when the host nears its watermark; 0: rule off",
	  SIM_PARAM_SIZE, LIMIT_FIELD(reclaim_cache), 330301440, 0, 1e15 },
	{ "critical_cache", "the same near the critical margin", SIM_PARAM_SIZE,
	  LIMIT_FIELD(critical_cache), 330301440, 0, 1e15 },
	{ "moderate_cache", "the same near the moderate margin", SIM_PARAM_SIZE,
	  LIMIT_FIELD(moderate_cache), 0, 0, 1e15 },
	{ "free_above", "free memory of a guest that is not restricted, beyond its reserve",
	  SIM_PARAM_SIZE, LIMIT_FIELD(free_above), 330301440, 0, 1e15 },
	{ "reserve", "memory that a guest's kernel keeps for itself, share of nominal",
	  SIM_PARAM_DOUBLE, LIMIT_FIELD(reserve), 0.02, 0, 0.5 },
	{ "guest_low", "the guest's low watermark, share of nominal", SIM_PARAM_DOUBLE,
	  LIMIT_FIELD(low), 0.01, 0, 0.5 },
	{ "critical", "the host's critical margin, share of its memory", SIM_PARAM_DOUBLE,
	  LIMIT_FIELD(critical), 0.052, 0, 0.9 },
	{ "moderate", "the host's moderate margin, share of its memory", SIM_PARAM_DOUBLE,
	  LIMIT_FIELD(moderate), 0.40, 0, 0.9 },
};

/* One reason to restrict the guest: the host is near a threshold. */
static void restrict_by(const struct policy_limit_cache *rule, s64 target_cache, s64 host_above,
			s64 guest_cache, s64 *free, s64 *cache)
{
	s64 wanted = rule->guest_low + host_above;

	if (target_cache <= 0 || guest_cache <= target_cache)
		return;
	wanted = wanted < rule->min_free ? rule->min_free : wanted;
	if (wanted >= rule->max_free)
		return;
	*free = *free < wanted ? *free : wanted;
	*cache = *cache < target_cache ? *cache : target_cache;
}

s64 policy_limit_cache_delta(const struct policy_limit_cache *rule, s64 guest_free,
			     s64 guest_cache, s64 host_free, s64 host_available)
{
	s64 free = rule->max_free, cache = guest_cache, delta;
	s64 enough = rule->min_free + (rule->max_free - rule->min_free) / 4 * 3;

	restrict_by(rule, rule->reclaim_cache, host_free - rule->host_low, guest_cache, &free,
		    &cache);
	restrict_by(rule, rule->critical_cache, host_available - rule->host_critical, guest_cache,
		    &free, &cache);
	restrict_by(rule, rule->moderate_cache, host_available - rule->host_moderate, guest_cache,
		    &free, &cache);
	delta = guest_free - free;
	if (free != rule->max_free && delta > guest_cache - cache)
		delta = guest_cache - cache;
	/* Exits and shootdowns cost more than a little free memory is worth. */
	if (free == rule->max_free && guest_free >= enough && rule->max_free > 0 &&
	    guest_free / rule->max_free == (guest_free + delta) / rule->max_free)
		return 0;
	return delta;
}

static u64 limit_cache_tick_ns(const void *state)
{
	return ((const struct limit_cache_state *)state)->interval_ns;
}

static void limit_cache_tick(void *state, const struct sim_host_view *host,
			     struct sim_actions *act)
{
	(void)state;
	for (u32 i = 0; i < host->vms_count; i++)
		if (host->vm[i].running)
			act->ops->request_stats(act->ctx, i);
}

static void limit_cache_stats(void *state, const struct sim_host_view *host, u32 vm,
			      struct sim_actions *act)
{
	const struct limit_cache_state *self = state;
	const struct sim_vm_view *view = &host->vm[vm];
	double nominal = (double)view->nominal_bytes, memory = (double)host->memory_bytes;
	struct policy_limit_cache rule = {
		.guest_low = (s64)(self->low * nominal),
		.min_free = (s64)(self->low * nominal) - MIB,
		.max_free = (s64)(self->reserve * nominal) + (s64)self->free_above,
		.host_low = (s64)host->low_bytes,
		.host_critical = (s64)(self->critical * memory),
		.host_moderate = (s64)(self->moderate * memory),
		.reclaim_cache = (s64)self->reclaim_cache,
		.critical_cache = (s64)self->critical_cache,
		.moderate_cache = (s64)self->moderate_cache,
	};
	s64 delta = policy_limit_cache_delta(&rule, (s64)view->stats.free_bytes,
					     (s64)view->stats.caches_bytes, (s64)host->free_bytes,
					     (s64)host->free_bytes);
	u64 target = policy_clamp_target(view, policy_bytes((double)view->actual_bytes -
							    (double)delta));

	if (view->running && delta && target != view->target_bytes)
		policy_set_target(act, vm, target);
}

const struct sim_policy policy_limit_cache = {
	.name = "limit-cache",
	.summary = "ChromeOS: a guest's cache is limited as the host nears its thresholds",
	.rule = "Every second: free memory of a guest is held at its reserve + 315 MiB, unless\n"
		"it has more cache than a target; then at\n"
		"    low + max(host's free memory - host's threshold, -1 MiB), low: its watermark\n"
		"for the watermark and the critical margin (target 315 MiB), and for the moderate\n"
		"margin (off); the least counts.  Not more than the cache above the target is\n"
		"taken, and a guest with three quarters of its free memory is left alone.",
	.source = "ChromiumOS, vm_tools/concierge/balloon_policy.cc",
	.flaw = "Only cache is taken, never idle anonymous memory; guests with less than 315\n"
		"MiB of cache are never restricted.",
	.channels = SIM_CH_STATS | SIM_CH_HOST,
	.params = limit_cache_params,
	.params_count = POLICY_COUNT(limit_cache_params),
	.state_size = sizeof(struct limit_cache_state),
	.tick_ns = limit_cache_tick_ns,
	.tick = limit_cache_tick,
	.stats = limit_cache_stats,
};
