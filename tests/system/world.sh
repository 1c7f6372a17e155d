#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Process 1 of one test's private world: called by testbed.sh inside new pid,
# mount and network namespaces. Lays out the file tree that dockerd will see,
# says "ready" and then only waits, so that killing it ends everything inside.
#
#   world.sh ROOT DIR VARIANT
#
# ROOT is the cached Debian root and stays read-only; DIR is the test's own
# directory; VARIANT (nft, legacy) is what `iptables` means in here.
set -euo pipefail

src=$1 dir=$2 variant=$3
root=$dir/root

trap 'exit 0' TERM

# As the host numbers it: /proc is still the host's.
read -r pid _ </proc/self/stat

mount --bind "$src" "$root"
mount -o remount,bind,ro "$root"

# dockerd raises kernel.keys.* when it can; those are the host's, so of
# /proc/sys only the part that belongs to the network namespace is writable.
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,bind,rw "$root/proc/sys/net"

mount -t sysfs sysfs "$root/sys"
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/var/lib/docker"
mount -t tmpfs tmpfs "$root/etc/docker"
mount -t tmpfs tmpfs "$root/opt"

# The same /run for dockerd and for the logger: its socket and xtables' lock.
mount --bind "$dir/run" "$root/run"

# `iptables` by the distribution's own switch, in a copy of it.
cp -a "$src/etc/alternatives" "$dir/alternatives"
for name in {ip,ip6}tables{,-save,-restore}; do
	ln -sfn "/usr/sbin/${name/tables/tables-$variant}" \
		"$dir/alternatives/$name"
done
mount --bind "$dir/alternatives" "$root/etc/alternatives"

# Not chroot: `docker exec` enters a container by its mount namespace, whose
# root would then still be the host's.
cd "$root"
pivot_root . .
umount -l .
cd /

ip link set lo up
echo "$pid" >/run/world.new
mv /run/world.new /run/world.pid
while :; do
	sleep 3600 & wait $!
done
