/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_figures.c - which figures there are, and their captions. */
#include <string.h>

#include "output/sim_figure.h"
#include "output/sim_figures.h"

const char *const sim_figure_name[SIM_FIGURES] = { "memory", "host", "ages", "truth" };

const char *const sim_figure_caption[SIM_FIGURES] = {
	[SIM_FIG_MEMORY] =
		"Memory of each VM over time, as the guest sees it: what is resident, free, in the "
		"balloon, and (above the nominal size) swapped out by the guest. The black line is the "
		"balloon's target, the green line the host memory that backs the VM; marks at the top "
		"are working-set reports. Below: memory pressure (PSI some, 10 s average).",
	[SIM_FIG_HOST] = "Host memory over time, stacked by VM, against the memory the host has.",
	[SIM_FIG_AGES] = "How much of each VM's memory had been idle for how long, over time, from "
			 "the guest's generations.",
	[SIM_FIG_TRUTH] =
		"How true the reports were. Left: bytes by idle age, as reported and as they truly "
		"were, over all reports. Right: share of bytes that stood in the wrong bin, per report.",
};

int sim_figures_draw(const struct sim_history *history, const char *dir, const char *title,
		     bool drawn[SIM_FIGURES], struct tr_error *error)
{
	static int (*const draw[SIM_FIGURES])(const struct sim_history *, const char *,
					      const char *, struct tr_error *) = {
		[SIM_FIG_MEMORY] = sim_figure_memory,
		[SIM_FIG_HOST] = sim_figure_host,
		[SIM_FIG_AGES] = sim_figure_idle,
		[SIM_FIG_TRUTH] = sim_figure_truth,
	};

	memset(drawn, 0, SIM_FIGURES * sizeof(*drawn));
	if (history->points_count < 2)
		return 0;
	for (u32 i = 0; i < SIM_FIGURES; i++) {
		if (i == SIM_FIG_TRUTH && !history->binnings_count)
			continue;
		int rc = draw[i](history, dir, title, error);
		if (rc)
			return rc;
		drawn[i] = true;
	}
	return 0;
}
