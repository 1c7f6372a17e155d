# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What bridgeauditd's two processes cost: proportional set size at full load
# and idle, and how often they wake up when nothing happens.

# memory_load KEY: five seconds of load, looked at each second
memory_load()
{
	local run generator
	bt_client "$BT_BIN/generate" eth0 "$BT_MAC" repeat \
		"$((BENCH_RUNS + 2))" 0 "$BT_CPU_LOAD" >/dev/null &
	generator=$!
	for ((run = 0; run < BENCH_RUNS; run++)); do
		sleep 1
		rp_add "$1.load" "$(rp_ratio "$(bt_pss_kib "${SUBJECT_PIDS[@]}")" 1024)"
		[ "$SUBJECT" != bridgeauditd ] || rp_add "$1.load.recorder" \
			"$(rp_ratio "$(bt_pss_kib "$SUBJECT_RECORDER")" 1024)"
	done
	wait "$generator"
	bt_wait 100 bt_drained || :
}

# memory_idle KEY WAIT SPAN: looked at after so many seconds, and each SPAN
memory_idle()
{
	local run before span=$3
	sleep "$2"
	for ((run = 0; run < BENCH_RUNS; run++)); do
		before=$(bt_wakeups "${SUBJECT_PIDS[@]}")
		sleep "$span"
		rp_add "$1.wakeups" "$(rp_ratio \
			$(($(bt_wakeups "${SUBJECT_PIDS[@]}") - before)) "$span")"
		rp_add "$1.idle" "$(rp_ratio "$(bt_pss_kib "${SUBJECT_PIDS[@]}")" 1024)"
	done
}

# Its libraries, but libc: where others have them loaded, too, less is counted.
memory_libraries()
{
	install -d "$BT_DIR/lib"
	ldd "$BENCH_BUILD/bridgeauditd" |
		awk '$3 ~ /^\// && $1 !~ /^lib[cm][.]so/ { print $3 }' |
		xargs cp -Lt "$BT_DIR/lib"
}

ask_memory()
{
	subject_start ulogd-json
	memory_load ulogd
	subject_stop
	memory_libraries
	export LD_LIBRARY_PATH=$BT_DIR/lib
	subject_start bridgeauditd
	unset LD_LIBRARY_PATH
	memory_idle fresh 5 1
	memory_load ours
	# an overload is over, and memory given back; whole rounds of the keeper
	memory_idle ours 10 "$(seconds 5 30)"
	subject_stop
	rp_table "memory: bridgeauditd's two processes" 'of ulogd2 (JSON) at load'
	rp_row 'ulogd2 at full load, PSS in MiB' ulogd.load ulogd.load
	rp_row 'both at full load, PSS in MiB' ours.load ulogd.load
	rp_row 'the recorder alone, PSS in MiB' ours.load.recorder ulogd.load
	rp_row 'both idle after the start, PSS in MiB' fresh.idle ulogd.load
	rp_row 'both idle after a load, PSS in MiB' ours.idle ulogd.load
	rp_row 'both idle, wake-ups/s' ours.wakeups
}
