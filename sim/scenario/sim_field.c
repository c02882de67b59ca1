/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_field.c - see sim_field.h. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/sim_scenario_parts.h"
#include "tr_units.h"

void sim_list_names(const char *const *names, char *text, size_t size)
{
	size_t used = 0;

	*text = 0;
	for (; *names && used < size; names++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
					 *names);
}

static bool valid_name(const char *text)
{
	size_t length = strlen(text);

	return length && length < SIM_NAME_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
		       length;
}

static int choice_of(const struct sim_field *field, const char *text)
{
	for (int i = 0; field->names[i]; i++)
		if (!strcmp(field->names[i], text))
			return i;
	return -1;
}

/* --- defaults --- */

/* "0.02" in any locale; exact as strtod() is, for fewer than 16 digits. */
static double decimal(const char *text)
{
	double digits = 0, scale = 1;
	bool point = false;

	for (; *text; text++) {
		if (*text == '.') {
			point = true;
			continue;
		}
		digits = digits * 10 + (*text - '0');
		scale *= point ? 10 : 1;
	}
	return digits / scale;
}

static void default_one(const struct sim_field *field, void *object)
{
	void *at = (char *)object + field->offset;
	int rc = 0;

	switch (field->type) {
	case SIM_FIELD_BYTES:
	case SIM_FIELD_NS:
		if (!strcmp(field->value, "none"))
			*(u64 *)at = SIM_NONE;
		else if (field->type == SIM_FIELD_BYTES)
			rc = tr_parse_bytes(field->value, at);
		else
			rc = tr_parse_ns(field->value, at);
		break;
	case SIM_FIELD_U32:
		*(u32 *)at = (u32)strtoul(field->value, NULL, 10);
		break;
	case SIM_FIELD_SEED:
		*(u64 *)at = strtoull(field->value, NULL, 10);
		break;
	case SIM_FIELD_BOOL:
		*(bool *)at = !strcmp(field->value, "true");
		break;
	case SIM_FIELD_NAME:
		memset(at, 0, SIM_NAME_MAX);
		memcpy(at, field->value, strlen(field->value));
		break;
	case SIM_FIELD_CHOICE:
		*(u32 *)at = (u32)choice_of(field, field->value);
		break;
	case SIM_FIELD_DOUBLE:
		*(double *)at = decimal(field->value);
		break;
	case SIM_FIELD_CUSTOM:
		break;
	}
	assert(!rc);
}

void sim_fields_default(const struct sim_field *fields, void *object)
{
	for (; fields->key; fields++)
		if (fields->value)
			default_one(fields, object);
}

/* --- reading --- */

static char *amount_text(const struct sim_field *field, double amount, char text[TR_UNITS_TEXT])
{
	if (field->type == SIM_FIELD_BYTES)
		return tr_format_bytes((u64)amount, text);
	if (field->type == SIM_FIELD_NS)
		return tr_format_ns((u64)amount, text);
	return sim_json_double_text(amount, text);
}

static int check_range(const struct sim_field *field, const struct sim_json_in *in, double value,
		       struct tr_error *error)
{
	char least[TR_UNITS_TEXT], most[TR_UNITS_TEXT];

	if (value >= field->min && value <= field->max)
		return 0;
	return sim_json_fail(in, -ERANGE, error, "must be from %s to %s",
			     amount_text(field, field->min, least),
			     amount_text(field, field->max, most));
}

static int read_amount(const struct sim_field *field, const struct sim_json_in *in, u64 *value,
		       struct tr_error *error)
{
	bool bytes = field->type == SIM_FIELD_BYTES;
	const char *text, *form = bytes ? "must be a size, such as \"256MiB\"" :
					  "must be a time with its unit, such as \"250ms\"";
	u64 amount = 0;
	int rc;

	if (sim_json_kind(in) == SIM_JSON_NUMBER) {
		rc = sim_json_get_u64(in, &amount, error);
		if (!rc && !bytes && amount)
			rc = sim_json_fail(in, -EINVAL, error, "%s", form);
	} else if (sim_json_kind(in) != SIM_JSON_STRING) {
		rc = sim_json_fail(in, -EINVAL, error, "%s", form);
	} else {
		rc = sim_json_get_text(in, &text, error);
		if (!rc && field->flags & SIM_FIELD_OR_NONE && !strcmp(text, "none")) {
			*value = SIM_NONE;
			return 0;
		}
		rc = bytes ? tr_parse_bytes(text, &amount) : tr_parse_ns(text, &amount);
		if (rc)
			rc = sim_json_fail(in, rc, error, "%s, not \"%s\"", form, text);
	}
	if (!rc)
		rc = check_range(field, in, (double)amount, error);
	if (!rc && field->flags & SIM_FIELD_PAGES && amount % TR_PAGE_SIZE)
		rc = sim_json_fail(in, -EINVAL, error, "must be a multiple of 4KiB");
	if (!rc)
		*value = amount;
	return rc;
}

static int read_u32(const struct sim_field *field, const struct sim_json_in *in, u32 *value,
		    struct tr_error *error)
{
	u64 number;
	int rc = sim_json_get_u64(in, &number, error);

	if (!rc)
		rc = check_range(field, in, (double)number, error);
	if (!rc)
		*value = (u32)number;
	return rc;
}

static int read_double(const struct sim_field *field, const struct sim_json_in *in, double *value,
		       struct tr_error *error)
{
	double number;
	int rc = sim_json_get_double(in, &number, error);

	if (!rc)
		rc = check_range(field, in, number, error);
	if (!rc)
		*value = number + 0.0; /* -0 is 0 */
	return rc;
}

