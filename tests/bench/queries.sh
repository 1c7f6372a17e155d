# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a person waits for an answer, the program's start included, and what CPU
# time it takes, on a week of BENCH_EVENTS events that the store itself laid
# down; beside it the same questions to the same events in ulogd2's table. And
# whether the writer keeps its rate while a reader reads everything.

Q_DB='' Q_PEER='' Q_FROM='' Q_DAY='' Q_UNTIL='' Q_LINES=''
Q_PEER_S=12
Q_NAMES=()

# q_time KEY COMMAND...: adds milliseconds of wall time, and of CPU to KEY.cpu
q_time()
{
	local key=$1 status=0 wall user system TIMEFORMAT='%R %U %S'
	shift
	{ time "$@" >"$BT_DIR/answer" 2>"$BT_DIR/answer.err" || status=$?; } \
		2>"$BT_DIR/spent"
	read -r wall user system <"$BT_DIR/spent"
	# 3: complete but for known gaps
	[ "$status" = 0 ] || [ "$status" = 3 ] || {
		rp_say "no answer to '$*': $(head -n 1 "$BT_DIR/answer.err")"
		return 0
	}
	[ -s "$BT_DIR/answer" ] || {
		rp_say "an empty answer to '$*'"
		return 0
	}
	rp_add "$key" "$(rp_ratio "$wall" 1 1000)"
	rp_add "$key.cpu" "$(awk -v u="$user" -v s="$system" \
		'BEGIN { print (u + s) * 1000 }')"
}

