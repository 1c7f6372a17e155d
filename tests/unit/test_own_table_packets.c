// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Our table in a real kernel, beside Docker's nft tables as Docker 29 writes
 * them: for each rule of Docker's, what ours logged is what Docker's counted,
 * and no packet goes another way than without us. As root; else skipped.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/capture/capture.h"
#include "logger/firewall/own_netlink.h"
#include "logger/netlink.h"
#include "logger/rules/own_diff.h"
#include "logger/rules/own_table.h"
#include "logger/rules/own_table_text.h"
#include "logger/rules/profile.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/own_table_net.h"
#include "tests/unit/text_file.h"

enum {
	GROUP = 4243,
	LOGGED_MAX = 256,
	CHURN_ROUNDS = 500,
	DAMAGE_ROUNDS = 100
};

static bool allowed;
static int nflog = -1;
static struct own_table *in_force; /* NULL: none of ours */
static char *docker_text[2];
static const char *const families[] = { "ip", "ip6" };

static struct {
	uint64_t id;
	enum verdict verdict;
	uint64_t n;
} logged[LOGGED_MAX];
static size_t logged_len;

/* Every drop point and every accepted path; each in both families. */
static const struct net_packets cases[] = {
	{ "b", NET_UDP, 0, 1, 2, 80, 3 }, /* direct access */
	{ "x", NET_TCP, 0, 1, 2, 80, 4 }, /* the same from outside */
	{ "a", NET_UDP, 0, 2, 2, 1, 5 },
	{ "i", NET_UDP, 0, 6, 2, 1, 2 },
	{ "t", NET_TCP, 0, 1, 2, 80, 6 }, /* trusted, published */
	{ "t", NET_UDP, 0, 1, 2, 81, 7 }, /* trusted, unpublished */
	{ "t", NET_UDP, 0, 1, 2, 53, 2 },
	{ "b", NET_TCP, 0, 2, 1, 8080, 8 }, /* published by DNAT */
	{ "x", NET_TCP, 0, 7, 1, 8080, 9 },
	{ "b", NET_UDP, 0, 1, 77, 1, 4 }, /* no endpoint */
	{ "a", NET_UDP, 0, 2, 77, 1, 3 },
	{ "a", NET_UDP, 0, 6, 77, 1, 6 },
	{ "a", NET_UDP, 0, 3, 2, 80, 5 }, /* routed, published */
	{ "x", NET_UDP, 0, 3, 2, 80, 2 },
	{ "a", NET_UDP, 0, 3, 2, 81, 3 }, /* routed, unpublished */
	{ "a", NET_ICMP, 0, 3, 2, 0, 4 }, /* routed */
	{ "b", NET_ICMP, 0, 1, 2, 0, 2 },
	{ "a", NET_UDP, 0, 4, 2, 9, 7 }, /* unprotected */
	{ "x", NET_TCP, 0, 4, 2, 9, 3 },
	{ "a", NET_UDP, 0, 5, 2, 9, 5 },  /* into the internal one */
	{ "i", NET_UDP, 0, 5, 22, 9, 3 }, /* within it, icc=false */
	{ "i", NET_UDP, 0, 7, 2, 9, 4 },  /* out of it */
	{ "n", NET_UDP, 0, 6, 22, 9, 6 }, /* icc=false */
	{ "a", NET_UDP, 0, 1, 22, 9, 6 }, /* icc=true */
	{ "b", NET_UDP, 0, 7, 2, 9, 1 },
	{ "r", NET_UDP, 0, 7, 2, 9, 2 },
	{ "u", NET_UDP, 0, 7, 2, 9, 3 },
	{ "n", NET_UDP, 0, 7, 2, 9, 4 },
	{ "a", NET_UDP, 0, 7, 2, 9, 5 }, /* outgoing */
};

static const struct net_packets loopback[] = {
	{ "x", NET_TCP, 4, 0, 0, 8081, 4 },
	{ "x", NET_UDP, 4, 0, 0, 8081, 6 },
};

