/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wsk_scan_tlb.c - cached translations hide accesses: the accessed bit is set when a
 * translation is loaded, not when it is used.
 *
 * The kernel's own ageing does not flush, for whatever matters to it is evicted from the
 * TLB by and by.  A report wants more: a loop over a few pages that never leaves the
 * processor would look idle for ever.  One flush of user translations on each processor,
 * once a pass, settles that.  "flush=0" does as the kernel does; README.md has figures.
 */
#include <linux/smp.h>

#include <asm/cpufeature.h>
#include <asm/invpcid.h>
#include <asm/special_insns.h>

#include "wsk_scan.h"

static void flush_here(void *unused)
{
	/* With address space identifiers, loading cr3 would forget the kernel's only. */
	if (boot_cpu_has(X86_FEATURE_INVPCID))
		invpcid_flush_all_nonglobals();
	else if (!boot_cpu_has(X86_FEATURE_PCID))
		write_cr3(__read_cr3());
}

void wsk_scan_flush(void)
{
	on_each_cpu(flush_here, NULL, 1);
}
