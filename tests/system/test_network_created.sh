#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A network that is created while the logger runs is covered, and how soon.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
: "${SUITES:=bookworm trixie}"

NETWORKS=${NETWORKS:-10}

# Lines of the ruleset as they appear, each with the time it did: from
# nf_tables' own notices, or, as legacy iptables has none, by looking again
# and again.
watch_nft()
{
	tb_net stdbuf -oL nft monitor new rules 2>/dev/null |
	while IFS= read -r line; do
		echo "$EPOCHREALTIME $line"
	done
}

watch_legacy()
{
	local -A seen=()
	local line now
	while :; do
		now=$EPOCHREALTIME
		while IFS= read -r line; do
			[ -z "${seen[$line]:-}" ] || continue
			seen[$line]=1
			echo "$now $line"
		done < <(tb_net iptables-legacy-save -t filter)
	done
}

# The milliseconds from Docker's rule to our twin of each network.
delays()
{
	local bridge
	for bridge in "$@"; do
		grep -iE "stage-2|$(between_chain) " "$TB_DIR/watched" |
			grep -v ip6 |
			grep -F "$bridge" | awk '
			!twin && /NFLOG|log prefix/ { twin = $1 }
			!rule && !/NFLOG|log prefix/ { rule = $1 }
			END { printf "%.1f\n", (twin - rule) * 1000 }'
	done | sort -n
}

create_many()
{
	local i
	for ((i = 1; i <= NETWORKS; i++)); do
		tb_network "extra$i" "$((100 + i))"
		tb_bridge "extra$i"
	done
}

measure()
{
	local watcher bridges sorted
	("watch_$1" >"$TB_DIR/watched") &
	watcher=$!
	sleep 0.5
	bridges=$(create_many)
	tb_wait_covered
	sleep 0.2
	kill_tree "$watcher"
	wait "$watcher" 2>/dev/null || :
	wait "$watcher" 2>/dev/null || :
	# shellcheck disable=SC2086
	sorted=$(delays $bridges)
	note "from Docker's rule to our twin, $NETWORKS networks:" \
		"median $(sed -n "$(((NETWORKS + 1) / 2))p" <<<"$sorted") ms," \
		"longest $(tail -n 1 <<<"$sorted") ms"
}

# A background pipeline of ours, with what it runs.
kill_tree()
{
	local child
	for child in $(ps -o pid= --ppid "$1"); do
		kill_tree "$child"
	done
	kill "$1" 2>/dev/null || :
}

test_variant()
{
	seed
	tb_logger_start
	tb_network late 9
	check 'a network created while running is covered' tb_wait_covered
	tb_run newcomer late
	check 'what is sent to it is recorded under its name' late_packet
	measure "$1"
	check 'many networks created in a row are all covered' tb_wait_covered
	tb_docker network rm extra1 extra2 >/dev/null
	check 'no twin outlives the network it was made for' tb_wait_covered
	check 'the log has as many packets of each rule as the kernel' tb_exact
}

late_packet()
{
	send_udp web "$(tb_ip4 newcomer)" 5353
	send_udp web "$(tb_ip6 newcomer)" 5353
	recorded 2 '.dst_network == "late" and .dst_port == 5353 and
		.src_network == "front" and .verdict == "drop"'
}

check_main
