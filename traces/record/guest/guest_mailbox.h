/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest_mailbox.h - how the recorded guest's init talks to the plugin.
 *
 * The last GUEST_MAILBOX_BYTES of the guest's memory are reserved ("memmap="), so
 * that init can map them through /dev/mem and the plugin can read them in place.  A
 * message is a store to one of the first page's words: the plugin sees the store at
 * its exact place among the guest's instructions, and which word was stored to says
 * what is meant; arguments were stored before.
 */
#ifndef GUEST_MAILBOX_H
#define GUEST_MAILBOX_H

#define GUEST_MAILBOX_BYTES (8u << 20)
#define GUEST_PAGES_MAX 524288u /* 2 GiB: below any hole, and their flags fit the mailbox */
#define GUEST_MAILBOX_MAGIC 0x746d6220676e7467ull

enum guest_message {
	GUEST_SETUP = 1, /* symbols and offsets of the tracepoints are below */
	GUEST_PAUSE,	 /* what follows is init's own work: no part of the trace */
	GUEST_RESUME,
	GUEST_FLAGS,	 /* flags[] holds /proc/kpageflags */
	GUEST_MESSAGES
};

/* A field of a trace event, from its "format" file. */
struct guest_field {
	unsigned int offset, size;
};

struct guest_mailbox {
	unsigned long long message[64]; /* store to [enum guest_message] */
	unsigned long long magic;
	/* Code that writes the events mm_page_alloc and mm_page_free. */
	unsigned long long alloc_begin, alloc_end, free_begin, free_end;
	struct guest_field alloc_pfn, alloc_order, alloc_gfp, free_pfn, free_order;
	unsigned long long flags_count;
};
#define GUEST_FLAGS_OFFSET 4096u /* of flags[], u64 a page, from the mailbox's start */

#endif /* GUEST_MAILBOX_H */
