/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_vmas.h - which file is mapped where in a recorded command.
 *
 * Ranges of pages that do not overlap, in order.  Only file mappings are kept: a
 * page in none of them is anonymous.  Setting a range replaces what was there, as
 * mmap() with MAP_FIXED does; clearing splits a range that it cuts in the middle.
 *
 * Memory: malloc, 40 bytes a range.  Errors: -ENOMEM.  Locking: none.
 */
#ifndef TR_VMAS_H
#define TR_VMAS_H

#include <ws_env.h>

struct tr_vma {
	u64 first, end;	     /* pages; end is the first page behind */
	u64 file_page_first; /* page of the file that is mapped at `first` */
	u32 file;
	bool shared, shmem;
};

struct tr_vmas {
	struct tr_vma *vma;
	u32 count, room;
	u32 last; /* where the last search ended */
};

void tr_vmas_init(struct tr_vmas *vmas);
void tr_vmas_destroy(struct tr_vmas *vmas);
/* Return: the mapping of @page, or NULL if it is anonymous; valid until the next change. */
const struct tr_vma *tr_vmas_find(struct tr_vmas *vmas, u64 page);
int tr_vmas_clear(struct tr_vmas *vmas, u64 first, u64 end);
int tr_vmas_set(struct tr_vmas *vmas, const struct tr_vma *vma);

#endif /* TR_VMAS_H */
