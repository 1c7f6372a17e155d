#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What one network sends to another is recorded as dropped, exactly as often
# as the kernel dropped it.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
: "${SUITES:=bookworm trixie}"

STAGE2='.verdict == "drop" and .chain == "DOCKER-ISOLATION-STAGE-2"
	and .src_network == "front" and .dst_network == "back"'
STAGE1='.verdict == "drop" and .chain == "DOCKER-ISOLATION-STAGE-1"'

interfaces()
{
	recorded 1 "$STAGE2 and .in_if == \"$(tb_bridge front)\"
		and .out_if == \"$(tb_bridge back)\"
		and .rule == \"-o $(tb_bridge back) -j DROP\""
}

# A field that is not known is absent, and every event names its rule.
fields()
{
	equal 'events with an empty field' 0 \
		"$(events_where 'any(.[]; . == "" or . == null)')"
	equal 'events without a rule' 0 \
		"$(events_where '(.rule_id and .rule and .chain | not)')"
	equal 'ids not growing' 0 "$(tb_events |
		jq -s '[.[].id] | . as $ids | ($ids | unique | sort) != $ids
			| if . then 1 else 0 end')"
	equal 'times' 0 "$(events_where '.time |
		test("^[0-9-]{10}T[0-9:]{8}[.][0-9]{9}Z$") | not')"
}

matrix()
{
	equal 'packets from front to back' "$(events_where "$STAGE2")" \
		"$(tb_audit matrix -o json | jq '[.. | objects |
			select(.src_network? == "front" and
			.dst_network? == "back") | .packets] | add')"
}

test_variant()
{
	seed
	seed_inside
	tb_logger_start

	send_tcp web "$DB4" 3306 & local four=$!
	send_tcp web "$DB6" 3306 & local six=$!
	send_udp web "$DB4" 53 3
	send_udp web "$DB6" 53 3
	send_ping web "$DB4"
	send_ping web "$DB6"
	send_udp web "$VAULT4" 53
	send_udp web "$VAULT6" 53
	send_udp vault "$DB4" 53
	send_udp vault "$DB6" 53
	wait "$four" "$six"

	check 'an IPv4 TCP connection between networks: each try is a drop' \
		recorded 3 "$STAGE2 and .dst_ip == \$db4 and .proto == \"tcp\"
			and .dst_port == 3306 and .src_port > 0
			and .tcp_flags == \"SYN\" and .ttl == 63"
	check 'an IPv6 TCP connection between networks: each try is a drop' \
		recorded 3 "$STAGE2 and .dst_ip == \$db6 and .proto == \"tcp\"
			and .dst_port == 3306 and .tcp_flags == \"SYN\""
	check 'UDP between networks over IPv4 is a drop' recorded 3 \
		"$STAGE2 and .dst_ip == \$db4 and .proto == \"udp\" and
			.dst_port == 53 and .length == 37"
	check 'UDP between networks over IPv6 is a drop' recorded 3 \
		"$STAGE2 and .dst_ip == \$db6 and .proto == \"udp\""
	check 'a ping between networks is a drop' recorded 1 \
		"$STAGE2 and .dst_ip == \$db4 and .proto == \"icmp\" and
			.icmp_type == 8 and .icmp_code == 0"
	check 'an IPv6 ping between networks is a drop' recorded 1 \
		"$STAGE2 and .dst_ip == \$db6 and .proto == \"ipv6-icmp\"
			and .icmp_type == 128"
	check 'a drop names both bridges and the rule that decided' interfaces
	check 'a packet into an internal network is a drop, IPv4' recorded 1 \
		"$STAGE1 and .src_network == \"front\" and
			.dst_network == \"inside\" and .dst_ip == \$vault4"
	check 'a packet into an internal network is a drop, IPv6' recorded 1 \
		"$STAGE1 and .src_network == \"front\" and
			.dst_network == \"inside\" and .dst_ip == \$vault6"
	check 'a packet out of an internal network is a drop, IPv4' recorded 1 \
		"$STAGE1 and .src_network == \"inside\" and .dst_ip == \$db4"
	check 'a packet out of an internal network is a drop, IPv6' recorded 1 \
		"$STAGE1 and .src_network == \"inside\" and .dst_ip == \$db6"
	check 'the log has as many packets of each rule as the kernel' tb_exact
	check 'every field is known or absent' fields
	check 'the matrix adds up to the same' matrix
	check 'nothing was lost' tb_audit status
}

check_main
