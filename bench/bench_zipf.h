/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_zipf.h - a zipf trace in memory, numbered by first appearance.
 *
 * Errors: 0 or -ENOMEM.
 */
#ifndef BENCH_ZIPF_H
#define BENCH_ZIPF_H

#include "tr_load.h"

/* @count accesses to @pages pages, the i-th most popular with weight 1 / i^@exponent. */
int bench_zipf(struct tr_array *array, u32 pages, u32 count, double exponent, u64 seed);

#endif /* BENCH_ZIPF_H */
