/* SPDX-License-Identifier: BSD-2-Clause */
/* plugin_guest.h - between the two files of guest recording. */
#ifndef PLUGIN_GUEST_H
#define PLUGIN_GUEST_H

#include "plugin.h"

struct guest_mailbox;

struct plugin_guest {
	u8 *memory;  /* guest-physical 0 in this process */
	bool paused; /* init's own work is going on */
};
extern struct plugin_guest plugin_guest;

/* Where the kernel maps all memory with 4-level page tables and "nokaslr". */
#define DIRECT_MAP 0xffff888000000000ull

bool plugin_guest_read(u64 physical, void *to, size_t bytes);
void plugin_guest_page_event(struct vcpu *c, u32 op, u64 page, u64 order, u64 gfp);

/* --- plugin_tracepoint.c --- */
void plugin_tracepoints_set(const struct guest_mailbox *mailbox);
void plugin_tracepoint_insn(struct qemu_plugin_insn *insn, u64 vaddr);
bool gfp_is_cache(u64 gfp, u64 order);

#endif /* PLUGIN_GUEST_H */
