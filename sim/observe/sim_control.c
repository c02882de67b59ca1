/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_control.c - steps, swings and gaps of one balloon. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "observe/sim_control.h"
#include "observe/sim_stats.h"

#define NS_PER_H 3600e9

static u64 distance(u64 a, u64 b)
{
	return a > b ? a - b : b - a;
}

static u64 min_u64(u64 a, u64 b)
{
	return a < b ? a : b;
}

/* Below this a movement is a wiggle. */
static u64 threshold_pages(const struct sim_control *control)
{
	u64 percent = control->nominal_pages / 100;

	return percent ? percent : 1;
}

void sim_control_init(struct sim_control *control, u64 nominal_pages, u64 now_ns)
{
	memset(control, 0, sizeof(*control));
	control->nominal_pages = nominal_pages;
	control->target_pages = control->actual_pages = nominal_pages;
	control->first_pages = nominal_pages;
	control->turn_pages = control->extreme_pages = nominal_pages;
	control->start_ns = control->last_ns = now_ns;
}

void sim_control_destroy(struct sim_control *control)
{
	free(control->reaction_s);
	free(control->settling_s);
	control->reaction_s = control->settling_s = NULL;
}

static void advance(struct sim_control *control, u64 now_ns)
{
	u64 gap = distance(control->target_pages, control->actual_pages);

	if (now_ns > control->last_ns) {
		control->gap_page_us += gap * ((now_ns - control->last_ns) / 1000);
		control->last_ns = now_ns;
	}
}

static void keep(double **list, u32 *count, double value)
{
	if (*count == SIM_STEPS_MAX)
		return;
	/* Grow at powers of two. */
	if (!(*count & (*count - 1))) {
		u32 room = *count ? *count * 2 : 1;
		*list = realloc(*list, room * sizeof(**list));
		assert(*list);
	}
	(*list)[(*count)++] = value;
}

/* Has the open step come far enough? */
static void look_at_step(struct sim_control *control, u64 now_ns)
{
	if (!control->stepping)
		return;

	u64 way = distance(control->step_from_pages, control->step_to_pages);
	u64 rest = distance(control->actual_pages, control->step_to_pages);
	bool down = control->step_to_pages < control->step_from_pages;
	bool past = down ? control->actual_pages <= control->step_to_pages :
			   control->actual_pages >= control->step_to_pages;
	double took_s = (double)(now_ns - control->step_ns) / 1e9;

	if (!control->reacted && (past || rest * 10 <= way)) {
		control->reacted = true;
		keep(&control->reaction_s, &control->reactions_count, took_s);
	}
	if (rest * 20 <= way) {
		control->stepping = false;
		keep(&control->settling_s, &control->settlings_count, took_s);
	}
}

void sim_control_target(struct sim_control *control, u64 now_ns, u64 left_pages)
{
	advance(control, now_ns);
	control->targets_count++;
	if (left_pages == control->target_pages)
		return;
	control->target_pages = left_pages;
	control->stepping = distance(left_pages, control->actual_pages) >= threshold_pages(control);
	control->reacted = false;
	control->step_ns = now_ns;
	control->step_from_pages = control->actual_pages;
	control->step_to_pages = left_pages;
}

/* A swing ended at the extreme; the way back has already begun. */
static void end_swing(struct sim_control *control)
{
	u64 length = distance(control->extreme_pages, control->turn_pages);

	control->swings_pages += length;
	control->taken_back_pages += min_u64(length, control->last_swing_pages);
	control->last_swing_pages = length;
	control->turn_pages = control->extreme_pages;
}

static void swing(struct sim_control *control)
{
	u64 at = control->actual_pages, least = threshold_pages(control);

	if (!control->direction) {
		if (distance(at, control->turn_pages) >= least) {
			control->direction = at > control->turn_pages ? 1 : -1;
			control->extreme_pages = at;
		}
		return;
	}
	bool farther = control->direction > 0 ? at >= control->extreme_pages :
						at <= control->extreme_pages;
	if (farther) {
		control->extreme_pages = at;
	} else if (distance(at, control->extreme_pages) >= least) {
		end_swing(control);
		control->direction = -control->direction;
		control->extreme_pages = at;
		control->reversals_count++;
	}
}

void sim_control_balloon(struct sim_control *control, u64 now_ns, u64 balloon_pages)
{
	u64 left = control->nominal_pages - min_u64(balloon_pages, control->nominal_pages);

	advance(control, now_ns);
	control->moved_pages += distance(left, control->actual_pages);
	control->actual_pages = left;
	swing(control);
	look_at_step(control, now_ns);
}

void sim_control_end(struct sim_control *control, u64 now_ns)
{
	advance(control, now_ns);
	if (control->direction)
		end_swing(control);
	control->direction = 0;
}

double sim_control_reaction(const struct sim_control *control)
{
	return sim_stats_quantile(control->reaction_s, control->reactions_count, 0.5);
}

double sim_control_settling(const struct sim_control *control)
{
	return sim_stats_quantile(control->settling_s, control->settlings_count, 0.5);
}

double sim_control_overshoot(const struct sim_control *control)
{
	if (!control->swings_pages)
		return 0;
	return (double)control->taken_back_pages / (double)control->swings_pages;
}

double sim_control_churn(const struct sim_control *control)
{
	u64 net = distance(control->actual_pages, control->first_pages);

	if (net < threshold_pages(control))
		net = threshold_pages(control);
	return (double)control->moved_pages / (double)net;
}

double sim_control_reversals_per_h(const struct sim_control *control)
{
	double life_ns = (double)(control->last_ns - control->start_ns);

	return life_ns > 0 ? control->reversals_count * NS_PER_H / life_ns : NAN;
}

double sim_control_gap_gib_s(const struct sim_control *control)
{
	return (double)control->gap_page_us / 1e6 * 4096 / (double)(1ull << 30);
}
