// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decides: did the probe work; does a logger run, and what did it find. The
 * database tells of the logger that writes to it, the kernel of the one that
 * listens to our rules; they need not be the same.
 */
#include <errno.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "cli/query/query.h"
#include "cli/status/status.h"
#include "lib/db.h"
#include "lib/exitcode.h"
#include "lib/timefmt.h"

static const char start_logger[] =
	"systemctl start bridgeauditd, or run 'sudo bridgeauditd'";

void doctor_probe(struct doctor *d, const struct facts *facts)
{
	struct check check = {
		.section = SECTION_LOGGER,
		.name = "probe",
		.state = CHECK_UNKNOWN,
	};

	if (*facts->error)
		doctor_add(d, check, "the probe of bridgeauditd failed: %s",
			   facts->error);
	else if (!facts->ended)
		doctor_add(d, check, "the probe of bridgeauditd ended early");
	check.remedy = "install bridgeaudit and bridgeauditd of one version";
	if (facts->bad > 0)
		doctor_add(d, check, "%zu %s of the probe %s not understood",
			   facts->bad, facts->bad == 1 ? "line" : "lines",
			   facts->bad == 1 ? "is" : "are");
	if (*facts->error || !facts->ended || facts_by_root(facts))
		return;
	check.name = "root";
	check.remedy = "run it with sudo";
	doctor_add(d, check,
		   "only root can read the firewall and test the "
		   "kernel: what needs that is not told here");
}

/* Without a writer on this database: is it another one's, or nobody's? */
static void no_writer(struct doctor *d, const struct facts *facts,
		      const char *what)
{
	const json_t *listener = facts_find(facts, "listener", NULL, NULL);
	struct check check = {
		.section = SECTION_LOGGER,
		.name = "logger",
		.state = facts_no_rules(facts) ? CHECK_NOTE : CHECK_FAILED,
		.remedy = start_logger,
	};

	if (fact_number(listener, "pid") == 0) {
		doctor_add(d, check, "not running: %s", what);
		return;
	}
	check.state = CHECK_UNKNOWN;
	check.remedy = "name its database with --db";
	doctor_add(d, check,
		   "none writes to this database (%s), yet pid %lld listens to "
		   "NFLOG group %lld",
		   what, (long long)fact_number(listener, "pid"),
		   (long long)fact_number(listener, "group"));
}

static void tell_logger(struct doctor *d, const struct facts *facts,
			const struct status *s)
{
	struct check check = {
		.section = SECTION_LOGGER,
		.name = "logger",
		.state = CHECK_OK,
	};
	char time[TIME_TEXT_MAX];

	if (s->writer_pid > 0) {
		doctor_add(d, check, "running, pid %d, since %s, version %s",
			   s->writer_pid,
			   time_local(s->start_ns, time, sizeof(time)),
			   s->version);
	} else if (s->writer_pid < 0) {
		check.state = CHECK_UNKNOWN;
		doctor_add(d, check, "can't tell whether one runs: %s",
			   strerror(-s->writer_pid));
	} else if (!s->has_session) {
		no_writer(d, facts, "none ever wrote here");
	} else if (s->stop_ns > 0) {
		no_writer(d, facts, "it was stopped");
	} else {
		no_writer(d, facts, "it was killed");
	}
}

static void tell_findings(struct doctor *d, const struct status *s)
{
	const struct check check = {
		.section = SECTION_LOGGER,
		.name = "finding",
		.state = CHECK_NOTE,
	};
	const json_t *finding;
	size_t i;

	/* of a logger that does not run, they are of the past */
	if (s->writer_pid <= 0)
		return;
	json_array_foreach(s->findings, i, finding)
	{
		doctor_add(d, check, "it found: %s: %s",
			   fact_string(finding, "subject"),
			   fact_string(finding, "detail"));
	}
}

static void no_database(struct doctor *d, const struct facts *facts,
			const char *path, int r, const char *error)
{
	const struct check check = {
		.section = SECTION_LOGGER,
		.name = "database",
		.state = r == -EUCLEAN ? CHECK_FAILED : CHECK_UNKNOWN,
	};
	int pid = db_writer_pid(path);

	if (r == -ENOENT && pid == 0) {
		no_writer(d, facts, error);
		return;
	}
	d->db_code = r == -EUCLEAN ? EXITCODE_INTEGRITY : EXITCODE_STORE;
	doctor_add(d, check, "%s", error);
}

void doctor_logger(struct doctor *d, const struct facts *facts,
		   const char *db_path, uint64_t now_ns)
{
	char error[DB_ERROR_MAX] = "";
	struct status status = { 0 };
	sqlite3 *db = NULL;
	int r = db_open_reader(db_path, &db, error);

	if (r == 0) {
		r = query_begin(db);
		if (r == 0)
			r = status_read(db, db_path, now_ns, &status);
		query_end(db);
		snprintf(error, sizeof(error), "can't read the database: %s",
			 strerror(-r));
	}
	if (r < 0) {
		no_database(d, facts, db_path, r, error);
	} else {
		tell_logger(d, facts, &status);
		tell_findings(d, &status);
	}
	status_clear(&status);
	sqlite3_close(db);
}
