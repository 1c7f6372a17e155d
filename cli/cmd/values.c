// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeaudit values: the names that a filter can take, one a line, for
 * people and for the completions of shells.
 */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/filter/filter.h"
#include "cli/guess.h"
#include "cli/query/as_of.h"
#include "cli/query/query.h"
#include "lib/exitcode.h"
#include "lib/text.h"

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] values [FIELD]\n"
	"\n"
	"What a filter can be given: all networks, interfaces, chains or rules\n"
	"of the log, one a line. Without FIELD: those that have a list. Control\n"
	"characters of names are shown as \\xNN.\n"
	"\n"
	"  bridgeaudit values network\n"
	"  bridgeaudit values chain\n";

static void list_fields(FILE *out)
{
	for (size_t i = 0; expr_field_at(i); i++)
		if (expr_field_at(i)->names)
			fprintf(out, "%s\n", expr_field_at(i)->name);
}

static int list_names(sqlite3 *db, const char *names, FILE *out, uint64_t *rows)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare_text(db, names, &stmt);

	while (r == 0 && (r = query_step(stmt)) == 1) {
		struct value name = query_value(stmt, 0);
		char safe[2048];

		r = 0;
		if (name.kind != VALUE_TEXT)
			continue;
		fprintf(out, "%s\n", str_escape(safe, sizeof(safe), name.text));
		(*rows)++;
	}
	sqlite3_finalize(stmt);
	return r;
}

static int list(const struct cli *cli, const struct filter *f,
		const struct expr_field *field)
{
	sqlite3 *db = NULL;
	uint64_t rows = 0;
	int code = cli_open(cli, f, &db);
	int r;

	if (code != EXITCODE_OK)
		return code;
	r = as_of_apply(db, f);
	if (r == 0)
		r = list_names(db, field->names, cli->out, &rows);
	if (r < 0)
		code = cli_read_failed(cli, f, r);
	else if (rows == 0)
		code = EXITCODE_NOTHING;
	sqlite3_close(db);
	return code;
}

static int say_no_list(const struct cli *cli, const char *name)
{
	struct guess guess = { .written = name };
	char meant[GUESS_TEXT_MAX];

	for (size_t i = 0; expr_field_at(i); i++)
		if (expr_field_at(i)->names)
			guess_offer(&guess, expr_field_at(i)->name);
	cli_error(cli, "there is no list of '%s'%s", name,
		  guess_text(&guess, meant, sizeof(meant)));
	return EXITCODE_USAGE;
}

static int run(const struct cli *cli, const struct filter *f)
{
	const struct expr_field *field = NULL;
	int code = EXITCODE_OK;

	if (f->n_operands > 2) {
		cli_error(cli, "values takes one field");
		return EXITCODE_USAGE;
	}
	if (f->n_operands == 2) {
		const char *name = f->operands[1];

		field = expr_field_find(name, strlen(name));
		if (!field || !field->names)
			return say_no_list(cli, name);
		code = list(cli, f, field);
	} else {
		list_fields(cli->out);
	}
	if (code > EXITCODE_NOTHING)
		return code;
	errno = EIO;
	if (fflush(cli->out) == EOF || ferror(cli->out))
		return cli_write_failed(cli, -errno);
	return code;
}

const struct verb verb_values = {
	.name = "values",
	.help = help_text,
	.options = FILTER_OPERAND | FILTER_PAGER | FILTER_AS_OF,
	.formats = 1U << OUTPUT_TABLE,
	.run = run,
};
