/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plugin_guest.c - a whole guest under qemu-system-x86_64: guest-physical pages.
 *
 * The cache of pages seen (struct vcpu) is keyed by virtual page, as asking QEMU for
 * the physical one costs far more than the compare.  So it is a TLB and has to be
 * flushed when the processor's is: instructions that write control registers,
 * INVLPG and INVPCID are watched for.  The exact table behind it is keyed by
 * physical page.
 *
 * Allocations and frees are the guest's own tracepoints: plugin_tracepoint.c.  Pages
 * that their flags make out as a file's data are never put into the cache of pages
 * seen: each pass of the kernel over such a page is a record of its own.  File systems'
 * metadata, which the kernel goes over without end, is filtered like other memory.
 *
 * Guest memory is read in place, through QEMU's mapping of the memory backend.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/guest_mailbox.h"
#include "plugin.h"
#include "plugin_guest.h"

#define KERNEL_HALF (1ull << 47)
/* Loads of one copy follow each other within a few instructions; two system calls do not. */
#define COPY_GAP_INSNS 300u
#define WAKE_INSNS 200000u /* from the timer's interrupt to init's first message */

/* Bits of /proc/kpageflags, from the kernel's documentation of it. */
#define KPF_ANON (1ull << 12)
#define KPF_SWAPBACKED (1ull << 14)
#define KPF_UNEVICTABLE (1ull << 18)

struct plugin_guest plugin_guest;

static struct guest_state {
	u64 pages;	   /* of memory, the mailbox included */
	u64 mailbox_page;
	u64 *flags;	   /* last /proc/kpageflags */
	u8 *is_cache;	   /* by page: page cache, as far as known */
	u64 woken_insns;   /* when the vCPU last came out of a halt */
	u64 *copied_insns; /* by page: when the kernel last touched it, page cache only */
} guest;

/* --- where guest memory is --- */

/* QEMU has mapped the backend by the time anything runs; /proc/self/maps says where. */
static void find_memory(void)
{
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "re");

	while (maps && fgets(line, sizeof(line), maps)) {
		u64 start, end;

		if (strstr(line, "memfd:memory-backend") &&
		    sscanf(line, "%llx-%llx", &start, &end) == 2 &&
		    end - start == guest.pages << 12)
			plugin_guest.memory = (u8 *)(uintptr_t)start;
	}
	if (maps)
		fclose(maps);
	if (!plugin_guest.memory) {
		fputs("wssim-trace-plugin: cannot find the guest's memory\n", stderr);
		exit(1);
	}
}

bool plugin_guest_read(u64 physical, void *to, size_t bytes)
{
	if (physical + bytes > guest.pages << 12)
		return false;
	memcpy(to, plugin_guest.memory + physical, bytes);
	return true;
}

/* --- messages of the guest's init --- */

static void flags_changed(struct vcpu *c, u64 first, u64 end, u64 flags)
{
	u64 extra[2] = { end - first, flags };

	plugin_emit(c, TR_RAW_PAGE_FLAGS, first, extra);
}

/* Say which flags are new since the last time, in runs of equal ones. */
static void take_flags(struct vcpu *c, const struct guest_mailbox *mailbox)
{
	const u64 *now = (const u64 *)((const u8 *)mailbox + GUEST_FLAGS_OFFSET);
	u64 count = mailbox->flags_count, first = 0;

	if (count > guest.mailbox_page)
		count = guest.mailbox_page;
	for (u64 i = 0; i <= count; i++) {
		if (first < i && (i == count || now[i] != now[first] || now[i] == guest.flags[i])) {
			flags_changed(c, first, i, now[first]);
			first = i;
		}
		if (i == count)
			break;
		if (now[i] == guest.flags[i])
			first = i + 1;
		if (now[i] & (KPF_ANON | KPF_SWAPBACKED | KPF_UNEVICTABLE))
			guest.is_cache[i] = 0;
	}
	memcpy(guest.flags, now, count * sizeof(*now));
}

static void on_message(struct vcpu *c, u64 vaddr)
{
	const struct guest_mailbox *mailbox = (const void *)(plugin_guest.memory +
							     (guest.mailbox_page << 12));

	switch ((vaddr & 4095u) / sizeof(mailbox->message[0])) {
	case GUEST_SETUP:
		plugin_tracepoints_set(mailbox);
		break;
	case GUEST_PAUSE:
		plugin_guest.paused = true;
		c->held_insns = c->insns;
		/* Init's alarm woke an idle guest, which would otherwise have slept on. */
		if (c->insns - guest.woken_insns < WAKE_INSNS)
			plugin_sleep(c);
		break;
	case GUEST_RESUME:
		if (plugin_guest.paused) {
			/* The window goes on where it was. */
			c->epoch_end -= c->insns - c->held_insns;
			c->insns = c->held_insns;
			c->held_insns = 0;
			plugin_wake(c);
		}
		plugin_guest.paused = false;
		break;
	case GUEST_FLAGS:
		take_flags(c, mailbox);
		break;
	default:
		break;
	}
}

/* --- accesses --- */

