# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tasks of a swarm on this engine, and what the log should say about their
# packets. Services are plain, on a bridge network, and app, two tasks on an
# overlay network.

# A registry is asked for a task's image first; that fails at once, not after
# the ten seconds of a name server that is not there.
export HTTPS_PROXY=http://127.0.0.1:9

has_vxlan()
{
	tb_net ip link add probe0 type vxlan id 9 dstport 4790 2>/dev/null &&
		tb_net ip link del probe0
}

# tasks SERVICE: the names of those that run
tasks()
{
	tb_docker ps --format '{{.Names}}' \
		--filter "label=com.docker.swarm.service.name=$1" | sort
}

task()
{
	tasks "$1" | sed -n "${2:-1}p"
}

running()
{
	[ "$(tasks "$1" | wc -l)" = "$2" ]
}

# gateway TASK: its address on docker_gwbridge
gateway()
{
	tb_in "$1" ip -json route get "$TB_CLIENT4" | jq -r '.[0].prefsrc'
}

# from TASK SERVICE NETWORK BRIDGE: a packet of it to db has these names
from()
{
	PORT=$((${PORT:-7000} + 1))
	send_udp "$1" "$DB4" "$PORT"
	recorded 1 ".dst_port == $PORT and .src_container == \"$1\" and
		.src_service == \"$2\" and .src_network == \"$3\" and
		.in_if == \"$4\" and .dst_container == \"db\""
}

# Docker announces nobody there, so the first packets may be faster than the
# list that has him; the next ones are not.
known()
{
	send_udp "$1" "$DB4" 6900
	seen_at_least 1 ".dst_port == 6900 and .src_container == \"$1\""
}

on_the_gateway()
{
	tb_wait 100 known "$(task app)" && tb_wait 100 known "$(task app 2)" &&
		from "$(task app)" app docker_gwbridge docker_gwbridge
}

# docker_gwbridge is made with icc=false.
between_tasks()
{
	send_udp "$(task app)" "$(gateway "$(task app 2)")" 6901
	recorded 1 ".dst_port == 6901 and .verdict == \"drop\" and
		.src_container == \"$(task app)\" and
		.dst_container == \"$(task app 2)\" and
		.src_network == \"docker_gwbridge\" and
		.dst_network == \"docker_gwbridge\""
}
