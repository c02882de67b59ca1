/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_ages_memory.h - the pages that sources of ages watch, with a bit for each source.
 *
 * An access sets a page's bits of all sources at once.  What a source can see depends on
 * how the page was used:
 *
 *	touched	  through a mapping: the accessed bit of a page-table entry
 *	written	  through a mapping, by a write: the entry is no longer protected
 *	used	  in any way: the idle flag is gone
 *
 * The list of all pages in memory in order of last use is the truth, and chooses who
 * goes when memory is limited.  Private to sim/lab.
 */
#ifndef SIM_AGES_MEMORY_H
#define SIM_AGES_MEMORY_H

#include "lab/sim_ages.h"
#include "lab/sim_ages_flow.h"
#include "reclaim/sim_list.h"

#define SIM_AGES_RESIDENT 0x01u
#define SIM_AGES_MAPPED 0x02u
#define SIM_AGES_FILE 0x04u
#define SIM_AGES_UNEVICTABLE 0x08u /* not watched */

struct sim_ages_memory {
	u32 pages_count; /* a multiple of 512 */
	u64 limit_pages; /* 0: none */
	u8 default_info;
	u8 *info;
	u64 *touched, *written, *used; /* bits by source */
	u64 *last_ns;
	u32 *younger, *older;
	u16 *block_resident, *block_mapped; /* by 512 pages */
	struct sim_list lru;
	u64 protecting; /* sources that scan for writes */
	u64 faults[SIM_AGES_SOURCES_MAX];
	u64 accesses_count, left_out, evictions_count;
	struct ws_source *source[SIM_AGES_SOURCES_MAX];
	u32 sources_count;
};

/* What a source is handed as its environment; @ctx of struct ws_access. */
struct sim_ages_view {
	struct sim_ages_memory *memory;
	u64 *bits;   /* touched, written or used */
	u64 bit;
	bool physical; /* unmapped pages by their idle flag (DAMON's physical addresses) */
};
extern const struct ws_access_ops sim_ages_access_ops;

int sim_ages_memory_init(struct sim_ages_memory *memory, u32 pages_count, u32 default_type,
			 u64 limit_pages);
void sim_ages_memory_destroy(struct sim_ages_memory *memory);
void sim_ages_memory_event(struct sim_ages_memory *memory, const struct sim_ages_event *event);

static inline enum ws_type sim_ages_type(const struct sim_ages_memory *memory, u32 page)
{
	return memory->info[page] & SIM_AGES_FILE ? WS_FILE : WS_ANON;
}

#endif /* SIM_AGES_MEMORY_H */
