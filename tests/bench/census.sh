#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whether looking at the rules stalls packets: how long one takes through a host
# with RULES rules in each iptables while these are read, or one is added, again
# and again on the CPU that forwards it. Prints a table of microseconds, each the
# median over TURNS turns of MS milliseconds, and the longest of all; needs root
# and two CPUs. All of it is in namespaces that end with it.
#
#   tests/bench/census.sh
#
# "nothing" is an idle CPU, which has to wake up first; "a shell's loop" is one
# that is busy in user space, as what the others are compared with.
set -euo pipefail

top=$(realpath "$(dirname "$0")/../..")
build=$(realpath -m "${BUILD:-$top/build}")
: "${RULES:=16384}" "${TURNS:=5}" "${MS:=2000}" "${CPU_SEND:=0}" "${CPU_PATH:=1}"

if [ $$ != 1 ]; then
	[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 1; }
	make -s -C "$top" BUILD="$build" "$build/tests/bench/census"
	export RULES TURNS MS CPU_SEND CPU_PATH BUILD="$build"
	exec unshare --mount --net --pid --fork --kill-child --mount-proc "$0"
fi

mount -t tmpfs tmpfs /run
mkdir /run/netns /run/bench
# the sysfs of this network namespace, for RPS
mount -t sysfs sysfs /sys

for i in 1 2; do
	ip netns add "end$i"
	ip link add "veth$i" address "02:00:00:00:0$i:01" type veth peer name eth0 \
		address "02:00:00:00:0$i:02" netns "end$i"
	ip addr add "192.0.$i.1/24" dev "veth$i"
	ip link set "veth$i" up
	ip -n "end$i" addr add "192.0.$i.2/24" dev eth0
	ip -n "end$i" link set eth0 up
	ip -n "end$i" route add default via "192.0.$i.1"
	ip neigh replace "192.0.$i.2" lladdr "02:00:00:00:0$i:02" dev "veth$i"
done
sysctl -qw net.ipv4.ip_forward=1
printf '%x' $((1 << CPU_PATH)) >/sys/class/net/veth1/queues/rx-0/rps_cpus

# As Docker has them, in a chain that our packets don't go through.
rules()
{
	printf '*filter\n:FORWARD ACCEPT [0:0]\n:DOCKER - [0:0]\n'
	printf -- '-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n'
	for ((i = 0; i < RULES; i++)); do
		printf -- '-A DOCKER -d 10.%d.%d.2/32 ! -i br0 -o br0 -p tcp -m tcp --dport 80 -j ACCEPT\n' \
			$((i / 256)) $((i % 256))
	done
	printf 'COMMIT\n'
}
rules | iptables-nft-restore
rules | iptables-legacy-restore

# add VARIANT: as the logger puts a twin in place, and takes it out
add()
{
	local twin='-d 10.0.0.2/32 -j NFLOG --nflog-group 5'
	printf '*filter\n-I DOCKER 1 %s\nCOMMIT\n*filter\n-D DOCKER %s\nCOMMIT\n' \
		"$twin" "$twin" | "iptables-$1-restore" --noflush -w
}

# again NAME COMMAND...: until it is stopped; a byte for each time
again()
{
	local name=$1
	shift
	: >"/run/bench/$name.times"
	taskset -pc "$CPU_PATH" "$BASHPID" >/dev/null
	while "$@" >/dev/null 2>&1; do
		printf . >>"/run/bench/$name.times"
	done
}

turn()
{
	local name=$1 load=
	shift
	if [ $# -gt 0 ]; then
		again "$name" "$@" &
		load=$!
		sleep 0.2
	fi
	ip netns exec end1 chrt -f 1 taskset -c "$CPU_SEND" \
		"$build/tests/bench/census" eth0 02:00:00:00:01:01 192.0.1.2 \
		192.0.2.2 /run/netns/end2 "$MS" >>"/run/bench/$name"
	if [ -n "$load" ]; then
		kill "$load"
		wait "$load" || :
		stat -c %s "/run/bench/$name.times" >>"/run/bench/$name.n"
	fi 2>/dev/null
}

# column NAME FIELD: the median over the turns
column()
{
	sort -g -k "$2,$2" "/run/bench/$1" | awk -v f="$2" \
		'{ v[NR] = $f } END { print v[int((NR + 1) / 2)] }'
}

row()
{
	local name=$1 n=-
	[ ! -e "/run/bench/$name.n" ] || n=$(awk '{ n += $1 } END { print n }' \
		"/run/bench/$name.n")
	printf '%-28s %8s %8s %8s %8s %9s %6s\n' "$2" "$(column "$name" 2)" \
		"$(column "$name" 3)" "$(column "$name" 4)" "$(column "$name" 5)" \
		"$(awk '$5 > m { m = $5 } END { print m }' "/run/bench/$name")" "$n"
}

for ((t = 0; t < TURNS; t++)); do
	turn nothing
	turn loop :
	turn save-nft iptables-nft-save -c
	turn save-legacy iptables-legacy-save -c
	turn add-nft add nft
	turn add-legacy add legacy
done
printf '%-28s %8s %8s %8s %8s %9s %6s\n' "$RULES rules, us" p50 p99 p99.9 \
	longest 'of all' times
row nothing nothing
row loop "a shell's loop"
row save-nft 'iptables-nft-save -c'
row save-legacy 'iptables-legacy-save -c'
row add-nft 'iptables-nft-restore'
row add-legacy 'iptables-legacy-restore'
