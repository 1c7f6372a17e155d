#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker 29 edits its nft tables hundreds of times while packets flow: flushes
# and refills chains, makes the table anew, publishes, adds and deletes
# endpoints and networks. Of every packet it is known from outside of the
# firewall whether it arrived, so none can be missing from the log unnoticed,
# though each edit sets Docker's counters back.
#
# EDITS=500, SEED=number, RATE=packets per second choose.
set -euo pipefail
TB_LIB=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=tests/system/testbed.sh
. "$TB_LIB/testbed.sh"
# shellcheck source=tests/system/logger.sh
. "$TB_LIB/logger.sh"
# shellcheck source=tests/system/check.sh
. "$TB_LIB/check.sh"
# shellcheck source=tests/system/lab.sh
. "$TB_LIB/lab.sh"
# shellcheck source=tests/system/docker29.sh
. "$TB_LIB/docker29.sh"

EDITS=${EDITS:-500}
RATE=${RATE:-400}
SEED=${SEED:-$((SRANDOM % 32768))}
EDIT_FAILED=0

# Nothing but one rule each knows these, so our table shows when it has caught
# up: ports of dns that are published in turn, addresses of backend0 that
# become a container's in turn, and 3, which is one as long as backend0 is there.
PORTS=(601 602 603)
HOSTS=(2 77)

# What is sent, with v4 and v6 each: from, protocol, to, which host, port.
FLOWS='
mysql udp docker0 2 9
out udp br-b0a981d644bf 2 9
mysql udp br-be2db5e852a0 2 601
out udp br-be2db5e852a0 2 602
mysql udp br-be2db5e852a0 2 603
out tcp br-be2db5e852a0 2 601
mysql udp br-00c0ffee0001 2 9
mysql udp br-77e01c2f9a3b 2 9
vault udp vault0 3 9
mysql udp backend0 2 9
out udp backend0 77 9
mysql tcp backend0 77 9
'

write_list()
{
	local family from proto bridge host port
	for family in 4 6; do
		while read -r from proto bridge host port; do
			[ -n "$from" ] || continue
			echo "$from $family $proto" \
				"$(lab_ip "$family" "$bridge" "$host") $port 1"
			echo "$bridge" >>"$TB_DIR/bridges"
		done <<<"$FLOWS"
		echo "out $family tcp $(lab_host_ip "$family") 3306 1"
		echo br-b0a981d644bf >>"$TB_DIR/bridges"
	done >"$TB_DIR/list"
}

now_ns()
{
	echo "${EPOCHREALTIME/[.,]/}000"
}

# One batch of Docker's.
batch()
{
	tb_net nft -f - || EDIT_FAILED=$((EDIT_FAILED + 1))
}

one_of()
{
	shift $((RANDOM % $#))
	echo "$1"
}

# ---- edits that change nothing -------------------------------------------

a_chain()
{
	local bridge
	bridge=$(one_of "${D29_NETS[@]}")
	one_of raw-PREROUTING raw-PREROUTING nat-prerouting-and-output \
		"filter-forward-in__$bridge" "filter-forward-in__$bridge" \
		"filter-forward-out__$bridge" "nat-postrouting-out__$bridge"
}

# The text of a whole table takes longer to write than nft to read.
whole_table()
{
	[ -e "$TB_DIR/table$1" ] || docker29_table "$1" >"$TB_DIR/table$1"
	cat "$TB_DIR/table$1"
}

# What Docker does with a map when a container moves, in one batch.
swap_elements()
{
	local ip map bridge
	ip=$(d29_ip "$1") bridge=$(one_of "${D29_NETS[@]}")
	map=$(one_of filter-forward-in filter-forward-out)
	echo "delete element $ip docker-bridges $map-jumps { \"$bridge\" }"
	echo "add element $ip docker-bridges $map-jumps" \
		"{ \"$bridge\" : jump ${map}__$bridge }"
}

edit_without_change()
{
	local family
	family=$(one_of 4 6)
	case $((RANDOM % 10)) in
	0) { echo "delete table $(d29_ip "$family") docker-bridges"
		whole_table "$family"; } | batch ;;
	1) { echo "flush table $(d29_ip "$family") docker-bridges"
		whole_table "$family"; } | batch ;;
	2 | 3) swap_elements "$family" | batch ;;
	4 | 5) docker29_refill "$family" "$(a_chain)" raw-PREROUTING \
		nat-prerouting-and-output | batch ;;
	*) docker29_refill "$family" "$(a_chain)" | batch ;;
	esac
}

