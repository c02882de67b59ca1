/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_wire_rfc1.c - the dialect of Linux RFC v1, May 2023.
 *
 * Config space: le32 number of bins at offset 16, 4 to 16 as in the kernel's part of
 * the series.  Nodes are not told apart: node -1 in every element.  Elements not yet
 * set have tag 0, node -1, edge 0 and both sizes -1, so that only the sizes tell.
 * Numbers were declared in the guest's byte order for old devices; new devices and
 * all that was ever run have little endian.
 */
#include "ws_wire_rfc.h"

static const struct ws_rfc_layout layout = {
	.interval_bytes = 8,
	.unset_tag = 0,
	.carries_node = false,
};

WS_RFC_DIALECT(ws_dialect_rfc1,
	.name = "rfc1",
	.feature_bit = 6,
	.bins_min = 4,
	.bins_max = 16,
	.config_bins_bytes = 4,
	.refresh_zero_disables = false,
	.carries_node = false,
	.nodes_max = 1);
