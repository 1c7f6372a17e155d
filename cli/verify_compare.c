// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables of sums against what was counted from the events. Where events
 * were removed, or are from before the chain, sums can't be told; of all time
 * the sums of the batches are left then.
 */
#include <string.h>

#include "cli/verify_sums.h"
#include "lib/timefmt.h"

#define NS_PER_HOUR (60 * NS_PER_MINUTE)

enum { SPAN_ALL, SPAN_HOUR, SPAN_MINUTE, SPAN_TALKER, SPANS };

static const enum sums_kind row_kinds[SPANS] = { SUMS_ALL, SUMS_HOUR,
						 SUMS_MINUTE, SUMS_TALKER };
static const enum sums_kind path_kinds[SPANS] = { SUMS_ALL_PATH, SUMS_HOUR_PATH,
						  SUMS_MINUTE_PATH,
						  SUMS_TALKER_PATH };
static const char *const span_words[SPANS] = { "tally of all time",
					       "tally of an hour",
					       "tally of a minute", "talker" };

/* Rows of one path in one hour, minute or all time. */
struct group {
	int span;
	uint64_t start, path;
	struct verify_slot sum;
	bool others; /* some are counted together */
	bool wrong;  /* some are not as they were counted */
	bool any;
};

struct compare {
	struct verify *v;
	uint64_t whole_ns; /* what is later is in events that are there */
	struct group group;
};

static bool is_exact(const struct compare *c, int span, uint64_t start)
{
	const struct verify_sums *s = c->v->sums;
	uint64_t unit = span == SPAN_MINUTE ? NS_PER_MINUTE : NS_PER_HOUR;

	if (span == SPAN_ALL)
		return c->whole_ns == 0 && s->n_loose == 0;
	if (c->whole_ns && start <= c->whole_ns / unit)
		return false;
	for (size_t i = 0; i < s->n_loose; i++)
		if (s->loose[i].from_ns / unit <= start &&
		    start <= s->loose[i].to_ns / unit)
			return false;
	return true;
}

static uint64_t time_of(int span, uint64_t start)
{
	return span == SPAN_ALL ? 0
				: start * (span == SPAN_MINUTE ? NS_PER_MINUTE
							       : NS_PER_HOUR);
}

static void wrong_sums(struct compare *c, int span, uint64_t start)
{
	verify_found(c->v, FAULT_SUMS, INT64_MAX, time_of(span, start),
		     "%s: the sums are not those of the events",
		     span_words[span]);
}

static bool same_counts(const struct verify_slot *a,
			const struct verify_slot *b, int n)
{
	return memcmp(a->value, b->value, (size_t)n * sizeof(a->value[0])) == 0;
}

/* A talker has packets and bytes only. */
static int n_counts(int span)
{
	return span == SPAN_TALKER ? SUMS_BYTES + 1 : SUMS_BEGUN + 1;
}

static void end_group(struct compare *c)
{
	const struct group *g = &c->group;
	const uint64_t key[3] = { (uint64_t)path_kinds[g->span] | g->start << 8,
				  g->path, 0 };
	struct verify_slot *is;

	if (!g->any || !is_exact(c, g->span, g->start))
		return;
	is = verify_map_find(&c->v->sums->map, key);
	if (is)
		is->key[0] |= 128; /* met */
	if (!is || (g->wrong && !g->others) ||
	    !same_counts(is, &g->sum, n_counts(g->span)))
		wrong_sums(c, g->span, g->start);
}

static void take_row(struct compare *c, int span, sqlite3_stmt *s,
		     uint64_t what, bool others)
{
	uint64_t start = (uint64_t)sqlite3_column_int64(s, 1);
	uint64_t path = (uint64_t)sqlite3_column_int64(s, 2);
	const uint64_t key[3] = { (uint64_t)row_kinds[span] | start << 8, path,
				  what };
	int n = span == SPAN_TALKER ? SUMS_BYTES + 1 : VERIFY_VALUES;
	struct verify_slot row = { 0 };
	const struct verify_slot *is = verify_map_find(&c->v->sums->map, key);
	struct group *g = &c->group;

	if (!g->any || g->span != span || g->start != start ||
	    g->path != path) {
		end_group(c);
		*g = (struct group){
			.span = span, .start = start, .path = path, .any = true
		};
	}
	for (int i = 0; i < n; i++)
		row.value[i] = (uint64_t)sqlite3_column_int64(s, 4 + i);
	for (int i = 0; i <= SUMS_BEGUN; i++)
		g->sum.value[i] += row.value[i];
	if (is && same_counts(is, &row, n))
		return;
	g->wrong = true;
	if (others)
		g->others = true;
	else if (is_exact(c, span, start) &&
		 (!is || is->value[SUMS_PACKETS] < row.value[SUMS_PACKETS]))
		wrong_sums(c, span, start);
}

