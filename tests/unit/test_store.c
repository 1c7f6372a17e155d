// SPDX-License-Identifier: GPL-2.0-or-later
/* The store on real files: what a commit leaves for readers. */
#include <stdio.h>
#include <string.h>

#include "lib/db.h"
#include "lib/text.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/store_world.h"

static void add_network(struct store *st, char digit, const char *name,
			uint64_t created_ns)
{
	struct channel_msg msg = { .kind = CHANNEL_NETWORK };
	struct channel_network *n = &msg.u.network;

	memset(n->docker_id, digit, 64);
	str_copy(n->name, sizeof(n->name), name);
	snprintf(n->bridge, sizeof(n->bridge), "br-%.12s", n->docker_id);
	n->created_ns = created_ns;
	store_add_fact(st, &msg);
}

static void end_networks(struct store *st)
{
	const struct channel_msg msg = { .kind = CHANNEL_NETWORKS_END };

	store_add_fact(st, &msg);
}

static void a_committed_event_has_its_names_and_rule(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	struct event ev = store_world_event(T0 + 1, 3306);
	struct channel_msg rule = {
		.kind = CHANNEL_RULE,
		.u.rule = { .id = 0x3f9a2c1d77aa,
			    .family = 4,
			    .verdict = VERDICT_DROP,
			    .table = "filter",
			    .chain = "DOCKER-ISOLATION-STAGE-2",
			    .text = "-o br-bbbbbbbbbbbb -j DROP" },
	};

	add_network(st, 'a', "front", T0 - 5);
	add_network(st, 'b', "data", T0 - 5);
	end_networks(st);
	store_add_fact(st, &rule);
	store_add_event(st, &ev);
	assert_int_equal(store_commit(st, T0 + 2), 0);
	assert_int_equal(store_committed(st), 1);
	assert_string_equal(
		store_world_ask(
			w,
			"SELECT id, time, verdict, chain, rule_id, rule, in_if,"
			" out_if, src_network, dst_network, src_ip, dst_ip,"
			" proto, src_port, dst_port, icmp_type, tcp_flags,"
			" length, ttl FROM v_event"),
		"1|2023-11-14T22:13:20.000000001Z|drop"
		"|DOCKER-ISOLATION-STAGE-2|3f9a2c1d77aa"
		"|-o br-bbbbbbbbbbbb -j DROP|br-aaaaaaaaaaaa|br-bbbbbbbbbbbb"
		"|front|data|192.168.144.2|10.0.0.9|tcp|40000|3306|NULL|SYN"
		"|60|63");
	assert_string_equal(store_world_ask(w, "SELECT * FROM v_matrix"),
			    "front|data|drop|1|1|2023-11-14T22:13:20Z"
			    "|2023-11-14T22:13:20Z");
	assert_int_equal(store_close(st, T0 + 3), 0);
}

static void repeated_packets_share_a_conversation_and_a_tally(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	for (unsigned int i = 0; i < 100; i++) {
		struct event ev =
			store_world_event(T0 + i * NS_PER_S, i % 2 ? 80 : 443);

		store_add_event(st, &ev);
		if (i % 7 == 0)
			assert_int_equal(store_commit(st, T0), 0);
	}
	assert_int_equal(store_close(st, T0), 0);
	/* the last events were never committed: close promises nothing */
	assert_string_equal(
		store_world_ask(w, "SELECT count(*), max(id) FROM event"),
		"99|99");
	assert_string_equal(
		store_world_ask(w, "SELECT count(*) FROM conversation"), "2");
	assert_string_equal(
		store_world_ask(
			w,
			"SELECT sum(packets), sum(bytes), count(*) FROM tally"
			" GROUP BY span"),
		"99|5940|2\n99|5940|2\n99|5940|4");
	assert_string_equal(
		store_world_ask(w,
				"SELECT sum(packets), sum(bytes) FROM batch"),
		"99|5940");
}

static void ids_go_on_and_conversations_are_found_after_reopening(void **state)
{
	const struct world *w = *state;

	for (unsigned int i = 0; i < 3; i++) {
		struct store *st = store_world_open(w, T0 + i * NS_PER_S);
		struct event ev = store_world_event(T0 + i * NS_PER_S, 80);

		store_add_event(st, &ev);
		assert_int_equal(store_commit(st, T0 + i * NS_PER_S), 0);
		assert_int_equal(store_close(st, T0 + i * NS_PER_S), 0);
	}
	assert_string_equal(
		store_world_ask(w, "SELECT group_concat(id) FROM event"),
		"1,2,3");
	assert_string_equal(
		store_world_ask(w, "SELECT count(*) FROM conversation"), "1");
}

