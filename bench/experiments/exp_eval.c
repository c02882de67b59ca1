/* SPDX-License-Identifier: BSD-2-Clause */
/* exp_eval.c - expressions by recursive descent, and the verdict. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exp_ask.h"
#include "exp_eval.h"
#include "observe/sim_stats.h"

#define DEPTH_MAX 32

struct parser {
	const struct exp *exp;
	u32 values_count, depth;
	const char *text, *at;
	struct tr_error *error;
};

static int compare(struct parser *p, struct exp_value *value);

static struct exp_value one(double number)
{
	return (struct exp_value){ .at = { number }, .count = 1 };
}

double exp_average(const struct exp_value *value)
{
	double sum = 0;

	for (u32 i = 0; i < value->count; i++)
		sum += value->at[i];
	return sum / value->count;
}

double exp_median(const struct exp_value *value)
{
	/* A number that is none makes the check fail; statistics would leave it out. */
	for (u32 i = 0; i < value->count; i++)
		if (isnan(value->at[i]))
			return NAN;
	return sim_stats_quantile(value->at, value->count, 0.5);
}

static int fail(struct parser *p, const char *reason)
{
	return tr_fail(p->error, -EINVAL, "\"%s\": at %u: %s", p->text, (u32)(p->at - p->text), reason);
}

static void skip(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

static bool take(struct parser *p, const char *token)
{
	size_t length = strlen(token);

	skip(p);
	if (strncmp(p->at, token, length))
		return false;
	p->at += length;
	return true;
}

/* --- functions ----------------------------------------------------------------------- */

static double spread(const struct exp_value *value)
{
	double mean = exp_average(value), sum = 0;

	for (u32 i = 0; i < value->count; i++)
		sum += (value->at[i] - mean) * (value->at[i] - mean);
	return value->count > 1 ? sqrt(sum / (value->count - 1)) : NAN;
}

static double extreme(const struct exp_value *value, double sign)
{
	double most = -INFINITY;

	for (u32 i = 0; i < value->count; i++)
		most = isnan(value->at[i]) ? NAN : fmax(most, sign * value->at[i]);
	return sign * most;
}

/* Do the arguments' medians rise by @sign, strictly or not? */
static bool ordered(const struct exp_call *call, double sign, bool strictly)
{
	for (u32 i = 1; i < call->args_count; i++) {
		double step = sign * (exp_median(&call->arg[i].value) -
				      exp_median(&call->arg[i - 1].value));
		if (!(strictly ? step > 0 : step >= 0))
			return false;
	}
	return call->args_count > 1;
}

static int order(const struct exp_call *call, struct exp_value *value)
{
	static const struct {
		const char *name;
		double sign;
		bool strictly;
	} orders[] = {
		{ "rising", 1, true },
		{ "falling", -1, true },
		{ "not_falling", 1, false },
		{ "not_rising", -1, false },
	};

	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		if (strcmp(call->name, orders[i].name))
			continue;
		*value = one(ordered(call, orders[i].sign, orders[i].strictly));
		return 0;
	}
	return -ENOENT;
}

static int function(struct parser *p, const struct exp_call *call, struct exp_value *value)
{
	const struct exp_value *x = &call->arg[0].value;
	int rc = exp_ask(p->exp, call, value, p->error);

	if (rc != -ENOENT)
		return rc;
	for (u32 i = 0; i < call->args_count; i++)
		if (call->arg[i].is_text)
			return fail(p, "unknown function, or one that takes no texts");
	if (!order(call, value))
		return 0;
	if (!strcmp(call->name, "near") && call->args_count == 3) {
		double a = exp_median(x), b = exp_median(&call->arg[1].value);
		*value = one(fabs(a - b) <= call->arg[2].value.at[0] * fabs(b));
		return 0;
	}
	if (call->args_count != 1)
		return fail(p, "unknown function, or a wrong number of arguments");
	if (!strcmp(call->name, "average"))
		*value = one(exp_average(x));
	else if (!strcmp(call->name, "median"))
		*value = one(exp_median(x));
	else if (!strcmp(call->name, "spread"))
		*value = one(spread(x));
	else if (!strcmp(call->name, "least"))
		*value = one(extreme(x, -1));
	else if (!strcmp(call->name, "most"))
		*value = one(extreme(x, 1));
	else if (!strcmp(call->name, "abs"))
		for (*value = *x, rc = 0; (u32)rc < x->count; rc++)
			value->at[rc] = fabs(x->at[rc]);
	else
		return fail(p, "unknown function");
	return 0;
}

/* --- grammar ------------------------------------------------------------------------- */

static int text_argument(struct parser *p, struct exp_arg *arg)
{
	const char *end = strchr(++p->at, '\'');

	if (!end || (size_t)(end - p->at) >= sizeof(arg->text))
		return fail(p, "a text that does not end, or too long");
	memcpy(arg->text, p->at, (size_t)(end - p->at));
	arg->text[end - p->at] = 0;
	arg->is_text = true;
	p->at = end + 1;
	return 0;
}

