# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bridgeauditd beside the other programs that read NFLOG, with the same
# packets: what is recorded of the most that one core can send, at which cost,
# what each says about its loss, and the highest rate that each records whole.

# peers_probe SUBJECT EVENTS_PER_SECOND: whether it keeps up with that
peers_probe()
{
	measure "$1" repeat "$(seconds 1 5)" \
		"$(($2 / BENCH_AMPLIFY > 0 ? $2 / BENCH_AMPLIFY : 1))" 1
	measure_kept_up
}

# peers_search SUBJECT FROM PROBES STEP: doubles or halves (STEP 2) from there,
# then ever smaller steps. Sets PEERS_BEST.
peers_search()
{
	local rate=$2 step=$4 probe up sent
	PEERS_BEST=0
	for ((probe = 0; probe < $3; probe++)); do
		up=0
		if peers_probe "$1" "$rate"; then
			up=1
			# the sender may not come to that
			sent=$((M_OFFERED * 1000000 / (LOAD_NS / 1000)))
			[ "$rate" -le "$sent" ] || rate=$sent
			[ "$rate" -le "$PEERS_BEST" ] || PEERS_BEST=$rate
		fi
		read -r rate step < <(awk -v r="$rate" -v s="$step" -v up="$up" \
			-v k="$BENCH_AMPLIFY" 'BEGIN {
				r = up ? r * s : r / s
				printf "%d %.3f\n", r < k ? k : r, sqrt(s)
			}')
	done
}

# What it recorded per second while it was overloaded: near what it can.
peers_guess()
{
	awk -v share="$(rp_median "$1.recorded")" \
		-v rate="$(rp_median "$1.rate")" \
		'BEGIN { n = share * rate * 10; printf "%d\n", n < 100 ? 100 : n }'
}

# Those that lost nothing at the maximum need no search.
peers_search_all()
{
	local name from probes step
	for name in $SUBJECTS; do
		probes=2 step=1.2
		if [ "$(rp_median "$name.kept_up")" = 1 ]; then
			rp_add "$name.best" "$(rp_median "$name.rate")"
			continue
		fi
		from=${PEERS_FROM[$name]:-}
		if [ -z "$from" ]; then
			from=$(peers_guess "$name") probes=5 step=2
		fi
		peers_search "$name" "$from" $probes $step
		[ "$PEERS_BEST" = 0 ] || PEERS_FROM[$name]=$PEERS_BEST
		rp_add "$name.best" "$(rp_ratio "$PEERS_BEST" 1000)"
	done
}
declare -A PEERS_FROM=() PEERS_SAYS=()

peers_rows()
{
	local name
	rp_say "$1"
	for name in $SUBJECTS; do
		rp_row "  $name" "$name.$2" "$3.$2"
	done
}

ask_peers()
{
	local run name kept_up end
	for ((run = 0; run < BENCH_RUNS; run++)); do
		for name in $SUBJECTS; do
			measure "$name" repeat "$(seconds 2 10)" 0 1
			kept_up=0
			! measure_kept_up || kept_up=1
			measure_add "$name"
			rp_add "$name.kept_up" "$kept_up"
			PEERS_SAYS[$name]=$(subject_says)
			[ -z "$M_LOST" ] ||
				PEERS_SAYS[$name]+=" (in the log: $M_LOST)"
		done
	done
	# on a busy machine many need a search; n in the table tells how often
	end=$((SECONDS + $(seconds 150 7200)))
	for ((run = 0; run < BENCH_RUNS; run++)); do
		[ "$SECONDS" -lt "$end" ] || break
		peers_search_all
	done
	rp_table 'peers: the same packets, as many as one core can send' \
		'of count-only, or of ulogd-sqlite3'
	peers_rows 'recorded of all, %' recorded count-only
	peers_rows 'neither recorded nor counted as lost, events' unaccounted \
		count-only
	peers_rows 'CPU, ns per recorded event' cpu count-only
	peers_rows 'bytes per recorded event' bytes ulogd-sqlite3
	peers_rows 'recorded whole up to, k events/s' best ulogd-sqlite3
	rp_say 'what each said about its loss in the last run'
	for name in $SUBJECTS; do
		rp_say "  $name: ${PEERS_SAYS[$name]:-nothing}"
	done
	rp_say 'uacctd keeps sums, count-only nothing: no events'
}
