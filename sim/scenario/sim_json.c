/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_json.c - reading JSON with cJSON; see sim_json.h. */
#include <assert.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scenario/sim_json.h"

#define DEPTH_MAX 64 /* nesting of what we read and write; the library allows 1000 */

static cJSON *tree(const struct sim_json *json)
{
	return (cJSON *)(void *)json;
}

static struct sim_json *handle(const cJSON *item)
{
	return (struct sim_json *)(void *)item;
}

/*
 * The library reads numbers with strtod(), which listens to the locale; a host
 * program that has set one must not change what "0.5" means.
 */
struct c_locale {
	locale_t made, before;
};

static void locale_enter(struct c_locale *c)
{
	c->made = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	c->before = c->made ? uselocale(c->made) : (locale_t)0;
}

static void locale_leave(struct c_locale *c)
{
	if (!c->made)
		return;
	uselocale(c->before);
	freelocale(c->made);
}

/* --- reading --- */

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int check_repeated(const struct sim_json_in *in, struct tr_error *error)
{
	u32 count = sim_json_count(in), i = 0;
	const char **keys = malloc((count + 1) * sizeof(*keys));
	int rc = 0;

	if (!keys)
		return sim_json_fail(in, -ENOMEM, error, "out of memory");
	for (const cJSON *child = tree(in->value)->child; child; child = child->next)
		keys[i++] = child->string;
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (i = 1; i < count && !rc; i++)
		if (!strcmp(keys[i - 1], keys[i]))
			rc = sim_json_fail(in, -EINVAL, error, "key \"%s\" stands twice", keys[i]);
	free(keys);
	return rc;
}

/* No repeated keys, no numbers that are none, not nested beyond reason. */
static int check_tree(const struct sim_json_in *in, u32 depth, struct tr_error *error)
{
	enum sim_json_kind kind = sim_json_kind(in);
	struct sim_json_in child;
	int rc = 0;

	if (depth > DEPTH_MAX)
		return sim_json_fail(in, -EINVAL, error, "nested more than %d deep", DEPTH_MAX);
	if (kind == SIM_JSON_NUMBER && !isfinite(tree(in->value)->valuedouble))
		return sim_json_fail(in, -EINVAL, error, "number too large");
	if (kind == SIM_JSON_OBJECT)
		rc = check_repeated(in, error);
	for (bool ok = sim_json_first(in, &child); ok && !rc; ok = sim_json_next(&child))
		rc = check_tree(&child, depth + 1, error);
	return rc;
}

static cJSON *parse_text(const char *text, size_t size, const char **end)
{
	struct c_locale c;
	cJSON *root;

	locale_enter(&c);
	root = cJSON_ParseWithLengthOpts(text, size, end, 0);
	locale_leave(&c);
	return root;
}

/* Where the library stopped, and whether anything but blanks follows a complete value. */
static bool only_blanks(const char *text, const char *end)
{
	while (text < end && strchr(" \t\r\n", *text) && *text)
		text++;
	return text == end;
}

/* \u0000 would end a string early, and nobody would see the rest. */
static bool has_nul(const char *text, size_t size)
{
	for (size_t i = 0; i + 6 <= size; i++) {
		if (text[i] != '\\')
			continue;
		if (!memcmp(text + i, "\\u0000", 6))
			return true;
		i++;
	}
	return false;
}

int sim_json_parse(struct sim_json **json, const char *name, const char *text, size_t size,
		   struct tr_error *error)
{
	const char *stop = text;
	struct sim_json_in top;
	u32 line = 1;
	cJSON *root;
	int rc;

	if (size > SIM_JSON_FILE_MAX)
		return tr_fail(error, -EINVAL, "%s: larger than %u MiB", name,
			       SIM_JSON_FILE_MAX >> 20);
	if (has_nul(text, size))
		return tr_fail(error, -EINVAL, "%s: \\u0000 in a string", name);
	root = parse_text(text, size, &stop);
	if (!root || !only_blanks(stop, text + size)) {
		bool ended = !stop || stop >= text + size || only_blanks(stop, text + size);
		for (const char *c = text; stop && c < stop && c < text + size; c++)
			line += *c == '\n';
		cJSON_Delete(root);
		while (!ended && *stop && strchr(" \t\r\n", *stop))
			stop++;
		if (ended)
			return tr_fail(error, -EINVAL, "%s: line %u: JSON ends too early", name,
				       line);
		return tr_fail(error, -EINVAL, "%s: line %u: not JSON from \"%.*s\" on", name, line,
			       (int)(text + size - stop < 20 ? text + size - stop : 20), stop);
	}
	top = sim_json_top(handle(root), name);
	rc = check_tree(&top, 0, error);
	if (rc)
		cJSON_Delete(root);
	else
		*json = handle(root);
	return rc;
}

