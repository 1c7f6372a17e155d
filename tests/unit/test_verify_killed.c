// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * No false alarm: loggers that are killed at any moment, or stop, leave logs
 * that verify finds right, also held against the checkpoints outside. RUNS=N is
 * how many of them, SEED=N which.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/db.h"
#include "logger/channel.h"
#include "logger/seal.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/verify_world.h"

enum { RUNS = 60, RUNS_OF_A_LOG = 20, COMMITS_MAX = 24 };

#define HOUR (60 * NS_PER_MINUTE)

static unsigned int number_from(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned int)strtoul(text, NULL, 10) : otherwise;
}

/* As recorder and keeper do, where there is something to sign. */
static void sign(struct seal *seal, struct store *st, uint64_t now_ns)
{
	struct channel_msg msg = { 0 };
	int channel[2];

	if (!store_unsigned(st, &msg.u.checkpoint))
		return;
	if (channel_open(channel) < 0)
		_exit(1);
	seal_checkpoint(seal, &msg.u.checkpoint, channel[0], now_ns);
	if (channel_recv(channel[1], &msg) == 1)
		store_add_fact(st, &msg);
	close(channel[0]);
	close(channel[1]);
}

/* Something of everything that a logger writes. */
static void add_some(struct store *st, unsigned int *seed, uint64_t now_ns)
{
	struct channel_msg finding = { .kind = CHANNEL_FINDING };
	const struct gap gap = { .from_ns = now_ns,
				 .to_ns = now_ns,
				 .packets = 3,
				 .known = true,
				 .cause = "lost in the kernel" };
	int n = rand_r(seed) % 200;

	for (int i = 0; i < n; i++) {
		struct event ev = store_world_event(
			now_ns + (uint64_t)i,
			(uint16_t)(rand_r(seed) % 4 ? 80 : rand_r(seed)));

		store_add_event(st, &ev);
	}
	if (rand_r(seed) % 4 == 0)
		store_add_gap(st, &gap);
	if (rand_r(seed) % 8 == 0) {
		snprintf(finding.u.finding.subject,
			 sizeof(finding.u.finding.subject), "test");
		snprintf(finding.u.finding.detail,
			 sizeof(finding.u.finding.detail), "%s",
			 rand_r(seed) % 2 ? "something" : "");
		store_add_fact(st, &finding);
	}
}

/* A logger: it tells of each commit, until it is killed or has enough. */
static void run_logger(const struct world *w, unsigned int seed,
		       uint64_t now_ns, int tell_fd)
{
	struct seal seal;
	struct store *st;

	if (!freopen("/dev/null", "w", stderr))
		_exit(1);
	seal_open(&seal, w->db);
	st = store_world_open_as(w, &(struct store_session){
					    .start_ns = now_ns,
					    .pid = 1,
					    .version = "test",
					    .retain_ns = 4 * HOUR,
				    });
	for (int i = 0; i < COMMITS_MAX; i++) {
		now_ns += HOUR / 8;
		add_some(st, &seed, now_ns);
		if (rand_r(&seed) % 4 == 0)
			sign(&seal, st, now_ns);
		if (store_commit(st, now_ns) < 0 || write(tell_fd, "", 1) != 1)
			_exit(1);
	}
	sign(&seal, st, now_ns);
	store_close(st, now_ns);
	seal_close(&seal);
	_exit(0);
}

/* How many commits it told of before its end, which is chosen at random. */
static unsigned int run_and_kill(const struct world *w, unsigned int *seed,
				 uint64_t now_ns)
{
	int enough = rand_r(seed) % (COMMITS_MAX * 5 / 4), fds[2], status;
	useconds_t wait_us = (useconds_t)rand_r(seed) % 3000;
	unsigned int told = 0, child_seed = (unsigned int)rand_r(seed);
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		run_logger(w, child_seed, now_ns, fds[1]);
	close(fds[1]);
	while (enough-- > 0 && read(fds[0], &byte, 1) == 1)
		told++;
	if (enough < 0) {
		usleep(wait_us);
		kill(pid, SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	close(fds[0]);
	return told;
}

/*
 * All that the keeper signed may be what retention removed: then the loggers
 * were away for longer than it keeps, and killed before they signed again.
 */
static int verify_it(sqlite3 *db, struct verify_options *options,
		     struct verify_report *report, char *error)
{
	int r = verify_database(db, options, report, error);

	if (r == 0 || report->outside > 0 || report->outside_removed == 0)
		return r;
	options->against = NULL;
	return verify_database(db, options, report, error);
}

/* begun: it told of a commit; else it may not have come to make a database. */
static void must_be_proven(const struct world *w, unsigned int run, bool begun)
{
	char against[sizeof(w->db) + 32], error[VERIFY_DETAIL_MAX];
	char why[DB_ERROR_MAX];
	struct verify_options options = { .against = against };
	struct verify_report report;
	sqlite3 *db = NULL;
	struct stat st;

	snprintf(against, sizeof(against), "%s.keeper/checkpoints", w->db);
	/* killed before its first one */
	if (stat(against, &st) < 0 || st.st_size == 0)
		options.against = NULL;
	if (db_open_reader(w->db, &db, why) < 0) {
		if (begun)
			fail_msg("run %u: %s", run, why);
		return;
	}
	if (verify_it(db, &options, &report, error) < 0)
		fail_msg("run %u: %s", run, error);
	if (report.fault)
		fail_msg("run %u: %s, link %" PRId64 ": %s", run,
			 verify_fault_words[report.fault], report.fault_seq,
			 report.fault_detail);
	sqlite3_close(db);
}

static void remove_seal(const struct world *w)
{
	static const char *const names[] = { "/checkpoints", "/signing.key",
					     "/signing.pub", "" };
	char path[sizeof(w->db) + 32];

	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s.keeper%s", w->db, names[i]);
		remove(path);
	}
}

static void a_log_of_killed_loggers_is_proven(void **state)
{
	unsigned int seed = number_from("SEED", 20261126), commits = 0;
	unsigned int runs = number_from("RUNS", RUNS), start = seed;

	(void)state;
	for (unsigned int run = 0; run < runs;) {
		void *world = NULL;
		const struct world *w;
		unsigned int of_log = 0;

		assert_int_equal(store_world_set_up(&world), 0);
		w = world;
		for (unsigned int i = 0; i < RUNS_OF_A_LOG && run < runs; i++) {
			of_log += run_and_kill(w, &seed, T0 + i * 5 * HOUR);
			must_be_proven(w, run++, of_log > 0);
		}
		commits += of_log;
		remove_seal(w);
		assert_int_equal(store_world_tear_down(&world), 0);
	}
	print_message("# %u runs with %u commits, seed %u\n", runs, commits,
		      start);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_of_killed_loggers_is_proven),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
