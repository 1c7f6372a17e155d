#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# dockerd flushes its chains when it starts: afterwards all is covered again.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
: "${SUITES:=bookworm trixie:nft forky:nft}"

restart()
{
	tb_dockerd_stop && tb_dockerd_start "$@"
}

goes_on()
{
	probe_exact "$(first_chain)"
}

test_variant()
{
	seed
	tb_logger_start
	probe
	check 'dockerd stops and starts while the logger runs' restart
	tb_docker start web db >/dev/null
	check 'after a restart of dockerd all is covered again' goes_on
	check 'dockerd starts with live-restore' restart --live-restore
	tb_docker start web db >/dev/null
	check 'after a second restart all is covered again' goes_on
	check 'dockerd restarts under running containers' restart
	check 'containers kept running' equal running true \
		"$(tb_docker inspect -f '{{.State.Running}}' web)"
	check 'after a restart with live-restore all is covered again' goes_on
	tb_network after 8
	check 'a network created after that is covered' tb_wait_covered
	tb_run late after
	check 'and known by its name' name_known
}

name_known()
{
	send_udp web "$(tb_ip4 late)" 6000
	recorded 1 '.dst_network == "after" and .dst_port == 6000'
}

check_main
