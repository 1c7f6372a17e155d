# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# From a packet to its line of `bridgeaudit follow`, at a trickle and at a
# flood; beside it a reader of the group itself.

# latency_run KEY PACKETS_PER_SECOND SECONDS MODE ARG...
latency_run()
{
	local key=$1 out
	out=$(bt_client "$BT_BIN/latency" eth0 "$BT_MAC" "$2" "$3" \
		"$BT_CPU_LOAD" "$BENCH_AMPLIFY" "${@:4}" 2>"$BT_DIR/latency.err") || :
	[[ $out =~ sent=([0-9]+)\ lines=([0-9]+)\ p50_us=([0-9]+)\ p99_us=([0-9]+) ]] || {
		cat "$BT_DIR/latency.err" >&2
		return 1
	}
	rp_add "$key.p50" "$(rp_ratio "${BASH_REMATCH[3]}" 1000)"
	rp_add "$key.p99" "$(rp_ratio "${BASH_REMATCH[4]}" 1000)"
	rp_add "$key.lines" "$(rp_ratio "${BASH_REMATCH[2]}" \
		$((BASH_REMATCH[1] * BENCH_AMPLIFY)) 100)"
}

# latency_both KEY PACKETS_PER_SECOND SECONDS
latency_both()
{
	bt_amplify "$BT_GROUP" "$BENCH_AMPLIFY"
	latency_run "$1.kernel" "$2" "$3" nflog "$BT_GROUP" \
		"/proc/$BT_HOST/ns/net"
	subject_start bridgeauditd
	# the terminal's side runs anywhere, as with a person
	latency_run "$1.follow" "$2" "$3" follow "$BENCH_BUILD/bridgeaudit" \
		--db "$(subject_dir)/audit.db" follow -n 0 -o jsonl
	subject_stop
}

latency_rows()
{
	local figure
	for figure in p50 p99; do
		rp_row "$1: group itself, $figure in ms" "$2.kernel.$figure" \
			"$2.kernel.$figure"
		rp_row "$1: follow, $figure in ms" "$2.follow.$figure" \
			"$2.kernel.$figure"
	done
	rp_row "$1: follow, lines seen, %" "$2.follow.lines" "$2.kernel.lines"
}

ask_latency()
{
	local run amplify=$BENCH_AMPLIFY
	for ((run = 0; run < BENCH_RUNS; run++)); do
		BENCH_AMPLIFY=1
		latency_both trickle 10 "$(seconds 5 60)"
		BENCH_AMPLIFY=$amplify
		latency_both flood $((100000 / amplify)) "$(seconds 2 10)"
	done
	rp_table 'latency: from the packet to a line of follow' \
		'of a reader of the group itself'
	latency_rows '10/s' trickle
	latency_rows '100,000/s' flood
}
