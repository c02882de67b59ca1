/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_inventory.c - a csv list of VMs becomes a scenario; see sim_inventory.h. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice/sim_inventory.h"
#include "scenario/sim_demand.h"
#include "scenario/sim_json_write.h"
#include "scenario/sim_scenario.h"
#include "tr_file.h"
#include "tr_demand.h"
#include "tr_input.h"
#include "tr_units.h"

#define SECOND 1000000000ull
#define MIB (1ull << 20)
#define MEMORY_MAX (16ull << 40) /* as of a scenario's VMs */
#define PATH 1024
#define DURATION_LONG (400ull * 86400 * SECOND)
#define DURATION_MAX (3600 * SECOND) /* unless the caller says more */

enum column { NAME, MEMORY, TRACE, DEMAND, CONTAINER, COUNT, SWAP, COLUMNS };

static const char *const titles[COLUMNS] = { "name",	  "memory", "trace", "demand",
					     "container", "count",  "swap" };

struct reading {
	struct sim_inventory *inventory;
	struct tr_input *input;
	int at[COLUMNS]; /* -1: no such column */
	FILE *to;
	u64 longest_ns;
	struct sim_demand_use *use; /* NULL: rows are made; else only what they use is looked at */
};

/* Spreadsheets put it before the first line. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* Cut @line at its commas, blanks around a field taken off.  Return: how many fields. */
static u32 split(char *line, char *field[COLUMNS])
{
	u32 count = 0;

	for (char *next = line; next && count <= COLUMNS; count++) {
		char *text = next + strspn(next, " \t"), *end;

		next = strchr(next, ',');
		if (next)
			*next++ = 0;
		for (end = text + strlen(text); end > text && strchr(" \t\r", end[-1]); end--)
			end[-1] = 0;
		if (count < COLUMNS)
			field[count] = text;
	}
	return count;
}

static int read_header(struct reading *reading, char *line, struct tr_error *error)
{
	char *field[COLUMNS];
	u32 count = split(line, field);

	for (u32 i = 0; i < COLUMNS; i++)
		reading->at[i] = -1;
	if (count > COLUMNS)
		return tr_input_fail(reading->input, error, "more than %d columns", COLUMNS);
	for (u32 i = 0; i < count; i++) {
		u32 known = 0;

		while (known < COLUMNS && strcmp(titles[known], field[i]))
			known++;
		if (known == COLUMNS)
			return tr_input_fail(reading->input, error,
					     "column '%.40s': there are name, memory, trace, demand, "
					     "container, count, swap", field[i]);
		if (reading->at[known] >= 0)
			return tr_input_fail(reading->input, error, "column '%s' twice", field[i]);
		reading->at[known] = (int)i;
	}
	if (reading->at[NAME] < 0 || reading->at[MEMORY] < 0 ||
	    (reading->at[TRACE] < 0 && reading->at[DEMAND] < 0))
		return tr_input_fail(reading->input, error,
				     "needs the columns name, memory, and trace or demand");
	return 0;
}

static u64 length_of(const struct sim_inventory *inventory)
{
	return inventory->duration_ns ? inventory->duration_ns : DURATION_MAX;
}

static int beside(const struct reading *reading, const char *name, char path[PATH],
		  struct tr_error *error)
{
	const char *own = reading->inventory->path, *slash = strrchr(own, '/');
	int folder = *name == '/' || !slash ? 0 : (int)(slash + 1 - own);

	if (snprintf(path, PATH, "%.*s%s", folder, own, name) >= PATH)
		return tr_input_fail(reading->input, error, "'%.40s..': name too long", name);
	return 0;
}

/*
 * A trace from the series in @source, in the work folder; its path into @path.  While use is
 * looked at, that of @count VMs is added, and nothing is made.
 */
