#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The keeper keeps only what rules need; the recorder keeps nothing. Of their
# libraries' pages they keep what they use.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
# Privileges know nothing of iptables.
: "${VARIANTS:=nft}"

# status PID FIELD: that line of /proc/PID/status, without its name
status()
{
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

keeper_has()
{
	# CAP_NET_ADMIN is bit 12, CAP_NET_RAW bit 13.
	equal 'effective' 0000000000003000 "$(status "$1" CapEff)"
	equal 'permitted' 0000000000003000 "$(status "$1" CapPrm)"
	equal 'bounding set' 0000000000003000 "$(status "$1" CapBnd)"
	equal 'inheritable' 0000000000000000 "$(status "$1" CapInh)"
	equal 'no new privileges' 1 "$(status "$1" NoNewPrivs)"
}

recorder_has_nothing()
{
	local uid
	uid=$(id -u nobody)
	equal 'uids' "$uid $uid $uid $uid" "$(status "$1" Uid | tr '\t' ' ')"
	equal 'effective' 0000000000000000 "$(status "$1" CapEff)"
	equal 'permitted' 0000000000000000 "$(status "$1" CapPrm)"
	equal 'no new privileges' 1 "$(status "$1" NoNewPrivs)"
	! status "$1" Groups | grep -qw 0 || {
		echo "still in root's group"
		return 1
	}
}

# Its sockets: the NFLOG group, the keeper, the interface table, and where
# readers of the log tell of themselves; no more.
recorder_descriptors()
{
	local sockets
	sockets=$(find "/proc/$1/fd" -lname 'socket:*' | wc -l)
	[ "$sockets" -le 5 ] || {
		ls -l "/proc/$1/fd"
		return 1
	}
}

# Most libraries are libcurl's, and no code of theirs runs but at their start.
has_let_go()
{
	awk '/^[0-9a-f]+-/ { code = $2 == "r-xp" && $6 ~ /[.]so/; n += code }
		/^Rss:/ { unused += code && $2 == 0 }
		END { exit !(n > 0 && unused > n / 2) }' "/proc/$1/smaps"
}

modes()
{
	equal 'the database' '640 nobody' "$(stat -c '%a %U' "$(tb_db)")"
	equal 'its lock' '640 nobody' "$(stat -c '%a %U' "$(tb_db).lock")"
}

# Readers are of its group. The group is held, so this one ends.
directory_under_a_narrow_umask()
{
	local made="$TB_DIR/made"
	! (umask 077 && tb_beside "$TB_BUILD/bridgeauditd" --db "$made/audit.db" \
		--foreground --docker-socket "$TB_DIR/run/docker.sock" \
		--user nobody 2>/dev/null) || return
	equal 'the directory' '750 nobody' "$(stat -c '%a %U' "$made")"
}

test_variant()
{
	local recorder
	seed
	tb_logger_start
	recorder=$(tb_recorder)
	check 'the keeper has CAP_NET_ADMIN and CAP_NET_RAW, no more' \
		keeper_has "$TB_LOGGER"
	check 'the recorder is an ordinary user without capabilities' \
		recorder_has_nothing "$recorder"
	check 'and holds no socket but its own' recorder_descriptors "$recorder"
	check 'the database is for its user and group only' modes
	check 'so is a directory that is made, whatever the umask' \
		directory_under_a_narrow_umask
	check 'and so it records' probe
	check 'the keeper has let go of what only the start needed' \
		tb_wait 50 has_let_go "$TB_LOGGER"
}

check_main
