/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plugin_tracepoint.c - the guest's page allocations and frees, as they happen.
 *
 * The guest's init turns on the stock kernel's tracepoints kmem:mm_page_alloc and
 * kmem:mm_page_free.  Their code writes each event into the trace buffer, and the
 * plugin watches the stores of just that code: which of them is a field of the event
 * follows from the offsets and sizes in the tracepoint's format file.  So an event is
 * known at its exact place among the guest's accesses, nothing has to be carried out
 * of the guest, and no clocks have to be aligned.
 *
 * An interrupt inside the code that itself allocates can lose one event; the next
 * sample of /proc/kpageflags mends that.
 */
#include <string.h>

#include "guest/guest_mailbox.h"
#include "plugin_guest.h"

#define STORES_MAX 32u
#define FIELDS_MAX 3u

/* include/linux/gfp_types.h, 5.x to 6.x */
#define GFP_MOVABLE 0x8u
#define GFP_WRITE 0x1000u
#define GFP_NORETRY 0x10000u

struct store {
	u64 vaddr, physical;
	u32 size;
};

static struct tracepoint {
	u64 begin, end; /* code; no bytes: not known */
	u32 op, fields_count;
	struct guest_field field[FIELDS_MAX]; /* page, order, gfp flags */
	struct store store[STORES_MAX];
	u32 stores_count;
} tracepoints[2];

/*
 * Page cache by the flags of its allocation: readahead must not retry, writes say so.
 * Anonymous memory has neither; huge pages of it are of high order.
 */
bool gfp_is_cache(u64 gfp, u64 order)
{
	return order < 9 && (gfp & GFP_MOVABLE) && (gfp & (GFP_WRITE | GFP_NORETRY));
}

void plugin_tracepoints_set(const struct guest_mailbox *mailbox)
{
	tracepoints[0] = (struct tracepoint){
		.begin = mailbox->alloc_begin,
		.end = mailbox->alloc_end,
		.op = TR_RAW_PAGE_ALLOC,
		.fields_count = 3,
		.field = { mailbox->alloc_pfn, mailbox->alloc_order, mailbox->alloc_gfp },
	};
	tracepoints[1] = (struct tracepoint){
		.begin = mailbox->free_begin,
		.end = mailbox->free_end,
		.op = TR_RAW_PAGE_FREE,
		.fields_count = 2,
		.field = { mailbox->free_pfn, mailbox->free_order },
	};
}

static const struct store *store_at(const struct tracepoint *point, u64 vaddr, u32 size)
{
	for (u32 i = 0; i < point->stores_count; i++) {
		if (point->store[i].vaddr == vaddr && point->store[i].size == size)
			return &point->store[i];
	}
	return NULL;
}

/* Whether the stores so far hold an event whose order field is at @vaddr; then tell it. */
static bool event_at(struct vcpu *c, struct tracepoint *point, u64 vaddr)
{
	u64 value[FIELDS_MAX] = { 0, 0, 0 };

	for (u32 i = 0; i < point->fields_count; i++) {
		const struct guest_field *field = &point->field[i];
		const struct store *store = store_at(
			point, vaddr - point->field[1].offset + field->offset, field->size);

		if (!store || field->size > sizeof(value[i]) ||
		    !plugin_guest_read(store->physical, &value[i], field->size))
			return false;
	}
	plugin_guest_page_event(c, point->op, value[0], value[1], value[2]);
	return true;
}

static void point_store(unsigned int cpu, uint32_t info, uint64_t vaddr, void *user)
{
	struct vcpu *c = plugin.vcpus[cpu & (VCPUS_MAX - 1)];
	struct qemu_plugin_hwaddr *hwaddr = qemu_plugin_get_hwaddr(info, vaddr);
	struct tracepoint *point = user;
	struct store *store;

	if (!qemu_plugin_mem_is_store(info) || !hwaddr || qemu_plugin_hwaddr_is_io(hwaddr) ||
	    point->stores_count == STORES_MAX)
		return;
	store = &point->store[point->stores_count++];
	store->vaddr = vaddr;
	store->physical = qemu_plugin_hwaddr_phys_addr(hwaddr);
	store->size = 1u << qemu_plugin_mem_size_shift(info);
	for (u32 i = 0; i < point->stores_count; i++) {
		if (point->store[i].size == point->field[1].size &&
		    event_at(c, point, point->store[i].vaddr)) {
			point->stores_count = 0;
			return;
		}
	}
}

static void point_entered(unsigned int cpu, void *user)
{
	(void)cpu;
	((struct tracepoint *)user)->stores_count = 0;
}

void plugin_tracepoint_insn(struct qemu_plugin_insn *insn, u64 vaddr)
{
	for (u32 i = 0; i < 2; i++) {
		struct tracepoint *point = &tracepoints[i];

		if (vaddr < point->begin || vaddr >= point->end)
			continue;
		if (vaddr == point->begin)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, point_entered,
							       QEMU_PLUGIN_CB_NO_REGS, point);
		qemu_plugin_register_vcpu_mem_cb(insn, point_store, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW, point);
	}
}
