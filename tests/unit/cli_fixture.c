// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Builds a database as the logger would, from the embedded schema, and runs
 * the program in this process with streams in memory.
 */
#include "tests/unit/cli_fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/db.h"
#include "lib/text.h"
#include "tests/unit/cmocka_all.h"

enum { ARGS_MAX = 32 };

static const char world_sql[] =
	"INSERT INTO network (docker_id, name, bridge, internal, created_ns)"
	" VALUES ('a1', 'shop_web', 'br-aaaaaaaaaaaa', 0, 1),"
	" ('b1', 'shop_db', 'br-bbbbbbbbbbbb', 1, 1),"
	" ('c1', 'bridge', 'docker0', 0, 1);"
	"INSERT INTO interface (name) VALUES ('br-aaaaaaaaaaaa'),"
	" ('br-bbbbbbbbbbbb'), ('eth0');"
	"INSERT INTO rule (id, family, \"table\", chain, text, verdict,"
	" first_ns) VALUES (291, 4, 'filter', 'DOCKER-ISOLATION-STAGE-2',"
	" '-o br-bbbbbbbbbbbb -j DROP', 1, 1),"
	" (187723572702975, 6, 'filter', 'DOCKER',"
	" '-d fd00::2/128 ! -i br-aaaaaaaaaaaa -o br-aaaaaaaaaaaa -p tcp"
	" -m tcp --dport 80 -j ACCEPT', 2, 1);"
	"INSERT INTO path (rule, verdict, in_if, out_if, src_network,"
	" dst_network, first_ns) VALUES (291, 1, 1, 2, 1, 2, 1),"
	" (187723572702975, 2, 3, 1, NULL, 1, 1), (291, 1, 2, 1, 2, 1, 1),"
	" (7, 1, NULL, NULL, NULL, NULL, 1);"
	"INSERT INTO conversation (path, src_ip, dst_ip, service, minute)"
	" VALUES"
	/* 192.168.144.2 and 172.18.0.3, as signed numbers */
	" (1, -1062694910, -1408106493, 6 << 16 | 3306, 0),"
	" (1, -1062694910, -1408106493, 1 << 16 | 2048, 0),"
	" (2, x'20010db8000000000000000000000001',"
	" x'fd000000000000000000000000000002', 6 << 16 | 80, 0),"
	" (3, -1408106493, -1062694910, 17 << 16 | 53, 0),"
	" (4, NULL, NULL, -257, 0);"
	/* a logger, and a rule of all its time: until CLI_NOW and 100 s */
	"INSERT INTO session (start_ns, stop_ns, pid, nflog_group, version)"
	" VALUES (1, 1795468837000000000, 1, 5, '0.1.0');"
	"INSERT INTO coverage (rule, variant, state, from_ns, to_ns)"
	" VALUES (291, 'nft', 'watched', 1, 1795468837000000000);";

static const char event_sql[] =
	"INSERT INTO event (id, conversation, time_ns, detail, packets)"
	" SELECT ?1, id, ?2, (60 << 32)"
	" | (CASE WHEN service >> 16 IN (6, 17) THEN 40000 ELSE 0 END)"
	" | (CASE service >> 16 WHEN 6 THEN 2 << 16 ELSE 0 END)"
	" | (CASE WHEN service > 0 THEN 63 << 24 ELSE 2 << 52 END), 1"
	" FROM conversation WHERE id = ?3";

/* A conversation's first packet decides when it began. */
static const char began_sql[] =
	"UPDATE conversation SET minute = ?2 / 60000000000"
	" WHERE id = ?3 AND minute = 0 AND ?1 = 0";

static const char tally_sql[] =
	"INSERT INTO tally (span, start, path, service, packets, bytes, begun,"
	" first_ns, last_ns) SELECT s.value, CASE s.value WHEN 0 THEN 0"
	" WHEN 1 THEN ?2 / 3600000000000 ELSE ?2 / 60000000000 END, c.path,"
	" c.service, 1, 60, ?1, ?2, ?2"
	" FROM json_each('[0,1,2]') s CROSS JOIN conversation c"
	" WHERE c.id = ?3"
	" ON CONFLICT (span, start, path, service) DO UPDATE SET"
	" packets = packets + 1, bytes = bytes + 60,"
	" begun = begun + excluded.begun,"
	" first_ns = min(first_ns, excluded.first_ns),"
	" last_ns = max(last_ns, excluded.last_ns)";

static const char seen_sql[] =
	"INSERT OR IGNORE INTO seen (span, start, conversation)"
	" SELECT 2, ?2 / 60000000000, id FROM conversation WHERE id = ?3"
	" AND minute <> ?2 / 60000000000 UNION ALL"
	" SELECT 1, ?2 / 3600000000000, id FROM conversation WHERE id = ?3"
	" AND minute / 60 <> ?2 / 3600000000000 AND ?1 = 0";

static char dir[64];
static char path[96];
static struct cli_result result;
static unsigned int columns;

const char *cli_fixture_db(void)
{
	return path;
}

static sqlite3 *open_writer(void)
{
	char error[DB_ERROR_MAX] = "";
	sqlite3 *db = NULL;

	if (db_open_writer(path, &db, error) < 0)
		fail_msg("%s", error);
	return db;
}

static void must(sqlite3 *db, int rc)
{
	if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW)
		fail_msg("sqlite: %s", sqlite3_errmsg(db));
}

