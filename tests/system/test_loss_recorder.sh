#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A recorder that is too slow: held up, held up again and again, held up until
# nothing comes any more. The kernel's counter is rows and gaps, to the packet.
set -euo pipefail
# shellcheck source=tests/system/testbed.sh
. "$(dirname "$0")/testbed.sh"
# shellcheck source=tests/system/logger.sh
. "$(dirname "$0")/logger.sh"
# shellcheck source=tests/system/check.sh
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/system/loss.sh
. "$(dirname "$0")/loss.sh"

FLOOD=1300000 # more than the socket's buffer holds

# Whether the kernel dropped more from the recorder's socket than so many.
dropped()
{
	# shellcheck disable=SC2016
	tb_net awk -v least="$1" '$2 == 12 { n += $9 }
		END { exit !(n > least) }' /proc/net/netlink
}

# Its buffer full, the recorder runs a little now and then: many gaps.
stumble()
{
	local recorder flood i
	recorder=$(tb_recorder)
	kill -STOP "$recorder"
	loss_flood 10000000 &
	flood=$!
	tb_wait 600 dropped 0
	for ((i = 0; i < 20; i++)); do
		kill -CONT "$recorder"
		sleep 0.005
		kill -STOP "$recorder"
		sleep 0.05
	done
	pkill -KILL -P "$flood" || :
	wait "$flood" 2>/dev/null || :
	kill -CONT "$recorder"
	loss_flood 1 # whose number tells of the last loss
}

# Held up until nothing comes any more, so that no number tells of the loss. The
# last message may be so small that it fits where the full ones did not: then
# once more.
lose_the_end()
{
	local recorder i
	recorder=$(tb_recorder)
	for ((i = 0; i < 4; i++)); do
		kill -STOP "$recorder"
		loss_flood "$FLOOD"
		sleep 2 # what the kernel held back is dropped, too
		kill -CONT "$recorder"
		loss_closes || return
		! loss_cause 'counter%' >/dev/null || break
	done
}

# What the lines of losses by number say in sum.
said()
{
	tb_logged | sed -n \
		's/.*: \([0-9]*\) packets lost in the kernel before.*/\1/p' |
		awk '{ n += $1 } END { print n + 0 }'
}

all_said()
{
	[ "$(said)" = "$(loss_lost "WHERE cause = 'lost in the kernel'")" ]
}

# The next line comes when the pause after the last one is over.
lines_tell_all()
{
	local lines
	tb_wait 300 all_said || equal 'packets that the log tells of' \
		"$(loss_lost "WHERE cause = 'lost in the kernel'")" "$(said)"
	lines=$(tb_logged | grep -c 'lost in the kernel before') || :
	echo "$lines lines"
	[ "$lines" -le 3 ]
}

test_loss()
{
	local lost
	loss_logger
	loss_flood 100000
	check 'a flood that the recorder can follow is recorded whole' \
		loss_closes
	check 'with nothing lost' equal lost 0 "$(loss_lost)"

	stumble
	check 'a recorder that stumbles under a flood: the sum closes' \
		loss_closes
	check 'something was lost' loss_cause 'lost in the kernel'
	check 'few lines tell of all gaps' lines_tell_all

	check 'the last packets lost, and none after them: the sum closes' \
		lose_the_end
	check 'the counters told of it' loss_cause 'counter%'
	check 'the logger ends well after that' tb_logger_stop
	check 'and its end tells of it no second time' equal \
		'gaps without a number' '' \
		"$(loss_sql 'SELECT * FROM gap WHERE packets IS NULL')"

	loss_logger
	lost=$(loss_lost)
	loss_trickle
	"$TB_BUILD/tests/rebind" "$(tb_recorder)" 4242 500
	sleep 0.5
	loss_quiet
	check 'a group taken away and bound anew: the sum closes' loss_closes
	check 'with what came in between' test "$(loss_lost)" -gt "$lost"
	check 'status says how many' loss_status "$(loss_lost)"
	check 'the logger ends well' tb_logger_stop
	check 'its database is sound' loss_whole
}

loss_main
