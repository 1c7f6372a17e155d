/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One change that a plan makes to a ruleset. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_PLAN_EDIT_H
#define BRIDGEAUDIT_LOGGER_RULES_PLAN_EDIT_H

#include "lib/event.h"
#include "logger/rules/ruleset.h"
#include "logger/rules/twin.h"

/* The side chain is that of plan_side.h. */
enum plan_edit_kind {
	PLAN_NEW_CHAIN,	   /* the side chain, which must not be there */
	PLAN_DELETE,	   /* rule, which is ours */
	PLAN_INSERT,	   /* the twin of rule, at position in rule's chain */
	PLAN_JUMP,	   /* into the side chain, likewise */
	PLAN_APPEND,	   /* the twin of rule, to the side chain */
	PLAN_DELETE_CHAIN, /* the side chain, empty by then */
};

struct plan_edit {
	enum plan_edit_kind kind;
	uint32_t table;			 /* of the ruleset */
	const struct ruleset_rule *rule; /* NULL: about the chain itself */
	uint64_t id;			 /* of a twin; 0: it is about none */
	enum verdict verdict;
	enum twin_scope scope; /* of a twin to write */
	uint32_t position;     /* from 1, after the edits before it */
};

#endif
