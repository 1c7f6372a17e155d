# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The smallest world in which packets can be lost: two bridges, one sender, and
# one rule of Docker's that drops what the sender sends to the other bridge. No
# engine, so that a test is a matter of seconds. The script runs in a mount
# namespace of its own, where the database's file system can be anything.
#
#   loss_main                  runs the file: test_loss, and at the end
#                              test_stop if there is one
#   loss_flood COUNT           datagrams, as fast as one core can
#   loss_trickle, loss_quiet   begins and ends some 10,000 a second
#   loss_closes                counter = rows + gaps, to the packet
#   loss_whole                 the database is sound, and no id was used twice
#
# Sourced after testbed.sh, logger.sh and check.sh, whose names it uses.
# shellcheck disable=SC2034 # some names are theirs

LOSS_SENDER='' LOSS_TRICKLE=''

if [ "$(id -u)" = 0 ] && [ -z "${LOSS_MOUNTS:-}" ]; then
	LOSS_MOUNTS=1 exec unshare --mount "$0" "$@"
fi

loss_missing()
{
	local tool
	if [ "$(id -u)" != 0 ]; then
		echo "needs root"
		return
	fi
	for tool in unshare nsenter setpriv ip iptables-nft-restore sqlite3; do
		command -v "$tool" >/dev/null && continue
		echo "$tool is not installed"
		return
	done
}

loss_links()
{
	cat <<-END
	link set lo up
	link add br-web type bridge mcast_snooping 0
	link add br-back type bridge mcast_snooping 0
	addr add 10.77.1.1/24 dev br-web
	addr add 10.77.2.1/24 dev br-back
	link add vweb type veth peer name eth0 netns $LOSS_SENDER
	link set vweb master br-web up
	link set br-web up
	link set br-back up
	neigh replace 10.77.2.2 dev br-back lladdr 02:00:00:00:02:02 nud permanent
	END
}

loss_rules()
{
	cat <<-END
	*filter
	:DOCKER-ISOLATION-STAGE-1 -
	:DOCKER-ISOLATION-STAGE-2 -
	-A FORWARD -j DOCKER-ISOLATION-STAGE-1
	-A DOCKER-ISOLATION-STAGE-1 -i br-web ! -o br-web -j DOCKER-ISOLATION-STAGE-2
	-A DOCKER-ISOLATION-STAGE-1 -j RETURN
	-A DOCKER-ISOLATION-STAGE-2 -o br-back -j DROP
	-A DOCKER-ISOLATION-STAGE-2 -j RETURN
	COMMIT
	END
}

loss_start()
{
	TB_VARIANT=nft
	TB_DIR=$(mktemp -d "${TMPDIR:-/tmp}/bridgeaudit-XXXXXX")
	trap loss_stop EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	chmod 755 "$TB_DIR"
	mkdir "$TB_DIR/run"
	tb_bound unshare --net sleep infinity &
	TB_PID=$! TB_UNSHARE=$!
	tb_bound unshare --net sleep infinity &
	LOSS_SENDER=$! TB_OUT=$!
	tb_wait 50 tb_own_net "$TB_PID"
	tb_wait 50 tb_own_net "$LOSS_SENDER"
	loss_links | tb_net ip -batch -
	tb_net sysctl -qw net.ipv4.ip_forward=1
	tb_outside ip addr add 10.77.1.2/24 dev eth0
	tb_outside ip link set eth0 up
	tb_outside ip route add default via 10.77.1.1
	loss_rules | tb_net iptables-nft-restore
}

loss_stop()
{
	local status=$?
	set +e
	loss_quiet
	[ "$(type -t test_stop)" != function ] || test_stop
	tb_logger_kill
	! mountpoint -q "$TB_DIR/db" || umount -l "$TB_DIR/db"
	(exit "$status")
	tb_stop
}

# tb_save without a world of its own mounts.
tb_save()
{
	shift
	tb_net iptables-nft-save "$@"
}

# Covered: the one rule there is.
tb_is_covered()
{
	tb_net iptables-nft-save -t filter |
		grep -qE '^-A bridgeaudit-stage-2 -o br-back -j NFLOG'
}

loss_logger()
{
	tb_logger_start --docker-socket "$TB_DIR/run/none.sock" "$@"
}

