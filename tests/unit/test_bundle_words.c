// SPDX-License-Identifier: GPL-2.0-or-later
/* Words in a bundle that no row stands behind, and keys that are not the log's;
 * and that none are refused for what is missing where they are checked. */
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/checkpoint.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/bundle_mutate.h"
#include "tests/unit/cmocka_all.h"

#define ALL "-S 2023-11-14"
#define HOUR (60 * NS_PER_MINUTE)

static void must_refuse(struct bundle_world *w, const char *why)
{
	assert_int_equal(bundle_world_verify(w, w->changed, ""),
			 EXITCODE_INTEGRITY);
	bundle_must_say(w, "NOT PROVEN: ");
	bundle_must_say(w, why);
}

static void a_file_that_nobody_checks_is_refused(void **state)
{
	static const char *const names[] = { "summary.html", "a/b",
					     "evidence/more.jsonl",
					     "data/more.csv", "report.pdf" };
	struct bundle_world *w = *state;

	bundle_world_make(w, ALL);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		bundle_world_add(w, names[i], "nothing was dropped\n");
		must_refuse(w, strncmp(names[i], "data/", 5) == 0
				       ? "has a file of no table"
				       : "no bundle has a file");
	}
}

static void words_that_say_something_else_are_refused(void **state)
{
	static const struct {
		const char *name, *from, *to, *why;
	} changes[] = {
		{ "readme.txt", "bridgeaudit verify BUNDLE.tar", "sha256sum",
		  "readme.txt is not as it was written" },
		{ "bundle.json", "\"made\":\"2023", "\"made\":\"2022",
		  "bundle.json is not as it was written" },
		{ "bundle.json", "\"since\":\"2023", "\"since\":\"2022",
		  "bundle.json is not as it was written" },
		{ "bundle.json", "{", "{\"lost\":\"nothing\",",
		  "bundle.json is not as it was written" },
		{ "bundle.json", "\"version\":\"", "\"version\":\"1",
		  "report.json is of another version" },
		{ "bundle.json",
		  "\"until_ns\":1700172840000000000,"
		  "\"since\":\"2023-11-14T00:00:00.000000000Z\","
		  "\"until\":\"2023-11-16T22:14:00.000000000Z\"",
		  "\"until_ns\":1700179200000000000,"
		  "\"since\":\"2023-11-14T00:00:00.000000000Z\","
		  "\"until\":\"2023-11-17T00:00:00.000000000Z\"",
		  "report.json is of another time" },
		{ "keys", "\n", "\nnothing was dropped\n", "a key is none" },
		{ "keys", "\n", " nothing was dropped\n", "a key is none" },
		{ "checkpoints", "bridge", "nothing was dropped bridge",
		  "is no checkpoint" },
		{ "evidence/proof.jsonl", "{", "{\"hex\":\"00\",",
		  "is no row of that table" },
	};
	struct bundle_world *w = *state;

	bundle_world_make(w, ALL);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		bundle_world_change(w, changes[i].name, changes[i].from,
				    changes[i].to);
		must_refuse(w, changes[i].why);
	}
}

static void a_key_is_there_once(void **state)
{
	struct bundle_world *w = *state;
	char *text, *twice;

	bundle_world_make(w, ALL);
	text = bundle_file_of(w, "keys");
	assert_true(asprintf(&twice, "%s%s", text, text) > 0);
	bundle_world_change(w, "keys", text, twice);
	must_refuse(w, "a key is there twice");
	free(twice);
	free(text);
}

/* A checkpoint of the same link by a key that is not the log's, before its own.
 */
static void each_key_that_signed_is_named(void **state)
{
	struct bundle_world *w = *state;
	uint8_t seed[crypto_sign_SEEDBYTES] = { 7 };
	uint8_t key[CHECKPOINT_KEY], secret[CHECKPOINT_SECRET];
	char line[CHECKPOINT_LINE_MAX], told[128];
	char hex[2 * CHECKPOINT_KEY + 1], *text, *both;
	struct checkpoint cp;

	crypto_sign_seed_keypair(key, secret, seed);
	bundle_world_make(w, ALL);
	text = bundle_file_of(w, "checkpoints");
	assert_int_equal(checkpoint_parse(text, &cp), 0);
	cp.id++;
	checkpoint_sign(&cp, secret);
	checkpoint_print(&cp, line);
	assert_true(asprintf(&both, "%s%s\n", text, line) > 0);
	bundle_world_change(w, "checkpoints", text, both);
	assert_int_equal(bundle_world_verify(w, w->changed, ""), EXITCODE_OK);
	sodium_bin2hex(hex, sizeof(hex), key, sizeof(key));
	snprintf(told, sizeof(told), "by key %s\nand other parts of it by key ",
		 hex);
	bundle_must_say(w, told);
	bundle_world_verify(w, w->changed, "-o json");
	bundle_must_say(w, "\"signing_keys\":[\"");
	bundle_must_say(w, hex);
	/* one id twice is none that a log has */
	free(both);
	assert_true(asprintf(&both, "%s%s", text, text) > 0);
	bundle_world_change(w, "checkpoints", text, both);
	must_refuse(w, "line 2: is no checkpoint of this log");
	free(both);
	free(text);
}

