// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/example.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/checkpoint.h"
#include "lib/signing_key.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

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

/*
 * The programs beside this test, told their database; follow has an end, and
 * what would change this machine is not run.
 */
static void write_ours(void)
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
	snprintf(text, sizeof(text),
		 "#!/bin/sh\ncase $1 in\n"
		 "--check-config) set -- --config %s/dist/bridgeaudit.conf"
		 " --check-config ;;\n--plan) ;;\n*) exit 9 ;;\nesac\n"
		 "%s/../bridgeauditd \"$@\" 2>>%s/err\n"
		 "code=$?\necho $code >>%s/codes\nexit $code\n",
		 source, self, place, place);
	write_program("bridgeauditd", text);
}

static void write_others(void)
{
	char text[1024];

	write_program("mail", "#!/bin/sh\n");
	write_program("systemctl", "#!/bin/sh\n");
	write_program("journalctl", "#!/bin/sh\ncat checkpoints\n");
	write_program("sudo", "#!/bin/sh\nexec \"$@\"\n");
	write_program("dot", "#!/bin/sh\ncat >/dev/null\n");
	snprintf(text, sizeof(text),
		 "#!/bin/sh\ncat %s/tests/data/rulesets/"
		 "generation-a-v4-nft.txt\n",
		 source);
	write_program("iptables-save", text);
	/* on the fixture's database, whichever is named */
	snprintf(text, sizeof(text),
		 "#!/bin/sh\nPATH=${PATH#*:}\nshift\nsqlite3 %s \"$@\" &&"
		 " echo 0 >>%s/codes\n",
		 cli_fixture_db(), place);
	write_program("sqlite3", text);
}

/* The keeper's key, and a checkpoint that it signed. */
static void write_key(void)
{
	struct checkpoint cp = { .id = 1, .seq = 1, .time_ns = 1 };
	uint8_t secret[CHECKPOINT_SECRET];
	char dir[SIGNING_PATH_MAX], line[CHECKPOINT_LINE_MAX];
	char text[CHECKPOINT_LINE_MAX + 2];
	const uint8_t *key = secret + CHECKPOINT_SECRET - CHECKPOINT_KEY;

	assert_int_equal(canonical_init(), 0);
	assert_int_equal(signing_key_dir(cli_fixture_db(), dir), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(signing_key_make(dir, NULL, secret), 0);
	checkpoint_sign(&cp, secret);
	snprintf(text, sizeof(text), "%s\n", checkpoint_print(&cp, line));
	write_program("checkpoints", text);
	snprintf(text, sizeof(text), "%s\n",
		 checkpoint_key_print(key, NULL, line));
	write_program("bridgeaudit.pub", text);
}

int example_set_up(void **state)
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
	write_ours();
	write_others();
	write_key();
	snprintf(path, sizeof(path), "%s:%s", place, getenv("PATH"));
	return setenv("PATH", path, 1);
}

int example_tear_down(void **state)
{
	char command[256];
	const char *path = getenv("PATH");

	setenv("PATH", strchr(path, ':') + 1, 1);
	snprintf(command, sizeof(command), "rm -rf %s %s.keeper", place,
		 cli_fixture_db());
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

/* The line, with files of checkpoints being those here. */
static void write_script(const char *path, const char *line)
{
	static const char *const dirs[] = { "/var/lib/bridgeaudit-keeper/",
					    "/var/log/bridgeaudit." };
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "cd %s\n", place);
	while (*line) {
		size_t skip = 0;

		for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
			if (strncmp(line, dirs[i], strlen(dirs[i])) == 0)
				skip = strlen(dirs[i]);
		line += skip;
		if (skip == 0)
			putc(*line++, f);
	}
	putc('\n', f);
	fclose(f);
}