static int call(struct parser *p, const char *name, struct exp_value *value)
{
	struct exp_call *made = calloc(1, sizeof(*made));
	int rc = made ? 0 : -ENOMEM;

	if (made)
		snprintf(made->name, sizeof(made->name), "%s", name);
	while (!rc && !take(p, ")")) {
		struct exp_arg *arg = &made->arg[made->args_count];

		if (made->args_count == EXP_ARGS_MAX)
			rc = fail(p, "too many arguments");
		else if (made->args_count++ && !take(p, ","))
			rc = fail(p, "neither a comma nor a closing parenthesis");
		skip(p);
		if (!rc)
			rc = *p->at == '\'' ? text_argument(p, arg) : compare(p, &arg->value);
	}
	if (!rc)
		rc = function(p, made, value);
	free(made);
	return rc;
}

static int name(struct parser *p, struct exp_value *value)
{
	char word[EXP_WORD_MAX];
	u32 length = 0;

	while (isalnum((unsigned char)*p->at) || *p->at == '_') {
		if (length + 1 == sizeof(word))
			return fail(p, "a name too long");
		word[length++] = *p->at++;
	}
	word[length] = 0;
	if (take(p, "("))
		return call(p, word, value);
	for (u32 i = 0; i < p->values_count; i++) {
		if (!strcmp(p->exp->values.at[i].name, word)) {
			*value = p->exp->value[i];
			return 0;
		}
	}
	return fail(p, "no value of that name before this");
}

static int primary(struct parser *p, struct exp_value *value)
{
	char *end;
	int rc;

	skip(p);
	if (isdigit((unsigned char)*p->at)) {
		*value = one(strtod(p->at, &end));
		p->at = end;
		return 0;
	}
	if (isalpha((unsigned char)*p->at))
		return name(p, value);
	if (take(p, "-")) {
		rc = primary(p, value);
		for (u32 i = 0; !rc && i < value->count; i++)
			value->at[i] = -value->at[i];
		return rc;
	}
	if (!take(p, "("))
		return fail(p, "no number, name or parenthesis");
	rc = compare(p, value);
	return rc ? rc : take(p, ")") ? 0 : fail(p, "no closing parenthesis");
}

static double apply(char operator, double a, double b)
{
	switch (operator) {
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '*':
		return a * b;
	default:
		return a / b;
	}
}

/* Run by run; what is one number goes with all. */
static int combine(struct parser *p, char operator, struct exp_value *a, const struct exp_value *b)
{
	u32 count = a->count > b->count ? a->count : b->count;

	if ((a->count != count && a->count != 1) || (b->count != count && b->count != 1))
		return fail(p, "arms with different numbers of runs");
	for (u32 i = count; i-- > 0;)
		a->at[i] = apply(operator, a->at[a->count == 1 ? 0 : i], b->at[b->count == 1 ? 0 : i]);
	a->count = count;
	return 0;
}

static int chain(struct parser *p, const char *operators,
		 int (*operand)(struct parser *, struct exp_value *), struct exp_value *value)
{
	struct exp_value right;
	int rc = operand(p, value);

	for (skip(p); !rc && *p->at && strchr(operators, *p->at); skip(p)) {
		char operator = *p->at++;

		rc = operand(p, &right);
		if (!rc)
			rc = combine(p, operator, value, &right);
	}
	return rc;
}

static int product(struct parser *p, struct exp_value *value)
{
	return chain(p, "*/", primary, value);
}

static int sum(struct parser *p, struct exp_value *value)
{
	return chain(p, "+-", product, value);
}

static int compare(struct parser *p, struct exp_value *value)
{
	struct exp_value right;
	int rc = ++p->depth > DEPTH_MAX ? fail(p, "nested too deep") : sum(p, value);

	if (!rc) {
		bool less = take(p, "<"), more = !less && take(p, ">");
		if (less || more) {
			bool equal = take(p, "=");
			rc = sum(p, &right);
			double a = exp_median(value), b = exp_median(&right);
			if (!rc)
				*value = one(equal ? (less ? a <= b : a >= b) : (less ? a < b : a > b));
		}
	}
	p->depth--;
	return rc;
}

int exp_eval(const struct exp *exp, u32 values_count, const char *text, struct exp_value *value,
	     struct tr_error *error)
{
	struct parser parser = { exp, values_count, 0, text, text, error };
	int rc = compare(&parser, value);

	skip(&parser);
	return rc ? rc : *parser.at ? fail(&parser, "more than an expression") : 0;
}

void exp_judge(struct exp *exp)
{
	struct exp_value value;
	int rc = 0;

	exp->verdict = exp->cannot ? EXP_CANNOT : EXP_HOLDS;
	if (exp->cannot)
		return;
	for (u32 i = 0; i < exp->values.count && !rc; i++)
		rc = exp_eval(exp, i, exp->values.at[i].text, &exp->value[i], &exp->error);
	for (u32 i = 0; i < exp->checks.count && !rc; i++) {
		rc = exp_eval(exp, exp->values.count, exp->checks.at[i].text, &value, &exp->error);
		exp->passed[i] = !rc && exp_average(&value) == 1;
		if (!rc && !exp->passed[i])
			exp->verdict = EXP_FAILS;
	}
	if (rc)
		exp->verdict = EXP_BROKEN;
}
