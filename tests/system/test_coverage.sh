#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The ledger of what was watched, and what a rule counted unwatched, to the
# packet: whatever is done to twins and logger, the kernel's counter of each
# rule is what the log has of it, as rows or as gaps.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"

sql()
{
	sqlite3 -readonly "$(tb_db)" ".timeout 5000" "$1"
}

# Of each rule that counted a packet: the kernel's number, and the log's.
closes()
{
	equal 'counters = rows + gaps' "$(tb_counted)" "$(accounted)"
}

accounted()
{
	sql "SELECT 'IPv' || r.family || ' ' || r.chain || ' ' || r.text ||
		char(9) || sum(n) FROM (
		SELECT p.rule, sum(e.packets) AS n FROM event e
			JOIN conversation c ON c.id = e.conversation
			JOIN path p ON p.id = c.path GROUP BY 1
		UNION ALL SELECT rule, sum(packets) FROM gap
			WHERE rule IS NOT NULL AND packets IS NOT NULL
			GROUP BY 1)
		JOIN rule r ON r.id = rule GROUP BY r.id" | LC_ALL=C sort
}

is_closed()
{
	[ "$(tb_counted)" = "$(accounted)" ]
}

wait_closed()
{
	tb_wait 300 is_closed || closes
}

# No hole is left of which nobody knows what came. What passed while nobody
# witnessed it no rule of Docker's counts.
all_known()
{
	[ "$(sql "SELECT count(*) FROM coverage c JOIN rule r ON r.id = c.rule
		WHERE c.state = 'unwatched' AND c.missed IS NULL
		AND r.verdict <> 3")" = 0 ]
}

# The id of STAGE-2's rule of a network's bridge.
rule_of()
{
	sql "SELECT id FROM rule WHERE chain = 'DOCKER-ISOLATION-STAGE-2'
		AND family = 4 AND text = '-o $(tb_bridge "$1") -j DROP'"
}

# "state cause missed" of each interval of a network's rule
intervals()
{
	sql "SELECT state, cause, missed, to_ns IS NULL FROM coverage
		WHERE rule = $(rule_of "$1") ORDER BY id"
}

# Intervals follow each other without a hole, and none is turned around.
no_hole_between()
{
	equal 'intervals that do not begin where the last one ended' '' \
		"$(sql "SELECT * FROM (SELECT *, lag(to_ns) OVER
			(PARTITION BY rule, variant ORDER BY id) AS before
			FROM coverage) WHERE to_ns < from_ns OR
			(before IS NOT NULL AND before <> from_ns)")"
}

network_is_covered()
{
	tb_network late 9
	tb_wait 100 network_settled && no_hole_between && return
	intervals late
	return 1
}

