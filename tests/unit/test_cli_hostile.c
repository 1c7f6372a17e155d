// SPDX-License-Identifier: GPL-2.0-or-later
/* Databases from hell, outputs that fail: a line, a code, and no crash. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

#define S NS_PER_S

/* All that reads; each ends by itself. */
static const char *const questions[] = {
	"matrix",
	"matrix -o grid",
	"matrix -o svg --by ip",
	"log -o compact",
	"log -o csv -S 400s",
	"log -o ecs",
	"log -o ocsf",
	"log -o text",
	"log -o pcap",
	"log -n 2 --network shop_web --port 3306",
	"top --by network,ip,port",
	"timeline --step 1s --by rule",
	"diff -S 300s",
	"show 3",
	"report -o html",
	"report -o md --framework soc2",
	"report -o json -S 300s",
	"follow -o jsonl --timeout 1s --cursor 1 --exit-on-match",
};

/* follow waits for what may never come: it is the last, and asked less. */
enum { BUT_FOLLOW = ARRAY_SIZE(questions) - 1 };

static int set_up(void **state)
{
	int r = cli_fixture_set_up(state);
	struct packet packets[64];

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(packets); i++)
		packets[i] = (struct packet){ CLI_NOW - (600 - 5 * i) * S,
					      TALK_MYSQL + (int)i % 5 };
	for (size_t i = 0; i < ARRAY_SIZE(packets); i += 16)
		cli_fixture_commit(packets + i, 16);
	cli_fixture_sql("PRAGMA wal_checkpoint(TRUNCATE)");
	return 0;
}

static char *read_file(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "r");
	char *bytes = malloc(1U << 20);

	assert_non_null(f);
	assert_non_null(bytes);
	*ret_len = fread(bytes, 1, 1U << 20, f);
	fclose(f);
	return bytes;
}

/* The database, and nothing that SQLite has left beside it. */
static void write_file(const char *path, const char *bytes, size_t len)
{
	static const char *const suffixes[] = { "-wal", "-shm" };
	char name[160];
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
}

/* Asks everything; each answer is one of the codes, with a word if it is bad */
static void ask_all(size_t round)
{
	size_t n = BUT_FOLLOW + (round % 16 == 0);

	for (size_t i = 0; i < n; i++) {
		const struct cli_result *r = cli_fixture_run(questions[i]);

		if (r->code < EXITCODE_OK || r->code > EXITCODE_STORE)
			fail_msg("'%s' ends with %d", questions[i], r->code);
		if (r->code >= EXITCODE_INTEGRITY)
			assert_memory_equal(r->err, "bridgeaudit: ", 13);
		assert_null(strchr(r->err, '\033'));
	}
}

static uint64_t draw(uint64_t *seed, uint64_t below)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return (*seed >> 33) % below;
}

static void flipped_bytes_never_crash_it(void **state)
{
	enum { ROUNDS = 40, FLIPS = 12 };
	uint64_t seed = 7;
	size_t len = 0;
	char *bytes = read_file(cli_fixture_db(), &len);
	char *bad = malloc(len);

	(void)state;
	assert_non_null(bad);
	for (size_t i = 0; i < ROUNDS; i++) {
		memcpy(bad, bytes, len);
		for (size_t j = 0; j < FLIPS; j++) {
			/* the header stays, so that it is opened */
			size_t at = 100 + draw(&seed, len - 100);

			bad[at] = (char)draw(&seed, 256);
		}
		write_file(cli_fixture_db(), bad, len);
		ask_all(i);
	}
	free(bad);
	free(bytes);
}

static void pages_that_changed_places_never_crash_it(void **state)
{
	enum { ROUNDS = 20, PAGE = 4096 };
	uint64_t seed = 11;
	size_t len = 0;
	char *bytes = read_file(cli_fixture_db(), &len);
	char *bad = malloc(len);

	(void)state;
	assert_non_null(bad);
	assert_true(len > (size_t)4 * PAGE);
	for (size_t i = 0; i < ROUNDS; i++) {
		size_t to = 1 + draw(&seed, len / PAGE - 1);
		size_t from = 1 + draw(&seed, len / PAGE - 1);

		memcpy(bad, bytes, len);
		memcpy(bad + to * PAGE, bytes + from * PAGE, PAGE);
		write_file(cli_fixture_db(), bad, len);
		ask_all(i);
	}
	free(bad);
	free(bytes);
}

static void half_a_file_is_damage_or_no_database(void **state)
{
	static const size_t eighths[] = { 0, 1, 3, 4, 6, 7 };
	size_t len = 0;
	char *bytes = read_file(cli_fixture_db(), &len);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(eighths); i++) {
		write_file(cli_fixture_db(), bytes, len * eighths[i] / 8);
		ask_all(i);
	}
	write_file(cli_fixture_db(), bytes, len / 2);
	assert_int_equal(cli_fixture_run("matrix")->code, EXITCODE_INTEGRITY);
	free(bytes);
}

static void a_table_that_is_missing_is_said(void **state)
{
	static const char *const tables[] = { "tally", "batch", "gap", "rule",
					      "conversation" };

	(void)state;
	cli_fixture_sql("DROP VIEW v_event; DROP VIEW v_matrix");
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		char sql[64];

		snprintf(sql, sizeof(sql),
			 "PRAGMA foreign_keys = 0;"
			 "DROP TABLE %s",
			 tables[i]);
		cli_fixture_sql(sql);
		ask_all(i);
		assert_true(cli_fixture_run("log")->code >=
				    EXITCODE_INTEGRITY ||
			    i == 0);
	}
}

