/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_lru.c - eviction order on top of ageing; see ws_lru.h. */
#include "ws_lru.h"
#include "ws_math.h"

/* The same for pages looked at (MAX_LRU_BATCH): what was protected meanwhile may change the choice. */
#define ROUND_SCANNED 4096u

u64 ws_lru_footprint(u32 pages_count)
{
	return ws_queue_footprint(pages_count);
}

int ws_lru_init(struct ws_lru *lru, u16 *page, u32 *pool, u32 pages_count, u32 gens, u64 now_ns)
{
	u32 row;
	int error = ws_age_init(&lru->age, page, pages_count, gens, now_ns);

	if (error)
		return error;
	ws_refault_init(&lru->refault);
	ws_queue_pool_init(pool, pages_count);
	lru->rules = ws_rules_base;
	lru->plain = true;
	lru->pool = pool;
	lru->reaccess = NULL;
	lru->strays = 0;
	for (row = 0; row < WS_ROWS_MAX; row++)
		ws_queue_init(&lru->queue[row]);
	lru->protected_pages = 0;
	lru->promoted_pages = 0;
	lru->evicted_pages[WS_ANON] = 0;
	lru->evicted_pages[WS_FILE] = 0;
	return 0;
}

int ws_lru_init_rules(struct ws_lru *lru, u16 *page, u32 *pool, u32 pages_count,
		      const struct ws_rules *rules, u64 now_ns)
{
	int error = ws_rules_check(rules);

	if (error)
		return error;
	error = ws_lru_init(lru, page, pool, pages_count, rules->gens, now_ns);
	lru->rules = rules;
	lru->plain = false;
	lru->age.keeps = (enum ws_keeps)rules->keeps;
	return error;
}

static void enter(struct ws_lru *lru, u32 page, enum ws_type type, u32 slot, u32 history)
{
	u32 linked;

	WS_ASSERT(page < lru->age.pages_count);
	WS_ASSERT(!ws_page_aged(lru->age.page[page]));
	linked = lru->age.page[page] & WS_PAGE_LINKED;
	ws_age_enter(&lru->age, page, type, slot, history | WS_PAGE_LINKED);
	ws_age_note_late(&lru->age, type, slot);
	if (!linked)
		ws_queue_add_young(&lru->queue[ws_age_row(slot, type)], lru->pool, page);
}

static void enter_refaulted(struct ws_lru *lru, struct ws_arrival *arrival, u32 shadow)
{
	const struct ws_age *age = &lru->age;
	struct ws_refault_at at = {
		.type = arrival->type, .min_seq = age->min_seq[arrival->type],
		.max_seq = age->max_seq, .gens = age->gens,
		.in_fault = ws_promote_in_fault(lru->rules, arrival->how),
	};
	struct ws_refault_return back;

	if (lru->rules->recency == WS_RECENCY_DISTANCE)
		at.pages = ws_age_total(age);
	back = ws_refault_return(&lru->refault, lru->rules, &at, shadow);
	arrival->shadowed = true;
	arrival->history = back.history;
	arrival->refs = back.refs;
}

/* What the general path amounts to under base's rules, three times as fast. */
static void add_plain(struct ws_lru *lru, u32 page, enum ws_type type, enum ws_enter how, u32 shadow)
{
	const struct ws_age *age = &lru->age;
	u32 slot = age->min_slot[type], history = 0;

	if (how == WS_ENTER_FAULT || how == WS_ENTER_SWAPIN)
		slot = age->max_slot;
	else if (how == WS_ENTER_WRITEBACK)
		slot = ws_age_slot_after(age, slot);
	if (shadow && ws_refault_arrive(&lru->refault, type, age->min_seq[type], shadow,
					how == WS_ENTER_FAULT || how == WS_ENTER_SWAPIN).workingset)
		history = WS_PAGE_WORKINGSET;
	enter(lru, page, type, slot, history);
}

/* A shadow that measures distance names no generation. */
static void came_back(struct ws_lru *lru, enum ws_type type, u32 shadow)
{
	if (lru->rules->recency == WS_RECENCY_DISTANCE)
		lru->reaccess->unknown[type]++;
	else
		ws_reaccess_refault(lru->reaccess, type, shadow);
}

void ws_lru_add(struct ws_lru *lru, u32 page, enum ws_type type, enum ws_enter how, u32 shadow)
{
	struct ws_arrival arrival = { .type = type, .how = how };
	u16 history;
	u32 slot;

	if (shadow && lru->reaccess)
		came_back(lru, type, shadow);
	if (lru->plain) {
		add_plain(lru, page, type, how, shadow);
		return;
	}
	if (shadow)
		enter_refaulted(lru, &arrival, shadow);
	slot = ws_promote_arrive(&lru->age, lru->rules, &arrival, &history);
	enter(lru, page, type, slot, history);
}

