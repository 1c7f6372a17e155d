/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two files of a bundle that only speak of it: there is one form of each,
 * or somebody would read in them what nobody checked. */
#ifndef BRIDGEAUDIT_CLI_BUNDLE_ABOUT_H
#define BRIDGEAUDIT_CLI_BUNDLE_ABOUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/evidence.h"

enum { BUNDLE_VERSION_MAX = 64 };

struct bundle_about {
	const char *version; /* of the program that made it */
	uint8_t log[EVIDENCE_LOG_ID];
	int64_t made_ns, since_ns, until_ns;
	const char *filter; /* its words */
	bool exact;
	int64_t first_link, last_link; /* that have all records of the time */
};

/* bundle.json. 0 or -errno */
int bundle_about_write(const struct bundle_about *about, FILE *out);

/* Whether text is just that. 1, 0 or -ENOMEM */
int bundle_about_is(const struct bundle_about *about, const char *text,
		    size_t len);

/* readme.txt */
extern const char bundle_readme[];

#endif
