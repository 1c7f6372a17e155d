// SPDX-License-Identifier: GPL-2.0-or-later
/* What is done, noted and told when the database can't be written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/clock.h"
#include "logger/store/writer.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/faulty_vfs.h"
#include "tests/unit/store_world.h"

#define NO_ROOM "disk space|there is no room for the database"
#define FINDINGS                                                               \
	"SELECT subject, detail, from_ns <= to_ns, from_ns > 0 FROM finding"   \
	" ORDER BY id"

struct office {
	const struct world *world;
	struct space_config config;
	struct writer writer;
	int keeper; /* its end of the channel */
};

static int set_up(void **state)
{
	int r = store_world_set_up(state);

	faulty_vfs_register();
	return r;
}

static int tear_down(void **state)
{
	faulty_vfs_unregister();
	return store_world_tear_down(state);
}

static void open_office(struct office *o, const struct world *w)
{
	int fds[2];

	assert_int_equal(channel_open(fds), 0);
	o->world = w;
	o->keeper = fds[0];
	o->writer = (struct writer){
		.store = store_world_open(w, T0),
		.db_path = w->db,
		.nflog_fd = -1,
		.channel_fd = fds[1],
		.space = { .config = &o->config },
	};
}

static void close_office(struct office *o)
{
	assert_int_equal(store_close(o->writer.store, T0), 0);
	close(o->keeper);
	close(o->writer.channel_fd);
}

static void add_event(struct office *o)
{
	struct event ev = store_world_event(T0, 80);

	store_add_event(o->writer.store, &ev);
}

/* The kind of the next message to the keeper; 0: there is none. */
static uint32_t told(struct office *o)
{
	struct channel_msg msg = { 0 };

	return channel_recv(o->keeper, &msg) == 1 ? msg.kind : 0;
}

/* A commit that finds no room. */
static void fill(struct office *o)
{
	add_event(o);
	faulty_vfs_fail(FAULT_FULL, 1, true);
	writer_commit(&o->writer);
	assert_true(o->writer.failing);
	assert_true(faulty_vfs_heal());
	assert_int_equal(o->writer.space.state, SPACE_FULL);
	writer_tick(&o->writer);
}

static void expect_stored(struct office *o, const char *packets,
			  const char *findings)
{
	writer_commit(&o->writer); /* what the recovery noted */
	assert_string_equal(
		store_world_ask(o->world, "SELECT sum(packets) FROM batch"),
		packets);
	assert_string_equal(store_world_ask(o->world, FINDINGS), findings);
}

static void a_full_disk_suspends_until_there_is_room(void **state)
{
	struct office o = { .config = { .full = { .act = SPACE_SUSPEND } } };

	open_office(&o, *state);
	fill(&o);
	assert_true(o.writer.suspended);
	writer_commit(&o.writer);
	assert_true(o.writer.failing); /* none was tried */
	assert_int_equal(told(&o), 0);
	o.writer.space.enough_bytes = 1; /* room */
	writer_tick(&o.writer);
	assert_false(o.writer.suspended);
	writer_commit(&o.writer);
	assert_false(o.writer.failing);
	assert_true(o.writer.written_ns >= o.writer.failing_ns);
	expect_stored(&o, "1",
		      "disk space|there is no room for the database; nothing "
		      "is written until there is more, packets wait in the "
		      "kernel|1|1");
	close_office(&o);
}

