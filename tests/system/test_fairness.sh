#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One network floods, another sends a little, and the recorder runs only now and
# then: the flood's packets that can't be written are counted to the packet, and
# of the other network each packet is a row.
set -euo pipefail
# shellcheck source=tests/system/testbed.sh
. "$(dirname "$0")/testbed.sh"
# shellcheck source=tests/system/logger.sh
. "$(dirname "$0")/logger.sh"
# shellcheck source=tests/system/check.sh
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/system/loss.sh
. "$(dirname "$0")/loss.sh"

CALM='' CALM_SENDS='' FLOOD=''
HIGH=$((80 << 20)) LOW=$((8 << 20)) # of 128 MiB, as the kernel counts

# A second network with one sender. What comes from there has a counter of its
# own, in front of all other rules.
calm_start()
{
	tb_bound unshare --net sleep infinity &
	CALM=$!
	tb_wait 50 tb_own_net "$CALM"
	tb_net ip -batch - <<-END
	link add br-calm type bridge mcast_snooping 0
	addr add 10.77.3.1/24 dev br-calm
	link add vcalm type veth peer name eth0 netns $CALM
	link set vcalm master br-calm up
	link set br-calm up
	route add 10.128.0.0/9 dev br-back
	END
	nsenter -t "$CALM" -n ip -batch - <<-END
	addr add 10.77.3.2/24 dev eth0
	link set eth0 up
	route add default via 10.77.3.1
	END
	tb_net iptables-nft-restore --noflush <<-END
	*filter
	-I FORWARD -i br-calm
	-I DOCKER-ISOLATION-STAGE-1 -i br-calm ! -o br-calm -j DOCKER-ISOLATION-STAGE-2
	COMMIT
	END
}

# Two thousand a second, at most.
calm_sends()
{
	# shellcheck disable=SC2016
	(nsenter -t "$CALM" -n setpriv --pdeathsig KILL bash -c 'while :; do
		"$1" 10.77.2.2 7777 20; sleep 0.01; done' calm \
		"$TB_BUILD/tests/flood") &
	CALM_SENDS=$!
}

calm_sent()
{
	tb_save 4 -c -t filter |
		sed -n 's/^\[\([0-9]*\):.* -A FORWARD -i br-calm$/\1/p'
}

# Rows, and the packets that they are.
calm_rows()
{
	loss_sql "SELECT count(*), sum(e.packets) FROM event e
		JOIN conversation c ON c.id = e.conversation
		JOIN path p ON p.id = c.path JOIN interface i ON i.id = p.in_if
		WHERE i.name = 'br-calm'"
}

# Bytes that wait in the recorder's socket.
waits()
{
	# shellcheck disable=SC2016
	tb_net awk '$2 == 12 { n += $5 } END { print n + 0 }' /proc/net/netlink
}

is_high()
{
	[ "$(waits)" -gt "$HIGH" ]
}

is_low()
{
	[ "$(waits)" -lt "$LOW" ]
}

# More than half of the socket's buffer, and then the recorder's turn.
round()
{
	local recorder
	recorder=$(tb_recorder)
	kill -STOP "$recorder"
	tb_wait 2400 is_high || echo "only $(waits) bytes wait"
	kill -CONT "$recorder"
	tb_wait 2400 is_low || equal 'bytes that wait' "below $LOW" "$(waits)"
}

# flood_start ARG...: of flood
flood_start()
{
	(tb_outside setpriv --pdeathsig KILL "$TB_BUILD/tests/flood" "$@") &
	FLOOD=$!
}

# A background shell and its child.
quiet()
{
	[ -n "$1" ] || return 0
	pkill -KILL -P "$1" || :
	kill -KILL "$1" || :
	wait "$1" || :
} 2>/dev/null

counted()
{
	[ "$(loss_lost "WHERE cause = 'shed under load'")" -gt 0 ]
}

collapsed()
{
	[ "$(loss_sql 'SELECT max(packets) FROM event')" -gt 1 ]
}

# beside WHAT ARG...: of flood
beside()
{
	local what=$1 before
	shift
	before=$(calm_sent)
	flood_start "$@"
	calm_sends
	check "$what: more comes than can be written" round
	check "$what: and once more" round
	quiet "$FLOOD"
	quiet "$CALM_SENDS"
	FLOOD='' CALM_SENDS=''
	loss_flood 1 # whose number would tell of a loss
	check "$what: the sum closes" loss_closes
	check "$what: nothing is lost blindly" \
		equal lost 0 "$(loss_lost "WHERE cause <> 'shed under load'")"
	note "$what: $(loss_rows) packets in $(loss_sql 'SELECT count(*)
		FROM event') rows, $(loss_lost) counted"
	check "$what: of the other network each packet is a row" equal rows \
		"$(calm_sent)|$(calm_sent)" "$(calm_rows)"
	check "$what: and there were some" [ "$(calm_sent)" -gt "$before" ]
}

is_named()
{
	equal detail "$(loss_sql "SELECT packets || ' packets dropped by ' ||
		'DOCKER-ISOLATION-STAGE-2 -o br-back -j DROP that came in by ' ||
		'br-web and were more than could be written' FROM gap
		WHERE cause = 'shed under load' ORDER BY id DESC LIMIT 1")" \
		"$(loss_sql "SELECT detail FROM gap
		WHERE cause = 'shed under load' ORDER BY id DESC LIMIT 1")"
}

test_loss()
{
	calm_start
	loss_logger
	beside 'a flood' 10.77.2.2 7000 10000000
	check 'packets of the flood share rows' collapsed
	check 'and none was only counted' equal lost 0 "$(loss_lost)"
	beside 'a scan' 10.128.0.0 7000 10000000 8000000
	check 'of the scan some were only counted' counted
	check 'the ledger names where the flood came in' is_named
	check 'status says how many' loss_status \
		'shed under load: [1-9][0-9]* packets'
	check 'and when it was' loss_finding_came load \
		'%who sends most%' 'AND to_ns > from_ns'
	check 'the logger ends well' tb_logger_stop
	check 'its database is sound' loss_whole
}

test_stop()
{
	quiet "$FLOOD"
	quiet "$CALM_SENDS"
	quiet "$CALM"
}

loss_main
