# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The testbed: a private world for each test. One process (world.sh) holds new
# pid, mount and network namespaces with a real dockerd in them, a second one
# the network namespace of "a client outside"; both die with the script that
# made them. Nothing here changes the host's own namespaces.
#
#   tb_start VARIANT [DOCKERD OPTION...]   variant: nft or legacy
#   tb_stop                                end it; the same by trap at exit
#   tb_docker ARG...                       the docker command
#   tb_net CMD...                          CMD in dockerd's network namespace
#   tb_outside CMD...                      CMD at the client outside
#   tb_in CONTAINER CMD...                 host's CMD in a container's network
#
# Sourced by scripts with `set -euo pipefail`.

TB_SRC=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
TB_TOP=$(realpath "$TB_SRC/../..")
# shellcheck disable=SC2034 # for whoever sources this
TB_BUILD=$(realpath -m "${BUILD:-$TB_TOP/build}")
# shellcheck source=tests/system/root.sh
. "$TB_SRC/root.sh"

# The Debian suite whose engine it is: bookworm has 20.10, trixie 26.1.
TB_SUITE=${TB_SUITE:-bookworm}
TB_DIR='' TB_ROOT='' TB_VARIANT='' TB_PID='' TB_UNSHARE='' TB_OUT=''

# The outside wire: .1 is the host that runs Docker, .2 the client.
TB_HOST4=192.0.2.1 TB_CLIENT4=192.0.2.2
TB_HOST6=2001:db8:ffff::1 TB_CLIENT6=2001:db8:ffff::2

# For the background: becomes a command that dies when this script does,
# however that ends.
tb_bound()
{
	exec setpriv --pdeathsig KILL "$@"
}

tb_wait()
{
	local tenths=$1
	shift
	while ! "$@"; do
		[ "$tenths" -gt 0 ] || return 1
		tenths=$((tenths - 1))
		sleep 0.1
	done
}

tb_world()
{
	nsenter -t "$TB_PID" -m -p -n "$@"
}

tb_net()
{
	nsenter -t "$TB_PID" -n "$@"
}

tb_outside()
{
	nsenter -t "$TB_OUT" -n "$@"
}

tb_docker()
{
	tb_world docker -H unix:///run/docker.sock "$@"
}

tb_in()
{
	local pid
	pid=$(tb_docker inspect -f "{{.State.Pid}}" "$1")
	shift
	nsenter --net="/proc/$TB_PID/root/proc/$pid/ns/net" "$@"
}

tb_has()
{
	[ -e "$1" ]
}

tb_docker_up()
{
	tb_docker version >/dev/null 2>&1
}

tb_docker_pid()
{
	cat "$TB_DIR/run/docker.pid" 2>/dev/null
}