static void what_has_no_ports_is_one_conversation_too(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	struct event ev = store_world_event(T0, 0);

	ev.have = HAVE_ADDR | HAVE_PROTO;
	ev.proto = 47;
	store_add_event(st, &ev);
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_close(st, T0), 0);
	st = store_world_open(w, T0);
	store_add_event(st, &ev);
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_close(st, T0), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT count(*) FROM conversation"), "1");
	assert_string_equal(
		store_world_ask(w, "SELECT src_port, tcp_flags FROM v_event"),
		"NULL|NULL\nNULL|NULL");
}

static void a_packet_faster_than_its_networks_news_gets_its_name(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	struct event ev = store_world_event(T0 + 10, 80);

	store_add_event(st, &ev);
	assert_int_equal(store_commit(st, T0 + 11), 0);
	add_network(st, 'a', "early", T0 + 5);	/* made before the packet */
	add_network(st, 'b', "late", T0 + 100); /* made after it: not it */
	end_networks(st);
	assert_int_equal(store_commit(st, T0 + 200), 0);
	assert_string_equal(
		store_world_ask(w,
				"SELECT src_network, dst_network FROM v_event"),
		"early|NULL");
	assert_int_equal(store_close(st, T0 + 201), 0);
}

static void before_routing_the_rule_names_the_destination(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	struct event ev = store_world_event(T0 + 10, 80);
	struct channel_msg rule = {
		.kind = CHANNEL_RULE,
		.u.rule = { .id = 0x3f9a2c1d77aa,
			    .family = 4,
			    .verdict = VERDICT_DROP,
			    .table = "raw",
			    .chain = "PREROUTING",
			    .text = "-d 10.0.0.9/32 ! -i br-bbbbbbbbbbbb -j"
				    " DROP",
			    .dst_bridge = "br-bbbbbbbbbbbb" },
	};

	ev.out_ifindex = 0;
	store_add_fact(st, &rule);
	store_add_event(st, &ev);
	assert_int_equal(store_commit(st, T0 + 11), 0);
	/* faster than the news of its network here, and slower there */
	add_network(st, 'a', "front", T0);
	add_network(st, 'b', "data", T0);
	end_networks(st);
	ev.dst_port = 81;
	store_add_event(st, &ev);
	assert_int_equal(store_commit(st, T0 + 12), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT src_network, dst_network, out_if"
				   " FROM v_event"),
		"front|data|NULL\nfront|data|NULL");
	assert_int_equal(store_close(st, T0 + 13), 0);
}

static void a_bridge_name_used_again_keeps_the_old_name_for_old_rows(
	void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	struct event ev = store_world_event(T0 + 10, 80);

	add_network(st, 'a', "one", T0);
	end_networks(st);
	store_add_event(st, &ev);
	assert_int_equal(store_commit(st, T0 + 11), 0);

	struct channel_msg again = { .kind = CHANNEL_NETWORK };

	memset(again.u.network.docker_id, 'c', 64);
	str_copy(again.u.network.name, CHANNEL_NAME_MAX, "two");
	str_copy(again.u.network.bridge, CHANNEL_IFNAME_MAX, "br-aaaaaaaaaaaa");
	again.u.network.created_ns = T0 + 20;
	store_add_fact(st, &again);
	end_networks(st);
	ev.time_ns = T0 + 30;
	store_add_event(st, &ev);
	assert_int_equal(store_commit(st, T0 + 31), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT src_network FROM v_event"),
		"one\ntwo");
	assert_string_equal(
		store_world_ask(w, "SELECT name, gone_ns - 1700000000000000000"
				   " FROM network"),
		"one|31\ntwo|NULL");
	assert_int_equal(store_close(st, T0 + 40), 0);
}

static void a_network_missing_from_a_whole_list_is_gone(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	add_network(st, 'a', "one", T0);
	add_network(st, 'b', "two", T0);
	end_networks(st);
	assert_int_equal(store_commit(st, T0), 0);
	add_network(st, 'b', "two", T0);
	end_networks(st);
	assert_int_equal(store_commit(st, T0 + 9), 0);
	assert_string_equal(
		store_world_ask(
			w, "SELECT name FROM network WHERE gone_ns IS NULL"),
		"two");
	assert_int_equal(store_close(st, T0 + 10), 0);
}

static void a_twin_keeps_since_when_it_is_in_its_state(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	struct channel_msg msg = {
		.kind = CHANNEL_TWIN,
		.u.twin = { .rule_id = 5,
			    .variant = "nft",
			    .state = TWIN_MISSING },
	};

	store_add_fact(st, &msg);
	assert_int_equal(store_commit(st, T0 + 1), 0);
	msg.u.twin.state = TWIN_IN_PLACE;
	store_add_fact(st, &msg);
	assert_int_equal(store_commit(st, T0 + 2), 0);
	msg.u.twin.rule_packets = 8;
	store_add_fact(st, &msg);
	assert_int_equal(store_commit(st, T0 + 3), 0);
	assert_string_equal(
		store_world_ask(
			w, "SELECT state, since_ns - 1700000000000000000,"
			   " checked_ns - 1700000000000000000, rule_packets"
			   " FROM twin"),
		"in place|2|3|8");
	assert_int_equal(store_close(st, T0 + 4), 0);
}

