/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_probe.h - what the model tells its observers.
 *
 * The model calls probes; observers (journal, time series, statistics, plots)
 * implement them.  Observers read and never write: a run gives the same digest
 * with any set of them, and with none.
 */
#ifndef SIM_PROBE_H
#define SIM_PROBE_H

#include "model/sim_mechanism.h"
#include "scenario/sim_scenario.h"
#include "ws_hist.h"

/* What happened, for the journal.  The numbers are part of the journal's format. */
enum sim_event_kind {
	SIM_EV_START = 1,	/* VM boots: a nominal pages */
	SIM_EV_SEGMENT = 2,	/* workload segment begins: arg segment, a repetition */
	SIM_EV_IDLE = 3,	/* stream idles: arg stream, a until ns */
	SIM_EV_FAULT = 4,	/* arg stream << 8 | enum sim_fault, a page, b stall ns */
	SIM_EV_EVICT = 5,	/* arg 0 background 1 direct 2 proactive 3 balloon; a pages, b scanned */
	SIM_EV_AGE = 6,		/* ageing pass: arg memcg, a max_seq, b entries scanned */
	SIM_EV_TARGET = 7,	/* balloon target reached the guest: a pages left to it */
	SIM_EV_BALLOON = 8,	/* arg 0 inflate 1 deflate 2 on OOM 3 reboot; a pages, b balloon pages */
	SIM_EV_PUFF = 9,	/* the guest had no page to give: a wanted */
	SIM_EV_MESSAGE = 10,	/* arg queue << 16 | flags (1 lost, 2 late), a length, b digest */
	SIM_EV_REPORT = 11,	/* report arrived at the host: arg pressure, a number, b bytes in all */
	SIM_EV_ACTION = 12,	/* policy: arg enum sim_action, a, b arguments */
	SIM_EV_PRESSURE = 13,	/* host memory short: arg level, a free pages */
	SIM_EV_HOST_EVICT = 14, /* host swapped a VM's frames out: a pages, b scanned */
	SIM_EV_HOST_AGE = 15,	/* host ageing pass over a VM: a frames scanned */
	SIM_EV_OOM = 16,	/* guest out of memory: a pages freed by the kill */
	SIM_EV_HOST_OOM = 17,	/* host out of memory and of swap: a pages wanted */
	SIM_EV_STOP = 18,	/* VM goes */
	SIM_EV_DISTURB = 19,	/* arg index, a 1 begins 0 ends */
	SIM_EV_WRITEBACK = 20,	/* pages written: arg 0 swap 1 disk, a pages */
	SIM_EV_END = 21,	/* the run ends: a digest of all counters */
};

enum sim_fault {
	SIM_FAULT_MINOR,     /* absent page gets a zeroed frame */
	SIM_FAULT_FILE,	     /* file page read from disk the first time */
	SIM_FAULT_REFAULT,   /* file page read again after it was dropped */
	SIM_FAULT_SWAPIN,    /* anon page from swap */
	SIM_FAULT_SWAPCACHE, /* still or already in memory, only not mapped */
	SIM_FAULT_EPT,	     /* only the host had not backed the frame */
	SIM_FAULT_HOST_SWAP, /* host had swapped the frame */
	SIM_FAULTS,
};

enum sim_action {
	SIM_ACT_TARGET,
	SIM_ACT_STATS,
	SIM_ACT_REPORT,
	SIM_ACT_CONFIG,
	SIM_ACT_RECLAIM,
};

/* One journal record; 32 bytes, little-endian in the file. */
struct sim_event_record {
	u64 time_ns;
	u16 kind; /* enum sim_event_kind */
	u16 vm;	  /* 0xffff: the host */
	u32 arg;
	u64 a, b;
};

/* Running totals of one VM. */
struct sim_vm_counters {
	u64 accesses;
	u64 faults[SIM_FAULTS];
	u64 swap_in_pages, swap_out_pages; /* the guest's swap */
	u64 file_in_pages, file_out_pages;
	u64 host_swap_in_pages, host_swap_out_pages; /* this VM's frames, by the host */
	u64 double_paging; /* the guest wrote out a frame that the host had swapped */
	u64 refault[2], activate[2], restore[2]; /* workingset_*: anon, file */
	u64 proactive_pages, proactive_refaults;
	u64 pgscan_background, pgscan_direct, pgsteal_background, pgsteal_direct;
	u64 alloc_stalls; /* direct reclaims */
	u64 overshoot_pages; /* free above the high mark, added up over the ends of background reclaim */
	u64 oom_kills, first_oom_ns; /* when; 0: never */
	u64 ageing_passes, ageing_entries;
	u64 rmap_walks; /* accessed bits that reclaim looked up by reverse mapping */
	u64 reports_sent, reports_lost, messages;
	u64 inflate_pages, deflate_pages, oom_deflate_pages, puffs, vm_exits;
	u64 huge_splits;
	u64 evicted_total, evicted_in_window; /* younger than the trace's window: invalid above 1 % */
	/* Time in ns.  busy + idle = lifetime of the streams together. */
	u64 compute_ns; /* work done, as the trace has it */
	u64 busy_ns;	/* not idle: compute, stalls, waiting for a vCPU */
	u64 idle_ns;
	/* Parts of busy; what remains is waiting for a vCPU, behind streams or kernel work. */
	u64 fault_ns, io_ns, reclaim_ns, host_stall_ns, descriptor_ns, split_ns, vcpu_wait_ns;
	u64 ageing_cpu_ns, report_cpu_ns, balloon_cpu_ns, kswapd_cpu_ns; /* guest CPU */
	u64 psi_some_ns, psi_full_ns;
	u64 low_available_ns; /* time with available memory below 2 % of nominal */
	u64 segments_done;    /* repetitions of trace segments completed */
};

