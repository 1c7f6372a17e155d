/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of a report about probes. */
#ifndef BRIDGEAUDIT_CLI_REPORT_PROBE_H
#define BRIDGEAUDIT_CLI_REPORT_PROBE_H

#include "cli/report/report.h"

/* Were the boundaries tested, and did the log see it? 0 or -errno. */
int report_add_probes(struct report *r);

#endif
