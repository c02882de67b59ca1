/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_metrics.c - keys, units and definitions of the metrics. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "observe/sim_metrics.h"
#include "tr_units.h"

const struct sim_metric sim_vm_metrics[SIM_VM_METRICS] = {
	[SIM_VM_SLOWDOWN] = { "slowdown", "slowdown", "x",
		"time per unit of work divided by the same in the baseline run, where the host has "
		"memory for everybody" },
	[SIM_VM_TIME_PER_WORK] = { "time_per_work", "time per work", "x",
		"time the VM was not idle (work, stalls, waiting for a vCPU) divided by the work "
		"that its trace did" },
	[SIM_VM_WORK] = { "work_s", "work", "s", "work done, in seconds of the trace's own time" },
	[SIM_VM_PSI_SOME] = { "psi_some_share", "PSI some", "share",
		"share of its running time in which at least one task stalled on memory" },
	[SIM_VM_PSI_FULL] = { "psi_full_share", "PSI full", "share",
		"share of its running time in which every task that was not idle stalled on memory" },
	[SIM_VM_FAULT_SHARE] = { "fault_share", "fault time", "share",
		"share of busy time spent in page faults that needed no I/O" },
	[SIM_VM_IO_SHARE] = { "io_share", "I/O time", "share",
		"share of busy time spent waiting for the guest's swap and disk" },
	[SIM_VM_RECLAIM_SHARE] = { "reclaim_share", "direct reclaim", "share",
		"share of busy time spent in direct reclaim" },
	[SIM_VM_HOST_STALL_SHARE] = { "host_stall_share", "host stall", "share",
		"share of busy time in which the host stalled the VM (back a frame, bring one from "
		"host swap)" },
	[SIM_VM_DESCRIPTOR_SHARE] = { "descriptor_share", "read/write calls", "share",
		"share of busy time spent in read() and write() of pages in the cache" },
	[SIM_VM_SPLIT_SHARE] = { "split_share", "split huge pages", "share",
		"share of busy time that compute lost because the balloon or host swap split huge "
		"pages" },
	[SIM_VM_VCPU_WAIT_SHARE] = { "vcpu_wait_share", "vCPU wait", "share",
		"share of busy time spent waiting for a vCPU, behind other streams or kernel work" },
	[SIM_VM_GUEST_SWAP_IN] = { "guest_swap_in_bytes", "guest swap in", "bytes",
		"bytes that the guest read from its swap device" },
	[SIM_VM_GUEST_SWAP_OUT] = { "guest_swap_out_bytes", "guest swap out", "bytes",
		"bytes that the guest wrote to its swap device" },
	[SIM_VM_HOST_SWAP_IN] = { "host_swap_in_bytes", "host swap in", "bytes",
		"bytes of the VM that the host read back from its swap" },
	[SIM_VM_HOST_SWAP_OUT] = { "host_swap_out_bytes", "host swap out", "bytes",
		"bytes of the VM that the host wrote to its swap" },
	[SIM_VM_FILE_IN] = { "file_in_bytes", "file reads", "bytes",
		"bytes of files that the guest read from its disk, readahead included" },
	[SIM_VM_DOUBLE_PAGING] = { "double_paging_bytes", "double paging", "bytes",
		"bytes that the guest wrote out while the host had already swapped them" },
	[SIM_VM_REFAULT_ANON] = { "refault_anon_bytes", "anon refaults", "bytes",
		"anonymous bytes that came back after eviction (workingset_refault_anon)" },
	[SIM_VM_REFAULT_FILE] = { "refault_file_bytes", "file refaults", "bytes",
		"file bytes that came back after eviction (workingset_refault_file)" },
	[SIM_VM_ACTIVATE_ANON] = { "activate_anon_pages", "anon activated", "pages",
		"anonymous pages that came back soon enough to be active; of MGLRU 6.1 those protected "
		"by their tier (workingset_activate_anon)" },
	[SIM_VM_ACTIVATE_FILE] = { "activate_file_pages", "file activated", "pages",
		"file pages that came back soon enough to be active; of MGLRU 6.1 those protected by "
		"their tier (workingset_activate_file)" },
	[SIM_VM_RESTORE_ANON] = { "restore_anon_pages", "anon restored", "pages",
		"anonymous pages that came back and had been working set (workingset_restore_anon)" },
	[SIM_VM_RESTORE_FILE] = { "restore_file_pages", "file restored", "pages",
		"file pages that came back and had been working set (workingset_restore_file)" },
	[SIM_VM_PGSCAN_KSWAPD] = { "pgscan_kswapd_pages", "pgscan kswapd", "pages",
		"pages that background reclaim looked at" },
	[SIM_VM_PGSCAN_DIRECT] = { "pgscan_direct_pages", "pgscan direct", "pages",
		"pages that direct reclaim looked at" },
	[SIM_VM_PGSTEAL_KSWAPD] = { "pgsteal_kswapd_pages", "pgsteal kswapd", "pages",
		"pages that background reclaim took" },
	[SIM_VM_PGSTEAL_DIRECT] = { "pgsteal_direct_pages", "pgsteal direct", "pages",
		"pages that direct reclaim took" },
	[SIM_VM_PTES_SCANNED] = { "ptes_scanned", "PTEs scanned", "entries",
		"page-table entries that ageing looked at" },
	[SIM_VM_RMAP_WALKS] = { "rmap_walks", "rmap walks", "",
		"pages whose accessed bits reclaim looked up by reverse mapping" },
	[SIM_VM_RECLAIM_OVERSHOOT] = { "overshoot_pages", "reclaim overshoot", "pages",
		"free pages beyond the high watermark, summed over the times that background reclaim "
		"went to sleep" },
	[SIM_VM_MAJOR_FAULTS] = { "major_faults_per_s", "major faults", "1/s",
		"faults per second that needed a device: file read, refault, swap in, host swap in" },
	[SIM_VM_PROMOTION] = { "promotion_per_min", "promotion rate", "share/min",
		"refaults of proactively reclaimed pages per minute, divided by the mean resident "
		"pages (anon and file)" },
	[SIM_VM_RESIDENT] = { "resident_mean_bytes", "resident, mean", "bytes",
		"mean of the guest's anon, file and kernel memory while it ran" },
	[SIM_VM_BACKED] = { "backed_mean_bytes", "backed, mean", "bytes",
		"mean of the host memory that backed the VM while it ran" },
	[SIM_VM_SAVED] = { "saved_share", "memory saved", "share",
		"1 - (host memory backing the VM, summed over time) / (nominal size, summed over time)" },
	[SIM_VM_FOOTPRINT] = { "footprint_gib_min", "footprint", "GiB min",
		"host memory backing the VM, summed over time" },
	[SIM_VM_REACTION] = { "reaction_s", "reaction", "s",
		"median time from a new target (a step of 1 % of nominal or more) until the balloon "
		"made 90 % of the step; steps that a later target replaced do not count" },
	[SIM_VM_SETTLING] = { "settling_s", "settling", "s",
		"median time from such a target until the balloon came within 5 % of the step" },
	[SIM_VM_OVERSHOOT] = { "overshoot_share", "taken back", "share",
		"part of the balloon's swings that the following swing took back (0: it moved one "
		"way only, 1: every move was undone)" },
	[SIM_VM_CHURN] = { "churn", "churn", "x",
		"pages moved by the balloon both ways divided by their net movement, which counts "
		"as 1 % of nominal at least; 0 when it never moved" },
	[SIM_VM_REVERSALS] = { "reversals_per_h", "reversals", "1/h",
		"changes of the balloon's direction per hour; a wiggle below 1 % of nominal is none" },
	[SIM_VM_COMMANDS] = { "commands_per_h", "commands", "1/h",
		"balloon targets that the policy set, per hour" },
	[SIM_VM_GAP] = { "gap_gib_s", "target gap", "GiB s",
		"distance between balloon target and balloon, summed over time" },
	[SIM_VM_PUFFS] = { "puffs", "out of puff", "",
		"times that the guest found no page to give to the balloon" },
	[SIM_VM_OOM] = { "oom_kills", "OOM kills", "", "kills by the guest's OOM killer" },
	[SIM_VM_FIRST_OOM] = { "first_oom_s", "time to OOM", "s",
		"time of the first kill; none when there was none" },
	[SIM_VM_OOM_DEFLATE] = { "oom_deflate_bytes", "deflated on OOM", "bytes",
		"bytes that the guest took back from the balloon instead of killing" },
	[SIM_VM_LOW_AVAILABLE] = { "low_available_s", "available < 2 %", "s",
		"time with less than 2 % of the nominal size available" },
	[SIM_VM_EXITS] = { "vm_exits", "VM exits", "", "exits to the host for balloon and reports" },
	[SIM_VM_AGEING_CPU] = { "ageing_cpu_s", "ageing CPU", "s", "guest CPU time spent ageing" },
	[SIM_VM_REPORT_CPU] = { "report_cpu_s", "report CPU", "s",
		"guest CPU time spent making and sending reports" },
	[SIM_VM_BALLOON_CPU] = { "balloon_cpu_s", "balloon CPU", "s",
		"guest CPU time spent by the balloon driver" },
	[SIM_VM_KSWAPD_CPU] = { "kswapd_cpu_s", "kswapd CPU", "s",
		"guest CPU time spent in background reclaim" },
	[SIM_VM_SWAP_WRITTEN] = { "swap_written_bytes", "swap written", "bytes",
		"bytes of the VM written to swap at both levels (wear)" },
	[SIM_VM_HUGE_SPLITS] = { "huge_splits", "huge pages split", "",
		"2 MiB host pages split under the VM" },
	[SIM_VM_INFLATED] = { "inflated_bytes", "inflated", "bytes",
		"bytes that the mechanism (balloon, virtio-mem, ..) took from the guest, in all" },
	[SIM_VM_DEFLATED] = { "deflated_bytes", "deflated", "bytes",
		"bytes that it gave back, in all" },
	[SIM_VM_REPORTED] = { "reported_bytes", "reported free", "bytes",
		"bytes that free page reporting gave to the host, in all" },
	[SIM_VM_TAKEN_HUGE] = { "taken_huge_bytes", "taken whole", "bytes",
		"of what was inflated, bytes in whole 2 MiB regions" },
	[SIM_VM_GIVEN_HUGE] = { "given_huge_bytes", "given back whole", "bytes",
		"of what was deflated, bytes in whole 2 MiB regions" },
	[SIM_VM_SOFT_HUGE] = { "soft_huge_bytes", "taken softly", "bytes",
		"bytes of free 2 MiB regions that the host took without a target (HyperAlloc)" },
	[SIM_VM_MIGRATED] = { "migrated_bytes", "migrated", "bytes",
		"bytes moved inside the guest to make regions free" },
	[SIM_VM_UNMOVABLE] = { "unmovable_blocks", "unmovable blocks", "",
		"blocks that virtio-mem could not make free" },
	[SIM_VM_REPORTING_CPU] = { "reporting_cpu_s", "reporting CPU", "s",
		"guest CPU time spent in free page reporting; part of balloon CPU" },
	[SIM_VM_REPORTS] = { "reports", "reports", "", "working-set reports sent" },
	[SIM_VM_REPORTS_LOST] = { "reports_lost", "reports lost", "", "of these, lost on the way" },
	[SIM_VM_WRONG_SHARE] = { "wrong_bin_share", "in the wrong bin", "share",
		"mean over reports of the bytes that stand in another bin than their true last "
		"access says" },
	[SIM_VM_WINDOW_SHARE] = { "in_window_share", "evicted in window", "share",
		"evictions of pages younger than the time resolution of their trace; above 1 % the "
		"result is not valid" },
};

