#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker's rules of each generation, in a namespace without a Docker engine:
# real packets at each drop point and through each accepted path, from other
# networks, within one, and from outside. Each shows exactly the rows that it
# must, and what the kernel's rules counted is what the log has.
#
# GENERATIONS="a b0 b1 b2 c d", VARIANTS="nft legacy" choose.
set -euo pipefail
TB_LIB=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=tests/system/testbed.sh
. "$TB_LIB/testbed.sh"
# shellcheck source=tests/system/logger.sh
. "$TB_LIB/logger.sh"
# shellcheck source=tests/system/check.sh
. "$TB_LIB/check.sh"
# shellcheck source=tests/system/lab.sh
. "$TB_LIB/lab.sh"
# shellcheck source=tests/system/docker29.sh
. "$TB_LIB/docker29.sh"

EACH=2 # packets of each case

# From, protocol, to, its port, which address of it, and what happens in each
# generation. Addresses: self; none (one of its network that is no
# container's); host:PORT (where the host publishes it); lo:PORT (the host's
# loopback). What happens, with "/" what happens to the answer:
#   s2    dropped in STAGE-2            raw   dropped in raw, per container
#   dd    dropped by DOCKER's default   rawp  dropped in raw, per port
#   lo    dropped in raw, loopback      icc   dropped within one bridge
#   inl   dropped into an internal one  inx   dropped out of one
#   acc   a published port's accept     unp   an unprotected network's
#   link  a legacy link's               icmp  a routed network's
#   ing   the swarm's                   mark  the accepted mark's
#   pass  witnessed                     -     arrives and is no row
#   host  ends at the host, no row      .     is not sent there
CASES='
46 mysql udp  link1 9    self      s2   s2   s2   raw  raw  raw
46 mysql tcp  link1 80   self      s2   rawp rawp raw  raw  raw
46 mysql icmp link1 0    self      s2   s2   s2   raw  raw  raw
46 mysql udp  link1 9    none      s2   s2   s2   s2   dd   dd
46 mysql udp  link1 7    none      s2   s2   s2   s2   mark+pass pass
46 mysql udp  dns   53   self      s2   acc/- acc/- acc/- acc/- acc/-
46 mysql udp  dns   54   self      s2   dd   dd   dd   dd   dd
46 mysql icmp dns   0    self      s2   icmp icmp icmp icmp pass
46 mysql udp  open  9    self      s2   s2   s2   s2   unp unp
46 mysql tcp  open  443  self      s2   s2   s2   s2   unp unp
46 mysql sctp sctp  132  self      s2   rawp rawp raw  raw  raw
46 dns   udp  web   9    self      s2   s2   s2   raw  raw  raw
46 dns   udp  open  9    self      s2   s2   s2   s2   unp unp
46 open  udp  sctp  9    self      s2   s2   s2   raw  raw  raw
46 open  udp  dns   53   self      s2   acc/- acc/- acc/- acc/- acc/-
46 mysql udp  gw    9    self      s2   s2   s2   s2   dd   .
4  mysql tcp  gw    8443 self      ing+pass ing+pass ing+pass ing+pass ing+pass .
46 mysql udp  safe  9    self      inl  inl  inl  inl  inl  inl
46 safe  udp  mysql 9    self      inx  inx  inx  raw  raw  raw
46 safe  udp  open  9    self      inx  inx  inx  inx  inx  unp
46 safe  udp  dns   53   self      inx  inx  inx  inx  inx  acc
46 safe  udp  vault 9    self      inl  inl  inl  inl  inl  inl
46 safe  udp  out   9    self      inx  inx  inx  inx  inx  inx
46 out   udp  safe  9    self      inl  inl  inl  inl  inl  inl
46 safe  udp  safe2 9    self      -    -    -    -    -    -
46 vault udp  vault2 9   self      icc  icc  icc  icc  icc  icc
46 link1 udp  link2 9    self      icc  icc  icc  icc  icc  icc
46 link1 tcp  link2 5432 self      link link link link link -
46 mysql udp  web   9    self      -    -    -    -    -    -
46 mysql udp  out   9    self      -    -    -    -    -    -
46 mysql icmp out   0    self      -    -    -    -    -    -
46 link1 tcp  mysql 3306 host:3306 host host host host acc  acc
46 out   tcp  mysql 3306 host:3306 acc  acc  acc  acc  acc  acc
46 out   tcp  link1 80   host:8000 acc  acc  acc  acc  acc  acc
46 out   sctp sctp  132  host:132  acc  acc  acc  acc  acc  acc
46 out   tcp  mysql 3306 self      acc  rawp rawp raw  raw  raw
46 out   udp  mysql 9    self      -    dd   dd   raw  raw  raw
46 out   icmp mysql 0    self      -    dd   dd   raw  raw  raw
46 out   udp  link1 9    none      -    dd   dd   dd   dd   dd
46 out   udp  dns   53   self      acc/- acc/- acc/- acc/- acc/- acc/-
46 out   udp  dns   54   self      -    dd   dd   dd   dd   dd
46 out   udp  open  9    self      -    unp  unp  unp  unp  unp
4  out   tcp  web   80   lo:8080   acc  lo   lo   lo   lo   lo
4  out   tcp  gw    8443 host:8443 ing  ing  ing  ing  ing  .
46 wg    tcp  mysql 3306 self      acc  rawp rawp acc  acc  acc
46 wg    udp  mysql 9    self      -    dd   dd   dd   dd   dd
46 wg    udp  link1 9    self      -    dd   dd   raw  raw  raw
'

