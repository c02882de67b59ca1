/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_scenario_host.c - the hardware of a scenario: host, devices, link, costs. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/sim_scenario_parts.h"
#include "tr_units.h"

#define KIB 1024.0
#define MIB (KIB * 1024)
#define TIB (MIB * 1024 * 1024)
#define US 1e3
#define SEC 1e9

/* --- devices --- */

/* "device" and "like" name the device to begin with; find_base() has looked at them. */
static int read_base(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	const char *text;

	(void)object;
	return sim_json_get_text(in, &text, reader->error);
}

#define DEVICE(member) offsetof(struct sim_device_config, member)
#define DEVICE_ROWS                                                                               \
	{ "name", SIM_FIELD_NAME, DEVICE(name), SIM_FIELD_REQUIRED, NULL, 0, 0, NULL, NULL, NULL },\
	{ "compressed", SIM_FIELD_BOOL, .offset = DEVICE(compressed) },                           \
	{ "read", SIM_FIELD_NS, DEVICE(read_ns), SIM_FIELD_REQUIRED, NULL, 0, 10 * SEC,           \
	  NULL, NULL, NULL },                                                                     \
	{ "write", SIM_FIELD_NS, DEVICE(write_ns), SIM_FIELD_REQUIRED, NULL, 0, 10 * SEC,         \
	  NULL, NULL, NULL },                                                                     \
	{ "tail", SIM_FIELD_DOUBLE, .offset = DEVICE(tail), .min = 1, .max = 1000 },              \
	{ "read_bandwidth", SIM_FIELD_BYTES, .offset = DEVICE(read_bps), .max = TIB },            \
	{ "write_bandwidth", SIM_FIELD_BYTES, .offset = DEVICE(write_bps), .max = TIB },          \
	{ "parallel", SIM_FIELD_U32, .offset = DEVICE(parallel), .min = 1, .max = 65536 },        \
	{ "ratio", SIM_FIELD_DOUBLE, .offset = DEVICE(ratio), .min = 1, .max = 1000 },            \
	{ "cluster", SIM_FIELD_U32, .offset = DEVICE(cluster_pages), .min = 1, .max = 512 }

static const struct sim_field device_fields[] = {
	{ "device", SIM_FIELD_CUSTOM, .flags = SIM_FIELD_INPUT, .read = read_base },
	DEVICE_ROWS,
	{ .key = NULL },
};

static const struct sim_field new_device_fields[] = {
	{ "like", SIM_FIELD_CUSTOM, .flags = SIM_FIELD_INPUT, .read = read_base },
	DEVICE_ROWS,
	{ .key = NULL },
};

/* A device with room for pages; sim_device_config comes first in sim_swap_config. */
static const struct sim_field swap_fields[] = {
	{ "device", SIM_FIELD_CUSTOM, .flags = SIM_FIELD_INPUT, .read = read_base },
	{ "size", SIM_FIELD_BYTES, .offset = offsetof(struct sim_swap_config, bytes),
	  .flags = SIM_FIELD_PAGES, .min = 4 * KIB, .max = 1024 * TIB },
	DEVICE_ROWS,
	{ .key = NULL },
};

static const struct sim_device_config *find_device(const struct sim_reader *reader,
						   const char *name)
{
	for (u32 i = 0; i < reader->devices_count; i++)
		if (!strcmp(reader->device[i].name, name))
			return &reader->device[i];
	return sim_device_builtin(name);
}

static int unknown_device(struct sim_reader *reader, const struct sim_json_in *in,
			  const char *name)
{
	static const char *const builtin[] = { "zram", "zswap", "nvme", "ssd", "hdd" };
	const char *names[64];
	char known[256];
	u32 count = 0;

	for (; count < sizeof(builtin) / sizeof(*builtin); count++)
		names[count] = builtin[count];
	for (u32 i = 0; i < reader->devices_count && count < 63; i++)
		names[count++] = reader->device[i].name;
	names[count] = NULL;
	sim_list_names(names, known, sizeof(known));
	return sim_json_fail(in, -EINVAL, reader->error, "unknown device \"%s\"; known: %s", name,
			     known);
}

static int name_device(struct sim_reader *reader, const struct sim_json_in *in,
		       struct sim_device_config *device)
{
	const struct sim_device_config *found;
	const char *name;
	int rc = sim_json_get_text(in, &name, reader->error);

	if (rc)
		return rc;
	found = find_device(reader, name);
	if (!found)
		return unknown_device(reader, in, name);
	*device = *found;
	return 0;
}

/*
 * The object form: changes to the device that "device" names, or to the default that
 * @device holds, or with "name" a whole new one.
 */
