/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_reaccess.c - the ages at which pages came back; see ws_reaccess.h. */
#include "ws_reaccess.h"
#include "ws_refault.h"

#define SHADOW_SEQ_MASK (~0u >> WS_SHADOW_SEQ_SHIFT)

/* What pages of one generation came back as. */
struct span {
	u64 min_ns, max_ns;
};

u64 ws_reaccess_footprint(u32 gens_count)
{
	return (u64)gens_count * sizeof(struct ws_reaccess_gen);
}

int ws_reaccess_init(struct ws_reaccess *reaccess, struct ws_reaccess *parent, void *memory,
		     u32 gens_count, u64 now_ns)
{
	if (gens_count & (gens_count - 1))
		return -EINVAL;
	if (gens_count && (gens_count < WS_REACCESS_GENS_MIN || gens_count > WS_REACCESS_GENS_MAX))
		return -EINVAL;
	memset(reaccess, 0, sizeof(*reaccess));
	reaccess->parent = parent;
	reaccess->gens_count = gens_count;
	reaccess->since_ns = now_ns;
	if (!gens_count)
		return 0;
	reaccess->gen = memory;
	memset(memory, 0, ws_reaccess_footprint(gens_count));
	return 0;
}

static void clear(struct ws_reaccess *reaccess, u64 now_ns)
{
	ws_hist_reset(&reaccess->hist);
	memset(reaccess->older, 0, sizeof(reaccess->older));
	memset(reaccess->resident_total, 0, sizeof(reaccess->resident_total));
	memset(reaccess->evicted_total, 0, sizeof(reaccess->evicted_total));
	reaccess->since_ns = now_ns;
	reaccess->clearings_count++;
}

int ws_reaccess_configure(struct ws_reaccess *reaccess, const u64 *edge_ns, u32 edges_count,
			  u64 now_ns)
{
	if (ws_hist_check_edges(edge_ns, edges_count))
		return -EINVAL;
	if (reaccess->configured && reaccess->hist.bins_count == edges_count + 1 &&
	    !memcmp(reaccess->hist.edge_ns, edge_ns, edges_count * sizeof(*edge_ns)))
		return 0;
	clear(reaccess, now_ns);
	reaccess->configured = true;
	return ws_hist_init(&reaccess->hist, edge_ns, edges_count);
}

/* --- generations ---------------------------------------------------------------------- */

static struct ws_reaccess_gen *gen_of(const struct ws_reaccess *reaccess, u64 seq)
{
	return &reaccess->gen[seq & (reaccess->gens_count - 1)];
}

static u64 most_of(u64 a, u64 b)
{
	return a > b ? a : b;
}

/* Since when a page that came straight into the row, while @seq was the youngest, is unused. */
static u64 end_of(const struct ws_age *age, u64 seq, u64 now_ns)
{
	return seq >= age->max_seq ? now_ns : ws_age_birth(age, seq + 1);
}

/* Take over what @age knows of its generations, including those evicted recently. */
static void refresh(struct ws_reaccess *reaccess, const struct ws_age *age, u64 now_ns)
{
	u64 seq = most_of(reaccess->first_seq, age->max_seq + 1 - age->gens);
	enum ws_type type;

	for (; seq <= age->max_seq; seq++) {
		struct ws_reaccess_gen *gen = gen_of(reaccess, seq);

		gen->birth_ns = ws_age_birth(age, seq);
		for (type = WS_ANON; type < WS_TYPES; type++) {
			u32 row = ws_age_row(ws_age_slot(age, seq), type);
			u64 late = age->late_seq[row];

			gen->oldest_ns[type] = age->oldest_ns[row];
			gen->newest_ns[type] = end_of(age, most_of(seq, late), now_ns);
		}
	}
}

void ws_reaccess_attach(struct ws_reaccess *reaccess, const struct ws_age *age, u64 now_ns)
{
	WS_ASSERT(reaccess->gens_count);
	memset(reaccess->gen, 0, ws_reaccess_footprint(reaccess->gens_count));
	memset(reaccess->resident, 0, sizeof(reaccess->resident));
	memset(reaccess->unknown, 0, sizeof(reaccess->unknown));
	reaccess->max_seq = age->max_seq;
	reaccess->first_seq = age->max_seq + 1 - age->gens;
	/* Pages that were evicted before may have been used at any time until now. */
	reaccess->dropped_newest_ns[WS_ANON] = now_ns;
	reaccess->dropped_newest_ns[WS_FILE] = now_ns;
	reaccess->bits_since_ns = ws_age_birth(age, age->max_seq);
	reaccess->settled_ns = now_ns;
	refresh(reaccess, age, now_ns);
}

void ws_reaccess_bits_since(struct ws_reaccess *reaccess, u64 since_ns)
{
	if (since_ns < reaccess->bits_since_ns)
		reaccess->bits_since_ns = since_ns;
}

void ws_reaccess_born(struct ws_reaccess *reaccess, const struct ws_age *age)
{
	u64 now_ns = ws_age_birth(age, age->max_seq);
	struct ws_reaccess_gen *gen;

	WS_ASSERT(age->max_seq == reaccess->max_seq + 1);
	gen = gen_of(reaccess, age->max_seq);
	if (age->max_seq - reaccess->first_seq == reaccess->gens_count) {
		enum ws_type type;

		for (type = WS_ANON; type < WS_TYPES; type++)
			reaccess->dropped_newest_ns[type] =
				most_of(reaccess->dropped_newest_ns[type], gen->newest_ns[type]);
		reaccess->first_seq++;
	}
	memset(gen, 0, sizeof(*gen));
	reaccess->max_seq = age->max_seq;
	reaccess->bits_since_ns = now_ns;
	refresh(reaccess, age, now_ns);
}

