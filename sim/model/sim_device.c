/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_device.c - first come, first served on parallel servers behind one bus. */
#include <assert.h>
#include <errno.h>

#include "model/sim_device.h"

#define PAGE_BYTES 4096ull

int sim_device_init(struct sim_device *device, const struct sim_device_config *config,
		    struct sim_latency_set *latencies, u64 seed, u32 run, const char *name)
{
	*device = (struct sim_device){ .config = config };
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

u64 sim_device_submit(struct sim_device *device, u64 now_ns, bool write, u32 pages)
{
	const struct sim_device_config *config = device->config;
	u64 latency_ns = sim_latency_draw(write ? device->write : device->read, &device->rng);
	u64 bus_ns = transfer_ns(write ? config->write_bps : config->read_bps, pages);

	if (write) {
		device->writes++;
		device->written_pages += pages;
	} else {
		device->reads++;
		device->read_pages += pages;
	}
	if (config->compressed)
		return now_ns + latency_ns * pages;

	u32 server = 0;
	for (u32 i = 1; i < config->parallel; i++)
		if (device->server_free_ns[i] < device->server_free_ns[server])
			server = i;
	u64 begin_ns = device->server_free_ns[server];

	if (begin_ns < now_ns)
		begin_ns = now_ns;
	u64 end_ns = begin_ns + latency_ns;
	u64 bus_begin_ns = device->bus_free_ns > begin_ns ? device->bus_free_ns : begin_ns;

	device->bus_free_ns = bus_begin_ns + bus_ns;
	if (end_ns < device->bus_free_ns)
		end_ns = device->bus_free_ns;
	device->server_free_ns[server] = end_ns;
	device->busy_ns += latency_ns;
	return end_ns;
}

u64 sim_device_mean_read_ns(const struct sim_device *device)
{
	if (!device->config->name[0])
		return 0;
	return sim_latency_mean(device->read) + transfer_ns(device->config->read_bps, 1);
}
