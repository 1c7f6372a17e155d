#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A database that can't be written: no room and room again, little room, a
# program that holds its lock. Nothing is lost uncounted, nothing that was
# written is lost, and status tells of it.
set -euo pipefail
# shellcheck source=tests/system/testbed.sh
. "$(dirname "$0")/testbed.sh"
# shellcheck source=tests/system/logger.sh
. "$(dirname "$0")/logger.sh"
# shellcheck source=tests/system/check.sh
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/system/loss.sh
. "$(dirname "$0")/loss.sh"

FLOOD=1300000 # more than the socket's buffer holds
LOCKED=${LOSS_LOCKED:-30}

# settings LINE...: the configuration
settings()
{
	printf '%s\n' "$@" >"$TB_DIR/conf"
}

start()
{
	loss_logger --config "$TB_DIR/conf"
}

mount_small()
{
	mkdir -p "$TB_DIR/db"
	mount -t tmpfs -o "size=160M,mode=755,uid=$(id -u nobody)" \
		none "$TB_DIR/db"
}

free_mib()
{
	df --output=avail -BM "$TB_DIR/db" | tail -n 1 | tr -dc 0-9
}

# leave MIB: the rest is somebody else's
leave()
{
	rm -f "$TB_DIR/db/ballast"
	fallocate -l "$(($(free_mib) - $1))M" "$TB_DIR/db/ballast"
}

full_and_freed()
{
	settings 'space_left = 0'
	start
	leave 2
	loss_flood "$FLOOD"
	check 'a full disk suspends' \
		loss_says 'no room for the database; nothing is written'
	check 'what was written can be read meanwhile' loss_rows
	loss_rows >"$TB_DIR/rows"
	rm "$TB_DIR/db/ballast"
	check 'with room again it goes on' loss_says 'can be written again'
	check 'the sum closes' loss_closes
	check 'what was lost was lost for that reason' \
		loss_cause 'lost while the database could not be written'
	check 'status says so' \
		loss_status 'while the database could not be written: [0-9]'
	check 'the ledger has the time of it' loss_finding_came \
		'disk space' 'there is no room %' 'AND to_ns > from_ns'
	check 'what was written before is there' \
		test "$(loss_rows)" -ge "$(cat "$TB_DIR/rows")"
	check 'the logger ends well' tb_logger_stop
	check 'its database is sound' loss_whole
}

# The program notes who runs it, and makes room.
little_room()
{
	cat >"$TB_DIR/make-room" <<-END
	#!/bin/sh
	echo "\$(id -u) \$*" >"$TB_DIR/ran"
	rm -f "$TB_DIR/db/ballast"
	END
	chmod 700 "$TB_DIR/make-room"
	chown nobody "$TB_DIR/make-room"
	settings 'space_left = 20' "space_left_action = exec $TB_DIR/make-room"
	check "somebody else's program is refused at the start" \
		fails_with 2 'conf:2: .*others than root may write it' \
		"$TB_BUILD/bridgeauditd" --check-config \
		--config "$TB_DIR/conf"
	chown root "$TB_DIR/make-room"
	# It is root without root's capabilities: the directory is nobody's.
	chmod 777 "$TB_DIR/db"
	start
	leave 10
	check 'little room runs the program' \
		tb_wait 100 tb_has "$TB_DIR/ran"
	check 'as root, told why' equal ran '0 space_left' \
		"$(cat "$TB_DIR/ran")"
	check 'which makes room' \
		loss_says 'there is room for the database again'
	check 'both are in the ledger' loss_finding_came 'disk space' \
		'only % MiB left %' 'AND to_ns > from_ns'
	check 'the logger ends well' tb_logger_stop
}

# The same program, for a disk on which nothing can be written.
full_runs_a_program()
{
	rm "$TB_DIR/ran"
	settings 'space_left = 0' "disk_full_action = exec $TB_DIR/make-room"
	start
	leave 2
	loss_flood 300000
	check 'a full disk runs the program' tb_wait 100 tb_has "$TB_DIR/ran"
	check 'which is told why' equal ran '0 disk_full' \
		"$(cat "$TB_DIR/ran")"
	check 'and with room it goes on' loss_says 'can be written again'
	check 'after that the sum closes' loss_closes
	check 'the program is in the ledger' loss_finding_came 'disk space' \
		'there is no room %; the program for that is run' \
		'AND to_ns > from_ns'
	check 'the logger ends well' tb_logger_stop
}

too_little_to_go_on()
{
	local status=0
	settings 'space_left = 20' 'space_left_action = exit'
	start
	loss_flood 1000
	leave 10
	tb_wait 100 tb_ended "$TB_LOGGER" || :
	tb_logger_wait || status=$?
	check 'exit ends the logger, with the status of a store' \
		equal status 5 "$status"
	check 'and takes the rules out' fails_with 1 '^$' tb_is_covered
	rm "$TB_DIR/db/ballast"
	loss_flood 1000 # nobody sees these but the counter
}

# Rules that nobody can be told of, until there is no room for a word.
stop_unheard()
{
	local status=0 i
	settings 'space_left = 0'
	start
	leave 2
	loss_flood "$FLOOD"
	check 'a full disk takes no facts' \
		loss_says 'no room for the database; nothing is written'
	{
		echo '*filter'
		for ((i = 0; i < 4000; i++)); do
			echo "-A DOCKER-ISOLATION-STAGE-2 -o br-$i -j DROP"
		done
		echo COMMIT
	} | tb_beside iptables-nft-restore --noflush
	check 'rules are watched all the same' tb_wait 300 tb_is_covered
	tb_logger_stop || status=$?
	check 'a stop is heard, and ends with the status of a store' \
		equal status 5 "$status"
	check 'in order' loss_says 'the last packets could not be written'
	check 'and takes the rules out' fails_with 1 '^$' tb_is_covered
	rm "$TB_DIR/db/ballast"
}

locked()
{
	local holder
	settings 'space_left = 0'
	start
	check 'after an exit the sum closes' loss_closes
	# shellcheck disable=SC2016
	tb_bound bash -c '{ echo "BEGIN EXCLUSIVE;"; sleep "$2"; echo "COMMIT;"; } |
		sqlite3 "$1"' holder "$(tb_db)" "$LOCKED" &
	holder=$!
	sleep 1
	loss_flood "$FLOOD"
	check 'a database that another program holds can not be written' \
		loss_says "can't write the database"
	wait "$holder"
	check 'when it lets go it can' loss_says 'can be written again'
	check 'the sum closes after that' loss_closes
	check 'the ledger says why' loss_finding_came database \
		'it could not be written: database is locked%' \
		'AND to_ns > from_ns'
	check 'the logger ends well' tb_logger_stop
	check 'its database is sound' loss_whole
}

test_loss()
{
	mount_small
	full_and_freed
	little_room
	full_runs_a_program
	too_little_to_go_on
	locked
	stop_unheard
	umount "$TB_DIR/db"
}

loss_main
