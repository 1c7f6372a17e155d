# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests ask about Docker 29's nftables backend, which is watched from
# a table of ours beside Docker's. Sourced after seed.sh.

# The packets of Docker's rules with a comment, both families.
counter()
{
	tb_net nft list ruleset | sed -n \
		"s/.*counter packets \([0-9]*\) .*comment \"$1\"\$/\1/p" |
		awk '{ sum += $1 } END { print sum + 0 }'
}

# as_counted COMMENT: as many rows of its rules as packets in its counters
as_counted()
{
	local want
	want=$(counter "$1")
	recorded "$want" ".rule | contains(\"$1\")" || return
	equal "$1" "$want" "$(events_where ".rule | contains(\"$1\")")"
	[ "$want" -gt 0 ]
}

# In place, with at least so many rules.
mirrored()
{
	tb_audit rules -o jsonl 2>/dev/null | jq -e -s --argjson least "$1" '
		length >= $least and all(.[]; .state == "in place")' >/dev/null
}

no_table()
{
	equal 'our table' '' "$(tb_net nft list tables | grep bridgeaudit || :)"
}

own_table()
{
	tb_net nft list tables | grep -q 'inet bridgeaudit'
}