/* Hours and minutes until the year 10135; keys have no room for more. */
static bool in_range(sqlite3_stmt *s)
{
	return (uint64_t)sqlite3_column_int64(s, 1) <= UINT32_MAX;
}

static int compare_tally(struct compare *c)
{
	sqlite3_stmt *s = NULL;
	int r = verify_prepare(c->v->db,
			       "SELECT span, start, path, service, packets,"
			       " bytes, begun, first_ns, last_ns FROM tally"
			       " ORDER BY span, start, path, service",
			       &s);

	while (r == 0 && (r = verify_step(s)) == 1) {
		int64_t span = sqlite3_column_int64(s, 0);
		int64_t service = sqlite3_column_int64(s, 3);

		r = 0;
		if (span < SPAN_ALL || span > SPAN_MINUTE || !in_range(s))
			wrong_sums(c, SPAN_ALL, 0);
		else
			take_row(c, (int)span, s, (uint64_t)service,
				 service == -258);
	}
	end_group(c);
	c->group.any = false;
	sqlite3_finalize(s);
	return r;
}

/* As verify_sums_address() has it of the same in a conversation. */
static uint64_t source_of(const struct compare *c, sqlite3_stmt *s, int column)
{
	uint8_t addr[16] = { 0 }, family = verify_address(s, column, addr);

	return verify_sums_address(c->v->sums, family, addr);
}

static int compare_talker(struct compare *c)
{
	sqlite3_stmt *s = NULL;
	int r = verify_prepare(c->v->db,
			       "SELECT 0, hour, path, src_ip, packets, bytes"
			       " FROM talker ORDER BY hour, path",
			       &s);

	while (r == 0 && (r = verify_step(s)) == 1) {
		bool none = sqlite3_column_type(s, 3) == SQLITE_TEXT &&
			    sqlite3_column_bytes(s, 3) == 0;
		uint8_t addr[16] = { 0 };

		if (!in_range(s))
			wrong_sums(c, SPAN_TALKER, 0);
		take_row(c, SPAN_TALKER, s,
			 none ? verify_sums_address(c->v->sums, 0, addr)
			      : source_of(c, s, 3),
			 none);
		r = 0;
	}
	end_group(c);
	c->group.any = false;
	sqlite3_finalize(s);
	return r;
}

static bool is_span(sqlite3_stmt *s)
{
	int64_t span = sqlite3_column_int64(s, 0);

	return span == SPAN_HOUR || span == SPAN_MINUTE;
}

static int compare_seen(struct compare *c)
{
	sqlite3_stmt *s = NULL;
	int r = verify_prepare(c->v->db,
			       "SELECT s.span, s.start, s.conversation,"
			       " c.minute FROM seen s LEFT JOIN conversation c"
			       " ON c.id = s.conversation",
			       &s);

	while (r == 0 && (r = verify_step(s)) == 1) {
		bool hour = sqlite3_column_int64(s, 0) == SPAN_HOUR;
		uint64_t start = (uint64_t)sqlite3_column_int64(s, 1);
		uint64_t begun = (uint64_t)sqlite3_column_int64(s, 3);
		const uint64_t key[3] = {
			(hour ? SUMS_SEEN_HOUR : SUMS_SEEN_MINUTE) | start << 8,
			(uint64_t)sqlite3_column_int64(s, 2), 0
		};
		struct verify_slot *is = verify_map_find(&c->v->sums->map, key);

		r = 0;
		if (is)
			is->key[0] |= 128;
		/* a late packet may have been of the minute of its begin */
		if (!in_range(s) || !is_span(s))
			wrong_sums(c, SPAN_HOUR, 0);
		if (!is && start != (hour ? begun / 60 : begun) &&
		    is_exact(c, hour ? SPAN_HOUR : SPAN_MINUTE, start))
			verify_found(
				c->v, FAULT_SUMS, INT64_MAX,
				time_of(hour ? SPAN_HOUR : SPAN_MINUTE, start),
				"seen: conversation %lld was not then",
				(long long)key[1]);
	}
	sqlite3_finalize(s);
	return r;
}

