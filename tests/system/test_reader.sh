#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Members of the database's group read it, while the logger runs and after.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"

# bridgeaudit as a user without any privilege: as_group GROUP VERB...
as_group()
{
	local group=$1
	shift
	setpriv --reuid 54321 --regid "$group" --clear-groups --inh-caps=-all \
		--bounding-set=-all --no-new-privs \
		"$TB_DIR/bin/bridgeaudit" --db "$(tb_db)" "$@"
}

# answers PATTERN VERB...: asked as a member of the group. 3 is an answer too:
# what passed before the rules were in place is not counted yet.
answers()
{
	local pattern=$1 status=0
	shift
	as_group "$(stat -c %g "$(tb_db)")" "$@" >"$TB_DIR/answer" || status=$?
	[ "$status" = 0 ] || [ "$status" = 3 ] || return "$status"
	grep -q -- "$pattern" "$TB_DIR/answer"
}

reads()
{
	answers '"dst_port"' log -o jsonl && answers front matrix &&
		answers '^database ' status
}

writes_nothing()
{
	equal 'files anybody may write' '' \
		"$(find "$TB_DIR/db" -type f -perm /022)"
}

test_variant()
{
	seed
	tb_logger_start
	probe
	# The checkout may be where nobody else can go.
	install -D "$TB_BUILD/bridgeaudit" "$TB_DIR/bin/bridgeaudit"
	check 'a member of the group reads while the logger runs' reads
	check 'the group can only read' writes_nothing
	check 'another user is refused in one line' \
		fails_with 5 'permission|not allowed|denied' as_group 54321 log
	check 'the logger stops' tb_logger_stop
	check 'a member of the group reads after it stopped' reads
}

check_main
