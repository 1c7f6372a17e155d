# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Does bridgeauditd store all that one sending core can make the kernel log?
# For conversations that repeat, and for a scan in which every event is a
# conversation of its own.

ask_sustained()
{
	# all that were ever given: nothing is old or much enough to be removed
	local rows='SELECT coalesce(max(id), 0) FROM event'
	local run pattern span
	span=$(seconds 6 30)
	rp_add packet 46
	rp_add all 100
	for ((run = 0; run < BENCH_RUNS; run++)); do
		measure count-only repeat "$(seconds 2 10)" 0 2
		measure_add count
		for pattern in repeat scan; do
			measure bridgeauditd $pattern "$span" 0 20
			measure_add $pattern
			rp_add $pattern.rows "$(rp_ratio "$(subject_sql \
				audit.db "$rows")" "$M_RECORDED" 100)"
		done
	done
	rp_table "sustained: one core sends all it can for $span s" \
		'of the reader that only counts'
	rp_row 'count-only: logged, k events/s' count.rate count.rate
	rp_row 'count-only: CPU, ns/event' count.cpu count.cpu
	for pattern in repeat scan; do
		rp_row "$pattern: logged, k events/s" $pattern.rate count.rate
		rp_row "$pattern: stored in SQLite, %" $pattern.recorded \
			count.recorded
		rp_row "$pattern: in rows of their own, %" $pattern.rows all
		rp_row "$pattern: lost and said so, % (x of logged)" \
			$pattern.lost all
		rp_row "$pattern: unaccounted, events" $pattern.unaccounted
		rp_row "$pattern: CPU of the recorder, ns/event" $pattern.cpu \
			count.cpu
		rp_row "$pattern: database, bytes/event (x packet)" \
			$pattern.bytes packet
	done
}
