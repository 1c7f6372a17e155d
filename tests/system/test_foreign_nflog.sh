#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Packets that somebody else's NFLOG rule sends to our group make no rows.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"

test_variant()
{
	local group
	seed
	tb_logger_start
	group=$(tb_save 4 -t filter |
		sed -n 's/.*--nflog-group \([0-9]*\).*/\1/p' | head -n 1)
	tb_world iptables -w -I DOCKER-USER -p udp --dport 9999 -j NFLOG \
		--nflog-group "$group" --nflog-prefix hello
	tb_world iptables -w -I DOCKER-USER -p udp --dport 9999 -j NFLOG \
		--nflog-group "$group"
	tb_world iptables -w -I DOCKER-USER -p udp --dport 9999 -j NFLOG \
		--nflog-group "$group" --nflog-prefix 'bridgeaudit drop zzzz'
	tb_world iptables -w -I FORWARD -p udp --dport 9999 -j NFLOG \
		--nflog-group "$group" \
		--nflog-prefix "$(printf 'bridgeaudit %052d' 0)"
	send_udp web "$DB4" 9999 10
	check 'packets are recorded once, by the rule that dropped them' \
		recorded 10 '.dst_port == 9999 and .verdict == "drop" and
			.chain == "DOCKER-ISOLATION-STAGE-2"'
	check 'and nothing else is' equal events 10 "$(events_where true)"
	check 'the log has as many packets of each rule as the kernel' tb_exact
	tb_world iptables -w -I OUTPUT -p udp --dport 9998 -j NFLOG \
		--nflog-group "$group" --nflog-prefix hello
	tb_net bash -c "echo >/dev/udp/$DB4/9998"
	check 'the logger goes on' probe
	check 'with no row from the foreign rule' equal events 0 \
		"$(events_where '.dst_port == 9998')"
}

check_main
