/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Test packets as the log has them, and what each of them proves. */
#ifndef BRIDGEAUDIT_CLI_PROBE_ROW_H
#define BRIDGEAUDIT_CLI_PROBE_ROW_H

/* Columns of probe_row_sql. */
enum probe_column {
	PROBE_COL_ID,
	PROBE_COL_SENT,
	PROBE_COL_FROM,
	PROBE_COL_TO,
	PROBE_COL_SRC_IP,
	PROBE_COL_DST_IP,
	PROBE_COL_PORT,
	PROBE_COL_VERDICT, /* NULL: it was not logged */
	PROBE_COL_LATENCY, /* ns from sending to the kernel's time of the row */
	PROBE_COL_RULE,
	PROBE_COL_RESULT,
	PROBE_COL_LOGGED, /* ns from sending to the commit of the row */
};

/*
 * All with id > :after and sent in [:since, :until). The result is "ok" when
 * it was dropped, and was in the log within a second with both networks'
 * names; else "passed", "not logged", "names differ" or "late".
 */
extern const char probe_row_sql[];

#endif
