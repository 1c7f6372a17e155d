#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever is done to the firewall: afterwards every audited rule has exactly
# one watch, no rule of somebody else is lost or moved, and the log is exact.
#
# Docker runs with live-restore, so that its restart, which is how it makes
# flushed rules again, leaves the containers alone.
#
# SUITES="bookworm trixie forky" is all engines with both iptables.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
: "${SUITES:=bookworm:legacy forky:nft}"
# shellcheck disable=SC2034 # check.sh's
TEST_DOCKERD=(--live-restore)

# How often somebody else edits while Docker makes a network.
NETWORKS=${NETWORKS:-4}

# somebody FAMILY ARG...: another tool on the host edits
somebody()
{
	local cmd=iptables
	[ "$1" = 4 ] || cmd=ip6tables
	shift
	tb_world "$cmd" -w "$@"
}

# Rules of somebody's, in chains that are nobody's and in one of his own. No
# traffic of the tests is protocol 253.
somebody_lives_here()
{
	local family mark=(-p 253 -m comment --comment somebody)
	for family in 4 6; do
		somebody "$family" -N SOMEBODY 2>/dev/null || :
		somebody "$family" -A SOMEBODY "${mark[@]}" \
			-j NFLOG --nflog-group 7 --nflog-prefix somebody
		somebody "$family" -I FORWARD "${mark[@]}" -j SOMEBODY
		somebody "$family" -A FORWARD "${mark[@]}" -j DROP
		somebody "$family" -t raw -I PREROUTING "${mark[@]}" -j RETURN
		somebody "$family" -t raw -A PREROUTING "${mark[@]}" -j DROP
		somebody "$family" -t mangle -A FORWARD "${mark[@]}" \
			-j MARK --set-mark 7
	done
	# Docker 20.10 has the chain for IPv4 only, and with live-restore does
	# not make it again.
	! somebody 4 -n -L DOCKER-USER >/dev/null 2>&1 ||
		somebody 4 -I DOCKER-USER "${mark[@]}" -j DROP
	OTHERS=$(others)
}

# Each of somebody's rules, with its table and in order.
others()
{
	local family
	for family in 4 6; do
		tb_saved "$family" | awk -v family="$family" '
			/^\*/ { table = $0 }
			/somebody/ { print family, table, $0 }'
	done
}

no_other_lost() { equal "somebody's rules" "$OTHERS" "$(others)"; }

# kept_right [CHAIN]
kept_right()
{
	probe_exact "$@" && no_other_lost
}

household()
{
	tb_network one 11
	tb_network two 12 --internal
	tb_run box one -p 8181:80
	tb_docker network connect two box
	tb_docker network connect front box
	tb_docker network disconnect front box
	tb_docker restart -t 0 box
	tb_docker network disconnect one box
	tb_docker rm -f box
	tb_docker network rm one
	tb_run stays two
} >/dev/null

# Lines of a table that are ours: ours FAMILY TABLE
ours()
{
	tb_save "$1" | sed -n "/^\*$2\$/,/^COMMIT/{/bridgeaudit/p}"
}

# edit FAMILY TABLE: lines of iptables-restore in
edit()
{
	local cmd=iptables-restore
	[ "$1" = 4 ] || cmd=ip6tables-restore
	{
		echo "*$2"
		cat
		echo COMMIT
	} | tb_world "$cmd" --noflush -w 5
}

# All watches in one go, or the first COUNT of each table.
delete_watches()
{
	local family table
	for family in 4 6; do
		for table in filter raw; do
			ours "$family" "$table" | sed -n 's/^-A/-D/p' |
				head -n "${1:-1000}" | edit "$family" "$table"
		done
	done
	tb_net nft delete table inet bridgeaudit 2>/dev/null || :
}

# A second one at the end of the chain and one directly above.
double_a_twin()
{
	local twin
	twin=$(ours 4 filter | awk '/^-A/ && !n++')
	{
		echo "$twin"
		sed -E 's/^-A ([^ ]*)/-I \1 1/' <<<"$twin"
	} | edit 4 filter
}

# While the keeper stands still nobody mends: what this file asks must then be
# answered with no.
noticed()
{
	local seen=0
	kill -STOP "$TB_LOGGER"
	"$@"
	tb_is_covered || seen=1
	kill -CONT "$TB_LOGGER"
	equal 'noticed' 1 "$seen"
}

