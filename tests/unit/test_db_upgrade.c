// SPDX-License-Identifier: GPL-2.0-or-later
/* A database of version 1, made by that version's code, becomes one of ours. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/db.h"
#include "lib/text.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/store_world.h"

enum { CSV_MAX = 128 * 1024 };

static int set_up(void **state)
{
	static char bytes[1024 * 1024];
	struct world *w;
	size_t n;
	FILE *f;

	if (store_world_set_up(state) < 0)
		return -1;
	w = *state;
	f = fopen("tests/data/db/version-1.db", "re");
	if (!f)
		return -1;
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	f = fopen(w->db, "we");
	if (!f || fwrite(bytes, 1, n, f) != n)
		return -1;
	return fclose(f);
}

static sqlite3 *upgrade(const struct world *w)
{
	char error[DB_ERROR_MAX] = "";
	sqlite3 *db = NULL;

	if (db_open_writer(w->db, &db, error) < 0)
		fail_msg("%s", error);
	return db;
}

static void a_reader_says_who_upgrades(void **state)
{
	const struct world *w = *state;
	char error[DB_ERROR_MAX] = "";
	sqlite3 *db = NULL;

	assert_int_equal(db_open_reader(w->db, &db, error), -EPROTONOSUPPORT);
	assert_non_null(strstr(error, "made by an earlier version"));
	assert_non_null(strstr(error, "start bridgeauditd once"));
	sqlite3_close(upgrade(w));
	assert_int_equal(db_open_reader(w->db, &db, error), 0);
	sqlite3_close(db);
}

/* Without the quotes of sqlite3 -csv; there is no comma and none inside. */
static char *unquote(char *cell)
{
	size_t len = strlen(cell);

	if (*cell != '"')
		return cell;
	cell[len - 1] = '\0';
	return cell + 1;
}

/* The columns of version 1's v_event, with marks as its number. */
static const char events_now[] =
	"SELECT id, time, verdict, chain, rule_id, rule, in_if, out_if,"
	" src_network, dst_network, src_ip, dst_ip, proto, src_port, dst_port,"
	" icmp_type, icmp_code, tcp_flags, length, ttl, time_ns, conversation,"
	" (coalesce(marks, '') LIKE '%fragment%')"
	" + 2 * (coalesce(marks, '') LIKE '%truncated%')"
	" + 4 * (coalesce(marks, '') LIKE '%malformed%') FROM v_event";

/* Every row and column that version 1 showed is shown as it was. */
static void compare(sqlite3 *db, const char *view, const char *sql)
{
	static char csv[CSV_MAX];
	char path[128], *line, *cell, *rest = csv;
	sqlite3_stmt *s = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "tests/data/db/version-1.%s.csv", view);
	f = fopen(path, "re");
	assert_non_null(f);
	csv[fread(csv, 1, CSV_MAX - 1, f)] = '\0';
	fclose(f);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		line = strsep(&rest, "\n");
		for (int i = 0; (cell = strsep(&line, ",")); i++) {
			const char *got =
				(const char *)sqlite3_column_text(s, i);

			assert_string_equal(got ? got : "", unquote(cell));
		}
	}
	assert_string_equal(rest, "");
	sqlite3_finalize(s);
}

static void its_views_say_what_they_said(void **state)
{
	sqlite3 *db = upgrade(*state);

	compare(db, "v_event", events_now);
	compare(db, "v_matrix", "SELECT * FROM v_matrix");
	sqlite3_close(db);
	assert_string_equal(store_world_ask(*state, "PRAGMA integrity_check"),
			    "ok");
}

/* As if this version had written it from the start. */
static void its_tallies_are_those_of_its_events(void **state)
{
	sqlite3_close(upgrade(*state));
	assert_string_equal(
		store_world_ask(*state, "SELECT span, sum(packets), sum(bytes),"
					" sum(begun) FROM tally GROUP BY span"),
		"0|306|19773|40\n1|306|19773|40\n2|306|19773|40");
	assert_string_equal(
		store_world_ask(*state, "SELECT count(*) FROM (SELECT time_ns /"
					" 60000000000, conversation FROM event"
					" GROUP BY 1, 2) UNION ALL"
					" SELECT (SELECT sum(begun) FROM tally"
					" WHERE span = 2) + (SELECT count(*)"
					" FROM seen WHERE span = 2)"),
		"306\n306");
	assert_string_equal(
		store_world_ask(*state, "SELECT sum(packets) FROM talker"),
		"306");
}

static void the_rest_of_the_ledger_is_kept(void **state)
{
	sqlite3_close(upgrade(*state));
	assert_string_equal(
		store_world_ask(*state,
				"SELECT (SELECT count(*) FROM batch),"
				" (SELECT count(*) FROM session),"
				" (SELECT group_concat(name) FROM network),"
				" (SELECT group_concat(cause) FROM gap),"
				" (SELECT detail FROM finding),"
				" (SELECT rule_packets FROM twin),"
				" (SELECT dst_bridge FROM rule)"),
		"32|2|front,data|lost in the kernel,logger down|one|300|NULL");
}

static void ids_go_on_where_they_were(void **state)
{
	struct store *st = store_world_open(*state, T0 + 20000 * NS_PER_S);
	struct event ev = store_world_event(T0 + 20001 * NS_PER_S, 8000);

	store_add_event(st, &ev); /* 1 of version 1, which nothing proves */
	ev.dst_port = 9999;
	store_add_event(st, &ev);
	assert_int_equal(store_commit(st, T0 + 20002 * NS_PER_S), 0);
	assert_int_equal(store_close(st, T0 + 20003 * NS_PER_S), 0);
	assert_string_equal(
		store_world_ask(*state, "SELECT id, conversation, src_network"
					" FROM v_event WHERE id > 306"),
		"307|41|front\n308|42|front");
	assert_string_equal(
		store_world_ask(*state, "SELECT max(id) FROM session"), "3");
}

/* Which is what schema.sql makes, in whatever order. */
static void the_schema_is_that_of_a_new_database(void **state)
{
	static const char sql[] = "SELECT count(*), sum(length(sql)) FROM"
				  " sqlite_schema WHERE name NOT LIKE 'sqlite%'"
				  " UNION ALL SELECT user_version,"
				  " auto_vacuum FROM pragma_user_version,"
				  " pragma_auto_vacuum";
	const struct world *w = *state;
	char *upgraded;

	sqlite3_close(upgrade(w));
	upgraded = strdup(store_world_ask(w, sql));
	assert_non_null(upgraded);
	unlink(w->db);
	sqlite3_close(upgrade(w));
	assert_string_equal(store_world_ask(w, sql), upgraded);
	free(upgraded);
}

/* Half an upgrade would be neither one nor the other. */
static void an_upgrade_that_fails_changes_nothing(void **state)
{
	const struct world *w = *state;
	char error[DB_ERROR_MAX] = "";
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE talker (mine)", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "INSERT INTO talker VALUES (1)", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	db = NULL;
	assert_true(db_open_writer(w->db, &db, error) < 0);
	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	compare(db, "v_event", "SELECT * FROM v_event");
	sqlite3_close(db);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, set_up, store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_reader_says_who_upgrades),
		T(its_views_say_what_they_said),
		T(its_tallies_are_those_of_its_events),
		T(the_rest_of_the_ledger_is_kept),
		T(ids_go_on_where_they_were),
		T(the_schema_is_that_of_a_new_database),
		T(an_upgrade_that_fails_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
