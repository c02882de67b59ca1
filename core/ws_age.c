/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_age.c - generations, labels and what moves pages between them; see ws_age.h. */
#include "ws_age.h"
#include "ws_math.h"

/* A label for each generation and one more, or nothing could ever begin. */
_Static_assert(WS_GENS_MAX + 1 < WS_LABELS, "too few labels");
_Static_assert(WS_LABELS - 1 == WS_PAGE_LABEL, "an entry holds any label");
_Static_assert((WS_PAGE_KIND ^ WS_PAGE_LABEL) == WS_PAGE_FILE, "the type is the ninth bit");
_Static_assert(WS_PAGE_KIND + 1 == WS_KINDS && WS_FILE == 1, "a kind indexes its tables");
_Static_assert(WS_ROWS_MAX <= WS_ROW_NONE, "a row fits its byte");
_Static_assert(WS_TYPES == 2, "a generation's rows differ in the lowest bit");

#define WS_HARVEST_PAGES_MAX 512u

u64 ws_age_footprint(u32 pages_count)
{
	return (u64)pages_count * sizeof(u16);
}

int ws_age_init(struct ws_age *age, u16 *page, u32 pages_count, u32 gens, u64 now_ns)
{
	enum ws_type type;
	u32 slot;

	if (gens < WS_GENS_MIN || gens > WS_GENS_MAX)
		return -EINVAL;
	memset(age, 0, sizeof(*age));
	age->page = page;
	age->pages_count = pages_count;
	age->gens = gens;
	age->max_seq = gens - 1;
	age->max_slot = gens - 1;
	memset(age->row_of, WS_ROW_NONE, sizeof(age->row_of));
	for (slot = 0; slot < gens; slot++) {
		age->birth_ns[slot] = now_ns;
		age->label_of[slot] = (u8)(slot + 1);
		for (type = WS_ANON; type < WS_TYPES; type++) {
			age->row_of[ws_age_kind(slot + 1, type)] = (u8)ws_age_row(slot, type);
			age->oldest_ns[ws_age_row(slot, type)] = now_ns;
		}
	}
	age->labels_free = WS_LABELS - 1 - gens;
	return 0;
}

/* The slot of @seq, clamped to the generations that @type has. */
static u32 slot_clamped(const struct ws_age *age, enum ws_type type, u64 seq)
{
	if (seq <= age->min_seq[type])
		return age->min_slot[type];
	if (seq >= age->max_seq)
		return age->max_slot;
	return ws_age_slot(age, seq);
}

void ws_age_add(struct ws_age *age, u32 page, enum ws_type type, u64 seq)
{
	u32 slot = slot_clamped(age, type, seq);

	WS_ASSERT(page < age->pages_count);
	WS_ASSERT(!ws_page_aged(age->page[page]));
	ws_age_enter(age, page, type, slot, age->page[page] & WS_PAGE_LINKED);
	ws_age_note_late(age, type, slot);
}

void ws_age_remove(struct ws_age *age, u32 page)
{
	WS_ASSERT(page < age->pages_count);
	WS_ASSERT(ws_page_aged(age->page[page]));
	ws_age_leave(age, age->page[page]);
	age->page[page] &= WS_PAGE_LINKED;
}

u64 ws_age_seq(const struct ws_age *age, u32 page)
{
	u32 slot;

	WS_ASSERT(page < age->pages_count);
	WS_ASSERT(ws_page_aged(age->page[page]));
	slot = age->row_of[age->page[page] & WS_PAGE_KIND] / WS_TYPES;
	if (slot <= age->max_slot)
		return age->max_seq - (age->max_slot - slot);
	return age->max_seq - (age->max_slot + age->gens - slot);
}

void ws_age_move(struct ws_age *age, u32 page, u64 seq)
{
	u32 slot;
	u16 entry;

	WS_ASSERT(page < age->pages_count);
	entry = age->page[page];
	WS_ASSERT(ws_page_aged(entry));
	slot = slot_clamped(age, ws_page_type(entry), seq);
	ws_age_leave(age, entry);
	ws_age_enter(age, page, ws_page_type(entry), slot, entry & ~(WS_PAGE_HISTORY | WS_PAGE_KIND));
	ws_age_note_late(age, ws_page_type(entry), slot);
}

/*
 * Young pages of one word of 64.  A page that is in the youngest generation leaves
 * it and enters it again like any other: a branch that cannot be predicted would
 * cost more.
 */
