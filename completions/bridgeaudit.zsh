#compdef bridgeaudit
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of bridgeaudit for zsh, with the names that are in the log.

# _arguments puts options for compadd before the field.
_bridgeaudit_values()
{
	local -a db names
	local i=${words[(I)--db]}
	(( i == 0 )) || db=(--db "${(Q)words[i + 1]}")
	names=(${(f)"$(bridgeaudit "${db[@]}" values ${@[-1]} 2>/dev/null)"})
	compadd "${@[1,-2]}" -a names
}

local network='_bridgeaudit_values network'
local interface='_bridgeaudit_values interface'
# what -o takes: a file for bundle
_bridgeaudit_output()
{
	if (( ${words[(I)bundle]} )); then
		_files
	else
		compadd "$@" table compact text json jsonl csv ecs ocsf pcap grid dot mermaid svg html md pdf
	fi
}

# what stands behind a verb
_bridgeaudit_operand()
{
	if (( ${words[(I)verify]} )); then
		_files
	elif (( ${words[(I)values]} )); then
		compadd "$@" network container service project image mac interface chain rule
	elif (( ${words[(I)rules]} )); then
		compadd "$@" remove
	elif (( ${words[(I)key]} )); then
		compadd "$@" rotate
	fi
}

local times='(now recent today yesterday this-week week-ago this-month this-year)'
local by='(network container service project image ip interface from to src_ip dst_ip src_container dst_container src_service dst_service src_project dst_project src_image dst_image in_if out_if port proto verdict chain rule)'

_arguments -S \
	'1:verb:(matrix log follow top timeline show diff values status rules doctor report bundle probe verify key reads)' \
	'*:operand:_bridgeaudit_operand' \
	'--after-cursor[begin after it]:cursor' \
	'--against[compare with]:times or file:_files' \
	'--all[packets, or rules that are gone, as well]' \
	"--as-of[names as of then]:time:$times" \
	'--ascii[no block characters]' \
	'--baseline[compare with a file]:file:_files' \
	"--by[count by]:fields:$by" \
	'--color[colours]:when:(auto always never)' \
	'--cursor[begin with it]:cursor' \
	'--cursor-file[go on where the last one ended]:file:_files' \
	'--db[the database]:file:_files' \
	'--exit-on-match[end after the first packet]' \
	'--fields[only these]:fields' \
	'--first[the first]:number' \
	'(-f --follow)'{-f,--follow}'[as follow]' \
	'--framework[its controls]:framework:(pci-dss-4.0.1 iso27001-2022 soc2 cis-docker-1.6)' \
	'(-h --help)'{-h,--help}'[help]' \
	'(-n --last)'{-n,--last}'[the last]:number' \
	'--lines[the last]:number' \
	'--new-only[only new conversations]' \
	'--no-pager[no pager]' \
	'--numeric[addresses instead of names]' \
	'(-o --output)'{-o,--output}'[format, or the file of a bundle]:format:_bridgeaudit_output' \
	'--pager[a pager on a terminal]' \
	'--public-key[that must have signed]:file:_files' \
	'(-r --reverse)'{-r,--reverse}'[the newest first]' \
	"(-S --since)"{-S,--since}"[from this time on]:time:$times" \
	'(-s --sort)'{-s,--sort}'[the most]:what:(packets bytes conversations ports)' \
	'--step[length of a slot]:span:(1s 10s 1m 5m 15m 1h 1d)' \
	'--timeout[end then]:span' \
	"(-U --until)"{-U,--until}"[before this time]:time:$times" \
	'--user[who read the log]:user:_users' \
	'--utc[times in UTC]' \
	'(-V --version)'{-V,--version}'[version]' \
	'*--not[what the next filter does not select]' \
	'*--where[expression]:expression' \
	"*--network[on either side]:network:$network" \
	"*--from-network[source]:network:$network" \
	"*--to-network[destination]:network:$network" \
	'*--ip[on either side]:address' \
	'*--from-ip[source]:address' \
	'*--to-ip[destination]:address' \
	'*--port[on either side]:port' \
	'*--from-port[source]:port' \
	'*--to-port[destination]:port' \
	"*--interface[on either side]:interface:$interface" \
	"*--from-interface[in]:interface:$interface" \
	"*--to-interface[out]:interface:$interface" \
	'--external[a side that is no Docker network]' \
	'--from-external[a source that is none]' \
	'--to-external[a destination that is none]' \
	"*--container[on either side]:container:_bridgeaudit_values container" \
	"*--from-container[source]:container:_bridgeaudit_values container" \
	"*--to-container[destination]:container:_bridgeaudit_values container" \
	"*--service[on either side]:service:_bridgeaudit_values service" \
	"*--from-service[source]:service:_bridgeaudit_values service" \
	"*--to-service[destination]:service:_bridgeaudit_values service" \
	"*--project[on either side]:project:_bridgeaudit_values project" \
	"*--from-project[source]:project:_bridgeaudit_values project" \
	"*--to-project[destination]:project:_bridgeaudit_values project" \
	"*--image[on either side]:image:_bridgeaudit_values image" \
	"*--from-image[source]:image:_bridgeaudit_values image" \
	"*--to-image[destination]:image:_bridgeaudit_values image" \
	"*--mac[on either side]:mac:_bridgeaudit_values mac" \
	"*--from-mac[source]:mac:_bridgeaudit_values mac" \
	"*--to-mac[destination]:mac:_bridgeaudit_values mac" \
	'--probe[test packets of the logger]' \
	'--spoofed[under an address that was not the sender'\''s]' \
	'*--verdict[what became of it]:verdict:(drop accept pass)' \
	'*--proto[protocol]:protocol:(tcp udp icmp ipv6-icmp sctp)' \
	'*--tcp-flags[flags that are set]:flags:(SYN ACK RST FIN PSH URG)' \
	"*--chain[chain]:chain:_bridgeaudit_values chain" \
	"*--rule[rule]:rule:_bridgeaudit_values rule" \
	'(-4 --ipv4)'{-4,--ipv4}'[IPv4]' \
	'(-6 --ipv6)'{-6,--ipv6}'[IPv6]'
