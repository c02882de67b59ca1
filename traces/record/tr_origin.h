/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_origin.h - the text of a trace's header that says where it came from.
 *
 * Lines "key: value\n", in the order in which they are added; control characters in
 * values become spaces.  Memory: malloc, tr_origin_free().  Errors: -ENOMEM.
 */
#ifndef TR_ORIGIN_H
#define TR_ORIGIN_H

#include <stddef.h>

struct tr_origin {
	char *text; /* NULL while empty */
	size_t length;
};

int tr_origin_add(struct tr_origin *origin, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The command line, words that need it in single quotes. */
int tr_origin_add_command(struct tr_origin *origin, const char *key, char *const *argv);
/* Emulator's version, operating system, processor's architecture, and the day. */
int tr_origin_add_system(struct tr_origin *origin, const char *emulator);
void tr_origin_free(struct tr_origin *origin);

#endif /* TR_ORIGIN_H */
