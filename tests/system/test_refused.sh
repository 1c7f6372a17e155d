#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What can't work is refused at the start, in one line that says what to do;
# what takes its time there is waited for.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
# Nothing here depends on the variant.
: "${VARIANTS:=nft}"

# A logger that should not start, for ten seconds at most.
start()
{
	(tb_beside timeout 10 env ${FAKE:+"PATH=$FAKE:$PATH"} \
		"$TB_BUILD/bridgeauditd" --foreground \
		--db "$(tb_db)" --docker-socket "$TB_DIR/run/docker.sock" \
		--user nobody "$@")
}

# By its settings alone.
start_configured()
{
	(tb_beside timeout 10 "$TB_BUILD/bridgeauditd" --foreground \
		--config "$TB_DIR/user.conf")
}

# As somebody who is not root.
start_as_nobody()
{
	setpriv --reuid nobody --regid "$(id -gn nobody)" --clear-groups \
		timeout 10 "$TB_BUILD/bridgeauditd" --foreground
}

# An iptables-restore that fails as it does on a kernel without the target.
fake_iptables()
{
	local name
	FAKE=$TB_DIR/fake
	mkdir "$FAKE"
	for name in iptables-nft-save iptables-nft-restore; do
		cat >"$FAKE/$name" <<-'END'
		#!/bin/sh
		echo 'Extension NFLOG revision 0 not supported, missing kernel module?' >&2
		exit 1
		END
		chmod +x "$FAKE/$name"
	done
}

# A logger whose recorder can't open its database: somebody has its lock, and
# then the recorder stands still.
launch_late()
{
	rm -f "$TB_DIR/release" "$TB_DIR/locked"
	mkfifo "$TB_DIR/release"
	echo ": >'$TB_DIR/locked'; timeout 40 cat '$TB_DIR/release'" \
		>"$TB_DIR/hold"
	sqlite3 "$(tb_db)" 'BEGIN IMMEDIATE' ".system sh $TB_DIR/hold" &
	tb_wait 50 test -e "$TB_DIR/locked" || return
	tb_logger_launch
	tb_wait 50 has_recorder || return
	RECORDER=$(tb_recorder)
	kill -STOP "$RECORDER"
}

has_recorder()
{
	[ -n "$(tb_recorder)" ]
}

go_on()
{
	: >"$TB_DIR/release"
	kill -CONT "$RECORDER"
}

stops_in_order()
{
	launch_late || return
	kill -TERM "$TB_LOGGER"
	sleep 0.5
	go_on || return
	tb_logger_wait || return
	tb_ended "$RECORDER" || return
	tb_audit verify >"$TB_DIR/verified" || return
	fails_with 1 '' grep 'not signed yet' "$TB_DIR/verified"
}

waits_for_recorder()
{
	launch_late || return
	tb_wait 300 says_late || return
	go_on || return
	tb_wait 150 tb_settled && tb_logger_alive && tb_logger_stop
}

says_late()
{
	tb_logged | grep -q 'is still opening its database'
}

test_variant()
{
	seed
	tb_beside_prepare
	check 'an ordinary user is told to use sudo' \
		fails_with 1 'only root' start_as_nobody
	check 'a user that does not exist is named' \
		fails_with 1 "no user 'nosuchuser'" start --user nosuchuser
	check 'the recorder never runs as root' \
		fails_with 1 'would be root' start --user root
	check 'an unknown option prints the usage' \
		fails_with 2 'usage: bridgeauditd' start --nosuchoption
	check 'a group out of range is a usage error' \
		fails_with 2 "--group '70000'" start --group 70000
	check 'an unknown profile word is named' \
		fails_with 2 'nosuchword' start --profile drops,nosuchword
	printf 'user = nobody\n\nretain = 3\n' >"$TB_DIR/bad.conf"
	check 'an unknown key of the settings is named with its line' \
		fails_with 2 "bad.conf:3: retain is no key" \
		start --config "$TB_DIR/bad.conf"
	printf 'user = nosuchuser\n' >"$TB_DIR/user.conf"
	check 'settings are obeyed' \
		fails_with 1 "no user 'nosuchuser'" start_configured
	echo 'not a database, but long enough to look at' >"$TB_DIR/db/text"
	check 'a file that is no database of ours is left alone' \
		fails_with 5 'not a database of bridgeaudit' \
		start --db "$TB_DIR/db/text"
	mkdir "$TB_DIR/closed"
	check "a directory that is not the user's is named" \
		fails_with 5 "as user 'nobody'" start --db "$TB_DIR/closed/a.db"
	sqlite3 "$TB_DIR/db/newer.db" \
		'PRAGMA application_id = 0x42724175; PRAGMA user_version = 9;
		CREATE TABLE event (id)'
	chown nobody "$TB_DIR/db/newer.db"
	check 'a database of another version is refused with both versions' \
		fails_with 5 'schema version 9 and this program knows 2' \
		start --db "$TB_DIR/db/newer.db"
	tb_logger_start
	tb_logger_stop
	check 'told to stop before it has its database, it ends in order' \
		stops_in_order
	check 'a recorder that is late is told of and waited for' \
		waits_for_recorder
	check 'nothing of that put a rule into the firewall' no_rules
	fake_iptables
	check 'a kernel without the NFLOG target: the module is named' \
		fails_with 1 'load the module nft_log' start
}

check_main
