/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_reclaim.c - the list of reclaim algorithms, and making one by name. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_reclaim.h"
#include "tr_error.h"

extern const struct sim_reclaim_ops sim_reclaim_lru, sim_reclaim_fifo, sim_reclaim_clock,
	sim_reclaim_mglru, sim_reclaim_twolist, sim_reclaim_opt;

const struct sim_reclaim_ops *const sim_reclaims[] = {
	&sim_reclaim_lru,
	&sim_reclaim_fifo,
	&sim_reclaim_clock,
	&sim_reclaim_mglru,
	&sim_reclaim_twolist,
	&sim_reclaim_opt,
	NULL,
};

static int unknown(const char *text, struct tr_error *error)
{
	char known[256] = "";
	size_t used = 0;

	for (u32 i = 0; sim_reclaims[i] && used < sizeof(known); i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "",
					 sim_reclaims[i]->name);
	return tr_fail(error, -EINVAL, "%s: no such reclaim algorithm; known: %s", text, known);
}

/* Digits only, at most nine of them: the parameters are small numbers. */
static int read_param(u32 *param, const char *digits)
{
	size_t length = strspn(digits, "0123456789");

	if (!length || length > 9 || digits[length])
		return -EINVAL;
	*param = (u32)strtoul(digits, NULL, 10);
	return 0;
}

int sim_reclaim_choose(struct sim_reclaim_choice *choice, const char *text,
		       struct tr_error *error)
{
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);
	const struct sim_reclaim_ops *ops = NULL;

	for (u32 i = 0; sim_reclaims[i] && !ops; i++)
		if (strlen(sim_reclaims[i]->name) == length &&
		    !memcmp(sim_reclaims[i]->name, text, length))
			ops = sim_reclaims[i];
	if (!ops)
		return unknown(text, error);
	*choice = (struct sim_reclaim_choice){
		.ops = ops, .param = ops->param_default, .rules = *ws_rules_base,
	};
	if (!colon)
		return 0;
	if (ops->versions)
		return sim_reclaim_read_rules(choice, colon + 1, error);
	if (ops->caller)
		return sim_reclaim_read_caller(choice, colon + 1, error);
	if (!ops->param_name)
		return tr_fail(error, -EINVAL, "%s: %s has no parameter", text, ops->name);
	choice->param_given = true;
	if (read_param(&choice->param, colon + 1) || choice->param < ops->param_min ||
	    choice->param > ops->param_max)
		return tr_fail(error, -EINVAL, "%s: %s of %s is a number from %u to %u", text,
			       ops->param_name, ops->name, ops->param_min, ops->param_max);
	return 0;
}

int sim_reclaim_open(struct sim_reclaim **reclaim, const struct sim_reclaim_choice *choice,
		     struct sim_reclaim_space *space, u8 memcg, u64 now_ns)
{
	const struct sim_reclaim_ops *ops = choice->ops;

	assert(space->pages_count % 64 == 0 && space->hot && space->entry && space->link);
	assert(ops->links == 1 || space->link2);
	struct sim_reclaim *made = calloc(1, ops->state_size);
	if (!made)
		return -ENOMEM;
	*made = (struct sim_reclaim){ ops, space, choice->param, memcg, choice->by_rules,
				      choice->rules };
	made->rules.gens = (u8)choice->param;
	int rc = ops->init(made, now_ns);
	if (rc) {
		free(made);
		return rc;
	}
	*reclaim = made;
	return 0;
}

void sim_reclaim_close(struct sim_reclaim *reclaim)
{
	if (!reclaim)
		return;
	if (reclaim->ops->destroy)
		reclaim->ops->destroy(reclaim);
	free(reclaim);
}
