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
# Two worlds are measured in turns; "noise" is their difference without us in
# either, "more" what it is with us in one, in half of the runs in the other. The
# goal is at most 60 ns more, however many containers. RUNS=6, ROUNDS=40 (of
# some milliseconds each, per run), SIZES="10 100 1000", GENERATIONS="b2 c d"
# choose.
set -euo pipefail

top=$(realpath "$(dirname "$0")/../..")
build=$(realpath -m "${BUILD:-$top/build}")
: "${RUNS:=6}" "${ROUNDS:=40}" "${SIZES:=10 100 1000}" \
	"${GENERATIONS:=b2 c d}"

# Process 1 is the one in the namespaces.
if [ $$ != 1 ]; then
	[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 1; }
	make -s -C "$top" BUILD="$build" all "$build/tests/bench/forwarding"
	export RUNS ROUNDS SIZES GENERATIONS BUILD="$build"
	exec unshare --mount --net --pid --fork --kill-child --mount-proc \
		"$0"
fi

# Two equal worlds, "a" and "b", each with a container and a host outside.
mount -t tmpfs tmpfs /run
mkdir /run/netns /run/bench
chmod 755 /run/bench

in_world()
{
	ip netns exec "world-$1" "${@:2}"
}

bridge()
{
	printf 'br-%012d' "$1"
}

# The container is of network 0. What arrives somewhere is for another MAC
# address, so it is counted there and dropped at once.
world()
{
	local w=$1 br ns
	br=$(bridge 0)
	ip -batch - <<-END
	netns add world-$w
	netns add client-$w
	netns add server-$w
	END
	# nothing may be sent but what is measured
	for ns in world client server; do
		ip netns exec "$ns-$w" sysctl -qw \
			net.ipv6.conf.{all,default}.disable_ipv6=1
	done
	in_world "$w" ip -batch - <<-END
	link add $br address 02:00:00:00:00:01 type bridge mcast_snooping 0
	link add veth0 type veth peer name eth0 address 02:00:00:00:00:02 netns client-$w
	link set veth0 master $br up
	link add eth0 address 02:00:00:00:01:01 type veth peer name eth0 address 02:00:00:00:01:02 netns server-$w
	link set $br up
	link set eth0 up
	addr add 172.30.0.1/16 dev $br
	addr add 192.0.2.1/24 dev eth0
	neigh replace 172.30.0.2 dev $br lladdr 02:00:00:00:00:99 nud permanent
	neigh replace 192.0.2.2 dev eth0 lladdr 02:00:00:00:01:99 nud permanent
	END
	in_world "$w" bridge fdb replace 02:00:00:00:00:99 dev veth0 master static
	in_world "$w" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
	ip -n "client-$w" link set eth0 arp off up
	ip -n "server-$w" link set eth0 arp off up
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
	local gen=$1 n=$2 nets=$3 w
	if [ "$gen" = d ]; then
		{ rules_nft 4 "$n" "$nets"; rules_nft 6 "$n" "$nets"; } \
			>/run/bench/rules
		for w in a b; do
			in_world $w nft flush ruleset
			in_world $w nft -f /run/bench/rules
		done
		return
	fi
	rules_iptables "$gen" 4 "$n" "$nets" >/run/bench/rules4
	rules_iptables "$gen" 6 "$n" "$nets" >/run/bench/rules6
	for w in a b; do
		in_world $w nft flush ruleset
		in_world $w iptables-nft-restore </run/bench/rules4
		in_world $w ip6tables-nft-restore </run/bench/rules6
	done
}

watched()
{
	"$build/bridgeaudit" --db "/run/bench/$1/audit.db" rules -o jsonl \
		2>/dev/null | awk -v least="$2" '
		/"state":"in place"/ { n++; next } { other++ }
		END { exit !(n >= least && !other) }'
}

# audit WORLD LEAST: our logger there, until it watches so many rules
audit()
{
	local w=$1 tenths=600
	rm -rf "/run/bench/$w"
	install -d -o nobody -g "$(id -gn nobody)" "/run/bench/$w"
	(exec ip netns exec "world-$w" "$build/bridgeauditd" --foreground \
		--user nobody --db "/run/bench/$w/audit.db" \
		--docker-socket /run/none.sock 2>"/run/bench/$w.log") &
	logger=$!
	until watched "$w" "$2"; do
		tenths=$((tenths - 1))
		[ $tenths -gt 0 ] && kill -0 $logger && sleep 0.1 && continue
		echo "the logger does not watch $2 rules:" >&2
		tail -n 5 "/run/bench/$w.log" >&2
		exit 1
	done
	# it looks at counters now and then, which is not what is measured
	sleep 1
	stopped=$(pgrep -P $logger -x bridgeauditd)
	# shellcheck disable=SC2086
	kill -STOP $logger $stopped
}

audit_end()
{
	# shellcheck disable=SC2086
	kill -CONT $logger $stopped
	kill -TERM $logger
	wait $logger || {
		echo "the logger ended with status $?:" >&2
		tail -n 5 "/run/bench/$1.log" >&2
	}
}

measure()
{
	"$build/tests/bench/forwarding" "$1" "$ROUNDS" /run/netns/client-a \
		/run/netns/server-a /run/netns/client-b /run/netns/server-b
}

# min/median/max of a column
spread()
{
	sort -g | awk '{ v[NR] = $1 } END {
		printf "%.0f/%.0f/%.0f\n", v[1], v[int((NR + 1) / 2)], v[NR] }'
}

# One line of the table for both directions.
bench()
{
	local gen=$1 n=$2 nets dir half i
	nets=$((n > 20 ? n / 10 : 2))
	load "$gen" "$n" "$nets"
	rm -f /run/bench/{out,in}*
	for ((i = 0; i < RUNS / 2; i++)); do
		for dir in out in; do
			measure $dir >>"/run/bench/$dir.noise"
		done
	done
	for half in b a; do
		# whatever was left by the other half
		load "$gen" "$n" "$nets"
		audit $half "$n"
		for ((i = 0; i < RUNS / 2; i++)); do
			for dir in out in; do
				# without, with
				measure $dir | awk -v with=$half '{
					print with == "b" ? $1 " " $2 : $2 " " $1
				}' >>"/run/bench/$dir"
			done
		done
		audit_end $half
	done
	for dir in out in; do
		# shellcheck disable=SC2046,SC2059
		printf "$row" "$gen" "$n" "$nets" "$dir" \
			$(awk '{ print $1 }' "/run/bench/$dir" | spread) \
			$(awk '{ print $2 }' "/run/bench/$dir" | spread) \
			$(awk '{ print $2 - $1 }' "/run/bench/$dir" | spread) \
			$(awk '{ print $2 - $1 }' "/run/bench/$dir.noise" |
				spread)
	done
}

world a
world b
printf '# ns per forwarded packet, min/median/max of %d runs; %s, %s CPUs, Linux %s\n' \
	"$RUNS" "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" \
	"$(nproc)" "$(uname -r)"
row='%-10s %10s %8s %-9s %17s %17s %17s %17s\n'
# shellcheck disable=SC2059
printf "$row" generation containers networks direction without with more noise
for gen in $GENERATIONS; do
	for n in $SIZES; do
		bench "$gen" "$n"
	done
done
