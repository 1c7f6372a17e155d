// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeaudit status: is the logger there, what was stored, what was lost,
 * which rules are watched. One snapshot of the database, in words or JSON.
 */
#include "cli/status/status.h"
#include "cli/cli.h"
#include "lib/exitcode.h"

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] status [-o table|json]\n"
	"\n"
	"Whether the logger runs, how many packets were stored and lost and why,\n"
	"how much of their time the audited firewall rules were watched, how\n"
	"soon after a change of Docker's, which of them have their NFLOG twin in\n"
	"place, what can't be audited, and the size and span of the database.\n"
	"\n"
	"  -o, --output FORMAT  table or json\n"
	"\n"
	"  bridgeaudit status\n"
	"  bridgeaudit status -o json | jq .packets.lost\n";

static int run(const struct cli *cli, const struct filter *f)
{
	struct status status = { 0 };
	sqlite3 *db = NULL;
	int code = cli_open(cli, f, &db);
	int r;

	if (code != EXITCODE_OK)
		return code;
	r = query_begin(db);
	if (r == 0)
		r = status_read(db, f->db_path, cli->now_ns, &status);
	query_end(db);
	if (r < 0) {
		code = cli_read_failed(cli, f, r);
	} else {
		r = f->format == OUTPUT_JSON
			    ? status_print_json(&status, cli->out)
			    : status_print(&status, cli->out, f->color);
		if (r < 0)
			code = cli_write_failed(cli, r);
	}
	status_clear(&status);
	sqlite3_close(db);
	return code;
}

const struct verb verb_status = {
	.name = "status",
	.help = help_text,
	.options = FILTER_OUTPUT,
	.formats = 1U << OUTPUT_TABLE | 1U << OUTPUT_JSON,
	.run = run,
};
