# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a logged packet costs the path that forwards it: CPU time of the sending
# core, kernel included, with a reader less without any log rule.

path_bare()
{
	bt_amplify "$BT_GROUP" 0
	bt_load repeat "$(seconds 1 5)" 0
	rp_add path.bare "$(rp_ratio "$LOAD_CPU_NS" "$LOAD_PACKETS")"
}

# Nobody has the group: what the rules alone cost.
path_unread()
{
	bt_amplify "$BT_GROUP" "$BENCH_AMPLIFY"
	bt_load repeat "$(seconds 1 5)" 0
	path_add unread
}

# What an event costs more than the bare packet of this run.
path_add()
{
	local bare
	bare=$(awk '{ print $NF }' <<<"${RP[path.bare]}")
	rp_add "path.$1" "$(awk -v all="$LOAD_CPU_NS" -v n="$LOAD_PACKETS" \
		-v bare="$bare" -v k="$BENCH_AMPLIFY" \
		'BEGIN { printf "%.1f\n", (all / n - bare) / k }')"
}

ask_path()
{
	local run name
	for ((run = 0; run < BENCH_RUNS; run++)); do
		path_bare
		path_unread
		for name in count-only bridgeauditd; do
			measure $name repeat "$(seconds 2 5)" 0 5
			path_add $name
		done
	done
	rp_table 'path: what logging costs where packets are forwarded' \
		'of count-only'
	rp_row 'a packet without log rules, ns' path.bare path.count-only
	rp_row 'more per event, group unbound, ns' path.unread path.count-only
	rp_row 'more per event, count-only reads, ns' path.count-only \
		path.count-only
	rp_row 'more per event, bridgeauditd reads, ns' path.bridgeauditd \
		path.count-only
}
