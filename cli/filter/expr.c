// SPDX-License-Identifier: GPL-2.0-or-later
/* The tree of terms: building it, and from there to SQL with parameters. */
#include "cli/filter/expr.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void expr_init(struct expr *e)
{
	e->n = 0;
	e->root = -1;
	e->words_len = 0;
}

static int add(struct expr *e, const struct expr_node *node)
{
	if (e->n == EXPR_NODES_MAX)
		return -E2BIG;
	e->nodes[e->n] = *node;
	return e->n++;
}

int expr_term(struct expr *e, const struct expr_field *field,
	      enum expr_side side, const char *value)
{
	struct expr_node node = { .kind = EXPR_TERM,
				  .field = field,
				  .side = side };
	int r = expr_value_parse(field, value, &node.value);

	return r < 0 ? r : add(e, &node);
}

int expr_not(struct expr *e, int node)
{
	return add(e, &(struct expr_node){ .kind = EXPR_NOT, .left = node });
}

int expr_join(struct expr *e, enum expr_kind kind, int left, int right)
{
	if (left == -1 || right < 0)
		return right;
	if (left < 0)
		return left;
	return add(e, &(struct expr_node){
			      .kind = kind, .left = left, .right = right });
}

/* sql with each "@" as the comparison with the node's value. */
static void put_sql(const struct expr_node *node, int at, const char *sql,
		    FILE *out)
{
	char compare[64];

	expr_value_sql(node->field, &node->value, at, compare, sizeof(compare));
	for (; *sql; sql++) {
		if (*sql == '@')
			fputs(compare, out);
		else
			putc(*sql, out);
	}
}

/* What there is to ask. What asks for more may be so. */
enum scope {
	SCOPE_ALL,
	SCOPE_CONVERSATION, /* and its path */
	SCOPE_EVENT,	    /* nothing but its own columns */
};

/* How the tree is written. */
struct writer {
	const struct expr *e;
	enum scope scope;
	bool negated; /* by an odd number of nots */
	FILE *out;
};

/* Whether the term can't be asked in the scope. */
static bool is_open(const struct expr_node *node, enum scope scope,
		    bool negated)
{
	switch (scope) {
	case SCOPE_CONVERSATION:
		return node->field->asks[node->side] & ASKS_EVENT;
	case SCOPE_EVENT: /* what the conversation is may be why not */
		return negated || !node->field->event[node->side];
	case SCOPE_ALL:
		break;
	}
	return false;
}

/* What is unknown does not match, and so does match its opposite. */
static void put_term(const struct writer *w, const struct expr_node *node,
		     int at)
{
	const struct expr_field *field = node->field;
	const char *const *sql =
		w->scope == SCOPE_EVENT ? field->event : field->sql;
	FILE *out = w->out;

	if (is_open(node, w->scope, w->negated)) {
		putc(w->negated ? '0' : '1', out);
		return;
	}
	fputs("((", out);
	if (sql[node->side]) {
		put_sql(node, at, sql[node->side], out);
	} else {
		fputs("((", out);
		put_sql(node, at, sql[SIDE_FROM], out);
		fputs(") IS TRUE) OR ((", out);
		put_sql(node, at, sql[SIDE_TO], out);
		fputs(") IS TRUE)", out);
	}
	fputs(") IS TRUE)", out);
}

/*
 * A chain of the same operator is written flat: SQLite's parser, up to 3.45,
 * takes about a hundred levels of everything together.
 */
static void put_node(struct writer *w, int at, enum expr_kind around)
{
	const struct expr_node *node = &w->e->nodes[at];
	bool flat = node->kind == around;

	switch (node->kind) {
	case EXPR_TERM:
		put_term(w, node, at);
		break;
	case EXPR_NOT:
		fputs("NOT ", w->out);
		w->negated = !w->negated;
		put_node(w, node->left, EXPR_NOT);
		w->negated = !w->negated;
		break;
	case EXPR_AND:
	case EXPR_OR:
		fputs(flat ? "" : "(", w->out);
		put_node(w, node->left, node->kind);
		fputs(node->kind == EXPR_AND ? " AND " : " OR ", w->out);
		put_node(w, node->right, node->kind);
		fputs(flat ? "" : ")", w->out);
		break;
	}
}