const struct sim_metric sim_run_metrics[SIM_RUN_METRICS] = {
	[SIM_RUN_SLOWDOWN_MEDIAN] = { "slowdown_median", "slowdown, median VM", "x",
		"median over the VMs of slowdown" },
	[SIM_RUN_SLOWDOWN_MEAN] = { "slowdown_mean", "slowdown, mean of VMs", "x",
		"mean over the VMs of slowdown" },
	[SIM_RUN_SLOWDOWN_P95] = { "slowdown_p95", "slowdown, p95", "x",
		"95th percentile over the VMs of slowdown" },
	[SIM_RUN_SLOWDOWN_MAX] = { "slowdown_max", "slowdown, worst VM", "x",
		"greatest slowdown of a VM" },
	[SIM_RUN_JAIN] = { "slowdown_jain", "fairness", "",
		"Jain's index of the VMs' slowdowns; 1 when all are slowed alike" },
	[SIM_RUN_WORK] = { "work_s", "work", "s", "work done by all VMs" },
	[SIM_RUN_SAVED] = { "saved_share", "memory saved", "share",
		"1 - (host memory backing VMs, and the host's compressed pages, summed over time) / "
		"(nominal sizes, summed over time)" },
	[SIM_RUN_FOOTPRINT] = { "footprint_gib_min", "footprint", "GiB min",
		"host memory backing VMs, and the host's compressed pages, summed over time" },
	[SIM_RUN_OVERCOMMIT] = { "overcommit", "overcommit", "x",
		"sum of nominal sizes divided by the host's memory for VMs" },
	[SIM_RUN_USED_MEAN] = { "host_used_mean_share", "host used, mean", "share",
		"host memory not free, mean over time" },
	[SIM_RUN_USED_MAX] = { "host_used_max_share", "host used, max", "share",
		"host memory not free, greatest sample" },
	[SIM_RUN_GUEST_SWAP] = { "guest_swap_bytes", "guest swap", "bytes",
		"bytes in and out of the guests' swap devices" },
	[SIM_RUN_HOST_SWAP] = { "host_swap_bytes", "host swap", "bytes",
		"bytes in and out of the host's swap" },
	[SIM_RUN_DISK_READ] = { "file_in_bytes", "file reads", "bytes",
		"bytes of files that the guests read from disk" },
	[SIM_RUN_DOUBLE_PAGING] = { "double_paging_bytes", "double paging", "bytes",
		"bytes that guests wrote out while the host had already swapped them" },
	[SIM_RUN_SWAP_WRITTEN] = { "swap_written_bytes", "swap written", "bytes",
		"bytes written to swap at both levels (wear)" },
	[SIM_RUN_OOM] = { "oom_kills", "OOM kills", "", "kills by the guests' OOM killers" },
	[SIM_RUN_HOST_OOM] = { "host_oom", "host OOM", "",
		"times that the host had neither memory nor swap" },
	[SIM_RUN_HOST_LOW] = { "host_low_s", "host below low", "s",
		"time with the host's free memory below its low watermark" },
	[SIM_RUN_HOST_CRITICAL] = { "host_critical_s", "host critical", "s",
		"time with the host's free memory below half of low" },
	[SIM_RUN_LOW_AVAILABLE] = { "low_available_s", "available < 2 %", "s",
		"sum over VMs of the time with less than 2 % available" },
	[SIM_RUN_HOST_PSI_SOME] = { "host_psi_some_share", "host PSI some", "share",
		"share of the run in which at least one VM stalled on the host's memory" },
	[SIM_RUN_HOST_CPU] = { "host_cpu_s", "host CPU", "s",
		"host CPU time spent on ageing, reclaim and balloons" },
	[SIM_RUN_GUEST_CPU] = { "guest_cpu_s", "guest CPU", "s",
		"guest CPU time spent on ageing, reports, balloon and background reclaim" },
	[SIM_RUN_REVERSALS] = { "reversals_per_h", "reversals", "1/h",
		"changes of a balloon's direction per hour, mean over VMs" },
	[SIM_RUN_CHURN] = { "churn", "churn", "x", "mean over VMs of churn" },
	[SIM_RUN_COMMANDS] = { "commands_per_h", "commands", "1/h",
		"balloon targets set per hour, sum over VMs" },
	[SIM_RUN_GAP] = { "gap_gib_s", "target gap", "GiB s",
		"distance between targets and balloons, summed over time and VMs" },
	[SIM_RUN_EXITS] = { "vm_exits", "VM exits", "", "exits for balloons and reports" },
	[SIM_RUN_REPORTS] = { "reports", "reports", "", "working-set reports sent" },
	[SIM_RUN_WRONG_SHARE] = { "wrong_bin_share", "in the wrong bin", "share",
		"mean over all reports of the share of bytes in the wrong bin" },
};

