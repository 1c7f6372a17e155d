// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeaudit doctor: is everything watched that can be, and what can't be.
 * Facts come from the logger's program, which knows the firewall, and from the
 * database; the decisions are in cli/doctor/.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/daemon_path.h"
#include "cli/doctor/doctor.h"
#include "cli/filter/filter.h"
#include "cli/interrupt.h"
#include "lib/exitcode.h"

/* More than all of the probe's own limits together. */
enum { PROBE_TIMEOUT_MS = 90000 };

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] doctor [-o table|json]\n"
	"\n"
	"Looks at this host, in the network namespace that it is run in: can\n"
	"the kernel log, which Docker is it and in which firewall does it\n"
	"write, which of its rules are watched and which are not, and what no\n"
	"rule can see; with what to do about each. Needs root for most of it.\n"
	"\n"
	"  -o, --output FORMAT  table or json\n"
	"\n"
	"  sudo bridgeaudit doctor\n"
	"  sudo bridgeaudit doctor -o json |\n"
	"    jq '.checks[] | select(.state == \"not_watched\")'\n"
	"\n"
	"Exit status: 0 all that can be watched is watched, 3 something is not,\n"
	"1 can't tell or nothing to watch, 4 database damaged, 5 database not\n"
	"available.\n";

static int probe(struct facts *ret)
{
	char path[PATH_MAX];
	int r;

	if (daemon_find(path, sizeof(path)) == 0)
		return facts_run(path, PROBE_TIMEOUT_MS, ret);
	r = facts_parse("", 0, ret);
	if (r == 0)
		snprintf(ret->error, sizeof(ret->error),
			 "can't find 'bridgeauditd': install it beside this "
			 "program or in PATH");
	return r;
}

static int run(const struct cli *cli, const struct filter *f)
{
	struct doctor d = { 0 };
	struct facts facts = { 0 };
	int code = EXITCODE_NOTHING;
	int r;

	interrupt_kills();
	r = probe(&facts);
	if (r == 0) {
		doctor_probe(&d, &facts);
		doctor_logger(&d, &facts, f->db_path, cli->now_ns);
		doctor_kernel(&d, &facts);
		doctor_docker(&d, &facts);
		doctor_points(&d, &facts);
		doctor_network(&d, &facts);
		doctor_blind(&d, &facts);
	}
	if (r < 0 || d.no_memory) {
		cli_error(cli, "out of memory");
	} else {
		code = doctor_exitcode(&d);
		r = f->format == OUTPUT_JSON
			    ? doctor_print_json(&d, cli->out)
			    : doctor_print(&d, cli->out, f->color);
		/* a reader that went away changes nothing about the host */
		if (r < 0 && r != -EPIPE)
			code = cli_write_failed(cli, r);
	}
	doctor_clear(&d);
	facts_clear(&facts);
	return code;
}

const struct verb verb_doctor = {
	.name = "doctor",
	.help = help_text,
	.options = FILTER_OUTPUT,
	.formats = 1U << OUTPUT_TABLE | 1U << OUTPUT_JSON,
	.run = run,
};
