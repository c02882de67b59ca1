/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_util.c - reading working-set reports, explaining moves. */
#include "policy/policy_util.h"

#include <stdarg.h>
#include <stdio.h>

void policy_move(struct sim_actions *act, const struct sim_host_view *host, u32 vm, u64 bytes,
		 const char *format, ...)
{
	u64 before = host->vm[vm].target_bytes;
	char numbers[224], text[320];
	va_list args;

	if (act->ops->explain) {
		va_start(args, format);
		vsnprintf(numbers, sizeof(numbers), format, args);
		va_end(args);
		snprintf(text, sizeof(text), "%s %.1f -> %.1f MiB: %s",
			 bytes > before ? "grow" : bytes < before ? "shrink" : "keep",
			 POLICY_MIB(before), POLICY_MIB(bytes), numbers);
		act->ops->explain(act->ctx, vm, text);
	}
	policy_set_target(act, vm, bytes);
}

static u64 part_of(u64 bytes, u64 part, u64 whole)
{
	return policy_bytes((double)bytes * ((double)part / (double)whole));
}

struct policy_idle policy_idle_longer(const struct sim_vm_report *report, u64 age_ns)
{
	struct policy_idle idle = { 0, 0 };
	u64 from = 0;

	for (u32 i = 0; i < report->bins_count && i < SIM_BINS_MAX; i++) {
		const struct sim_report_bin *bin = &report->bin[i];
		u64 to = bin->idle_age_ns;

		if (to == ~0ull || to <= from)
			to = from ? from * 3 : POLICY_SECOND_NS;
		if (age_ns <= from) {
			idle.anon_bytes += bin->anon_bytes;
			idle.file_bytes += bin->file_bytes;
		} else if (age_ns < to) {
			idle.anon_bytes += part_of(bin->anon_bytes, to - age_ns, to - from);
			idle.file_bytes += part_of(bin->file_bytes, to - age_ns, to - from);
		}
		from = to;
	}
	return idle;
}

u64 policy_report_bytes(const struct sim_vm_report *report)
{
	u64 bytes = 0;

	for (u32 i = 0; i < report->bins_count && i < SIM_BINS_MAX; i++)
		bytes += report->bin[i].anon_bytes + report->bin[i].file_bytes;
	return bytes;
}
