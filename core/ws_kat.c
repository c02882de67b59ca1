/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_kat.c - known answers of every module; see ws_kat.h.
 *
 * Each kat_x() drives its module with a stream of its own and puts all that the
 * module answers into a digest.  What is random is drawn in separate statements,
 * for the order of evaluation of arguments is the compiler's.
 */
#include "ws_balloon.h"
#include "ws_group.h"
#include "ws_hint.h"
#include "ws_kat.h"
#include "ws_lru.h"
#include "ws_math.h"
#include "ws_proto.h"
#include "ws_source_damon.h"
#include "ws_source_lists.h"
#include "ws_source_mglru.h"
#include "ws_source_refs.h"
#include "ws_source_scan.h"
#include "ws_vq.h"
#include "ws_walk.h"

#define PAGES 4096u
#define KAT_REGIONS 100u
#define KAT_GROUPS 4u
#define POOL_WORDS (16 * (2 + PAGES / 8)) /* ws_queue_footprint() */

struct kat {
	u64 random;
	u64 digest;
	u16 page[PAGES];
	u64 young[PAGES / 64];
	u32 shadow[PAGES];
	u32 pool[POOL_WORDS];
	struct ws_lru lru;
	struct ws_walk walk;
	struct ws_lru group_lru[KAT_GROUPS];
	struct ws_hist group_hist[KAT_GROUPS];
	u64 group_memory[KAT_GROUPS * (sizeof(struct ws_group) / 8 + 1)];
	struct ws_reaccess reaccess, reaccess_parent;
	struct ws_reaccess_gen reaccess_gen[WS_REACCESS_GENS_MIN];
	struct ws_report report;
	struct ws_hist hist;
	struct ws_msg msg;
	struct ws_report_config report_config;
	struct ws_proto_guest guest;
	struct ws_proto_host host;
	struct ws_stats stats;
	u8 bytes[WS_WIRE_TO_HOST_MAX];
	union {
		struct ws_source_mglru mglru;
		struct ws_source_lists lists;
		struct ws_source_damon damon;
		struct ws_source_scan scan;
		struct ws_source_refs refs;
	} source;
	struct ws_damon_region region[KAT_REGIONS];
};

static void put(struct kat *kat, u64 word)
{
	kat->digest = (kat->digest ^ word) * 0x100000001b3ull;
	kat->digest ^= kat->digest >> 29;
}

static void put_bytes(struct kat *kat, const u8 *bytes, u32 count)
{
	while (count--)
		put(kat, *bytes++);
}

