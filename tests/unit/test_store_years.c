// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Years of a log in a small retain_size: a trickle, containers and networks
 * that come and go, floods and losses. The file and every table stay small,
 * what is left is proven and named right, and nothing is lost uncounted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "logger/store/coverage.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/names_world.h"
#include "tests/unit/verify_world.h"

enum {
	MIB = 1024 * 1024,
	RETAIN = 8 * MIB,
	CHECK_DAYS = 73,
	FLOOD_DAYS = 91,
	FLOOD_EVENTS = 120000,
	RULE_DAYS = 10, /* how long a rule is there */
};

#define HOUR (60 * NS_PER_MINUTE)
#define DAY (24 * HOUR)

/* What was told to the store, ever. */
struct told {
	uint64_t packets, lost, gaps;
};

static struct store *open_at(const struct world *w, uint64_t now_ns,
			     uint64_t retain_ns)
{
	struct store *st;

	st = store_world_open_as(w, &(struct store_session){
					    .start_ns = now_ns,
					    .pid = 1,
					    .version = "test",
					    .retain_ns = retain_ns,
					    .retain_bytes = RETAIN,
				    });
	names_networks(st);
	names_commit(st, now_ns);
	return st;
}

static void settle(struct store *st, uint64_t now_ns)
{
	int steps = 0;

	do {
		names_commit(st, now_ns);
		assert_true(steps++ < 100000);
	} while (store_pending(st));
}

static void tell_twin(struct store *st, uint64_t rule, uint8_t state,
		      uint64_t at_ns)
{
	struct channel_msg twin = { .kind = CHANNEL_TWIN };
	struct channel_twin *t = &twin.u.twin;

	t->rule_id = rule;
	t->state = state;
	t->since_ns = at_ns;
	str_copy(t->variant, sizeof(t->variant), "nft");
	str_copy(t->cause, sizeof(t->cause), "the twin was removed");
	accounts_get(store_accounts(st), rule);
	store_add_fact(st, &twin);
}

static void tell_rule(struct store *st, uint64_t id)
{
	char text[64];

	snprintf(text, sizeof(text), "-o br-%" PRIu64 " -j DROP", id);
	store_world_tell_rule(st, id, text);
}

/* A rule that was there for some days makes place for the next. */
static void change_rules(struct store *st, unsigned int day, uint64_t now_ns)
{
	uint64_t rule = 1000 + day / RULE_DAYS;

	if (day % RULE_DAYS == 0 && day > 0)
		tell_twin(st, rule - 1, TWIN_GONE, now_ns);
	if (day % RULE_DAYS == 0)
		tell_rule(st, rule);
	tell_twin(st, rule, TWIN_MISSING, now_ns + 1);
	tell_twin(st, rule, TWIN_IN_PLACE, now_ns + 2);
}

static void tell_others(struct store *st, unsigned int day, uint64_t now_ns)
{
	struct channel_msg finding = { .kind = CHANNEL_FINDING };
	struct channel_msg probe = {
		.kind = CHANNEL_PROBE,
		.u.probe = { .sent_ns = now_ns,
			     .src_bridge = "br-aaaaaaaaaaaa",
			     .dst_bridge = "br-bbbbbbbbbbbb",
			     .ended = true },
	};

	str_copy(finding.u.finding.subject, sizeof(finding.u.finding.subject),
		 "docker");
	snprintf(finding.u.finding.detail, sizeof(finding.u.finding.detail),
		 "trouble of day %u", day);
	store_add_fact(st, &finding);
	store_add_fact(st, &probe);
}

/* Of both kinds, known and not. */
static void lose(struct store *st, struct told *told, unsigned int day,
		 uint64_t now_ns)
{
	struct gap gap = {
		.from_ns = now_ns,
		.to_ns = now_ns + NS_PER_S,
		.packets = 1 + day % 7,
		.known = true,
		.cause = "lost in the kernel",
		.rule_id = 1000 + day / RULE_DAYS,
	};

	store_add_gap(st, &gap);
	told->lost += gap.packets;
	gap.cause = "daemon down";
	gap.packets = 0;
	gap.known = false;
	store_add_gap(st, &gap);
	told->gaps += 2;
}

/* Today's job has the address that yesterday's had. */
static void change_containers(struct store *st, unsigned int day,
			      uint64_t now_ns)
{
	char name[32];

	names_container(st, 'w', "web");
	names_endpoint(st, 'a', 2, 2, T0);
	snprintf(name, sizeof(name), "job-%u", day);
	names_container(st, (char)('A' + day % 26), name);
	names_endpoint(st, 'a', 3, (uint8_t)(4 + day % 200), now_ns);
	names_end(st);
}

static void packet(struct store *st, struct told *told, uint64_t now_ns,
		   uint8_t src, uint8_t mac)
{
	struct event ev = names_event(now_ns, src, mac, 9);

	store_add_event(st, &ev);
	told->packets++;
	names_commit(st, now_ns);
}

/* Half of one conversation, half of as many. */
static void flood(struct store *st, struct told *told, unsigned int day,
		  uint64_t now_ns)
{
	for (unsigned int i = 0; i < FLOOD_EVENTS; i++) {
		struct event ev = names_event(now_ns + i, 2, 2, 9);

		ev.dst_port = (uint16_t)(i & 1 ? i : 80);
		ev.dst[1] = (uint8_t)(i & 1 ? i >> 16 : 0);
		ev.dst[2] = (uint8_t)(i & 1 ? day / FLOOD_DAYS : 0);
		store_add_event(st, &ev);
		told->packets++;
		if (store_events_full(st))
			names_commit(st, now_ns + i);
	}
}