loss_kill()
{
	# shellcheck disable=SC2046
	kill -KILL "$TB_LOGGER" $(tb_recorder) 2>/dev/null || :
	wait "$TB_LOGGER" 2>/dev/null || :
	TB_LOGGER=''
}

loss_flood()
{
	tb_outside "$TB_BUILD/tests/flood" 10.77.2.2 "${2:-7000}" "$1"
}

loss_trickle()
{
	# shellcheck disable=SC2016
	(tb_outside setpriv --pdeathsig KILL bash -c 'while :; do
		"$1" 10.77.2.2 7001 200; sleep 0.01; done' trickle \
		"$TB_BUILD/tests/flood") &
	LOSS_TRICKLE=$!
}

loss_quiet()
{
	[ -n "$LOSS_TRICKLE" ] || return 0
	pkill -KILL -P "$LOSS_TRICKLE" || :
	kill -KILL "$LOSS_TRICKLE" || :
	wait "$LOSS_TRICKLE" || :
	LOSS_TRICKLE=''
} 2>/dev/null

loss_sql()
{
	sqlite3 -readonly "$(tb_db)" ".timeout 5000" "$1"
}

loss_counter()
{
	tb_save 4 -c -t filter | sed -n \
		's/^\[\([0-9]*\):.* -A DOCKER-ISOLATION-STAGE-2 -o br-back -j DROP$/\1/p'
}

loss_rows()
{
	loss_sql 'SELECT coalesce(sum(packets), 0) FROM batch'
}

loss_lost()
{
	loss_sql "SELECT coalesce(sum(packets), 0) FROM gap ${1:-}"
}

loss_is_closed()
{
	[ "$(loss_counter)" = "$(($(loss_rows) + $(loss_lost)))" ]
} 2>/dev/null

# The counters are looked at every five seconds, and must be found quiet.
loss_closes()
{
	tb_wait 600 loss_is_closed || {
		loss_sql 'SELECT * FROM gap'
		loss_sql 'SELECT * FROM account'
		loss_sql 'SELECT * FROM coverage'
	}
	equal 'counter = rows + gaps' "$(loss_counter)" \
		"$(($(loss_rows) + $(loss_lost)))" || return
	echo "$(loss_counter) packets: $(loss_rows) in rows, $(loss_lost) in $(
		)$(loss_sql 'SELECT count(*) FROM gap WHERE packets > 0') gaps"
}

# Something was lost, for that cause.
loss_cause()
{
	[ "$(loss_lost "WHERE cause LIKE '$1'")" -gt 0 ] && return
	loss_sql 'SELECT * FROM gap'
	return 1
}

# Events, batches and tallies agree, batches don't overlap.
loss_whole()
{
	equal integrity_check ok "$(loss_sql 'PRAGMA integrity_check')"
	equal 'events, batches, tallies' \
		"$(loss_sql 'SELECT count(*), sum(packets) FROM event')" \
		"$(loss_sql 'SELECT sum(last_event - first_event + 1),
			sum(packets) FROM batch')"
	equal 'tallies' "$(loss_rows)" \
		"$(loss_sql 'SELECT sum(packets) FROM tally WHERE span = 0')"
	equal 'batches that overlap' '' "$(loss_sql 'SELECT * FROM (SELECT
		first_event, lag(last_event) OVER (ORDER BY first_event) AS
		before FROM batch) WHERE first_event <= before')"
}

# A word of status about it.
loss_status()
{
	fails_with 0 "$1" tb_audit status
}

loss_finding()
{
	[ "$(loss_sql "SELECT count(*) FROM finding WHERE subject = '$1'
		AND detail LIKE '$2' ${3:-}")" -gt 0 ]
}

loss_finding_came()
{
	tb_wait 300 loss_finding "$@" && return
	loss_sql 'SELECT * FROM finding'
	return 1
}

loss_logged()
{
	grep -q "$1" < <(tb_logged)
}

loss_says()
{
	tb_wait 300 loss_logged "$1"
}

loss_main()
{
	local reason before dir pid
	reason=$(loss_missing)
	if [ -n "$reason" ]; then
		skip 'this file' "$reason"
	else
		before=$(host_state)
		loss_start
		dir=$TB_DIR pid=$TB_PID
		test_loss
		loss_stop
		check 'nothing is left behind' \
			host_is_clean "$dir" "$pid" "$before"
	fi
	echo "1..$CHECK_COUNT"
	[ "$CHECK_FAILED" = 0 ]
}
