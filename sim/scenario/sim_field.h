/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_field.h - tables that say what a JSON object may hold.
 *
 * One row for each key: its name, where the value goes, its default, its range and
 * its text form.  Reading, defaults, range checks, the list in an "unknown key" error
 * and the echo of the effective scenario all come from that row, so a key is named
 * once and cannot be read in one form and written in another.
 */
#ifndef SIM_FIELD_H
#define SIM_FIELD_H

#include "scenario/sim_json.h"
#include "scenario/sim_json_write.h"

struct sim_reader; /* what custom rows work with; sim_scenario_parts.h */

enum sim_field_type {
	SIM_FIELD_BYTES,  /* u64; "4GiB" or a number */
	SIM_FIELD_NS,	  /* u64; "250ms" or 0 */
	SIM_FIELD_U32,	  /* number */
	SIM_FIELD_DOUBLE, /* number */
	SIM_FIELD_BOOL,
	SIM_FIELD_SEED,	  /* u64; string of hexadecimal or decimal digits */
	SIM_FIELD_NAME,	  /* char[SIM_NAME_MAX]; letters, digits, '-', '_', '.' */
	SIM_FIELD_CHOICE, /* u32 or enum: index into names[] */
	SIM_FIELD_CUSTOM, /* read() and print() */
};

/* Flags. */
#define SIM_FIELD_REQUIRED 1u
#define SIM_FIELD_OR_NONE 2u /* the text "none" is SIM_NONE */
#define SIM_FIELD_PAGES 4u   /* bytes: a multiple of 4 KiB */
#define SIM_FIELD_INPUT 8u   /* a way to write things, not part of the echo */

struct sim_field {
	const char *key;
	enum sim_field_type type;
	u32 offset;
	u32 flags;
	const char *value; /* default, as in the file; NULL: stays as it was */
	double min, max;   /* in bytes, ns or as the number is; not for other types */
	const char *const *names; /* SIM_FIELD_CHOICE, NULL-terminated */
	/* SIM_FIELD_CUSTOM; a NULL print leaves the row out of the echo. */
	int (*read)(struct sim_reader *reader, const struct sim_json_in *in, void *object);
	void (*print)(struct sim_json_writer *json, const struct sim_field *field,
		      const void *object);
};

/* Write the defaults of @fields into @object; the other members stay as they were. */
void sim_fields_default(const struct sim_field *fields, void *object);

/**
 * sim_fields_read() - fill @object from the JSON object @in
 * @fields: ended by a row without key; at most 64
 * @seen: bit i is set when row i was there; may be NULL
 *
 * Keys are read in the order of the file, so the error returned is the file's first.
 */
int sim_fields_read(struct sim_reader *reader, const struct sim_field *fields,
		    const struct sim_json_in *in, void *object, u64 *seen);

/* The one value @in as @field has it. */
int sim_field_read(struct sim_reader *reader, const struct sim_field *field,
		   const struct sim_json_in *in, void *object);

/* -EINVAL with text when a SIM_FIELD_REQUIRED row is not in @seen. */
int sim_fields_required(const struct sim_field *fields, const struct sim_json_in *in, u64 seen,
			struct tr_error *error);

/* Every row of @object as members of the object that @json has open. */
void sim_fields_print(const struct sim_field *fields, struct sim_json_writer *json,
		      const void *object);

/* "a, b, c" into @text; for errors that list what is known. */
void sim_list_names(const char *const *names, char *text, size_t size);

#endif /* SIM_FIELD_H */
