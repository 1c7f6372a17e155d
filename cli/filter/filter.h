/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the user asked for: the options that the verbs share. */
#ifndef BRIDGEAUDIT_CLI_FILTER_FILTER_H
#define BRIDGEAUDIT_CLI_FILTER_FILTER_H

#include "cli/cli.h"
#include "cli/filter/expr.h"
#include "cli/output/output.h"

enum { FILTER_OPERANDS_MAX = 4, FILTER_WORDS_MAX = 8192 };

/* Options that a verb may take; bits of struct verb.options. */
enum filter_option {
	FILTER_SINCE = 1 << 0,
	FILTER_UNTIL = 1 << 1,
	FILTER_WHERE = 1 << 2, /* every filter for packets */
	FILTER_LAST = 1 << 3,
	FILTER_OUTPUT = 1 << 4,
	FILTER_ALL = 1 << 5,
	FILTER_FIELDS = 1 << 6,
	FILTER_NUMERIC = 1 << 7,
	FILTER_PAGER = 1 << 8,
	FILTER_FOLLOW = 1 << 9,
	FILTER_CURSOR = 1 << 10, /* and --after-cursor, --cursor-file */
	FILTER_UNTIL_MATCH = 1 << 11,
	FILTER_TIMEOUT = 1 << 12,
	FILTER_NEW_ONLY = 1 << 13,
	FILTER_BY = 1 << 14,
	FILTER_SORT = 1 << 15,
	FILTER_STEP = 1 << 16,
	FILTER_AGAINST = 1 << 17, /* and --baseline */
	FILTER_ASCII = 1 << 18,
	FILTER_OPERAND = 1 << 19, /* words after the verb */
	FILTER_FIRST = 1 << 20,
	FILTER_REVERSE = 1 << 21,
	FILTER_AS_OF = 1 << 22,
	FILTER_FRAMEWORK = 1 << 23,
	FILTER_PUBLIC_KEY = 1 << 24,
	FILTER_USER = 1 << 25,
};

struct filter {
	const char *db_path;
	unsigned int given; /* enum filter_option */
	uint64_t since_ns;  /* 0 when not given */
	uint64_t until_ns;  /* exclusive; INT64_MAX when not given */
	struct expr expr;
	char words[FILTER_WORDS_MAX]; /* that made expr, for a shell */
	size_t words_len;
	int64_t last, first; /* -1 when not given */
	enum output_format format;
	const char *fields, *by;   /* "a,b"; NULL: all */
	const char *sort, *output; /* a format, or bundle's file */
	const char *cursor, *after_cursor, *cursor_file;
	uint64_t as_of_ns, step_ns, timeout_ns;
	const char *against; /* a window, or verify's file */
	uint64_t against_since_ns, against_until_ns;
	const char *baseline, *framework, *public_key, *user;
	bool color; /* what is printed for people */
	bool numeric, ascii, pager, help, version;
	const char *operands[FILTER_OPERANDS_MAX];
	size_t n_operands;
};

/*
 * Parses argv into *ret, whose strings point into it; what *ret has after a
 * failure is not for use. Returns 0, or -EINVAL after saying on cli->err what
 * is wrong.
 */
int filter_parse(const struct cli *cli, int argc, char **argv,
		 struct filter *ret);

/* Whether the verb takes what was given; says so if not. */
bool filter_fits(const struct cli *cli, const struct filter *f,
		 const struct verb *verb);

/* Whether --since or --until was given. */
bool filter_has_window(const struct filter *f);

#endif
