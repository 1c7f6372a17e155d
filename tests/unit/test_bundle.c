// SPDX-License-Identifier: GPL-2.0-or-later
/* A bundle is checked without its database, and nothing in it can be changed
 * unseen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/bundle/bundle.h"
#include "lib/exitcode.h"
#include "lib/signing_key.h"
#include "lib/text.h"
#include "tests/unit/bundle_world.h"
#include "tests/unit/cmocka_all.h"

static void must_say(struct bundle_world *w, const char *what)
{
	if (!strstr(w->result.out, what))
		fail_msg("not '%s' but: %s%s", what, w->result.out,
			 w->result.err);
}

static void must_prove(struct bundle_world *w, const char *path,
		       const char *options)
{
	if (bundle_world_verify(w, path, options) != EXITCODE_OK)
		fail_msg("%d: %s%s", w->result.code, w->result.out,
			 w->result.err);
}

static void a_bundle_is_proven_without_its_database(void **state)
{
	struct bundle_world *w = *state;
	char options[512];

	bundle_world_make(w, "-S 2023-11-14");
	must_say(w, "signed with the log's key");
	assert_int_equal(unlink(w->world.db), 0);
	must_prove(w, w->bundle, "");
	/* all rows but the one that came after the last checkpoint */
	must_say(w, "held by a signature: 12 of 13 rows (1 to 13, none "
		    "missing between)");
	must_say(w, "1 row is in the chain and no checkpoint here signs it");
	must_say(w, "those keys are the bundle's own");
	must_say(w, "no session, gap, coverage, finding, probe, reading, "
		    "network or rule that was committed until "
		    "2023-11-15T01:13:20.000000000Z is missing\n");
	must_say(w, "whether such are missing after that can't be told");
	must_say(w, "the report and data/ were made again from the evidence");
	must_say(w, "of sections new (that the time before had none of them), "
		    "verification (what is of the whole database), blind (what "
		    "is of the host): who signed");
	snprintf(options, sizeof(options), "--public-key %s --against %s",
		 w->public_key, w->checkpoints);
	must_prove(w, w->bundle, options);
	must_say(w, "the bundle as a whole is signed by key");
	must_say(w, "1 checkpoint from elsewhere says the same");
	must_prove(w, w->bundle, "-o json");
	must_say(w, "\"rows\":{\"all\":13,\"held\":12}");
}

