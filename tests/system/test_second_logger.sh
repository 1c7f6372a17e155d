#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two loggers never write one database, nor listen to one NFLOG group.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"

# Another logger beside the running one, for ten seconds at most.
second()
{
	(tb_beside timeout 10 "$TB_BUILD/bridgeauditd" --foreground \
		--docker-socket "$TB_DIR/run/docker.sock" --user nobody "$@")
}

test_variant()
{
	local group holder
	seed
	tb_logger_start
	group=$(tb_save 4 -t filter |
		sed -n 's/.*--nflog-group \([0-9]*\).*/\1/p' | head -n 1)
	holder="\b($TB_LOGGER|$(tb_recorder))\b"
	check 'a second logger on the same database is refused by pid' \
		fails_with 1 "$holder" second --db "$(tb_db)" \
		--group "$((group + 1))"
	check 'a second logger on the same group is refused by pid' \
		fails_with 1 "$holder" second --db "$TB_DIR/db/other.db" \
		--group "$group"
	check 'the first one still covers everything' tb_is_covered
	check 'and still records' probe
	check 'each packet once' equal events 1 "$(events_where true)"
}

check_main