in_interface()
{
	case $1 in
	out) echo eth0 ;;
	wg) echo wg0 ;;
	*) echo "${LAB_BRIDGE[$1]}" ;;
	esac
}

# The address that a packet is sent to, and where it is a container's then.
sent_to()
{
	local family=$1 to=$2 address=$3
	case $address/$to in
	self/out) [ "$family" = 4 ] && echo 192.0.2.2 || echo 2001:db8:2::2 ;;
	host:*) lab_host_ip "$family" ;;
	lo:*) echo 127.0.0.1 ;;
	none/*) lab_ip "$family" "${LAB_BRIDGE[$to]}" 77 ;;
	*) lab_ip "$family" "${LAB_BRIDGE[$to]}" "${LAB_HOST[$to]}" ;;
	esac
}

# What one word of CASES means as "verdict|table|chain|text|in|out", in words
# of iptables: FAMILY GEN WORD FROM TO PROTO PORT ADDRESS
row_iptables()
{
	local family=$1 gen=$2 from=$4 to=$5 proto=$6 port=$7 addr=$8
	local br=${LAB_BRIDGE[$5]:-eth0} in s host=/32 stage=DOCKER-INTERNAL
	local forward=DOCKER-FORWARD icmp=icmp of
	in=$(in_interface "$from")
	[ "$family" = 4 ] || host=/128 icmp=ipv6-icmp
	[ "$gen" = c ] || stage=DOCKER-ISOLATION-STAGE-1
	case $gen in
	a | b0) forward=FORWARD ;;
	esac
	of="$proto -m $proto --dport $port"
	case $3 in
	s2) echo "drop|filter|DOCKER-ISOLATION-STAGE-2|-o $br -j DROP|$in|$br" ;;
	raw) echo "drop|raw|PREROUTING|-d $addr$host ! -i $br -j DROP|$in|($br)" ;;
	rawp) echo "drop|raw|PREROUTING|-d $addr$host ! -i $br -p $of -j DROP|$in|($br)" ;;
	lo) echo "drop|raw|PREROUTING|-d 127.0.0.1/32 ! -i lo -p tcp -m tcp --dport 8080 -j DROP|$in|()" ;;
	dd) echo "drop|filter|DOCKER|! -i $br -o $br -j DROP|$in|$br" ;;
	acc) echo "accept|filter|DOCKER|-d $addr$host ! -i $br -o $br -p $of -j ACCEPT|$in|$br" ;;
	icmp) echo "accept|filter|DOCKER|-o $br -p $icmp -j ACCEPT|$in|$br" ;;
	unp) echo "accept|filter|DOCKER|! -i $br -o $br -j ACCEPT|$in|$br" ;;
	icc) echo "drop|filter|$forward|-i $br -o $br -j DROP|$in|$br" ;;
	ing) echo "accept|filter|DOCKER-INGRESS|-p $of -j ACCEPT|$in|$br" ;;
	mark) echo "accept|filter|DOCKER-FORWARD|-m mark --mark 0x1/0x3 -j ACCEPT|$in|$br" ;;
	link)
		s=$(lab_ip "$family" docker0 2)
		echo "accept|filter|DOCKER|-s $s$host -d $addr$host -i $br -o $br -p $of -j ACCEPT|$in|$br" ;;
	inl)
		s="! -s $(lab_subnet "$family" "$br")"
		[ "$family" = 4 ] || s="$s ! -i $br"
		echo "drop|filter|$stage|$s -o $br -j DROP|$in|$br" ;;
	inx)
		s="! -d $(lab_subnet "$family" "$in") -i $in"
		[ "$family" = 4 ] || s="$s ! -o $in"
		echo "drop|filter|$stage|$s -j DROP|$in|$br" ;;
	esac
}

# The same in words of Docker 29's nftables backend.
row_nft()
{
	local family=$1 from=$4 to=$5 proto=$6 port=$7 addr=$8 ip=ip
	local br=${LAB_BRIDGE[$5]:-eth0} in
	local rule="docker-bridges|filter-forward-in__$br"
	[ "$family" = 4 ] || ip=ip6
	in=$(in_interface "$from")
	case $3 in
	raw)
		local is="\"$br\""
		[ "$br" != br-b0a981d644bf ] || is="{ \"$br\", \"wg0\" }"
		echo "drop|docker-bridges|raw-PREROUTING|$ip daddr $addr iifname != $is counter drop comment \"DROP DIRECT ACCESS\"|$in|($br)" ;;
	lo) echo "drop|docker-bridges|raw-PREROUTING|iifname != \"lo\" ip daddr 127.0.0.1 tcp dport 8080 counter drop comment \"DROP REMOTE LOOPBACK\"|$in|()" ;;
	dd) echo "drop|$rule|counter drop comment \"UNPUBLISHED PORT DROP\"|$in|$br" ;;
	acc) echo "accept|$rule|$ip daddr $addr $proto dport $port counter accept|$in|$br" ;;
	unp) echo "accept|$rule|counter accept comment \"UNPROTECTED\"|$in|$br" ;;
	icc)
		local within="iifname \"$br\" counter"
		[ "$br" = docker0 ] || within=counter
		echo "drop|$rule|$within drop comment \"ICC\"|$in|$br" ;;
	inl) echo "drop|$rule|iifname != \"$br\" counter drop comment \"INTERNAL NETWORK INGRESS\"|$in|$br" ;;
	inx) echo "drop|docker-bridges|filter-forward-out__$in|oifname != \"$in\" counter drop comment \"INTERNAL NETWORK EGRESS\"|$in|$br" ;;
	esac
}

# row FAMILY GEN WORD...: one word's row, or none
row()
{
	case $3 in
	pass) echo "pass|bridgeaudit|witness|*|$(in_interface "$4")|${LAB_BRIDGE[$5]}" ;;
	*)
		if [ "$2" = d ]; then
			row_nft "$@"
		else
			row_iptables "$@"
		fi ;;
	esac
}

# number_of_line|kind|row, EACH times; kind: sent, answer, arrived
expect_line()
{
	local line=$1 family=$2 gen=$3 from=$4 proto=$5 to=$6 port=$7
	local address=$8 what=$9 word addr arrived=- reply=-
	addr=$(sent_to "$family" "$to" self)
	[ "$address" != none ] || addr=$(sent_to "$family" "$to" none)
	for word in ${what//[+\/]/ }; do
		case $word in
		acc | unp | link | icmp | ing | mark | pass | -) arrived=$to ;;
		esac
	done
	for word in $(tr + ' ' <<<"${what%%/*}"); do
		row "$family" "$gen" "$word" "$from" "$to" "$proto" "$port" \
			"$addr" | sed "s/^/$line|row|/"
	done
	case $what in
	*/-) reply=back ;;
	*/*) reply=sent
		row "$family" "$gen" "${what#*/}" "$to" "$from" "$proto" 0 \
			"$(sent_to "$family" "$from" self)" |
			sed "s/^/$line|answer|/" ;;
	esac
	echo "$line|arrived|$arrived $reply"
}

