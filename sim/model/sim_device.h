/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_device.h - a swap device or disk with latency, bandwidth and a queue.
 *
 * `parallel` servers take operations first come, first served; an operation holds its
 * server for a drawn latency, and all data pass one bus of the given bandwidth.  The
 * cliff of overcommitment comes from the waiting this causes and not from the mean.
 *
 * Compressed memory has no queue: its cost is the CPU's, and the caller is the server.
 */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include "model/sim_latency.h"
#include "scenario/sim_scenario.h"

#define SIM_DEVICE_SERVERS 64

/*
 * Which server takes an operation makes no difference, so only the times at which the busy
 * ones come free are kept.  They are usually few, so that is cheaper than looking through 64.
 */
struct sim_device {
	const struct sim_device_config *config;
	const struct sim_latency *read, *write;
	struct sim_rng rng;
	u64 bus_free_ns;
	u64 reads, writes, read_pages, written_pages; /* running totals */
	u64 busy_ns;				      /* sum of latencies drawn */
	double slowness; /* a disturbance: everything takes so many times as long, */
	u64 slow_ns;	 /* and each operation so much more (compressed: each page) */
	u32 busy_count;
	u64 busy_until_ns[SIM_DEVICE_SERVERS]; /* a heap: the first comes free first */
};

/* @latencies: where its tables are kept, for as long as the device.  Return: 0 or -ENOMEM. */
int sim_device_init(struct sim_device *device, const struct sim_device_config *config,
		    struct sim_latency_set *latencies, u64 seed, u32 run, const char *name);

/* Start an operation of @pages at @now_ns.  Return: when it completes, in ns. */
u64 sim_device_submit(struct sim_device *device, u64 now_ns, bool write, u32 pages);

/* From the next operation on, all takes @factor (>= 1) times as long, and each @more_ns more. */
void sim_device_slow(struct sim_device *device, double factor, u64 more_ns);

/* Mean time of reading one page on the idle device, for a controller's configuration. */
u64 sim_device_mean_read_ns(const struct sim_device *device);

#endif /* SIM_DEVICE_H */
