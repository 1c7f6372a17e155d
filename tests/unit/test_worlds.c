// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random logs and random questions: whatever the program answers from (tallies,
 * digests, sums, postings, events) is what plain SQL over all events says. The
 * logs have scans, restarts, a clock that is set back, late packets, packets
 * that share a row, networks and containers that come late, and retention.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/names_world.h"
#include "tests/unit/oracle.h"
#include "tests/unit/store_world.h"

enum {
	EVENTS = 45000, /* more than two blocks */
	QUESTIONS = 60,
};

enum { BY_PATH = 3 }; /* the first so many of these */

/* What is asked by, its fields, and the same of an event as csv. */
static const struct by {
	const char *word, *fields, *sql;
} bys[] = {
	{ "from", "src_network,in_if",
	  "ifnull(src_network, '') || ',' ||"
	  " iif(src_network IS NULL, ifnull(in_if, ''), '')" },
	{ "dst_network", "dst_network,out_if",
	  "ifnull(dst_network, '') || ',' ||"
	  " iif(dst_network IS NULL, ifnull(out_if, ''), '')" },
	{ "verdict", "verdict", "verdict" },
	{ "src_ip", "src_ip", "ifnull(src_ip, '')" },
	{ "dst_ip", "dst_ip", "ifnull(dst_ip, '')" },
	{ "src_container", "src_container,src_external",
	  "ifnull(src_container, '') || ',' || iif(src_container IS NULL"
	  " AND src_network IS NULL, ifnull(in_if, ''), '')" },
};

static const struct filter {
	const char *option, *sql;
} filters[] = {
	{ "", "1" },
	{ "--from-network front", "src_network = 'front'" },
	{ "--verdict pass", "verdict = 'pass'" },
	{ "--to-port 80-81", "dst_port BETWEEN 80 AND 81" },
	{ "--proto udp", "proto = 'udp'" },
	{ "--from-ip 192.168.144.2", "src_ip = '192.168.144.2'" },
	{ "--to-ip 10.0.0.9", "dst_ip = '10.0.0.9'" },
	{ "--ip 10.0.0.4", "'10.0.0.4' IN (src_ip, dst_ip)" },
	{ "--container web", "'web' IN (src_container, dst_container)" },
	{ "--from-external", "src_network IS NULL AND in_if IS NOT NULL" },
	{ "--from-port 2", "src_port = 2" },
	{ "--probe", "probe" },
};

struct question {
	const struct by *by[2];
	const struct filter *filter;
	bool is_not;
	int step_s; /* of timeline; 0: top */
	uint64_t since_ns, until_ns;
};

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return (seed >> 33) % below;
}

/* Late ones, and now and then another speed, or another time. */
static uint64_t next_time(uint64_t now_ns)
{
	static const uint64_t steps[] = { 1, 1000000, 150000000, 900000000 };
	static uint64_t step;

	if (draw(500) == 0 || step == 0)
		step = steps[draw(ARRAY_SIZE(steps))];
	now_ns += draw(2 * step);
	if (draw(4000) == 0)
		now_ns += draw(7200) * NS_PER_S;
	if (draw(20000) == 0)
		now_ns -= draw(5000) * NS_PER_S;
	if (draw(2000) == 0)
		now_ns = now_ns / NS_PER_MINUTE * NS_PER_MINUTE;
	return now_ns < T0 ? T0 : now_ns;
}

/* scan: 0 none, 1 of ports, 2 of addresses, 3 from many, 4 of both */
static struct event make_event(uint64_t now_ns, int scan)
{
	struct event ev = store_world_event(now_ns, (uint16_t)(80 + draw(4)));

