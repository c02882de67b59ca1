/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_age.h - how old every page is, in two bytes a page and without links.
 *
 * Pages live in generations, as in Linux's multi-generational LRU.  A
 * generation is a sequence number that only grows: max_seq is the youngest,
 * min_seq[type] the oldest that type still has, and its slot is seq mod N.
 * N is a parameter; 4 is what Linux compiles in.
 *
 *	seq     min_seq                                    max_seq
 *	        | oldest | ...  |  ...  | second youngest | youngest |
 *	birth   b0       b1     b2      b3                b4         now
 *
 * A page in generation s was last seen used before birth(s + 1), and its age
 * is bounded from above by now - birth(s).
 *
 * Labels.  A page does not store its slot but a label, and a table maps the
 * labels to slots.  Folding the oldest generation into the next one is then a
 * change in the table, not a walk over all pages: the label simply becomes
 * another name of the next generation.  A label is free again when no page
 * bears it any more; ws_age_tidy() helps that along when labels run short.
 *
 * Folding clears a page's history of accesses, as in Linux, or all but a part of it
 * (age->keeps).  So a page's history flags count only while it bears its generation's
 * current label, or one that no fold has come upon; ws_age_left() says what is left of them
 * otherwise.
 *
 * A type that cannot be evicted need not be folded: Linux only counts its min_seq up, and
 * the pages of its oldest generation are then in the slot of the new youngest, among pages
 * that were used just now ("cold/hot inversion").  ws_age_advance_over() does that.
 *
 * Memory: one u16 a page, the caller's, zeroed, may be shared by any number of
 * struct ws_age (a memcg each) as long as a page is in one of them at a time.
 * Time: now_ns, never decreasing.  Errors: 0 or negative errno.  Locking: the
 * caller serializes per object and per shared page array.
 */
#ifndef WS_AGE_H
#define WS_AGE_H

#include "ws_types.h"

#define WS_GENS_MIN 2
#define WS_GENS_MAX 64
#define WS_GENS_LINUX 4 /* MAX_NR_GENS */
#define WS_LABELS 256   /* label 0 means: in no generation */

/* Tables by generation and type have a row for each pair; see ws_age_row(). */
#define WS_ROWS_MAX (WS_GENS_MAX * WS_TYPES)
#define WS_ROW_NONE 0xffu /* of pages in no generation */

/* Tables by label and type are indexed by a page's kind, the low bits of its entry. */
#define WS_KINDS (WS_LABELS * WS_TYPES)

/* A page's entry: label in the low byte, flags above. */
#define WS_PAGE_LABEL 0x00ffu
#define WS_PAGE_KIND 0x01ffu	   /* label and type together */
#define WS_PAGE_FILE 0x0100u	   /* type is WS_FILE */
#define WS_PAGE_REFERENCED 0x0200u /* one descriptor access seen (PG_referenced) */
#define WS_PAGE_WORKINGSET 0x0400u /* PG_workingset */
#define WS_PAGE_REFS 0x1800u	   /* descriptor accesses past that, saturating at 3 */
#define WS_PAGE_REFS_SHIFT 11
#define WS_PAGE_MOVING 0x2000u /* ws_advice: about to be taken off its queue */
#define WS_PAGE_LINKED 0x4000u	/* ws_lru: still on one of its queues */
#define WS_PAGE_ACTIVE 0x8000u	/* two-list LRU: PG_active */
#define WS_PAGE_EXEC 0x8000u	/* ws_lru: of an executable file's mapping (VM_EXEC) */

/* What a page forgets when it changes generation (LRU_REFS_MASK | LRU_REFS_FLAGS). */
#define WS_PAGE_HISTORY (WS_PAGE_REFERENCED | WS_PAGE_WORKINGSET | WS_PAGE_REFS)

/* What a page keeps of its history when it goes to the next generation, protected or folded. */
enum ws_keeps {
	WS_KEEPS_NOTHING,
	WS_KEEPS_WORKINGSET, /* that flag alone */
	WS_KEEPS_TWO,	     /* at most 2 of the references in WS_PAGE_NUMBER */
};

/* The history as one number of references, 0..7; WS_REFS_NUMBER in ws_rules.h. */
#define WS_PAGE_NUMBER_SHIFT 9
#define WS_PAGE_NUMBER_MAX 7u

static inline u32 ws_page_number(u16 entry)
{
	return entry >> WS_PAGE_NUMBER_SHIFT & WS_PAGE_NUMBER_MAX;
}

