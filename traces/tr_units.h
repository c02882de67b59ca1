/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_units.h - sizes, times and counts as people write them.
 *
 *	bytes	4096  4096B  64KiB  256MiB  4GiB  1.5TiB   (1024)    64kB 1.5GB (1000)
 *		a bare K, M, G or T is 1024-based, as in qemu and the kernel
 *	time	250ns 3us 250ms 1.5s 10m (or min) 2h 1d 3m20s; without a unit only 0
 *	count	1234  20k  1M  1.5G     (1000)  no fraction of an item: 1.5 is no count
 *	ratio	0.25  3                 in millionths
 *	pages	a count (of 4 KiB pages), or a size that ends in "B": 256MiB, rounded up
 *
 * A space before the unit is allowed; case matters only as written above, except
 * that k and K are the same.  A fraction is cut to whole bytes, ns or millionths.
 * No sign, no exponent, no locale.
 *
 * Return: 0 and *value; -EINVAL for junk; -ERANGE when it does not fit 64 bits.
 * On error *value is untouched.
 */
#ifndef TR_UNITS_H
#define TR_UNITS_H

#include <ws_env.h>

#define TR_PAGE_SIZE 4096u
#define TR_PAGE_SHIFT 12

int tr_parse_bytes(const char *text, u64 *bytes);
int tr_parse_ns(const char *text, u64 *ns);
int tr_parse_count(const char *text, u64 *count);
int tr_parse_ratio(const char *text, u64 *millionths);
int tr_parse_pages(const char *text, u64 *pages);

#define TR_UNITS_TEXT 32

/*
 * Exact: what the parsers read back as the same value, in the largest unit that
 * divides it ("4GiB", "4097", "1500ms").  Return: @text.
 */
char *tr_format_bytes(u64 bytes, char text[TR_UNITS_TEXT]);
char *tr_format_ns(u64 ns, char text[TR_UNITS_TEXT]);

/* For tables: about three digits, "3.95 MiB", "1.25 s", "20.0 M". */
char *tr_about_bytes(u64 bytes, char text[TR_UNITS_TEXT]);
char *tr_about_ns(u64 ns, char text[TR_UNITS_TEXT]);
char *tr_about_count(u64 count, char text[TR_UNITS_TEXT]);

#endif /* TR_UNITS_H */
