#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What auditing costs a packet that is not audited: nanoseconds per forwarded
# packet of established flows between a container and a host outside, with
# Docker's rules alone and with ours beside them, on a host with 10, 100 and
# 1,000 containers. Prints a table; ends in a few minutes; needs root. All of
# it is in namespaces that end with it.
#
#   tests/bench/forwarding.sh
#
# forwarding.c says how it is measured. A line is about one thing:
#
#   table	our table as the logger makes it
#   nothing	tables without a chain: the noise
#   forward, raw	an empty base chain there: what the kernel takes by itself
#   new, map	one that asks whether the packet is of a new flow, or looks its
#		address up in a map
#   twins	ten rules as would stand in DOCKER-ISOLATION-STAGE-2 for ten
#		networks if each had its twin there
#   aside	the one that does stand there, in front of ten in the side chain
#
# The goal is at most 60 ns more for "table", however many containers. ROUNDS=50
# (of some milliseconds for each), COPIES=8, SIZES="10 100 1000",
# GENERATIONS="b2 c d" and NAMES, the lines, choose. A second table,
# forwarding_networks.sh's, is about twins by the number of networks:
# NETWORKS="10 40 100", TURNS=7, STAGE_GENERATIONS="a b2" (28.0 and 28.1 have the
# same rules there), STAGE_VARIANTS="nft legacy". On a busy machine "chrt -r 1"
# before it keeps the others out.
set -euo pipefail

top=$(realpath "$(dirname "$0")/../..")
build=$(realpath -m "${BUILD:-$top/build}")
: "${ROUNDS:=50}" "${COPIES:=8}" "${SIZES:=10 100 1000}" \
	"${NAMES:=table nothing forward raw new map twins aside}" \
	"${GENERATIONS=b2 c d}" "${NETWORKS:=10 40 100}" "${TURNS:=7}" \
	"${STAGE_GENERATIONS=a b2}" "${STAGE_VARIANTS=nft legacy}"

# Process 1 is the one in the namespaces.
if [ $$ != 1 ]; then
	[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 1; }
	make -s -C "$top" BUILD="$build" all "$build/tests/bench/forwarding"
	export ROUNDS COPIES SIZES NAMES GENERATIONS NETWORKS TURNS \
		STAGE_GENERATIONS STAGE_VARIANTS BUILD="$build"
	exec unshare --mount --net --pid --fork --kill-child --mount-proc \
		"$0"
fi

mount -t tmpfs tmpfs /run
mkdir /run/netns /run/bench
chmod 755 /run/bench

in_world()
{
	ip netns exec world "$@"
}

bridge()
{
	printf 'br-%012d' "$1"
}

# The container is of network 0. What arrives somewhere is for another MAC
# address, so it is counted there and dropped at once.
world()
{
	local br ns
	br=$(bridge 0)
	ip -batch - <<-END
	netns add world
	netns add client
	netns add server
	END
	# nothing may be sent but what is measured
	for ns in world client server; do
		ip netns exec $ns sysctl -qw \
			net.ipv6.conf.{all,default}.disable_ipv6=1
	done
	in_world ip -batch - <<-END
	link add $br address 02:00:00:00:00:01 type bridge mcast_snooping 0
	link add veth0 type veth peer name eth0 address 02:00:00:00:00:02 netns client
	link set veth0 master $br up
	link add eth0 address 02:00:00:00:01:01 type veth peer name eth0 address 02:00:00:00:01:02 netns server
	link set $br up
	link set eth0 up
	addr add 172.30.0.1/16 dev $br
	addr add 192.0.2.1/24 dev eth0
	neigh replace 172.30.0.2 dev $br lladdr 02:00:00:00:00:99 nud permanent
	neigh replace 192.0.2.2 dev eth0 lladdr 02:00:00:00:01:99 nud permanent
	END
	in_world bridge fdb replace 02:00:00:00:00:99 dev veth0 master static
	in_world sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
	ip -n client link set eth0 arp off up
	ip -n server link set eth0 arp off up
}

# container FAMILY NUMBER: its address; ten are on one network
container()
{
	if [ "$1" = 4 ]; then
		echo "172.30.$(($2 / 200)).$(($2 % 200 + 2))"
	else
		printf 'fd00:30::%x\n' $(($2 + 2))
	fi
}

