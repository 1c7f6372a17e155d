// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every example of the README, the manual pages and the help texts is run by
 * a shell, on a database that has their networks. Real programs stand behind
 * the pipes, save those that would send mail or need graphviz.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

enum { LINE_MAX_LEN = 512 };

static char place[128];	 /* where the shell runs, first in its PATH */
static char source[256]; /* of the files */

static void write_program(const char *name, const char *text)
{
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", place, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
}

/* The program beside this test, told its database; follow has an end. */
static void write_wrapper(void)
{
	char self[256], text[1024];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(len > 0);
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(text, sizeof(text),
		 "#!/bin/sh\nend=\ncase \" $* \" in\n"
		 "*\" follow \"*) end='--timeout 1s' ;;\nesac\n"
		 "%s/../bridgeaudit --db %s \"$@\" $end 2>>%s/err\n"
		 "code=$?\necho $code >>%s/codes\nexit $code\n",
		 self, cli_fixture_db(), place, place);
	write_program("bridgeaudit", text);
	write_program("mail", "#!/bin/sh\n");
	write_program("dot", "#!/bin/sh\ncat >/dev/null\n");
}

static int set_up(void **state)
{
	static const struct packet packets[] = {
		{ CLI_NOW, TALK_MYSQL },
		{ CLI_NOW, TALK_HTTP },
	};
	char path[4096];

	if (cli_fixture_set_up(state) < 0 || !getcwd(source, sizeof(source)))
		return -1;
	cli_fixture_sql("INSERT INTO network (docker_id, name, bridge,"
			" internal, created_ns) VALUES"
			" ('d1', 'front', 'br-d', 0, 1),"
			" ('e1', 'data', 'br-e', 0, 1),"
			" ('f1', 'frontend', 'br-f', 0, 1),"
			" ('g1', 'database', 'br-g', 0, 1);"
			"INSERT INTO container (docker_id, name, project,"
			" from_ns) VALUES ('a', 'web', 'shop', 1),"
			" ('b', 'db', 'shop', 1), ('c', 'app', 'shop', 1),"
			" ('a', 'www', 'shop', 2)");
	cli_fixture_commit(packets, ARRAY_SIZE(packets));
	snprintf(place, sizeof(place), "%s.run", cli_fixture_db());
	if (mkdir(place, 0755) < 0)
		return -1;
	write_wrapper();
	snprintf(path, sizeof(path), "%s:%s", place, getenv("PATH"));
	return setenv("PATH", path, 1);
}

static int tear_down(void **state)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s", place);
	if (system(command) != 0)
		return -1;
	return cli_fixture_tear_down(state);
}

/* The file below place, "" when there is none. */
static const char *contents(const char *name)
{
	static char text[4096];
	char path[160];
	size_t len = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", place, name);
	f = fopen(path, "r");
	if (f) {
		len = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
		unlink(path);
	}
	text[len] = '\0';
	return text;
}

/* Runs a line. Its bridgeaudits end with 0, 1 or 3; verify finds that no logger
 * wrote this database. */
static void run_line(const char *line, const char *from)
{
	char command[1024], script[160];
	const char *codes, *good = strstr(line, " verify") ? "4" : "013";
	FILE *f;

	snprintf(script, sizeof(script), "%s/script", place);
	f = fopen(script, "w");
	assert_non_null(f);
	fprintf(f, "cd %s\n%s\n", place, line);
	fclose(f);
	snprintf(command, sizeof(command), "sh %s >%s/out 2>%s/sherr", script,
		 place, place);
	if (system(command) < 0)
		fail_msg("no shell");
	if (*contents("sherr"))
		fail_msg("%s: '%s': the shell complains", from, line);
	codes = contents("codes");
	if (!*codes)
		fail_msg("%s: '%s' ran nothing", from, line);
	for (; *codes; codes++)
		if (*codes != '\n' && !strchr(good, *codes))
			fail_msg("%s: '%s' ends with %c: %s", from, line,
				 *codes, contents("err"));
}