/* --- counting ------------------------------------------------------------------------- */

void ws_reaccess_refault(struct ws_reaccess *reaccess, enum ws_type type, u32 shadow)
{
	/* The youngest generation that the shadow's 28 bits can mean. */
	u64 back = ((u32)reaccess->max_seq - (shadow >> WS_SHADOW_SEQ_SHIFT)) & SHADOW_SEQ_MASK;

	/* Nothing is evicted from the youngest two. */
	if (back < WS_GENS_MIN || back > reaccess->max_seq - reaccess->first_seq)
		reaccess->unknown[type]++;
	else
		gen_of(reaccess, reaccess->max_seq - back)->returned[type]++;
}

static struct span span_between(u64 oldest_ns, u64 newest_ns, u64 since_ns, u64 now_ns)
{
	struct span span = {
		.min_ns = since_ns > newest_ns ? since_ns - newest_ns : 0,
		.max_ns = now_ns > oldest_ns ? now_ns - oldest_ns : 0,
	};

	if (span.min_ns > span.max_ns)
		span.min_ns = span.max_ns;
	return span;
}

/* Of generation @seq, which is kept. */
static struct span span_of(const struct ws_reaccess *reaccess, enum ws_type type, u64 seq,
			   bool evicted, u64 now_ns)
{
	const struct ws_reaccess_gen *gen = gen_of(reaccess, seq);

	WS_ASSERT(seq >= reaccess->first_seq && seq <= reaccess->max_seq);
	return span_between(gen->oldest_ns[type], gen->newest_ns[type],
			    evicted ? reaccess->settled_ns : reaccess->bits_since_ns, now_ns);
}

bool ws_reaccess_span(const struct ws_reaccess *reaccess, enum ws_type type, u64 seq, bool evicted,
		      u64 now_ns, u64 *min_ns, u64 *max_ns)
{
	struct span span;

	if (seq < reaccess->first_seq || seq > reaccess->max_seq)
		return false;
	span = span_of(reaccess, type, seq, evicted, now_ns);
	*min_ns = span.min_ns;
	*max_ns = span.max_ns;
	return true;
}

/* Here and in all ancestors. */
static void add_span(struct ws_reaccess *reaccess, enum ws_type type, const struct span *span,
		     u64 pages, bool evicted)
{
	for (; reaccess; reaccess = reaccess->parent) {
		*(evicted ? &reaccess->evicted_total[type] : &reaccess->resident_total[type]) += pages;
		if (reaccess->configured)
			ws_hist_add_span(&reaccess->hist, type, span->min_ns, span->max_ns, pages);
		else
			reaccess->older[type] += pages;
	}
}

/* Pages of generations no longer kept: all that is certain is a least age. */
static void add_unknown(struct ws_reaccess *reaccess, enum ws_type type, u64 pages)
{
	u64 newest_ns = reaccess->dropped_newest_ns[type];
	u64 min_ns = reaccess->settled_ns > newest_ns ? reaccess->settled_ns - newest_ns : 0;

	for (; reaccess; reaccess = reaccess->parent) {
		u32 last = reaccess->hist.bins_count - 1;

		reaccess->evicted_total[type] += pages;
		if (reaccess->configured && min_ns >= reaccess->hist.edge_ns[last - 1])
			reaccess->hist.pages[type][last] += pages;
		else
			reaccess->older[type] += pages;
	}
}

/* Resident pages' generations are always kept: at least as many are as there can be. */
static void settle_resident(struct ws_reaccess *reaccess, const struct ws_age *age, enum ws_type type,
			    u64 now_ns)
{
	u64 seq;

	for (seq = age->max_seq + 1 - age->gens; seq < age->max_seq; seq++) {
		u32 row = ws_age_row(ws_age_slot(age, seq), type);
		struct span span;

		if (!reaccess->resident[row])
			continue;
		span = span_of(reaccess, type, seq, false, now_ns);
		add_span(reaccess, type, &span, reaccess->resident[row], false);
	}
}

static void settle_evicted(struct ws_reaccess *reaccess, enum ws_type type, u64 now_ns)
{
	u64 seq;

	for (seq = reaccess->first_seq; seq <= reaccess->max_seq; seq++) {
		struct ws_reaccess_gen *gen = gen_of(reaccess, seq);
		struct span span;

		if (!gen->returned[type])
			continue;
		span = span_of(reaccess, type, seq, true, now_ns);
		add_span(reaccess, type, &span, gen->returned[type], true);
		gen->returned[type] = 0;
	}
	if (reaccess->unknown[type])
		add_unknown(reaccess, type, reaccess->unknown[type]);
	reaccess->unknown[type] = 0;
}

void ws_reaccess_settle(struct ws_reaccess *reaccess, const struct ws_age *age, u64 now_ns)
{
	enum ws_type type;

	WS_ASSERT(age->max_seq == reaccess->max_seq);
	refresh(reaccess, age, now_ns);
	for (type = WS_ANON; type < WS_TYPES; type++) {
		settle_resident(reaccess, age, type, now_ns);
		settle_evicted(reaccess, type, now_ns);
	}
	memset(reaccess->resident, 0, sizeof(reaccess->resident));
	reaccess->settled_ns = now_ns;
}
