// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables on terminals of any width, and on none. */
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/output/table_layout.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

#define S NS_PER_S
#define LONG_NAME "customer-portal_database-backend"

static const char *const questions[] = {
	"matrix -o table",
	"log -o table",
	"log --fields id,src_network,dst_network,rule",
	"top --by network,ip,port",
	"top -s ports",
	"timeline --by network",
	"diff -S 300s",
	"rules",
	"probe --all",
	"reads",
};

static int set_up(void **state)
{
	static const struct packet packets[] = {
		{ CLI_NOW - 600 * S, TALK_MYSQL },
		{ CLI_NOW - 500 * S, TALK_PING },
		{ CLI_NOW - 400 * S, TALK_HTTP },
		{ CLI_NOW - 200 * S, TALK_BACK },
	};
	int r = cli_fixture_set_up(state);

	if (r == 0) {
		cli_fixture_commit(packets, ARRAY_SIZE(packets));
		cli_fixture_sql("UPDATE network SET name = '" LONG_NAME "'"
				" WHERE name = 'shop_db'");
	}
	return r;
}

static const char *ask(const char *question, unsigned int columns)
{
	char args[256];

	cli_fixture_columns(columns);
	snprintf(args, sizeof(args), "%s --no-pager", question);
	return cli_fixture_run(args)->out;
}

/* The widest line of text. */
static size_t width_of(const char *text)
{
	size_t most = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		char line[4096];

		assert_true(len < sizeof(line));
		memcpy(line, text, len);
		line[len] = '\0';
		if (most < str_width(line))
			most = str_width(line);
		text += len + (text[len] == '\n');
	}
	return most;
}

static bool is_tall(const char *text)
{
	return strstr(text, "\n\n");
}

static void a_row_is_never_wider_than_the_terminal(void **state)
{
	static const unsigned int widths[] = { 20, 30, 40, 60, 80, 120, 200 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(widths); j++) {
			const char *out = ask(questions[i], widths[j]);

			/* cells of their own lines may wrap: nothing is cut */
			if (is_tall(out) ? !!strstr(out, "\u2026")
					 : width_of(out) > widths[j])
				fail_msg("'%s' on %u columns:\n%s",
					 questions[i], widths[j], out);
		}
	}
}

static void a_pipe_gets_all_of_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		const char *out = ask(questions[i], 0);

		if (strstr(out, "\u2026") || strstr(out, "..."))
			fail_msg("'%s' is cut:\n%s", questions[i], out);
	}
	assert_non_null(strstr(ask("matrix -o table", 0), LONG_NAME));
}

static void names_are_cut_and_numbers_are_not(void **state)
{
	(void)state;
	assert_string_equal(
		ask("log -o table -n 2", 80),
		"TIME                    VERDICT FROM         TO           "
		"PROTO    CHAIN\n"
		"2026-11-23 21:12:17.000 accept  (eth0) 2001\u2026 "
		"shop_web [f\u2026 tcp SYN  DOCKER\n"
		"2026-11-23 21:15:37.000 drop    customer-po\u2026 "
		"shop_web 19\u2026 udp      DOCKER-ISOLA\u2026\n");
	assert_string_equal(
		ask("top --by network -n 1 --verdict accept", 50),
		"FROM   TO       PACKETS BYTES CONVERSATIONS PORTS\n"
		"(eth0) shop_web       1    60             1     1\n");
	assert_string_equal(
		ask("log -o table --fields time,src_network,dst_port -n 1", 60),
		"time                           src_network          dst_port\n"
		"2026-11-23T21:15:37.000000000Z customer-portal_dat\u2026 "
		"53\n");
}

static void what_went_is_marked_and_what_matters_stays(void **state)
{
	const char *out = ask("top -s bytes", 50);

	(void)state;
	assert_non_null(strstr(out, " BYTES "));
	assert_non_null(strstr(out, "\u2026\n"));
	assert_null(strstr(out, "CONVERSATIONS"));
	out = ask("matrix -o table", 40);
	assert_memory_equal(out, "FROM ", 5);
	assert_non_null(strstr(out, "PACKETS \u2026\n"));
	assert_null(strstr(out, "FIRST SEEN"));
	out = ask("matrix -o table --color never", 200);
	assert_non_null(strstr(out, "FIRST SEEN"));
	assert_null(strstr(out, "\u2026"));
}