void cli_fixture_sql(const char *sql)
{
	sqlite3 *db = open_writer();

	must(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
	sqlite3_close(db);
}

void cli_fixture_world(void)
{
	cli_fixture_sql(world_sql);
}

int cli_fixture_set_up(void **state)
{
	(void)state;
	columns = 0;
	setenv("TZ", "UTC0", 1);
	tzset();
	str_copy(dir, sizeof(dir), "/tmp/bridgeaudit-cli-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/audit.db", dir);
	cli_fixture_world();
	return 0;
}

int cli_fixture_talks(void **state)
{
	static const struct packet packets[] = {
		{ CLI_NOW - 600 * NS_PER_S + 1, TALK_MYSQL },
		{ CLI_NOW - 500 * NS_PER_S, TALK_PING },
		{ CLI_NOW - 400 * NS_PER_S, TALK_HTTP },
		{ CLI_NOW - 300 * NS_PER_S, TALK_BACK },
		{ CLI_NOW - 200 * NS_PER_S, TALK_UNKNOWN },
	};
	int r = cli_fixture_set_up(state);

	if (r == 0)
		cli_fixture_commit(packets, ARRAY_SIZE(packets));
	return r;
}

int cli_fixture_tear_down(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	char name[128];

	(void)state;
	free(result.out);
	free(result.err);
	result = (struct cli_result){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
	return rmdir(dir);
}

/* Returns how many rows were changed. */
static int insert(sqlite3 *db, const char *sql, int64_t id,
		  const struct packet *p)
{
	sqlite3_stmt *stmt = NULL;

	must(db, sqlite3_prepare_v2(db, sql, -1, &stmt, NULL));
	sqlite3_bind_int64(stmt, 1, id);
	sqlite3_bind_int64(stmt, 2, (int64_t)p->time_ns);
	sqlite3_bind_int64(stmt, 3, p->talk);
	must(db, sqlite3_step(stmt));
	sqlite3_finalize(stmt);
	return sqlite3_changes(db);
}

static int64_t next_id(sqlite3 *db)
{
	sqlite3_stmt *stmt = NULL;
	int64_t id;

	must(db,
	     sqlite3_prepare_v2(
		     db, "SELECT coalesce(max(last_event), 0) + 1 FROM batch",
		     -1, &stmt, NULL));
	must(db, sqlite3_step(stmt));
	id = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return id;
}

int64_t cli_fixture_commit(const struct packet *packets, size_t n)
{
	static const char batch_sql[] =
		"INSERT INTO batch (first_event, last_event, min_ns, max_ns,"
		" packets, bytes, commit_ns) SELECT ?1, max(id), min(time_ns),"
		" max(time_ns), count(*), 60 * count(*), max(time_ns)"
		" FROM event WHERE id >= ?1";
	sqlite3 *db = open_writer();
	int64_t first = next_id(db);

	must(db, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
	for (size_t i = 0; i < n; i++) {
		insert(db, event_sql, first + (int64_t)i, &packets[i]);
		insert(db, tally_sql, insert(db, began_sql, 0, &packets[i]),
		       &packets[i]);
		insert(db, seen_sql, 0, &packets[i]);
	}
	insert(db, batch_sql, first, &packets[0]);
	must(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
	sqlite3_close(db);
	return first;
}

void cli_fixture_columns(unsigned int n)
{
	columns = n;
}

/* What each answer says of the world's one rule, which is no test's matter but
 * test_cli_coverage's: it has coverage of its own. */
static void unsay_coverage(char *err)
{
	static const char said[] = "coverage 100 % of 1 rule";
	char *at = strstr(err, said), *rest;

	if (!at)
		return;
	rest = at + strlen(said);
	rest += strncmp(rest, ", ", 2) == 0 ? 2 : strcspn(rest, "\n") + 1;
	memmove(at, rest, strlen(rest) + 1);
}

const struct cli_result *cli_fixture_run_argv(int argc, char **argv)
{
	size_t out_size = 0, err_size = 0;
	struct cli cli = { .now_ns = CLI_NOW, .columns = columns };

	free(result.out);
	free(result.err);
	result = (struct cli_result){ 0 };
	cli.out = open_memstream(&result.out, &out_size);
	cli.err = open_memstream(&result.err, &err_size);
	assert_non_null(cli.out);
	assert_non_null(cli.err);
	result.code = cli_run(&cli, argc, argv);
	fclose(cli.out);
	fclose(cli.err);
	unsay_coverage(result.err);
	return &result;
}

const struct cli_result *cli_fixture_run(const char *args)
{
	char program[] = "bridgeaudit", option[] = "--db";
	char *argv[ARGS_MAX + 1] = { program, option, path };
	char words[512], *rest = words, *word;
	int argc = 3;

	assert_false(str_copy(words, sizeof(words), args));
	while ((word = strsep(&rest, " ")) && argc < ARGS_MAX)
		if (*word)
			argv[argc++] = word;
	return cli_fixture_run_argv(argc, argv);
}

pid_t cli_fixture_writer(void)
{
	int ready[2];
	char c = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int holder = 0;

		if (db_writer_lock(cli_fixture_db(), &holder) == 0 &&
		    write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

void cli_fixture_writer_end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

const char *cli_fixture_ids(const struct cli_result *r)
{
	static char buf[256];
	const char *line = r->out;
	size_t at = 0;

	buf[0] = '\0';
	while ((line = strstr(line, "\r\n")) && line[2]) {
		line += 2;
		at += (size_t)snprintf(buf + at, sizeof(buf) - at, "%s%.*s",
				       at ? " " : "", (int)strcspn(line, ","),
				       line);
	}
	return buf;
}
