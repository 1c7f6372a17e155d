#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the twenty questions of docs/questions.md cost on BENCH_EVENTS packets of
# a week: milliseconds of CPU, the best of BENCH_RUNS, and the exit status.
#
#   make build/tests/bench/fill && tests/bench/questions.sh
#
# From the environment: BUILD=build, BENCH_EVENTS=10000000, BENCH_RUNS=3,
# BENCH_DIR=/var/tmp for the database (0.6 GB for 10 M events).
set -euo pipefail

src=$(dirname "$(realpath "$0")")
build=$(realpath "${BUILD:-$src/../../build}")
dir=$(mktemp -d "${BENCH_DIR:-/var/tmp}/bridgeaudit-questions-XXXXXX")
trap 'rm -rf "$dir"' EXIT

"$build/tests/bench/fill" "$dir/audit.db" "${BENCH_EVENTS:-10000000}"
sqlite3 "$dir/audit.db" <"$src/questions.sql"

# The program as the page calls it; follow would never end.
bridgeaudit()
{
	[ "${1:-}" != follow ] || set -- "$@" --timeout 1s
	"$build/bridgeaudit" --db "$dir/audit.db" "$@"
}

TIMEFORMAT='%U %S'
cd "$dir"
while IFS= read -r command; do
	best=''
	for ((run = 0; run < ${BENCH_RUNS:-3}; run++)); do
		status=0
		{ time eval "$command" >answer 2>complaint || status=$?; } 2>spent
		ms=$(awk '{ printf "%d", ($1 + $2) * 1000 }' spent)
		[ -n "$best" ] && [ "$best" -le "$ms" ] || best=$ms
	done
	printf '%6d ms  %d  %s\n' "$best" "$status" "$command"
done < <(sed -n 's/^    \$ \(bridgeaudit.*\)/\1/p' "$src/../../docs/questions.md")