# dockerd with its first options remembered, so that a restart has the same.
tb_dockerd_start()
{
	[ $# -eq 0 ] || TB_DOCKERD=("$@")
	# With nftables Docker leaves forwarding to the host.
	[[ " ${TB_DOCKERD[*]} " != *" --firewall-backend=nftables "* ]] ||
		tb_net sysctl -q net.ipv4.ip_forward=1 \
			net.ipv6.conf.all.forwarding=1
	tb_world setsid -f sh -c 'exec dockerd "$@" >>/run/dockerd.log 2>&1' \
		dockerd -H unix:///run/docker.sock -p /run/docker.pid \
		--storage-driver vfs --ip6tables --experimental \
		--exec-opt native.cgroupdriver=cgroupfs \
		--cgroup-parent "/bridgeaudit-$TB_PID" "${TB_DOCKERD[@]}"
	tb_wait 300 tb_docker_up && return
	echo "dockerd did not come up:" >&2
	tail -n 5 "$TB_DIR/run/dockerd.log" >&2
	return 1
}
TB_DOCKERD=()

tb_dockerd_gone()
{
	! tb_world sh -c "kill -0 $1" 2>/dev/null
}

tb_dockerd_stop()
{
	local pid
	pid=$(tb_docker_pid)
	tb_world sh -c "kill -TERM $pid"
	tb_wait 300 tb_dockerd_gone "$pid"
}

# firewalld with a D-Bus of its own, both only in there. dockerd looks for them
# when it starts.
tb_firewalld_start()
{
	tb_world sh -c '
		[ -d /run/dbus ] || {
			mkdir /run/dbus
			cp -a /etc/firewalld /run/etc-firewalld
			mount --bind /run/etc-firewalld /etc/firewalld
			setsid -f dbus-daemon --system --nofork --nopidfile \
				>>/run/dbus.log 2>&1
		}
		exec setsid -f firewalld --nofork --nopid \
			>>/run/firewalld.log 2>&1'
	tb_wait 300 tb_firewalld_up && return
	echo "firewalld did not come up:" >&2
	tail -n 5 "$TB_DIR/run/dbus.log" "$TB_DIR/run/firewalld.log" >&2
	return 1
}

tb_firewalld_up()
{
	tb_world firewall-cmd --state >/dev/null 2>&1
}

tb_firewalld_stop()
{
	# Its pid is the name owner's; there is no kill in every root.
	# shellcheck disable=SC2016
	tb_world sh -c 'kill -TERM "$(dbus-send --system --print-reply=literal \
		--dest=org.freedesktop.DBus / \
		org.freedesktop.DBus.GetConnectionUnixProcessID \
		string:org.fedoraproject.FirewallD1 | sed "s/.* //")"'
	tb_wait 100 tb_firewalld_down
}

tb_firewalld_down()
{
	! tb_firewalld_up
}

tb_wire()
{
	tb_bound unshare --net sleep infinity &
	TB_OUT=$!
	tb_wait 50 tb_own_net "$TB_OUT"
	tb_net ip link add eth0 type veth peer name eth0 netns "$TB_OUT"
	tb_net ip addr add "$TB_HOST4/24" dev eth0
	tb_net ip addr add "$TB_HOST6/64" dev eth0 nodad
	tb_net ip link set eth0 up
	tb_outside ip link set lo up
	tb_outside ip addr add "$TB_CLIENT4/24" dev eth0
	tb_outside ip addr add "$TB_CLIENT6/64" dev eth0 nodad
	tb_outside ip link set eth0 up
	tb_outside ip route add default via "$TB_HOST4"
	tb_outside ip -6 route add default via "$TB_HOST6"
	tb_net ip route add default via "$TB_CLIENT4"
	tb_net ip -6 route add default via "$TB_CLIENT6"
}

tb_own_net()
{
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# Why the testbed can't run here, or nothing.
tb_missing()
{
	local tool
	if [ "$(id -u)" != 0 ]; then
		echo "needs root"
		return
	fi
	for tool in unshare nsenter setpriv ip iptables-save; do
		command -v "$tool" >/dev/null && continue
		echo "$tool is not installed"
		return
	done
	TB_ROOT=$(root_get "$TB_SUITE") ||
		echo "no Debian $TB_SUITE root with Docker, and none can be made"
}

tb_start()
{
	local dir
	TB_VARIANT=$1
	shift
	[ -n "$TB_ROOT" ] || TB_ROOT=$(root_get "$TB_SUITE")
	dir=$(mktemp -d "${TMPDIR:-/tmp}/bridgeaudit-XXXXXX")
	TB_DIR=$dir
	trap tb_stop EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	chmod 755 "$TB_DIR"
	mkdir "$TB_DIR/root" "$TB_DIR/run"
	tb_bound unshare --pid --fork --kill-child --mount --net \
		"$TB_SRC/world.sh" "$TB_ROOT" "$TB_DIR" "$TB_VARIANT" &
	TB_UNSHARE=$!
	tb_wait 100 tb_has "$TB_DIR/run/world.pid"
	TB_PID=$(cat "$TB_DIR/run/world.pid")
	tb_wire
	tb_dockerd_start "$@"
	tb_docker import --change 'ENV PATH=/bin' --change 'CMD ["sleep","9d"]' \
		/image.tar box >/dev/null
}

tb_cgroups()
{
	[ -z "$TB_PID" ] ||
		find /sys/fs/cgroup -depth -type d -path "*/bridgeaudit-$TB_PID*"
}

# A control group stays busy for a moment after its last process.
tb_cgroups_gone()
{
	local dir
	for dir in $(tb_cgroups); do
		rmdir "$dir" 2>/dev/null
	done
	[ -z "$(tb_cgroups)" ]
}

# Killing process 1 of the pid namespace ends dockerd, its helpers and all
# containers, and with them go the mounts and the networks.
tb_stop()
{
	local status=$? pid
	trap '' INT TERM HUP
	set +e
	[ "$(type -t tb_logger_kill)" != function ] || tb_logger_kill
	# Process 1 then ends by itself, and unshare when the last process of
	# the namespace is gone.
	for pid in "${TB_PID:-$TB_UNSHARE}" $TB_OUT; do
		kill -TERM "$pid" 2>/dev/null
	done
	# shellcheck disable=SC2086
	wait $TB_UNSHARE $TB_OUT 2>/dev/null
	tb_wait 50 tb_cgroups_gone
	[ -z "$TB_DIR" ] || rm -rf --one-file-system "$TB_DIR"
	trap - INT TERM HUP EXIT
	TB_DIR='' TB_PID='' TB_UNSHARE='' TB_OUT=''
	set -e
	return "$status"
}

# A network with IPv4 and IPv6: tb_network NAME NUMBER [OPTION...]
tb_network()
{
	local name=$1 number=$2
	shift 2
	tb_docker network create --ipv6 --subnet "10.77.$number.0/24" \
		--subnet "fd77:$number::/64" "$@" "$name" >/dev/null
}

# A container that only sleeps: tb_run NAME NETWORK [OPTION...]
tb_run()
{
	local name=$1 network=$2
	shift 2
	tb_docker run -d --init --name "$name" --network "$network" "$@" box \
		>/dev/null
}

# tb_ip4 CONTAINER, tb_ip6 CONTAINER: its address on its one network
tb_ip4()
{
	tb_docker inspect -f \
		'{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$1"
}

tb_ip6()
{
	tb_docker inspect -f \
		'{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}}{{end}}' \
		"$1"
}

# The bridge of a network.
tb_bridge()
{
	local id
	id=$(tb_docker network inspect -f '{{.Id}}' "$1")
	echo "br-${id:0:12}"
}

# iptables-save of what dockerd sees: tb_save 4|6 [OPTION...]
tb_save()
{
	tb_save_variant "$TB_VARIANT" "$@"
}

# The same of one variant: tb_save_variant nft|legacy 4|6 [OPTION...]
tb_save_variant()
{
	local name=iptables
	[ "$2" = 4 ] || name=ip6tables
	name=$name-$1-save
	shift 2
	tb_world "$name" "$@"
}
