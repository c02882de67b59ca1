/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_import_csv.c - lines of separated fields; tr_csv.h tells which column is what.
 *
 * Page ids are decimal, 0x and hexadecimal, or names, whose hash is the id.  Ids of
 * different devices are different pages.  Operations are known by the names that
 * block and key-value traces use; "alloc", "free" and "idle" are those of
 * "wssim trace dump", whose output reads back as the trace it came from.
 */
#include <string.h>
#include <strings.h>

#include "tr_csv.h"
#include "tr_format.h"
#include "tr_hash.h"

struct row {
	struct tr_csv csv;
	char *field[TR_CSV_COLUMNS_MAX];
	u32 fields_count;
};

static const struct {
	const char *name;
	u8 op, write;
} operations[] = {
	{ "r", TR_ACCESS, 0 },	    { "read", TR_ACCESS, 0 },	 { "get", TR_ACCESS, 0 },
	{ "gets", TR_ACCESS, 0 },   { "28", TR_ACCESS, 0 },	 { "88", TR_ACCESS, 0 },
	{ "access", TR_ACCESS, 0 }, { "rs", TR_ACCESS, 0 },	 { "w", TR_ACCESS, 1 },
	{ "write", TR_ACCESS, 1 },  { "set", TR_ACCESS, 1 },	 { "add", TR_ACCESS, 1 },
	{ "2a", TR_ACCESS, 1 },	    { "8a", TR_ACCESS, 1 },	 { "replace", TR_ACCESS, 1 },
	{ "cas", TR_ACCESS, 1 },    { "append", TR_ACCESS, 1 },	 { "prepend", TR_ACCESS, 1 },
	{ "incr", TR_ACCESS, 1 },   { "decr", TR_ACCESS, 1 },	 { "ws", TR_ACCESS, 1 },
	{ "alloc", TR_ALLOC, 0 },   { "free", TR_FREE, 0 },	 { "delete", TR_FREE, 0 },
	{ "idle", TR_IDLE, 0 },
};

static const char *const kinds[] = { "mapped", "descriptor", "kernel", NULL };
static const char *const types[] = { "anon", "file", "unevictable", NULL };

/* The ready lists recognize themselves: MSR's 7 and Alibaba's 5 columns, no header. */
static const char *guess_ready(const char *line)
{
	char copy[512], *field[TR_CSV_COLUMNS_MAX];
	struct tr_csv comma = { .delimiter = ',' };

	if (strlen(line) >= sizeof(copy))
		return NULL;
	memcpy(copy, line, strlen(line) + 1);
	u32 count = tr_csv_split(&comma, copy, field);
	if (count == 7 && (!strcasecmp(field[3], "Read") || !strcasecmp(field[3], "Write")))
		return "msr";
	if (count == 5 && strlen(field[1]) == 1 && strchr("RW", *field[1]))
		return "alibaba";
	return NULL;
}

static bool detect(const struct tr_head *head)
{
	struct tr_csv csv;
	struct tr_error error;

	if (!head->lines_count)
		return false;
	if (guess_ready(head->line[0]))
		return true;
	return !tr_csv_init(&csv, NULL, head->line[0], &error) && csv.has_header &&
	       strchr(head->line[0], csv.delimiter);
}

static void describe(const struct tr_head *head, struct tr_import_info *info)
{
	struct tr_csv csv;
	struct tr_error error;

	/* A dump's numbers are dense in regions already, and shall stay what they are. */
	if (head->lines_count && !tr_csv_init(&csv, NULL, head->line[0], &error) && csv.is_dump) {
		info->numbering = TR_NUMBER_REGIONS;
		info->default_type = TR_ANON;
	}
}

/* The field of a role, or NULL when there is no such column. */
static const char *get(const struct row *row, enum tr_csv_role role)
{
	return row->csv.column[role] ? row->field[row->csv.column[role] - 1] : NULL;
}

/* "12", "12.000345" in units of @scale ns. */
static bool scan_time(const char *p, u64 scale, u64 *ns)
{
	u64 whole, fraction = 0, places = 1;

	if (!tr_scan_decimal(&p, &whole) || __builtin_mul_overflow(whole, scale, ns))
		return false;
	if (tr_scan_char(&p, '.'))
		for (; *p >= '0' && *p <= '9'; p++)
			if (places < 1000000000) {
				fraction = fraction * 10 + (u64)(*p - '0');
				places *= 10;
			}
	return tr_at_end(p) && !__builtin_add_overflow(*ns, fraction * scale / places, ns);
}

static u64 scan_id(const char *text)
{
	const char *p = text;
	u64 id;
	bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');

	if ((hex ? tr_scan_hex(&p, &id) : tr_scan_decimal(&p, &id)) && !*p)
		return id;
	return tr_hash64(text, strlen(text), 0);
}

static bool scan_limited(const char *text, u64 max, u64 *value)
{
	return tr_scan_decimal(&text, value) && !*text && *value <= max;
}

static bool scan_name(const char *text, const char *const *names, u8 *value)
{
	for (u8 i = 0; names[i]; i++) {
		if (!strcasecmp(text, names[i])) {
			*value = i;
			return true;
		}
	}
	return false;
}

