#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A real swarm of one node: tasks on bridges of the swarm's have their names;
# tasks on overlay networks have them where their packets leave those, on
# docker_gwbridge; what stays on the overlay is not seen, and doctor says so.
# docs/swarm.md has the claims.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
# shellcheck source=tests/system/swarm.sh
. "$(dirname "$0")/swarm.sh"
: "${SUITES:=bookworm:nft forky:nft}"

# shellcheck disable=SC2034 # logger.sh's
TB_PROFILE=user,icc

service()
{
	local name=$1
	shift
	tb_docker service create --detach --no-resolve-image --name "$name" \
		"$@" box sleep 9d >/dev/null
}

network()
{
	tb_docker network create "$@" >/dev/null
}

services()
{
	network --scope swarm --driver bridge swb &&
		network --config-only --subnet 10.88.0.0/24 \
			-o com.docker.network.bridge.name=swcfg0 cfg &&
		network --scope swarm --driver bridge --config-from cfg swcfg &&
		service plain --network swb &&
		service cfgd --network swcfg || return
	! has_vxlan || {
		network --driver overlay ov &&
			service app --network ov --endpoint-mode dnsrr \
				--replicas 2
	}
}

# overlay TASK: its address there
overlay()
{
	tb_docker inspect -f '{{.NetworkSettings.Networks.ov.IPAddress}}' "$1"
}

between_tasks_is_said()
{
	between_tasks || return
	answer log -o text --port 6901 >"$TB_DIR/sentence"
	grep -q 'app\.1 (.* tried udp port 6901 of app\.2 (' \
		"$TB_DIR/sentence" ||
		grep -q 'app\.2 (.* tried udp port 6901 of app\.1 (' \
			"$TB_DIR/sentence" || return
	grep -q 'docker service update --network-add' "$TB_DIR/sentence"
}

to_the_gateway()
{
	send_udp web "$(gateway "$(task app)")" 6902
	recorded 1 ".dst_port == 6902 and .verdict == \"drop\" and
		.chain == \"$(first_chain)\" and .src_container == \"web\" and
		.dst_container == \"$(task app)\""
}

# It arrives, and no rule saw it.
on_the_overlay()
{
	tb_in "$(task app 2)" timeout 20 nc -u -l -p 6903 \
		>"$TB_DIR/arrived" 2>/dev/null &
	local nc=$!
	tb_wait 100 arrived
	kill "$nc" 2>/dev/null || :
	wait "$nc" 2>/dev/null || :
	[ -s "$TB_DIR/arrived" ] || return
	equal 'rows' 0 "$(events_where '.dst_port == 6903')"
}

arrived()
{
	send_udp "$(task app)" "$(overlay "$(task app 2)")" 6903
	[ -s "$TB_DIR/arrived" ]
}

blind()
{
	tb_audit_beside doctor >"$TB_DIR/doctor" 2>&1 || :
	grep -q 'blind .*overlay networks, 2: .*ingress' "$TB_DIR/doctor"
}

by_service()
{
	answer matrix --by service -o jsonl >"$TB_DIR/matrix" || return
	grep -q '"src_service":"plain"' "$TB_DIR/matrix" || return
	equal 'packets of cfgd' 1 \
		"$(answer log -o jsonl --from-service cfgd | wc -l)"
}

overlay_checks()
{
	check 'a task on an overlay network has its name where it leaves it' \
		on_the_gateway
	check 'a drop between two tasks names both' between_tasks_is_said
	check 'a drop to a task names it' to_the_gateway
	check 'what stays on the overlay is not seen' on_the_overlay
	check 'doctor says so' blind
}

test_variant()
{
	seed
	tb_docker swarm init --advertise-addr "$TB_HOST4" \
		>"$TB_DIR/swarm" 2>&1 || {
		skip 'a swarm' "$(tail -n 1 "$TB_DIR/swarm")"
		return
	}
	check 'it has networks and services' services
	tb_logger_start --profile drops,published,user,icc
	tb_wait 900 running plain 1 && tb_wait 300 running cfgd 1
	check 'every audited rule is watched' tb_wait_covered 200
	check 'a task on a bridge of the swarm has its service' \
		from "$(task plain)" plain swb "$(tb_bridge swb)"
	check 'and where that takes over a configuration of the host' \
		from "$(task cfgd)" cfgd swcfg swcfg0
	check 'names of services can be asked for' by_service
	if has_vxlan; then
		tb_wait 300 running app 2
		overlay_checks
	else
		skip 'overlay networks' 'the kernel has no vxlan'
	fi
	check 'the log has as many packets of each rule as the kernel' tb_exact
	check 'it ends cleanly' tb_logger_stop
}

check_main
