// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages recorded from a kernel's nfnetlink_log (tests/data/nflog: two
 * namespaces with a router between them, rules in its FORWARD chain), and
 * damaged copies of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/text.h"
#include "logger/capture/capture.h"
#include "tests/unit/cmocka_all.h"

enum { MESSAGE_MAX = 4096 };

static struct nlmsghdr *load(const char *name, size_t *ret_len)
{
	static char buf[MESSAGE_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "tests/data/nflog/%s.bin", name);
	f = fopen(path, "re");
	assert_non_null(f);
	*ret_len = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	return (struct nlmsghdr *)buf;
}

struct expect {
	const char *file;
	int verdict; /* 0: not ours */
	const char *src;
	const char *dst;
	int proto;
	int dst_port;
	int icmp; /* type * 256 + code; -1: none */
	int tcp_flags;
	unsigned int length;
	unsigned int marks;
};

static const struct expect expects[] = {
	{ "tcp4-1", VERDICT_DROP, "192.168.141.2", "192.168.142.2", 6, 3306, -1,
	  2, 60, 0 },
	{ "udp4-1", VERDICT_DROP, "192.168.141.2", "192.168.142.2", 17, 53, -1,
	  -1, 31, 0 },
	{ "icmp4-1", VERDICT_DROP, "192.168.141.2", "192.168.142.2", 1, -1,
	  8 * 256, -1, 84, 0 },
	{ "sctp4-1", VERDICT_DROP, "192.168.141.2", "192.168.142.2", 132, 3600,
	  -1, -1, 36, 0 },
	{ "gre4-1", VERDICT_DROP, "192.168.141.2", "192.168.142.2", 47, -1, -1,
	  -1, 28, 0 },
	{ "tcp6-1", VERDICT_DROP, "fd00:1::2", "fd00:2::2", 6, 5432, -1, 2, 80,
	  0 },
	{ "udp6-1", VERDICT_DROP, "fd00:1::2", "fd00:2::2", 17, 53, -1, -1, 51,
	  0 },
	{ "icmp6-1", VERDICT_DROP, "fd00:1::2", "fd00:2::2", 58, -1, 128 * 256,
	  -1, 104, 0 },
	{ "fragment4-1", VERDICT_DROP, "192.168.141.2", "192.168.142.2", 1, -1,
	  8 * 256, -1, 1500, 0 },
	{ "fragment4-2", VERDICT_DROP, "192.168.141.2", "192.168.142.2", 1, -1,
	  -1, -1, 1500, EVENT_FRAGMENT },
	{ "fragment6-1", VERDICT_DROP, "fd00:1::2", "fd00:2::2", 58, -1,
	  128 * 256, -1, 1496, 0 },
	{ "fragment6-2", VERDICT_DROP, "fd00:1::2", "fd00:2::2", 58, -1, -1, -1,
	  1496, EVENT_FRAGMENT },
	{ "accept4-1", VERDICT_ACCEPT, "192.168.141.2", "192.168.142.2", 17,
	  8080, -1, -1, 31, 0 },
	{ "cut_tcp4-1", VERDICT_DROP, "192.168.141.2", "192.168.142.2", 6, 3306,
	  -1, -1, 60, EVENT_TRUNCATED },
	{ "cut_ip4-1", VERDICT_DROP, NULL, NULL, -1, -1, -1, -1, 10,
	  EVENT_TRUNCATED },
	{ "cut_ip6-1", VERDICT_DROP, NULL, NULL, -1, -1, -1, -1, 30,
	  EVENT_TRUNCATED },
	{ "foreign4-1", 0, "192.168.141.2", "192.168.142.2", 17, 53, -1, -1, 31,
	  0 },
};

static void check(const struct expect *x, const struct capture_packet *p)
{
	const struct event *ev = &p->ev;
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	print_message("%s\n", x->file);
	assert_int_equal(p->ours, x->verdict != 0);
	assert_int_equal(ev->verdict, x->verdict);
	assert_int_equal(ev->marks, x->marks);
	assert_int_equal(ev->length, x->length);
	assert_true(ev->in_ifindex != 0 && ev->out_ifindex != 0);
	assert_true(ev->time_ns > 1700000000ULL * 1000000000ULL);
	assert_true(p->has_seq);
	assert_int_equal(!!(ev->have & HAVE_ADDR), x->src != NULL);
	if (x->src) {
		addr_text(ev->family, ev->src, src, sizeof(src));
		addr_text(ev->family, ev->dst, dst, sizeof(dst));
		assert_string_equal(src, x->src);
		assert_string_equal(dst, x->dst);
	}
	assert_int_equal(ev->have & HAVE_PROTO ? ev->proto : -1, x->proto);
	assert_int_equal(ev->have & HAVE_PORTS ? ev->dst_port : -1,
			 x->dst_port);
	assert_int_equal(
		ev->have & HAVE_ICMP ? ev->icmp_type * 256 + ev->icmp_code : -1,
		x->icmp);
	assert_int_equal(ev->have & HAVE_TCP_FLAGS ? ev->tcp_flags : -1,
			 x->tcp_flags);
}

static void recorded_messages_become_the_right_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expects); i++) {
		struct capture_packet p;
		size_t len;
		const struct nlmsghdr *nlh = load(expects[i].file, &len);

		assert_int_equal(nlh->nlmsg_len, len);
		assert_int_equal(capture_parse(nlh, &p), 0);
		check(&expects[i], &p);
	}
}

