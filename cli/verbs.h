/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bridgeaudit can do, each in cmd/NAME.c. */
#ifndef BRIDGEAUDIT_CLI_VERBS_H
#define BRIDGEAUDIT_CLI_VERBS_H

#include "cli/cli.h"

extern const struct verb verb_matrix;
extern const struct verb verb_log;
extern const struct verb verb_follow;
extern const struct verb verb_top;
extern const struct verb verb_timeline;
extern const struct verb verb_show;
extern const struct verb verb_diff;
extern const struct verb verb_values;
extern const struct verb verb_status;
extern const struct verb verb_rules;
extern const struct verb verb_doctor;
extern const struct verb verb_report;
extern const struct verb verb_bundle;
extern const struct verb verb_probe;
extern const struct verb verb_verify;
extern const struct verb verb_key;
extern const struct verb verb_reads;

#endif
