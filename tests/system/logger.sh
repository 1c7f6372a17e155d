# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Running the logger in a testbed and reading what it recorded, besides an
# oracle of its own: what the kernel's rules and counters say, read with
# iptables-save.
#
#   tb_logger_start [OPTION...]   and wait until every audited rule is covered
#   tb_logger_stop                SIGTERM; its exit status
#   tb_audit ARG...               bridgeaudit on the test's database
#   tb_events [ARG...]            its log as jsonl
#   tb_uncovered                  audited rules without their twin
#   tb_counted, tb_recorded       packets per rule: the kernel's, the log's

TB_LOGGER='' TB_LOGGED=0

tb_db()
{
	echo "$TB_DIR/db/audit.db"
}

# A command as root in dockerd's network namespace, with the host's files but
# dockerd's /run (xtables' lock) and the variant's iptables. Keeps its pid.
tb_beside()
{
	# shellcheck disable=SC2016
	exec nsenter -t "$TB_PID" -n unshare --mount bash -c '
		mount --bind "$1/run" /run &&
		mount --bind "$1/host-alternatives" /etc/alternatives &&
		shift && exec setpriv --pdeathsig KILL "$@"' \
		beside "$TB_DIR" "$@"
}

tb_beside_prepare()
{
	local name
	[ ! -d "$TB_DIR/host-alternatives" ] || return 0
	cp -a /etc/alternatives "$TB_DIR/host-alternatives"
	for name in {ip,ip6}tables{,-save,-restore}; do
		ln -sfn "/usr/sbin/${name/tables/tables-$TB_VARIANT}" \
			"$TB_DIR/host-alternatives/$name"
	done
	install -d -o nobody -g "$(id -gn nobody)" "$TB_DIR/db"
}

# Starts it and does not wait. Later options win over earlier ones.
tb_logger_launch()
{
	tb_beside_prepare
	: >>"$TB_DIR/logger.log"
	TB_LOGGED=$(wc -l <"$TB_DIR/logger.log")
	# In the background bash ignores SIGINT for it.
	(tb_beside env --default-signal=INT "$TB_BUILD/bridgeauditd" \
		--db "$(tb_db)" --foreground --docker-socket \
		"$TB_DIR/run/docker.sock" --user nobody "$@" 2>>"$TB_DIR/logger.log") &
	TB_LOGGER=$!
}

tb_logger_start()
{
	tb_logger_launch "$@"
	tb_wait 150 tb_settled && tb_is_covered && tb_logger_alive && return
	echo "the logger did not cover every rule:"
	tail -n 20 "$TB_DIR/logger.log"
	return 1
} >&2

# What it said since it was launched.
tb_logged()
{
	tail -n "+$((TB_LOGGED + 1))" "$TB_DIR/logger.log"
}

# It is up and all is covered, or neither will ever be. Twins alone prove
# nothing: a killed logger leaves them.
tb_settled()
{
	{ tb_logged | grep -q "audit is running" && tb_is_covered; } ||
		tb_ended "$TB_LOGGER"
}

tb_logger_alive()
{
	kill -0 "$TB_LOGGER" 2>/dev/null
}

tb_logger_stop()
{
	kill -TERM "$TB_LOGGER"
	tb_logger_wait
}

# Its exit status, when it ends by itself; after 10 seconds it is killed.
tb_logger_wait()
{
	local pid=$TB_LOGGER status=0
	tb_wait 100 tb_ended "$pid" || kill -KILL "$pid"
	wait "$pid" || status=$?
	TB_LOGGER=''
	return "$status"
}

