/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_policy.h - what a balloon policy is told, and what it may ask for.
 *
 * A policy is a const table of operations with a table of parameters.  It is
 * called on events and answers by calling the host's actions.  It sees only
 * what a real host controller could see, and of that only the channels that it
 * declares: everything else reads as zero.  The same objects drive simulated
 * hosts and real ones, so this header knows nothing of the model.
 *
 * Order of calls: init, vm_added for every VM there is, then any mix of tick,
 * report, stats, pressure, stalled, vm_added and vm_removed, then destroy.
 * A policy keeps all state in the block that the engine gives it (zeroed,
 * parameters filled in).  Calls never nest.
 *
 * Determinism: policies use integers, or doubles with + - * / and sqrt only.
 */
#ifndef SIM_POLICY_H
#define SIM_POLICY_H

#include <ws_env.h>

#define SIM_VMS_MAX 1024
#define SIM_BINS_MAX 32

/* How a policy gets its knowledge; printed with every result. */
enum sim_channel {
	SIM_CH_STATS = 1 << 0,	 /* the balloon's statistics queue */
	SIM_CH_REPORTS = 1 << 1, /* working-set reports */
	SIM_CH_HOST = 1 << 2,	 /* the host's own counters: free, backed, swapped, PSI */
	SIM_CH_AGENT = 1 << 3,	 /* an agent in the guest: PSI, Committed_AS */
	SIM_CH_RECLAIM = 1 << 4, /* command: the guest (its memory.reclaim) gives up cold bytes */
};

/* The balloon's statistics (virtio-balloon tags), as of the last answer. */
struct sim_vm_stats {
	u64 time_ns; /* when they arrived; 0: never */
	u64 swap_in_bytes, swap_out_bytes, major_faults, minor_faults; /* running totals */
	u64 free_bytes, total_bytes, available_bytes, caches_bytes;
	u64 oom_kills, alloc_stalls;
	u64 async_scan, direct_scan, async_reclaim, direct_reclaim; /* pages, running totals */
};

/* A working-set report, as of its arrival. */
struct sim_vm_report {
	u64 arrived_ns; /* 0: none yet */
	u64 number;	/* counts arrivals */
	bool pressure;	/* the host had not asked (as far as the dialect can tell) */
	u32 bins_count;
	struct sim_report_bin {
		u64 idle_age_ns; /* upper edge; ~0 in the last */
		u64 anon_bytes, file_bytes;
	} bin[SIM_BINS_MAX];
};

struct sim_vm_view {
	const char *name;
	/* Configuration, known to any host controller. */
	u64 nominal_bytes, min_bytes; /* the balloon leaves min..nominal to the guest */
	u32 shares;		      /* default 1000 */
	u64 refault_ns;		      /* mean time to bring a page back from this VM's swap device */
	u64 file_refault_ns;	      /* the same for a file page, from its disk */
	bool deflate_on_oom;
	bool running; /* added and not yet removed */
	/* The balloon's configuration space: always visible. */
	u64 target_bytes; /* memory left to the guest if the balloon follows */
	u64 actual_bytes; /* memory left to the guest now */
	/* SIM_CH_STATS */
	struct sim_vm_stats stats;
	/* SIM_CH_REPORTS */
	struct sim_vm_report report;
	/* SIM_CH_HOST */
	u64 backed_bytes, host_swapped_bytes; /* of this VM's memory */
	u64 cpu_ns; /* processor time that the VM used, running total; 0: not known */
	/* SIM_CH_AGENT */
	u64 committed_bytes;
	u64 psi_some_ns, psi_full_ns;	    /* memory pressure, running totals */
	u32 psi_some_avg10, psi_full_avg10; /* hundredths of a percent */
};

struct sim_host_view {
	u64 now_ns;
	u64 memory_bytes; /* what the host has for VMs */
	u32 vms_count;
	const struct sim_vm_view *vm;
	/* SIM_CH_HOST */
	u64 free_bytes;
	u64 low_bytes, high_bytes; /* the host reclaims below low, until high */
	u64 swap_in_bytes, swap_out_bytes; /* running totals */
	u64 psi_some_ns, psi_full_ns;
	u32 psi_some_avg10, psi_full_avg10;
};