static u32 harvest_word(struct ws_age *age, u16 *entries, u64 word, u32 entered[WS_TYPES])
{
	u32 label = age->label_of[age->max_slot], stayed = 0;
	u32 row = ws_age_row(age->max_slot, WS_ANON);

	for (; word; word &= word - 1) {
		u32 i = ws_lowest_bit(word);
		u16 entry = entries[i];

		if (!ws_page_aged(entry))
			continue;
		entries[i] = (u16)((entry & ~(WS_PAGE_HISTORY | WS_PAGE_LABEL)) | label);
		ws_age_leave(age, entry);
		entered[ws_page_type(entry)]++;
		stayed += (age->row_of[entry & WS_PAGE_KIND] & ~1u) == row;
	}
	return stayed;
}

u32 ws_age_harvest(struct ws_age *age, u32 first, const u64 *young, u32 count)
{
	u32 entered[WS_TYPES] = { 0, 0 };
	u32 words = count / 64, stayed = 0, i;
	enum ws_type type;

	WS_ASSERT(first % 64 == 0 && count <= WS_HARVEST_PAGES_MAX);
	WS_ASSERT(first <= age->pages_count && count <= age->pages_count - first);
	for (i = 0; i < words; i++)
		if (young[i])
			stayed += harvest_word(age, age->page + first + i * 64, young[i], entered);
	if (count % 64)
		stayed += harvest_word(age, age->page + first + words * 64,
				       young[words] & ((1ull << count % 64) - 1), entered);
	for (type = WS_ANON; type < WS_TYPES; type++) {
		age->bearers[ws_age_kind(age->label_of[age->max_slot], type)] += entered[type];
		age->pages[ws_age_row(age->max_slot, type)] += entered[type];
	}
	return entered[WS_ANON] + entered[WS_FILE] - stayed;
}

static void set_unfolded(struct ws_age *age, u32 kind, bool value)
{
	age->unfolded[kind / 64] &= ~(1ull << kind % 64);
	age->unfolded[kind / 64] |= (u64)value << kind % 64;
}

/* The oldest generation of @type becomes part of the next one. */
static void fold(struct ws_age *age, enum ws_type type)
{
	u32 slot = ws_age_slot_after(age, age->min_slot[type]), label;
	u32 from = ws_age_row(age->min_slot[type], type), to = ws_age_row(slot, type);

	for (label = 1; label < WS_LABELS; label++) {
		u32 kind = ws_age_kind(label, type);

		if (age->row_of[kind] != from)
			continue;
		age->row_of[kind] = (u8)to;
		set_unfolded(age, kind, false);
	}
	if (age->pages[from])
		ws_age_note_unused(age, from, to);
	age->pages[to] += age->pages[from];
	age->pages[from] = 0;
	age->min_seq[type]++;
	age->min_slot[type] = slot;
}

/* Is @label one that entering pages of a generation get? */
static bool label_in_use(const struct ws_age *age, u32 label, u32 slot_besides)
{
	u32 slot;

	for (slot = 0; slot < age->gens; slot++)
		if (slot != slot_besides && age->label_of[slot] == label)
			return true;
	return false;
}

/* A label for the generation that will take @slot, 0 if there is none; counts the others. */
static u32 label_find(struct ws_age *age, u32 slot)
{
	u32 label, found = 0, free = 0;

	for (label = 1; label < WS_LABELS; label++) {
		if (age->bearers[ws_age_kind(label, WS_ANON)] || age->bearers[ws_age_kind(label, WS_FILE)])
			continue;
		if (label_in_use(age, label, slot))
			continue;
		if (!found)
			found = label;
		else
			free++;
	}
	age->labels_free = free;
	return found;
}

/* The oldest generation of @type, in the slot of the next youngest, becomes part of that. */
static void pass_over(struct ws_age *age, enum ws_type type)
{
	u32 label = age->label_of[age->min_slot[type]];

	set_unfolded(age, ws_age_kind(label, type), true);
	age->min_seq[type]++;
	age->min_slot[type] = ws_age_slot_after(age, age->min_slot[type]);
}

int ws_age_advance(struct ws_age *age, u64 now_ns, bool folded[WS_TYPES])
{
	static const bool none[WS_TYPES] = { false, false };

	return ws_age_advance_over(age, now_ns, none, folded);
}

