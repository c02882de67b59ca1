/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_pageset.h - which 4 KiB pages of a VM are in its balloon.
 *
 * A bit a page, in blocks of 128 MiB that are allocated when first touched, so that a
 * guest pays for what it inflates and a made-up page number costs nothing.
 *
 * Time: constant.  Errors: -ENOMEM.  Locking: the caller serializes.
 */
#ifndef WSD_PAGESET_H
#define WSD_PAGESET_H

#include <ws_env.h>

#define WSD_PAGESET_BLOCK_PAGES 32768u
#define WSD_PAGESET_BLOCKS (1u << 17) /* of 2^32 pages */

struct wsd_pageset {
	u64 **block; /* NULL until the first page */
	u64 count;
};

/* Return: 1 when it was not in the set, 0 when it was, -ENOMEM. */
int wsd_pageset_add(struct wsd_pageset *set, u32 pfn);
/* Return: was it in the set? */
bool wsd_pageset_remove(struct wsd_pageset *set, u32 pfn);
void wsd_pageset_clear(struct wsd_pageset *set);

#endif /* WSD_PAGESET_H */
