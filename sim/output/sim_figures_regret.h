/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_figures_regret.h - what was saved, and what could have been, at each slowdown. */
#ifndef SIM_FIGURES_REGRET_H
#define SIM_FIGURES_REGRET_H

#include "output/sim_comparison.h"

#define SIM_FIGURE_REGRET "regret"

/* Into @dir, which is there; comparison->regret is known. */
int sim_figures_regret(const struct sim_comparison *comparison, const char *dir,
		       struct tr_error *error);

#endif /* SIM_FIGURES_REGRET_H */
