/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page as PDF, by a browser that is installed. */
#ifndef BRIDGEAUDIT_CLI_REPORT_PDF_H
#define BRIDGEAUDIT_CLI_REPORT_PDF_H

#include <jansson.h>
#include <stdio.h>

#include "cli/cli.h"

/*
 * Has headless Chromium print the report to cli->out, in a directory of its
 * own below $TMPDIR that is removed again. Returns an exit code, after saying
 * why when it is not 0.
 */
int report_pdf(const struct cli *cli, const json_t *root);

#endif
