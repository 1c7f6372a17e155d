// SPDX-License-Identifier: GPL-2.0-or-later
/* Times in several zones, over the changes of their clocks. */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/text.h"
#include "lib/timefmt.h"
#include "tests/unit/cmocka_all.h"

#define S NS_PER_S

/* Rules and not names: there may be no zone files. */
#define UTC "UTC0"
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define KATHMANDU "<+0545>-5:45"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define SAO_PAULO "<-03>3<-02>,M11.1.0/0,M2.3.0/0" /* of 2018 */
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"

/* 2026-11-23T21:18:57.25Z, a Monday */
#define NOW (1795468737 * S + S / 4)

static void use_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

struct text_case {
	const char *text;
	uint64_t time_ns;
};

static void expect(const struct text_case *cases, size_t n, uint64_t now_ns)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t got = 1;
		int r = time_parse(cases[i].text, now_ns, &got);

		if (r != 0 || got != cases[i].time_ns)
			fail_msg("'%s' gives %d, %llu and not %llu",
				 cases[i].text, r, (unsigned long long)got,
				 (unsigned long long)cases[i].time_ns);
	}
}

static void rfc3339_is_written_in_utc_whatever_the_zone(void **state)
{
	char buf[TIME_TEXT_MAX];

	(void)state;
	use_zone(KATHMANDU);
	assert_string_equal(time_rfc3339(0, buf, sizeof(buf)),
			    "1970-01-01T00:00:00.000000000Z");
	assert_string_equal(time_rfc3339(NOW + 1, buf, sizeof(buf)),
			    "2026-11-23T21:18:57.250000001Z");
	assert_string_equal(time_rfc3339(INT64_MAX, buf, sizeof(buf)),
			    "2262-04-11T23:47:16.854775807Z");
	/* a short buffer is filled, never passed */
	assert_string_equal(time_rfc3339(0, buf, 5), "1970");
}

static void local_time_follows_the_zone(void **state)
{
	char buf[TIME_TEXT_MAX];

	(void)state;
	use_zone(KATHMANDU); /* +05:45 */
	assert_string_equal(time_local(NOW, buf, sizeof(buf)),
			    "2026-11-24 03:03:57.250");
	use_zone(NEW_YORK);
	assert_string_equal(time_local(NOW, buf, sizeof(buf)),
			    "2026-11-23 16:18:57.250");
	assert_string_equal(time_local(NOW - S / 4 - 1, buf, sizeof(buf)),
			    "2026-11-23 16:18:56.999");
}

static void rfc3339_is_parsed_to_the_nanosecond(void **state)
{
	static const struct text_case cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-23T21:18:57Z", 1795468737 * S },
		{ "2026-11-23T21:18:57.25Z", NOW },
		{ "2026-11-23t21:18:57.25z", NOW },
		{ "2026-11-23T22:18:57.250+01:00", NOW },
		{ "2026-11-24T03:03:57.25+05:45", NOW },
		{ "2026-11-23T16:18:57.25-05:00", NOW },
		{ "2026-11-23T21:18:57.250000001Z", NOW + 1 },
		{ "2026-11-23T21:18:57.250000001999Z", NOW + 1 },
		{ "1970-01-01T01:00:00+01:00", 0 },
		{ "2024-02-29T00:00:00Z", 1709164800 * S },
		{ "2000-02-29T00:00:00Z", 951782400 * S },
		{ "2016-12-31T23:59:60Z", 1483228800 * S }, /* leap second */
		{ "2261-12-31T23:59:59Z", 9214646399 * S },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t got = 1;

		assert_int_equal(time_parse_rfc3339(cases[i].text, &got), 0);
		assert_int_equal(got, cases[i].time_ns);
	}
	use_zone(NEW_YORK);
	expect(cases, ARRAY_SIZE(cases), NOW);
}

static void what_was_written_is_parsed_to_itself(void **state)
{
	uint64_t time_ns = 0;

	(void)state;
	for (uint64_t i = 0; i < 9000; i++) {
		char buf[TIME_TEXT_MAX];
		uint64_t got = 0;

		time_ns = i * 1023456789012345U;
		time_rfc3339(time_ns, buf, sizeof(buf));
		assert_int_equal(time_parse_rfc3339(buf, &got), 0);
		assert_int_equal(got, time_ns);
	}
}

