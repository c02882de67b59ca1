/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_arena.c - see sim_arena.h. */
#include <sys/mman.h>

#include "model/sim_arena.h"
#include "model/sim_engine.h"

#define LINE_BYTES 64u
#define HUGE_BYTES (2ull << 20)
#define CHUNK_BYTES (64ull << 20) /* of address space; memory is taken as it is touched */

void sim_arena_init(struct sim_arena *arena, u32 vms_count)
{
	*arena = (struct sim_arena){ .on = vms_count >= SIM_ARENA_VMS };
}

void sim_arena_destroy(struct sim_arena *arena)
{
	while (arena->chunk) {
		u8 *before = *(u8 **)arena->chunk;

		munmap(arena->chunk, CHUNK_BYTES);
		arena->chunk = before;
	}
	arena->on = false;
}

/* A chunk that begins where a huge page may. */
static bool add_chunk(struct sim_arena *arena)
{
	u8 *memory = sim_zeroed(CHUNK_BYTES + HUGE_BYTES);

	if (!memory)
		return false;
	u64 skip = (HUGE_BYTES - (u64)(unsigned long)memory % HUGE_BYTES) % HUGE_BYTES;

	if (skip)
		munmap(memory, skip);
	munmap(memory + skip + CHUNK_BYTES, HUGE_BYTES - skip);
	memory += skip;
	madvise(memory, CHUNK_BYTES, MADV_HUGEPAGE); /* else it is small pages */
	*(u8 **)memory = arena->chunk;
	arena->chunk = memory;
	arena->used_bytes = LINE_BYTES;
	return true;
}

void *sim_arena_get(struct sim_arena *arena, u64 bytes)
{
	u64 rounded = (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;

	if (!arena->on || bytes > SIM_ARENA_MOST_BYTES)
		return sim_zeroed(bytes);
	if ((!arena->chunk || arena->used_bytes + rounded > CHUNK_BYTES) && !add_chunk(arena))
		return NULL;
	void *memory = arena->chunk + arena->used_bytes;

	arena->used_bytes += rounded;
	return memory;
}

void sim_arena_put(struct sim_arena *arena, void *memory, u64 bytes)
{
	if (!arena->on || bytes > SIM_ARENA_MOST_BYTES)
		sim_zeroed_free(memory, bytes);
}
