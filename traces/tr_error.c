/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_error.c - see tr_error.h. */
#include <stdarg.h>
#include <stdio.h>

#include "tr_error.h"

int tr_fail(struct tr_error *error, int rc, const char *format, ...)
{
	va_list args;

	if (!error)
		return rc;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	/* One line, whatever the file's name or contents held. */
	for (char *c = error->text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return rc;
}
