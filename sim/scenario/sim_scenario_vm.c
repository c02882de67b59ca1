/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_scenario_vm.c - the VMs of a scenario: size, reclaim, devices, balloon; how many of each. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_reclaim.h"
#include "scenario/sim_scenario_parts.h"
#include "tr_units.h"
#include "ws_wire.h"

#define KIB 1024.0
#define MIB (KIB * 1024)
#define TIB (MIB * 1024 * 1024)
#define SEC 1e9
#define DAY (86400 * SEC)

/* A VM as the file has it: one entry may stand for many. */
struct entry {
	struct sim_vm_config vm; /* first: rows of struct sim_vm_config apply */
	u32 count;
	u64 phase_step_ns;
};

/* --- reclaim, devices, dialect --- */

#define KNOWN_MAX 32 /* names in a registry */

/* One of @known, into @name. */
static int read_known(struct sim_reader *reader, const struct sim_json_in *in,
		      const char *const *known, char name[SIM_NAME_MAX])
{
	const char *text;
	char list[256];
	int rc = sim_json_get_text(in, &text, reader->error);

	if (rc)
		return rc;
	sim_list_names(known, list, sizeof(list));
	for (; *known; known++)
		if (!strcmp(*known, text))
			break;
	if (!*known)
		return sim_json_fail(in, -EINVAL, reader->error, "unknown \"%s\"; known: %s", text,
				     list);
	memset(name, 0, SIM_NAME_MAX);
	memcpy(name, text, strlen(text));
	return 0;
}

/* A reclaim algorithm and its words; sim_reclaim_rules.c. */
static int read_engine(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	char *name = ((struct sim_vm_config *)object)->reclaim;
	struct sim_reclaim_choice choice;
	struct tr_error why;
	const char *text;
	int rc = sim_json_get_text(in, &text, reader->error);

	if (rc)
		return rc;
	if (strlen(text) >= SIM_NAME_MAX)
		return sim_json_fail(in, -EINVAL, reader->error, "\"%s\" is too long", text);
	if (sim_reclaim_choose(&choice, text, &why))
		return sim_json_fail(in, -EINVAL, reader->error, "%s", why.text);
	memset(name, 0, SIM_NAME_MAX);
	memcpy(name, text, strlen(text));
	return 0;
}

static void print_engine(struct sim_json_writer *json, const struct sim_field *field,
			 const void *object)
{
	sim_json_text(json, field->key, ((const struct sim_vm_config *)object)->reclaim);
}

static int read_dialect(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	const char *known[KNOWN_MAX + 1] = { NULL };

	for (u32 i = 0; i < KNOWN_MAX && ws_dialects[i]; i++)
		known[i] = ws_dialects[i]->name;
	return read_known(reader, in, known, ((struct sim_vm_config *)object)->dialect);
}

static void print_dialect(struct sim_json_writer *json, const struct sim_field *field,
			  const void *object)
{
	sim_json_text(json, field->key, ((const struct sim_vm_config *)object)->dialect);
}

#define VM(member) offsetof(struct sim_vm_config, member)

static const struct sim_field reclaim_fields[] = {
	{ "engine", SIM_FIELD_CUSTOM, .read = read_engine, .print = print_engine },
	{ "generations", SIM_FIELD_U32, .offset = VM(generations), .value = "4", .min = 3,
	  .max = 64 },
	{ "swappiness", SIM_FIELD_U32, .offset = VM(swappiness), .value = "60", .max = 200 },
	{ "ageing_interval", SIM_FIELD_NS, .offset = VM(ageing_interval_ns), .value = "0",
	  .max = DAY },
	{ "min_ttl", SIM_FIELD_NS, .offset = VM(min_ttl_ns), .value = "0", .max = DAY },
	{ .key = NULL },
};

static int read_reclaim(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	if (sim_json_kind(in) == SIM_JSON_STRING)
		return read_engine(reader, in, object);
	return sim_fields_read(reader, reclaim_fields, in, object, NULL);
}

static void print_reclaim(struct sim_json_writer *json, const struct sim_field *field,
			  const void *object)
{
	sim_json_object(json, field->key);
	sim_fields_print(reclaim_fields, json, object);
	sim_json_close(json);
}

static int read_vm_swap(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	struct sim_vm_config *vm = object;
	struct sim_swap_config swap;
	int rc = sim_read_swap(reader, in, &swap);

	vm->swap = swap.device;
	vm->swap_bytes = swap.bytes;
	return rc;
}

static void print_vm_swap(struct sim_json_writer *json, const struct sim_field *field,
			  const void *object)
{
	const struct sim_vm_config *vm = object;

	sim_print_swap(json, field->key, &vm->swap, vm->swap_bytes);
}