static int read_name(const struct sim_json_in *in, char *name, struct tr_error *error)
{
	const char *text;
	int rc = sim_json_get_text(in, &text, error);

	if (rc)
		return rc;
	if (!valid_name(text))
		return sim_json_fail(in, -EINVAL, error,
				     "must be 1 to %d letters, digits, '-', '_' or '.'",
				     SIM_NAME_MAX - 1);
	memset(name, 0, SIM_NAME_MAX);
	memcpy(name, text, strlen(text));
	return 0;
}

static int read_choice(const struct sim_field *field, const struct sim_json_in *in, u32 *value,
		       struct tr_error *error)
{
	const char *text;
	char known[256];
	int rc = sim_json_get_text(in, &text, error);

	if (rc)
		return rc;
	rc = choice_of(field, text);
	sim_list_names(field->names, known, sizeof(known));
	if (rc < 0)
		return sim_json_fail(in, -EINVAL, error, "unknown \"%s\"; known: %s", text, known);
	*value = (u32)rc;
	return 0;
}

int sim_field_read(struct sim_reader *reader, const struct sim_field *field,
		   const struct sim_json_in *in, void *object)
{
	void *at = (char *)object + field->offset;
	struct tr_error *error = reader->error;

	switch (field->type) {
	case SIM_FIELD_BYTES:
	case SIM_FIELD_NS:
		return read_amount(field, in, at, error);
	case SIM_FIELD_U32:
		return read_u32(field, in, at, error);
	case SIM_FIELD_DOUBLE:
		return read_double(field, in, at, error);
	case SIM_FIELD_BOOL:
		return sim_json_get_bool(in, at, error);
	case SIM_FIELD_SEED:
		return sim_json_get_seed(in, at, error);
	case SIM_FIELD_NAME:
		return read_name(in, at, error);
	case SIM_FIELD_CHOICE:
		return read_choice(field, in, at, error);
	case SIM_FIELD_CUSTOM:
		break;
	}
	return field->read(reader, in, object);
}

static int unknown_key(const struct sim_field *fields, const struct sim_json_in *in,
		       struct tr_error *error)
{
	const char *names[65];
	char known[TR_ERROR_MAX];
	u32 count = 0;

	for (; fields->key && count < 64; fields++)
		names[count++] = fields->key;
	names[count] = NULL;
	sim_list_names(names, known, sizeof(known));
	return sim_json_fail(in, -EINVAL, error, "unknown key; known: %s", known);
}

int sim_fields_read(struct sim_reader *reader, const struct sim_field *fields,
		    const struct sim_json_in *in, void *object, u64 *seen)
{
	struct sim_json_in child;
	int rc = 0;

	if (sim_json_kind(in) != SIM_JSON_OBJECT)
		return sim_json_fail(in, -EINVAL, reader->error, "must be an object");
	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child)) {
		u32 row = 0;
		while (fields[row].key && strcmp(fields[row].key, child.key))
			row++;
		if (!fields[row].key)
			return unknown_key(fields, &child, reader->error);
		assert(row < 64);
		if (seen)
			*seen |= 1ull << row;
		rc = sim_field_read(reader, &fields[row], &child, object);
	}
	return rc;
}

int sim_fields_required(const struct sim_field *fields, const struct sim_json_in *in, u64 seen,
			struct tr_error *error)
{
	for (u32 row = 0; fields[row].key; row++)
		if (fields[row].flags & SIM_FIELD_REQUIRED && !(seen >> row & 1))
			return sim_json_fail(in, -EINVAL, error, "needs the key \"%s\"",
					     fields[row].key);
	return 0;
}

/* --- echo --- */

static void print_amount(const struct sim_field *field, struct sim_json_writer *json, u64 amount)
{
	char text[TR_UNITS_TEXT];

	if (field->flags & SIM_FIELD_OR_NONE && amount == SIM_NONE)
		sim_json_text(json, field->key, "none");
	else if (field->type == SIM_FIELD_BYTES)
		sim_json_text(json, field->key, tr_format_bytes(amount, text));
	else
		sim_json_text(json, field->key, tr_format_ns(amount, text));
}

static void print_one(const struct sim_field *field, struct sim_json_writer *json,
		      const void *object)
{
	const void *at = (const char *)object + field->offset;

	switch (field->type) {
	case SIM_FIELD_BYTES:
	case SIM_FIELD_NS:
		print_amount(field, json, *(const u64 *)at);
		break;
	case SIM_FIELD_U32:
		sim_json_number(json, field->key, *(const u32 *)at);
		break;
	case SIM_FIELD_DOUBLE:
		sim_json_exact(json, field->key, *(const double *)at);
		break;
	case SIM_FIELD_BOOL:
		sim_json_bool(json, field->key, *(const bool *)at);
		break;
	case SIM_FIELD_SEED:
		sim_json_hex(json, field->key, *(const u64 *)at);
		break;
	case SIM_FIELD_NAME:
		sim_json_text(json, field->key, at);
		break;
	case SIM_FIELD_CHOICE:
		sim_json_text(json, field->key, field->names[*(const u32 *)at]);
		break;
	case SIM_FIELD_CUSTOM:
		if (field->print)
			field->print(json, field, object);
		break;
	}
}

void sim_fields_print(const struct sim_field *fields, struct sim_json_writer *json,
		      const void *object)
{
	for (; fields->key; fields++)
		if (!(fields->flags & SIM_FIELD_INPUT))
			print_one(fields, json, object);
}
