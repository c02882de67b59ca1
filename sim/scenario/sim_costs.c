/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_costs.c - what things cost, unless a scenario says otherwise.
 *
 * Where others measured a figure, the comment says who; the rest are
 * choices, marked so, with what they rest on.  A result that hangs on one of them
 * should be repeated with half and twice the value ("costs": {...}).
 */
#include "scenario/sim_scenario.h"

const struct sim_costs sim_costs_default = {
	/* HyperAlloc artifact: 0.37 us with allocation; others' median 1.0, least 0.575. */
	.minor_fault_ns = 600,
	/* HyperAlloc artifact: 3.92 us to touch a page again after a balloon, less 0.37. */
	.ept_fault_ns = 3500,
	/* The same source: 0.89 us per 4 KiB of a huge page, less the touch. */
	.ept_huge_fault_ns = 340000,
	/* The same source, 18 GiB in 20.45 s: 4.33 us a page touched, 2.54 us untouched. */
	.inflate_page_ns = 4330,
	.inflate_untouched_ns = 2540,
	/* The same source: 2.11 GiB/s; touching the page again costs ept_fault_ns besides. */
	.deflate_page_ns = 1810,
	/* Linux commit b7ffc44d: 6.2 to 6.9 thousand cycles to user space and back. */
	.vm_exit_ns = 2500,
	/*
	 * Choice: a cache line holds 8 entries, so a walk over a page-table page is
	 * bound by 64 line fetches; about 5 ns an entry with the walk's own overhead.
	 */
	.scan_pte_ns = 5,
	/* Choice: one locked update of the folio's flags and counters, often a cache miss. */
	.young_pte_ns = 60,
	/* Choice: reverse map, unmap with a share of a batched TLB flush, free: about 1 us. */
	.reclaim_page_ns = 1000,
	/* Choice: as scan_pte_ns, with the MMU notifier's work for a nested page table. */
	.host_scan_page_ns = 20,
	/* Choice: building the histogram is microseconds; the kick is vm_exit_ns besides. */
	.report_ns = 20000,
	/* Choice: a system call and copying 4 KiB from the page cache. */
	.descriptor_access_ns = 700,
	/* The Linux balloon driver waits a fifth of a second after it got no page. */
	.balloon_retry_ns = 200000000,
	/* The same source, 2 MiB pages in the balloon: 124 GiB/s in, 294 out, less the exits. */
	.huge_inflate_ns = 15700,
	.huge_deflate_ns = 6560,
	/* The same source, virtio-mem: 29.8 GiB/s to shrink, 37.6 untouched, 91 to grow. */
	.unplug_ns = 65500,
	.unplug_untouched_ns = 51900,
	.plug_ns = 21500,
	/* The same source, HyperAlloc: 311 GiB/s to take, 7673 GiB/s to give back. */
	.shared_take_ns = 6280,
	.shared_give_ns = 255,
	/* Choice: copy 4 KiB, reverse map, two updates of page tables and a share of a flush. */
	.migrate_page_ns = 2000,
	/*
	 * Wei Wang's breakdown of inflation (2017, 7 GiB in 4126 ms): 0.15 us a page to take
	 * it from the allocator, 0.43 us for madvise.  The part that grows with the size is
	 * what remains of huge_inflate_ns, over 512 pages.
	 */
	.report_block_ns = 580,
	.report_page_ns = 30,
	/* Choice: zero a huge page (ept_huge_fault_ns), copy into it, unmap 512 entries. */
	.collapse_ns = 600000,
	/* Choice: TLB reach lost; 5 to 15 % is what people report for whole programs. */
	.split_tax = 0.05,
};
