/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_units.c - see tr_units.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tr_units.h"

struct unit {
	const char *name;
	u64 scale;
};

static const struct unit byte_units[] = {
	{ "", 1 },
	{ "B", 1 },
	{ "K", 1ull << 10 },
	{ "KiB", 1ull << 10 },
	{ "KB", 1000ull },
	{ "M", 1ull << 20 },
	{ "MiB", 1ull << 20 },
	{ "MB", 1000000ull },
	{ "G", 1ull << 30 },
	{ "GiB", 1ull << 30 },
	{ "GB", 1000000000ull },
	{ "T", 1ull << 40 },
	{ "TiB", 1ull << 40 },
	{ "TB", 1000000000000ull },
	{ "PiB", 1ull << 50 },
	{ NULL, 0 },
};

static const struct unit ns_units[] = {
	{ "ns", 1 },
	{ "us", 1000ull },
	{ "ms", 1000000ull },
	{ "s", 1000000000ull },
	{ "m", 60000000000ull },
	{ "min", 60000000000ull },
	{ "h", 3600000000000ull },
	{ "d", 86400000000000ull },
	{ NULL, 0 },
};

static const struct unit count_units[] = {
	{ "", 1 },
	{ "K", 1000ull },
	{ "M", 1000000ull },
	{ "G", 1000000000ull },
	{ "T", 1000000000000ull },
	{ NULL, 0 },
};

static const struct unit ratio_units[] = {
	{ "", 1000000ull },
	{ NULL, 0 },
};

static const struct unit *find_unit(const struct unit *units, const char *name)
{
	char k[8];

	if (strlen(name) >= sizeof(k))
		return NULL;
	strcpy(k, name);
	if (k[0] == 'k')
		k[0] = 'K';
	for (; units->name; units++)
		if (!strcmp(units->name, k))
			return units;
	return NULL;
}

/* Digits of @text as integer and as fraction over 10^places; returns what follows, or NULL. */
static const char *read_digits(const char *text, u64 *whole, u64 *fraction, u64 *fraction_scale,
			       int *rc)
{
	const char *p = text;

	*whole = *fraction = 0;
	*fraction_scale = 1;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(*whole, 10ull, whole) ||
		    __builtin_add_overflow(*whole, (u64)(*p - '0'), whole)) {
			*rc = -ERANGE;
			return NULL;
		}
	}
	*rc = -EINVAL;
	if (p == text)
		return NULL;
	if (*p != '.')
		return p;
	text = ++p;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (*fraction_scale >= 1000000000000000000ull)
			continue; /* further digits are below any unit's resolution */
		*fraction = *fraction * 10 + (u64)(*p - '0');
		*fraction_scale *= 10;
	}
	return p == text ? NULL : p;
}

/* *scale: of the unit. */
static int parse_scaled(const struct unit *units, const char *text, u64 *value, u64 *scale)
{
	u64 whole, fraction, fraction_scale;
	int rc = -EINVAL;
	const char *rest = read_digits(text, &whole, &fraction, &fraction_scale, &rc);
	const struct unit *unit;

	if (!rest)
		return rc;
	if (*rest == ' ' && rest[1])
		rest++;
	unit = find_unit(units, rest);
	if (!unit && units == ns_units && !*rest && !whole && !fraction)
		unit = units; /* 0 needs no unit */
	if (!unit)
		return -EINVAL;
	unsigned __int128 part = (unsigned __int128)fraction * unit->scale;
	unsigned __int128 sum = (unsigned __int128)whole * unit->scale + part / fraction_scale;
	if (units == count_units && part % fraction_scale)
		return -EINVAL; /* there is no half item */
	if (sum > ~0ull)
		return -ERANGE;
	*value = (u64)sum;
	*scale = unit->scale;
	return 0;
}

static int parse(const struct unit *units, const char *text, u64 *value)
{
	u64 scale;

	return parse_scaled(units, text, value, &scale);
}

int tr_parse_bytes(const char *text, u64 *bytes)
{
	return parse(byte_units, text, bytes);
}

/* The length of the first number with its unit: up to a digit behind a letter. */
static size_t first_part(const char *text)
{
	size_t number = strspn(text, "0123456789. ");

	return number + strcspn(text + number, "0123456789");
}

