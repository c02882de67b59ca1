/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wsk_scan_frames.c - which page frames are whose, and which of them were used.
 *
 * Page tables tell of mapped pages only.  What read() and write() touch is told by flags
 * of the page, which folio_mark_accessed() moves up step by step:
 *
 *	active and inactive lists	referenced, then active, then referenced again
 *	MGLRU				referenced, workingset, a count of two bits
 *
 * A step up since the last pass is an access.  At the top no step is left, and there only
 * PG_referenced is cleared, so that the next access shows.  That costs reclaim nothing: of an
 * active page, and of one with a full count, it does not look at this flag.
 *
 * The kernel takes accessed bits too, and leaves its traces in the same flags: a page it
 * found young goes to one of the two youngest generations, or becomes referenced or active.
 * Those are accesses here as well.
 *
 * Flags are read without a reference, for a page that goes away meanwhile is looked at
 * again in the next pass; they are changed under one.
 */
#include <linux/memcontrol.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/page-flags.h>
#include <linux/page_idle.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/swap.h>

#include "wsk_compat.h"
#include "wsk_scan.h"
#include "wsk_source.h"

#define CHUNK_FRAMES 1024u /* in one RCU section */

/* What of a page's flags is remembered from pass to pass. */
#define SEEN_REFERENCED 0x01
#define SEEN_ACTIVE 0x02
#define SEEN_WORKINGSET 0x04
#define SEEN_REFS_SHIFT 3 /* two bits */
#define SEEN_GEN_SHIFT 5 /* two bits, when ... */
#define SEEN_MGLRU 0x80

#define SEEN_REFS(seen) ((seen) >> SEEN_REFS_SHIFT & 3)
#define SEEN_GEN(seen) ((seen) >> SEEN_GEN_SHIFT & 3)

struct sweep {
	struct wsk_scan *scan;
	enum wsk_giveback giveback;
	/* the memcg looked up last, valid in this RCU section */
	struct mem_cgroup *memcg;
	int nid;
	struct wsk_lot *lot;
	unsigned long max_seq, min_seq[WS_TYPES]; /* the kernel's */
	bool fresh[2]; /* by age in generations: begun since the last pass */
	/* young frames of one lot in one word, not yet harvested */
	struct wsk_lot *word_lot;
	u32 word_first;
	u64 word;
};

static void harvest(struct sweep *sweep)
{
	if (sweep->word)
		ws_age_harvest(&sweep->word_lot->age, sweep->word_first, &sweep->word, 64);
	sweep->word = 0;
}

static void make_young(struct sweep *sweep, struct wsk_lot *lot, u32 frame)
{
	u32 first = round_down(frame, 64);

	if (sweep->word_first != first || sweep->word_lot != lot) {
		harvest(sweep);
		sweep->word_first = first;
		sweep->word_lot = lot;
	}
	sweep->word |= 1ull << (frame - first);
}

/* --- whose ------------------------------------------------------------------------------ */

#ifdef CONFIG_LRU_GEN
static void remember_seqs(struct sweep *sweep, struct mem_cgroup *memcg, int nid)
{
	struct wsk_lrugen *lrugen = &memcg->nodeinfo[nid]->lruvec.lrugen;
	int age;

	sweep->max_seq = READ_ONCE(lrugen->max_seq);
	sweep->min_seq[WS_ANON] = READ_ONCE(lrugen->min_seq[WS_ANON]);
	sweep->min_seq[WS_FILE] = READ_ONCE(lrugen->min_seq[WS_FILE]);
	for (age = 0; age < ARRAY_SIZE(sweep->fresh); age++) {
		unsigned long birth = READ_ONCE(lrugen->timestamps[(sweep->max_seq - age) % MAX_NR_GENS]);

		sweep->fresh[age] = time_after(birth, sweep->scan->pass_jiffies);
	}
}
#else
static void remember_seqs(struct sweep *sweep, struct mem_cgroup *memcg, int nid)
{
}
#endif

