// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of options and what each of them does to struct filter. */
#include "cli/filter/option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/guess.h"
#include "lib/text.h"
#include "lib/timefmt.h"

static int parse_time(const struct cli *cli, const char *option,
		      const char *text, uint64_t *ret_ns)
{
	int r = time_parse(text, cli->now_ns, ret_ns);

	if (r == -ERANGE)
		cli_error(cli, "%s '%s' is out of range (1970 to 2261)", option,
			  text);
	else if (r < 0)
		cli_error(cli,
			  "can't understand %s '%s': write 3h, 1h43m, today, "
			  "'yesterday 22:00', '2026-01-31 13:45' or RFC 3339",
			  option, text);
	return r < 0 ? -EINVAL : 0;
}

/* A span alone is what time_parse() takes for so long before now. */
static int parse_span(const struct cli *cli, const char *option,
		      const char *text, uint64_t *ret_ns)
{
	uint64_t then_ns = 0;

	if (*text < '0' || *text > '9' ||
	    time_parse(text, cli->now_ns, &then_ns) < 0 || strchr(text, '-') ||
	    then_ns >= cli->now_ns) {
		cli_error(cli, "%s takes a span such as 30s or 1h30m, not '%s'",
			  option, text);
		return -EINVAL;
	}
	*ret_ns = cli->now_ns - then_ns;
	return 0;
}

static int take_db(const struct cli *cli, const char *value, struct filter *f)
{
	(void)cli;
	f->db_path = value;
	return 0;
}

static int take_since(const struct cli *cli, const char *value,
		      struct filter *f)
{
	return parse_time(cli, "--since", value, &f->since_ns);
}

static int take_until(const struct cli *cli, const char *value,
		      struct filter *f)
{
	return parse_time(cli, "--until", value, &f->until_ns);
}

/* C..D, either of which may be left out. */
int filter_option_window(const struct cli *cli, struct filter *f)
{
	const char *value = f->against;
	const char *dots = strstr(value, "..");
	char from[64];
	int r = 0;

	if (!dots || (size_t)(dots - value) >= sizeof(from)) {
		cli_error(cli,
			  "--against takes FROM..TO, such as 14d..7d, not "
			  "'%s'",
			  value);
		return -EINVAL;
	}
	memcpy(from, value, (size_t)(dots - value));
	from[dots - value] = '\0';
	f->against_since_ns = 0;
	f->against_until_ns = INT64_MAX;
	if (*from)
		r = parse_time(cli, "--against", from, &f->against_since_ns);
	if (r == 0 && dots[2])
		r = parse_time(cli, "--against", dots + 2,
			       &f->against_until_ns);
	if (r == 0 && f->against_since_ns >= f->against_until_ns) {
		cli_error(cli, "--against ends before it begins");
		r = -EINVAL;
	}
	return r;
}

static int parse_number(const struct cli *cli, const char *option,
			const char *value, int64_t *ret)
{
	int64_t n = 0;
	const char *p = value;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *p - '0', &n))
			break;
	if (*p || p == value) {
		cli_error(cli, "%s takes a number, not '%s'", option, value);
		return -EINVAL;
	}
	*ret = n;
	return 0;
}

static int take_last(const struct cli *cli, const char *value, struct filter *f)
{
	return parse_number(cli, "--last", value, &f->last);
}

static int take_first(const struct cli *cli, const char *value,
		      struct filter *f)
{
	return parse_number(cli, "--first", value, &f->first);
}

static int take_as_of(const struct cli *cli, const char *value,
		      struct filter *f)
{
	return parse_time(cli, "--as-of", value, &f->as_of_ns);
}

int filter_option_format(const struct cli *cli, struct filter *f)
{
	struct guess guess = { .written = f->output };
	char list[256], meant[GUESS_TEXT_MAX];
	int format = output_format_parse(f->output);

	if (format < 0) {
		for (int i = 0; i < OUTPUT_FORMATS; i++)
			guess_offer(&guess,
				    output_format_name((enum output_format)i));
		cli_error(cli, "--output is one of %s, not '%s'%s",
			  output_format_list(UINT32_MAX, list, sizeof(list)),
			  f->output, guess_text(&guess, meant, sizeof(meant)));
		return -EINVAL;
	}
	f->format = (enum output_format)format;
	return 0;
}

static int take_color(const struct cli *cli, const char *value,
		      struct filter *f)
{
	struct guess guess = { .written = value };
	char meant[GUESS_TEXT_MAX];

	if (strcmp(value, "always") == 0) {
		f->color = true;
	} else if (strcmp(value, "never") == 0) {
		f->color = false;
	} else if (strcmp(value, "auto") == 0) {
		f->color = cli->color;
	} else {
		guess_offer(&guess, "auto");
		guess_offer(&guess, "always");
		guess_offer(&guess, "never");
		cli_error(cli, "--color is auto, always or never, not '%s'%s",
			  value, guess_text(&guess, meant, sizeof(meant)));
		return -EINVAL;
	}
	return 0;
}

