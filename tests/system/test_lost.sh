#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the kernel could not hand over is counted to the packet: rows and gaps
# together are what the rule's counter says.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
# What loses packets here is the socket, the same for both variants.
: "${VARIANTS:=nft}"

FLOOD=1300000 # more than the socket's buffer holds
LATEST=1000   # a million rows are not read for one

counter()
{
	tb_save 4 -c -t filter | sed -n \
		"s/^\[\([0-9]*\):.* -A DOCKER-ISOLATION-STAGE-2 -o $(tb_bridge back) -j DROP\$/\1/p"
}

sql()
{
	sqlite3 "$(tb_db)" "$1"
}

lost()
{
	sql 'SELECT coalesce(sum(packets), 0) FROM gap'
}

sum_closes()
{
	[ "$(counter)" = "$(sql 'SELECT (SELECT sum(packets) FROM batch) +
		(SELECT coalesce(sum(packets), 0) FROM gap)')" ]
}

closes()
{
	tb_wait 100 sum_closes && return
	equal 'counter = rows + gaps' "$(counter)" \
		"$(sql 'SELECT sum(packets) FROM batch') + $(lost)"
}

something_lost()
{
	[ "$(lost)" -gt 0 ] || {
		echo 'the flood was too small to lose anything'
		return 1
	}
	echo "$(lost) of $(counter) packets lost, in $(sql \
		'SELECT count(*) FROM gap') gaps"
}

three_tables_agree()
{
	equal 'events, batches, tallies' \
		"$(sql 'SELECT sum(packets) FROM event')" \
		"$(sql 'SELECT sum(packets) FROM tally WHERE span = 2')"
}

# What the rules lost, by their counters, is what the numbers showed.
attributed()
{
	[ "$(sql 'SELECT sum(lost) FROM account')" = "$(lost)" ]
}

no_findings()
{
	equal findings '' "$(sql "SELECT detail FROM finding
		WHERE subject = 'reconciliation'")"
}

test_variant()
{
	local recorder
	seed
	tb_logger_start
	recorder=$(tb_recorder)

	tb_in web "$TB_BUILD/tests/flood" "$DB4" 7300 200000
	check 'a flood that the recorder can follow is recorded whole' closes
	check 'with nothing lost' equal lost 0 "$(lost)"

	kill -STOP "$recorder"
	tb_in web "$TB_BUILD/tests/flood" "$DB4" 7301 "$FLOOD"
	kill -CONT "$recorder"
	# The last loss shows with the next number. What he who floods sends
	# is counted without a row while that is read.
	probe || probe || probe
	check 'a recorder that was held up loses packets' something_lost
	check 'and the kernel counter is what it stored and what it lost' closes
	check 'events, batches and tallies agree' three_tables_agree
	check "the rules' counters show the same losses" tb_wait 200 attributed
	check 'and nothing is left unexplained' no_findings
	check 'an answer over that time says how many' fails_with 3 \
		"$(lost) packets lost" tb_audit matrix
	check 'status says how many' fails_with 0 "$(lost)" tb_audit status
}

check_main
