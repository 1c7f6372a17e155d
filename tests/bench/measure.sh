# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153 # variables are for whoever sources this
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One run of one subject under a load, in figures.
#
#   measure SUBJECT PATTERN SECONDS RATE DRAIN_SECONDS
#                       starts it, loads it (RATE in packets/s, 0: maximum),
#                       gives it that long for what waits then, stops it
#   measure_add KEY     adds the figures under KEY.*
#   measure_kept_up     whether nothing was lost, nor much left at the end
#
# M_OFFERED events met the rule, M_RECORDED were recorded, M_LOST the subject
# itself counted as lost; M_BACKLOG bytes waited when the load ended.

M_OFFERED=0 M_RECORDED=0 M_LOST='' M_BACKLOG=0 M_CPU_NS=0
M_BYTES=0

measure()
{
	local begin pids
	subject_start "$1"
	pids=("${SUBJECT_PIDS[@]}")
	# the keeper's share is no matter of packets
	[ "$1" != bridgeauditd ] || pids=("$SUBJECT_RECORDER")
	begin=$(bt_cpu_ns "${pids[@]}")
	bt_load "$2" "$3" "$4"
	M_BACKLOG=$(bt_backlog)
	bt_wait "$(($5 * 10))" bt_drained || :
	# the kernel holds back what does not fill a batch: a second, for those
	# that do not set that
	[[ $1 != @(tcpdump|uacctd) ]] || sleep 1.1
	# a child that came since began with nothing
	mapfile -t SUBJECT_PIDS < <(bt_family "$SUBJECT_PID")
	[ "$1" = bridgeauditd ] || pids=("${SUBJECT_PIDS[@]}")
	M_CPU_NS=$(($(bt_cpu_ns "${pids[@]}") - begin))
	subject_stop
	M_OFFERED=$((LOAD_PACKETS * BENCH_AMPLIFY))
	M_RECORDED=$(subject_recorded)
	M_LOST=$(subject_lost)
	M_BYTES=$(subject_bytes)
}

measure_add()
{
	rp_add "$1.rate" "$(rp_ratio "$M_OFFERED" "$LOAD_NS" 1000000)"
	rp_add "$1.recorded" "$(rp_ratio "$M_RECORDED" "$M_OFFERED" 100)"
	rp_add "$1.lost" "$(rp_ratio "${M_LOST:-0}" "$M_OFFERED" 100)"
	rp_add "$1.unaccounted" "$((M_OFFERED - M_RECORDED - ${M_LOST:-0}))"
	rp_add "$1.path" "$(rp_ratio "$LOAD_CPU_NS" "$M_OFFERED")"
	[ "$M_RECORDED" -gt 0 ] || return 0
	rp_add "$1.cpu" "$(rp_ratio "$M_CPU_NS" "$M_RECORDED")"
	rp_add "$1.bytes" "$(rp_ratio "${M_BYTES:-0}" "$M_RECORDED")"
}

# A large buffer alone must not look like speed: of what was sent, at some 200
# bytes per event in the socket, a quarter may wait.
measure_kept_up()
{
	[ "$M_RECORDED" -ge "$M_OFFERED" ] &&
		[ "$M_BACKLOG" -le $((M_OFFERED * 50)) ]
}
