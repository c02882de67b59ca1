/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_csv.c - see tr_csv.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tr_csv.h"
#include "tr_format.h"
#include "tr_units.h"

#define TEXT_MAX 1024

static const char *const role_names[TR_CSV_ROLES] = {
	"time", "page", "size", "op", "write", "stream", "device", "kind", "type", "memcg", "node",
};

/* Names that headers of traces in the field use, the likelier first. */
static const struct {
	const char *name;
	enum tr_csv_role role;
	u64 scale; /* of a time in ns, of a page in bytes; 0: says nothing */
} header_names[] = {
	{ "time_ns", TR_CSV_TIME, 1 },
	{ "time_us", TR_CSV_TIME, 1000 },
	{ "time_ms", TR_CSV_TIME, 1000000 },
	{ "time", TR_CSV_TIME, 0 },
	{ "timestamp", TR_CSV_TIME, 0 },
	{ "ts", TR_CSV_TIME, 0 },
	{ "clock_time", TR_CSV_TIME, 0 },
	{ "page", TR_CSV_PAGE, 4096 },
	{ "obj_id", TR_CSV_PAGE, 0 },
	{ "object_id", TR_CSV_PAGE, 0 },
	{ "obj", TR_CSV_PAGE, 0 },
	{ "id", TR_CSV_PAGE, 0 },
	{ "key", TR_CSV_PAGE, 0 },
	{ "lbn", TR_CSV_PAGE, 512 },
	{ "lba", TR_CSV_PAGE, 512 },
	{ "sector", TR_CSV_PAGE, 512 },
	{ "block", TR_CSV_PAGE, 4096 },
	{ "offset", TR_CSV_PAGE, 1 },
	{ "address", TR_CSV_PAGE, 1 },
	{ "size", TR_CSV_SIZE, 0 },
	{ "obj_size", TR_CSV_SIZE, 0 },
	{ "length", TR_CSV_SIZE, 0 },
	{ "len", TR_CSV_SIZE, 0 },
	{ "op", TR_CSV_OP, 0 },
	{ "opcode", TR_CSV_OP, 0 },
	{ "operation", TR_CSV_OP, 0 },
	{ "cmd", TR_CSV_OP, 0 },
	{ "write", TR_CSV_WRITE, 0 },
	{ "stream", TR_CSV_STREAM, 0 },
	{ "device", TR_CSV_DEVICE, 0 },
	{ "device_id", TR_CSV_DEVICE, 0 },
	{ "disknumber", TR_CSV_DEVICE, 0 },
	{ "kind", TR_CSV_KIND, 0 },
	{ "type", TR_CSV_TYPE, 0 },
	{ "memcg", TR_CSV_MEMCG, 0 },
	{ "node", TR_CSV_NODE, 0 },
};

#define HEADER_NAMES (sizeof(header_names) / sizeof(*header_names))

static const struct {
	const char *name, *text;
} ready[] = {
	{ "msr", "time=1,time-unit=100ns,device=3,op=4,page=5,page-unit=1,size=6,no-header,"
		 "delimiter=comma" },
	{ "alibaba", "device=1,op=2,page=3,page-unit=1,size=4,time=5,time-unit=us,no-header,"
		     "delimiter=comma" },
};

u32 tr_csv_split(const struct tr_csv *csv, char *line, char *field[TR_CSV_COLUMNS_MAX])
{
	u32 count = 0;

	while (line && count < TR_CSV_COLUMNS_MAX) {
		char *next = strchr(line, csv->delimiter);
		if (next)
			*next++ = 0;
		line += strspn(line, " \t");
		char *end = line + strlen(line);
		while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		if (end - line >= 2 && *line == '"' && end[-1] == '"') {
			line++;
			end--;
		}
		*end = 0;
		field[count++] = line;
		/* Several blanks are one delimiter. */
		while (next && csv->delimiter == ' ' && *next == ' ')
			next++;
		line = next;
	}
	return count;
}

/* A line whose first field does not begin like a number is a header. */
static bool is_header(const char *line)
{
	line += strspn(line, " \t\"");
	return !(*line >= '0' && *line <= '9') && *line != '-' && *line != '.';
}

static char find_delimiter(const char *line)
{
	for (const char *d = ",;\t |"; *d; d++)
		if (strchr(line, *d))
			return *d;
	return ',';
}

static int set_delimiter(struct tr_csv *csv, const char *value, struct tr_error *error)
{
	static const struct {
		const char *name;
		char is;
	} names[] = { { "comma", ',' }, { "semicolon", ';' }, { "tab", '\t' }, { "space", ' ' } };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(value, names[i].name)) {
			csv->delimiter = names[i].is;
			return 0;
		}
	}
	if (strlen(value) != 1)
		return tr_fail(error, -EINVAL, "delimiter '%s' is not one character", value);
	csv->delimiter = *value;
	return 0;
}

static int set_time_unit(struct tr_csv *csv, const char *value, struct tr_error *error)
{
	char text[16];

	snprintf(text, sizeof(text), "%s%s", *value >= '0' && *value <= '9' ? "" : "1", value);
	if (strlen(value) > 8 || tr_parse_ns(text, &csv->time_scale_ns) || !csv->time_scale_ns ||
	    csv->time_scale_ns > 1000000000ull)
		return tr_fail(error, -EINVAL, "time-unit '%s' is not s, ms, us, 100ns or ns",
			       value);
	return 0;
}

