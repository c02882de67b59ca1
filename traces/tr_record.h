/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_record.h - what a trace says: pages are allocated, accessed and freed.
 *
 * A page in a trace is an identity that ends at its free; it is never a frame.
 * A page that is accessed without having been allocated is allocated by that
 * access, with the trace's default type.  A page number may be used again after
 * its free, but only by the stream that freed it: streams drift apart in the
 * simulator, and a free that comes late must not hit somebody else's page.
 *
 * Time is per stream and in nanoseconds.  Between records it is compute: a stall
 * delays everything that follows.  TR_IDLE is "idle until": it absorbs stalls.
 */
#ifndef TR_RECORD_H
#define TR_RECORD_H

#include <ws_env.h>

enum tr_op { TR_ACCESS, TR_ALLOC, TR_FREE, TR_IDLE };

/* By whom a page is touched, which decides whose accessed bit is set. */
enum tr_kind {
	TR_MAPPED,     /* through a page table of the process: guest's and host's */
	TR_DESCRIPTOR, /* read(), write(): host's; the guest counts it for tiers */
	TR_KERNEL,     /* the guest kernel's own memory: host's */
};

enum tr_type { TR_ANON, TR_FILE, TR_UNEVICTABLE };

/* One record, as readers of foreign formats and recorders make it. */
struct tr_record {
	u8 op, kind, type; /* type: of TR_ALLOC */
	u8 write;	   /* TR_ACCESS: is a write */
	u8 node;	   /* TR_ALLOC: NUMA node */
	u16 memcg;	   /* TR_ALLOC: 0 is the root */
	u16 stream;	   /* thread; 0-based, dense */
	u64 page;	   /* source page number: address >> 12, block number, object id */
	u64 time_ns;	   /* TR_IDLE: when the idling ends; else when it happens */
};

/* Where records go: a writer, an array, a filter before another sink. */
struct tr_error;
struct tr_sink {
	int (*put)(void *ctx, const struct tr_record *record, struct tr_error *error);
	void *ctx;
};

/*
 * Records of one stream that have everything in common but page and direction,
 * as a reader hands them out.  The access loop of the simulator runs over one.
 */
struct tr_run {
	u8 op, kind, type, node;
	u16 memcg, stream;
	u32 count;	    /* entries in page[]; 0 for TR_IDLE */
	u64 time_ns;	    /* stream's trace time at the first record */
	u64 span_ns;	    /* from there to the next run's time; records are spread evenly over it */
	const u32 *page;    /* dense page number << 1 | write; valid until the next call */
};

#define TR_PAGE(entry) ((entry) >> 1)
#define TR_IS_WRITE(entry) ((entry)&1u)

#endif /* TR_RECORD_H */