# ---- edits that do -------------------------------------------------------

# toggle ARRAY ITEM: 0 when the item is there now
toggle()
{
	local -n array=$1
	local item kept=() had=0
	for item in "${array[@]}"; do
		if [ "$item" = "$2" ]; then had=1; else kept+=("$item"); fi
	done
	array=("${kept[@]}")
	[ "$had" = 1 ] || array+=("$2")
	[ "$had" = 0 ]
}

# Our table, one statement or element a line.
our_table()
{
	tb_net nft list table inet bridgeaudit 2>/dev/null | tr '{},;' '\n'
}

# caught_up YES|NO WORD4 WORD6 [PORT]: our table has a statement with each
# family's word (and the port), or none with either
caught_up()
{
	our_table | awk -v want="$1" -v a="$2" -v b="$3" -v port="${4:-}" '
		{ sub(/^[ \t]+/, ""); gsub(/["]/, "")
		  n = split($0, w, " "); p = port == ""; x = y = 0
		  for (i = 1; i <= n; i++) {
			x = x || w[i] == a; y = y || w[i] == b
			p = p || w[i] == port
		  }
		  if (p && x) has_a = 1
		  if (p && y) has_b = 1 }
		END { exit want == "yes" ? !(has_a && has_b) : has_a || has_b }'
}

both_families()
{
	local family
	rm -f "$TB_DIR"/table[46]
	for family in 4 6; do
		docker29_refill "$family" "$@" | batch
	done
}

edit_port()
{
	local port want=no
	port=$(one_of "${PORTS[@]}")
	toggle D29_PORTS "br-be2db5e852a0 2 udp $port $port" && want=yes
	both_families filter-forward-in__br-be2db5e852a0 \
		nat-prerouting-and-output
	tb_wait 300 caught_up "$want" "$(lab_ip 4 br-be2db5e852a0 2)" \
		"$(lab_ip 6 br-be2db5e852a0 2)" "$port"
}

edit_endpoint()
{
	local host want=no
	host=$(one_of "${HOSTS[@]}")
	toggle D29_ENDPOINTS "backend0 $host" && want=yes
	both_families raw-PREROUTING
	[ -n "${D29_MODE[backend0]:-}" ] || return 0
	tb_wait 300 caught_up "$want" "$(lab_ip 4 backend0 "$host")" \
		"$(lab_ip 6 backend0 "$host")"
}

# The text that takes backend0 out of one family's table.
delete_network()
{
	local ip kind
	ip=$(d29_ip "$1")
	for kind in filter-forward-in filter-forward-out nat-postrouting-in \
		nat-postrouting-out; do
		echo "delete element $ip docker-bridges $kind-jumps { \"backend0\" }"
		echo "flush chain $ip docker-bridges ${kind}__backend0"
		echo "delete chain $ip docker-bridges ${kind}__backend0"
	done
	docker29_refill "$1" raw-PREROUTING
}

create_network()
{
	local ip kind
	ip=$(d29_ip "$1")
	for kind in filter-forward-in filter-forward-out nat-postrouting-in \
		nat-postrouting-out; do
		echo "add chain $ip docker-bridges ${kind}__backend0"
		echo "add element $ip docker-bridges $kind-jumps" \
			"{ \"backend0\" : jump ${kind}__backend0 }"
	done
	docker29_refill "$1" filter-forward-in__backend0 \
		filter-forward-out__backend0 nat-postrouting-out__backend0 \
		raw-PREROUTING
}

edit_network()
{
	local family want=no edit=delete_network
	rm -f "$TB_DIR"/table[46]
	if toggle D29_NETS backend0; then
		want=yes edit=create_network D29_MODE[backend0]=nat
	else
		unset 'D29_MODE[backend0]'
	fi
	for family in 4 6; do
		$edit "$family" | batch
	done
	tb_wait 300 caught_up "$want" "$(lab_ip 4 backend0 3)" \
		"$(lab_ip 6 backend0 3)"
	NETWORK=$want
}

# A line of $TB_DIR/edits: from, to (of Docker's first write and our catching
# up), kind, and whether backend0 is there after it.
edit_with_change()
{
	local from kind late=0
	kind=$(one_of port port endpoint endpoint network)
	from=$(now_ns)
	"edit_$kind" || late=1
	echo "$from $(now_ns) $kind $NETWORK" >>"$TB_DIR/edits"
	[ "$late" = 0 ] || {
		echo "our table did not catch up with a change of: $kind"
		return 1
	}
}

edit_often()
{
	local i
	RANDOM=$SEED
	for ((i = 0; i < EDITS; i++)); do
		if [ $((RANDOM % 8)) = 0 ]; then
			edit_with_change || return
		else
			edit_without_change
		fi
	done
	equal 'batches that nft refused' 0 "$EDIT_FAILED"
}

# ---- accounting ----------------------------------------------------------

# Of each packet with a row: its number, drop rows and others, rows that the
# ledger says were logged after their rule was gone, and the witness's.
rows_by_number()
{
	lab_sql -separator ' ' "SELECT src_port,
		sum(verdict = 'drop' AND NOT over),
		sum(verdict <> 'drop' AND NOT over), sum(over),
		sum(verdict = 'pass' AND NOT over) FROM
		(SELECT src_port, verdict, ',' || coalesce(marks, '') || ',' LIKE
			'%,overlogged,%' AS over FROM v_event)
		WHERE src_port >= 10000 GROUP BY src_port"
}

# from, to, packets or -1, family, chain and text of each gap
gaps()
{
	lab_sql -separator ' ' "SELECT g.from_ns, g.to_ns,
		coalesce(g.packets, -1), r.family, r.chain, r.text
		FROM gap g LEFT JOIN rule r ON r.id = g.rule"
}

# Each packet in one word: where the rows do not say what became of it, with
# "in-change" when that was between a change of Docker's and ours.
#   fine     one row that says what became of it, or none where none is due
#   hole     dropped, and no row
#   unseen   arrived and has no row where one is due, or one where none is
#   wrong    a row says the opposite
#   twice    two rows of a drop
# and behind that where it is accounted for if not fine: "row" when a row of it
# is marked as maybe not of the rule that decided, "number" when it is one of
# the packets of a gap of a rule about its address or network at that time,
# "unknown" when that gap has no number, else "nowhere". No gap of N packets
# takes more than N, so packets are matched with gaps as well as can be. A row
# that is wrong and not marked is nowhere accounted for.
classify()
{
	rows_by_number >"$TB_DIR/rows"
	gaps >"$TB_DIR/gaps"
	awk '
	function about(gap, flow) {
		if (family[gap] != (addr[flow] ~ /:/ ? 6 : 4))
			return 0
		if (text[gap] ~ / daddr /)
			return index(" " text[gap] " ",
				" daddr " addr[flow] " ") &&
				(text[gap] !~ / dport / ||
				index(" " text[gap] " ",
				" " proto[flow] " dport " port[flow] " "))
		return chain[gap] ~ ("__" bridge[flow] "$")
	}
	# by augmenting paths; a gap without a number has room for all
	function match_one(p,  g, i) {
		for (g = 0; g < gaps; g++) {
			if (visited[g] || start[g] > seen[p] ||
			    end[g] < sent[p] || !about(g, flow[p]))
				continue
			visited[g] = 1
			if (left[g] < 0 || used[g] < left[g]) {
				taken[g, used[g]++] = p
				at_gap[p] = g
				return 1
			}
			for (i = 0; i < used[g]; i++)
				if (match_one(taken[g, i])) {
					taken[g, i] = p
					at_gap[p] = g
					return 1
				}
		}
		return 0
	}
	BEGIN { n = m = b = at = gaps = open = 0 }
	FILENAME == ARGV[1] {
		from[n] = $1; to[n] = $2; kind[n] = $3; up[n++] = $4
		next
	}
	FILENAME == ARGV[2] {
		sender[m] = $1
		proto[m] = $3; port[m] = $5; addr[m++] = $4
		next
	}
	FILENAME == ARGV[3] { bridge[b++] = $1; next }
	FILENAME == ARGV[4] {
		drop[$1] = $2; ok[$1] = $3; over[$1] = $4; pass[$1] = $5
		next
	}
	FILENAME == ARGV[5] {
		start[gaps] = $1; end[gaps] = $2; left[gaps] = $3
		family[gaps] = $4; chain[gaps] = $5
		$1 = $2 = $3 = $4 = $5 = ""
		text[gaps++] = $0
		next
	}
	{
		while (at < n && to[at] < $3)
			at++
		change = at < n && from[at] <= $4
		# there is no rule about a network that is gone, but the
		# witness knows its bridge
		backend = addr[$1] ~ /^172\.21\./ || addr[$1] ~ /^fd00:21:/
		# it comes or goes just now
		moving = backend && change && kind[at] == "network"
		gone = backend && !moving && at > 0 && up[at - 1] == "no"
		d = drop[$2] + 0; a = ok[$2] + 0
		if ($5 ~ /\*/)
			what = "doubled"
		else if (a > 0 && $5 == "-" || d > 0 && $5 != "-")
			what = "wrong"
		else if (d > 1)
			what = "twice"
		else if (d + a == 0 && $5 == "-")
			what = "hole"
		else if (d + a == 0 && moving)
			what = "fine"
		else if (gone && (a != pass[$2] + 0 ||
				a != (sender[$1] != "out")))
			what = "unseen"
		else if (d + a == 0 && !gone)
			what = "unseen"
		else
			what = "fine"
		said = (change ? "in-change" : "settled") " " what
		all = $0 " drop=" d " accept=" a
		if (what == "wrong" || what == "twice") {
			print said, "nowhere", all
			next
		}
		if (what == "fine" || over[$2] + 0 > 0) {
			print said, what == "fine" ? "" : "row", all
			next
		}
		flow[open] = $1; sent[open] = $3; seen[open] = $4
		first[open] = said; rest[open++] = all
	}
	END {
		for (p = 0; p < open; p++) {
			split("", visited)
			alone[p] = !match_one(p)
		}
		for (p = 0; p < open; p++) {
			where = left[at_gap[p]] < 0 ? "unknown" : "number"
			print first[p], alone[p] ? "nowhere" : where, rest[p]
		}
	}' "$TB_DIR/edits" "$TB_DIR/list" "$TB_DIR/bridges" "$TB_DIR/rows" \
		"$TB_DIR/gaps" "$TB_DIR/result" >"$TB_DIR/classified"
}

number_of()
{
	grep -c "^$1" "$TB_DIR/classified" || :
}

all_committed()
{
	classify
	# the ledger knows a bit less well than we do when a rule was gone
	[ "$(grep -cE '^settled (fine|[a-z]+ row)' "$TB_DIR/classified")" = \
		"$(grep -c '^settled' "$TB_DIR/classified")" ]
}

none_unaccounted()
{
	tb_wait 150 all_committed || {
		grep '^settled' "$TB_DIR/classified" | grep -v ' fine ' | head -n 20
		awk '{ n[$1 " " $2]++ } END { for (i in n) print n[i], i }' \
			"$TB_DIR/classified"
		return 1
	}
	[ "$(number_of 'settled fine')" -gt "$EDITS" ]
}

# What was decided by a rule before we knew it has no row, or one of another
# rule: each such packet is one of a gap's, or the gap says that the number is
# not known, or its row is marked.
none_of_a_change_is_unaccounted()
{
	classify
	grep '^in-change [a-z]* nowhere' "$TB_DIR/classified" | head -n 40 || :
	[ "$(number_of in-change)" -gt 0 ]
	equal 'packets unaccounted for' 0 \
		"$(number_of 'in-change [a-z]* nowhere')"
}

# A rule that is written again counts from 0, which is no finding.
# Too many rows are: those that our table wrote by rules that Docker had
# changed already. Counters that began anew must not be.
no_counter_was_set_back()
{
	equal 'findings about the counters' '' "$(lab_sql "SELECT detail
		FROM finding WHERE subject = 'reconciliation'
		AND detail NOT LIKE 'the log has %'")"
}

summary()
{
	note "$(wc -l <"$TB_DIR/classified") packets, $EDITS edits," \
		"$(wc -l <"$TB_DIR/edits") of them changes, seed $SEED"
	note "$(number_of in-change) packets between a change and ours:" \
		"$(number_of 'in-change fine') fine," \
		"$(number_of 'in-change hole') without a row," \
		"$(number_of 'in-change wrong') with another verdict," \
		"$(number_of 'in-change twice') with two rows;" \
		"accounted for by a marked row" \
		"$(number_of 'in-change [a-z]* row')," \
		"a gap with a number $(number_of 'in-change [a-z]* number')," \
		"one without $(number_of 'in-change [a-z]* unknown')"
	note "gaps: $(lab_sql "SELECT count(packets) || ' of ' ||
		total(packets) || ' packets, ' || sum(packets IS NULL) ||
		' without a number' FROM gap")"
	note "from a change to our table:" \
		"$(awk '{ print int(($2 - $1) / 1000000) }' "$TB_DIR/edits" |
			sort -n | awk '{ t[NR] = $1 } END {
				print "median", t[int((NR + 1) / 2)], "ms, max",
				t[NR], "ms, both families and two nft runs" }')"
}

test_edits()
{
	NETWORK=yes
	: >"$TB_DIR/edits"
	# published by turns here, and nobody else of backend0 is
	D29_PORTS=("br-b0a981d644bf 2 tcp 3306 3306")
	D29_ENDPOINTS+=("backend0 3")
	docker29_tables | tb_net nft -f -
	write_list
	lab_logger_launch
	check 'every audited rule is watched' tb_wait 100 lab_watched 20
	lab_send_start "$RATE"
	sleep 0.5
	check "$EDITS edits as Docker makes them are followed (seed $SEED)" \
		edit_often
	sleep 0.5
	check 'the sender knows of each packet' \
		lab_send_stop "$((EDITS * 2))"
	check 'while nothing changed no packet is unaccounted for' \
		none_unaccounted
	check 'the logger stops' tb_logger_stop
	check 'what a change hid is in the log, of each packet' \
		none_of_a_change_is_unaccounted
	check 'counters that began anew are no finding' no_counter_was_set_back
	summary
}

main()
{
	local reason before dir pid
	reason=$(lab_missing)
	if [ -n "$reason" ]; then
		echo "1..0 # SKIP $reason"
		return
	fi
	before=$(host_state)
	lab_start nft
	dir=$TB_DIR pid=$TB_PID
	test_edits
	tb_stop
	check 'nothing is left behind' host_is_clean "$dir" "$pid" "$before"
	echo "1..$CHECK_COUNT"
	[ "$CHECK_FAILED" = 0 ]
}

main
