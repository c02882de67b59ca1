/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_guest_reclaim.c - making frames free: eviction, writing, the background reclaimer.
 *
 * Which page goes is the reclaim engine's business (sim_reclaim.h); here stands what
 * happens to it.  A clean page is free at once.  A dirty file page and an anon page
 * without a copy in swap are written first; compressed memory takes CPU time instead.
 */
#include <assert.h>
#include <stdlib.h>

#include "model/sim_guest.h"
#include "model/sim_reporter.h"

#define BATCH 32		  /* pages asked of an engine at a time */
#define KSWAPD_STEP 128		  /* pages between two looks at the marks */
#define KSWAPD_GIVE_UP 16	  /* MAX_RECLAIM_RETRIES */
#define KSWAPD_REST_NS (100 * SIM_MS)
#define SCAN_BUDGET 4096	  /* pages looked at in one round */
#define FRUITLESS_ROUNDS 4	  /* without a victim, before it is asked whether any is left */
#define FLUSH_PERIOD_NS (5 * SIM_SECOND) /* dirty_writeback_centisecs */

#define NO_BATCH 0xffffffffu

static void more_batches(struct sim_guest *guest)
{
	u32 first = guest->batches_count, count = first ? 2 * first : 16;

	guest->batch = realloc(guest->batch, count * sizeof(*guest->batch));
	guest->batch_done_ns = realloc(guest->batch_done_ns, count * sizeof(u64));
	assert(guest->batch && guest->batch_done_ns);
	for (u32 i = first; i < count; i++) {
		guest->batch[i].count = 0;
		guest->batch[i].page[0] = i + 1;
		guest->batch_done_ns[i] = SIM_NONE;
	}
	guest->batches_count = count;
}

static u32 batch_open(struct sim_guest *guest, bool to_disk)
{
	if (guest->batch_unused == guest->batches_count)
		more_batches(guest);
	u32 i = guest->batch_unused;

	guest->batch_unused = guest->batch[i].page[0];
	guest->batch[i].to_disk = to_disk;
	return i;
}

/* Hand a batch to its device; its frames come free when it is done. */
static void batch_submit(struct sim_guest *guest, u32 index)
{
	struct sim_batch *batch = &guest->batch[index];
	struct sim_device *device = batch->to_disk ? &guest->disk : &guest->swap.device;
	u64 now_ns = guest->engine->now_ns;

	u64 done_ns = sim_device_submit(device, now_ns, true, batch->count);

	guest->batch_done_ns[index] = done_ns;
	guest->writing_pages += batch->count;
	if (batch->to_disk)
		guest->counters.file_out_pages += batch->count;
	else
		guest->counters.swap_out_pages += batch->count;
	sim_emit(guest->engine, SIM_EV_WRITEBACK, guest->id, batch->to_disk, batch->count,
		 done_ns);
	sim_wake_at(guest->engine, done_ns, SIM_CLASS_COMPLETION, SIM_WAKE_WRITEBACK,
		    guest->id, index, 0);
}

void sim_guest_written(struct sim_guest *guest, u32 index)
{
	struct sim_batch *batch = &guest->batch[index];

	guest->writing_pages -= batch->count;
	for (u32 i = 0; i < batch->count; i++) {
		u32 page = batch->page[i];

		if (!guest->running)
			break; /* nothing of it is left */
		/* Touched or freed meanwhile: it stays, or is gone already. */
		if (!(guest->hot[page] & SIM_HOT_WRITEBACK))
			continue;
		sim_page_evicted(guest, page, batch->shadow[i]);
	}
	batch->count = 0;
	batch->page[0] = guest->batch_unused;
	guest->batch_unused = index;
	guest->batch_done_ns[index] = SIM_NONE;
}

u64 sim_guest_next_write_ns(const struct sim_guest *guest)
{
	u64 next_ns = SIM_NONE;

	for (u32 i = 0; i < guest->batches_count; i++)
		if (guest->batch_done_ns[i] < next_ns)
			next_ns = guest->batch_done_ns[i];
	return next_ns;
}

