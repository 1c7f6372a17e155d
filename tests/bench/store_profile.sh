#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where the instructions of the store go, per event, for the three loads of
# tests/bench/store.c; without those of starting and ending. Needs valgrind. A
# count does not depend on what else the machine does; it knows nothing of the
# kernel and of waiting for memory.
#
#   tests/bench/store_profile.sh [EVENTS]     default: 200000
#
# From the environment: BUILD=build, where tests/bench/store must be built.
set -euo pipefail

events=${1:-200000}
store=${BUILD:-build}/tests/bench/store
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# profile LOAD EVENTS: FUNCTION INSTRUCTIONS, with all that it called
profile()
{
	valgrind --tool=callgrind --callgrind-out-file="$dir/out" "$store" \
		-p "$1" -n "$2" -d "$dir" >"$dir/log" 2>&1 || {
		cat "$dir/log" >&2
		return 1
	}
	callgrind_annotate --inclusive=yes --auto=no --threshold=100 \
		--show-percs=no "$dir/out" |
		sed -n 's/^ *\([0-9,]*\)  .*:\([a-z0-9_]*\) \[.*/\2 \1/p' |
		tr -d ,
}

# PART FUNCTION...: a part is the sum of what these cost
parts='all run_store
parsing capture_parse
which_conversation lookup_begin lookup_end
whose identity_attribute batch_settle
tallies tally_add tally_write
digests_postings digest_write address_add address_write
hash_of_rows batch_write_row canonical_conversations
journal_link chain_write
SQLite,_in_all sqlite3_step
BLAKE2b,_in_all crypto_generichash_update'

printf '%-24s %8s %8s %8s\n' 'instructions per event' repeat scan ports
for load in 0 1 2; do
	profile "$load" 1 >"$dir/none"
	profile "$load" "$events" >"$dir/$load"
	# of the parts of a function that inlining made the largest is the whole
	awk -v n="$events" -v parts="$parts" '
	FNR == NR { if ($2 > none[$1]) none[$1] = $2; next }
	$2 > some[$1] { some[$1] = $2 }
	END {
		n_parts = split(parts, part, "\n")
		for (i = 1; i <= n_parts; i++) {
			n_names = split(part[i], name, " ")
			sum = 0
			for (j = 2; j <= n_names; j++)
				sum += some[name[j]] - none[name[j]]
			printf "%s %d\n", name[1], sum / n
		}
	}' "$dir/none" "$dir/$load" >"$dir/per.$load"
done
join "$dir/per.0" "$dir/per.1" --nocheck-order |
	join - "$dir/per.2" --nocheck-order |
	while read -r part repeat scan ports; do
		printf '%-24s %8d %8d %8d\n' "${part//_/ }" "$repeat" "$scan" \
			"$ports"
	done