/* The lot of a folio's memcg and node; NULL: none yet. */
static struct wsk_lot *folio_lot(struct sweep *sweep, struct folio *folio)
{
	struct mem_cgroup *memcg = page_memcg_check(&folio->page);
	int nid = folio_nid(folio), index;
	struct wsk_group *group;

	if (memcg && memcg == sweep->memcg && nid == sweep->nid)
		return sweep->lot;
	if (!memcg) /* not charged: the root's */
		memcg = mem_cgroup_from_css(wsk_group_root->css);
	index = wsk_node_index(nid);
	group = wsk_group_find(&memcg->css);
	while (group && index >= 0 && !group->view[index].lot)
		group = group->parent;
	sweep->lot = group && index >= 0 ? group->view[index].lot : NULL;
	sweep->memcg = memcg;
	sweep->nid = nid;
	remember_seqs(sweep, memcg, nid);
	return sweep->lot;
}

/* Is this a user's page, on an LRU list or on its way there, that could be reclaimed? */
static bool is_users(const struct wsk_scan *scan, struct folio *folio, u32 frame)
{
	if (folio_test_unevictable(folio) || folio_test_mlocked(folio))
		return false;
	if (folio_test_lru(folio))
		return true;
	return test_bit(frame, scan->mapped) && !folio_test_slab(folio) &&
	       READ_ONCE(folio->mapping);
}

/* --- used by system call, or found young by the kernel --------------------------------------- */

static u8 flags_seen(unsigned long flags)
{
	u8 seen = 0;

	if (flags & BIT(PG_referenced))
		seen |= SEEN_REFERENCED;
	if (flags & BIT(PG_active))
		seen |= SEEN_ACTIVE;
	if (flags & BIT(PG_workingset))
		seen |= SEEN_WORKINGSET;
#ifdef CONFIG_LRU_GEN
	if (flags & LRU_GEN_MASK) {
		unsigned long gen = ((flags & LRU_GEN_MASK) >> LRU_GEN_PGOFF) - 1;

		seen |= SEEN_MGLRU | gen << SEEN_GEN_SHIFT |
			min((flags & LRU_REFS_MASK) >> LRU_REFS_PGOFF, 3ul) << SEEN_REFS_SHIFT;
	}
#endif
	return seen;
}

/*
 * Is it in one of the two youngest generations, and was not before?  A fold leads to the
 * oldest.  The number of one that began since the last pass says nothing of before.
 */
static bool rose(const struct sweep *sweep, u8 seen, u8 before, enum ws_type type)
{
	unsigned long age = (sweep->max_seq - SEEN_GEN(seen)) % 4;

	if (age > 1 || sweep->max_seq - age <= sweep->min_seq[type])
		return false;
	return sweep->fresh[age] ||
	       ((before & SEEN_MGLRU) && SEEN_GEN(seen) != SEEN_GEN(before));
}

static bool stepped_up(const struct sweep *sweep, u8 seen, u8 before, enum ws_type type)
{
	if (seen & ~before & (SEEN_REFERENCED | SEEN_ACTIVE))
		return true;
	if (!(seen & SEEN_MGLRU))
		return false;
	return (seen & ~before & SEEN_WORKINGSET) || SEEN_REFS(seen) > SEEN_REFS(before) ||
	       rose(sweep, seen, before, type);
}

static bool at_the_top(u8 seen)
{
	if (!(seen & SEEN_REFERENCED))
		return false;
	if (!(seen & SEEN_MGLRU))
		return seen & SEEN_ACTIVE;
#ifdef CONFIG_LRU_GEN
	return (seen & SEEN_WORKINGSET) && SEEN_REFS(seen) == min(LRU_REFS_MASK >> LRU_REFS_PGOFF, 3ul);
#else
	return false;
#endif
}

/* --- changes to the kernel's state ------------------------------------------------------------ */

