/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which packets: a tree of terms that the options and --where both build, and
 * that becomes one condition of SQL. No text of the user's is ever in it.
 */
#ifndef BRIDGEAUDIT_CLI_FILTER_EXPR_H
#define BRIDGEAUDIT_CLI_FILTER_EXPR_H

#include <sqlite3.h>
#include <stdbool.h>

#include "cli/filter/expr_field.h"

enum {
	EXPR_NODES_MAX = 1024, /* of all options and --where together */
	EXPR_TEXT_MAX = 4096,  /* bytes of --where */
	EXPR_DEPTH_MAX = 16,   /* parentheses and nots within each other */
	EXPR_ERROR_MAX = 512,
};

enum expr_kind { EXPR_TERM, EXPR_NOT, EXPR_AND, EXPR_OR };

struct expr_node {
	enum expr_kind kind;
	int left, right; /* nodes; of EXPR_NOT only left */
	const struct expr_field *field;
	enum expr_side side;
	struct expr_value value;
};

/* Holds everything but what the options' own words are: argv outlives it. */
struct expr {
	struct expr_node nodes[EXPR_NODES_MAX];
	int n;
	int root; /* -1: everything matches */
	char words[2 * EXPR_TEXT_MAX];
	size_t words_len;
};

/* What is wrong with a --where, and where. */
struct expr_error {
	char text[EXPR_ERROR_MAX];
	size_t column; /* in bytes, from 0 */
};

void expr_init(struct expr *e);

/*
 * Each adds a node and returns its index; -E2BIG when there are too many,
 * expr_term() also -EINVAL when the field can't have that value. expr_join()
 * returns right when left is -1, and the failure when either is one.
 */
int expr_term(struct expr *e, const struct expr_field *field,
	      enum expr_side side, const char *value);
int expr_not(struct expr *e, int node);
int expr_join(struct expr *e, enum expr_kind kind, int left, int right);

/* Parses --where to a node. Returns its index, or -EINVAL with *ret_error. */
int expr_parse(struct expr *e, const char *text, struct expr_error *ret_error);

/*
 * The condition as SQL over event e, conversation c and path p, "1" when all
 * match; NULL when out of memory, the caller frees it.
 */
char *expr_sql(const struct expr *e);

/*
 * The same without event e: what every conversation of a match fulfils, and
 * perhaps others. NULL when it says nothing of conversations, or out of memory.
 */
char *expr_sql_conversation(const struct expr *e);

/* What it asks for, enum expr_asks. */
unsigned int expr_asks(const struct expr *e);

/* Binds what expr_sql() left open; e outlives the statement's use. */
void expr_bind(const struct expr *e, sqlite3_stmt *stmt);

#endif
