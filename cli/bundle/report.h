/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was found out about a bundle, in words or JSON. */
#ifndef BRIDGEAUDIT_CLI_BUNDLE_REPORT_H
#define BRIDGEAUDIT_CLI_BUNDLE_REPORT_H

#include "cli/bundle/about.h"
#include "cli/bundle/prove.h"
#include "cli/bundle/recount.h"
#include "cli/bundle/seal.h"
#include "cli/filter/filter.h"
#include "cli/verify/keys.h"

struct checked {
	const struct cli *cli;
	const char *path;
	struct verify_keys *trusted; /* NULL: nobody was named */
	struct bundle bundle;
	struct bundle_seal seal;
	struct bundle_proof proof;
	struct bundle_recount recount;
	struct filter filter; /* the bundle's, and its time */
	char version[BUNDLE_VERSION_MAX];
	struct bundle_about about; /* as its file says, and no more */
	char error[BUNDLE_ERROR_MAX];
};

/* Says it on cli->out; returns the exit code. */
int bundle_report(const struct checked *c, const struct filter *f, bool proven);

#endif
