/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What conversations have in common to their packets, each read once. */
#ifndef BRIDGEAUDIT_CLI_EVENT_NAMES_H
#define BRIDGEAUDIT_CLI_EVENT_NAMES_H

#include "cli/event/row.h"

/* NULL without memory. */
struct event_names *event_names_new(sqlite3 *db);
/* What was read is not asked again until then: at the end of a transaction. */
void event_names_forget(struct event_names *names);
void event_names_free(struct event_names *names); /* may be NULL */

/*
 * The conversation's row, in which all is set but what its packets differ in;
 * the caller sets that. It lives until the next one is found. 0 or -errno
 */
int event_names_find(struct event_names *names, int64_t conversation,
		     struct event_row **ret);

/* Whether the row's packet was logged for a rule that was gone, by its time. 1,
 * 0 or -errno */
int event_names_overlogged(struct event_names *names,
			   const struct event_row *row);

#endif