/* In the row, and so in the proof; what is not known is NULL. */
static void a_session_says_on_which_host_it_ran(void **state)
{
	const struct world *w = *state;
	struct store_session session = {
		.start_ns = T0,
		.version = "test",
		.host_name = "web1",
		.host_id = "3ebe98dc",
	};
	struct store *st = store_world_open_as(w, &session);

	assert_int_equal(store_close(st, T0 + 1), 0);
	session.host_name = session.host_id = "";
	session.start_ns = T0 + 2;
	st = store_world_open_as(w, &session);
	assert_int_equal(store_close(st, T0 + 3), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT group_concat(coalesce(host_name,"
				   " '-') || ' ' || coalesce(host_id, '-'))"
				   " FROM session"),
		"web1 3ebe98dc,- -");
}

static void a_new_session_knows_nothing_of_twins_and_findings(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	struct channel_msg twin = {
		.kind = CHANNEL_TWIN,
		.u.twin = { .rule_id = 5,
			    .variant = "nft",
			    .state = TWIN_IN_PLACE },
	};
	struct channel_msg finding = {
		.kind = CHANNEL_FINDING,
		.u.finding = { .subject = "docker", .detail = "one" },
	};

	store_add_fact(st, &twin);
	store_add_fact(st, &finding);
	assert_int_equal(store_commit(st, T0 + 1), 0);
	assert_int_equal(store_close(st, T0 + 2), 0);
	assert_int_equal(store_close(store_world_open(w, T0 + 9), T0 + 10), 0);
	assert_string_equal(store_world_ask(w,
					    "SELECT state, since_ns -"
					    " 1700000000000000000 FROM twin"),
			    "gone|9");
	assert_string_equal(store_world_ask(w,
					    "SELECT to_ns - 1700000000000000000"
					    " FROM finding"),
			    "9");
}

static void a_finding_is_open_until_it_is_over(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	struct channel_msg msg = {
		.kind = CHANNEL_FINDING,
		.u.finding = { .subject = "docker", .detail = "one" },
	};

	store_add_fact(st, &msg);
	store_add_fact(st, &msg);
	str_copy(msg.u.finding.detail, CHANNEL_TEXT_MAX, "two");
	store_add_fact(st, &msg);
	assert_int_equal(store_commit(st, T0 + 1), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT detail, to_ns IS NULL FROM finding"),
		"one|0\ntwo|1");
	msg.u.finding.detail[0] = '\0';
	store_add_fact(st, &msg);
	assert_int_equal(store_commit(st, T0 + 2), 0);
	assert_string_equal(
		store_world_ask(
			w, "SELECT count(*) FROM finding WHERE to_ns IS NULL"),
		"0");
	assert_int_equal(store_close(st, T0 + 4), 0);
}

/* Both have version 2, which says nothing of the builds before it was out. */
static void tables_of_another_build_are_named_as_such(void **state)
{
	const struct world *w = *state;
	const struct store_names names = { 0 };
	const struct store_session session = { .start_ns = T0, .pid = 1 };
	struct store *st = store_world_open(w, T0);
	char error[DB_ERROR_MAX] = "";
	sqlite3 *db = NULL;

	assert_int_equal(store_close(st, T0), 0);
	assert_int_equal(db_open_writer(w->db, &db, error), 0);
	assert_int_equal(
		sqlite3_exec(db, "DROP TABLE talker", NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	assert_true(store_open(w->db, &session, &names, &st, error) < 0);
	assert_non_null(strstr(error, "no such table"));
	assert_non_null(strstr(error, "a build between versions made it"));
	assert_non_null(strstr(error, "move it away"));
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_committed_event_has_its_names_and_rule),
		T(repeated_packets_share_a_conversation_and_a_tally),
		T(ids_go_on_and_conversations_are_found_after_reopening),
		T(what_has_no_ports_is_one_conversation_too),
		T(a_packet_faster_than_its_networks_news_gets_its_name),
		T(before_routing_the_rule_names_the_destination),
		T(a_bridge_name_used_again_keeps_the_old_name_for_old_rows),
		T(a_network_missing_from_a_whole_list_is_gone),
		T(a_twin_keeps_since_when_it_is_in_its_state),
		T(a_session_says_on_which_host_it_ran),
		T(a_new_session_knows_nothing_of_twins_and_findings),
		T(a_finding_is_open_until_it_is_over),
		T(tables_of_another_build_are_named_as_such),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
