# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The household that most tests live with, the traffic in it, and what the log
# should say about that.
#
#   front (web), back (db, publishes 8080 -> 80), inside (vault; internal)

TB_LIB=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=tests/system/testbed.sh
. "$TB_LIB/testbed.sh"
# shellcheck source=tests/system/logger.sh
. "$TB_LIB/logger.sh"
# shellcheck source=tests/system/check.sh
. "$TB_LIB/check.sh"

# IPv6 addresses are of no use while the kernel looks for doubles of them.
addresses_ready()
{
	[ -z "$(tb_in "$1" ip -6 addr show tentative)" ] &&
		[ -z "$(tb_net ip -6 addr show tentative)" ]
}

seed()
{
	tb_network front 1
	tb_network back 2
	tb_run web front
	tb_run db back -p 8080:80
	DB4=$(tb_ip4 db) DB6=$(tb_ip6 db)
	tb_wait 50 addresses_ready web && tb_wait 50 addresses_ready db
}

seed_inside()
{
	tb_network inside 3 --internal
	tb_run vault inside
	VAULT4=$(tb_ip4 vault) VAULT6=$(tb_ip6 vault)
	# Docker gives it none, so nothing would leave it to be stopped.
	tb_in vault ip route replace default via 10.77.3.1
	tb_in vault ip -6 route replace default via fd77:3::1
}

# send_udp CONTAINER ADDRESS PORT [COUNT]
send_udp()
{
	# shellcheck disable=SC2016
	tb_in "$1" bash -c 'for ((i = 0; i < $3; i++)); do
		echo "packet $i" >"/dev/udp/$1/$2"; done' \
		send "$2" "$3" "${4:-1}"
}

# trickle_start CONTAINER ADDRESS PORT: some hundred packets per second, until
# trickle_stop
trickle_start()
{
	local pid
	pid=$(tb_docker inspect -f '{{.State.Pid}}' "$1")
	# shellcheck disable=SC2016
	tb_bound nsenter --net="/proc/$TB_PID/root/proc/$pid/ns/net" \
		bash -c 'while :; do
			echo packet >"/dev/udp/$1/$2"
			sleep 0.002
		done' trickle "$2" "$3" &
	TRICKLE=$!
}

trickle_stop()
{
	kill "$TRICKLE"
	wait "$TRICKLE" 2>/dev/null || :
}

# Tries to connect for so long that the first packet is sent three times.
send_tcp()
{
	! tb_in "$1" timeout 3.5 bash -c "exec 3<>/dev/tcp/$2/$3" 2>/dev/null
}

send_ping()
{
	! tb_docker exec "$1" ping -c "${3:-1}" -W 1 "$2" >/dev/null
}

# What it prints, also where the answer is not complete: the logger was down for
# a moment, or does not know yet what passed before it began.
answer()
{
	tb_audit "$@" 2>/dev/null || [ $? = 3 ]
}

# How many events a jq condition holds for, of the last LATEST if that is set.
events_where()
{
	# shellcheck disable=SC2086
	tb_events ${LATEST:+--last $LATEST} | jq -s --arg db4 "${DB4:-}" \
		--arg db6 "${DB6:-}" --arg vault4 "${VAULT4:-}" \
		--arg vault6 "${VAULT6:-}" \
		"map(select($1)) | length"
}

seen_at_least()
{
	[ "$(events_where "$2")" -ge "$1" ]
}

# recorded COUNT CONDITION: at least so many events of that kind, soon
recorded()
{
	tb_wait 100 seen_at_least "$1" "$2" && return
	echo "wanted at least $1 where $2, have $(events_where "$2") of:"
	tb_events | tail -n 20
	return 1
}

# Neither a rule nor a chain of ours.
no_rules()
{
	local saved
	saved=$(tb_save 4 && tb_save 6) || return
	equal 'rules of ours' '' "$(grep bridgeaudit <<<"$saved" || :)"
}

# A marked packet from web to db, and wait until the log has it.
probe()
{
	PROBE=$((${PROBE:-20000} + 1))
	send_udp web "$DB4" "$PROBE"
	recorded 1 ".dst_port == $PROBE"
}

# The chain that stops a packet from one network to a container of another.
first_chain()
{
	case $TB_SUITE in
	bookworm | trixie) echo DOCKER-ISOLATION-STAGE-2 ;;
	*) echo PREROUTING ;;
	esac
}

# The one that keeps networks apart, and the one of internal networks: what
# Docker 29 has instead of two stages.
between_chain()
{
	if [ "$TB_SUITE" = docker29 ]; then echo DOCKER
	else echo DOCKER-ISOLATION-STAGE-2; fi
}

internal_chain()
{
	if [ "$TB_SUITE" = docker29 ]; then echo DOCKER-INTERNAL
	else echo DOCKER-ISOLATION-STAGE-1; fi
}

# What the second of two outputs of tb_counted has more than the first.
counted_since()
{
	awk -F '\t' 'NR == FNR { before[$1] = $2; next }
		$2 != before[$1] { print $1 "\t" $2 - before[$1] }' \
		<(echo "$1") <(echo "$2")
}

last_event()
{
	tb_events | jq -s 'map(.id) | max // 0'
}

# exact COUNT COMMAND [ARG...]: the command sends packets that are COUNT events,
# no more and no less, of the very rules whose counters they raised. SINCE is
# left as the last event before them.
exact()
{
	local count=$1 before
	shift
	before=$(tb_counted)
	SINCE=$(last_event)
	"$@" || return
	recorded "$count" ".id > $SINCE" || return
	# An event too many would be late.
	sleep 0.1
	equal events "$count" "$(events_where ".id > $SINCE")" || return
	equal 'packets per rule' "$(counted_since "$before" "$(tb_counted)")" \
		"$(tb_recorded ".id > $SINCE")"
}

# The chains of the events since then, each once.
chains_since()
{
	tb_events | jq -r "select(.id > $SINCE) | .chain" | sort -u | xargs
}

send_both()
{
	PROBE=$((${PROBE:-20000} + 1))
	send_udp web "$DB4" "$PROBE"
	send_udp web "$DB6" "$PROBE"
}

# Every audited rule has its one watch, and the log is exact: a packet from web
# to db over IPv4 and one over IPv6 are one event each. With a chain: that one
# stopped them.
probe_exact()
{
	tb_logger_alive && tb_wait_covered 300 || return
	tb_wait 50 addresses_ready web && tb_wait 50 addresses_ready db || return
	exact 2 send_both || return
	[ -z "${1:-}" ] || equal chain "$1" "$(chains_since)"
}
