#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker never notices the logger: two engines, one of them watched, are given
# the same random operations. No operation fails, in the end the rules of both
# are the same, every audited rule has its one watch, and making a network takes
# about as long.
#
# The engines run with live-restore; those from 28 on restart in the middle, under
# their containers.
#
# CHURN_OPERATIONS and CHURN_SEED choose another run; CHURN_OPERATIONS=200
# SUITES="bookworm trixie forky" is what a release should have passed.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
: "${SUITES:=bookworm forky:nft}"
# shellcheck disable=SC2034 # check.sh's
TEST_DOCKERD=(--live-restore)

OPERATIONS=${CHURN_OPERATIONS:-25} SEED=${CHURN_SEED:-$((RANDOM))}
NETWORKS=6 CONTAINERS=6 PAIRS=${CHURN_PAIRS:-10}

# The other engine becomes the one that tb_* are about, and the other way round.
swap()
{
	local name other now
	for name in TB_DIR TB_PID TB_UNSHARE TB_OUT TB_LOGGER TB_LOGGED; do
		other=OTHER_$name
		now=${!name}
		printf -v "$name" %s "${!other:-}"
		printf -v "$other" %s "$now"
	done
	[ "$ENGINE" = watched ] && ENGINE=alone || ENGINE=watched
}
ENGINE=watched

# both COMMAND...: on each engine, first on this one and then on that; how long
# it took goes to a file of the engine's.
both()
{
	local begin
	[ $((TURN++ % 2)) = 0 ] || swap
	for _ in 1 2; do
		begin=${EPOCHREALTIME/./}
		"$@" || return
		echo $((${EPOCHREALTIME/./} - begin)) >>"$WORK/$ENGINE"
		[ -z "${PAUSE:-}" ] || sleep "$PAUSE"
		swap
	done
	[ "$ENGINE" = watched ] || swap
}
TURN=0

# The median of what both() took on an engine, in us.
median()
{
	sort -n "$WORK/$1" | sed -n "$((($(wc -l <"$WORK/$1") + 1) / 2))p"
}

# Whether a container was made in a network. Docker tells only of those that run,
# and an engine that was restarted runs none.
has_box()
{
	local net
	for net in "${HAVE_BOX[@]}"; do
		[ "$net" != "$1" ] || return 0
	done
	return 1
}

# One random operation on "net1" to "netN" and "box1" to "boxN"; what does not
# fit what there is does the opposite.
operate()
{
	local n=$((1 + RANDOM % NETWORKS)) c=$((1 + RANDOM % CONTAINERS))
	local internal=''
	case $((RANDOM % 5)) in
	0) if [ -z "${HAVE_NET[n]:-}" ]; then
		[ $((n % 3)) != 0 ] || internal=--internal
		# shellcheck disable=SC2086
		both tb_network "net$n" "$n" $internal && HAVE_NET[n]=1
	elif ! has_box "$n"; then
		both tb_docker network rm "net$n" && HAVE_NET[n]=''
	fi ;;
	1 | 2) if [ -n "${HAVE_BOX[c]:-}" ]; then
		both tb_docker rm -f "box$c" && HAVE_BOX[c]=''
	elif [ -n "${HAVE_NET[n]:-}" ]; then
		both tb_run "box$c" "net$n" -p "$((8000 + c)):80" &&
			HAVE_BOX[c]=$n
	fi ;;
	3) if [ -n "${HAVE_BOX[c]:-}" ] && [ -n "${HAVE_NET[n]:-}" ] &&
		[ "${HAVE_BOX[c]}" != "$n" ]; then
		both tb_docker network connect "net$n" "box$c" &&
			both tb_docker network disconnect "net$n" "box$c"
	fi ;;
	4) [ -z "${HAVE_BOX[c]:-}" ] || both tb_docker restart -t 0 "box$c" ;;
	esac >/dev/null
}

restart()
{
	tb_dockerd_stop && tb_dockerd_start
}

done_so_far()
{
	wc -l <"$WORK/alone"
}

