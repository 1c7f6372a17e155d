// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of a window: all of time, or hours, minutes, and two edges. */
#include "cli/query/window.h"

#include "lib/timefmt.h"

/* A half-open interval; both at the end of time when it is empty. */
struct edge {
	int64_t from_ns;
	int64_t to_ns;
};

/* Whole minutes or hours, half-open. */
struct whole {
	uint64_t first;
	uint64_t end;
};

static struct edge make_edge(uint64_t from_ns, uint64_t to_ns)
{
	if (from_ns >= to_ns)
		return (struct edge){ INT64_MAX, INT64_MAX };
	return (struct edge){ (int64_t)from_ns, (int64_t)to_ns };
}

static void bind_whole(sqlite3_stmt *stmt, const char *first, const char *end,
		       const struct whole *w)
{
	query_bind(stmt, first, (int64_t)w->first);
	query_bind(stmt, end, (int64_t)w->end);
}

/* Parts minutes into whole hours and what is beside them. */
static void bind_tiers(sqlite3_stmt *stmt, const struct whole *minutes,
		       bool whole_hours)
{
	struct whole hours = { (minutes->first + 59) / 60, minutes->end / 60 };
	struct whole left = *minutes, right = { 0, 0 };

	if (minutes->end == INT64_MAX)
		hours.end = INT64_MAX;
	if (!whole_hours)
		hours.end = hours.first;
	if (hours.first < hours.end) {
		left.end = hours.first * 60;
		if (minutes->end != INT64_MAX)
			right = (struct whole){ hours.end * 60, minutes->end };
	}
	bind_whole(stmt, ":first_hour", ":end_hour", &hours);
	bind_whole(stmt, ":left_minute", ":left_end_minute", &left);
	bind_whole(stmt, ":right_minute", ":right_end_minute", &right);
}

void query_bind_window(sqlite3_stmt *stmt, const struct selection *sel,
		       bool hours, bool all_time)
{
	uint64_t first = (sel->since_ns + NS_PER_MINUTE - 1) / NS_PER_MINUTE;
	uint64_t end = sel->until_ns / NS_PER_MINUTE;
	bool open = sel->until_ns == INT64_MAX;
	bool all = all_time && open && sel->since_ns == 0;
	struct edge left, right;

	if (!open && first >= end) { /* no whole minute, or one edge less */
		uint64_t middle = first * NS_PER_MINUTE;

		if (middle > sel->until_ns)
			middle = sel->until_ns;
		left = make_edge(sel->since_ns, middle);
		right = make_edge(middle, sel->until_ns);
	} else {
		left = make_edge(sel->since_ns, first * NS_PER_MINUTE);
		right = open ? make_edge(0, 0)
			     : make_edge(end * NS_PER_MINUTE, sel->until_ns);
	}
	/* an open end is a whole minute, the last one there can be */
	if (open)
		end = INT64_MAX;
	query_bind(stmt, ":all_time", all ? 0 : -1);
	query_bind(stmt, ":first_minute", (int64_t)first);
	query_bind(stmt, ":end_minute", (int64_t)end);
	bind_tiers(stmt,
		   all ? &(struct whole){ 0, 0 }
		       : &(struct whole){ first, end },
		   hours);
	query_bind(stmt, ":left_from", left.from_ns);
	query_bind(stmt, ":left_to", left.to_ns);
	query_bind(stmt, ":right_from", right.from_ns);
	query_bind(stmt, ":right_to", right.to_ns);
}
