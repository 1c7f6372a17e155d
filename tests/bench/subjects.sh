# shellcheck shell=bash
# shellcheck disable=SC2034 # variables are for whoever sources this
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is measured: programs that read an NFLOG group, each as fast as its own
# settings make it, bound to one CPU.
#
#   subject_start NAME     and wait until it has the group; it gets
#                          BENCH_AMPLIFY events for each packet
#   subject_stop           ends it; then subject_recorded, subject_lost (that
#                          it counted itself; empty: it says no number),
#                          subject_bytes and subject_says are of that run
#   SUBJECT_PIDS           its processes, while it runs; of bridgeauditd's the
#                          one that takes packets is SUBJECT_RECORDER
#
# NAMES: bridgeauditd count-only ulogd-sqlite3 ulogd-json ulogd-pcap uacctd
# tcpdump

SUBJECT='' SUBJECT_PID='' SUBJECT_RECORDER=''
SUBJECT_PIDS=()
SUBJECTS='bridgeauditd ulogd-sqlite3 ulogd-json ulogd-pcap uacctd tcpdump
	count-only'

subject_dir()
{
	echo "$BT_DIR/subject"
}

# The command in the host's namespace, in the background.
subject_launch()
{
	bt_bound nsenter -t "$BT_HOST" -n taskset -c "$BT_CPU_READ" "$@" \
		>"$(subject_dir)/out" 2>"$(subject_dir)/err" </dev/null &
	SUBJECT_PID=$!
}

subject_has_group()
{
	awk -v g="$BT_GROUP" '$1 == g { n = 1 } END { exit !n }' \
		"/proc/$BT_HOST/net/netfilter/nfnetlink_log"
}

subject_group_free()
{
	! subject_has_group
}

subject_runs()
{
	grep -q 'audit is running' "$(subject_dir)/err"
}

