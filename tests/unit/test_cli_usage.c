// SPDX-License-Identifier: GPL-2.0-or-later
/* What is asked wrongly, and databases that can't be asked at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/filter/expr.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/text_file.h"

static void expect_error(const char *args, int code, const char *words)
{
	const struct cli_result *r = cli_fixture_run(args);

	if (!strstr(r->err, words))
		fail_msg("'%s' says: %s", args, r->err);
	assert_int_equal(r->code, code);
	assert_string_equal(r->out, "");
}

static void a_mistake_is_named_and_is_exit_code_2(void **state)
{
	static const struct {
		const char *args;
		const char *words;
	} cases[] = {
		{ "lgo", "there is no verb 'lgo': did you mean 'log'?\n" },
		{ "mtarix",
		  "there is no verb 'mtarix': did you mean 'matrix'?\n" },
		{ "drops", "bridgeaudit: there is no verb 'drops'\n" },
		{ "help lgo", "there is no verb 'lgo': did you mean 'log'?\n" },
		{ "log --frm x", "there is no option '--frm'\n" },
		{ "log --frm-network x", "there is no option '--frm-network': "
					 "did you mean '--from-network'?\n" },
		{ "log --verdit=drop",
		  "there is no option '--verdit=drop': did "
		  "you mean '--verdict'?\n" },
		{ "log -x", "there is no option '-x'\n" },
		{ "log --since", "--since needs a value\n" },
		{ "log -S", "-S needs a value\n" },
		{ "log -S tomorrow", "can't understand --since 'tomorrow'" },
		{ "log --to-port 80,443",
		  "not '80,443': give the option once for each\n" },
		{ "log --tcp-flags SYN,nosuch",
		  "flags such as SYN or SYN,ACK, not 'SYN,nosuch'\n" },
		{ "log --network nosuch,x",
		  "no network 'nosuch,x' in the log: give the option once for "
		  "each\n" },
		{ "log --container nosuch --as-of now",
		  "no container 'nosuch' in the log as of that time\n" },
		{ "show", "show takes the id of one packet, which log -o jsonl "
			  "begins with\n" },
		{ "log -U 1969-01-01", "--until '1969-01-01' is out of range" },
		{ "log -S 1h -U 2h", "--since is not before --until\n" },
		{ "log -n many", "--last takes a number, not 'many'\n" },
		{ "log -n -1", "--last takes a number, not '-1'\n" },
		{ "log -n 9223372036854775808", "--last takes a number" },
		{ "log --verdict block",
		  "--verdict takes drop, accept or pass, not 'block'\n" },
		{ "log -o yaml",
		  "--output is one of table, json, jsonl, csv, compact, text, "
		  "ecs, ocsf, pcap, grid, dot, mermaid, svg, html, md, pdf, not 'yaml'\n" },
		{ "log me", "log takes no 'me'\n" },
		{ "log a b c d", "what is 'd'?\n" },
		{ "top --all", "top takes no --all\n"
			       "try 'bridgeaudit top --help'\n" },
		/* the help says whose that is */
		{ "probe --every 1h", "there is no option '--every'\n"
				      "try 'bridgeaudit probe --help'\n" },
		{ "log \033[2J", "log takes no '\\x1b[2J'\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_error(cases[i].args, EXITCODE_USAGE, cases[i].words);
}

static void options_stand_before_or_after_the_verb(void **state)
{
	static const char *const orders[] = {
		"-o csv log --verdict accept",
		"log -o csv --verdict accept",
		"-ocsv --verdict=accept log",
		"-o csv log --verdict accept --",
		"-o csv --verdict accept -- log",
	};
	char first[4096];

	(void)state;
	cli_fixture_commit((const struct packet[]){ { CLI_NOW, TALK_HTTP },
						    { CLI_NOW, TALK_PING } },
			   2);
	str_copy(first, sizeof(first), cli_fixture_run(orders[0])->out);
	assert_non_null(strstr(first, "accept"));
	for (size_t i = 1; i < ARRAY_SIZE(orders); i++)
		assert_string_equal(cli_fixture_run(orders[i])->out, first);
	setenv("POSIXLY_CORRECT", "1", 1);
	assert_string_equal(cli_fixture_run(orders[1])->out, first);
	unsetenv("POSIXLY_CORRECT");
}

/* The verbs that the program's own help has: "  log, follow   ...". */
static size_t read_verbs(char verbs[][32], size_t size)
{
	char help[8192], *rest = help, *line;
	size_t n = 0;

	str_copy(help, sizeof(help), cli_fixture_run("--help")->out);
	while ((line = strsep(&rest, "\n"))) {
		int len = 0, more = 1;

		if (strncmp(line, "  ", 2) != 0 ||
		    strncmp(line, "  bridgeaudit", 13) == 0)
			continue;
		for (line += 2; more; line += len + 2) {
			if (sscanf(line, "%31[a-z]%n", verbs[n], &len) != 1)
				break;
			assert_true(++n < size);
			more = line[len] == ',';
		}
	}
	assert_true(n >= 15);
	return n;
}