# raw PREROUTING and filter as Docker 28.2 to 28.5 and 29 have them, in the
# order in which networks and containers are made; a port of each published.
rules_iptables()
{
	local gen=$1 family=$2 n=$3 nets=$4 host=32 i br addr
	[ "$family" = 4 ] || host=128
	echo '*raw'
	for ((i = 0; i < n; i++)); do
		echo "-A PREROUTING -d $(container "$family" $i)/$host" \
			"! -i $(bridge $((i % nets))) -j DROP"
	done
	echo 'COMMIT'
	echo '*filter'
	printf ':%s - [0:0]\n' DOCKER DOCKER-BRIDGE DOCKER-CT DOCKER-FORWARD \
		DOCKER-USER
	echo '-A FORWARD -j DOCKER-USER'
	echo '-A FORWARD -j DOCKER-FORWARD'
	echo '-A DOCKER-FORWARD -j DOCKER-CT'
	if [ "$gen" = c ]; then
		echo ':DOCKER-INTERNAL - [0:0]'
		echo '-A DOCKER-FORWARD -j DOCKER-INTERNAL'
	else
		echo ':DOCKER-ISOLATION-STAGE-1 - [0:0]'
		echo ':DOCKER-ISOLATION-STAGE-2 - [0:0]'
		echo '-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1'
	fi
	echo '-A DOCKER-FORWARD -j DOCKER-BRIDGE'
	for ((i = 0; i < nets; i++)); do
		br=$(bridge $i)
		[ "$gen" = c ] || cat <<-END
		-A DOCKER-ISOLATION-STAGE-1 -i $br ! -o $br -j DOCKER-ISOLATION-STAGE-2
		-I DOCKER-ISOLATION-STAGE-2 -o $br -j DROP
		END
		cat <<-END
		-A DOCKER-CT -o $br -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A DOCKER-BRIDGE -o $br -j DOCKER
		-A DOCKER-FORWARD -i $br -j ACCEPT
		-A DOCKER ! -i $br -o $br -j DROP
		END
	done
	for ((i = 0; i < n; i++)); do
		br=$(bridge $((i % nets))) addr=$(container "$family" $i)
		echo "-I DOCKER -d $addr/$host ! -i $br -o $br -p tcp -m tcp" \
			"--dport 80 -j ACCEPT"
	done
	echo 'COMMIT'
	[ "$family" = 4 ] || return 0
	echo '*nat'
	echo "-A POSTROUTING -s 172.30.0.0/16 ! -o $(bridge 0) -j MASQUERADE"
	echo 'COMMIT'
}

# Docker 29's own tables.
rules_nft()
{
	local ip=ip family=$1 n=$2 nets=$3 i j br
	[ "$family" = 4 ] || ip=ip6
	echo "table $ip docker-bridges {"
	for j in in out; do
		echo "map filter-forward-$j-jumps { type ifname : verdict"
		echo "elements = {"
		for ((i = 0; i < nets; i++)); do
			br=$(bridge $i)
			echo "\"$br\" : jump filter-forward-${j}__$br,"
		done
		echo '} }'
	done
	echo 'chain filter-FORWARD {
		type filter hook forward priority filter; policy accept;
		oifname vmap @filter-forward-in-jumps
		iifname vmap @filter-forward-out-jumps
	}
	chain raw-PREROUTING {
		type filter hook prerouting priority raw; policy accept;'
	for ((i = 0; i < n; i++)); do
		echo "$ip daddr $(container "$family" $i) iifname !=" \
			"\"$(bridge $((i % nets)))\" counter drop" \
			'comment "DROP DIRECT ACCESS"'
	done
	echo '}'
	[ "$family" = 6 ] || echo 'chain nat-POSTROUTING {
		type nat hook postrouting priority srcnat; policy accept;
		iifname "'"$(bridge 0)"'" ip saddr 172.30.0.0/16 masquerade
	}'
	for ((i = 0; i < nets; i++)); do
		br=$(bridge $i)
		echo "chain filter-forward-in__$br {
			ct state established,related counter accept
			iifname \"$br\" counter accept comment \"ICC\""
		for ((j = i; j < n; j += nets)); do
			echo "$ip daddr $(container "$family" $j) tcp dport 80" \
				'counter accept'
		done
		echo "counter drop comment \"UNPUBLISHED PORT DROP\"
		}
		chain filter-forward-out__$br {
			ct state established,related counter accept
			counter accept comment \"OUTGOING\"
		}"
	done
	echo '}'
}

