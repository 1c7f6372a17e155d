/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of a bundle, made again from its evidence. */
#ifndef BRIDGEAUDIT_CLI_BUNDLE_RECOUNT_H
#define BRIDGEAUDIT_CLI_BUNDLE_RECOUNT_H

#include <jansson.h>

#include "cli/bundle/about.h"
#include "cli/bundle/bundle.h"
#include "cli/filter/filter.h"

enum { RECOUNT_REST_MAX = 256 };

struct bundle_recount {
	const struct cli *cli;
	sqlite3 *db; /* with the rows of the bundle */
	const struct bundle *bundle;
	const struct filter *filter; /* with the bundle's window */
	const struct bundle_about *about;
	char *error; /* BUNDLE_ERROR_MAX */

	/* what came of it */
	bool counted;		     /* and right; else why not is in rest */
	char rest[RECOUNT_REST_MAX]; /* sections, and what of them can't be */
	/* until when what lasted then is counted, by the maker's word */
	uint64_t known_ns;
};

/*
 * Holds data/ against report.json, and that, report.html and report.md against
 * what the evidence gives. 0; -EBADMSG with what does not fit in error; -errno.
 */
int bundle_recount(struct bundle_recount *c);

/* Whether any text is a report's document as far as its writers need it; it
 * may still say anything. */
bool bundle_report_is_sound(const json_t *root);

#endif