void ws_lru_watch(struct ws_lru *lru, struct ws_reaccess *reaccess, u64 now_ns)
{
	if (reaccess)
		ws_reaccess_attach(reaccess, &lru->age, now_ns);
	lru->reaccess = reaccess;
}

void ws_lru_remove(struct ws_lru *lru, u32 page)
{
	ws_age_remove(&lru->age, page);
}

void ws_lru_descriptor_access(struct ws_lru *lru, u32 page)
{
	ws_promote_descriptor(&lru->age, lru->rules, page);
}

u32 ws_lru_harvest(struct ws_lru *lru, u32 first, const u64 *young, u32 count)
{
	return ws_promote_harvest(&lru->age, lru->rules, first, young, count,
				  lru->reaccess ? lru->reaccess->resident : NULL);
}

void ws_lru_set_exec(struct ws_lru *lru, u32 page, bool exec)
{
	u16 *entry = &lru->age.page[page];

	WS_ASSERT(page < lru->age.pages_count && ws_page_aged(*entry));
	*entry = (u16)((*entry & ~WS_PAGE_EXEC) | (exec ? WS_PAGE_EXEC : 0));
}

/* The rules' swappiness for the caller's; without swap there is none. */
static u32 swappiness_of(const struct ws_lru *lru, u32 swappiness)
{
	WS_ASSERT(swappiness <= WS_SWAPPINESS_MAX);
	if (!swappiness || lru->rules->swappiness == WS_SWAPPINESS_CALLER)
		return swappiness;
	return lru->rules->swappiness;
}

/* The aim is a third each in young, middle and old; a half and a quarter are bounds. */
static bool is_uneven(const struct ws_age *age, enum ws_type first)
{
	u64 young = 0, old = 0, total = 0, seq;
	enum ws_type type;

	for (type = first; type < WS_TYPES; type++) {
		u32 slot = age->min_slot[type];

		for (seq = age->min_seq[type]; seq <= age->max_seq; seq++) {
			u64 pages = age->pages[ws_age_row(slot, type)];

			total += pages;
			if (seq == age->max_seq)
				young += pages;
			else if (seq + WS_GENS_MIN == age->max_seq)
				old += pages;
			slot = ws_age_slot_after(age, slot);
		}
	}
	return young * WS_GENS_MIN > total || old * (WS_GENS_MIN + 2) < total;
}

/* Has the youngest generation more than one share of N - 1? */
static bool is_young_big(const struct ws_age *age, enum ws_type first)
{
	u64 young = 0, total = 0;
	enum ws_type type;
	u32 slot;

	for (type = first; type < WS_TYPES; type++) {
		young += age->pages[ws_age_row(age->max_slot, type)];
		for (slot = 0; slot < age->gens; slot++)
			total += age->pages[ws_age_row(slot, type)];
	}
	return young * (age->gens - 1) > total;
}

bool ws_lru_wants_ageing(const struct ws_lru *lru, u32 swappiness)
{
	const struct ws_age *age = &lru->age;
	enum ws_type first = swappiness_of(lru, swappiness) ? WS_ANON : WS_FILE;
	u32 gens = ws_age_gens(age, first), file_gens = ws_age_gens(age, WS_FILE);

	if (lru->rules->ageing != WS_AGEING_SIZES) {
		/* Of both types, if both can be evicted, the one with the older generation. */
		gens = gens > file_gens ? gens : file_gens;
		if (gens <= WS_GENS_MIN + 1)
			return true;
		return lru->rules->ageing == WS_AGEING_SPREAD && gens < age->gens &&
		       is_young_big(age, first);
	}
	if (gens <= WS_GENS_MIN)
		return true;
	return gens == WS_GENS_MIN + 1 && is_uneven(age, first);
}

/* Has it as many references as can be counted, in a version that treats such pages specially? */
static bool is_full(const struct ws_rules *rules, u16 entry)
{
	if (rules->full == WS_FULL_AS_OTHERS)
		return false;
	if (rules->refs == WS_REFS_WORKINGSET_LAST && !(entry & WS_PAGE_WORKINGSET))
		return false;
	return ws_rules_refs(rules, entry) == WS_REFS_MAX;
}

#define HISTORIES ((WS_PAGE_HISTORY >> WS_PAGE_NUMBER_SHIFT) + 1)
_Static_assert(WS_CHUNK_PAGES == 15, "three times five in are_alike()");
#define LANE 12 /* bits of a count of one tier, enough for a chunk; a lane more is not counted */