static void only_its_owner_may_read_it_and_none_is_overwritten(void **state)
{
	struct bundle_world *w = *state;
	char args[512];
	struct stat st;

	bundle_world_make(w, "");
	assert_int_equal(stat(w->bundle, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(args, sizeof(args), "bundle -o %s", w->bundle);
	assert_int_equal(bundle_world_run(w, args), EXITCODE_USAGE);
	assert_non_null(strstr(w->result.err, "is there already"));
	assert_int_equal(bundle_world_run(w, "bundle"), EXITCODE_USAGE);
	assert_int_equal(bundle_world_run(w, "bundle -o /nowhere/b.tar"),
			 EXITCODE_NOTHING);
	assert_non_null(strstr(w->result.err, "'/nowhere/b.tar': No such"));
}

/* Batches are hashed as a whole; what is not of the time stays out of events.
 */
static void a_part_of_the_time_is_proven_by_its_batches(void **state)
{
	struct bundle_world *w = *state;

	bundle_world_make(w, "-S 2023-11-14T23:00:00Z -U 2023-11-15T00:00:00Z");
	must_prove(w, w->bundle, "");
	/* 8 and 9 are in one with 7, and 10, 11 are of before and after */
	must_say(w, "held by a signature: ");
	must_say(w, "each row there of that time is in them");
	must_say(w, "were made again from the evidence, and are the same");
	if (strstr(w->result.out, "can't be told"))
		fail_msg("%s", w->result.out);
}

/* Also one whose words a shell would need quotes for. */
static void what_a_filter_means_is_all_there(void **state)
{
	static const char *const filters[] = {
		"--port 443",
		"--not --port 443 --verdict drop",
		"--where=port\t443\tor\tnetwork\tnet_a",
		"--where=not\tnetwork\t'net_a'",
		"--from-port 40000",
		"-4 --proto tcp",
	};
	struct bundle_world *w = *state;
	char options[256];

	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		snprintf(options, sizeof(options), "-S 2023-11-14 %s",
			 filters[i]);
		bundle_world_make(w, options);
		must_prove(w, w->bundle, "");
		must_say(w, "that the filter means is in them");
		must_say(w, "held by a signature: 12 of 13 rows");
		must_say(w, "were made again from the evidence");
	}
	bundle_world_change(w, "bundle.json", "-4 --proto", "-6 --proto");
	assert_int_equal(bundle_world_verify(w, w->changed, ""),
			 EXITCODE_INTEGRITY);
	must_say(w, "events.csv, line 2: is not what the evidence gives");
	bundle_world_change(w, "bundle.json", "-4 --proto", "--help --proto");
	assert_int_equal(bundle_world_verify(w, w->changed, ""),
			 EXITCODE_INTEGRITY);
	must_say(w, "its filter is none that this program has");
}

/* The n-th line of a file of the bundle; to be freed. */
static char *line_of(struct bundle_world *w, const char *name, int n)
{
	char header[BUNDLE_NAME_MAX], *all, *at, *line;
	size_t len, size;

	snprintf(header, sizeof(header), "%s%s", BUNDLE_DIR, name);
	all = bundle_world_read(w->bundle, &len);
	at = memmem(all, len, header, strlen(header) + 1);
	assert_non_null(at);
	for (at += BUNDLE_BLOCK; n > 1; n--)
		at = strchr(at, '\n') + 1;
	size = (size_t)((char *)memchr(at, '\n', 65536) - at) + 1;
	line = strndup(at, size);
	free(all);
	return line;
}

static void must_fail(struct bundle_world *w, const char *told)
{
	assert_int_equal(bundle_world_verify(w, w->changed, ""),
			 EXITCODE_INTEGRITY);
	must_say(w, told);
}

/* By whoever seals the bundle anew: nobody, somebody, and the log's own key. */
static void a_row_that_a_filter_means_can_not_be_left_out(void **state)
{
	struct bundle_world *w = *state;
	uint8_t public[CHECKPOINT_KEY], other[CHECKPOINT_SECRET];
	uint8_t own[CHECKPOINT_SECRET];
	const uint8_t *const secrets[] = { NULL, other, own };
	char dir[BUNDLE_PATH_SIZE + 8];

	snprintf(dir, sizeof(dir), "%s.keeper", w->world.db);
	assert_int_equal(signing_key_load(dir, own), 0);
	crypto_sign_keypair(public, other);
	bundle_world_make(w, "-S 2023-11-14 --verdict drop");
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
		char *csv = line_of(w, "events.csv", 3);
		char *jsonl = line_of(w, "events.jsonl", 2);

		w->secret = secrets[i];
		bundle_world_change(w, "events.csv", csv, "");
		must_fail(w, "events.csv, line 3: is not what the evidence");
		bundle_world_change(w, "events.jsonl", jsonl, "");
		must_fail(w, "events.jsonl, line 2: is not what the evidence");
		w->secret = NULL;
		free(csv);
		free(jsonl);
	}
}

