/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers with a row per group, and with --step per slot of time as well. */
#ifndef BRIDGEAUDIT_CLI_CMD_COUNTED_H
#define BRIDGEAUDIT_CLI_CMD_COUNTED_H

#include "cli/query/flow.h"

/*
 * Puts the question, shows its rows, says what was lost, and returns the exit
 * code. With q->step_s each row begins with its slot's start. member is the
 * name of the array in json.
 */
int counted_run(const struct cli *cli, const struct filter *f,
		const struct flow_question *q, const char *member);

#endif
