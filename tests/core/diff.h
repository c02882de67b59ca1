/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diff.h - random sequences of operations on two sides, and the few that make them differ.
 *
 * An operation is one word.  Everything about it is taken from that word, digit by digit,
 * so an operation means the same (as far as the state allows) when others before it are
 * left out.  That is what makes shrinking work: of a sequence that fails, pieces are
 * removed for as long as the rest still fails (delta debugging: halves first, then ever
 * smaller pieces, one operation at last).  A fuzz target feeds the same words from bytes.
 *
 * What is left is printed as a table in C, ready to be pasted into a test.  A trap of the
 * core counts as a failure like any other and is shrunk too.
 */
#ifndef DIFF_H
#define DIFF_H

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ws_env.h>

#define DIFF_TRIES_MAX 4000u /* runs that shrinking may take */

/* An engine: runs a sequence on both sides.  Return: NULL, or what differs. */
struct diff_engine {
	const char *name; /* of the function */
	const char *(*run)(const u64 *op, u32 count, u32 param);
};

static inline u64 diff_draw(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* The next digit of an operation: 0..@limit - 1. */
static inline u32 diff_pick(u64 *op, u32 limit)
{
	u32 digit = (u32)(*op % limit);

	*op /= limit;
	return digit;
}

static sigjmp_buf diff_escape;

static inline void diff_trapped(int signal_number)
{
	siglongjmp(diff_escape, signal_number);
}

/* As @run, but the traps of WS_ASSERT are failures too. */
static inline const char *diff_guarded(const struct diff_engine *engine, const u64 *op, u32 count,
				       u32 param)
{
	struct sigaction action = { .sa_handler = diff_trapped }, before;
	const char *fault;

	sigaction(SIGILL, &action, &before);
	fault = sigsetjmp(diff_escape, 1) ? "a broken promise (trap)" : engine->run(op, count, param);
	sigaction(SIGILL, &before, NULL);
	return fault;
}

/* Leave out op[at..at + length); @spare has room for all. */
static inline void diff_cut(u64 *spare, const u64 *op, u32 count, u32 at, u32 length)
{
	memcpy(spare, op, at * sizeof(*op));
	memcpy(spare + at, op + at + length, (count - at - length) * sizeof(*op));
}

/* @op fails.  Return: how many operations are left, in @op, and still fail. */
static inline u32 diff_shrink(const struct diff_engine *engine, u64 *op, u32 count, u32 param)
{
	u64 *spare = malloc((count + 1) * sizeof(*op));
	u32 tries = 0, length, at;
	bool shrunk;

	/* What comes after the failure goes first: it is most, and tells itself by prefixes. */
	for (length = count / 2; length; length /= 2)
		while (length < count && diff_guarded(engine, op, count - length, param))
			count -= length;
	do {
		shrunk = false;
		for (length = count / 2 + 1; length && tries < DIFF_TRIES_MAX; length /= 2) {
			for (at = 0; at + length <= count && tries++ < DIFF_TRIES_MAX;) {
				diff_cut(spare, op, count, at, length);
				if (!diff_guarded(engine, spare, count - length, param)) {
					at += length;
					continue;
				}
				count -= length;
				memcpy(op, spare, count * sizeof(*op));
				shrunk = true;
			}
		}
	} while (shrunk && tries < DIFF_TRIES_MAX);
	free(spare);
	return count;
}

static inline void diff_print(const struct diff_engine *engine, const u64 *op, u32 count,
			      u32 param)
{
	fprintf(stderr, "\tstatic const u64 op[] = {");
	for (u32 i = 0; i < count; i++)
		fprintf(stderr, "%s0x%llx,", i % 4 ? " " : "\n\t\t", op[i]);
	fprintf(stderr, "\n\t};\n\tcr_assert_null(%s(op, %u, %u));\n", engine->name, count, param);
}

/* @count random operations.  Return: NULL, or what differs; then the short list is printed. */
static inline const char *diff_random(const struct diff_engine *engine, u64 seed, u32 param,
				      u32 count)
{
	u64 *op = malloc(count * sizeof(*op)), state = seed;
	const char *fault;

	for (u32 i = 0; i < count; i++)
		op[i] = diff_draw(&state);
	fault = diff_guarded(engine, op, count, param);
	if (fault) {
		count = diff_shrink(engine, op, count, param);
		fault = diff_guarded(engine, op, count, param); /* of several, the one left */
		fprintf(stderr, "%s: %s; seed %llu, parameter %u; enough for it:\n", engine->name,
			fault, seed, param);
		diff_print(engine, op, count, param);
	}
	free(op);
	return fault;
}

/* In a Criterion test. */
#define diff_expect_same(run, seed, param, count)                                                  \
	do {                                                                                       \
		const struct diff_engine diff_engine = { #run, run };                              \
		u64 diff_seed = (seed);                                                            \
		const char *diff_fault = diff_random(&diff_engine, diff_seed, param, count);       \
                                                                                                   \
		cr_assert_null(diff_fault, "%s: seed %llu, parameter %u", diff_fault, diff_seed,   \
			       (u32)(param));                                                      \
	} while (0)

#endif /* DIFF_H */
