/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the user asked for: the options that the verbs share. */
#ifndef BRIDGEAUDIT_CLI_FILTER_H
#define BRIDGEAUDIT_CLI_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/cli.h"
#include "cli/output.h"

enum { FILTER_NAMES_MAX = 256, FILTER_OPERANDS_MAX = 4 };

/* Options that a verb may take; bits of struct verb.options. */
enum filter_option {
	FILTER_SINCE = 1,
	FILTER_UNTIL = 2,
	FILTER_NETWORK = 4, /* and --from-network, --to-network */
	FILTER_VERDICT = 8,
	FILTER_LAST = 16,
	FILTER_OUTPUT = 32,
	FILTER_ALL = 64,
};

enum filter_side { SIDE_FROM, SIDE_TO, SIDE_EITHER, SIDE_COUNT };

/* Names as the user wrote them; one of them must match. */
struct filter_names {
	const char *names[FILTER_NAMES_MAX];
	size_t n;
};

struct filter {
	const char *db_path;
	unsigned int given; /* enum filter_option */
	uint64_t since_ns;  /* 0 when not given */
	uint64_t until_ns;  /* exclusive; INT64_MAX when not given */
	struct filter_names networks[SIDE_COUNT];
	unsigned int verdicts; /* 1U << enum verdict; 0: any */
	int64_t last;	       /* -1 when not given */
	enum output_format format;
	bool help;
	bool version;
	const char *operands[FILTER_OPERANDS_MAX];
	size_t n_operands;
};

/*
 * Parses argv; strings in *ret point into it. Returns 0, or -EINVAL after
 * saying on cli->err what is wrong.
 */
int filter_parse(const struct cli *cli, int argc, char **argv,
		 struct filter *ret);

/* Whether the verb takes what was given; says so if not. */
bool filter_fits(const struct cli *cli, const struct filter *f,
		 const struct verb *verb);

/* Whether --since or --until was given. */
bool filter_has_window(const struct filter *f);

#endif
