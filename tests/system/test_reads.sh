#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who reads the log is in the log: by the kernel's word, also who breaks off,
# and a flood of readers costs neither packets nor the disk.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
# Readers know nothing of iptables.
: "${VARIANTS:=nft}"

MEMBER=54321 FLOODER=54322

# bridgeaudit as a user without any privilege: as UID GID VERB...
as()
{
	setpriv --reuid "$1" --regid "$2" --clear-groups --inh-caps=-all \
		--bounding-set=-all --no-new-privs "$TB_DIR/bin/bridgeaudit" \
		--db "$(tb_db)" "${@:3}"
}

# As a member of the database's group: member UID VERB...
member()
{
	as "$1" "$(stat -c %g "$(tb_db)")" "${@:2}"
}

# What sqlite3 has of the readings; it does not tell anybody.
readings()
{
	sqlite3 "$(tb_db)" "SELECT $1 FROM reading WHERE $2"
}

is()
{
	[ "$(readings "$2" "$3")" = "$1" ]
}

# soon EXPECTED COLUMNS WHERE: a commit may be on its way
soon()
{
	tb_wait 150 is "$@" || equal "$2 of $3" "$1" "$(readings "$2" "$3")"
}

# So many rows were printed, and the reader says so.
member_is_recorded()
{
	local n status=0
	member $MEMBER log --to-port 7100 -o jsonl >"$TB_DIR/answer" ||
		status=$?
	n=$(wc -l <"$TB_DIR/answer")
	[ "$n" -ge 3000 ] || return
	soon "$MEMBER|$(stat -c %g "$(tb_db)")||log|$n|$status|1" \
		'uid, gid, user, verb, rows, exit, reads' "uid = $MEMBER"
	soon 1 "command LIKE '%log --to-port 7100 -o jsonl'" "uid = $MEMBER"
}

# none_since COUNT: what root asks next is the only reading more; whatever came
# before it would be there by then
none_since()
{
	root_is_recorded || return
	equal readings "$(($1 + 1))" "$(readings 'count(*)' 1)"
}

stranger_is_not()
{
	local before
	before=$(readings 'count(*)' 1)
	fails_with 5 permission as 54323 54323 log || return
	# Who connects has to have the right to write there (unix(7)).
	! setpriv --reuid 54323 --regid 54323 --clear-groups --inh-caps=-all \
		--bounding-set=-all test -w "$(tb_db).reads" || return
	setpriv --reuid $MEMBER --regid "$(stat -c %g "$(tb_db)")" \
		--clear-groups test -w "$(tb_db).reads" || return
	none_since "$before"
}

root_is_recorded()
{
	local n
	n=$(readings 'count(*)' "uid = 0 AND verb = 'show'")
	tb_audit show 1 >/dev/null
	soon "$((n + 1))|root|1|0" 'count(*), user, rows, exit' \
		"uid = 0 AND verb = 'show'"
}

# Where the kernel has an audit system, it knows who became root.
login_is_recorded()
{
	[ -e /proc/self/loginuid ] || return 0
	# shellcheck disable=SC2016
	bash -c 'echo "$1" >/proc/self/loginuid && shift && exec "$@"' login \
		$MEMBER "$TB_BUILD/bridgeaudit" --db "$(tb_db)" \
		follow --timeout 1s >/dev/null || [ $? = 1 ]
	soon "0|$MEMBER" 'uid, auid' "verb = 'follow' AND auid NOT NULL"
}

# Of what head took there are fewer rows than there are.
broken_off_is_recorded()
{
	local rows
	member $MEMBER log --to-port 7100 -o json 2>/dev/null | head -n 1 \
		>/dev/null || :
	soon 1 "to_ns NOT NULL AND exit IN (0, 3)" \
		"command LIKE '%-o json'" || return
	rows=$(readings rows "command LIKE '%-o json'")
	echo "$rows rows were written"
	[ "$rows" -lt 3000 ]
}

killed_is_recorded()
{
	local pid
	tb_bound --reuid $MEMBER --regid "$(stat -c %g "$(tb_db)")" \
		--clear-groups "$TB_DIR/bin/bridgeaudit" --db "$(tb_db)" \
		follow --cursor 1 >/dev/null 2>&1 &
	pid=$!
	soon '1|1' 'to_ns IS NULL, exit IS NULL' "pid = $pid" || return
	equal state reading "$(answer reads -o jsonl |
		jq -r "select(.pid == $pid) | .state")" || return
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || :
	soon '0|1' 'to_ns IS NULL, exit IS NULL' "pid = $pid" || return
	equal state killed "$(answer reads -o jsonl |
		jq -r "select(.pid == $pid) | .state")"
}

