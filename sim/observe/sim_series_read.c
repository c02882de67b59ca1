/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_series_read.c - rows of csv (RFC 4180, no line breaks inside fields) by their heads. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "observe/sim_series_read.h"

#define FIELDS_MAX 64
#define LINE_BYTES_MAX 65536 /* longer lines are none of wssim's */

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Where a column goes in the caller's row. */
struct column {
	const char *name;
	size_t offset;
	bool text;
};

#define NUMBER(row, member, name) { name, offsetof(struct row, member), false }
#define TEXT(row, member, name) { name, offsetof(struct row, member), true }

static const struct column state_columns[] = {
	NUMBER(sim_state, time_s, "time_s"),
	TEXT(sim_state, vm, "vm"),
	NUMBER(sim_state, target_bytes, "target_bytes"),
	NUMBER(sim_state, balloon_bytes, "balloon_bytes"),
	NUMBER(sim_state, nominal_bytes, "nominal_bytes"),
	NUMBER(sim_state, free_bytes, "free_bytes"),
	NUMBER(sim_state, swapped_bytes, "swapped_bytes"),
	NUMBER(sim_state, backed_bytes, "backed_bytes"),
	NUMBER(sim_state, psi_some_s, "psi_some_s"),
	NUMBER(sim_state, swap_in_bytes, "guest_swap_in_bytes"),
	NUMBER(sim_state, swap_out_bytes, "guest_swap_out_bytes"),
};

static const struct column decision_columns[] = {
	NUMBER(sim_decision, time_s, "time_s"),
	TEXT(sim_decision, vm, "vm"),
	TEXT(sim_decision, text, "text"),
};

#define COLUMNS_MAX COUNT(state_columns)

struct sim_series {
	char path[4096];
	FILE *stream;
	char *line;
	size_t room;
	u64 line_number;
	char *field[FIELDS_MAX];
	u32 fields_count, heads_count;
	const struct column *column;
	u32 columns_count, at[COLUMNS_MAX];
};

static int fail(const struct sim_series *series, struct tr_error *error, const char *reason)
{
	return tr_fail(error, -EINVAL, "%s: line %llu: %s", series->path, series->line_number,
		       reason);
}

/* Undo a field's quotes in place.  Return: behind the last of them, or NULL without one. */
static char *unquote(char *from)
{
	char *to = from;

	for (from++; *from; from++) {
		if (*from == '"' && *++from != '"') {
			*to = 0;
			return from;
		}
		*to++ = *from;
	}
	return NULL;
}

/* Take the line apart in place. */
static int split(struct sim_series *series, struct tr_error *error)
{
	char *at = series->line, end;

	series->fields_count = 0;
	do {
		if (series->fields_count == FIELDS_MAX)
			return fail(series, error, "too many fields");
		series->field[series->fields_count++] = at;
		at = *at == '"' ? unquote(at) : at + strcspn(at, ",");
		if (!at)
			return fail(series, error, "quotes without an end");
		end = *at;
		if (end && end != ',')
			return fail(series, error, "text behind quotes");
		*at++ = 0;
	} while (end);
	return 0;
}

/* Return: 1, 0 at the end, negative errno with text. */
static int next_line(struct sim_series *series, struct tr_error *error)
{
	ssize_t got;

	errno = 0;
	got = getline(&series->line, &series->room, series->stream);
	if (got < 0 && (errno || ferror(series->stream)))
		return tr_fail(error, -EIO, "%s: cannot be read: %s", series->path,
			       strerror(errno));
	if (got < 0)
		return 0;
	series->line_number++;
	if (got > LINE_BYTES_MAX || strlen(series->line) != (size_t)got)
		return fail(series, error, "is not wssim's");
	series->line[strcspn(series->line, "\n")] = 0;
	int rc = split(series, error);
	return rc ? rc : 1;
}

static int find_columns(struct sim_series *series, struct tr_error *error)
{
	for (u32 i = 0; i < series->columns_count; i++) {
		u32 at = 0;

		while (at < series->heads_count &&
		       strcmp(series->field[at], series->column[i].name))
			at++;
		if (at == series->heads_count)
			return tr_fail(error, -EINVAL, "%s: has no column %s", series->path,
				       series->column[i].name);
		series->at[i] = at;
	}
	return 0;
}

static int open_series(struct sim_series **made, const char *dir, const char *name,
		       const struct column *column, size_t columns_count, struct tr_error *error)
{
	struct sim_series *series = *made = calloc(1, sizeof(*series));
	int rc;

	if (!series)
		return tr_fail(error, -ENOMEM, "%s: out of memory", name);
	series->column = column;
	series->columns_count = (u32)columns_count;
	if ((size_t)snprintf(series->path, sizeof(series->path), "%s/%s", dir, name) >=
	    sizeof(series->path))
		return tr_fail(error, -ENAMETOOLONG, "%.60s...: name too long", dir);
	series->stream = fopen(series->path, "re");
	if (!series->stream)
		return tr_fail(error, -errno, "%s: %s", series->path, strerror(errno));
	rc = next_line(series, error);
	if (rc <= 0)
		return rc ? rc : tr_fail(error, -EINVAL, "%s: is empty", series->path);
	series->heads_count = series->fields_count;
	return find_columns(series, error);
}

static int next_row(struct sim_series *series, void *row, struct tr_error *error)
{
	int rc = next_line(series, error);

	if (rc <= 0)
		return rc;
	if (series->fields_count != series->heads_count)
		return fail(series, error, "not as many fields as there are columns");
	for (u32 i = 0; i < series->columns_count; i++) {
		const struct column *column = &series->column[i];
		const char *field = series->field[series->at[i]];
		void *to = (char *)row + column->offset;
		char *end;

		if (column->text) {
			*(const char **)to = field;
			continue;
		}
		*(double *)to = strtod(field, &end);
		if (end == field || *end)
			return tr_fail(error, -EINVAL, "%s: line %llu: %s: not a number",
				       series->path, series->line_number, column->name);
	}
	return 1;
}

int sim_states_open(struct sim_series **series, const char *dir, struct tr_error *error)
{
	return open_series(series, dir, "timeseries.csv", state_columns, COUNT(state_columns),
			   error);
}

int sim_decisions_open(struct sim_series **series, const char *dir, struct tr_error *error)
{
	return open_series(series, dir, "decisions.csv", decision_columns,
			   COUNT(decision_columns), error);
}

int sim_states_next(struct sim_series *series, struct sim_state *state, struct tr_error *error)
{
	return next_row(series, state, error);
}

int sim_decisions_next(struct sim_series *series, struct sim_decision *decision,
		       struct tr_error *error)
{
	return next_row(series, decision, error);
}

void sim_series_close(struct sim_series *series)
{
	if (!series)
		return;
	if (series->stream)
		fclose(series->stream);
	free(series->line);
	free(series);
}
