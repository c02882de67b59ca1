/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_source_damon.c - DAMON's regions; see ws_source_damon.h. */
#include "ws_math.h"
#include "ws_source_damon.h"

static struct ws_source_damon *damon_of(struct ws_source *source)
{
	return (struct ws_source_damon *)source;
}

/* 0..below - 1; splitmix64 */
static u32 draw_below(struct ws_source_damon *damon, u32 below)
{
	u64 z = damon->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	z ^= z >> 31;
	return (u32)((z >> 32) * below >> 32);
}

static u32 difference(u32 a, u32 b)
{
	return a > b ? a - b : b - a;
}

/* Were the chosen pages accessed?  Then choose others. */
static void sample(struct ws_source_damon *damon)
{
	struct ws_access *access = &damon->source.access;
	u32 i;

	for (i = 0; i < damon->regions_count; i++) {
		struct ws_damon_region *region = &damon->region[i];

		if (damon->armed) {
			bool young = access->ops->take_page(access->ctx, region->sampled);

			region->nr_accesses += young;
			damon->source.cost.young += young;
			damon->source.cost.rmaps++;
		}
		region->sampled = region->first + draw_below(damon, region->count);
	}
	damon->samples += damon->armed;
}

/* Bits are cleared at the end, when splits have settled whose pages they are. */
static void arm(struct ws_source_damon *damon)
{
	struct ws_access *access = &damon->source.access;
	u32 i;

	for (i = 0; i < damon->regions_count; i++) {
		access->ops->take_page(access->ctx, damon->region[i].sampled);
		damon->source.cost.rmaps++;
	}
	damon->armed = true;
}

/* Count ages.  Return: the most accesses of any region. */
static u32 count_ages(struct ws_source_damon *damon)
{
	u32 most = 0, i;

	for (i = 0; i < damon->regions_count; i++)
		if (damon->region[i].nr_accesses > most)
			most = damon->region[i].nr_accesses;
	for (i = 0; i < damon->regions_count; i++) {
		struct ws_damon_region *region = &damon->region[i];

		if (difference(region->nr_accesses, region->last_nr_accesses) > most / 10 ||
		    !region->nr_accesses != !region->last_nr_accesses)
			region->age = 0;
		else
			region->age++;
	}
	return most;
}

static u32 mean(u32 a, u32 a_weight, u32 b, u32 b_weight)
{
	return (u32)ws_div((u64)a * a_weight + (u64)b * b_weight, (u64)a_weight + b_weight);
}

/* damon_merge_regions_of() */
static void merge(struct ws_source_damon *damon, u32 threshold, u32 count_max)
{
	struct ws_damon_region *region = damon->region, *to = region;
	u32 i;

	for (i = 1; i < damon->regions_count; i++) {
		const struct ws_damon_region *next = &region[i];

		if (difference(to->nr_accesses, next->nr_accesses) > threshold ||
		    (u64)to->count + next->count > count_max) {
			*++to = *next;
			continue;
		}
		to->nr_accesses = mean(to->nr_accesses, to->count, next->nr_accesses, next->count);
		to->age = mean(to->age, to->count, next->age, next->count);
		to->count += next->count;
	}
	damon->regions_count = (u32)(to - region) + 1;
}

/* A region of @count pages at random places in up to @parts, the last first.  Return: parts made. */
static u32 cut(struct ws_source_damon *damon, u32 count, u32 parts,
	       u32 part[WS_DAMON_SPLIT_MAX])
{
	u32 made = 0;

	/* One to nine tenths, in whole pages; then of that again (damon_split_regions_of()). */
	for (; parts > 1 && count > 2; parts--) {
		u32 size = (u32)ws_div((u64)count * (1 + draw_below(damon, 9)), 10);

		if (!size)
			continue;
		part[made++] = count - size;
		count = size;
	}
	part[made++] = count;
	return made;
}

/* Split all regions.  From the last to the first, so that they make room for themselves. */
static void split(struct ws_source_damon *damon)
{
	u32 before = damon->regions_count, most = damon->config.regions_max, parts = 2;
	struct ws_damon_region *region = damon->region;
	u32 at, i, k;

	if (before > most / 2)
		return;
	if (damon->regions_before == before && before < most / 3)
		parts = 3;
	damon->regions_before = before;
	at = before * parts;
	for (i = before; i-- > 0;) {
		struct ws_damon_region whole = region[i];
		u32 part[WS_DAMON_SPLIT_MAX], made = cut(damon, whole.count, parts, part);
		u32 end = whole.first + whole.count;

		for (k = 0; k < made; k++) {
			end -= part[k];
			region[--at] = whole;
			region[at].first = end;
			region[at].count = part[k];
		}
	}
	/* Where fewer parts were made the front is empty. */
	damon->regions_count = before * parts - at;
	memmove(region, region + at, damon->regions_count * sizeof(*region));
}

/* kdamond_fn(): what ends an aggregation. */
static void aggregate(struct ws_source_damon *damon, u64 now_ns)
{
	u32 most = count_ages(damon), i;
	u32 count_max = damon->source.pages_count / damon->config.regions_min;

	if (!count_max)
		count_max = 1;
	/* Splits keep within the most, so there are never too many to be merged more roughly. */
	merge(damon, most / 10, count_max);
	for (i = 0; i < damon->regions_count; i++) {
		damon->region[i].last_nr_accesses = damon->region[i].nr_accesses;
		damon->region[i].nr_accesses = 0;
	}
	split(damon);
	damon->samples = 0;
	damon->aggregated_ns = now_ns;
	for (i = 0; i < damon->regions_count; i++)
		damon->region[i].sampled = damon->region[i].first +
					   draw_below(damon, damon->region[i].count);
}

