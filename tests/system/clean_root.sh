#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What README promises, word for word, on freshly installed Debians: `sudo make
# run` without Docker and with one, `sudo make test`. Each Debian is a minimal
# root with make and sudo besides, in namespaces of its own; it reaches the
# mirror through slirp4netns, so this host's network stays as it is.
#
#   clean_root.sh [SUITE...]      default: CLEAN_SUITES, or bookworm trixie
#
# CLEAN_TESTS: the suites of these in which `sudo make test` is run, all of them
# by default.
#
# Not one of `make test`'s files: .ci/run calls it.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"

CLEAN='' CLEAN_PID='' CLEAN_UNSHARE='' CLEAN_SLIRP=''

clean_make()
{
	mmdebstrap --quiet --variant=apt \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--include=make,sudo,iproute2,mount "$1" "$2" "$ROOT_MIRROR" >&2
}

# A copy of a cached minimal root, with the checkout in /src.
clean_copy()
{
	local base
	base=$ROOT_CACHE/clean-$1-$(dpkg --print-architecture)-$ROOT_VERSION
	root_keep "$base" clean_make "$1" || return
	CLEAN=$(mktemp -d "$ROOT_CACHE/.clean-XXXXXX")
	cp -a "$base" "$CLEAN/root"
	mkdir "$CLEAN/root/src"
	(cd "$TB_TOP" && git ls-files -z -c -o --exclude-standard |
		tar -c --null -T -) | tar -x -C "$CLEAN/root/src"
	chown -R 0:0 "$CLEAN/root/src"
	echo 'nameserver 10.0.2.3' >"$CLEAN/root/etc/resolv.conf"
	grep -qs "$(hostname)" "$CLEAN/root/etc/hosts" ||
		echo "127.0.1.1 $(hostname)" >>"$CLEAN/root/etc/hosts"
}

clean_start()
{
	trap 'clean_stop; tb_stop' EXIT
	clean_copy "$1"
	tb_bound unshare --pid --fork --kill-child --mount --net \
		"$TB_SRC/clean_world.sh" "$CLEAN/root" "$ROOT_CACHE" \
		"$TB_DIR/run" &
	CLEAN_UNSHARE=$!
	tb_wait 100 tb_has "$TB_DIR/run/clean.pid"
	CLEAN_PID=$(cat "$TB_DIR/run/clean.pid")
	rm "$TB_DIR/run/clean.pid"
	tb_bound slirp4netns --configure --mtu=65520 --disable-host-loopback \
		"$CLEAN_PID" tap0 >/dev/null 2>"$CLEAN/slirp.log" &
	CLEAN_SLIRP=$!
	tb_wait 50 clean_online
}

clean_online()
{
	nsenter -t "$CLEAN_PID" -n ip route | grep -q default
}

clean_stop()
{
	local status=$? pid
	for pid in $CLEAN_SLIRP "${CLEAN_PID:-$CLEAN_UNSHARE}"; do
		kill -TERM "$pid" 2>/dev/null || :
	done
	# shellcheck disable=SC2086
	wait $CLEAN_SLIRP $CLEAN_UNSHARE 2>/dev/null || :
	[ -z "$CLEAN" ] || rm -rf --one-file-system "$CLEAN"
	CLEAN='' CLEAN_PID='' CLEAN_UNSHARE='' CLEAN_SLIRP=''
	return "$status"
}

# A command line typed into a terminal there: terminal NETNS COMMAND. What it
# shows goes to $CLEAN/screen; keys are written to descriptor KEYS.
terminal()
{
	local net=$1
	shift
	rm -f "$CLEAN/keys"
	mkfifo "$CLEAN/keys"
	: >"$CLEAN/screen"
	tb_bound env --default-signal=INT script -qfec "nsenter -t $CLEAN_PID \
		-m -p --net=$net env -i TERM=dumb HOME=/root \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c 'cd /src && $*'" \
		/dev/null <"$CLEAN/keys" >"$CLEAN/screen" 2>&1 &
	TERMINAL=$!
	exec {KEYS}>"$CLEAN/keys"
}