/* The pages of a queue that is folded. */
struct folding {
	struct ws_lru *lru;
	u32 row;  /* where its own go */
	u64 known[WS_KINDS / 64]; /* by kind: whose history is of use, or was until now */
	u32 alike_count; /* pages not counted yet, which have the entry */
	u16 alike_entry;
	u8 lane[2][HISTORIES]; /* by whether it is of use, and history: of the tier that it makes */
};

static u32 history_of(u16 entry)
{
	return (entry & WS_PAGE_HISTORY) >> WS_PAGE_NUMBER_SHIFT;
}

static void prepare_counts(struct folding *folding)
{
	const struct ws_lru *lru = folding->lru;
	u32 history, known;

	for (known = 0; known < 2; known++) {
		for (history = 0; history < HISTORIES; history++) {
			u16 entry = (u16)(history << WS_PAGE_NUMBER_SHIFT);

			entry = known ? entry : ws_age_faded(&lru->age, entry);
			folding->lane[known][history] =
				(u8)(is_full(lru->rules, entry) ? WS_TIERS * LANE :
					     ws_rules_tier(lru->rules, entry) * LANE);
		}
	}
}

static u32 lane_of(const struct folding *folding, u16 entry)
{
	u32 kind = entry & WS_PAGE_KIND;

	return folding->lane[folding->known[kind / 64] >> kind % 64 & 1][history_of(entry)];
}

/* The controller counts as protected whatever stays unexamined (inc_min_seq() since 6.14). */
static void count_folded(const struct folding *folding, const u32 *pages, u32 count, u32 misfits)
{
	struct ws_lru *lru = folding->lru;
	u64 *protected = lru->refault.protected[folding->row % WS_TYPES], sum = 0;
	u32 i;

	for (i = 0; i < count; i++) {
		u16 entry = lru->age.page[pages[i]];

		sum += (u64)!(misfits >> i & 1) << lane_of(folding, entry);
	}
	for (; misfits; misfits &= misfits - 1) {
		u16 entry = lru->age.page[pages[ws_lowest_bit(misfits)]];

		if (ws_page_aged(entry))
			sum += 1ull << folding->lane[1][history_of(ws_promote_entry(&lru->age, entry))];
	}
	for (i = 0; i < WS_TIERS; i++)
		protected[i] += sum >> i * LANE & ((1u << LANE) - 1);
}

/* The same for the pages of uniform chunks, all of which had this entry. */
static void count_alike(struct folding *folding)
{
	u64 *protected = folding->lru->refault.protected[folding->row % WS_TYPES];
	u32 lane = lane_of(folding, folding->alike_entry);

	if (lane < WS_TIERS * LANE)
		protected[lane / LANE] += folding->alike_count;
	folding->alike_count = 0;
}

static u32 differ_5(const u16 *entry, const u32 *pages, u32 first)
{
	return (first ^ entry[pages[0]]) | (first ^ entry[pages[1]]) | (first ^ entry[pages[2]]) |
	       (first ^ entry[pages[3]]) | (first ^ entry[pages[4]]);
}

/*
 * Do all @pages have the same entry?  Cold ones usually do, and are dealt with at once:
 * this is most of what a fold of many pages costs, so a full chunk takes no loop.
 */
static bool are_alike(const u16 *entry, const u32 *pages, u32 count)
{
	u32 first = entry[pages[0]], differences = 0, i;

	if (count == WS_CHUNK_PAGES)
		return !(differ_5(entry, pages, first) | differ_5(entry, pages + 5, first) |
			 differ_5(entry, pages + 10, first));
	for (i = 1; i < count; i++)
		differences |= first ^ entry[pages[i]];
	return !differences;
}

static u32 folding_misfits(void *ctx, const u32 *pages, u32 count)
{
	struct folding *folding = ctx;
	const struct ws_age *age = &folding->lru->age;
	u32 misfits = 0, i;

	if (count && are_alike(age->page, pages, count) &&
	    age->row_of[age->page[pages[0]] & WS_PAGE_KIND] == folding->row) {
		if (folding->alike_entry != age->page[pages[0]] && folding->lru->rules->fold_counts)
			count_alike(folding);
		folding->alike_entry = age->page[pages[0]];
		folding->alike_count += count;
		return 0;
	}
	for (i = 0; i < count; i++)
		misfits |= (u32)(age->row_of[age->page[pages[i]] & WS_PAGE_KIND] != folding->row) << i;
	if (folding->lru->rules->fold_counts)
		count_folded(folding, pages, count, misfits);
	return misfits;
}

