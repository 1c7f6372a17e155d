/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A window in the parts in which packets are counted. */
#ifndef BRIDGEAUDIT_CLI_QUERY_WINDOW_H
#define BRIDGEAUDIT_CLI_QUERY_WINDOW_H

#include "cli/query/query.h"

/*
 * Binds the selection's window: [:left_from, :left_to) and [:right_from,
 * :right_to) are what it has of the minutes at its ends, ns; :first_minute
 * to :end_minute the whole minutes between, of which :first_hour to :end_hour
 * are whole hours when hours may be taken, and :left_minute to
 * :left_end_minute and :right_minute to :right_end_minute are not; all
 * half-open. :all_time is 0 when the window is all of time and may be taken as
 * one, then there are no others; else -1.
 */
void query_bind_window(sqlite3_stmt *stmt, const struct selection *sel,
		       bool hours, bool all_time);

#endif
