# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The Debian root with a Docker engine that the system tests run, made once
# and cached, so that no test ever needs or touches a Docker of the host; nor a
# firewalld, which as a package of the host would take over the host's firewall.
#
#   root_get SUITE    prints the path, makes it first when it is missing;
#                     on failure prints why to stderr and returns non-zero
#
# SUITE is one of Debian's, with its own engine, or docker29: bookworm with the
# engine of DOCKER29, an archive docker-29.*.tgz as Docker publishes them at
# download.docker.com/linux/static/stable, for Debian has no package of it yet.

ROOT_CACHE=${BRIDGEAUDIT_TEST_CACHE:-/var/cache/bridgeaudit-tests}
ROOT_MIRROR=${BRIDGEAUDIT_TEST_MIRROR:-http://deb.debian.org/debian}
# Raise when what root_make does changes: older roots are then made anew.
ROOT_VERSION=3

# Packs busybox as the one image that containers of the tests run.
root_image()
{
	local dir=$1/image tool
	mkdir -p "$dir/bin" "$dir/tmp" "$dir/etc" &&
		cp "$(command -v busybox)" "$dir/bin/busybox" || return
	for tool in $("$dir/bin/busybox" --list); do
		[ "$tool" = busybox ] || ln -s busybox "$dir/bin/$tool" ||
			return
	done
	tar -C "$dir" -cf "$1/image.tar" . && rm -r "$dir"
}

# The packages of a Debian's engine and its client.
root_engine()
{
	case $1 in
	bookworm) echo docker.io ;; # which brings its client along
	*) echo docker.io,docker-cli ;;
	esac
}

root_make()
{
	local suite=$1 new=$2 engine
	engine=$(root_engine "$suite"),
	[ "$suite" != docker29 ] || suite=bookworm engine=''
	mmdebstrap --quiet --variant=apt \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--aptopt='Acquire::Retries "3"' \
		--include="${engine}iptables,iproute2,mount,nftables" \
		--include=dbus,firewalld \
		"$suite" "$new" "$ROOT_MIRROR" >&2 || return 1
	[ -n "$engine" ] ||
		tar -C "$new/usr/bin" --strip-components=1 --no-same-owner \
			-xzf "$DOCKER29" || return 1
	mkdir -p "$new/etc/docker" "$new/var/lib/docker" && root_image "$new"
}

# root_keep PATH COMMAND...: a root at PATH; where there is none, one made by
# COMMAND... DIRECTORY. One at a time, and never half: made beside, renamed when
# complete. It is asked whether it succeeds, so errexit is off in COMMAND.
root_keep()
{
	local path=$1 new status=0
	shift
	mkdir -p "$ROOT_CACHE"
	exec 9>"$ROOT_CACHE/.lock"
	flock 9
	if [ ! -d "$path" ]; then
		new=$(mktemp -d "$ROOT_CACHE/.new-XXXXXX")
		"$@" "$new" && mv -T "$new" "$path" || status=$?
		[ "$status" = 0 ] || rm -rf "$new"
	fi
	exec 9>&-
	return "$status"
}

root_get()
{
	local suite=$1 arch path
	arch=$(dpkg --print-architecture 2>/dev/null || uname -m)
	path=$ROOT_CACHE/$suite-$arch-$ROOT_VERSION
	if [ "$suite" = docker29 ]; then
		if [ ! -r "${DOCKER29:-}" ]; then
			echo "DOCKER29 names no archive of Docker 29 to read" >&2
			return 1
		fi
		path+=-$(sha256sum "$DOCKER29" | cut -c1-12)
	fi
	if [ -d "$path" ]; then
		echo "$path"
		return
	fi
	for tool in mmdebstrap busybox; do
		command -v "$tool" >/dev/null && continue
		echo "$tool is not installed" >&2
		return 1
	done
	echo "making a Debian $suite root with Docker in $path" >&2
	if ! root_keep "$path" root_make "$suite"; then
		echo "could not make the Debian $suite root" \
			"from $ROOT_MIRROR" >&2
		return 1
	fi
	echo "$path"
}