int sim_json_read_file(struct sim_json **json, const char *path, struct tr_error *error)
{
	FILE *file = fopen(path, "rbe");
	char *text = NULL;
	struct stat st;
	size_t size;
	int rc = 0;

	if (!file)
		return tr_fail(error, -errno, "%s: %s", path, strerror(errno));
	if (fstat(fileno(file), &st))
		rc = -errno;
	else if (S_ISDIR(st.st_mode))
		rc = -EISDIR;
	if (rc) {
		fclose(file);
		return tr_fail(error, rc, "%s: %s", path, strerror(-rc));
	}
	text = malloc(SIM_JSON_FILE_MAX + 1);
	size = text ? fread(text, 1, SIM_JSON_FILE_MAX + 1, file) : 0;
	if (!text)
		rc = tr_fail(error, -ENOMEM, "%s: out of memory", path);
	else if (ferror(file))
		rc = tr_fail(error, -EIO, "%s: %s", path, strerror(errno));
	else
		rc = sim_json_parse(json, path, text, size, error);
	fclose(file);
	free(text);
	return rc;
}

void sim_json_free(struct sim_json *json)
{
	cJSON_Delete(tree(json));
}

struct sim_json_in sim_json_top(const struct sim_json *json, const char *name)
{
	return (struct sim_json_in){ .value = json, .key = name };
}

enum sim_json_kind sim_json_kind(const struct sim_json_in *in)
{
	switch (tree(in->value)->type & 0xff) {
	case cJSON_False:
	case cJSON_True:
		return SIM_JSON_BOOL;
	case cJSON_Number:
		return SIM_JSON_NUMBER;
	case cJSON_String:
		return SIM_JSON_STRING;
	case cJSON_Array:
		return SIM_JSON_ARRAY;
	case cJSON_Object:
		return SIM_JSON_OBJECT;
	default:
		return SIM_JSON_NULL;
	}
}

u32 sim_json_count(const struct sim_json_in *in)
{
	return (u32)cJSON_GetArraySize(tree(in->value));
}

bool sim_json_first(const struct sim_json_in *parent, struct sim_json_in *child)
{
	const cJSON *item = tree(parent->value)->child;

	*child = (struct sim_json_in){ .parent = parent, .value = handle(item) };
	if (item)
		child->key = item->string;
	return item;
}

bool sim_json_next(struct sim_json_in *child)
{
	const cJSON *item = tree(child->value)->next;

	child->value = handle(item);
	child->key = item ? item->string : NULL;
	child->index++;
	return item;
}

bool sim_json_find(const struct sim_json_in *object, const char *key, struct sim_json_in *child)
{
	struct sim_json_in at;

	if (sim_json_kind(object) != SIM_JSON_OBJECT)
		return false;
	for (bool ok = sim_json_first(object, &at); ok; ok = sim_json_next(&at))
		if (!strcmp(at.key, key)) {
			*child = at;
			return true;
		}
	return false;
}

int sim_json_get_bool(const struct sim_json_in *in, bool *value, struct tr_error *error)
{
	if (sim_json_kind(in) != SIM_JSON_BOOL)
		return sim_json_fail(in, -EINVAL, error, "must be true or false");
	*value = cJSON_IsTrue(tree(in->value));
	return 0;
}

int sim_json_get_u64(const struct sim_json_in *in, u64 *value, struct tr_error *error)
{
	double number = tree(in->value)->valuedouble;

	if (sim_json_kind(in) != SIM_JSON_NUMBER || number < 0 || number != floor(number))
		return sim_json_fail(in, -EINVAL, error, "must be a whole number, 0 or more");
	if (number >= (double)SIM_JSON_EXACT)
		return sim_json_fail(in, -ERANGE, error, "number not below 2^53, not exact in JSON");
	*value = (u64)number;
	return 0;
}

int sim_json_get_double(const struct sim_json_in *in, double *value, struct tr_error *error)
{
	if (sim_json_kind(in) != SIM_JSON_NUMBER)
		return sim_json_fail(in, -EINVAL, error, "must be a number");
	*value = tree(in->value)->valuedouble;
	return 0;
}

int sim_json_get_text(const struct sim_json_in *in, const char **text, struct tr_error *error)
{
	if (sim_json_kind(in) != SIM_JSON_STRING)
		return sim_json_fail(in, -EINVAL, error, "must be a string");
	*text = tree(in->value)->valuestring;
	return 0;
}

int sim_json_get_seed(const struct sim_json_in *in, u64 *value, struct tr_error *error)
{
	static const char form[] = "must be a 64-bit number as a string, such as \"0x1f\"";
	const char *text;
	char *end;
	u64 seed;

	if (sim_json_kind(in) == SIM_JSON_NUMBER)
		return sim_json_get_u64(in, value, error);
	if (sim_json_kind(in) != SIM_JSON_STRING)
		return sim_json_fail(in, -EINVAL, error, form);
	text = tree(in->value)->valuestring;
	/* strtoull() would take blanks, signs and octal. */
	if (*text < '0' || *text > '9')
		return sim_json_fail(in, -EINVAL, error, form);
	errno = 0;
	seed = strtoull(text, &end, text[0] == '0' && (text[1] | 32) == 'x' ? 16 : 10);
	if (*end || errno)
		return sim_json_fail(in, -EINVAL, error, form);
	*value = seed;
	return 0;
}