/* Of 24 lines and 80 columns; sudo is part of an example. */
static void fits_a_screen_and_has_examples(const char *args)
{
	const struct cli_result *r = cli_fixture_run(args);
	size_t lines = 0;

	assert_int_equal(r->code, EXITCODE_OK);
	assert_string_equal(r->err, "");
	assert_memory_equal(r->out, "usage: bridgeaudit [--db FILE] ", 31);
	if (!strstr(r->out, "\n  bridgeaudit ") &&
	    !strstr(r->out, "\n  sudo bridgeaudit "))
		fail_msg("'%s' has no example", args);
	for (const char *p = r->out; *p; p += strcspn(p, "\n") + 1, lines++)
		if (strcspn(p, "\n") >= 80)
			fail_msg("'%s' is too wide: %s", args, p);
	if (lines > 24)
		fail_msg("'%s' is %zu lines", args, lines);
}

static void help_is_a_word_as_well(void **state)
{
	char *help = strdup(cli_fixture_run("top --help")->out);

	(void)state;
	assert_non_null(help);
	assert_string_equal(cli_fixture_run("help top")->out, help);
	free(help);
	help = strdup(cli_fixture_run("--help")->out);
	assert_string_equal(cli_fixture_run("help")->out, help);
	free(help);
}

static void every_help_fits_a_screen_and_has_examples(void **state)
{
	char verbs[32][32], args[64];
	size_t n = read_verbs(verbs, ARRAY_SIZE(verbs));

	(void)state;
	fits_a_screen_and_has_examples("--help");
	fits_a_screen_and_has_examples("-S 1h log -h");
	for (size_t i = 0; i < n; i++) {
		snprintf(args, sizeof(args), "%s --help", verbs[i]);
		fits_a_screen_and_has_examples(args);
		snprintf(args, sizeof(args), "-h %s", verbs[i]);
		fits_a_screen_and_has_examples(args);
	}
	assert_string_equal(cli_fixture_run("-V")->out,
			    "bridgeaudit " VERSION "\n");
}

static void values_are_what_a_filter_can_take(void **state)
{
	(void)state;
	assert_string_equal(cli_fixture_run("values network")->out,
			    "bridge\nshop_db\nshop_web\n");
	assert_string_equal(cli_fixture_run("values chain")->out,
			    "DOCKER\nDOCKER-ISOLATION-STAGE-2\n");
	/* the fields that it has, and no others */
	assert_string_equal(cli_fixture_run("values")->out,
			    "network\ninterface\ncontainer\nservice\nproject\n"
			    "image\nmac\nchain\nrule\n");
	expect_error("values port", EXITCODE_USAGE,
		     "there is no list of 'port'");
	expect_error("values a b", EXITCODE_USAGE, "values takes one field");
	cli_fixture_sql("UPDATE network SET name = char(27) || 'x'"
			" WHERE id = 3");
	assert_non_null(strstr(cli_fixture_run("values net")->out, "\\x1bx\n"));
}

static void completions_and_manual_know_every_verb(void **state)
{
	static const char *const files[] = { "completions/bridgeaudit.bash",
					     "completions/bridgeaudit.zsh",
					     "completions/bridgeaudit.fish",
					     "man/bridgeaudit.1" };
	char verbs[32][32];
	size_t n = read_verbs(verbs, ARRAY_SIZE(verbs));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char *text = text_file_read(files[i]);

		for (size_t j = 0; j < n; j++)
			if (!strstr(text, verbs[j]))
				fail_msg("%s lacks %s", files[i], verbs[j]);
		free(text);
	}
}

static void an_unknown_network_is_a_mistake_with_a_hint(void **state)
{
	static const struct {
		const char *name;
		const char *words;
	} cases[] = {
		{ "shop_wbe", "did you mean 'shop_web'?\n" },
		{ "shop-db", "did you mean 'shop_db'?\n" },
		{ "SHOP_DB", "did you mean 'shop_db'?\n" },
		{ "web", "did you mean 'shop_web'?\n" },
		{ "brigde", "did you mean 'bridge'?\n" },
		{ "payroll", "no network 'payroll' in the log\n" },
		{ "x", "no network 'x' in the log\n" },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; cases[i].words; i++) {
		char args[64];

		snprintf(args, sizeof(args), "log --network %s", cases[i].name);
		expect_error(args, EXITCODE_USAGE, cases[i].words);
		snprintf(args, sizeof(args), "--from-network %s",
			 cases[i].name);
		expect_error(args, EXITCODE_USAGE, cases[i].words);
	}
	expect_error("log --network shop_db --to-network nono", EXITCODE_USAGE,
		     "no network 'nono'");
}

