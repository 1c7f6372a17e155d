#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bridgeauditd --plan prints the edits for a saved ruleset; they work as they
# are printed, and afterwards there are none.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"

plan()
{
	tb_save 4 -c | "$TB_BUILD/bridgeauditd" --plan "$@"
}

test_variant()
{
	local before
	seed
	before=$(tb_save 4 -t filter)
	check '--plan changes nothing by itself' plan
	check 'the ruleset is as before' equal ruleset \
		"$(grep -v '^[#:]' <<<"$before")" \
		"$(tb_save 4 -t filter | grep -v '^[#:]')"
	check 'the printed edits put every twin in place' plan_covers
	check 'and then there is nothing left to plan' plan_is_empty
	check 'garbage is refused' fails_with 1 . garbage
}

plan_covers()
{
	plan >"$TB_DIR/run/plan" || return
	cat "$TB_DIR/run/plan"
	grep -q -- '-I DOCKER-ISOLATION-STAGE-2 .*-j NFLOG' \
		"$TB_DIR/run/plan" || return
	tb_world iptables-restore --noflush -w 5 /run/plan || return
	equal 'IPv4 rules without twin' '' \
		"$(tb_uncovered | grep 'IPv4' || :)"
}

plan_is_empty()
{
	plan >"$TB_DIR/run/plan" || return
	equal edits '' "$(grep -v '^#' "$TB_DIR/run/plan" || :)"
}

garbage()
{
	printf '*filter\n-A nonsense \001\n*nat\nCOMMIT COMMIT\n' |
		"$TB_BUILD/bridgeauditd" --plan
}

check_main
