// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers of an event to words and back; addresses to canonical text. */
#include <stdio.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/event.h"
#include "lib/text.h"
#include "tests/unit/cmocka_all.h"

static void verdicts_have_the_names_of_the_contract(void **state)
{
	(void)state;
	assert_string_equal(verdict_name(VERDICT_DROP), "drop");
	assert_string_equal(verdict_name(VERDICT_ACCEPT), "accept");
	assert_string_equal(verdict_name(VERDICT_PASS), "pass");
	assert_int_equal(VERDICT_DROP, 1);
	assert_int_equal(VERDICT_ACCEPT, 2);
	assert_int_equal(VERDICT_PASS, 3);
	for (int i = 1; i <= 3; i++)
		assert_int_equal(verdict_parse(verdict_name(i)), i);
}

static void other_verdicts_have_no_name(void **state)
{
	static const int numbers[] = { 0, 4, -1, 255, INT32_MAX, INT32_MIN };
	static const char *const names[] = { "", "Drop", "drop ", "dropped" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_null(verdict_name(numbers[i]));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(verdict_parse(names[i]), 0);
}

static void protocols_are_named_or_numbered(void **state)
{
	static const struct {
		unsigned int number;
		const char *name;
	} cases[] = {
		{ 1, "icmp" },	     { 6, "tcp" },    { 17, "udp" },
		{ 58, "ipv6-icmp" }, { 132, "sctp" }, { 47, "gre" },
		{ 136, "udplite" },  { 0, "0" },      { 255, "255" },
		{ 254, "254" },
	};
	char buf[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(
			proto_name(cases[i].number, buf, sizeof(buf)),
			cases[i].name);
	assert_string_equal(proto_name(255, buf, 3), "25");
}

static void tcp_flags_are_listed_from_the_lowest_bit(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(tcp_flags_text(0, buf, sizeof(buf)), "");
	assert_string_equal(tcp_flags_text(2, buf, sizeof(buf)), "SYN");
	assert_string_equal(tcp_flags_text(18, buf, sizeof(buf)), "SYN,ACK");
	assert_string_equal(tcp_flags_text(255, buf, sizeof(buf)),
			    "FIN,SYN,RST,PSH,ACK,URG,ECE,CWR");
	assert_string_equal(tcp_flags_text(256, buf, sizeof(buf)), "");
	/* no name is cut */
	for (size_t size = 1; size < sizeof(buf); size++) {
		tcp_flags_text(255, buf, size);
		assert_true(strlen(buf) < size);
	}
	buf[0] = 'x';
	tcp_flags_text(255, buf, 0);
	assert_int_equal(buf[0], 'x');
}

static void tcp_flags_never_end_in_half_a_name(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(tcp_flags_text(255, buf, 9), "FIN,SYN");
	assert_string_equal(tcp_flags_text(255, buf, 7), "FIN");
	assert_string_equal(tcp_flags_text(255, buf, 3), "");
}

static void addresses_have_one_text_each(void **state)
{
	static const uint8_t v4[] = { 192, 168, 144, 2 };
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	static const uint8_t mapped[16] = {
		[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1
	};
	static const uint8_t full[16] = { 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff,
					  0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					  0xff, 0xff, 0xff, 0xff };
	char buf[ADDR_TEXT_MAX];

	(void)state;
	assert_string_equal(addr_text(4, v4, buf, sizeof(buf)),
			    "192.168.144.2");
	assert_string_equal(addr_text(6, v6, buf, sizeof(buf)), "2001:db8::1");
	assert_string_equal(addr_text(6, mapped, buf, sizeof(buf)),
			    "::ffff:10.0.0.1");
	assert_string_equal(addr_text(6, full, buf, sizeof(buf)),
			    "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	assert_string_equal(addr_text(0, full, buf, sizeof(buf)), "");
	assert_string_equal(addr_text(5, full, buf, sizeof(buf)), "");
	assert_string_equal(addr_text(4, v4, buf, 5), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_have_the_names_of_the_contract),
		cmocka_unit_test(other_verdicts_have_no_name),
		cmocka_unit_test(protocols_are_named_or_numbered),
		cmocka_unit_test(tcp_flags_are_listed_from_the_lowest_bit),
		cmocka_unit_test(tcp_flags_never_end_in_half_a_name),
		cmocka_unit_test(addresses_have_one_text_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
