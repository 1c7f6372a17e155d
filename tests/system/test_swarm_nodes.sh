#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A swarm of two nodes, each an engine in a world of its own. The logger runs on
# the worker, whose API has neither services nor what of the swarm is not used
# there: tasks have their names and services all the same. docs/swarm.md has
# the claims.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
# shellcheck source=tests/system/swarm.sh
. "$(dirname "$0")/swarm.sh"
: "${SUITES:=forky:nft}"

# shellcheck disable=SC2034 # logger.sh's
TB_PROFILE=user,icc

MANAGER4=198.51.100.1 WORKER4=198.51.100.2
MANAGER_DIR='' MANAGER_PID='' MANAGER_UNSHARE='' MANAGER_OUT=''

# Whose world TB_* is about changes with each call.
swap()
{
	local dir=$TB_DIR pid=$TB_PID unshare=$TB_UNSHARE out=$TB_OUT
	TB_DIR=$MANAGER_DIR TB_PID=$MANAGER_PID
	TB_UNSHARE=$MANAGER_UNSHARE TB_OUT=$MANAGER_OUT
	MANAGER_DIR=$dir MANAGER_PID=$pid
	MANAGER_UNSHARE=$unshare MANAGER_OUT=$out
}

both_stop()
{
	swap
	tb_stop
	swap
	tb_stop
}

manager_stop()
{
	swap
	tb_stop
	swap
	trap tb_stop EXIT
}

manager_start()
{
	swap
	tb_start "$TB_VARIANT"
	swap
	trap both_stop EXIT
	tb_net ip link add node0 type veth peer name node0 netns "$MANAGER_PID"
	tb_net ip addr add "$WORKER4/24" dev node0
	tb_net ip link set node0 up
	nsenter -t "$MANAGER_PID" -n ip addr add "$MANAGER4/24" dev node0
	nsenter -t "$MANAGER_PID" -n ip link set node0 up
}

manager()
{
	nsenter -t "$MANAGER_PID" -m -p -n \
		docker -H unix:///run/docker.sock "$@"
}

# service NAME ROLE OPTION...: on nodes of that role
service()
{
	local name=$1 role=$2
	shift 2
	manager service create --detach --no-resolve-image --name "$name" \
		--constraint "node.role==$role" "$@" box sleep 9d >/dev/null
}

# Both nodes, networks and services; fails where one can't be.
swarm()
{
	local token
	manager swarm init --advertise-addr "$MANAGER4" >/dev/null || return
	token=$(manager swarm join-token -q worker)
	tb_docker swarm join --advertise-addr "$WORKER4" --token "$token" \
		"$MANAGER4:2377" || return
	manager network create --scope swarm --driver bridge swb >/dev/null
	service plain worker --network swb
	! has_vxlan || {
		manager network create --driver overlay ov >/dev/null
		service app worker --network ov --endpoint-mode dnsrr \
			--replicas 2
		service far manager --network ov --endpoint-mode dnsrr
	}
}

is_worker()
{
	! tb_docker service ls >/dev/null 2>&1 &&
		[ "$(tb_docker info -f '{{.Swarm.LocalNodeState}}')" = active ]
}

by_service()
{
	answer matrix --by service -o jsonl | grep -q '"src_service":"plain"'
}

test_variant()
{
	seed
	manager_start
	swarm >"$TB_DIR/swarm" 2>&1 || {
		skip 'a swarm of two nodes' "$(tail -n 1 "$TB_DIR/swarm")"
		manager_stop
		return
	}
	# the swarm's rules still come: covered is asked for below
	tb_logger_launch --profile drops,published,user,icc
	tb_wait 900 running plain 1
	check 'this node is no manager' is_worker
	check 'every audited rule is watched' tb_wait_covered 300
	check 'a task on a bridge of the swarm has its service' \
		from "$(task plain)" plain swb "$(tb_bridge swb)"
	check 'names of services can be asked for' by_service
	if has_vxlan; then
		tb_wait 300 running app 2
		check 'a task on an overlay network has its name' on_the_gateway
		check 'a drop between two tasks names both' between_tasks
	else
		skip 'overlay networks' 'the kernel has no vxlan'
	fi
	check 'the log has as many packets of each rule as the kernel' tb_exact
	check 'it ends cleanly' tb_logger_stop
	manager_stop
}

check_main
