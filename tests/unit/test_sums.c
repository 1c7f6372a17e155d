// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scans in the window: what the logger sums up of them, at each level, and
 * that answers from these sums are those of the events.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/digest.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "logger/store/store.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/oracle.h"
#include "tests/unit/store_world.h"

enum {
	EVENTS = 100000, /* six blocks */
	WINDOWS = 4,
	STEP_MS = 100,
};

/* What a scan is of. */
enum scan {
	OF_ADDRESSES, /* one source, one port */
	OF_PORTS,     /* three sources */
	OF_ALL,	      /* sources, too */
};

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return (seed >> 33) % below;
}

static struct event usual_event(uint64_t time_ns)
{
	struct event ev = store_world_event(time_ns, (uint16_t)(80 + draw(4)));

	ev.src[3] = (uint8_t)(1 + draw(9));
	ev.length = (uint32_t)(60 + draw(1000));
	return ev;
}

/* Of each eight one is usual, and one goes on with what began before. */
static struct event make_event(enum scan scan, unsigned int i)
{
	uint64_t time_ns = T0 + ((uint64_t)i * STEP_MS + draw(90)) * 1000000;
	bool again = i > 40000 && draw(8) == 0;
	uint32_t target = again ? i - (uint32_t)draw(40000) : i;
	struct event ev = usual_event(time_ns);

	if (draw(8) == 0)
		return ev;
	ev.rule_id += target % 3;
	memcpy(ev.dst, &target, 4);
	ev.dst[0] = 10;
	if (scan >= OF_PORTS) {
		ev.dst_port = (uint16_t)(target * 7);
		ev.src[3] = (uint8_t)(target % 3);
	}
	if (scan == OF_ALL) {
		if (target % 5 == 0)
			ev.family = 6;
		memcpy(ev.src, &target, 4);
	}
	return ev;
}

static void lay_down(const struct world *w, enum scan scan)
{
	struct store *st = store_world_open(w, T0);
	unsigned int waiting = 0, commit = 1;

	seed = 4;
	for (unsigned int i = 0; i < EVENTS; i++) {
		struct event ev = make_event(scan, i);

		store_add_event(st, &ev);
		if (draw(20) == 0) /* one row for several */
			store_add_same(st, (size_t)draw(store_waiting(st)),
				       ev.time_ns);
		if (++waiting < commit && i + 1 < EVENTS)
			continue;
		assert_int_equal(store_commit(st, ev.time_ns), 0);
		if (i % 3 == 0) /* what is kept for later stays */
			store_rest(st);
		waiting = 0;
		commit = 1 + (unsigned int)draw(draw(9) ? 5000 : 65000);
		if (draw(9) == 0) {
			assert_int_equal(store_close(st, ev.time_ns), 0);
			st = store_world_open(w, ev.time_ns);
		}
	}
	assert_int_equal(store_close(st, T0), 0);
}

#define SUMS                                                                   \
	"sum(packets) || ',' || sum(packets * length) || ','"                  \
	" || count(DISTINCT conversation)"
#define TIME(of)                                                               \
	"strftime('%Y-%m-%dT%H:%M:%S', " of "(time_ns) / 1000000000,"          \
	" 'unixepoch') || printf('.%09dZ', " of "(time_ns) % 1000000000)"
#define WHEN " FROM v_event WHERE time_ns >= ? AND time_ns < ?"

static const char *const questions[][2] = {
	{ "top --by rule,verdict -n 0 --fields rule,verdict,packets,"
	  "bytes,conversations,first_seen,last_seen",
	  "SELECT ',drop,' || " SUMS
	  " || ',' || " TIME("min") " || ','"
				    " || " TIME("max") WHEN },
	{ "matrix --by interface --fields in_if,packets,conversations",
	  "SELECT in_if || ',' || sum(packets) || ','"
	  " || count(DISTINCT conversation)" WHEN },
	{ "top --by src_ip -n 0 --fields src_ip,packets,bytes,conversations",
	  "SELECT src_ip || ',' || " SUMS WHEN " AND src_ip LIKE '192%'"
	  " GROUP BY src_ip ORDER BY sum(packets) DESC, src_ip" },
	{ "top --to-port 82 --by verdict -n 0 --fields packets,bytes,"
	  "conversations,ports",
	  "SELECT " SUMS " || ',1'" WHEN " AND dst_port = 82"
	  " HAVING sum(packets)" },
	{ "top --from-ip 192.168.144.2 --by verdict -n 0 --fields packets,"
	  "bytes,conversations",
	  "SELECT " SUMS WHEN " AND src_ip = '192.168.144.2'"
	  " HAVING sum(packets)" },
	{ "top --to-ip 10.64.0.0/24 --by dst_ip -n 0 --fields packets,bytes,"
	  "conversations",
	  "SELECT " SUMS WHEN " AND dst_ip LIKE '10.64.0.%'"
	  " GROUP BY dst_ip ORDER BY sum(packets) DESC, dst_ip" },
};

