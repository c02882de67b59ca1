/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_input.c - see tr_input.h. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tr_input.h"
#include "tr_unpack.h"

#define PACKED_BYTES 65536u
#define BUFFER_BYTES (4 * TR_PEEK_BYTES)

struct tr_input {
	char *name;
	int fd; /* -1: bytes in memory */
	const u8 *memory;
	size_t memory_size;
	struct tr_unpack *unpack;
	struct tr_unpack_step step; /* in: packed bytes; out: the buffer */
	u8 *packed, *buffer;
	size_t at; /* taken from buffer */
	bool ended;
	u64 lines, records, packed_bytes;
};

/* More packed bytes behind those that are left; sets in_ended. */
static int refill(struct tr_input *input, struct tr_error *error)
{
	struct tr_unpack_step *step = &input->step;
	size_t left = step->in_size - step->in_at;
	ssize_t got;

	if (input->fd < 0 || step->in_ended || left == PACKED_BYTES)
		return 0;
	memmove(input->packed, input->packed + step->in_at, left);
	step->in_at = 0;
	step->in_size = left;
	do
		got = read(input->fd, input->packed + left, PACKED_BYTES - left);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return tr_fail(error, -errno, "%s: byte %llu: cannot read: %s", input->name,
			       input->packed_bytes, strerror(errno));
	input->packed_bytes += (u64)got;
	step->in_size += (size_t)got;
	step->in_ended = !got;
	return 0;
}

/* Unpack until @want bytes lie ahead or the input has ended. */
static int fill(struct tr_input *input, size_t want, struct tr_error *error)
{
	struct tr_unpack_step *step = &input->step;
	const char *reason;

	if (step->out_at - input->at >= want || input->ended)
		return 0;
	memmove(input->buffer, input->buffer + input->at, step->out_at - input->at);
	step->out_at -= input->at;
	input->at = 0;
	while (step->out_at < want) {
		size_t before = step->out_at, in_before = step->in_at;
		if (step->in_at == step->in_size) {
			int rc = refill(input, error);
			if (rc)
				return rc;
			in_before = step->in_at;
		}
		if (tr_unpack_step(input->unpack, step, &reason))
			return tr_fail(error, -EINVAL, "%s: byte %llu: %s", input->name,
				       input->packed_bytes, reason);
		if (step->out_at == before && step->in_at == in_before) {
			if (step->in_ended) {
				input->ended = true;
				return 0;
			}
			int rc = refill(input, error);
			if (rc)
				return rc;
		}
	}
	return 0;
}

static int start(struct tr_input **result, struct tr_input *input, struct tr_error *error)
{
	int rc = -ENOMEM;

	input->step.out_size = BUFFER_BYTES;
	input->buffer = malloc(BUFFER_BYTES + 1); /* a NUL behind the last line */
	input->step.out = input->buffer;
	if (!input->name || !input->buffer)
		goto out_memory;
	if (input->fd >= 0) {
		input->packed = malloc(PACKED_BYTES);
		input->step.in = input->packed;
		if (!input->packed)
			goto out_memory;
		/* A pipe may give its first bytes one by one. */
		while (input->step.in_size < 6 && !input->step.in_ended) {
			rc = refill(input, error);
			if (rc)
				goto out;
		}
	}
	input->unpack = tr_unpack_create(input->step.in, input->step.in_size);
	if (input->unpack) {
		*result = input;
		return 0;
	}
	rc = -ENOMEM;
out_memory:
	tr_fail(error, rc, "%s: out of memory", input->name ? input->name : "input");
out:
	tr_input_close(input);
	return rc;
}

int tr_input_open(struct tr_input **result, const char *path, struct tr_error *error)
{
	bool standard = !strcmp(path, "-");
	struct tr_input *input = calloc(1, sizeof(*input));

	if (!input)
		return tr_fail(error, -ENOMEM, "%s: out of memory", path);
	input->name = strdup(standard ? "standard input" : path);
	input->fd = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (input->fd < 0) {
		int rc = tr_fail(error, -errno, "%s: cannot open: %s", path, strerror(errno));
		tr_input_close(input);
		return rc;
	}
	return start(result, input, error);
}

int tr_input_open_memory(struct tr_input **result, const char *name, const void *bytes, size_t size,
			 struct tr_error *error)
{
	struct tr_input *input = calloc(1, sizeof(*input));

	if (!input)
		return tr_fail(error, -ENOMEM, "%s: out of memory", name);
	input->name = strdup(name);
	input->fd = -1;
	input->step.in = bytes;
	input->step.in_size = size;
	input->step.in_ended = true;
	input->packed_bytes = size;
	return start(result, input, error);
}

void tr_input_close(struct tr_input *input)
{
	if (!input)
		return;
	if (input->fd >= 0)
		close(input->fd);
	tr_unpack_destroy(input->unpack);
	free(input->packed);
	free(input->buffer);
	free(input->name);
	free(input);
}

int tr_input_peek(struct tr_input *input, const u8 **bytes, size_t *size, struct tr_error *error)
{
	int rc = fill(input, TR_PEEK_BYTES, error);

	*bytes = input->buffer + input->at;
	*size = input->step.out_at - input->at;
	if (*size > TR_PEEK_BYTES)
		*size = TR_PEEK_BYTES;
	return rc;
}

int tr_input_record(struct tr_input *input, size_t size, const u8 **record,
		    struct tr_error *error)
{
	size_t left = input->step.out_at - input->at;

	assert(size && size <= TR_PEEK_BYTES);
	if (left < size) {
		int rc = fill(input, size, error);
		if (rc)
			return rc;
		left = input->step.out_at - input->at;
		if (!left)
			return 0;
	}
	input->records++;
	if (left < size)
		return tr_input_fail(input, error, "the file ends after %zu of the record's %zu bytes",
				     left, size);
	*record = input->buffer + input->at;
	input->at += size;
	return 1;
}

int tr_input_line(struct tr_input *input, char **line, struct tr_error *error)
{
	u8 *start_at = input->buffer + input->at, *end;
	size_t left = input->step.out_at - input->at;

	end = memchr(start_at, '\n', left);
	if (!end) {
		int rc = fill(input, TR_LINE_MAX + 1, error);
		if (rc)
			return rc;
		start_at = input->buffer + input->at;
		left = input->step.out_at - input->at;
		if (!left)
			return 0;
		end = memchr(start_at, '\n', left);
	}
	input->lines++;
	size_t length = end ? (size_t)(end - start_at) : left;
	if (length > TR_LINE_MAX)
		return tr_input_fail(input, error, "longer than %u characters", TR_LINE_MAX);
	if (memchr(start_at, 0, length))
		return tr_input_fail(input, error, "holds a NUL: this is no text");
	input->at += length + (end != NULL);
	if (length && start_at[length - 1] == '\r')
		length--;
	start_at[length] = 0;
	*line = (char *)start_at;
	return 1;
}

int tr_input_fail(const struct tr_input *input, struct tr_error *error, const char *format, ...)
{
	char reason[256];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	return tr_fail(error, -EINVAL, "%s: %s %llu: %s", input->name,
		       input->records ? "record" : "line",
		       input->records ? input->records : input->lines, reason);
}

const char *tr_input_name(const struct tr_input *input)
{
	return input->name;
}
