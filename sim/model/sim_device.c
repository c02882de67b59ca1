/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_device.c - first come, first served on parallel servers behind one bus. */
#include <assert.h>
#include <errno.h>

#include "model/sim_device.h"

#define PAGE_BYTES 4096ull

int sim_device_init(struct sim_device *device, const struct sim_device_config *config,
		    struct sim_latency_set *latencies, u64 seed, u32 run, const char *name)
{
	*device = (struct sim_device){ .config = config, .slowness = 1 };
	if (!config->name[0])
		return 0;
	assert(config->parallel >= 1 && config->parallel <= SIM_DEVICE_SERVERS);
	device->read = sim_latency_get(latencies, config->read_ns, config->tail);
	device->write = sim_latency_get(latencies, config->write_ns, config->tail);
	sim_rng_init(&device->rng, seed, run, name);
	return device->read && device->write ? 0 : -ENOMEM;
}

static u64 transfer_ns(u64 bps, u32 pages)
{
	return bps ? pages * PAGE_BYTES * 1000000000ull / bps : 0;
}

void sim_device_slow(struct sim_device *device, double factor, u64 more_ns)
{
	assert(factor >= 1);
	device->slowness = factor;
	device->slow_ns = more_ns;
}

static u64 slowed(const struct sim_device *device, u64 ns)
{
	return device->slowness > 1 ? (u64)((double)ns * device->slowness) : ns;
}

/* @until_ns takes the place of the heap's first. */
static void sift_down(struct sim_device *device, u64 until_ns)
{
	u64 *heap = device->busy_until_ns;
	u32 count = device->busy_count, at = 0;

	for (u32 child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && heap[child + 1] < heap[child])
			child++;
		if (heap[child] >= until_ns)
			break;
		heap[at] = heap[child];
	}
	heap[at] = until_ns;
}

/* The server that comes free first.  Return: when. */
static u64 first_free(struct sim_device *device)
{
	u64 first_ns = device->busy_until_ns[0];

	if (--device->busy_count)
		sift_down(device, device->busy_until_ns[device->busy_count]);
	return first_ns;
}

/* A server takes an operation that comes at @now_ns.  Return: when it can begin. */
static u64 take_server(struct sim_device *device, u64 now_ns)
{
	while (device->busy_count && device->busy_until_ns[0] <= now_ns)
		first_free(device);
	return device->busy_count < device->config->parallel ? now_ns : first_free(device);
}

/* The server that was taken will be busy until @until_ns. */
static void keep_server(struct sim_device *device, u64 until_ns)
{
	u64 *heap = device->busy_until_ns;
	u32 at = device->busy_count++;

	for (; at && heap[(at - 1) / 2] > until_ns; at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = until_ns;
}

u64 sim_device_submit(struct sim_device *device, u64 now_ns, bool write, u32 pages)
{
	const struct sim_device_config *config = device->config;
	u64 drawn_ns = sim_latency_draw(write ? device->write : device->read, &device->rng);
	u64 latency_ns = slowed(device, drawn_ns) + device->slow_ns;

	if (write) {
		device->writes++;
		device->written_pages += pages;
	} else {
		device->reads++;
		device->read_pages += pages;
	}
	if (config->compressed)
		return now_ns + latency_ns * pages;

	u64 bus_ns = slowed(device, transfer_ns(write ? config->write_bps : config->read_bps, pages));
	u64 begin_ns = take_server(device, now_ns);
	u64 end_ns = begin_ns + latency_ns;
	u64 bus_begin_ns = device->bus_free_ns > begin_ns ? device->bus_free_ns : begin_ns;

	device->bus_free_ns = bus_begin_ns + bus_ns;
	if (end_ns < device->bus_free_ns)
		end_ns = device->bus_free_ns;
	keep_server(device, end_ns);
	device->busy_ns += latency_ns;
	return end_ns;
}

u64 sim_device_mean_read_ns(const struct sim_device *device)
{
	if (!device->config->name[0])
		return 0;
	return sim_latency_mean(device->read) + transfer_ns(device->config->read_bps, 1);
}