# A child that is not there or only waits to be reaped.
tb_ended()
{
	local state
	state=$(sed -n 's/^State:	\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) ||
		return 0
	[ "$state" = Z ] || [ -z "$state" ]
}

# For the trap: both processes, whatever state they are in.
tb_logger_kill()
{
	[ -n "$TB_LOGGER" ] || return 0
	# shellcheck disable=SC2046
	kill -KILL $(tb_recorder) "$TB_LOGGER"
	wait "$TB_LOGGER"
	TB_LOGGER=''
} 2>/dev/null

# The keeper's one child that stays.
tb_recorder()
{
	local stat pid comm rest ppid
	for stat in /proc/[0-9]*/stat; do
		read -r pid comm rest 2>/dev/null <"$stat" || continue
		read -r _ ppid _ <<<"$rest"
		[ "$ppid" = "$TB_LOGGER" ] && [[ $comm == "(bridgeaudit"* ]] &&
			echo "$pid"
	done
	return 0
}

tb_audit()
{
	"$TB_BUILD/bridgeaudit" --db "$(tb_db)" "$@"
}

# In the network namespace, for the verb that edits rules.
tb_audit_beside()
{
	(tb_beside "$TB_BUILD/bridgeaudit" --db "$(tb_db)" "$@")
}

# No event yet is no failure here, nor are packets that were lost.
tb_events()
{
	local status=0
	tb_audit log -o jsonl "$@" 2>"$TB_DIR/events.err" || status=$?
	[ "$status" -lt 2 ] || [ "$status" = 3 ] || {
		cat "$TB_DIR/events.err" >&2
		return "$status"
	}
}

# Audited rules of one family, in their order: "CHAIN RULE".
tb_audited()
{
	tb_save "$1" -t filter | sed -n \
		-e 's/^-A \(DOCKER-ISOLATION-STAGE-[12] .*-j DROP\)$/\1/p' \
		-e 's/^-A \(DOCKER .*-j ACCEPT\)$/\1/p'
}

# Audited rules whose next one above is not an NFLOG rule of ours with the
# same matches, and twins that stand before no such rule.
tb_uncovered()
{
	local family
	for family in 4 6; do
		tb_save "$family" -t filter | awk -v family="$family" '
		function matches(line) {
			sub(/ -j .*/, "", line)
			return line
		}
		/^-A / {
			audited = /^-A DOCKER-ISOLATION-STAGE-[12] .*-j DROP$/ ||
				/^-A DOCKER .*-j ACCEPT$/
			ours = prev ~ /-j NFLOG .*--nflog-prefix "?bridgeaudit /
			paired = ours && matches(prev) == matches($0)
			if (audited && !paired)
				print "IPv" family " no twin: " $0
			if (ours && !(audited && paired))
				print "IPv" family " stray twin: " prev
			prev = $0
		}'
	done
}

tb_is_covered()
{
	[ -z "$(tb_uncovered)" ]
}

tb_wait_covered()
{
	tb_wait "${1:-100}" tb_is_covered
}

# "IPvN CHAIN RULE<tab>PACKETS" of each audited rule that saw a packet.
tb_counted()
{
	local family
	for family in 4 6; do
		tb_save "$family" -c -t filter | sed -n -E \
			-e '/^\[0:/d' \
			-e '/ -A DOCKER-ISOLATION-STAGE-[12] .*-j DROP$/b found' \
			-e '/ -A DOCKER .*-j ACCEPT$/b found' \
			-e d \
			-e ': found' \
			-e "s/^\[([0-9]+):[0-9]+\] -A (.*)\$/IPv$family \2\t\1/p"
	done | LC_ALL=C sort
}

# The same from the log's own fields.
tb_recorded()
{
	tb_events | jq -r '(if .src_ip | contains(":") then "IPv6 " else "IPv4 "
		end) + .chain + " " + .rule' | LC_ALL=C sort | uniq -c |
		sed -E 's/^ *([0-9]+) (.*)$/\2\t\1/' | LC_ALL=C sort
}

tb_agree()
{
	[ "$(tb_counted)" = "$(tb_recorded)" ]
}

# The log says what the kernel's counters say, rule by rule; a little time is
# allowed for the last commit.
tb_exact()
{
	tb_wait 50 tb_agree ||
		equal 'packets per rule' "$(tb_counted)" "$(tb_recorded)"
}