static void other_actions_go_on_trying(void **state)
{
	static const struct {
		struct space_action action;
		uint32_t told;
		const char *said; /* NULL: nothing */
		const char *finding;
	} cases[] = {
		{ { .act = SPACE_IGNORE }, 0, NULL, NO_ROOM "|1" },
		{ { .act = SPACE_LOG },
		  0,
		  "no room for the database\n",
		  NO_ROOM "|1" },
		{ { .act = SPACE_EXEC, .program = "/bin/true" },
		  CHANNEL_SPACE_FULL,
		  "no room for the database; the program for that is run\n",
		  NO_ROOM "; the program for that is run|1" },
	};
	const struct world *w = *state;
	FILE *usual = stderr;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct office o = { .config = { .full = cases[i].action } };
		char packets[32], *said = NULL;
		size_t len;

		open_office(&o, w);
		stderr = open_memstream(&said, &len);
		fill(&o);
		assert_false(o.writer.suspended);
		assert_int_equal(told(&o), cases[i].told);
		assert_int_equal(told(&o), 0);
		writer_commit(&o.writer);
		assert_false(o.writer.failing);
		writer_tick(&o.writer);
		assert_int_equal(o.writer.space.state, SPACE_ENOUGH);
		writer_commit(&o.writer); /* what the recovery noted */
		fclose(stderr);
		stderr = usual;
		if (cases[i].said)
			assert_non_null(strstr(said, cases[i].said));
		else
			assert_string_equal(said, "");
		free(said);
		snprintf(packets, sizeof(packets), "%zu", i + 1);
		store_world_must_be(w, "SELECT sum(packets) FROM batch",
				    packets);
		store_world_must_be(w,
				    "SELECT subject, detail, from_ns <= to_ns"
				    " FROM finding ORDER BY id DESC LIMIT 1",
				    cases[i].finding);
		close_office(&o);
	}
}

static void exit_asks_the_keeper_for_the_end(void **state)
{
	struct office o = { .config = { .full = { .act = SPACE_EXIT } } };

	open_office(&o, *state);
	fill(&o);
	assert_int_equal(told(&o), CHANNEL_STOP);
	writer_tick(&o.writer);
	assert_int_equal(told(&o), 0); /* once */
	assert_true(o.writer.exit);
	writer_commit(&o.writer);
	assert_true(o.writer.failing);
	writer_resume(&o.writer); /* the keeper says stop: the last commit */
	writer_commit(&o.writer);
	assert_false(o.writer.failing);
	assert_string_equal(
		store_world_ask(o.world, "SELECT sum(packets) FROM batch"),
		"1");
	close_office(&o);
}

static void little_room_is_in_the_ledger_before_it_suspends(void **state)
{
	struct office o = { .config = { .left_bytes = 1ULL << 60,
					.low = { .act = SPACE_SUSPEND } } };

	open_office(&o, *state);
	add_event(&o);
	writer_tick(&o.writer);
	assert_true(o.writer.suspended);
	assert_string_equal(
		store_world_ask(o.world,
				"SELECT subject, detail LIKE 'only % MiB left "
				"for the database; nothing is written until %',"
				" to_ns FROM finding"),
		"disk space|1|NULL");
	assert_string_equal(
		store_world_ask(o.world, "SELECT sum(packets) FROM batch"),
		"1");
	add_event(&o);
	writer_commit(&o.writer);
	o.config.left_bytes = 1;
	writer_tick(&o.writer);
	writer_commit(&o.writer);
	assert_string_equal(
		store_world_ask(o.world, "SELECT sum(packets) FROM batch"),
		"2");
	assert_string_equal(store_world_ask(o.world,
					    "SELECT count(*) FROM finding"
					    " WHERE to_ns IS NOT NULL"),
			    "1");
	close_office(&o);
}

static void a_disk_that_fails_is_in_the_ledger_afterwards(void **state)
{
	struct office o = { .config = { .full = { .act = SPACE_SUSPEND } } };

	open_office(&o, *state);
	add_event(&o);
	faulty_vfs_fail(FAULT_IO, 1, true);
	writer_commit(&o.writer);
	writer_commit(&o.writer);
	assert_true(o.writer.failing);
	assert_true(faulty_vfs_heal());
	assert_int_equal(o.writer.space.state, SPACE_ENOUGH);
	writer_commit(&o.writer);
	assert_false(o.writer.failing);
	expect_stored(&o, "1",
		      "database|it could not be written: disk I/O error; "
		      "packets waited in the kernel|1|1");
	close_office(&o);
}

