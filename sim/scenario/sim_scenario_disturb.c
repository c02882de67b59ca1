/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_scenario_disturb.c - what goes wrong during a run, and when. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/sim_scenario_parts.h"

#define SEC 1e9
#define TIB (1024.0 * 1024 * 1024 * 1024)

static const char *const kind_names[] = {
	[SIM_DIST_LINK] = "link",
	[SIM_DIST_HOST_MEMORY] = "host-memory",
	[SIM_DIST_BALLOON] = "balloon",
	[SIM_DIST_DEVICE] = "device",
	[SIM_DIST_REBOOT] = "reboot",
	NULL,
};

static const char *const device_names[] = {
	[SIM_SLOW_SWAP] = "swap",
	[SIM_SLOW_DISK] = "disk",
	[SIM_SLOW_HOST_SWAP] = "host-swap",
	NULL,
};

static int read_vm(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	const struct sim_scenario *scenario = reader->scenario;
	struct sim_disturbance *disturbance = object;
	const char *name;
	int rc = sim_json_get_text(in, &name, reader->error);

	if (rc)
		return rc;
	for (u32 i = 0; i < scenario->vms_count; i++) {
		if (!strcmp(scenario->vm[i].name, name)) {
			disturbance->vm = i;
			return 0;
		}
	}
	return sim_json_fail(in, -EINVAL, reader->error, "no VM is called \"%s\"", name);
}

#define DIST(member) offsetof(struct sim_disturbance, member)

#define COMMON_ROWS                                                                               \
	{ "kind", SIM_FIELD_CHOICE, DIST(kind), SIM_FIELD_REQUIRED, NULL, 0, 0, kind_names, NULL, \
	  NULL },                                                                                 \
	{ "at", SIM_FIELD_NS, DIST(at_ns), SIM_FIELD_REQUIRED, NULL, 0, 365 * 86400 * SEC, NULL,  \
	  NULL, NULL },                                                                           \
	{ "duration", SIM_FIELD_NS, DIST(duration_ns), SIM_FIELD_REQUIRED, NULL, 1,               \
	  365 * 86400 * SEC, NULL, NULL, NULL }

static const struct sim_field link_rows[] = {
	COMMON_ROWS,
	{ "delay", SIM_FIELD_NS, .offset = DIST(link.delay_ns), .value = "20us",
	  .max = 3600 * SEC },
	{ "jitter", SIM_FIELD_NS, .offset = DIST(link.jitter_ns), .value = "0",
	  .max = 3600 * SEC },
	{ "loss", SIM_FIELD_DOUBLE, .offset = DIST(link.loss), .value = "0", .max = 1 },
	{ "reorder", SIM_FIELD_DOUBLE, .offset = DIST(link.reorder), .value = "0", .max = 1 },
	{ "vm", SIM_FIELD_CUSTOM, .read = read_vm },
	{ .key = NULL },
};

static const struct sim_field memory_rows[] = {
	COMMON_ROWS,
	{ "memory", SIM_FIELD_BYTES, DIST(bytes), SIM_FIELD_REQUIRED | SIM_FIELD_PAGES, NULL, 4096,
	  64 * TIB, NULL, NULL, NULL },
	{ .key = NULL },
};

static const struct sim_field balloon_rows[] = {
	COMMON_ROWS,
	{ "vm", SIM_FIELD_CUSTOM, 0, SIM_FIELD_REQUIRED, NULL, 0, 0, NULL, read_vm, NULL },
	{ "factor", SIM_FIELD_DOUBLE, DIST(factor), SIM_FIELD_REQUIRED, NULL, 0, 1e6, NULL, NULL,
	  NULL },
	{ .key = NULL },
};

static const struct sim_field device_rows[] = {
	COMMON_ROWS,
	{ "device", SIM_FIELD_CHOICE, DIST(device), SIM_FIELD_REQUIRED, NULL, 0, 0, device_names, NULL,
	  NULL },
	{ "vm", SIM_FIELD_CUSTOM, .read = read_vm },
	{ "factor", SIM_FIELD_DOUBLE, .offset = DIST(factor), .value = "1", .min = 1, .max = 1e6 },
	{ "latency", SIM_FIELD_NS, .offset = DIST(latency_ns), .value = "0", .max = 60 * SEC },
	{ .key = NULL },
};

static const struct sim_field reboot_rows[] = {
	COMMON_ROWS,
	{ "vm", SIM_FIELD_CUSTOM, 0, SIM_FIELD_REQUIRED, NULL, 0, 0, NULL, read_vm, NULL },
	{ "release", SIM_FIELD_BOOL, .offset = DIST(releases), .value = "false" },
	{ .key = NULL },
};

static const struct sim_field *const rows_of[] = {
	[SIM_DIST_LINK] = link_rows,
	[SIM_DIST_HOST_MEMORY] = memory_rows,
	[SIM_DIST_BALLOON] = balloon_rows,
	[SIM_DIST_DEVICE] = device_rows,
	[SIM_DIST_REBOOT] = reboot_rows,
};

/* The kind decides which other keys there are, so it is looked up first. */
static int find_kind(struct sim_reader *reader, const struct sim_json_in *in, u32 *kind)
{
	struct sim_json_in child;
	const char *text;
	char known[64];
	int rc;

	if (!sim_json_find(in, "kind", &child))
		return sim_json_fail(in, -EINVAL, reader->error, "needs the key \"kind\"");
	rc = sim_json_get_text(&child, &text, reader->error);
	if (rc)
		return rc;
	for (*kind = 0; kind_names[*kind]; ++*kind)
		if (!strcmp(kind_names[*kind], text))
			return 0;
	sim_list_names(kind_names, known, sizeof(known));
	return sim_json_fail(&child, -EINVAL, reader->error, "unknown \"%s\"; known: %s", text,
			     known);
}

