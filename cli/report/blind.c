// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What no rule can see: by nature, and as doctor finds it on the host whose
 * log this is. On any other host nothing is asked, for it would be another
 * host's answer.
 */
#include <errno.h>
#include <limits.h>

#include "cli/daemon_path.h"
#include "cli/doctor/doctor.h"
#include "cli/report/doc.h"
#include "cli/report/ledger.h"
#include "lib/db.h"
#include "lib/text.h"

enum { FACTS_TIMEOUT_MS = 20000 };

static const char *state_text(enum check_state state)
{
	switch (state) {
	case CHECK_BLIND:
		return "blind";
	case CHECK_OK:
		return "none here";
	case CHECK_NA:
		return "not applicable";
	case CHECK_UNKNOWN:
	case CHECK_UNWATCHED:
	case CHECK_FAILED:
	case CHECK_NOTE:
	case CHECK_STATES:
		break;
	}
	return "not known";
}

static void add_checks(struct report *r, json_t *s, const struct doctor *d)
{
	for (size_t i = 0; i < d->n; i++)
		report_row(r, s,
			   json_pack("{s:s, s:o, s:s}", "state",
				     state_text(d->checks[i].state), "spot",
				     report_text(d->checks[i].text), "remedy",
				     d->checks[i].remedy ? d->checks[i].remedy
							 : ""),
			   REPORT_ROWS_MAX);
}

/*
 * Asks the logger's program about this host: columns without a row say that
 * there is none of them. 0 or -errno
 */
static int add_host(struct report *r, json_t *s)
{
	static const struct report_column columns[] = {
		{ "state", "Is", REPORT_STATE },
		{ "spot", "Blind spot", REPORT_TEXT },
		{ "remedy", "What to do", REPORT_TEXT },
	};
	struct facts facts = { 0 };
	struct doctor d = { 0 };
	char path[PATH_MAX];
	int ret;

	if (daemon_find(path, sizeof(path)) < 0) {
		report_say(r, s,
			   "Which of them this host has could not be "
			   "told: bridgeauditd was not found.");
		return 0;
	}
	ret = facts_run(path, FACTS_TIMEOUT_MS, &facts);
	if (ret == 0) {
		doctor_blind(&d, &facts);
		report_columns(r, s, columns, ARRAY_SIZE(columns));
		add_checks(r, s, &d);
		report_say(
			r, s,
			"Which of them this host has, as it was when this "
			"report was made%s:",
			facts_by_root(&facts)
				? ""
				: "; not made by root, so some can't be told");
	}
	if (d.no_memory)
		ret = -ENOMEM;
	doctor_clear(&d);
	facts_clear(&facts);
	return ret;
}

int report_add_blind(struct report *r)
{
	json_t *s = report_section(r, "blind", "What this log cannot see");

	report_say(
		r, s,
		"Connections through docker-proxy (from the host itself, and "
		"from containers to a published port of the host), traffic "
		"within one bridge that is allowed, containers in host mode, "
		"macvlan, ipvlan and overlay networks, and other Dockers "
		"such as rootless ones: no audited rule decides about them.");
	report_say(r, s,
		   "A port that nobody tried, and a host that nobody "
		   "reached, leave nothing in a log of packets.");
	report_command(r, s, "doctor", "");
	if (r->given)
		return 0;
	if (db_writer_pid(r->f->db_path) > 0)
		return add_host(r, s);
	report_say(r, s,
		   "Which of them the host has was not looked at: its logger "
		   "does not run here. Run bridgeaudit doctor there.");
	return 0;
}