static int read_disk(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	return sim_read_device(reader, in, &((struct sim_vm_config *)object)->disk);
}

static void print_disk(struct sim_json_writer *json, const struct sim_field *field,
		       const void *object)
{
	sim_print_device(json, field->key, &((const struct sim_vm_config *)object)->disk);
}

/* --- one VM --- */

static const struct sim_field vm_fields[] = {
	{ "name", SIM_FIELD_NAME, .offset = VM(name), .flags = SIM_FIELD_REQUIRED },
	{ "count", SIM_FIELD_U32, .offset = offsetof(struct entry, count),
	  .flags = SIM_FIELD_INPUT, .value = "1", .min = 1, .max = SIM_VMS_MAX },
	{ "memory", SIM_FIELD_BYTES, VM(memory_bytes), SIM_FIELD_REQUIRED | SIM_FIELD_PAGES, NULL,
	  MIB, 16 * TIB, NULL, NULL, NULL },
	{ "memory_min", SIM_FIELD_BYTES, .offset = VM(memory_min_bytes), .flags = SIM_FIELD_PAGES,
	  .value = "none", .min = 4 * KIB, .max = 16 * TIB },
	{ "kernel", SIM_FIELD_BYTES, .offset = VM(kernel_bytes), .flags = SIM_FIELD_PAGES,
	  .value = "none", .max = 16 * TIB },
	{ "vcpus", SIM_FIELD_U32, .offset = VM(vcpus), .value = "1", .min = 1, .max = 1024 },
	{ "shares", SIM_FIELD_U32, .offset = VM(shares), .value = "1000", .min = 1, .max = 1e6 },
	{ "start", SIM_FIELD_NS, .offset = VM(start_ns), .value = "0", .max = 365 * DAY },
	{ "stop", SIM_FIELD_NS, .offset = VM(stop_ns), .flags = SIM_FIELD_OR_NONE,
	  .value = "none", .max = 365 * DAY },
	{ "reclaim", SIM_FIELD_CUSTOM, .read = read_reclaim, .print = print_reclaim },
	{ "swap", SIM_FIELD_CUSTOM, .read = read_vm_swap, .print = print_vm_swap },
	{ "disk", SIM_FIELD_CUSTOM, .read = read_disk, .print = print_disk },
	{ "deflate_on_oom", SIM_FIELD_BOOL, .offset = VM(deflate_on_oom), .value = "true" },
	{ "mechanism", SIM_FIELD_CUSTOM, .read = sim_read_mechanism,
	  .print = sim_print_mechanism },
	{ "page_reporting", SIM_FIELD_CUSTOM, .read = sim_read_reporting,
	  .print = sim_print_reporting },
	{ "dialect", SIM_FIELD_CUSTOM, .read = read_dialect, .print = print_dialect },
	{ "memcgs", SIM_FIELD_CUSTOM, .read = sim_read_memcgs, .print = sim_print_memcgs },
	{ "workload", SIM_FIELD_CUSTOM, .flags = SIM_FIELD_REQUIRED, .read = sim_read_workload,
	  .print = sim_print_workload },
	{ "loop", SIM_FIELD_BOOL, .offset = VM(loop), .value = "true" },
	{ "phase", SIM_FIELD_NS, .offset = VM(phase_ns), .value = "0", .max = 365 * DAY },
	{ "phase_step", SIM_FIELD_NS, .offset = offsetof(struct entry, phase_step_ns),
	  .flags = SIM_FIELD_INPUT, .value = "0", .max = DAY },
	{ "phase_jitter", SIM_FIELD_NS, .offset = VM(phase_jitter_ns), .value = "0", .max = DAY },
	{ .key = NULL },
};

static void default_entry(struct entry *entry)
{
	memset(entry, 0, sizeof(*entry));
	sim_fields_default(vm_fields, entry);
	sim_fields_default(reclaim_fields, &entry->vm);
	sim_default_mechanism(&entry->vm);
	snprintf(entry->vm.reclaim, SIM_NAME_MAX, "mglru");
	snprintf(entry->vm.dialect, SIM_NAME_MAX, "rfc2");
	entry->vm.swap = *sim_device_builtin(SIM_DEVICE_DEFAULT);
	entry->vm.swap_bytes = SIM_NONE;
	entry->vm.disk = *sim_device_builtin(SIM_DEVICE_DEFAULT);
	sim_default_memcgs(&entry->vm);
}

static u64 whole_pages(u64 bytes)
{
	return bytes / TR_PAGE_SIZE * TR_PAGE_SIZE;
}