/* One pass of eviction: victims of one engine on their way out. */
struct pass {
	struct sim_guest *guest;
	enum sim_reclaim_mode mode;
	struct sim_reclaimed sum;
	u32 to[2]; /* batches being filled: swap, disk; or NO_BATCH */
};

static void pass_write(struct pass *pass, u32 page, u32 shadow, bool to_disk)
{
	struct sim_guest *guest = pass->guest;
	u8 kept = guest->hot[page] & (SIM_HOT_ACCESSED_HOST | SIM_HOT_DIRTY_HOST);

	if (pass->to[to_disk] == NO_BATCH)
		pass->to[to_disk] = batch_open(guest, to_disk);
	struct sim_batch *batch = &guest->batch[pass->to[to_disk]];

	guest->hot[page] = kept | SIM_HOT_WRITEBACK;
	batch->page[batch->count] = page;
	batch->shadow[batch->count++] = shadow;
	pass->sum.writing++;
	if (batch->count == SIM_BATCH_MAX) {
		batch_submit(guest, pass->to[to_disk]);
		pass->to[to_disk] = NO_BATCH;
	}
}

static void note_true_age(struct sim_guest *guest, u32 page)
{
	u64 last_ns = guest->truth_ns[page / SIM_TRUTH_SHARE];

	if (!sim_page_is_tracked(page))
		return;
	guest->counters.evicted_total++;
	/* Accesses by descriptor are all in the trace: nothing is hidden behind them. */
	if (last_ns & SIM_TRUTH_MAPPED &&
	    sim_page_idle_ns(guest, page) < guest->workload.window_ns)
		guest->counters.evicted_in_window++;
}

/* The guest reads a frame in order to write it out: the host may have to bring it back first. */
static u64 read_frame(struct sim_guest *guest, u32 page)
{
	u32 frame = guest->frame[page] - 1;
	u64 now_ns = guest->engine->now_ns;

	if (sim_frame_is_backed(guest, frame))
		return 0;
	if (guest->backing.state[frame] & SIM_BACK_SWAPPED)
		guest->counters.double_paging++;
	struct sim_touch touch = sim_host_touch(guest->host, guest, frame);

	return touch.cpu_ns + (touch.ready_ns > now_ns ? touch.ready_ns - now_ns : 0);
}

static void drop(struct pass *pass, u32 page, u32 shadow)
{
	sim_page_evicted(pass->guest, page, shadow);
	pass->sum.freed++;
}

static void victim_anon(struct pass *pass, u32 page, u32 shadow)
{
	struct sim_guest *guest = pass->guest;
	struct sim_swap_area *swap = &guest->swap;

	u32 *copy = &guest->copy[guest->frame[page] - 1];

	if (*copy && !(guest->hot[page] & SIM_HOT_DIRTY_GUEST)) {
		drop(pass, page, shadow);
		return;
	}
	if (!*copy)
		*copy = sim_swap_take(swap, page);
	if (!*copy) { /* swap is full: it stays */
		struct sim_reclaim *lruvec = guest->memcg_of[guest->memcg[page] & SIM_PAGE_MEMCG].lruvec;

		guest->memcg[page] &= (u8)~SIM_PAGE_PROACTIVE;
		guest->hot[page] |= SIM_HOT_MAPPED;
		lruvec->ops->insert(lruvec, page, WS_ANON, WS_ENTER_WRITEBACK, 0);
		sim_page_open(guest, page);
		return;
	}
	pass->sum.cpu_ns += read_frame(guest, page);
	if (guest->swap_compressed) {
		u64 now_ns = guest->engine->now_ns;

		pass->sum.cpu_ns += sim_device_submit(&swap->device, now_ns, true, 1) - now_ns;
		guest->counters.swap_out_pages++;
		drop(pass, page, shadow);
		return;
	}
	pass_write(pass, page, shadow, false);
}