static void check_everywhere(const struct world *w, size_t i)
{
	const uint64_t end = T0 + (uint64_t)EVENTS * STEP_MS * 1000000;

	seed = 9;
	oracle_check(w, questions[i][0], questions[i][1], T0 - NS_PER_S,
		     end + NS_PER_S);
	for (int j = 0; j < WINDOWS; j++) {
		uint64_t since = T0 + draw((end - T0) / NS_PER_S) * NS_PER_S;

		oracle_check(w, questions[i][0], questions[i][1], since,
			     since + (7 + draw(12000)) * NS_PER_S + 1);
	}
}

/* How what is summed up was told apart, and that each answer is right. */
static void check_scan(const struct world *w, enum scan scan, const char *level,
		       size_t n)
{
	lay_down(w, scan);
	assert_string_equal(
		store_world_ask(w, "SELECT DISTINCT hex(substr(sums, 1, 1))"
				   " FROM digest WHERE sums IS NOT NULL"),
		level);
	assert_string_equal(store_world_ask(w, "SELECT sum(length(sums)) <"
					       " sum(length(entries)) / 9"
					       " FROM digest"
					       " WHERE sums IS NOT NULL"),
			    "1");
	for (size_t i = 0; i < n; i++)
		check_everywhere(w, i);
}

static void addresses_are_summed_up(void **state)
{
	check_scan(*state, OF_ADDRESSES, "00", ARRAY_SIZE(questions));
}

static void ports_are_summed_up(void **state)
{
	check_scan(*state, OF_PORTS, "01", ARRAY_SIZE(questions));
}

static void ports_are_counted_or_said_to_be_at_least_so_many(void **state)
{
	static const char sql[] =
		"SELECT count(DISTINCT dst_port)" WHEN " HAVING sum(packets)";
	const struct world *w = *state;
	const struct cli_result *r;

	lay_down(w, OF_PORTS);
	oracle_check(w, "top --by verdict -s ports --fields ports", sql,
		     T0 - NS_PER_S, T0 + 20000 * NS_PER_S);
	oracle_check(w, "top --by verdict -s ports --fields ports", sql,
		     T0 + 3000 * NS_PER_S, T0 + 6000 * NS_PER_S);
	r = oracle_run(w, "top --by verdict -s ports");
	assert_null(strstr(r->out, "+"));
	assert_string_equal(r->err, "no rule was audited in this log\n");
	r = oracle_run(w, "top --by verdict");
	assert_non_null(strstr(r->out, "+\n"));
	assert_non_null(strstr(r->err, "at least"));
	r = oracle_run(w, "top --by verdict -o json");
	assert_non_null(strstr(r->out, "\"rows_with_more_ports\":1"));
}

static void sources_are_summed_up(void **state)
{
	check_scan(*state, OF_ALL, "02", 2);
}

/* What repeats is not worth it. */
static void few_that_begin_are_not_summed_up(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	for (unsigned int i = 0; i < 2 * DIGEST_ROWS; i++) {
		struct event ev =
			store_world_event(T0 + i, (uint16_t)(i % 2000));

		store_add_event(st, &ev);
		if (i % 16384 == 16383)
			assert_int_equal(store_commit(st, T0 + i), 0);
	}
	assert_int_equal(store_close(st, T0), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT count(*), count(sums), count(begun)"
				   " FROM digest"),
		"2|0|0");
}

