/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wsk_ages.h - the ages of ws.ko for other modules.
 *
 * A source as ws_report.h wants it: ws_report_init(&report, ops, &nid), where the context
 * is an int, the number of a node.  It covers all the node's memcgs and takes them from
 * whatever /sys/kernel/ws/source says.  So that a module can be loaded without ws.ko, too:
 *
 *	ops = symbol_get(wsk_node_ages);	NULL: ws.ko is not there
 *	symbol_put(wsk_node_ages);		before it may be unloaded
 *
 * Context: may sleep.  Time: ktime_get_ns().  Errors: -ENODEV for a node that ws.ko does
 * not know, -EINTR when it is being unloaded, and those of the source.
 */
#ifndef WSK_AGES_H
#define WSK_AGES_H

#include "ws_report.h"

extern const struct ws_ages_ops wsk_node_ages;

#endif /* WSK_AGES_H */
