# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A world without a Docker engine: bridges as Docker makes them, "containers"
# that are bare network namespaces, and the rules of any generation of Docker's
# loaded into it. For generations that no distribution carries.
#
#   lab_start VARIANT        the bridges of LAB_NUMBER, LAB_CONTAINERS, a host
#                            outside ("out") and one on a trusted interface
#   lab_load GENERATION      a, b0, b1, b2, c: recorded rulesets; d: docker29.sh
#   lab_logger_start [OPTION...]  without a Docker socket
#   lab_packets FILE         sends a list (see packets.c), prints the result
#   lab_send_start RATE      sends $TB_DIR/list again and again, so many a second
#   lab_send_stop LEAST      what became of each packet is in $TB_DIR/result;
#                            fails when these are no more than LEAST
#   lab_rows                 what the log has, one row a line
#
# Sourced after testbed.sh, logger.sh and check.sh, whose names it uses.

# The networks that tests/data/rulesets/generate-generation.sh writes about:
# docker0 icc=false; be2... routed, 00c... nat-unprotected, backend0 with a
# custom name, 77e... and vault0 internal, vault0 with icc=false. The number is
# the subnet's.
declare -A LAB_NUMBER=(
	[docker0]=17 [br-b0a981d644bf]=144 [br-be2db5e852a0]=19
	[br-00c0ffee0001]=20 [backend0]=21 [docker_gwbridge]=22
	[br-77e01c2f9a3b]=30 [vault0]=31
)
# name bridge host
LAB_CONTAINERS='link1 docker0 2
link2 docker0 3
mysql br-b0a981d644bf 2
web br-b0a981d644bf 3
dns br-be2db5e852a0 2
open br-00c0ffee0001 2
back br-00c0ffee0001 3
sctp backend0 2
gw docker_gwbridge 2
safe br-77e01c2f9a3b 2
safe2 br-77e01c2f9a3b 3
vault vault0 2
vault2 vault0 3'
declare -A LAB_BRIDGE LAB_HOST
while read -r name bridge host; do
	# shellcheck disable=SC2034 # for whoever sources this
	LAB_BRIDGE[$name]=$bridge LAB_HOST[$name]=$host
done <<<"$LAB_CONTAINERS"

# lab_ip FAMILY BRIDGE HOST, lab_subnet FAMILY BRIDGE
lab_ip()
{
	if [ "$1" = 4 ]; then
		echo "172.${LAB_NUMBER[$2]}.0.$3"
	else
		echo "fd00:${LAB_NUMBER[$2]}::$3"
	fi
}

lab_subnet()
{
	if [ "$1" = 4 ]; then
		echo "172.${LAB_NUMBER[$2]}.0.0/16"
	else
		echo "fd00:${LAB_NUMBER[$2]}::/64"
	fi
}

lab_host_ip()
{
	if [ "$1" = 4 ]; then echo 192.0.2.1; else echo 2001:db8:2::1; fi
}

lab_mac()
{
	printf '02:00:00:00:%02x:%02x\n' "${LAB_NUMBER[$1]}" "$2"
}

# For ip -batch: the bridges, and of each container its wire and neighbours.
# All neighbours are permanent: nothing is sent but what a test sends.
lab_links()
{
	local bridge name host
	for bridge in "${!LAB_NUMBER[@]}"; do
		echo "link add $bridge address $(lab_mac "$bridge" 1)" \
			"type bridge mcast_snooping 0"
		echo "link set $bridge addrgenmode none"
		echo "addr add $(lab_ip 4 "$bridge" 1)/16 dev $bridge"
		echo "addr add $(lab_ip 6 "$bridge" 1)/64 dev $bridge nodad"
		echo "link set $bridge up"
		lab_neighbour "$bridge" "$bridge" 77 2
	done
	while read -r name bridge host; do
		echo "netns add $name"
		echo "link add v$name type veth peer name eth0 address" \
			"$(lab_mac "$bridge" "$host") netns $name"
		echo "link set v$name addrgenmode none"
		echo "link set v$name master $bridge up"
		lab_neighbour "$bridge" "$bridge" "$host" "$host"
	done <<<"$LAB_CONTAINERS"
	lab_wire out eth0 192.0.2 2001:db8:2:: 2
	lab_wire wg wg0 198.51.100 2001:db8:3:: 3
}

# lab_neighbour DEVICE BRIDGE HOST MAC-OF-HOST
lab_neighbour()
{
	local mac
	mac=$(lab_mac "$2" "$4")
	echo "neigh replace $(lab_ip 4 "$2" "$3") dev $1 lladdr $mac nud permanent"
	echo "neigh replace $(lab_ip 6 "$2" "$3") dev $1 lladdr $mac nud permanent"
}