/* splitmix64 */
static u64 draw(struct kat *kat)
{
	u64 z = kat->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* 0..below - 1, for @below up to 2^32 */
static u32 draw_below(struct kat *kat, u32 below)
{
	return (u32)((draw(kat) >> 32) * below >> 32);
}

/* A u64 of any magnitude. */
static u64 draw_wide(struct kat *kat)
{
	u32 shift = draw_below(kat, 64);

	return draw(kat) >> shift;
}

static void kat_math(struct kat *kat)
{
	u32 i;

	for (i = 0; i < 1000; i++) {
		u64 a = draw_wide(kat), b = draw_wide(kat), c = draw_wide(kat), d = draw_wide(kat);
		struct ws_u128 product = ws_mul(a, b);

		put(kat, product.high);
		put(kat, product.low);
		put(kat, ws_mul_le(a, b, c, d));
		put(kat, product.high < c ? ws_muldiv(a, b, c) : c);
		put(kat, ws_div(a, d + !d));
	}
}

static void put_age(struct kat *kat, const struct ws_age *age)
{
	enum ws_type type;
	u64 seq;

	for (type = WS_ANON; type < WS_TYPES; type++)
		for (seq = age->min_seq[type]; seq <= age->max_seq; seq++) {
			put(kat, ws_age_pages(age, seq, type));
			put(kat, ws_age_birth(age, seq));
		}
}

static void age_step(struct kat *kat, struct ws_age *age, u64 now_ns)
{
	u32 page = draw_below(kat, PAGES), what = draw_below(kat, 16);
	u64 seq = age->max_seq - draw_below(kat, 8);
	bool folded[WS_TYPES];

	if (!ws_page_aged(age->page[page])) {
		ws_age_add(age, page, what & 1 ? WS_FILE : WS_ANON, seq);
	} else if (what < 3) {
		ws_age_remove(age, page);
	} else if (what < 6) {
		ws_age_move(age, page, seq);
	} else if (what < 8) {
		while (ws_age_advance(age, now_ns, folded) == -EAGAIN)
			put(kat, ws_age_tidy(age, PAGES, NULL, NULL));
		put(kat, folded[WS_ANON] * 2u + folded[WS_FILE]);
	} else if (what == 8) {
		put(kat, ws_age_drop_empty(age, WS_ANON));
		put(kat, ws_age_fold(age, WS_FILE));
	} else {
		kat->young[0] = draw(kat);
		kat->young[1] = draw(kat) & draw(kat);
		put(kat, ws_age_harvest(age, page & ~127u, kat->young, 64 + (page & 64)));
	}
}

static void kat_age(struct kat *kat)
{
	static const u8 gens[] = { 2, 3, 4, 7, 64 };
	struct ws_age *age = &kat->lru.age;
	u32 i, step;

	for (i = 0; i < sizeof(gens); i++) {
		memset(kat->page, 0, sizeof(kat->page));
		put(kat, (u64)-ws_age_init(age, kat->page, PAGES, gens[i], 0));
		for (step = 0; step < 6000; step++) {
			age_step(kat, age, step);
			if (step % 64 == 0)
				put_age(kat, age);
		}
		for (step = 0; step < PAGES; step++)
			put(kat, ws_page_aged(kat->page[step]) ? ws_age_seq(age, step) : ~0ull);
		put(kat, ws_age_check(age));
	}
}

static void kat_refault(struct kat *kat)
{
	struct ws_refault *refault = &kat->lru.refault;
	u32 i, limit;

	ws_refault_init(refault);
	memset(kat->shadow, 0, sizeof(kat->shadow));
	for (i = 0; i < 20000; i++) {
		u32 page = draw_below(kat, PAGES), refs = draw_below(kat, WS_REFS_MAX + 1);
		enum ws_type type = page & 1 ? WS_FILE : WS_ANON;
		u64 min_seq = i / 500;

		if (kat->shadow[page]) {
			struct ws_refault_verdict verdict = ws_refault_arrive(
				refault, type, min_seq, kat->shadow[page], refs & 1);

			put(kat, verdict.recent * 2u + verdict.workingset);
			kat->shadow[page] = 0;
		} else if (refs && draw_below(kat, 4) == 0) {
			ws_refault_protect(refault, type, ws_refault_tier(refs));
		} else {
			kat->shadow[page] = ws_refault_evict(refault, type, min_seq, refs);
			put(kat, kat->shadow[page]);
		}
		if (i % 500 == 499)
			ws_refault_carry(refault, type);
		put(kat, ws_refault_tier_limit(refault, type));
		put(kat, ws_refault_choose(refault, i % 201, &limit));
		put(kat, limit);
	}
}

static u64 kat_look_around(void *ctx, u32 page)
{
	struct kat *kat = ctx;
	u64 young = kat->young[page / 64];

	if (!(young >> page % 64 & 1))
		return 0;
	kat->young[page / 64] = 0;
	return young;
}

static void lru_age(struct kat *kat, u64 now_ns)
{
	u32 first;

	for (first = 0; first < PAGES; first += 512)
		put(kat, ws_lru_harvest(&kat->lru, first, kat->young + first / 64, 512));
	memset(kat->young, 0, sizeof(kat->young));
	while (ws_lru_advance(&kat->lru, now_ns) == -EAGAIN)
		ws_age_tidy(&kat->lru.age, PAGES, NULL, NULL);
}

static void lru_evict(struct kat *kat, u32 swappiness)
{
	static const struct ws_lru_ops ops = { .look_around = kat_look_around };
	struct ws_lru_scan scan = { .swappiness = swappiness, .budget = 256 };
	u32 victim[32], shadow[32], count, i;

	count = ws_lru_evict(&kat->lru, &scan, &ops, kat, victim, shadow, 32);
	put(kat, (u64)scan.scanned << 32 | scan.rmap_walks);
	for (i = 0; i < count; i++) {
		put(kat, (u64)victim[i] << 32 | shadow[i]);
		kat->shadow[victim[i]] = shadow[i];
		kat->young[victim[i] / 64] &= ~(1ull << victim[i] % 64);
	}
}

static void lru_clear(struct kat *kat)
{
	memset(kat->page, 0, sizeof(kat->page));
	memset(kat->pool, 0, sizeof(kat->pool));
	memset(kat->young, 0, sizeof(kat->young));
	memset(kat->shadow, 0, sizeof(kat->shadow));
}

/* Accesses of all kinds from @from_ns on, a nanosecond each, in half as much memory as they want. */
static void lru_live(struct kat *kat, u32 from_ns, u32 steps)
{
	static const u8 swappiness[] = { 60, 0, 200, 1, 100 };
	u32 resident = (u32)ws_age_total(&kat->lru.age), i;

	for (i = 0; i < steps; i++) {
		u32 a = draw_below(kat, PAGES), b = draw_below(kat, PAGES), page = a < b ? a : b;
		enum ws_type type = page % 3 ? WS_ANON : WS_FILE;

		if (!ws_page_aged(kat->page[page])) {
			ws_lru_add(&kat->lru, page, type, a % 4 == 3 ? WS_ENTER_READ : WS_ENTER_FAULT,
				   kat->shadow[page]);
			kat->shadow[page] = 0;
			resident++;
		} else if (type == WS_FILE && b % 4) {
			ws_lru_descriptor_access(&kat->lru, page);
		} else if (b % 64 == 0) {
			ws_lru_remove(&kat->lru, page);
			resident--;
		} else {
			kat->young[page / 64] |= 1ull << page % 64;
		}
		if (resident > PAGES / 2) {
			if (ws_lru_wants_ageing(&kat->lru, swappiness[i % 5]))
				lru_age(kat, from_ns + i);
			lru_evict(kat, swappiness[i % 5]);
			resident = (u32)ws_age_total(&kat->lru.age);
		}
	}
	put_age(kat, &kat->lru.age);
	put(kat, ws_lru_check(&kat->lru));
}

static void kat_lru(struct kat *kat)
{
	lru_clear(kat);
	put(kat, (u64)-ws_lru_init(&kat->lru, kat->page, kat->pool, PAGES, WS_GENS_LINUX, 0));
	lru_live(kat, 0, 60000);
}

static void kat_rules(struct kat *kat)
{
	u32 i;

	for (i = 0; i < WS_RULES_COUNT; i++) {
		lru_clear(kat);
		put(kat, (u64)-ws_lru_init_rules(&kat->lru, kat->page, kat->pool, PAGES,
						 &ws_rules_table[i], 0));
		lru_live(kat, 0, 20000);
	}
}

static void put_hist(struct kat *kat, const struct ws_hist *hist)
{
	u32 i;

	for (i = 0; i < hist->bins_count; i++) {
		put(kat, hist->pages[WS_ANON][i]);
		put(kat, hist->pages[WS_FILE][i]);
	}
}

static void put_reaccess(struct kat *kat, const struct ws_reaccess *reaccess)
{
	u32 type;

	put_hist(kat, &reaccess->hist);
	for (type = 0; type < WS_TYPES; type++) {
		put(kat, reaccess->older[type]);
		put(kat, reaccess->resident_total[type]);
		put(kat, reaccess->evicted_total[type]);
	}
	put(kat, reaccess->clearings_count);
}

/* The same life, watched; edges change on the way, and a parent sums up by others. */
static void kat_reaccess(struct kat *kat)
{
	static const u64 edge_ns[] = { 500, 2000, 9000 }, wide_ns[] = { 5000 };
	const u32 steps = 8000;
	u32 i;

	lru_clear(kat);
	put(kat, (u64)-ws_lru_init(&kat->lru, kat->page, kat->pool, PAGES, WS_GENS_LINUX, 0));
	put(kat, (u64)-ws_reaccess_init(&kat->reaccess_parent, NULL, NULL, 0, 0));
	put(kat, (u64)-ws_reaccess_init(&kat->reaccess, &kat->reaccess_parent, kat->reaccess_gen,
					WS_REACCESS_GENS_MIN, 0));
	put(kat, (u64)-ws_reaccess_configure(&kat->reaccess_parent, wide_ns, 1, 0));
	ws_lru_watch(&kat->lru, &kat->reaccess, 0);
	for (i = 0; i < 6; i++) {
		put(kat, (u64)-ws_reaccess_configure(&kat->reaccess, edge_ns, i < 3 ? 3 : 2, i * steps));
		lru_live(kat, i * steps, steps);
		ws_reaccess_settle(&kat->reaccess, &kat->lru.age, (i + 1) * steps);
		put_reaccess(kat, &kat->reaccess);
		put_reaccess(kat, &kat->reaccess_parent);
	}
}

static u32 kat_harvest_table(void *ctx, u32 table, u64 young[WS_TABLE_WORDS], u32 *young_count)
{
	struct kat *kat = ctx;
	u32 i;

	for (i = 0; i < WS_TABLE_WORDS; i++) {
		u64 word = kat->young[table * WS_TABLE_WORDS + i];

		kat->young[table * WS_TABLE_WORDS + i] = 0;
		young[i] = word;
		for (; word; word &= word - 1)
			++*young_count;
	}
	put(kat, (u64)table << 32 | *young_count);
	return WS_TABLE_PAGES;
}

static void kat_walk(struct kat *kat)
{
	static const struct ws_walk_ops ops = { .harvest = kat_harvest_table };
	u32 pass, i;

	ws_walk_init(&kat->walk);
	for (pass = 0; pass < 200; pass++) {
		u32 dense = draw_below(kat, PAGES / 64), forced = draw_below(kat, 10);

		for (i = 0; i < 8; i++)
			kat->young[(dense + i) % (PAGES / 64)] |= draw(kat);
		ws_walk_look_around(&kat->walk, pass, draw_below(kat, PAGES / WS_TABLE_PAGES), 9, 64);
		ws_walk_begin(&kat->walk, pass, PAGES / WS_TABLE_PAGES, true, !forced);
		while (ws_walk_step(&kat->walk, &ops, kat, 3))
			;
		put(kat, kat->walk.tables_skipped_filter);
	}
	for (i = 0; i < 10000; i++)
		ws_bloom_add(&kat->walk.filter[0], draw_below(kat, ~0u));
	for (i = 0; i < 10000; i++)
		put(kat, ws_bloom_test(&kat->walk.filter[0], i));
}

static void put_groups(struct kat *kat, struct ws_groups *groups, u64 now_ns)
{
	struct ws_groups_pass pass;
	u32 i, bin;

	ws_groups_protect(groups, draw_below(kat, 2));
	ws_groups_collect_begin(&pass, groups, kat->group_hist, WS_NODE_ALL, now_ns);
	while (ws_groups_collect_step(&pass, 3))
		;
	put(kat, ws_groups_out_of_memory(groups, 0, 9 * WS_NS_PER_MS, now_ns, 60, 2));
	for (i = 0; i < KAT_GROUPS; i++) {
		put(kat, groups->group[i].emin_pages << 32 | groups->group[i].elow_pages);
		put(kat, ws_groups_scan(groups, i, 1000, i & 1, true));
		for (bin = 0; bin < 3; bin++)
			put(kat, kat->group_hist[i].pages[WS_ANON][bin]);
	}
}

static void kat_group(struct kat *kat)
{
	static const u64 edge_ns[] = { 3 * WS_NS_PER_MS, 8 * WS_NS_PER_MS };
	struct ws_groups groups;
	u32 i, page, group, min, low;

	put(kat, (u64)-ws_groups_init(&groups, kat->group_memory, KAT_GROUPS, 1));
	put(kat, (u64)-ws_hist_init(&kat->group_hist[0], edge_ns, 2));
	for (i = 0; i < KAT_GROUPS; i++) {
		if (i)
			put(kat, (u64)-ws_groups_add(&groups, i / 2, &group));
		ws_lru_init(&kat->group_lru[i], kat->page, kat->pool, PAGES, WS_GENS_LINUX, 0);
		put(kat, (u64)-ws_groups_attach(&groups, i, 0, &kat->group_lru[i]));
	}
	for (page = 0; page < PAGES; page++) {
		i = draw_below(kat, KAT_GROUPS);
		ws_lru_add(&kat->group_lru[i], page, WS_ANON, WS_ENTER_FAULT, 0);
		kat->shadow[page] = i;
		if (page % 64)
			continue;
		low = draw_below(kat, PAGES);
		min = draw_below(kat, PAGES / 2);
		ws_groups_limit(&groups, i, min, low);
		ws_lru_advance(&kat->group_lru[i], page / 64 * WS_NS_PER_MS);
		put_groups(kat, &groups, page / 64 * WS_NS_PER_MS);
	}
}

static u32 draw_edges(struct kat *kat, u64 *edge_ns, u32 edges_count)
{
	u64 below = 0;
	u32 i;

	for (i = 0; i < edges_count; i++) {
		below += 1 + draw_below(kat, 100);
		edge_ns[i] = below * WS_NS_PER_MS;
	}
	return edges_count;
}

static void kat_hist(struct kat *kat)
{
	u64 edge_ns[WS_EDGES_MAX];
	u32 i, span;

	for (i = 0; i < 200; i++) {
		u32 edges_count = 1 + draw_below(kat, WS_EDGES_MAX);

		draw_edges(kat, edge_ns, edges_count);
		put(kat, (u64)-ws_hist_init(&kat->hist, edge_ns, edges_count));
		for (span = 0; span < 8; span++) {
			u64 from = (u64)draw_below(kat, 2000) * WS_NS_PER_MS;
			u64 length = draw_wide(kat) >> 24, pages = draw_wide(kat) >> 12;

			ws_hist_add_span(&kat->hist, span & 1 ? WS_FILE : WS_ANON, from,
					 from + length, pages);
		}
		put_hist(kat, &kat->hist);
	}
}

static int kat_age_op(void *ctx, u64 now_ns)
{
	struct kat *kat = ctx;
	bool folded[WS_TYPES];
	u32 first;

	for (first = 0; first < PAGES; first += 512) {
		u64 young[8];
		u32 i;

		for (i = 0; i < 8; i++)
			young[i] = draw(kat) & draw(kat) & draw(kat);
		ws_age_harvest(&kat->lru.age, first, young, 512);
	}
	while (ws_age_advance(&kat->lru.age, now_ns, folded) == -EAGAIN)
		ws_age_tidy(&kat->lru.age, PAGES, NULL, NULL);
	return 0;
}

static u64 kat_birth_op(void *ctx)
{
	struct kat *kat = ctx;

	return ws_age_birth(&kat->lru.age, kat->lru.age.max_seq);
}

static int kat_collect_op(void *ctx, struct ws_hist *hist, u64 now_ns)
{
	struct kat *kat = ctx;

	ws_age_collect(&kat->lru.age, hist, now_ns);
	return 0;
}

static void kat_report(struct kat *kat)
{
	static const struct ws_ages_ops ops = {
		.age = kat_age_op, .youngest_birth = kat_birth_op, .collect = kat_collect_op,
	};
	struct ws_report_config *config = &kat->msg.config;
	u64 now_ns = 0;
	u32 i;

	memset(kat->page, 0, sizeof(kat->page));
	ws_age_init(&kat->lru.age, kat->page, PAGES, 8, 0);
	for (i = 0; i < PAGES; i++)
		ws_age_add(&kat->lru.age, i, i % 5 ? WS_ANON : WS_FILE, i % 8);
	ws_report_init(&kat->report, &ops, kat);
	put(kat, (u64)-ws_report_refresh(&kat->report, 0));
	config->edges_count = draw_edges(kat, config->edge_ns, 12);
	config->refresh_interval_ns = 40 * WS_NS_PER_MS;
	config->report_threshold_ns = 90 * WS_NS_PER_MS;
	put(kat, (u64)-ws_report_configure(&kat->report, config));
	for (i = 0; i < 1000; i++) {
		now_ns += draw_below(kat, 30) * WS_NS_PER_MS;
		if (draw_below(kat, 2))
			put(kat, (u64)-ws_report_refresh(&kat->report, now_ns));
		else
			put(kat, ws_report_pressure(&kat->report, now_ns));
		put_hist(kat, &kat->report.hist);
	}
	put(kat, kat->report.ageings_count);
	put(kat, kat->report.cached_count);
}

static void put_msg(struct kat *kat, const struct ws_msg *msg)
{
	u32 i;

	put(kat, (u64)msg->kind << 32 | msg->node);
	if (msg->kind == WS_MSG_CONFIG) {
		for (i = 0; i < msg->config.edges_count; i++)
			put(kat, msg->config.edge_ns[i]);
		put(kat, msg->config.refresh_interval_ns);
		put(kat, msg->config.report_threshold_ns);
	}
	if (msg->kind == WS_MSG_REPORT) {
		put(kat, (u64)-msg->report.error);
		for (i = 0; i < msg->report.bins_count; i++) {
			put(kat, msg->report.bin[i].idle_age_ns);
			put(kat, msg->report.bin[i].anon_bytes);
			put(kat, msg->report.bin[i].file_bytes);
		}
		put(kat, (u64)msg->id << 32 | msg->report.config_id);
		put(kat, msg->report.sequence);
		put(kat, msg->report.made_ns ^ msg->report.age_ns);
		put(kat, msg->report.continued * 8u + msg->report.stale * 4u +
			 msg->report.more * 2u + msg->report.pressure);
	}
	if (msg->kind == WS_MSG_VERDICT)
		put(kat, ((u64)msg->verdict.status << 32 | msg->verdict.detail) ^
				 (u64)msg->verdict.config_id << 16);
}

/* Encode kat->msg, digest the bytes, damage some, decode what they have become. */
static void wire_round(struct kat *kat, const struct ws_dialect *dialect, u32 bins)
{
	bool to_host = kat->msg.kind == WS_MSG_REPORT || kat->msg.kind == WS_MSG_VERDICT;
	int written = to_host ? dialect->encode_to_host(&kat->msg, bins, kat->bytes,
							sizeof(kat->bytes)) :
				dialect->encode_to_guest(&kat->msg, bins, kat->bytes,
							 sizeof(kat->bytes));
	u32 damage = draw_below(kat, 3);
	int error;

	put(kat, (u64)written);
	if (written < 0)
		return;
	put_bytes(kat, kat->bytes, (u32)written);
	while (damage--) {
		u32 at = draw_below(kat, (u32)written);

		kat->bytes[at] ^= (u8)draw_below(kat, 256);
	}
	written -= draw_below(kat, 8) == 0;
	error = to_host ? dialect->decode_to_host(&kat->msg, bins, kat->bytes, (u32)written) :
			  dialect->decode_to_guest(&kat->msg, bins, kat->bytes, (u32)written);
	put(kat, (u64)-error);
	if (!error)
		put_msg(kat, &kat->msg);
}

static void kat_wire_base(struct kat *kat)
{
	struct ws_balloon_config config;
	u32 i, tag;

	for (i = 0; i < 100; i++) {
		kat->stats.present = draw_below(kat, 1u << WS_STATS);
		for (tag = 0; tag < WS_STATS; tag++)
			kat->stats.value[tag] = draw(kat);
		put(kat, (u64)ws_wire_stats_encode(&kat->stats, kat->bytes, sizeof(kat->bytes)));
		put_bytes(kat, kat->bytes, WS_STATS_BYTES_MAX);
		put(kat, (u64)-ws_wire_stats_decode(&kat->stats, kat->bytes, i));
		put(kat, kat->stats.present);
		put(kat, (u64)-ws_wire_config_decode(&config, ws_dialects[i % 4], kat->bytes, i));
		put(kat, config.actual);
		put(kat, config.working_set_bins);
		put(kat, (u64)ws_wire_pfns_decode(kat->shadow, WS_PFNS_MAX, kat->bytes, i));
	}
}

/* What only numbered dialects have: marks of a report, several nodes, verdicts. */
static void wire_numbered(struct kat *kat, const struct ws_dialect *dialect, u32 bins)
{
	struct ws_msg_report *report = &kat->msg.report;
	u32 i, bin;

	ws_msg_from_hist(&kat->msg, &kat->hist, WS_NODE_ANY);
	kat->msg.id = draw_below(kat, 3);
	report->pressure = !kat->msg.id;
	report->sequence = draw(kat);
	report->made_ns = draw(kat) >> 20;
	report->age_ns = draw(kat) >> 30;
	report->parts_count = 2 + draw_below(kat, WS_PARTS_MAX - 1);
	for (i = 0; i < report->parts_count; i++) {
		report->part[i].node = (u16)i;
		report->part[i].stale = draw_below(kat, 2);
		for (bin = 0; bin < report->bins_count; bin++)
			report->part[i].bytes[WS_ANON][bin] = draw_below(kat, 1000);
	}
	wire_round(kat, dialect, bins);
	memset(&kat->msg, 0, sizeof(kat->msg));
	kat->msg.kind = WS_MSG_VERDICT;
	kat->msg.id = 1 + draw_below(kat, 100);
	kat->msg.verdict.status = draw_below(kat, WS_STATUSES);
	kat->msg.verdict.detail = (u32)draw(kat);
	kat->msg.verdict.config_id = (u32)draw(kat);
	wire_round(kat, dialect, bins);
}

static void kat_vq(struct kat *kat)
{
	u32 i, queue;

	for (i = 0; i < 300; i++) {
		u64 offered = draw(kat), negotiated = offered & draw(kat);
		u32 bit = draw_below(kat, WS_VQ_BITS + 1);

		for (queue = 0; queue <= WS_VQS; queue++)
			put(kat, (u64)ws_vq_index((enum ws_vq_rule)(i % 3), offered, negotiated, bit,
						  (enum ws_vq)queue));
	}
}

static void kat_wire(struct kat *kat)
{
	const struct ws_dialect *const *dialect;
	u32 i;

	memset(kat->bytes, 0, sizeof(kat->bytes));
	for (dialect = ws_dialects; *dialect; dialect++) {
		for (i = 0; i < 300; i++) {
			u32 bins = (*dialect)->bins_min, span;

			bins += draw_below(kat, (u32)(*dialect)->bins_max - bins + 1);
			memset(&kat->msg, 0, sizeof(kat->msg));
			kat->msg.kind = i % 3 ? WS_MSG_CONFIG : WS_MSG_REQUEST;
			kat->msg.node = (u16)draw_below(kat, 4);
			kat->msg.id = (*dialect)->numbered ? 1 + draw_below(kat, 100) : 0;
			kat->msg.config.edges_count =
				draw_edges(kat, kat->msg.config.edge_ns, bins - 1);
			kat->msg.config.refresh_interval_ns = draw(kat) >> 24;
			put(kat, (u64)-ws_hist_init(&kat->hist, kat->msg.config.edge_ns, bins - 1));
			wire_round(kat, *dialect, bins);
			for (span = 0; span < 4; span++) {
				u64 age_ns = draw(kat) >> 24;

				ws_hist_add_span(&kat->hist, span & 1, 0, age_ns,
						 draw_below(kat, 1u << 20));
			}
			ws_msg_from_hist(&kat->msg, &kat->hist, (u16)i);
			wire_round(kat, *dialect, bins);
			if ((*dialect)->numbered)
				wire_numbered(kat, *dialect, bins);
		}
	}
	kat_wire_base(kat);
	kat_vq(kat);
}

/* The guest says what has come of a configuration, now and then that it will not have it. */
static void proto_verdict(struct kat *kat, u64 now_ns)
{
	struct ws_proto_heard heard;
	enum ws_status status = draw_below(kat, 8) ? WS_STATUS_OK : WS_STATUS_FAILED;
	int length = ws_proto_guest_verdict(&kat->guest, status, 7, kat->bytes,
					    sizeof(kat->bytes));

	put(kat, (u64)length);
	if (status) /* the edges of before are in force again, if any */
		put(kat, (u64)-ws_hist_init(&kat->hist, kat->guest.config.edge_ns,
					    kat->guest.config.edges_count));
	if (length <= 0 || draw_below(kat, 8) == 0)
		return;
	put(kat, (u64)ws_proto_host_consume(&kat->host, kat->bytes, (u32)length, now_ns,
					    &kat->msg, &heard));
	put(kat, (u64)heard.status << 32 | heard.detail);
}

/* What the guest does with the message of @length in kat->bytes; its answer to the host. */
static void proto_deliver(struct kat *kat, int length, u64 now_ns)
{
	struct ws_proto_heard heard;
	int action = ws_proto_guest_consume(&kat->guest, kat->bytes, (u32)length, now_ns);

	put(kat, (u64)action);
	if (action == WS_PROTO_CONFIGURE)
		put(kat, (u64)-ws_hist_init(&kat->hist, kat->guest.msg.config.edge_ns,
					    kat->guest.msg.config.edges_count));
	if (action >= 0 && action != WS_PROTO_NOTHING && action != WS_PROTO_REPORT)
		proto_verdict(kat, now_ns);
	if (action != WS_PROTO_REPORT || draw_below(kat, 4) == 0)
		return;
	ws_hist_add_span(&kat->hist, WS_ANON, 0, now_ns, draw_below(kat, 1000));
	length = ws_proto_guest_report(&kat->guest, &kat->hist, 0, kat->bytes, sizeof(kat->bytes));
	put(kat, (u64)length);
	if (length < 0)
		return;
	put(kat, (u64)-ws_proto_host_consume(&kat->host, kat->bytes, (u32)length, now_ns, &kat->msg,
					     &heard));
	put(kat, heard.waited_ns * 4 + heard.solicited * 2ull + heard.edges_match);
	put_msg(kat, &kat->msg);
}

static void kat_proto(struct kat *kat)
{
	const struct ws_dialect *const *dialect;
	struct ws_report_config *config = &kat->report_config;
	u64 now_ns = 0;
	u32 i;

	for (dialect = ws_dialects; *dialect; dialect++) {
		u32 bins = (*dialect)->bins_max;

		put(kat, (u64)-ws_proto_guest_init(&kat->guest, *dialect, bins));
		put(kat, (u64)-ws_proto_host_init(&kat->host, *dialect, bins, 50 * WS_NS_PER_MS));
		for (i = 0; i < 500; i++) {
			u32 what = draw_below(kat, 16);
			int length;

			now_ns += draw_below(kat, 20) * WS_NS_PER_MS;
			if (what == 0) {
				ws_proto_guest_reset(&kat->guest);
				continue;
			}
			if (what < 3) {
				config->edges_count = draw_edges(kat, config->edge_ns, bins - 1);
				config->refresh_interval_ns = draw(kat) >> 30;
				config->report_threshold_ns = draw(kat) >> 30;
				length = ws_proto_host_config(&kat->host, config, 0, kat->bytes,
							      sizeof(kat->bytes));
			} else {
				length = ws_proto_host_request(&kat->host, now_ns, kat->bytes,
							       sizeof(kat->bytes));
			}
			put(kat, (u64)length);
			if (length > 0 && what != 15)
				proto_deliver(kat, length, now_ns);
		}
		put(kat, kat->host.expired_count);
		put(kat, kat->guest.early_count);
	}
}

static void kat_balloon(struct kat *kat)
{
	struct ws_balloon balloon;
	u64 now_ns = 0;
	u32 i;

	ws_balloon_init(&balloon, true);
	for (i = 0; i < 5000; i++) {
		struct ws_balloon_next next = ws_balloon_step(&balloon, now_ns);
		u32 got = next.pages;

		put(kat, (u64)next.what << 32 | next.pages);
		put(kat, next.until_ns);
		now_ns += draw_below(kat, 40) * WS_NS_PER_MS;
		if (draw_below(kat, 8) == 0)
			got = draw_below(kat, next.pages + 1);
		if (next.what == WS_BALLOON_INFLATE)
			ws_balloon_inflated(&balloon, next.pages, got, now_ns);
		if (next.what == WS_BALLOON_DEFLATE)
			ws_balloon_deflated(&balloon, next.pages);
		if (draw_below(kat, 32) == 0)
			put(kat, ws_balloon_oom(&balloon));
		if (draw_below(kat, 16) == 0)
			ws_balloon_set_target(&balloon, draw_below(kat, 8192));
		put(kat, balloon.actual_pages);
	}
}

/* --- sources of ages, over pages whose bits are kat->young, file where kat->shadow says --- */

static u32 kat_take(void *ctx, u32 first, u32 count, u64 *bits)
{
	struct kat *kat = ctx;

	memcpy(bits, kat->young + first / 64, count / 8);
	memset(kat->young + first / 64, 0, count / 8);
	return count;
}

static u32 kat_look(void *ctx, u32 first, u32 count, u64 *bits)
{
	memcpy(bits, ((struct kat *)ctx)->young + first / 64, count / 8);
	return count;
}

static bool kat_take_page(void *ctx, u32 page)
{
	u64 *word = &((struct kat *)ctx)->young[page / 64], bit = 1ull << page % 64;
	bool young = *word & bit;

	*word &= ~bit;
	return young;
}

/* Even blocks of 64 are in memory; every third page is a file's. */
static void kat_resident(void *ctx, u32 first, u32 count, u64 *resident, u64 *file)
{
	u32 i;

	(void)ctx;
	for (i = 0; i < count; i++) {
		resident[i / 64] |= (u64)((first + i) / 64 % 2 == 0) << i % 64;
		file[i / 64] |= (u64)((first + i) % 3 == 0) << i % 64;
	}
}

struct kat_sink {
	struct ws_span_sink sink;
	struct kat *kat;
};

static void kat_span(struct ws_span_sink *sink, enum ws_type type, u64 age_min_ns, u64 age_max_ns,
		     u64 pages)
{
	struct kat *kat = ((struct kat_sink *)sink)->kat;

	put(kat, (u64)type);
	put(kat, age_min_ns);
	put(kat, age_max_ns);
	put(kat, pages);
}

/* Some seconds of a source's life. */
static void kat_source(struct kat *kat, struct ws_source *source)
{
	struct kat_sink sink = { { kat_span }, kat };
	u64 now_ns = 0, step_ns = 0;
	u32 i, page;

	memset(kat->young, 0, sizeof(kat->young));
	for (page = 0; page < PAGES; page++)
		if (page / 64 % 2 == 0)
			source->ops->enter(source, page, page % 3 ? WS_ANON : WS_FILE,
					   (enum ws_enter)(page % 5 ? WS_ENTER_FAULT : page / 5 % 6));
	for (i = 0; i < 400; i++) {
		u32 hot = draw_below(kat, PAGES / 8), any = draw_below(kat, PAGES);

		now_ns += 5 * WS_NS_PER_MS;
		kat->young[hot / 64 & ~1u] |= 1ull << hot % 64;
		kat->young[any / 64 & ~1u] |= 1ull << any % 64;
		if (source->ops->descriptor)
			source->ops->descriptor(source, any & ~64u);
		while (source->ops->step && step_ns <= now_ns)
			step_ns = source->ops->step(source, step_ns);
		if (i % 20 == 19)
			put(kat, (u64)-source->ops->age(source, now_ns));
		if (i % 70 == 69)
			put(kat, (u64)-source->ops->collect(source, &sink.sink, now_ns));
	}
	put(kat, source->cost.ptes);
	put(kat, source->cost.young);
	put(kat, source->cost.rmaps);
	put(kat, source->cost.pfns);
}

/* Both ends with a channel of one message, and commands that come at any time. */
static void kat_hint(struct kat *kat)
{
	struct ws_hint_guest guest;
	struct ws_hint_host host;
	u32 i, id;

	ws_hint_guest_init(&guest);
	ws_hint_host_init(&host);
	for (i = 0; i < 2000; i++) {
		switch (draw_below(kat, 12)) {
		case 0:
			put(kat, ws_hint_host_begin(&host));
			break;
		case 1:
			ws_hint_host_stop(&host);
			break;
		case 2:
			ws_hint_host_done(&host);
			break;
		case 3:
			put(kat, ws_hint_host_hear(&host, draw_below(kat, 4)));
			break;
		case 4:
			ws_hint_host_reset(&host);
			break;
		case 5:
			ws_hint_guest_init(&guest);
			break;
		default:
			ws_hint_guest_command(&guest, host.offered);
		}
		id = ~0u;
		put(kat, ws_hint_guest_next(&guest, &id));
		put(kat, id);
		if (guest.state == WS_HINT_OPENING || guest.state == WS_HINT_CLOSING) {
			put(kat, ws_hint_host_hear(&host, id));
			ws_hint_guest_sent(&guest);
		} else if (guest.state == WS_HINT_HANDING && draw_below(kat, 3) == 0) {
			ws_hint_guest_empty(&guest);
		} else if (guest.state == WS_HINT_RELEASING) {
			ws_hint_guest_freed(&guest);
		}
		put(kat, ws_hint_host_counts(&host));
	}
}

static void kat_sources(struct kat *kat)
{
	static const struct ws_access_ops ops = { kat_take, kat_look, kat_take_page, kat_resident };
	static const struct ws_damon_config damon = { 5 * WS_NS_PER_MS, 100 * WS_NS_PER_MS, 10,
						      KAT_REGIONS, 7 };
	struct ws_access access = { &ops, kat };

	u32 i;

	for (i = 0; i < WS_RULES_COUNT; i++) {
		put(kat, (u64)-ws_source_mglru_init(&kat->source.mglru, kat->page, PAGES,
						    &ws_rules_table[i], 8, &access, 0));
		kat_source(kat, &kat->source.mglru.source);
		memset(kat->page, 0, sizeof(kat->page));
	}
	ws_source_lists_init(&kat->source.lists, kat->page, kat->pool, PAGES, 1, &access, 0);
	kat_source(kat, &kat->source.lists.source);
	put(kat, (u64)-ws_source_damon_init(&kat->source.damon, &damon, kat->region, PAGES, &access,
					    0));
	kat_source(kat, &kat->source.damon.source);
	memset(kat->page, 0, sizeof(kat->page));
	ws_source_scan_init(&kat->source.scan, WS_SCAN_WRITES, kat->page, PAGES, &access, 0);
	kat_source(kat, &kat->source.scan.source);
	ws_source_refs_init(&kat->source.refs, PAGES, &access, 0);
	kat_source(kat, &kat->source.refs.source);
}

u64 ws_kat_footprint(void)
{
	return sizeof(struct kat);
}

int ws_kat_run(void *scratch, u64 size, struct ws_kat_result *result)
{
	static const struct {
		const char *name;
		void (*run)(struct kat *kat);
	} module[WS_KAT_COUNT] = {
		{ "math", kat_math },	  { "age", kat_age },	{ "refault", kat_refault },
		{ "lru", kat_lru },	  { "hist", kat_hist }, { "report", kat_report },
		{ "wire", kat_wire },	  { "proto", kat_proto }, { "balloon", kat_balloon },
		{ "source", kat_sources }, { "rules", kat_rules }, { "walk", kat_walk },
		{ "group", kat_group },	  { "reaccess", kat_reaccess },
		{ "hint", kat_hint },
	};
	struct kat *kat = scratch;
	u32 i;

	if (size < ws_kat_footprint())
		return -ENOMEM;
	for (i = 0; i < WS_KAT_COUNT; i++) {
		memset(kat, 0, sizeof(*kat));
		kat->random = i + 1;
		kat->digest = 0xcbf29ce484222325ull;
		module[i].run(kat);
		result[i].name = module[i].name;
		result[i].digest = kat->digest;
	}
	return 0;
}
