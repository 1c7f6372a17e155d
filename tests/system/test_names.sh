#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which container it was: also one that is gone, renamed, in several networks,
# has another's address, or writes one that is not its own; and that who is no
# container has no name. docs/names.md has the claims.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
: "${SUITES:=bookworm:nft forky:nft}"

both_sides()
{
	send_udp web "$DB4" 6001
	send_udp web "$DB6" 6001
	recorded 2 '.dst_port == 6001 and .src_container == "web" and
		.dst_container == "db" and (has("spoofed") | not)'
}

# A container of its own that sends and ends.
short_lived()
{
	# shellcheck disable=SC2016
	tb_docker run --rm --name brief --network front box sh -c \
		'i=0; while [ $i -lt 20 ]; do
			nc -w 1 "$0" 6002 </dev/null & i=$((i + 1))
			sleep 0.1; done' "$DB4"
	recorded 10 '.dst_port == 6002 and .src_container == "brief" and
		.dst_container == "db"'
	equal 'without a name' 0 \
		"$(events_where '.dst_port == 6002 and
			.src_container != "brief"')"
}

# One after the other has the same address.
address_again()
{
	local name
	for name in first second; do
		tb_run "$name" front --ip 10.77.1.99
		send_udp "$name" "$DB4" 6003 3
		recorded 3 ".dst_port == 6003 and .src_container == \"$name\""
		tb_docker rm -f "$name" >/dev/null
	done
	equal 'packets of the first' 3 "$(events_where \
		'.dst_port == 6003 and .src_container == "first"')"
	equal 'packets of the second' 3 "$(events_where \
		'.dst_port == 6003 and .src_container == "second"')"
}

ended()
{
	[ "$(sqlite3 "file:$(tb_db)?mode=ro" "SELECT count(*) FROM container
		WHERE name = '$1' AND to_ns IS NULL")" = 0 ]
}

renamed()
{
	tb_docker rename web shop
	tb_wait 300 ended web
	send_udp shop "$DB4" 6004
	recorded 1 '.dst_port == 6004 and .src_container == "shop"'
	equal 'what it was before' 2 "$(events_where \
		'.dst_port == 6001 and .src_container == "web"')"
	tb_docker rename shop web
	tb_wait 300 ended shop
}

# The address of nobody, and that of another container.
spoofed()
{
	tb_run liar front --cap-add NET_ADMIN
	tb_run honest front
	local other
	other=$(tb_ip4 honest)
	tb_in liar ip addr add 10.77.1.200/24 dev eth0
	tb_in liar ip addr add "$other/24" dev eth0
	send_from liar 10.77.1.200 6005
	send_from liar "$other" 6005
	recorded 1 ".dst_port == 6005 and .src_container == \"liar\" and
		.spoofed == 1 and .src_ip == \"10.77.1.200\""
	recorded 1 ".dst_port == 6005 and .src_container == \"liar\" and
		.spoofed == 1 and .src_ip == \"$other\""
	send_udp honest "$DB4" 6006
	recorded 1 '.dst_port == 6006 and .src_container == "honest" and
		(has("spoofed") | not)'
}

# send_from CONTAINER ADDRESS PORT: under that source address
send_from()
{
	tb_in "$1" ip route add "$DB4/32" via 10.77.1.1 src "$2"
	send_udp "$1" "$DB4" "$3"
	tb_in "$1" ip route del "$DB4/32"
}

# Three addresses of one container, each in its own network.
three_networks()
{
	local name number address
	tb_run hub front
	for name in third:4 fourth:5; do
		number=${name#*:} name=${name%:*}
		tb_network "$name" "$number"
		tb_docker network connect "$name" hub
	done
	for name in front:1 third:4 fourth:5; do
		number=${name#*:} name=${name%:*}
		address=$(tb_docker inspect -f \
			"{{(index .NetworkSettings.Networks \"$name\").IPAddress}}" \
			hub)
		tb_in hub ip route add "$DB4/32" via "10.77.$number.1"
		send_udp hub "$DB4" 6008
		tb_in hub ip route del "$DB4/32"
		recorded 1 ".dst_port == 6008 and .src_container == \"hub\" and
			.src_network == \"$name\" and .src_ip == \"$address\"" ||
			return
		[ "$name" = front ] && continue
		send_udp web "$address" 6009
		recorded 1 ".dst_port == 6009 and .dst_container == \"hub\" and
			.dst_network == \"$name\" and .src_container == \"web\"" ||
			return
	done
	equal 'spoofed' 0 "$(events_where \
		'(.dst_port == 6008 or .dst_port == 6009) and has("spoofed")')"
}

# No rule of Docker's sees what the host itself sends: there is no row, and
# so nobody else's name in one. Who comes from outside is an address.
host_and_outside()
{
	tb_net bash -c "echo host >/dev/udp/$DB4/6010"
	tb_outside ip route replace "$DB4/32" via "$TB_HOST4"
	tb_outside bash -c "echo outside >/dev/udp/$DB4/6011"
	send_udp web "$DB4" 6012
	recorded 1 '.dst_port == 6012' || return
	equal 'rows of the host' 0 "$(events_where '.dst_port == 6010')"
	# before Docker 28 nothing stops a client that knows the route
	equal 'names of who is outside' 0 "$(events_where '.dst_port == 6011 and
		(has("src_container") or has("src_network"))')"
	[ "$(first_chain)" != PREROUTING ] || recorded 1 ".dst_port == 6011 and
		.src_ip == \"$TB_CLIENT4\" and .dst_container == \"db\""
}

# Swarm says who a task is by the labels of its container.
swarm_task()
{
	tb_run task front --label com.docker.swarm.service.name=shop_api \
		--label com.docker.stack.namespace=shop
	send_udp task "$DB4" 6013
	recorded 1 '.dst_port == 6013 and .src_service == "shop_api" and
		.src_project == "shop"' || return
	equal 'found by service' 1 \
		"$(answer log -o jsonl --from-service shop_api | wc -l)"
}

restarted()
{
	tb_logger_stop
	tb_docker rm -f honest >/dev/null
	tb_logger_start
	send_udp web "$DB4" 6007
	recorded 1 '.dst_port == 6007 and .src_container == "web" and
		.dst_container == "db"'
	tb_wait 300 ended honest
	equal 'rows of db, which was there all the time' 1 \
		"$(sqlite3 "file:$(tb_db)?mode=ro" \
			"SELECT count(*) FROM container WHERE name = 'db'")"
}

by_name()
{
	equal 'packets of brief' "$(events_where '.dst_port == 6002')" \
		"$(answer log -o jsonl --from-container brief | wc -l)"
	answer top --by container -o jsonl | grep -q '"src_container":"brief"'
	answer log -o text --spoofed | grep -q 'liar (.*not its address'
}

test_variant()
{
	seed
	tb_logger_start
	check 'both sides are named' both_sides
	check 'one that lived two seconds is named after its end' short_lived
	check 'an address used again has its owner of then' address_again
	check 'a renamed container has its name of then' renamed
	check 'who writes another source address is named' spoofed
	check 'a container in three networks is named in each' three_networks
	check 'the host and who is outside have no name' host_and_outside
	check 'a task of a swarm has its service' swarm_task
	check 'names go on after a restart of the logger' restarted
	check 'names can be asked for' by_name
	check 'it ends cleanly' tb_logger_stop
}

check_main
