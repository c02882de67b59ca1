/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * watch.c - a program on the bare machine of bare.c: a working set by the processor's accessed bits.
 *
 * Two megabytes behind a page table are used less and less: all of them in the first
 * second, half of them in the next, and so on.  Each second their accessed bits are taken
 * in and a new generation begins; at last a histogram says how long ago pages were used.
 */
#include "ws_report.h"

#define WATCHED 512u /* pages, and the first of them: the second half of 4 MiB */
#define PTE_ACCESSED_SHIFT 5
#define SECOND_NS (1000 * WS_NS_PER_MS)

void run(void), say_number(const char *name, u64 number);

static u32 page_table[1024] __attribute__((aligned(4096)));
static u32 page_directory[1024] __attribute__((aligned(4096)));
static u64 bits[WATCHED / 64];
static u16 pages[WATCHED];
static struct ws_age age;
static struct ws_hist hist;

/* Loading the page table once more makes the processor forget which bits it has set. */
static void use_page_table(void)
{
	__asm__ volatile("mov %0, %%cr3; mov %%cr0, %%eax; or $0x80000000, %%eax; mov %%eax, %%cr0"
			 : : "r"(page_directory) : "eax", "memory");
}

static void touch_and_harvest(u32 touched)
{
	for (u32 i = 0; i < touched; i++)
		*(volatile u8 *)((WATCHED + i) * WS_PAGE_BYTES) = 1;
	memset(bits, 0, sizeof(bits));
	for (u32 i = 0; i < WATCHED; i++) {
		u32 *entry = &page_table[WATCHED + i];

		bits[i / 64] |= (u64)(*entry >> PTE_ACCESSED_SHIFT & 1) << i % 64;
		*entry &= ~(1u << PTE_ACCESSED_SHIFT);
	}
	use_page_table();
	ws_age_harvest(&age, 0, bits, WATCHED);
}

void run(void)
{
	static const u64 edge_ns[] = { 2 * SECOND_NS, 4 * SECOND_NS };
	bool folded[WS_TYPES];
	u64 now_ns = 0;

	for (u32 i = 0; i < 1024; i++)
		page_table[i] = i << WS_PAGE_SHIFT | 3; /* as it is, present, writable */
	page_directory[0] = (u32)page_table | 3;
	use_page_table();
	WS_ASSERT(!ws_age_init(&age, pages, WATCHED, 8, now_ns));
	for (u32 i = 0; i < WATCHED; i++)
		ws_age_add(&age, i, WS_ANON, age.max_seq);
	for (u32 touched = WATCHED; touched > 8; touched /= 2) {
		touch_and_harvest(touched);
		ws_age_advance(&age, now_ns += SECOND_NS, folded);
	}
	WS_ASSERT(!ws_hist_init(&hist, edge_ns, 2));
	ws_age_collect(&age, &hist, now_ns);
	for (u32 bin = 0; bin < hist.bins_count; bin++)
		say_number("pages", hist.pages[WS_ANON][bin]);
	die("done\n");
}
