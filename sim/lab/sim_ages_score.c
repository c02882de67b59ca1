/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_ages_score.c - told ages against true ones; see sim_ages.h for the measures. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab/sim_ages_memory.h"
#include "lab/sim_ages_score.h"
#include "model/sim_rng.h"

static u32 bin_of(const struct ws_hist *hist, u64 age_ns)
{
	u32 bin = 0;

	while (bin + 1 < hist->bins_count && age_ns >= hist->edge_ns[bin])
		bin++;
	return bin;
}

void sim_ages_truth_make(struct sim_ages_truth *truth, const struct sim_ages_memory *memory,
			 const struct sim_ages *ages, u64 now_ns)
{
	u64 at = 0, pages = memory->lru.pages;
	u32 rank = 0;

	memset(truth, 0, sizeof(*truth));
	int error = ws_hist_init(&truth->hist, ages->edge_ns, ages->edges_count);
	assert(!error);
	truth->now_ns = now_ns;
	truth->pages = pages;
	truth->cold_ns = ages->cold_ns;
	for (u32 page = memory->lru.young; page != WS_NO_PAGE; page = memory->older[page]) {
		u64 age_ns = now_ns - memory->last_ns[page];
		truth->hist.pages[sim_ages_type(memory, page)][bin_of(&truth->hist, age_ns)]++;
		truth->cold_pages += age_ns >= ages->cold_ns;
		at++;
		/* Rank r stands at (r + 1/2) / RANKS of all pages. */
		while (rank < SIM_AGES_RANKS &&
		       (2 * rank + 1) * pages < 2 * SIM_AGES_RANKS * at)
			truth->rank_ns[rank++] = age_ns;
	}
}

static void told_put(struct ws_span_sink *sink, enum ws_type type, u64 age_min_ns, u64 age_max_ns,
		     u64 pages)
{
	struct sim_ages_told *told = (struct sim_ages_told *)sink;

	ws_hist_add_span(&told->hist, type, age_min_ns, age_max_ns, pages);
	if (told->pieces_count == told->pieces_room) {
		u64 room = told->pieces_room ? 2 * told->pieces_room : 64;
		struct sim_ages_piece *piece = realloc(told->piece, room * sizeof(*piece));
		if (piece)
			told->piece = piece;
		struct sim_ages_edge *edge = realloc(told->edge, 2 * room * sizeof(*edge));
		if (edge)
			told->edge = edge;
		if (!piece || !edge) {
			told->lost = true;
			return;
		}
		told->pieces_room = room;
	}
	told->piece[told->pieces_count++] = (struct sim_ages_piece){ age_min_ns, age_max_ns, pages };
}

void sim_ages_told_begin(struct sim_ages_told *told, const struct sim_ages *ages)
{
	int error = ws_hist_init(&told->hist, ages->edge_ns, ages->edges_count);

	assert(!error);
	told->sink.put = told_put;
	told->pieces_count = 0;
}

void sim_ages_told_destroy(struct sim_ages_told *told)
{
	free(told->piece);
	free(told->edge);
}

static int by_place(const void *a, const void *b)
{
	const struct sim_ages_edge *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	/* Equal places: sums must not depend on the order that qsort happens to choose. */
	if (x->jump != y->jump)
		return x->jump < y->jump ? -1 : 1;
	return x->slope < y->slope ? -1 : x->slope > y->slope;
}

/* Sweep over the spans' ends: between two of them pages lie evenly. */
void sim_ages_told_ranks(struct sim_ages_told *told, double rank_ns[SIM_AGES_RANKS])
{
	struct sim_ages_edge *edge = told->edge;
	double below = 0, slope = 0, all = 0, last = 0;
	u64 count = 0;
	u32 rank = 0;

	for (u64 i = 0; i < told->pieces_count; i++) {
		const struct sim_ages_piece *piece = &told->piece[i];
		double from = (double)piece->age_min_ns, to = (double)piece->age_max_ns;
		double pages = (double)piece->pages;
		all += pages;
		if (to > from) {
			edge[count++] = (struct sim_ages_edge){ from, pages / (to - from), 0 };
			edge[count++] = (struct sim_ages_edge){ to, -pages / (to - from), 0 };
		} else {
			edge[count++] = (struct sim_ages_edge){ from, 0, pages };
		}
	}
	if (count)
		qsort(edge, count, sizeof(*edge), by_place);
	for (u64 i = 0; i < count; i++) {
		double reach = below + slope * (edge[i].at - last), want;
		while (rank < SIM_AGES_RANKS && slope > 0 &&
		       (want = (rank + 0.5) / SIM_AGES_RANKS * all) <= reach)
			rank_ns[rank++] = last + (want - below) / slope;
		below = reach + edge[i].jump;
		last = edge[i].at;
		slope += edge[i].slope;
		while (rank < SIM_AGES_RANKS && (rank + 0.5) / SIM_AGES_RANKS * all <= below &&
		       edge[i].jump > 0)
			rank_ns[rank++] = last;
	}
	/* What rounding has left over is at the end. */
	while (rank < SIM_AGES_RANKS)
		rank_ns[rank++] = last;
}

/* Distances by size: the upper five bits below the first, so 3 % apart. */
static u32 bucket_of(u64 distance_ns)
{
	u32 octave, bits;

	if (distance_ns < 32)
		return (u32)distance_ns;
	octave = 63 - (u32)__builtin_clzll(distance_ns);
	bits = (u32)(distance_ns >> (octave - 5)) & 31;
	return (octave - 4) * 32 + bits;
}