/* A sum in one file, in all files that have it, and with the log's own key. */
static void a_sum_that_was_changed_is_found(void **state)
{
	static const struct {
		const char *name, *from, *to, *told;
	} changes[] = {
		{ "data/matrix.csv", "net_a", "net_x",
		  "data/matrix.csv is not what report.json says" },
		{ "data/gaps.jsonl", "7", "6", "data/gaps.jsonl is not" },
		{ "data/timeline.csv", ",0", ",9", "data/timeline.csv is" },
		{ "report.html", "Dropped", "Dripped", "report.html is not" },
		{ "report.md", "dropped", "dripped", "report.md is not" },
		{ "report.json", "\"dropped\":", "\"dropped\":1",
		  "" /* whichever of them comes first */ },
		{ "report.json",
		  "\"figures\":{\"dropped\":", "\"figures\":{\"dropped\":1",
		  "'figures' is not what the evidence gives" },
		{ "report.json", "\"loss\":{\"packets\":7",
		  "\"loss\":{\"packets\":6",
		  "'loss' is not what the evidence gives" },
		{ "report.json", "Docker's rules dropped",
		  "Docker's rules never dropped",
		  "section 'summary' is not what the evidence gives" },
		{ "report.json", "\"id\":\"matrix\"", "\"id\":\"../x\"",
		  "report.json is no report" },
		{ "report.json", "\"commands\":[", "\"commands\":[1,",
		  "report.json is no report" },
	};
	struct bundle_world *w = *state;
	uint8_t own[CHECKPOINT_SECRET];
	char dir[BUNDLE_PATH_SIZE + 8];

	snprintf(dir, sizeof(dir), "%s.keeper", w->world.db);
	assert_int_equal(signing_key_load(dir, own), 0);
	w->secret = own;
	bundle_world_make(w, "-S 2023-11-14");
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		bundle_world_change(w, changes[i].name, changes[i].from,
				    changes[i].to);
		must_fail(w, changes[i].told);
	}
}

/* In report.json and data/ alike, so that these agree. */
static void a_sum_that_was_changed_everywhere_is_found(void **state)
{
	static const struct {
		const char *id;
		const char *from[3], *to[3]; /* report.json, csv, jsonl */
	} changes[] = {
		{ "gaps",
		  { "\"packets\":7,\"cause\"", ",7,", "\"packets\":7," },
		  { "\"packets\":6,\"cause\"", ",6,", "\"packets\":6," } },
		{ "access",
		  { "alice (bob)", "alice (bob)", "alice (bob)" },
		  { "alice", "alice", "alice" } },
		{ "sessions",
		  { "\"version\":\"test\"", ",test,", "\"version\":\"test\"" },
		  { "\"version\":\"text\"", ",text,",
		    "\"version\":\"text\"" } },
	};
	struct bundle_world *w = *state;
	char name[3][64], told[96];

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		bundle_world_make(w, "-S 2023-11-14");
		snprintf(name[0], sizeof(name[0]), "report.json");
		snprintf(name[1], sizeof(name[1]), "data/%s.csv",
			 changes[i].id);
		snprintf(name[2], sizeof(name[2]), "data/%s.jsonl",
			 changes[i].id);
		for (int j = 0; j < 3; j++) {
			bundle_world_change(w, name[j], changes[i].from[j],
					    changes[i].to[j]);
			bundle_world_keep(w);
		}
		bundle_world_change(w, "readme.txt", "What", "What");
		snprintf(told, sizeof(told),
			 "section '%s' is not what the evidence gives",
			 changes[i].id);
		must_fail(w, told);
	}
}