static void victim(struct pass *pass, u32 page, u32 shadow)
{
	struct sim_guest *guest = pass->guest;

	note_true_age(guest, page);
	if (pass->mode == SIM_RECLAIM_PROACTIVE)
		guest->memcg[page] |= SIM_PAGE_PROACTIVE;
	guest->hot[page] &= (u8) ~(SIM_HOT_FAST | SIM_HOT_MAPPED | SIM_HOT_ACCESSED_GUEST);
	if (sim_page_type(guest, page) == WS_ANON) {
		victim_anon(pass, page, shadow);
	} else if (guest->hot[page] & SIM_HOT_DIRTY_GUEST) {
		pass->sum.cpu_ns += read_frame(guest, page);
		pass_write(pass, page, shadow, true);
	} else {
		drop(pass, page, shadow);
	}
}

/* Read a byte or word and forget it: it is in the cache then. */
static inline void load(u32 value)
{
	__asm__ volatile("" : : "r"(value));
}

/*
 * Victims lie anywhere in memory: what is looked at next of them all is read at once, so
 * that the processor waits for many lines together.  Read, and not prefetched, because a
 * processor may drop prefetches of pages that its TLB does not know: with 128 victims of a
 * 2 GiB guest faults are a sixth faster (on disk) and an eighth (compressed).
 */
static void fetch_victims(const struct sim_guest *guest, const u32 *page, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		__builtin_prefetch(&guest->memcg[page[i]], 1);
		__builtin_prefetch(&guest->hot[page[i]], 1);
	}
	for (u32 i = 0; i < count; i++) {
		u32 frame = guest->frame[page[i]] - 1;

		load(guest->copy[frame]);
		load(guest->backing.state[frame]);
	}
	for (u32 i = 0; i < count; i++) {
		load(guest->memcg[page[i]]);
		load(guest->hot[page[i]]);
	}
}

static u64 lruvec_pages(const struct sim_reclaim *lruvec)
{
	struct sim_reclaim_stat stat;

	lruvec->ops->stat(lruvec, &stat);
	return stat.pages[WS_ANON] + stat.pages[WS_FILE];
}

/* Evict from one memcg.  Return: pages looked at. */
static u64 reclaim_memcg(struct pass *pass, u32 memcg, u64 want)
{
	struct sim_guest *guest = pass->guest;
	struct sim_reclaim *lruvec = guest->memcg_of[memcg].lruvec;
	const struct sim_reclaim_ops *ops = lruvec->ops;
	const struct sim_costs *costs = &guest->engine->scenario->costs;
	u32 page[BATCH], shadow[BATCH];
	u64 scanned = 0, got = 0;
	bool swap = guest->swap.slots_count && !sim_swap_is_full(&guest->swap);
	u32 swappiness = swap ? guest->config->swappiness : 0;
	u32 fruitless = 0;
	u64 patience = 0; /* pages to look at without a victim before giving up; 0: not yet known */
	u64 fruitless_scanned = 0;

	while (got < want) {
		if (ops->wants_ageing && ops->wants_ageing(lruvec, swappiness))
			pass->sum.cpu_ns += sim_guest_age_memcg(guest, memcg, false);
		struct sim_reclaim_scan scan = { .swappiness = swappiness, .no_swap = !swap,
						.budget = SCAN_BUDGET };
		u32 most = want - got < BATCH ? (u32)(want - got) : BATCH;
		u32 n = ops->evict(lruvec, &scan, page, shadow, most);

		scanned += scan.scanned;
		pass->sum.cpu_ns += (scan.scanned + scan.rmap_walks) * costs->reclaim_page_ns;
		guest->counters.rmap_walks += scan.rmap_walks;
		fetch_victims(guest, page, n);
		for (u32 i = 0; i < n; i++)
			victim(pass, page[i], shadow[i]);
		got += n;
		fruitless = n ? 0 : fruitless + 1;
		fruitless_scanned = n ? 0 : fruitless_scanned + scan.scanned;
		if (!n && !scan.scanned && (!ops->wants_ageing || fruitless >= FRUITLESS_ROUNDS))
			break;
		if (fruitless < FRUITLESS_ROUNDS)
			continue;
		/* Every page may have to lose its accessed bit first: look at all of them twice. */
		if (!patience)
			patience = 2 * lruvec_pages(lruvec);
		if (fruitless_scanned >= patience)
			break;
	}
	return scanned;
}

