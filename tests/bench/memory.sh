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

memory_idle()
{
	local run before span
	span=$(seconds 5 30) # whole rounds of the keeper
	sleep 10 # until an overload is over, and memory given back
	for ((run = 0; run < BENCH_RUNS; run++)); do
		before=$(bt_wakeups "${SUBJECT_PIDS[@]}")
		sleep "$span"
		rp_add "$1.wakeups" "$(rp_ratio \
			$(($(bt_wakeups "${SUBJECT_PIDS[@]}") - before)) "$span")"
		rp_add "$1.idle" "$(rp_ratio "$(bt_pss_kib "${SUBJECT_PIDS[@]}")" 1024)"
	done
}

ask_memory()
{
	subject_start ulogd-json
	memory_load ulogd
	subject_stop
	subject_start bridgeauditd
	memory_idle fresh
	memory_load ours
	memory_idle ours
	subject_stop
	rp_table "memory: bridgeauditd's two processes" 'of ulogd2 (JSON) at load'
	rp_row 'ulogd2 at full load, PSS in MiB' ulogd.load ulogd.load
	rp_row 'both at full load, PSS in MiB' ours.load ulogd.load
	rp_row 'the recorder alone, PSS in MiB' ours.load.recorder ulogd.load
	rp_row 'both idle after the start, PSS in MiB' fresh.idle ulogd.load
	rp_row 'both idle after a load, PSS in MiB' ours.idle ulogd.load
	rp_row 'both idle, wake-ups/s' ours.wakeups
}