static void path_text(const struct sim_json_in *in, char *text, size_t size)
{
	size_t used;

	if (!in->parent) {
		snprintf(text, size, "%s: ", in->key);
		return;
	}
	path_text(in->parent, text, size);
	used = strlen(text);
	if (in->key)
		snprintf(text + used, size - used, "/%s", in->key);
	else
		snprintf(text + used, size - used, "/%u", in->index);
}

int sim_json_fail(const struct sim_json_in *in, int rc, struct tr_error *error,
		  const char *format, ...)
{
	char path[TR_ERROR_MAX], reason[TR_ERROR_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	path_text(in, path, sizeof(path));
	return tr_fail(error, rc, "%.*s%s%s", TR_ERROR_MAX * 2 / 3, path, in->parent ? ": " : "",
		       reason);
}

/* --- overriding --- */

/* JSON if it is JSON, else a string. */
static cJSON *value_of(const char *text)
{
	const char *stop;
	cJSON *item = parse_text(text, strlen(text), &stop);
	struct sim_json_in top;

	if (item) {
		top = sim_json_top(handle(item), "");
		if (only_blanks(stop, text + strlen(text)) && !check_tree(&top, 0, NULL))
			return item;
		cJSON_Delete(item);
	}
	return cJSON_CreateString(text);
}

static const char *short_member(const struct sim_json_short *shorts, const char *key)
{
	for (; shorts && shorts->key; shorts++)
		if (!strcmp(shorts->key, key))
			return shorts->member;
	return NULL;
}

/* A member that can be descended into: made when missing, unfolded when short. */
static cJSON *container_at(cJSON *object, const char *key, const struct sim_json_short *shorts)
{
	cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key), *made;
	const char *member = short_member(shorts, key);

	if (!item)
		return cJSON_AddObjectToObject(object, key);
	if (!cJSON_IsString(item) || !member)
		return item;
	made = cJSON_CreateObject();
	cJSON_AddStringToObject(made, member, item->valuestring);
	cJSON_ReplaceItemInObjectCaseSensitive(object, key, made);
	return made;
}

static int set_at(cJSON *item, const char *path, const char *value,
		  const struct sim_json_short *shorts, const char *whole, struct tr_error *error);

static int set_element(cJSON *array, const char *key, const char *rest, const char *value,
		       const struct sim_json_short *shorts, const char *whole,
		       struct tr_error *error)
{
	bool all = !strcmp(key, "*");
	char *end;
	u64 index = strtoull(key, &end, 10);
	int rc = 0, size = cJSON_GetArraySize(array);

	if (!all && (*end || *key < '0' || *key > '9' || index >= (u64)size))
		return tr_fail(error, -EINVAL, "--set %s: no element \"%s\"; there are %d, from 0",
			       whole, key, size);
	for (int i = all ? 0 : (int)index; i < (all ? size : (int)index + 1) && !rc; i++) {
		if (rest)
			rc = set_at(cJSON_GetArrayItem(array, i), rest, value, shorts, whole, error);
		else
			cJSON_ReplaceItemInArray(array, i, value_of(value));
	}
	return rc;
}

static int set_at(cJSON *item, const char *path, const char *value,
		  const struct sim_json_short *shorts, const char *whole, struct tr_error *error)
{
	const char *dot = strchr(path, '.'), *rest = dot ? dot + 1 : NULL;
	char key[128];

	if ((size_t)snprintf(key, sizeof(key), "%.*s", (int)(dot ? dot - path : (long)strlen(path)),
			     path) >= sizeof(key) || !*key)
		return tr_fail(error, -EINVAL, "--set %s: not a path", whole);
	if (cJSON_IsArray(item))
		return set_element(item, key, rest, value, shorts, whole, error);
	if (!cJSON_IsObject(item))
		return tr_fail(error, -EINVAL, "--set %s: nothing can be at \"%s\": it is below a "
			       "plain value", whole, key);
	if (rest)
		return set_at(container_at(item, key, shorts), rest, value, shorts, whole, error);
	cJSON_DeleteItemFromObjectCaseSensitive(item, key);
	cJSON_AddItemToObject(item, key, value_of(value));
	return 0;
}

int sim_json_set(struct sim_json *root, const char *assignment,
		 const struct sim_json_short *shorts, struct tr_error *error)
{
	const char *equal = strchr(assignment, '=');
	char path[512];

	if (!equal || equal == assignment || (size_t)(equal - assignment) >= sizeof(path))
		return tr_fail(error, -EINVAL, "--set %s: must be path=value", assignment);
	memcpy(path, assignment, (size_t)(equal - assignment));
	path[equal - assignment] = 0;
	return set_at(tree(root), path, equal + 1, shorts, path, error);
}

char *sim_json_double_text(double value, char text[SIM_JSON_DOUBLE_TEXT])
{
	struct c_locale c;

	locale_enter(&c);
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, SIM_JSON_DOUBLE_TEXT, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	locale_leave(&c);
	return text;
}