/* What was counted and is in no table. */
static void find_missing(struct compare *c)
{
	const struct verify_map *m = &c->v->sums->map;

	for (size_t i = 0; i < m->room; i++) {
		uint64_t kind = m->slots[i].key[0] & 255;
		uint64_t start = m->slots[i].key[0] >> 8;

		for (int span = 0; span < SPANS; span++)
			if (kind == (uint64_t)path_kinds[span] &&
			    is_exact(c, span, start))
				wrong_sums(c, span, start);
		if ((kind == SUMS_SEEN_MINUTE &&
		     is_exact(c, SPAN_MINUTE, start)) ||
		    (kind == SUMS_SEEN_HOUR && is_exact(c, SPAN_HOUR, start)))
			verify_found(c->v, FAULT_SUMS, INT64_MAX,
				     time_of(kind == SUMS_SEEN_HOUR
						     ? SPAN_HOUR
						     : SPAN_MINUTE,
					     start),
				     "seen: conversation %lld is missing",
				     (long long)m->slots[i].key[1]);
	}
}

static int compare_last_hour(struct compare *c)
{
	sqlite3_stmt *s = NULL;
	int r = verify_prepare(c->v->db,
			       "SELECT id, last_hour FROM conversation"
			       " WHERE id >= ?1",
			       &s);

	if (r == 0)
		sqlite3_bind_int64(s, 1, c->v->proof.first_conversation);
	while (r == 0 && (r = verify_step(s)) == 1) {
		const uint64_t key[3] = { SUMS_CONVERSATION,
					  (uint64_t)sqlite3_column_int64(s, 0),
					  0 };
		const struct verify_slot *is =
			verify_map_find(&c->v->sums->map, key);
		int64_t hour = sqlite3_column_int64(s, 1);
		int64_t counted = is ? verify_sums_last_hour(is) : 0;
		int64_t last = hour > counted ? hour : counted;

		r = 0;
		if (hour != counted &&
		    (hour < 0 || is_exact(c, SPAN_HOUR, (uint64_t)last)))
			verify_found(c->v, FAULT_SUMS, INT64_MAX,
				     time_of(SPAN_HOUR, (uint64_t)last),
				     "conversation %lld: last_hour is not "
				     "that of its events",
				     (long long)key[1]);
	}
	sqlite3_finalize(s);
	return r;
}

/* Until when something was removed, or was there before the chain. */
static int find_whole(struct compare *c)
{
	sqlite3_stmt *s = NULL;
	int r = verify_prepare(c->v->db,
			       "SELECT max(iif(pruned_ns IS NOT NULL OR"
			       " first_event < ?1, max_ns, 0)),"
			       " sum(packets) IS (SELECT sum(packets)"
			       " FROM tally WHERE span = 0) AND sum(bytes) IS"
			       " (SELECT sum(bytes) FROM tally WHERE span = 0)"
			       " FROM batch",
			       &s);

	if (r < 0)
		return r;
	sqlite3_bind_int64(s, 1, c->v->proof.first_event);
	r = verify_step(s);
	if (r == 1) {
		c->whole_ns = (uint64_t)sqlite3_column_int64(s, 0);
		if (!sqlite3_column_int(s, 1))
			verify_found(c->v, FAULT_SUMS, INT64_MAX, 0,
				     "the sums of all time are not those of "
				     "the batches");
	}
	sqlite3_finalize(s);
	return r < 0 ? r : 0;
}

int verify_sums_compare(struct verify *v)
{
	struct compare c = { .v = v };
	int r = find_whole(&c);

	if (r < 0)
		return r;
	verify_sums_derive(v);
	if (!v->sums)
		return 0;
	v->report->sums_checked = true;
	r = compare_tally(&c);
	if (r == 0)
		r = compare_talker(&c);
	if (r == 0)
		r = compare_seen(&c);
	if (r == 0)
		r = compare_last_hour(&c);
	if (r == 0)
		find_missing(&c);
	return r;
}
