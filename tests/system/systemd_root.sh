#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The systemd unit as `make install` leaves it, under a real systemd with a
# real Docker, in namespaces and a cgroup of its own: nothing that the logger
# needs is forbidden by its sandbox, /dev/net/tun for probes among that, and
# what it does not need is.
#
# Not one of `make test`'s files: .ci/run calls it. It takes half a minute, and
# one more where its root is to be made: this host's Debian with systemd, for
# the programs that were built here run there.
set -euo pipefail
# shellcheck source=tests/system/testbed.sh
. "$(dirname "$0")/testbed.sh"
# shellcheck source=tests/system/check.sh
. "$(dirname "$0")/check.sh"

DIR='' GROUP='' UNSHARE='' INIT=''

# systemd_make SUITE DIRECTORY
systemd_make()
{
	mmdebstrap --quiet --variant=apt \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--include="systemd,systemd-sysv,dbus,iptables,nftables" \
		--include="iproute2,kmod,mount,$(root_engine "$1")" \
		"$1" "$2" "$ROOT_MIRROR" >&2 || return
	# it may stand between a console and the tests' own output
	rm -f "$2"/etc/systemd/system/getty.target.wants/*
}

root_of_systemd()
{
	local suite path
	suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	path=$ROOT_CACHE/systemd-$suite-$(dpkg --print-architecture)-$ROOT_VERSION
	root_keep "$path" systemd_make "$suite" && echo "$path"
}

# What `make install` installs, and the libraries that the programs need.
files()
{
	local files=$DIR/files library
	make -C "$TB_TOP" BUILD="$TB_BUILD" DESTDIR="$files" PREFIX=/usr install \
		>/dev/null || return
	mkdir -p "$files/usr/local/lib"
	ldd "$TB_BUILD/bridgeauditd" "$TB_BUILD/bridgeaudit" |
		awk '$2 == "=>" { print $3 }' | sort -u |
		grep -v '/libc\.so' | while read -r library; do
		cp -L "$library" "$files/usr/local/lib/"
	done
}

# Ours, below the one that this shell is in.
cgroup_make()
{
	local top
	top=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	GROUP=$top$(sed -n 's/^0:://p' /proc/self/cgroup)
	GROUP=${GROUP%/}/bridgeaudit-systemd-$$
	[ -n "$top" ] && mkdir "$GROUP"
}

start()
{
	# shellcheck disable=SC2016 # for the inner shell
	tb_bound sh -c 'echo 0 >"$1/cgroup.procs" && shift && exec "$@"' sh \
		"$GROUP" unshare --pid --fork --kill-child --mount --net --uts \
		--ipc --cgroup "$TB_SRC/systemd_world.sh" "$1" "$DIR" \
		</dev/null >"$DIR/log" 2>&1 &
	UNSHARE=$!
	tb_wait 100 has_init || return
	tb_wait 600 is_up && return
	tail -n 20 "$DIR/log"
	in_it systemctl --no-pager --failed
	return 1
}

has_init()
{
	INIT=$(pgrep -P "$UNSHARE") &&
		[ "$(cat "/proc/$INIT/comm")" = systemd ]
}

in_it()
{
	nsenter -t "$INIT" -a env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

is_up()
{
	[ "$(in_it systemctl is-active docker 2>/dev/null)" = active ]
}

# At the end, and once more from the trap where that was not reached.
stop()
{
	local status=0
	[ -z "$UNSHARE" ] || kill -KILL "$UNSHARE" 2>/dev/null || :
	wait "$UNSHARE" 2>/dev/null || :
	[ -z "$GROUP" ] || tb_wait 50 group_is_gone || {
		echo "processes that are left in $GROUP:"
		find "$GROUP" -name cgroup.procs -exec cat {} +
		status=1
	}
	[ -z "$DIR" ] || rm -rf --one-file-system "$DIR" || status=1
	UNSHARE='' GROUP='' DIR=''
	return "$status"
}

group_is_gone()
{
	find "$GROUP" -depth -type d -exec rmdir {} + 2>/dev/null
	[ ! -d "$GROUP" ]
}

the_unit_is_right()
{
	local said
	# its manual pages: a minimal root has no man
	said=$(in_it systemd-analyze verify bridgeauditd.service 2>&1 |
		grep -v "Command 'man ") || :
	equal complaints '' "$said"
}

# systemd's own sum of what a service could do; 10 is all.
little_is_left_to_it()
{
	local sum
	sum=$(in_it systemd-analyze security --no-pager bridgeauditd.service |
		sed -n 's/.*exposure level[^:]*: \([0-9.]*\).*/\1/p')
	note "exposure level $sum"
	awk -v sum="$sum" 'BEGIN { exit !(sum != "" && sum < 5) }'
}

starts()
{
	in_it ldconfig && in_it systemd-sysusers &&
		in_it systemctl daemon-reload &&
		in_it systemctl start bridgeauditd &&
		tb_wait 100 watches && return
	in_it journalctl -u bridgeauditd --no-pager | tail -n 20
	return 1
}