static int make_trace(struct reading *reading, const char *source, const char *container,
		      u64 memory_bytes, u64 count, char path[PATH], struct tr_error *error)
{
	struct sim_inventory *inventory = reading->inventory;
	struct sim_demand demand = {
		.memory_bytes = sim_demand_memory(memory_bytes, 16 * MIB + memory_bytes / 64),
		.time_scale = (double)inventory->time_scale / TR_DEMAND_ONE,
		.hot = 0.2,
		.hot_ns = 10 * SECOND,
		.warm = 0.3,
		.warm_ns = 300 * SECOND,
		.write = 0.3,
		.seed = inventory->demands_count + 1,
	};
	size_t source_bytes = strlen(source) + 1, container_bytes = strlen(container) + 1;
	int rc;

	if (source_bytes > sizeof(demand.series) || container_bytes > sizeof(demand.container))
		return tr_input_fail(reading->input, error, "name too long");
	memcpy(demand.series, source, source_bytes);
	memcpy(demand.container, container, container_bytes);
	if (reading->use)
		return sim_demand_use_add(reading->use, &demand, count, error);
	snprintf(path, PATH, "%s/demand-%u.wst", inventory->work, inventory->demands_count);
	rc = sim_demand_write(&demand, inventory->begun_ns, length_of(inventory), path, error);
	inventory->demands_count += !rc;
	return rc;
}

static int trace_span(struct reading *reading, const char *path, struct tr_error *error)
{
	struct tr_error inner = { "" };
	struct tr_file *file;

	if (tr_file_open(&file, path, &inner))
		return tr_input_fail(reading->input, error, "%s", inner.text);
	u64 span_ns = tr_file_meta(file)->span_ns;
	reading->longest_ns = span_ns > reading->longest_ns ? span_ns : reading->longest_ns;
	tr_file_close(file);
	return 0;
}

static const char *value(const struct reading *reading, char *field[COLUMNS], enum column column)
{
	return reading->at[column] < 0 || !field[reading->at[column]] ? "" :
									field[reading->at[column]];
}

static int read_row(struct reading *reading, char *line, struct tr_error *error)
{
	char *field[COLUMNS] = { NULL };
	char source[PATH], path[PATH];
	u64 memory_bytes, count = 1;
	u32 fields = split(line, field);
	int rc = 0;

	for (u32 i = 0; i < COLUMNS; i++)
		if (reading->at[i] >= (int)fields && i <= MEMORY)
			return tr_input_fail(reading->input, error, "has no column '%s'", titles[i]);
	const char *trace = value(reading, field, TRACE), *demand = value(reading, field, DEMAND);
	const char *number = value(reading, field, COUNT), *swap = value(reading, field, SWAP);
	rc = tr_parse_bytes(value(reading, field, MEMORY), &memory_bytes);
	if (rc == -ERANGE || (!rc && memory_bytes > MEMORY_MAX))
		return tr_input_fail(reading->input, error, "memory '%.40s': more than 16TiB",
				     value(reading, field, MEMORY));
	if (rc || memory_bytes < 16 * MIB)
		return tr_input_fail(reading->input, error, "memory '%.40s': not a size of 16MiB or more",
				     value(reading, field, MEMORY));
	if (*number && (tr_parse_count(number, &count) || !count || count > SIM_VMS_MAX))
		return tr_input_fail(reading->input, error, "count '%.40s': not a number from 1 to %d",
				     number, SIM_VMS_MAX);
	if (fields > COLUMNS)
		return tr_input_fail(reading->input, error, "more than %d columns", COLUMNS);
	if (!*trace == !*demand)
		return tr_input_fail(reading->input, error, "needs a trace or a demand, and not both");
	rc = beside(reading, *trace ? trace : demand, source, error);
	if (!rc && *demand)
		rc = make_trace(reading, source, value(reading, field, CONTAINER), memory_bytes, count,
				path, error);
	else if (!rc)
		snprintf(path, sizeof(path), "%s", source);
	if (reading->use)
		reading->inventory->rows_count++;
	if (!rc && !reading->use)
		rc = trace_span(reading, path, error);
	if (rc || reading->use)
		return rc;
	fprintf(reading->to, "%s{\"name\": ", reading->inventory->rows_count++ ? ", " : "");
	sim_json_quote(reading->to, value(reading, field, NAME));
	fprintf(reading->to, ", \"memory\": %llu, \"count\": %llu, \"swap\": ",
		memory_bytes / TR_PAGE_SIZE * TR_PAGE_SIZE, count);
	sim_json_quote(reading->to, *swap ? swap : "nvme");
	if (*demand) /* series of one cloud share its clock */
		fprintf(reading->to, ", \"phase_jitter\": 0");
	fprintf(reading->to, ", \"workload\": [{\"trace\": ");
	/* What is beside the inventory is named as from there. */
	sim_json_quote(reading->to, *trace ? trace : path);
	fprintf(reading->to, "}]}");
	return 0;
}

