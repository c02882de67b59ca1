/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_input.h - a file, standard input, or what is compressed in it, as bytes or lines.
 *
 * gzip, xz and zstd are recognized by their first bytes and unpacked on the way;
 * several members in one file follow each other as their tools have it.
 *
 * Memory: some 400 KiB, and what the compressor asked for up to 128 MiB.  Errors:
 * negative errno with "file: place: reason".  Locking: caller serializes.
 */
#ifndef TR_INPUT_H
#define TR_INPUT_H

#include "tr_error.h"
#include <ws_env.h>

#define TR_PEEK_BYTES 65536u /* how far tr_input_peek() can see */
#define TR_LINE_MAX 65535u   /* longest line */

struct tr_input;

/* @path: "-" is standard input, then called "standard input" in errors. */
int tr_input_open(struct tr_input **input, const char *path, struct tr_error *error);
/* The same over bytes in memory, which must outlive it; @name is for errors. */
int tr_input_open_memory(struct tr_input **input, const char *name, const void *bytes, size_t size,
			 struct tr_error *error);
void tr_input_close(struct tr_input *input);

/*
 * What comes next, without taking it: up to TR_PEEK_BYTES, fewer only at the end.
 * Return: 0 and *bytes (valid until the next call), *size.
 */
int tr_input_peek(struct tr_input *input, const u8 **bytes, size_t *size, struct tr_error *error);

/*
 * The next @size bytes (up to TR_PEEK_BYTES), for formats of fixed records.
 * Return: 1 and *record (valid until the next call), 0 at the end; -EINVAL with
 * text when the input ends inside the record.
 */
int tr_input_record(struct tr_input *input, size_t size, const u8 **record,
		    struct tr_error *error);

/*
 * The next line, without its end, NUL-terminated, writable, valid until the next call.
 * Return: 1, 0 at the end; -EINVAL with text for a line that is too long or holds a NUL.
 */
int tr_input_line(struct tr_input *input, char **line, struct tr_error *error);

/* "file: line N: reason", or "file: record N: reason" when records were read; returns -EINVAL. */
int tr_input_fail(const struct tr_input *input, struct tr_error *error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

const char *tr_input_name(const struct tr_input *input);

#endif /* TR_INPUT_H */
