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
#   tb_uncovered                  audited rules without their watch, or doubled
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
	# dockerd may write further rules: covered once is enough here
	tb_wait 150 tb_settled && tb_logger_alive && return
	echo "the logger did not cover every rule:"
	tb_uncovered
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
	{ grep -q "audit is running" < <(tb_logged) && tb_is_covered; } ||
		tb_ended "$TB_LOGGER"
}

tb_logger_alive()
{
	! tb_ended "$TB_LOGGER"
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
	local recorder
	[ -n "$TB_LOGGER" ] || return 0
	recorder=$(tb_recorder)
	# The keeper must not live to see the recorder's end and clean up.
	kill -STOP "$TB_LOGGER"
	# shellcheck disable=SC2086
	kill -KILL $recorder "$TB_LOGGER"
	wait "$TB_LOGGER" || : # which says that it was killed
	TB_LOGGER=''
	# no child of ours, and it holds the database's lock until it is gone
	[ -z "$recorder" ] || tb_wait 50 tb_ended "$recorder" || :
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

# What the rules say, of each variant in force: TB_VARIANTS is set by tests that
# switch. Never by table: iptables-legacy makes the table that it is asked for.
tb_saved()
{
	local family=$1 variant
	shift
	for variant in ${TB_VARIANTS:-$TB_VARIANT}; do
		# nft warns that there is legacy as well.
		tb_save_variant "$variant" "$family" "$@" 2>/dev/null
	done
}

# Is a rule of Docker's one that must be watched? For awk; `profile` holds the
# words that a test gave to --profile besides the default.
TB_AUDITED='
	function within_bridge(rule, word) {
		split(rule, word, " ")
		return word[3] == "-i" && word[5] == "-o" &&
			word[4] == word[6] && word[8] == "DROP"
	}
	function is_audited(table, rule) {
		if (table == "raw")
			return rule ~ \
				/^-A PREROUTING -d [^ ]+ ! -i [^ ]+ (.* )?-j DROP$/
		if (table != "filter")
			return 0
		if (rule ~ /^-A DOCKER-USER .*-j (DROP|REJECT)/)
			return profile ~ /user/
		if (rule ~ /^-A (DOCKER-)?FORWARD /)
			return profile ~ /icc/ && within_bridge(rule)
		return rule ~ /^-A DOCKER-(ISOLATION-STAGE-[12]|INTERNAL) .*-j DROP$/ ||
			rule ~ /^-A DOCKER .*-j (ACCEPT|DROP)$/
	}'

# Audited rules of one family, in their order: "CHAIN RULE".
tb_audited()
{
	tb_saved "$1" | awk -v profile="${TB_PROFILE:-}" "$TB_AUDITED"'
		/^\*/ { table = substr($0, 2) }
		/^-A / && is_audited(table, $0) { print substr($0, 4) }'
}

# The ids that our own table logs, as often as it does.
tb_own_ids()
{
	tb_net nft list table inet bridgeaudit 2>/dev/null |
		grep -o 'bridgeaudit [a-z]* [0-9a-f]*' | cut -d' ' -f3 || :
}

# "FAMILY ID RULE" of table raw, as the logger names them.
tb_raw_ids()
{
	tb_audit rules -o jsonl 2>/dev/null | jq -r 'select(.table == "raw") |
		"\(.family) \(.rule_id) -A \(.chain) \(.rule)"' || :
}

# The rules of a family for tb_uncovered(): each variant has its own side chain,
# whose twins are told before the rest.
tb_saved_sides()
{
	local variant saved
	for variant in ${TB_VARIANTS:-$TB_VARIANT}; do
		saved=$(tb_save_variant "$variant" "$1" 2>/dev/null) ||
			echo "unread IPv$1 $variant"
		echo "family $1 $variant"
		sed -n 's/^-A bridgeaudit-stage-2 /side /p' <<<"$saved"
		echo "$saved"
	done
}

# Audited rules without exactly one watch, and watches of no such rule. A watch
# is a twin: an NFLOG rule of ours with the same matches directly above, or in
# the side chain, into which one jump leads from above, with nothing between that
# could decide about the rule's packets; or, in table raw, a log statement with
# the rule's id in a table of our own.
tb_uncovered()
{
	{
		tb_own_ids | sed 's/^/own /'
		tb_raw_ids | sed 's/^/id /'
		tb_saved_sides 4
		tb_saved_sides 6
	} | awk -v profile="${TB_PROFILE:-}" "$TB_AUDITED"'
		function matches(line) {
			sub(/ -j .*/, "", line)
			return line
		}
		# what a packet in STAGE-2 was logged by further up
		function sent_aside(rule,   name) {
			if (rule !~ /^-A DOCKER-ISOLATION-STAGE-2 -o br-[^ ]* -j DROP$/)
				return 0
			split(rule, name, " ")
			if (!jumps || !((variant, family, name[4]) in aside))
				return 0
			if (others)
				print "IPv" family ": logged ahead of " \
					"somebody else: " rule
			used[variant, family, name[4]]++
			return jumps * aside[variant, family, name[4]]
		}
		function walk(rule) {
			if (rule ~ /^-A DOCKER-ISOLATION-STAGE-2 -o br-\+ -j bridgeaudit-stage-2$/)
				jumps++
			else if (rule ~ /^-A DOCKER-ISOLATION-STAGE-2 / &&
				rule !~ /-o [^ ]*[^ +] -j DROP$/ &&
				rule !~ /NFLOG .*bridgeaudit /)
				others += jumps
		}
		function check_rule(rule,   name, n, twin) {
			name = rule
			sub(/^[^ ]* [^ ]* /, "", name)
			ours = prev ~ /-j NFLOG .*--nflog-prefix "?bridgeaudit /
			twin = ours && matches(prev) == matches(rule)
			if (is_audited(table, rule)) {
				n = twin + sent_aside(rule)
				if (table == "raw" && (family, rule) in id) {
					# the other variant may have it too
					seen[family, rule]++
					twins[family, rule] += twin
					n = 1
				}
				if (n != 1)
					print "IPv" family " " table ": " n \
						" watches: " rule
			} else {
				# there replies come by as well
				twin = rule ~ /^-A DOCKER-INGRESS .*-j ACCEPT$/ &&
					matches(prev) == matches(rule) \
						" -m conntrack --ctstate NEW"
			}
			if (ours && !twin)
				print "IPv" family " " table \
					": stray twin: " prev
		}
		$1 == "unread" { print "can not be read: " $2 " " $3; next }
		$1 == "own" { own[$2]++; next }
		$1 == "id" {
			rule = $0
			sub(/^id [46] [^ ]* /, "", rule)
			id[$2, rule] = $3
			next
		}
		$1 == "family" {
			family = $2
			variant = $3
			jumps = others = 0
			next
		}
		$1 == "side" {
			aside[variant, family, $3] += / -j NFLOG /
			next
		}
		/^\*/ { table = substr($0, 2); prev = "" }
		/^-A bridgeaudit-stage-2 / { next }
		/^-A / { walk($0); check_rule($0); prev = $0 }
		/^COMMIT/ && prev ~ /-j NFLOG .*bridgeaudit / {
			print "IPv" family " " table ": stray twin: " prev
		}
		END {
			for (key in aside)
				if (used[key] != 1)
					print "side chain: " used[key] + 0 \
						" rules of a twin: " key
			for (key in id) {
				n = own[id[key]] + twins[key]
				if (!(key in seen) && n)
					print "stray log of our table: " key
				else if (n != seen[key])
					print "raw: " n + 0 " watches of " \
						seen[key] " rules: " key
			}
		}'
}

tb_is_covered()
{
	[ -z "$(tb_uncovered)" ]
}

# Covered, and whoever edits the rules is done: twice the same, 300 ms apart.
# What is missing at the end is printed.
tb_wait_covered()
{
	local tenths=${1:-100} before='' now
	while :; do
		now=$(tb_saved 4 && tb_saved 6)
		now=$(grep -v '^[#:]' <<<"$now")
		[ "$now" = "$before" ] && tb_is_covered && return
		before=$now
		[ "$tenths" -gt 0 ] || break
		tenths=$((tenths - 3))
		sleep 0.3
	done
	tb_uncovered
	return 1
}

# "IPvN CHAIN RULE<tab>PACKETS" of each audited rule that saw a packet.
tb_counted()
{
	local family
	for family in 4 6; do
		echo "family $family"
		tb_saved "$family" -c
	done | awk -v profile="${TB_PROFILE:-}" "$TB_AUDITED"'
		$1 == "family" { family = $2; next }
		/^\*/ { table = substr($0, 2) }
		/^\[[0-9]/ {
			rule = $0
			sub(/^[^ ]* /, "", rule)
			if (!is_audited(table, rule))
				next
			sum["IPv" family " " substr(rule, 4)] += \
				substr($0, 2) + 0
		}
		END {
			for (rule in sum)
				if (sum[rule])
					print rule "\t" sum[rule]
		}' | LC_ALL=C sort
}

# The same from the log's own fields, of events that a jq condition holds for.
# Of DOCKER-INGRESS only new flows are rows.
tb_recorded()
{
	tb_events | jq -r "select(${1:-true})"' |
		select(.chain != "DOCKER-INGRESS") |
		(if .src_ip | contains(":") then "IPv6 " else "IPv4 " end) +
		.chain + " " + .rule' | LC_ALL=C sort | uniq -c |
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
	tb_wait 150 tb_agree ||
		equal 'packets per rule' "$(tb_counted)" "$(tb_recorded)"
}
