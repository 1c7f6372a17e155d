# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Collects the figures of repeated runs and prints tables of them.
#
#   rp_add KEY VALUE           one figure of one run
#   rp_median KEY
#   rp_table TITLE BASELINE    the heading of a table
#   rp_row TEXT KEY [BASE]     min, median, max of KEY, and its median as a
#                              ratio of that of BASE
#   rp_say TEXT                a line below the table

declare -A RP=()

rp_add()
{
	RP[$1]+="$2 "
}

# rp_ratio A B [FACTOR]: a quotient with decimals; 0 for a divisor of 0
rp_ratio()
{
	awk -v a="$1" -v b="$2" -v f="${3:-1}" \
		'BEGIN { printf "%.4f\n", b ? a / b * f : 0 }'
}

rp_sorted()
{
	# shellcheck disable=SC2086
	printf '%s\n' ${RP[$1]} | sort -g
}

rp_median()
{
	rp_sorted "$1" | awk '{ v[NR] = $1 } END {
		print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
	}'
}

rp_table()
{
	printf '\n%s\n' "$1"
	printf '  %-46s %10s %10s %10s  %3s  %s\n' '' min median max n "$2"
}

rp_row()
{
	local base=''
	[ -n "${RP[$2]:-}" ] || return 0
	[ -z "${3:-}" ] || [ -z "${RP[$3]:-}" ] || base=$(rp_median "$3")
	rp_sorted "$2" | awk -v text="$1" -v base="$base" '
	function show(v) {
		if (v >= 100 || v == int(v))
			return sprintf("%.0f", v)
		return v >= 10 ? sprintf("%.1f", v) : sprintf("%.2f", v)
	}
	function times(r) {
		if (r >= 100)
			return sprintf("x %.0f", r)
		return r >= 0.01 || r == 0 ? sprintf("x %.2f", r) : \
			sprintf("x %.5f", r)
	}
	{ v[NR] = $1 }
	END {
		median = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
		ratio = base + 0 == 0 ? "-" : times(median / base)
		printf "  %-46s %10s %10s %10s  %3d  %s\n", text, show(v[1]),
			show(median), show(v[NR]), NR, ratio
	}'
}

rp_say()
{
	printf '  %s\n' "$*"
}
