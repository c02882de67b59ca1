/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_wire_ms.h - what the dialects share: nanoseconds here, whole milliseconds
 * on the wire.  For the dialects' files only.
 *
 * All return 0 or -ERANGE, if not said otherwise.
 */
#ifndef WS_WIRE_MS_H
#define WS_WIRE_MS_H

#include "ws_wire.h"

/* Rounds down, cannot fail. */
u64 ws_wire_whole_ms(u64 ns);

/* Rounds down; out of range above @ms_max, or when @ns is not 0 and the result is. */
int ws_wire_ms_from_ns(u64 ns, u64 ms_max, u64 *ms);

/* Out of range when the product is. */
int ws_wire_ns_from_ms(u64 ms, u64 *ns);

/* All edges; out of range also when two become one.  @ms has room for @edges_count. */
int ws_wire_ms_from_edges(const u64 *edge_ns, u32 edges_count, u64 ms_max, u64 *ms);

/* The edges of all bins of a report but the last; as above, -EINVAL when they do not ascend. */
int ws_wire_ms_from_report(const struct ws_msg_report *report, u64 ms_max, u64 *ms);

#endif /* WS_WIRE_MS_H */
