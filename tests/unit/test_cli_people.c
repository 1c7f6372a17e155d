// SPDX-License-Identifier: GPL-2.0-or-later
/* What people see of events: lines, colours, fields, time zones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

#define S NS_PER_S

static void compact_is_a_line_per_packet_and_the_terminals_choice(void **state)
{
	static const char expected[] =
		"2026-11-23 21:08:57.000 drop shop_web 192.168.144.2:40000 -> "
		"shop_db 172.18.0.3:3306 tcp SYN DOCKER-ISOLATION-STAGE-2\n"
		"2026-11-23 21:10:37.000 drop shop_web 192.168.144.2 -> "
		"shop_db 172.18.0.3 icmp 8/0 DOCKER-ISOLATION-STAGE-2\n"
		"2026-11-23 21:12:17.000 accept (eth0) [2001:db8::1]:40000 -> "
		"shop_web [fd00::2]:80 tcp SYN DOCKER\n"
		"2026-11-23 21:13:57.000 drop shop_db 172.18.0.3:40000 -> "
		"shop_web 192.168.144.2:53 udp DOCKER-ISOLATION-STAGE-2\n"
		"2026-11-23 21:15:37.000 drop ? -> ? ? truncated rule "
		"000000000007\n";

	(void)state;
	assert_string_equal(cli_fixture_run("log -o compact")->out, expected);
	cli_fixture_columns(20);
	assert_string_equal(cli_fixture_run("log --no-pager")->out, expected);
	assert_memory_equal(cli_fixture_run("log --no-pager --numeric -n 2"
					    " -S 350s")
				    ->out,
			    "2026-11-23 21:13:57.000 drop 172.18.0.3:40000 -> "
			    "192.168.144.2:53 udp DOCK",
			    70);
}

static void colours_come_by_word_and_not_by_a_pipe(void **state)
{
	(void)state;
	assert_null(strchr(cli_fixture_run("log -o compact")->out, '\033'));
	assert_non_null(strstr(
		cli_fixture_run("log -o compact --color always")->out,
		"\033[31mdrop\033[0m \033[35mshop_web\033[0m \033[36m192.168."
		"144.2\033[0m:\033[33m40000\033[0m -> "));
	assert_null(strchr(cli_fixture_run("log -o table --color never")->out,
			   '\033'));
	assert_int_equal(cli_fixture_run("log --color blue")->code,
			 EXITCODE_USAGE);
}

static void fields_are_picked_in_the_order_asked_for(void **state)
{
	const struct cli_result *r;

	(void)state;
	r = cli_fixture_run("log -o csv -n 3 --fields dst_port,verdict,id");
	assert_string_equal(r->out, "dst_port,verdict,id\r\n80,accept,3\r\n"
				    "53,drop,4\r\n,drop,5\r\n");
	r = cli_fixture_run("log -o jsonl -n 2 --fields src_ip,proto");
	assert_string_equal(r->out,
			    "{\"src_ip\":\"172.18.0.3\",\"proto\":\"udp\"}\n"
			    "{}\n");
	r = cli_fixture_run("log -n 2 --fields id,src_network");
	assert_string_equal(r->out, "id src_network\n4  shop_db\n5  \n");
	r = cli_fixture_run("matrix -o csv --fields packets,dst_network");
	assert_memory_equal(r->out, "packets,dst_network\r\n2,shop_db\r\n", 32);
	r = cli_fixture_run("log --fields src");
	assert_int_equal(r->code, EXITCODE_USAGE);
	assert_non_null(strstr(r->err, "--fields takes some of id, time,"));
	assert_non_null(strstr(r->err, "not 'src': did you mean "
				       "'src_network'?\n"));
	r = cli_fixture_run("log -o ecs --fields id");
	assert_int_equal(r->code, EXITCODE_USAGE);
	assert_non_null(strstr(r->err, "-o ecs has no --fields"));
	/* a terminal gets a table of them and not compact lines */
	cli_fixture_columns(80);
	r = cli_fixture_run("log --no-pager -n 1 --fields id");
	assert_string_equal(r->out, "id\n5\n");
}

static void utc_is_for_what_is_read_and_what_is_printed(void **state)
{
	const struct cli_result *r;

	(void)state;
	setenv("TZ", "CET-1", 1);
	tzset();
	r = cli_fixture_run("log -o compact -S 22:15 -n 1");
	assert_memory_equal(r->out, "2026-11-23 22:15:37.000", 23);
	r = cli_fixture_run("log -o compact --utc -S 21:15 -n 1");
	assert_memory_equal(r->out, "2026-11-23 21:15:37.000", 23);
}

