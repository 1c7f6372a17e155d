#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker's socket absent, hanging or talking nonsense: packets are recorded
# all the same, and names come when it does.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"

SOCKET_SERVER=''

server_stop()
{
	local child
	[ -n "$SOCKET_SERVER" ] || return 0
	# It must not start another one meanwhile.
	kill -STOP "$SOCKET_SERVER" 2>/dev/null || :
	for child in $(ps -o pid= --ppid "$SOCKET_SERVER"); do
		kill "$child" 2>/dev/null || :
	done
	kill -KILL "$SOCKET_SERVER" 2>/dev/null || :
	wait "$SOCKET_SERVER" 2>/dev/null || :
	rm -f "$TB_DIR/odd.sock"
	SOCKET_SERVER=''
}

# Answers every request with the same bytes.
server_answering()
{
	(while :; do
		# shellcheck disable=SC2059
		printf "$1" | tb_bound_child nc.openbsd -lU -q 1 \
			"$TB_DIR/odd.sock" >/dev/null
		rm -f "$TB_DIR/odd.sock"
	done) 2>/dev/null &
	SOCKET_SERVER=$!
	tb_wait 50 tb_has "$TB_DIR/odd.sock"
}

server_hanging()
{
	(tb_bound nc.openbsd -lkU "$TB_DIR/odd.sock" < <(exec sleep 1d) \
		>/dev/null) &
	SOCKET_SERVER=$!
	tb_wait 50 tb_has "$TB_DIR/odd.sock"
}

tb_bound_child()
{
	setpriv --pdeathsig KILL "$@"
}

# What must hold whatever is behind the socket.
survives()
{
	tb_wait_covered && probe && sleep 1 && probe && tb_logger_alive
}

# Logged, but not again and again.
not_noisy()
{
	local lines
	lines=$(tb_logged | wc -l)
	[ "$lines" -lt 40 ] && return
	echo "$lines lines were logged"
	return 1
}

with_socket()
{
	tb_logger_start --docker-socket "$TB_DIR/odd.sock"
	check "$1: the logger covers and records" survives
	check "$1: it says so, not over and over" not_noisy
	check "$1: it stops when told" tb_logger_stop
	server_stop
}

# Recorded before Docker had announced anybody, by what the kernel alone tells;
# the row gets its names when Docker does.
nameless_before()
{
	EARLY=$((PROBE + 1)) PROBE=$EARLY
	send_udp web "$DB4" "$EARLY"
	recorded 1 ".dst_port == $EARLY and .in_if == \"$(tb_bridge front)\" and
		(has(\"src_container\") or has(\"src_network\") | not)"
}

names_come()
{
	ln -s docker.sock "$TB_DIR/run/later.sock"
	PROBE=$((PROBE + 1))
	tb_wait 300 named
}

named_afterwards()
{
	recorded 1 ".dst_port == $EARLY and .src_container == \"web\" and
		.dst_container == \"db\""
}

named()
{
	send_udp web "$DB4" "$PROBE"
	sleep 0.3
	seen_at_least 1 ".dst_port == $PROBE and .dst_network == \"back\""
}

test_variant()
{
	seed
	PROBE=20000
	with_socket 'no socket'
	server_answering 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"Id":[}]'
	with_socket 'malformed JSON'
	server_answering 'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n[1,null,{},"a"]'
	with_socket 'JSON of the wrong shape'
	server_answering '\001\002\377 what?\n\n\n'
	with_socket 'no HTTP at all'
	server_hanging
	with_socket 'a socket that never answers'

	tb_logger_start --docker-socket "$TB_DIR/run/later.sock"
	check 'without Docker bridges and addresses are recorded' nameless_before
	check 'names come when Docker does' names_come
	check 'also for what was recorded before' named_afterwards
}

check_main
