/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_moves.c - when targets moved: each sample beside the VM's last one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "observe/sim_moves.h"

/* A VM's last sample. */
struct last {
	char *vm;
	double time_s, target_bytes;
};

struct lasts {
	struct last *last;
	size_t count, room, next;
};

static void compare(const struct last *last, const struct sim_state *state,
		    void (*take)(void *ctx, const struct sim_move *move), void *ctx)
{
	struct sim_move move = { last->time_s, last->target_bytes, *state };

	if (last->target_bytes < state->target_bytes || last->target_bytes > state->target_bytes)
		take(ctx, &move);
}

/* Samples repeat the VMs in one order, so the next is found at once. */
static struct last *find(struct lasts *all, const char *vm)
{
	for (size_t i = 0; i < all->count; i++) {
		size_t at = (all->next + i) % all->count;

		if (strcmp(all->last[at].vm, vm) != 0)
			continue;
		all->next = at + 1;
		return &all->last[at];
	}
	return NULL;
}

static int add(struct lasts *all, const struct sim_state *state, struct tr_error *error)
{
	struct last *last = all->last;

	if (all->count == all->room) {
		size_t room = all->room ? 2 * all->room : 16;

		last = reallocarray(last, room, sizeof(*last));
		if (!last)
			return tr_fail(error, -ENOMEM, "out of memory");
		all->last = last;
		all->room = room;
	}
	/* A balloon begins empty. */
	last[all->count] = (struct last){ strdup(state->vm), state->time_s, state->nominal_bytes };
	if (!last[all->count].vm)
		return tr_fail(error, -ENOMEM, "out of memory");
	all->count++;
	return 0;
}

int sim_moves_read(const char *dir, const char *vm,
		   void (*take)(void *ctx, const struct sim_move *move), void *ctx,
		   struct tr_error *error)
{
	struct lasts all = { 0 };
	struct sim_series *series;
	struct sim_state state;
	int rc = sim_states_open(&series, dir, error);

	while (!rc && (rc = sim_states_next(series, &state, error)) > 0) {
		rc = 0;
		if (vm && strcmp(state.vm, vm) != 0)
			continue;
		struct last *last = find(&all, state.vm);

		if (!last) {
			rc = add(&all, &state, error);
			last = &all.last[all.count ? all.count - 1 : 0];
		}
		if (rc)
			break;
		compare(last, &state, take, ctx);
		last->time_s = state.time_s;
		last->target_bytes = state.target_bytes;
	}
	sim_series_close(series);
	for (size_t i = 0; i < all.count; i++)
		free(all.last[i].vm);
	free(all.last);
	return rc;
}
