/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_import.c - the table of foreign formats, and what they have in common. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tr_block.h"
#include "tr_format.h"
#include "tr_layout.h"
#include "tr_units.h"

static const struct tr_format *const formats[] = {
	&tr_format_oracle, &tr_format_vscsi, &tr_format_arc,   &tr_format_address,
	&tr_format_lackey, &tr_format_csv,   &tr_format_damon, &tr_format_list,
	&tr_format_gcd,	   &tr_format_alibaba, &tr_format_bitbrains,
};

#define FORMATS_COUNT (sizeof(formats) / sizeof(*formats))

const char *tr_import_format_name(u32 i)
{
	return i < FORMATS_COUNT ? formats[i]->name : NULL;
}

const char *tr_import_format_help(u32 i)
{
	return i < FORMATS_COUNT ? formats[i]->help : NULL;
}

bool tr_import_is_demand(const char *format)
{
	return !strcmp(format, "gcd") || !strcmp(format, "alibaba") || !strcmp(format, "bitbrains");
}

void tr_import_options_init(struct tr_import_options *options)
{
	*options = (struct tr_import_options){ .access_ns = 1000, .seed = 1 };
	tr_demand_init(&options->demand);
	options->demand.memory_bytes = 0;
}

/* --- which format --- */

/* Text has no control characters but white space; bytes above 127 may be UTF-8. */
static bool looks_like_text(const u8 *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((bytes[i] < ' ' && !strchr("\t\n\r\f", bytes[i])) || !bytes[i])
			return false;
	return size > 0;
}

static int make_head(struct tr_head *head, struct tr_input *input, struct tr_error *error)
{
	int rc = tr_input_peek(input, &head->bytes, &head->size, error);
	const char *p = (const char *)head->bytes, *end = p + head->size;

	if (rc)
		return rc;
	head->is_text = looks_like_text(head->bytes, head->size);
	while (head->is_text && p < end && head->lines_count < TR_HEAD_LINES) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		if (!stop && head->size == TR_PEEK_BYTES)
			break; /* the peek cut this line */
		const char *next = stop ? stop + 1 : end;
		stop = stop ? stop : end;
		if (stop > p && stop[-1] == '\r')
			stop--;
		const char *first = p;
		while (first < stop && (*first == ' ' || *first == '\t'))
			first++;
		if (first < stop) {
			char *line = strndup(p, (size_t)(stop - p));
			if (!line)
				return tr_fail(error, -ENOMEM, "out of memory");
			head->line[head->lines_count++] = line;
		}
		p = next;
	}
	return 0;
}

static void free_head(struct tr_head *head)
{
	while (head->lines_count)
		free(head->line[--head->lines_count]);
}

static void list_names(char *text, size_t size, const struct tr_format *const *some, size_t count)
{
	size_t at = 0;

	text[0] = 0;
	for (size_t i = 0; i < count && at < size; i++)
		at += (size_t)snprintf(text + at, size - at, "%s%s", i ? ", " : "", some[i]->name);
}

static int find_by_name(const struct tr_format **format, const char *name, const char *path,
			struct tr_error *error)
{
	char names[128];

	for (size_t i = 0; i < FORMATS_COUNT; i++) {
		if (!strcmp(formats[i]->name, name)) {
			*format = formats[i];
			return 0;
		}
	}
	list_names(names, sizeof(names), formats, FORMATS_COUNT);
	return tr_fail(error, -EINVAL, "%s: format '%s': no such format; there are: %s", path,
		       name, names);
}

static int find_by_head(const struct tr_format **format, const struct tr_head *head,
			const char *path, struct tr_error *error)
{
	const struct tr_format *fits[FORMATS_COUNT];
	size_t count = 0;
	char names[128];

	if (!head->size)
		return tr_fail(error, -EINVAL, "%s: byte 0: the file is empty", path);
	if (head->size >= TR_MAGIC_SIZE && !memcmp(head->bytes, TR_MAGIC, TR_MAGIC_SIZE))
		return tr_fail(error, -EINVAL, "%s: byte 0: is a .wst trace already", path);
	for (size_t i = 0; i < FORMATS_COUNT; i++)
		if (formats[i]->detect(head))
			fits[count++] = formats[i];
	if (count == 1) {
		*format = fits[0];
		return 0;
	}
	list_names(names, sizeof(names), count ? fits : formats, count ? count : FORMATS_COUNT);
	return tr_fail(error, -EINVAL,
		       count ? "%s: byte 0: may be any of: %s; name the format" :
			       "%s: byte 0: unknown format; name one of: %s",
		       path, names);
}

/* --- life --- */

int tr_import_open_input(struct tr_import **result, struct tr_input *input, const char *format,
			 const struct tr_import_options *options, struct tr_error *error)
{
	struct tr_import *import = calloc(1, sizeof(*import));
	struct tr_head head = { 0 };
	int rc;

	if (!import) {
		tr_input_close(input);
		return tr_fail(error, -ENOMEM, "out of memory");
	}
	import->input = input;
	import->options = *options;
	rc = make_head(&head, input, error);
	if (!rc)
		rc = format ? find_by_name(&import->format, format, tr_input_name(input), error) :
			      find_by_head(&import->format, &head, tr_input_name(input), error);
	if (!rc) {
		import->info.format = import->format->name;
		import->info.numbering = import->format->numbering;
		import->info.default_type = import->format->default_type;
		if (import->format->describe)
			import->format->describe(&head, &import->info);
		*result = import;
	}
	free_head(&head);
	if (rc)
		tr_import_close(import);
	return rc;
}

