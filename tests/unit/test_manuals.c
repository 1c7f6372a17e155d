// SPDX-License-Identifier: GPL-2.0-or-later
/* Manuals and completions against the programs: what can be asked for is in
 * them, and nothing else. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/filter/option.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/text_file.h"

/* Where options are told of, and what is before the name of one. */
static const struct teller {
	const char *path, *before;
} completions[] = {
	{ "completions/bridgeaudit.bash", "--" },
	{ "completions/bridgeaudit.zsh", "--" },
	{ "completions/bridgeaudit.fish", "-l " },
}, manuals[] = {
	{ "man/bridgeaudit.1", " -" },
	{ "man/bridgeaudit-log.1", " -" },
	{ "man/bridgeaudit-matrix.1", " -" },
	{ "man/bridgeaudit-bundle.1", " -" },
	{ "man/bridgeaudit-verify.1", " -" },
};

/* The option that text begins with, as long as it goes. */
static size_t option_len(const char *text)
{
	return *text < 'a' || *text > 'z'
		       ? 0
		       : strspn(text, "abcdefghijklmnopqrstuvwxyz-0123456789");
}

/* Whether one of them tells of it, by its whole name. */
static bool tells(const struct teller *tellers, size_t n, const char *name)
{
	size_t len = strlen(name);
	bool found = false;

	for (size_t i = 0; i < n && !found; i++) {
		char *text = text_file_read(tellers[i].path);
		const char *at = text;

		while (!found && (at = strstr(at, tellers[i].before))) {
			at += strlen(tellers[i].before);
			found = option_len(at) == len &&
				memcmp(at, name, len) == 0;
		}
		free(text);
	}
	return found;
}

static void must_be_told(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(completions); i++)
		if (!tells(&completions[i], 1, name))
			fail_msg("%s lacks %s", completions[i].path, name);
	if (!tells(manuals, ARRAY_SIZE(manuals), name))
		fail_msg("no manual has --%s", name);
}

/* An option that was added and forgotten there would never be found. */
static void completions_and_manuals_know_every_option(void **state)
{
	static const char *const sides[] = { "", "from-", "to-" };
	char name[64];

	(void)state;
	must_be_told("not");
	must_be_told("where");
	for (size_t i = 0; filter_option_at(i); i++)
		must_be_told(filter_option_at(i)->name);
	for (size_t i = 0; expr_field_at(i); i++)
		for (size_t side = 0; side < ARRAY_SIZE(sides); side++) {
			if (side > 0 && !expr_field_at(i)->sides)
				continue;
			snprintf(name, sizeof(name), "%s%s", sides[side],
				 expr_field_at(i)->name);
			must_be_told(name);
		}
}

/* The program's own word for it. */
static bool is_option(const char *name, size_t len)
{
	char program[] = "bridgeaudit", option[64], help[] = "--help";
	char *argv[] = { program, option, help, NULL };

	snprintf(option, sizeof(option), "--%.*s", (int)len, name);
	return !strstr(cli_fixture_run_argv(3, argv)->err,
		       "there is no option");
}

static void must_be_options(const char *path, const char *before)
{
	char *text = text_file_read(path);
	const char *at = text;
	size_t len;

	while ((at = strstr(at, before))) {
		at += strlen(before);
		len = option_len(at);
		if (len > 0 && !is_option(at, len))
			fail_msg("%s has --%.*s", path, (int)len, at);
	}
	free(text);
}

/* Nor is there one in them that went. */
static void completions_and_manuals_know_no_other_option(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(completions); i++)
		must_be_options(completions[i].path, completions[i].before);
	for (size_t i = 0; i < ARRAY_SIZE(manuals); i++)
		must_be_options(manuals[i].path, "Fl -");
}

static bool has_word(const char *text, const char *word)
{
	static const char inside[] = "abcdefghijklmnopqrstuvwxyz_-";
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += len)
		if (at > text && !strchr(inside, at[-1]) && at[len] &&
		    !strchr(inside, at[len]))
			return true;
	return false;
}

static void completions_know_all_that_is_counted_by(void **state)
{
	const char *list = strstr(cli_fixture_run("top --by x")->err, "of ");
	char *words, *rest, *word;

	(void)state;
	assert_non_null(list);
	words = strdup(list + strlen("of "));
	assert_non_null(words);
	for (size_t i = 0; i < ARRAY_SIZE(completions); i++) {
		char *text = text_file_read(completions[i].path);

		strcpy(words, list + strlen("of "));
		for (word = strtok_r(words, ", ", &rest);
		     strcmp(word, "not") != 0;
		     word = strtok_r(NULL, ", ", &rest))
			if (!has_word(text, word))
				fail_msg("%s lacks %s", completions[i].path,
					 word);
		free(text);
	}
	free(words);
}

/* What bridgeauditd says of itself. */
static char *daemon_help(void)
{
	char self[PATH_MAX], command[PATH_MAX + 64];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *text = calloc(1, 65536);
	FILE *f;

	assert_true(len > 0 && text);
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(command, sizeof(command), "%s/../bridgeauditd --help", self);
	f = popen(command, "re");
	assert_non_null(f);
	assert_true(fread(text, 1, 65535, f) > 0);
	assert_int_equal(pclose(f), 0);
	return text;
}

/* Each option of one text, behind before, is in the other behind there. */
static void must_have(const char *text, const char *before, const char *other,
		      const char *there, const char *what)
{
	for (const char *at = text; (at = strstr(at, before));) {
		char name[64];
		size_t len;

		at += strlen(before);
		len = option_len(at);
		if (len == 0)
			continue;
		snprintf(name, sizeof(name), "%s%.*s", there, (int)len, at);
		if (!has_word(other, name))
			fail_msg("%s lacks %s", what, name);
	}
}

static void the_daemon_and_its_manual_have_the_same_options(void **state)
{
	char *manual = text_file_read("man/bridgeauditd.8");
	char *help = daemon_help();

	(void)state;
	must_have(help, "--", manual, "Fl -", "man/bridgeauditd.8");
	must_have(manual, ".It Fl -", help, "--", "bridgeauditd --help");
	free(help);
	free(manual);
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, cli_fixture_set_up,                 \
					cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(completions_and_manuals_know_every_option),
		T(completions_and_manuals_know_no_other_option),
		T(completions_know_all_that_is_counted_by),
		cmocka_unit_test(
			the_daemon_and_its_manual_have_the_same_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
