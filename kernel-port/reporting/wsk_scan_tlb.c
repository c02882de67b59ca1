/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wsk_scan_tlb.c - cached translations hide accesses: the accessed bit is set when a
 * translation is loaded, not when it is used.
 *
 * The kernel's own ageing does not flush, for whatever matters to it is evicted from the
 * TLB by and by.  A report wants more: a loop over a few pages that never leaves the
 * processor would look idle for ever.  One flush of user translations on each processor,
 * once a pass, settles that.  "flush=0" does as the kernel does; README.md has figures.
 *
 * On x86 and arm64 a module can do that.  User-mode Linux keeps nothing cached: there
 * taking the bit takes the host's mapping away.  Elsewhere this does as the kernel does.
 */
#include <linux/smp.h>

#include "wsk_scan.h"

#if defined(CONFIG_X86)
#include <asm/cpufeature.h>
#include <asm/invpcid.h>
#include <asm/special_insns.h>

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
#elif defined(CONFIG_ARM64)
#include <asm/tlbflush.h>

void wsk_scan_flush(void)
{
	flush_tlb_all(); /* one broadcast */
}
#else
void wsk_scan_flush(void)
{
}
#endif
