/* SPDX-License-Identifier: BSD-2-Clause */
/* exp_ask.h - functions of exp_eval.h that look into the runs' tables. */
#ifndef EXP_ASK_H
#define EXP_ASK_H

#include "exp.h"

#define EXP_ARGS_MAX 24
#define EXP_WORD_MAX 96

/* An argument: a text, or a value. */
struct exp_arg {
	char text[EXP_WORD_MAX];
	bool is_text;
	struct exp_value value;
};

struct exp_call {
	char name[EXP_WORD_MAX];
	struct exp_arg arg[EXP_ARGS_MAX];
	u32 args_count;
};

/* Return: 0, -ENOENT when no function of that name is here, else negative errno with text. */
int exp_ask(const struct exp *exp, const struct exp_call *call, struct exp_value *value,
	    struct tr_error *error);

#endif /* EXP_ASK_H */
