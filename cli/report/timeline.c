// SPDX-License-Identifier: GPL-2.0-or-later
/* When it was: packets per slot of time, with the gaps that touch it. */
#include <errno.h>
#include <stdlib.h>

#include "cli/query/flow.h"
#include "cli/report/doc.h"
#include "cli/report/flow.h"
#include "lib/event.h"
#include "lib/sum.h"
#include "lib/text.h"
#include "lib/timefmt.h"

enum { SLOTS_MAX = 60, SLOTS_HARD_MAX = 4 * SLOTS_MAX };

struct slot {
	int64_t dropped, passed, gaps;
};

struct slots {
	int64_t step_s;
	int64_t first; /* number of the first slot */
	int64_t n;
	struct slot list[SLOTS_HARD_MAX];
};

/*
 * The least step with which the window has no more than SLOTS_MAX slots. From
 * ten hours on these are whole ones: the log has sums of hours, and those of
 * minutes are thirty times as many to read.
 */
static int64_t choose_step(int64_t seconds)
{
	static const int64_t steps[] = {
		60,	   5 * 60,     10 * 60,	   3600,       2 * 3600,
		3 * 3600,  6 * 3600,   12 * 3600,  86400,      2 * 86400,
		7 * 86400, 14 * 86400, 30 * 86400, 91 * 86400, 365 * 86400LL,
	};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (seconds / steps[i] <= SLOTS_MAX)
			return steps[i];
	return steps[ARRAY_SIZE(steps) - 1];
}

static struct slot *slot_at(struct slots *s, int64_t number)
{
	if (number < s->first)
		number = s->first;
	if (number >= s->first + s->n)
		number = s->first + s->n - 1;
	return &s->list[number - s->first];
}

/* The slots from the first packet's to the last one's that there can be. */
static void make_slots(const struct report *r, struct slots *s)
{
	int64_t since_s = (int64_t)(r->sel.since_ns / NS_PER_S);
	int64_t until_s = (int64_t)(r->sel.until_ns / NS_PER_S);

	s->step_s = choose_step(until_s - since_s);
	s->first = since_s / s->step_s;
	s->n = (until_s - 1) / s->step_s - s->first + 1;
	if (s->n > SLOTS_HARD_MAX)
		s->n = SLOTS_HARD_MAX;
}

static int read_packets(const struct report *r, struct slots *s)
{
	const struct cli silent = { 0 };
	struct group group = { .n = 0 };
	struct flow_question q = {
		.group = &group,
		.order = FLOW_BY_TIME,
		.limit = -1,
		.step_s = s->step_s,
		.packets = true,
	};
	sqlite3_stmt *stmt = NULL;
	int ret = group_parse(&silent, "verdict", &group);

	if (ret == 0)
		ret = query_flow(r->db, &r->sel, &q, &stmt);
	while (ret == 0 && (ret = query_step(stmt)) == 1) {
		int64_t packets = sqlite3_column_int64(stmt, 1 + FLOW_PACKETS);
		struct slot *slot =
			slot_at(s, sqlite3_column_int64(stmt, 1 + FLOW_SLOT));

		if (sqlite3_column_int(stmt, 0) == VERDICT_DROP)
			sum_add(&slot->dropped, packets);
		else
			sum_add(&slot->passed, packets);
		ret = 0;
	}
	sqlite3_finalize(stmt);
	return ret;
}

static int read_gaps(const struct report *r, struct slots *s)
{
	static const char sql[] = "SELECT from_ns, to_ns FROM gap /*scan*/"
				  " WHERE to_ns >= :since AND from_ns < :until";
	sqlite3_stmt *stmt = NULL;
	int ret = query_prepare_text(r->db, sql, &stmt);

	if (ret == 0)
		query_bind_selection(stmt, &r->sel);
	while (ret == 0 && (ret = query_step(stmt)) == 1) {
		int64_t step_ns = s->step_s * (int64_t)NS_PER_S;
		const struct slot *last =
			slot_at(s, sqlite3_column_int64(stmt, 1) / step_ns);
		struct slot *slot =
			slot_at(s, sqlite3_column_int64(stmt, 0) / step_ns);

		for (; slot <= last; slot++)
			slot->gaps++;
		ret = 0;
	}
	sqlite3_finalize(stmt);
	return ret;
}

/* "3h", "1d" */
static void step_text(int64_t step_s, char *buf, size_t size)
{
	if (step_s % 86400 == 0)
		snprintf(buf, size, "%lldd", (long long)(step_s / 86400));
	else if (step_s % 3600 == 0)
		snprintf(buf, size, "%lldh", (long long)(step_s / 3600));
	else
		snprintf(buf, size, "%lldm", (long long)(step_s / 60));
}

int report_add_timeline(struct report *r)
{
	static const struct report_column columns[] = {
		{ "time", "From", REPORT_TIME },
		{ "dropped", "Dropped", REPORT_NUMBER },
		{ "let_through", "Let through", REPORT_NUMBER },
		{ "gaps", "Gaps", REPORT_NUMBER },
	};
	struct slots *s = calloc(1, sizeof(*s));
	char step[24], command[64];
	json_t *section;
	int ret;

	if (!s)
		return -ENOMEM;
	make_slots(r, s);
	ret = read_packets(r, s);
	if (ret == 0)
		ret = read_gaps(r, s);
	step_text(s->step_s, step, sizeof(step));
	section = report_section(r, "timeline", "When it was");
	report_say(r, section,
		   "Packets per %s, UTC. Gaps are stretches of time in which "
		   "packets were lost, or may have been: the bars there are "
		   "too short.",
		   step);
	report_columns(r, section, columns, ARRAY_SIZE(columns));
	for (int64_t i = 0; i < s->n; i++)
		report_row(r, section,
			   json_pack("{s:o, s:I, s:I, s:I}", "time",
				     report_time((s->first + i) * s->step_s *
						 (int64_t)NS_PER_S),
				     "dropped", (json_int_t)s->list[i].dropped,
				     "let_through",
				     (json_int_t)s->list[i].passed, "gaps",
				     (json_int_t)s->list[i].gaps),
			   SLOTS_HARD_MAX);
	snprintf(command, sizeof(command),
		 "timeline --utc --step %s --by verdict", step);
	report_command(r, section, command, r->window);
	report_about(r, section);
	free(s);
	return ret;
}
