/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a report about the log itself. Each returns 0 or -errno. */
#ifndef BRIDGEAUDIT_CLI_REPORT_LEDGER_H
#define BRIDGEAUDIT_CLI_REPORT_LEDGER_H

#include "cli/report/report.h"

/* How much was watched and lost, why, and when the logger ran. */
int report_add_ledger(struct report *r);

/* Rules as they stood, and each change of them. */
int report_add_rules(struct report *r);

/* Who wrote another's address into packets. */
int report_add_spoofed(struct report *r);

/* What can be proven of the records. */
int report_add_verification(struct report *r);

/* By whom they were read. */
int report_add_access(struct report *r);

/* What no rule can see, by nature and on this host. */
int report_add_blind(struct report *r);

#endif