static void touch(struct vcpu *c, u64 vaddr, u64 page, u32 write, u32 info)
{
	bool kernel = vaddr >= KERNEL_HALF;

	if (page >= guest.mailbox_page || plugin_guest.paused)
		return;
	if (kernel && guest.is_cache[page]) {
		u64 gap = c->insns - guest.copied_insns[page];

		guest.copied_insns[page] = c->insns;
		if (gap > COPY_GAP_INSNS)
			plugin_emit(c, write ? TR_RAW_COPY_WRITE : TR_RAW_COPY_READ, page, NULL);
		return;
	}
	if (plugin_filter_first(c, page, write))
		plugin_emit(c,
			    kernel ? (write ? TR_RAW_KERNEL_WRITE : TR_RAW_KERNEL_READ)
				   : (write ? TR_RAW_WRITE : TR_RAW_READ),
			    page, NULL);
	plugin_see(c, plugin_page(vaddr), info);
}

void plugin_guest_slow(struct vcpu *c, u32 info, u64 vaddr)
{
	struct qemu_plugin_hwaddr *hwaddr;
	bool write;
	u64 physical;

	if (plugin_seen(c, plugin_page(vaddr), info))
		return; /* at the page's end; what crosses over counts for the first page */
	hwaddr = qemu_plugin_get_hwaddr(info, vaddr);
	if (!hwaddr || qemu_plugin_hwaddr_is_io(hwaddr))
		return;
	physical = qemu_plugin_hwaddr_phys_addr(hwaddr);
	write = qemu_plugin_mem_is_store(info);
	if (physical >> 12 == guest.mailbox_page && write)
		on_message(c, vaddr);
	else
		touch(c, vaddr, physical >> 12, write, info);
}

void plugin_guest_fetch(struct vcpu *c, const struct block *block)
{
	u64 offset = block->haddr - (u64)(uintptr_t)plugin_guest.memory;

	/* Firmware runs from memory of its own. */
	if (offset >> 12 < guest.pages)
		touch(c, block->vaddr, offset >> 12, 0, INFO_FETCH);
	else
		plugin_see(c, block->page, INFO_FETCH);
}

/* --- watching instructions --- */

static void tlb_flushed(unsigned int cpu, void *user)
{
	struct vcpu *c = plugin.vcpus[cpu & (VCPUS_MAX - 1)];

	(void)user;
	memset(c->seen, 0, sizeof(c->seen));
}

/* MOV to a control register, INVLPG, INVPCID, behind any prefixes. */
static bool flushes_tlb(struct qemu_plugin_insn *insn)
{
	const u8 *code = qemu_plugin_insn_data(insn);
	size_t size = qemu_plugin_insn_size(insn), at = 0;

	while (at < size && (code[at] == 0x66 || (code[at] & 0xf0) == 0x40))
		at++;
	if (size - at < 3 || code[at] != 0x0f)
		return false;
	return code[at + 1] == 0x22 ||
	       (code[at + 1] == 0x01 && (code[at + 2] >> 3 & 7) == 7 && code[at + 2] < 0xc0) ||
	       (code[at + 1] == 0x38 && code[at + 2] == 0x82);
}

void plugin_guest_insn(struct qemu_plugin_insn *insn, u64 vaddr)
{
	if (!plugin_guest.memory)
		find_memory();
	if (flushes_tlb(insn))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, tlb_flushed, QEMU_PLUGIN_CB_NO_REGS,
						       NULL);
	plugin_tracepoint_insn(insn, vaddr);
}

/* --- pages begin and end --- */

void plugin_guest_page_event(struct vcpu *c, u32 op, u64 page, u64 order, u64 gfp)
{
	u64 pages = order < 11 ? 1ull << order : 0;
	u64 extra[2] = { order, gfp };

	if (page >= guest.mailbox_page || pages > guest.mailbox_page - page)
		return;
	for (u64 i = page; i < page + pages; i++) {
		guest.is_cache[i] = op == TR_RAW_PAGE_ALLOC && gfp_is_cache(gfp, order);
		guest.copied_insns[i] = 0;
		guest.flags[i] = ~0ull; /* to be told anew, for the new page */
		plugin_filter_renew(c, i);
	}
	plugin_filter_unsee(c, plugin_page((page << 12) + DIRECT_MAP), pages);
	plugin_emit(c, op, page, extra);
}

/* --- idleness: a halted vCPU sleeps --- */

static void went_idle(uint64_t id, unsigned int index)
{
	(void)id;
	plugin_sleep(plugin.vcpus[index & (VCPUS_MAX - 1)]);
}

static void came_back(uint64_t id, unsigned int index)
{
	struct vcpu *c = plugin.vcpus[index & (VCPUS_MAX - 1)];

	(void)id;
	guest.woken_insns = c->insns;
	plugin_wake(c);
}

int plugin_guest_install(uint64_t id, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "guest-pages=", 12))
			guest.pages = strtoull(argv[i] + 12, NULL, 10);
	}
	if (plugin.bare)
		return 0;
	if (guest.pages <= GUEST_MAILBOX_BYTES >> 12 || guest.pages > GUEST_PAGES_MAX) {
		fputs("wssim-trace-plugin: guest-pages= is missing or too large\n", stderr);
		return -1;
	}
	guest.mailbox_page = guest.pages - (GUEST_MAILBOX_BYTES >> 12);
	guest.flags = plugin_alloc(guest.pages * sizeof(u64));
	guest.is_cache = plugin_alloc(guest.pages);
	guest.copied_insns = plugin_alloc(guest.pages * sizeof(u64));
	qemu_plugin_register_vcpu_idle_cb(id, went_idle);
	qemu_plugin_register_vcpu_resume_cb(id, came_back);
	return 0;
}
