/* SPDX-License-Identifier: BSD-2-Clause */
/* exp_table.h - the csv files of one run: numbers by column, and which VM a row is of. */
#ifndef EXP_TABLE_H
#define EXP_TABLE_H

#include <tr_error.h>
#include <ws_env.h>

#define EXP_COLUMNS_MAX 128

struct exp_table {
	u32 columns_count, rows_count;
	char *column[EXP_COLUMNS_MAX]; /* names; point into text */
	double *cell;		       /* [row * columns_count + column]; NAN: not a number */
	char **words;		       /* the same as text; point into text */
	char *text;
};

struct exp_tables {
	struct exp_table series, host, vms, summary, histograms, decisions, ages;
};

/* @text is the table's from now on.  Return: 0, -ENOMEM or -EINVAL. */
int exp_table_parse(struct exp_table *table, char *text);
void exp_table_free(struct exp_table *table);
int exp_table_column(const struct exp_table *table, const char *name); /* -1: none */

static inline double exp_cell(const struct exp_table *table, u32 row, u32 column)
{
	return table->cell[row * table->columns_count + column];
}

static inline const char *exp_word(const struct exp_table *table, u32 row, u32 column)
{
	return table->words[row * table->columns_count + column];
}

/* Those of the results directory @dir.  Return: NULL with text when it lacks one. */
struct exp_tables *exp_tables_load(const char *dir, struct tr_error *error);
void exp_tables_free(struct exp_tables *tables); /* NULL is fine */

#endif /* EXP_TABLE_H */
