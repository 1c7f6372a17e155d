/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that are no filters for packets, and how each is taken. */
#ifndef BRIDGEAUDIT_CLI_FILTER_OPTION_H
#define BRIDGEAUDIT_CLI_FILTER_OPTION_H

#include "cli/filter/filter.h"

struct filter_long {
	const char *name;
	char letter;	  /* 0: none */
	bool value;	  /* whether it needs one */
	unsigned int bit; /* of filter.given; 0: every verb takes it */
	/* 0, or -EINVAL after saying what is wrong; value may be NULL */
	int (*take)(const struct cli *cli, const char *value, struct filter *f);
};

/* The window that --against is for all verbs but verify. 0, or -EINVAL after
 * saying what is wrong. */
int filter_option_window(const struct cli *cli, struct filter *f);

/* The format that --output is for all verbs but bundle; the same. */
int filter_option_format(const struct cli *cli, struct filter *f);

/* The i-th option, NULL behind the last. */
const struct filter_long *filter_option_at(size_t i);

#endif
