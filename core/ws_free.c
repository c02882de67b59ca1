/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_free.c - page poison and free page reporting; see ws_free.h. */
#include "ws_free.h"

#define POISON (1ull << WS_F_PAGE_POISON)
#define REPORTING (1ull << WS_F_PAGE_REPORTING)

u64 ws_free_features(u64 offered, const struct ws_free_value *value)
{
	if (!value->known)
		return offered & ~POISON;
	return (offered & POISON) ? offered : offered & ~REPORTING;
}

bool ws_free_tells(u64 negotiated, const struct ws_free_value *value)
{
	return negotiated & POISON && value->known;
}

u32 ws_free_poison(u32 poison_val, u32 written, bool driver_ok)
{
	return driver_ok ? poison_val : written;
}

bool ws_free_must_keep(u64 negotiated, u32 poison_val)
{
	return negotiated & POISON && poison_val;
}

u64 ws_free_block_pages(u64 addr, u64 bytes)
{
	u64 rest = WS_PAGE_BYTES - 1;

	if (addr & rest || bytes & rest || addr + bytes < addr)
		return 0;
	return bytes >> WS_PAGE_SHIFT;
}
