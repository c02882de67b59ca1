/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_hist.c - spans of ages into bins; see ws_hist.h. */
#include "ws_hist.h"
#include "ws_math.h"

int ws_hist_check_edges(const u64 *edge_ns, u32 edges_count)
{
	u64 below = 0;
	u32 i;

	if (!edges_count || edges_count > WS_EDGES_MAX)
		return -EINVAL;
	for (i = 0; i < edges_count; i++) {
		if (edge_ns[i] <= below || edge_ns[i] == WS_AGE_INFINITE)
			return -EINVAL;
		below = edge_ns[i];
	}
	return 0;
}

int ws_hist_init(struct ws_hist *hist, const u64 *edge_ns, u32 edges_count)
{
	int error = ws_hist_check_edges(edge_ns, edges_count);

	if (error)
		return error;
	memset(hist, 0, sizeof(*hist));
	memcpy(hist->edge_ns, edge_ns, edges_count * sizeof(*edge_ns));
	hist->bins_count = edges_count + 1;
	return 0;
}

void ws_hist_reset(struct ws_hist *hist)
{
	memset(hist->pages, 0, sizeof(hist->pages));
}

void ws_hist_add_span(struct ws_hist *hist, enum ws_type type, u64 age_min_ns, u64 age_max_ns,
		      u64 pages)
{
	u64 *bin = hist->pages[type];
	u64 placed = 0; /* pages younger than the last edge */
	u32 i;

	WS_ASSERT(age_min_ns <= age_max_ns);
	for (i = 0; i + 1 < hist->bins_count && placed < pages; i++) {
		u64 edge = hist->edge_ns[i], below;

		if (edge <= age_min_ns)
			continue;
		if (edge >= age_max_ns)
			break;
		below = ws_muldiv(pages, edge - age_min_ns, age_max_ns - age_min_ns);
		bin[i] += below - placed;
		placed = below;
	}
	bin[i] += pages - placed;
}

int ws_hist_merge(struct ws_hist *hist, const struct ws_hist *from)
{
	enum ws_type type;
	u32 i;

	if (hist->bins_count != from->bins_count ||
	    memcmp(hist->edge_ns, from->edge_ns, (hist->bins_count - 1) * sizeof(u64)))
		return -EINVAL;
	for (type = WS_ANON; type < WS_TYPES; type++)
		for (i = 0; i < hist->bins_count; i++)
			hist->pages[type][i] += from->pages[type][i];
	return 0;
}

u64 ws_hist_total(const struct ws_hist *hist, enum ws_type type)
{
	u64 pages = 0;
	u32 i;

	for (i = 0; i < hist->bins_count; i++)
		pages += hist->pages[type][i];
	return pages;
}
