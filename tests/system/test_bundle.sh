#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What was logged of a real Docker is taken away as one file and proven without
# the database; each checkpoint reached the administrator's command.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
: "${SUITES:=bookworm}" "${VARIANTS:=nft}"

# write_command TEXT: a program for checkpoint_command, and a configuration.
write_command()
{
	printf '#!/bin/sh\n%s\n' "$1" >"$TB_DIR/command"
	chmod 755 "$TB_DIR/command"
	printf 'checkpoint_command = %s %s\n' "$TB_DIR/command" \
		"$TB_DIR/sent/lines" >"$TB_DIR/conf"
	chmod 644 "$TB_DIR/conf"
}

with_command()
{
	# from the root down to it, for nobody
	chmod 755 "$TB_DIR"
	install -d -o nobody "$TB_DIR/sent"
	# shellcheck disable=SC2016
	write_command 'cat >>"$1"; id -un >>"$1.user"'
	tb_logger_start --config "$TB_DIR/conf"
}

all_were_sent()
{
	equal lines "$(cat "$(tb_db).keeper/checkpoints")" \
		"$(cat "$TB_DIR/sent/lines")" &&
		equal user nobody "$(sort -u "$TB_DIR/sent/lines.user")"
}

bundled()
{
	rm -f "$TB_DIR/b.tar"
	# 3: packets may have been lost before the rules stood
	tb_audit bundle -o "$TB_DIR/b.tar" "$@" || [ $? = 3 ]
}

proven_elsewhere()
{
	mv "$(tb_db)" "$TB_DIR/away"
	local status=0
	"$TB_BUILD/bridgeaudit" verify "$TB_DIR/b.tar" -o json \
		--public-key "$(tb_db).keeper/signing.pub" \
		--against "$TB_DIR/sent/lines" >"$TB_DIR/proof" || status=$?
	mv "$TB_DIR/away" "$(tb_db)"
	cat "$TB_DIR/proof"
	equal status 0 "$status" &&
		jq -e '.proven and .rows.all > 0 and .rows.all == .rows.held
			and .checkpoints_outside > 0 and .key_trusted' \
			"$TB_DIR/proof"
}

unpacked_by_tar()
{
	tar -xf "$TB_DIR/b.tar" -C "$TB_DIR" &&
		(cd "$TB_DIR/bridgeaudit-bundle" &&
			sha256sum --quiet -c manifest.sha256) &&
		jq -es 'length > 0' "$TB_DIR/bridgeaudit-bundle/events.jsonl"
}

failing_is_a_finding()
{
	write_command 'echo no way >&2; exit 3'
	tb_logger_start --config "$TB_DIR/conf" || return
	kill -HUP "$TB_LOGGER"
	tb_logger_stop || :
	tb_logged | grep 'checkpoint_command: .*no way'
}

refused()
{
	chmod 700 "$TB_DIR/command"
	fails_with 1 "can't run checkpoint_command" tb_beside timeout 10 \
		"$TB_BUILD/bridgeauditd" --foreground --db "$(tb_db)" \
		--user nobody --config "$TB_DIR/conf" || return
	chmod 777 "$TB_DIR/command"
	fails_with 2 'others than root may write it' timeout 10 \
		"$TB_BUILD/bridgeauditd" --check-config --config "$TB_DIR/conf"
}

test_variant()
{
	seed
	check 'a logger with a command for checkpoints starts' with_command
	probe
	check 'and ends' tb_logger_stop
	check 'each checkpoint was given to the command, as nobody' \
		all_were_sent
	check 'a bundle is made' bundled
	check 'and proven without the database' proven_elsewhere
	check 'any tar unpacks it, and sha256sum checks it' unpacked_by_tar
	check 'a command that fails is told' failing_is_a_finding
	check 'one that can not be run, or is anybody'"'"'s, is refused' refused
}

check_main
