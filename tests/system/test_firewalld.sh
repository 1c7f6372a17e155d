#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# firewalld: Docker edits its rules through it, and makes all of them again when
# it was reloaded; afterwards each has its watch and the log is exact.
#
# SUITES="bookworm trixie forky" is all engines with both iptables.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
: "${SUITES:=forky:nft}"

# Docker puts its bridges into a zone of firewalld's.
docker_knows_it()
{
	tb_world firewall-cmd --zone=docker --list-interfaces |
		grep -F "$(tb_bridge front)"
}

# A rule that somebody gave to firewalld to keep, and one that he did not.
somebody_lives_here()
{
	tb_world firewall-cmd --permanent --direct --add-rule ipv4 filter \
		FORWARD 0 -p 253 -m comment --comment somebody -j DROP &&
		tb_world firewall-cmd --reload || return
	[ "$(first_chain)" = PREROUTING ] ||
		AUDITED=$(grep -v STAGE <<<"$AUDITED")
	docker_is_done || return
	OTHERS=$(others)
}

others()
{
	tb_saved 4 | grep -e '--comment somebody' || :
}

audited()
{
	tb_audited 4 && tb_audited 6
}

# Between the flush and Docker's answer to the signal there is nothing that
# could be watched.
docker_is_done()
{
	tb_wait 300 same_audited && return
	diff <(sort <<<"$AUDITED") <(audited | sort)
}

same_audited()
{
	[ "$(sort <<<"$AUDITED")" = "$(audited | sort)" ]
}

isolates()
{
	grep -q STAGE-2 <<<"$AUDITED"
}

knock()
{
	local address
	for address in "$TB_HOST4" "$TB_HOST6"; do
		tb_outside timeout 5 bash -c \
			"exec 3<>/dev/tcp/$address/8080" || :
	done
} 2>/dev/null

knocks_are_exact()
{
	tb_logger_alive && tb_wait_covered 300 && exact 2 knock &&
		equal chain DOCKER "$(chains_since)"
}

kept_right()
{
	docker_is_done && knocks_are_exact || return
	! isolates || probe_exact "$(first_chain)" || return
	equal "somebody's rules" "$OTHERS" "$(others)"
}

# A rule in Docker's chain that is nobody's to make again tells that all was
# flushed.
flushed_by()
{
	tb_world iptables -w -I FORWARD -p 254 -j RETURN
	tb_world "$@" >/dev/null || return
	tb_saved 4 | grep -e '-A FORWARD -p 254' >/dev/null || return 0
	echo "$* flushed nothing"
	tb_world iptables -w -D FORWARD -p 254 -j RETURN
	return 1
}

reloads()
{
	local how
	for how in reload reload complete-reload; do
		tb_world firewall-cmd "--$how" >/dev/null || return
	done
}

late_networks()
{
	tb_network late1 8
	tb_network late2 9
	tb_run sender late1
	tb_run late late2
	tb_wait_covered || return
	exact 2 send_late &&
		equal network late2 "$(tb_events |
			jq -r "select(.id > $SINCE) | .dst_network" | sort -u)"
}

send_late()
{
	tb_wait 50 addresses_ready sender || return
	send_udp sender "$(tb_ip4 late)" 6000
	send_udp sender "$(tb_ip6 late)" 6000
}

again()
{
	tb_firewalld_stop && tb_firewalld_start
}

test_variant()
{
	tb_dockerd_stop
	check 'firewalld runs' tb_firewalld_start
	tb_dockerd_start
	seed
	check 'Docker edits through it' docker_knows_it
	AUDITED=$(audited)
	check 'somebody keeps a rule of his there' somebody_lives_here
	tb_logger_start
	check 'a packet is recorded and counted exactly' kept_right
	check 'a reload flushes' flushed_by firewall-cmd --reload
	check 'after a reload all is right' kept_right
	check 'three reloads in a row' reloads
	check 'after them all is right' kept_right
	check 'firewalld is stopped and started' again
	check 'after that all is right' kept_right
	check 'networks made afterwards are watched' late_networks
	check 'nothing was lost' tb_audit status
}

check_main
