#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The iptables alternative is switched from nft to legacy while everything runs:
# after dockerd's next start the rules of both are in force, and all of them are
# watched, whichever decides.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
: "${SUITES:=forky:nft}"
# shellcheck disable=SC2034 # check.sh's
TEST_DOCKERD=(--live-restore)

switch()
{
	local name
	for name in {ip,ip6}tables{,-save,-restore}; do
		ln -sfn "/usr/sbin/${name/tables/tables-$1}" \
			"$TB_DIR/alternatives/$name"
	done
	TB_VARIANT=$1
	tb_dockerd_stop && tb_dockerd_start
}

# Rules of Docker's that are watched: watched VARIANT
watched()
{
	tb_audit rules -o jsonl 2>/dev/null | jq -s --arg variant "$1" \
		'map(select(.variant == $variant and .state == "in place")) |
			length'
}

both_watched()
{
	[ "$(watched nft)" -gt 0 ] && [ "$(watched legacy)" -gt 0 ]
}

# The first variant's DROPs are deleted by hand, so that the other one decides.
only_by()
{
	local family cmd table keep=$1 other=nft
	[ "$keep" = legacy ] || other=legacy
	for family in 4 6; do
		cmd=iptables-$other
		[ "$family" = 4 ] || cmd=ip6tables-$other
		for table in filter raw; do
			tb_world "$cmd" -w -t "$table" -F
			tb_world "$cmd" -w -t "$table" -P FORWARD ACCEPT \
				2>/dev/null || :
		done
	done
}

ours()
{
	{ tb_saved 4 && tb_saved 6; } | grep bridgeaudit || :
	tb_own_ids
}

test_variant()
{
	seed
	tb_logger_start
	check 'a packet is recorded and counted exactly' \
		probe_exact "$(first_chain)"
	check 'the variant is switched and dockerd restarted' switch legacy
	TB_VARIANTS='nft legacy'
	[ "$(first_chain)" != PREROUTING ] ||
		tb_docker restart -t 0 web db >/dev/null
	check 'the rules of both are watched' tb_wait 150 both_watched
	check 'a packet is one event, of the rule that stopped it' \
		probe_exact "$(first_chain)"
	only_by legacy
	check 'so it is when only those of legacy are left' \
		probe_exact "$(first_chain)"
	check 'it is switched back' switch nft
	[ "$(first_chain)" != PREROUTING ] ||
		tb_docker restart -t 0 web db >/dev/null
	check 'the rules of both are watched again' tb_wait 150 both_watched
	check 'and exact' probe_exact "$(first_chain)"
	only_by nft
	check 'so it is when only those of nft are left' \
		probe_exact "$(first_chain)"
	check 'the logger stops' tb_logger_stop
	check 'none of ours is left in either' equal rules '' \
		"$(ours)"
}

check_main
