// SPDX-License-Identifier: GPL-2.0-or-later
/* No false alarm after kill -9, and no two logs become one. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "logger/store/coverage.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/verify_world.h"

enum { KILLED = 40 };

static void must_be_right(const char *path, int round)
{
	struct verify_report report;
	char error[VERIFY_DETAIL_MAX];
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(verify_database(db, &(struct verify_options){ 0 },
					 &report, error),
			 0);
	sqlite3_close(db);
	if (report.fault)
		fail_msg("round %d, link %" PRId64 ": %s", round,
			 report.fault_seq, report.fault_detail);
}

/* Facts, gaps and packets until it is killed. */
static _Noreturn void write_on(const struct world *w, uint64_t start_ns, int fd)
{
	struct store *st = store_world_open(w, start_ns);

	for (uint64_t i = 0;; i++) {
		uint64_t now_ns = start_ns + i * 20 * NS_PER_S;
		struct event ev = store_world_event(now_ns, (uint16_t)(i % 7));
		const struct gap gap = { .from_ns = now_ns,
					 .to_ns = now_ns,
					 .cause = "clock" };
		struct channel_msg twin = {
			.kind = CHANNEL_TWIN,
			.u.twin = { .rule_id = ev.rule_id,
				    .variant = "nft",
				    .state = i % 5 ? TWIN_IN_PLACE
						   : TWIN_MISSING,
				    .since_ns = now_ns },
		};

		accounts_get(store_accounts(st), ev.rule_id);
		for (int n = 0; n < 20; n++)
			store_add_event(st, &ev);
		if (i % 3 == 0)
			store_add_gap(st, &gap);
		store_add_fact(st, &twin);
		if (store_commit(st, now_ns) < 0 || write(fd, "", 1) != 1)
			_exit(1);
	}
}

static void a_killed_logger_leaves_a_right_log(void **state)
{
	const struct world *w = *state;

	for (int round = 0; round < KILLED; round++) {
		int fds[2], status;
		char byte;
		pid_t pid;

		assert_int_equal(pipe(fds), 0);
		pid = fork();
		if (pid == 0)
			write_on(w, T0 + (unsigned int)round * NS_PER_MINUTE,
				 fds[1]);
		close(fds[1]);
		for (int i = 0; i <= round % 7; i++)
			assert_int_equal(read(fds[0], &byte, 1), 1);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		close(fds[0]);
		must_be_right(w->db, round);
	}
}

/* The rows of one log from a link on, behind those of another before it. */
static void two_logs_do_not_make_one(void **state)
{
	static const char splice[] =
		"DELETE FROM main.chain WHERE seq >= %d;"
		"DELETE FROM main.journal WHERE seq >= %d;"
		"INSERT INTO main.chain SELECT * FROM other.chain"
		" WHERE seq >= %d;"
		"INSERT INTO main.journal SELECT * FROM other.journal"
		" WHERE seq >= %d";
	struct world *w = *state;
	struct image first, second;
	char sql[1024];

	verify_world_fill(w);
	first = verify_world_image(w);
	assert_int_equal(unlink(w->db), 0);
	verify_world_fill(w);
	second = verify_world_image(w);
	for (int seq = 1; seq < 10; seq++) {
		sqlite3 *db = verify_world_open(&first);
		unsigned char *copy =
			sqlite3_malloc64((sqlite3_uint64)second.len);

		memcpy(copy, second.bytes, (size_t)second.len);
		assert_true(verify_world_try(db, "ATTACH ':memory:' AS other"));
		assert_int_equal(
			sqlite3_deserialize(db, "other", copy, second.len,
					    second.len,
					    SQLITE_DESERIALIZE_FREEONCLOSE),
			SQLITE_OK);
		snprintf(sql, sizeof(sql), splice, seq, seq, seq, seq);
		assert_true(verify_world_try(db, sql));
		assert_int_not_equal(verify_world_check(db, NULL).fault,
				     FAULT_NONE);
		sqlite3_close(db);
	}
	sqlite3_free(first.bytes);
	sqlite3_free(second.bytes);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_killed_logger_leaves_a_right_log),
		T(two_logs_do_not_make_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
