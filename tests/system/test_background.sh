#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Without --foreground the command returns when the audit is running, and
# whoever waits for its output is not kept waiting.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
# Going to the background knows nothing of iptables.
: "${VARIANTS:=nft}"

# Its output is read to the end: a descriptor left open would hang here.
start()
{
	local out status=0
	out=$(tb_beside timeout 20 "$TB_BUILD/bridgeauditd" --db "$(tb_db)" \
		--docker-socket "$TB_DIR/run/docker.sock" --user nobody 2>&1 \
		9>"$TB_DIR/held") || status=$?
	echo "$out"
	# For the trap, too: nobody else would end it when a check fails, and one
	# that runs may have failed to say so.
	TB_LOGGER=$(sed -n 's/^bridgeauditd\[\([0-9]*\)\].*/\1/p' <<<"$out" |
		head -n 1)
	equal 'exit status' 0 "$status"
	[[ $out == *'audit is running'* ]]
}

detached()
{
	equal 'stderr' /dev/null "$(readlink "/proc/$1/fd/2")"
	equal 'working directory' / "$(readlink "/proc/$1/cwd")"
}

# Such as the lock of a script that starts it, which would not come free.
holds_nothing_of_its_caller()
{
	local pid
	for pid in "$1" "$(tb_recorder)"; do
		[ -z "$(find "/proc/$pid/fd" -lname "$TB_DIR/held")" ] || return
	done
}

stopped()
{
	kill -TERM "$1"
	tb_wait 100 tb_ended "$1" || return
	TB_LOGGER=''
	no_rules
}

test_variant()
{
	seed
	tb_beside_prepare
	check 'the command returns with success and a word' start
	check 'by then every audited rule has its twin' tb_is_covered
	check 'the daemon holds neither terminal nor directory' detached "$TB_LOGGER"
	check 'nor anything that its caller had open' \
		holds_nothing_of_its_caller "$TB_LOGGER"
	check 'and records' probe
	check 'SIGTERM ends it and takes the rules out' stopped "$TB_LOGGER"
	check 'a start that fails says so and why' fails_with 1 \
		"no user 'nosuchuser'" tb_beside_run --user nosuchuser
}

tb_beside_run()
{
	(tb_beside timeout 10 "$TB_BUILD/bridgeauditd" --db "$(tb_db)" "$@")
}

check_main
