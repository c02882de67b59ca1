/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_list.h - a doubly linked list of pages over two shared arrays of links.
 *
 * Any number of lists share the arrays; a page is on one of them at a time.
 */
#ifndef SIM_LIST_H
#define SIM_LIST_H

#include "ws_lru.h"

struct sim_list {
	u32 old, young; /* ends; WS_NO_PAGE when empty */
	u32 pages;
};

#define SIM_LIST_EMPTY ((struct sim_list){ WS_NO_PAGE, WS_NO_PAGE, 0 })

/* @younger, @older: by page, its neighbours. */
static inline void sim_list_push(struct sim_list *list, u32 *younger, u32 *older, u32 page)
{
	younger[page] = WS_NO_PAGE;
	older[page] = list->young;
	if (list->young != WS_NO_PAGE)
		younger[list->young] = page;
	else
		list->old = page;
	list->young = page;
	list->pages++;
}

static inline void sim_list_remove(struct sim_list *list, u32 *younger, u32 *older, u32 page)
{
	u32 up = younger[page], down = older[page];

	if (up != WS_NO_PAGE)
		older[up] = down;
	else
		list->young = down;
	if (down != WS_NO_PAGE)
		younger[down] = up;
	else
		list->old = up;
	list->pages--;
}

/* True when links, ends and count agree; stops after more steps than the list has pages. */
static inline bool sim_list_check(const struct sim_list *list, const u32 *younger,
				  const u32 *older)
{
	u32 count = 0, below = WS_NO_PAGE;

	for (u32 page = list->old; page != WS_NO_PAGE; page = younger[page]) {
		if (older[page] != below || ++count > list->pages)
			return false;
		below = page;
	}
	return below == list->young && count == list->pages;
}

#endif /* SIM_LIST_H */
