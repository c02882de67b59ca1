/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_guest.h - one VM: its memory, its kernel, its workload.
 *
 * A page is an identity of the trace; a frame is a number of guest-physical memory.
 * Every page is in one of these states:
 *
 *	absent     never used, or freed          frame 0
 *	resident   PRESENT; has a frame          frame = frame + 1
 *	writeback  WRITEBACK; being evicted      frame = frame + 1
 *	swapped    SWAPPED; only in swap         frame = slot, shadow is the slot's
 *	dropped    only in its file              frame = shadow
 *
 * The access loop tests one bit, FAST: resident, mapped by the guest, backed by the
 * host, and not one of the pages whose true age is kept.  Anything else takes the slow
 * way and is sorted there.
 *
 * State at each level, in bytes:
 *	page   hot 1, memcg 1, frame 4, entry 2 and queue 4.3 of the engine	    12.3
 *	       (the queue's chunks of 64 bytes hold 15 pages; LRU and OPT: 4 + 4)
 *	frame  owner 4, copy 4, state 1, entry 2 and queue 4.3 of the host's engine 15.3
 *	slot   page 4, shadow 4							     8
 */
#ifndef SIM_GUEST_H
#define SIM_GUEST_H

#include "model/sim_future.h"
#include "model/sim_host.h"
#include "model/sim_swap.h"
#include "model/sim_watermark.h"
#include "model/sim_workload.h"
#include "ws_group.h"

/* hot[page], beside SIM_HOT_PRESENT, _ACCESSED_* and _DIRTY_* of sim_reclaim.h. */
#define SIM_HOT_FAST 0x20u
#define SIM_HOT_MAPPED 0x40u /* in a page table of the guest */
#define SIM_HOT_SWAPPED 0x40u /* the same bit where neither PRESENT nor WRITEBACK is set */
#define SIM_HOT_WRITEBACK 0x80u

/* memcg[page]: number of the memcg, and */
#define SIM_PAGE_MEMCG SIM_RECLAIM_MEMCG
#define SIM_PAGE_FILE 0x20u
#define SIM_PAGE_PROACTIVE 0x40u /* was evicted on the host's command */
#define SIM_PAGE_UNEVICTABLE 0x80u

#define SIM_TRUTH_SHARE 256u /* pages per page whose true age is kept */
#define SIM_TRUTH_MAPPED 1ull /* the last access was one that a recorder's window may hide */
#define SIM_BATCH_MAX 64u    /* pages in one write */
#define SIM_READAHEAD_PAGES 32u /* of files: 128 KiB, the default read_ahead_kb */

/* Pages being written before their frames come free. */
struct sim_batch {
	u32 count; /* 0: unused, and page[0] is the next unused one */
	bool to_disk;
	u32 page[SIM_BATCH_MAX], shadow[SIM_BATCH_MAX];
};

struct sim_balloon_device; /* sim_balloon.h */
struct sim_reporter;	   /* sim_reporter.h */

/* A memcg, and the lruvec of its own pages. */
struct sim_memcg {
	struct sim_reclaim *lruvec;
	u64 pages;	 /* its own */
	u64 usage_pages; /* with all memcgs below; the root, which has no limits, does not count */
	u64 high_pages, max_pages;
	u32 parent;
	bool has_below; /* memcgs */
};

/*
 * What each turn of a stream needs comes first, then what a fault needs, in as few cache
 * lines as possible: with a thousand VMs, they are fetched anew each time.
 */
struct sim_guest {
	/* Every turn. */
	struct sim_engine *engine;
	struct sim_host *host;
	const struct sim_vm_config *config;
	u16 id;
	bool running;
	bool every_access; /* the reclaim engine wants to see every access */
	bool kswapd_awake;
	bool swap_compressed; /* the config's, */
	u16 vcpus; /* this, */
	u8 memcgs_count; /* and this */
	u8 *hot, *memcg;
	struct sim_workload workload;
	u64 cpu_debt_ns; /* kernel work that the vCPUs have yet to do */
	u64 debt_since_ns; /* idle vCPUs have worked it off up to here */
	struct sim_psi psi;

	/* Every fault. */
	u32 *frame;
	u32 *copy; /* by frame: slot of its page's copy in swap (the swap cache), or 0 */
	u16 *region_pages;
	u64 *truth_ns; /* one in SIM_TRUTH_SHARE pages: last access, and SIM_TRUTH_MAPPED */
	struct sim_backing backing;
	struct sim_frames frames;
	struct sim_watermark watermark;
	u64 resident[3];   /* by enum tr_type */
	u64 dropped_pages;
	struct sim_vm_counters counters;
	struct sim_memcg memcg_of[SIM_MEMCGS_MAX];
	struct sim_reclaim_space space;

	u32 pages_count; /* a multiple of 512 */
	u32 frames_count; /* nominal size */
	u32 kernel_frames;
	struct ws_reaccess reaccess; /* of all lruvecs; configured if they count */

	/* Reclaim. */
	struct sim_swap_area swap;
	struct sim_device disk;
	struct sim_batch *batch;
	u64 *batch_done_ns; /* by batch; SIM_NONE: not being written */
	u32 batches_count, batch_unused; /* first unused one, or batches_count */
	u64 writing_pages;
	u32 kswapd_failures;
	bool kswapd_past;  /* each waking takes a high watermark's worth, past the mark */
	u64 kswapd_left;   /* pages of that which are still to take */
	bool kswapd_again; /* it has reclaimed since it woke, but not enough */

	struct ws_groups groups; /* the memcgs, by the same numbers, on one node */
	struct sim_future future; /* empty unless the reclaim engine knows the future */
	struct sim_balloon_device *balloon;
	struct sim_reporter *reporter;
	u32 reboots; /* timers of the kernel before the last one are void */
} __attribute__((aligned(64)));

/* --- sim_guest.c: from boot to shutdown --- */
/* VM @id of the engine's scenario; opens its traces.  Return: 0 or negative errno with text. */
int sim_guest_init(struct sim_guest *guest, struct sim_engine *engine, struct sim_host *host,
		   u16 id, struct tr_error *error);
void sim_guest_destroy(struct sim_guest *guest);
void sim_guest_start(struct sim_guest *guest);
void sim_guest_stop(struct sim_guest *guest);
/* What a kernel begins with: memory of its own, timers, the balloon's worker. */
void sim_guest_boot(struct sim_guest *guest);

/* --- sim_guest_reboot.c: a guest that resets itself --- */
/*
 * Nothing of its memory is left, nor of what is in the balloon, on swap, or configured.  The
 * host keeps what it has backed, as a VM's monitor does over a reset, or with @release frees
 * it, as when the monitor is started anew.  The VM does not run until the next call.
 */
void sim_guest_reset(struct sim_guest *guest, bool release);
/* It boots, and its workload begins with its first segment. */
void sim_guest_restart(struct sim_guest *guest);

/* A timer of the guest's kernel: a reboot ends it. */
static inline void sim_guest_timer(struct sim_guest *guest, u64 time_ns, enum sim_wake kind)
{
	sim_wake_at(guest->engine, time_ns, SIM_CLASS_TIMER, kind, guest->id, 0, guest->reboots);
}

/* --- sim_guest_page.c: states of pages --- */
/* Is @page one of those whose true age is kept? */
static inline bool sim_page_is_tracked(u32 page)
{
	return (u32)(sim_mix64(page / SIM_TRUTH_SHARE) % SIM_TRUTH_SHARE) == page % SIM_TRUTH_SHARE;
}

static inline enum ws_type sim_page_type(const struct sim_guest *guest, u32 page)
{
	return guest->memcg[page] & SIM_PAGE_FILE ? WS_FILE : WS_ANON;
}

/* Would sim_host_touch() find nothing to do?  That is so for nine frames in ten. */
static inline bool sim_frame_is_backed(const struct sim_guest *guest, u32 frame)
{
	return (guest->backing.state[frame] & (SIM_BACK_BACKED | SIM_BACK_BALLOON)) ==
	       SIM_BACK_BACKED;
}

/* Note the true time of an access to a tracked page. */
static inline void sim_page_note(struct sim_guest *guest, u32 page, u64 now_ns, u8 kind)
{
	guest->truth_ns[page / SIM_TRUTH_SHARE] =
		(now_ns & ~SIM_TRUTH_MAPPED) | (kind == TR_MAPPED ? SIM_TRUTH_MAPPED : 0);
}

/*
 * True idle age of a tracked page.  The streams run ahead of other events, up to the end
 * of their quantum, so the last access may lie ahead of now: such a page is in use.
 */
static inline u64 sim_page_idle_ns(const struct sim_guest *guest, u32 page)
{
	u64 last_ns = guest->truth_ns[page / SIM_TRUTH_SHARE] & ~SIM_TRUTH_MAPPED;

	return guest->engine->now_ns > last_ns ? guest->engine->now_ns - last_ns : 0;
}

/* An absent page gets its type and memcg. */
void sim_page_declare(struct sim_guest *guest, u32 page, u8 type, u32 memcg);
/* Slot that holds the page, or a copy of it; 0: none. */
static inline u32 sim_page_slot(const struct sim_guest *guest, u32 page)
{
	u8 hot = guest->hot[page];

	if (hot & (SIM_HOT_PRESENT | SIM_HOT_WRITEBACK))
		return guest->copy[guest->frame[page] - 1];
	return hot & SIM_HOT_SWAPPED ? guest->frame[page] : 0;
}

/* Out of memory, with the shadow that the engine left. */
bool sim_page_is_dropped(const struct sim_guest *guest, u32 page);
/* A resident page's copy in swap is worth nothing any more. */
void sim_page_forget_copy(struct sim_guest *guest, u32 page);
/* A resident or writeback page leaves memory; where its contents are now is clear from its slot. */
void sim_page_evicted(struct sim_guest *guest, u32 page, u32 shadow);
/* A resident page moves to @frame (taken, backed); its old frame is the caller's. */
void sim_page_migrate(struct sim_guest *guest, u32 page, u32 frame);
/* Put @page into @frame, which the caller has taken.  Return: true for a refault. */
bool sim_page_install(struct sim_guest *guest, u32 page, u32 frame, enum ws_enter how, bool mapped);
/* The page's identity ends: it becomes absent. */
void sim_page_free(struct sim_guest *guest, u32 page);
/* A resident page is mapped: let the access loop have it if the host backs it. */
void sim_page_open(struct sim_guest *guest, u32 page);

/* --- sim_guest_fault.c: an access that the access loop could not do --- */
struct sim_fault_result {
	u64 resume_ns;	/* the stream goes on then */
	bool retry;	/* with the same access */
	bool memory_stall; /* counts as memory pressure */
	bool host_stall;
	enum sim_fault fault;
};
/*
 * Fills *result.  It and struct sim_alloc are handed over by address: returned by value,
 * they were read in words wider than they had been written in, which a processor waits
 * for (with sim_guest_alloc() a twelfth of a fault's time).
 */
void sim_guest_fault(struct sim_guest *guest, struct sim_stream *stream, u32 page, bool write,
		     u8 kind, struct sim_fault_result *result);

/* --- sim_guest_reclaim.c --- */
enum sim_reclaim_mode {
	SIM_RECLAIM_BACKGROUND,
	SIM_RECLAIM_DIRECT,
	SIM_RECLAIM_PROACTIVE,
	SIM_RECLAIM_BALLOON,
};
struct sim_reclaimed {
	u64 freed;   /* frames free at once */
	u64 writing; /* frames that come free when they are written */
	u64 cpu_ns;
};
/* Take @want pages from @memcg and all below it, or from all for @memcg SIM_MEMCGS_MAX. */
struct sim_reclaimed sim_guest_reclaim(struct sim_guest *guest, u64 want, u32 memcg,
				       enum sim_reclaim_mode mode);
void sim_guest_kswapd(struct sim_guest *guest);
void sim_guest_written(struct sim_guest *guest, u32 batch);
void sim_guest_flush(struct sim_guest *guest);
/* When the next write is done; SIM_NONE: nothing is being written. */
u64 sim_guest_next_write_ns(const struct sim_guest *guest);

/* --- sim_guest_alloc.c --- */
struct sim_alloc {
	u32 frame;     /* SIM_NO_FRAME: none; wait until retry_ns (0: out of memory) */
	u64 cpu_ns;
	u64 retry_ns;
	bool stalled;  /* went through direct reclaim */
	bool memcg_full; /* it was the memcg's limit */
};
void sim_guest_alloc(struct sim_guest *guest, u32 memcg, bool balloon, struct sim_alloc *alloc);
void sim_guest_frame_free(struct sim_guest *guest, u32 frame);
u64 sim_guest_available(const struct sim_guest *guest);
/* Free memory has gone down: background reclaim may have to begin. */
void sim_guest_wake_kswapd(struct sim_guest *guest);
/* The watermarks follow the amount of memory that the kernel believes it has. */
void sim_guest_resize(struct sim_guest *guest);
/* @memcg: it is a memcg's limit that is exceeded, about which the balloon can do nothing. */
void sim_guest_oom(struct sim_guest *guest, bool memcg);

/* --- sim_guest_age.c --- */
/* Harvest accessed bits and begin new generations in all memcgs; cost goes to the debt. */
void sim_guest_age(struct sim_guest *guest);
/*
 * One pass over @memcg: its cost, which the caller charges to whoever had it done.
 * @forced: for a report or a timer; else reclaim wants it.
 */
u64 sim_guest_age_memcg(struct sim_guest *guest, u32 memcg, bool forced);

/*
 * Is everything that could be evicted younger than min_ttl?  Then evicting would take the
 * working set away.
 */
bool sim_guest_is_all_young(struct sim_guest *guest);

/* --- sim_guest_groups.c: memcgs as the core's tree of groups --- */
/* After the engines are open.  Return: 0 or -ENOMEM. */
int sim_guest_groups_init(struct sim_guest *guest);
void sim_guest_groups_destroy(struct sim_guest *guest);
/* Usage and effective protection as they are now, in guest->groups, for a reclaim of @memcg. */
void sim_guest_protect(struct sim_guest *guest, u32 memcg);
/* Tell observers what each memcg holds, in the bins of @report, which was made just now. */
void sim_guest_groups_tell(struct sim_guest *guest, const struct ws_hist *report);

/* Charge @pages more (or, when negative, fewer) to @memcg, and so to all above it. */
static inline void sim_memcg_charge(struct sim_guest *guest, u32 memcg, int pages)
{
	guest->memcg_of[memcg].pages += (u64)(s64)pages;
	for (; memcg; memcg = guest->memcg_of[memcg].parent)
		guest->memcg_of[memcg].usage_pages += (u64)(s64)pages;
}

/* --- sim_guest_debt.c: the guest kernel's own work --- */
/* vCPUs that no stream wants have worked up to now; call before their number changes. */
void sim_guest_settle(struct sim_guest *guest);
/* The kernel has @cpu_ns of work to do beside the streams. */
void sim_guest_owe(struct sim_guest *guest, u64 cpu_ns);
/* What a stream that runs from @from_ns to @limit_ns has to wait for it; that is then done. */
u64 sim_guest_pay_debt(struct sim_guest *guest, u64 from_ns, u64 limit_ns);

/* --- sim_reporting.c: free page reporting, SIM_WAKE_REPORTING --- */
void sim_guest_page_reporting(struct sim_guest *guest);

void sim_guest_sample(struct sim_guest *guest, struct sim_vm_sample *sample);

#endif /* SIM_GUEST_H */
