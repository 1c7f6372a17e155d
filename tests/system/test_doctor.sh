#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bridgeaudit doctor on a real engine: all is watched, and each way in which it
# is not; the blind spots by name; without Docker, without root, and with a
# Docker that hangs.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"

# doctor STATUS PATTERN...: exit status, and what the screen must say, all
# blanks being one.
doctor()
{
	local status=$1
	shift
	says "$status" "$(tb_audit_beside doctor 2>&1; echo "status $?")" "$@"
}

# says STATUS OUTPUT PATTERN...
says()
{
	local status=$1 shown=$2 flat pattern good=0
	shift 2
	flat=$(tr -s ' \n' ' ' <<<"$shown")
	for pattern in "$@" "status $status "; do
		grep -qE -- "$pattern" <<<"$flat" && continue
		echo "no '$pattern' in:"
		good=1
	done
	[ "$good" = 0 ] || echo "$shown"
	return "$good"
}

# json FILTER: holds for its JSON
json()
{
	(tb_audit_beside doctor -o json || :) | jq -e "$1" >/dev/null
}

# The number of the first twin in a chain of filter, IPv4.
first_twin()
{
	tb_net "iptables-$TB_VARIANT" -S "$1" | grep '^-A' | grep -n NFLOG |
		head -n 1 | cut -d: -f1
}

# While the logger can't put it back.
twin_deleted()
{
	local chain=DOCKER-ISOLATION-STAGE-2 status=0
	kill -STOP "$TB_LOGGER"
	tb_net "iptables-$TB_VARIANT" -D "$chain" "$(first_twin "$chain")"
	doctor 3 'NOT WATCHED IPv4 between bridges, .*: 1 of [0-9]+ rules are not: -o .* -j DROP' ||
		status=1
	json '[.checks[] | select(.state == "not_watched")] |
		length == 1 and .[0].check == "point.stage_2" and
		.[0].rules == .[0].watched + 1' || status=1
	kill -CONT "$TB_LOGGER"
	return "$status"
}

healthy()
{
	doctor 0 'ok running, pid' "rules of Docker $1" \
		'all that can be watched is watched'
}

is_healthy()
{
	healthy "$1" >/dev/null
}

starts()
{
	tb_logger_launch
	tb_wait 100 is_healthy "$1" || healthy "$1"
}

blind_spots()
{
	doctor 0 'blind containers in host mode, 1: free' \
		'blind macvlan networks, 1: lan' \
		'blind connections through docker-proxy, [0-9]+: tcp .* port 8080 to 10\.77\.2\.2 port 80' \
		'ok rootless Docker: none' &&
		json '.blind_spots == 4'
}

# Its processes are frozen, its socket is still there.
docker_hangs()
{
	local pid status=0
	pid=$(pgrep --ns "$TB_PID" --nslist pid -o -x dockerd)
	kill -STOP "$pid"
	doctor 1 'unknown Docker does not answer in time' \
		'unknown containers in host mode: Docker did not say' \
		'ok IPv4(\+6)? between bridges' || status=1
	kill -CONT "$pid"
	tb_wait 100 tb_docker_up
	return "$status"
}

# As nft 1.0.6 does with a table that a newer one wrote.
nft_crashes()
{
	install -d "$TB_DIR/crash"
	cat >"$TB_DIR/crash/nft" <<-END
	#!/bin/sh
	[ "\$1" != list ] || kill -SEGV \$\$
	exec $(command -v nft) "\$@"
	END
	chmod +x "$TB_DIR/crash/nft"
	PATH=$TB_DIR/crash:$PATH doctor 1 \
		"unknown our table can't be read: .*killed by signal 11" \
		"unknown IPv4\\+6 these rules can't be read: .*signal 11" \
		'ok IPv4(\+6)? between bridges'
}

no_docker()
{
	local shown
	# shellcheck disable=SC2016
	shown=$(unshare --net --mount bash -c 'mount -t tmpfs tmpfs /run &&
		"$@"; echo "status $?"' doctor \
		"$TB_BUILD/bridgeaudit" --db "$TB_DIR/none.db" doctor 2>&1)
	says 1 "$shown" "no rule of Docker's is in this network namespace" \
		'n/a no Docker at' 'there is nothing to watch'
}

as_nobody()
{
	local shown
	install -d "$TB_DIR/bin"
	install "$TB_BUILD/bridgeaudit" "$TB_BUILD/bridgeauditd" "$TB_DIR/bin"
	shown=$( (tb_beside setpriv --reuid nobody --regid nogroup \
		--clear-groups "$TB_DIR/bin/bridgeaudit" --db "$(tb_db)" \
		doctor 2>&1); echo "status $?")
	says 1 "$shown" 'unknown only root can read the firewall' \
		"unknown what is watched of Docker's rules -> run it with sudo" \
		'unknown no Docker at .*: Permission denied -> run it with sudo' \
		'ok running, pid'
}

# Docker 29's tables, as it writes them, beside this engine's rules.
docker_29()
{
	tb_net nft -f "$TB_TOP/tests/data/nft/docker-29.ip"
	tb_net nft -f "$TB_TOP/tests/data/nft/docker-29.ip6"
	doctor 3 'IPv4\+6 nftables: rules of Docker 29 with nftables \(D\)' \
		'NOT WATCHED IPv4\+6 ports that are not published: none of 4' &&
		starts '29 with nftables' || return
	tb_net nft delete table ip docker-bridges
	tb_net nft delete table ip6 docker-bridges
}

test_variant()
{
	local generation=${GENERATION:-20.10 to 27}
	seed
	tb_beside_prepare
	check 'without a logger nothing is watched' doctor 3 \
		'FAILED not running' \
		'NOT WATCHED IPv4(\+6)? between bridges, .*: none of [0-9]+'
	check 'with one, all that can be is' starts "$generation"
	check 'each family and backend is told' json '
		[.checks[] | select(.check == "point.stage_2") |
			select(.state == "ok") | .family] | sort | unique == [4, 6]'
	check 'a twin that somebody deleted' twin_deleted
	check 'and when the logger put it back' tb_wait 150 is_healthy \
		"$generation"
	tb_docker run -d --network host --name free box >/dev/null
	tb_docker network create -d macvlan -o parent=eth0 \
		--subnet 10.77.9.0/24 lan >/dev/null
	check 'what no rule can see, by name' blind_spots
	check 'a Docker that hangs is a finding' docker_hangs
	check 'an nft that crashes is one too' nft_crashes
	check 'as nobody, what needs root is not told' as_nobody
	tb_logger_kill || :
	check 'after a kill the twins are there, and nobody listens' doctor 3 \
		'FAILED not running: it was killed' \
		'NOT WATCHED IPv4(\+6)? between bridges, .* rules, but nobody listens to NFLOG group 4242'
	check 'no Docker at all' no_docker
	if [ "$TB_VARIANT" = nft ]; then
		check "Docker 29's nftables backend" docker_29
	fi
}

check_main
