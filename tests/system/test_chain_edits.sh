#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker's isolation rules are written again and again under traffic, with
# iptables-nft and iptables-legacy: a whole chain by iptables-restore, which
# takes our twins with it and sets counters back, and one rule by -D and -I.
# Each packet has a number, and it is known from outside of the firewall whether
# it arrived. For each rule, rows of those that it stopped and packets in its
# gaps are as many as were stopped, to the packet; where they are not, the log
# says that it doesn't know: never of more than were stopped.
#
# EDITS=12, SEED=number, RATE=packets per second choose.
set -euo pipefail
TB_LIB=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=tests/system/testbed.sh
. "$TB_LIB/testbed.sh"
# shellcheck source=tests/system/logger.sh
. "$TB_LIB/logger.sh"
# shellcheck source=tests/system/check.sh
. "$TB_LIB/check.sh"
# shellcheck source=tests/system/lab.sh
. "$TB_LIB/lab.sh"

EDITS=${EDITS:-12}
RATE=${RATE:-200}
SEED=${SEED:-$((SRANDOM % 32768))}
CHAIN=DOCKER-ISOLATION-STAGE-2
TB_PROFILE=icc

# To each of these from a container of another network, one rule each.
BRIDGES=(br-b0a981d644bf br-be2db5e852a0 br-00c0ffee0001 backend0 docker0)

write_list()
{
	local family bridge from
	for family in 4 6; do
		for bridge in "${BRIDGES[@]}"; do
			from=gw
			echo "$from $family udp $(lab_ip "$family" "$bridge" 2) 9 1"
		done
	done >"$TB_DIR/list"
}

tables()
{
	local cmd=ip
	[ "$1" = 4 ] || cmd=ip6
	nsenter -t "$TB_PID" -m -n "${cmd}tables-$TB_VARIANT$2" "${@:3}"
}

# Docker's rules of the chain in one batch, without ours.
refill()
{
	{
		echo '*filter'
		echo ":$CHAIN - [0:0]"
		(tables "$1" -save -t filter) |
			grep "^-A $CHAIN " | grep -v bridgeaudit
		echo COMMIT
	} | (tables "$1" -restore --noflush --wait)
}

# Docker deletes the rule of a network and inserts it as that of a new one.
rewrite()
{
	local bridge=${BRIDGES[RANDOM % ${#BRIDGES[@]}]}
	(tables "$1" '' --wait -D "$CHAIN" -o "$bridge" -j DROP)
	(tables "$1" '' --wait -I "$CHAIN" -o "$bridge" -j DROP)
}

edit_often()
{
	local i family
	RANDOM=$SEED
	for ((i = 0; i < EDITS; i++)); do
		family=$((RANDOM % 2 * 2 + 4))
		if [ $((RANDOM % 2)) = 0 ]; then
			refill "$family"
		else
			rewrite "$family"
		fi
		# legacy is looked at every second
		sleep "0.$((RANDOM % 9))"
		[ $((RANDOM % 3)) = 0 ] || tb_wait_covered 100 || return
	done
}

# "FAMILY BRIDGE STOPPED" by the oracle
stopped()
{
	awk -v bridges="${BRIDGES[*]}" '
		BEGIN { n = split(bridges, bridge, " ") }
		{ sum[$1] += $5 == "-" }
		END {
			for (i = 0; i < 2 * n; i++)
				print (i < n ? 4 : 6), bridge[i % n + 1], sum[i] + 0
		}' "$TB_DIR/result"
}

# Numbers of packets that arrived.
arrived()
{
	awk '$5 != "-" { print $2 }' "$TB_DIR/result" | sort
}

# "FAMILY BRIDGE PACKETS UNKNOWN": rows of packets that did not arrive and those
# in gaps, and how many gaps have no number. A packet has one row at most.
logged()
{
	local family bridge rule rows
	for family in 4 6; do
		for bridge in "${BRIDGES[@]}"; do
			rule="SELECT id FROM rule WHERE chain = '$CHAIN' AND
				family = $family AND text = '-o $bridge -j DROP'"
			rows=$(lab_sql "SELECT DISTINCT e.src_port FROM v_event e
				JOIN conversation c ON c.id = e.conversation
				JOIN path p ON p.id = c.path WHERE p.rule IN ($rule)" |
				sort | comm -23 - "$TB_DIR/arrived" | wc -l)
			echo "$family $bridge $(lab_sql -separator ' ' "SELECT
				$rows + coalesce(sum(packets), 0),
				coalesce(sum(packets IS NULL), 0) + (SELECT count(*)
				FROM coverage WHERE rule IN ($rule) AND state =
				'unwatched' AND missed IS NULL) FROM gap
				WHERE rule IN ($rule)")"
		done
	done
}

# Sums that don't close, and are not said to be unknown.
differences()
{
	paste -d ' ' <(stopped) <(logged) | awk '
		$7 == 0 && $3 != $6 || $6 > $3 { print "differs:", $0 }'
}

all_add_up()
{
	arrived >"$TB_DIR/arrived"
	[ -z "$(differences)" ]
}

every_packet_is_accounted_for()
{
	tb_wait 150 all_add_up && return
	differences
	lab_sql "SELECT r.family, r.text, g.packets, g.cause FROM gap g
		JOIN rule r ON r.id = g.rule"
	return 1
}

summary()
{
	note "$(wc -l <"$TB_DIR/result") packets, $EDITS edits, seed $SEED;" \
		"$(stopped | awk '{ n += $3 } END { print n }') stopped," \
		"$(wc -l <"$TB_DIR/arrived") arrived; in gaps" \
		"$(lab_sql "SELECT cast(total(packets) AS integer) ||
			', and ' || count(*) FILTER (WHERE packets IS NULL) ||
			' gaps without a number, of ' || cast(1000 *
			total((to_ns - from_ns) / 1e9) FILTER (WHERE packets
			IS NULL) AS integer) || ' ms in all' FROM gap")"
}

run_variant()
{
	local before dir pid
	before=$(host_state)
	lab_start "$1"
	dir=$TB_DIR pid=$TB_PID
	lab_load a
	write_list
	lab_logger_launch
	check "$1: every audited rule is watched" tb_wait 150 lab_watched 20
	lab_send_start "$RATE"
	check "$1: rules are written $EDITS times (seed $SEED)" edit_often
	check "$1: the sender knows of each packet" \
		lab_send_stop "$((EDITS * 20))"
	check "$1: of each rule the sum closes" every_packet_is_accounted_for
	check "$1: the logger stops" tb_logger_stop
	check "$1: it does so afterwards" every_packet_is_accounted_for
	summary
	tb_stop
	check "$1: nothing is left behind" host_is_clean "$dir" "$pid" "$before"
}

main()
{
	local reason variant
	reason=$(lab_missing)
	if [ -n "$reason" ]; then
		echo "1..0 # SKIP $reason"
		return
	fi
	for variant in nft legacy; do
		run_variant "$variant"
	done
	echo "1..$CHECK_COUNT"
	[ "$CHECK_FAILED" = 0 ]
}

main
