#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The logger leaves the ruleset as it was; so does `rules remove` after a
# logger that could not.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
: "${SUITES:=bookworm trixie}"

# The rules alone: no counters, no dates.
rules_only()
{
	local family
	for family in 4 6; do
		tb_save "$family" | sed -e '/^#/d' -e 's/ \[[0-9:]*\]$//'
	done
}

as_before()
{
	equal 'the ruleset' "$BEFORE" "$(rules_only)"
}

stored_to_the_last()
{
	send_udp web "$DB4" 7000 50
	tb_logger_stop || return
	equal events 50 "$(events_where '.dst_port == 7000')"
}

test_variant()
{
	seed
	BEFORE=$(rules_only)
	tb_logger_start
	check 'the twins are in the ruleset' \
		fails_with 1 '^the ruleset' as_before
	check 'what was sent just before SIGTERM is stored' stored_to_the_last
	check 'after SIGTERM the ruleset is what it was' as_before
	check 'a logger that stopped is reported as not running' \
		reported_stopped

	tb_logger_start
	check 'rules remove is refused while the logger runs' fails_with 1 \
		'run' tb_audit_beside rules remove
	check 'and takes nothing out' tb_is_covered
	# shellcheck disable=SC2046
	kill -KILL "$TB_LOGGER" $(tb_recorder)
	tb_logger_wait || :
	check 'a killed logger leaves its twins' tb_is_covered
	check 'rules remove takes them out' tb_audit_beside rules remove
	check 'and the ruleset is what it was' as_before
	check 'rules remove has nothing to do then' tb_audit_beside rules remove

	tb_logger_start
	kill -INT "$TB_LOGGER"
	check 'SIGINT ends it like SIGTERM' tb_logger_wait
	check 'and the ruleset is what it was after SIGINT' as_before
}

reported_stopped()
{
	tb_audit status | grep -iE 'not running|down|stopped'
}

check_main