static void nonsense_is_refused_and_changes_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"tomorrow",
		"Now",
		"now ",
		"yesterday ",
		"yesterday  22:00",
		"yesterday 22",
		"yesterday 24:00",
		"now 22:00",
		"5",
		"5x",
		"5 m",
		"h",
		"-",
		"--5m",
		"5m-",
		"1h 5m",
		"1.5h",
		"2026",
		"2026-11",
		"2026-1-1",
		"2026-13-01",
		"2026-00-01",
		"2026-01-00",
		"2026-02-29",
		"1900-02-29",
		"2026-04-31",
		"2026-11-23 ",
		"2026-11-23 2",
		"2026-11-23 24:00",
		"2026-11-23 21:60",
		"2026-11-23 21:18:61",
		"2026-11-23 21:18:57.",
		"2026-11-23 21:18:57 x",
		"2026-11-23T21:18Z",
		"2026-11-23T21:18:57+0100",
		"2026-11-23T21:18:57+01",
		"2026-11-23T21:18:57+24:00",
		"2026-11-23T21:18:57ZZ",
		"2026-11-23T21:18:57,5Z",
		"\xd9\xa2h", /* an Arabic digit */
	};

	(void)state;
	use_zone(BERLIN);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		uint64_t got = 42;
		int r = time_parse(texts[i], NOW, &got);

		if (r != -EINVAL || got != 42)
			fail_msg("'%s' gives %d", texts[i], r);
	}
}

static void what_is_out_of_range_is_refused(void **state)
{
	static const char *const texts[] = {
		"1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+01:00",
		"2262-01-01T00:00:00Z",
		"9999-12-31",
		"1969-12-31 12:00",
		"1970-01-01", /* east of Greenwich that is 1969 */
		"99999d",
		"+99999999999d",
		"18446744073709551615s",
		"99999999999999999999999s",
		"18446744073709551615s18446744073709551615s",
	};

	(void)state;
	use_zone(BERLIN);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		uint64_t got = 42;
		int r = time_parse(texts[i], NOW, &got);

		if (r != -ERANGE || got != 42)
			fail_msg("'%s' gives %d", texts[i], r);
	}
}

static void spans_count_back_from_now(void **state)
{
	static const struct text_case cases[] = {
		{ "0s", NOW },
		{ "3s", NOW - 3 * S },
		{ "-3s", NOW - 3 * S },
		{ "4m", NOW - 240 * S },
		{ "1h43m", NOW - 6180 * S },
		{ "-2h", NOW - 7200 * S },
		{ "1d", NOW - 86400 * S },
		{ "2w", NOW - 14 * 86400 * S },
		{ "1w1d1h1m1s", NOW - (8 * 86400 + 3661) * S },
		{ "90m90m", NOW - 10800 * S },
		{ "now", NOW },
		{ "+5m", NOW + 300 * S },
		{ "recent", NOW - 600 * S },
	};

	(void)state;
	/* a day is 24 hours also when the clocks change */
	use_zone(BERLIN);
	expect(cases, ARRAY_SIZE(cases), NOW);
}

static void dates_and_days_are_local(void **state)
{
	static const struct text_case berlin[] = {
		{ "2026-11-23", 1795388400 * S },
		{ "2026-11-23 22:18", 1795468680 * S },
		{ "2026-11-23 22:18:57", 1795468737 * S },
		{ "2026-11-23 22:18:57.250", NOW },
		{ "2026-11-23T22:18:57.25", NOW },
		{ "2026-07-01 12:00", 1782900000 * S },
		{ "today", 1795388400 * S },
		{ "yesterday", 1795302000 * S },
		{ "yesterday 22:00", (1795302000 + 22 * 3600) * S },
		{ "yesterday 22:00:01.5",
		  (1795302001 + 22 * 3600) * S + S / 2 },
		{ "today 01:00", (1795302000 + 25 * 3600) * S },
		{ "this-week", 1795388400 * S }, /* it is Monday */
		{ "22:18:57.25", NOW },
		{ "02:00", 1795395600 * S },
		{ "week-ago", 1794783600 * S },
		{ "this-month", 1793487600 * S },
		{ "this-year", 1767222000 * S },
	};
	/* already Tuesday there */
	static const struct text_case kathmandu[] = {
		{ "2026-11-24 03:03:57.25", NOW },
		{ "today", 1795457700 * S },
		{ "yesterday", 1795371300 * S },
		{ "this-week", 1795371300 * S },
	};
	static const struct text_case utc[] = {
		{ "2026-11-23 21:18:57.25", NOW },
		{ "today", 1795392000 * S },
		{ "1970-01-01", 0 },
	};

	(void)state;
	use_zone(BERLIN);
	expect(berlin, ARRAY_SIZE(berlin), NOW);
	use_zone(KATHMANDU);
	expect(kathmandu, ARRAY_SIZE(kathmandu), NOW);
	use_zone(UTC);
	expect(utc, ARRAY_SIZE(utc), NOW);
}

static void a_week_begins_on_monday_also_seen_from_sunday(void **state)
{
	static const struct text_case cases[] = {
		{ "this-week", 1794787200 * S }, /* 2026-11-16 */
	};

	(void)state;
	use_zone(UTC);
	expect(cases, 1, 1795305600 * S);     /* Sunday 2026-11-22 */
	expect(cases, 1, 1795392000 * S - 1); /* its last nanosecond */
	expect(cases, 1, 1794787200 * S);     /* Monday, 00:00 */
}

