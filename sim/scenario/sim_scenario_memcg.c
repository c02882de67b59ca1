/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_scenario_memcg.c - the memory cgroups of a VM: a tree, given as a list with parents first. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "scenario/sim_scenario_parts.h"

#define KIB 1024.0
#define TIB (KIB * KIB * KIB * KIB)

/* A memcg as the file has it: its parent by name. */
struct memcg_entry {
	struct sim_memcg_config memcg; /* first: rows of struct sim_memcg_config apply */
	char parent[SIM_NAME_MAX];
};

#define MEMCG(member) offsetof(struct sim_memcg_config, member)
#define MEMCG_ROOT "root"

static const struct sim_field memcg_fields[] = {
	{ "name", SIM_FIELD_NAME, .offset = MEMCG(name), .flags = SIM_FIELD_REQUIRED },
	{ "parent", SIM_FIELD_NAME, .offset = offsetof(struct memcg_entry, parent),
	  .value = MEMCG_ROOT },
	{ "min", SIM_FIELD_BYTES, .offset = MEMCG(min_bytes), .flags = SIM_FIELD_PAGES,
	  .value = "0", .max = 64 * TIB },
	{ "low", SIM_FIELD_BYTES, .offset = MEMCG(low_bytes), .flags = SIM_FIELD_PAGES,
	  .value = "0", .max = 64 * TIB },
	{ "high", SIM_FIELD_BYTES, .offset = MEMCG(high_bytes),
	  .flags = SIM_FIELD_PAGES | SIM_FIELD_OR_NONE, .value = "none", .min = 4 * KIB,
	  .max = 64 * TIB },
	{ "max", SIM_FIELD_BYTES, .offset = MEMCG(max_bytes),
	  .flags = SIM_FIELD_PAGES | SIM_FIELD_OR_NONE, .value = "none", .min = 4 * KIB,
	  .max = 64 * TIB },
	{ .key = NULL },
};

void sim_default_memcgs(struct sim_vm_config *vm)
{
	struct memcg_entry root = { .memcg.parent = 0 };

	sim_fields_default(memcg_fields, &root);
	snprintf(root.memcg.name, SIM_NAME_MAX, MEMCG_ROOT);
	vm->memcg[0] = root.memcg;
	vm->memcgs_count = 1;
}

/* Number of the memcg @name among those read; as many as there are: it is none of them. */
static u32 find_memcg(const struct sim_vm_config *vm, const char *name)
{
	u32 i = 0;

	while (i < vm->memcgs_count && strcmp(vm->memcg[i].name, name))
		i++;
	return i;
}

static int read_memcg(struct sim_reader *reader, const struct sim_json_in *in,
		      struct sim_vm_config *vm)
{
	struct memcg_entry entry = { .memcg.parent = 0 };
	u64 seen = 0;
	int rc;

	sim_fields_default(memcg_fields, &entry);
	rc = sim_fields_read(reader, memcg_fields, in, &entry, &seen);
	if (!rc)
		rc = sim_fields_required(memcg_fields, in, seen, reader->error);
	if (rc)
		return rc;
	if (find_memcg(vm, entry.memcg.name) < vm->memcgs_count)
		return sim_json_fail(in, -EINVAL, reader->error, "a memcg \"%s\" is there already",
				     entry.memcg.name);
	entry.memcg.parent = find_memcg(vm, entry.parent);
	if (entry.memcg.parent == vm->memcgs_count)
		return sim_json_fail(in, -EINVAL, reader->error,
				     "no memcg \"%s\" before it to be below", entry.parent);
	if (entry.memcg.min_bytes > entry.memcg.max_bytes)
		return sim_json_fail(in, -EINVAL, reader->error, "\"min\" is above \"max\"");
	vm->memcg[vm->memcgs_count++] = entry.memcg;
	return 0;
}

/* The root is always there as memcg 0; the list holds the others, from 1, parents first. */
int sim_read_memcgs(struct sim_reader *reader, const struct sim_json_in *in, void *object)
{
	struct sim_vm_config *vm = object;
	struct sim_json_in child;
	int rc = 0;

	if (sim_json_kind(in) != SIM_JSON_ARRAY)
		return sim_json_fail(in, -EINVAL, reader->error, "must be a list");
	if (sim_json_count(in) >= SIM_MEMCGS_MAX)
		return sim_json_fail(in, -ERANGE, reader->error, "more than %d memcgs",
				     SIM_MEMCGS_MAX - 1);
	sim_default_memcgs(vm);
	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child))
		rc = read_memcg(reader, &child, vm);
	return rc;
}

void sim_print_memcgs(struct sim_json_writer *json, const struct sim_field *field,
		      const void *object)
{
	const struct sim_vm_config *vm = object;

	sim_json_array(json, field->key);
	for (u32 i = 1; i < vm->memcgs_count; i++) {
		struct memcg_entry entry = { .memcg = vm->memcg[i] };

		memcpy(entry.parent, vm->memcg[entry.memcg.parent].name, SIM_NAME_MAX);
		sim_json_object(json, NULL);
		sim_fields_print(memcg_fields, json, &entry);
		sim_json_close(json);
	}
	sim_json_close(json);
}