int tr_parse_ns(const char *text, u64 *ns)
{
	u64 sum = 0, part = 0, unit = 0;
	char k[64];

	do {
		size_t length = first_part(text);
		u64 above = unit;
		int rc;

		if (length >= sizeof(k))
			return -EINVAL;
		memcpy(k, text, length);
		k[length] = 0;
		rc = parse_scaled(ns_units, k, &part, &unit);
		if (rc)
			return rc;
		/* "1h30m", not "30m1h" and not "1h90m" */
		if (above && part >= above)
			return -EINVAL;
		if (__builtin_add_overflow(sum, part, &sum))
			return -ERANGE;
		text += length;
	} while (*text);
	*ns = sum;
	return 0;
}

int tr_parse_count(const char *text, u64 *count)
{
	return parse(count_units, text, count);
}

int tr_parse_ratio(const char *text, u64 *millionths)
{
	return parse(ratio_units, text, millionths);
}

int tr_parse_pages(const char *text, u64 *pages)
{
	size_t length = strlen(text);
	u64 bytes;
	int rc;

	if (!length || text[length - 1] != 'B')
		return tr_parse_count(text, pages);
	rc = tr_parse_bytes(text, &bytes);
	if (!rc)
		*pages = bytes / TR_PAGE_SIZE + (bytes % TR_PAGE_SIZE != 0);
	return rc;
}

char *tr_format_bytes(u64 bytes, char text[TR_UNITS_TEXT])
{
	static const char *const names[] = { "", "KiB", "MiB", "GiB", "TiB", "PiB" };
	int i = 0;

	while (bytes && i < 5 && !(bytes & 1023)) {
		bytes >>= 10;
		i++;
	}
	snprintf(text, TR_UNITS_TEXT, "%llu%s", bytes, names[i]);
	return text;
}

char *tr_format_ns(u64 ns, char text[TR_UNITS_TEXT])
{
	static const char *const names[] = { "ns", "us", "ms", "s", "m", "h" };
	static const u32 steps[] = { 1000, 1000, 1000, 60, 60 };
	int i = 0;

	while (ns && i < 5 && !(ns % steps[i]))
		ns /= steps[i++];
	snprintf(text, TR_UNITS_TEXT, "%llu%s", ns, ns ? names[i] : "");
	return text;
}

/* @value / @scale with three digits, rounded half up, in integers. */
static char *about(u64 value, u64 scale, const char *unit, char text[TR_UNITS_TEXT])
{
	unsigned __int128 v = value;
	u64 hundredths = (u64)((v * 100 + scale / 2) / scale);
	u64 tenths = (u64)((v * 10 + scale / 2) / scale);

	if (scale == 1)
		snprintf(text, TR_UNITS_TEXT, "%llu%s%s", value, *unit ? " " : "", unit);
	else if (hundredths < 1000)
		snprintf(text, TR_UNITS_TEXT, "%llu.%02llu %s", hundredths / 100, hundredths % 100,
			 unit);
	else if (tenths < 1000)
		snprintf(text, TR_UNITS_TEXT, "%llu.%llu %s", tenths / 10, tenths % 10, unit);
	else
		snprintf(text, TR_UNITS_TEXT, "%llu %s", (u64)((v + scale / 2) / scale), unit);
	return text;
}

char *tr_about_bytes(u64 bytes, char text[TR_UNITS_TEXT])
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	int i = 0;

	while (i < 4 && bytes >> (10 * (i + 1)))
		i++;
	return about(bytes, 1ull << (10 * i), names[i], text);
}

char *tr_about_ns(u64 ns, char text[TR_UNITS_TEXT])
{
	static const struct unit steps[] = {
		{ "h", 3600000000000ull }, { "min", 60000000000ull }, { "s", 1000000000ull },
		{ "ms", 1000000ull },	   { "us", 1000ull },
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (ns >= steps[i].scale)
			return about(ns, steps[i].scale, steps[i].name, text);
	return about(ns, 1, "ns", text);
}

char *tr_about_count(u64 count, char text[TR_UNITS_TEXT])
{
	static const struct unit steps[] = {
		{ "G", 1000000000ull }, { "M", 1000000ull }, { "k", 10000ull },
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (count >= steps[i].scale)
			return about(count, steps[i].scale == 10000 ? 1000 : steps[i].scale,
				     steps[i].name, text);
	return about(count, 1, "", text);
}
