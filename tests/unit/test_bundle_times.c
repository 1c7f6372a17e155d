// SPDX-License-Identifier: GPL-2.0-or-later
/* Bundles of times in a long log: what was over before, what retention took a
 * part of, and a clock that was set back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/db.h"
#include "lib/exitcode.h"
#include "lib/timefmt.h"
#include "logger/store/coverage.h"
#include "tests/unit/bundle_mutate.h"
#include "tests/unit/cmocka_all.h"

#define HOUR (60 * NS_PER_MINUTE)
#define ALL "-S 2023-11-14"

static void add_network(struct store *st, char id)
{
	struct channel_msg msg = { .kind = CHANNEL_NETWORK };
	struct channel_network *n = &msg.u.network;

	memset(n->docker_id, id, sizeof(n->docker_id) - 1);
	snprintf(n->name, sizeof(n->name), "net_%c", id);
	snprintf(n->bridge, sizeof(n->bridge), "br-%c", id);
	n->created_ns = T0;
	store_add_fact(st, &msg);
	msg = (struct channel_msg){ .kind = CHANNEL_NETWORKS_END };
	store_add_fact(st, &msg);
}

static void add_rule(struct store *st, uint64_t id)
{
	char text[64];

	snprintf(text, sizeof(text), "-i br-%d -j DROP", (int)id);
	store_world_tell_rule(st, id, text);
}

static void add_twin(struct store *st, uint64_t id, uint8_t state,
		     uint64_t now_ns)
{
	struct channel_msg msg = { .kind = CHANNEL_TWIN };
	struct channel_twin *t = &msg.u.twin;

	t->rule_id = id;
	t->state = state;
	t->since_ns = now_ns;
	snprintf(t->variant, sizeof(t->variant), "nft");
	accounts_get(store_accounts(st), id);
	store_add_fact(st, &msg);
}

static void end(const struct bundle_world *w, struct store *st, uint64_t now_ns)
{
	assert_int_equal(store_commit(st, now_ns), 0);
	bundle_world_sign(w, st, now_ns);
	assert_int_equal(store_close(st, now_ns + 1), 0);
}

/* Long before the time: rules 7 and 8, which are removed; on its day 7 is there
 * again, and 9 for the first time. */
static void add_old_times(const struct bundle_world *w)
{
	struct store *st = store_world_open(&w->world, T0 + 5 * HOUR);

	add_network(st, 'c');
	for (uint64_t id = 7; id <= 8; id++) {
		add_rule(st, id);
		add_twin(st, id, TWIN_IN_PLACE, T0 + 5 * HOUR);
	}
	assert_int_equal(store_commit(st, T0 + 5 * HOUR), 0);
	add_network(st, 'd');
	for (uint64_t id = 7; id <= 8; id++)
		add_twin(st, id, TWIN_GONE, T0 + 6 * HOUR);
	end(w, st, T0 + 6 * HOUR);
	st = store_world_open(&w->world, T0 + 20 * HOUR);
	add_network(st, 'd');
	for (uint64_t id = 7; id <= 9; id += 2) {
		add_rule(st, id);
		add_twin(st, id, TWIN_IN_PLACE, T0 + 21 * HOUR);
	}
	end(w, st, T0 + 21 * HOUR);
}

/* Rules, networks and coverage that were over before are not in a bundle, and
 * that a rule is not new is in its own row. */
static void what_was_over_is_neither_there_nor_missed(void **state)
{
	struct bundle_world *w = *state;
	char *text;

	add_old_times(w);
	bundle_world_make(w, "-S 2023-11-15T18:30:00Z");
	bundle_must_prove(w, "the day after");
	text = bundle_file_of(w, "data/changes.csv");
	assert_non_null(strstr(text, "T19:13:20.000000000Z,watched,,,DOCKER,"
				     "-i br-7 -j DROP"));
	assert_non_null(strstr(text, "T19:13:20.000000000Z,\"new, watched\",,,"
				     "DOCKER,-i br-9 -j DROP"));
	free(text);
	text = bundle_file_of(w, "evidence/rule.jsonl");
	assert_null(strstr(text, "-i br-8 -j DROP"));
	free(text);
	text = bundle_file_of(w, "evidence/network.jsonl");
	assert_null(strstr(text, "net_c"));
	free(text);
	bundle_without_links(w);
	bundle_change_all(w, "chain");
}