/* By somebody who makes manifest and seal fit. */
static void what_was_changed_behind_a_manifest_that_fits_is_found(void **state)
{
	static const struct {
		const char *name, *from, *to, *told;
	} changes[] = {
		{ "evidence/event.jsonl", "\n[3,", "\n[30,",
		  "line 5: is not in its place" },
		{ "evidence/event.jsonl", "[1,1,1700000000000000001,",
		  "[1,1,1700000000000000003,", "an event from 1 to 2" },
		{ "evidence/conversation.jsonl", "\n[1,1,", "\n[1,2,",
		  "conversation 1 is not as" },
		{ "evidence/network.jsonl", "net_a", "net_x",
		  "network 1 is not as commit" },
		{ "evidence/rule.jsonl", "DROP", "DRAP", "rule " },
		{ "evidence/gap.jsonl", ",7,", ",6,", "gap 1 is not as" },
		{ "evidence/container.jsonl", "web", "wob", "container 1 is" },
		{ "evidence/chain.jsonl", "\n[3,", "\n[30,",
		  "line 5: is not in its place" },
		{ "evidence/journal.jsonl", "\n[1,1,1,", "\n[1,1,2,",
		  "link 1" },
		{ "evidence/proof.jsonl", ",1,1,", ",1,2,", "proof 1 is not" },
		{ "events.csv", "net_a", "net_x", "events.csv, line " },
		{ "events.jsonl", "net_a", "net_x", "events.jsonl, line " },
		{ "evidence/batch.jsonl", "\n[1,2,", "\n[2,2,", "the batch" },
		{ "checkpoints", "checkpoint-1", "checkpoint-2", "line 1" },
		{ "bundle.json", "\"filter\":\"\"", "\"filter\":2",
		  "does not" },
	};
	struct bundle_world *w = *state;

	bundle_world_make(w, "-S 2023-11-14");
	/* the copy itself is right: what is found is the change */
	bundle_world_change(w, "readme.txt", "What", "What");
	must_prove(w, w->changed, "");
	must_say(w, "nobody signed the bundle as a whole");
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		bundle_world_change(w, changes[i].name, changes[i].from,
				    changes[i].to);
		assert_int_equal(bundle_world_verify(w, w->changed, ""),
				 EXITCODE_INTEGRITY);
		must_say(w, "NOT PROVEN: ");
		must_say(w, changes[i].told);
	}
}

static void a_line_less_is_found(void **state)
{
	static const char *const names[] = { "events.csv",
					     "events.jsonl",
					     "evidence/event.jsonl",
					     "evidence/batch.jsonl",
					     "evidence/conversation.jsonl",
					     "evidence/journal.jsonl" };
	struct bundle_world *w = *state;

	bundle_world_make(w, "-S 2023-11-14");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *line = line_of(w, names[i], 2);

		bundle_world_change(w, names[i], line, "");
		assert_int_equal(bundle_world_verify(w, w->changed, ""),
				 EXITCODE_INTEGRITY);
		free(line);
	}
}

/* Whether a byte of so many is tried: each one of the first headers and of the
 * end, some of what is between. */
static bool is_tried(const char *all, size_t at, size_t len)
{
	bool header = memcmp(all + (at & ~(size_t)511), "bridgeaudit-bundle/",
			     19) == 0;

	return at < 2048 || at + 2048 >= len || at % (header ? 13 : 251) == 0;
}

static void put_byte(const struct bundle_world *w, size_t at, char byte)
{
	FILE *f = fopen(w->changed, "r+e");

	assert_non_null(f);
	fseek(f, (long)at, SEEK_SET);
	fputc(byte, f);
	fclose(f);
}

static void a_byte_that_is_another_is_found(void **state)
{
	struct bundle_world *w = *state;
	size_t len, n = 0;
	char *all;

	bundle_world_make(w, "-S 2023-11-14");
	all = bundle_world_read(w->bundle, &len);
	bundle_world_write(w->changed, all, len);
	for (size_t at = 0; at < len; at++) {
		if (!is_tried(all, at, len))
			continue;
		put_byte(w, at, all[at] ^ (char)(1 << n++ % 8));
		if (bundle_world_verify(w, w->changed, "") !=
		    EXITCODE_INTEGRITY)
			fail_msg("byte %zu of %zu: %s%s", at, len,
				 w->result.out, w->result.err);
		put_byte(w, at, all[at]);
	}
	must_prove(w, w->changed, "");
	assert_true(n > 4000);
	free(all);
}