static void counters_that_wait_do_not_fill_the_queue(void **state)
{
	struct office o = { .config = { .full = { .act = SPACE_SUSPEND } } };
	struct channel_msg rule = { .kind = CHANNEL_RULE };
	struct channel_msg twin = { .kind = CHANNEL_TWIN };

	rule.u.rule = (struct channel_rule){
		.id = 7, .family = 4, .verdict = 1, .variant = "nft"
	};
	twin.u.twin = (struct channel_twin){ .rule_id = 7,
					     .state = TWIN_IN_PLACE,
					     .variant = "nft",
					     .since_ns = T0,
					     .change_ns = T0 };
	open_office(&o, *state);
	fill(&o);
	store_add_fact(o.writer.store, &rule);
	store_add_fact(o.writer.store, &twin);
	twin.u.twin.change_ns = 0;
	for (uint64_t i = 1; i <= 10 * STORE_FACTS_MAX; i++) {
		twin.u.twin.rule_packets = twin.u.twin.twin_packets = i;
		assert_false(store_facts_full(o.writer.store));
		store_add_fact(o.writer.store, &twin);
	}
	twin.u.twin.state = TWIN_MISSING; /* that is news */
	store_add_fact(o.writer.store, &twin);
	writer_resume(&o.writer);
	writer_commit(&o.writer);
	assert_string_equal(
		store_world_ask(o.world,
				"SELECT state, rule_packets FROM twin"),
		"missing|2560");
	assert_string_equal(store_world_ask(o.world,
					    "SELECT group_concat(state) FROM"
					    " (SELECT state FROM coverage"
					    " ORDER BY id)"),
			    "unwatched,watched,unwatched");
	close_office(&o);
}

/* Rules that come and go while there is no room. */
static void news_that_fill_the_queue_do_not_keep_it_suspended(void **state)
{
	struct office o = { .config = { .full = { .act = SPACE_SUSPEND } } };
	struct channel_msg msg = { .kind = CHANNEL_FINDING };

	open_office(&o, *state);
	fill(&o);
	str_copy(msg.u.finding.detail, sizeof(msg.u.finding.detail), "news");
	while (!store_facts_full(o.writer.store))
		store_add_fact(o.writer.store, &msg);
	writer_tick(&o.writer);
	assert_true(o.writer.suspended);
	o.writer.space.enough_bytes = 1; /* room */
	writer_tick(&o.writer);
	assert_false(o.writer.suspended);
	writer_commit(&o.writer);
	assert_false(o.writer.failing);
	writer_tick(&o.writer);
	writer_commit(&o.writer);
	assert_string_equal(
		store_world_ask(o.world, "SELECT from_ns <= to_ns FROM finding"
					 " WHERE subject = 'disk space'"),
		"1");
	close_office(&o);
}

/* A tick that comes when nothing was written for a while. */
static void rest(struct office *o)
{
	o->writer.committed_ms -= 2 * WRITER_TICK_MS;
	writer_tick(&o->writer);
	assert_true(o->writer.rests);
}

/* Counters come again and again while no packet does. */
static void what_a_commit_took_is_given_back_at_the_next_rest(void **state)
{
	struct office o = { 0 };
	sqlite3_int64 used;

	open_office(&o, *state);
	add_event(&o);
	writer_commit(&o.writer);
	rest(&o);
	used = sqlite3_memory_used();
	for (int i = 0; i < 2; i++) {
		add_event(&o);
		writer_commit(&o.writer);
		assert_true(sqlite3_memory_used() > used + 4096);
		rest(&o);
		assert_in_range(sqlite3_memory_used(), 0, used + 4096);
	}
	close_office(&o);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_full_disk_suspends_until_there_is_room),
		T(other_actions_go_on_trying),
		T(exit_asks_the_keeper_for_the_end),
		T(little_room_is_in_the_ledger_before_it_suspends),
		T(a_disk_that_fails_is_in_the_ledger_afterwards),
		T(counters_that_wait_do_not_fill_the_queue),
		T(news_that_fill_the_queue_do_not_keep_it_suspended),
		T(what_a_commit_took_is_given_back_at_the_next_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