flush()
{
	local family
	for family in 4 6; do
		somebody "$family" -t "$1" -F
	done
	OTHERS=$(others)
}

restart()
{
	tb_dockerd_stop && tb_dockerd_start
}

containers_again()
{
	tb_docker restart -t 0 web db >/dev/null
}

# No rule of Docker's decides about it any more, so none may be claimed to have;
# that it passed is what the witness tells when it is there again.
no_row()
{
	tb_logger_alive && tb_is_covered || return
	PROBE=$((PROBE + 1))
	send_udp web "$DB4" "$PROBE"
	sleep 0.3
	equal events 0 "$(events_where \
		".dst_port == $PROBE and .verdict != \"pass\"")"
}

# Edits in the chains that Docker and the logger edit, as fast as they go, until
# there is a file "enough"; what failed goes to the file "failed".
meddle()
{
	local chains=$1 i=0
	: >"$TB_DIR/run/failed"
	# shellcheck disable=SC2016
	tb_world bash -c '
		meddle()
		{
			"$@" || echo "$*" >>/run/failed
		}
		while [ ! -e /run/enough ]; do
			i=$((i + 1))
			for where in $1; do
				for cmd in iptables ip6tables; do
					meddle "$cmd" -w -t "${where%.*}" \
						-I "${where#*.}" -p 254 -j RETURN
					meddle "$cmd" -w -t "${where%.*}" \
						-D "${where#*.}" -p 254 -j RETURN
				done
			done
		done
		echo "$i" >/run/meddled' meddle "$chains"
}

two_editors()
{
	local chains='filter.FORWARD raw.PREROUTING' i editor
	case $(first_chain) in
	PREROUTING) chains+=' filter.DOCKER filter.DOCKER-FORWARD' ;;
	*) chains+=' filter.DOCKER filter.DOCKER-ISOLATION-STAGE-2' ;;
	esac
	meddle "$chains" &
	editor=$!
	for ((i = 1; i <= NETWORKS; i++)); do
		tb_network "edited$i" "$((20 + i))"
		tb_run "edited$i" "edited$i" -p "$((8200 + i)):80"
	done
	: >"$TB_DIR/run/enough"
	wait "$editor"
	equal 'edits of somebody else that failed' '' "$(cat "$TB_DIR/run/failed")"
	echo "$NETWORKS networks made during" \
		"$(cat "$TB_DIR/run/meddled") rounds of edits"
	equal 'what the other editor left' '' "$(tb_saved 4 | grep -e '-p 254')"
}

test_variant()
{
	seed
	somebody_lives_here
	tb_logger_start
	check 'a packet is recorded and counted exactly' \
		kept_right "$(first_chain)"
	check 'networks and containers come and go' household
	check 'after that all is right' kept_right
	check 'a deleted watch of each table is missed' noticed delete_watches 1
	check 'and comes back' kept_right
	delete_watches
	check 'after all watches were deleted' kept_right
	check 'a doubled twin is noticed' noticed double_a_twin
	check 'and goes' kept_right
	check 'two tools edit at once' two_editors
	check 'after that all is right' kept_right

	flush raw
	check 'after table raw was flushed, the next rule that drops is exact' \
		kept_right "$(between_chain)"
	containers_again
	check 'after the containers started anew' kept_right "$(first_chain)"
	flush filter
	case $(first_chain) in
	PREROUTING) check 'after table filter was flushed' \
		kept_right PREROUTING ;;
	*) check 'after table filter was flushed nothing is claimed' no_row ;;
	esac
	tb_net nft flush ruleset
	OTHERS=$(others)
	[ "$1" = legacy ] ||
		check 'after nft flush ruleset nothing is claimed' no_row
	check 'dockerd makes its rules again' restart
	somebody_lives_here
	check 'after that all is right' kept_right "$(first_chain)"
	[ "$1" = nft ] || {
		tb_net nft flush ruleset
		check 'after nft flush ruleset' kept_right "$(first_chain)"
	}
	check 'the logger stops' tb_logger_stop
	check "and somebody's rules are still there" no_other_lost
	check 'none of ours is left' equal rules '' "$(
		ours 4 filter; ours 6 filter; ours 4 raw; ours 6 raw; tb_own_ids)"
}

check_main
