/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_origin.c - the text of a trace's header that says where it came from. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "tr_origin.h"

static int append(struct tr_origin *origin, const char *bytes, size_t length)
{
	char *grown = realloc(origin->text, origin->length + length + 1);

	if (!grown)
		return -ENOMEM;
	origin->text = grown;
	for (size_t i = 0; i < length; i++)
		grown[origin->length + i] = (unsigned char)bytes[i] < ' ' ? ' ' : bytes[i];
	origin->length += length;
	grown[origin->length] = 0;
	return 0;
}

static int line_end(struct tr_origin *origin)
{
	if (append(origin, " ", 1))
		return -ENOMEM;
	origin->text[origin->length - 1] = '\n';
	return 0;
}

static int line_begin(struct tr_origin *origin, const char *key)
{
	return append(origin, key, strlen(key)) || append(origin, ": ", 2) ? -ENOMEM : 0;
}

int tr_origin_add(struct tr_origin *origin, const char *key, const char *format, ...)
{
	char *value;
	va_list args;
	int length, rc;

	va_start(args, format);
	length = vasprintf(&value, format, args);
	va_end(args);
	if (length < 0)
		return -ENOMEM;
	rc = line_begin(origin, key);
	if (!rc)
		rc = append(origin, value, (size_t)length);
	free(value);
	return rc ? rc : line_end(origin);
}

static int append_word(struct tr_origin *origin, const char *word)
{
	const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    "%+,-./:=@_";

	if (*word && !word[strspn(word, plain)])
		return append(origin, word, strlen(word));
	if (append(origin, "'", 1))
		return -ENOMEM;
	for (; *word; word++) {
		if (*word == '\'' ? append(origin, "'\\''", 4) : append(origin, word, 1))
			return -ENOMEM;
	}
	return append(origin, "'", 1);
}

int tr_origin_add_command(struct tr_origin *origin, const char *key, char *const *argv)
{
	int rc = line_begin(origin, key);

	for (int i = 0; argv[i] && !rc; i++) {
		rc = i ? append(origin, " ", 1) : 0;
		if (!rc)
			rc = append_word(origin, argv[i]);
	}
	return rc ? rc : line_end(origin);
}

/* First line of what a program prints; empty if it cannot be run. */
static void first_line(const char *program, char *line, size_t size)
{
	char command[512];
	FILE *pipe;

	line[0] = 0;
	if (strchr(program, '\'') || strlen(program) > 400)
		return;
	snprintf(command, sizeof(command), "'%s' --version 2>/dev/null", program);
	pipe = popen(command, "re");
	if (!pipe)
		return;
	if (!fgets(line, (int)size, pipe))
		line[0] = 0;
	while (fgets(command, sizeof(command), pipe))
		;
	pclose(pipe);
	line[strcspn(line, "\n")] = 0;
}

static void os_name(char *name, size_t size)
{
	FILE *file = fopen("/etc/os-release", "re");
	char line[256];

	snprintf(name, size, "Linux");
	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "PRETTY_NAME=\"", 13))
			snprintf(name, size, "%.*s", (int)strcspn(line + 13, "\""), line + 13);
	}
	if (file)
		fclose(file);
}

int tr_origin_add_system(struct tr_origin *origin, const char *emulator)
{
	char line[256], day[32];
	struct utsname uts;
	struct tm tm;
	time_t now = time(NULL);
	int rc = 0;

	first_line(emulator, line, sizeof(line));
	if (line[0])
		rc |= tr_origin_add(origin, "emulator", "%s", line);
	os_name(line, sizeof(line));
	uname(&uts);
	rc |= tr_origin_add(origin, "system", "%s, %s", line, uts.machine);
	if (gmtime_r(&now, &tm) && strftime(day, sizeof(day), "%Y-%m-%d", &tm))
		rc |= tr_origin_add(origin, "date", "%s", day);
	return rc ? -ENOMEM : 0;
}

void tr_origin_free(struct tr_origin *origin)
{
	free(origin->text);
	origin->text = NULL;
	origin->length = 0;
}
