// SPDX-License-Identifier: GPL-2.0-or-later
/* The store when it is killed, and when the disk is full. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "logger/store/coverage.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/store_world.h"

/* The rule of the events, so that its rows are counted. */
static void add_rule(struct store *st)
{
	struct channel_msg twin = {
		.kind = CHANNEL_TWIN,
		.u.twin = { .rule_id = store_world_event(T0, 80).rule_id,
			    .variant = "nft",
			    .state = TWIN_IN_PLACE },
	};

	assert_non_null(accounts_get(store_accounts(st), twin.u.twin.rule_id));
	store_add_fact(st, &twin);
}

/* Kills a writer at a moment that the parent chooses; what it said was
 * committed is there, and the file is whole. */
static void a_killed_writer_loses_nothing_committed(void **state)
{
	const struct world *w = *state;

	for (int round = 0; round < 20; round++) {
		uint64_t said = 0, n;
		uint64_t before = strtoull(
			round ? store_world_ask(w, "SELECT count(*) FROM event")
			      : "0",
			NULL, 10);
		int fds[2], status;
		pid_t pid;

		assert_int_equal(pipe(fds), 0);
		pid = fork();
		if (pid == 0) {
			struct store *st = store_world_open(w, T0);

			add_rule(st);
			for (uint64_t i = 0;; i++) {
				struct event ev = store_world_event(T0 + i, 80);

				store_add_event(st, &ev);
				if (i % 50 || store_commit(st, T0 + i) < 0)
					continue;
				n = store_committed(st);
				if (write(fds[1], &n, sizeof(n)) < 0)
					_exit(1);
			}
		}
		close(fds[1]);
		for (int i = 0; i <= round * 3; i++)
			if (read(fds[0], &said, sizeof(said)) < 0)
				break;
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		while (read(fds[0], &n, sizeof(n)) == (ssize_t)sizeof(n))
			said = n;
		close(fds[0]);
		assert_string_equal(
			store_world_ask(w, "PRAGMA integrity_check"), "ok");
		assert_true(strtoull(store_world_ask(
					     w, "SELECT count(*) FROM event"),
				     NULL, 10) >= before + said);
		/* events, batches and tallies are of the same commits */
		assert_string_equal(
			store_world_ask(w,
					"SELECT (SELECT count(*) FROM event) ="
					" (SELECT sum(packets) FROM batch) AND"
					" (SELECT sum(packets) FROM batch) ="
					" (SELECT sum(packets) FROM tally"
					" WHERE span = 2)"),
			"1");
		assert_string_equal(
			store_world_ask(w,
					"SELECT (SELECT count(*) FROM event) ="
					" (SELECT rows FROM account)"),
			"1");
	}
}

static void a_full_disk_keeps_all_for_another_try(void **state)
{
	const struct world *w = *state;
	struct event ev = store_world_event(T0, 80);
	struct store *st;
	uint64_t n = 0, added = 0;
	char filler[sizeof(w->dir) + 16];
	char zeros[4096] = { 0 };
	FILE *f;
	int r = 0;

	if (geteuid() != 0 ||
	    mount("tmpfs", w->dir, "tmpfs", 0, "size=2m") < 0) {
		print_message("SKIP: needs root to mount a tmpfs\n");
		skip();
	}
	st = store_world_open(w, T0);
	snprintf(filler, sizeof(filler), "%s/filler", w->dir);
	f = fopen(filler, "we");
	assert_non_null(f);
	while (n < 280 && fwrite(zeros, sizeof(zeros), 1, f) == 1)
		n++;
	fclose(f);
	while (r == 0 && added < 200000) {
		for (int i = 0; i < 1000; i++, added++)
			store_add_event(st, &ev);
		r = store_commit(st, T0);
	}
	assert_int_equal(r, -ENOSPC);
	assert_true(store_pending(st));
	unlink(filler);
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_committed(st), added);
	assert_int_equal(store_close(st, T0), 0);
	assert_int_equal(
		strtoull(store_world_ask(w, "SELECT count(*) FROM event"), NULL,
			 10),
		added);
	assert_string_equal(store_world_ask(w, "PRAGMA integrity_check"), "ok");
	assert_int_equal(umount(w->dir), 0);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_killed_writer_loses_nothing_committed),
		T(a_full_disk_keeps_all_for_another_try),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
