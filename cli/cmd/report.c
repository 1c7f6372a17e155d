// SPDX-License-Identifier: GPL-2.0-or-later
/* bridgeaudit report: all of the log for somebody who has to judge it. */
#include <errno.h>

#include "cli/cli.h"
#include "cli/filter/filter.h"
#include "cli/query/loss.h"
#include "cli/report/pdf.h"
#include "cli/report/report.h"
#include "lib/exitcode.h"

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] report [OPTIONS]\n"
	"\n"
	"One document about a period: a summary in plain words, who tried to\n"
	"reach whom, when, what is new, who used published ports, spoofed\n"
	"sources, the rules and each change of them, what was lost and not\n"
	"watched, probes, what can be proven, and what no rule can see; with\n"
	"the command that gives each number again. The period is taken in\n"
	"whole minutes.\n"
	"\n"
	"  -S, --since TIME, -U, --until TIME   what it is about\n"
	"  --framework NAME     also which controls it speaks to, and what it\n"
	"                       does not show: pci-dss-4.0.1, iso27001-2022,\n"
	"                       soc2, cis-docker-1.6\n"
	"  filters, --where EXPR   as bridgeaudit log has them\n"
	"  -o, --output FORMAT  html (one file that needs nothing else), md,\n"
	"                       json, or pdf with the help of chromium\n"
	"\n"
	"  bridgeaudit report -S this-month > report.html\n"
	"  bridgeaudit report -S 90d --framework pci-dss-4.0.1 -o pdf > q3.pdf\n"
	"  bridgeaudit report -S 7d -o json | jq .figures\n";

static int write_as(const struct cli *cli, const struct filter *f,
		    const json_t *root)
{
	int r;

	if (f->format == OUTPUT_PDF)
		return report_pdf(cli, root);
	r = f->format == OUTPUT_JSON ? report_json(root, cli->out)
	    : f->format == OUTPUT_MD ? report_md(root, cli->out)
				     : report_html(root, cli->out);
	return r < 0 ? cli_write_failed(cli, r) : EXITCODE_OK;
}

/* Nothing logged is an answer too: only what is missing makes it another. */
static int finish(const struct cli *cli, const struct filter *f,
		  const struct report *r)
{
	int code = write_as(cli, f, r->root);

	if (code != EXITCODE_OK)
		return code;
	return loss_finish(cli, &r->loss, 1, "inside this window");
}

static int run(const struct cli *cli, const struct filter *f)
{
	struct report r = { .cli = cli, .f = f };
	int code, failed;

	if (report_framework_take(cli, f->framework, &r.framework) < 0)
		return EXITCODE_USAGE;
	code = cli_open(cli, f, &r.db);
	if (code != EXITCODE_OK)
		return code;
	failed = report_build(&r);
	if (failed == -ENOENT) {
		code = EXITCODE_USAGE;
	} else if (failed == -E2BIG) {
		cli_error(cli, "too much for one report: take a shorter time "
			       "or a filter");
		code = EXITCODE_USAGE;
	} else if (failed < 0) {
		code = cli_read_failed(cli, f, failed);
	} else {
		code = finish(cli, f, &r);
	}
	report_done(&r);
	sqlite3_close(r.db);
	return code;
}

const struct verb verb_report = {
	.name = "report",
	.help = help_text,
	.options = FILTER_SINCE | FILTER_UNTIL | FILTER_WHERE | FILTER_OUTPUT |
		   FILTER_FRAMEWORK | FILTER_PAGER,
	.formats = 1U << OUTPUT_HTML | 1U << OUTPUT_MD | 1U << OUTPUT_JSON |
		   1U << OUTPUT_PDF,
	.on_terminal = OUTPUT_MD,
	.elsewhere = OUTPUT_HTML,
	.reads = true,
	.run = run,
};
