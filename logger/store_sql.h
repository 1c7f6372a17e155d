/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The writer's statements by name. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_SQL_H
#define BRIDGEAUDIT_LOGGER_STORE_SQL_H

enum stmt {
	STMT_BEGIN,
	STMT_COMMIT,
	STMT_ROLLBACK,
	STMT_EVENT,
	STMT_BATCH,
	STMT_TALLY,
	STMT_INTERFACE,
	STMT_CONVERSATION,
	STMT_NETWORK,
	STMT_NETWORK_GONE,
	STMT_NAME_SRC,
	STMT_NAME_DST,
	STMT_RULE,
	STMT_RULE_BRIDGE,
	STMT_TWIN,
	STMT_FINDING_OPEN,
	STMT_FINDING_CLOSE,
	STMT_GAP,
	STMT_COUNT,
};

/* Parameters are bound by position, in the order in which they first occur. */
extern const char *const store_sql[STMT_COUNT];

#endif
