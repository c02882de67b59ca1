/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_guest_page.c - the states of a guest's pages, and the steps between them. */
#include <assert.h>

#include "model/sim_guest.h"

static enum tr_type kind_of(const struct sim_guest *guest, u32 page)
{
	if (guest->memcg[page] & SIM_PAGE_UNEVICTABLE)
		return TR_UNEVICTABLE;
	return sim_page_type(guest, page) == WS_FILE ? TR_FILE : TR_ANON;
}

static struct sim_reclaim *lruvec_of(const struct sim_guest *guest, u32 page)
{
	return guest->memcg_of[guest->memcg[page] & SIM_PAGE_MEMCG].lruvec;
}

void sim_page_declare(struct sim_guest *guest, u32 page, u8 type, u32 memcg)
{
	assert(!(guest->hot[page] & (SIM_HOT_PRESENT | SIM_HOT_WRITEBACK)) && !guest->frame[page]);
	if (memcg >= guest->memcgs_count)
		memcg = 0;
	/* The engine may still have the number linked where its last life was. */
	if (guest->space.entry[page] & WS_PAGE_LINKED)
		memcg = guest->memcg[page] & SIM_PAGE_MEMCG;
	guest->memcg[page] = (u8)(memcg | (type == TR_UNEVICTABLE ? SIM_PAGE_UNEVICTABLE
					   : type == TR_FILE	  ? SIM_PAGE_FILE
								  : 0));
}

bool sim_page_install(struct sim_guest *guest, u32 page, u32 frame, enum ws_enter how, bool mapped)
{
	enum tr_type kind = kind_of(guest, page);
	u32 slot = sim_page_slot(guest, page);
	u32 shadow = slot ? guest->swap.shadow_of[slot - 1] : guest->frame[page];
	bool refault = false;

	assert(!(guest->hot[page] & (SIM_HOT_PRESENT | SIM_HOT_WRITEBACK)));
	if (sim_page_is_dropped(guest, page))
		guest->dropped_pages--;
	guest->copy[frame] = slot;
	if (guest->memcg[page] & SIM_PAGE_PROACTIVE) {
		guest->memcg[page] &= (u8)~SIM_PAGE_PROACTIVE;
		guest->counters.proactive_refaults++;
	}
	guest->frame[page] = frame + 1;
	guest->backing.owner[frame] = page;
	/* Whatever the contents are, the frame was written with them, and the host saw that. */
	guest->hot[page] = SIM_HOT_PRESENT | SIM_HOT_ACCESSED_HOST | SIM_HOT_DIRTY_HOST |
			   (mapped ? SIM_HOT_MAPPED : 0);
	guest->resident[kind]++;
	sim_memcg_charge(guest, guest->memcg[page] & SIM_PAGE_MEMCG, 1);
	guest->region_pages[page / SIM_REGION_PAGES]++;
	if (kind != TR_UNEVICTABLE) {
		struct sim_reclaim *lruvec = lruvec_of(guest, page);

		refault = lruvec->ops->insert(lruvec, page, sim_page_type(guest, page), how, shadow);
	}
	return refault;
}

void sim_page_migrate(struct sim_guest *guest, u32 page, u32 frame)
{
	u32 old = guest->frame[page] - 1;
	u8 hot = guest->hot[page];
	u8 *back = &guest->backing.state[old];

	assert(hot & SIM_HOT_PRESENT);
	if (hot & SIM_HOT_ACCESSED_HOST)
		*back |= SIM_BACK_ACCESSED;
	if (hot & SIM_HOT_DIRTY_HOST)
		*back |= SIM_BACK_DIRTY;
	guest->copy[frame] = guest->copy[old];
	guest->copy[old] = 0;
	guest->frame[page] = frame + 1;
	guest->backing.owner[frame] = page;
	guest->backing.owner[old] = SIM_OWNER_NONE;
	/* The copy wrote the new frame; whether the loop may have it is found out at the next use. */
	guest->hot[page] = (u8)((hot & ~SIM_HOT_FAST) | SIM_HOT_ACCESSED_HOST | SIM_HOT_DIRTY_HOST);
	if (hot & SIM_HOT_FAST)
		sim_page_open(guest, page);
}

void sim_page_open(struct sim_guest *guest, u32 page)
{
	u8 hot = guest->hot[page];

	assert(hot & SIM_HOT_PRESENT);
	guest->hot[page] = hot | SIM_HOT_MAPPED;
	if (!sim_page_is_tracked(page) && !guest->every_access &&
	    guest->backing.state[guest->frame[page] - 1] & SIM_BACK_BACKED)
		guest->hot[page] |= SIM_HOT_FAST;
}

/* A resident or writeback page gives its frame back; what it was is kept by the caller. */
static void release_frame(struct sim_guest *guest, u32 page)
{
	u32 frame = guest->frame[page] - 1;
	u8 hot = guest->hot[page];
	u8 *back = &guest->backing.state[frame];

	assert(hot & (SIM_HOT_PRESENT | SIM_HOT_WRITEBACK));
	/* What the host's page tables know of the frame stays with the frame. */
	if (hot & SIM_HOT_ACCESSED_HOST)
		*back |= SIM_BACK_ACCESSED;
	if (hot & SIM_HOT_DIRTY_HOST)
		*back |= SIM_BACK_DIRTY;
	guest->copy[frame] = 0;
	guest->hot[page] = 0;
	guest->frame[page] = 0;
	guest->resident[kind_of(guest, page)]--;
	sim_memcg_charge(guest, guest->memcg[page] & SIM_PAGE_MEMCG, -1);
	guest->region_pages[page / SIM_REGION_PAGES]--;
	sim_guest_frame_free(guest, frame);
}

bool sim_page_is_dropped(const struct sim_guest *guest, u32 page)
{
	return guest->frame[page] &&
	       !(guest->hot[page] & (SIM_HOT_PRESENT | SIM_HOT_WRITEBACK | SIM_HOT_SWAPPED));
}

void sim_page_forget_copy(struct sim_guest *guest, u32 page)
{
	u32 *copy = &guest->copy[guest->frame[page] - 1];

	if (*copy)
		sim_swap_give(&guest->swap, *copy);
	*copy = 0;
}

void sim_page_evicted(struct sim_guest *guest, u32 page, u32 shadow)
{
	u32 slot = sim_page_slot(guest, page);

	release_frame(guest, page);
	if (slot) {
		guest->hot[page] = SIM_HOT_SWAPPED;
		guest->frame[page] = slot;
		guest->swap.shadow_of[slot - 1] = shadow;
	} else {
		guest->frame[page] = shadow;
		guest->dropped_pages++;
	}
}

void sim_page_free(struct sim_guest *guest, u32 page)
{
	u32 slot = sim_page_slot(guest, page);
	u8 hot = guest->hot[page];

	if (hot & (SIM_HOT_PRESENT | SIM_HOT_WRITEBACK)) {
		if (hot & SIM_HOT_PRESENT && kind_of(guest, page) != TR_UNEVICTABLE) {
			struct sim_reclaim *lruvec = lruvec_of(guest, page);

			lruvec->ops->remove(lruvec, page);
		}
		release_frame(guest, page);
	} else if (sim_page_is_dropped(guest, page)) {
		guest->dropped_pages--;
	}
	guest->frame[page] = 0;
	guest->hot[page] = 0;
	if (slot)
		sim_swap_give(&guest->swap, slot);
	guest->memcg[page] &= SIM_PAGE_MEMCG;
}
