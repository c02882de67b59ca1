/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_types.h - what every part of the core calls the same.
 */
#ifndef WS_TYPES_H
#define WS_TYPES_H

#include <ws_env.h>

/* The two types of reclaimable memory; they index every table of two. */
enum ws_type { WS_ANON, WS_FILE, WS_TYPES };

#define WS_BINS_MAX 32		     /* the widest dialect carries 32 bins ... */
#define WS_EDGES_MAX (WS_BINS_MAX - 1) /* ... with 31 edges between them */
#define WS_AGE_INFINITE (~0ull)	     /* upper edge of the last bin */

#define WS_PAGE_SHIFT 12 /* the balloon counts 4 KiB pages on every machine */
#define WS_PAGE_BYTES (1u << WS_PAGE_SHIFT)

#define WS_NS_PER_MS 1000000ull

#endif /* WS_TYPES_H */
