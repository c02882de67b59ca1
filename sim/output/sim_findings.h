/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_findings.h - what the figures say, in sentences.
 *
 * Each sentence is made from estimates and says how sure it is: a difference between
 * policies is called one only if the 95 % interval of the paired differences leaves
 * out 0.  Which policy serves best depends on how much slowdown is bearable, so that is
 * answered for several bounds.
 */
#ifndef SIM_FINDINGS_H
#define SIM_FINDINGS_H

#include <stdio.h>

#include "output/sim_comparison.h"

enum sim_finding_kind {
	SIM_FINDING_SETTING, /* what was run */
	SIM_FINDING_ANSWER,  /* which policy serves best */
	SIM_FINDING_CAUTION, /* OOM kills, results that are not valid, too few runs */
	SIM_FINDING_WHY,     /* where the time went, policy by policy */
};

struct sim_finding {
	enum sim_finding_kind kind;
	char *text; /* a sentence or two, plain text */
};

struct sim_findings {
	struct sim_finding *finding;
	u32 count;
};

void sim_findings_make(struct sim_findings *findings, const struct sim_comparison *comparison);
void sim_findings_destroy(struct sim_findings *findings);

#endif /* SIM_FINDINGS_H */
