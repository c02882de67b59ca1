/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_json_write.h - JSON written as a stream.
 *
 * For output that may have a member per VM and run: nothing is kept but the depth.
 * Numbers go through sim_number_text(), a number that is none becomes null; 64-bit
 * values that a reader must get exactly go as text.  Write errors are found when the
 * stream is closed.  Unbalanced calls are programmer errors.
 */
#ifndef SIM_JSON_WRITE_H
#define SIM_JSON_WRITE_H

#include <stdio.h>

#include <ws_env.h>

#define SIM_JSON_DEPTH 16

struct sim_json_writer {
	FILE *stream;
	u32 depth;
	struct {
		char close;
		bool filled;
	} level[SIM_JSON_DEPTH];
};

void sim_json_begin(struct sim_json_writer *json, FILE *stream); /* opens the outermost object */
void sim_json_finish(struct sim_json_writer *json);		 /* closes it, and a newline */

/* @key is NULL inside an array. */
void sim_json_object(struct sim_json_writer *json, const char *key);
void sim_json_array(struct sim_json_writer *json, const char *key);
void sim_json_close(struct sim_json_writer *json); /* the object or array opened last */

void sim_json_text(struct sim_json_writer *json, const char *key, const char *text);
void sim_json_number(struct sim_json_writer *json, const char *key, double value);
/* The shortest digits that read back as the same double. */
void sim_json_exact(struct sim_json_writer *json, const char *key, double value);
void sim_json_bool(struct sim_json_writer *json, const char *key, bool value);
void sim_json_hex(struct sim_json_writer *json, const char *key, u64 value); /* "0x..." */

/*
 * A number for csv and JSON: whole numbers below 2^53 exactly, others with six
 * significant digits, so that equal runs give equal files; "" when it is none.
 * Return: @text.
 */
#define SIM_NUMBER_TEXT 32
char *sim_number_text(double value, char text[SIM_NUMBER_TEXT]);

/* @text quoted as JSON wants it, outside of any structure. */
void sim_json_quote(FILE *stream, const char *text);

#endif /* SIM_JSON_WRITE_H */