static void a_key_that_is_not_the_auditors_is_told(void **state)
{
	struct bundle_world *w = *state;
	char stolen[BUNDLE_PATH_SIZE], options[512];
	static const char key[] =
		"bridgeaudit-key-1 "
		"0101010101010101010101010101010101010101010101010101010101010"
		"101\n";

	snprintf(stolen, sizeof(stolen), "%s.keeper/stolen.pub", w->world.db);
	bundle_world_write(stolen, key, strlen(key));
	bundle_world_make(w, "");
	snprintf(options, sizeof(options), "--public-key %s", stolen);
	assert_int_equal(bundle_world_verify(w, w->bundle, options),
			 EXITCODE_INTEGRITY);
	must_say(w, "signed by another key than yours");
	assert_int_equal(bundle_world_verify(w, "/nowhere", ""),
			 EXITCODE_USAGE);
	assert_int_equal(
		bundle_world_verify(w, w->bundle, "--public-key /nowhere"),
		EXITCODE_USAGE);
	assert_int_equal(
		bundle_world_verify(w, w->bundle, "--against /nowhere"),
		EXITCODE_USAGE);
}

/* Another session: an event each quarter of an hour, the oldest are removed. */
static void go_on_with_retention(struct bundle_world *w)
{
	const uint64_t hour = 60 * NS_PER_MINUTE, begin_ns = T0 + 10 * hour;
	struct store *st =
		store_world_open_as(&w->world, &(struct store_session){
						       .start_ns = begin_ns,
						       .pid = 1,
						       .version = "test",
						       .retain_ns = 3 * hour,
					       });

	for (unsigned int i = 0; i < 32; i++) {
		uint64_t now_ns = begin_ns + i * hour / 4;
		struct event ev = store_world_event(now_ns, 80);

		store_add_event(st, &ev);
		ev.dst_port = (uint16_t)(1000 + i);
		store_add_event(st, &ev);
		do
			assert_int_equal(store_commit(st, now_ns), 0);
		while (store_pending(st));
	}
	assert_int_equal(store_close(st, begin_ns + 9 * hour), 0);
}

static void what_retention_left_is_proven_and_the_rest_is_counted(void **state)
{
	struct bundle_world *w = *state;

	go_on_with_retention(w);
	bundle_world_make(w, "-S 2023-11-14");
	must_prove(w, w->bundle, "");
	must_say(w, "rows were removed by retention");
	/* also a time from which all was removed, or a part */
	bundle_world_make(w, "-S 2023-11-14 -U 2023-11-15T01:00:00Z");
	must_prove(w, w->bundle, "");
	bundle_world_make(w, "-S 2023-11-15T13:00:00Z"
			     " -U 2023-11-15T14:00:00Z");
	must_prove(w, w->bundle, "");
}

static void a_time_without_packets_has_a_bundle(void **state)
{
	struct bundle_world *w = *state;
	char args[512];

	bundle_world_make(w, "-S 2023-11-16T01:00:00Z");
	must_prove(w, w->bundle, "");
	/* the last one of before, which nobody signed */
	must_say(w, "(13 to 13, none missing between)");
	must_say(w, "whether rows are missing at the beginning and the end of "
		    "the time can't be told: nothing signed here");
	snprintf(args, sizeof(args),
		 "bundle -o %s -S 2023-11-14T22:30:00Z -U 2023-11-14T22:40:00Z",
		 w->changed);
	unlink(w->changed);
	assert_int_equal(bundle_world_run(w, args), EXITCODE_OK);
	must_prove(w, w->changed, "");
	/* a batch over all of that time, one of before, one of after it */
	must_say(w, "(3 to 12, none missing between)");
}

int main(void)
{
#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, bundle_world_set_up,                \
					bundle_world_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_bundle_is_proven_without_its_database),
		TEST(only_its_owner_may_read_it_and_none_is_overwritten),
		TEST(a_part_of_the_time_is_proven_by_its_batches),
		TEST(what_a_filter_means_is_all_there),
		TEST(a_row_that_a_filter_means_can_not_be_left_out),
		TEST(a_sum_that_was_changed_is_found),
		TEST(a_sum_that_was_changed_everywhere_is_found),
		TEST(what_was_changed_behind_a_manifest_that_fits_is_found),
		TEST(a_line_less_is_found),
		TEST(a_byte_that_is_another_is_found),
		TEST(a_key_that_is_not_the_auditors_is_told),
		TEST(what_retention_left_is_proven_and_the_rest_is_counted),
		TEST(a_time_without_packets_has_a_bundle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
