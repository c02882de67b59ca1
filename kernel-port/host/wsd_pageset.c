/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_pageset.c - a sparse set of page frame numbers; see wsd_pageset.h. */
#include <errno.h>
#include <stdlib.h>

#include "wsd_pageset.h"

int wsd_pageset_add(struct wsd_pageset *set, u32 pfn)
{
	u32 block = pfn / WSD_PAGESET_BLOCK_PAGES, at = pfn % WSD_PAGESET_BLOCK_PAGES;
	u64 bit = 1ull << at % 64;

	if (!set->block)
		set->block = calloc(WSD_PAGESET_BLOCKS, sizeof(*set->block));
	if (!set->block)
		return -ENOMEM;
	if (!set->block[block])
		set->block[block] = calloc(WSD_PAGESET_BLOCK_PAGES / 64, sizeof(u64));
	if (!set->block[block])
		return -ENOMEM;
	if (set->block[block][at / 64] & bit)
		return 0;
	set->block[block][at / 64] |= bit;
	set->count++;
	return 1;
}

bool wsd_pageset_remove(struct wsd_pageset *set, u32 pfn)
{
	u32 block = pfn / WSD_PAGESET_BLOCK_PAGES, at = pfn % WSD_PAGESET_BLOCK_PAGES;
	u64 bit = 1ull << at % 64;

	if (!set->block || !set->block[block] || !(set->block[block][at / 64] & bit))
		return false;
	set->block[block][at / 64] &= ~bit;
	set->count--;
	return true;
}

void wsd_pageset_clear(struct wsd_pageset *set)
{
	for (u32 i = 0; set->block && i < WSD_PAGESET_BLOCKS; i++)
		free(set->block[i]);
	free(set->block);
	set->block = NULL;
	set->count = 0;
}
