// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can be proven of the records, and of who read them. Nothing is claimed
 * here that was not checked.
 */
#include "cli/report_doc.h"
#include "cli/report_ledger.h"

static void add_proof(struct report *r)
{
	json_t *s = report_section(r, "verification", "Verification");

	report_say(
		r, s,
		"Not verified. This report was made from the records as they "
		"stood, and does not prove that nobody changed them since "
		"they were written.");
	report_say(r, s,
		   "What it does prove of itself: each number can be computed "
		   "again from the database by the command beside it.");
}

static void add_access(struct report *r)
{
	json_t *s = report_section(r, "access", "Who read this log");

	report_say(r, s,
		   "Not recorded. Members of the group bridgeaudit and root "
		   "read the database file directly, and no program of ours is "
		   "asked when they do: who queried or exported what is not in "
		   "this log.");
	report_say(
		r, s,
		"The kernel's audit system can record it: "
		"auditctl -w /var/lib/bridgeaudit -p rwa -k bridgeaudit; "
		"then ausearch -k bridgeaudit names user, time and program.");
	report_say(
		r, s,
		"What the logger removed because of age or size is recorded: "
		"see Records.");
}

int report_add_verification(struct report *r)
{
	add_proof(r);
	add_access(r);
	return 0;
}