static bool folio_get_lru(struct folio *folio, struct page *page)
{
	if (!folio_try_get(folio))
		return false;
	if (folio_test_lru(folio) && page_folio(page) == folio)
		return true;
	folio_put(folio);
	return false;
}

static bool clear_referenced(struct sweep *sweep, struct folio *folio)
{
	if (!folio_get_lru(folio, &folio->page))
		return false;
	folio_clear_referenced(folio);
	folio_put(folio);
	sweep->scan->stats.cleared_referenced++;
	return true;
}

/* The accessed bits that were taken of a folio's mappings. */
static void give_back(struct sweep *sweep, struct folio *folio)
{
	if (sweep->giveback == WSK_GIVE_NOTHING || !folio_get_lru(folio, &folio->page))
		return;
	if (sweep->giveback == WSK_GIVE_MARK)
		folio_mark_accessed(folio);
#ifdef CONFIG_PAGE_IDLE_FLAG
	else
		folio_set_young(folio);
#endif
	folio_put(folio);
	sweep->scan->stats.given_back++;
}

/* --- a frame -------------------------------------------------------------------------------- */

static void leave(struct wsk_scan *scan, u32 frame)
{
	u16 owner = scan->owner[frame];
	struct wsk_lot *lot;

	if (!owner)
		return;
	lot = wsk_lot_of(scan, owner);
	lot->vacated[lot->age.row_of[scan->page[frame] & WS_PAGE_KIND]]++;
	ws_age_remove(&lot->age, frame);
	scan->owner[frame] = 0;
	scan->flags[frame] = 0;
}

static void nobodys(struct wsk_scan *scan, u32 frame, u32 count)
{
	for (; count; frame++, count--)
		leave(scan, frame);
}

/* Of an orphaned lot: goes over to @lot and keeps its generation, for all begin together. */
static u64 kept_seq(const struct wsk_lot *from, const struct wsk_lot *lot, u32 frame)
{
	u64 after = from->age.max_seq - ws_age_seq(&from->age, frame);

	return lot->age.max_seq > after ? lot->age.max_seq - after : 0;
}

/* Of a page that was moved: see wsk_scan.h. */
static u64 moved_seq(struct wsk_lot *lot, enum ws_type type)
{
	u64 seq = lot->age.max_seq, found = seq - 1;
	u32 *most = NULL;

	for (; seq >= lot->age.min_seq[type]; seq--) {
		u32 *count = &lot->vacated[ws_age_row(ws_age_slot(&lot->age, seq), type)];

		if (*count && (!most || *count > *most)) {
			most = count;
			found = seq;
		}
		if (!seq)
			break;
	}
	if (most)
		(*most)--;
	return found;
}

/* The generation of a page that was not this lot's in the last pass. */
static u64 entry_seq(struct sweep *sweep, struct wsk_lot *lot, enum ws_type type, u32 frame,
		     bool young, bool swapcache)
{
	struct wsk_scan *scan = sweep->scan;
	u16 old = scan->owner[frame];

	if (young)
		return lot->age.max_seq;
	if (scan->first)
		return lot->age.min_seq[type]; /* nothing is known of it */
	if (old && (old & 1) == type && wsk_lot_of(scan, old)->orphan)
		return kept_seq(wsk_lot_of(scan, old), lot, frame);
	if (test_bit(frame, scan->mapped)) {
		scan->stats.moved_frames++;
		return moved_seq(lot, type);
	}
	/* read ahead from swap, or read by a system call */
	return swapcache ? lot->age.min_seq[type] : lot->age.max_seq;
}

static void belongs(struct sweep *sweep, u32 frame, struct wsk_lot *lot, enum ws_type type,
		    bool young, bool swapcache)
{
	struct wsk_scan *scan = sweep->scan;
	u16 owner = wsk_lot_owner(lot, type), old = scan->owner[frame];
	u64 seq;

	if (old == owner) {
		if (young)
			make_young(sweep, lot, frame);
		else if (lot->relabel && !ws_page_labelled_now(&lot->age, scan->page[frame]))
			ws_age_move(&lot->age, frame, ws_age_seq(&lot->age, frame));
		return;
	}
	seq = entry_seq(sweep, lot, type, frame, young, swapcache);
	if (old)
		ws_age_remove(&wsk_lot_of(scan, old)->age, frame);
	ws_age_add(&lot->age, frame, type, seq);
	scan->owner[frame] = owner;
}