/* Promoted, and not moved since: Linux's fold puts it at the old end of its generation. */
static void folding_take(void *ctx, u32 page)
{
	struct ws_lru *lru = ((const struct folding *)ctx)->lru;
	u16 *entry = &lru->age.page[page];

	if (ws_page_aged(*entry))
		ws_queue_add_old(&lru->queue[lru->age.row_of[*entry & WS_PAGE_KIND]], lru->pool, page);
	else
		*entry &= (u16)~WS_PAGE_LINKED;
}

/* What was true before the oldest generations were folded. */
struct was_oldest {
	u32 slot[WS_TYPES], label[WS_TYPES]; /* of them */
	u64 unfolded[WS_KINDS / 64];
};

static void know(struct folding *folding, u32 kind)
{
	folding->known[kind / 64] |= 1ull << kind % 64;
}

/*
 * The oldest generation of @type, of which @was tells, is part of the next one now.  Page by
 * page, the oldest first, Linux makes each the oldest of the next, which reverses their order.
 */
static void folded(struct ws_lru *lru, enum ws_type type, const struct was_oldest *was)
{
	static const struct ws_queue_sieve sieve = { folding_misfits, folding_take };
	struct folding folding = { .lru = lru, .row = ws_age_row(lru->age.min_slot[type], type) };
	struct ws_queue *queue = &lru->queue[ws_age_row(was->slot[type], type)];

	if (lru->rules->fold_counts) {
		prepare_counts(&folding);
		memcpy(folding.known, was->unfolded, sizeof(folding.known));
		know(&folding, ws_age_kind(was->label[type], type));
		know(&folding, ws_age_kind(lru->age.label_of[lru->age.min_slot[type]], type));
	}
	if (lru->rules->fold == WS_FOLD_SORTS)
		ws_queue_sift(queue, lru->pool, &sieve, &folding);
	if (lru->rules->fold_counts)
		count_alike(&folding);
	ws_queue_reverse(queue, lru->pool);
	ws_queue_join(&lru->queue[folding.row], queue, lru->pool);
	ws_refault_carry(&lru->refault, type);
}

/* One page of a fold page by page, on the queue of @row: in the next generation if it is of that. */
static void fold_page(struct ws_lru *lru, u32 page, enum ws_type type, u32 row)
{
	struct ws_age *age = &lru->age;
	u16 entry = ws_promote_entry(age, age->page[page]);

	if (lru->rules->fold_counts && !is_full(lru->rules, entry))
		lru->refault.protected[type][ws_rules_tier(lru->rules, entry)]++;
	if (age->row_of[entry & WS_PAGE_KIND] != row)
		return;
	ws_age_leave(age, entry);
	ws_age_enter(age, page, type, age->min_slot[type],
		     ws_age_faded(age, entry) & (u16)~WS_PAGE_KIND);
}

/*
 * The oldest generation of @type, which was in @slot, has been passed over.  The pages of its
 * queue go to the next one after all, oldest first, each to the old end; others stay.
 */
static void fold_by_page(struct ws_lru *lru, enum ws_type type, u32 slot)
{
	struct ws_age *age = &lru->age;
	u32 row = ws_age_row(slot, type), page;
	struct ws_queue *queue = &lru->queue[row];

	if (age->pages[row])
		ws_age_note_unused(age, row, ws_age_row(age->min_slot[type], type));
	while ((page = ws_queue_take_old(queue, lru->pool)) != WS_NO_PAGE) {
		u16 entry = age->page[page];

		if (!ws_page_aged(entry)) {
			age->page[page] = (u16)(entry & ~WS_PAGE_LINKED);
			continue;
		}
		fold_page(lru, page, type, row);
		entry = age->page[page];
		ws_queue_add_old(&lru->queue[age->row_of[entry & WS_PAGE_KIND]], lru->pool, page);
	}
	if (!age->pages[row])
		age->oldest_ns[row] = ws_age_birth(age, age->max_seq);
	lru->strays--;
}

/* A new generation; @fixed: the oldest of anon is not folded but passed over. */
static int advance(struct ws_lru *lru, u64 now_ns, bool fixed)
{
	const bool stay[WS_TYPES] = { fixed || lru->strays, false };
	struct was_oldest was;
	bool was_folded[WS_TYPES];
	enum ws_type type;
	int error;

	for (type = WS_ANON; type < WS_TYPES; type++) {
		was.slot[type] = lru->age.min_slot[type];
		was.label[type] = lru->age.label_of[was.slot[type]];
	}
	memcpy(was.unfolded, lru->age.unfolded, sizeof(was.unfolded));
	if (lru->reaccess)
		ws_reaccess_settle(lru->reaccess, &lru->age, now_ns);
	error = ws_age_advance_over(&lru->age, now_ns, stay, was_folded);
	if (error)
		return error;
	if (lru->reaccess)
		ws_reaccess_born(lru->reaccess, &lru->age);
	for (type = WS_ANON; type < WS_TYPES; type++) {
		if (was_folded[type]) {
			folded(lru, type, &was);
			continue;
		}
		if (lru->age.min_slot[type] == was.slot[type])
			continue;
		if (fixed)
			lru->strays = lru->rules->fold == WS_FOLD_SORTS ? (u8)lru->age.gens : 0;
		else
			fold_by_page(lru, type, was.slot[type]);
		ws_refault_carry(&lru->refault, type);
	}
	return 0;
}