# Two files from CASES: what is sent, and what must come of it.
write_lists()
{
	local gen=$1 column families from proto to port address whats
	local family what line=0 sport reply
	column=$(awk -v g="$gen" 'BEGIN {
		split("a b0 b1 b2 c d", n); for (i in n) if (n[i] == g) print i - 1 }')
	: >"$TB_DIR/list"
	: >"$TB_DIR/expected"
	while read -r families from proto to port address whats; do
		[ -n "$families" ] || continue
		read -r -a whats <<<"$whats"
		what=${whats[$column]}
		[ "$what" != . ] || continue
		for family in 4 6; do
			[[ $families = *$family* ]] || continue
			reply=''
			[[ $what != */* ]] || reply=reply
			sport=$port
			[[ $address != *:* ]] || sport=${address#*:}
			echo "$from $family $proto $(sent_to "$family" "$to" \
				"$address") $sport $EACH $reply" >>"$TB_DIR/list"
			expect_line "$line" "$family" "$gen" "$from" "$proto" \
				"$to" "$port" "$address" "$what" |
				awk -v n=$EACH '{ while (i++ < n) print; i = 0 }' \
				>>"$TB_DIR/expected"
			line=$((line + 1))
		done
	done <<<"$CASES"
}

# The log's rows and the packets' fate as write_lists has it: a number leads to
# its line; ICMP, whose number is not in the log, by where it came from and to.
observed()
{
	lab_rows | awk -F'|' -v OFS='|' -v containers="${LAB_CONTAINERS//$'\n'/ }" '
	FILENAME == ARGV[1] { split($0, f, " "); from[FNR - 1] = f[1]
		family[FNR - 1] = f[2]; proto[FNR - 1] = f[3]
		addr[FNR - 1] = f[4]; next }
	FILENAME == ARGV[2] { split($0, f, " "); line[f[2]] = f[1]
		print f[1], "arrived", f[5] " " f[6]; next }
	{
		kind = "row"
		if ($2 == "icmp") {
			at = "?" $10 " " $5
			for (i in from)
				if (proto[i] == "icmp" && family[i] == $1 &&
				    same($5, addr[i]) && $10 == bridge(from[i]))
					at = i
		} else if ($3 >= 10000) {
			at = line[$3]
		} else {
			at = line[$4]
			kind = "answer"
		}
		if ($6 == "pass")
			$9 = "*"
		print at, kind, $6, $7, $8, $9, $10, $11
	}
	function bridge(name) {
		return name == "out" ? "eth0" : name == "wg" ? "wg0" : of[name]
	}
	# fd00:0017:0000:...:0002 and fd00:17::2
	function same(a, b) {
		gsub(/:0+/, ":", a)
		gsub(/::+/, "::", a)
		return a == b
	}
	BEGIN {
		n = split(containers, c, " ")
		for (i = 1; i < n; i += 3)
			of[c[i]] = c[i + 1]
	}' "$TB_DIR/list" "$TB_DIR/result" -
}

all_as_expected()
{
	observed | LC_ALL=C sort >"$TB_DIR/observed"
	cmp -s "$TB_DIR/expected" "$TB_DIR/observed"
}

# The cases whose rows are not the expected ones, in words.
different()
{
	diff "$TB_DIR/expected" "$TB_DIR/observed" | awk -F'|' '
		FILENAME != "-" { list[FNR - 1] = $0; next }
		/^[<>]/ {
			line = substr($1, 3)
			said = /^</ ? "missing:" : "too many:"
			sub(/^[^|]*[|]/, "")
			print list[line] " " said " " $0
		}' "$TB_DIR/list" - | uniq -c
}

as_expected()
{
	LC_ALL=C sort -o "$TB_DIR/expected" "$TB_DIR/expected"
	lab_packets "$TB_DIR/list" >"$TB_DIR/result"
	[ -s "$TB_DIR/expected" ] && tb_wait 150 all_as_expected && return
	different
	return 1
}

# family|table|chain|text|packets of each audited rule, by the kernel
counted()
{
	if [ "$1" = d ]; then
		tb_net nft list ruleset | lab_sorted_sets | awk '
			/^table / { family = $2 == "ip6" ? 6 : 4; of = $3 }
			/^\tchain / { chain = $2 }
			of == "docker-bridges" && /counter packets / {
				n = $0; sub(/.*counter packets /, "", n)
				sub(/ .*/, "", n)
				sub(/counter packets [0-9]+ bytes [0-9]+/, "counter")
				sub(/^\t+/, "")
				print family "|docker-bridges|" chain "|" $0 "|" n
			}'
		return
	fi
	local family
	for family in 4 6; do
		tb_net "ip${family/4/}tables-$TB_VARIANT-save" -c
	done | awk '
		/^# Generated/ { family = /ip6tables/ ? 6 : 4 }
		/^\*/ { table = substr($0, 2) }
		/^\[/ && !/bridgeaudit/ {
			n = substr($1, 2); sub(/:.*/, "", n); chain = $3
			sub(/^[^ ]+ -A [^ ]+ /, "")
			print family "|" table "|" chain "|" $0 "|" n
		}'
}

# The same by the log: all that it calls audited, but the witness.
logged()
{
	lab_sql "SELECT r.family, r.\"table\", r.chain, r.text,
			coalesce(sum(e.packets), 0)
		FROM rule r LEFT JOIN path p ON p.rule = r.id
		LEFT JOIN conversation c ON c.path = p.id
		LEFT JOIN event e ON e.conversation = c.id
		WHERE r.verdict != 3 GROUP BY r.id" | lab_sorted_sets
}

# Each rule that the log knows of has as many rows as it counted packets, and
# it knows each rule that dropped one.
counters_are_rows()
{
	counted "$1" | LC_ALL=C sort >"$TB_DIR/counted"
	logged | LC_ALL=C sort >"$TB_DIR/logged"
	equal 'what the log has and the kernel has not' '' \
		"$(LC_ALL=C comm -13 "$TB_DIR/counted" "$TB_DIR/logged")"
	equal 'drops that the log has not' '' \
		"$(LC_ALL=C comm -23 "$TB_DIR/counted" "$TB_DIR/logged" |
			grep -E 'drop |-j DROP' | grep -v '|0$' || :)"
	[ "$(awk -F'|' '{ n += $5 } END { print n }' "$TB_DIR/logged")" -gt 100 ]
}