/* A column by number, or by name of the header. */
static int set_column(struct tr_csv *csv, enum tr_csv_role role, const char *value,
		      char *const *header, u32 count, struct tr_error *error)
{
	const char *p = value;
	u64 number;

	if (tr_scan_decimal(&p, &number) && !*p) {
		if (!number || number > TR_CSV_COLUMNS_MAX)
			return tr_fail(error, -EINVAL, "column %s of %s is not in 1 to %u", value,
				       role_names[role], TR_CSV_COLUMNS_MAX);
		csv->column[role] = (u32)number;
		return 0;
	}
	for (u32 i = 0; i < count; i++) {
		if (!strcasecmp(header[i], value)) {
			csv->column[role] = i + 1;
			return 0;
		}
	}
	return tr_fail(error, -EINVAL, "the header has no column '%s' (%s)", value,
		       role_names[role]);
}

static int set_one(struct tr_csv *csv, char *word, char *const *header, u32 count,
		   struct tr_error *error)
{
	char *value = strchr(word, '=');

	if (!strcmp(word, "has-header") || !strcmp(word, "no-header"))
		return 0; /* looked at before */
	if (!value)
		return tr_fail(error, -EINVAL, "'%s' is no column or option of csv", word);
	*value++ = 0;
	for (u32 role = 0; role < TR_CSV_ROLES; role++)
		if (!strcmp(word, role_names[role]))
			return set_column(csv, role, value, header, count, error);
	if (!strcmp(word, "time-unit"))
		return set_time_unit(csv, value, error);
	if (!strcmp(word, "delimiter"))
		return set_delimiter(csv, value, error);
	if (strcmp(word, "page-unit"))
		return tr_fail(error, -EINVAL, "'%s' is no column or option of csv", word);
	if (tr_parse_bytes(value, &csv->page_unit_bytes) || !csv->page_unit_bytes ||
	    csv->page_unit_bytes > 1u << 30)
		return tr_fail(error, -EINVAL, "page-unit '%s' is no size up to 1GiB", value);
	return 0;
}

/* Roles that the text did not give, by the header's names. */
static void guess_columns(struct tr_csv *csv, char *const *header, u32 count)
{
	bool type_is_given = csv->column[TR_CSV_TYPE];

	for (size_t n = 0; n < HEADER_NAMES; n++) {
		enum tr_csv_role role = header_names[n].role;
		for (u32 i = 0; i < count; i++) {
			if (strcasecmp(header[i], header_names[n].name))
				continue;
			if (csv->column[role] && csv->column[role] != i + 1)
				continue;
			csv->column[role] = i + 1;
			if (role == TR_CSV_TIME && !csv->time_scale_ns)
				csv->time_scale_ns = header_names[n].scale;
			if (role == TR_CSV_PAGE && !csv->page_unit_bytes)
				csv->page_unit_bytes = header_names[n].scale;
		}
	}
	csv->is_dump = csv->time_scale_ns == 1 && csv->column[TR_CSV_KIND] &&
		       csv->column[TR_CSV_MEMCG];
	/* "Type" is read or write, unless there is another column for that. */
	if (!csv->column[TR_CSV_OP] && !csv->is_dump && !type_is_given) {
		csv->column[TR_CSV_OP] = csv->column[TR_CSV_TYPE];
		csv->column[TR_CSV_TYPE] = 0;
	}
}

/* Options that decide how the first line is read come first. */
static int read_options(struct tr_csv *csv, char *text, struct tr_error *error)
{
	char *delimiter = strstr(text, "delimiter=");

	if (strstr(text, "has-header"))
		csv->has_header = true;
	if (strstr(text, "no-header"))
		csv->has_header = false;
	if (!delimiter)
		return 0;
	delimiter += strlen("delimiter=");
	if (*delimiter == ',') /* the one value that is also the list's separator */
		return set_delimiter(csv, ",", error);
	char value[16];
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(delimiter, ","), delimiter);
	return set_delimiter(csv, value, error);
}

int tr_csv_init(struct tr_csv *csv, const char *text, const char *first_line,
		struct tr_error *error)
{
	char words[TEXT_MAX], *header[TR_CSV_COLUMNS_MAX], line[4096];
	u32 count = 0;

	for (size_t i = 0; text && i < sizeof(ready) / sizeof(*ready); i++)
		if (!strcmp(text, ready[i].name))
			text = ready[i].text;
	if (text && strlen(text) >= sizeof(words))
		return tr_fail(error, -EINVAL, "the list of columns is longer than %u", TEXT_MAX);
	snprintf(words, sizeof(words), "%s", text ? text : "");
	snprintf(line, sizeof(line), "%s", first_line);
	*csv = (struct tr_csv){ .has_header = is_header(line), .delimiter = find_delimiter(line) };
	int rc = read_options(csv, words, error);
	if (rc)
		return rc;
	if (csv->has_header)
		count = tr_csv_split(csv, line, header);
	char *rest = words, *word;
	while ((word = strsep(&rest, ",")))
		if (*word && strcmp(word, "delimiter=") &&
		    (rc = set_one(csv, word, header, count, error)))
			return rc;
	guess_columns(csv, header, count);
	if (!csv->time_scale_ns)
		csv->time_scale_ns = 1000000000ull;
	if (!csv->page_unit_bytes)
		csv->page_unit_bytes = TR_PAGE_SIZE;
	if (!csv->column[TR_CSV_PAGE])
		return tr_fail(error, -EINVAL,
			       "no column is known to be the page; say which, as in page=2");
	return 0;
}