int ws_lru_advance(struct ws_lru *lru, u64 now_ns)
{
	return advance(lru, now_ns, false);
}

int ws_lru_advance_for(struct ws_lru *lru, u64 now_ns, u32 swappiness)
{
	bool fixed = !swappiness_of(lru, swappiness) && lru->rules->swapless == WS_SWAPLESS_INVERTS;

	return advance(lru, now_ns, fixed);
}

/* One call of ws_lru_evict(). */
struct eviction {
	struct ws_lru *lru;
	struct ws_lru_scan *scan;
	const struct ws_lru_ops *ops; /* NULL: without look_around() */
	void *ctx;
	u32 *victims, *shadows;
	u32 count;
	u32 limit; /* the last tier that is not protected */
};

/* @page came off a queue on which it no longer belongs. */
static void sort_elsewhere(struct ws_lru *lru, u32 page, u16 entry)
{
	if (ws_page_aged(entry))
		ws_queue_add_young(&lru->queue[lru->age.row_of[entry & WS_PAGE_KIND]], lru->pool,
				   page);
	else
		lru->age.page[page] = (u16)(entry & ~WS_PAGE_LINKED);
}

/* Should @page, of a tier above the limit, stay?  Then it goes to the next generation. */
static bool is_protected(struct ws_lru *lru, u32 page, u16 entry, enum ws_type type, u32 limit)
{
	const struct ws_rules *rules = lru->rules;
	u32 tier = ws_rules_tier(rules, entry);
	bool full = is_full(rules, entry);
	struct ws_queue *queue;

	if (tier <= limit && !full)
		return false;
	ws_refault_keep(&lru->refault, rules, type, tier,
			!full || rules->full == WS_FULL_PROTECTED);
	lru->protected_pages++;
	ws_promote_protect(&lru->age, page);
	queue = &lru->queue[lru->age.row_of[lru->age.page[page] & WS_PAGE_KIND]];
	if (rules->protects_old)
		ws_queue_add_old(queue, lru->pool, page);
	else
		ws_queue_add_young(queue, lru->pool, page);
	return true;
}

static void promote_rmap(struct ws_lru *lru, u32 page)
{
	const struct ws_age *age = &lru->age;
	u32 row = age->row_of[age->page[page] & WS_PAGE_KIND];

	ws_promote_rmap(&lru->age, lru->rules, page);
	if (lru->reaccess && age->row_of[age->page[page] & WS_PAGE_KIND] != row)
		lru->reaccess->resident[row]++;
}

static u32 window_of(const struct eviction *eviction, u32 page)
{
	u32 first;

	if (!eviction->ops->window)
		return page & ~63u;
	first = eviction->ops->window(eviction->ctx, page);
	WS_ASSERT(first <= page && page - first < 64);
	return first;
}

/* The @young pages of the window that begins with page @first become so. */
static void harvest_window(struct ws_lru *lru, u32 first, u64 young)
{
	u32 begin = first & ~63u, shift = first % 64, count = lru->age.pages_count - begin;
	u64 word[2] = { young << shift, shift ? young >> (64 - shift) : 0 };

	lru->promoted_pages += ws_lru_harvest(lru, begin, word, count < 128 ? count : 128);
}

/* Was @page, otherwise a victim, accessed?  Then it and its neighbours become young. */
static bool is_young(struct eviction *eviction, u32 page, enum ws_type type)
{
	struct ws_lru *lru = eviction->lru;
	u32 row = ws_age_row(lru->age.max_slot, type);
	u64 young;

	eviction->scan->rmap_walks++;
	young = eviction->ops->look_around(eviction->ctx, page);
	if (!young)
		return false;
	harvest_window(lru, window_of(eviction, page), young);
	if (lru->age.row_of[lru->age.page[page] & WS_PAGE_KIND] != row)
		return false;
	ws_queue_add_young(&lru->queue[row], lru->pool, page);
	return true;
}