void example_run(const char *line, const char *from)
{
	char command[1024], script[160];
	const char *codes, *good = strstr(line, " verify") ? "04" : "013";

	snprintf(script, sizeof(script), "%s/script", place);
	write_script(script, line);
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
	static const char *const from[] = { "\\(dq", "\\(aq", "\\&", "\\-",
					    "\\e" };
	static const char *const to[] = { "\"", "'", "", "-", "\\" };

	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		char *at;

		while ((at = strstr(line, from[i]))) {
			size_t len = strlen(from[i]), n = strlen(to[i]);

			memcpy(at, to[i], n);
			memmove(at + n, at + len, strlen(at + len) + 1);
		}
	}
}

static bool is_program(const char *word)
{
	static const char *const programs[] = { "bridgeaudit", "bridgeauditd",
						"sqlite3" };
	size_t len = strcspn(word, " `");

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (strlen(programs[i]) == len &&
		    strncmp(word, programs[i], len) == 0)
			return true;
	return false;
}

/* The command in what a document shows, NULL if it is none. */
static const char *command_of(const char *text)
{
	static const char *const joints[] = { "| ", "; ", "&& " };
	const char *start;

	if (strncmp(text, "$ ", 2) == 0 || strncmp(text, "# ", 2) == 0)
		text += 2;
	start = text;
	if (is_program(strncmp(text, "sudo ", 5) == 0 ? text + 5 : text))
		return start;
	for (size_t i = 0; i < ARRAY_SIZE(joints); i++)
		for (const char *at = text; (at = strstr(at, joints[i]));) {
			at += strlen(joints[i]);
			if (is_program(at))
				return start;
		}
	return NULL;
}

typedef void take_fn(const char *line, const char *path);

static size_t give(const char *text, const char *path, take_fn *take)
{
	const char *command = command_of(text);

	if (command)
		take(command, path);
	return command != NULL;
}

/* What of a line of Markdown is code. */
static size_t give_markdown(char *line, const char *path, take_fn *take)
{
	char *rest = line, *code;
	size_t n = 0;

	if (strncmp(line, "    ", 4) == 0)
		return give(line + 4, path, take);
	while ((code = strchr(rest, '`'))) {
		char *end = strchr(++code, '`');

		if (!end) /* it goes on in the next line: prose */
			break;
		*end = '\0';
		n += give(code, path, take);
		rest = end + 1;
	}
	return n;
}

/* The same of a manual, *literal telling whether the line is in a .Bd. */
static size_t give_manual(char *line, const char *path, bool *literal,
			  take_fn *take)
{
	if (strncmp(line, ".Bd -literal", 12) == 0)
		*literal = true;
	else if (strncmp(line, ".Ed", 3) == 0)
		*literal = false;
	if (strncmp(line, ".Dl ", 4) == 0)
		line += 4;
	else if (!*literal)
		return 0;
	unquote_manual(line);
	return give(line, path, take);
}

/* A line, with those that a backslash joins to it. */
static bool read_line(FILE *f, char *line, size_t size, bool manual)
{
	const char *joint = manual ? "\\e\n" : "\\\n";
	size_t len = 0;

	while (fgets(line + len, (int)(size - len), f)) {
		len += strlen(line + len);
		if (len < strlen(joint) ||
		    strcmp(line + len - strlen(joint), joint) != 0)
			break;
		len -= strlen(joint);
		line[len] = '\0';
	}
	line[strcspn(line, "\n")] = '\0';
	return len > 0;
}

size_t example_each(const char *path, take_fn *take)
{
	char line[EXAMPLE_LINE_MAX], name[512];
	bool manual = strncmp(path, "man/", 4) == 0, literal = false;
	size_t n = 0;
	FILE *f;

	snprintf(name, sizeof(name), "%s/%s", source, path);
	f = fopen(name, "r");
	if (!f)
		fail_msg("there is no %s", name);
	while (read_line(f, line, sizeof(line), manual))
		n += manual ? give_manual(line, path, &literal, take)
			    : give_markdown(line, path, take);
	fclose(f);
	return n;
}
