/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_scenario_mechanism.c - how a VM gives memory up, and the host's huge pages. */
#include <errno.h>
#include <stddef.h>

#include "scenario/sim_scenario_parts.h"
#include "tr_units.h"

#define SEC 1e9
#define REGION_BYTES (2u << 20)

#define VM(member) offsetof(struct sim_vm_config, member)

/* By enum sim_mechanism_kind. */
static const char *const mechanism_names[] = {
	"balloon", "huge-balloon", "virtio-mem", "hyperalloc", "host-reclaim", "none", NULL,
};

/* An object with these, or the name alone. */
static const struct sim_field mechanism_fields[] = {
	{ "name", SIM_FIELD_CHOICE, .offset = VM(mechanism), .value = "balloon",
	  .names = mechanism_names },
	{ "block", SIM_FIELD_BYTES, .offset = VM(block_bytes), .value = "2MiB",
	  .min = REGION_BYTES, .max = REGION_BYTES * 512.0 },
	{ "auto", SIM_FIELD_NS, .offset = VM(auto_ns), .value = "5s", .max = 86400 * SEC },
	{ .key = NULL },
};

static const struct sim_field reporting_fields[] = {
	{ "order", SIM_FIELD_U32, .offset = VM(reporting_order), .value = "9", .max = 9 },
	{ "delay", SIM_FIELD_NS, .offset = VM(reporting_delay_ns), .value = "2s",
	  .min = SEC / 1000, .max = 86400 * SEC },
	{ "passes", SIM_FIELD_U32, .offset = VM(reporting_passes), .value = "16", .min = 1,
	  .max = 1e6 },
	{ .key = NULL },
};

void sim_default_mechanism(struct sim_vm_config *vm)
{
	sim_fields_default(mechanism_fields, vm);
	sim_fields_default(reporting_fields, vm);
}

int sim_read_mechanism(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	struct sim_vm_config *vm = object;
	struct sim_json_in child;
	int rc;

	vm->block_bytes = REGION_BYTES; /* not what "defaults" had said of another mechanism */
	if (sim_json_kind(in) == SIM_JSON_STRING)
		return sim_field_read(reader, &mechanism_fields[0], in, object);
	rc = sim_fields_read(reader, mechanism_fields, in, object, NULL);
	if (rc)
		return rc;
	if (vm->mechanism != SIM_MECHANISM_VIRTIO_MEM && sim_json_find(in, "block", &child))
		return sim_json_fail(&child, -EINVAL, reader->error, "is for virtio-mem only");
	if (vm->mechanism != SIM_MECHANISM_HYPERALLOC && sim_json_find(in, "auto", &child))
		return sim_json_fail(&child, -EINVAL, reader->error, "is for hyperalloc only");
	if (vm->block_bytes % REGION_BYTES && sim_json_find(in, "block", &child))
		return sim_json_fail(&child, -EINVAL, reader->error, "must be a multiple of 2MiB");
	return 0;
}

void sim_print_mechanism(struct sim_json_writer *json, const struct sim_field *field,
			 const void *object)
{
	const struct sim_vm_config *vm = object;
	char text[TR_UNITS_TEXT];

	sim_json_object(json, field->key);
	sim_json_text(json, "name", mechanism_names[vm->mechanism]);
	if (vm->mechanism == SIM_MECHANISM_VIRTIO_MEM)
		sim_json_text(json, "block", tr_format_bytes(vm->block_bytes, text));
	if (vm->mechanism == SIM_MECHANISM_HYPERALLOC)
		sim_json_text(json, "auto", tr_format_ns(vm->auto_ns, text));
	sim_json_close(json);
}

/* true, false, or how. */
int sim_read_reporting(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	struct sim_vm_config *vm = object;

	if (sim_json_kind(in) != SIM_JSON_OBJECT)
		return sim_json_get_bool(in, &vm->page_reporting, reader->error);
	vm->page_reporting = true;
	return sim_fields_read(reader, reporting_fields, in, object, NULL);
}

void sim_print_reporting(struct sim_json_writer *json, const struct sim_field *field,
			 const void *object)
{
	const struct sim_vm_config *vm = object;

	if (!vm->page_reporting) {
		sim_json_bool(json, field->key, false);
		return;
	}
	sim_json_object(json, field->key);
	sim_fields_print(reporting_fields, json, object);
	sim_json_close(json);
}

/* --- the host's khugepaged --- */

#define HOST(member) offsetof(struct sim_host_config, member)

static const struct sim_field khugepaged_fields[] = {
	{ "pages", SIM_FIELD_U32, .offset = HOST(khugepaged_pages), .value = "4096", .min = 512,
	  .max = 1e9 },
	{ "sleep", SIM_FIELD_NS, .offset = HOST(khugepaged_sleep_ns), .value = "10s",
	  .min = SEC / 1000, .max = 86400 * SEC },
	{ "max_none", SIM_FIELD_U32, .offset = HOST(khugepaged_max_none), .value = "511",
	  .max = 511 },
	{ .key = NULL },
};

int sim_read_khugepaged(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	struct sim_host_config *host = object;
	bool on = true;
	int rc = 0;

	sim_fields_default(khugepaged_fields, host);
	if (sim_json_kind(in) == SIM_JSON_OBJECT)
		return sim_fields_read(reader, khugepaged_fields, in, object, NULL);
	rc = sim_json_get_bool(in, &on, reader->error);
	if (!on)
		host->khugepaged_pages = 0;
	return rc;
}

void sim_print_khugepaged(struct sim_json_writer *json, const struct sim_field *field,
			  const void *object)
{
	const struct sim_host_config *host = object;

	if (!host->khugepaged_pages) {
		sim_json_bool(json, field->key, false);
		return;
	}
	sim_json_object(json, field->key);
	sim_fields_print(khugepaged_fields, json, object);
	sim_json_close(json);
}