# 200 in a row, while packets come: 60 at once and one a second are rows.
flood_is_counted()
{
	local i rows from=$SECONDS most
	for ((i = 0; i < 200; i++)); do
		member $FLOODER show 1 >/dev/null
	done
	most=$((60 + SECONDS - from + 2))
	probe_exact || return
	rows=$(readings 'count(*)' "uid = $FLOODER")
	echo "$rows rows of 200 readings, at most $most"
	[ "$rows" -ge 60 ] && [ "$rows" -le "$most" ]
}

# The count is a row at the latest when the logger stops.
flood_is_whole()
{
	equal readings 200 "$(readings 'sum(reads)' "uid = $FLOODER")"
}

# Nobody is there: the answer is the same, and nothing is recorded.
nobody_records()
{
	local before
	before=$(readings 'count(*)' 1)
	tb_audit show 1 >/dev/null && [ ! -e "$(tb_db).reads" ] || return
	equal readings "$before" "$(readings 'count(*)' 1)"
}

# It goes on, and both loggers know of it.
outlived_is_recorded_twice()
{
	soon 2 'count(*)' "pid = $FOLLOW" || return
	kill "$FOLLOW"
	wait "$FOLLOW" 2>/dev/null || :
	soon 1 'count(to_ns)' "pid = $FOLLOW" || return
	equal states 'unknown done' "$(answer reads -o jsonl |
		jq -r "select(.pid == $FOLLOW) | .state" | xargs)"
}

copy_is_not_recorded()
{
	local before
	before=$(readings 'count(*)' 1)
	mkdir "$TB_DIR/copy"
	cp "$(tb_db)"* "$TB_DIR/copy" || :
	"$TB_BUILD/bridgeaudit" --db "$TB_DIR/copy/audit.db" show 1 \
		>/dev/null || return
	none_since "$before"
}

is_shown()
{
	answer reads --user $MEMBER | grep -q "^20.* $MEMBER .*log --to-port" &&
		answer status | grep -q '^reads .* in 24 hours, the last by ' &&
		answer report -o json | jq -e '.sections[] |
			select(.id == "access").rows | map(.reads) | add > 200' \
			>/dev/null
}

switched_off_is_said()
{
	local config=$TB_DIR/off.conf
	echo 'record_reads = no' >"$config"
	tb_logger_start --config "$config" || return
	[ ! -e "$(tb_db).reads" ] || return
	answer status | grep 'reads: who reads the log is not recorded'
}

test_variant()
{
	seed
	tb_logger_start
	# The checkout may be where nobody else can go.
	install -D "$TB_BUILD/bridgeaudit" "$TB_DIR/bin/bridgeaudit"
	send_udp web "$DB4" 7100 3000
	recorded 3000 '.dst_port == 7100'
	check 'a member of the group is recorded, with what he asked' \
		member_is_recorded
	check 'who is none reads nothing and says nothing' stranger_is_not
	check 'root is recorded' root_is_recorded
	check 'and who became root' login_is_recorded
	check 'who breaks off is recorded' broken_off_is_recorded
	check 'and who is killed' killed_is_recorded
	check 'a flood is counted, and no packet is lost' flood_is_counted
	check 'a copy tells nobody' copy_is_not_recorded
	tb_bound "$TB_BUILD/bridgeaudit" --db "$(tb_db)" follow --cursor 1 \
		>/dev/null 2>&1 &
	FOLLOW=$!
	check 'who follows is recorded when he begins' \
		soon 1 'to_ns IS NULL' "pid = $FOLLOW"
	check 'the logger stops while somebody reads' tb_logger_stop
	check 'nothing of a flood is forgotten' flood_is_whole
	check 'without a logger all is answered, and not recorded' \
		nobody_records
	check 'the logger starts again' tb_logger_start
	check 'who still follows is recorded by this one, too' \
		outlived_is_recorded_twice
	check 'and it records again' root_is_recorded
	check 'all of it is shown' is_shown
	check 'the logger stops again' tb_logger_stop
	check 'and is proven' tb_audit verify
	check 'that it is switched off is said' switched_off_is_said
}

check_main
