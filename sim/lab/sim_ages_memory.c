/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_ages_memory.c - pages, their bits by source, and their order of use. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab/sim_ages_memory.h"

static u32 view_read(const struct sim_ages_view *view, u32 first, u32 count, u64 *bits, u64 keep)
{
	const struct sim_ages_memory *memory = view->memory;
	u32 block = first / WS_BLOCK_PAGES;
	u64 *at = view->bits + first;

	if (!memory->block_resident[block])
		return 0;
	for (u32 i = 0; i < count; i++) {
		bits[i / 64] |= (u64)((at[i] & view->bit) != 0) << i % 64;
		at[i] &= keep;
	}
	return memory->block_mapped[block] ? count : 0;
}

static u32 view_take(void *ctx, u32 first, u32 count, u64 *bits)
{
	const struct sim_ages_view *view = ctx;

	return view_read(view, first, count, bits, ~view->bit);
}

static u32 view_look(void *ctx, u32 first, u32 count, u64 *bits)
{
	return view_read(ctx, first, count, bits, ~0ull);
}

static bool view_take_page(void *ctx, u32 page)
{
	const struct sim_ages_view *view = ctx;
	const struct sim_ages_memory *memory = view->memory;
	u64 *bits = view->bits;

	if (!(memory->info[page] & SIM_AGES_RESIDENT))
		return false;
	if (view->physical && !(memory->info[page] & SIM_AGES_MAPPED))
		bits = memory->used;
	bool young = bits[page] & view->bit;
	bits[page] &= ~view->bit;
	return young;
}

static void view_resident(void *ctx, u32 first, u32 count, u64 *resident, u64 *file)
{
	const struct sim_ages_memory *memory = ((const struct sim_ages_view *)ctx)->memory;

	if (!memory->block_resident[first / WS_BLOCK_PAGES])
		return;
	for (u32 i = 0; i < count; i++) {
		u8 info = memory->info[first + i];
		resident[i / 64] |= (u64)((info & SIM_AGES_RESIDENT) != 0) << i % 64;
		file[i / 64] |= (u64)((info & SIM_AGES_FILE) != 0) << i % 64;
	}
}

const struct ws_access_ops sim_ages_access_ops = {
	.take = view_take,
	.look = view_look,
	.take_page = view_take_page,
	.resident = view_resident,
};

static u8 type_info(u32 type)
{
	return type == TR_FILE		? SIM_AGES_FILE
	       : type == TR_UNEVICTABLE ? SIM_AGES_UNEVICTABLE
					: 0;
}

int sim_ages_memory_init(struct sim_ages_memory *memory, u32 pages_count, u32 default_type,
			 u64 limit_pages)
{
	u64 pages = ((u64)pages_count + WS_BLOCK_PAGES - 1) / WS_BLOCK_PAGES * WS_BLOCK_PAGES;

	*memory = (struct sim_ages_memory){ .lru = SIM_LIST_EMPTY, .limit_pages = limit_pages };
	if (pages > 0xffffffffull - WS_BLOCK_PAGES)
		return -ERANGE;
	memory->pages_count = (u32)pages;
	memory->default_info = type_info(default_type);
	memory->info = malloc(pages + 1);
	memory->touched = calloc(pages + 1, sizeof(u64));
	memory->written = calloc(pages + 1, sizeof(u64));
	memory->used = calloc(pages + 1, sizeof(u64));
	memory->last_ns = calloc(pages + 1, sizeof(u64));
	memory->younger = calloc(pages + 1, sizeof(u32));
	memory->older = calloc(pages + 1, sizeof(u32));
	memory->block_resident = calloc(pages / WS_BLOCK_PAGES + 1, sizeof(u16));
	memory->block_mapped = calloc(pages / WS_BLOCK_PAGES + 1, sizeof(u16));
	if (!memory->info || !memory->touched || !memory->written || !memory->used ||
	    !memory->last_ns || !memory->younger || !memory->older || !memory->block_resident ||
	    !memory->block_mapped) {
		sim_ages_memory_destroy(memory);
		return -ENOMEM;
	}
	memset(memory->info, memory->default_info, pages);
	return 0;
}