char *sim_metric_text(const struct sim_metric *metric, double value, char text[SIM_METRIC_TEXT])
{
	char units[TR_UNITS_TEXT];

	if (!isfinite(value))
		snprintf(text, SIM_METRIC_TEXT, "-");
	else if (!strcmp(metric->unit, "bytes"))
		snprintf(text, SIM_METRIC_TEXT, "%s",
			 value > 0 ? tr_about_bytes((u64)value, units) : "0");
	else if (!strcmp(metric->unit, "share"))
		snprintf(text, SIM_METRIC_TEXT, "%.*f %%", fabs(value) < 0.1 ? 2 : 1, 100 * value);
	else if (!strcmp(metric->unit, "share/min"))
		snprintf(text, SIM_METRIC_TEXT, "%.3f %%/min", 100 * value);
	else if (!strcmp(metric->unit, "x"))
		snprintf(text, SIM_METRIC_TEXT, "%.*f", fabs(value) < 100 ? 3 : 0, value);
	else
		snprintf(text, SIM_METRIC_TEXT,
			 value == floor(value) || fabs(value) >= 1000 ? "%.0f%s%s" : "%.3g%s%s",
			 value, *metric->unit ? " " : "",
			 /* "18 /h" reads better than "18 1/h". */
			 metric->unit + !strncmp(metric->unit, "1/", 2));
	return text;
}

char *sim_metric_range(const struct sim_metric *metric, double low, double high,
		       const char *dash, char text[SIM_RANGE_TEXT])
{
	char from[SIM_METRIC_TEXT], to[SIM_METRIC_TEXT];
	char *from_unit, *to_unit;

	sim_metric_text(metric, low, from);
	sim_metric_text(metric, high, to);
	from_unit = strchr(from, ' ');
	to_unit = strchr(to, ' ');
	if (from_unit && to_unit && !strcmp(from_unit, to_unit))
		*from_unit = 0;
	snprintf(text, SIM_RANGE_TEXT, "%s%.7s%s", from, dash, to);
	return text;
}
