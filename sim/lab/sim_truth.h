/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_truth.h - does the core hold in its generations what a real kernel held?
 *
 * Replays a log of a kernel (sim_truth_log.h): the touches become accessed bits
 * and page faults, each ageing pass of the kernel's one of the core, and at each
 * dump of the kernel's generations the core's are laid beside them, by number,
 * type and age.
 *
 * What counts as wrong is a page in another generation than the kernel's:
 *	misplaced = (sum over generations |kernel - core| - |sum of them|) / 2
 * and what is allowed of it is SIM_TRUTH_BATCH pages, and the pages of touches
 * that were under way when the dump was taken.
 *
 * What the log cannot tell, and how it is dealt with:
 *  - Pages that no region declares: the program's own stack and text, directories
 *    and inodes of its files.  The kernel has them, the core does not; allowed are
 *    SIM_TRUTH_OWN of a type, or 1 %.  Fewer than the declared ones are allowed
 *    SIM_TRUTH_BATCH.  They are evicted too: after an eviction SIM_TRUTH_GONE
 *    pages, a batch of victims, may be missing besides, and SIM_TRUTH_EVICTED be elsewhere.
 *    And a generation in which the kernel has nothing but them lives on when the core's has
 *    ended; what comes to it later counts with the core's oldest.
 *  - Faulted pages wait in batches of each processor, 15 in Linux 6.1, 31 in
 *    6.12, before they are on a list and counted (SIM_TRUTH_BATCH).
 *  - When in a touch a page was touched: evenly in its time, and of a file that comes in
 *    at the same time as a pass as the dumps before and after it tell by how many pages it
 *    has grown.  Pages touched while a pass was under way are taken to be touched after it;
 *    the kernel's first dump after that pass, and after the next if they were not touched in
 *    between, settles it: such pages, and no others, are moved when that brings the core
 *    nearer.  Reported as "settled".  They keep their place in the order of eviction, which
 *    may then be another than the kernel's.
 *  - At which moment of a pass the generation was born: ages may differ by the
 *    pass's duration, two ticks of the kernel and the milliseconds of the log.  A
 *    log that does not tell the kernel's ticks (hz) is not record.sh's, which records
 *    in virtual time; on a busy host the jiffies of an emulated kernel lag behind
 *    its clock, and a twentieth of the interval between passes is allowed besides.
 *  - How many pages an eviction took: that is read from the dumps around it.  Which
 *    ones is the core's order (ws_lru.h, rules of the kernel's version), and shows
 *    when one of several equally old regions is touched again: tworegions-*.log.
 *    (A fold that leaves promoted pages where they are, as the base's does, is beyond
 *    what is allowed in 8 of its 47 dumps.)
 *  - How processes share the one processor.  Touches at the same time take turns of two
 *    ticks (of the lengths tried, 1 to 8 ms, the one that fits all logs; half of it leaves
 *    10 dumps of skew-6.18.log short by up to 35 pages more than is allowed).  Before an
 *    eviction a touch has the pace that its region's quickest has, and beside it half of the
 *    processor.  The kernel's own turns decide which pages refault, and so which tiers are
 *    protected from then on: of readrace-*.log 2 dumps (6.1) and 3 (6.12) of 51 are over what
 *    is allowed, and with other turns, tried, of 4 and 8 ms, begun at eight moments, and three
 *    costs of a page that is looked at, 0 to 3 and 1 to 3.  That it is this was checked by
 *    taking it away: of readalone-*.log, the same but that touches and evictions never meet,
 *    none is, and of the seven workloads recorded since, in which they do not meet, none is by it.
 *  - Pages that two processes share are seen in the page table of each, and by the rules
 *    from 6.14 on being seen twice matters: of a region that says fork, both are known.
 *
 *  - Folios of several pages, which files on ext4 are in since 6.16: how readahead cuts a
 *    file that is gone through from its beginning was asked of 6.18 and 7.3
 *    (/proc/kpageflags) and is supposed of all.  They are seen, evicted and promoted as one;
 *    and until 7.1 eviction meets a neighbour once by each of its entries that comes into a
 *    window, so that by the rules from 6.14 on it is promoted at once.  (Without that 29 of 53
 *    dumps of storm-6.18.log were over what is allowed, by up to 1963 pages.)
 *  - How pages are swapped in: by the thousand they wait in a processor's batch, and one in
 *    SIM_TRUTH_BATCH is put on its list while it is in the swap cache, through which all go since 7.0
 *    (seen in 7.3; in 6.18 they do not).  In a MADV_RANDOM area that one goes to the oldest
 *    generation.  (Without that 3 of 49 dumps of random-7.3.log were over, by up to 17 pages.)
 *
 * Not modelled, and so different after evictions, in logs that test_truth.c names:
 *  - Undeclared pages among the victims.  The dumps tell how many pages are gone, not
 *    whose, so the core takes as many of the declared ones, too many by up to some tens; and
 *    batches of 64 end elsewhere, which matters from 6.14 on, where a look-around
 *    marks what is beyond its batch.  Checked by putting such pages before the declared ones of
 *    an eviction, as many as the dumps around it tell or allow:
 *	press-6.18	within what is allowed, but up to 56 pages of files are elsewhere.  With 6, 14,
 *			1 and 20 of its 45 undeclared ones in four of its evictions, 65 of 79
 *			dumps have none elsewhere, and no dump more than 4.
 *	many-6.18	3 of 45 dumps are over, by up to 28 pages.  With 48 to 64 in the first
 *			eviction (its 21 processes have up to 91) none is.
 *	random-6.18	1 of 49 is over, by 3.  Its second eviction takes all of an old generation of
 *			files, 27 more than were declared; with 27 victims fewer the dump after it
 *			has none elsewhere, where it has 27 now.  But later ones have others, of
 *			a cause that is not known.
 *	held1-6.18	7 of 51 are over, for its last eviction chooses files where the kernel chose anon.
 *			From 6.14 on 64 refaults decide that (positive_ctrl_err()); the core has 62.
 *			With the 25 undeclared pages of files that the dumps say are gone after its
 *			first eviction it has 64 and chooses anon.  Then 5 dumps are over, by up to
 *			594 pages of anon; with 44 undeclared ones in the last eviction none, but
 *			that there were so many the log does not tell.
 *  - Zones, which are evicted one after the other (these guests have one that is used),
 *    and where a rejected page goes among those of its batch of 64.
 *
 * Six workloads of random parameters besides, recorded with 6.1 and 6.12 and replayed once, have
 * 13 of 696 dumps over, of three logs of twelve, by up to 276 pages: where passes and touches of
 * several processes always come at the same time (every 500 ms), or by 14 pages after an eviction.
 * (Before pages that are freed during an eviction were told from victims it was 55; that workload
 * is freed-*.log.)
 *
 * mlock(), munlock(), MADV_COLD and MADV_PAGEOUT of a region (lines M) are taken to happen at
 * once, at their beginning.  What is locked no pass looks at.  MADV_FREE, limits of a memory
 * cgroup and reclaim that the kernel begins by itself have no lines: their logs differ.
 *
 * What a kernel may do besides:
 *  - DAMON_STAT, which Debian's kernels have switched on since 6.17, takes accessed
 *    bits and so hides some 30 pages from each pass; record.sh switches it off.
 *  - khugepaged puts huge pages in the place of others, of files too since 7.3; the
 *    regions of ground_truth.c do not allow it.
 *  - A page that another process has in swap still, a parent or child, stays in the swap
 *    cache when it comes back, and enters an older generation since 7.2; all that a process
 *    has touched before it forks is such.
 *
 * By kind of region, what happens is what Linux does (mm/vmscan.c, mm/swap.c):
 *	a s z h t	faulted anonymous or shared pages: the youngest generation, type anon
 *	h	an accessed bit for 2 MiB
 *	x	MADV_RANDOM: not taken for a fault, so the second youngest; no pass
 *		looks at it, and since 6.2 neither does eviction
 *	m	faulted pages of a file, those read ahead too: the youngest, type file;
 *		freed, they stay cached, and an accessed bit counts as a read()
 *	r	read() pages: where cold pages go; a pass never sees them
 *
 * Memory: sim_truth_replay() allocates and frees, about 48 bytes a page.
 */