# lab_wire NAME DEVICE PREFIX4 PREFIX6 NUMBER: a namespace on a wire of its own
lab_wire()
{
	echo "netns add $1"
	echo "link add $2 address 02:00:00:01:00:0$5 type veth" \
		"peer name eth0 address 02:00:00:02:00:0$5 netns $1"
	echo "link set $2 addrgenmode none"
	echo "addr add $3.1/24 dev $2"
	echo "addr add ${4}1/64 dev $2 nodad"
	echo "link set $2 up"
	echo "neigh replace $3.2 dev $2 lladdr 02:00:00:02:00:0$5 nud permanent"
	echo "neigh replace ${4}2 dev $2 lladdr 02:00:00:02:00:0$5 nud permanent"
}

# For ip -batch inside of a container.
lab_inside()
{
	local bridge=$1 host=$2 other=$((5 - $2))
	# without ARP it joins no multicast groups either
	echo "link set eth0 arp off addrgenmode none"
	echo "addr add $(lab_ip 4 "$bridge" "$host")/16 dev eth0"
	echo "addr add $(lab_ip 6 "$bridge" "$host")/64 dev eth0 nodad"
	echo "link set eth0 up"
	lab_neighbour eth0 "$bridge" 1 1
	lab_neighbour eth0 "$bridge" "$other" "$other"
	echo "route add default via $(lab_ip 4 "$bridge" 1)"
	echo "route add ::/0 via $(lab_ip 6 "$bridge" 1)"
}

# ... and of a host on a wire; 127.0.0.1 leads to the world from there.
lab_inside_wire()
{
	echo "link set eth0 addrgenmode none"
	echo "addr add $1.2/24 dev eth0"
	echo "addr add ${2}2/64 dev eth0 nodad"
	echo "link set eth0 up"
	echo "neigh replace $1.1 dev eth0 lladdr 02:00:00:01:00:0$3 nud permanent"
	echo "neigh replace ${2}1 dev eth0 lladdr 02:00:00:01:00:0$3 nud permanent"
	echo "route add default via $1.1"
	echo "route add ::/0 via ${2}1"
	echo "route add 127.0.0.1 via $1.1"
}

# CMD in the world's network and mount namespaces, where /run/netns is.
lab_world()
{
	nsenter -t "$TB_PID" -m -n "$@"
}

# A container never answers by itself: only what a test sends is on the wires.
lab_quiet()
{
	lab_world ip netns exec "$1" nft "table inet quiet {
		chain input { type filter hook input priority 0; policy drop; }
		}"
}

lab_settings()
{
	sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.conf.{all,default}.rp_filter=0 \
		net.ipv4.conf.{all,default}.send_redirects=0 \
		net.ipv4.conf.all.route_localnet=1 \
		net.bridge.bridge-nf-call-ip{,6}tables=1
}

lab_build()
{
	local name bridge host
	export -f lab_settings
	tb_net bash -c lab_settings
	lab_links | lab_world ip -batch -
	while read -r name bridge host; do
		lab_inside "$bridge" "$host" | lab_world ip -n "$name" -batch -
		lab_quiet "$name"
	done <<<"$LAB_CONTAINERS"
	lab_inside_wire 192.0.2 2001:db8:2:: 2 | lab_world ip -n out -batch -
	lab_inside_wire 198.51.100 2001:db8:3:: 3 | lab_world ip -n wg -batch -
	lab_world ip netns exec out sysctl -qw \
		net.ipv4.conf.all.route_localnet=1
	lab_quiet out
	lab_quiet wg
}

lab_ready()
{
	[ -e "$TB_DIR/run/ready" ]
}

# Its namespaces die with the one process that holds them.
lab_start()
{
	TB_VARIANT=$1
	TB_DIR=$(mktemp -d "${TMPDIR:-/tmp}/bridgeaudit-XXXXXX")
	trap tb_stop EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	chmod 755 "$TB_DIR"
	mkdir -p "$TB_DIR/run/netns"
	# shellcheck disable=SC2016
	tb_bound unshare --mount --net bash -c '
		mount --bind "$1/run" /run && ip link set lo up &&
		touch /run/ready && exec sleep infinity' world "$TB_DIR" &
	# shellcheck disable=SC2034 # tb_stop's
	TB_PID=$! TB_UNSHARE=$! TB_OUT=''
	tb_wait 100 lab_ready
	lab_build
}

