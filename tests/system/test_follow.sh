#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# follow shows a blocked packet at once, each exactly once, and ends quietly
# with its reader.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"

stamp_lines()
{
	local line
	while IFS= read -r line; do
		echo "$EPOCHREALTIME $line"
	done
}

# follow, each line with the time it arrived, into a file.
follow_start()
{
	(tb_bound "$TB_BUILD/bridgeaudit" --db "$(tb_db)" follow -o jsonl "$@" \
		> >(stamp_lines >"$TB_DIR/followed")) &
	FOLLOW=$!
	sleep 0.5
}

follow_stop()
{
	kill "$FOLLOW"
	wait "$FOLLOW" 2>/dev/null || :
}

followed()
{
	grep -c -- "\"dst_port\": *$1\b" "$TB_DIR/followed" || :
}

has_followed()
{
	[ "$(followed "$1")" -ge "$2" ]
}

# Milliseconds from the kernel's stamp to the line on the screen, per packet.
latencies()
{
	local stamp line time
	while read -r stamp line; do
		time=$(jq -r .time <<<"$line")
		time=$(date -d "$time" +%s.%N)
		awk -v a="$time" -v b="$stamp" \
			'BEGIN { printf "%.1f\n", (b - a) * 1000 }'
	done < <(grep -- '"dst_port": *7201\b' "$TB_DIR/followed") | sort -n
}

appears_soon()
{
	local i sorted
	for ((i = 0; i < 20; i++)); do
		send_udp web "$DB4" 7201
		sleep 0.05
	done
	tb_wait 50 has_followed 7201 20 || return
	sorted=$(latencies)
	echo "on the screen after: median $(sed -n 10p <<<"$sorted") ms," \
		"longest $(tail -n 1 <<<"$sorted") ms"
	awk '$1 >= 2000 { exit 1 }' <<<"$sorted"
}

no_gap_no_repeat()
{
	send_udp web "$DB4" 7202 2000
	tb_wait 100 has_followed 7202 2000 || :
	sleep 0.3
	equal 'lines of 2000 packets' 2000 "$(followed 7202)" || return
	equal 'ids that repeat or go back' '' "$(sed 's/^[^ ]* //' \
		"$TB_DIR/followed" | jq .id | awk '$1 <= last; { last = $1 }')"
}

# The backlog that was asked for and what comes while it is read join without
# a seam.
backlog_joins()
{
	local traffic
	send_udp web "$DB4" 7203 1000 & traffic=$!
	follow_start --since 1h
	wait "$traffic"
	tb_wait 100 has_followed 7203 1000 || :
	sleep 0.3
	equal 'lines' "$(tb_events | jq .id)" \
		"$(sed 's/^[^ ]* //' "$TB_DIR/followed" | jq .id)"
}

ends_with_reader()
{
	local status
	timeout 10 "$TB_BUILD/bridgeaudit" --db "$(tb_db)" follow --since 1h \
		-o jsonl 2>"$TB_DIR/follow.err" | head -n 1 >/dev/null
	status=${PIPESTATUS[0]}
	equal 'what it says' '' "$(cat "$TB_DIR/follow.err")"
	equal 'exit status' 0 "$status"
}

test_variant()
{
	seed
	tb_logger_start
	probe
	follow_start
	check 'a blocked packet is on the screen within 2 s' appears_soon
	check '2,000 packets: no gap and no repeat' no_gap_no_repeat
	follow_stop
	check 'backlog and live join: no gap and no repeat' backlog_joins
	follow_stop
	check 'follow ends quietly when its reader goes away' ends_with_reader
	check 'the log has as many packets of each rule as the kernel' tb_exact
}

check_main