static void live_a_day(struct store *st, struct told *told, unsigned int day,
		       uint64_t now_ns)
{
	change_rules(st, day, now_ns);
	change_containers(st, day, now_ns + 3);
	names_commit(st, now_ns + 4);
	tell_others(st, day, now_ns + 5);
	lose(st, told, day, now_ns + 6);
	for (unsigned int i = 1; i < 8; i++)
		packet(st, told, now_ns + i * 3 * HOUR, 3,
		       (uint8_t)(4 + day % 200));
	packet(st, told, now_ns + 22 * HOUR, 2, 2);
	if (day % FLOOD_DAYS == 1)
		flood(st, told, day, now_ns + 22 * HOUR + 1);
	settle(st, now_ns + 23 * HOUR);
}

/* Every name that a row needs is there, and was true at its time. */
static void names_must_be_right(const struct world *w)
{
	store_world_must_be(
		w,
		"SELECT count(*) FROM conversation c LEFT JOIN endpoint s"
		" ON s.id = c.src_endpoint LEFT JOIN endpoint d"
		" ON d.id = c.dst_endpoint WHERE (c.src_endpoint IS NOT NULL"
		" AND s.id IS NULL) OR (c.dst_endpoint IS NOT NULL"
		" AND d.id IS NULL)",
		"0");
	store_world_must_be(
		w,
		"SELECT count(*) FROM endpoint e LEFT JOIN container c"
		" ON c.id = e.container LEFT JOIN network n"
		" ON n.id = e.network WHERE c.id IS NULL OR n.id IS NULL",
		"0");
	store_world_must_be(
		w,
		"SELECT count(*) FROM event e JOIN v_conversation c"
		" ON c.id = e.conversation WHERE c.src_container IS NULL"
		" OR c.src_container IS NOT iif(c.src_ip & 255 = 2, 'web',"
		" 'job-' || ((e.time_ns - 1700000000000000000)"
		" / 86400000000000))",
		"0");
	store_world_must_be(
		w,
		"SELECT count(*) FROM path p LEFT JOIN network s"
		" ON s.id = p.src_network LEFT JOIN rule r ON r.id = p.rule"
		" WHERE s.id IS NULL",
		"0");
}

static void must_be_small(const struct world *w, unsigned int day)
{
	/* with all that is not of packets */
	static const char sql[] =
		"SELECT t, n FROM (SELECT 'container' AS t, count(*) AS n,"
		" 600 AS most FROM container UNION ALL SELECT 'endpoint',"
		" count(*), 600 FROM endpoint UNION ALL SELECT 'gap', count(*),"
		" 600 FROM gap UNION ALL SELECT 'coverage', count(*), 600"
		" FROM coverage UNION ALL SELECT 'finding', count(*), 600"
		" FROM finding UNION ALL SELECT 'probe', count(*), 600"
		" FROM probe UNION ALL SELECT 'session', count(*), 100"
		" FROM session UNION ALL SELECT 'rule', count(*), 100"
		" FROM rule UNION ALL SELECT 'twin', count(*), 100 FROM twin"
		" UNION ALL SELECT 'account', count(*), 100 FROM account"
		" UNION ALL SELECT 'chain', count(*), 8000 FROM chain"
		" UNION ALL SELECT 'journal', count(*), 20000 FROM journal"
		" UNION ALL SELECT 'batch', count(*) / 8, 1000 FROM batch)"
		" WHERE n > most";

	if (*store_world_ask(w, sql))
		fail_msg("day %u: %s", day, store_world_ask(w, sql));
	store_world_must_be(
		w,
		/* 4 MiB of free pages are not worth moving others */
		"SELECT page_count * page_size < 12 * 1024 * 1024 FROM"
		" pragma_page_count, pragma_page_size",
		"1");
}

static void look(const struct world *w, const struct told *told,
		 unsigned int day)
{
	char sums[96];

	snprintf(sums, sizeof(sums), "%" PRIu64 "|%" PRIu64 "|%" PRIu64,
		 told->packets, told->lost, told->gaps);
	store_world_must_be(
		w,
		"SELECT (SELECT sum(packets) FROM batch), (SELECT sum(packets)"
		" FROM gap), (SELECT sum(coalesce(gaps, 1)) FROM gap)",
		sums);
	store_world_must_be(w, "PRAGMA integrity_check", "ok");
	must_be_small(w, day);
	names_must_be_right(w);
	verify_world_must_be_proven(w, day);
}

static void live(const struct world *w, uint64_t retain_ns, unsigned int days)
{
	struct store *st = open_at(w, T0, retain_ns);
	struct told told = { 0 };

	for (unsigned int day = 0; day < days; day++) {
		uint64_t now_ns = T0 + day * DAY;

		live_a_day(st, &told, day, now_ns);
		if (day % CHECK_DAYS != CHECK_DAYS - 1)
			continue;
		look(w, &told, day);
		assert_int_equal(store_close(st, now_ns + 23 * HOUR), 0);
		st = open_at(w, now_ns + 23 * HOUR + 1, retain_ns);
	}
	assert_int_equal(store_close(st, T0 + days * DAY), 0);
	look(w, &told, days);
}

static void years_fit_into_a_size(void **state)
{
	live(*state, 0, 2 * 365);
}

static void years_fit_into_an_age(void **state)
{
	live(*state, 30 * DAY, 220);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(years_fit_into_a_size),
		T(years_fit_into_an_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