int ws_age_advance_over(struct ws_age *age, u64 now_ns, const bool stay[WS_TYPES],
			bool folded[WS_TYPES])
{
	u32 slot = ws_age_slot_after(age, age->max_slot);
	u32 label = label_find(age, slot);
	enum ws_type type;

	if (!label)
		return -EAGAIN;
	for (type = WS_ANON; type < WS_TYPES; type++) {
		u32 row = ws_age_row(slot, type), kind = ws_age_kind(label, type);
		bool full = ws_age_gens(age, type) == age->gens;

		folded[type] = full && !stay[type];
		if (folded[type])
			fold(age, type);
		else if (full)
			pass_over(age, type);
		age->row_of[kind] = (u8)row;
		set_unfolded(age, kind, false);
		if (age->pages[row])
			continue; /* its bounds hold still; new pages are within them */
		age->oldest_ns[row] = now_ns;
		age->late_seq[row] = 0;
	}
	age->label_of[slot] = (u8)label;
	age->birth_ns[slot] = now_ns;
	age->max_seq++;
	age->max_slot = slot;
	return 0;
}

bool ws_age_fold(struct ws_age *age, enum ws_type type)
{
	if (ws_age_gens(age, type) <= WS_GENS_MIN)
		return false;
	fold(age, type);
	return true;
}

bool ws_age_drop_empty(struct ws_age *age, enum ws_type type)
{
	if (age->pages[ws_age_row(age->min_slot[type], type)])
		return false;
	return ws_age_fold(age, type);
}

u64 ws_age_total(const struct ws_age *age)
{
	u64 pages = 0;
	u32 row;

	for (row = 0; row < WS_ROWS_MAX; row++)
		pages += age->pages[row];
	return pages;
}

u16 ws_age_faded(const struct ws_age *age, u16 entry)
{
	u32 number = ws_page_number(entry);

	switch (age->keeps) {
	case WS_KEEPS_WORKINGSET:
		return (u16)(entry & ~(WS_PAGE_REFERENCED | WS_PAGE_REFS));
	case WS_KEEPS_TWO:
		return ws_page_with_number(entry, number < 2 ? number : 2);
	case WS_KEEPS_NOTHING:
	default:
		return (u16)(entry & ~WS_PAGE_HISTORY);
	}
}

u32 ws_age_tidy(struct ws_age *age, u32 budget, bool (*mine)(const void *ctx, u32 page),
		const void *ctx)
{
	u32 visited;

	if (budget > age->pages_count)
		budget = age->pages_count;
	for (visited = 0; visited < budget; visited++) {
		u32 page = age->tidy_next;
		u16 entry = age->page[page];
		u32 kind;

		age->tidy_next = page + 1 < age->pages_count ? page + 1 : 0;
		if (!ws_page_aged(entry) || (mine && !mine(ctx, page)) ||
		    ws_page_labelled_now(age, entry))
			continue;
		kind = ws_age_kind(age->label_of[age->row_of[entry & WS_PAGE_KIND] / WS_TYPES],
				   ws_page_type(entry));
		age->bearers[entry & WS_PAGE_KIND]--;
		age->bearers[kind]++;
		age->page[page] = (u16)((ws_age_left(age, entry) & ~WS_PAGE_KIND) | kind);
	}
	return visited;
}

/* The pages that bear labels of @row. */
static u64 bearers_of_row(const struct ws_age *age, u32 row)
{
	u64 pages = 0;
	u32 kind;

	for (kind = 0; kind < WS_KINDS; kind++)
		if (age->row_of[kind] == row)
			pages += age->bearers[kind];
	return pages;
}

static bool type_is_sound(const struct ws_age *age, enum ws_type type)
{
	u32 gens = ws_age_gens(age, type), slot;

	if (age->min_seq[type] > age->max_seq || gens < WS_GENS_MIN || gens > age->gens)
		return false;
	if (ws_age_slot(age, age->min_seq[type]) != age->min_slot[type])
		return false;
	for (slot = 0; slot < age->gens; slot++) {
		/* how many generations after the oldest this slot is */
		u32 after = (slot + age->gens - age->min_slot[type]) % age->gens;
		u32 row = ws_age_row(slot, type);

		if (bearers_of_row(age, row) != age->pages[row])
			return false;
		if (after >= gens && age->pages[row])
			return false;
	}
	return !age->bearers[ws_age_kind(0, type)];
}

bool ws_age_check(const struct ws_age *age)
{
	u32 slot;

	if (age->gens < WS_GENS_MIN || age->gens > WS_GENS_MAX)
		return false;
	if (!type_is_sound(age, WS_ANON) || !type_is_sound(age, WS_FILE))
		return false;
	for (slot = 0; slot < age->gens; slot++)
		if (!age->label_of[slot] || label_in_use(age, age->label_of[slot], slot))
			return false;
	return ws_age_slot(age, age->max_seq) == age->max_slot;
}
