/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_truth_log.h - a log of a real kernel's generations beside what was touched.
 *
 * kernel-port/truth/ground_truth.c writes such logs.  A line begins with
 *	# RELEASE lru_gen 0x0007 [hz N]		which kernel
 *	# wsgt T0=S SECONDS MS REGION...	a section begins; regions by number, r0 ..
 *	T start end rN kind pages	region touched (all of it, or so many pages)
 *	F start end rN kind pages	region freed
 *	B time seq N age_ms N anon N file N	a generation, as debugfs tells it
 *	G time seq ...			the same, after an ageing pass or an eviction
 *	M start end rN kind pages WORD	MADV_COLD, MADV_PAGEOUT, mlock() or munlock() of a
 *					region; WORD: cold, pageout, lock or unlock
 *	A start end seq N [swappiness N]	an ageing pass, after which N is the youngest
 *	E start end asked N swappiness N	an eviction
 * Times are decimal seconds since T0; B1, G1, A1, E1 are a second memory cgroup's.
 * The order of lines does not matter but for the lines of one dump, which
 * follow each other.  REGION is kind:MiB:period_ms:start_s:end_s[:option]...; of
 * the options only c1, the region's cgroup, and fork mean something to a reader.
 *
 * Other lines are passed over.  A line of one of these letters that cannot be
 * read, as when a console wrote into it, is passed over and counted; more than
 * one in a hundred of them, a section without regions, sizes past the limits
 * below and a file that cannot be read are errors.
 *
 * Memory: sim_truth_log_destroy() frees it, also after an error.
 */
#ifndef SIM_TRUTH_LOG_H
#define SIM_TRUTH_LOG_H

#include "tr_error.h"
#include "ws_types.h"

#define SIM_TRUTH_REGIONS_MAX 64
#define SIM_TRUTH_GROUPS_MAX 4
#define SIM_TRUTH_PAGES_MAX (4u << 20) /* of all regions of a section: 16 GiB */
#define SIM_TRUTH_EVENTS_MAX (1u << 18) /* of a section; dumped generations of a log */
#define SIM_TRUTH_FILE_MAX (64u << 20) /* bytes */

/* a anonymous, s and z a random part of it (truth_pages.h), x MADV_RANDOM, h huge pages,
 * t shared; m mapped file; r file by read(); e none, an eviction; n none, a time without swap */
#define SIM_TRUTH_KINDS "aszxhtmren"

struct sim_truth_region {
	char kind;
	bool forks; /* touched first by one process, then by a child that shares the pages */
	bool own;   /* by a process of its own */
	u32 pages, group;
};

enum sim_truth_what {
	SIM_TRUTH_TOUCH,
	SIM_TRUTH_FREE,
	SIM_TRUTH_ADVISE,
	SIM_TRUTH_AGE,
	SIM_TRUTH_EVICT,
	SIM_TRUTH_DUMP,
};

enum sim_truth_advice {
	SIM_TRUTH_COLD,
	SIM_TRUTH_PAGEOUT,
	SIM_TRUTH_LOCK,
	SIM_TRUTH_UNLOCK,
	SIM_TRUTH_ADVICES
};

struct sim_truth_gen {
	u64 seq, age_ms;
	u64 pages[WS_TYPES];
};

struct sim_truth_event {
	s64 start_ns, end_ns; /* since T0 */
	u32 line;	      /* the first of it */
	u8 what;	      /* enum sim_truth_what */
	char letter;
	u8 group;	      /* of AGE, EVICT, DUMP */
	u8 region;	      /* of TOUCH, FREE, ADVISE */
	u8 advice;	      /* of ADVISE: enum sim_truth_advice */
	u32 pages;	      /* of TOUCH, FREE, ADVISE; asked for by EVICT */
	u32 first_gen, gens_count; /* of DUMP: in the log's gens */
	u32 swappiness;	      /* of EVICT; of AGE: 0, or what is not 0 */
	u64 seq;	      /* of AGE */
};

struct sim_truth_section {
	s64 duration_ns;
	u64 interval_ns;
	struct sim_truth_region region[SIM_TRUTH_REGIONS_MAX];
	u32 regions_count, groups_count;
	u32 line;
	/* sorted by start; of equal ones, as they stand in the file */
	struct sim_truth_event *events;
	u32 events_count, touches_count;
};

struct sim_truth_log {
	char release[64];  /* of the kernel; empty if the log does not say */
	u32 hz;		   /* 0: not said */
	struct sim_truth_section *sections;
	u32 sections_count;
	struct sim_truth_gen *gens;
	u32 gens_count;
	u32 lines, unreadable, unreadable_line; /* unreadable: how many; the first */
};

/* Reads @path.  Return: 0 or negative errno and @error. */
int sim_truth_log_load(struct sim_truth_log *log, const char *path, struct tr_error *error);

/* The same of @size bytes; @name is for @error. */
int sim_truth_log_parse(struct sim_truth_log *log, const char *text, size_t size,
			const char *name, struct tr_error *error);

void sim_truth_log_destroy(struct sim_truth_log *log);

#endif /* SIM_TRUTH_LOG_H */
