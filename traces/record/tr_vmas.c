/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_vmas.c - a sorted array of mappings. */
#include <stdlib.h>
#include <string.h>

#include "tr_vmas.h"

void tr_vmas_init(struct tr_vmas *vmas)
{
	memset(vmas, 0, sizeof(*vmas));
}

void tr_vmas_destroy(struct tr_vmas *vmas)
{
	free(vmas->vma);
	tr_vmas_init(vmas);
}

/* The first range that ends behind @page. */
static u32 lower(const struct tr_vmas *vmas, u64 page)
{
	u32 low = 0, high = vmas->count;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (vmas->vma[mid].end > page)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

const struct tr_vma *tr_vmas_find(struct tr_vmas *vmas, u64 page)
{
	const struct tr_vma *vma = vmas->vma + vmas->last;

	if (vmas->last >= vmas->count || page < vma->first || page >= vma->end) {
		u32 at = lower(vmas, page);

		if (at == vmas->count || vmas->vma[at].first > page)
			return NULL;
		vmas->last = at;
		vma = vmas->vma + at;
	}
	return vma;
}

static int insert(struct tr_vmas *vmas, u32 at, const struct tr_vma *vma)
{
	if (vmas->count == vmas->room) {
		u32 room = vmas->room ? vmas->room * 2 : 64;
		struct tr_vma *grown = reallocarray(vmas->vma, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		vmas->vma = grown;
		vmas->room = room;
	}
	memmove(vmas->vma + at + 1, vmas->vma + at, (vmas->count - at) * sizeof(*vma));
	vmas->vma[at] = *vma;
	vmas->count++;
	return 0;
}

int tr_vmas_clear(struct tr_vmas *vmas, u64 first, u64 end)
{
	u32 at, gone;

	if (first >= end || !vmas->count)
		return 0;
	at = lower(vmas, first);
	if (at < vmas->count && vmas->vma[at].first < first) {
		struct tr_vma head = vmas->vma[at];

		head.end = first;
		vmas->vma[at].file_page_first += first - vmas->vma[at].first;
		vmas->vma[at].first = first;
		if (insert(vmas, at, &head))
			return -ENOMEM;
		at++;
	}
	for (gone = at; gone < vmas->count && vmas->vma[gone].end <= end; gone++)
		;
	if (gone < vmas->count && vmas->vma[gone].first < end) {
		vmas->vma[gone].file_page_first += end - vmas->vma[gone].first;
		vmas->vma[gone].first = end;
	}
	memmove(vmas->vma + at, vmas->vma + gone, (vmas->count - gone) * sizeof(*vmas->vma));
	vmas->count -= gone - at;
	return 0;
}

int tr_vmas_set(struct tr_vmas *vmas, const struct tr_vma *vma)
{
	int rc = tr_vmas_clear(vmas, vma->first, vma->end);

	if (rc || vma->first >= vma->end)
		return rc;
	return insert(vmas, lower(vmas, vma->first), vma);
}