# q_both TEXT SQL-FOR-ULOGD2 COMMAND...: one question to both; a peer that has
# taken Q_PEER_S seconds over it is not asked again
q_both()
{
	local text=$1 sql=$2 run spent=0
	shift 2
	Q_NAMES+=("$text")
	for ((run = 0; run < BENCH_RUNS; run++)); do
		q_time "$text.ours" "$@"
		[ "$spent" -lt "$Q_PEER_S" ] || continue
		spent=$((spent - SECONDS))
		q_time "$text.peer" sqlite3 "$Q_PEER" "$sql"
		spent=$((spent + SECONDS))
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

# Both at once, on a CPU each.
q_fill()
{
	local out end peer
	Q_DB=$BT_DIR/audit.db Q_PEER=$BT_DIR/ulogd.db
	sqlite3 "$Q_PEER" "$(ulogd_table)"
	bt_bound taskset -c "$BT_CPU_LOAD" "$BT_BIN/fill" -u "$Q_PEER" \
		"$BENCH_EVENTS" &
	peer=$!
	out=$(taskset -c "$BT_CPU_READ" "$BT_BIN/fill" "$Q_DB" "$BENCH_EVENTS")
	wait "$peer"
	sync # else the questions wait for what is written still
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

# q_write SECONDS: the store writes for so long, into Q_LINES
q_write()
{
	taskset -c "$BT_CPU_READ" "$BT_BIN/fill" "$Q_DB" "${1}s" >"$Q_LINES"
}

# q_written KEY FIRST LAST: adds ns per event, by the clock and of CPU, that these
# lines have, and their longest commit in ms
q_written()
{
	local line longest=0
	while read -r line; do
		[[ $line =~ \ ns=([0-9]+).*cpu_ns=([0-9]+)\ longest_us=([0-9]+) ]]
		rp_add "$1" "${BASH_REMATCH[1]}"
		rp_add "$1.cpu" "${BASH_REMATCH[2]}"
		[ "${BASH_REMATCH[3]}" -le "$longest" ] ||
			longest=${BASH_REMATCH[3]}
	done < <(sed -n "$2,$3p" "$Q_LINES")
	rp_add "$1.longest" "$(rp_ratio "$longest" 1000)"
}

q_write_alone()
{
	q_write "$1"
	q_written q.writer.alone 1 '$'
}

# What takes a CPU and reads nothing: a machine's CPUs have things in common.
q_read_nothing()
{
	while :; do
		:
	done
}

# All events again and again, as the program reads them, and in one transaction
# for all of the time, which keeps the writer's log from being emptied.
q_read_log()
{
	while "$BENCH_BUILD/bridgeaudit" --db "$Q_DB" log -o jsonl ||
		[ $? = 3 ]; do
		:
	done >/dev/null 2>&1
}

q_read_sql()
{
	while :; do
		echo 'SELECT count(time), sum(length) FROM v_event;'
	done | sqlite3 -readonly -cmd BEGIN "$Q_DB" >/dev/null 2>&1
}

# q_write_while KEY READER SECONDS: and for some more without it
q_write_while()
{
	local reader writer n
	set -m # the reader and what it runs are one group
	taskset -c "$BT_CPU_LOAD" setpriv --pdeathsig KILL bash -c "
		$(declare -f "$2")
		BENCH_BUILD=$BENCH_BUILD Q_DB=$Q_DB
		$2" &
	reader=$!
	set +m
	sleep 0.2
	q_write $(($3 + 4)) &
	writer=$!
	sleep "$3"
	n=$(wc -l <"$Q_LINES")
	rp_add "$1.wal" "$(($(stat -c %s "$Q_DB-wal") / 1048576))"
	kill -0 "$reader" || rp_say "$2 did not read"
	kill -- "-$reader"
	wait "$reader" 2>/dev/null || :
	wait "$writer"
	q_written "$1" 1 "$n"
	q_written "$1.after" "$((n + 1))" '$'
}

# Each 100,000 events or so are a figure.
q_writer()
{
	Q_LINES=$BT_DIR/written
	rm -f "$Q_PEER"*
	sync # else the writer waits for what others wrote
	q_write_alone 3
	q_write_while q.writer.busy q_read_nothing 6
	q_write_alone 3
	q_write_while q.writer.log q_read_log "$(seconds 10 60)"
	q_write_alone 3
	q_write_while q.writer.sql q_read_sql 60
}

q_writer_rows()
{
	local unit suffix
	rp_table 'writer: the store alone, ns/event' 'of a program that computes'
	rp_row 'laying the week down, without waiting for the disk' q.fill \
		q.writer.busy
	for unit in '' ' (CPU)'; do
		suffix=${unit:+.cpu}
		rp_row "nobody reading$unit" "q.writer.alone$suffix" \
			"q.writer.busy$suffix"
		rp_row "while a program computes$unit" "q.writer.busy$suffix" \
			"q.writer.busy$suffix"
		rp_row "while bridgeaudit log reads all$unit" \
			"q.writer.log$suffix" "q.writer.busy$suffix"
		rp_row "while sqlite3 does, in one transaction$unit" \
			"q.writer.sql$suffix" "q.writer.busy$suffix"
		rp_row "after that$unit" "q.writer.sql.after$suffix" \
			"q.writer.busy$suffix"
	done
	rp_row 'longest commit, nobody reading, ms' q.writer.alone.longest
	rp_row 'longest commit while log reads, ms' q.writer.log.longest
	rp_row 'longest commit while sqlite3 does, ms' q.writer.sql.longest
	rp_row 'longest commit after that, ms' q.writer.sql.after.longest
	rp_row 'the log at the end of bridgeaudit log, MiB' q.writer.log.wal
	rp_row 'the log at the end of sqlite3, MiB' q.writer.sql.wal
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
		rp_row '  its CPU time' "$name.ours.cpu" "$name.peer.cpu"
		rp_row "  the same, ulogd2's table" "$name.peer" "$name.peer"
	done
	rp_row 'bytes per event' q.bytes.ours q.bytes.peer
	rp_row "  the same, ulogd2's table" q.bytes.peer q.bytes.peer
	q_writer_rows
	rm -f "$Q_DB"* "$Q_PEER"*
}
