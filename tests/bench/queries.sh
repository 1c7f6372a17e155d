# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a person waits for an answer, the program's start included, on a week
# of BENCH_EVENTS events that the store itself laid down; beside it the same
# questions to the same events in ulogd2's table. And whether the writer keeps
# its rate while a reader reads everything.

Q_DB='' Q_PEER='' Q_FROM='' Q_DAY='' Q_UNTIL=''
Q_NAMES=()

# q_time KEY COMMAND...: adds milliseconds of wall time
q_time()
{
	local key=$1 status=0 begin end
	shift
	begin=${EPOCHREALTIME/./}
	"$@" >"$BT_DIR/answer" 2>"$BT_DIR/answer.err" || status=$?
	end=${EPOCHREALTIME/./}
	# 3: complete but for known gaps
	[ "$status" = 0 ] || [ "$status" = 3 ] || {
		rp_say "no answer to '$*': $(head -n 1 "$BT_DIR/answer.err")"
		return 0
	}
	[ -s "$BT_DIR/answer" ] || {
		rp_say "an empty answer to '$*'"
		return 0
	}
	rp_add "$key" "$(rp_ratio $((end - begin)) 1000)"
}

# q_both TEXT SQL-FOR-ULOGD2 COMMAND...: one question to both
q_both()
{
	local text=$1 sql=$2 run
	shift 2
	Q_NAMES+=("$text")
	for ((run = 0; run < BENCH_RUNS; run++)); do
		q_time "$text.ours" "$@"
		q_time "$text.peer" sqlite3 "$Q_PEER" "$sql"
	done
}

q_audit()
{
	"$BENCH_BUILD/bridgeaudit" --db "$Q_DB" "$@"
}

q_iso()
{
	date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ
}

q_fill()
{
	local out end
	Q_DB=$BT_DIR/audit.db Q_PEER=$BT_DIR/ulogd.db
	sqlite3 "$Q_PEER" "$(ulogd_table)"
	out=$("$BT_BIN/fill" "$Q_DB" "$BENCH_EVENTS" "$Q_PEER")
	[[ $out =~ ns=([0-9]+)\ last_ns=([0-9]+) ]]
	end=$((BASH_REMATCH[2] / 1000000000 + 1))
	rp_add q.bytes.ours "$(rp_ratio "$(q_size "$Q_DB")" "$BENCH_EVENTS")"
	rp_add q.bytes.peer "$(rp_ratio "$(q_size "$Q_PEER")" "$BENCH_EVENTS")"
	rp_add q.fill "${BASH_REMATCH[1]}"
	Q_UNTIL=$end Q_FROM=$((end - 3600)) Q_DAY=$((end - 86400))
}

q_size()
{
	sqlite3 "$1" 'SELECT page_count * page_size
		FROM pragma_page_count, pragma_page_size'
}

q_matrix()
{
	local sql='SELECT oob_in, oob_out, count(*), min(oob_time_sec),
		max(oob_time_sec) FROM ulog_pkt'
	q_both 'matrix over all time' "$sql GROUP BY 1, 2" q_audit matrix
	q_both 'matrix of the last hour' \
		"$sql WHERE oob_time_sec BETWEEN $Q_FROM AND $Q_UNTIL
		GROUP BY 1, 2" \
		q_audit matrix -S "$(q_iso "$Q_FROM")" -U "$(q_iso "$Q_UNTIL")"
}

q_top()
{
	q_both 'top talkers of a day' \
		"SELECT ip_saddr_str, count(*) FROM ulog_pkt
		WHERE oob_time_sec >= $Q_DAY GROUP BY 1 ORDER BY 2 DESC LIMIT 10" \
		q_audit top -S "$(q_iso "$Q_DAY")" -U "$(q_iso "$Q_UNTIL")"
}

q_address()
{
	q_both 'events of one address in a day' \
		"SELECT * FROM ulog_pkt WHERE oob_time_sec >= $Q_DAY
		AND '10.7.0.3' IN (ip_saddr_str, ip_daddr_str)" \
		q_audit log --ip 10.7.0.3 -o jsonl -S "$(q_iso "$Q_DAY")" \
		-U "$(q_iso "$Q_UNTIL")"
}

# One that is neither the busiest nor the rarest.
q_conversation()
{
	local src dst port
	IFS='|' read -r src dst port < <(sqlite3 "$Q_DB" "SELECT
		printf('%d.%d.%d.%d', src_ip >> 24 & 255, src_ip >> 16 & 255,
		src_ip >> 8 & 255, src_ip & 255),
		printf('%d.%d.%d.%d', dst_ip >> 24 & 255, dst_ip >> 16 & 255,
		dst_ip >> 8 & 255, dst_ip & 255), service & 65535
		FROM conversation LIMIT 1 OFFSET 1000")
	q_both "one conversation's events" \
		"SELECT * FROM ulog_pkt WHERE ip_saddr_str = '$src'
		AND ip_daddr_str = '$dst' AND tcp_dport = $port" \
		q_audit log --from-ip "$src" --to-ip "$dst" \
		--to-port "$port" -o jsonl
}

# ns per event of the writer alone, and while a reader reads everything
q_writer()
{
	local run out reader events
	events=$(seconds 300000 5000000)
	for ((run = 0; run < BENCH_RUNS; run++)); do
		out=$("$BT_BIN/fill" "$Q_DB" "$events")
		[[ $out =~ ns=([0-9]+) ]]
		rp_add q.writer.alone "${BASH_REMATCH[1]}"
		bt_bound sqlite3 -readonly "$Q_DB" \
			'SELECT count(time), sum(length) FROM v_event' \
			>/dev/null &
		reader=$!
		sleep 0.2
		out=$("$BT_BIN/fill" "$Q_DB" "$events")
		kill "$reader" 2>/dev/null || :
		wait "$reader" 2>/dev/null || :
		[[ $out =~ ns=([0-9]+) ]]
		rp_add q.writer.read "${BASH_REMATCH[1]}"
	done
}

ask_queries()
{
	local name
	q_fill
	q_matrix
	q_top
	q_address
	q_conversation
	q_both 'log --last 100' \
		'SELECT * FROM ulog_pkt ORDER BY rowid DESC LIMIT 100' \
		q_audit log --last 100
	q_writer
	rp_table "queries: $BENCH_EVENTS events of a week; ms" \
		"of ulogd2's table"
	for name in "${Q_NAMES[@]}"; do
		rp_row "$name" "$name.ours" "$name.peer"
		rp_row "  the same, ulogd2's table" "$name.peer" "$name.peer"
	done
	rp_row 'bytes per event' q.bytes.ours q.bytes.peer
	rp_row "  the same, ulogd2's table" q.bytes.peer q.bytes.peer
	rp_table 'writer: the store alone, ns/event' 'of nobody reading'
	rp_row 'laying the week down' q.fill q.writer.alone
	rp_row 'nobody reading' q.writer.alone q.writer.alone
	rp_row 'while one reads all events' q.writer.read q.writer.alone
	rm -f "$Q_DB"* "$Q_PEER"*
}
