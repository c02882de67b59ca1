/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_scenario.h - everything that a run is a function of, as plain data.
 *
 * The reader (sim_scenario_read.h) fills this from JSON and checks it; the model
 * only reads it.  Sizes are bytes, times nanoseconds.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "policy/sim_policy.h"

#define SIM_NAME_MAX 64
#define SIM_PATH_MAX 512
#define SIM_MEMCGS_MAX 16
#define SIM_NONE (~0ull) /* no limit, never */

/*
 * A device that pages go to and come from.  Compressed memory (zram, zswap) costs
 * CPU time and keeps pages at ratio:1 in the memory that it is to relieve; a block
 * device has latency, bandwidth and a queue.
 */
struct sim_device_config {
	char name[SIM_NAME_MAX]; /* "": no device */
	bool compressed;
	u64 read_ns, write_ns;	 /* median of a 4 KiB operation on an idle device */
	double tail;		 /* 99th percentile over median, >= 1 */
	u64 read_bps, write_bps; /* bytes per second; 0: not a limit */
	u32 parallel;		 /* operations served at a time, >= 1 */
	double ratio;		 /* compressed: pages stored per page of memory */
	u32 cluster_pages;	 /* swap-in brings this many neighbouring slots; 1: none */
};

/* Built-in devices by name: zram, zswap, nvme, ssd, hdd; NULL: unknown (sim_device_table.c). */
const struct sim_device_config *sim_device_builtin(const char *name);

/* What things cost; defaults and their sources in sim_costs.c. */
struct sim_costs {
	u64 minor_fault_ns;	  /* guest fault, frame already backed by the host */
	u64 ept_fault_ns;	  /* host allocates and zeroes 4 KiB */
	u64 ept_huge_fault_ns;	  /* the same for 2 MiB */
	u64 inflate_page_ns;	  /* a page into the balloon, host had backed it */
	u64 inflate_untouched_ns; /* a page into the balloon, never backed */
	u64 deflate_page_ns;
	u64 vm_exit_ns;
	u64 scan_pte_ns;	  /* ageing: one mapped entry looked at */
	u64 young_pte_ns;	  /* ageing: one young entry moved */
	u64 reclaim_page_ns;	  /* eviction: one page looked at, unmapped, freed */
	u64 host_scan_page_ns;	  /* the host's ageing: one frame of a VM */
	u64 report_ns;		  /* building and sending one report */
	u64 descriptor_access_ns; /* read() or write() of one page in the cache */
	u64 balloon_retry_ns;	  /* wait after the guest had no page to give: 200 ms */
	u64 huge_inflate_ns, huge_deflate_ns; /* 2 MiB into a balloon, out of it */
	u64 unplug_ns, unplug_untouched_ns; /* virtio-mem: 2 MiB that the host had backed, or not */
	u64 plug_ns;		  /* virtio-mem: 2 MiB */
	u64 shared_take_ns, shared_give_ns; /* hyperalloc: 2 MiB, the host's time */
	u64 migrate_page_ns;	  /* the guest moves a page to another frame */
	u64 report_block_ns;	  /* free page reporting: a block of any size, */
	u64 report_page_ns;	  /* and each 4 KiB of it */
	u64 collapse_ns;	  /* khugepaged: 2 MiB put together */
	double split_tax;	  /* compute grows by this share of what runs on split huge pages */
};
extern const struct sim_costs sim_costs_default;

enum sim_keep { SIM_KEEP_NONE, SIM_KEEP_FILE, SIM_KEEP_ALL };

/* How a series is written; any: to be seen by its first lines. */
enum sim_demand_format {
	SIM_DEMAND_ANY,
	SIM_DEMAND_GCD,
	SIM_DEMAND_ALIBABA,
	SIM_DEMAND_BITBRAINS,
	SIM_DEMAND_FORMATS
};
extern const char *const sim_demand_formats[SIM_DEMAND_FORMATS + 1]; /* NULL-terminated */

/* A series of memory in use, and how accesses are generated to match it (tr_demand.h). */
struct sim_demand {
	char series[SIM_PATH_MAX];    /* resolved path; "": none */
	char container[SIM_NAME_MAX]; /* alibaba: whose rows; "": the first of the file */
	u64 memory_bytes;	      /* what the series' shares are of */
	double time_scale;	      /* the source's times are divided by this */
	double hot, warm, write;      /* shares */
	u64 hot_ns, warm_ns;
	u32 seed, format; /* format: enum sim_demand_format */
};

/* A piece of a VM's workload: a trace so many times, or idling. */
struct sim_segment {
	char trace[SIM_PATH_MAX]; /* resolved path; "": idle for idle_ns */
	struct sim_demand demand; /* of which the trace was made, if it was */
	u32 repeat;
	enum sim_keep keep; /* which pages live on when a repetition ends (default: file) */
	u64 idle_ns;	    /* idling after each repetition */
};

/* The file that the scenario names. */
static inline const char *sim_segment_name(const struct sim_segment *segment)
{
	return *segment->demand.series ? segment->demand.series : segment->trace;
}

/* A memory cgroup below another; what it uses and may use includes all below it. */
struct sim_memcg_config {
	char name[SIM_NAME_MAX];
	u32 parent; /* of lower number; the root's own is 0 */
	u64 min_bytes, low_bytes, high_bytes, max_bytes; /* high and max: SIM_NONE is no limit */
};