ulogd_conf()
{
	local lib
	lib=$(dpkg -L ulogd2 | grep 'ulogd_inppkt_NFLOG.so$')
	lib=${lib%/*}
	cat <<-END
	[global]
	logfile="$(subject_dir)/ulogd.log"
	loglevel=3
	plugin="$lib/ulogd_inppkt_NFLOG.so"
	plugin="$lib/ulogd_raw2packet_BASE.so"
	plugin="$lib/ulogd_filter_IFINDEX.so"
	plugin="$lib/ulogd_filter_IP2STR.so"
	plugin="$lib/ulogd_output_$1.so"
	stack=$2
	[log1]
	group=$BT_GROUP
	netlink_socket_buffer_size=67108863
	netlink_socket_buffer_maxsize=67108864
	netlink_qthreshold=400
	netlink_qtimeout=1
	[out1]
	END
}

# With a journal mode that it does not set itself: several times faster.
ulogd_sqlite3()
{
	sqlite3 "$(subject_dir)/u.db" "PRAGMA journal_mode = WAL;
		$(ulogd_table)" >/dev/null
	ulogd_conf SQLITE3 \
		log1:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,out1:SQLITE3
	echo 'table="ulog_pkt"'
	echo "db=\"$(subject_dir)/u.db\""
}

# The fields that answer the same questions, under ulogd2's names.
ulogd_table()
{
	echo 'CREATE TABLE ulog_pkt (oob_time_sec INT, oob_time_usec INT,
		oob_prefix TEXT, oob_in TEXT, oob_out TEXT, ip_saddr_str TEXT,
		ip_daddr_str TEXT, ip_protocol INT, ip_totlen INT, ip_ttl INT,
		tcp_sport INT, tcp_dport INT, udp_sport INT, udp_dport INT);'
}

ulogd_json()
{
	ulogd_conf JSON \
		log1:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,out1:JSON
	echo "file=\"$(subject_dir)/u.json\""
	echo 'sync=0'
}

ulogd_pcap()
{
	ulogd_conf PCAP log1:NFLOG,base1:BASE,out1:PCAP
	echo "file=\"$(subject_dir)/u.pcap\""
	echo 'sync=0'
}

uacctd_conf()
{
	sqlite3 "$(subject_dir)/u.db" 'CREATE TABLE acct (iface_in INT,
		iface_out INT, ip_src TEXT, ip_dst TEXT, dst_port INT,
		ip_proto TEXT, packets INT, bytes INT, stamp_inserted TEXT,
		stamp_updated TEXT);'
	cat <<-END
	daemonize: false
	uacctd_group: $BT_GROUP
	uacctd_nl_size: 65536
	uacctd_threshold: 300
	plugins: sqlite3
	plugin_pipe_size: 67108864
	plugin_buffer_size: 65536
	aggregate: src_host,dst_host,dst_port,proto
	sql_db: $(subject_dir)/u.db
	sql_table: acct
	sql_optimize_clauses: true
	sql_dont_try_update: true
	sql_refresh_time: 5
	sql_cache_entries: 262141
	END
}

subject_command()
{
	local dir
	dir=$(subject_dir)
	case $SUBJECT in
	bridgeauditd)
		: >"$BT_DIR/no.conf" # not this machine's own
		subject_launch "$BENCH_BUILD/bridgeauditd" --foreground \
			--config "$BT_DIR/no.conf" --db "$dir/audit.db" --user nobody \
			--group "$BT_GROUP" --docker-socket "$BT_DIR/docker.sock" ;;
	count-only)
		subject_launch "$BT_BIN/count_only" "$BT_GROUP" ;;
	ulogd-*)
		"${SUBJECT/-/_}" >"$dir/ulogd.conf"
		subject_launch ulogd -c "$dir/ulogd.conf" ;;
	uacctd)
		uacctd_conf >"$dir/uacctd.conf"
		subject_launch uacctd -f "$dir/uacctd.conf" ;;
	tcpdump)
		subject_launch tcpdump -i "nflog:$BT_GROUP" -B 65536 -Z root \
			-w "$dir/t.pcap" ;;
	esac
}

subject_start()
{
	local logs=$BENCH_AMPLIFY
	SUBJECT=$1
	rm -rf "$(subject_dir)"
	install -d -o nobody "$(subject_dir)"
	# one of the events is the twin's
	[ "$SUBJECT" != bridgeauditd ] || logs=$((logs - 1))
	bt_amplify "$BT_GROUP" "$logs"
	bt_wait 50 subject_group_free
	subject_command
	if ! bt_wait 100 subject_has_group ||
		{ [ "$SUBJECT" = bridgeauditd ] && ! bt_wait 100 subject_runs; }
	then
		echo "$SUBJECT did not start:" >&2
		tail -n 5 "$(subject_dir)"/{err,*.log} >&2 2>/dev/null || :
		return 1
	fi
	sleep 0.3
	mapfile -t SUBJECT_PIDS < <(bt_family "$SUBJECT_PID")
	# the keeper's one child that stays
	SUBJECT_RECORDER=${SUBJECT_PIDS[1]:-}
}

# subject_ended PID: it is gone, or only waits to be reaped
subject_ended()
{
	local state
	state=$(sed -n 's/^State:	\(.\).*/\1/p' "/proc/$1/status" \
		2>/dev/null) || :
	[ -z "$state" ] || [ "$state" = Z ]
}

subject_all_ended()
{
	local pid
	for pid in "${SUBJECT_PIDS[@]}"; do
		subject_ended "$pid" || return 1
	done
}

subject_stop()
{
	local patience=150 signal=TERM
	# what is in their sockets may take the others minutes; bridgeauditd
	# promises to write all of it, and its keeper may leave before that
	[ "$SUBJECT" != bridgeauditd ] || patience=600
	# what it takes to be asked to write its sums and end
	[ "$SUBJECT" != uacctd ] || signal=INT
	kill -"$signal" "$SUBJECT_PID"
	if ! bt_wait "$patience" subject_all_ended; then
		echo "$SUBJECT did not end by itself" >&2
		subject_kill
	fi
	wait "$SUBJECT_PID" 2>/dev/null || :
	SUBJECT_PID='' SUBJECT_PIDS=()
}

subject_kill()
{
	[ -z "$SUBJECT_PID" ] ||
		kill -KILL "$SUBJECT_PID" "${SUBJECT_PIDS[@]}" 2>/dev/null || :
}

subject_sql()
{
	sqlite3 "$(subject_dir)/$1" "$2"
}

subject_recorded()
{
	local dir
	dir=$(subject_dir)
	case $SUBJECT in
	bridgeauditd)
		subject_sql audit.db \
			'SELECT coalesce(sum(packets), 0) FROM batch' ;;
	count-only)
		sed -n 's/^events=//p' "$dir/out" ;;
	ulogd-sqlite3)
		subject_sql u.db 'SELECT count(*) FROM ulog_pkt' ;;
	ulogd-json)
		wc -l <"$dir/u.json" ;;
	ulogd-pcap)
		pcap_count "$dir/u.pcap" ;;
	uacctd)
		subject_sql u.db 'SELECT coalesce(sum(packets), 0) FROM acct' ;;
	tcpdump)
		pcap_count "$dir/t.pcap" ;;
	esac
}

# All records of a run are of one size: the first says which.
pcap_count()
{
	local size captured
	size=$(stat -c %s "$1")
	captured=$(od -An -tu4 -j 32 -N 4 "$1" | tr -d ' ')
	echo $(((size - 24) / (16 + ${captured:-46})))
}

subject_lost()
{
	[ "$SUBJECT" != bridgeauditd ] || subject_sql audit.db \
		"SELECT coalesce(sum(packets), 0) FROM gap"
}

subject_bytes()
{
	local dir
	dir=$(subject_dir)
	case $SUBJECT in
	bridgeauditd)
		sqlite_bytes audit.db ;;
	count-only)
		echo 0 ;;
	ulogd-sqlite3 | uacctd)
		sqlite_bytes u.db ;;
	*)
		stat -c %s "$dir"/*.{json,pcap} 2>/dev/null || : ;;
	esac
}

# Free pages and what is only in the WAL yet included.
sqlite_bytes()
{
	subject_sql "$1" 'SELECT page_count * page_size
		FROM pragma_page_count, pragma_page_size'
}

# What a person would find about loss in its messages.
subject_says()
{
	local dir
	dir=$(subject_dir)
	case $SUBJECT in
	bridgeauditd)
		"$BENCH_BUILD/bridgeaudit" --db "$dir/audit.db" status 2>&1 |
			grep -iE 'lost|gap' | head -n 2 | tr -s ' \n' ' ' || : ;;
	*)
		cat "$dir"/{out,err,*.log} 2>/dev/null |
			grep -iE 'dropped|losing|lost|overrun|reached' |
			sed 's/.*NFLOG.c:[0-9]* //; s/ Please, consider.*//' |
			tail -n 2 | tr -s ' \n' ' ' || : ;;
	esac
}
