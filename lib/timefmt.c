// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Times as text: RFC 3339 for programs, local time and spans for people. Reads
 * the time zone of the process, never a clock and never the locale.
 */
#include "lib/timefmt.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/text.h"

enum { YEAR_MIN = 1970, YEAR_MAX = 2261, DAY_S = 86400 };

/* A date and time of day as written, in a zone that is not known here. */
struct civil {
	int year, month, day, hour, minute, second;
	uint64_t fraction_ns;
};

/* The lowest digits of n, n_digits of them; returns what is behind them. */
static char *put_number(char *to, int n_digits, uint64_t n)
{
	for (int i = n_digits; i-- > 0; n /= 10)
		to[i] = (char)('0' + n % 10);
	return to + n_digits;
}

/* "2026-11-26 02:28:46" with that separator: snprintf() takes ten times as
 * long, and a table has thousands. */
static char *put_date(char *to, const struct tm *tm, char separator)
{
	to = put_number(to, 4, (uint64_t)tm->tm_year + 1900);
	*to++ = '-';
	to = put_number(to, 2, (uint64_t)tm->tm_mon + 1);
	*to++ = '-';
	to = put_number(to, 2, (uint64_t)tm->tm_mday);
	*to++ = separator;
	to = put_number(to, 2, (uint64_t)tm->tm_hour);
	*to++ = ':';
	to = put_number(to, 2, (uint64_t)tm->tm_min);
	*to++ = ':';
	return put_number(to, 2, (uint64_t)tm->tm_sec);
}

const char *time_rfc3339(uint64_t time_ns, char *buf, size_t size)
{
	time_t s = (time_t)(time_ns / NS_PER_S);
	char text[TIME_TEXT_MAX], *to;
	struct tm tm = { 0 };

	gmtime_r(&s, &tm);
	to = put_date(text, &tm, 'T');
	*to++ = '.';
	to = put_number(to, 9, time_ns % NS_PER_S);
	*to++ = 'Z';
	*to = '\0';
	str_copy(buf, size, text);
	return buf;
}

const char *time_local(uint64_t time_ns, char *buf, size_t size)
{
	time_t s = (time_t)(time_ns / NS_PER_S);
	char text[TIME_TEXT_MAX], *to;
	struct tm tm = { 0 };

	localtime_r(&s, &tm);
	to = put_date(text, &tm, ' ');
	*to++ = '.';
	to = put_number(to, 3, time_ns % NS_PER_S / 1000000);
	*to = '\0';
	str_copy(buf, size, text);
	return buf;
}

/* isdigit() asks the locale. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool take(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

/* Exactly n digits. */
static bool take_number(const char **p, int n, int *ret)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (!is_digit(**p))
			return false;
		value = value * 10 + (*(*p)++ - '0');
	}
	*ret = value;
	return true;
}

static bool take_fraction(const char **p, uint64_t *ret_ns)
{
	uint64_t unit = NS_PER_S / 10;
	uint64_t ns = 0;

	if (!is_digit(**p))
		return false;
	for (; is_digit(**p); (*p)++) {
		ns += (uint64_t)(**p - '0') * unit;
		unit /= 10;
	}
	*ret_ns = ns;
	return true;
}

static int days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool take_date(const char **p, struct civil *c)
{
	return take_number(p, 4, &c->year) && take(p, '-') &&
	       take_number(p, 2, &c->month) && take(p, '-') &&
	       take_number(p, 2, &c->day) && c->month >= 1 && c->month <= 12 &&
	       c->day >= 1 && c->day <= days_of_month(c->year, c->month);
}

/* HH:MM[:SS[.fraction]]; *ret_seconds: whether the seconds were there. */
static bool take_clock(const char **p, struct civil *c, bool *ret_seconds)
{
	if (!take_number(p, 2, &c->hour) || !take(p, ':') ||
	    !take_number(p, 2, &c->minute) || c->hour > 23 || c->minute > 59)
		return false;
	*ret_seconds = take(p, ':');
	if (!*ret_seconds)
		return true;
	/* 60 is a leap second: the kernel's clock shows the next one then */
	if (!take_number(p, 2, &c->second) || c->second > 60)
		return false;
	return !take(p, '.') || take_fraction(p, &c->fraction_ns);
}

