/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_gen.h - generators of traces with known patterns, by seed.
 *
 * A generator is a const table entry: name, parameters with units, a function that
 * puts records.  Nothing that decides a record uses floating point or libm, so the
 * same name, parameters and seed give the same records on every machine.
 *
 * Patterns (loop, zipf, gauss, scan, phase) only access; those that stand for
 * programs (ramp, desktop, jvm, burst, leak) allocate, free and idle as those do.
 */
#ifndef TR_GEN_H
#define TR_GEN_H

#include "tr_error.h"
#include "tr_record.h"

#define TR_GEN_PARAMS_MAX 12

enum tr_gen_unit {
	TR_GEN_PAGES, /* count of 4 KiB pages, or a size such as 256MiB */
	TR_GEN_COUNT,
	TR_GEN_TIME,  /* ns */
	TR_GEN_RATIO, /* millionths; written as 0.25 */
	TR_GEN_FLAG,  /* yes or no */
};

struct tr_gen_param {
	const char *name, *help;
	enum tr_gen_unit unit;
	u64 initial, min, max;
};

struct tr_gen_run;
struct tr_gen {
	const char *name, *summary;
	const struct tr_gen_param *param; /* up to TR_GEN_PARAMS_MAX; ends with name NULL */
	int (*generate)(struct tr_gen_run *run);
};

/* The i-th generator, or NULL; by name, or NULL. */
const struct tr_gen *tr_gen_at(u32 i);
const struct tr_gen *tr_gen_find(const char *name);

/*
 * Defaults into @value (TR_GEN_PARAMS_MAX of them), then one by one what people write.
 * Return: 0, or -EINVAL with a reason.
 */
void tr_gen_init(const struct tr_gen *gen, u64 *value);
int tr_gen_set(const struct tr_gen *gen, u64 *value, const char *name,
	       const char *text, struct tr_error *error);
/* A parameter's value as tr_gen_set() reads it. */
char *tr_gen_format(const struct tr_gen_param *param, u64 value, char *text, size_t size);

/* Return: 0, -ENOMEM, -EINVAL (parameters that contradict), or what @sink returned. */
int tr_gen_generate(const struct tr_gen *gen, const u64 *value, u64 seed,
		    struct tr_sink sink, struct tr_error *error);

#endif /* TR_GEN_H */
