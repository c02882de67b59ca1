/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_min.c - timelines merged in one order, next uses, and the frames that hold pages. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab/sim_stack.h"
#include "oracle/sim_min.h"
#include "reclaim/sim_bitset.h"

#define NEVER 0xffffffffu
#define USES_MAX (1u << 30) /* what sim_bitset reaches */

/* Timelines that are being merged: where each stands. */
struct merge {
	const struct sim_timeline *timeline;
	u32 first_vm, vms_count;
	u64 *at;
	u32 *base; /* first page of each VM in a common numbering */
};

/* The VM whose next entry comes first; -1: all are at the end. */
static int earliest(const struct merge *merge)
{
	u32 best_quantum = NEVER;
	int best = -1;

	for (u32 i = 0; i < merge->vms_count; i++) {
		const struct sim_timeline_vm *vm = &merge->timeline->vm[merge->first_vm + i];
		if (merge->at[i] == vm->uses_count)
			continue;
		if (best < 0 || vm->use[merge->at[i]].quantum < best_quantum) {
			best = (int)i;
			best_quantum = vm->use[merge->at[i]].quantum;
		}
	}
	return best;
}

static void merge_all(struct sim_min *min, struct merge *merge)
{
	int vm;

	while ((vm = earliest(merge)) >= 0) {
		const struct sim_timeline_vm *from = &merge->timeline->vm[merge->first_vm + (u32)vm];
		u32 quantum = from->use[merge->at[vm]].quantum;
		/* All of this quantum at once. */
		while (merge->at[vm] < from->uses_count &&
		       from->use[merge->at[vm]].quantum == quantum) {
			u32 entry = from->use[merge->at[vm]++].entry;
			if (entry & SIM_USE_END)
				continue;
			min->page[min->uses_count] = merge->base[vm] + SIM_USE_PAGE(entry);
			min->first[min->uses_count++] = entry & SIM_USE_FIRST;
		}
	}
}

static int look_back(struct sim_min *min, u32 pages_count)
{
	u32 *next = malloc(((u64)pages_count + 1) * sizeof(*next));

	if (!next)
		return -ENOMEM;
	memset(next, 0xff, (u64)pages_count * sizeof(*next));
	for (u32 i = min->uses_count; i-- > 0;) {
		min->next[i] = next[min->page[i]];
		/* What comes before the first use of a life is another page. */
		next[min->page[i]] = min->first[i] ? NEVER : i;
	}
	free(next);
	return 0;
}

int sim_min_make(struct sim_min *min, const struct sim_timeline *timeline, int vm,
		 struct tr_error *error)
{
	struct merge merge = {
		.timeline = timeline,
		.first_vm = vm < 0 ? 0 : (u32)vm,
		.vms_count = vm < 0 ? timeline->scenario->vms_count : 1,
	};
	u64 uses = 0, pages = 0;
	int rc = -ENOMEM;

	memset(min, 0, sizeof(*min));
	merge.at = calloc(merge.vms_count, sizeof(*merge.at));
	merge.base = calloc(merge.vms_count, sizeof(*merge.base));
	for (u32 i = 0; merge.at && merge.base && i < merge.vms_count; i++) {
		merge.base[i] = (u32)pages;
		pages += timeline->vm[merge.first_vm + i].sums.pages_count;
		uses += timeline->vm[merge.first_vm + i].uses_count;
	}
	if (uses >= USES_MAX || pages >= NEVER) {
		rc = tr_fail(error, -EFBIG, "%s: too many uses of pages for an oracle",
			     timeline->scenario->path);
		goto out;
	}
	min->page = malloc((uses + 1) * sizeof(*min->page));
	min->next = malloc((uses + 1) * sizeof(*min->next));
	min->first = malloc((uses + 1) * sizeof(*min->first));
	if (merge.at && merge.base && min->page && min->next && min->first) {
		merge_all(min, &merge);
		rc = look_back(min, (u32)pages);
	}
	if (rc)
		tr_fail(error, rc, "%s: out of memory", timeline->scenario->path);
out:
	free(merge.at);
	free(merge.base);
	if (rc)
		sim_min_destroy(min);
	return rc;
}

void sim_min_destroy(struct sim_min *min)
{
	free(min->page);
	free(min->next);
	free(min->first);
	memset(min, 0, sizeof(*min));
}

int sim_min_page_ins(const struct sim_min *min, u64 frames, u64 *page_ins)
{
	struct sim_bitset held; /* next uses of the pages in memory */
	u64 used = 0, count = 0;

	if (sim_bitset_init(&held, (u64)min->uses_count + 1))
		return -ENOMEM;
	for (u32 i = 0; i < min->uses_count; i++) {
		u32 next = min->next[i];
		if (held.word[0][i >> 6] >> (i & 63) & 1) {
			sim_bitset_remove(&held, i);
			used--;
		} else {
			count += !min->first[i];
		}
		if (next == NEVER)
			continue;
		if (used == frames) {
			u32 farthest = sim_bitset_last(&held, min->uses_count);
			if (farthest == SIM_BITSET_NONE || farthest < next)
				continue;
			sim_bitset_remove(&held, farthest);
			used--;
		}
		sim_bitset_add(&held, next);
		used++;
	}
	sim_bitset_destroy(&held);
	*page_ins = count;
	return 0;
}

int sim_lru_page_ins(const struct sim_timeline_vm *vm, u64 frames_max, u64 *page_ins)
{
	struct sim_stack stack;
	u64 total = 0;

	memset(page_ins, 0, (frames_max + 1) * sizeof(*page_ins));
	if (sim_stack_init(&stack, vm->sums.pages_count + 1, vm->sums.pages_count + 1, true))
		return -ENOMEM;
	/* First the hits at each distance, then what is beyond. */
	for (u64 i = 0; i < vm->uses_count; i++) {
		u32 entry = vm->use[i].entry, page = SIM_USE_PAGE(entry);
		if (entry & SIM_USE_END) {
			sim_stack_free(&stack, page);
			continue;
		}
		u32 distance = sim_stack_access(&stack, page);
		if (entry & SIM_USE_FIRST)
			continue;
		total++;
		if (distance && distance <= frames_max)
			page_ins[distance]++;
	}
	sim_stack_destroy(&stack);
	u64 hits = 0;
	for (u64 f = 0; f <= frames_max; f++) {
		hits += page_ins[f];
		page_ins[f] = total - hits;
	}
	return 0;
}