	if (draw(3) == 0) {
		ev.verdict = draw(2) ? VERDICT_DROP : VERDICT_PASS;
		ev.rule_id = ev.verdict == VERDICT_PASS ? 2 : 3;
		ev.in_ifindex = (uint32_t)draw(4);
		ev.out_ifindex = (uint32_t)draw(4);
	}
	ev.src[3] = (uint8_t)(2 + draw(draw(5) ? 2 : 9));
	ev.dst[3] = (uint8_t)(9 - draw(draw(5) ? 2 : 9));
	ev.src_port = (uint16_t)draw(3);
	ev.length = (uint32_t)(60 + draw(1000));
	ev.probe = draw(40) == 0;
	if (scan == 1 || scan == 4)
		ev.dst_port = (uint16_t)draw(65536);
	if (scan == 2 || scan == 4)
		ev.dst[2] = (uint8_t)draw(256);
	if (scan == 3)
		memcpy(ev.src + 1, &now_ns, 3);
	if (draw(12) == 0) {
		ev.proto = 17;
		ev.have &= (uint8_t)~HAVE_TCP_FLAGS;
	} else if (draw(30) == 0) {
		ev.have = HAVE_ADDR | HAVE_PROTO;
		ev.marks = EVENT_FRAGMENT;
	} else if (draw(60) == 0) {
		ev.have = 0;
		ev.family = 0;
	}
	if (draw(50) == 0)
		ev.time_ns -= draw(4) * NS_PER_S;
	return ev;
}

static struct store *start(const struct world *w, uint64_t now_ns,
			   uint64_t retain_ns)
{
	struct store *st =
		store_world_open_as(w, &(struct store_session){
					       .start_ns = now_ns,
					       .pid = 1,
					       .version = "test",
					       .retain_ns = retain_ns,
				       });

	if (draw(5) == 0)
		return st; /* nobody knows any name yet */
	names_networks(st);
	names_container(st, '1', "web");
	names_endpoint(st, 'a', 2, NO_MAC, 0);
	names_container(st, '2', draw(2) ? "db" : "web");
	names_endpoint(st, 'b', 9, NO_MAC, 0);
	names_end(st);
	names_commit(st, now_ns);
	return st;
}

static void lay_down(const struct world *w, uint64_t retain_ns)
{
	struct store *st = start(w, T0, retain_ns);
	unsigned int waiting = 0, commit = 1;
	uint64_t now_ns = T0;
	int scan = 0;

	for (unsigned int i = 0; i < EVENTS; i++) {
		struct event ev;

		if (draw(1500) == 0)
			scan = draw(2) ? 0 : 1 + (int)draw(4);
		now_ns = next_time(now_ns);
		ev = make_event(now_ns, scan);
		store_add_event(st, &ev);
		if (draw(9) == 0) { /* one row for several */
			size_t one = (size_t)draw(store_waiting(st));

			store_add_same(st, one, store_event(st, one)->time_ns);
		}
		if (++waiting < commit && i + 1 < EVENTS)
			continue;
		assert_int_equal(store_commit(st, now_ns), 0);
		waiting = 0;
		commit = 1 + (unsigned int)draw(draw(20) ? 900 : 9000);
		if (draw(20) == 0) {
			assert_int_equal(store_close(st, now_ns), 0);
			st = start(w, now_ns, retain_ns);
		}
	}
	for (int i = 0; i < 10000 && store_pending(st); i++)
		assert_int_equal(store_commit(st, now_ns), 0);
	assert_int_equal(store_close(st, now_ns), 0);
}

/* All events once, as a table to ask, and one for the program's answers. */
static sqlite3 *open_plain(const struct world *w)
{
	char sql[512];
	sqlite3 *db = NULL;

	snprintf(sql, sizeof(sql),
		 "ATTACH '%s' AS log; CREATE TABLE plain AS SELECT v.*, p.probe"
		 " FROM log.v_event v JOIN log.conversation c ON c.id ="
		 " v.conversation JOIN log.path p ON p.id = c.path;"
		 "CREATE TABLE got (line)",
		 w->db);
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	return db;
}

/* The one value of a statement with a text or two times; good until the next
 * call. */