/* Fetch the entries of all pages of a chunk at once, as each is a cache miss of its own. */
static bool open_chunk(struct ws_lru *lru, struct ws_queue *queue)
{
	u32 i;

	if (!ws_queue_refill(queue, lru->pool))
		return false;
	for (i = queue->old_begin; i < queue->old_end; i++)
		__builtin_prefetch(&lru->age.page[queue->old[i]], 1);
	return true;
}

/*
 * Where an accessed victim is not simply the youngest, it matters that Linux takes a batch of
 * victims off its lists before it looks at any: a look-around then passes over them.  They
 * wait in @victims, in no generation, their history in their entry.
 */
static void isolate(struct eviction *eviction, u32 page, u16 entry)
{
	struct ws_age *age = &eviction->lru->age;

	ws_age_leave(age, entry);
	age->page[page] = entry & (u16)~(WS_PAGE_LABEL | WS_PAGE_LINKED);
	eviction->victims[eviction->count++] = page;
}

/* Which of the victims @from..@to - 1 are @young, of the window that begins with page @first? */
static u64 young_of_batch(const struct eviction *eviction, u32 from, u32 to, u32 first, u64 young)
{
	u64 found = 0;
	u32 i;

	for (i = from; i < to; i++) {
		u32 bit = eviction->victims[i] - first;

		if (bit < 64 && young >> bit & 1)
			found |= 1ull << (i - from);
	}
	return found;
}

/* Victims of @found, from number @from on, will count as accessed when their turn comes. */
static void put_off(struct eviction *eviction, u32 from, u32 first, u64 found)
{
	u64 young = 0;

	for (; found; found &= found - 1)
		young |= 1ull << (eviction->victims[from + ws_lowest_bit(found)] - first);
	if (young)
		eviction->ops->restore(eviction->ctx, first, young);
}

/*
 * Has victim @from been accessed?  Then its window is looked at, too.  Return: which of the
 * victims @from..@to - 1 are known to be accessed; bit i is victim from + i.
 */
static u64 look_at(struct eviction *eviction, u32 from, u32 to)
{
	u32 page = eviction->victims[from], first;
	u64 young = eviction->ops->look_around(eviction->ctx, page), found;

	if (!young)
		return 0;
	first = window_of(eviction, page);
	found = young_of_batch(eviction, from, to, first, young);
	harvest_window(eviction->lru, first, young);
	if (!eviction->ops->restore)
		return found;
	put_off(eviction, from, first, found & ~1ull);
	return 1;
}

/* A page that was isolated and has been accessed goes back. */
static void put_back(struct ws_lru *lru, u32 page, enum ws_type type)
{
	struct ws_age *age = &lru->age;

	ws_age_enter(age, page, type, age->min_slot[type],
		     (age->page[page] & (u16)~WS_PAGE_KIND) | WS_PAGE_LINKED);
	promote_rmap(lru, page);
	lru->promoted_pages++;
	ws_queue_add_young(&lru->queue[age->row_of[age->page[page] & WS_PAGE_KIND]], lru->pool, page);
}

/* Look at the isolated victims from number @from on: those that were accessed go back. */
static void judge_isolated(struct eviction *eviction, enum ws_type type, u32 from)
{
	struct ws_lru *lru = eviction->lru;
	u32 end = eviction->count, i;
	u64 known = 0;

	eviction->count = from;
	for (i = from; i < end; i++) {
		u32 page = eviction->victims[i];

		eviction->scan->rmap_walks++;
		if (!(known >> (i - from) & 1))
			known |= look_at(eviction, i, end) << (i - from);
		if (known >> (i - from) & 1) {
			put_back(lru, page, type);
			continue;
		}
		if (eviction->shadows)
			eviction->shadows[eviction->count] =
				ws_refault_leave(&lru->refault, lru->rules, type,
						 lru->age.min_seq[type], lru->age.page[page]);
		else
			ws_refault_leave(&lru->refault, lru->rules, type, lru->age.min_seq[type],
					 lru->age.page[page]);
		lru->age.page[page] &= WS_PAGE_FILE;
		eviction->victims[eviction->count++] = page;
	}
}

/* Decide about the page at the old end of the oldest generation of @type: evicted or not? */
static void sort_page(struct eviction *eviction, u32 page, enum ws_type type, u32 row, u32 limit)
{
	struct ws_lru *lru = eviction->lru;
	struct ws_age *age = &lru->age;
	u16 entry = age->page[page];
	u32 shadow;

	if (age->row_of[entry & WS_PAGE_KIND] != row) {
		sort_elsewhere(lru, page, entry);
		return;
	}
	if (entry & WS_PAGE_HISTORY) {
		entry = ws_promote_entry(age, entry);
		if (entry & WS_PAGE_HISTORY && is_protected(lru, page, entry, type, limit))
			return;
	}
	if (eviction->ops && lru->rules->rmap != WS_RMAP_YOUNGEST) {
		isolate(eviction, page, entry);
		return;
	}
	if (eviction->ops && is_young(eviction, page, type))
		return;
	ws_age_leave(age, entry);
	age->page[page] = entry & WS_PAGE_FILE;
	shadow = ws_refault_leave(&lru->refault, lru->rules, type, age->min_seq[type], entry);
	if (eviction->shadows)
		eviction->shadows[eviction->count] = shadow;
	eviction->victims[eviction->count++] = page;
}