/* Defaults that depend on the VM's size. */
static void size_entry(struct sim_vm_config *vm)
{
	/* Text, slab and tables, and the array of struct page: 64 bytes each 4 KiB. */
	if (vm->kernel_bytes == SIM_NONE)
		vm->kernel_bytes = whole_pages(
			vm->memory_bytes < 64ull << 20 ? vm->memory_bytes / 8 :
							 (16ull << 20) + vm->memory_bytes / 64);
	if (vm->memory_min_bytes == SIM_NONE) {
		vm->memory_min_bytes = whole_pages(vm->memory_bytes / 4);
		if (vm->memory_min_bytes < 2 * vm->kernel_bytes)
			vm->memory_min_bytes = 2 * vm->kernel_bytes;
		if (vm->memory_min_bytes > vm->memory_bytes)
			vm->memory_min_bytes = vm->memory_bytes;
	}
	if (vm->swap_bytes == SIM_NONE)
		vm->swap_bytes = vm->memory_bytes;
}

/* Fail at the key that is to blame or, where the value is a default, at the whole VM. */
static int fail_at(struct sim_reader *reader, const struct sim_json_in *in, const char *key,
		   const char *reason)
{
	struct sim_json_in at;

	return sim_json_fail(sim_json_find(in, key, &at) ? &at : in, -EINVAL, reader->error, "%s",
			     reason);
}

static int check_entry(struct sim_reader *reader, const struct sim_json_in *in,
		       const struct sim_vm_config *vm)
{
	u64 memcgs_min = 0;

	if (vm->memory_min_bytes > vm->memory_bytes)
		return fail_at(reader, in, "memory_min",
			       "is above \"memory\": the balloon would be larger than its guest");
	if (vm->kernel_bytes >= vm->memory_min_bytes)
		return fail_at(reader, in, "kernel",
			       "leaves no frame to programs: it must be below \"memory_min\"");
	if (vm->start_ns >= reader->scenario->duration_ns)
		return fail_at(reader, in, "start", "is not before the end of the run");
	if (vm->stop_ns <= vm->start_ns)
		return fail_at(reader, in, "stop", "is not after \"start\"");
	/* Below the top level, memcgs only share out what those above them have. */
	for (u32 i = 1; i < vm->memcgs_count; i++)
		memcgs_min += vm->memcg[i].parent ? 0 : vm->memcg[i].min_bytes;
	if (memcgs_min > vm->memory_bytes - vm->kernel_bytes)
		return fail_at(reader, in, "memcgs", "protect (\"min\") more than the VM has");
	return 0;
}

static int read_entry(struct sim_reader *reader, const struct sim_json_in *in,
		      const struct sim_json_in *defaults, struct entry *entry)
{
	struct sim_json_in name;
	u64 seen = 0;
	int rc = 0;

	default_entry(entry);
	if (defaults && sim_json_find(defaults, "name", &name))
		return sim_json_fail(&name, -EINVAL, reader->error, "cannot be the same for all");
	if (defaults)
		rc = sim_fields_read(reader, vm_fields, defaults, entry, &seen);
	if (!rc)
		rc = sim_fields_read(reader, vm_fields, in, entry, &seen);
	if (!rc)
		rc = sim_fields_required(vm_fields, in, seen, reader->error);
	if (rc)
		return rc;
	size_entry(&entry->vm);
	rc = check_entry(reader, in, &entry->vm);
	return rc ? rc : sim_make_demands(reader, in, defaults, &entry->vm);
}

/* --- all VMs --- */

/* Copy number @number of @count; the last one takes the segments along. */
static int add_vm(struct sim_reader *reader, const struct sim_json_in *in, struct entry *entry,
		  u32 number)
{
	struct sim_scenario *scenario = reader->scenario;
	struct sim_vm_config *vm = &scenario->vm[scenario->vms_count];
	size_t size = entry->vm.segments_count * sizeof(*vm->segment);

	*vm = entry->vm;
	vm->segment = malloc(size);
	if (!vm->segment)
		return sim_json_fail(in, -ENOMEM, reader->error, "out of memory");
	memcpy(vm->segment, entry->vm.segment, size);
	scenario->vms_count++;
	vm->phase_ns += number * entry->phase_step_ns;
	if (entry->count > 1 && (size_t)snprintf(vm->name, SIM_NAME_MAX, "%.*s-%u",
						 SIM_NAME_MAX - 1, entry->vm.name, number + 1) >=
					SIM_NAME_MAX)
		return sim_json_fail(in, -EINVAL, reader->error, "name too long to be numbered");
	for (u32 i = 0; i + 1 < scenario->vms_count; i++)
		if (!strcmp(scenario->vm[i].name, vm->name))
			return sim_json_fail(in, -EINVAL, reader->error,
					     "a VM \"%s\" is there already", vm->name);
	return 0;
}

