/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event as an English sentence, for those who don't read packets. */
#ifndef BRIDGEAUDIT_CLI_EVENT_SENTENCE_H
#define BRIDGEAUDIT_CLI_EVENT_SENTENCE_H

#include <stdio.h>

#include "cli/event/row.h"

/*
 * Who tried what on whom, and by which rule it was stopped or let through;
 * escaped, without a newline.
 */
void sentence_write(const struct event_row *row, FILE *out);

/*
 * What would allow it, as " To allow it: ..."; nothing where that is not known
 * or it was not stopped. Returns whether something was written.
 */
bool sentence_write_remedy(const struct event_row *row, FILE *out);

#endif
