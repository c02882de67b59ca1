/* SPDX-License-Identifier: BSD-2-Clause */
/* exp_ask.c - from a call in an expression to the numbers of an arm's runs. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "exp_ask.h"
#include "exp_series.h"

static const char *word(const struct exp_call *call, u32 index)
{
	return index < call->args_count && call->arg[index].is_text ? call->arg[index].text : NULL;
}

static double argument(const struct exp_call *call, u32 index, double otherwise)
{
	return index < call->args_count && !call->arg[index].is_text ? call->arg[index].value.at[0] :
								       otherwise;
}

static int find_arm(const struct exp *exp, const char *name)
{
	for (u32 i = 0; name && i < exp->arms.count; i++)
		if (!strcmp(exp->arms.at[i].name, name))
			return (int)i;
	return -1;
}

static bool one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

static int ask_series(const struct exp_tables *tables, const struct exp_call *call, bool level,
		      double *value)
{
	const char *vm = word(call, 1), *column = word(call, 2);
	struct exp_series series;
	int rc = vm && column ? exp_series_get(&series, tables, vm, column) : -EINVAL;

	if (rc == -EINVAL)
		return rc;
	if (!rc)
		*value = exp_series_ask(&series, call->name, level ? argument(call, 3, NAN) : 0,
					argument(call, 3 + level, 0), argument(call, 4 + level, INFINITY));
	exp_series_free(&series);
	return rc;
}

static int ask_row(const struct exp_table *table, const struct exp_call *call, double *value)
{
	bool least = !strcmp(call->name, "least_vm"), most = !strcmp(call->name, "most_vm");
	bool vms = least || most || !strcmp(call->name, "vm");
	const char *vm = vms && !least && !most ? word(call, 1) : NULL;
	const char *column = word(call, vm ? 2 : 1);
	int at = column ? exp_table_column(table, column) : -1, of = exp_table_column(table, "vm");
	int policy = exp_table_column(table, "policy");

	if (at < 0)
		return -ENOENT;
	*value = least ? INFINITY : most ? -INFINITY : NAN;
	for (u32 i = 0; i < table->rows_count; i++) {
		if (policy >= 0 && !strcmp(exp_word(table, i, (u32)policy), "(baseline)"))
			continue;
		double cell = exp_cell(table, i, (u32)at);
		if (least || most)
			*value = least ? fmin(*value, cell) : fmax(*value, cell);
		else if (!vm || (of >= 0 && !strcmp(exp_word(table, i, (u32)of), vm)))
			*value = cell;
	}
	return 0;
}

/* What reports said is the guest's; the true columns say the same of the truth. */
static int ask_idle(const struct exp_table *table, double age_s, const char *vm, double *value)
{
	int edge = exp_table_column(table, "idle_age_max_s");
	int anon = exp_table_column(table, "true_anon_bytes");
	int file = exp_table_column(table, "true_file_bytes"), bin = exp_table_column(table, "bin");
	int of = exp_table_column(table, "vm");
	double idle = 0, all = 0, lower = 0;

	if (edge < 0 || anon < 0 || file < 0 || bin < 0 || of < 0)
		return -ENOENT;
	for (u32 i = 0; i < table->rows_count; i++) {
		double bytes = exp_cell(table, i, (u32)anon) + exp_cell(table, i, (u32)file);

		if (vm && strcmp(exp_word(table, i, (u32)of), vm))
			continue;
		if (exp_cell(table, i, (u32)bin) == 0)
			lower = 0;
		all += bytes;
		if (lower >= age_s)
			idle += bytes;
		lower = exp_cell(table, i, (u32)edge);
	}
	*value = idle / all;
	return 0;
}

static int ask_run(const struct exp_tables *tables, const struct exp_call *call, double *value)
{
	static const char *const plain[] = { "mean", "deviation", "max", "min", "last", "gain", NULL };
	static const char *const leveled[] = { "turns",	     "share_above", "share_below",
					       "when_above", "when_below",  NULL };
	static const char *const rows[] = { "vm", "least_vm", "most_vm", NULL };

	if (one_of(call->name, plain))
		return ask_series(tables, call, false, value);
	if (one_of(call->name, leveled))
		return ask_series(tables, call, true, value);
	if (one_of(call->name, rows))
		return ask_row(&tables->vms, call, value);
	if (!strcmp(call->name, "run"))
		return ask_row(&tables->summary, call, value);
	return ask_idle(&tables->histograms, argument(call, 1, NAN), word(call, 2), value);
}

int exp_ask(const struct exp *exp, const struct exp_call *call, struct exp_value *value,
	    struct tr_error *error)
{
	static const char *const names[] = { "mean",	   "deviation",	  "max",	"min",
					     "last",	   "gain",	  "turns",	"share_above",
					     "share_below", "when_above", "when_below", "vm",
					     "least_vm",   "most_vm",	  "run",	"idle", NULL };
	int rc = 0, arm = find_arm(exp, word(call, 0));

	if (!one_of(call->name, names))
		return -ENOENT;
	if (arm < 0)
		return tr_fail(error, -EINVAL, "%s(): no arm \"%s\"", call->name,
			       word(call, 0) ? word(call, 0) : "");
	value->count = exp->runs_count;
	for (u32 run = 0; run < exp->runs_count && !rc; run++)
		rc = exp->tables[arm][run] ? ask_run(exp->tables[arm][run], call, &value->at[run]) :
					     -ENODATA;
	if (rc)
		return tr_fail(error, -EINVAL, "%s('%s', ..): no such VM, column or run", call->name,
			       word(call, 0));
	return 0;
}
