/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_device_table.c - the built-in devices.
 *
 * Latencies are of one 4 KiB operation on an idle device; waiting in the queue
 * comes on top, and from it the cliff of overcommit.  A scenario makes others with
 * "devices": {"name": {"like": "ssd", ...}}.
 */
#include <string.h>

#include "scenario/sim_scenario.h"

static const struct sim_device_config devices[] = {
	{
		/*
		 * lz4 in a RAM disk: load 1.7 us mean, 3.6 us at the 99th percentile, ratio 2.63,
		 * published zram benchmark; store 10 us is a choice below the measured bound of
		 * 16.6.  Swap-in of one page: no readahead on compressed RAM.
		 */
		.name = "zram",
		.compressed = true,
		.read_ns = 1700,
		.write_ns = 10000,
		.tail = 2.1,
		.parallel = 4,
		.ratio = 2.6,
		.cluster_pages = 1,
	},
	{
		/*
		 * zstd behind zswap: load 5.7 us mean, 13.1 us at the 99th percentile (the same
		 * benchmark; 6 us was Google's median in production), ratio 3.37, cut to 2.9 for
		 * the pool's own loss; store 20 us is a choice below the bound of 29.
		 */
		.name = "zswap",
		.compressed = true,
		.read_ns = 5700,
		.write_ns = 20000,
		.tail = 2.3,
		.parallel = 4,
		.ratio = 2.9,
		.cluster_pages = 1,
	},
	{
		/*
		 * A TLC drive: 90 us at queue depth 1 (42 the best NAND), writes land in its
		 * cache; the tail is moderate next to the 0.5 to 9 ms that Meta reports for the
		 * 99th percentile of its fleet.  8 pages: Linux's default page-cluster.
		 */
		.name = "nvme",
		.read_ns = 90000,
		.write_ns = 30000,
		.tail = 4,
		.read_bps = 2500000000ull,
		.write_bps = 1200000000ull,
		.parallel = 32,
		.ratio = 1,
		.cluster_pages = 8,
	},
	{
		/* SATA: 130 to 150 us a read; the link carries 550 MB/s; NCQ of 32, 8 channels. */
		.name = "ssd",
		.read_ns = 140000,
		.write_ns = 60000,
		.tail = 5,
		.read_bps = 530000000ull,
		.write_bps = 450000000ull,
		.parallel = 8,
		.ratio = 1,
		.cluster_pages = 8,
	},
	{
		/* 7200 rpm: 4 to 10 ms of seek and rotation, one head assembly. */
		.name = "hdd",
		.read_ns = 8000000,
		.write_ns = 8000000,
		.tail = 2.5,
		.read_bps = 180000000ull,
		.write_bps = 180000000ull,
		.parallel = 1,
		.ratio = 1,
		.cluster_pages = 8,
	},
};

const struct sim_device_config *sim_device_builtin(const char *name)
{
	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++)
		if (!strcmp(devices[i].name, name))
			return &devices[i];
	return NULL;
}