/* Where the word begins, in columns. */
static size_t column_of(const char *line, const char *word)
{
	const char *at = strstr(line, word);
	char before[1024];

	assert_non_null(at);
	assert_true((size_t)(at - line) < sizeof(before));
	memcpy(before, line, (size_t)(at - line));
	before[at - line] = '\0';
	return str_width(before);
}

static void wide_names_keep_their_columns(void **state)
{
	static const char *const questions[] = { "matrix", "log -o table" };

	(void)state;
	cli_fixture_sql("UPDATE network SET name = '\u7db2\u8def\u7db2\u8def"
			"\u7db2\u8def\u7db2\u8def\u7db2\u8def\u7db2\u8def'"
			" WHERE name = 'shop_web'");
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		const struct cli_result *r = cli_fixture_run(questions[i]);
		size_t column = column_of(r->out, "TO ");
		char *rest = r->out, *line;
		size_t n = 0;

		while ((line = strsep(&rest, "\n"))) {
			if (!strstr(line, "shop_db "))
				continue;
			/* as the source or as the destination */
			if (strstr(line, "\u8def ") > strstr(line, "shop_db "))
				continue;
			assert_int_equal(column_of(line, "shop_db "), column);
			n++;
		}
		assert_true(n > 0);
	}
}

/* Rules are Docker's text, and programs look them up by it. */
static void a_spreadsheet_calculates_no_name(void **state)
{
	static const struct {
		const char *name, *csv;
	} names[] = {
		{ "=1+1", "1,\\x3d1+1,-o br-bb" },
		{ "+1", "1,\\x2b1,-o br-bb" },
		{ "-1", "1,\\x2d1,-o br-bb" },
		{ "@SUM(A1,9)", "1,\"\\x40SUM(A1,9)\",-o br-bb" },
		{ "a=-1", "1,a=-1,-o br-bb" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct cli_result *r;
		char sql[128];

		snprintf(sql, sizeof(sql),
			 "UPDATE network SET name = '%s' WHERE id = 2",
			 names[i].name);
		cli_fixture_sql(sql);
		r = cli_fixture_run("top -o csv --by to,rule --port 3306"
				    " --fields conversations,dst_network,rule");
		assert_non_null(strstr(r->out, names[i].csv));
		r = cli_fixture_run("log -o jsonl -n 1 --to-port 3306"
				    " --fields dst_network");
		assert_non_null(strstr(r->out, names[i].name));
	}
}

/* Else one would look for who tried that. */
static void a_test_packet_is_shown_as_one(void **state)
{
	(void)state;
	cli_fixture_sql("UPDATE path SET probe = 1 WHERE id = 1");
	assert_non_null(strstr(cli_fixture_run("log --probe -n 1")->out,
			       " icmp 8/0 probe DOCKER-ISOLATION-STAGE-2\n"));
	assert_non_null(strstr(cli_fixture_run("log --probe -o compact")->out,
			       " tcp SYN probe DOCKER-ISOLATION-STAGE-2\n"));
	assert_non_null(
		strstr(cli_fixture_run("log --probe --first 1 -o text")->out,
		       "21:08:57.000: a test packet of bridgeaudit: 192.168."));
	assert_null(strstr(cli_fixture_run("log --probe -o text")->out,
			   "To allow it"));
	assert_null(strstr(cli_fixture_run("log --to-port 53")->out, "probe"));
}

static const char *said(const char *args, int code)
{
	const struct cli_result *r = cli_fixture_run(args);

	assert_string_equal(r->out, "");
	assert_int_equal(r->code, code);
	return r->err;
}

static void an_empty_answer_says_why(void **state)
{
	static const char *const verbs[] = { "log -S", "matrix -S", "top -S",
					     "timeline -S" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		char args[64];

		snprintf(args, sizeof(args), "%s 22:30", verbs[i]);
		assert_string_equal(said(args, EXITCODE_NOTHING),
				    "nothing matched: --since is 2026-11-23 "
				    "22:30:00.000, yet to come\n");
		snprintf(args, sizeof(args), "%s 199s", verbs[i]);
		assert_string_equal(
			said(args, EXITCODE_NOTHING),
			"nothing matched: no packet is of that time, those in "
			"the log are from 2026-11-23 21:08:57.000 to "
			"2026-11-23 21:15:37.000\n");
		snprintf(args, sizeof(args), "%s 1d --verdict pass", verbs[i]);
		assert_string_equal(said(args, EXITCODE_NOTHING),
				    "nothing matched: there are packets, but "
				    "none like that; doctor tells what is not "
				    "watched\n");
	}
	cli_fixture_sql("UPDATE path SET probe = 1");
	assert_string_equal(said("matrix", EXITCODE_NOTHING),
			    "nothing matched: there are only test packets, "
			    "which --probe counts\n");
	assert_string_equal(said("log -n 0", EXITCODE_NOTHING), "");
	cli_fixture_sql("DELETE FROM event; DELETE FROM batch");
	assert_string_equal(said("log --verdict drop", EXITCODE_NOTHING),
			    "nothing matched: no packet is in the log\n");
}

/* The terminal of an answer that a packet came behind. */
static ssize_t take_and_commit(void *cookie, const char *buf, size_t size)
{
	static const struct packet late = { CLI_NOW - 10 * S, TALK_MYSQL };
	bool *came = cookie;

	(void)buf;
	if (!*came)
		cli_fixture_commit(&late, 1);
	*came = true;
	return (ssize_t)size;
}

static void an_empty_answer_does_not_know_what_came_after_it(void **state)
{
	static const char *const verbs[] = { "log", "matrix", "top",
					     "timeline" };
	const cookie_io_functions_t io = { .write = take_and_commit };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		char program[] = "bridgeaudit", option[] = "--db", db[128];
		char verb[16], format[] = "-o", json[] = "json";
		char *argv[] = { program, option, db, verb, format, json };
		struct cli cli = { .now_ns = CLI_NOW };
		bool came = false;
		size_t size = 0;
		char *said = NULL;

		cli_fixture_sql("DELETE FROM event; DELETE FROM batch;"
				"DELETE FROM tally; DELETE FROM seen");
		str_copy(db, sizeof(db), cli_fixture_db());
		str_copy(verb, sizeof(verb), verbs[i]);
		cli.out = fopencookie(&came, "w", io);
		cli.err = open_memstream(&said, &size);
		assert_non_null(cli.out);
		assert_non_null(cli.err);
		assert_int_equal(cli_run(&cli, ARRAY_SIZE(argv), argv),
				 EXITCODE_NOTHING);
		fclose(cli.out);
		fclose(cli.err);
		assert_true(came);
		assert_string_equal(said, "nothing matched: no packet is in "
					  "the log\n" CLI_COVERED "\n");
		free(said);
	}
}