static void the_rule_is_the_one_named_in_the_prefix(void **state)
{
	struct capture_packet p;
	size_t len;

	(void)state;
	assert_int_equal(capture_parse(load("tcp4-1", &len), &p), 0);
	assert_true(p.ev.rule_id == 0x3f9a2c1d77aa);
	assert_int_equal(capture_parse(load("accept4-1", &len), &p), 0);
	assert_true(p.ev.rule_id == 0x0123456789ab);
}

static void the_senders_mac_is_that_of_the_wire(void **state)
{
	static const uint8_t mac[] = { 0x4a, 0x80, 0xaf, 0x67, 0xb5, 0x62 };
	struct capture_packet p;
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expects); i++) {
		assert_int_equal(capture_parse(load(expects[i].file, &len), &p),
				 0);
		assert_true(p.ev.have & HAVE_MAC);
		assert_memory_equal(p.ev.src_mac, mac, sizeof(mac));
	}
}

/* hw_addrlen and the eight bytes of NFULA_HWADDR, as they may come. */
static void what_is_no_ethernet_address_is_left_out(void **state)
{
	static const struct {
		uint8_t bytes[12];
		size_t len;
		int r;
		bool has;
	} cases[] = {
		{ { 0, 6, 0, 0, 2, 0x42, 3, 4, 5, 6 }, 12, 0, true },
		{ { 0, 8, 0, 0, 2, 0x42, 3, 4, 5, 6, 7, 8 }, 12, 0, false },
		{ { 0xff, 0xff, 0, 0, 2, 0x42, 3, 4, 5, 6 }, 12, 0, false },
		{ { 0, 0, 0, 0, 2, 0x42, 3, 4, 5, 6 }, 12, 0, false },
		{ { 0, 6 }, 12, 0, false }, /* all zero: nobody's */
		{ { 0, 6, 0, 0, 2, 0x42, 3, 4, 5, 6 }, 10, -EBADMSG, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char buf[64] __attribute__((aligned(NLMSG_ALIGNTO))) = { 0 };
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
		struct capture_packet p = { 0 };

		nlh->nlmsg_type = 4 << 8;
		mnl_nlmsg_put_extra_header(nlh, 4);
		mnl_attr_put(nlh, 8, cases[i].len, cases[i].bytes);
		assert_int_equal(capture_parse(nlh, &p), cases[i].r);
		assert_int_equal(!!(p.ev.have & HAVE_MAC), cases[i].has);
	}
}

static void a_message_that_is_no_packet_is_passed_over(void **state)
{
	struct capture_packet p;
	size_t len;

	(void)state;
	assert_int_equal(capture_parse(load("done", &len), &p), -EAGAIN);
}

/* Every cut: an answer or an error, and never a byte read beyond the end. */
static void a_message_cut_anywhere_is_an_error_or_less(void **state)
{
	struct capture_packet p;
	size_t len, bad = 0;
	const struct nlmsghdr *whole = load("tcp6-1", &len);

	(void)state;
	for (size_t cut = sizeof(*whole); cut < len; cut += NLMSG_ALIGNTO) {
		struct nlmsghdr *nlh = malloc(cut);
		int r;

		assert_non_null(nlh);
		memcpy(nlh, whole, cut);
		nlh->nlmsg_len = (uint32_t)cut;
		r = capture_parse(nlh, &p);
		assert_true(r == 0 || r == -EBADMSG);
		bad += r == -EBADMSG;
		free(nlh);
	}
	assert_true(bad > len / NLMSG_ALIGNTO / 2);
}

/* Seeded noise over every recorded message. */
static void noise_never_crashes_nor_invents_a_verdict(void **state)
{
	unsigned int seed = 20261123;
	size_t len;

	(void)state;
	print_message("seed %u\n", seed);
	for (size_t i = 0; i < ARRAY_SIZE(expects) * 2000; i++) {
		struct nlmsghdr *nlh =
			load(expects[i % ARRAY_SIZE(expects)].file, &len);
		struct capture_packet p;
		uint8_t *bytes = (uint8_t *)nlh;

		for (int j = 0; j < 4; j++)
			bytes[sizeof(*nlh) +
			      (size_t)rand_r(&seed) % (len - sizeof(*nlh))] =
				(uint8_t)rand_r(&seed);
		if (capture_parse(nlh, &p) == 0 && p.ours)
			assert_non_null(verdict_name(p.ev.verdict));
	}
}

static void a_known_attribute_too_short_is_malformed(void **state)
{
	char buf[256] __attribute__((aligned(NLMSG_ALIGNTO))) = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct capture_packet p;

	(void)state;
	nlh->nlmsg_type = 4 << 8; /* NFNL_SUBSYS_ULOG, NFULNL_MSG_PACKET */
	mnl_nlmsg_put_extra_header(nlh, 4);
	assert_int_equal(capture_parse(nlh, &p), 0);
	assert_false(p.ours || p.has_seq);
	mnl_attr_put_u16(nlh, 4, 7); /* NFULA_IFINDEX_INDEV */
	assert_int_equal(capture_parse(nlh, &p), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_messages_become_the_right_events),
		cmocka_unit_test(the_rule_is_the_one_named_in_the_prefix),
		cmocka_unit_test(the_senders_mac_is_that_of_the_wire),
		cmocka_unit_test(what_is_no_ethernet_address_is_left_out),
		cmocka_unit_test(a_message_that_is_no_packet_is_passed_over),
		cmocka_unit_test(a_message_cut_anywhere_is_an_error_or_less),
		cmocka_unit_test(noise_never_crashes_nor_invents_a_verdict),
		cmocka_unit_test(a_known_attribute_too_short_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