static int sent_by(const struct net_packets *p)
{
	net_send(p);
	return p->n;
}

/* Returns how many packets that was. */
static int send_all(void)
{
	int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct net_packets p = cases[i];

		p.family = 4;
		n += sent_by(&p);
		p.family = 6;
		n += sent_by(&p);
	}
	for (size_t i = 0; i < ARRAY_SIZE(loopback); i++)
		n += sent_by(&loopback[i]);
	return n;
}

static void reset_docker(void)
{
	net_nft("table ip docker-bridges { }\ndelete table ip docker-bridges\n"
		"table ip6 docker-bridges { }\n"
		"delete table ip6 docker-bridges\n");
	net_nft(docker_text[0]);
	net_nft(docker_text[1]);
}

static struct own_table *make_table(void)
{
	struct own_table_input input = { .group = GROUP,
					 .profile = PROFILE_ALL };
	struct own_table *table = NULL;
	char *text[2];

	for (size_t i = 0; i < 2; i++) {
		text[i] = net_list(families[i], "docker-bridges");
		input.docker[i] = text[i];
		input.docker_len[i] = text[i] ? strlen(text[i]) : 0;
	}
	assert_int_equal(own_table_make(&input, &table), 0);
	free(text[0]);
	free(text[1]);
	if (table->problems_len > 0)
		fail_msg("%s", table->problems[0]);
	return table;
}

/* By the difference where there is one before it, as the keeper does. */
static void sync_table(void)
{
	struct own_table *table = make_table();
	char *text = NULL;

	if (!in_force || in_force->empty || table->empty)
		net_nft(table->text);
	else if (own_diff(in_force->text, table->text, &text) == 0 && *text)
		net_nft(text);
	free(text);
	own_table_free(in_force);
	in_force = table;
}

static void note(const struct capture_packet *packet)
{
	size_t i = 0;

	while (i < logged_len && logged[i].id != packet->ev.rule_id)
		i++;
	if (i == logged_len) {
		assert_true(logged_len < LOGGED_MAX);
		logged_len++;
		logged[i].id = packet->ev.rule_id;
		logged[i].verdict = packet->ev.verdict;
		logged[i].n = 0;
	}
	logged[i].n++;
}

/* Reads until nothing has come for a while. */
static void read_logged(void)
{
	static char buf[CAPTURE_RECV_SIZE];
	ssize_t n;

	while ((n = recv(nflog, buf, sizeof(buf), 0)) > 0) {
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
		int len = (int)n;

		for (; netlink_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
			struct capture_packet packet;

			if (capture_parse(nlh, &packet) == 0 && packet.ours)
				note(&packet);
		}
	}
	assert_int_equal(errno, EAGAIN);
}

static uint64_t logged_of(uint64_t id)
{
	for (size_t i = 0; i < logged_len; i++)
		if (logged[i].id == id)
			return logged[i].n;
	return 0;
}

static uint64_t logged_as(enum verdict verdict)
{
	uint64_t n = 0;

	for (size_t i = 0; i < logged_len; i++)
		n += logged[i].verdict == verdict ? logged[i].n : 0;
	return n;
}

static uint64_t counted_of(const struct own_counter *list, size_t len,
			   uint64_t id)
{
	for (size_t i = 0; i < len; i++)
		if (list[i].id == id)
			return list[i].packets;
	return 0;
}

