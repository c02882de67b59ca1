/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_partition.c - chunks of memory among VMs. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oracle/sim_partition.h"

int sim_partition_best(struct sim_partition *partition, const double *const *curve, u32 vms_count,
		       u32 chunks_count)
{
	u64 row = chunks_count + 1ull;
	double *least = calloc(row * (vms_count + 1ull), sizeof(*least)); /* [VMs so far][chunks] */
	u32 *choice = calloc(row * (vms_count + 1ull), sizeof(*choice));

	partition->chunks = calloc(vms_count + 1ull, sizeof(*partition->chunks));
	if (!least || !choice || !partition->chunks) {
		free(least);
		free(choice);
		free(partition->chunks);
		return -ENOMEM;
	}
	for (u32 vm = 0; vm < vms_count; vm++) {
		const double *before = least + vm * row;
		double *now = least + (vm + 1ull) * row;
		for (u32 c = 0; c <= chunks_count; c++) {
			now[c] = INFINITY;
			for (u32 x = 0; x <= c; x++) {
				double sum = before[c - x] + curve[vm][x];
				if (sum < now[c]) {
					now[c] = sum;
					choice[(vm + 1ull) * row + c] = x;
				}
			}
		}
	}
	partition->page_ins = least[vms_count * row + chunks_count];
	for (u32 vm = vms_count, c = chunks_count; vm-- > 0;) {
		partition->chunks[vm] = choice[(vm + 1ull) * row + c];
		c -= partition->chunks[vm];
	}
	free(least);
	free(choice);
	return 0;
}

void sim_partition_destroy(struct sim_partition *partition)
{
	free(partition->chunks);
	partition->chunks = NULL;
}

/* The lower convex hull of a curve, as the gain of each further chunk, falling. */
static void hull_gains(const double *curve, u32 chunks_count, double *gain, u32 *corner)
{
	u32 corners = 0;

	for (u32 c = 0; c <= chunks_count; c++) {
		while (corners >= 2) {
			u32 a = corner[corners - 2], b = corner[corners - 1];
			double slope_ab = (curve[b] - curve[a]) / (b - a);
			double slope_bc = (curve[c] - curve[b]) / (c - b);
			if (slope_ab < slope_bc)
				break;
			corners--;
		}
		corner[corners++] = c;
	}
	for (u32 i = 0; i + 1 < corners; i++) {
		u32 a = corner[i], b = corner[i + 1];
		for (u32 c = a; c < b; c++)
			gain[c] = (curve[a] - curve[b]) / (b - a);
	}
}

static int falling(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x > y ? -1 : x < y;
}

int sim_partition_hull(double *page_ins, const double *const *curve, u32 vms_count,
		       u32 chunks_count)
{
	u64 gains_count = (u64)vms_count * chunks_count;
	double *gain = calloc(gains_count + 1, sizeof(*gain));
	u32 *corner = calloc(chunks_count + 2ull, sizeof(*corner));

	if (!gain || !corner) {
		free(gain);
		free(corner);
		return -ENOMEM;
	}
	*page_ins = 0;
	for (u32 vm = 0; vm < vms_count; vm++) {
		hull_gains(curve[vm], chunks_count, gain + (u64)vm * chunks_count, corner);
		*page_ins += curve[vm][0];
	}
	/* Gains fall along each hull, so the greatest that are left are always within reach. */
	qsort(gain, gains_count, sizeof(*gain), falling);
	for (u32 i = 0; i < chunks_count && i < gains_count; i++)
		*page_ins -= gain[i];
	free(gain);
	free(corner);
	return 0;
}
