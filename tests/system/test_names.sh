#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which container it was: also one that is gone, renamed, has another's
# address, or writes one that is not its own.
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
		recorded 1 ".dst_port == 6003 and .src_container == \"$name\""
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
	tb_wait 50 ended web
	send_udp shop "$DB4" 6004
	recorded 1 '.dst_port == 6004 and .src_container == "shop"'
	equal 'what it was before' 2 "$(events_where \
		'.dst_port == 6001 and .src_container == "web"')"
	tb_docker rename shop web
	tb_wait 50 ended shop
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

restarted()
{
	tb_logger_stop
	tb_docker rm -f honest >/dev/null
	tb_logger_start
	send_udp web "$DB4" 6007
	recorded 1 '.dst_port == 6007 and .src_container == "web" and
		.dst_container == "db"'
	tb_wait 50 ended honest
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
	check 'names go on after a restart of the logger' restarted
	check 'names can be asked for' by_name
	check 'it ends cleanly' tb_logger_stop
}

check_main
