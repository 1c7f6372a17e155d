#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Test packets of the logger's are dropped by Docker's rules, recorded under
# the names of both networks, counted apart, and leave nothing behind.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
: "${SUITES:=bookworm}"

ports()
{
	tb_net ip -o link | grep baprobe || :
}

some_port()
{
	[ -n "$(ports)" ]
}

no_port()
{
	[ -z "$(ports)" ]
}

# A round, and what came of it. On a machine that is too busy a row is late,
# and nothing else.
probe_round()
{
	tb_audit probe -o jsonl >"$TB_DIR/round" || :
	cat "$TB_DIR/round" >>"$TB_DIR/probes"
	results=$(jq -r .result "$TB_DIR/round" | sort -u | xargs)
	case $results in
	ok | late | 'late ok') ;;
	*)
		cat "$TB_DIR/round"
		return 1
		;;
	esac
}

# Of a few rounds one is in time: each row is in the log within a second.
probes_all_ok()
{
	for _ in 1 2 3 4 5; do
		probe_round || return
		[ "$results" != ok ] || break
	done
	equal results ok "$results" || return
	equal 'what ok says' true "$(jq -s 'all(.verdict == "drop" and
		.seen_ms <= .logged_ms and .logged_ms <= 1000)' \
		"$TB_DIR/round")" || return
	# networks of a testbed have both
	equal families '4 6' "$(jq -r 'if .src_ip | contains(":") then 6 else 4
		end' "$TB_DIR/round" | sort -u | xargs)" || return
	note "in the log after $(jq -s 'map(.logged_ms) | max' \
		"$TB_DIR/round") ms"
}

from_each_network()
{
	jq -r '"\(.src_network) \(.dst_network)"' "$TB_DIR/probes" | sort
}

each_pair_had_its_turn()
{
	# three networks and docker0: three rounds
	probe_round && probe_round && probe_round || return
	equal pairs 6 "$(from_each_network | grep -v bridge | sort -u | wc -l)"
}

marked_in_the_log()
{
	recorded 1 '.marks == "probe" and .verdict == "drop"' &&
		equal 'all of them' 0 "$(answer log --probe -o jsonl |
			jq -s 'map(select(.marks != "probe")) | length')"
}

in_no_count()
{
	equal 'packets of the matrix' "$1" "$(answer matrix -o jsonl |
		jq -s 'map(.packets) | add // 0')" || return
	[ "$(answer matrix --probe -o jsonl |
		jq -s 'map(.packets) | add')" -gt 0 ]
}

counted()
{
	answer matrix -o jsonl | jq -s 'map(.packets) | add // 0'
}

finds_a_boundary_that_is_gone()
{
	tb_world iptables -I FORWARD -j ACCEPT
	! tb_audit probe -o jsonl >"$TB_DIR/probes" || return
	tb_world iptables -D FORWARD -j ACCEPT
	grep -q '"result":"passed"' "$TB_DIR/probes"
}

ports_end_with_the_logger()
{
	local keeper
	keeper=$TB_LOGGER
	kill -USR1 "$keeper"
	tb_wait 50 some_port || return
	kill -KILL "$keeper"
	tb_wait 50 no_port
}

test_variant()
{
	local packets
	seed
	tb_network side 4
	tb_logger_start
	probe
	packets=$(counted)
	check 'a round of probes is dropped and recorded with both names' \
		probes_all_ok
	check 'no port is left in a bridge' no_port
	check 'its packets are marked in the log' marked_in_the_log
	check 'they are in no count, unless asked for' in_no_count "$packets"
	check 'the log has as many packets of each rule as the kernel' tb_exact
	check 'each pair of networks has its turn' each_pair_had_its_turn
	check 'a boundary that is gone is found' finds_a_boundary_that_is_gone
	check 'the ports end with the logger, also when it is killed' \
		ports_end_with_the_logger
}

check_main
