// SPDX-License-Identifier: GPL-2.0-or-later
/* Test packets of ours, what became of them, and whether the log saw it. */
#include "cli/report_probe.h"

#include "cli/report_doc.h"
#include "lib/text.h"

int report_add_probes(struct report *r)
{
	json_t *s = report_section(r, "probes", "Probes");

	report_say(r, s,
		   "No test packet was sent in this period: that the rules "
		   "drop is known only from what was logged.");
	return 0;
}