/* A second scan of the same, when its conversations are known. */
static void what_goes_on_is_not_counted_again(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	for (unsigned int i = 0; i < 90000; i++) {
		struct event ev = store_world_event(T0 + i * 1000000ULL, 80);
		uint32_t target = i % 30000;

		memcpy(ev.dst, &target, 3);
		store_add_event(st, &ev);
		if (i % 10000 == 9999)
			assert_int_equal(store_commit(st, ev.time_ns), 0);
	}
	assert_int_equal(store_close(st, T0), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT count(sums) FROM digest"), "2");
	oracle_check(w, questions[1][0], questions[1][1], T0 - NS_PER_S,
		     T0 + NS_PER_S * 999);
}

/* A scan that wants one port more than any other, and a few to another one. */
static void lay_down_favourite(const struct world *w)
{
	struct store *st = store_world_open(w, T0);

	for (unsigned int i = 0; i < EVENTS; i++) {
		struct event ev = store_world_event(T0 + i * 1000000ULL, 80);

		if (i % 100 != 0) {
			memcpy(ev.dst, &i, 3);
			ev.dst_port = i % 3 ? 4444 : (uint16_t)(i * 7);
		}
		store_add_event(st, &ev);
		if (i % 10000 == 9999)
			assert_int_equal(store_commit(st, ev.time_ns), 0);
	}
	assert_int_equal(store_close(st, T0), 0);
}

#define TOP "matrix --by interface --fields top_proto,top_dst_port,top_packets"

static void a_port_that_sums_hide_is_not_passed_over(void **state)
{
	static const char others[] = "SELECT 'others,,' || sum(packets)" WHEN
				     " AND (conversation > 1 OR id < 16384)";
	static const char wanted[] =
		"SELECT 'tcp,' || dst_port || ',' || sum(packets)" WHEN
		" GROUP BY dst_port ORDER BY sum(packets) DESC LIMIT 1";
	const struct world *w = *state;

	lay_down_favourite(w);
	assert_string_equal(
		store_world_ask(w, "SELECT DISTINCT hex(substr(sums, 1, 1))"
				   " FROM digest WHERE sums IS NOT NULL"),
		"01");
	oracle_check(w, TOP, wanted, 0, INT64_MAX);
	/* five blocks, of which only one conversation goes on */
	oracle_check(w, TOP " --from-ip 192.168.144.2", others, T0,
		     T0 + (5 * DIGEST_ROWS - 1) * 1000000ULL);
}

static void add_packets(struct store *st, unsigned int n, unsigned int ports,
			uint16_t port)
{
	for (unsigned int i = 0; i < n; i++) {
		struct event ev =
			store_world_event(T0 + i, (uint16_t)(port + i % ports));

		store_add_event(st, &ev);
	}
	assert_int_equal(store_commit(st, T0 + n), 0);
}

static void a_port_that_tallies_hide_is_not_passed_over(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	add_packets(st, 1000, 20, 100);
	add_packets(st, 50, 1, 80);
	oracle_check(w, TOP, "SELECT 'others,,1000'" WHEN " LIMIT 1", 0,
		     INT64_MAX);
	/* one of the others has less than a 16th */
	add_packets(st, 20, 1, 80);
	oracle_check(w, TOP, "SELECT 'tcp,80,70'" WHEN " LIMIT 1", 0,
		     INT64_MAX);
	/* and the second may have that besides its own */
	add_packets(st, 10, 1, 81);
	oracle_check(w, TOP, "SELECT 'others,,1000'" WHEN " LIMIT 1", 0,
		     INT64_MAX);
	assert_int_equal(store_close(st, T0), 0);
}

static void mangled_sums_are_told(void **state)
{
	static const char *const sums[] = {
		"x'00'",
		"x'0000'",
		"x'00ff'",
		"x'0000ffff7f01010101'",
		"x'000080808004010101'",
		"x'02008080808080808080808001'",
	};
	const struct world *w = *state;
	char sql[256];

	lay_down(w, OF_ADDRESSES);
	for (size_t i = 0; i < ARRAY_SIZE(sums); i++) {
		snprintf(sql, sizeof(sql),
			 "UPDATE digest SET sums = %s, begun = %zu", sums[i],
			 i % 2);
		oracle_sql(w, sql);
		oracle_run(w, "top --by verdict -S 2023-11-14T22:13:19Z");
	}
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, store_world_set_up,                 \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(addresses_are_summed_up),
		T(ports_are_summed_up),
		T(ports_are_counted_or_said_to_be_at_least_so_many),
		T(sources_are_summed_up),
		T(few_that_begin_are_not_summed_up),
		T(what_goes_on_is_not_counted_again),
		T(a_port_that_sums_hide_is_not_passed_over),
		T(a_port_that_tallies_hide_is_not_passed_over),
		T(mangled_sums_are_told),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
