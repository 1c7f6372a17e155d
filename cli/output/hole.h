/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of holes among events: their forms, for the formats' tables. */
#ifndef BRIDGEAUDIT_CLI_OUTPUT_HOLE_H
#define BRIDGEAUDIT_CLI_OUTPUT_HOLE_H

#include "cli/output/private.h"
#include "cli/query/hole.h"

/* Each puts the hole into o->mem. 0 or -errno */
int output_hole_jsonl(struct output *o, const struct hole *hole);
int output_hole_line(struct output *o, const struct hole *hole);
int output_hole_ecs(struct output *o, const struct hole *hole);
int output_hole_ocsf(struct output *o, const struct hole *hole);

#endif