/* Z or +HH:MM, east of Greenwich is positive. */
static bool take_zone(const char **p, int *ret_s)
{
	int sign = **p == '-' ? -1 : 1;
	int hour, minute;

	if (take(p, 'Z') || take(p, 'z')) {
		*ret_s = 0;
		return true;
	}
	if (!take(p, '+') && !take(p, '-'))
		return false;
	if (!take_number(p, 2, &hour) || !take(p, ':') ||
	    !take_number(p, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*ret_s = sign * (hour * 3600 + minute * 60);
	return true;
}

/* Seconds since the epoch if c were UTC, without its seconds. */
static time_t civil_minutes(const struct civil *c)
{
	struct tm tm = { .tm_year = c->year - 1900,
			 .tm_mon = c->month - 1,
			 .tm_mday = c->day,
			 .tm_hour = c->hour,
			 .tm_min = c->minute };

	return timegm(&tm);
}

static int finish(const struct civil *c, time_t minutes, uint64_t *ret_ns)
{
	time_t s = minutes + c->second;

	if (c->year < YEAR_MIN || c->year > YEAR_MAX || s < 0)
		return -ERANGE;
	*ret_ns = (uint64_t)s * NS_PER_S + c->fraction_ns;
	return 0;
}

int time_parse_rfc3339(const char *text, uint64_t *ret_ns)
{
	struct civil c = { 0 };
	bool seconds = false;
	int zone_s = 0;

	if (!take_date(&text, &c) || (!take(&text, 'T') && !take(&text, 't')) ||
	    !take_clock(&text, &c, &seconds) || !seconds ||
	    !take_zone(&text, &zone_s) || *text)
		return -EINVAL;
	return finish(&c, civil_minutes(&c) - zone_s, ret_ns);
}

static long offset_at(time_t s)
{
	struct tm tm = { 0 };

	localtime_r(&s, &tm);
	return tm.tm_gmtoff;
}

static bool shows(time_t s, const struct civil *c)
{
	struct tm tm = { 0 };

	localtime_r(&s, &tm);
	return tm.tm_mday == c->day && tm.tm_hour == c->hour &&
	       tm.tm_min == c->minute;
}

/*
 * The moment at which local clocks show c. When they show it twice (clocks go
 * back), the first one; when never (clocks go forward), as if they had not
 * moved yet. mktime() would answer the former by what it was asked before.
 */
static time_t local_minutes(const struct civil *c)
{
	time_t utc = civil_minutes(c);
	time_t before = utc - offset_at(utc - DAY_S);
	time_t after = utc - offset_at(utc + DAY_S);

	if (shows(before, c) && shows(after, c))
		return before < after ? before : after;
	return shows(after, c) ? after : before;
}

/* YYYY-MM-DD[ HH:MM[:SS[.fraction]]], T as well for the space. */
static int parse_local(const char *text, uint64_t *ret_ns)
{
	struct civil c = { 0 };
	bool seconds = false;

	if (!take_date(&text, &c))
		return -EINVAL;
	if ((take(&text, ' ') || take(&text, 'T')) &&
	    !take_clock(&text, &c, &seconds))
		return -EINVAL;
	if (*text)
		return -EINVAL;
	if (c.year < YEAR_MIN || c.year > YEAR_MAX)
		return -ERANGE;
	return finish(&c, local_minutes(&c), ret_ns);
}

/* That time of day, local, so many days before the day of now. */
static int on_day(uint64_t now_ns, int days, struct civil c, uint64_t *ret_ns)
{
	time_t now = (time_t)(now_ns / NS_PER_S);
	struct civil today = { 0 };
	struct tm tm = { 0 };
	time_t day;

	localtime_r(&now, &tm);
	today.year = tm.tm_year + 1900;
	today.month = tm.tm_mon + 1;
	today.day = tm.tm_mday;
	day = civil_minutes(&today) - (time_t)days * DAY_S;
	gmtime_r(&day, &tm);
	c.year = tm.tm_year + 1900;
	c.month = tm.tm_mon + 1;
	c.day = tm.tm_mday;
	return finish(&c, local_minutes(&c), ret_ns);
}

static uint64_t unit_ns(char unit)
{
	switch (unit) {
	case 's':
		return NS_PER_S;
	case 'm':
		return NS_PER_MINUTE;
	case 'h':
		return 60 * NS_PER_MINUTE;
	case 'd':
		return DAY_S * NS_PER_S;
	case 'w':
		return 7ULL * DAY_S * NS_PER_S;
	default:
		return 0;
	}
}

/* "1h43m", "-2h": so long before now; "+5m": after it. */
static int parse_span(const char *text, uint64_t now_ns, uint64_t *ret_ns)
{
	bool after = take(&text, '+');
	uint64_t span = 0;
	bool over = false;

	if (!after)
		take(&text, '-');
	do {
		uint64_t n = 0, unit;

		if (!is_digit(*text))
			return -EINVAL;
		for (; is_digit(*text); text++)
			over |= __builtin_mul_overflow(n, 10U, &n) ||
				__builtin_add_overflow(
					n, (uint64_t)(*text - '0'), &n);
		unit = unit_ns(*text++);
		if (unit == 0)
			return -EINVAL;
		over |= __builtin_mul_overflow(n, unit, &n) ||
			__builtin_add_overflow(span, n, &span);
	} while (*text);
	if (over || span > (after ? INT64_MAX - now_ns : now_ns))
		return -ERANGE;
	*ret_ns = after ? now_ns + span : now_ns - span;
	return 0;
}

/* 00:00 local, so many days before now, of the words that mean a day. */
static bool days_of_word(const char *text, uint64_t now_ns, int *ret)
{
	time_t now = (time_t)(now_ns / NS_PER_S);
	struct tm tm = { 0 };

	localtime_r(&now, &tm);
	if (strcmp(text, "today") == 0)
		*ret = 0;
	else if (strcmp(text, "yesterday") == 0)
		*ret = 1;
	else if (strcmp(text, "week-ago") == 0)
		*ret = 7;
	else if (strcmp(text, "this-week") == 0) /* Monday */
		*ret = (tm.tm_wday + 6) % 7;
	else if (strcmp(text, "this-month") == 0)
		*ret = tm.tm_mday - 1;
	else if (strcmp(text, "this-year") == 0)
		*ret = tm.tm_yday;
	else
		return false;
	return true;
}

/* HH:MM[:SS] of today or of the day before it: "yesterday 22:00". */
static int parse_clock(const char *text, uint64_t now_ns, uint64_t *ret_ns)
{
	static const char *const words[] = { "today ", "yesterday " };
	struct civil c = { 0 };
	bool seconds = false;
	int days = 0;

	for (int i = 0; i < 2; i++) {
		size_t len = strlen(words[i]);

		if (strncmp(text, words[i], len) == 0) {
			text += len;
			days = i;
			break;
		}
	}
	if (!take_clock(&text, &c, &seconds) || *text)
		return -EINVAL;
	return on_day(now_ns, days, c, ret_ns);
}

int time_parse(const char *text, uint64_t now_ns, uint64_t *ret_ns)
{
	int days, r;

	if (strcmp(text, "now") == 0) {
		*ret_ns = now_ns;
		return 0;
	}
	if (strcmp(text, "recent") == 0)
		return parse_span("10m", now_ns, ret_ns);
	if (days_of_word(text, now_ns, &days))
		return on_day(now_ns, days, (struct civil){ 0 }, ret_ns);
	r = time_parse_rfc3339(text, ret_ns);
	if (r == -EINVAL)
		r = parse_local(text, ret_ns);
	if (r == -EINVAL)
		r = parse_clock(text, now_ns, ret_ns);
	if (r == -EINVAL)
		r = parse_span(text, now_ns, ret_ns);
	return r;
}
