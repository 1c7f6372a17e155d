// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The filter against a database: a name that is not known there is a mistake
 * of the person who asks, not an empty answer, and mostly a misspelling.
 */
#include "cli/filter/selection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/guess.h"
#include "cli/query/as_of.h"

/* Offers all names of the dictionary. 0 or -errno */
static int offer_names(sqlite3 *db, const char *names, struct guess *guess)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare_text(db, names, &stmt);

	while (r == 0 && (r = query_step(stmt)) == 1) {
		struct value known = query_value(stmt, 0);

		r = 0;
		if (known.kind == VALUE_TEXT)
			guess_offer(guess, known.text);
	}
	sqlite3_finalize(stmt);
	return r;
}

static int unknown_name(const struct cli *cli, const struct filter *f,
			sqlite3 *db, const struct expr_node *node)
{
	const char *what = node->field->name, *name = node->value.text;
	struct guess guess = { .written = name };
	char meant[GUESS_TEXT_MAX];
	int r;

	if (node->value.pattern) {
		cli_error(cli, "no %s in the log matches '%s'%s", what, name,
			  f->given & FILTER_AS_OF ? " as of that time" : "");
		return -ENOENT;
	}
	r = offer_names(db, node->field->names, &guess);
	if (r < 0)
		return r;
	guess_text(&guess, meant, sizeof(meant));
	cli_error(cli, "no %s '%s' in the log%s%s", what, name,
		  f->given & FILTER_AS_OF ? " as of that time" : "",
		  !*meant && strchr(name, ',') ? GUESS_EACH : meant);
	return -ENOENT;
}

/* Whether the dictionary has what node names. 0, -ENOENT, -errno */
static int check_name(const struct cli *cli, const struct filter *f,
		      sqlite3 *db, const struct expr_node *node, int at)
{
	sqlite3_stmt *stmt = NULL;
	char compare[64], *sql;
	struct query_part part = { "@", compare };
	int r;

	expr_value_sql(node->field, &node->value, at, compare, sizeof(compare));
	sql = query_fill(node->field->known, &part, 1);
	r = sql ? query_prepare_text(db, sql, &stmt) : -ENOMEM;
	free(sql);
	if (r == 0) {
		sqlite3_bind_text(stmt, 1, node->value.text, -1, SQLITE_STATIC);
		r = query_step(stmt);
		if (r == 0)
			r = unknown_name(cli, f, db, node);
	}
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

int selection_of(const struct filter *f, struct selection *ret)
{
	*ret = (struct selection){
		.since_ns = f->since_ns,
		.until_ns = f->until_ns,
		.expr = &f->expr,
		.sql = expr_sql(&f->expr),
		.asks = expr_asks(&f->expr),
		.alone = f->expr.root < 0,
	};
	return ret->sql ? 0 : -ENOMEM;
}

int selection_make(const struct cli *cli, const struct filter *f, sqlite3 *db,
		   struct selection *ret)
{
	int r = selection_of(f, ret);

	if (r == 0)
		r = as_of_apply(db, f);
	for (int i = 0; i < f->expr.n && r == 0; i++)
		if (f->expr.nodes[i].kind == EXPR_TERM &&
		    f->expr.nodes[i].field->known)
			r = check_name(cli, f, db, &f->expr.nodes[i], i);
	return r;
}

void selection_clear(struct selection *sel)
{
	free(sel->sql);
	sel->sql = NULL;
}