/* Both what is printed and what is read: one zone is enough for a person. */
static int take_utc(const struct cli *cli, const char *value, struct filter *f)
{
	(void)cli;
	(void)value;
	(void)f;
	setenv("TZ", "UTC0", 1);
	tzset();
	return 0;
}

static int take_timeout(const struct cli *cli, const char *value,
			struct filter *f)
{
	return parse_span(cli, "--timeout", value, &f->timeout_ns);
}

static int take_step(const struct cli *cli, const char *value, struct filter *f)
{
	int r = parse_span(cli, "--step", value, &f->step_ns);

	if (r == 0 && f->step_ns % NS_PER_S) {
		cli_error(cli, "--step takes whole seconds, not '%s'", value);
		r = -EINVAL;
	}
	return r;
}

/* Options that only set one member. */
#define TAKE_TEXT(member)                                                      \
	static int take_##member(const struct cli *cli, const char *value,     \
				 struct filter *f)                             \
	{                                                                      \
		(void)cli;                                                     \
		f->member = value;                                             \
		return 0;                                                      \
	}
#define TAKE_FLAG(member, state)                                               \
	static int take_##member##_##state(                                    \
		const struct cli *cli, const char *value, struct filter *f)    \
	{                                                                      \
		(void)cli;                                                     \
		(void)value;                                                   \
		f->member = state;                                             \
		return 0;                                                      \
	}

TAKE_TEXT(fields)
TAKE_TEXT(by)
TAKE_TEXT(sort)
TAKE_TEXT(cursor)
TAKE_TEXT(after_cursor)
TAKE_TEXT(cursor_file)
TAKE_TEXT(baseline)
TAKE_TEXT(framework)
TAKE_TEXT(against)
TAKE_TEXT(output)
TAKE_TEXT(public_key)
TAKE_TEXT(user)
TAKE_FLAG(numeric, true)
TAKE_FLAG(ascii, true)
TAKE_FLAG(pager, true)
TAKE_FLAG(pager, false)
TAKE_FLAG(help, true)
TAKE_FLAG(version, true)

/* What filter.given says is all there is to know. */
static int take_nothing(const struct cli *cli, const char *value,
			struct filter *f)
{
	(void)cli;
	(void)value;
	(void)f;
	return 0;
}

static const struct filter_long options[] = {
	{ "after-cursor", 0, true, FILTER_CURSOR, take_after_cursor },
	{ "against", 0, true, FILTER_AGAINST, take_against },
	{ "all", 0, false, FILTER_ALL, take_nothing },
	{ "as-of", 0, true, FILTER_AS_OF, take_as_of },
	{ "ascii", 0, false, FILTER_ASCII, take_ascii_true },
	{ "baseline", 0, true, FILTER_AGAINST, take_baseline },
	{ "by", 0, true, FILTER_BY, take_by },
	{ "color", 0, true, 0, take_color },
	{ "cursor", 0, true, FILTER_CURSOR, take_cursor },
	{ "cursor-file", 0, true, FILTER_CURSOR, take_cursor_file },
	{ "db", 0, true, 0, take_db },
	{ "exit-on-match", 0, false, FILTER_UNTIL_MATCH, take_nothing },
	{ "fields", 0, true, FILTER_FIELDS, take_fields },
	{ "first", 0, true, FILTER_FIRST, take_first },
	{ "follow", 'f', false, FILTER_FOLLOW, take_nothing },
	{ "framework", 0, true, FILTER_FRAMEWORK, take_framework },
	{ "help", 'h', false, 0, take_help_true },
	{ "last", 'n', true, FILTER_LAST, take_last },
	{ "lines", 0, true, FILTER_LAST, take_last },
	{ "new-only", 0, false, FILTER_NEW_ONLY, take_nothing },
	{ "no-pager", 0, false, 0, take_pager_false },
	{ "numeric", 0, false, FILTER_NUMERIC, take_numeric_true },
	{ "output", 'o', true, FILTER_OUTPUT, take_output },
	{ "pager", 0, false, FILTER_PAGER, take_pager_true },
	{ "public-key", 0, true, FILTER_PUBLIC_KEY, take_public_key },
	{ "reverse", 'r', false, FILTER_REVERSE, take_nothing },
	{ "since", 'S', true, FILTER_SINCE, take_since },
	{ "sort", 's', true, FILTER_SORT, take_sort },
	{ "step", 0, true, FILTER_STEP, take_step },
	{ "timeout", 0, true, FILTER_TIMEOUT, take_timeout },
	{ "until", 'U', true, FILTER_UNTIL, take_until },
	{ "user", 0, true, FILTER_USER, take_user },
	{ "utc", 0, false, 0, take_utc },
	{ "version", 'V', false, 0, take_version_true },
};

const struct filter_long *filter_option_at(size_t i)
{
	return i < ARRAY_SIZE(options) ? &options[i] : NULL;
}