/* Each quarter of an hour a gap and packets, each hour a checkpoint. */
static void go_on(struct bundle_world *w, uint64_t begin_ns, unsigned int n,
		  uint64_t retain_ns)
{
	const struct store_session session = { .start_ns = begin_ns,
					       .pid = 1,
					       .version = "test",
					       .retain_ns = retain_ns };
	struct store *st = store_world_open_as(&w->world, &session);

	for (unsigned int i = 0; i < n; i++) {
		uint64_t now_ns = begin_ns + i * HOUR / 4;

		store_world_add(st, now_ns, (uint16_t)(1000 + i));
		do
			assert_int_equal(store_commit(st, now_ns), 0);
		while (store_pending(st));
		if (i % 4 == 3)
			bundle_world_sign(w, st, now_ns);
	}
	assert_int_equal(store_close(st, begin_ns + n * HOUR / 4), 0);
}

/* Bundles of so many hours from each other hour on; of none a false word is
 * said. */
static void must_prove_each_time(struct bundle_world *w, unsigned int hours)
{
	char args[512], since[TIME_TEXT_MAX], until[TIME_TEXT_MAX];

	for (unsigned int at = 0; at < 24; at += 2) {
		time_rfc3339(T0 + at * HOUR, since, sizeof(since));
		time_rfc3339(T0 + (at + hours) * HOUR, until, sizeof(until));
		snprintf(args, sizeof(args), "bundle -o %s -S %.19sZ -U %.19sZ",
			 w->bundle, since, until);
		unlink(w->bundle);
		bundle_world_run(w, args);
		if (w->result.code != EXITCODE_OK &&
		    w->result.code != EXITCODE_INCOMPLETE)
			fail_msg("%s: %s", args, w->result.err);
		bundle_must_prove(w, args);
	}
}

static void times_that_retention_has_taken_a_part_of_are_proven(void **state)
{
	struct bundle_world *w = *state;

	go_on(w, T0 + 10 * HOUR, 32, 3 * HOUR);
	for (unsigned int hours = 1; hours < 24; hours += 11)
		must_prove_each_time(w, hours);
	/* gaps that became one are no gaps that are missing */
	bundle_world_make(w, ALL);
	bundle_must_prove(w, ALL);
	bundle_must_say(w, "of them were removed by retention since, ");
	assert_true(bundle_change_rows(w, "gap") > 1);
	/* that older links were removed is in a link that nobody signed */
	go_on(w, T0 + 20 * HOUR, 3, 3 * HOUR);
	bundle_world_make(w, ALL);
	bundle_must_prove(w, ALL);
	bundle_must_say(
		w, "is missing, but for such of before the first link here: "
		   "no signed one says which lasted then");
	bundle_must_say(w, "of these by commits that nobody signed");
	bundle_must_say(
		w, "73 rows were removed by retention; what is left of them "
		   "are their batches\n57 of these by commits that nobody "
		   "signed\n");
}

/* What lasted when the log begins now was written again by the commits that
 * removed what was before; a bundle of an hour long before has not these. */
static void what_lasted_when_retention_cut_the_log_is_not_claimed(void **state)
{
	struct bundle_world *w = *state;

	go_on(w, T0 + 10 * HOUR, 32, 3 * HOUR);
	bundle_world_make(w, "-S 2023-11-15T13:13:20Z -U 2023-11-15T13:43:20Z");
	bundle_must_prove(w, "half an hour at the begin of the log");
	bundle_must_say(
		w, "that was committed until 2023-11-15T14:58:20.000000000Z "
		   "is missing, but for such of before the first link here");
	bundle_world_make(w, "-S 2023-11-15T13:13:20Z");
	bundle_must_prove(w, "from the begin of the log on");
	bundle_must_say(w, " is missing\n");
}

/* Six hours back, and on from there: times that there were twice, and one that
 * came only then. */
static void a_clock_that_was_set_back_is_no_fault(void **state)
{
	struct bundle_world *w = *state;

	go_on(w, T0 + 10 * HOUR, 16, 0);
	go_on(w, T0 + 8 * HOUR, 12, 0);
	go_on(w, T0 + 12 * HOUR, 12, 3 * HOUR);
	for (unsigned int hours = 1; hours < 24; hours += 11)
		must_prove_each_time(w, hours);
}

/* Rule 7, so long. */
static void watch_for(const struct bundle_world *w, uint64_t begin_ns,
		      uint64_t ns)
{
	struct store *st = store_world_open(&w->world, begin_ns);

	add_rule(st, 7);
	add_twin(st, 7, TWIN_IN_PLACE, begin_ns);
	assert_int_equal(store_commit(st, begin_ns), 0);
	add_twin(st, 7, TWIN_GONE, begin_ns + ns);
	end(w, st, begin_ns + ns);
}

/* That it was there again, by such a clock before the time, is nothing that a
 * bundle of the time has. */
