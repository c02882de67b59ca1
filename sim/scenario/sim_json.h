/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_json.h - reading JSON; its .c is the only file that knows the JSON library.
 *
 * Reading is strict where JSON and its library are lax: a repeated key is an error,
 * keys are case-sensitive, an integer is exact or refused (JSON's numbers are
 * doubles: above 2^53 write a string), and the locale has no say.
 *
 * A value is visited through a struct sim_json_in, which knows where it stands, so
 * that every error names its place: "demo.json: /vms/2/memory: reason".  Cursors
 * live on the caller's stack and point to their parents.
 *
 * Errors: 0 or negative errno with text.  Locking: none, no shared state.
 */
#ifndef SIM_JSON_H
#define SIM_JSON_H

#include <ws_env.h>

#include "tr_error.h"

#define SIM_JSON_FILE_MAX (4u << 20) /* bytes; larger input is refused unread */
#define SIM_JSON_EXACT (1ull << 53)  /* integers below this are exact */

struct sim_json; /* a value and all below it */

enum sim_json_kind {
	SIM_JSON_NULL,
	SIM_JSON_BOOL,
	SIM_JSON_NUMBER,
	SIM_JSON_STRING,
	SIM_JSON_ARRAY,
	SIM_JSON_OBJECT,
};

/**
 * sim_json_parse() - a document from text
 * @name: what errors call it
 * @text: @size bytes, need not end in NUL
 *
 * Return: 0 and *json, to be freed with sim_json_free(); "name: line N: reason".
 */
int sim_json_parse(struct sim_json **json, const char *name, const char *text, size_t size,
		   struct tr_error *error);
int sim_json_read_file(struct sim_json **json, const char *path, struct tr_error *error);
void sim_json_free(struct sim_json *json); /* NULL is fine */

/* A key whose plain string stands for an object with one member: "nvme" is {"device":"nvme"}. */
struct sim_json_short {
	const char *key, *member;
};

/**
 * sim_json_set() - override one value: "host.memory=4GiB", "vms.0.swap.device=zram"
 * @shorts: short forms to unfold on the way, ended by a NULL key
 *
 * Numbers select array elements, "*" all of them; missing members are made.  The
 * value is JSON if it reads as JSON, else a string.
 */
int sim_json_set(struct sim_json *root, const char *assignment,
		 const struct sim_json_short *shorts, struct tr_error *error);

struct sim_json_in {
	const struct sim_json_in *parent; /* NULL: the document */
	const struct sim_json *value;
	const char *key; /* in its object; NULL in an array; the file's name at the top */
	u32 index;	 /* in its array or object */
};

struct sim_json_in sim_json_top(const struct sim_json *json, const char *name);
enum sim_json_kind sim_json_kind(const struct sim_json_in *in);
u32 sim_json_count(const struct sim_json_in *in); /* elements or members */

/* Visit the children of an array or object in order: for (ok = first; ok; ok = next). */
bool sim_json_first(const struct sim_json_in *parent, struct sim_json_in *child);
bool sim_json_next(struct sim_json_in *child);
/* @child stays as it is if there is no such member. */
bool sim_json_find(const struct sim_json_in *object, const char *key, struct sim_json_in *child);

/* Typed values; -EINVAL with text for another type. */
int sim_json_get_bool(const struct sim_json_in *in, bool *value, struct tr_error *error);
int sim_json_get_u64(const struct sim_json_in *in, u64 *value, struct tr_error *error);
int sim_json_get_double(const struct sim_json_in *in, double *value, struct tr_error *error);
int sim_json_get_text(const struct sim_json_in *in, const char **text, struct tr_error *error);
/* 64 bits as a string, "0x1f" or decimal, or a small number. */
int sim_json_get_seed(const struct sim_json_in *in, u64 *value, struct tr_error *error);

/* "file: /path: " and the reason; returns @rc. */
int sim_json_fail(const struct sim_json_in *in, int rc, struct tr_error *error,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));

#define SIM_JSON_DOUBLE_TEXT 32
/* The shortest digits that read back as the same double, in any locale; returns @text. */
char *sim_json_double_text(double value, char text[SIM_JSON_DOUBLE_TEXT]);

#endif /* SIM_JSON_H */
