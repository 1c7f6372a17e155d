// SPDX-License-Identifier: GPL-2.0-or-later
/* The one statement that judges a test packet. */
#include "cli/probe_row.h"

const char probe_row_sql[] =
	"SELECT b.id, b.sent_ns, coalesce(s.name, '?'), coalesce(d.name, '?'),"
	" b.src_ip, b.dst_ip, b.dst_port, b.verdict, b.seen_ns - b.sent_ns,"
	" b.rule, CASE WHEN b.arrived OR b.verdict <> 1 THEN 'passed'"
	" WHEN b.verdict IS NULL THEN 'not logged'"
	" WHEN NOT b.named THEN 'names differ'"
	" WHEN b.logged_ns - b.sent_ns <= 1000000000 THEN 'ok'"
	" ELSE 'late' END, b.logged_ns - b.sent_ns"
	" FROM probe b /*scan*/"
	" LEFT JOIN network s ON s.id = b.src_network"
	" LEFT JOIN network d ON d.id = b.dst_network"
	" WHERE b.id > coalesce(:after, 0) AND b.sent_ns >= :since AND b.sent_ns < :until"
	" ORDER BY b.id";
