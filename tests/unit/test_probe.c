// SPDX-License-Identifier: GPL-2.0-or-later
/* Test packets: their frames, which events are theirs, and how they are told */
#include <arpa/inet.h>
#include <string.h>

#include "logger/config.h"
#include "logger/probe/port.h"
#include "logger/store/probe.h"
#include "tests/unit/cmocka_all.h"

static const struct channel_probe sent = {
	.family = 4,
	.src = { 172, 18, 255, 254 },
	.dst = { 172, 19, 255, 254 },
	.src_port = 40000,
	.dst_port = 50000,
};

static struct event event_of(const struct channel_probe *p, int verdict)
{
	struct event ev = {
		.time_ns = 5,
		.rule_id = 291,
		.family = 4,
		.proto = 6,
		.verdict = (uint8_t)verdict,
		.src_port = p->src_port,
		.dst_port = p->dst_port,
		.have = HAVE_PROTO | HAVE_PORTS | HAVE_ADDR,
	};

	memcpy(ev.src, p->src, 4);
	memcpy(ev.dst, p->dst, 4);
	return ev;
}

static void the_address_is_the_networks_highest(void **state)
{
	static const struct {
		uint8_t addr[4], mask[4], highest[4];
		bool found;
	} cases[] = {
		{ { 172, 18, 0, 1 },
		  { 255, 255, 0, 0 },
		  { 172, 18, 255, 254 },
		  true },
		{ { 10, 0, 0, 254 },
		  { 255, 255, 255, 0 },
		  { 10, 0, 0, 253 },
		  true },
		{ { 10, 0, 0, 1 },
		  { 255, 255, 255, 248 },
		  { 10, 0, 0, 6 },
		  true },
		{ { 10, 0, 0, 1 }, { 255, 255, 255, 252 }, { 0 }, false },
		{ { 10, 0, 0, 1 }, { 255, 255, 255, 255 }, { 0 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t got[4] = { 0 };

		assert_int_equal(
			probe_highest(4, cases[i].addr, cases[i].mask, got),
			cases[i].found);
		assert_memory_equal(got, cases[i].highest, 4);
	}
}

/* Below the anycast addresses that each network has. */
static void so_it_is_over_ipv6(void **state)
{
	static const struct {
		const char *addr, *mask, *highest;
	} cases[] = {
		{ "fd00::1",
		  "ffff:ffff:ffff:ffff::", "fd00::ffff:ffff:ffff:ff7f" },
		{ "fd00::ffff:ffff:ffff:ff7f",
		  "ffff:ffff:ffff:ffff::", "fd00::ffff:ffff:ffff:ff7e" },
		{ "fd00::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00",
		  "fd00::7f" },
		{ "fd00::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff80", NULL },
		{ "fd00::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t addr[16], mask[16], highest[16], got[16];

		assert_int_equal(inet_pton(AF_INET6, cases[i].addr, addr), 1);
		assert_int_equal(inet_pton(AF_INET6, cases[i].mask, mask), 1);
		assert_int_equal(probe_highest(6, addr, mask, got),
				 cases[i].highest != NULL);
		if (!cases[i].highest)
			continue;
		assert_int_equal(inet_pton(AF_INET6, cases[i].highest, highest),
				 1);
		assert_memory_equal(got, highest, 16);
	}
}

static uint32_t sum_of(const uint8_t *bytes, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void a_frame_is_a_syn_that_a_kernel_takes(void **state)
{
	const struct probe_port from = { .bridge_mac = { 2, 0x42, 1, 2, 3, 4 },
					 .addr4 = { true,
						    { 172, 18, 255, 254 } } };
	const struct probe_port to = { .addr4 = { true,
						  { 172, 19, 255, 254 } } };
	uint8_t frame[PROBE_FRAME_MAX];
	size_t len = probe_frame(&from, &to, 4, 40000, 50000, frame);

	(void)state;
	assert_int_equal(len, 14 + 20 + 20);
	assert_memory_equal(frame, from.bridge_mac, 6);
	assert_int_equal(frame[6] & 3, 2); /* one host's own, not a group's */
	assert_int_equal(sum_of(frame + 14, 20, 0), 0xffff);
	assert_int_equal(sum_of(frame + 34, 20, sum_of(frame + 26, 8, 6 + 20)),
			 0xffff);
	assert_memory_equal(frame + 30, to.addr4.bytes, 4);
	assert_int_equal(frame[34] << 8 | frame[35], 40000);
	assert_int_equal(frame[47], 2);
}

static void and_one_over_ipv6(void **state)
{
	const struct probe_port from = { .addr6 = { true, { 0xfd, 1 } } };
	const struct probe_port to = { .addr6 = { true, { 0xfd, 2 } } };
	uint8_t frame[PROBE_FRAME_MAX];
	size_t len = probe_frame(&from, &to, 6, 40000, 50000, frame);

	(void)state;
	assert_int_equal(len, 14 + 40 + 20);
	assert_int_equal(frame[12] << 8 | frame[13], 0x86dd);
	assert_int_equal(frame[14] >> 4, 6);
	assert_int_equal(frame[18] << 8 | frame[19], 20);
	assert_int_equal(frame[20], 6);
	assert_memory_equal(frame + 22, from.addr6.bytes, 16);
	assert_memory_equal(frame + 38, to.addr6.bytes, 16);
	assert_int_equal(sum_of(frame + 54, 20, sum_of(frame + 22, 32, 6 + 20)),
			 0xffff);
	assert_int_equal(frame[67], 2);
}

static void only_a_question_for_the_address_means_it_arrived(void **state)
{
	static const uint8_t addr[4] = { 10, 1, 2, 3 };
	uint8_t arp[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,    0,
			    0,	  0,	0,    1,    0x08, 0x06, 0x00, 0x01,
			    0x08, 0x00, 6,    4,    0,	  1 };

	(void)state;
	memcpy(arp + 38, addr, 4);
	assert_true(probe_frame_asks(arp, sizeof(arp), 4, addr));
	assert_true(probe_frame_asks(arp, 42, 4, addr));
	for (size_t len = 0; len < 42; len++)
		assert_false(probe_frame_asks(arp, len, 4, addr));
	arp[21] = 2; /* an answer */
	assert_false(probe_frame_asks(arp, sizeof(arp), 4, addr));
	arp[21] = 1;
	arp[41] = 4; /* another address */
	assert_false(probe_frame_asks(arp, sizeof(arp), 4, addr));
}

static void over_ipv6_it_is_a_solicitation(void **state)
{
	static const uint8_t addr[16] = { 0xfd, 0, 0, 9 };
	uint8_t frame[86] = { [12] = 0x86, [13] = 0xdd, [14] = 0x60 };

	(void)state;
	frame[20] = 58;
	frame[54] = 135;
	memcpy(frame + 62, addr, 16);
	assert_true(probe_frame_asks(frame, sizeof(frame), 6, addr));
	assert_true(probe_frame_asks(frame, 78, 6, addr));
	for (size_t len = 0; len < 78; len++)
		assert_false(probe_frame_asks(frame, len, 6, addr));
	frame[54] = 136; /* an advertisement */
	assert_false(probe_frame_asks(frame, sizeof(frame), 6, addr));
	frame[54] = 135;
	frame[77] = 1; /* another address */
	assert_false(probe_frame_asks(frame, sizeof(frame), 6, addr));
}

static void only_what_was_announced_is_marked(void **state)
{
	struct probes p = { .n = 0 };
	struct event ev = event_of(&sent, VERDICT_DROP);
	struct channel_probe end = sent;

	(void)state;
	probes_match(&p, &ev);
	assert_int_equal(ev.probe, 0);
	probes_expect(&p, &sent);
	probes_committed(&p, 4);
	for (int i = 0; i < 6; i++) {
		struct event other = event_of(&sent, VERDICT_DROP);

		other.src_port ^= i == 0;
		other.dst_port ^= i == 1;
		other.src[3] ^= i == 2;
		other.dst[3] ^= i == 3;
		other.proto = i == 4 ? 17 : 6;
		other.family = i == 5 ? 6 : 4;
		probes_match(&p, &other);
		assert_int_equal(other.probe, 0);
	}
	probes_match(&p, &ev);
	assert_int_equal(ev.probe, 1);
	/* the first commit behind the first row of it */
	probes_committed(&p, 7);
	probes_match(&p, &ev);
	probes_committed(&p, 9);
	probes_end(&p, &end);
	assert_int_equal(end.seen_ns, 5);
	assert_int_equal(end.logged_ns, 7);
	assert_int_equal(end.verdict, VERDICT_DROP);
	assert_int_equal(p.n, 0);
	/* it is over: whoever says the same now is somebody else */
	ev.probe = 0;
	probes_match(&p, &ev);
	assert_int_equal(ev.probe, 0);
}

static void that_it_passed_is_not_forgotten(void **state)
{
	struct probes p = { .n = 0 };
	struct event drop = event_of(&sent, VERDICT_DROP);
	struct event pass = event_of(&sent, VERDICT_PASS);
	struct channel_probe end = sent;

	(void)state;
	probes_expect(&p, &sent);
	probes_match(&p, &drop);
	probes_match(&p, &pass);
	probes_match(&p, &drop);
	probes_end(&p, &end);
	assert_int_equal(end.logged_ns, 0); /* it was not committed yet */
	assert_int_equal(end.verdict, VERDICT_PASS);
}

static void what_nobody_ended_makes_room(void **state)
{
	struct probes p = { .n = 0 };
	struct channel_probe probe = sent;

	(void)state;
	for (int i = 0; i < 2 * PROBES_WAITING_MAX; i++) {
		probe.src_port = (uint16_t)(1000 + i);
		probes_expect(&p, &probe);
	}
	assert_int_equal(p.n, PROBES_WAITING_MAX);
	probe.src_port = 1000; /* given up */
	probes_end(&p, &probe);
	assert_int_equal(probe.seen_ns, 0);
	assert_int_equal(p.n, PROBES_WAITING_MAX);
}

static void how_often_is_a_span(void **state)
{
	static const struct {
		const char *value;
		int r;
		uint64_t seconds;
	} cases[] = {
		{ "0", 0, 0 },	   { "1h", 0, 3600 },	{ "30m", 0, 1800 },
		{ "10s", 0, 10 },  { "2d", 0, 172800 }, { "9s", -22, 7 },
		{ "5", -22, 7 },   { "1w", -22, 7 },	{ "h", -22, 7 },
		{ "-1h", -22, 7 }, { "367d", -22, 7 },	{ "1h1m", -22, 7 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config cfg = { .probe_every_s = 7 };
		char error[CONFFILE_ERROR_MAX];

		assert_int_equal(
			config_set(&cfg, "probe_every", cases[i].value, error),
			cases[i].r);
		assert_int_equal(cfg.probe_every_s, cases[i].seconds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_address_is_the_networks_highest),
		cmocka_unit_test(so_it_is_over_ipv6),
		cmocka_unit_test(and_one_over_ipv6),
		cmocka_unit_test(over_ipv6_it_is_a_solicitation),
		cmocka_unit_test(a_frame_is_a_syn_that_a_kernel_takes),
		cmocka_unit_test(
			only_a_question_for_the_address_means_it_arrived),
		cmocka_unit_test(only_what_was_announced_is_marked),
		cmocka_unit_test(that_it_passed_is_not_forgotten),
		cmocka_unit_test(what_nobody_ended_makes_room),
		cmocka_unit_test(how_often_is_a_span),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
