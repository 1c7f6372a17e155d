# shellcheck shell=bash
# shellcheck disable=SC2034 # variables are for whoever sources this
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The benchmark's testbed: two network namespaces of its own, "host" with two
# Docker-like bridges and Docker's rules, and "client" with the sender on the
# first bridge. What goes from there to the second bridge is dropped by a rule
# of DOCKER-ISOLATION-STAGE-2, whose counter is the truth of each measurement.
# Before it the same packet meets further NFLOG rules (amplification): a core
# can log a million packets a second, but forward only a fifth of that.
#
#   bt_start                       all of it; ended by trap, however this ends
#   bt_host CMD..., bt_client CMD...   CMD in that namespace
#   bt_amplify GROUP N             N log rules for each packet before the DROP
#   bt_load PATTERN SECONDS RATE   runs the sender; sets LOAD_PACKETS (that
#                                  met the DROP), LOAD_NS and LOAD_CPU_NS
#
# Whoever is killed takes everything with them: every process here dies with
# this script, and a namespace with its last process.
# Sourced by scripts with `set -euo pipefail`.

BT_BIN=$BENCH_BUILD/tests/bench
BT_DIR='' BT_HOST='' BT_CLIENT='' BT_KSOFTIRQD=''
BT_BRIDGE1=br-aaaaaaaaaaaa BT_BRIDGE2=br-bbbbbbbbbbbb
BT_MAC=02:42:0a:4d:01:01
BT_CPU_LOAD=0 BT_CPU_READ=1
BT_GROUP=4242

# For the background: becomes a command that dies when this script does.
bt_bound()
{
	exec setpriv --pdeathsig KILL "$@"
}

bt_wait()
{
	local tenths=$1
	shift
	while ! "$@"; do
		[ "$tenths" -gt 0 ] || return 1
		tenths=$((tenths - 1))
		sleep 0.1
	done
}

bt_host()
{
	nsenter -t "$BT_HOST" -n "$@"
}

bt_client()
{
	nsenter -t "$BT_CLIENT" -n "$@"
}