/* Berlin 2026: +2 begins on 29 March 01:00Z, ends on 25 October 01:00Z. */
static void a_time_that_clocks_show_twice_is_the_first_one(void **state)
{
	static const struct text_case cases[] = {
		{ "2026-10-25 01:59:59", 1792886399 * S },
		{ "2026-10-25 02:00", 1792886400 * S },
		{ "2026-10-25 02:30", 1792888200 * S },
		{ "2026-10-25 03:00", 1792893600 * S },
	};
	static const struct text_case before[] = {
		{ "2026-03-01 02:30", 1772328600 * S },
		{ "2026-10-25 02:30", 1792888200 * S },
		{ "2026-12-01 02:30", 1796088600 * S },
		{ "2026-10-25 02:30", 1792888200 * S },
		{ "2026-07-01 02:30", 1782865800 * S },
		{ "2026-10-25 02:30", 1792888200 * S },
	};

	(void)state;
	use_zone(BERLIN);
	expect(cases, ARRAY_SIZE(cases), NOW);
	/* whatever was asked before */
	expect(before, ARRAY_SIZE(before), NOW);
}

static void a_time_that_clocks_never_show_is_as_if_they_had_not_moved(
	void **state)
{
	static const struct text_case cases[] = {
		{ "2026-03-29 01:59:59", 1774745999 * S },
		{ "2026-03-29 02:00", 1774746000 * S },
		{ "2026-03-29 02:30", 1774747800 * S },
		{ "2026-03-29 03:00", 1774746000 * S },
	};

	(void)state;
	use_zone(BERLIN);
	expect(cases, ARRAY_SIZE(cases), NOW);
}

static void days_at_a_change_begin_at_their_own_midnight(void **state)
{
	/* 25 October 2026, 12:00 and the day after, 00:30 */
	static const struct text_case sunday[] = {
		{ "today", 1792879200 * S },
		{ "yesterday", 1792792800 * S },
		{ "this-week", 1792360800 * S },
	};
	static const struct text_case monday[] = {
		{ "today", 1792969200 * S },
		{ "yesterday", 1792879200 * S },
		{ "this-week", 1792969200 * S },
	};
	/* Sao Paulo 2018-11-04 had no 00:00: the day began at 01:00 */
	static const struct text_case paulo[] = {
		{ "2018-11-04", 1541300400 * S },
		{ "today", 1541300400 * S },
	};
	/* Lord Howe: clocks move by half an hour */
	static const struct text_case howe[] = {
		{ "2026-04-05 01:45", 1775313900 * S },
		{ "2026-04-05 02:00", 1775316600 * S },
	};

	(void)state;
	use_zone(BERLIN);
	expect(sunday, ARRAY_SIZE(sunday), 1792926000 * S);
	expect(monday, ARRAY_SIZE(monday), 1792971000 * S);
	use_zone(SAO_PAULO);
	expect(paulo, ARRAY_SIZE(paulo), 1541340000 * S);
	use_zone(LORD_HOWE);
	expect(howe, ARRAY_SIZE(howe), NOW);
}

static void the_locale_changes_nothing(void **state)
{
	static const struct text_case cases[] = {
		{ "2026-11-23 21:18:57.250", NOW },
		{ "1h", NOW - 3600 * S },
	};
	static const char *const locales[] = { "fa_IR.UTF-8", "de_DE.UTF-8",
					       "C.UTF-8", "C" };
	char buf[TIME_TEXT_MAX];

	(void)state;
	use_zone(UTC);
	for (size_t i = 0; i < ARRAY_SIZE(locales); i++) {
		if (!setlocale(LC_ALL, locales[i]))
			continue; /* not installed */
		expect(cases, ARRAY_SIZE(cases), NOW);
		assert_string_equal(time_local(NOW, buf, sizeof(buf)),
				    "2026-11-23 21:18:57.250");
	}
	setlocale(LC_ALL, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3339_is_written_in_utc_whatever_the_zone),
		cmocka_unit_test(local_time_follows_the_zone),
		cmocka_unit_test(rfc3339_is_parsed_to_the_nanosecond),
		cmocka_unit_test(what_was_written_is_parsed_to_itself),
		cmocka_unit_test(nonsense_is_refused_and_changes_nothing),
		cmocka_unit_test(what_is_out_of_range_is_refused),
		cmocka_unit_test(spans_count_back_from_now),
		cmocka_unit_test(dates_and_days_are_local),
		cmocka_unit_test(a_week_begins_on_monday_also_seen_from_sunday),
		cmocka_unit_test(
			a_time_that_clocks_show_twice_is_the_first_one),
		cmocka_unit_test(
			a_time_that_clocks_never_show_is_as_if_they_had_not_moved),
		cmocka_unit_test(days_at_a_change_begin_at_their_own_midnight),
		cmocka_unit_test(the_locale_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