static bool has_device(const struct sim_scenario *scenario,
		       const struct sim_disturbance *disturbance)
{
	if (disturbance->device == SIM_SLOW_HOST_SWAP)
		return scenario->host.swap.name[0];
	for (u32 i = 0; i < scenario->vms_count; i++) {
		const struct sim_vm_config *vm = &scenario->vm[i];

		if ((disturbance->vm == i || disturbance->vm == SIM_ALL_VMS) &&
		    (disturbance->device == SIM_SLOW_DISK || vm->swap.name[0]))
			return true;
	}
	return false;
}

static int check_device(struct sim_reader *reader, const struct sim_json_in *in,
			const struct sim_disturbance *disturbance)
{
	struct sim_json_in child;

	if (disturbance->factor <= 1 && !disturbance->latency_ns)
		return sim_json_fail(in, -EINVAL, reader->error,
				     "needs a \"factor\" above 1 or a \"latency\"");
	if (disturbance->device == SIM_SLOW_HOST_SWAP && disturbance->vm != SIM_ALL_VMS) {
		sim_json_find(in, "vm", &child);
		return sim_json_fail(&child, -EINVAL, reader->error, "has no part in the host's swap");
	}
	if (has_device(reader->scenario, disturbance))
		return 0;
	sim_json_find(in, "device", &child);
	return sim_json_fail(&child, -EINVAL, reader->error, "there is no swap to slow down");
}

/* A VM reboots while it is there, and not amid another reboot. */
static int check_reboot(struct sim_reader *reader, const struct sim_json_in *in,
			const struct sim_disturbance *disturbance)
{
	const struct sim_scenario *scenario = reader->scenario;
	const struct sim_vm_config *vm = &scenario->vm[disturbance->vm];
	u64 from_ns = disturbance->at_ns, to_ns = from_ns + disturbance->duration_ns;
	struct sim_json_in child;

	sim_json_find(in, "at", &child);
	if (from_ns <= vm->start_ns || (vm->stop_ns != SIM_NONE && from_ns >= vm->stop_ns))
		return sim_json_fail(&child, -EINVAL, reader->error, "\"%s\" does not run then",
				     vm->name);
	for (const struct sim_disturbance *other = scenario->disturbance; other < disturbance; other++)
		if (other->kind == SIM_DIST_REBOOT && other->vm == disturbance->vm &&
		    from_ns <= other->at_ns + other->duration_ns && other->at_ns <= to_ns)
			return sim_json_fail(&child, -EINVAL, reader->error,
					     "\"%s\" is rebooting already", vm->name);
	return 0;
}

static int read_disturbance(struct sim_reader *reader, const struct sim_json_in *in,
			    struct sim_disturbance *disturbance)
{
	const struct sim_scenario *scenario = reader->scenario;
	struct sim_json_in child;
	u64 seen = 0;
	u32 kind = 0;
	int rc = find_kind(reader, in, &kind);

	if (rc)
		return rc;
	memset(disturbance, 0, sizeof(*disturbance));
	disturbance->vm = SIM_ALL_VMS;
	sim_fields_default(rows_of[kind], disturbance);
	rc = sim_fields_read(reader, rows_of[kind], in, disturbance, &seen);
	if (!rc)
		rc = sim_fields_required(rows_of[kind], in, seen, reader->error);
	if (rc)
		return rc;
	if (disturbance->at_ns >= scenario->duration_ns) {
		sim_json_find(in, "at", &child);
		return sim_json_fail(&child, -EINVAL, reader->error,
				     "is not before the end of the run");
	}
	if (disturbance->bytes >= scenario->host.memory_bytes - scenario->host.reserved_bytes) {
		sim_json_find(in, "memory", &child);
		return sim_json_fail(&child, -EINVAL, reader->error,
				     "leaves nothing of the host's memory to VMs");
	}
	if (kind == SIM_DIST_DEVICE)
		return check_device(reader, in, disturbance);
	return kind == SIM_DIST_REBOOT ? check_reboot(reader, in, disturbance) : 0;
}

int sim_read_disturbances(struct sim_reader *reader, const struct sim_json_in *in)
{
	struct sim_scenario *scenario = reader->scenario;
	struct sim_json_in child;
	int rc = 0;

	if (sim_json_kind(in) != SIM_JSON_ARRAY)
		return sim_json_fail(in, -EINVAL, reader->error, "must be a list");
	scenario->disturbance = calloc(sim_json_count(in) + 1, sizeof(*scenario->disturbance));
	if (!scenario->disturbance)
		return sim_json_fail(in, -ENOMEM, reader->error, "out of memory");
	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child))
		rc = read_disturbance(reader, &child,
				      &scenario->disturbance[scenario->disturbances_count++]);
	return rc;
}

void sim_print_disturbances(struct sim_json_writer *json, const struct sim_scenario *scenario)
{
	sim_json_array(json, "disturbances");
	for (u32 i = 0; i < scenario->disturbances_count; i++) {
		const struct sim_disturbance *disturbance = &scenario->disturbance[i];
		sim_json_object(json, NULL);
		sim_fields_print(rows_of[disturbance->kind], json, disturbance);
		if (disturbance->kind != SIM_DIST_HOST_MEMORY && disturbance->vm != SIM_ALL_VMS)
			sim_json_text(json, "vm", scenario->vm[disturbance->vm].name);
		sim_json_close(json);
	}
	sim_json_close(json);
}
