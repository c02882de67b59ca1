/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_access.h - the access loop: the one piece of code that runs once per access.
 *
 * It does as much as hardware does on a hit, one load and one store of one byte: test
 * that the page may be used as it is, and set its accessed bits, the guest's and the
 * host's with the same store, and the dirty bits with them.
 */
#ifndef SIM_ACCESS_H
#define SIM_ACCESS_H

#include "tr_record.h"
#include "model/sim_guest.h"

/* Accesses ahead of the loop whose byte is fetched into the cache. */
#define SIM_PREFETCH 24u

/*
 * Play entries from..to of @entry against @hot, the state of the source's first page.
 * @set: bits that a read sets; a write sets the dirty bits too.
 * Return: index of the first access that needs the slow path, or @to.
 */
static inline u32 sim_access_hits(u8 *hot, const u32 *entry, u32 from, u32 to, u8 set)
{
	u32 i = from;

	for (; i + SIM_PREFETCH < to; i++) {
		u32 access = entry[i];
		u8 *state = &hot[TR_PAGE(access)], old = *state;

		__builtin_prefetch(&hot[TR_PAGE(entry[i + SIM_PREFETCH])], 1);
		if (__builtin_expect(!(old & SIM_HOT_FAST), 0))
			return i;
		*state = old | set |
			 (u8)((SIM_HOT_DIRTY_GUEST | SIM_HOT_DIRTY_HOST) & -(u32)TR_IS_WRITE(access));
	}
	for (; i < to; i++) {
		u32 access = entry[i];
		u8 *state = &hot[TR_PAGE(access)], old = *state;

		if (__builtin_expect(!(old & SIM_HOT_FAST), 0))
			return i;
		*state = old | set |
			 (u8)((SIM_HOT_DIRTY_GUEST | SIM_HOT_DIRTY_HOST) & -(u32)TR_IS_WRITE(access));
	}
	return i;
}

#endif /* SIM_ACCESS_H */