int tr_import_open(struct tr_import **import, const char *path, const char *format,
		   const struct tr_import_options *options, struct tr_error *error)
{
	struct tr_input *input;
	int rc = tr_input_open(&input, path, error);

	return rc ? rc : tr_import_open_input(import, input, format, options, error);
}

const struct tr_import_info *tr_import_info(const struct tr_import *import)
{
	return &import->info;
}

int tr_import_run(struct tr_import *import, struct tr_sink sink, struct tr_error *error)
{
	import->sink = sink;
	return import->format->import(import, error);
}

void tr_import_close(struct tr_import *import)
{
	if (!import)
		return;
	tr_input_close(import->input);
	free(import);
}

/* --- records --- */

u64 tr_import_time(struct tr_import *import, u32 stream, u64 source_ns)
{
	u64 *now_ns = &import->now_ns[stream];

	if (!import->begun) {
		import->begun = true;
		import->base_ns = source_ns;
	}
	u64 time_ns = source_ns > import->base_ns ? source_ns - import->base_ns : 0;
	if (source_ns < import->base_ns || time_ns < *now_ns) {
		import->info.clamped_count++;
		return *now_ns;
	}
	*now_ns = time_ns;
	return time_ns;
}

int tr_import_put(struct tr_import *import, struct tr_record *record, struct tr_error *error)
{
	u64 *last_ns = &import->last_ns[record->stream % TR_STREAMS_MAX];
	u64 gap_ns = record->time_ns > *last_ns ? record->time_ns - *last_ns : 0;

	assert(record->stream < TR_STREAMS_MAX);
	if (record->time_ns >= TR_TIME_MAX)
		return tr_input_fail(import->input, error, "time is beyond 146 years");
	if (import->options.idle_gap_ns && gap_ns >= import->options.idle_gap_ns &&
	    import->info.accesses_count && record->op != TR_IDLE) {
		struct tr_record idle = { .op = TR_IDLE,
					  .stream = record->stream,
					  .time_ns = record->time_ns };
		int rc = import->sink.put(import->sink.ctx, &idle, error);
		if (rc)
			return rc;
	}
	*last_ns = record->time_ns;
	import->info.accesses_count += record->op == TR_ACCESS;
	return import->sink.put(import->sink.ctx, record, error);
}

int tr_import_request(struct tr_import *import, struct tr_record *record, u64 size, u64 id_bytes,
		      struct tr_error *error)
{
	if (!import->options.expand) {
		record->page ^= import->salt;
		return tr_import_put(import, record, error);
	}
	if (import->options.id_bytes)
		id_bytes = import->options.id_bytes;
	unsigned __int128 start = (unsigned __int128)record->page * id_bytes;
	unsigned __int128 last = start + (size ? size - 1 : 0);
	u64 first_block = (u64)(start >> TR_PAGE_SHIFT), count;
	if (last >> 76)
		return tr_input_fail(import->input, error, "request lies beyond 2^76 bytes");
	count = (u64)(last >> TR_PAGE_SHIFT) - first_block + 1;
	if (count > 1u << 20)
		return tr_input_fail(import->input, error, "request is larger than 4 GiB");
	for (u64 i = 0; i < count; i++) {
		record->page = (first_block + i) ^ import->salt;
		int rc = tr_import_put(import, record, error);
		if (rc)
			return rc;
	}
	return 0;
}

/* --- text --- */

bool tr_scan_decimal(const char **p, u64 *value)
{
	const char *q = *p;
	u64 x = 0;

	for (; *q >= '0' && *q <= '9'; q++)
		if (__builtin_mul_overflow(x, 10ull, &x) ||
		    __builtin_add_overflow(x, (u64)(*q - '0'), &x))
			return false;
	if (q == *p)
		return false;
	*p = q;
	*value = x;
	return true;
}

bool tr_scan_hex(const char **p, u64 *value)
{
	const char *q = *p;
	u64 x = 0;
	u32 digits = 0;

	if (q[0] == '0' && (q[1] == 'x' || q[1] == 'X'))
		q += 2;
	for (;; q++, digits++) {
		char c = (char)(*q | 0x20);
		u32 digit = *q >= '0' && *q <= '9' ? (u32)(*q - '0') :
			    c >= 'a' && c <= 'f'   ? (u32)(c - 'a' + 10) :
						     16;
		if (digit == 16)
			break;
		if (x >> 60)
			return false;
		x = x << 4 | digit;
	}
	if (!digits)
		return false;
	*p = q;
	*value = x;
	return true;
}

bool tr_scan_char(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

void tr_skip_blanks(const char **p)
{
	while (**p == ' ' || **p == '\t')
		(*p)++;
}

bool tr_at_end(const char *p)
{
	tr_skip_blanks(&p);
	return !*p;
}