static inline u16 ws_page_with_number(u16 entry, u32 number)
{
	return (u16)((entry & ~WS_PAGE_HISTORY) | number << WS_PAGE_NUMBER_SHIFT);
}

struct ws_age {
	u16 *page;	 /* shared page array, pages_count entries */
	u32 pages_count;
	u32 gens;		   /* N, WS_GENS_MIN..WS_GENS_MAX */
	enum ws_keeps keeps;	   /* NOTHING; may be set when there are no pages yet */
	u64 max_seq;		   /* youngest generation */
	u64 min_seq[WS_TYPES];	   /* oldest generation of each type */
	u32 max_slot;		   /* max_seq mod N, so that no path by page divides */
	u32 min_slot[WS_TYPES];	   /* min_seq mod N */
	u64 birth_ns[WS_GENS_MAX]; /* by slot: when the generation became the youngest */
	u64 pages[WS_ROWS_MAX];	   /* by row: pages of the type in the generation */
	u32 bearers[WS_KINDS];	   /* by kind: pages that bear the label */
	u8 row_of[WS_KINDS];	   /* by kind: the row that the label names */
	u8 label_of[WS_GENS_MAX];  /* by slot: the label that entering pages get */
	u64 unfolded[WS_KINDS / 64]; /* by kind: entered no more, but by no fold: history counts */
	/* by row: how old its pages are at most and at least (for ws_reaccess.h) */
	u64 oldest_ns[WS_ROWS_MAX]; /* its birth, or that of the oldest folded into it */
	u64 late_seq[WS_ROWS_MAX];  /* max_seq when a page last came straight into it; 0: none */
	u32 labels_free;	   /* as of the last ws_age_advance() */
	u32 tidy_next;		   /* cursor of ws_age_tidy() */
};

/* Bytes of page array for @pages_count pages. */
u64 ws_age_footprint(u32 pages_count);

/**
 * ws_age_init() - an empty set of generations: max_seq = N - 1, min_seq = 0
 * @page: zeroed array, ws_age_footprint() bytes
 * @gens: N
 *
 * All N generations are born @now_ns, as lru_gen_init_lruvec() does it.
 * Return: 0, or -EINVAL for N out of range.
 */
int ws_age_init(struct ws_age *age, u16 *page, u32 pages_count, u32 gens, u64 now_ns);

/* Is the page in a generation of any ws_age that uses this page array? */
static inline bool ws_page_aged(u16 entry)
{
	return entry & WS_PAGE_LABEL;
}

static inline enum ws_type ws_page_type(u16 entry)
{
	return entry & WS_PAGE_FILE ? WS_FILE : WS_ANON;
}

/* Put @page, which is in no generation, into generation @seq (clamped to the type's range). */
void ws_age_add(struct ws_age *age, u32 page, enum ws_type type, u64 seq);

/* Take @page out of its generation; of its flags only WS_PAGE_LINKED stays. */
void ws_age_remove(struct ws_age *age, u32 page);

/* Generation of an aged page, min_seq[type]..max_seq. */
u64 ws_age_seq(const struct ws_age *age, u32 page);

/* Move an aged page to generation @seq (clamped to the type's range); its history is gone. */
void ws_age_move(struct ws_age *age, u32 page, u64 seq);

/**
 * ws_age_harvest() - take accessed bits in: young pages move to max_seq
 * @first: first page, a multiple of 64
 * @young: bit i is page first + i; bits of pages in no generation are ignored
 * @count: pages covered, at most 512 (one page-table page) a call
 *
 * A young page loses its history, whether it changes generation or not.  Costs
 * one test for each word without bits, and one memory access for each young page.
 * Return: pages that changed generation.
 */
u32 ws_age_harvest(struct ws_age *age, u32 first, const u64 *young, u32 count);

/**
 * ws_age_advance() - begin a new youngest generation, born @now_ns
 *
 * If a type has all N generations already, its oldest is folded into the next
 * one (inc_min_seq() of Linux); folded[type] says so.
 * Return: 0, or -EAGAIN when no label is free: call ws_age_tidy() and retry.
 */
int ws_age_advance(struct ws_age *age, u64 now_ns, bool folded[WS_TYPES]);

/**
 * ws_age_advance_over() - the same, but types of @stay, which cannot be evicted, are not folded
 *
 * Where such a type has all N generations, its oldest is passed over: those pages are in
 * the youngest from now on, with their history (inc_min_seq() of Linux without swap).
 * folded[type] says of it false.
 */
int ws_age_advance_over(struct ws_age *age, u64 now_ns, const bool stay[WS_TYPES],
			bool folded[WS_TYPES]);

