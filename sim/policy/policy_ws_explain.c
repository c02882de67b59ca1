/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_ws_explain.c - the numbers that a target was made from. */
#include "policy/policy_ws_explain.h"

#include <stdarg.h>
#include <stdio.h>

#include "policy/policy_util.h"

struct line {
	char *text;
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
	size_t room = POLICY_WS_TEXT_MAX - line->used;
	va_list args;
	int wrote;

	va_start(args, format);
	wrote = vsnprintf(line->text + line->used, room, format, args);
	va_end(args);
	if (wrote > 0)
		line->used += policy_min((u64)wrote, room - 1);
}

static u64 mib(double bytes)
{
	return policy_bytes(bytes) >> 20;
}

static u64 seconds(u64 now_ns, u64 then_ns)
{
	return policy_less(now_ns, then_ns) / POLICY_SECOND_NS;
}

static void add_need(struct line *line, const struct policy_ws_guest *guest)
{
	u64 age = guest->cold_age < POLICY_CURVE_AGES ?
			  policy_curve_age(&guest->curve, guest->cold_age) / POLICY_SECOND_NS :
			  0;

	if (!guest->curve.made_ns) {
		add(line, "; need not known: no report yet");
		return;
	}
	add(line, "; need %llu = base %llu + reported %llu - cold %llu (idle > %llu s) + headroom "
		  "%llu + deficit %llu",
	    mib(guest->need), mib(guest->base), mib(policy_curve_all(&guest->curve)),
	    mib(guest->cold), age, mib(guest->headroom), mib(guest->deficit));
	add(line, "; peak %llu in the last %llu s", mib(policy_ws_guest_peak(guest)),
	    guest->hold_ns / POLICY_SECOND_NS);
}

void policy_ws_explain(const struct policy_ws_reason *reason, char text[POLICY_WS_TEXT_MAX])
{
	const struct policy_ws_guest *guest = reason->guest;
	const struct sim_vm_view *vm = reason->vm;
	struct line line = { .text = text };

	if (reason->target == vm->target_bytes)
		add(&line, "keep %llu MiB (%s)", reason->target >> 20, reason->why);
	else
		add(&line, "%s %llu -> %llu MiB (%s)",
		    reason->target > vm->target_bytes ? "grow" : "shrink", vm->target_bytes >> 20,
		    reason->target >> 20, reason->why);
	add_need(&line, guest);
	if (guest->stats_ns)
		add(&line, "; stall %.2f %% of its work now, %.2f %% in the last minute, grows above "
			   "%.2f %%",
		    100 * policy_ws_slowdown_now(guest), 100 * policy_ws_slowdown_mean(guest),
		    100 * reason->params->patience);
	else
		add(&line, "; stall not known: no statistics yet");
	if (guest->follow.updated_ns)
		add(&line, "; demand %llu + %llu beside it, following it would save %lld and is worth "
			   "%.1f %%%s",
		    mib(guest->follow.demand), mib(guest->follow.buffer),
		    (long long)(guest->follow.saved / (1 << 20)),
		    100 * guest->follow.value, guest->follow.leads ? ": followed" : "");
	add(&line, "; use %llu of %llu, backed %llu, balloon aims at %llu", mib(guest->used),
	    vm->actual_bytes >> 20, vm->backed_bytes >> 20, vm->target_bytes >> 20);
	add(&line, "; host can give %llu, guests wish %llu, taken of this wish %llu",
	    reason->budget_bytes >> 20, reason->wanted_bytes >> 20, reason->taken_bytes >> 20);
	if (reason->wanted_bytes > reason->budget_bytes &&
	    policy_ws_slowdown_mean(guest) > reason->params->slowdown)
		add(&line, "; bound of %.2f %% not held: the host lacks %llu",
		    100 * reason->params->slowdown,
		    (reason->wanted_bytes - reason->budget_bytes) >> 20);
	if (guest->report_ns)
		add(&line, "; report %llu s old", seconds(reason->now_ns, guest->report_ns));
	if (guest->grown_ns)
		add(&line, "; grown %llu s ago", seconds(reason->now_ns, guest->grown_ns));
	if (guest->shrunk_ns)
		add(&line, "; shrunk %llu s ago", seconds(reason->now_ns, guest->shrunk_ns));
}
