// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is recorded whole when more comes than can be written, and who is not. */
#include <stdio.h>
#include <string.h>

#include "logger/capture/fair.h"
#include "logger/store/coverage.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/store_world.h"

enum { FLOOD = 400000, EVERY = 100, CALM = FLOOD / EVERY };

struct shares {
	struct store *st;
	struct fair *fair;
	uint64_t counted, same;
};

static struct shares open_shares(const struct world *w)
{
	struct shares s = { .st = store_world_open(w, T0), .fair = fair_new() };
	uint64_t rule_id = store_world_event(T0, 80).rule_id;

	assert_non_null(s.fair);
	assert_non_null(accounts_get(store_accounts(s.st), rule_id));
	store_set_pressure(s.st, STORE_PRESSURE_FAIR);
	return s;
}

static void share(struct shares *s, const struct event *ev)
{
	enum fair_share r = fair_add(s->fair, s->st, ev);

	s->counted += r == FAIR_COUNTED;
	s->same += r == FAIR_SAME;
	if (store_events_full(s->st))
		assert_int_equal(store_commit(s->st, T0), 0);
}

static void close_shares(struct shares *s)
{
	store_set_pressure(s->st, STORE_PRESSURE_NONE);
	assert_int_equal(store_commit(s->st, T0), 0);
	assert_int_equal(store_close(s->st, T0), 0);
	fair_free(s->fair);
}

/* The other network's: now and then one between those of the flood. */
static void share_calm(struct shares *s, unsigned int i)
{
	struct event ev = store_world_event(T0 + i, 53);

	ev.in_ifindex = 3;
	ev.src[3] = 77;
	if (i % EVERY == 0)
		share(s, &ev);
}

static const char calm_sql[] =
	"SELECT count(*), sum(packets) FROM event e JOIN conversation c"
	" ON c.id = e.conversation WHERE service & 65535 = 53";

static void of_a_flood_the_same_packets_share_rows(void **state)
{
	const struct world *w = *state;
	struct shares s = open_shares(w);

	for (unsigned int i = 0; i < FLOOD; i++) {
		struct event ev = store_world_event(T0 + i, 80);

		share_calm(&s, i);
		share(&s, &ev);
	}
	close_shares(&s);
	assert_int_equal(s.counted, 0);
	assert_true(s.same > FLOOD / 2);
	assert_string_equal(store_world_ask(w, calm_sql), "4000|4000");
	/* all of them in each sum, with the time of the last one */
	assert_string_equal(
		store_world_ask(w, "SELECT (SELECT sum(packets) FROM event),"
				   " (SELECT sum(packets) FROM batch),"
				   " (SELECT sum(bytes) FROM batch),"
				   " (SELECT sum(packets) FROM talker),"
				   " (SELECT count(*) FROM gap)"),
		"404000|404000|24240000|404000|0");
	assert_string_equal(
		store_world_ask(w, "SELECT sum(packets), sum(bytes),"
				   " max(last_ns) - 1700000000000000000"
				   " FROM tally GROUP BY span"),
		"404000|24240000|399999\n404000|24240000|399999\n"
		"404000|24240000|399999");
	assert_string_equal(
		store_world_ask(w, "SELECT max(max_ns) - 1700000000000000000"
				   " FROM batch"),
		"399999");
	assert_string_equal(store_world_ask(w, "SELECT rows, lost FROM"
					       " account"),
			    "404000|0");
}

static void of_a_scan_the_rest_is_counted_by_rule_and_interface(void **state)
{
	const struct world *w = *state;
	struct shares s = open_shares(w);
	char expected[64];

	for (unsigned int i = 0; i < FLOOD; i++) {
		struct event ev = store_world_event(T0 + i, 80);

		memcpy(ev.dst, &i, sizeof(i));
		share_calm(&s, i);
		share(&s, &ev);
	}
	close_shares(&s);
	assert_int_equal(s.same, 0);
	assert_true(s.counted > FLOOD / 2 && s.counted < FLOOD);
	assert_string_equal(store_world_ask(w, calm_sql), "4000|4000");
	snprintf(expected, sizeof(expected),
		 "%u|%u|they came in by br-aaaaaaaaaaaa|shed under load",
		 (unsigned int)(FLOOD + CALM - s.counted),
		 (unsigned int)s.counted);
	assert_string_equal(
		store_world_ask(w, "SELECT (SELECT sum(packets) FROM event),"
				   " sum(packets), max(detail), max(cause)"
				   " FROM gap"),
		expected);
	assert_string_equal(
		store_world_ask(w, "SELECT rows + lost, lost = (SELECT"
				   " sum(packets) FROM gap) FROM account"),
		"404000|1");
}