#define SIM_REACCESS_EDGES 10

/* One VM at one moment; pages of 4 KiB. */
struct sim_vm_sample {
	bool running;
	u64 nominal_pages, target_pages, balloon_pages; /* target: pages left to the guest */
	u64 free_pages, anon_pages, file_pages, kernel_pages, compressed_pages; /* guest's frames */
	u64 available_pages;
	u64 swapped_pages, dropped_pages;
	u64 backed_pages, host_swapped_pages; /* the host's frames under this VM */
	u64 huge_regions, split_regions;
	u32 generations_count; /* idle ages in the guest, youngest first */
	struct {
		u64 age_ns, anon_pages, file_pages;
	} generation[64];
	/*
	 * Pages that were used again so far, by their idle age at that moment: below 1, 2, 4 ..
	 * 512 s, and above; known when the guest's next generation begins.  0 bins: not known.
	 */
	u32 reaccess_bins_count;
	struct {
		u64 anon_pages, file_pages;
	} reaccess[SIM_REACCESS_EDGES + 1];
	u64 reaccess_older_pages[2]; /* those whose age is not known: anon, file */
	u32 psi_some_avg10, psi_full_avg10; /* hundredths of a percent */
	struct sim_vm_counters counters;
	struct sim_mechanism_totals mechanism;
};

struct sim_host_sample {
	u64 memory_pages, free_pages, backed_pages, compressed_pages, swapped_pages;
	u64 swap_in_pages, swap_out_pages; /* running totals */
	u64 psi_some_ns, psi_full_ns;
	u64 low_ns, critical_ns; /* time below low, below half of low */
	u64 cpu_ns;		 /* spent by the host on ageing, reclaim, balloons */
};

/* A report that arrived, beside the truth about sampled pages at the time it was made. */
struct sim_report_sample {
	u32 vm;
	bool pressure;
	u64 made_ns, arrived_ns, cost_ns;
	u32 bins_count;
	u64 edge_ns[SIM_BINS_MAX]; /* upper edges; the last is SIM_NONE */
	u64 anon_bytes[SIM_BINS_MAX], file_bytes[SIM_BINS_MAX];
	u64 true_anon_bytes[SIM_BINS_MAX], true_file_bytes[SIM_BINS_MAX];
	u64 wrong_bytes; /* bytes that are in another bin than they should be */
};

/* The parts of a report that is being sent; page counts are of simulated pages. */
struct sim_memcgs_sample {
	u32 vm;
	u64 made_ns;
	const struct ws_hist *hist; /* by memcg, each with all below; [0] is the report */
};

struct sim_run_info {
	const struct sim_scenario *scenario;
	u64 traces_digest;
};

struct sim_run_result {
	u64 end_ns;
	u64 digest; /* over all event records */
	u64 events;
	u64 ahead_turns; /* of streams, played before their time (sim_ahead.h); in no output */
	bool interrupted;
	bool valid; /* no VM evicted more than 1 % below its traces' windows */
};

struct sim_probe {
	void *ctx;
	/* Any of these may be NULL. */
	void (*start)(void *ctx, const struct sim_run_info *info);
	void (*event)(void *ctx, const struct sim_event_record *record);
	void (*sample)(void *ctx, u64 now_ns, const struct sim_host_sample *host,
		       const struct sim_vm_sample *vm, u32 vms_count);
	void (*report)(void *ctx, const struct sim_report_sample *report);
	void (*memcgs)(void *ctx, const struct sim_memcgs_sample *memcgs); /* of VMs that have some */
	void (*explain)(void *ctx, u64 now_ns, u32 vm, const char *text);
	/* The state at the end of the run. */
	void (*end)(void *ctx, const struct sim_run_result *result,
		    const struct sim_host_sample *host, const struct sim_vm_sample *vm,
		    u32 vms_count);
};

#endif /* SIM_PROBE_H */
