/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wsk_compat.h - what differs between the kernels that ws.ko builds for, and nothing else.
 *
 * Another kernel: see README.md, "Another kernel".
 */
#ifndef WSK_COMPAT_H
#define WSK_COMPAT_H

#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "ws.ko needs Linux 6.1 or later"
#endif

#ifndef CONFIG_64BIT
#error "ws.ko needs a 64-bit kernel"
#endif

/* The generations of an lruvec: struct lru_gen_struct until 6.1. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define wsk_lrugen lru_gen_struct
#else
#define wsk_lrugen lru_gen_folio
#endif

/* folio->flags is a struct since 6.18. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define wsk_folio_flags(folio) READ_ONCE((folio)->flags)
#else
#define wsk_folio_flags(folio) READ_ONCE((folio)->flags.f)
#endif

#ifdef CONFIG_X86
/* ptep_test_and_clear_young() and its huge brother are functions that modules cannot call. */
static inline bool wsk_pte_clear_young(pte_t *pte)
{
	return test_and_clear_bit(_PAGE_BIT_ACCESSED, (unsigned long *)&pte->pte);
}

static inline bool wsk_pmd_clear_young(pmd_t *pmd)
{
	return test_and_clear_bit(_PAGE_BIT_ACCESSED, (unsigned long *)pmd);
}
#else
#error "ws.ko knows the accessed bit of x86 only; see README.md, Another kernel"
#endif

#endif /* WSK_COMPAT_H */