terminal_shows()
{
	grep -qE -- "$1" "$CLEAN/screen"
}

# shown TENTHS PATTERN
shown()
{
	tb_wait "$1" terminal_shows_or_ended "$2" && terminal_shows "$2" &&
		return
	tail -n 30 "$CLEAN/screen"
	return 1
}

terminal_shows_or_ended()
{
	terminal_shows "$1" || tb_ended "$TERMINAL"
}

control_c()
{
	printf '\003' >&"$KEYS"
	tb_wait 200 tb_ended "$TERMINAL" || {
		echo 'it did not end'
		kill "$TERMINAL"
		return 1
	}
	exec {KEYS}>&-
	wait "$TERMINAL" || :
	tail -n 4 "$CLEAN/screen"
	terminal_shows 'stopped; the firewall is as Docker made it'
}

readme_says()
{
	grep -E "^[ \$	]*$1\$" "$TB_TOP/README.md"
}

blocked_packet_shows()
{
	send_udp web "$DB4" 7301
	shown 50 '\b7301\b'
}

# Its closing line, when that says that nothing failed. One variant and the
# suite's own engine do here, the others are run outside: an engine's root that
# is older has an nft, and a firewalld, that crashes on what a newer nft wrote.
make_test()
{
	local closing status=0
	nsenter -t "$CLEAN_PID" -m -p -n env -i TERM=dumb HOME=/root \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		BRIDGEAUDIT_TEST_CACHE="$ROOT_CACHE" \
		SUITES="$1" VARIANTS=nft CHURN_OPERATIONS=10 EDITS=100 \
		LOSS_KILLS=5 LOSS_LOCKED=5 sh -c \
		'cd /src && sudo -E make test' >"$CLEAN/test.log" 2>&1 || {
		status=$?
		echo "make test failed with $status"
		grep -E '^[^ ]*: .* [1-9][0-9]* failed|^ *not ok' \
			"$CLEAN/test.log" ||
			grep -vE '^cc |^	-MMD' "$CLEAN/test.log" | tail -n 20
	}
	# Inside a make that make started, its goodbye comes last.
	closing=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$CLEAN/test.log" |
		tail -n 1)
	echo "$closing"
	[ "$status" = 0 ] &&
		[[ $closing =~ ^[1-9][0-9]*" passed, 0 failed" ]]
}

# clean_suite SUITE SUITES-TO-TEST
clean_suite()
{
	CHECK_PREFIX="clean Debian $1: "
	tb_start nft
	seed
	check 'a minimal root with the checkout comes up' clean_start "$1"
	terminal "/proc/$CLEAN_PID/ns/net" sudo make run
	check 'sudo make run installs, builds and waits for Docker' \
		shown 6000 'waiting for one'
	check 'Ctrl-C ends it' control_c

	ln -sf testbed/docker.sock "/proc/$CLEAN_PID/root/run/docker.sock"
	terminal "/proc/$TB_PID/ns/net" sudo make run
	check 'sudo make run covers the Docker that is there' \
		tb_wait_covered 600
	check 'and shows a blocked packet' blocked_packet_shows
	check 'Ctrl-C ends it' control_c
	check 'and takes its rules out' no_rules
	rm "/proc/$CLEAN_PID/root/run/docker.sock"

	case " $2 " in
	*" $1 "*) check 'sudo make test passes' make_test "$1" ;;
	esac
	clean_stop
	tb_stop
}

reason=$(tb_missing)
if [ -z "$reason" ] && ! command -v slirp4netns >/dev/null; then
	reason='slirp4netns is not installed'
fi
if [ -n "$reason" ]; then
	echo "1..0 # SKIP $reason"
	exit 0
fi
TB_ROOT=$(root_get bookworm)
check 'README names the two commands' readme_says 'sudo make (run|test)'
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- ${CLEAN_SUITES:-bookworm trixie}
for suite in "$@"; do
	clean_suite "$suite" "${CLEAN_TESTS-$*}"
done
echo "1..$CHECK_COUNT"
[ "$CHECK_FAILED" = 0 ]
