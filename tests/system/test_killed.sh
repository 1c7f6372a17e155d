#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9, of both processes and of each: nothing committed is lost, and the
# next logger goes on where this one ended.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"

ids()
{
	tb_events | jq -c '[.id, .time]' | sort
}

nothing_lost()
{
	local missing
	missing=$(comm -23 "$TB_DIR/ids" <(ids))
	equal 'events that are gone' '' "$missing"
	echo "$(wc -l <"$TB_DIR/ids") events were there before"
}

integrity()
{
	equal integrity_check ok \
		"$(sqlite3 "$(tb_db)" 'PRAGMA integrity_check')"
}

# What the other one does when one process was killed: PID of it, PATTERN
# that the survivor's message has.
survivor_ends()
{
	local status=0
	[ -n "$RECORDER" ] || {
		echo "no recorder was there"
		return 1
	}
	TB_LOGGED=$(wc -l <"$TB_DIR/logger.log")
	kill -KILL "$1"
	tb_wait 100 tb_ended "$RECORDER" || {
		echo 'the recorder is still there'
		return 1
	}
	tb_logger_wait 2>/dev/null || status=$?
	[ "$status" != 0 ] || {
		echo 'ended with success'
		return 1
	}
	tb_logged | grep -iE "$2"
}

doubles_none()
{
	local family
	tb_logger_start || return
	for family in 4 6; do
		equal "IPv$family twins" "$(tb_audited "$family" | wc -l)" \
			"$(tb_save "$family" -t filter |
				grep -c -- '-j NFLOG')" || return
	done
}

test_variant()
{
	seed
	tb_logger_start
	trickle_start web "$DB4" 7100
	recorded 200 '.dst_port == 7100'
	RECORDER=$(tb_recorder)
	ids >"$TB_DIR/ids"
	# The keeper must not live to see the recorder's end and clean up.
	kill -STOP "$TB_LOGGER"
	kill -KILL "$RECORDER" "$TB_LOGGER"
	tb_logger_wait 2>/dev/null || :
	check 'a killed logger loses nothing it had committed' nothing_lost
	check 'its database is whole' integrity
	check 'its twins are still in the ruleset' tb_is_covered
	check 'a restart finds its own rules and doubles none' doubles_none
	trickle_stop
	check 'and records again' probe
	check 'and still has what was there' nothing_lost

	RECORDER=$(tb_recorder)
	check 'the keeper killed: the recorder says so and ends' \
		survivor_ends "$TB_LOGGER" keeper
	check 'the twins then stay for the next logger' tb_is_covered
	tb_logger_start
	RECORDER=$(tb_recorder)
	check 'the recorder killed: the keeper says so and ends' \
		survivor_ends "$RECORDER" recorder
	check 'the database is whole after all that' integrity
	tb_logger_start
	check 'and a new logger records again' probe
}

check_main
