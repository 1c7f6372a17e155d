#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What `bridgeaudit verify` takes for BENCH_VERIFY_EVENTS packets of a week, in
# processor time and on the clock, beside reading the same file once with SQLite
# (four columns of all events, without any hash) and its own integrity_check. And a
# report over all of it, which verifies what its two seconds allow.
#
# From the environment: BUILD=build, BENCH_VERIFY_EVENTS=2000000, BENCH_RUNS=3,
# BENCH_DIR=/var/tmp for the database (0.15 GB for 2 M events).
set -euo pipefail

src=$(dirname "$(realpath "$0")")
build=$(realpath "${BUILD:-$src/../../build}")
events=${BENCH_VERIFY_EVENTS:-2000000}
dir=$(mktemp -d "${BENCH_DIR:-/var/tmp}/bridgeaudit-verify-XXXXXX")
trap 'rm -rf "$dir"' EXIT
db=$dir/audit.db

"$build/tests/bench/fill" "$db" "$events" >"$dir/filled"
rows=$(sqlite3 "$db" 'SELECT (SELECT count(*) FROM event)
	+ (SELECT count(*) FROM conversation) + (SELECT count(*) FROM tally)
	+ (SELECT count(*) FROM seen) + (SELECT count(*) FROM talker)')

TIMEFORMAT='%R %U %S'

# spend COMMAND...: the best of all runs, "clock cpu" in milliseconds
spend()
{
	local run
	for ((run = 0; run < ${BENCH_RUNS:-3}; run++)); do
		{ time "$@" >"$dir/answer" 2>"$dir/complaint"; } 2>"$dir/spent" ||
			[ $? = 3 ] || {
			cat "$dir/complaint" "$dir/answer" >&2
			return 1
		}
		awk '{ printf "%d %d\n", $1 * 1000, ($2 + $3) * 1000 }' \
			"$dir/spent"
	done | sort -n -k 2 | head -n 1
}

# row TEXT: of $clock and $cpu, beside the scan
row()
{
	awk -v text="$1" -v clock="$clock" -v cpu="$cpu" -v scan="$scan" \
		-v events="$events" -v rows="$rows" 'BEGIN {
		printf "%-28s %7d %7d %8.1f %9.2f %9.2f\n", text, clock, cpu,
			cpu / (scan + 0.5), events / (cpu * 1000 + 1),
			rows / (cpu * 1000 + 1)
	}'
}

printf 'verify: %d events, %d rows with their sums\n' "$events" "$rows"
printf '%-28s %7s %7s %8s %9s %9s\n' '' 'ms' 'ms CPU' 'of scan' 'M ev/s' \
	'M rows/s'
read -r clock cpu < <(spend sqlite3 "$db" \
	'SELECT max(conversation), max(time_ns), max(detail), sum(packets)
	FROM event')
scan=$cpu
row 'reading all events once'
read -r clock cpu < <(spend sqlite3 "$db" 'PRAGMA integrity_check')
row 'PRAGMA integrity_check'
read -r clock cpu < <(spend "$build/bridgeaudit" --db "$db" verify)
row 'bridgeaudit verify'
read -r clock cpu < <(spend "$build/bridgeaudit" --db "$db" report -S 30d -o json)
row 'bridgeaudit report'