/* How a target becomes memory; model/sim_mechanism.h. */
enum sim_mechanism_kind {
	SIM_MECHANISM_BALLOON,
	SIM_MECHANISM_HUGE_BALLOON,
	SIM_MECHANISM_VIRTIO_MEM,
	SIM_MECHANISM_HYPERALLOC,
	SIM_MECHANISM_HOST_RECLAIM,
	SIM_MECHANISM_NONE,
};

struct sim_vm_config {
	char name[SIM_NAME_MAX];
	u64 memory_bytes;     /* nominal */
	u64 memory_min_bytes; /* the balloon may not leave less */
	u64 kernel_bytes;     /* the guest kernel's own memory, never on a list */
	u32 vcpus;
	u32 shares;
	u64 start_ns;		    /* boots then; holds no host memory before */
	u64 stop_ns;		    /* SIM_NONE: stays */
	char reclaim[SIM_NAME_MAX]; /* engine: mglru twolist fifo clock lru opt, and words after a colon */
	u32 generations;	    /* mglru: 3..64; the two youngest are never evicted from */
	u32 swappiness;		    /* 0..200 */
	u64 ageing_interval_ns;	    /* timer besides reclaim and reports; 0: none */
	u64 min_ttl_ns;		    /* mglru: OOM rather than evict what is younger; 0: off */
	struct sim_device_config swap;
	u64 swap_bytes;
	struct sim_device_config disk; /* file pages come from here */
	bool deflate_on_oom;
	enum sim_mechanism_kind mechanism;
	u64 block_bytes;	    /* virtio-mem: what is plugged at once, N * 2 MiB */
	u64 auto_ns;		    /* hyperalloc: how often the host takes what is free; 0: never */
	bool page_reporting;
	u32 reporting_order;	    /* 0..9: smaller blocks are not reported */
	u64 reporting_delay_ns;
	u32 reporting_passes;	    /* over which all that is free is reported */
	char dialect[SIM_NAME_MAX]; /* wire dialect of working-set reports, ws_dialects[] */
	u32 memcgs_count;	    /* >= 1; [0] is the root */
	struct sim_memcg_config memcg[SIM_MEMCGS_MAX];
	struct sim_segment *segment;
	u32 segments_count;
	bool loop;	     /* start over after the last segment, until the run ends */
	u64 phase_ns;	     /* idle this long first */
	u64 phase_jitter_ns; /* plus a random part up to this, by seed and run */
};

struct sim_link_config {
	u64 delay_ns, jitter_ns;
	double loss, reorder; /* probability, of messages of the report and statistics queues */
};

enum sim_disturbance_kind {
	SIM_DIST_LINK,	      /* other link properties for a while */
	SIM_DIST_HOST_MEMORY, /* something else takes host memory for a while */
	SIM_DIST_BALLOON,     /* a guest's balloon is factor times slower; 0: refuses */
	SIM_DIST_DEVICE,      /* a device is slower for a while */
	SIM_DIST_REBOOT,      /* a guest resets itself, and boots again when it is over */
};

enum sim_slow_device { SIM_SLOW_SWAP, SIM_SLOW_DISK, SIM_SLOW_HOST_SWAP };

#define SIM_ALL_VMS 0xffffffffu

struct sim_disturbance {
	enum sim_disturbance_kind kind;
	u64 at_ns, duration_ns;
	u32 vm;			     /* not of SIM_DIST_HOST_MEMORY; link, device: or SIM_ALL_VMS */
	struct sim_link_config link; /* SIM_DIST_LINK */
	u64 bytes;		     /* SIM_DIST_HOST_MEMORY */
	double factor;		     /* SIM_DIST_BALLOON, SIM_DIST_DEVICE */
	enum sim_slow_device device; /* SIM_DIST_DEVICE */
	u64 latency_ns;		     /* SIM_DIST_DEVICE: on top of each operation's own */
	bool releases;		     /* SIM_DIST_REBOOT: its memory on the host is freed as well */
};

struct sim_host_config {
	u64 memory_bytes;
	u64 reserved_bytes; /* the host's own, taken off memory_bytes */
	bool huge_pages;
	u32 khugepaged_pages; /* looked at between two sleeps; 0: off */
	u64 khugepaged_sleep_ns;
	u32 khugepaged_max_none; /* pages of a region that may be missing */
	u32 generations;	/* of the host's ageing of VM frames */
	u64 ageing_interval_ns; /* shortest time between two host ageing passes */
	struct sim_device_config swap;
	u64 swap_bytes;
	double low, high; /* the host reclaims below low (share of memory), until high */
};

struct sim_scenario {
	char name[SIM_NAME_MAX];
	char path[SIM_PATH_MAX]; /* the file it came from */
	u64 seed;
	u32 run; /* replication number: advances every random stream */
	u64 duration_ns;
	u64 quantum_ns;
	u64 sample_ns; /* of the time series */
	u32 sample_one_in; /* pages that one simulated page stands for; a power of two */
	bool open_loop;
	struct sim_host_config host;
	struct sim_link_config link;
	struct sim_costs costs;
	struct sim_vm_config *vm; /* "count" already expanded */
	u32 vms_count;
	struct sim_disturbance *disturbance;
	u32 disturbances_count;
	const struct sim_policy *policy;
	void *policy_state; /* parameters set, policy->state_size bytes; a run works on a copy */
};

#endif /* SIM_SCENARIO_H */
