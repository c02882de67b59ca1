/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_engine.c - emission of records, and the run's digest. */
#include <stdlib.h>
#include <sys/mman.h>

#include "model/sim_ahead.h"
#include "model/sim_engine.h"
#include "model/sim_rng.h"

void sim_emit(struct sim_engine *engine, enum sim_event_kind kind, u32 vm, u32 arg, u64 a, u64 b)
{
	if (engine->ahead) {
		sim_ahead_record(engine->ahead, kind, arg, a, b);
		return;
	}
	struct sim_event_record record = {
		.time_ns = engine->now_ns, .kind = (u16)kind, .vm = (u16)vm, .arg = arg, .a = a, .b = b,
	};
	u64 digest = engine->digest;

	digest = sim_mix64(digest ^ record.time_ns);
	digest = sim_mix64(digest ^ ((u64)kind << 48 | (u64)(u16)vm << 32 | arg));
	digest = sim_mix64(digest + a);
	engine->digest = sim_mix64(digest ^ (b + 0x9e3779b97f4a7c15ull));
	engine->events++;
	for (u32 i = 0; i < engine->probes_count; i++)
		if (engine->probes[i].event)
			engine->probes[i].event(engine->probes[i].ctx, &record);
}

void *sim_zeroed(u64 bytes)
{
	void *memory = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void sim_zeroed_free(void *memory, u64 bytes)
{
	if (memory)
		munmap(memory, bytes ? bytes : 1);
}

#define HUGE_BYTES (2ull << 20)

void *sim_dense(u64 bytes)
{
	u64 unit = bytes >= HUGE_BYTES ? HUGE_BYTES : 64, rounded = (bytes + unit - 1) / unit * unit;
	void *memory = aligned_alloc(unit, rounded);

	if (memory && unit == HUGE_BYTES)
		madvise(memory, rounded, MADV_HUGEPAGE); /* else it is small pages */
	return memory;
}
