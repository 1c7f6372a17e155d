// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of networks to ids: a name that is not known is a mistake of the
 * person who asks, not an empty answer, and mostly a misspelling.
 */
#include "cli/selection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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

/* Says that no network has that name, and which one may be meant. */
static int unknown_network(const struct cli *cli, sqlite3 *db, const char *name)
{
	/* one letter of a short name, a third of a longer one */
	unsigned int len = (unsigned int)strnlen(name, NAME_MAX_LEN);
	unsigned int best = (len < 6 ? 1 : len / 3) + 1;
	char near[NAME_MAX_LEN + 1] = "";
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, QUERY_NETWORK_NAMES, &stmt);

	while (r == 0 && (r = query_step(stmt)) == 1) {
		struct value known = query_value(stmt, 0);
		unsigned int far;

		r = 0;
		if (known.kind != VALUE_TEXT)
			continue;
		far = farness(name, known.text);
		if (far >= best)
			continue;
		best = far;
		str_copy(near, sizeof(near), known.text);
	}
	sqlite3_finalize(stmt);
	if (r < 0)
		return r;
	if (*near)
		cli_error(cli, "no network '%s' in the log: did you mean '%s'?",
			  name, near);
	else
		cli_error(cli, "no network '%s' in the log", name);
	return -ENOENT;
}

/* Appends the ids of the networks called name to a list "1,2". */
static int add_ids(sqlite3_stmt *stmt, const char *name, FILE *list)
{
	int n = 0, r;

	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	while ((r = query_step(stmt)) == 1) {
		fprintf(list, "%s%" PRId64, ftello(list) > 1 ? "," : "",
			(int64_t)sqlite3_column_int64(stmt, 0));
		n++;
	}
	sqlite3_reset(stmt);
	if (r < 0)
		return r;
	return n > 0 ? 0 : -ENOENT;
}

static int make_list(const struct cli *cli, sqlite3 *db,
		     const struct filter_names *names, char **ret)
{
	sqlite3_stmt *stmt = NULL;
	size_t size = 0;
	FILE *list;
	int r;

	if (names->n == 0)
		return 0;
	list = open_memstream(ret, &size);
	if (!list)
		return -ENOMEM;
	putc('[', list);
	r = query_prepare(db, QUERY_NETWORK_IDS, &stmt);
	for (size_t i = 0; i < names->n && r == 0; i++) {
		r = add_ids(stmt, names->names[i], list);
		if (r == -ENOENT)
			r = unknown_network(cli, db, names->names[i]);
	}
	sqlite3_finalize(stmt);
	putc(']', list);
	if (fclose(list) == EOF && r == 0)
		r = -ENOMEM;
	return r;
}

int selection_make(const struct cli *cli, const struct filter *f, sqlite3 *db,
		   struct selection *ret)
{
	int r = 0;

	*ret = (struct selection){
		.since_ns = f->since_ns,
		.until_ns = f->until_ns,
		.verdicts = f->verdicts ? f->verdicts : UINT32_MAX,
	};
	for (size_t i = 0; i < SIDE_COUNT && r == 0; i++)
		r = make_list(cli, db, &f->networks[i], &ret->networks[i]);
	return r;
}

void selection_clear(struct selection *sel)
{
	for (size_t i = 0; i < SIDE_COUNT; i++) {
		free(sel->networks[i]);
		sel->networks[i] = NULL;
	}
}
