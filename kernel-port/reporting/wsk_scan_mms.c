/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wsk_scan_mms.c - takes the accessed bits out of every process's page tables.
 *
 * References are taken first, in one RCU section, and only to the mm_structs, not to what
 * they map: a process that ends meanwhile ends at once.  Its mmap_lock is only ever tried
 * for; it is held for some tens of page tables at a time, a page table's lock for one.  So
 * nobody waits for the scan longer than a page table takes.
 */
#include <linux/mm.h>
#include <linux/delay.h>
#include <linux/hugetlb_inline.h>
#include <linux/mmu_notifier.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "wsk_compat.h"
#include "wsk_scan.h"
#include "wsk_source.h"

#define TABLES_A_HOLD 32 /* page tables for which mmap_lock is held */
#define TRIES 20 /* for mmap_lock, a millisecond apart */

struct mm_list {
	struct mm_struct **mm;
	unsigned int count, room;
};

struct walk {
	struct wsk_scan *scan;
	struct mm_struct *mm;
	struct vm_area_struct *vma;
	unsigned int tables_left;
};

/* --- which ------------------------------------------------------------------------------ */

/* The leader may have gone before its threads. */
static struct mm_struct *process_mm(struct task_struct *process)
{
	struct mm_struct *mm = NULL;
	struct task_struct *thread;

	for_each_thread(process, thread) {
		task_lock(thread);
		if (thread->mm && !(thread->flags & PF_KTHREAD)) {
			mm = thread->mm;
			mmgrab(mm);
		}
		task_unlock(thread);
		if (mm)
			break;
	}
	return mm;
}

static int list_mms(struct mm_list *list)
{
	struct task_struct *process;
	int error = 0;

	rcu_read_lock();
	for_each_process(process) {
		if (process->flags & PF_KTHREAD)
			continue;
		if (list->count == list->room) {
			error = -EAGAIN;
			break;
		}
		list->mm[list->count] = process_mm(process);
		if (list->mm[list->count])
			list->count++;
	}
	rcu_read_unlock();
	return error;
}

static void list_release(struct mm_list *list)
{
	while (list->count)
		mmdrop(list->mm[--list->count]);
	kvfree(list->mm);
}

static int list_fill(struct mm_list *list)
{
	int error;

	for (list->room = 256;; list->room *= 2) {
		list->count = 0;
		list->mm = kvmalloc_array(list->room, sizeof(*list->mm), GFP_KERNEL);
		if (!list->mm)
			return -ENOMEM;
		error = list_mms(list);
		if (!error)
			return 0;
		list_release(list);
	}
}

static int by_address(const void *a, const void *b)
{
	unsigned long first = *(const unsigned long *)a, second = *(const unsigned long *)b;

	return first < second ? -1 : first > second;
}

/* --- the page tables -------------------------------------------------------------------- */

static void take_pte(struct walk *walk, unsigned long addr, pte_t *pte)
{
	struct wsk_scan *scan = walk->scan;
	pte_t entry = ptep_get(pte);
	unsigned long pfn;

	if (!pte_present(entry) || pte_special(entry))
		return;
	pfn = pte_pfn(entry);
	if (pfn >= scan->frames_count)
		return;
	scan->stats.ptes++;
	__set_bit(pfn, scan->mapped);
	if (pte_young(entry) && wsk_pte_clear_young(walk->vma, addr, pte)) {
		__set_bit(pfn, scan->young);
		scan->stats.young_ptes++;
	}
}

