/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ws_balloon_ages.h - where the reports of ws_balloon.ko get their ages from.
 *
 * One row of the table that ws_report.h describes; its context is a node.  A report
 * covers all the node's memory cgroups.
 */
#ifndef WS_BALLOON_AGES_H
#define WS_BALLOON_AGES_H

#include "ws_report.h"

struct ws_balloon_node {
	int nid;
	bool stale; /* it was time to age, and nobody could */
	struct ws_report report;
};

extern const struct ws_ages_ops ws_balloon_ages;

#endif /* WS_BALLOON_AGES_H */