#ifndef SIM_TRUTH_H
#define SIM_TRUTH_H

#include "lab/sim_truth_log.h"
#include "ws_hist.h"
#include "ws_rules.h"

#define SIM_TRUTH_BATCH 31u
#define SIM_TRUTH_OWN 128u
#define SIM_TRUTH_EVICTED 33u /* with a batch 64: two folios of 32, or a batch of victims */
#define SIM_TRUTH_GONE 64u
#define SIM_TRUTH_AGE_PART 20u

/* One generation, by the kernel and by the core. */
struct sim_truth_row {
	u64 seq;
	bool in_kernel, in_core;
	u64 kernel_ms, core_ms; /* age */
	u64 kernel[WS_TYPES], core[WS_TYPES];
};

/* One dump, laid beside the core. */
struct sim_truth_dump {
	const struct sim_truth_event *event;
	const struct sim_truth_row *rows; /* oldest first; valid during the visit */
	u32 rows_count;
	u64 kernel[WS_TYPES], core[WS_TYPES]; /* all generations */
	u64 misplaced[WS_TYPES], misplaced_allowed[WS_TYPES];
	u64 own_allowed[WS_TYPES]; /* pages that the kernel may have and the core not */
	u64 short_allowed[WS_TYPES]; /* the reverse */
	u64 age_error_ms, age_allowed_ms; /* of the worst generation */
	bool numbers_differ; /* the youngest generations have different numbers */
	bool over;	     /* something passes what is allowed */
};

struct sim_truth_visitor {
	void (*dump)(void *ctx, const struct sim_truth_dump *dump);
	void *ctx;
};

struct sim_truth_result {
	u32 sections_count, sections_skipped; /* skipped: without touches */
	u32 dumps, dumps_over, dumps_skipped; /* skipped: while the processes ended */
	u32 passes, evictions;
	u64 compared[WS_TYPES], misplaced[WS_TYPES]; /* pages, summed over dumps */
	u64 misplaced_worst[WS_TYPES];
	u64 own_worst[WS_TYPES], short_worst[WS_TYPES];
	u64 age_error_worst_ms;
	u64 settled; /* pages whose touch and a pass were at the same time */
	u64 refaulted;
	struct ws_hist came_back; /* by the age at which (ws_reaccess.h), after a first dump */
};

/* The rules of the kernel that @release names; NULL: none known. */
const struct ws_rules *sim_truth_rules(const char *release);

/**
 * sim_truth_replay() - replay all sections of @log
 * @rules: those of the kernel; the kernel's number of generations is theirs
 * @visitor: gets every dump; may be NULL
 *
 * Return: 0, also when the core and the kernel differ: @result tells; -ENOMEM.
 */
int sim_truth_replay(const struct sim_truth_log *log, const struct ws_rules *rules,
		     const struct sim_truth_visitor *visitor, struct sim_truth_result *result);

#endif /* SIM_TRUTH_H */
