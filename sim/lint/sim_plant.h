/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_plant.h - a small host to put a policy through its paces.
 *
 * The simulator answers what a policy would cost on given traces, in minutes.  This
 * answers in milliseconds whether it behaves: guests are some hundred blocks of 4 MiB
 * with declared habits, of which everything is known at every moment, so a check can
 * tell what a guest needed, what it had and what the host could have given.
 *
 * Guests evict the block that was used least recently, keep ages in generations, fill
 * free memory with files that are read once, answer statistics and report requests over
 * a link that loses, delays and reorders, and have a balloon of limited speed that takes
 * free blocks or causes reclaim.  What they reclaim on command they report free.  The host,
 * when it is short, swaps what was not used for longest, as far as it can see: a frame that
 * is free in the guest looks cold, and is missed when the guest uses it for something new.
 * Nothing of the simulator is used: a policy that behaves here does not rely on it.
 *
 * A policy sees what its channels show, as on every host; commands are recorded as they
 * were given, before they are clamped.  One thread, no I/O; the same in, the same out.
 */
#ifndef SIM_PLANT_H
#define SIM_PLANT_H

#include "policy/sim_policy.h"

#define SIM_PLANT_BLOCK (4ull << 20)
#define SIM_PLANT_PAGES 1024u /* of 4 KiB, in a block */
#define SIM_PLANT_ANON 512u   /* blocks; index 0 and up is anon memory */
#define SIM_PLANT_BLOCKS 768u /* the rest are files */
#define SIM_PLANT_VMS 4
#define SIM_PLANT_PHASES 16
#define SIM_PLANT_GENS 8
#define SIM_PLANT_FLIGHT 4 /* answers of one kind under way */
#define SIM_PLANT_STEP_NS 100000000ull
#define SIM_PLANT_SECOND 1000000000ull

/* From from_s on, blocks 0..hot-1 are used every second, and files are read once. */
struct sim_plant_phase {
	u32 from_s, hot, touch; /* touch: at the beginning all below this, once */
	u32 files_per_s;	/* blocks */
	bool frees;		/* at the beginning all that is not hot */
};

struct sim_plant_link {
	u64 delay_ns, jitter_ns;
	double loss, reorder;
	bool frozen; /* guests answer what they answered last, as if it were new */
};

/* What a scene says of a VM. */
struct sim_plant_vm {
	const char *name;
	u32 nominal, min, base, swap; /* blocks; base: the kernel's; swap 0: none */
	u32 balloon_rate;	      /* blocks per second; 0: it refuses */
	bool deflate_on_oom, no_stats;
	u32 start_s, stop_s; /* stop_s 0: stays */
	u32 phases_count;
	struct sim_plant_phase phase[SIM_PLANT_PHASES];
};

struct sim_plant_block {
	enum { SIM_PLANT_ABSENT, SIM_PLANT_RESIDENT, SIM_PLANT_SWAPPED } state;
	u64 next_ns, last_ns, gen;
};

struct sim_plant_answer {
	u64 due_ns;
	bool is_report;
	struct sim_vm_stats stats;
	struct sim_vm_report report;
};

struct sim_plant_guest {
	const struct sim_plant_vm *vm;
	bool running, was;
	struct sim_plant_block block[SIM_PLANT_BLOCKS];
	u32 phase_next, cursor, file_next;
	u32 anon, files, swapped; /* blocks */
	u32 touched;		  /* frames that the host had to back */
	u32 host_swapped;	  /* of these */
	u32 cold;		  /* of these not used for a minute, or free in the guest */
	u32 actual, target;	  /* blocks left to the guest */
	bool held;		  /* deflated on OOM: waits for the next command */
	double balloon_credit, file_credit;
	u64 max_seq, birth_ns[SIM_PLANT_GENS];
	u64 moved_ns, pressure_ns;
	u64 edge_ns[SIM_BINS_MAX], refresh_ns, threshold_ns;
	u32 edges_count;
	struct sim_plant_answer answer[2 * SIM_PLANT_FLIGHT];
	struct sim_vm_report last_report;
	struct sim_vm_stats last_stats;
	u64 report_number;
	double psi_avg10; /* share of time */
	u64 busy_until_ns;
	bool oom_told;
	/* Running totals. */
	u64 stall_ns, host_stall_ns; /* waiting for the guest's swap, for the host's */
	u64 swap_in, swap_out, async_pages, direct_pages, stalls, oom_kills, oom_deflates;
	u64 commands, requests;
	u64 informed_ns; /* when statistics or a report arrived last */
};

/* A command that a host must not be given. */
struct sim_plant_breach {
	u32 count, vm;
	u64 first_ns, worst;
};

struct sim_plant {
	const struct sim_policy *policy;
	void *state;
	u32 vms_count, memory, taken, low, high; /* blocks; taken: by others on the host */
	struct sim_plant_guest *guest;		 /* SIM_PLANT_VMS */
	struct sim_vm_view view[SIM_PLANT_VMS];
	struct sim_host_view host;
	struct sim_actions act;
	struct sim_plant_link link;
	u64 now_ns, tick_ns, pressure_ns, random;
	u64 host_swap_out, host_swap_in, host_stall_ns;
	u64 refault_ns; /* of a page, from the guests' swap and from the host's */
	struct sim_plant_breach below_min, above_nominal, undeclared;
	char explained[SIM_PLANT_VMS][256]; /* the policy's last words about each VM */
};

/*
 * @state: the policy's, parameters set; it is copied
 * Return: 0, -ENOMEM, or what the policy's init() returned.
 */
int sim_plant_open(struct sim_plant *plant, const struct sim_policy *policy, const void *state,
		   const struct sim_plant_vm *vm, u32 vms_count, u32 memory);
void sim_plant_close(struct sim_plant *plant);

/* One step of 100 ms. */
void sim_plant_step(struct sim_plant *plant);

/* Blocks that no guest, and nothing else, has. */
u32 sim_plant_host_free(const struct sim_plant *plant);
u32 sim_plant_free(const struct sim_plant_guest *guest);
/* Free blocks, and resident ones that were not used for @ns and have somewhere to go. */
u32 sim_plant_idle(const struct sim_plant *plant, const struct sim_plant_guest *guest, u64 ns);

/* --- between the files of the plant --- */

double sim_plant_random(struct sim_plant *plant); /* 0 to 1 */
bool sim_plant_evict(struct sim_plant_guest *guest);
void sim_plant_load(struct sim_plant *plant, u32 vm);
void sim_plant_balloon(struct sim_plant *plant, u32 vm);
void sim_plant_report(struct sim_plant *plant, u32 vm, bool pressure);
void sim_plant_statistics(struct sim_plant *plant, u32 vm);
void sim_plant_deliver(struct sim_plant *plant, u32 vm);
extern const struct sim_action_ops sim_plant_actions;

#endif /* SIM_PLANT_H */