static bool any_young(const struct wsk_scan *scan, u32 frame, u32 count)
{
	if (count == 1)
		return test_bit(frame, scan->young);
	return find_next_bit(scan->young, frame + count, frame) < frame + count;
}

/* A folio with all its frames. */
static void users(struct sweep *sweep, struct folio *folio, u32 frame, u32 count,
		  struct wsk_lot *lot)
{
	struct wsk_scan *scan = sweep->scan;
	enum ws_type type = folio_is_file_lru(folio) ? WS_FILE : WS_ANON;
	bool young = any_young(scan, frame, count);
	u8 seen = flags_seen(wsk_folio_flags(folio)), before = scan->flags[frame];
	bool known = scan->owner[frame], swapcache = folio_test_swapcache(folio);

	if (young)
		give_back(sweep, folio);
	if (known && (seen != before || (seen & SEEN_MGLRU)) && stepped_up(sweep, seen, before, type)) {
		scan->stats.cache_hits += young ? 0 : count;
		young = true;
	}
	if (at_the_top(seen) && clear_referenced(sweep, folio))
		seen &= ~SEEN_REFERENCED;
	if (!known && sweep->giveback == WSK_GIVE_MARK)
		seen = flags_seen(wsk_folio_flags(folio));
	scan->stats.frames += count;
	scan->stats.young_frames += young ? count : 0;
	for (; count; frame++, count--) {
		belongs(sweep, frame, lot, type, young, swapcache);
		scan->flags[frame] = seen; /* of all parts, should it be split */
	}
}

/* Looks at what begins at @frame.  Returns frames looked at, 1..@room. */
static u32 look(struct sweep *sweep, struct page *page, u32 frame, u32 room)
{
	struct folio *folio = (struct folio *)page;
	struct wsk_lot *lot;
	u32 count = 1;

	if (PageTail(page)) /* its head was no user's, or is just being made */
		goto nobodys;
	if (PageBuddy(page)) {
		unsigned long order = READ_ONCE(page_private(page));

		if (order < 16)
			count = 1u << order;
		goto nobodys;
	}
	if (PageHead(page))
		count = 1u << min(folio_order(folio), 16u);
	if (!is_users(sweep->scan, folio, frame))
		goto nobodys;
	lot = folio_lot(sweep, folio);
	if (!lot)
		goto nobodys;
	count = min(count, room);
	users(sweep, folio, frame, count, lot);
	return count;
nobodys:
	count = min(count, room);
	nobodys(sweep->scan, frame, count);
	return count;
}

/* Folios are aligned to their size, so none crosses the end of a chunk but gigantic ones. */
static void sweep_chunk(struct sweep *sweep, u32 frame, u32 end)
{
	struct page *page = pfn_to_online_page(frame);

	if (!page) {
		nobodys(sweep->scan, frame, end - frame);
		return;
	}
	rcu_read_lock();
	sweep->memcg = NULL;
	while (frame < end)
		frame += look(sweep, pfn_to_page(frame), frame, end - frame);
	rcu_read_unlock();
	harvest(sweep);
}

int wsk_scan_frames(struct wsk_scan *scan, enum wsk_giveback giveback)
{
	struct sweep sweep = { .scan = scan, .giveback = giveback };
	u32 frame, end;

	for (frame = 0; frame < scan->frames_count; frame = end) {
		if (READ_ONCE(wsk_stopping))
			return -EINTR;
		end = min(frame + CHUNK_FRAMES, scan->frames_count);
		sweep_chunk(&sweep, frame, end);
		cond_resched();
	}
	return 0;
}