/* Every kind of text from others, in every format. */
static void names_of_any_bytes_are_inert(void **state)
{
	static const char sql[] =
		"UPDATE network SET name = char(27) || '[31m' || char(10, 13,"
		" 7, 0x202e, 0x200f) || CAST(x'c3' AS TEXT) || '\"<&;$(x)`'"
		" WHERE id = 1;"
		"UPDATE network SET name = CAST(x'6100620a' AS TEXT)"
		" WHERE id = 2;"
		"UPDATE interface SET name = replace(hex(zeroblob(2048)), '0',"
		" char(27)) || id;"
		"UPDATE rule SET text = char(27) || ']0;x' || char(7),"
		" chain = char(10) || 'x'";

	(void)state;
	cli_fixture_sql(sql);
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		const struct cli_result *r = cli_fixture_run(questions[i]);

		if (strstr(questions[i], "pcap"))
			continue; /* addresses and no names */
		for (const char *p = r->out; *p; p++)
			if ((unsigned char)*p < ' ' && *p != '\n' && *p != '\r')
				fail_msg("'%s' prints 0x%02x", questions[i],
					 (unsigned char)*p);
		assert_null(strstr(r->out, "\u202e"));
		assert_null(strstr(r->out, "\u200f"));
	}
}

/* Runs a question with its output closed, or going to a full disk. */
static int run_into(const char *question, FILE *out)
{
	char program[] = "bridgeaudit", option[] = "--db";
	char path[128], words[256], *rest = words, *word, *err = NULL;
	char *argv[17] = { program, option, path };
	struct cli cli = { .now_ns = CLI_NOW, .out = out };
	size_t size = 0;
	int argc = 3, code;

	str_copy(path, sizeof(path), cli_fixture_db());
	str_copy(words, sizeof(words), question);
	while ((word = strsep(&rest, " ")) && argc < 16)
		argv[argc++] = word;
	cli.err = open_memstream(&err, &size);
	code = cli_run(&cli, argc, argv);
	fclose(cli.err);
	if (code == EXITCODE_NOTHING && !strstr(err, "can't write the result"))
		fail_msg("'%s' ends with 1 and says: %s", question, err);
	free(err);
	return code;
}

static void a_full_disk_is_an_error_of_every_question(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		FILE *out = fopen("/dev/full", "w");
		int code;

		assert_non_null(out);
		code = run_into(questions[i], out);
		if (code != EXITCODE_NOTHING)
			fail_msg("'%s' ends with %d", questions[i], code);
		fclose(out);
	}
}

static void a_closed_output_is_an_error_of_every_question(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		FILE *out = fopen("/dev/null", "r"); /* no writing to that */
		int code;

		assert_non_null(out);
		code = run_into(questions[i], out);
		if (code != EXITCODE_NOTHING)
			fail_msg("'%s' ends with %d", questions[i], code);
		fclose(out);
	}
}

static void a_terminal_of_20_columns_is_served(void **state)
{
	(void)state;
	cli_fixture_columns(20);
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		char args[256];

		if (strstr(questions[i], "pcap"))
			continue;
		snprintf(args, sizeof(args), "%s --no-pager", questions[i]);
		assert_true(cli_fixture_run(args)->code <= EXITCODE_NOTHING);
	}
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* Each talks to the next one. */
static void ten_thousand_networks_are_served(void **state)
{
	enum { NETWORKS = 10000 };

	(void)state;
	cli_fixture_sql(
		"WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1"
		" FROM i WHERE i < 10000)"
		" INSERT INTO network (docker_id, name, bridge, internal,"
		" created_ns) SELECT 'n' || i, 'stack' || i, 'br-n' || i, 0, 1"
		" FROM i;"
		"INSERT INTO path (rule, verdict, src_network, dst_network,"
		" first_ns) SELECT 291, 1, id, id + 1, 1 FROM network"
		" WHERE name LIKE 'stack%' AND name <> 'stack10000';"
		"INSERT INTO tally SELECT 0, 0, id, 6 << 16 | 80, 1, 60, 1, 1, 1"
		" FROM path WHERE src_network > 3");
	assert_int_equal(count_lines(cli_fixture_run("values network")->out),
			 NETWORKS + 3);
	assert_true(count_lines(cli_fixture_run("matrix -o jsonl")->out) >=
		    NETWORKS - 1);
	assert_int_equal(cli_fixture_run("matrix -o svg")->code,
			 EXITCODE_USAGE);
	/* a terminal has no room for that: the list */
	cli_fixture_columns(200);
	assert_true(count_lines(cli_fixture_run("matrix --no-pager")->out) >=
		    NETWORKS - 1);
	assert_non_null(strstr(cli_fixture_run("log --network stakc777")->err,
			       "did you mean 'stack777'?"));
	assert_int_equal(cli_fixture_run("status")->code, EXITCODE_OK);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(flipped_bytes_never_crash_it),
		T(pages_that_changed_places_never_crash_it),
		T(half_a_file_is_damage_or_no_database),
		T(a_table_that_is_missing_is_said),
		T(names_of_any_bytes_are_inert),
		T(a_full_disk_is_an_error_of_every_question),
		T(a_closed_output_is_an_error_of_every_question),
		T(ten_thousand_networks_are_served),
		T(a_terminal_of_20_columns_is_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
