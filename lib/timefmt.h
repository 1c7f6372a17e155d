/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times as people and programs write them. No clock is read here. */
#ifndef BRIDGEAUDIT_LIB_TIMEFMT_H
#define BRIDGEAUDIT_LIB_TIMEFMT_H

#include <stddef.h>
#include <stdint.h>

enum { TIME_TEXT_MAX = 40 };

#define NS_PER_S 1000000000ULL
#define NS_PER_MINUTE (60 * NS_PER_S)
#define NS_PER_HOUR (60 * NS_PER_MINUTE)
#define NS_PER_DAY (24 * NS_PER_HOUR)

/* RFC 3339 in UTC with nanoseconds, "2026-11-23T21:18:57.000000001Z". */
const char *time_rfc3339(uint64_t time_ns, char *buf, size_t size);

/* Local time with milliseconds for a terminal, "2026-11-23 21:18:57.123". */
const char *time_local(uint64_t time_ns, char *buf, size_t size);

/*
 * Parses RFC 3339 ("2026-11-23T21:18:57.123456789+01:00", any number of
 * fraction digits, those beyond ns are cut). Returns 0 or -EINVAL, -ERANGE
 * before 1970 and after 2261.
 */
int time_parse_rfc3339(const char *text, uint64_t *ret_ns);

/*
 * Parses what --since and --until take: RFC 3339; "YYYY-MM-DD[ HH:MM[:SS]]"
 * or "HH:MM[:SS]" of today, in local time, also as "yesterday 22:00"; "now",
 * "recent" (ten minutes ago);
 * 00:00 of "today", "yesterday", "week-ago", "this-week" (Monday),
 * "this-month", "this-year"; a span before now: "3s", "1h43m", "-2h", or
 * after it, "+5m"; units s m h d w. Never depends on the locale. now_ns is the
 * time it is. Returns 0 or -EINVAL, -ERANGE.
 */
int time_parse(const char *text, uint64_t now_ns, uint64_t *ret_ns);

#endif
