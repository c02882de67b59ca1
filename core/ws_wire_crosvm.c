/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_wire_crosvm.c - the dialect of crosvm, 2023 to now.
 *
 * Feature bit 8, not 6; intervals of a configuration have 32 bits, not 64, so a guest
 * of RFC v1 or v2 and crosvm do not understand each other's lengths.  Config space: u8
 * number of bins at offset 16, 2 to 16.  crosvm names two more operations, INVALID (0)
 * and DISCARD (3), and sends neither: they are refused.  It does not look at nodes.
 * The elements of a report are those of RFC v1: [0] is anonymous memory and [1] file
 * memory, though crosvm's own events name them the other way round.
 */
#include "ws_wire_rfc.h"

static const struct ws_rfc_layout layout = {
	.interval_bytes = 4,
	.unset_tag = 0,
	.carries_node = false,
};

WS_RFC_DIALECT(ws_dialect_crosvm,
	.name = "crosvm",
	.feature_bit = 8,
	.bins_min = 2,
	.bins_max = 16,
	.config_bins_bytes = 1,
	.refresh_zero_disables = false,
	.carries_node = false,
	.nodes_max = 1);