/*
 * Own pages of @memcg that may be taken, as of the last sim_guest_protect(): what is used
 * beyond its effective min, and beyond its effective low unless @low_too.
 */
static u64 takeable(const struct sim_guest *guest, u32 memcg, bool low_too)
{
	const struct ws_group *group = &guest->groups.group[memcg];
	u64 kept = group->emin_pages, own = guest->memcg_of[memcg].pages;

	if (!low_too && group->elow_pages > kept)
		kept = group->elow_pages;
	u64 beyond = group->usage_pages > kept ? group->usage_pages - kept : 0;

	return beyond < own ? beyond : own;
}

/* Evict from @target and all below, from each in proportion to what may be taken of it. */
static u64 reclaim_tree(struct pass *pass, u32 target, u64 want)
{
	struct sim_guest *guest = pass->guest;
	const struct ws_groups *groups = &guest->groups;
	u32 memcgs = guest->config->memcgs_count;
	u64 scanned = 0;

	sim_guest_protect(guest, target);
	for (u32 low_too = 0; low_too < 2 && !(pass->sum.freed + pass->sum.writing); low_too++) {
		u64 all = 0;

		for (u32 i = target; i < memcgs; i++)
			all += ws_groups_below(groups, i, target) ? takeable(guest, i, low_too) : 0;
		for (u32 i = target; i < memcgs && all; i++) {
			u64 most = ws_groups_below(groups, i, target) ? takeable(guest, i, low_too) : 0;
			u64 part = (want * most + all - 1) / all;

			part = part < most ? part : most; /* never below the protection */
			scanned += part ? reclaim_memcg(pass, i, part) : 0;
		}
	}
	return scanned;
}

struct sim_reclaimed sim_guest_reclaim(struct sim_guest *guest, u64 want, u32 memcg,
				       enum sim_reclaim_mode mode)
{
	struct pass pass = { .guest = guest, .mode = mode, .to = { NO_BATCH, NO_BATCH } };
	u32 target = memcg < SIM_MEMCGS_MAX ? memcg : WS_GROUP_ROOT;
	u64 scanned = guest->memcg_of[target].has_below ? reclaim_tree(&pass, target, want) :
							  reclaim_memcg(&pass, target, want);

	for (u32 i = 0; i < 2; i++)
		if (pass.to[i] != NO_BATCH)
			batch_submit(guest, pass.to[i]);

	struct sim_vm_counters *counters = &guest->counters;
	u64 taken = pass.sum.freed + pass.sum.writing;

	if (mode == SIM_RECLAIM_BACKGROUND) {
		counters->pgscan_background += scanned;
		counters->pgsteal_background += taken;
	} else {
		counters->pgscan_direct += scanned;
		counters->pgsteal_direct += taken;
	}
	/* ALLOCSTALL counts the balloon's allocations too, but no reclaim for a memcg's limit. */
	counters->alloc_stalls += memcg == SIM_MEMCGS_MAX && (mode == SIM_RECLAIM_DIRECT ||
							      mode == SIM_RECLAIM_BALLOON);
	if (mode == SIM_RECLAIM_PROACTIVE)
		counters->proactive_pages += taken;
	sim_emit(guest->engine, SIM_EV_EVICT, guest->id, mode, taken, scanned);
	return pass.sum;
}

