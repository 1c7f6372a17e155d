#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Becomes systemd, as process 1 of a machine of its own: called by
# systemd_root.sh in new pid, mount, network, uts, ipc and cgroup namespaces.
# What it writes is gone with it.
#
#   systemd_world.sh ROOT DIR
#
# ROOT is the cached Debian root and is not written to. DIR/files are files of
# it besides.
set -euo pipefail

src=$1 dir=$2 root=$2/root

mount --make-rprivate /
mount -t tmpfs tmpfs "$root"
mkdir "$root/upper" "$root/work" "$root/new"
mount -t overlay overlay "$root/new" \
	-o "lowerdir=$dir/files:$src,upperdir=$root/upper,workdir=$root/work"
root=$root/new

mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mountpoint -q "$root/sys/fs/cgroup" ||
	mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
# where Docker has its layers, which can't be on an overlay
mkdir -p "$root/var/lib/docker"
mount -t tmpfs tmpfs "$root/var/lib/docker"

mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/net" "$root/dev/pts" "$root/dev/shm"
# nodes of its own: systemd gives its console, which is null, another owner
for name in null zero full random urandom tty net/tun; do
	cp -a "/dev/$name" "$root/dev/$name"
done
ln -s null "$root/dev/console"

ip link set lo up
cd "$root"
pivot_root . .
umount -l .
cd /
exec env -i container=bridgeaudit-test TERM=dumb PATH=/usr/sbin:/usr/bin \
	/lib/systemd/systemd --log-target=console --show-status=no
