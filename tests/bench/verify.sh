#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What `bridgeaudit verify` takes for BENCH_VERIFY_EVENTS packets of a week, in
# processor time and on the clock, beside reading the same file once with SQLite
# (four columns of all events, without any hash) and its own integrity_check. And a
# report over all of it, which verifies what its two seconds allow.
#
# Then how big a bundle is, and what making and checking it takes, of a day and
# of an hour at noon of a quiet host: 20,000 packets a day, each of which is a
# commit of its own, the biggest proof that a packet can have.
#
# From the environment: BUILD=build, BENCH_VERIFY_EVENTS=1000000, BENCH_RUNS=5,
# BENCH_BUNDLE_RUNS=2, BENCH_BUNDLE_DAYS=1, BENCH_BUNDLE_PACKETS=20000 a day,
# BENCH_DIR=/var/tmp for the database (0.08 GB for 1 M events).
set -euo pipefail

src=$(dirname "$(realpath "$0")")
build=$(realpath "${BUILD:-$src/../../build}")
events=${BENCH_VERIFY_EVENTS:-1000000}
# shellcheck source=tests/bench/report.sh
. "$src/report.sh"
dir=$(mktemp -d "${BENCH_DIR:-/var/tmp}/bridgeaudit-verify-XXXXXX")
trap 'rm -rf "$dir"' EXIT
db=$dir/audit.db

"$build/tests/bench/fill" "$db" "$events" >"$dir/filled"
rows=$(sqlite3 "$db" 'SELECT (SELECT count(*) FROM event)
	+ (SELECT count(*) FROM conversation) + (SELECT count(*) FROM tally)
	+ (SELECT count(*) FROM seen) + (SELECT count(*) FROM talker)')

TIMEFORMAT='%R %U %S'

# spend KEY COMMAND...: adds milliseconds of CPU to KEY, of the clock to
# KEY.clock, and packets and rows in a millisecond of CPU
spend()
{
	local key=$1 clock cpu
	shift
	{ time "$@" >"$dir/answer" 2>"$dir/complaint"; } 2>"$dir/spent" ||
		[ $? = 3 ] || { # 3: complete but for known gaps
		cat "$dir/complaint" "$dir/answer" >&2
		return 1
	}
	read -r clock cpu < <(awk '{ print $1 * 1000, ($2 + $3) * 1000 }' \
		"$dir/spent")
	rp_add "$key" "$cpu"
	rp_add "$key.clock" "$clock"
	rp_add "$key.packets" "$(rp_ratio "$events" "$cpu")"
	rp_add "$key.rows" "$(rp_ratio "$rows" "$cpu")"
}

for ((run = 0; run < ${BENCH_RUNS:-5}; run++)); do
	spend scan sqlite3 "$db" 'SELECT max(conversation), max(time_ns),
		max(detail), sum(packets) FROM event'
	spend check sqlite3 "$db" 'PRAGMA integrity_check'
	spend verify "$build/bridgeaudit" --db "$db" verify
	spend report "$build/bridgeaudit" --db "$db" report -S 30d -o json
done
rp_table "verify: $events events, $rows rows with their sums; ms of CPU" \
	'of reading all events'
rp_row 'reading all events once' scan scan
rp_row 'PRAGMA integrity_check' check scan
rp_row 'bridgeaudit verify' verify scan
rp_row '  by the clock' verify.clock
rp_row '  k packets/s of CPU' verify.packets
rp_row '  k rows/s of CPU' verify.rows
rp_row 'bridgeaudit report' report scan
rp_row '  by the clock' report.clock

days=${BENCH_BUNDLE_DAYS:-1} packets=${BENCH_BUNDLE_PACKETS:-20000}
quiet=$dir/quiet.db
if ! "$build/tests/bench/quiet" "$quiet" "$days" "$packets" \
	>"$dir/filled" 2>"$dir/complaint"; then
	tail -n 1 "$dir/complaint" >&2
	exit 1
fi
read -r until < <(sed 's/.*until=//; s/.\{9\}$//' "$dir/filled")

# at SECONDS: as -S takes it
at()
{
	date -u -d "@$1" '+%Y-%m-%dT%H:%M:%SZ'
}

# cpu KEY COMMAND...: adds milliseconds of CPU to KEY
cpu()
{
	local key=$1
	shift
	{ time "$@" >"$dir/answer" 2>"$dir/complaint"; } 2>"$dir/spent" || {
		cat "$dir/complaint" "$dir/answer" >&2
		return 1
	}
	rp_add "$key" "$(awk '{ print ($2 + $3) * 1000 }' "$dir/spent")"
}

# bundle NAME SINCE UNTIL
bundle()
{
	rm -f "$dir/$1.tar"
	cpu "$1.make" "$build/bridgeaudit" --db "$quiet" bundle \
		-S "$(at "$2")" -U "$(at "$3")" -o "$dir/$1.tar"
	cpu "$1.check" "$build/bridgeaudit" verify "$dir/$1.tar"
	rp_add "$1.kb" "$(($(stat -c %s "$dir/$1.tar") / 1000))"
	rp_add "$1.links" "$(tar -xOf "$dir/$1.tar" \
		bridgeaudit-bundle/evidence/chain.jsonl |
		awk '{ n += length + 1 } END { print int(n / 1000) }')"
}

for ((run = 0; run < ${BENCH_BUNDLE_RUNS:-2}; run++)); do
	bundle day $((until - 86400)) "$until"
	bundle hour $((until - 43200)) $((until - 39600))
done
rp_table "bundles of $days days of $packets packets, each a commit" 'of a day'
for name in day hour; do
	rp_row "$name: kB" "$name.kb" day.kb
	rp_row '  of these the links' "$name.links" day.links
	rp_row '  bundle, ms of CPU' "$name.make" day.make
	rp_row '  verify BUNDLE, ms of CPU' "$name.check" day.check
done
