#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# follow shows a blocked packet at once, each exactly once, also over a restart
# of the logger and with another database, and ends quietly with its reader. One
# that is slow holds nobody up.
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
	tb_wait 150 has_followed 7201 20 || return
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

ids_are_all()
{
	equal 'lines' "$(tb_events | jq .id)" \
		"$(sed 's/^[^ ]* //' "$TB_DIR/followed" | jq 'select(.id) | .id')"
}

# The logger goes and comes back while somebody follows.
over_a_restart()
{
	follow_start --since 1h
	tb_logger_stop && tb_logger_start || return
	send_udp web "$DB4" 7204 50
	tb_wait 100 has_followed 7204 50 || :
	sleep 0.3
	ids_are_all
	follow_stop
}

# Put away, as one does with a log, and a new one in its place.
over_a_new_database()
{
	follow_start -n 0
	tb_logger_stop || return
	mkdir "$TB_DIR/old"
	mv "$TB_DIR"/db/audit.db* "$TB_DIR/old/"
	tb_logger_start || return
	send_udp web "$DB4" 7205 50
	tb_wait 100 has_followed 7205 50 || :
	sleep 0.3
	ids_are_all
	follow_stop
}

read_slowly()
{
	local n=0
	while IFS= read -r _; do
		((++n % 400)) || sleep 0.2
	done
}

# A reader of two thousand lines a second, and 200,000 packets that come as fast
# as one core sends them.
slow_reader()
{
	(tb_bound "$TB_BUILD/bridgeaudit" --db "$(tb_db)" follow -o jsonl -n 0 \
		2>"$TB_DIR/slow.err" > >(read_slowly)) &
	FOLLOW=$!
	sleep 0.5
	tb_in web "$TB_BUILD/tests/flood" "$DB4" 7300 200000
	tb_wait 300 flood_is_stored || :
	equal 'stored and lost' '200000 0' "$(flood_stored) $(sqlite3 \
		"file:$(tb_db)?mode=ro" \
		'SELECT coalesce(sum(packets), 0) FROM gap')"
	echo "packets a second, by their own times: $(flood_rate)"
	tb_wait 600 is_told || {
		echo 'nothing was said about the lag'
		return 1
	}
	head -n 1 "$TB_DIR/slow.err"
	follow_stop
}

flood_stored()
{
	sqlite3 "file:$(tb_db)?mode=ro" "SELECT coalesce(sum(packets), 0)
		FROM tally WHERE span = 0 AND service = 17 << 16 | 7300"
}

flood_rate()
{
	sqlite3 "file:$(tb_db)?mode=ro" 'SELECT 200000 * 1000000000 /
		(max(e.time_ns) - min(e.time_ns) + 1) FROM event e
		JOIN conversation c ON c.id = e.conversation
		WHERE c.service = 17 << 16 | 7300'
}

flood_is_stored()
{
	[ "$(flood_stored)" = 200000 ]
}

is_told()
{
	grep -q 'packets behind: the output is read more slowly' \
		"$TB_DIR/slow.err"
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
	check 'it goes on when the logger was started anew' over_a_restart
	check 'and with a database that was put in its place' \
		over_a_new_database
	check 'a slow reader is told so and the logger loses nothing' slow_reader
}

check_main
