/* SPDX-License-Identifier: BSD-2-Clause */
/* exp_series.c - quantities over time, out of a run's tables. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exp_series.h"

#define MIB 1048576.0
#define COLUMNS_MAX 4

static int add(struct exp_series *series, double time_s, double value, bool sum)
{
	u32 n = series->count;

	if (sum && n && series->time_s[n - 1] == time_s) {
		series->at[n - 1] += value;
		return 0;
	}
	if (!(n & (n - 1))) { /* grows at powers of two */
		double *time = realloc(series->time_s, (2 * n + 1) * sizeof(double));
		series->time_s = time ? time : series->time_s;
		double *at = realloc(series->at, (2 * n + 1) * sizeof(double));
		series->at = at ? at : series->at;
		if (!time || !at)
			return -ENOMEM;
	}
	series->time_s[n] = time_s;
	series->at[n] = value;
	series->count = n + 1;
	return 0;
}

/* The number after @word in @text; NAN: none. */
static double number_after(const char *text, const char *word)
{
	const char *at = strstr(text, word);
	char *end;

	if (!at)
		return NAN;
	at += strlen(word);
	double value = strtod(at, &end);
	return end > at ? value : NAN;
}

/* Generations of a VM at one time stand one after another, by number. */
static int get_oldest(struct exp_series *series, const struct exp_table *table, const char *vm,
		      bool file_only)
{
	int time = exp_table_column(table, "time_s"), of = exp_table_column(table, "vm");
	int age = exp_table_column(table, "idle_age_s"), rc = 0;
	int anon = exp_table_column(table, "anon_bytes"), file = exp_table_column(table, "file_bytes");

	if (time < 0 || of < 0 || age < 0 || anon < 0 || file < 0)
		return -ENOENT;
	for (u32 i = 0; i < table->rows_count && !rc; i++) {
		double now = exp_cell(table, i, (u32)time), old = exp_cell(table, i, (u32)age);
		u32 n = series->count;

		if (strcmp(exp_word(table, i, (u32)of), vm) ||
		    (file_only ? 0 : exp_cell(table, i, (u32)anon)) + exp_cell(table, i, (u32)file) < MIB)
			continue;
		if (n && series->time_s[n - 1] == now)
			series->at[n - 1] = fmax(series->at[n - 1], old);
		else
			rc = add(series, now, old, false);
	}
	return rc ? rc : series->count ? 0 : -ENOENT;
}

/* Columns of a name like "anon_bytes+file_bytes".  Return: how many; 0 if one is not there. */
static u32 get_columns(const struct exp_table *table, const char *name, u32 *column)
{
	u32 count = 0;

	for (const char *end; name; name = end ? end + 1 : NULL) {
		char one[64];
		int at;

		end = strchr(name, '+');
		size_t length = end ? (size_t)(end - name) : strlen(name);
		if (count == COLUMNS_MAX || length >= sizeof(one))
			return 0;
		memcpy(one, name, length);
		one[length] = 0;
		at = exp_table_column(table, one);
		if (at < 0)
			return 0;
		column[count++] = (u32)at;
	}
	return count;
}

int exp_series_get(struct exp_series *series, const struct exp_tables *tables, const char *vm,
		   const char *column)
{
	bool host = !strcmp(vm, "host"), all = !strcmp(vm, "*");
	const char *told = strncmp(column, "told ", 5) ? NULL : column + 5;
	const struct exp_table *table = told ? &tables->decisions :
				       host ? &tables->host : &tables->series;
	u32 at[COLUMNS_MAX], columns = get_columns(table, told ? "text" : column, at);
	int of = exp_table_column(table, "vm"), time = exp_table_column(table, "time_s"), rc = 0;

	*series = (struct exp_series){ 0 };
	if (!strcmp(column, "oldest") || !strcmp(column, "oldest file"))
		return get_oldest(series, &tables->ages, vm, !!column[6]);
	if (!columns || time < 0 || (of < 0 && !host))
		return -ENOENT;
	for (u32 i = 0; i < table->rows_count && !rc; i++) {
		if (!host && !all && strcmp(exp_word(table, i, (u32)of), vm))
			continue;
		double value = told ? number_after(exp_word(table, i, at[0]), told) : 0;

		for (u32 k = 0; k < columns && !told; k++)
			value += exp_cell(table, i, at[k]);
		if (!isnan(value))
			rc = add(series, exp_cell(table, i, (u32)time), value, all && !told);
	}
	return rc ? rc : series->count ? 0 : -ENOENT;
}

void exp_series_free(struct exp_series *series)
{
	free(series->time_s);
	free(series->at);
	*series = (struct exp_series){ 0 };
}

/* Times that the series turned round after it had moved by @least. */
static double turns(const double *at, u32 count, double least)
{
	double top = at[0], bottom = at[0];
	int direction = 0;
	u32 turned = 0;

	for (u32 i = 1; i < count; i++) {
		top = at[i] > top ? at[i] : top;
		bottom = at[i] < bottom ? at[i] : bottom;
		if (direction >= 0 && at[i] <= top - least) {
			turned += direction > 0;
			direction = -1;
			bottom = at[i];
		} else if (direction <= 0 && at[i] >= bottom + least) {
			turned += direction < 0;
			direction = 1;
			top = at[i];
		}
	}
	return turned;
}

struct moments {
	double sum, squares, least, most, above, below;
};

static struct moments moments(const double *at, u32 count, double level)
{
	struct moments m = { 0, 0, INFINITY, -INFINITY, 0, 0 };

	for (u32 i = 0; i < count; i++) {
		m.sum += at[i];
		m.squares += at[i] * at[i];
		m.least = fmin(m.least, at[i]);
		m.most = fmax(m.most, at[i]);
		m.above += at[i] > level;
		m.below += at[i] < level;
	}
	return m;
}

static double first_time(const double *time_s, const double *at, u32 count, double level, bool above)
{
	for (u32 i = 0; i < count; i++)
		if (above ? at[i] >= level : at[i] <= level)
			return time_s[i];
	return INFINITY;
}

double exp_series_ask(const struct exp_series *series, const char *what, double level,
		      double from_s, double to_s)
{
	u32 from = 0, to;

	while (from < series->count && series->time_s[from] < from_s)
		from++;
	for (to = from; to < series->count && series->time_s[to] <= to_s;)
		to++;
	const double *at = series->at + from;
	u32 count = to - from;

	if (!count)
		return NAN;
	struct moments m = moments(at, count, level);
	double mean = m.sum / count;
	if (!strcmp(what, "mean"))
		return mean;
	if (!strcmp(what, "deviation"))
		return sqrt(fmax(m.squares / count - mean * mean, 0));
	if (!strcmp(what, "max"))
		return m.most;
	if (!strcmp(what, "min"))
		return m.least;
	if (!strcmp(what, "last"))
		return at[count - 1];
	if (!strcmp(what, "gain"))
		return at[count - 1] - at[0];
	if (!strcmp(what, "share_above"))
		return m.above / count;
	if (!strcmp(what, "share_below"))
		return m.below / count;
	if (!strcmp(what, "turns"))
		return turns(at, count, level);
	if (!strcmp(what, "when_above") || !strcmp(what, "when_below"))
		return first_time(series->time_s + from, at, count, level, !strcmp(what, "when_above"));
	return NAN;
}
