/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_record_cmd.c - runs a command under qemu-x86_64 with the plugin, and records it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tr_record_cmd.h"
#include "tr_record_run.h"
#include "tr_recorder.h"

#define ARGS_MOST 4096
#define EM_X86_64 62

/* What the kernel's loader would do with the file: run it, or give it to "#! interpreter". */
static int look_at(const char *path, char *interpreter, size_t size, struct tr_error *error)
{
	unsigned char head[256] = { 0 };
	FILE *file = fopen(path, "re");
	size_t got;

	interpreter[0] = 0;
	if (!file)
		return tr_fail(error, -errno, "%s: %s", path, strerror(errno));
	got = fread(head, 1, sizeof(head) - 1, file);
	fclose(file);
	if (got > 2 && head[0] == '#' && head[1] == '!') {
		snprintf(interpreter, size, "%.*s", (int)strcspn((char *)head + 2, "\n"), head + 2);
		return 0;
	}
	if (got < 20 || memcmp(head, "\177ELF\2\1", 6) || head[18] != EM_X86_64 || head[19])
		return tr_fail(error, -ENOEXEC, "%s: is not a program for x86-64", path);
	return 0;
}

/* Resolve argv[0] and a script's interpreter; fills @out from @n on, returns the count. */
static int resolve(char *const *argv, char **out, int n, char *program, char *interpreter,
		   struct tr_error *error)
{
	char *rest = NULL, *word;
	int rc = tr_find_program(argv[0], program, PATH_MAX, error);

	if (!rc)
		rc = look_at(program, interpreter, 256, error);
	if (rc)
		return rc;
	if (interpreter[0]) {
		word = strtok_r(interpreter, " \t", &rest);
		if (!word)
			return tr_fail(error, -ENOEXEC, "%s: empty interpreter line", program);
		if (strstr(word, "/env") && *rest) /* "#!/usr/bin/env NAME" would exec() away */
			word = strtok_r(NULL, " \t", &rest);
		out[n] = malloc(PATH_MAX);
		if (!out[n])
			return tr_fail(error, -ENOMEM, "recorder: out of memory");
		rc = tr_find_program(word, out[n++], PATH_MAX, error);
		if (rc)
			return rc;
		word = strtok_r(NULL, "", &rest);
		if (word)
			out[n++] = word;
	}
	out[n++] = program;
	for (int i = 1; argv[i]; i++) {
		if (n >= ARGS_MOST - 1)
			return tr_fail(error, -E2BIG, "%s: more than %d arguments", program,
				       ARGS_MOST);
		out[n++] = argv[i];
	}
	out[n] = NULL;
	return n;
}

int tr_record_command(char *const *argv, const struct tr_record_options *options,
		      struct tr_sink sink, struct tr_record_result *result,
		      struct tr_error *error)
{
	char qemu[PATH_MAX], program[PATH_MAX], interpreter[256], plugin[2 * PATH_MAX + 256];
	char *args[ARGS_MOST + 8] = { qemu, (char *)"-plugin", plugin };
	struct tr_recorder *recorder = NULL;
	struct tr_run_dir dir;
	int rc;

	memset(result, 0, sizeof(*result));
	if (tr_find_program(options->qemu, qemu, sizeof(qemu), NULL))
		return tr_fail(error, -ENOENT, "%s: not found: install the Debian package qemu-user",
			       options->qemu);
	rc = resolve(argv, args, 3, program, interpreter, error);
	if (rc < 0)
		goto out;
	rc = tr_run_dir_make(&dir, error);
	if (rc)
		goto out;
	rc = tr_plugin_argument(plugin, sizeof(plugin), options, dir.pipe, error);
	if (!rc)
		rc = tr_recorder_open(&recorder, sink, error);
	if (!rc)
		rc = tr_run(args, &dir, options, tr_recorder_event, recorder, result, error);
	if (!rc)
		rc = tr_recorder_finish(recorder, error);
	tr_recorder_close(recorder);
	tr_run_dir_remove(&dir);
out:
	if (args[3] != program)
		free(args[3]);
	return rc;
}
