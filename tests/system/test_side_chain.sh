#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The twins of DOCKER-ISOLATION-STAGE-2 in a chain of ours: however bridges are
# named, whoever has a rule between Docker's, and whenever a network was made,
# each packet is one event of the very rule that dropped it.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"

# Only where there is that chain.
: "${SUITES:=bookworm trixie:nft}"

STAGE=DOCKER-ISOLATION-STAGE-2
SIDE=bridgeaudit-stage-2

# The rules of a chain: chain 4|6 CHAIN
chain()
{
	tb_save "$1" -t filter | grep -- "^-A $2 " || :
}

# How many of ours stand in STAGE-2 itself, and in our chain, for IPv4.
ours()
{
	equal 'rules of ours in STAGE-2' "$1" \
		"$(chain 4 "$STAGE" | grep -c bridgeaudit)" || return
	equal 'twins in our chain' "$2" "$(chain 4 "$SIDE" | grep -c NFLOG)"
}

# named NETWORK BRIDGE NUMBER: with that name for its bridge, and a container
named()
{
	tb_docker network create --subnet "10.77.$3.0/24" \
		-o "com.docker.network.bridge.name=$2" "$1" >/dev/null &&
		tb_run "in-$1" "$1"
}

send_to()
{
	PROBE=$((${PROBE:-20000} + 1))
	send_udp web "$(tb_ip4 "in-$1")" "$PROBE"
}

# to NETWORK BRIDGE: a packet there is one event of that bridge's rule
to()
{
	tb_wait_covered 300 && exact 1 send_to "$1" || return
	equal rule "$STAGE -o $2 -j DROP" "$(tb_events |
		jq -r "select(.id > $SINCE) | .chain + \" \" + .rule")"
}

# between -I|-D: somebody's rule, that lets port 9 through, between Docker's
between()
{
	local second
	second=$(chain 4 "$STAGE" | grep -n -- '-o br-.* -j DROP' |
		sed -n '2s/:.*//p')
	[ "$1" = -D ] && second=''
	# shellcheck disable=SC2086
	tb_world iptables -w "$1" "$STAGE" $second -p udp --dport 9 -j ACCEPT
}

no_side()
{
	[ "$(chain 4 "$SIDE" | grep -c NFLOG)" = 0 ]
}

# While it is there, what it lets through is nobody's drop. That the logger has
# seen it is waited for: iptables-legacy is looked at every second.
let_through()
{
	tb_wait 150 no_side && tb_wait_covered 300 || return
	send_udp web "$DB4" 9
	send_udp db "$(tb_ip4 web)" 9
	probe_exact "$STAGE" || return
	equal 'drops of port 9' 0 \
		"$(events_where '.dst_port == 9 and .verdict == "drop"')"
}

added_while_down()
{
	tb_logger_kill
	tb_network late 9 && tb_run in-late late || return
	tb_logger_start && to late "$(tb_bridge late)"
}

without_docker0()
{
	tb_dockerd_stop && tb_dockerd_start --bridge none || return
	TB_DOCKERD=() # the next variant's has docker0 again
	tb_docker start web db in-odd >/dev/null || return
	tb_wait_covered 300 || return
	equal 'rules of docker0' '' "$(chain 4 "$STAGE" | grep docker0)" || :
	DB4=$(tb_ip4 db) DB6=$(tb_ip6 db)
	probe_exact "$STAGE" && to odd x
}

removed()
{
	tb_logger_kill
	tb_audit_beside rules remove && no_rules
}

test_variant()
{
	seed
	tb_logger_start
	check 'packets are recorded exactly' probe_exact "$STAGE"
	check 'two networks have twins in our chain, docker0 its own' ours 2 2
	named odd x 11
	named dashed br-my-net 12
	named longest br-abcdefghijkl 13
	check 'a bridge of another name' to odd x
	check 'a name with dashes' to dashed br-my-net
	check 'a name of 15 bytes' to longest br-abcdefghijkl
	check 'only those that begin with br- stand in our chain' ours 3 4

	between -I
	check 'a rule of somebody between them: exact' let_through
	check 'no chain of ours, a twin before each rule' ours 6 0
	between -D
	check 'it is gone: exact' probe_exact "$STAGE"
	check 'our chain is back' ours 3 4
	check 'a network made while the logger was down' added_while_down
	check 'without docker0' without_docker0
	check 'without docker0 two rules of ours stand there' ours 2 5
	check 'a killed logger leaves nothing that can not be removed' removed
}

check_main