static int read_operation(struct tr_import *import, const char *text, struct tr_record *record,
			  struct tr_error *error)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		if (!strcasecmp(text, operations[i].name)) {
			record->op = operations[i].op;
			record->write = operations[i].write;
			return 0;
		}
	}
	return tr_input_fail(import->input, error,
			     "'%s' is no operation (read, write, get, set, alloc, free, idle, ..)",
			     text);
}

/* The columns that only a dump has. */
static int read_attributes(struct tr_import *import, const struct row *row,
			   struct tr_record *record, struct tr_error *error)
{
	const char *text;
	u64 value;

	if ((text = get(row, TR_CSV_WRITE)) && *text) {
		if (!scan_limited(text, 1, &value))
			return tr_input_fail(import->input, error, "write '%s' is not 0 or 1", text);
		record->write = (u8)value;
	}
	if ((text = get(row, TR_CSV_KIND)) && *text && !scan_name(text, kinds, &record->kind))
		return tr_input_fail(import->input, error, "'%s' is no kind", text);
	if ((text = get(row, TR_CSV_TYPE)) && *text && !scan_name(text, types, &record->type))
		return tr_input_fail(import->input, error, "'%s' is no type", text);
	if ((text = get(row, TR_CSV_MEMCG)) && *text) {
		if (!scan_limited(text, 65535, &value))
			return tr_input_fail(import->input, error, "'%s' is no memcg", text);
		record->memcg = (u16)value;
	}
	if ((text = get(row, TR_CSV_NODE)) && *text) {
		if (!scan_limited(text, 255, &value))
			return tr_input_fail(import->input, error, "'%s' is no node", text);
		record->node = (u8)value;
	}
	return 0;
}

static int read_time(struct tr_import *import, const struct row *row, struct tr_record *record,
		     struct tr_error *error)
{
	const char *text = get(row, TR_CSV_STREAM);
	u64 value;

	if (text && *text) {
		if (!scan_limited(text, TR_STREAMS_MAX - 1, &value))
			return tr_input_fail(import->input, error, "stream '%s' is not in 0 to %u",
					     text, TR_STREAMS_MAX - 1);
		record->stream = (u16)value;
	}
	text = get(row, TR_CSV_TIME);
	if (!text) {
		record->time_ns = import->info.accesses_count * import->options.access_ns;
		return 0;
	}
	if (!scan_time(text, row->csv.time_scale_ns, &value))
		return tr_input_fail(import->input, error, "'%s' is no time", text);
	record->time_ns = tr_import_time(import, record->stream, value);
	return 0;
}

static int read_row(struct tr_import *import, const struct row *row, struct tr_error *error)
{
	struct tr_record record = { 0 };
	const char *text;
	u64 size = 0;
	int rc = read_time(import, row, &record, error);

	if (!rc && (text = get(row, TR_CSV_OP)))
		rc = read_operation(import, text, &record, error);
	if (!rc)
		rc = read_attributes(import, row, &record, error);
	if (rc)
		return rc;
	if ((text = get(row, TR_CSV_SIZE)) && *text && !scan_limited(text, ~0ull, &size))
		return tr_input_fail(import->input, error, "size '%s' is no number", text);
	if (record.op == TR_IDLE)
		return tr_import_put(import, &record, error);
	text = get(row, TR_CSV_PAGE);
	if (!*text)
		return tr_input_fail(import->input, error, "the page's column is empty");
	record.page = scan_id(text);
	text = get(row, TR_CSV_DEVICE);
	import->salt = text ? tr_hash64(text, strlen(text), 0) : 0;
	if (record.op != TR_ACCESS)
		return tr_import_put(import, &record, error);
	return tr_import_request(import, &record, size, row->csv.page_unit_bytes, error);
}

static u32 last_column(const struct tr_csv *csv)
{
	u32 last = 0;

	for (u32 role = 0; role < TR_CSV_ROLES; role++)
		if (csv->column[role] > last)
			last = csv->column[role];
	return last;
}

static int import_csv(struct tr_import *import, struct tr_error *error)
{
	struct row row;
	char *line, *columns = (char *)import->options.csv;
	bool first = true;
	u32 needed = 0;
	int rc;

	while ((rc = tr_input_line(import->input, &line, error)) == 1) {
		if (tr_at_end(line))
			continue;
		if (first) {
			struct tr_error reason;
			if (!columns)
				columns = (char *)guess_ready(line);
			if (tr_csv_init(&row.csv, columns, line, &reason))
				return tr_input_fail(import->input, error, "%s", reason.text);
			needed = last_column(&row.csv);
			import->begun = row.csv.is_dump; /* its times begin where they began */
			first = false;
			if (row.csv.has_header)
				continue;
		}
		row.fields_count = tr_csv_split(&row.csv, line, row.field);
		if (row.fields_count < needed)
			return tr_input_fail(import->input, error,
					     "has %u fields, but column %u is wanted",
					     row.fields_count, needed);
		rc = read_row(import, &row, error);
		if (rc)
			return rc;
	}
	return rc;
}

const struct tr_format tr_format_csv = {
	.name = "csv",
	.help = "columns by header or --csv; msr; alibaba; 'trace dump'",
	.numbering = TR_NUMBER_OBJECTS,
	.default_type = TR_FILE,
	.detect = detect,
	.describe = describe,
	.import = import_csv,
};