/* Whether the grid of the program beside this test is all ASCII there. */
static bool is_ascii_in(const char *locale)
{
	char self[256], command[512];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(len > 0);
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(command, sizeof(command),
		 "env -u LC_ALL -u LC_CTYPE -u LANG %s %s/../bridgeaudit"
		 " --db %s matrix -o grid 2>/dev/null"
		 " | LC_ALL=C grep -q '[^ -~]'",
		 locale, self, cli_fixture_db());
	return system(command) != 0;
}

static void a_locale_without_other_characters_gets_ascii(void **state)
{
	(void)state;
	assert_true(is_ascii_in(""));
	assert_true(is_ascii_in("LANG=C"));
	assert_true(is_ascii_in("LANG=C.UTF-8 LC_ALL=C"));
	assert_true(is_ascii_in("LANG=C.UTF-8 LC_CTYPE=POSIX"));
	assert_false(is_ascii_in("LANG=C.UTF-8"));
	assert_false(is_ascii_in("LC_ALL= LANG=de_DE.utf8"));
	assert_false(is_ascii_in("LANG=C LC_CTYPE=en_US.UTF-8"));
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, cli_fixture_talks,                  \
					cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(compact_is_a_line_per_packet_and_the_terminals_choice),
		T(colours_come_by_word_and_not_by_a_pipe),
		T(fields_are_picked_in_the_order_asked_for),
		T(wide_names_keep_their_columns),
		T(utc_is_for_what_is_read_and_what_is_printed),
		T(a_spreadsheet_calculates_no_name),
		T(a_test_packet_is_shown_as_one),
		T(an_empty_answer_says_why),
		T(an_empty_answer_does_not_know_what_came_after_it),
		T(a_locale_without_other_characters_gets_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
