/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_demand.h - accesses generated to match how much memory a VM used over time.
 *
 * Clouds publish how much memory a VM used every few minutes, and not which pages.  What
 * is made here has that demand; the rest is a model, and says so in the trace's origin:
 *
 *	demand	bytes in use, linear between two samples.  Where it grows, pages are
 *		allocated and written; where it falls, the newest are freed.
 *	recency	of every 64 KiB a share (`hot`) is used again every `hot_ns`, a share
 *		(`warm`) every `warm_ns`, the rest never until it is freed.  Which is which
 *		goes by a hash of the place, so that frees take all kinds alike.
 *	time	a tick a second.  A tick's accesses are spread over its busy part (the
 *		sample's CPU share, 5 % at least), then the VM idles until the next.
 *	scale	times of the source are divided by time_scale, so that a day fits into
 *		an hour.  hot_ns and warm_ns are times of the trace, after that.
 *
 * No page's content is known, so all are anonymous memory.  One stream.  Integers only:
 * the same series and seed give the same records everywhere.
 */
#ifndef TR_DEMAND_H
#define TR_DEMAND_H

#include "tr_error.h"
#include "tr_record.h"

#define TR_DEMAND_ONE 1000000u /* shares and scale are in millionths */
#define TR_DEMAND_SAMPLES_MAX (1u << 21)
#define TR_DEMAND_SPAN_MAX (400ull * 86400 * 1000000000) /* of the trace, ns */

struct tr_demand_model {
	u64 memory_bytes; /* of the VM, of which the series tells shares */
	u64 time_scale;	  /* millionths, >= 1000000; default 1000000 */
	u64 from_ns;	  /* of the source, from its first sample: the trace begins there; default 0 */
	u32 hot, warm;	  /* millionths of what is in use; default 0.2 and 0.3 */
	u64 hot_ns, warm_ns; /* default 10 s and 5 min; at least a tick of 1 s */
	u32 write;	     /* millionths of reuses that write; default 0.3 */
	u64 seed;
};

struct tr_demand_sample {
	u64 time_ns; /* of the source */
	u64 bytes;   /* in use */
	u32 cpu;     /* busy share, millionths */
};

void tr_demand_init(struct tr_demand_model *model);

/* The model in words, for the trace's origin. */
#define TR_DEMAND_TEXT 256
char *tr_demand_text(const struct tr_demand_model *model, char text[TR_DEMAND_TEXT]);

/*
 * @sample: in order of time, count of them, >= 1; one alone lasts for a tick
 * @interval_ns: how long the last one lasts
 * Return: 0; what @sink returned; -ERANGE with text: longer than TR_DEMAND_SPAN_MAX,
 * or from_ns lies behind its end.
 */
int tr_demand_play(const struct tr_demand_model *model, const struct tr_demand_sample *sample,
		   u32 count, u64 interval_ns, struct tr_sink sink, struct tr_error *error);

#endif /* TR_DEMAND_H */
