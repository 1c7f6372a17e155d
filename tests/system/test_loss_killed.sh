#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Killed under load at random moments, between and inside of commits: nothing
# that was committed is lost, no id is used twice, and what no logger saw is
# counted. LOSS_KILLS=200 for a longer look.
set -euo pipefail
# shellcheck source=tests/system/testbed.sh
. "$(dirname "$0")/testbed.sh"
# shellcheck source=tests/system/logger.sh
. "$(dirname "$0")/logger.sh"
# shellcheck source=tests/system/check.sh
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/system/loss.sh
. "$(dirname "$0")/loss.sh"

KILLS=${LOSS_KILLS:-20}

# What was there, by id: who has it must have it for good.
batches()
{
	loss_sql 'SELECT first_event, last_event, packets, bytes, max_ns
		FROM batch ORDER BY 1'
}

kill_and_look()
{
	sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
	batches >"$TB_DIR/before"
	sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
	loss_kill
	batches >"$TB_DIR/after"
	equal 'batches that are gone or changed' '' \
		"$(comm -23 <(sort "$TB_DIR/before") <(sort "$TB_DIR/after"))"
	equal integrity_check ok "$(loss_sql 'PRAGMA integrity_check')"
}

kill_often()
{
	local i
	for ((i = 0; i < KILLS; i++)); do
		loss_logger || return
		kill_and_look || return
	done
	echo "$KILLS kills"
}

test_loss()
{
	loss_logger
	loss_trickle
	loss_kill
	check 'killed again and again: nothing committed is lost' kill_often
	loss_logger
	loss_quiet
	check 'the sum closes' loss_closes
	check 'what no logger saw has its cause' loss_cause 'daemon down'
	check 'status says so' loss_status 'daemon down.*missed (at least )?[0-9]+ packets'
	check 'the logger ends well' tb_logger_stop
	check 'its database is sound' loss_whole
	check 'and proven' fails_with 0 '^proven: ' tb_audit verify
}

loss_main
