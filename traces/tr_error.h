/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_error.h - one line of text for the person whose file was wrong.
 *
 * Functions that read what people wrote return a negative errno and fill this:
 * "file: place: reason", no newline.  Traces and simulator share it.
 */
#ifndef TR_ERROR_H
#define TR_ERROR_H

#define TR_ERROR_MAX 512

struct tr_error {
	char text[TR_ERROR_MAX];
};

/* Format into @error (may be NULL) and return @rc, so that "return tr_fail(...)" reads well. */
int tr_fail(struct tr_error *error, int rc, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* TR_ERROR_H */