struct sim_actions {
	const struct sim_action_ops *ops;
	void *ctx;
};

/*
 * What a policy can do.  All are requests: they travel, may be lost, and the
 * guest may be slow.  A call without the channel it needs is a programmer error.
 */
struct sim_action_ops {
	/* Memory to leave to the guest; clamped to min_bytes..nominal_bytes. */
	void (*set_target)(void *ctx, u32 vm, u64 bytes);
	void (*request_stats)(void *ctx, u32 vm);
	void (*request_report)(void *ctx, u32 vm);
	/* Ascending idle ages; an interval of 0 switches refresh or pressure reports off. */
	void (*configure_reports)(void *ctx, u32 vm, const u64 *edge_ns, u32 edges_count,
				  u64 refresh_interval_ns, u64 report_threshold_ns);
	/* Proactive reclaim inside the guest: its coldest @bytes; SIM_CH_RECLAIM. */
	void (*reclaim)(void *ctx, u32 vm, u64 bytes);
	/* The numbers behind a decision, for people; one line; may be ignored. */
	void (*explain)(void *ctx, u32 vm, const char *text);
};

enum sim_param_type {
	SIM_PARAM_U64,
	SIM_PARAM_SIZE, /* u64 bytes, takes units */
	SIM_PARAM_TIME, /* u64 ns, takes units */
	SIM_PARAM_DOUBLE,
	SIM_PARAM_BOOL,
};

/* One tunable: name, parsing, default, range, help and echo all come from this. */
struct sim_param {
	const char *name;
	const char *help;
	enum sim_param_type type;
	u32 offset; /* of the u64, double or bool in the policy's state */
	double value_default, value_min, value_max;
};

struct sim_policy {
	const char *name;    /* lower case, unique */
	const char *summary; /* one line */
	const char *rule;    /* the rule in words, several lines */
	const char *source;  /* where it comes from */
	const char *flaw;    /* known weakness */
	u32 channels;	     /* enum sim_channel: what it cannot do without */
	/*
	 * What it also uses if a real VM happens to provide it.  Simulated VMs do not, so that
	 * results show what the channels above are worth by themselves.
	 */
	u32 channels_more;
	const struct sim_param *params;
	u32 params_count;
	u32 state_size;
	/* Any of these may be NULL. */
	int (*init)(void *state, const struct sim_host_view *host); /* -EINVAL: bad parameters */
	u64 (*tick_ns)(const void *state);			     /* period of tick(); 0: none */
	void (*tick)(void *state, const struct sim_host_view *host, struct sim_actions *act);
	void (*report)(void *state, const struct sim_host_view *host, u32 vm,
		       struct sim_actions *act);
	void (*stats)(void *state, const struct sim_host_view *host, u32 vm,
		      struct sim_actions *act);
	/* Host memory is short: 0 low (below high_bytes), 1 medium (below low), 2 critical. */
	void (*pressure)(void *state, const struct sim_host_view *host, u32 level,
			 struct sim_actions *act);
	/* A balloon that was told to move has not moved for 5 s, or deflated itself on OOM. */
	void (*stalled)(void *state, const struct sim_host_view *host, u32 vm, bool oom,
			struct sim_actions *act);
	void (*vm_added)(void *state, const struct sim_host_view *host, u32 vm,
			 struct sim_actions *act);
	void (*vm_removed)(void *state, const struct sim_host_view *host, u32 vm,
			   struct sim_actions *act);
	void (*destroy)(void *state);
};

/* All policies, NULL-terminated; sim_policy.c is the only file that lists them. */
extern const struct sim_policy *const sim_policies[];

const struct sim_policy *sim_policy_find(const char *name); /* NULL: unknown */

/* "statistics, reports": the channels in words, into @text. */
void sim_channels_text(u32 channels, char *text, size_t size);

/* Fill the defaults into a zeroed state block of @policy. */
void sim_policy_defaults(const struct sim_policy *policy, void *state);

/*
 * Set parameter @name from @value (as text, units by type).
 * Return: 0, -ENOENT no such parameter, -EINVAL not a value of the type, -ERANGE.
 */
int sim_policy_set(const struct sim_policy *policy, void *state, const char *name,
		   const char *value);

#endif /* SIM_POLICY_H */