static void names_are_never_sql(void **state)
{
	const struct cli_result *r;
	char name[] = "x' OR '1'='1";
	char program[] = "bridgeaudit", verb[] = "log", db[] = "--db",
	     network[] = "--network", path[128];
	char *argv[] = { program, verb, db, path, network, name, NULL };

	(void)state;
	str_copy(path, sizeof(path), cli_fixture_db());
	r = cli_fixture_run_argv(6, argv);
	assert_int_equal(r->code, EXITCODE_USAGE);
	assert_non_null(strstr(r->err, "no network 'x' OR '1'='1'"));
}

static void too_many_filters_are_refused(void **state)
{
	static char word[] = "--network=shop_db";
	char *argv[EXPR_NODES_MAX + 3];
	char program[] = "bridgeaudit";
	size_t n = 0;

	(void)state;
	argv[n++] = program;
	while (n < ARRAY_SIZE(argv) - 1)
		argv[n++] = word;
	argv[n] = NULL;
	assert_int_equal(cli_fixture_run_argv((int)n, argv)->code,
			 EXITCODE_USAGE);
}

static void a_database_that_is_not_there_is_exit_code_5(void **state)
{
	static const char *const verbs[] = { "", "log", "follow", "status",
					     "rules" };
	char args[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		snprintf(args, sizeof(args), "%s --db /nonexistent/audit.db",
			 verbs[i]);
		expect_error(args, EXITCODE_STORE,
			     "no database at '/nonexistent/audit.db'");
	}
}

static void overwrite(const char *path, long at, const char *bytes, size_t len)
{
	FILE *f = fopen(path, "r+");

	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

/* Past the checks of the writer. */
static void raw_sql(const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(cli_fixture_db(), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void a_file_that_is_not_ours_is_exit_code_5(void **state)
{
	(void)state;
	raw_sql("PRAGMA application_id = 7");
	expect_error("log", EXITCODE_STORE, "is not a database of bridgeaudit");
	raw_sql("PRAGMA application_id = 0x42724175;"
		"PRAGMA user_version = 99");
	expect_error("status", EXITCODE_STORE, "has schema version 99");
}

/* Where the table's first page is in the file. */
static long root_offset(const char *table)
{
	static const char sql[] =
		"SELECT (rootpage - 1) * (SELECT page_size FROM"
		" pragma_page_size) FROM sqlite_schema WHERE name = ?";
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	long at;

	assert_int_equal(sqlite3_open(cli_fixture_db(), &db), SQLITE_OK);
	sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL),
			 SQLITE_OK);
	sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	at = (long)sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return at;
}

static void a_damaged_database_is_exit_code_4(void **state)
{
	char junk[512];

	(void)state;
	cli_fixture_commit((const struct packet[]){ { CLI_NOW, TALK_PING } },
			   1);
	memset(junk, 0x55, sizeof(junk));
	overwrite(cli_fixture_db(), root_offset("tally"), junk, sizeof(junk));
	expect_error("matrix", EXITCODE_INTEGRITY,
		     "bridgeaudit: can't read database '/tmp/");
	assert_int_equal(cli_fixture_run("log")->code, EXITCODE_OK);
	overwrite(cli_fixture_db(), root_offset("batch"), junk, sizeof(junk));
	expect_error("log", EXITCODE_INTEGRITY, "it is damaged");
	expect_error("follow", EXITCODE_INTEGRITY, "it is damaged");
	expect_error("status", EXITCODE_INTEGRITY, "it is damaged");
	/* the schema itself: it can't even be opened */
	overwrite(cli_fixture_db(), 100, junk, sizeof(junk));
	expect_error("rules", EXITCODE_INTEGRITY, "is damaged");
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, cli_fixture_set_up,                 \
					cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_mistake_is_named_and_is_exit_code_2),
		T(options_stand_before_or_after_the_verb),
		T(every_help_fits_a_screen_and_has_examples),
		T(help_is_a_word_as_well),
		T(values_are_what_a_filter_can_take),
		T(completions_and_manual_know_every_verb),
		T(an_unknown_network_is_a_mistake_with_a_hint),
		T(names_are_never_sql),
		T(too_many_filters_are_refused),
		T(a_database_that_is_not_there_is_exit_code_5),
		T(a_file_that_is_not_ours_is_exit_code_5),
		T(a_damaged_database_is_exit_code_4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
