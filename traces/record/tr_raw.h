/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_raw.h - what the QEMU plugin says to the recorder, over a pipe.
 *
 * The plugin is loaded into QEMU and must stay small, so it knows nothing of
 * types of pages, of copy on write, or of dense numbers: it says what happened,
 * in the order in which it happened on the host, and tr_recorder makes a trace of
 * it.  A stream is one struct tr_raw_header, then struct tr_raw_record, each
 * followed by as many words as TR_RAW_EXTRA() of its op says, up to TR_RAW_END.
 * A stream without TR_RAW_END was cut off (the command was killed), and all that
 * came before is good.  Both ends run on one machine: words are in host order.
 *
 * Time is trace time of the stream (thread or vCPU) in ns: instructions times the
 * assumed time of one, plus what the stream slept.
 */
#ifndef TR_RAW_H
#define TR_RAW_H

#include <ws_env.h>

#define TR_RAW_MAGIC 0x3177617274737377ull /* "wsstraw1" */

struct tr_raw_header {
	u64 magic;
	u64 window_insns;
	u64 ns_per_kinsn; /* ns of trace time for 1,000 instructions */
	u64 guest;	  /* 0: a command's addresses; 1: guest-physical pages */
};

#define TR_RAW_TIME_BITS 48 /* 78 hours */
#define TR_RAW_ARG_BITS 56

struct tr_raw_record {
	u64 when; /* time in ns | stream << 48 */
	u64 what; /* argument | op << 56 */
};

/* The argument is a page number (address >> 12) unless said otherwise. */
enum tr_raw_op {
	TR_RAW_READ,	   /* load or instruction fetch; guest: from user mode addresses */
	TR_RAW_WRITE,	   /* store */
	TR_RAW_IDLE,	   /* the stream slept until this record's time */
	TR_RAW_END,	   /* all was said */
	/* Two extra words. */
	TR_RAW_UNMAP,	   /* pages, 0 */
	TR_RAW_DISCARD,	   /* pages, 0: the mapping stays, its anonymous pages are gone */
	TR_RAW_FILE_READ,  /* argument: page of the file; file, pages */
	TR_RAW_FILE_WRITE, /* the same */
	TR_RAW_FILE_DROP,  /* the same: truncated or deleted */
	/* Four extra words. */
	TR_RAW_MAP,	   /* pages, first page of the file, file, TR_RAW_MAP_* */
	TR_RAW_MOVE,	   /* mremap: old pages, new first page, new pages, 0 */
	/* Guests only. */
	TR_RAW_KERNEL_READ,  /* through an address of the kernel's half */
	TR_RAW_KERNEL_WRITE,
	TR_RAW_COPY_READ,    /* the kernel copies out of or into a page-cache page: never filtered */
	TR_RAW_COPY_WRITE,
	TR_RAW_PAGE_ALLOC,   /* two extra words: order, gfp flags */
	TR_RAW_PAGE_FREE,    /* two extra words: order, 0 */
	TR_RAW_PAGE_FLAGS,   /* two extra words: pages, /proc/kpageflags of all of them */
	TR_RAW_OPS
};

static inline u32 tr_raw_extra(u32 op)
{
	switch (op) {
	case TR_RAW_UNMAP:
	case TR_RAW_DISCARD:
	case TR_RAW_FILE_READ:
	case TR_RAW_FILE_WRITE:
	case TR_RAW_FILE_DROP:
	case TR_RAW_PAGE_ALLOC:
	case TR_RAW_PAGE_FREE:
	case TR_RAW_PAGE_FLAGS:
		return 2;
	case TR_RAW_MAP:
	case TR_RAW_MOVE:
		return 4;
	default:
		return 0;
	}
}

/* File numbers are at most TR_RAW_FILES; 0 is no file. */
#define TR_RAW_FILES 65536u
#define TR_RAW_MAP_SHARED 1u
#define TR_RAW_SHMEM 2u		      /* tmpfs, memfd: pages that go to swap */
#define TR_RAW_FILE_SHMEM (1ull << 32) /* the same in a word that names a file */

#endif /* TR_RAW_H */