watches()
{
	in_it bridgeaudit rules -o jsonl 2>/dev/null | grep -q ISOLATION
}

keeper()
{
	in_it systemctl show -p MainPID --value bridgeauditd
}

is_confined()
{
	local status
	status=$(in_it cat "/proc/$(keeper)/status")
	# CAP_NET_ADMIN, CAP_NET_RAW
	equal capabilities 0000000000003000 \
		"$(awk '/^CapEff/ { print $2 }' <<<"$status")"
	equal NoNewPrivs 1 "$(awk '/^NoNewPrivs/ { print $2 }' <<<"$status")"
	equal Seccomp 2 "$(awk '/^Seccomp:/ { print $2 }' <<<"$status")"
}

# Docker's networks, and ours between them: TAP devices are let through.
probes()
{
	in_it docker network create one && in_it docker network create two &&
		tb_wait 100 all_probes_are_ok && return
	in_it bridgeaudit probe
	return 1
}

all_probes_are_ok()
{
	in_it bridgeaudit probe -o jsonl >"$DIR/probes" &&
		[ "$(jq -r .result "$DIR/probes" | sort -u)" = ok ] &&
		grep -q '"src_network":"one"\|"dst_network":"one"' "$DIR/probes"
}

reloads()
{
	local before heard
	before=$(keeper) heard=$(hang_ups)
	in_it systemctl reload bridgeauditd &&
		tb_wait 100 heard_more_than "$heard" || return
	equal keeper "$before" "$(keeper)"
}

# How many the keeper has heard.
hang_ups()
{
	in_it journalctl -u bridgeauditd --no-pager | grep -c 'SIGHUP: ' || :
}

heard_more_than()
{
	[ "$(hang_ups)" -gt "$1" ]
}

comes_again()
{
	local before
	before=$(keeper)
	in_it sh -c "kill -KILL $before" || return
	tb_wait 100 another "$before" && tb_wait 100 watches
}

another()
{
	local now
	now=$(keeper)
	[ "$now" != 0 ] && [ "$now" != "$1" ] && in_it bridgeaudit status \
		>/dev/null
}

is_proven()
{
	in_it bridgeaudit verify
}

# As bridgeaudit.conf(5) has it.
goes_elsewhere()
{
	in_it sh -ec '
		install -d -m 751 -o bridgeaudit -g bridgeaudit /srv/audit
		install -d -m 755 /srv/audit/audit.db.keeper
		mkdir /etc/systemd/system/bridgeauditd.service.d
		cd /etc/systemd/system/bridgeauditd.service.d
		printf "[Service]\nReadWritePaths=/srv/audit\n" >here.conf
		echo "db = /srv/audit/audit.db" >>/etc/bridgeaudit/bridgeaudit.conf
		systemctl daemon-reload
		systemctl restart bridgeauditd' || return
	tb_wait 100 watches && reloads && tb_wait 100 is_signed && return
	in_it journalctl -u bridgeauditd --no-pager | tail -n 20
	return 1
}

is_signed()
{
	in_it bridgeaudit verify >"$DIR/verified" &&
		grep -q '^signed until ' "$DIR/verified"
}

stops_clean()
{
	in_it systemctl stop bridgeauditd || return
	equal result success \
		"$(in_it systemctl show -p Result --value bridgeauditd)"
	equal rules 0 "$(in_it sh -c 'iptables-save; nft list ruleset' |
		grep -ci bridgeaudit)"
	equal ports 0 "$(in_it ip -o link | grep -c baprobe)"
}

reason=$(tb_missing)
if [ -z "$reason" ] && ! findmnt -n -t cgroup2 >/dev/null; then
	reason='no cgroup2 is mounted'
fi
if [ -z "$reason" ] && [ ! -c /dev/net/tun ]; then
	reason='no /dev/net/tun'
fi
if [ -n "$reason" ]; then
	echo "1..0 # SKIP $reason"
	exit 0
fi
trap stop EXIT
TB_DIR='' DIR=$(mktemp -d)
mkdir "$DIR/files" "$DIR/root"
root=$(root_of_systemd)
cgroup_make
check 'make install puts the programs and the unit' files
check 'a machine with systemd and Docker comes up' start "$root"
check 'systemd finds nothing wrong with the unit' the_unit_is_right
check 'little is left that it could do' little_is_left_to_it
check 'the unit starts, and the logger watches' starts
check 'the keeper has two capabilities and no more' is_confined
check 'probes reach the bridges' probes
check 'a reload is heard by the same keeper' reloads
check 'a keeper that is killed comes again' comes_again
check 'its log is proven' is_proven
check 'a database elsewhere is written and signed' goes_elsewhere
check 'a stop takes all out' stops_clean
check 'nothing is left behind' stop
echo "1..$CHECK_COUNT"
[ "$CHECK_FAILED" = 0 ]
