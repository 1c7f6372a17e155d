#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who really sent it, when a container forges another one's MAC, address, or
# both: the veth that the packet came in by says so, wherever br_netfilter gives
# it; and where it doesn't, nothing is claimed. docs/veth.md has the claims.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
: "${SUITES:=bookworm:nft bookworm:legacy forky:nft}"

NOBODY=0a:00:00:00:00:99

# mac_of CONTAINER
mac_of()
{
	tb_docker inspect -f \
		'{{range .NetworkSettings.Networks}}{{.MacAddress}}{{end}}' "$1"
}

# The number of the host's end of its veth.
veth_of()
{
	tb_in "$1" ip -j link show eth0 | jq '.[0].link_index'
}

# forge CONTAINER MAC ADDRESS PORT [TO]
forge()
{
	local to=${5:-$DB4}
	tb_in "$1" "$TB_BUILD/tests/forge" eth0 "$2" \
		"$(tb_net ip -j link show "$FRONT" | jq -r '.[0].address')" \
		"$3" "$to" "$4"
}

# found PORT CONTAINER ADDRESS MAC SPOOFED HOW: the one event there is so, and
# show tells how it was found
found()
{
	local id
	recorded 1 ".dst_port == $1 and .src_container == \"$2\" and
		.src_ip == \"$3\" and .src_mac == \"$4\" and
		(.spoofed // 0) == $5" || return
	equal "events of port $1" 1 "$(events_where ".dst_port == $1")" ||
		return
	id=$(tb_events | jq -s "map(select(.dst_port == $1)) | .[0].id")
	equal 'how it was found' "$6" "$(answer show "$id" -o json |
		jq -r '.source.seen.by')"
}

# Every veth that can be known is. A packet of each container says so.
veths_known()
{
	local name port=7000
	for name in evil honest; do
		port=$((port + 1))
		send_udp "$name" "$DB4" "$port"
		[ "$(answer log -o jsonl --to-port "$port" |
			jq -r .src_container | head -n 1)" = "$name" ] &&
			sqlite3 "file:$(tb_db)?mode=ro" "SELECT 1 FROM endpoint
			e JOIN container c ON c.id = e.container WHERE
			e.port <> '' AND e.to_ns IS NULL AND
			c.name = '$name'" | grep -q 1 || return
	done
}

containers()
{
	tb_run evil front --cap-add NET_ADMIN --cap-add NET_RAW
	tb_run honest front
	EVIL4=$(tb_ip4 evil) HONEST4=$(tb_ip4 honest)
	EVIL6=$(tb_ip6 evil) HONEST6=$(tb_ip6 honest)
	EVIL_MAC=$(mac_of evil) HONEST_MAC=$(mac_of honest)
	FRONT=$(tb_bridge front)
	tb_wait 50 addresses_ready evil && tb_wait 50 addresses_ready honest
	tb_wait 100 veths_known
}

forged()
{
	forge evil "$HONEST_MAC" "$HONEST4" 6101
	forge evil "$EVIL_MAC" "$HONEST4" 6102
	forge evil "$NOBODY" "$EVIL4" 6103
	forge evil "$NOBODY" 10.77.1.200 6104
	forge evil "$HONEST_MAC" "$HONEST6" 6105 "$DB6"
	forge evil "$EVIL_MAC" "$EVIL4" 6106
	forge honest "$HONEST_MAC" "$HONEST4" 6107
	forge evil "$EVIL_MAC" "$HONEST6" 6108 "$DB6"
	forge evil "$NOBODY" "$EVIL6" 6109 "$DB6"
	forge evil "$NOBODY" fd77:1::200 6110 "$DB6"
	forge evil "$EVIL_MAC" "$EVIL6" 6112 "$DB6"
	found 6101 evil "$HONEST4" "$HONEST_MAC" 1 veth || return
	found 6102 evil "$HONEST4" "$EVIL_MAC" 1 veth || return
	found 6103 evil "$EVIL4" "$NOBODY" 1 veth || return
	found 6104 evil 10.77.1.200 "$NOBODY" 1 veth || return
	found 6105 evil "$HONEST6" "$HONEST_MAC" 1 veth || return
	found 6106 evil "$EVIL4" "$EVIL_MAC" 0 veth || return
	found 6107 honest "$HONEST4" "$HONEST_MAC" 0 veth || return
	found 6108 evil "$HONEST6" "$EVIL_MAC" 1 veth || return
	found 6109 evil "$EVIL6" "$NOBODY" 1 veth || return
	found 6110 evil fd77:1::200 "$NOBODY" 1 veth || return
	found 6112 evil "$EVIL6" "$EVIL_MAC" 0 veth
}

