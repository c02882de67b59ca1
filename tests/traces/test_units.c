/* SPDX-License-Identifier: BSD-2-Clause */
/* test_units.c - sizes, times and counts as people write them. */
#include <criterion/criterion.h>
#include <errno.h>

#include "tr_units.h"

static void expect(int (*parse)(const char *, u64 *), const char *text, u64 want)
{
	u64 got = 0;

	cr_assert_eq(parse(text, &got), 0, "'%s' was refused", text);
	cr_assert_eq(got, want, "'%s' gave %llu, not %llu", text, got, want);
}

static void refuse(int (*parse)(const char *, u64 *), const char *text, int rc)
{
	u64 got = 77;

	cr_assert_eq(parse(text, &got), rc, "'%s' was not refused with %d", text, rc);
	cr_assert_eq(got, 77, "'%s' was refused but wrote a value", text);
}

Test(units, bytes_take_binary_and_decimal_units)
{
	expect(tr_parse_bytes, "4096", 4096);
	expect(tr_parse_bytes, "0", 0);
	expect(tr_parse_bytes, "4GiB", 4ull << 30);
	expect(tr_parse_bytes, "256MiB", 256ull << 20);
	expect(tr_parse_bytes, "256M", 256ull << 20);
	expect(tr_parse_bytes, "64k", 65536);
	expect(tr_parse_bytes, "64kB", 64000);
	expect(tr_parse_bytes, "1.5GB", 1500000000);
	expect(tr_parse_bytes, "0.5 KiB", 512);
	expect(tr_parse_bytes, "1.0000000000000000000000001KiB", 1024);
	expect(tr_parse_bytes, "18446744073709551615", ~0ull);
}

Test(units, junk_and_overflow_are_refused)
{
	static const char *const junk[] = { "",	    " 4",   "4 ",    "-4",	"+4",	"4e3",	"4XiB",
					    "4gib", "4Gi",  "4 G B", "0x10",	".5G",	"5.G",	"four",
					    "4,5G", "4\n", "4GiBGiB", "4GiBxxxxxxxxx" };

	for (size_t i = 0; i < sizeof(junk) / sizeof(*junk); i++) {
		refuse(tr_parse_bytes, junk[i], -EINVAL);
		refuse(tr_parse_ns, junk[i], -EINVAL);
		refuse(tr_parse_pages, junk[i], -EINVAL);
	}
	refuse(tr_parse_bytes, "18446744073709551616", -ERANGE);
	refuse(tr_parse_bytes, "16777216TiB", -ERANGE);
	refuse(tr_parse_ns, "999999999d", -ERANGE);
	refuse(tr_parse_count, "99999999999999999G", -ERANGE);
}

Test(units, times_need_a_unit_except_zero)
{
	expect(tr_parse_ns, "0", 0);
	expect(tr_parse_ns, "250ms", 250000000);
	expect(tr_parse_ns, "1.5s", 1500000000);
	expect(tr_parse_ns, "10m", 600000000000ull);
	expect(tr_parse_ns, "10min", 600000000000ull);
	expect(tr_parse_ns, "2h", 7200000000000ull);
	expect(tr_parse_ns, "3 us", 3000);
	expect(tr_parse_ns, "3m20s", 200000000000ull);
	expect(tr_parse_ns, "1d2h3min4.5s", 93784500000000ull);
	refuse(tr_parse_ns, "20s3m", -EINVAL);
	refuse(tr_parse_ns, "1h90m", -EINVAL);
	refuse(tr_parse_ns, "1m2", -EINVAL);
	refuse(tr_parse_ns, "1m 2s", -EINVAL);
	refuse(tr_parse_ns, "1m2s3s", -EINVAL);
	refuse(tr_parse_ns, "18446744073s1s", -EINVAL);
	refuse(tr_parse_ns, "213503d23h59m59s", -ERANGE);
	refuse(tr_parse_ns, "250", -EINVAL);
	refuse(tr_parse_ns, "250MS", -EINVAL);
	refuse(tr_parse_ns, "250M", -EINVAL);
}

Test(units, pages_are_counts_or_sizes)
{
	expect(tr_parse_count, "1M", 1000000);
	expect(tr_parse_count, "20k", 20000);
	expect(tr_parse_pages, "1M", 1000000);
	expect(tr_parse_pages, "256MiB", 65536);
	expect(tr_parse_pages, "4097B", 2);
	refuse(tr_parse_count, "1MiB", -EINVAL);
}

Test(units, a_count_is_whole)
{
	static const char *const broken[] = { "1.5", "6.14", "0.5", "0.0005k", "1.0000001M" };

	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		refuse(tr_parse_count, broken[i], -EINVAL);
		refuse(tr_parse_pages, broken[i], -EINVAL);
	}
	expect(tr_parse_count, "1.5k", 1500);
	expect(tr_parse_count, "6.0", 6);
	expect(tr_parse_count, "0.000001M", 1);
}

Test(units, ratios_are_in_millionths)
{
	expect(tr_parse_ratio, "0.25", 250000);
	expect(tr_parse_ratio, "3", 3000000);
	expect(tr_parse_ratio, "0.33333333", 333333);
	refuse(tr_parse_ratio, "1k", -EINVAL);
	refuse(tr_parse_ratio, "half", -EINVAL);
	refuse(tr_parse_ratio, "18446744073709551615", -ERANGE);
}

Test(units, exact_texts_read_back_as_the_same_value)
{
	char text[TR_UNITS_TEXT];
	u64 x = 0x9e3779b97f4a7c15ull;

	cr_assert_str_eq(tr_format_bytes(4ull << 30, text), "4GiB");
	cr_assert_str_eq(tr_format_bytes(4097, text), "4097");
	cr_assert_str_eq(tr_format_bytes(0, text), "0");
	cr_assert_str_eq(tr_format_ns(1500000000, text), "1500ms");
	cr_assert_str_eq(tr_format_ns(7200000000000ull, text), "2h");
	cr_assert_str_eq(tr_format_ns(0, text), "0");
	for (int i = 0; i < 20000; i++) {
		u64 value = x >> (i & 63), back = 0;
		if (i & 1)
			value = value >> 20 << 20;
		if (i & 2)
			value = value / 3600000000000ull * 60000000000ull;
		cr_assert_eq(tr_parse_bytes(tr_format_bytes(value, text), &back), 0);
		cr_assert_eq(back, value, "bytes %llu became %s", value, text);
		cr_assert_eq(tr_parse_ns(tr_format_ns(value, text), &back), 0, "%s", text);
		cr_assert_eq(back, value, "ns %llu became %s", value, text);
		x = x * 6364136223846793005ull + 1442695040888963407ull;
	}
}

Test(units, texts_for_tables_have_three_digits)
{
	char text[TR_UNITS_TEXT];

	cr_assert_str_eq(tr_about_bytes(4096, text), "4.00 KiB");
	cr_assert_str_eq(tr_about_bytes(123, text), "123 B");
	cr_assert_str_eq(tr_about_ns(1250000000, text), "1.25 s");
	cr_assert_str_eq(tr_about_ns(0, text), "0 ns");
	cr_assert_str_eq(tr_about_count(20000000, text), "20.0 M");
	cr_assert_str_eq(tr_about_count(9999, text), "9999");
	cr_assert_str_eq(tr_about_bytes(~0ull, text), "16777216 TiB");
}