static const char *ask(sqlite3 *db, const char *sql, const char *text,
		       const struct question *q)
{
	static char answer[512];
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	if (text)
		sqlite3_bind_text(s, 1, text, -1, SQLITE_STATIC);
	if (q) {
		sqlite3_bind_int64(s, 1, (int64_t)q->since_ns);
		sqlite3_bind_int64(s, 2, (int64_t)q->until_ns);
	}
	answer[0] = '\0';
	if (sqlite3_step(s) == SQLITE_ROW && sqlite3_column_text(s, 0))
		str_copy(answer, sizeof(answer),
			 (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	return answer;
}

static void take_lines(sqlite3 *db, const char *csv)
{
	char *text = strdup(csv), *rest = text, *line;

	assert_non_null(text);
	ask(db, "DELETE FROM got", NULL, NULL);
	strsep(&rest, "\n"); /* the heading */
	ask(db, "BEGIN", NULL, NULL);
	while ((line = strsep(&rest, "\r\n")))
		if (*line)
			ask(db, "INSERT INTO got VALUES (?)", line, NULL);
	ask(db, "COMMIT", NULL, NULL);
	free(text);
}

/* What only one of both has. */
static void compare(sqlite3 *db, const char *want, const struct question *q,
		    const struct cli_result *r, const char *args)
{
	char sql[4096];
	const char *which;

	take_lines(db, r->out);
	snprintf(sql, sizeof(sql),
		 "WITH want (line) AS (%s) SELECT * FROM (SELECT 'got '"
		 " || line FROM got WHERE line NOT IN want UNION ALL"
		 " SELECT 'not ' || line FROM want WHERE line NOT IN"
		 " (SELECT line FROM got) UNION ALL SELECT 'twice' WHERE"
		 " (SELECT count(*) FROM got) <> (SELECT count(*) FROM want))"
		 " LIMIT 1",
		 want);
	which = ask(db, sql, NULL, q);
	if (*which)
		fail_msg("%s: %s (%d %s)", args, which, r->code, r->err);
}

/* Of an event, a minute or an hour, or where a block begins or ends. */
static uint64_t draw_edge(sqlite3 *db)
{
	static const uint64_t borders[] = { NS_PER_HOUR, NS_PER_MINUTE,
					    NS_PER_S, 1 };
	uint64_t border = borders[draw(ARRAY_SIZE(borders))];
	char sql[256];

	if (draw(6) == 0) {
		border = 1;
		snprintf(
			sql, sizeof(sql),
			"SELECT %s FROM log.digest LIMIT 1 OFFSET %d %% (SELECT"
			" count(*) FROM log.digest)",
			draw(2) ? "min_ns" : "max_ns", (int)draw(8));
	} else {
		snprintf(sql, sizeof(sql),
			 "SELECT time_ns FROM plain LIMIT 1 OFFSET"
			 " (SELECT count(*) * %d / 1000 FROM plain)",
			 (int)draw(1000));
	}
	return (strtoull(ask(db, sql, NULL, NULL), NULL, 10) / border +
		draw(2)) *
	       border;
}

static struct question draw_question(sqlite3 *db, uint64_t first_ns)
{
	static const int steps_s[] = { 0, 0, 0, 60, 90, 3600, 5400 };
	struct question q = {
		.filter = &filters[draw(2) ? 0 : draw(ARRAY_SIZE(filters))],
		.step_s = steps_s[draw(ARRAY_SIZE(steps_s))],
		.since_ns = draw_edge(db),
		.until_ns = draw_edge(db),
	};
	/* half of them are for the tallies */
	uint64_t n = draw(2) ? BY_PATH : ARRAY_SIZE(bys), first = draw(n);

	q.by[0] = &bys[first];
	q.by[1] = &bys[(first + 1 + draw(n - 1)) % n];
	q.is_not = *q.filter->option && draw(4) == 0;
	if (q.since_ns > q.until_ns) {
		uint64_t since_ns = q.until_ns;

		q.until_ns = q.since_ns;
		q.since_ns = since_ns;
	}
	if (q.since_ns < first_ns)
		q.since_ns = first_ns;
	if (q.until_ns <= q.since_ns)
		q.until_ns = q.since_ns + 1;
	return q;
}

static void where_of(const struct question *q, char *sql, size_t size)
{
	snprintf(sql, size,
		 "time_ns >= ?1 AND time_ns < ?2 AND (%s) IS %s TRUE AND %s",
		 q->filter->sql, q->is_not ? "NOT" : "",
		 strcmp(q->filter->option, "--probe") == 0 ? "1"
							   : "probe IS NULL");
}

static void args_of(const struct question *q, const char *verb, char *args,
		    size_t size)
{
	char since[TIME_TEXT_MAX], until[TIME_TEXT_MAX];

	snprintf(args, size, "%s -o csv -S %s -U %s%s%s%s", verb,
		 time_rfc3339(q->since_ns, since, sizeof(since)),
		 time_rfc3339(q->until_ns, until, sizeof(until)),
		 q->is_not ? " --not" : "", *q->filter->option ? " " : "",
		 q->filter->option);
}

static void check_counts(const struct world *w, sqlite3 *db,
			 const struct question *q)
{
	char verb[256], args[512], where[512], want[2048], slot[256] = "";

	snprintf(verb, sizeof(verb),
		 "%s --by %s,%s --fields %s%s,%s,packets,bytes,conversations,"
		 "first_seen,last_seen",
		 q->step_s ? "timeline" : "top -n 0", q->by[0]->word,
		 q->by[1]->word, q->step_s ? "time," : "", q->by[0]->fields,
		 q->by[1]->fields);
	args_of(q, verb, args, sizeof(args));
	if (q->step_s) {
		snprintf(slot, sizeof(slot),
			 "strftime('%%Y-%%m-%%dT%%H:%%M:%%S', time_ns /"
			 " 1000000000 / %d * %d, 'unixepoch')"
			 " || '.000000000Z,' || ",
			 q->step_s, q->step_s);
		snprintf(args + strlen(args), sizeof(args) - strlen(args),
			 " --step %ds", q->step_s);
	}
	where_of(q, where, sizeof(where));
	snprintf(want, sizeof(want),
		 "SELECT k || sum(packets) || ',' || sum(packets * length)"
		 " || ',' || count(DISTINCT conversation) || ',' || min(time)"
		 " || ',' || max(time) FROM (SELECT *, %s%s || ',' || %s || ','"
		 " AS k FROM plain WHERE %s) GROUP BY k",
		 slot, q->by[0]->sql, q->by[1]->sql, where);
	compare(db, want, q, oracle_run(w, args), args);
}

/* Tests of ours are in the log, unless only they are asked for. */
static void check_events(const struct world *w, sqlite3 *db,
			 const struct question *q)
{
	char args[512], want[1024];

	args_of(q, "log --fields id", args, sizeof(args));
	snprintf(
		want, sizeof(want),
		"SELECT id || '' FROM plain WHERE time_ns >= ?1 AND time_ns < ?2"
		" AND (%s) IS %s TRUE",
		q->filter->sql, q->is_not ? "NOT" : "");
	compare(db, want, q, oracle_run(w, args), args);
}

/* From the first hour on that has all of its packets. */
static uint64_t first_whole_ns(const struct world *w)
{
	const char *ns = store_world_ask(
		w, "SELECT max(max_ns) FROM batch WHERE pruned_ns IS NOT NULL");

	return *ns == 'N' ? 0
			  : (strtoull(ns, NULL, 10) / NS_PER_HOUR + 1) *
				    NS_PER_HOUR;
}

static void ask_everything(const struct world *w, uint64_t first_seed,
			   uint64_t retain_ns)
{
	sqlite3 *db;
	uint64_t first_ns;

	seed = first_seed;
	lay_down(w, retain_ns);
	first_ns = first_whole_ns(w);
	assert_true((first_ns > 0) == (retain_ns > 0));
	db = open_plain(w);
	for (int i = 0; i < QUESTIONS; i++) {
		struct question q = draw_question(db, first_ns);

		if (i < 2) { /* all but the last packet of a block */
			q = (struct question){ { &bys[3], &bys[4] },
					       .filter = &filters[0],
					       .since_ns = first_ns };
			q.until_ns = strtoull(
				ask(db,
				    i ? "SELECT min(max_ns) FROM log.digest"
				      : "SELECT max(max_ns) FROM log.digest",
				    NULL, NULL),
				NULL, 10);
		} else if (i < QUESTIONS / 4) {
			q.filter = &filters[3 + i % 2];
			q.by[0] = &bys[0];
			q.by[1] = &bys[1 + i / 2 % 2];
		}

		check_counts(w, db, &q);
		if (i % 2)
			check_events(w, db, &q);
	}
	sqlite3_close(db);
}

static void answers_are_those_of_the_events(void **state)
{
	ask_everything(*state, 1, 0);
}

static void answers_after_retention_are_those_of_the_events(void **state)
{
	ask_everything(*state, 2, 3 * NS_PER_HOUR);
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, store_world_set_up,                 \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(answers_are_those_of_the_events),
		T(answers_after_retention_are_those_of_the_events),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