static void without_room_for_a_row_each_cell_has_a_line(void **state)
{
	(void)state;
	assert_string_equal(ask("matrix -o table --verdict accept", 20),
			    "FROM          (eth0)\n"
			    "TO            shop_web\n"
			    "VERDICT       accept\n"
			    "PACKETS       1\n"
			    "CONVERSATIONS 1\n"
			    "FIRST SEEN    2026-11-23 21:12:17\n"
			    "LAST SEEN     2026-11-23 21:12:17\n"
			    "TOP PORT      tcp/80 (100 %)\n\n");
}

/* Of random tables. */
static void a_layout_fits_or_is_tall(void **state)
{
	enum { ROUNDS = 20000, COLUMNS = 8, MARK = 2 };

	(void)state;
	srand(5);
	for (int round = 0; round < ROUNDS; round++) {
		struct table_layout c[COLUMNS] = { 0 }, before[COLUMNS];
		size_t n = 1 + (size_t)rand() % COLUMNS, sum = 0;
		size_t room = 1 + (size_t)rand() % 150;
		enum table_fit fit;
		bool lacks = false;

		for (size_t i = 0; i < n; i++)
			c[i] = (struct table_layout){
				.width = (size_t)rand() % 40,
				.whole = rand() % 2,
				.spare = (unsigned int)rand() % 4,
			};
		memcpy(before, c, sizeof(c));
		fit = table_layout_fit(c, n, room, MARK);
		for (size_t i = 0; i < n; i++) {
			lacks |= c[i].hidden;
			sum += c[i].hidden ? 0 : c[i].width + TABLE_GAP;
			assert_true(c[i].width <= before[i].width);
			assert_true(!c[i].hidden || c[i].spare);
			if (c[i].width < before[i].width)
				assert_true(!c[i].whole &&
					    c[i].width >= TABLE_LEAST);
		}
		if (fit != TABLE_IS_TALL) {
			assert_int_equal(lacks, fit == TABLE_LACKS);
			assert_true(sum - TABLE_GAP + (lacks ? MARK : 0) <=
				    room);
		}
	}
}

/* The program beside this test on a terminal; what it printed, without CR. */
static void run_on_terminal(unsigned short columns, const char *variable,
			    char *buf, size_t size)
{
	struct winsize w = { .ws_row = 24, .ws_col = columns };
	char self[256] = "", program[300];
	size_t len = 0;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int fd = -1, status = 0;
	pid_t pid;

	assert_true(n > 0);
	*strrchr(self, '/') = '\0';
	snprintf(program, sizeof(program), "%s/../bridgeaudit", self);
	pid = forkpty(&fd, NULL, NULL, &w);
	assert_true(pid >= 0);
	if (pid == 0) {
		if (variable)
			setenv("COLUMNS", variable, 1);
		else
			unsetenv("COLUMNS");
		execl(program, "bridgeaudit", "--db", cli_fixture_db(),
		      "matrix", "-o", "table", "--no-pager", "--color", "never",
		      (char *)NULL);
		_exit(127);
	}
	while (len < size - 1 && (n = read(fd, buf + len, 1)) > 0)
		len += buf[len] != '\r';
	buf[len] = '\0';
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
}

static void the_width_is_the_terminals_or_what_columns_says(void **state)
{
	static const struct {
		unsigned short of_terminal;
		const char *variable;
		size_t width;
	} cases[] = {
		{ 60, NULL, 60 },    { 200, "60", 60 },	 { 60, "", 60 },
		{ 60, "wide", 60 },  { 60, "0", 60 },	 { 0, NULL, 80 },
		{ 60, "65536", 60 }, { 60, "200", 200 },
	};
	char out[8192];

	(void)state;
	setenv("LC_ALL", "C", 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		run_on_terminal(cases[i].of_terminal, cases[i].variable, out,
				sizeof(out));
		if (!strstr(out, "PACKETS") || width_of(out) > cases[i].width ||
		    !strstr(out, " ...\n") != (cases[i].width == 200))
			fail_msg("case %zu:\n%s", i, out);
	}
	unsetenv("LC_ALL");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_row_is_never_wider_than_the_terminal),
		T(a_pipe_gets_all_of_it),
		T(names_are_cut_and_numbers_are_not),
		T(what_went_is_marked_and_what_matters_stays),
		T(without_room_for_a_row_each_cell_has_a_line),
		cmocka_unit_test(a_layout_fits_or_is_tall),
		T(the_width_is_the_terminals_or_what_columns_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