/* One batch: three floods and a sixteenth of one. */
static void floods_have_equal_shares(void **state)
{
	const struct world *w = *state;
	struct shares s = open_shares(w);
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };

	for (unsigned int i = 0; i < STORE_EVENTS_MAX; i++) {
		struct event ev = store_world_event(T0 + i, 80);

		memcpy(ev.dst, &i, sizeof(i));
		for (ev.in_ifindex = 1; ev.in_ifindex < 4; ev.in_ifindex++)
			share(&s, &ev);
		memcpy(ev.src_mac, mac, sizeof(mac));
		ev.in_ifindex = 1;
		ev.src[3] = 77;
		if (i % 16 == 0)
			share(&s, &ev);
	}
	close_shares(&s);
	/* a neighbour of one has all of its own */
	assert_string_equal(store_world_ask(w, "SELECT sum(packets) FROM talker"
					       " WHERE src_ip & 255 = 77"),
			    "4096");
	assert_string_equal(
		store_world_ask(w, "SELECT count(*), min(n) > 5000,"
				   " max(n) < 2 * min(n) FROM (SELECT"
				   " sum(packets) AS n FROM talker JOIN path"
				   " ON path.id = path WHERE src_ip & 255 = 2"
				   " GROUP BY in_if)"),
		"3|1|1");
}

/* Addresses are easily made up, and Ethernet's only by who is root there. */
static void made_up_addresses_get_nobody_more(void **state)
{
	const struct world *w = *state;
	struct shares s = open_shares(w);

	for (unsigned int i = 0; i < FLOOD; i++) {
		struct event ev = store_world_event(T0 + i, 80);
		struct event calm = store_world_event(T0 + i, 53);

		memcpy(ev.src, &i, sizeof(i));
		memcpy(ev.src_mac, (uint8_t[6]){ 2, 0, 0, 0, 0, 1 }, 6);
		memcpy(calm.src_mac, (uint8_t[6]){ 2, 0, 0, 0, 0, 2 }, 6);
		share(&s, &ev);
		if (i % EVERY == 0)
			share(&s, &calm);
	}
	close_shares(&s);
	assert_true(s.counted > FLOOD / 2);
	assert_string_equal(store_world_ask(w, calm_sql), "4000|4000");
}

/* Sums of minutes are exact. */
static void packets_of_another_minute_have_a_row_of_it(void **state)
{
	const struct world *w = *state;
	struct shares s = open_shares(w);

	for (unsigned int i = 0; i < STORE_EVENTS_MAX; i++) {
		struct event ev = store_world_event(T0, 80);

		share(&s, &ev);
	}
	for (unsigned int i = 0; i < 100; i++) {
		struct event ev = store_world_event(T0 + NS_PER_MINUTE, 80);

		share(&s, &ev);
	}
	close_shares(&s);
	assert_int_equal(s.counted, 0);
	assert_string_equal(store_world_ask(w, "SELECT packets FROM tally"
					       " WHERE span = 2"),
			    "65536\n100");
	assert_string_equal(store_world_ask(w, "SELECT packets FROM event"
					       " ORDER BY id DESC LIMIT 1"),
			    "100");
}

/* More of them than are told apart: the rest is one sum. */
static void many_rules_are_counted_together(void **state)
{
	const struct world *w = *state;
	struct shares s = open_shares(w);

	for (unsigned int i = 0; i < 100000; i++) {
		struct event ev = store_world_event(T0 + i, 80);

		ev.rule_id = 1 + i % 80;
		memcpy(ev.dst, &i, sizeof(i));
		share(&s, &ev);
	}
	close_shares(&s);
	assert_string_equal(
		store_world_ask(w, "SELECT count(*) <= 33, count(rule) + 1 ="
				   " count(*), sum(packets) + (SELECT"
				   " sum(packets) FROM event) FROM gap"),
		"1|1|100000");
}

/* Minutes of it: the ledger has it soon, and does not fill up with it. */
static void a_long_flood_makes_few_gaps(void **state)
{
	const struct world *w = *state;
	struct shares s = open_shares(w);
	unsigned int n = 0;

	for (unsigned int tick = 0; tick < 3000; tick++) {
		uint64_t now_ns = T0 + tick * (NS_PER_S / 10);

		for (unsigned int i = 0; i < 100; i++, n++) {
			struct event ev = store_world_event(now_ns + i, 80);

			store_add_shed(s.st, &ev);
		}
		if (tick == 20) /* there is one already */
			assert_string_equal(
				store_world_ask(w, "SELECT sum(packets) > 500"
						   " FROM gap"),
				"1");
		assert_int_equal(store_commit(s.st, now_ns + 200), 0);
	}
	/* what is no gap yet, the account does not have */
	assert_string_equal(
		store_world_ask(w, "SELECT count(*) BETWEEN 20 AND 50, lost ="
				   " sum(packets), lost < 300000 FROM account,"
				   " gap"),
		"1|1|1");
	assert_int_equal(n, 300000);
	close_shares(&s);
	assert_string_equal(store_world_ask(w, "SELECT sum(packets), lost"
					       " FROM account, gap"),
			    "300000|300000");
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(of_a_flood_the_same_packets_share_rows),
		T(of_a_scan_the_rest_is_counted_by_rule_and_interface),
		T(floods_have_equal_shares),
		T(made_up_addresses_get_nobody_more),
		T(packets_of_another_minute_have_a_row_of_it),
		T(many_rules_are_counted_together),
		T(a_long_flood_makes_few_gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