static int read_device_object(struct sim_reader *reader, const struct sim_field *fields,
			      const struct sim_json_in *in, struct sim_device_config *device)
{
	struct sim_json_in base;
	bool made = !sim_json_find(in, fields[0].key, &base);
	u64 seen = 0;
	int rc = 0;

	if (!made)
		rc = name_device(reader, &base, device);
	made = made && sim_json_find(in, "name", &base);
	if (made)
		*device = (struct sim_device_config){
			.tail = 1, .parallel = 1, .ratio = 1, .cluster_pages = 1 };
	if (!rc)
		rc = sim_fields_read(reader, fields, in, device, &seen);
	if (!rc && made)
		rc = sim_fields_required(fields, in, seen, reader->error);
	return rc;
}

static bool is_none(const struct sim_json_in *in)
{
	const char *text;

	return sim_json_kind(in) == SIM_JSON_STRING && !sim_json_get_text(in, &text, NULL) &&
	       !strcmp(text, "none");
}

int sim_read_device(struct sim_reader *reader, const struct sim_json_in *in,
		    struct sim_device_config *device)
{
	*device = *sim_device_builtin(SIM_DEVICE_DEFAULT);
	if (sim_json_kind(in) == SIM_JSON_OBJECT)
		return read_device_object(reader, device_fields, in, device);
	return name_device(reader, in, device);
}

int sim_read_swap(struct sim_reader *reader, const struct sim_json_in *in,
		  struct sim_swap_config *swap)
{
	struct sim_json_in device;

	memset(swap, 0, sizeof(*swap));
	/* Also as "device", so that "swap.device=none" can be one value of many. */
	if (is_none(in) || (sim_json_find(in, "device", &device) && is_none(&device)))
		return 0;
	swap->device = *sim_device_builtin(SIM_DEVICE_DEFAULT);
	swap->bytes = SIM_NONE;
	if (sim_json_kind(in) == SIM_JSON_OBJECT)
		return read_device_object(reader, swap_fields, in, &swap->device);
	return name_device(reader, in, &swap->device);
}

int sim_read_devices(struct sim_reader *reader, const struct sim_json_in *in)
{
	struct sim_json_in child;
	int rc = 0;

	if (sim_json_kind(in) != SIM_JSON_OBJECT)
		return sim_json_fail(in, -EINVAL, reader->error, "must be an object");
	reader->device = calloc(sim_json_count(in) + 1, sizeof(*reader->device));
	if (!reader->device)
		return sim_json_fail(in, -ENOMEM, reader->error, "out of memory");
	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child)) {
		struct sim_device_config device = { .read_ns = 0 };
		struct sim_json_in like;
		if (sim_device_builtin(child.key) || !strcmp(child.key, "none"))
			return sim_json_fail(&child, -EINVAL, reader->error,
					     "is the name of a built-in device");
		if (!sim_json_find(&child, "like", &like))
			return sim_json_fail(&child, -EINVAL, reader->error,
					     "needs the key \"like\"");
		rc = read_device_object(reader, new_device_fields, &child, &device);
		snprintf(device.name, sizeof(device.name), "%s", child.key);
		reader->device[reader->devices_count++] = device;
	}
	return rc;
}

void sim_print_device(struct sim_json_writer *json, const char *key,
		      const struct sim_device_config *device)
{
	sim_json_object(json, key);
	sim_fields_print(device_fields, json, device);
	sim_json_close(json);
}

void sim_print_swap(struct sim_json_writer *json, const char *key,
		    const struct sim_device_config *device, u64 bytes)
{
	struct sim_swap_config swap = { .device = *device, .bytes = bytes };

	if (!*device->name) {
		sim_json_text(json, key, "none");
		return;
	}
	sim_json_object(json, key);
	sim_fields_print(swap_fields, json, &swap);
	sim_json_close(json);
}

/* --- host --- */

static int read_host_swap(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	struct sim_host_config *host = object;
	struct sim_swap_config swap;
	int rc = sim_read_swap(reader, in, &swap);

	host->swap = swap.device;
	host->swap_bytes = swap.bytes;
	return rc;
}

static void print_host_swap(struct sim_json_writer *json, const struct sim_field *field,
			    const void *object)
{
	const struct sim_host_config *host = object;

	sim_print_swap(json, field->key, &host->swap, host->swap_bytes);
}

#define HOST(member) offsetof(struct sim_host_config, member)

