/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plugin.h - what the parts of the recording plugin share.
 *
 * QEMU calls back for every load, store and translation block, some hundred
 * million times a second, so that path is inline here: one compare says whether
 * this page was already recorded in this window.  The compare is against a small
 * direct-mapped cache; a miss asks the exact table (plugin_filter.c), so that a
 * page is recorded exactly once per window, thread and direction, however many
 * pages the program walks.
 *
 * Locking: a struct vcpu belongs to the thread that runs it, except for its clock and
 * "blocked", which plugin_out.c's lock guards.  Only plugin_emit() writes records.
 */
#ifndef PLUGIN_H
#define PLUGIN_H

#include "qemu_plugin_v1.h"
#include "tr_raw.h"

#define PAGE_BITS 36 /* of 48-bit addresses */
#define PAGE_MASK ((1ull << PAGE_BITS) - 1)
#define SEEN_BITS 10u
#define SEEN_SLOTS (1u << SEEN_BITS) /* 8 KiB: they stay in the first-level cache */
#define VCPUS_MAX 4096u
#define SPLIT_MAX 8u /* no access is longer: QEMU does vectors in parts */

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/*
 * What kind of access it is: QEMU's word for one (direction, size, whose address; 18 bits),
 * or one of ours, of 28 bits.
 */
#define INFO_BITS (64 - PAGE_BITS)
#define INFO_OURS ((1u << INFO_BITS) - 1)
#define INFO_FETCH INFO_OURS
#define INFO_CALL(write) ((write) ? INFO_OURS - 1 : INFO_OURS - 2) /* a system call's buffer */
#define INFO_NEVER (INFO_OURS - 3) /* seen by nobody */

struct vcpu {
	u64 insns;
	u64 epoch_end; /* in insns; signed distance, as idling moves it back */
	u64 refs;      /* counted by mode=bare alone */
	u64 seen[SEEN_SLOTS]; /* in this epoch: plugin_key() of page and kind; 0: none */
	u32 epoch;
	void *table;	/* the exact epochs; plugin_filter.c */
	u64 held_insns; /* guests, while paused: what the count will be set back to; else 0 */
	u64 base_ns;	/* trace time = base_ns + insns * ns_per_kinsn / 1000 */
	u32 index;
	bool live, blocked;
	u64 sys_args[6];
};

struct plugin {
	struct vcpu *vcpus[VCPUS_MAX];
	u64 window_insns, ns_per_kinsn;
	u64 guest_base; /* host address = guest address + this */
	bool bare, guest;
};
extern struct plugin plugin;

/* Per translation block: what its callback needs. */
struct block {
	u64 fetch_key;	/* plugin_key() of its page; of INFO_NEVER when it crosses to another */
	u32 fetch_slot; /* of that key */
	u32 insns;
	u64 page, last_page;
	u64 haddr; /* guests: host address of its first byte */
	u64 vaddr;
};

/* --- plugin_out.c: records out, and the clocks --- */
int plugin_out_open(const char *path);
void plugin_out_close(void);
void plugin_emit(struct vcpu *c, u32 op, u64 arg, const u64 *extra);
void plugin_clock_start(struct vcpu *c); /* the thread starts: now is where the others are */
void plugin_clock_stop(struct vcpu *c);	 /* it ends */
void plugin_sleep(struct vcpu *c);	 /* it enters a call that may block */
void plugin_wake(struct vcpu *c);	 /* it is back; the sleep becomes idle time */
void plugin_clock_note(const struct vcpu *c);

/* --- plugin_filter.c --- */
bool plugin_filter_first(struct vcpu *c, u64 page, u32 write); /* first in this window? */
void plugin_filter_renew(struct vcpu *c, u64 page); /* its next access by @c is a first one */
void plugin_filter_unsee(struct vcpu *c, u64 page, u64 pages); /* out of the cache alone */
void plugin_filter_forget(u64 page, u64 pages); /* their next access is recorded, by all */
void plugin_epoch_next(struct vcpu *c);
void *plugin_alloc(size_t size); /* zeroed; ends QEMU when there is none */

/* --- plugin_user.c: qemu-x86_64 --- */
void plugin_user_install(uint64_t id);
void plugin_user_start(struct vcpu *c); /* before the first instruction */
void plugin_user_slow(struct vcpu *c, u32 info, u64 vaddr);
void plugin_user_touch(struct vcpu *c, u64 vaddr, u64 bytes, u32 write, u32 info);

/* --- plugin_guest.c: qemu-system-x86_64 --- */
int plugin_guest_install(uint64_t id, int argc, char **argv);
void plugin_guest_slow(struct vcpu *c, u32 info, u64 vaddr);
void plugin_guest_fetch(struct vcpu *c, const struct block *block);
void plugin_guest_insn(struct qemu_plugin_insn *insn, u64 vaddr); /* at its translation */

/*
 * Direction and size are part of the key, so a hit need not be asked for its direction.
 * One word, without the epoch, makes a hit one load and one compare: in place of two of
 * each it took the callback from 29 to 18 instructions.
 */
static inline u64 plugin_key(u64 page, u32 info)
{
	return (u64)info << PAGE_BITS | page;
}

/* Stacks and heaps like to lie at equal offsets: low bits alone would collide for good. */
static inline u32 plugin_slot(u64 key)
{
	return (u32)(key * 0x9e3779b97f4a7c15ull >> (64 - SEEN_BITS));
}

static inline bool plugin_seen(const struct vcpu *c, u64 page, u32 info)
{
	u64 key = plugin_key(page, info);

	return c->seen[plugin_slot(key)] == key;
}

static inline void plugin_see(struct vcpu *c, u64 page, u32 info)
{
	u64 key = plugin_key(page, info);

	c->seen[plugin_slot(key)] = key;
}

static inline u64 plugin_page(u64 vaddr)
{
	return (vaddr >> 12) & PAGE_MASK;
}

#endif /* PLUGIN_H */