# Why the lab can't run here, or nothing.
lab_missing()
{
	local tool
	if [ "$(id -u)" != 0 ]; then
		echo "needs root"
		return
	fi
	for tool in unshare nsenter setpriv ip nft sqlite3 iptables-save; do
		command -v "$tool" >/dev/null && continue
		echo "$tool is not installed"
		return
	done
}

# The set that Docker 28.0.0's rules look into: subnets that are not internal.
lab_ipset()
{
	local family=$1 bridge kind=inet
	[ "$family" = 4 ] || kind=inet6
	echo "create docker-ext-bridges-v$family hash:net family $kind"
	for bridge in "${!LAB_NUMBER[@]}"; do
		case $bridge in
		br-77e01c2f9a3b | vault0) continue ;;
		esac
		echo "add docker-ext-bridges-v$family" \
			"$(lab_subnet "$family" "$bridge")"
	done
}

# What the recorded rulesets don't hold: the swarm's DNAT; and packets to port
# 7 carry the mark that --bridge-accept-fwmark lets in.
lab_load_besides()
{
	local gen=$1 family=$2 cmd=$3
	if [ "$gen" = c ]; then
		tb_net "$cmd" -t mangle -A PREROUTING -p udp --dport 7 \
			-j MARK --set-mark 1
	fi
	[ "$family" = 4 ] || return 0
	tb_net "$cmd" -t nat -N DOCKER-INGRESS
	tb_net "$cmd" -t nat -I PREROUTING -m addrtype --dst-type LOCAL \
		-j DOCKER-INGRESS
	tb_net "$cmd" -t nat -A DOCKER-INGRESS -p tcp --dport 8443 -j DNAT \
		--to-destination "$(lab_ip 4 docker_gwbridge 2):8443"
}

lab_load()
{
	local gen=$1 family cmd
	if [ "$gen" = d ]; then
		docker29_tables | tb_net nft -f -
		tb_net nft 'table inet marks { chain pre {
			type filter hook prerouting priority -150
			udp dport 7 meta mark set 1
			}
			}'
		return
	fi
	for family in 4 6; do
		cmd=iptables-$TB_VARIANT
		[ "$family" = 4 ] || cmd=ip6tables-$TB_VARIANT
		[ "$gen" != b0 ] ||
			lab_ipset "$family" | tb_net ipset restore
		tb_net "$cmd-restore" -c <"$TB_TOP/tests/data/rulesets/$(
			)generation-$gen-v$family-$TB_VARIANT.txt"
		lab_load_besides "$gen" "$family" "$cmd"
	done
}

lab_logger_launch()
{
	tb_logger_launch --docker-socket "$TB_DIR/run/none.sock" \
		--profile drops,published,icc "$@"
}

# Every rule that it found is watched, at least so many of them, and in both
# families the witness, which comes after the twins.
lab_watched()
{
	tb_audit rules -o jsonl 2>/dev/null | jq -e -s --argjson least "$1" '
		length >= $least and all(.[]; .state == "in place") and
		(map(select(.chain == "witness")) | length == 2)' >/dev/null
}

lab_packets()
{
	lab_world "$TB_BUILD/tests/packets" "${@:2}" /run/netns <"$1"
}

lab_send_start()
{
	# shellcheck disable=SC2094
	tb_bound nsenter -t "$TB_PID" -m -n "$TB_BUILD/tests/packets" \
		-r "$1" /run/netns <"$TB_DIR/list" >"$TB_DIR/result" &
	LAB_SENDER=$!
}

lab_send_stop()
{
	kill -TERM "$LAB_SENDER" 2>/dev/null || :
	wait "$LAB_SENDER"
	[ "$(wc -l <"$TB_DIR/result")" -gt "$1" ]
}

lab_sql()
{
	sqlite3 -readonly -batch "$(tb_db)" "$@"
}

# family|proto|src_port|dst_port|dst_ip|verdict|table|chain|text|in|out
lab_rows()
{
	lab_sql "SELECT CASE WHEN instr(e.src_ip, ':') THEN 6 ELSE 4 END,
		replace(e.proto, 'ipv6-icmp', 'icmp'), e.src_port, e.dst_port,
		e.dst_ip, e.verdict, r.\"table\", e.chain, e.rule, e.in_if,
		coalesce(e.out_if, '(' || coalesce(r.dst_bridge, '') || ')')
		FROM v_event e JOIN conversation c ON c.id = e.conversation
		JOIN path p ON p.id = c.path
		JOIN rule r ON r.id = p.rule ORDER BY e.id" | lab_sorted_sets
}

# nft lists the names of an anonymous set in any order.
lab_sorted_sets()
{
	sed 's/{ "wg0", "\([^"]*\)" }/{ "\1", "wg0" }/'
}
