/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_ws_explain.h - why ws-target moved a balloon: the numbers, on one line.
 *
 *	grow 128 -> 151 MiB (distress): need 172 = base 20 + reported 0 - ...; stall ...; ...
 *
 * Clauses are parted by "; " and each begins with the word that says what it is about, so
 * that programs can take the line apart (wssim explain does).  Sizes are MiB.
 */
#ifndef POLICY_WS_EXPLAIN_H
#define POLICY_WS_EXPLAIN_H

#include "policy/policy_ws_guest.h"

#define POLICY_WS_TEXT_MAX 768

struct policy_ws_reason {
	const struct policy_ws_guest *guest;
	const struct sim_vm_view *vm;
	const struct policy_ws_params *params;
	u64 now_ns, target;
	const char *why;
	/* Of the decision: what the host can give, what guests wished, taken of this one's wish. */
	u64 budget_bytes, wanted_bytes, taken_bytes;
};

void policy_ws_explain(const struct policy_ws_reason *reason, char text[POLICY_WS_TEXT_MAX]);

#endif /* POLICY_WS_EXPLAIN_H */