/* A manual's line to what a shell reads. */
static void unquote_manual(char *line)
{
	static const char *const from[] = { "\\(dq", "\\(aq", "\\&", "\\-" };
	static const char *const to[] = { "\"", "'", "", "-" };

	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		char *at;

		while ((at = strstr(line, from[i]))) {
			size_t len = strlen(from[i]), n = strlen(to[i]);

			memcpy(at, to[i], n);
			memmove(at + n, at + len, strlen(at + len) + 1);
		}
	}
}

/* Runs what follows the mark in each line of a file; returns how many. */
static size_t run_file(const char *name, const char *mark)
{
	char path[320], line[LINE_MAX_LEN];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", source, name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("there is no %s", path);
	while (fgets(line, sizeof(line), f)) {
		char *at = strstr(line, mark), *end;

		if (!at)
			continue;
		at += strlen(mark);
		end = at + strcspn(at, strchr(mark, '`') ? "`\n" : "\n");
		*end = '\0';
		unquote_manual(at);
		if (strncmp(at, "bridgeaudit", 11) != 0 ||
		    strstr(at, "rules remove") || strstr(at, "rules --"))
			continue;
		run_line(at, name);
		n++;
	}
	fclose(f);
	return n;
}

static void examples_of_the_manuals_run(void **state)
{
	(void)state;
	assert_true(run_file("man/bridgeaudit.1", ".Dl $ ") >= 5);
	assert_true(run_file("man/bridgeaudit-log.1", ".Dl $ ") >= 9);
	assert_true(run_file("man/bridgeaudit-matrix.1", ".Dl $ ") >= 8);
}

static void examples_of_the_readme_run(void **state)
{
	(void)state;
	assert_true(run_file("README.md", "    $ ") >= 1);
	assert_true(run_file("README.md", "| `") >= 4);
}

/* A name is not counted: who asks knows it already. */
static bool is_name(const char *word)
{
	static const char *const names[] = {
		"app",	    "web",  "db",  "frontend",
		"database", "shop", "www", "hour.pcap",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(word, names[i]) == 0)
			return true;
	return false;
}

/* How many commands of its table there are; none is too long. */
static size_t count_words(const char *name)
{
	enum { WORDS_MAX = 6 };
	static const char mark[] = " | `bridgeaudit";
	char path[320], line[LINE_MAX_LEN];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", source, name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("there is no %s", path);
	while (fgets(line, sizeof(line), f)) {
		char *rest = strstr(line, mark), *word;
		size_t words = 0;

		if (!rest)
			continue;
		rest += strlen(mark);
		rest[strcspn(rest, "`")] = '\0';
		while ((word = strsep(&rest, " ")))
			words += *word && !is_name(word);
		if (words > WORDS_MAX)
			fail_msg("%zu words: %s", words, line);
		n++;
	}
	fclose(f);
	return n;
}

/* Each command of the table is one that is shown with its answer. */
static void the_twenty_questions_run_and_are_short(void **state)
{
	(void)state;
	assert_int_equal(count_words("docs/questions.md"), 20);
	assert_int_equal(run_file("docs/questions.md", " | `"), 20);
	assert_int_equal(run_file("docs/questions.md", "    $ "), 20);
}

static void examples_of_the_help_texts_run(void **state)
{
	static const char *const verbs[] = { "matrix", "log",	   "follow",
					     "top",    "timeline", "show",
					     "diff",   "values" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		char args[64], help[8192], *rest = help, *line;
		size_t n = 0;

		snprintf(args, sizeof(args), "%s --help", verbs[i]);
		str_copy(help, sizeof(help), cli_fixture_run(args)->out);
		while ((line = strsep(&rest, "\n"))) {
			if (strncmp(line, "  bridgeaudit", 13) != 0)
				continue;
			if (strstr(line, "--baseline"))
				run_line("bridgeaudit top --by from,to,port "
					 "-n 0 -o jsonl > known.jsonl",
					 verbs[i]);
			run_line(line + 2, verbs[i]);
			n++;
		}
		assert_true(n >= 2);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(examples_of_the_manuals_run),
		T(examples_of_the_readme_run),
		T(the_twenty_questions_run_and_are_short),
		T(examples_of_the_help_texts_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
