# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of bridgeaudit for fish, with the names that are in the log.

function __bridgeaudit_values
	set -l words (commandline -opc)
	set -l db
	if set -l i (contains -i -- --db $words)
		set db --db $words[(math $i + 1)]
	end
	bridgeaudit $db values $argv[1] 2>/dev/null
end

set -l verbs matrix log follow top timeline show diff values status rules
complete -c bridgeaudit -f
complete -c bridgeaudit -n "not __fish_seen_subcommand_from $verbs" -a "$verbs"
complete -c bridgeaudit -n "__fish_seen_subcommand_from values" -a "network interface chain rule"
complete -c bridgeaudit -n "__fish_seen_subcommand_from rules" -a remove

complete -c bridgeaudit -l after-cursor -x -d "begin after it"
complete -c bridgeaudit -l against -x -d "compare with"
complete -c bridgeaudit -l all -d "rules that are gone as well"
complete -c bridgeaudit -l ascii -d "no block characters"
complete -c bridgeaudit -l baseline -r -F -d "compare with a file"
complete -c bridgeaudit -l by -x -a 'network ip interface from to src_ip dst_ip in_if out_if port proto verdict chain rule' -d "count by"
complete -c bridgeaudit -l color -x -a 'auto always never' -d "colours"
complete -c bridgeaudit -l cursor -x -d "begin with it"
complete -c bridgeaudit -l cursor-file -r -F -d "go on where the last one ended"
complete -c bridgeaudit -l db -r -F -d "the database"
complete -c bridgeaudit -l exit-on-match -d "end after the first packet"
complete -c bridgeaudit -l fields -x -d "only these"
complete -c bridgeaudit -l follow -s f -d "as follow"
complete -c bridgeaudit -l help -s h -d "help"
complete -c bridgeaudit -l last -s n -x -d "the last"
complete -c bridgeaudit -l new-only -d "only new conversations"
complete -c bridgeaudit -l no-pager -d "no pager"
complete -c bridgeaudit -l numeric -d "addresses instead of names"
complete -c bridgeaudit -l output -s o -x -a 'table compact text json jsonl csv ecs ocsf pcap grid dot mermaid svg' -d "format"
complete -c bridgeaudit -l pager -d "a pager on a terminal"
complete -c bridgeaudit -l since -s S -x -a 'now recent today yesterday this-week week-ago this-month' -d "from this time on"
complete -c bridgeaudit -l sort -s s -x -a 'packets bytes conversations ports' -d "the most"
complete -c bridgeaudit -l step -x -a '1s 10s 1m 5m 15m 1h 1d' -d "length of a slot"
complete -c bridgeaudit -l timeout -x -d "end then"
complete -c bridgeaudit -l until -s U -x -a 'now recent today yesterday this-week week-ago this-month' -d "before this time"
complete -c bridgeaudit -l utc -d "times in UTC"
complete -c bridgeaudit -l version -s V -d "version"
complete -c bridgeaudit -l not -d "what the next filter does not select"
complete -c bridgeaudit -l where -x -d "expression"
complete -c bridgeaudit -l network -x -a '(__bridgeaudit_values network)' -d "on either side"
complete -c bridgeaudit -l ip -x -d "on either side"
complete -c bridgeaudit -l port -x -d "on either side"
complete -c bridgeaudit -l interface -x -a '(__bridgeaudit_values interface)' -d "on either side"
complete -c bridgeaudit -l external -d "no Docker network there"
complete -c bridgeaudit -l from-network -x -a '(__bridgeaudit_values network)' -d "source"
complete -c bridgeaudit -l from-ip -x -d "source"
complete -c bridgeaudit -l from-port -x -d "source"
complete -c bridgeaudit -l from-interface -x -a '(__bridgeaudit_values interface)' -d "source"
complete -c bridgeaudit -l from-external -d "no Docker network there"
complete -c bridgeaudit -l to-network -x -a '(__bridgeaudit_values network)' -d "destination"
complete -c bridgeaudit -l to-ip -x -d "destination"
complete -c bridgeaudit -l to-port -x -d "destination"
complete -c bridgeaudit -l to-interface -x -a '(__bridgeaudit_values interface)' -d "destination"
complete -c bridgeaudit -l to-external -d "no Docker network there"
complete -c bridgeaudit -l verdict -x -a 'drop accept pass' -d "what became of it"
complete -c bridgeaudit -l proto -x -a 'tcp udp icmp ipv6-icmp sctp' -d "protocol"
complete -c bridgeaudit -l tcp-flags -x -a 'SYN ACK RST FIN PSH URG' -d "flags that are set"
complete -c bridgeaudit -l chain -x -a '(__bridgeaudit_values chain)' -d "chain"
complete -c bridgeaudit -l rule -x -a '(__bridgeaudit_values rule)' -d "rule"
complete -c bridgeaudit -l ipv4 -s 4 -d "IPv4"
complete -c bridgeaudit -l ipv6 -s 6 -d "IPv6"
