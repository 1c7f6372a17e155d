// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets written by hand for what a recording does not bring. */
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/capture/decode.h"
#include "tests/unit/cmocka_all.h"

/* Decodes an exact copy on the heap, so that ASan sees any byte too far. */
static struct event decode(const uint8_t *pkt, size_t len)
{
	struct event ev = { 0 };
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, pkt, len);
	decode_packet(copy, len, &ev);
	free(copy);
	return ev;
}

/* An IPv6 header; the caller adds what follows. */
static size_t put_ipv6(uint8_t *p, uint8_t next, uint16_t payload)
{
	memset(p, 0, 40);
	p[0] = 0x60;
	p[4] = (uint8_t)(payload >> 8);
	p[5] = (uint8_t)payload;
	p[6] = next;
	p[7] = 64;
	p[23] = 1;
	p[39] = 2;
	return 40;
}

static size_t put_ipv4(uint8_t *p, uint8_t proto, uint16_t total)
{
	memset(p, 0, 20);
	p[0] = 0x45;
	p[2] = (uint8_t)(total >> 8);
	p[3] = (uint8_t)total;
	p[8] = 63;
	p[9] = proto;
	memcpy(p + 12, "\xc0\xa8\x90\x02\xc0\xa8\x91\x03", 8);
	return 20;
}

static size_t put_tcp(uint8_t *p, uint16_t dport, uint8_t flags)
{
	memset(p, 0, 20);
	p[0] = 0x9c;
	p[1] = 0x40;
	p[2] = (uint8_t)(dport >> 8);
	p[3] = (uint8_t)dport;
	p[12] = 0x50;
	p[13] = flags;
	return 20;
}

static void tcp_ports_and_flags_are_host_order(void **state)
{
	uint8_t p[64];
	size_t n = put_ipv4(p, 6, 40);
	struct event ev;

	(void)state;
	n += put_tcp(p + n, 3306, 0x12);
	ev = decode(p, n);
	assert_int_equal(ev.src_port, 40000);
	assert_int_equal(ev.dst_port, 3306);
	assert_int_equal(ev.tcp_flags, 0x12);
	assert_int_equal(ev.ttl, 63);
	assert_int_equal(ev.marks, 0);
}

static void ipv6_extension_headers_are_walked(void **state)
{
	uint8_t p[128];
	size_t n = put_ipv6(p, 0, 8 + 16 + 20);
	struct event ev;

	(void)state;
	memset(p + n, 0, 24);
	p[n] = 60;    /* hop-by-hop, then destination options ... */
	p[n + 8] = 6; /* ... of 16 bytes, then TCP */
	p[n + 9] = 1;
	n += 24;
	n += put_tcp(p + n, 443, 2);
	ev = decode(p, n);
	assert_int_equal(ev.proto, 6);
	assert_int_equal(ev.dst_port, 443);
	assert_int_equal(ev.length, 84);
	assert_int_equal(ev.marks, 0);
}

static void an_endless_chain_of_extensions_is_malformed(void **state)
{
	uint8_t p[40 + 20 * 8] = { 0 };
	struct event ev;

	(void)state;
	put_ipv6(p, 60, 20 * 8);
	for (size_t i = 0; i < 20; i++)
		p[40 + i * 8] = 60;
	ev = decode(p, sizeof(p));
	assert_int_equal(ev.marks, EVENT_MALFORMED);
	assert_false(ev.have & HAVE_PROTO);
	assert_true(ev.have & HAVE_ADDR);
}

static void every_cut_of_a_packet_is_survived_and_marked(void **state)
{
	uint8_t p[64];
	size_t n = put_ipv4(p, 6, 40);

	(void)state;
	n += put_tcp(p + n, 22, 2);
	for (size_t cut = 0; cut < 34; cut++)
		assert_true(decode(p, cut).marks & EVENT_TRUNCATED);
	assert_int_equal(decode(p, 34).marks, 0);
	assert_int_equal(decode(p, n).marks, 0);
}

static void padding_behind_the_packet_is_not_its_header(void **state)
{
	uint8_t p[46] = { 0 };
	struct event ev;

	(void)state;
	put_ipv4(p, 17, 22); /* two bytes of UDP, then Ethernet's padding */
	ev = decode(p, sizeof(p));
	assert_int_equal(ev.marks, EVENT_TRUNCATED);
	assert_false(ev.have & HAVE_PORTS);
}

static void contradictions_are_marked_malformed(void **state)
{
	uint8_t p[64];
	size_t n;

	(void)state;
	n = put_ipv4(p, 6, 40);
	n += put_tcp(p + n, 22, 2);
	p[0] = 0x44; /* a header of 16 bytes */
	assert_int_equal(decode(p, n).marks, EVENT_MALFORMED);
	p[0] = 0x4f; /* a header longer than the packet */
	assert_int_equal(decode(p, n).marks, EVENT_MALFORMED);
	p[0] = 0x95; /* IP version 9 */
	assert_int_equal(decode(p, n).marks, EVENT_MALFORMED);
	p[0] = 0x45;
	p[32] = 0x40; /* a TCP header of 16 bytes */
	assert_int_equal(decode(p, n).marks, EVENT_MALFORMED);
}

static void noise_never_reads_beyond_the_end(void **state)
{
	unsigned int seed = 4242;
	uint8_t p[128];

	(void)state;
	print_message("seed %u\n", seed);
	for (int i = 0; i < 200000; i++) {
		size_t len = (size_t)rand_r(&seed) % sizeof(p);

		for (size_t j = 0; j < len; j++)
			p[j] = (uint8_t)rand_r(&seed);
		if (len)
			p[0] = i % 2 ? 0x45 : 0x60;
		decode(p, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_ports_and_flags_are_host_order),
		cmocka_unit_test(ipv6_extension_headers_are_walked),
		cmocka_unit_test(an_endless_chain_of_extensions_is_malformed),
		cmocka_unit_test(every_cut_of_a_packet_is_survived_and_marked),
		cmocka_unit_test(padding_behind_the_packet_is_not_its_header),
		cmocka_unit_test(contradictions_are_marked_malformed),
		cmocka_unit_test(noise_never_reads_beyond_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
