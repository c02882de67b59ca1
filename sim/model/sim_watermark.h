/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_watermark.h - when a Linux guest starts and stops reclaiming.
 *
 * min_free_kbytes = sqrt(16 * managed KiB) within 128..262144, one zone; the distance
 * between the marks is max(min / 4, managed * 10 / 10000) (mm/page_alloc.c,
 * __setup_per_zone_wmarks, watermark_scale_factor 10).  Below low the guest reclaims in
 * the background until high; below min allocations reclaim themselves.
 */
#ifndef SIM_WATERMARK_H
#define SIM_WATERMARK_H

#include <ws_env.h>

struct sim_watermark {
	u64 min, low, high; /* pages */
};

static inline u64 sim_isqrt(u64 x)
{
	u64 root = 0;

	for (u64 bit = 1ull << 31; bit; bit >>= 1)
		if ((root | bit) * (root | bit) <= x)
			root |= bit;
	return root;
}

static inline struct sim_watermark sim_watermark_of(u64 managed_pages)
{
	u64 kib = sim_isqrt(managed_pages * 4 * 16);
	u64 min = (kib < 128 ? 128 : kib > 262144 ? 262144 : kib) / 4;
	u64 step = managed_pages / 1000;

	if (step < min / 4)
		step = min / 4;
	return (struct sim_watermark){ .min = min, .low = min + step, .high = min + 2 * step };
}

#endif /* SIM_WATERMARK_H */
