#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The clock is set forth by an hour, back by two and forth again while packets
# are recorded: none is lost or lost count of, their order is that of their
# ids, a window of time has what came when the clock showed it, and status
# tells of it. The clock is the logger's only (clock.c): a host's is nobody's
# to set.
set -euo pipefail
# shellcheck source=tests/system/testbed.sh
. "$(dirname "$0")/testbed.sh"
# shellcheck source=tests/system/logger.sh
. "$(dirname "$0")/logger.sh"
# shellcheck source=tests/system/check.sh
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/system/loss.sh
. "$(dirname "$0")/loss.sh"

# In place: the file is mapped.
clock_is()
{
	printf '%-16d' "$1" 1<>"$TB_DIR/clock"
}

has_port()
{
	[ "$(loss_sql "SELECT count(*) FROM conversation
		WHERE service & 65535 = $1")" = 1 ]
}

# The clock was set, and then a packet to a port of its own. It is waited for:
# its time is of the clock when it is read.
step()
{
	clock_is "$1"
	sleep 1
	loss_flood 1 "$2"
	tb_wait 300 has_port "$2"
}

ports_by()
{
	loss_sql "SELECT group_concat(port) FROM (SELECT c.service & 65535 AS port
		FROM event e JOIN conversation c ON c.id = e.conversation
		WHERE port BETWEEN 9000 AND 9009 ORDER BY $1)"
}

# window FROM TO: ports in so many seconds after the start
window()
{
	tb_events -S "$(date -ud "@$((START + $1))" +%FT%TZ)" \
		-U "$(date -ud "@$((START + $2))" +%FT%TZ)" \
		--where 'port 9000-9009' | jq -r .dst_port | paste -sd,
}

clock_found()
{
	loss_finding_came clock "$1" "${2:-}"
}

test_loss()
{
	clock_is 0
	"${CC:-cc}" -std=gnu17 -O2 -D_GNU_SOURCE -shared -fPIC \
		-o "$TB_DIR/clock.so" "$TB_SRC/clock.c" -lmnl
	START=$(date +%s)
	TEST_CLOCK=$TB_DIR/clock LD_PRELOAD=$TB_DIR/clock.so loss_logger
	loss_trickle
	step 0 9000
	step 3600 9001
	check 'set forth by an hour: a finding' \
		clock_found 'it was set forth by 3600 seconds, from about 2%'
	step -3600 9002
	check 'set back by two: another' \
		clock_found 'it was set back by 7200 seconds, from about 2%'
	step 0 9003
	check 'and forth again: the last one is open' clock_found \
		'it was set forth by 3600 seconds, from about 2%' 'AND to_ns IS NULL'
	check 'status tells of it' loss_status 'clock: it was set forth by 3600'
	loss_quiet
	check 'the sum closes' loss_closes
	check 'with nothing lost' equal lost 0 "$(loss_lost)"
	check 'ids are in the order of what came' equal ports \
		9000,9001,9002,9003 "$(ports_by e.id)"
	check 'times are those of the clock' equal ports \
		9002,9000,9003,9001 "$(ports_by e.time_ns)"
	check 'the window of the hour that was skipped has what came in it' \
		equal ports 9001 "$(window 1800 5400)"
	check 'and so has that of the hour that came again' \
		equal ports 9002 "$(window -5400 -1800)"
	check 'and that of the right time' \
		equal ports 9000,9003 "$(window -1800 1800)"
	check 'the logger ends well' tb_logger_stop
	check 'its database is sound' loss_whole
}

loss_main
