#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker 28: what one network sends to a container of another dies in raw
# PREROUTING, before routing; the rest in DOCKER-ISOLATION-STAGE-2.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
SUITES=forky

RAW='.verdict == "drop" and .chain == "PREROUTING"'
STAGE2='.verdict == "drop" and .chain == "DOCKER-ISOLATION-STAGE-2"'
INSIDE='.verdict == "drop" and .chain == "DOCKER-ISOLATION-STAGE-1"'

# In raw there is no out interface, and the network is known all the same.
direct_access()
{
	recorded 3 "$RAW and .src_network == \"front\" and
		.dst_network == \"back\" and .in_if == \"$(tb_bridge front)\"
		and .dst_ip == $1 and .proto == \"tcp\" and .dst_port == 3306
		and (has(\"out_if\") | not)"
}

# A packet from outside straight at a container's address.
from_outside()
{
	tb_outside bash -c "echo packet >/dev/udp/$DB4/7000"
	recorded 1 "$RAW and .in_if == \"eth0\" and .dst_network == \"back\"
		and .dst_port == 7000"
}

# Of db, and of web, for IPv4 and IPv6.
all_in_place()
{
	tb_audit rules -o jsonl 2>/dev/null | jq -e -s '
		all(.[]; .state == "in place") and
		(map(select(.chain == "PREROUTING")) | length) == 4' >/dev/null
}

ready()
{
	tb_wait 100 all_in_place && return
	tb_audit rules
	return 1
}

as_before()
{
	diff "$1" <(tb_ruleset)
}

tb_ruleset()
{
	local family
	for family in 4 6; do
		tb_save "$family" | sed -e '/^#/d' -e 's/ \[[0-9:]*\]$//'
	done
}

test_variant()
{
	local before
	seed
	seed_inside
	tb_ruleset >"$TB_DIR/before"
	before=$TB_DIR/before
	tb_logger_launch
	check 'every audited rule of Docker 28 has its twin' ready

	send_tcp web "$DB4" 3306 & local four=$!
	send_tcp web "$DB6" 3306 & local six=$!
	wait "$four" "$six"
	check 'a connection to a container of another network, IPv4' \
		direct_access "\$db4"
	check 'a connection to a container of another network, IPv6' \
		direct_access "\$db6"
	check 'a packet from outside straight at a container' from_outside
	# Nobody has these addresses, so only the network's own rule stops it.
	send_udp web 10.77.2.99 53
	send_udp web fd77:2::99 53
	check 'an address that is no container is stopped in STAGE-2' \
		recorded 2 "$STAGE2 and .dst_network == \"back\""
	send_udp web "$VAULT4" 53
	send_udp vault "$DB4" 53
	check 'into an internal network is a drop' recorded 1 \
		"$INSIDE and .dst_ip == \$vault4"
	tb_outside timeout 3 bash -c "exec 3<>/dev/tcp/$TB_HOST4/8080" || :
	check 'a client outside at a published port is let in' recorded 1 \
		'.verdict == "accept" and .chain == "DOCKER" and
			.in_if == "eth0" and .dst_port == 80'
	check 'the log has as many packets of each rule as the kernel' tb_exact
	check 'nothing was lost' tb_audit status
	tb_docker rm -f db >/dev/null
	tb_run db back
	DB4=$(tb_ip4 db)
	check 'a container made while it runs is watched' probe
	tb_docker rm -f db >/dev/null
	tb_run db back -p 8080:80
	check 'the logger stops' tb_logger_stop
	check 'and the ruleset is what it was' as_before "$before"
}

check_main