/* May a round that looked at @looked of up to @most pages keep the other type from its turn? */
static bool keeps_turn(const struct ws_rules *rules, bool found, u32 looked, u32 most)
{
	return found || looked == most || (rules->round == WS_ROUND_WANTED && looked);
}

/* Up to @max victims of @type, from up to @most pages.  Return: true not to try the other type. */
static bool evict_type(struct eviction *eviction, enum ws_type type, u32 max, u32 most)
{
	struct ws_lru *lru = eviction->lru;
	u32 row = ws_age_row(lru->age.min_slot[type], type), before = eviction->count;
	u32 limit = eviction->limit, looked = 0;
	struct ws_queue *queue = &lru->queue[row];
	bool keeps;

	if (ws_age_gens(&lru->age, type) <= WS_GENS_MIN)
		return false;
	while (eviction->count - before < max && looked < most) {
		if (queue->old_begin == queue->old_end && !open_chunk(lru, queue))
			break;
		looked++;
		sort_page(eviction, queue->old[queue->old_begin++], type, row, limit);
	}
	eviction->scan->scanned += looked;
	keeps = keeps_turn(lru->rules, eviction->count > before, looked, most);
	if (eviction->ops && lru->rules->rmap != WS_RMAP_YOUNGEST)
		judge_isolated(eviction, type, before);
	lru->evicted_pages[type] += eviction->count - before;
	return keeps;
}

/*
 * File does not run ahead of anon as long as anon can be evicted: both are equally
 * old then (6.1).
 */
static void couple_types(const struct ws_age *age, u64 min_seq[WS_TYPES])
{
	if (min_seq[WS_ANON] > min_seq[WS_FILE])
		min_seq[WS_ANON] = min_seq[WS_FILE];
	min_seq[WS_FILE] = age->min_seq[WS_FILE] > min_seq[WS_ANON] ? age->min_seq[WS_FILE] :
								      min_seq[WS_ANON];
}

/* A type that has run out of generations waits for the other with one to spare (6.14). */
static void loosen_types(const struct ws_age *age, u64 min_seq[WS_TYPES])
{
	u64 seq = age->max_seq - WS_GENS_MIN;

	if (min_seq[WS_ANON] > seq && min_seq[WS_FILE] < seq)
		min_seq[WS_ANON] = seq;
	else if (min_seq[WS_FILE] > seq && min_seq[WS_ANON] < seq)
		min_seq[WS_FILE] = seq;
}

/* End the oldest generations whose queues are used up. */
static bool advance_min_seq(struct ws_lru *lru, bool can_swap)
{
	struct ws_age *age = &lru->age;
	u64 min_seq[WS_TYPES] = { age->min_seq[WS_ANON], age->min_seq[WS_FILE] };
	enum ws_type first = can_swap ? WS_ANON : WS_FILE, type;
	bool moved = false;

	for (type = first; type < WS_TYPES; type++) {
		u32 slot = age->min_slot[type];

		while (min_seq[type] + WS_GENS_MIN <= age->max_seq &&
		       ws_queue_empty(&lru->queue[ws_age_row(slot, type)])) {
			min_seq[type]++;
			slot = ws_age_slot_after(age, slot);
		}
	}
	if (can_swap && lru->rules->coupled)
		couple_types(age, min_seq);
	else if (can_swap)
		loosen_types(age, min_seq);
	for (type = first; type < WS_TYPES; type++) {
		if (age->min_seq[type] >= min_seq[type])
			continue;
		moved = true;
		ws_refault_carry(&lru->refault, type);
		/* Pages may be left that came back as ghosts of younger queues: fold, not drop. */
		while (age->min_seq[type] < min_seq[type])
			ws_age_fold(age, type);
	}
	return moved;
}

/* By swappiness alone: how many of all victims so far should have been anon. */
static enum ws_type choose_share(const struct ws_lru *lru, u32 swappiness)
{
	const u64 *evicted = lru->evicted_pages;

	return evicted[WS_ANON] * (WS_SWAPPINESS_MAX - swappiness) <
		       evicted[WS_FILE] * swappiness ? WS_ANON : WS_FILE;
}