# Until so many were done on each: one that fits nothing there is none.
churn()
{
	local restarted=''
	HAVE_NET=() HAVE_BOX=()
	RANDOM=$SEED
	: >"$WORK/alone"
	while [ "$(done_so_far)" -lt "$OPERATIONS" ]; do
		operate || {
			echo "operation $(done_so_far) failed on the engine" \
				"that is $ENGINE (CHURN_SEED=$SEED)"
			[ "$ENGINE" = watched ] || swap
			return 1
		}
		if [ "$(first_chain)" = PREROUTING ] && [ -z "$restarted" ] &&
			[ "$(done_so_far)" -ge $((OPERATIONS / 2)) ]; then
			restarted=1
			both restart || return
		fi
	done
}

# Networks made by turns on both engines; the pause is for what the logger does
# afterwards.
create_in_pairs()
{
	local i
	rm "$WORK"/{watched,alone}
	for ((i = 1; i <= PAIRS; i++)); do
		PAUSE=0.3 both tb_network pair "$((100 + i))" || return
		tb_docker network rm pair >/dev/null || return
		swap
		tb_docker network rm pair >/dev/null || return
		swap
		sleep 0.3
	done
}

# Docker's rules with the names of networks for those of their bridges, which
# are random, and without ours. In the order of the text: it matters. Of legacy
# only IPv4: with ip6tables-legacy Docker 20.10 now and then forgets to delete
# a rule, with nobody near it (2 in 800 operations).
rules()
{
	local family families='4 6' script='' net
	[ "$TB_VARIANT" = nft ] || families=4
	for net in $(tb_docker network ls -q --filter driver=bridge \
		--format '{{.Name}}'); do
		script+="s/$(tb_bridge "$net")/<$net>/g;"
	done
	for family in $families; do
		tb_save "$family" | sed -e "$script" -e '/^#/d' \
			-e 's/ \[[0-9:]*\]$//' -e '/bridgeaudit/d'
	done
}

# An engine that starts makes its rules in no particular order.
ordered_rules()
{
	if [ "$(first_chain)" = PREROUTING ]; then
		rules | sort
	else
		rules
	fi
}

same_rules()
{
	ordered_rules >"$WORK/rules.watched"
	swap
	ordered_rules >"$WORK/rules.alone"
	swap
	diff "$WORK/rules.alone" "$WORK/rules.watched"
}

# How often a twin stands in the ruleset more than once.
no_doubles()
{
	local family doubles=''
	for family in 4 6; do
		doubles+=$(tb_save "$family" | grep NFLOG | sort | uniq -d)
	done
	equal 'doubled twins' '' "$doubles"
}

test_variant()
{
	WORK=$TB_DIR/run
	ENGINE=watched
	swap
	tb_start "$1" "${TB_DOCKERD[@]}"
	trap 'tb_stop || :; swap; tb_stop' EXIT
	swap
	tb_logger_start
	check "$OPERATIONS operations, none fails on either engine" churn
	check 'every audited rule has its one watch afterwards' tb_wait_covered
	check 'none is doubled' no_doubles
	check "Docker's rules are those of the engine without a logger" \
		same_rules
	note "an operation takes $(($(median watched) / 1000)) ms with the" \
		"logger and $(($(median alone) / 1000)) ms without, median of" \
		"$(done_so_far); $(grep -c '<net' "$WORK/rules.alone")" \
		"rules of networks at the end, CHURN_SEED=$SEED"
	check "$PAIRS networks are made on each, by turns" create_in_pairs
	check 'making one takes less than twice as long with a logger' \
		test "$(median watched)" -lt "$((2 * $(median alone)))"
	note "docker network create takes $(($(median watched) / 1000)) ms" \
		"with the logger and $(($(median alone) / 1000)) ms without," \
		"median of $PAIRS"
	check 'the logger stops' tb_logger_stop
	check "Docker's rules are still the same" same_rules
	swap
	tb_stop || :
	trap tb_stop EXIT
	swap
}

check_main