static double bucket_ns(u32 bucket)
{
	if (bucket < 32)
		return bucket;
	return ldexp(32.5 + bucket % 32, (int)(bucket / 32) - 1);
}

/* Bytes told to be where they are not: each is counted where it is too much. */
static u64 misplaced(const struct ws_hist *told, const struct ws_hist *truth)
{
	u64 wrong = 0;

	for (u32 type = 0; type < WS_TYPES; type++)
		for (u32 bin = 0; bin < truth->bins_count; bin++)
			if (told->pages[type][bin] > truth->pages[type][bin])
				wrong += told->pages[type][bin] - truth->pages[type][bin];
	return wrong;
}

/* Told to be idle for the threshold and longer. */
static u64 told_cold(const struct sim_ages_told *told, u64 cold_ns)
{
	struct ws_hist hist;
	int error = ws_hist_init(&hist, &cold_ns, 1);

	assert(!error);
	for (u64 i = 0; i < told->pieces_count; i++)
		ws_hist_add_span(&hist, WS_ANON, told->piece[i].age_min_ns,
				 told->piece[i].age_max_ns, told->piece[i].pages);
	return hist.pages[WS_ANON][1];
}

void sim_ages_judge_report(struct sim_ages_judge *judge, struct sim_ages_told *told,
			   const struct sim_ages_truth *truth, struct sim_ages_sample *sample)
{
	double rank_ns[SIM_AGES_RANKS], pages = (double)truth->pages;

	for (u32 type = 0; type < WS_TYPES; type++)
		assert(ws_hist_total(&told->hist, type) == ws_hist_total(&truth->hist, type));
	sample->resident_pages = truth->pages;
	sample->wrong_pages = misplaced(&told->hist, &truth->hist);
	sample->told_cold_pages = told_cold(told, truth->cold_ns);
	sample->true_cold_pages = truth->cold_pages;
	sample->error_ns = sample->bias_ns = 0;
	sim_ages_told_ranks(told, rank_ns);
	for (u32 rank = 0; rank < SIM_AGES_RANKS; rank++) {
		double distance = rank_ns[rank] - (double)truth->rank_ns[rank];
		sample->bias_ns += distance / SIM_AGES_RANKS;
		sample->error_ns += fabs(distance) / SIM_AGES_RANKS;
		judge->error[bucket_of((u64)fabs(distance))]++;
	}
	double cold = ((double)sample->told_cold_pages - (double)truth->cold_pages) / pages;
	judge->reports_count++;
	judge->wrong_bin += (double)sample->wrong_pages / pages;
	judge->error_ns += sample->error_ns;
	judge->bias_ns += sample->bias_ns;
	judge->cold_error += fabs(cold);
	judge->cold_bias += cold;
	judge->cold_true += (double)truth->cold_pages / pages;
	for (u32 type = 0; type < WS_TYPES; type++)
		for (u32 bin = 0; bin < truth->hist.bins_count; bin++) {
			judge->told[type][bin] += (double)told->hist.pages[type][bin];
			judge->truth[type][bin] += (double)truth->hist.pages[type][bin];
		}
}

void sim_ages_judge_pages(struct sim_ages_judge *judge, const struct ws_source *source,
			  const struct sim_ages_memory *memory,
			  const struct sim_ages_truth *truth, u32 share)
{
	for (u32 page = memory->lru.young; page != WS_NO_PAGE; page = memory->older[page]) {
		struct ws_span span;
		if (share > 1 && sim_mix64(page) % share)
			continue;
		if (source->ops->page_span(source, page, truth->now_ns, &span))
			return;
		u64 told_ns = span.age_min_ns + (span.age_max_ns - span.age_min_ns) / 2;
		judge->pages_known = true;
		judge->pages_asked++;
		judge->pages_wrong += bin_of(&truth->hist, told_ns) !=
				      bin_of(&truth->hist, truth->now_ns - memory->last_ns[page]);
	}
}

void sim_ages_judge_result(const struct sim_ages_judge *judge, struct sim_ages_score *score)
{
	double count = (double)judge->reports_count;
	u64 all = judge->reports_count * SIM_AGES_RANKS, below = 0;
	u32 bucket = 0;

	score->reports_count = judge->reports_count;
	score->wrong_bin = judge->wrong_bin / count;
	score->wrong_page = judge->pages_known ?
				    (double)judge->pages_wrong / (double)judge->pages_asked : NAN;
	score->error_ns = judge->error_ns / count;
	score->bias_ns = judge->bias_ns / count;
	score->cold_error = judge->cold_error / count;
	score->cold_bias = judge->cold_bias / count;
	score->cold_true = judge->cold_true / count;
	for (; bucket + 1 < SIM_AGES_ERROR_BUCKETS; bucket++) {
		below += judge->error[bucket];
		if (below * 100 >= all * 95)
			break;
	}
	score->error_p95_ns = all ? bucket_ns(bucket) : NAN;
	for (u32 type = 0; type < WS_TYPES; type++)
		for (u32 bin = 0; bin < WS_BINS_MAX; bin++) {
			score->told[type][bin] = judge->told[type][bin] / count;
			score->truth[type][bin] = judge->truth[type][bin] / count;
		}
}