/* Nor is a checkpoint claimed, of which there may be none. */
static void without_the_key_nobody_signs_it(void **state)
{
	struct bundle_world *w = *state;
	char key[BUNDLE_PATH_SIZE];

	snprintf(key, sizeof(key), "%s.keeper/signing.key", w->world.db);
	assert_int_equal(unlink(key), 0);
	bundle_world_make(w, ALL);
	bundle_must_say(w, "nobody signed it as a whole: the log's key is not "
			   "here, or not yours to read\n");
}

/* The last packet was committed a nanosecond after what was signed. */
static void until_when_a_logger_ran_is_somebodys_word(void **state)
{
	struct bundle_world *w = *state;

	bundle_world_make(w, ALL);
	bundle_must_prove(w, ALL);
	bundle_must_say(w, "that what lasted then went on, and the logger with "
			   "it, until 2023-11-15T01:13:20.00000000");
	bundle_world_make(w, "-S 2023-11-14 -U 2023-11-15T01:00:00Z");
	bundle_must_prove(w, "until before the checkpoint");
	if (strstr(w->result.out, "went on"))
		fail_msg("%s", w->result.out);
}

/* As nobody, in a root that has the bundle and nothing else that he may read or
 * write: no /dev/null, no /tmp. */
static void verify_alone(struct bundle_world *w, int told)
{
	if (chroot(w->world.dir) == 0 && chdir("/") == 0 &&
	    setgid(65534) == 0 && setuid(65534) == 0 &&
	    bundle_world_verify(w, "/b.tar", "") >= 0)
		dprintf(told, "%d %s%s", w->result.code, w->result.out,
			w->result.err);
	raise(SIGKILL); /* its memory is not its to free */
}

static void must_prove_alone(struct bundle_world *w)
{
	char said[64] = "";
	int told[2];
	pid_t pid;

	assert_int_equal(chmod(w->world.dir, 0755), 0);
	assert_int_equal(chmod(w->bundle, 0644), 0);
	assert_int_equal(pipe(told), 0);
	pid = fork();
	if (pid == 0)
		verify_alone(w, told[1]);
	close(told[1]);
	assert_true(read(told[0], said, sizeof(said) - 1) > 0);
	close(told[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	if (strncmp(said, "0 whole: ", 9) != 0)
		fail_msg("%s", said);
}

static void it_is_checked_where_there_is_nothing_else(void **state)
{
	struct bundle_world *w = *state;

	if (geteuid() != 0)
		skip();
	bundle_world_make(w, ALL " --port 80");
	must_prove_alone(w);
}

/* More rows than SQLite's cache has room for: it would need a file. */
static void nor_does_a_large_one_need_a_directory(void **state)
{
	struct bundle_world *w = *state;
	struct stat file;
	struct store *st;

	if (geteuid() != 0)
		skip();
	st = store_world_open(&w->world, T0 + 4 * HOUR);
	for (unsigned int i = 0; i < 40000; i++) {
		struct event ev = store_world_event(T0 + 4 * HOUR + i,
						    (uint16_t)(1024 + i));

		store_add_event(st, &ev);
		if (store_events_full(st))
			assert_int_equal(store_commit(st, T0 + 4 * HOUR + i),
					 0);
	}
	assert_int_equal(store_close(st, T0 + 5 * HOUR), 0);
	bundle_world_make(w, ALL);
	assert_int_equal(stat(w->bundle, &file), 0);
	assert_true(file.st_size > 16 << 20);
	must_prove_alone(w);
}

int main(void)
{
#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, bundle_world_set_up,                \
					bundle_world_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_file_that_nobody_checks_is_refused),
		TEST(words_that_say_something_else_are_refused),
		TEST(a_key_is_there_once),
		TEST(each_key_that_signed_is_named),
		TEST(without_the_key_nobody_signs_it),
		TEST(until_when_a_logger_ran_is_somebodys_word),
		TEST(it_is_checked_where_there_is_nothing_else),
		TEST(nor_does_a_large_one_need_a_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
