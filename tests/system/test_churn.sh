#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker never notices the logger: after a churn of random operations its own
# rules are those of an engine that nobody touched, and nothing failed. Every
# audited rule has its twin at the end, and nothing is doubled.
#
# CHURN_OPERATIONS and CHURN_SEED choose another run.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"

OPERATIONS=${CHURN_OPERATIONS:-60} SEED=${CHURN_SEED:-$((RANDOM))}
NETWORKS=6 CONTAINERS=6

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
		tb_network "net$n" "$n" $internal && HAVE_NET[n]=1
	elif [ -z "$(tb_docker network inspect -f \
		'{{range .Containers}}x{{end}}' "net$n")" ]; then
		tb_docker network rm "net$n" && HAVE_NET[n]=''
	fi ;;
	1 | 2) if [ -n "${HAVE_BOX[c]:-}" ]; then
		tb_docker rm -f "box$c" && HAVE_BOX[c]=''
	elif [ -n "${HAVE_NET[n]:-}" ]; then
		tb_run "box$c" "net$n" -p "$((8000 + c)):80" && HAVE_BOX[c]=$n
	fi ;;
	3) if [ -n "${HAVE_BOX[c]:-}" ] && [ -n "${HAVE_NET[n]:-}" ] &&
		[ "${HAVE_BOX[c]}" != "$n" ]; then
		tb_docker network connect "net$n" "box$c" &&
			tb_docker network disconnect "net$n" "box$c"
	fi ;;
	4) [ -z "${HAVE_BOX[c]:-}" ] || tb_docker restart -t 0 "box$c" ;;
	esac >/dev/null
}

# The same operations each time it is called; prints their median in ms.
churn()
{
	local i begin
	HAVE_NET=() HAVE_BOX=()
	RANDOM=$SEED
	: >"$TB_DIR/durations"
	for ((i = 0; i < OPERATIONS; i++)); do
		begin=${EPOCHREALTIME/./}
		operate || {
			echo "operation $i failed (CHURN_SEED=$SEED)"
			return 1
		}
		echo $((${EPOCHREALTIME/./} - begin)) >>"$TB_DIR/durations"
	done
	MEDIAN=$(sort -n "$TB_DIR/durations" |
		sed -n "$((OPERATIONS / 2))p")
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
			-e 's/ \[[0-9:]*\]$//' -e '/NFLOG.*bridgeaudit/d'
	done
}

same_rules()
{
	diff "$UNTOUCHED" <(rules)
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
	local alone
	check "an untouched engine does $OPERATIONS operations" churn
	alone=$MEDIAN
	UNTOUCHED=$(mktemp)
	rules >"$UNTOUCHED"
	tb_stop
	tb_start "$1"

	tb_logger_start
	check 'with a logger none of them fails' churn
	check 'every audited rule has its twin afterwards' tb_wait_covered
	check 'none is doubled' no_doubles
	check "Docker's rules are those of the untouched engine" same_rules
	note "an operation takes ${MEDIAN%???} ms with the logger and" \
		"${alone%???} ms without, median of $OPERATIONS;" \
		"$(grep -c '<net' "$UNTOUCHED") rules of networks" \
		"at the end, CHURN_SEED=$SEED"
	check 'the logger stops' tb_logger_stop
	check "Docker's rules are still the same" same_rules
	rm "$UNTOUCHED"
}

check_main
