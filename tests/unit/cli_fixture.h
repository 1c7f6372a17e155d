/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A database with two Docker networks, and the program run on it. */
#ifndef BRIDGEAUDIT_TESTS_UNIT_CLI_FIXTURE_H
#define BRIDGEAUDIT_TESTS_UNIT_CLI_FIXTURE_H

#include <sys/types.h>

#include "cli/cli.h"
#include "lib/timefmt.h"

/* 2026-11-23T21:18:57Z, a Monday: the time it is for the program */
#define CLI_NOW (1795468737ULL * NS_PER_S)

/* Conversations that are there, in the order of their ids. */
enum {
	TALK_MYSQL = 1, /* shop_web -> shop_db, tcp/3306, dropped in STAGE-2 */
	TALK_PING,	/* shop_web -> shop_db, ICMP 8/0, dropped in STAGE-2 */
	TALK_HTTP,	/* eth0 -> shop_web, IPv6 tcp/80, accepted in DOCKER */
	TALK_BACK,	/* shop_db -> shop_web, udp/53, dropped in STAGE-2 */
	TALK_UNKNOWN,	/* nothing is known but the verdict: drop */
};

struct packet {
	uint64_t time_ns;
	int talk;
};

struct cli_result {
	int code;
	char *out;
	char *err;
};

/* cmocka's set-up and tear-down of each test; time zone is UTC. */
int cli_fixture_set_up(void **state);
int cli_fixture_tear_down(void **state);

/* Takes back the world's logger, and its coverage: all of the time. */
#define CLI_UNCOVERED                                                          \
	"DELETE FROM session; DELETE FROM coverage;"                           \
	"DELETE FROM sqlite_sequence WHERE name IN ('session', 'coverage');"
/* What a program that is not run by cli_fixture_run() says of that. */
#define CLI_COVERED "coverage 100 % of 1 rule in this log"

/* Set-up of a log with the talks in their order as ids 1 to 5. */
int cli_fixture_talks(void **state);

/* The database's path. */
const char *cli_fixture_db(void);

/* Runs SQL as the writer; fails the test. */
void cli_fixture_sql(const char *sql);

/* The same networks, rules and conversations in a new database. */
void cli_fixture_world(void);

/* One commit with packets of 60 bytes; returns the first one's id. */
int64_t cli_fixture_commit(const struct packet *packets, size_t n);

/*
 * Runs bridgeaudit --db FILE with the words of args, apart by one space.
 * ret's strings are good until the next call.
 */
const struct cli_result *cli_fixture_run(const char *args);

/* The ids that an answer in csv holds, "1 2 5"; good until the next call. */
const char *cli_fixture_ids(const struct cli_result *r);

/* A process that holds the writer's lock on the database. */
pid_t cli_fixture_writer(void);
void cli_fixture_writer_end(pid_t pid);

/* From now to the test's end out is a terminal so wide; 0: it is none. */
void cli_fixture_columns(unsigned int columns);

/* As above, with argv[0] and all. */
const struct cli_result *cli_fixture_run_argv(int argc, char **argv);

#endif