load()
{
	local gen=$1 n=$2 nets=$3
	in_world nft flush ruleset
	if [ "$gen" = d ]; then
		{ rules_nft 4 "$n" "$nets"; rules_nft 6 "$n" "$nets"; } \
			>/run/bench/rules
		in_world nft -f /run/bench/rules
		return
	fi
	rules_iptables "$gen" 4 "$n" "$nets" >/run/bench/rules4
	rules_iptables "$gen" 6 "$n" "$nets" >/run/bench/rules6
	in_world iptables-nft-restore </run/bench/rules4
	in_world ip6tables-nft-restore </run/bench/rules6
}

watched()
{
	"$build/bridgeaudit" --db /run/bench/db/audit.db rules -o jsonl \
		2>/dev/null | awk -v least="$1" '
		/"state":"in place"/ { n++; next } { other++ }
		END { exit !(n >= least && !other) }'
}

# The table that our logger makes there, once it watches LEAST rules; then it
# is killed, so its rules stay.
audit()
{
	local tenths=600 logger keeper
	rm -rf /run/bench/db
	install -d -o nobody -g "$(id -gn nobody)" /run/bench/db
	(exec ip netns exec world "$build/bridgeauditd" --foreground \
		--user nobody --db /run/bench/db/audit.db \
		--docker-socket /run/none.sock 2>/run/bench/log) &
	logger=$!
	until watched "$1"; do
		tenths=$((tenths - 1))
		[ $tenths -gt 0 ] && kill -0 $logger && sleep 0.1 && continue
		echo "the logger does not watch $1 rules:" >&2
		tail -n 5 /run/bench/log >&2
		exit 1
	done
	keeper=$(pgrep -P $logger -x bridgeauditd)
	# shellcheck disable=SC2086
	kill -KILL $logger $keeper
	wait $logger 2>/dev/null || :
	in_world nft -s list table inet bridgeaudit >/run/bench/table
	in_world nft delete table inet bridgeaudit
}

# copies NAME: of what is read, which is within a table
copies()
{
	local i body
	body=$(cat)
	for ((i = 0; i < COPIES; i++)); do
		printf 'table inet %s%d {\nflags dormant\n%s\n}\n' \
			"$1" $i "$body"
	done >/run/bench/copies
	in_world nft -f /run/bench/copies
}

parts()
{
	local forward='type filter hook forward priority 10;' i
	copies nothing </dev/null
	copies forward <<<"chain c { $forward }"
	copies raw <<<'chain c { type filter hook prerouting priority -301; }'
	copies new <<<"chain c { $forward ct state new accept; }"
	copies map <<-END
	map m { type ipv4_addr : verdict; elements = { 10.0.0.1 : accept }; }
	chain c { $forward ip daddr vmap @m; }
	END
	{
		echo "chain c { $forward"
		for ((i = 0; i < 10; i++)); do
			echo "oifname \"none-0000000$i\" counter" \
				"log group 1 prefix \"x\""
		done
		echo '}'
	} | copies twins
	{
		echo 'chain s {'
		for ((i = 0; i < 10; i++)); do
			echo "oifname \"none-0000000$i\" counter" \
				"log group 1 prefix \"x\""
		done
		echo "}; chain c { $forward oifname \"none-*\" counter jump s; }"
	} | copies aside
}

# One line of the table for each direction and each thing.
bench()
{
	local gen=$1 n=$2 nets dir
	nets=$((n > 20 ? n / 10 : 2))
	load "$gen" "$n" "$nets"
	audit "$n"
	sed '1d;$d' /run/bench/table | copies table
	parts
	for dir in out in; do
		# shellcheck disable=SC2086
		"$build/tests/bench/forwarding" $dir "$ROUNDS" "$COPIES" \
			/run/netns/{world,client,server} $NAMES |
			while read -r name without more low high; do
				# shellcheck disable=SC2059
				printf "$row" "$gen" "$n" "$nets" $dir \
					"$name" "$without" "$more" "$low" \
					"$high"
			done
	done
}

# shellcheck source=tests/bench/forwarding_networks.sh
. "$top/tests/bench/forwarding_networks.sh"

world
printf '# ns per forwarded packet, medians and quartiles of %d rounds; %s, %s CPUs, Linux %s\n' \
	"$ROUNDS" "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" \
	"$(nproc)" "$(uname -r)"
row='%-10s %10s %8s %-9s %-8s %8s %8s %8s %8s\n'
# shellcheck disable=SC2059
printf "$row" generation containers networks direction what without more low high
for gen in $GENERATIONS; do
	for n in $SIZES; do
		bench "$gen" "$n"
	done
done
[ -n "$STAGE_GENERATIONS" ] || exit 0
ROUNDS=$((ROUNDS / 5 + 1))
bench_all_networks