/* Whether anything may be meant, for all that is known in the scope. */
static bool says_nothing(const struct expr *e, int at, enum scope scope,
			 bool negated)
{
	const struct expr_node *node = &e->nodes[at];
	bool left, right;

	if (node->kind == EXPR_TERM)
		return is_open(node, scope, negated);
	if (node->kind == EXPR_NOT)
		return says_nothing(e, node->left, scope, !negated);
	left = says_nothing(e, node->left, scope, negated);
	right = says_nothing(e, node->right, scope, negated);
	/* not (a and b) is not a or not b */
	return (node->kind == EXPR_AND) != negated ? left && right
						   : left || right;
}

static void put_tree(const struct expr *e, enum scope scope, FILE *out)
{
	struct writer w = { .e = e, .scope = scope, .out = out };

	put_node(&w, e->root, EXPR_TERM);
}

static char *write_sql(const struct expr *e, enum scope scope)
{
	char *sql = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&sql, &size);

	if (!out)
		return NULL;
	/* asked first, it saves most events the search for the rest */
	if (scope == SCOPE_ALL && e->root >= 0 &&
	    !says_nothing(e, e->root, SCOPE_EVENT, false)) {
		put_tree(e, SCOPE_EVENT, out);
		fputs(" AND ", out);
	}
	if (e->root < 0)
		putc('1', out);
	else
		put_tree(e, scope, out);
	if (fclose(out) == EOF) {
		free(sql);
		return NULL;
	}
	return sql;
}

char *expr_sql(const struct expr *e)
{
	return write_sql(e, SCOPE_ALL);
}

char *expr_sql_conversation(const struct expr *e)
{
	if (e->root < 0 || says_nothing(e, e->root, SCOPE_CONVERSATION, false))
		return NULL;
	return write_sql(e, SCOPE_CONVERSATION);
}

unsigned int expr_asks(const struct expr *e)
{
	unsigned int asks = 0;

	for (int i = 0; e->root >= 0 && i < e->n; i++)
		if (e->nodes[i].kind == EXPR_TERM)
			asks |= e->nodes[i].field->asks[e->nodes[i].side];
	return asks;
}

static void bind_number(sqlite3_stmt *stmt, int at, int64_t value)
{
	if (at > 0)
		sqlite3_bind_int64(stmt, at, value);
}

static void bind_bytes(sqlite3_stmt *stmt, int at, const uint8_t *bytes)
{
	if (at > 0)
		sqlite3_bind_blob(stmt, at, bytes, 16, SQLITE_STATIC);
}

void expr_bind(const struct expr *e, sqlite3_stmt *stmt)
{
	for (int i = 0; i < e->n; i++) {
		const struct expr_node *node = &e->nodes[i];
		const struct expr_value *v = &node->value;
		char name[16];
		int low, high;

		if (node->kind != EXPR_TERM)
			continue;
		snprintf(name, sizeof(name), ":w%d", i);
		low = sqlite3_bind_parameter_index(stmt, name);
		snprintf(name, sizeof(name), ":w%db", i);
		high = sqlite3_bind_parameter_index(stmt, name);
		if (node->field->type == EXPR_NAME && low > 0) {
			sqlite3_bind_text(stmt, low, v->text, -1,
					  SQLITE_STATIC);
		} else if (v->family == 6) {
			bind_bytes(stmt, low, v->low6);
			bind_bytes(stmt, high, v->high6);
		} else {
			bind_number(stmt, low, v->low);
			bind_number(stmt, high, v->high);
		}
	}
}