nothing_of_ours()
{
	equal 'rules of ours' '' "$(tb_net nft list ruleset 2>/dev/null |
			grep bridgeaudit ||
		:)$(tb_net iptables-legacy-save 2>/dev/null |
			grep bridgeaudit || :)"
}

no_gap()
{
	equal 'gaps' '' "$(lab_sql 'SELECT * FROM gap WHERE packets > 0')"
}

test_generation()
{
	local gen=$1
	lab_load "$gen"
	write_lists "$gen"
	lab_logger_launch
	check 'every audited rule is watched' tb_wait 100 lab_watched 20
	check "$(wc -l <"$TB_DIR/list") kinds of packets show the rows that they must" \
		as_expected
	check 'what rules counted is what the log has, to the packet' \
		counters_are_rows "$gen"
	check 'nothing was lost' no_gap
	check 'the logger stops' tb_logger_stop
	check 'and takes its rules out' nothing_of_ours
}

run_generation()
{
	local gen=$1 variant=$2 before dir pid
	CHECK_PREFIX="generation $gen $variant: "
	if [ "$variant" = legacy ] && ! unshare --net iptables-legacy -L -n \
		>/dev/null 2>&1; then
		skip 'all' 'no legacy iptables in this kernel'
		return
	fi
	if [ "$gen" = b0 ] && ! unshare --net ipset list >/dev/null 2>&1; then
		skip 'all' 'no ipset here'
		return
	fi
	before=$(host_state)
	lab_start "$variant"
	dir=$TB_DIR pid=$TB_PID
	test_generation "$gen"
	tb_stop
	check 'nothing is left behind' host_is_clean "$dir" "$pid" "$before"
}

main()
{
	local reason gen variant
	reason=$(lab_missing)
	if [ -n "$reason" ]; then
		echo "1..0 # SKIP $reason"
		return
	fi
	for gen in ${GENERATIONS:-a b0 b1 b2 c d}; do
		for variant in ${VARIANTS:-nft legacy}; do
			# there is no iptables in d
			[ "$gen/$variant" = d/legacy ] ||
				run_generation "$gen" "$variant"
		done
	done
	echo "1..$CHECK_COUNT"
	[ "$CHECK_FAILED" = 0 ]
}

main