static int read_lines(struct reading *reading, struct tr_error *error)
{
	bool first = true, header = false;
	char *line;
	int rc = 0, got;

	while (!rc && (got = tr_input_line(reading->input, &line, error))) {
		if (got < 0)
			return got;
		if (first && !strncmp(line, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)))
			line += strlen(BYTE_ORDER_MARK);
		first = false;
		if (!line[strspn(line, " \t\r")] || *line == '#')
			continue;
		if (reading->inventory->rows_count == SIM_INVENTORY_ROWS)
			return tr_input_fail(reading->input, error, "more than %d rows",
					     SIM_INVENTORY_ROWS);
		rc = strchr(line, '"') ? tr_input_fail(reading->input, error, "quotes are not known here") :
		     header ? read_row(reading, line, error) : read_header(reading, line, error);
		header = true;
	}
	if (!rc && !reading->inventory->rows_count)
		rc = tr_fail(error, -EINVAL, "%s: no VMs", reading->inventory->path);
	return rc;
}

/* The time of most use, before anything is made of it. */
static int find_busiest(struct sim_inventory *inventory, struct tr_error *error)
{
	struct reading reading = { .inventory = inventory,
				   .use = calloc(1, sizeof(*reading.use)) };
	/* Of the series' time. */
	unsigned __int128 length_ns =
		(unsigned __int128)length_of(inventory) * inventory->time_scale / TR_DEMAND_ONE;
	int rc = tr_input_open(&reading.input, inventory->path, error);

	assert(reading.use);
	if (!rc) {
		rc = read_lines(&reading, error);
		tr_input_close(reading.input);
	}
	inventory->begun_ns = length_ns < DURATION_LONG ?
				      sim_demand_busiest(reading.use, (u64)length_ns) : 0;
	inventory->searched_ns = reading.use->more ? reading.use->shortest * 60 * SECOND : 0;
	inventory->rows_count = 0;
	free(reading.use);
	return rc;
}

int sim_inventory_make(struct sim_inventory *inventory, struct tr_error *error)
{
	struct reading reading = { .inventory = inventory };
	char *text = NULL;
	size_t size;
	int rc;

	inventory->scenario = NULL;
	inventory->rows_count = inventory->demands_count = 0;
	inventory->begun_ns = inventory->from_ns;
	inventory->searched_ns = 0;
	rc = inventory->from_ns == SIM_INVENTORY_BUSIEST ? find_busiest(inventory, error) : 0;
	if (!rc)
		rc = tr_input_open(&reading.input, inventory->path, error);
	if (rc)
		return rc;
	reading.to = open_memstream(&text, &size);
	assert(reading.to);
	fprintf(reading.to, "{\"host\": {\"memory\": %llu}, \"vms\": [", inventory->host_bytes);
	rc = read_lines(&reading, error);
	u64 ns = inventory->duration_ns ? inventory->duration_ns : reading.longest_ns;
	if (!inventory->duration_ns && ns < 60 * SECOND)
		ns = 60 * SECOND;
	if (!inventory->duration_ns && ns > DURATION_MAX)
		ns = DURATION_MAX;
	u64 jitter_ns = ns / 4 < 60 * SECOND ? ns / 4 : 60 * SECOND;
	fprintf(reading.to, "], \"duration\": \"%lluns\", \"defaults\": {\"phase_jitter\": \"%lluns\"}}",
		ns, jitter_ns);
	fclose(reading.to);
	tr_input_close(reading.input);
	if (rc)
		free(text);
	else
		inventory->scenario = text;
	return rc;
}
