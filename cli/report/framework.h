/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which control of which framework a part of the report speaks to. */
#ifndef BRIDGEAUDIT_CLI_REPORT_FRAMEWORK_H
#define BRIDGEAUDIT_CLI_REPORT_FRAMEWORK_H

#include <stddef.h>

struct cli;

struct report_control {
	const char *id;	     /* as the framework numbers it */
	const char *subject; /* what it asks for, in our words */
	const char *section; /* id of the section that speaks to it */
	const char *shows;
	const char *not_shown;
};

struct report_framework {
	const char *name; /* of --framework */
	const char *title;
	const struct report_control *controls;
	size_t n;
};

/* The i-th one, NULL behind the last. */
const struct report_framework *report_framework_at(size_t i);

/* That of an option; NULL for none. 0, or -EINVAL after saying which there
 * are. */
int report_framework_take(const struct cli *cli, const char *name,
			  const struct report_framework **ret);

#endif