void sim_guest_kswapd(struct sim_guest *guest)
{
	u64 now_ns = guest->engine->now_ns, next_ns;

	/* lru_gen_age_node(): not in the first pass, which has yet to show what it brings. */
	if (guest->running && guest->kswapd_again &&
	    guest->frames.free_count < guest->watermark.low && sim_guest_is_all_young(guest))
		sim_guest_oom(guest, false);
	if (guest->kswapd_past && !guest->kswapd_again)
		guest->kswapd_left = guest->watermark.high > 32 ? guest->watermark.high : 32;
	if (!guest->running ||
	    (guest->frames.free_count >= guest->watermark.high && !guest->kswapd_left)) {
		if (guest->running && guest->kswapd_awake)
			guest->counters.overshoot_pages +=
				guest->frames.free_count - guest->watermark.high;
		guest->kswapd_awake = false;
		guest->kswapd_failures = 0;
		guest->kswapd_again = false;
		return;
	}
	guest->kswapd_again = true;
	u64 want = guest->frames.free_count < guest->watermark.high ?
			   guest->watermark.high - guest->frames.free_count :
			   0;

	/* What is being written will come free without further reclaim; kswapd_left is without it. */
	if (guest->writing_pages >= want && !guest->kswapd_left) {
		next_ns = sim_guest_next_write_ns(guest);
		sim_guest_timer(guest, next_ns > now_ns ? next_ns : now_ns + 1, SIM_WAKE_KSWAPD);
		return;
	}
	want = want > guest->kswapd_left ? want : guest->kswapd_left;
	struct sim_reclaimed got =
		sim_guest_reclaim(guest, want < KSWAPD_STEP ? want : KSWAPD_STEP, SIM_MEMCGS_MAX,
				  SIM_RECLAIM_BACKGROUND);

	guest->kswapd_left -= got.freed + got.writing < guest->kswapd_left ? got.freed + got.writing :
									     guest->kswapd_left;
	guest->counters.kswapd_cpu_ns += got.cpu_ns;
	sim_guest_owe(guest, got.cpu_ns);
	sim_reporter_pressure(guest);
	next_ns = now_ns + got.cpu_ns + 1;
	if (got.freed + got.writing) {
		guest->kswapd_failures = 0;
	} else if (++guest->kswapd_failures >= KSWAPD_GIVE_UP) {
		guest->kswapd_awake = guest->kswapd_again = false;
		guest->kswapd_left = 0;
		return;
	} else {
		next_ns += KSWAPD_REST_NS;
	}
	sim_guest_timer(guest, next_ns, SIM_WAKE_KSWAPD);
}

/* The flusher: dirty file pages go to disk and stay in memory. */
void sim_guest_flush(struct sim_guest *guest)
{
	u64 now_ns = guest->engine->now_ns;
	u32 pages = 0;

	if (!guest->running)
		return;
	for (u32 first = 0; first < guest->pages_count; first += SIM_REGION_PAGES) {
		if (!guest->region_pages[first / SIM_REGION_PAGES])
			continue;
		for (u32 page = first; page < first + SIM_REGION_PAGES; page++) {
			u8 hot = guest->hot[page];

			if ((hot & (SIM_HOT_PRESENT | SIM_HOT_DIRTY_GUEST)) !=
				    (SIM_HOT_PRESENT | SIM_HOT_DIRTY_GUEST) ||
			    sim_page_type(guest, page) != WS_FILE ||
			    guest->memcg[page] & SIM_PAGE_UNEVICTABLE)
				continue;
			guest->hot[page] = hot & (u8)~SIM_HOT_DIRTY_GUEST;
			if (++pages % SIM_BATCH_MAX == 0)
				sim_device_submit(&guest->disk, now_ns, true, SIM_BATCH_MAX);
		}
	}
	if (pages % SIM_BATCH_MAX)
		sim_device_submit(&guest->disk, now_ns, true, pages % SIM_BATCH_MAX);
	guest->counters.file_out_pages += pages;
	if (pages)
		sim_emit(guest->engine, SIM_EV_WRITEBACK, guest->id, 1, pages, 0);
	sim_guest_timer(guest, now_ns + FLUSH_PERIOD_NS, SIM_WAKE_FLUSH);
}
