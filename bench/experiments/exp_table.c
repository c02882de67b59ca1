/* SPDX-License-Identifier: BSD-2-Clause */
/* exp_table.c - reading the csv files that wssim run leaves. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exp_table.h"
#include "observe/sim_metrics.h"

_Static_assert(SIM_VM_METRICS + 8 <= EXP_COLUMNS_MAX && SIM_RUN_METRICS + 8 <= EXP_COLUMNS_MAX,
	       "a row of a run's tables has no more columns");

/*
 * Cut the next field off @at, undo its quotes, and return what ended it: ',' or '\n', or
 * 0 at the end of the text.
 */
static char cut(char **at, char **field)
{
	char *from = *at, *to = from, end;

	*field = from;
	if (*from == '"') {
		for (from++; *from && (*from != '"' || from[1] == '"'); from++) {
			from += *from == '"';
			*to++ = *from;
		}
		from += *from == '"';
	} else {
		while (*from && *from != ',' && *from != '\n')
			*to++ = *from++;
	}
	end = *from;
	*at = from + (end != 0);
	*to = 0;
	return end;
}

static double number(const char *word)
{
	char *end;
	double value = strtod(word, &end);

	return *word && !*end ? value : NAN;
}

int exp_table_parse(struct exp_table *table, char *text)
{
	u32 lines = 0, column = 0;
	char *field, end;

	*table = (struct exp_table){ .text = text };
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	do {
		if (table->columns_count == EXP_COLUMNS_MAX)
			return -EINVAL;
		end = cut(&text, &field);
		table->column[table->columns_count++] = field;
	} while (end == ',');
	table->cell = calloc((size_t)(lines + 1) * table->columns_count, sizeof(*table->cell));
	table->words = calloc((size_t)(lines + 1) * table->columns_count, sizeof(*table->words));
	if (!table->cell || !table->words)
		return -ENOMEM;
	while (*text) {
		size_t at = (size_t)table->rows_count * table->columns_count + column;

		end = cut(&text, &field);
		table->words[at] = field;
		table->cell[at] = number(field);
		if (++column == table->columns_count && end != ',') {
			table->rows_count++;
			column = 0;
		} else if (column == table->columns_count || end != ',') {
			return -EINVAL;
		}
	}
	return 0;
}

void exp_table_free(struct exp_table *table)
{
	free(table->cell);
	free(table->words);
	free(table->text);
	memset(table, 0, sizeof(*table));
}

int exp_table_column(const struct exp_table *table, const char *name)
{
	for (u32 i = 0; i < table->columns_count; i++)
		if (!strcmp(table->column[i], name))
			return (int)i;
	return -1;
}

static int load(struct exp_table *table, const char *dir, const char *name,
		struct tr_error *error)
{
	char path[4096], *text = NULL;
	size_t size = 0;
	FILE *from;
	int rc = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	from = fopen(path, "r");
	if (!from)
		return tr_fail(error, -errno, "%s: %s", path, strerror(errno));
	if (getdelim(&text, &size, 0, from) < 0)
		rc = -EINVAL;
	fclose(from);
	if (rc)
		free(text);
	else
		rc = exp_table_parse(table, text);
	return rc ? tr_fail(error, rc, "%s: not a table", path) : 0;
}

struct exp_tables *exp_tables_load(const char *dir, struct tr_error *error)
{
	struct exp_tables *tables = calloc(1, sizeof(*tables));
	int rc = tables ? 0 : tr_fail(error, -ENOMEM, "out of memory");

	if (!rc)
		rc = load(&tables->series, dir, "timeseries.csv", error);
	if (!rc)
		rc = load(&tables->host, dir, "host.csv", error);
	if (!rc)
		rc = load(&tables->vms, dir, "vms.csv", error);
	if (!rc)
		rc = load(&tables->summary, dir, "summary.csv", error);
	if (!rc)
		rc = load(&tables->histograms, dir, "histograms.csv", error);
	if (!rc)
		rc = load(&tables->decisions, dir, "decisions.csv", error);
	if (!rc)
		rc = load(&tables->ages, dir, "ages.csv", error);
	if (!rc)
		return tables;
	exp_tables_free(tables);
	return NULL;
}

void exp_tables_free(struct exp_tables *tables)
{
	if (!tables)
		return;
	exp_table_free(&tables->series);
	exp_table_free(&tables->host);
	exp_table_free(&tables->vms);
	exp_table_free(&tables->summary);
	exp_table_free(&tables->histograms);
	exp_table_free(&tables->decisions);
	exp_table_free(&tables->ages);
	free(tables);
}