static int add_entry(struct sim_reader *reader, const struct sim_json_in *in,
		     const struct sim_json_in *defaults)
{
	struct sim_scenario *scenario = reader->scenario;
	struct entry *entry = malloc(sizeof(*entry)); /* too big for comfort on the stack */
	struct sim_vm_config *grown;
	int rc;

	if (!entry)
		return sim_json_fail(in, -ENOMEM, reader->error, "out of memory");
	rc = read_entry(reader, in, defaults, entry);
	if (!rc && scenario->vms_count + entry->count > SIM_VMS_MAX)
		rc = sim_json_fail(in, -ERANGE, reader->error, "more than %d VMs", SIM_VMS_MAX);
	if (!rc) {
		grown = realloc(scenario->vm,
				(scenario->vms_count + entry->count) * sizeof(*scenario->vm));
		if (grown)
			scenario->vm = grown;
		else
			rc = sim_json_fail(in, -ENOMEM, reader->error, "out of memory");
	}
	for (u32 i = 0; !rc && i < entry->count; i++)
		rc = add_vm(reader, in, entry, i);
	free(entry->vm.segment);
	free(entry);
	return rc;
}

/* What the balloons cannot take away must fit, whoever runs at the same time. */
static int check_fit(struct sim_reader *reader, const struct sim_json_in *in)
{
	const struct sim_scenario *scenario = reader->scenario;
	const struct sim_host_config *host = &scenario->host;
	char need_text[TR_UNITS_TEXT], have_text[TR_UNITS_TEXT];
	u64 have = host->memory_bytes + host->swap_bytes;

	for (u32 i = 0; i < scenario->vms_count; i++) {
		u64 now_ns = scenario->vm[i].start_ns, need = host->reserved_bytes;
		for (u32 j = 0; j < scenario->vms_count; j++) {
			const struct sim_vm_config *vm = &scenario->vm[j];
			if (vm->start_ns <= now_ns && now_ns < vm->stop_ns)
				need += vm->memory_min_bytes;
		}
		if (need > have)
			return sim_json_fail(in, -EINVAL, reader->error,
					     "need %s at least (memory_min, and what the host "
					     "reserves), but memory and swap of the host are %s",
					     tr_about_bytes(need, need_text),
					     tr_about_bytes(have, have_text));
	}
	return 0;
}

int sim_read_vms(struct sim_reader *reader, const struct sim_json_in *in,
		 const struct sim_json_in *defaults)
{
	struct sim_json_in child;
	int rc = 0;

	if (sim_json_kind(in) != SIM_JSON_ARRAY || !sim_json_count(in))
		return sim_json_fail(in, -EINVAL, reader->error,
				     "must be a list of one or more VMs");
	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child))
		rc = add_entry(reader, &child, defaults);
	return rc ? rc : check_fit(reader, in);
}

/*
 * Traces are echoed relative to the scenario's folder, as the file names them, so
 * that the echo and its digest do not depend on where the scenario was called from.
 */
static void print_vm(struct sim_json_writer *json, const struct sim_vm_config *vm,
		     const char *folder)
{
	struct sim_vm_config copy = *vm;
	size_t length = strlen(folder);

	copy.segment = calloc(vm->segments_count, sizeof(*copy.segment));
	if (!copy.segment)
		copy.segments_count = 0;
	for (u32 i = 0; i < copy.segments_count; i++) {
		const char *trace = vm->segment[i].trace, *series = vm->segment[i].demand.series;
		copy.segment[i] = vm->segment[i];
		if (length && !strncmp(trace, folder, length))
			snprintf(copy.segment[i].trace, SIM_PATH_MAX, "%s", trace + length);
		if (length && !strncmp(series, folder, length))
			snprintf(copy.segment[i].demand.series, SIM_PATH_MAX, "%s", series + length);
	}
	sim_fields_print(vm_fields, json, &copy);
	free(copy.segment);
}

void sim_print_vms(struct sim_json_writer *json, const struct sim_scenario *scenario)
{
	char folder[SIM_PATH_MAX];

	sim_folder_of(scenario->path, folder);
	sim_json_array(json, "vms");
	for (u32 i = 0; i < scenario->vms_count; i++) {
		sim_json_object(json, NULL);
		print_vm(json, &scenario->vm[i], folder);
		sim_json_close(json);
	}
	sim_json_close(json);
}