/* Drop the oldest generation of @type when it is empty and more than WS_GENS_MIN remain. */
bool ws_age_drop_empty(struct ws_age *age, enum ws_type type);

/* Fold the oldest generation of @type, empty or not, when more than WS_GENS_MIN remain. */
bool ws_age_fold(struct ws_age *age, enum ws_type type);

/**
 * ws_age_tidy() - give up to @budget pages their generation's current label
 *
 * Walks round the page array.  A page of another ws_age that shares the array is
 * told apart by @mine (NULL: all pages are this one's).  Return: pages visited.
 */
u32 ws_age_tidy(struct ws_age *age, u32 budget, bool (*mine)(const void *ctx, u32 page),
		const void *ctx);

static inline u32 ws_age_slot(const struct ws_age *age, u64 seq)
{
	/* N need not be a power of two; seq fits 32 bits for a century of one pass a second. */
	return (u32)seq % age->gens;
}

static inline u32 ws_age_row(u32 slot, enum ws_type type)
{
	return slot * WS_TYPES + type;
}

static inline u64 ws_age_pages(const struct ws_age *age, u64 seq, enum ws_type type)
{
	return age->pages[ws_age_row(ws_age_slot(age, seq), type)];
}

/* Pages in all generations. */
u64 ws_age_total(const struct ws_age *age);

static inline u64 ws_age_birth(const struct ws_age *age, u64 seq)
{
	return age->birth_ns[ws_age_slot(age, seq)];
}

/* Number of generations a type has, 1..N. */
static inline u32 ws_age_gens(const struct ws_age *age, enum ws_type type)
{
	return (u32)(age->max_seq - age->min_seq[type]) + 1;
}

/* Slot of the generation after the one in @slot. */
static inline u32 ws_age_slot_after(const struct ws_age *age, u32 slot)
{
	return slot + 1 < age->gens ? slot + 1 : 0;
}

/* The kind of the pages of @type that bear @label. */
static inline u32 ws_age_kind(u32 label, enum ws_type type)
{
	return label | (u32)type * WS_PAGE_FILE;
}

/* Does @entry, of an aged page, bear its generation's present label? */
static inline bool ws_page_labelled_now(const struct ws_age *age, u16 entry)
{
	return (entry & WS_PAGE_LABEL) ==
	       age->label_of[age->row_of[entry & WS_PAGE_KIND] / WS_TYPES];
}

/* @entry with the history that is left after it went to the next generation. */
u16 ws_age_faded(const struct ws_age *age, u16 entry);

/* @entry, which bears no present label, with the history that is left: all, or as faded. */
static inline u16 ws_age_left(const struct ws_age *age, u16 entry)
{
	u32 kind = entry & WS_PAGE_KIND;

	return age->unfolded[kind / 64] >> kind % 64 & 1 ? entry : ws_age_faded(age, entry);
}

/*
 * Put a page that is in no generation into the generation in @slot, with the
 * flags @flags.  By slot and inline for ws_lru, whose path this is.
 */
static inline void ws_age_enter(struct ws_age *age, u32 page, enum ws_type type, u32 slot,
				u32 flags)
{
	u32 kind = ws_age_kind(age->label_of[slot], type);

	age->page[page] = (u16)(flags | kind);
	age->bearers[kind]++;
	age->pages[ws_age_row(slot, type)]++;
}

/* A page that was used just now comes into the generation in @slot. */
static inline void ws_age_note_late(struct ws_age *age, enum ws_type type, u32 slot)
{
	if (slot != age->max_slot)
		age->late_seq[ws_age_row(slot, type)] = age->max_seq;
}

/* Pages of row @from go to row @to without having been used: @to's bounds take them in. */
static inline void ws_age_note_unused(struct ws_age *age, u32 from, u32 to)
{
	if (age->oldest_ns[from] < age->oldest_ns[to])
		age->oldest_ns[to] = age->oldest_ns[from];
	if (age->late_seq[from] > age->late_seq[to])
		age->late_seq[to] = age->late_seq[from];
}

/* Take the page out of its generation; the caller stores its new entry. */
static inline void ws_age_leave(struct ws_age *age, u16 entry)
{
	u32 kind = entry & WS_PAGE_KIND;

	age->bearers[kind]--;
	age->pages[age->row_of[kind]]--;
}

/*
 * False when counts, labels and sequence numbers contradict each other, as far
 * as @age alone tells: walks its tables, not the pages, which may be shared.
 */
bool ws_age_check(const struct ws_age *age);

#endif /* WS_AGE_H */