/* Both are equally old: by what refaulted (6.1). */
static enum ws_type choose_older(const struct ws_lru *lru, u32 swappiness, u32 *limit)
{
	enum ws_type type = ws_refault_choose(&lru->refault, swappiness, limit);

	if (!lru->rules->controller)
		*limit = WS_TIERS - 1;
	return type;
}

static enum ws_type choose_type(const struct ws_lru *lru, u32 swappiness, u32 *limit)
{
	const struct ws_age *age = &lru->age;
	const struct ws_rules *rules = lru->rules;
	enum ws_type type;

	if (!swappiness)
		type = WS_FILE;
	else if (rules->choice == WS_CHOICE_SUM)
		type = ws_refault_choose_sum(&lru->refault, swappiness);
	else if (rules->choice == WS_CHOICE_SHARE)
		type = choose_share(lru, swappiness);
	else if (age->min_seq[WS_ANON] < age->min_seq[WS_FILE])
		type = WS_ANON;
	else if (swappiness == 1)
		type = WS_FILE;
	else if (swappiness == WS_SWAPPINESS_MAX)
		type = WS_ANON;
	else
		return choose_older(lru, swappiness, limit);
	*limit = ws_refault_limit(&lru->refault, rules, type);
	return type;
}

static u32 least(u32 a, u32 b)
{
	return a < b ? a : b;
}

/* How many pages the next round may look at, when @wanted victims are wanted in all. */
static u32 round_pages(const struct eviction *eviction, u32 wanted)
{
	const struct ws_lru_scan *scan = eviction->scan;
	u32 most = least(scan->budget - scan->scanned, ROUND_SCANNED);

	if (eviction->lru->rules->round != WS_ROUND_BATCH)
		most = least(most, wanted - eviction->count);
	return most;
}

u32 ws_lru_evict(struct ws_lru *lru, struct ws_lru_scan *scan, const struct ws_lru_ops *ops,
		 void *ctx, u32 *victims, u32 *shadows, u32 victims_max)
{
	struct eviction eviction = {
		.lru = lru, .scan = scan, .ops = ops && ops->look_around ? ops : NULL,
		.ctx = ctx, .victims = victims, .shadows = shadows,
	};
	u32 swappiness = swappiness_of(lru, scan->swappiness);
	u32 wanted = scan->wanted ? scan->wanted : victims_max;
	u32 stop = least(least(wanted, victims_max), scan->enough ? scan->enough : wanted);
	bool can_swap = swappiness > 0;

	scan->scanned = 0;
	scan->rmap_walks = 0;
	while (eviction.count < stop && scan->scanned < scan->budget) {
		u32 max = least(victims_max - eviction.count, WS_BATCH);
		u32 most = round_pages(&eviction, wanted);
		enum ws_type type = choose_type(lru, swappiness, &eviction.limit);
		bool found = evict_type(&eviction, type, max, most);

		if (!found && can_swap) {
			type = type == WS_ANON ? WS_FILE : WS_ANON;
			eviction.limit = ws_refault_limit(&lru->refault, lru->rules, type);
			found = evict_type(&eviction, type, max, round_pages(&eviction, wanted));
		}
		if (!advance_min_seq(lru, can_swap) && !found)
			break;
	}
	return eviction.count;
}

u32 ws_lru_upcoming(const struct ws_lru *lru, u32 swappiness, u32 *pages, u32 max)
{
	u32 limit;
	enum ws_type type = choose_type(lru, swappiness_of(lru, swappiness), &limit);
	u32 row = ws_age_row(lru->age.min_slot[type], type);

	return ws_queue_peek(&lru->queue[row], lru->pool, pages, max);
}

/* ws_lru_check(): counts what is on the queues. */
struct census {
	const struct ws_lru *lru;
	u64 aged, queued;
	bool bad;
};

static void census_visit(void *ctx, u32 page)
{
	struct census *census = ctx;
	const struct ws_age *age = &census->lru->age;

	if (page >= age->pages_count || !(age->page[page] & WS_PAGE_LINKED)) {
		census->bad = true;
		return;
	}
	census->queued++;
	census->aged += ws_page_aged(age->page[page]);
}

bool ws_lru_check(const struct ws_lru *lru)
{
	struct census census = { .lru = lru };
	u64 aged = 0;
	u32 row;

	if (!ws_age_check(&lru->age))
		return false;
	for (row = 0; row < WS_ROWS_MAX; row++) {
		aged += lru->age.pages[row];
		if (!ws_queue_walk(&lru->queue[row], lru->pool, census_visit, &census))
			return false;
	}
	/* Every aged page is on exactly one queue. */
	return !census.bad && census.aged == aged && census.queued <= lru->age.pages_count;
}