asked_for()
{
	equal 'spoofed' 8 "$(answer log -o jsonl --spoofed \
		--from-container evil | wc -l)" || return
	equal 'of that MAC' 2 "$(answer log -o jsonl --spoofed \
		--from-mac "$HONEST_MAC" | wc -l)" || return
	answer status | grep -q '^spoofed  *8 of the last' || return
	answer log -o text --spoofed | grep -q "evil ($HONEST4).*not its address"
}

# It has another veth then, and of newer engines another MAC; what the first
# one sent stays as it was.
restarted()
{
	local before
	before=$(veth_of evil)
	tb_docker restart -t 0 evil >/dev/null || return
	tb_wait 50 addresses_ready evil
	[ "$(veth_of evil)" != "$before" ] || return
	EVIL_MAC=$(mac_of evil) EVIL4=$(tb_ip4 evil)
	forge evil "$HONEST_MAC" "$HONEST4" 6111
	found 6111 evil "$HONEST4" "$HONEST_MAC" 1 veth || return
	found 6101 evil "$HONEST4" "$HONEST_MAC" 1 veth
}

# The first thing that it does; Docker tells of it later. Whose port that is is
# not known yet, but that it is not the one of whom it pretends to be.
first_thing()
{
	tb_docker create --name hasty --network front --cap-add NET_RAW box \
		>/dev/null
	tb_docker start hasty >/dev/null
	forge hasty "$HONEST_MAC" "$HONEST4" 6121
	found 6121 hasty "$HONEST4" "$HONEST_MAC" 1 veth
}

# Who shares the namespace of another container sends as that one.
shared()
{
	tb_docker run -d --name guest --network container:honest \
		--cap-add NET_RAW box >/dev/null
	forge guest "$EVIL_MAC" "$EVIL4" 6131
	found 6131 honest "$EVIL4" "$EVIL_MAC" 1 veth
}

# The number of a veth that is gone is given to another container's, which the
# kernel does not do by itself: who had it before is not named for it.
reused()
{
	local index mac pid
	index=$(veth_of hasty)
	tb_run late front --cap-add NET_RAW
	mac=$(mac_of late)
	pid=$(tb_docker inspect -f '{{.State.Pid}}' late)
	tb_docker rm -f hasty >/dev/null || return
	tb_in late ip link del eth0
	tb_net ip link add index "$index" name late0 address "$NOBODY" \
		type veth peer name eth0 address "$mac" \
		netns "/proc/$TB_PID/root/proc/$pid/ns/net" || return
	tb_net ip link set late0 master "$FRONT" up
	tb_in late ip link set eth0 up
	tb_wait 50 addresses_ready late
	equal 'the number' "$index" "$(veth_of late)" || return
	forge late "$HONEST_MAC" "$HONEST4" 6161
	recorded 1 '.dst_port == 6161' || return
	equal 'under who is gone' 0 "$(events_where '.dst_port == 6161 and
		.src_container == "hasty"')"
}

# Without br_netfilter no veth is told: the MAC decides, and says so.
not_told()
{
	forge evil "$EVIL_MAC" "$HONEST4" 6141
	forge evil "$HONEST_MAC" "$HONEST4" 6142
	forge evil "$NOBODY" "$HONEST4" 6143
	found 6141 evil "$HONEST4" "$EVIL_MAC" 1 mac || return
	found 6142 honest "$HONEST4" "$HONEST_MAC" 0 mac || return
	recorded 1 ".dst_port == 6143 and .src_mac == \"$NOBODY\" and
		(has(\"src_container\") | not)"
}

# What netlink alone tells.
without_docker()
{
	tb_logger_stop &&
		tb_logger_start --docker-socket "$TB_DIR/run/none.sock" ||
		return
	forge honest "$HONEST_MAC" "$HONEST4" 6151
	recorded 1 ".dst_port == 6151 and .src_mac == \"$HONEST_MAC\" and
		(has(\"src_container\") | not)" || return
	equal 'found by MAC' 1 "$(answer log -o jsonl --to-port 6151 \
		--from-mac "$HONEST_MAC" | wc -l)"
}

test_variant()
{
	seed
	tb_net sysctl -qw net.bridge.bridge-nf-call-ip{,6}tables=1
	tb_logger_start
	check 'the veths of containers become known' containers
	check 'each forged packet is shown under who sent it' forged
	check 'they can be asked for' asked_for
	check 'after a restart it is behind another veth' restarted
	check 'what it does first is not taken for another one' first_thing
	check 'who shares a namespace sends as its owner' shared
	check 'a number that is given again is not the one who had it' reused
	tb_net sysctl -qw net.bridge.bridge-nf-call-iptables=0
	check 'where no veth is told the MAC decides' not_told
	tb_net sysctl -qw net.bridge.bridge-nf-call-iptables=1
	check 'without Docker the MAC is there' without_docker
	check 'the log can be verified' answer verify
	check 'it ends cleanly' tb_logger_stop
}

check_main
