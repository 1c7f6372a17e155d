#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A connection that Docker lets in through a published port is recorded as
# accepted, once, at the container's own address.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
: "${SUITES:=bookworm trixie}"

ACCEPT='.verdict == "accept" and .chain == "DOCKER" and .in_if == "eth0"
	and .dst_network == "back" and .dst_port == 80 and .proto == "tcp"'

# What the client outside reads from the container: ask ADDRESS
ask()
{
	# shellcheck disable=SC2016
	tb_outside timeout 5 bash -c '
		exec 3<>"/dev/tcp/$1/8080" && head -n 1 <&3' ask "$1"
}

listening()
{
	tb_in "$1" ss -ltnH "sport = :$2" | grep -q .
}

test_variant()
{
	seed
	tb_docker exec -d db nc -ll -p 80 -e echo hello
	tb_wait 50 listening db 80
	tb_logger_start

	check 'a client outside reaches the published port, IPv4' \
		equal answer hello "$(ask "$TB_HOST4")"
	check 'a client outside reaches the published port, IPv6' \
		equal answer hello "$(ask "$TB_HOST6")"
	check 'it is recorded as accepted, IPv4' recorded 1 "$ACCEPT and
		.src_ip == \"$TB_CLIENT4\" and .dst_ip == \$db4"
	check 'it is recorded as accepted, IPv6' recorded 1 "$ACCEPT and
		.src_ip == \"$TB_CLIENT6\" and .dst_ip == \$db6"
	check 'each connection is one event' equal events 2 \
		"$(events_where true)"
	check 'a source outside Docker has no network' equal events 0 \
		"$(events_where 'has("src_network")')"
	check 'the log has as many packets of each rule as the kernel' tb_exact
	tb_docker stop -t 1 db >/dev/null
	tb_docker start db >/dev/null
	check 'covered again when the container was started anew' \
		tb_wait_covered
	check 'the counters start anew with the rule, the log goes on' \
		probe
}

check_main