static void a_rule_that_is_there_again_before_is_no_fault(void **state)
{
	struct bundle_world *w = *state;

	watch_for(w, T0 + 10 * HOUR, HOUR / 2);
	go_on(w, T0 + 10 * HOUR, 16, 0);
	watch_for(w, T0 + 8 * HOUR, HOUR);
	bundle_world_make(w, "-S 2023-11-15T08:13:20Z -U 2023-11-15T09:13:20Z");
	bundle_must_prove(w, "the hour in which it was removed");
}

static void execute(const struct bundle_world *w, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(w->world.db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* Earlier builds ended what was watched when the clock said so, also before it
 * began. It is of two times, and committed long before both. */
static void coverage_that_ends_before_it_begins_is_proven(void **state)
{
	struct bundle_world *w = *state;
	struct store *st = store_world_open(&w->world, T0 + 6 * HOUR);
	char trigger[256];

	add_rule(st, 7);
	add_twin(st, 7, TWIN_IN_PLACE, T0 + 10 * HOUR);
	assert_int_equal(store_commit(st, T0 + 6 * HOUR), 0);
	snprintf(
		trigger, sizeof(trigger),
		"CREATE TRIGGER earlier AFTER UPDATE OF to_ns ON coverage BEGIN"
		" UPDATE coverage SET to_ns = %llu WHERE id = NEW.id; END",
		T0 + 8 * HOUR + 1);
	execute(w, trigger);
	add_twin(st, 7, TWIN_GONE, T0 + 6 * HOUR + 1);
	assert_int_equal(store_commit(st, T0 + 6 * HOUR + 1), 0);
	execute(w, "DROP TRIGGER earlier");
	end(w, st, T0 + 6 * HOUR + 2);
	go_on(w, T0 + 7 * HOUR, 24, 0);
	assert_int_equal(bundle_world_run(w, "verify"), EXITCODE_OK);
	for (unsigned int hours = 1; hours < 24; hours += 11)
		must_prove_each_time(w, hours);
	/* no link of that hour has it, so it is the report that lacks it */
	bundle_world_make(w, "-S 2023-11-15T08:13:20Z -U 2023-11-15T09:13:20Z");
	bundle_world_change(w, "evidence/coverage.jsonl",
			    "\n[3,7,\"nft\",\"watched\",1700036000000000000,"
			    "1700028800000000001,null,null]\n",
			    "\n");
	assert_int_equal(bundle_world_verify(w, w->changed, ""),
			 EXITCODE_INTEGRITY);
}

static void a_log_that_was_of_version_1_is_proven(void **state)
{
	struct bundle_world *w = *state;
	size_t len;
	char *old = bundle_world_read("tests/data/db/version-1.db", &len);

	bundle_world_write(w->world.db, old, len);
	free(old);
	go_on(w, T0 + 10 * HOUR, 4, 0);
	for (unsigned int hours = 1; hours < 24; hours += 11)
		must_prove_each_time(w, hours);
	bundle_world_make(w, "-S 2000-01-01");
	bundle_must_prove(w, "all of version 1");
	bundle_must_say(w, "are from before the chain began and not proven");
	assert_true(bundle_change_rows(w, "gap") > 0);
	assert_true(bundle_change_rows(w, "session") > 1);
}

/* Nor is there one in a log that no logger ever opened. */
static void a_time_without_a_begin_has_a_bundle(void **state)
{
	struct bundle_world *w = *state;
	char error[DB_ERROR_MAX];
	sqlite3 *db = NULL;

	bundle_world_make(w, "-S 1970-01-01T00:00:30Z");
	bundle_must_prove(w, "a time that begins with the log");
	unlink(w->world.db);
	assert_int_equal(db_open_writer(w->world.db, &db, error), 0);
	sqlite3_close(db);
	bundle_world_make(w, "");
	assert_string_equal(w->result.err,
			    "no rule was audited inside this window\n");
	assert_int_equal(bundle_world_verify(w, w->bundle, ""),
			 EXITCODE_INTEGRITY);
	assert_string_equal(w->result.out, "NOT PROVEN: it does not say of "
					   "which log it is\n");
}

int main(void)
{
#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, bundle_world_set_up,                \
					bundle_world_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_was_over_is_neither_there_nor_missed),
		TEST(times_that_retention_has_taken_a_part_of_are_proven),
		TEST(what_lasted_when_retention_cut_the_log_is_not_claimed),
		TEST(a_clock_that_was_set_back_is_no_fault),
		TEST(a_rule_that_is_there_again_before_is_no_fault),
		TEST(coverage_that_ends_before_it_begins_is_proven),
		TEST(a_log_that_was_of_version_1_is_proven),
		TEST(a_time_without_a_begin_has_a_bundle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