bt_own_net()
{
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

bt_missing()
{
	local tool
	[ "$(id -u)" = 0 ] || echo "needs root"
	[ "$(nproc)" -ge 2 ] || echo "needs two CPUs: one sends, one reads"
	for tool in unshare nsenter setpriv taskset ip nft sqlite3 \
		iptables-nft-restore tcpdump ulogd uacctd; do
		command -v "$tool" >/dev/null || echo "$tool is not installed"
	done
	for tool in bridgeauditd bridgeaudit tests/bench/generate; do
		[ -x "$BENCH_BUILD/$tool" ] || echo "build first: make bench"
	done
}

# As Docker 20.10 to 27 writes them for two networks.
bt_rules()
{
	local bridge
	cat <<-END
	*nat
	-A POSTROUTING -s 10.77.1.0/24 ! -o $BT_BRIDGE1 -j MASQUERADE
	-A POSTROUTING -s 10.77.2.0/24 ! -o $BT_BRIDGE2 -j MASQUERADE
	COMMIT
	*filter
	:FORWARD DROP
	:DOCKER -
	:DOCKER-ISOLATION-STAGE-1 -
	:DOCKER-ISOLATION-STAGE-2 -
	:DOCKER-USER -
	-A FORWARD -j DOCKER-USER
	-A FORWARD -j DOCKER-ISOLATION-STAGE-1
	END
	for bridge in "$BT_BRIDGE1" "$BT_BRIDGE2"; do
		cat <<-END
		-A FORWARD -o $bridge -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A FORWARD -o $bridge -j DOCKER
		-A FORWARD -i $bridge ! -o $bridge -j ACCEPT
		-A FORWARD -i $bridge -o $bridge -j ACCEPT
		-A DOCKER-ISOLATION-STAGE-1 -i $bridge ! -o $bridge -j DOCKER-ISOLATION-STAGE-2
		-A DOCKER-ISOLATION-STAGE-2 -o $bridge -j DROP
		END
	done
	cat <<-END
	-A DOCKER-ISOLATION-STAGE-1 -j RETURN
	-A DOCKER-ISOLATION-STAGE-2 -j RETURN
	-A DOCKER-USER -j RETURN
	COMMIT
	END
}

bt_wire()
{
	bt_host ip link set lo up
	bt_host ip link add "$BT_BRIDGE1" address "$BT_MAC" type bridge
	bt_host ip link add "$BT_BRIDGE2" type bridge
	bt_host ip link add veth1 type veth peer name eth0 netns "$BT_CLIENT"
	bt_host ip link add veth2 type veth peer name veth3
	bt_host ip link set veth1 master "$BT_BRIDGE1"
	bt_host ip link set veth2 master "$BT_BRIDGE2"
	bt_host ip addr add 10.77.1.1/24 dev "$BT_BRIDGE1"
	bt_host ip addr add 10.77.2.1/24 dev "$BT_BRIDGE2"
	for link in veth1 veth2 veth3 "$BT_BRIDGE1" "$BT_BRIDGE2"; do
		bt_host ip link set "$link" up
	done
	bt_client ip link set eth0 up
	# where the scan goes
	bt_host ip route add 10.128.0.0/9 dev "$BT_BRIDGE2"
	bt_host sysctl -qw net.ipv4.ip_forward=1
	bt_host sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || :
}

bt_namespace()
{
	bt_bound unshare --net sleep infinity &
	BT_NEW=$!
	bt_wait 50 bt_own_net "$BT_NEW"
}

bt_start()
{
	trap bt_stop EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	BT_DIR=$(mktemp -d "${BENCH_DIR:-/var/tmp}/bridgeaudit-bench-XXXXXX")
	chmod 755 "$BT_DIR"
	BT_KSOFTIRQD=$(pgrep -x "ksoftirqd/$BT_CPU_LOAD") || :
	bt_namespace
	BT_HOST=$BT_NEW
	bt_namespace
	BT_CLIENT=$BT_NEW
	bt_wire
	bt_rules | bt_host iptables-nft-restore
	bt_bound "$BT_BIN/engine" "$BT_DIR/docker.sock" \
		"front=$BT_BRIDGE1" "data=$BT_BRIDGE2" &
}

bt_stop()
{
	local status=$?
	trap '' INT TERM HUP
	set +e
	exec 2>/dev/null # bash tells who was killed
	[ "$(type -t subject_kill)" != function ] || subject_kill
	# shellcheck disable=SC2046
	kill -KILL $(jobs -p)
	wait
	[ -z "$BT_DIR" ] || rm -rf --one-file-system "$BT_DIR"
	trap - EXIT
	exit "$status"
}

# Each rule has an id of its own, as if as many of Docker's rules had matched.
bt_amplify()
{
	local group=$1 n=$2 i
	{
		echo 'table ip bench'
		echo 'delete table ip bench'
		echo 'table ip bench {'
		echo '	chain amplify {'
		for ((i = 1; i <= n; i++)); do
			printf '\t\tlog prefix "bridgeaudit drop %012x" group %d snaplen 128\n' \
				"$i" "$group"
		done
		echo '	}'
		echo '	chain forward {'
		echo '		type filter hook forward priority -1;'
		echo "		iifname \"$BT_BRIDGE1\" oifname \"$BT_BRIDGE2\" jump amplify"
		echo '	}'
		echo '}'
	} | bt_host nft -f -
}

# Packets that met the DROP so far.
bt_counter()
{
	bt_host iptables-nft-save -c -t filter | sed -n \
		"s/^\[\([0-9]*\):.*STAGE-2 -o $BT_BRIDGE2 -j DROP\$/\1/p"
}

# ns on a CPU of all threads of those processes; one that ended counts 0.
bt_cpu_ns()
{
	local pid files=()
	for pid in "$@"; do
		files+=("/proc/$pid/task/"*/schedstat)
	done
	{ cat "${files[@]}" 2>/dev/null || :; } |
		awk '{ n += $1 } END { printf "%.0f\n", n }'
}

bt_load()
{
	local before after out soft
	before=$(bt_counter)
	soft=$(bt_cpu_ns "$BT_KSOFTIRQD")
	out=$(bt_client "$BT_BIN/generate" eth0 "$BT_MAC" "$1" "$2" "$3" \
		"$BT_CPU_LOAD")
	soft=$(($(bt_cpu_ns "$BT_KSOFTIRQD") - soft))
	after=$(bt_counter)
	LOAD_PACKETS=$((after - before))
	[[ $out =~ wall_ns=([0-9]+)\ cpu_ns=([0-9]+) ]]
	LOAD_NS=${BASH_REMATCH[1]}
	LOAD_CPU_NS=$((BASH_REMATCH[2] + soft))
	[ "$LOAD_PACKETS" -gt 0 ] || {
		echo "no packet of the load met the rule: $out" >&2
		return 1
	}
}

# Bytes that wait in netfilter's netlink sockets there.
bt_backlog()
{
	awk '$2 == 12 { n += $5 } END { printf "%.0f\n", n }' \
		"/proc/$BT_HOST/net/netlink"
}

bt_drained()
{
	[ "$(bt_backlog)" = 0 ]
}

# A process and its children, and theirs.
bt_family()
{
	local pid
	echo "$1"
	for pid in $(pgrep -P "$1" || :); do
		bt_family "$pid"
	done
}

bt_pss_kib()
{
	local pid
	for pid in "$@"; do
		cat "/proc/$pid/smaps_rollup" 2>/dev/null || :
	done | awk '/^Pss:/ { n += $2 } END { printf "%.0f\n", n }'
}

# How often those processes were put on a CPU after they had slept.
bt_wakeups()
{
	local pid
	for pid in "$@"; do
		cat "/proc/$pid/task/"*/status 2>/dev/null || :
	done | awk '/^voluntary_ctxt/ { n += $2 } END { printf "%.0f\n", n }'
}
