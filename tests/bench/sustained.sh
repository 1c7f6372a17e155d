# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Does bridgeauditd store all that one sending core can make the kernel log?
# For conversations that repeat, and for a scan in which every event is a
# conversation of its own. And a million a second of the first, where the core
# can send as many.
SUSTAINED_RATE=1000000

# sustained_add NAME RATE PATTERN; RATE 0: all it can
sustained_add()
{
	# all that were ever given: nothing is old or much enough to be removed
	local rows='SELECT coalesce(max(id), 0) FROM event'
	measure bridgeauditd "$3" "$(seconds 6 30)" $(($2 / BENCH_AMPLIFY)) 20
	measure_add "$1"
	rp_add "$1.rows" "$(rp_ratio "$(subject_sql audit.db "$rows")" \
		"$M_RECORDED" 100)"
}

ask_sustained()
{
	local run name
	rp_add packet 46
	rp_add all 100
	for ((run = 0; run < BENCH_RUNS; run++)); do
		measure count-only repeat "$(seconds 2 10)" 0 2
		measure_add count
		sustained_add repeat 0 repeat
		sustained_add scan 0 scan
		sustained_add million $SUSTAINED_RATE repeat
	done
	rp_table "sustained: one core sends all it can for $(seconds 6 30) s" \
		'of the reader that only counts'
	rp_row 'count-only: logged, k events/s' count.rate count.rate
	rp_row 'count-only: CPU, ns/event' count.cpu count.cpu
	for name in repeat scan million; do
		rp_row "$name: logged, k events/s" $name.rate count.rate
		rp_row "$name: stored in SQLite, %" $name.recorded \
			count.recorded
		rp_row "$name: in rows of their own, %" $name.rows all
		rp_row "$name: lost and said so, % (x of logged)" \
			$name.lost all
		rp_row "$name: unaccounted, events" $name.unaccounted
		rp_row "$name: CPU of the recorder, ns/event" $name.cpu \
			count.cpu
		rp_row "$name: database, bytes/event (x packet)" \
			$name.bytes packet
	done
}
