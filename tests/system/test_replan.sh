#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Twins that somebody removed or moved come back.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"

# The rule's number in its chain: number CHAIN PATTERN
number()
{
	tb_save 4 -t filter | grep -- "^-A $1 " | grep -n -- "$2" |
		head -n 1 | cut -d: -f1
}

# The first COUNT twins, by their text and in one go: their numbers change as
# soon as the logger puts one back.
delete_twins()
{
	{
		echo "*filter"
		tb_save 4 -t filter | grep -- "-j NFLOG" | head -n "$1" |
			sed "s/^-A/-D/"
		echo COMMIT
	} | tb_world iptables-restore --noflush -w 5
}

# Somebody's own rule between a twin and its rule.
push_between()
{
	local twin
	twin=$(number DOCKER-ISOLATION-STAGE-2 NFLOG)
	tb_world iptables -w -I DOCKER-ISOLATION-STAGE-2 "$((twin + 1))" \
		-p 253 -j RETURN
}

hang_up()
{
	kill -HUP "$TB_LOGGER"
	tb_wait_covered && tb_logger_alive
}

test_variant()
{
	seed
	tb_logger_start
	delete_twins 1
	check 'SIGHUP brings back a twin that was deleted' hang_up
	delete_twins 1
	if [ "$1" = nft ]; then
		check 'a deleted twin comes back at once' tb_wait_covered 20
	else
		check 'a deleted twin comes back by the timer' \
			tb_wait_covered 300
	fi
	delete_twins 1000
	check 'all of them deleted come back' tb_wait_covered 300
	push_between
	check 'a rule pushed between: the twin moves' tb_wait_covered 300
	check 'and somebody else'"'"'s rule is left alone' \
		test -n "$(number DOCKER-ISOLATION-STAGE-2 '-p 253')"
	check 'and packets are recorded' probe
	check 'each once' equal events 1 "$(events_where true)"
}

check_main
