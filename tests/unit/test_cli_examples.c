// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every example of the README, the manual pages and the help texts is run, or
 * is on a short list of those that are run in another test.
 */
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/example.h"

/* What needs root, Docker or the log of a real logger: where it is run, and
 * what stands there. */
static struct {
	const char *line;
	const char *test;
	const char *words;
	bool seen;
} elsewhere[] = {
	{ "sudo bridgeaudit probe", "tests/system/test_probe.sh",
	  "tb_audit probe", false },
	{ "sudo bridgeaudit doctor", "tests/system/test_doctor.sh",
	  "tb_audit_beside doctor", false },
	{ "bridgeauditd --db /srv/audit/audit.db --foreground",
	  "tests/system/logger.sh", "--db \"$(tb_db)\" --foreground", false },
	{ "bridgeauditd --remove-rules", "tests/system/test_stop.sh",
	  "tb_audit_beside rules remove", false },
	{ "sudo bridgeaudit rules remove", "tests/system/test_stop.sh",
	  "tb_audit_beside rules remove", false },
	{ "sudo bridgeaudit doctor -o json |     jq '.checks[] | "
	  "select(.state == \"not_watched\")'",
	  "tests/system/test_doctor.sh", "doctor -o json", false },
};

static bool has(const char *path, const char *words)
{
	char line[EXAMPLE_LINE_MAX];
	bool found = false;
	FILE *f = fopen(path, "r");

	if (!f)
		fail_msg("there is no %s", path);
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, words);
	fclose(f);
	return found;
}

static void run_or_know(const char *line, const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++) {
		if (strcmp(elsewhere[i].line, line) != 0)
			continue;
		if (!has(elsewhere[i].test, elsewhere[i].words))
			fail_msg("%s: '%s' is not run by %s", path, line,
				 elsewhere[i].test);
		elsewhere[i].seen = true;
		return;
	}
	example_run(line, path);
}

/* How many lines begin with the mark. */
static size_t count_lines(const char *path, const char *mark)
{
	char line[EXAMPLE_LINE_MAX];
	size_t n = 0;
	FILE *f = fopen(path, "r");

	if (!f)
		fail_msg("there is no %s", path);
	while (fgets(line, sizeof(line), f))
		n += strncmp(line, mark, strlen(mark)) == 0;
	fclose(f);
	return n;
}

static void every_example_of_the_documents_is_run(void **state)
{
	glob_t manuals = { 0 };

	(void)state;
	/* each row of its table, the screen that it shows, and SQL */
	assert_true(example_each("README.md", run_or_know) >=
		    count_lines("README.md", "| `bridgeaudit") +
			    count_lines("README.md", "| `sudo") + 2);
	assert_int_equal(glob("man/*.[1-8]", 0, NULL, &manuals), 0);
	assert_true(manuals.gl_pathc >= 6);
	for (size_t i = 0; i < manuals.gl_pathc; i++) {
		const char *path = manuals.gl_pathv[i];
		size_t n = example_each(path, run_or_know);

		if (n < count_lines(path, ".Dl $") + count_lines(path, ".Dl #"))
			fail_msg("%s: %zu examples were found", path, n);
		if (n < count_lines(path, ".Sh EXAMPLES"))
			fail_msg("%s: no examples were found", path);
	}
	globfree(&manuals);
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
	char line[EXAMPLE_LINE_MAX];
	size_t n = 0;
	FILE *f;

	f = fopen(name, "r");
	if (!f)
		fail_msg("there is no %s", name);
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
	assert_true(example_each("docs/questions.md", run_or_know) >= 40);
	assert_int_equal(count_lines("docs/questions.md", "    $ bridgeaudit"),
			 20);
}

/* A command of a help text, which may go on after "|" or a backslash. */
static void join_line(char *line, char **rest)
{
	char *last = line + strlen(line) - 1;

	while (*rest && (*last == '|' || *last == '\\')) {
		if (*last == '\\')
			*last = ' ';
		last[1] = ' '; /* where strsep() has put the end */
		strsep(rest, "\n");
		last = line + strlen(line) - 1;
	}
}

static size_t run_help(const char *verb)
{
	char args[64], help[8192], *rest = help, *line;
	size_t n = 0;

	snprintf(args, sizeof(args), "%s --help", verb);
	str_copy(help, sizeof(help), cli_fixture_run(args)->out);
	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, "  bridgeaudit", 13) != 0 &&
		    strncmp(line, "  sudo bridgeaudit", 18) != 0)
			continue;
		join_line(line, &rest);
		if (strstr(line, "--baseline"))
			example_run("bridgeaudit top --by from,to,port "
				    "-n 0 -o jsonl > known.jsonl",
				    verb);
		run_or_know(line + 2, verb);
		n++;
	}
	return n;
}

static void every_example_of_the_help_texts_is_run(void **state)
{
	static const char *const verbs[] = {
		"matrix", "log",    "follow", "top",	"timeline", "show",
		"diff",	  "values", "rules",  "status", "doctor",   "report",
		"probe",  "key",    "verify", "reads",
	};

	(void)state;
	assert_int_equal(run_help(""), 1);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (run_help(verbs[i]) == 0)
			fail_msg("%s --help has no example", verbs[i]);
}

/* After all others. */
static void nothing_is_excused_that_nobody_shows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		if (!elsewhere[i].seen)
			fail_msg("nobody shows '%s'", elsewhere[i].line);
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, example_set_up, example_tear_down)
	const struct CMUnitTest tests[] = {
		T(every_example_of_the_documents_is_run),
		T(the_twenty_questions_run_and_are_short),
		T(every_example_of_the_help_texts_is_run),
		T(nothing_is_excused_that_nobody_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
