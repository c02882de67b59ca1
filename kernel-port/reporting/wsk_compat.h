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

/*
 * Take an accessed bit.  The page table's lock is held, and mmap_lock for reading.
 *
 * On x86 the functions for it are ones that modules cannot call.  Elsewhere they are inlines, but
 * on user-mode Linux, where our first patch makes one that tells the host as well.
 */
#ifdef CONFIG_X86
static inline bool wsk_pte_clear_young(struct vm_area_struct *vma, unsigned long addr, pte_t *pte)
{
	return test_and_clear_bit(_PAGE_BIT_ACCESSED, (unsigned long *)&pte->pte);
}

static inline bool wsk_pmd_clear_young(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmd)
{
	return test_and_clear_bit(_PAGE_BIT_ACCESSED, (unsigned long *)pmd);
}
#else
#if defined(CONFIG_UML) && !defined(__HAVE_ARCH_PTEP_TEST_AND_CLEAR_YOUNG)
#error "accessed bits do not come back in this user-mode Linux: patches/6.1/0001 is missing"
#endif
static inline bool wsk_pte_clear_young(struct vm_area_struct *vma, unsigned long addr, pte_t *pte)
{
	return ptep_test_and_clear_young(vma, addr, pte);
}

static inline bool wsk_pmd_clear_young(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmd)
{
	return pmdp_test_and_clear_young(vma, addr, pmd);
}
#endif

#endif /* WSK_COMPAT_H */