/* A page table may be freed while we look for it, but not while its lock is held. */
static void take_table(struct walk *walk, pmd_t *pmd, unsigned long addr, unsigned long end)
{
	pmd_t table = READ_ONCE(*pmd);
	spinlock_t *lock;
	pte_t *pte;

	if (!pmd_present(table) || pmd_bad(table))
		return;
	rcu_read_lock();
	table = READ_ONCE(*pmd);
	if (!pmd_present(table) || pmd_trans_huge(table) || pmd_devmap(table) || pmd_bad(table))
		goto unlock_rcu;
	lock = pte_lockptr(walk->mm, &table);
	spin_lock(lock);
	if (pmd_val(READ_ONCE(*pmd)) == pmd_val(table)) {
		pte = pte_offset_kernel(&table, addr);
		for (; addr != end; addr += PAGE_SIZE, pte++)
			take_pte(walk, addr, pte);
	}
	spin_unlock(lock);
unlock_rcu:
	rcu_read_unlock();
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
static void take_huge(struct walk *walk, pmd_t *pmd, unsigned long addr)
{
	struct wsk_scan *scan = walk->scan;
	spinlock_t *lock = pmd_lock(walk->mm, pmd);
	pmd_t entry = READ_ONCE(*pmd);
	unsigned long pfn = pmd_pfn(entry);

	if (pmd_present(entry) && pmd_trans_huge(entry) && !pmd_devmap(entry) &&
	    pfn + HPAGE_PMD_NR <= scan->frames_count) {
		scan->stats.huge_pmds++;
		bitmap_set(scan->mapped, pfn, HPAGE_PMD_NR);
		if (pmd_young(entry) && wsk_pmd_clear_young(walk->vma, addr, pmd)) {
			bitmap_set(scan->young, pfn, HPAGE_PMD_NR);
			scan->stats.young_pmds++;
		}
	}
	spin_unlock(lock);
}
#else
static void take_huge(struct walk *walk, pmd_t *pmd, unsigned long addr)
{
}
#endif

/* Each of these goes on from @addr and returns how far it came. */
static unsigned long walk_pmds(struct walk *walk, pud_t *pud, unsigned long addr, unsigned long end)
{
	pmd_t *pmd = pmd_offset(pud, addr);
	unsigned long next;

	for (; addr < end && walk->tables_left; addr = next, pmd++) {
		pmd_t entry = READ_ONCE(*pmd);

		next = pmd_addr_end(addr, end);
		if (pmd_none(entry))
			continue;
		walk->tables_left--;
		if (pmd_trans_huge(entry))
			take_huge(walk, pmd, addr & PMD_MASK);
		else
			take_table(walk, pmd, addr, next);
	}
	return addr;
}

static unsigned long walk_puds(struct walk *walk, p4d_t *p4d, unsigned long addr, unsigned long end)
{
	pud_t *pud = pud_offset(p4d, addr);
	unsigned long next;

	for (; addr < end && walk->tables_left; pud++) {
		pud_t entry = READ_ONCE(*pud);

		next = pud_addr_end(addr, end);
		if (!pud_present(entry) || pud_leaf(entry) || pud_bad(entry)) {
			addr = next;
			continue;
		}
		addr = walk_pmds(walk, pud, addr, next);
	}
	return addr;
}

static unsigned long walk_p4ds(struct walk *walk, pgd_t *pgd, unsigned long addr, unsigned long end)
{
	p4d_t *p4d = p4d_offset(pgd, addr);
	unsigned long next;

	for (; addr < end && walk->tables_left; p4d++) {
		next = p4d_addr_end(addr, end);
		if (p4d_none(*p4d) || p4d_bad(*p4d)) {
			addr = next;
			continue;
		}
		addr = walk_puds(walk, p4d, addr, next);
	}
	return addr;
}

static unsigned long walk_range(struct walk *walk, unsigned long addr, unsigned long end)
{
	pgd_t *pgd = pgd_offset(walk->mm, addr);
	unsigned long next;

	for (; addr < end && walk->tables_left; pgd++) {
		next = pgd_addr_end(addr, end);
		if (pgd_none(*pgd) || pgd_bad(*pgd)) {
			addr = next;
			continue;
		}
		addr = walk_p4ds(walk, pgd, addr, next);
	}
	return addr;
}

/* --- a process -------------------------------------------------------------------------- */

/* Not LRU pages, or nobody's business (as MGLRU's should_skip_vma()). */
static bool vma_skipped(struct vm_area_struct *vma)
{
	return (vma->vm_flags & VM_SPECIAL) || is_vm_hugetlb_page(vma);
}

/* Some page tables from @addr on.  Returns where to go on, ULONG_MAX at the end. */
static unsigned long walk_some(struct walk *walk, unsigned long addr)
{
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, walk->mm, addr);

	walk->tables_left = TABLES_A_HOLD;
	for_each_vma(vmi, vma) {
		if (vma_skipped(vma))
			continue;
		walk->vma = vma;
		addr = walk_range(walk, max(addr, vma->vm_start), vma->vm_end);
		if (addr < vma->vm_end)
			return addr;
	}
	return ULONG_MAX;
}

static int walk_mm(struct wsk_scan *scan, struct mm_struct *mm)
{
	struct walk walk = { .scan = scan, .mm = mm };
	unsigned long addr = 0;
	int tries = TRIES;

	scan->stats.mms++;
	scan->stats.mms_secondary += mm_has_notifiers(mm);
	while (addr != ULONG_MAX) {
		if (READ_ONCE(wsk_stopping))
			return -EINTR;
		if (!mmap_read_trylock(mm)) {
			if (!--tries) {
				scan->stats.mms_busy++;
				return 0;
			}
			usleep_range(500, 1000);
			continue;
		}
		addr = walk_some(&walk, addr);
		mmap_read_unlock(mm);
		tries = TRIES;
		cond_resched();
	}
	return 0;
}

int wsk_scan_mms(struct wsk_scan *scan)
{
	struct mm_list list;
	unsigned int i;
	int error = list_fill(&list);

	if (error)
		return error;
	/* processes may share one */
	sort(list.mm, list.count, sizeof(*list.mm), by_address, NULL);
	for (i = 0; i < list.count && !error; i++) {
		if (i && list.mm[i] == list.mm[i - 1])
			continue;
		if (!mmget_not_zero(list.mm[i]))
			continue;
		error = walk_mm(scan, list.mm[i]);
		mmput_async(list.mm[i]);
	}
	list_release(&list);
	return error;
}
