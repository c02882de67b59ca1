/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_wire_rfc2.c - the dialect of Linux RFC v2 and of QEMU's patches, 2023.
 *
 * Config space: u8 number of bins at offset 16, three bytes of padding.  One report
 * for each node that is online.  Elements not yet set have tag -1.
 */
#include "ws_wire_rfc.h"

static const struct ws_rfc_layout layout = {
	.interval_bytes = 8,
	.unset_tag = 0xffff,
	.carries_node = true,
};

WS_RFC_DIALECT(ws_dialect_rfc2,
	.name = "rfc2",
	.feature_bit = 6,
	.bins_min = 2,
	.bins_max = 16,
	.config_bins_bytes = 1,
	.refresh_zero_disables = false,
	.carries_node = true,
	.nodes_max = 1);
