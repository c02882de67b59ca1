/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_json_write.c - commas, indentation, quotes. */
#include <assert.h>
#include <math.h>

#include "scenario/sim_json.h"
#include "scenario/sim_json_write.h"

char *sim_number_text(double value, char text[SIM_NUMBER_TEXT])
{
	if (!isfinite(value))
		*text = 0;
	else if (value == floor(value) && fabs(value) < 9007199254740992.0)
		snprintf(text, SIM_NUMBER_TEXT, "%.0f", value == 0 ? 0.0 : value);
	else
		snprintf(text, SIM_NUMBER_TEXT, "%.6g", value);
	return text;
}

void sim_json_quote(FILE *stream, const char *text)
{
	fputc('"', stream);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			fprintf(stream, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", stream);
		else if (c < 0x20)
			fprintf(stream, "\\u%04x", c);
		else
			fputc(c, stream);
	}
	fputc('"', stream);
}

static void item(struct sim_json_writer *json, const char *key)
{
	assert(json->depth);
	bool *filled = &json->level[json->depth - 1].filled;
	bool array = json->level[json->depth - 1].close == ']';

	assert(array == !key);
	if (*filled)
		fputc(',', json->stream);
	*filled = true;
	fprintf(json->stream, "\n%*s", (int)json->depth * 2, "");
	if (key) {
		sim_json_quote(json->stream, key);
		fputs(": ", json->stream);
	}
}

static void open_level(struct sim_json_writer *json, char open, char close)
{
	assert(json->depth < SIM_JSON_DEPTH);
	fputc(open, json->stream);
	json->level[json->depth].close = close;
	json->level[json->depth].filled = false;
	json->depth++;
}

void sim_json_begin(struct sim_json_writer *json, FILE *stream)
{
	json->stream = stream;
	json->depth = 0;
	open_level(json, '{', '}');
}

void sim_json_finish(struct sim_json_writer *json)
{
	assert(json->depth == 1);
	sim_json_close(json);
	fputc('\n', json->stream);
}

void sim_json_object(struct sim_json_writer *json, const char *key)
{
	item(json, key);
	open_level(json, '{', '}');
}

void sim_json_array(struct sim_json_writer *json, const char *key)
{
	item(json, key);
	open_level(json, '[', ']');
}

void sim_json_close(struct sim_json_writer *json)
{
	assert(json->depth);
	json->depth--;
	if (json->level[json->depth].filled)
		fprintf(json->stream, "\n%*s", (int)json->depth * 2, "");
	fputc(json->level[json->depth].close, json->stream);
}

void sim_json_text(struct sim_json_writer *json, const char *key, const char *text)
{
	item(json, key);
	sim_json_quote(json->stream, text);
}

void sim_json_number(struct sim_json_writer *json, const char *key, double value)
{
	char text[SIM_NUMBER_TEXT];

	item(json, key);
	fputs(*sim_number_text(value, text) ? text : "null", json->stream);
}

void sim_json_exact(struct sim_json_writer *json, const char *key, double value)
{
	char text[SIM_JSON_DOUBLE_TEXT];

	item(json, key);
	fputs(isfinite(value) ? sim_json_double_text(value, text) : "null", json->stream);
}

void sim_json_bool(struct sim_json_writer *json, const char *key, bool value)
{
	item(json, key);
	fputs(value ? "true" : "false", json->stream);
}

void sim_json_hex(struct sim_json_writer *json, const char *key, u64 value)
{
	item(json, key);
	fprintf(json->stream, "\"0x%016llx\"", value);
}
