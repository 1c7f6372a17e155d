#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Process 1 of a freshly installed machine, as far as one can tell from
# inside: called by clean_root.sh in new pid, mount and network namespaces.
# As world.sh, but the root is there to be written to.
#
#   clean_world.sh ROOT CACHE RUN
#
# CACHE is seen inside under its own name; RUN, the testbed's /run, as
# /run/testbed.
set -euo pipefail
trap 'exit 0' TERM

root=$1 cache=$2 run=$3
read -r pid _ </proc/self/stat

mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root/run/testbed" "$root$cache"
mount --bind "$run" "$root/run/testbed"
mount --bind "$cache" "$root$cache"

cd "$root"
pivot_root . .
umount -l .
cd /

ip link set lo up 2>/dev/null || :
echo "$pid" >/run/testbed/clean.new
mv /run/testbed/clean.new /run/testbed/clean.pid
while :; do
	sleep 3600 & wait $!
done