void sim_ages_memory_destroy(struct sim_ages_memory *memory)
{
	free(memory->info);
	free(memory->touched);
	free(memory->written);
	free(memory->used);
	free(memory->last_ns);
	free(memory->younger);
	free(memory->older);
	free(memory->block_resident);
	free(memory->block_mapped);
	memory->info = NULL;
	memory->touched = memory->written = memory->used = memory->last_ns = NULL;
	memory->younger = memory->older = NULL;
	memory->block_resident = memory->block_mapped = NULL;
}

static void leave(struct sim_ages_memory *memory, u32 page)
{
	u32 block = page / WS_BLOCK_PAGES;

	for (u32 i = 0; i < memory->sources_count; i++)
		memory->source[i]->ops->leave(memory->source[i], page);
	memory->block_resident[block]--;
	memory->block_mapped[block] -= (memory->info[page] & SIM_AGES_MAPPED) != 0;
	memory->info[page] &= (u8) ~(SIM_AGES_RESIDENT | SIM_AGES_MAPPED);
	memory->touched[page] = memory->written[page] = memory->used[page] = 0;
	sim_list_remove(&memory->lru, memory->younger, memory->older, page);
}

static void enter(struct sim_ages_memory *memory, u32 page, u8 kind)
{
	enum ws_type type = sim_ages_type(memory, page);
	enum ws_enter how = kind == TR_DESCRIPTOR ? WS_ENTER_READ : WS_ENTER_FAULT;

	if (memory->limit_pages && memory->lru.pages == memory->limit_pages) {
		leave(memory, memory->lru.old);
		memory->evictions_count++;
	}
	memory->info[page] |= SIM_AGES_RESIDENT;
	memory->block_resident[page / WS_BLOCK_PAGES]++;
	memory->written[page] = ~0ull; /* not protected yet */
	for (u32 i = 0; i < memory->sources_count; i++)
		memory->source[i]->ops->enter(memory->source[i], page, type, how);
}

static void access_mapped(struct sim_ages_memory *memory, u32 page, bool write)
{
	u64 protected_by = ~memory->written[page] & memory->protecting;

	if (!(memory->info[page] & SIM_AGES_MAPPED)) {
		memory->info[page] |= SIM_AGES_MAPPED;
		memory->block_mapped[page / WS_BLOCK_PAGES]++;
	}
	memory->touched[page] = ~0ull;
	if (!write)
		return;
	for (; protected_by; protected_by &= protected_by - 1)
		memory->faults[__builtin_ctzll(protected_by)]++;
	memory->written[page] = ~0ull;
}

static void access_page(struct sim_ages_memory *memory, const struct sim_ages_event *event)
{
	u32 page = event->page;

	if (memory->info[page] & SIM_AGES_UNEVICTABLE || event->kind == TR_KERNEL) {
		memory->left_out++;
		return;
	}
	memory->accesses_count++;
	if (!(memory->info[page] & SIM_AGES_RESIDENT)) {
		enter(memory, page, event->kind);
	} else {
		sim_list_remove(&memory->lru, memory->younger, memory->older, page);
		if (event->kind == TR_DESCRIPTOR)
			for (u32 i = 0; i < memory->sources_count; i++)
				if (memory->source[i]->ops->descriptor)
					memory->source[i]->ops->descriptor(memory->source[i], page);
	}
	sim_list_push(&memory->lru, memory->younger, memory->older, page);
	memory->last_ns[page] = event->time_ns;
	memory->used[page] = ~0ull;
	if (event->kind == TR_MAPPED)
		access_mapped(memory, page, event->write);
}

void sim_ages_memory_event(struct sim_ages_memory *memory, const struct sim_ages_event *event)
{
	u8 *info = &memory->info[event->page];

	if (event->op == TR_ACCESS) {
		access_page(memory, event);
		return;
	}
	if (*info & SIM_AGES_RESIDENT)
		leave(memory, event->page);
	*info = event->op == TR_ALLOC ? type_info(event->type) : memory->default_info;
}
