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

q_has_verb()
{
	"$BENCH_BUILD/bridgeaudit" "$1" --help >/dev/null 2>&1
}

q_has_option()
{
	"$BENCH_BUILD/bridgeaudit" "$1" --help 2>&1 | grep -q -e "$2"
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
	local ask=(sqlite3 "$Q_DB" "SELECT c.src_ip, sum(t.packets) FROM tally t
		JOIN conversation c ON c.id = t.conversation
		WHERE t.minute >= $((Q_DAY / 60))
		GROUP BY 1 ORDER BY 2 DESC LIMIT 10")
	! q_has_verb top || ask=(q_audit top -S "$(q_iso "$Q_DAY")" \
		-U "$(q_iso "$Q_UNTIL")")
	q_both 'top talkers of a day' \
		"SELECT ip_saddr_str, count(*) FROM ulog_pkt
		WHERE oob_time_sec >= $Q_DAY GROUP BY 1 ORDER BY 2 DESC LIMIT 10" \
		"${ask[@]}"
}

# 10.7.0.3, as a number 167968771
q_address()
{
	local ask=(sqlite3 "$Q_DB" "WITH span AS (SELECT min(first_event) AS a,
		max(last_event) AS z FROM batch
		WHERE max_ns >= ${Q_DAY}000000000),
		mine AS MATERIALIZED (SELECT id FROM conversation
		WHERE src_ip = 167968771 OR dst_ip = 167968771)
		SELECT e.* FROM span CROSS JOIN event e
		ON e.id BETWEEN span.a AND span.z
		WHERE e.time_ns >= ${Q_DAY}000000000
		AND e.conversation IN mine")
	! q_has_option log --ip || ask=(q_audit log --ip 10.7.0.3 -o jsonl \
		-S "$(q_iso "$Q_DAY")" -U "$(q_iso "$Q_UNTIL")")
	q_both 'events of one address in a day' \
		"SELECT * FROM ulog_pkt WHERE oob_time_sec >= $Q_DAY
		AND '10.7.0.3' IN (ip_saddr_str, ip_daddr_str)" \
		"${ask[@]}"
}

# One that is neither the busiest nor the rarest.
q_conversation()
{
	local id src dst port ask
	IFS='|' read -r id src dst port < <(sqlite3 "$Q_DB" "SELECT c.id,
		printf('%d.%d.%d.%d', src_ip >> 24 & 255, src_ip >> 16 & 255,
		src_ip >> 8 & 255, src_ip & 255),
		printf('%d.%d.%d.%d', dst_ip >> 24 & 255, dst_ip >> 16 & 255,
		dst_ip >> 8 & 255, dst_ip & 255), dst_port
		FROM conversation c LIMIT 1 OFFSET 1000")
	ask=(sqlite3 "$Q_DB" "SELECT * FROM event WHERE conversation = $id")
	! q_has_verb show || ask=(q_audit show "$id")
	q_both "one conversation's events" \
		"SELECT * FROM ulog_pkt WHERE ip_saddr_str = '$src'
		AND ip_daddr_str = '$dst' AND tcp_dport = $port" \
		"${ask[@]}"
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
