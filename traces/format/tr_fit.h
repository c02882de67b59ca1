/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_fit.h - how many records may share one run, given their times.
 *
 * A run says "count records, spread evenly over span".  That is a straight line
 * through time, and a trace is stored as a chain of such lines whose knots are true
 * times.  A record may lie off its line by the tolerance; the line from the start to
 * a further record is good when its slope stays inside the cone that all the records
 * between leave open:
 *
 *	time                     .  end          the cone narrows with each record;
 *	  |               . '  o                 when the next true time falls outside,
 *	  |         . ' o   . '                  the run ends at the record before
 *	  |   . ' o . '
 *	  o '
 *	  start   1    2    3   record
 *
 * Integers only, so that all machines cut alike.
 */
#ifndef TR_FIT_H
#define TR_FIT_H

#include <ws_env.h>

struct tr_fit {
	u64 tolerance_ns; /* set by the caller, once */
	u64 start_ns, last_ns;
	u32 count; /* records in the run; the last one's time is a good end */
	u64 low_ns, high_ns; /* the cone: low_ns / low_count <= slope <= high_ns / high_count */
	u32 low_count, high_count;
};

static inline void tr_fit_begin(struct tr_fit *fit, u64 time_ns)
{
	fit->start_ns = fit->last_ns = time_ns;
	fit->count = 1;
	fit->low_ns = 0;
	fit->low_count = 1;
	fit->high_ns = ~0ull;
	fit->high_count = 0;
}

/* May the run of fit->count records end, and the next thing begin, at @time_ns? */
static inline bool tr_fit_accepts(const struct tr_fit *fit, u64 time_ns)
{
	unsigned __int128 rise = time_ns - fit->start_ns;

	return rise * fit->low_count >= (unsigned __int128)fit->low_ns * fit->count &&
	       rise * fit->high_count <= (unsigned __int128)fit->high_ns * fit->count;
}

/* Add a record whose time was accepted. */
static inline void tr_fit_add(struct tr_fit *fit, u64 time_ns)
{
	u64 rise = time_ns - fit->start_ns;
	u64 low = rise > fit->tolerance_ns ? rise - fit->tolerance_ns : 0;
	u64 high = rise + fit->tolerance_ns;

	if ((unsigned __int128)low * fit->low_count > (unsigned __int128)fit->low_ns * fit->count) {
		fit->low_ns = low;
		fit->low_count = fit->count;
	}
	if ((unsigned __int128)high * fit->high_count <
		    (unsigned __int128)fit->high_ns * fit->count) {
		fit->high_ns = high;
		fit->high_count = fit->count;
	}
	fit->last_ns = time_ns;
	fit->count++;
}

#endif /* TR_FIT_H */
