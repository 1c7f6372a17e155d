// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The filter against a database: a name that is not known there is a mistake
 * of the person who asks, not an empty answer, and mostly a misspelling.
 */
#include "cli/selection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/as_of.h"
#include "lib/text.h"

enum { NAME_MAX_LEN = 255 };

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

unsigned int name_distance(const char *a, const char *b)
{
	unsigned int rows[3][NAME_MAX_LEN + 1];
	size_t len_a = strnlen(a, NAME_MAX_LEN);
	size_t len_b = strnlen(b, NAME_MAX_LEN);

	for (size_t j = 0; j <= len_b; j++)
		rows[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= len_a; i++) {
		unsigned int *row = rows[i % 3];
		const unsigned int *last = rows[(i - 1) % 3];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= len_b; j++) {
			bool same = lower(a[i - 1]) == lower(b[j - 1]);

			row[j] = least(last[j - 1] + !same,
				       least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 &&
			    lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = least(row[j],
					       rows[(i - 2) % 3][j - 2] + 1);
		}
	}
	return rows[len_a % 3][len_b];
}

/*
 * How far a known name is from what was written: part of it is nearer than
 * any misspelling (docker compose puts the project before each name).
 */
static unsigned int farness(const char *written, const char *known)
{
	if (strlen(written) >= 3 && strstr(known, written))
		return 1;
	return name_distance(written, known);
}

/* One letter of a short name, a third of a longer one; and one more. */
static unsigned int too_far(const char *written)
{
	unsigned int len = (unsigned int)strnlen(written, NAME_MAX_LEN);

	return (len < 6 ? 1 : len / 3) + 1;
}

bool name_is_nearer(const char *written, const char *known, unsigned int *best)
{
	unsigned int far = name_distance(written, known);

	if (far >= (*best ? *best : too_far(written)))
		return false;
	*best = far;
	return true;
}

/* The name of the dictionary that may be meant, "" for none. 0 or -errno */
static int find_near(sqlite3 *db, const char *names, const char *written,
		     char *near, size_t size)
{
	unsigned int best = too_far(written);
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare_text(db, names, &stmt);

	near[0] = '\0';
	while (r == 0 && (r = query_step(stmt)) == 1) {
		struct value known = query_value(stmt, 0);
		unsigned int far;

		r = 0;
		if (known.kind != VALUE_TEXT)
			continue;
		far = farness(written, known.text);
		if (far >= best)
			continue;
		best = far;
		str_copy(near, size, known.text);
	}
	sqlite3_finalize(stmt);
	return r;
}

static int unknown_name(const struct cli *cli, sqlite3 *db,
			const struct expr_node *node)
{
	const char *what = node->field->name, *name = node->value.text;
	char near[NAME_MAX_LEN + 1] = "";
	int r;

	if (node->value.pattern) {
		cli_error(cli, "no %s in the log matches '%s'", what, name);
		return -ENOENT;
	}
	r = find_near(db, node->field->names, name, near, sizeof(near));
	if (r < 0)
		return r;
	if (*near)
		cli_error(cli, "no %s '%s' in the log: did you mean '%s'?",
			  what, name, near);
	else
		cli_error(cli, "no %s '%s' in the log", what, name);
	return -ENOENT;
}

/* Whether the dictionary has what node names. 0, -ENOENT, -errno */
static int check_name(const struct cli *cli, sqlite3 *db,
		      const struct expr_node *node, int at)
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
			r = unknown_name(cli, db, node);
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
			r = check_name(cli, db, &f->expr.nodes[i], i);
	return r;
}

void selection_clear(struct selection *sel)
{
	free(sel->sql);
	sel->sql = NULL;
}