static u64 damon_step(struct ws_source *source, u64 now_ns)
{
	struct ws_source_damon *damon = damon_of(source);

	sample(damon);
	if ((u64)damon->samples * damon->config.sample_ns >= damon->config.aggregation_ns)
		aggregate(damon, now_ns);
	arm(damon);
	return now_ns + damon->config.sample_ns;
}

static void damon_enter(struct ws_source *source, u32 page, enum ws_type type, enum ws_enter how)
{
	(void)source;
	(void)page;
	(void)type;
	(void)how;
}

static void damon_leave(struct ws_source *source, u32 page)
{
	(void)source;
	(void)page;
}

/* Its own clock does that. */
static int damon_age(struct ws_source *source, u64 now_ns)
{
	(void)source;
	(void)now_ns;
	return 0;
}

static u64 damon_youngest_birth(const struct ws_source *source)
{
	return ((const struct ws_source_damon *)source)->aggregated_ns;
}

/* The region's age at the last aggregation, and the time since then on top. */
static struct ws_span region_span(const struct ws_source_damon *damon,
				  const struct ws_damon_region *region, u64 now_ns)
{
	struct ws_span span = { 0, damon->config.aggregation_ns };
	u64 since_ns = now_ns - damon->aggregated_ns;

	if (!region->last_nr_accesses) {
		span.age_min_ns = (u64)region->age * damon->config.aggregation_ns + since_ns;
		span.age_max_ns = span.age_min_ns + damon->config.aggregation_ns;
	} else if (since_ns > span.age_max_ns) {
		span.age_max_ns = since_ns;
	}
	return span;
}

/* Pages in memory in a region, by type: block by block, masked to the region. */
static void count_region(struct ws_source_damon *damon, const struct ws_damon_region *region,
			 u64 pages[WS_TYPES])
{
	struct ws_source *source = &damon->source;
	u32 end = region->first + region->count, word = region->first / 64;
	u64 resident, file;

	for (; (u64)word * 64 < end; word++) {
		u32 first = word * 64, left = source->pages_count - first;
		u64 mask = ~0ull;

		if (first < region->first)
			mask <<= region->first - first;
		if (end - first < 64)
			mask &= (1ull << (end - first)) - 1;
		resident = file = 0;
		source->access.ops->resident(source->access.ctx, first, left < 64 ? left : 64,
					     &resident, &file);
		resident &= mask;
		file &= resident;
		pages[WS_FILE] += ws_source_weight(&file, 1);
		resident &= ~file;
		pages[WS_ANON] += ws_source_weight(&resident, 1);
	}
	source->cost.pfns += region->count;
}

static int damon_collect(struct ws_source *source, struct ws_span_sink *sink, u64 now_ns)
{
	struct ws_source_damon *damon = damon_of(source);
	enum ws_type type;
	u32 i;

	for (i = 0; i < damon->regions_count; i++) {
		const struct ws_damon_region *region = &damon->region[i];
		struct ws_span span = region_span(damon, region, now_ns);
		u64 pages[WS_TYPES] = { 0, 0 };

		count_region(damon, region, pages);
		for (type = WS_ANON; type < WS_TYPES; type++)
			if (pages[type])
				sink->put(sink, type, span.age_min_ns, span.age_max_ns, pages[type]);
	}
	return 0;
}

static int damon_page_span(const struct ws_source *source, u32 page, u64 now_ns,
			   struct ws_span *span)
{
	const struct ws_source_damon *damon = (const struct ws_source_damon *)source;
	u32 low = 0, high = damon->regions_count;

	while (high - low > 1) {
		u32 middle = low + (high - low) / 2;

		if (damon->region[middle].first <= page)
			low = middle;
		else
			high = middle;
	}
	*span = region_span(damon, &damon->region[low], now_ns);
	return 0;
}

static const struct ws_source_ops damon_ops = {
	.name = "damon",
	.enter = damon_enter,
	.leave = damon_leave,
	.step = damon_step,
	.age = damon_age,
	.youngest_birth = damon_youngest_birth,
	.collect = damon_collect,
	.page_span = damon_page_span,
};

u64 ws_source_damon_footprint(const struct ws_damon_config *config)
{
	return (u64)config->regions_max * sizeof(struct ws_damon_region);
}

int ws_source_damon_init(struct ws_source_damon *damon, const struct ws_damon_config *config,
			 struct ws_damon_region *region, u32 pages_count,
			 const struct ws_access *access, u64 now_ns)
{
	u32 count = config->regions_min, i;

	if (!config->sample_ns || config->aggregation_ns < config->sample_ns ||
	    config->regions_min < 3 || config->regions_max < config->regions_min || !pages_count)
		return -EINVAL;
	memset(damon, 0, sizeof(*damon));
	ws_source_init(&damon->source, &damon_ops, access, pages_count, now_ns);
	damon->config = *config;
	damon->region = region;
	damon->random = config->seed;
	damon->aggregated_ns = now_ns;
	if (count > pages_count)
		count = pages_count;
	for (i = 0; i < count; i++) {
		u32 first = (u32)ws_muldiv(pages_count, i, count);
		u32 end = (u32)ws_muldiv(pages_count, (u64)i + 1, count);

		region[i] = (struct ws_damon_region){ .first = first, .count = end - first };
	}
	damon->regions_count = count;
	return 0;
}

bool ws_source_damon_check(const struct ws_source_damon *damon)
{
	u32 end = 0, i;

	for (i = 0; i < damon->regions_count; i++) {
		const struct ws_damon_region *region = &damon->region[i];

		if (region->first != end || !region->count ||
		    region->count > damon->source.pages_count - end)
			return false;
		end += region->count;
	}
	return end == damon->source.pages_count && damon->regions_count <= damon->config.regions_max;
}
