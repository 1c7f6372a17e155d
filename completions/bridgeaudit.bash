# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of bridgeaudit for bash, with the names that are in the log.

_bridgeaudit_verbs='matrix log follow top timeline show diff values status rules doctor report bundle probe verify key reads'
_bridgeaudit_options='--after-cursor --against --all --as-of --ascii --baseline --by
--color --cursor --cursor-file --db --exit-on-match --fields --first --follow --framework
--help --last --lines --new-only --no-pager --numeric --output --pager --public-key
--reverse --since --sort --step
--timeout --until --user --utc --version --not --where
--network --from-network --to-network --ip --from-ip --to-ip
--port --from-port --to-port --interface --from-interface --to-interface
--external --from-external --to-external
--container --from-container --to-container
--service --from-service --to-service
--project --from-project --to-project
--image --from-image --to-image
--mac --from-mac --to-mac
--spoofed --probe
--verdict --proto --tcp-flags --chain --rule --ipv4 --ipv6'

# The database that the line names.
_bridgeaudit_db()
{
	local i
	for ((i = 1; i + 1 < ${#COMP_WORDS[@]}; i++)); do
		[ "${COMP_WORDS[i]}" != --db ] ||
			printf '%s\n' --db "${COMP_WORDS[i + 1]}"
	done
}

# Names: a line each, for they may hold spaces.
_bridgeaudit_values()
{
	local db
	mapfile -t db < <(_bridgeaudit_db)
	bridgeaudit "${db[@]}" values "$1" 2>/dev/null
}

# What stands behind the verb of the line, or verbs while it has none.
_bridgeaudit_operands()
{
	local word
	for word in "${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
		case $word in
		values)
			echo 'network container service project image mac
				interface chain rule'
			return ;;
		rules) echo remove ;;
		key) echo rotate ;;
		esac
		[[ " $_bridgeaudit_verbs " != *" $word "* ]] || return
	done
	echo "$_bridgeaudit_verbs"
}

_bridgeaudit()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local words='' names=''
	case $prev in
	--network | --from-network | --to-network)
		names=$(_bridgeaudit_values network) ;;
	--interface | --from-interface | --to-interface)
		names=$(_bridgeaudit_values interface) ;;
	--container | --from-container | --to-container)
		names=$(_bridgeaudit_values container) ;;
	--service | --from-service | --to-service)
		names=$(_bridgeaudit_values service) ;;
	--project | --from-project | --to-project)
		names=$(_bridgeaudit_values project) ;;
	--image | --from-image | --to-image)
		names=$(_bridgeaudit_values image) ;;
	--mac | --from-mac | --to-mac)
		names=$(_bridgeaudit_values mac) ;;
	--chain) names=$(_bridgeaudit_values chain) ;;
	--rule) names=$(_bridgeaudit_values rule) ;;
	--verdict) words='drop accept pass' ;;
	--proto) words='tcp udp icmp ipv6-icmp sctp' ;;
	--tcp-flags) words='SYN ACK RST FIN PSH URG' ;;
	--color) words='auto always never' ;;
	-o | --output)
		if [[ " ${COMP_WORDS[*]} " == *" bundle "* ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
		fi
		words='table compact text json jsonl csv ecs ocsf pcap grid dot
			mermaid svg html md pdf' ;;
	--framework) words='pci-dss-4.0.1 iso27001-2022 soc2 cis-docker-1.6' ;;
	-s | --sort) words='packets bytes conversations ports' ;;
	--by)
		words='network container service project image ip interface
			from to src_ip dst_ip src_container dst_container
			src_service dst_service src_project dst_project
			src_image dst_image in_if out_if
			port proto verdict chain rule' ;;
	-S | --since | -U | --until | --as-of)
		words='now recent today yesterday this-week week-ago this-month this-year' ;;
	--user) words=$(compgen -u) ;;
	--step) words='1s 10s 1m 5m 15m 1h 1d' ;;
	--db | --baseline | --cursor-file | --against | --public-key)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	verify)
		if [[ $cur != -* ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
		fi
		words=$_bridgeaudit_options ;;
	*)
		words=$_bridgeaudit_options
		[[ $cur == -* ]] || words=$(_bridgeaudit_operands) ;;
	esac
	[ -n "$names" ] || names=$(tr -s ' \t' '\n' <<<"$words")
	mapfile -t COMPREPLY < <(
		while IFS= read -r word; do
			[[ -z $word || $word != "$cur"* ]] ||
				printf '%q\n' "$word"
		done <<<"$names"
	)
}

complete -F _bridgeaudit bridgeaudit