static const struct sim_field host_fields[] = {
	{ "memory", SIM_FIELD_BYTES, HOST(memory_bytes), SIM_FIELD_REQUIRED | SIM_FIELD_PAGES,
	  NULL, 4 * MIB, 64 * TIB, NULL, NULL, NULL },
	{ "reserved", SIM_FIELD_BYTES, HOST(reserved_bytes), SIM_FIELD_PAGES, "64MiB", 0,
	  64 * TIB, NULL, NULL, NULL },
	{ "huge_pages", SIM_FIELD_BOOL, .offset = HOST(huge_pages), .value = "true" },
	{ "khugepaged", SIM_FIELD_CUSTOM, .read = sim_read_khugepaged,
	  .print = sim_print_khugepaged },
	{ "generations", SIM_FIELD_U32, .offset = HOST(generations), .value = "4", .min = 3,
	  .max = 64 },
	{ "ageing_interval", SIM_FIELD_NS, .offset = HOST(ageing_interval_ns), .value = "5s",
	  .min = US * 1000, .max = SEC * 86400 },
	{ "swap", SIM_FIELD_CUSTOM, .read = read_host_swap, .print = print_host_swap },
	{ "low", SIM_FIELD_DOUBLE, .offset = HOST(low), .value = "0.02", .min = 0.001,
	  .max = 0.5 },
	{ "high", SIM_FIELD_DOUBLE, .offset = HOST(high), .value = "0.04", .min = 0.001,
	  .max = 0.5 },
	{ .key = NULL },
};

void sim_default_host(struct sim_host_config *host)
{
	sim_fields_default(host_fields, host);
	host->swap = *sim_device_builtin(SIM_DEVICE_DEFAULT);
	host->swap_bytes = SIM_NONE;
}

int sim_read_host(struct sim_reader *reader, const struct sim_json_in *in)
{
	struct sim_host_config *host = &reader->scenario->host;
	struct sim_json_in child = *in;
	char text[TR_UNITS_TEXT];
	u64 seen = 0;
	int rc = sim_fields_read(reader, host_fields, in, host, &seen);

	if (!rc)
		rc = sim_fields_required(host_fields, in, seen, reader->error);
	if (rc)
		return rc;
	if (host->reserved_bytes >= host->memory_bytes) {
		if (!sim_json_find(in, "reserved", &child))
			sim_json_find(in, "memory", &child);
		return sim_json_fail(&child, -EINVAL, reader->error,
				     "leaves nothing to VMs: \"reserved\" is for the host itself, %s",
				     tr_about_bytes(host->reserved_bytes, text));
	}
	if (host->low >= host->high) {
		sim_json_find(in, "low", &child);
		return sim_json_fail(&child, -EINVAL, reader->error, "must be below \"high\"");
	}
	/* As much swap as memory, unless the scenario says how much. */
	if (host->swap_bytes == SIM_NONE)
		host->swap_bytes = host->memory_bytes;
	return 0;
}

void sim_print_host(struct sim_json_writer *json, const struct sim_scenario *scenario)
{
	sim_json_object(json, "host");
	sim_fields_print(host_fields, json, &scenario->host);
	sim_json_close(json);
}

/* --- link --- */

#define LINK(member) offsetof(struct sim_link_config, member)

const struct sim_field sim_link_fields[] = {
	/* Choice: an eventfd and a wake-up of the device's thread. */
	{ "delay", SIM_FIELD_NS, .offset = LINK(delay_ns), .value = "20us", .max = 3600 * SEC },
	{ "jitter", SIM_FIELD_NS, .offset = LINK(jitter_ns), .value = "0", .max = 3600 * SEC },
	{ "loss", SIM_FIELD_DOUBLE, .offset = LINK(loss), .value = "0", .max = 1 },
	{ "reorder", SIM_FIELD_DOUBLE, .offset = LINK(reorder), .value = "0", .max = 1 },
	{ .key = NULL },
};

/* --- costs --- */

#define COST(member)                                                                              \
	{ #member, SIM_FIELD_NS, .offset = offsetof(struct sim_costs, member##_ns),               \
	  .max = 10 * SEC }

static const struct sim_field cost_fields[] = {
	COST(minor_fault),
	COST(ept_fault),
	COST(ept_huge_fault),
	COST(inflate_page),
	COST(inflate_untouched),
	COST(deflate_page),
	COST(vm_exit),
	COST(scan_pte),
	COST(young_pte),
	COST(reclaim_page),
	COST(host_scan_page),
	COST(report),
	COST(descriptor_access),
	COST(balloon_retry),
	COST(huge_inflate),
	COST(huge_deflate),
	COST(unplug),
	COST(unplug_untouched),
	COST(plug),
	COST(shared_take),
	COST(shared_give),
	COST(migrate_page),
	COST(report_block),
	COST(report_page),
	COST(collapse),
	{ "split_tax", SIM_FIELD_DOUBLE, .offset = offsetof(struct sim_costs, split_tax),
	  .max = 10 },
	{ .key = NULL },
};

int sim_read_costs(struct sim_reader *reader, const struct sim_json_in *in)
{
	return sim_fields_read(reader, cost_fields, in, &reader->scenario->costs, NULL);
}

void sim_print_costs(struct sim_json_writer *json, const struct sim_scenario *scenario)
{
	sim_json_object(json, "costs");
	sim_fields_print(cost_fields, json, &scenario->costs);
	sim_json_close(json);
}