network_settled()
{
	[ "$(intervals late)" = "unwatched|rules changed|0|0
watched|||1" ]
}

gone_ends()
{
	local rule
	rule=$(rule_of late)
	tb_docker network rm late >/dev/null
	tb_wait 100 ended "$rule"
}

ended()
{
	[ "$(sql "SELECT count(*) FROM coverage WHERE rule = $1
		AND to_ns IS NULL")" = 0 ]
}

delete_twin()
{
	local twin
	twin=$(tb_save 4 -t filter | sed -n \
		"s/^-A \(bridgeaudit-stage-2 -o $(tb_bridge back) -j NFLOG.*\)/\1/p")
	# shellcheck disable=SC2086
	eval "tb_world iptables -w -D $twin"
}

# Packets lost while that cause held; the test is vain without any.
missed()
{
	local n
	n=$(sql "SELECT coalesce(sum(packets), 0) FROM gap
		WHERE cause = '$1'")
	echo "$n packets missed: $1"
	[ "$n" -gt 0 ]
}

finding_came()
{
	[ "$(sql "SELECT count(*) FROM finding
		WHERE subject = 'reconciliation' AND detail LIKE '$1'")" -gt 0 ]
}

finding_ended()
{
	[ "$(sql "SELECT count(*) FROM finding WHERE to_ns IS NULL
		AND subject = 'reconciliation'")" = 0 ]
}

# Of isolation rules that count from 0 again the accounts are right all the same.
carried_over()
{
	[ "$(sql "SELECT count(*) > 0 AND total(t.rule_packets) = 0
		AND count(base) = count(*) FROM twin t JOIN rule r ON
		r.id = t.rule JOIN account a ON a.rule = r.id WHERE
		r.chain = 'DOCKER-ISOLATION-STAGE-2'
		AND r.family = 4 AND t.state <> 'gone'")" = 1 ] && ! finding_came '%set back%'
}

# Only iptables-nft is heard to do that.
counters_are_set_back()
{
	tb_world iptables -w -Z
	if [ "$TB_VARIANT" = nft ]; then
		tb_wait 200 carried_over
	else
		tb_wait 200 finding_came '%set back%'
	fi
}

# Somebody's rule logs to our group with the id of one of ours.
forge()
{
	local group id
	group=$(tb_save 4 -t filter |
		sed -n 's/.*--nflog-group \([0-9]*\).*/\1/p' | head -n 1)
	id=$(printf %012x "$(rule_of back)")
	tb_net nft -f - <<-END
	table inet forger {
		chain forward {
			type filter hook forward priority -10
			oifname "$(tb_bridge back)" udp dport 9997 log prefix "bridgeaudit drop $id" group $group
		}
	}
	END
}

forged_is_found()
{
	local i
	for ((i = 0; i < 30; i++)); do
		send_udp web "$DB4" 9997
		sleep 3
		finding_came '%that it did not count%' && break
	done
	# nobody knows which rows these are, so each of that time is marked
	recorded 1 '.dst_port == 9997 and
		(.marks | tostring | contains("overlogged"))'
}

test_variant()
{
	seed
	tb_logger_start
	send_udp web "$DB4" 7400 5
	check 'log and counters agree' wait_closed
	check 'a new network: not watched for a moment, then it is' \
		network_is_covered
	check 'a removed one ends' gone_ends
	tb_wait 100 all_known || :
	check 'an answer then has its share and is complete' \
		fails_with 0 '^coverage [0-9.]+ % of [0-9]+ rules' \
		tb_audit log -o csv

	trickle_start web "$DB4" 7401
	delete_twin
	tb_wait_covered
	sleep 1
	trickle_stop
	check 'a twin deleted by hand: what came meanwhile has a number' \
		wait_closed
	check 'every hole has its number then' tb_wait 200 all_known

	trickle_start web "$DB4" 7402
	sleep 0.5
	# shellcheck disable=SC2046
	kill -KILL "$TB_LOGGER" $(tb_recorder)
	tb_logger_wait 2>/dev/null || :
	sleep 1
	tb_logger_start
	sleep 0.5
	trickle_stop
	check 'kill -9 under traffic: counters = rows + gaps' wait_closed
	check 'what came while nobody listened is in a gap' missed 'daemon down'
	check 'an answer about that time is incomplete' fails_with 3 \
		'packets lost in' tb_audit matrix

	trickle_start web "$DB4" 7403
	sleep 0.5
	check 'the logger stops under traffic' tb_logger_stop
	sleep 1
	tb_logger_start
	sleep 0.5
	trickle_stop
	check 'a stop and a start under traffic: counters = rows + gaps' \
		wait_closed
	check 'every hole has its number' tb_wait 200 all_known
	check 'and the intervals have none between them' no_hole_between
	check 'nothing is left unexplained' equal findings 0 "$(sql \
		"SELECT count(*) FROM finding WHERE subject = 'reconciliation'")"
	note "$(tb_audit status | grep '^changes')"

	check 'counters that were set back are carried over, or a finding' \
		counters_are_set_back
	check 'which ends when they can be compared again' \
		tb_wait 300 finding_ended
	forge
	check 'rows that no rule counted are a finding' forged_is_found
	check 'that status shows' fails_with 0 'reconciliation: the log has' \
		tb_audit status
	tb_net nft delete table inet forger

	RULE=$(rule_of back)
	tb_world iptables -w -F DOCKER-ISOLATION-STAGE-2
	check 'a flushed rule ends in the ledger' tb_wait 100 ended "$RULE"
}

check_main