static int make_world(void **state)
{
	struct timeval wait = { .tv_usec = 300000 };

	(void)state;
	docker_text[0] = text_file_read("tests/data/nft/docker-29.ip");
	docker_text[1] = text_file_read("tests/data/nft/docker-29.ip6");
	allowed = net_make();
	if (!allowed)
		return 0;
	nflog = capture_open(GROUP);
	if (nflog < 0)
		return -1;
	return setsockopt(nflog, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
}

static int end_world(void **state)
{
	(void)state;
	free(docker_text[0]);
	free(docker_text[1]);
	own_table_free(in_force);
	if (nflog >= 0)
		close(nflog);
	return 0;
}

static int start_anew(void **state)
{
	(void)state;
	if (!allowed)
		return 0;
	reset_docker();
	read_logged();
	logged_len = 0;
	own_table_free(in_force);
	in_force = NULL;
	return own_netlink_delete();
}

#define SKIP_UNLESS_ALLOWED() SKIP_UNLESS(allowed, "root, namespaces and nft")

static void each_rule_of_dockers_counts_what_ours_logged(void **state)
{
	struct own_counter *counters = NULL;
	struct own_table *table;
	size_t len = 0;

	(void)state;
	SKIP_UNLESS_ALLOWED();
	sync_table();
	send_all();
	read_logged();
	assert_int_equal(own_netlink_counters(&counters, &len), 0);
	table = make_table(); /* for Docker's counters */
	for (size_t i = 0; i < table->audited_len; i++) {
		const struct own_table_audited *a = &table->audited[i];
		uint64_t twin = counted_of(counters, len, a->id);

		if (a->packets == 0 && a->verdict != VERDICT_PASS)
			fail_msg("no packet met IPv%d %s %s", a->family,
				 a->chain, a->text);
		if (logged_of(a->id) != twin ||
		    (a->verdict != VERDICT_PASS && a->packets != twin))
			fail_msg("IPv%d %s %s: %d packets, %d counted, %d "
				 "logged",
				 a->family, a->chain, a->text, (int)a->packets,
				 (int)twin, (int)logged_of(a->id));
	}
	own_table_free(table);
	free(counters);
}

static void what_passes_between_bridges_is_witnessed(void **state)
{
	struct own_table *table;
	uint64_t seen[2] = { 0 };

	(void)state;
	SKIP_UNLESS_ALLOWED();
	sync_table();
	send_all();
	read_logged();
	table = make_table();
	for (size_t i = 0; i < table->audited_len; i++)
		if (table->audited[i].verdict == VERDICT_PASS)
			seen[table->audited[i].family == 6] +=
				logged_of(table->audited[i].id);
	own_table_free(table);
	/* ICMP to the routed network; the unprotected one has an ACCEPT's row
	 */
	assert_int_equal(seen[0], 4);
	assert_int_equal(seen[1], 4);
}

static void no_packet_goes_another_way_because_of_us(void **state)
{
	uint64_t before, without, with;
	int n;

	(void)state;
	SKIP_UNLESS_ALLOWED();
	before = net_forwarded();
	n = send_all();
	without = net_forwarded() - before;
	sync_table();
	before = net_forwarded();
	send_all();
	with = net_forwarded() - before;
	assert_int_equal(with, without);
	assert_true(with > 0);
	read_logged();
	assert_int_equal(logged_as(VERDICT_DROP), (uint64_t)n - with);
}

/* The block of one chain of the listing, behind a flush of that chain. */
static char *refill(const char *family, const char *listing, const char *chain)
{
	char head[80];
	char *text = calloc(1, strlen(listing) + 256);
	const char *begin, *end;
	int n;

	assert_non_null(text);
	snprintf(head, sizeof(head), "chain %s {", chain);
	begin = strstr(listing, head);
	assert_non_null(begin);
	end = strstr(begin, "\n\t}");
	assert_non_null(end);
	n = sprintf(text,
		    "flush chain %s docker-bridges %s\n"
		    "table %s docker-bridges {\n",
		    family, chain, family);
	memcpy(text + n, begin, (size_t)(end - begin));
	strcat(text, "\n\t}\n}\n");
	return text;
}

static void edit_like_docker(int round)
{
	static const char *const chains[] = {
		"raw-PREROUTING",	    "filter-forward-in__br-a",
		"filter-forward-in__br-r",  "filter-forward-in__br-n",
		"filter-forward-out__br-i",
	};
	size_t which = (size_t)rand() % (ARRAY_SIZE(chains) + 1);
	size_t f = (size_t)round % 2;
	char *text;

	if (which == ARRAY_SIZE(chains)) {
		text = calloc(1, 65536 + 64);
		assert_non_null(text);
		sprintf(text, "delete table %s docker-bridges\n%s", families[f],
			docker_text[f]);
	} else {
		text = refill(families[f], docker_text[f], chains[which]);
	}
	net_nft(text);
	free(text);
}

static void no_packet_is_unaccounted_for_while_docker_edits(void **state)
{
	static const struct net_packets some[] = {
		{ "b", NET_UDP, 4, 1, 2, 80, 3 },
		{ "a", NET_UDP, 6, 3, 2, 81, 2 },
		{ "i", NET_UDP, 4, 7, 2, 9, 2 },
		{ "n", NET_UDP, 6, 6, 22, 9, 1 },
		{ "x", NET_UDP, 4, 3, 2, 80, 1 },
	};
	uint64_t before;
	int n = 0;

	(void)state;
	SKIP_UNLESS_ALLOWED();
	srand(29);
	sync_table();
	before = net_forwarded();
	for (int round = 0; round < CHURN_ROUNDS; round++) {
		edit_like_docker(round);
		for (size_t i = 0; i < ARRAY_SIZE(some); i++)
			n += sent_by(&some[i]); /* ours is older here */
		sync_table();
		for (size_t i = 0; i < ARRAY_SIZE(some); i++)
			n += sent_by(&some[i]);
	}
	read_logged();
	assert_int_equal(logged_as(VERDICT_DROP),
			 (uint64_t)n - (net_forwarded() - before));
	assert_int_equal(logged_as(VERDICT_DROP), CHURN_ROUNDS * 2 * 8);
}

/* Whatever it says, the rest of the table must not suffer. */
static void damaged_listing_makes_no_batch_that_nft_refuses(void **state)
{
	static const char bytes[] = "{}\"\n;, \t\xff"
				    "a0*/=@:-9f.";
	struct own_table_input in = { .group = GROUP, .profile = PROFILE_ALL };
	size_t len = strlen(docker_text[0]);

	(void)state;
	SKIP_UNLESS_ALLOWED();
	srand(1);
	for (int round = 0; round < DAMAGE_ROUNDS; round++) {
		char *copy = strdup(docker_text[0]);
		struct own_table *table = NULL;

		assert_non_null(copy);
		for (int n = rand() % 12; n >= 0; n--)
			copy[(size_t)rand() % len] =
				bytes[(size_t)rand() % (sizeof(bytes) - 1)];
		in.docker[0] = copy;
		in.docker_len[0] = len;
		assert_int_equal(own_table_make(&in, &table), 0);
		net_nft(table->text);
		own_table_free(table);
		free(copy);
	}
}

static void listing_changes_only_when_somebody_changes_the_table(void **state)
{
	char *first, *second, *third;

	(void)state;
	SKIP_UNLESS_ALLOWED();
	sync_table();
	first = net_list("inet", "bridgeaudit");
	send_all();
	second = net_list("inet", "bridgeaudit");
	assert_string_not_equal(first, second);
	own_table_strip(first, strlen(first));
	own_table_strip(second, strlen(second));
	assert_string_equal(first, second);
	net_nft("add rule inet bridgeaudit witness counter\n");
	third = net_list("inet", "bridgeaudit");
	own_table_strip(third, strlen(third));
	assert_string_not_equal(first, third);
	free(first);
	free(second);
	free(third);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			each_rule_of_dockers_counts_what_ours_logged,
			start_anew),
		cmocka_unit_test_setup(what_passes_between_bridges_is_witnessed,
				       start_anew),
		cmocka_unit_test_setup(no_packet_goes_another_way_because_of_us,
				       start_anew),
		cmocka_unit_test_setup(
			no_packet_is_unaccounted_for_while_docker_edits,
			start_anew),
		cmocka_unit_test_setup(
			listing_changes_only_when_somebody_changes_the_table,
			start_anew),
		cmocka_unit_test_setup(
			damaged_listing_makes_no_batch_that_nft_refuses,
			start_anew),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
