#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Prints what iptables-save says on a host whose Docker is of a generation:
#   a   20.10 to 27      b0  28.0.0 (takes ipset)     b1  28.0.1 to 28.1
#   b2  28.2 to 28.5     c   29 with the iptables backend
# with a network of each kind (see below), written from what Docker's sources
# and documents say. The files a-v4-nft.txt and so on here are its output. Run
# it in a network namespace of its own:
#   unshare -n ./generate-generation.sh a|b0|b1|b2|c nft|legacy 4|6
set -eu

gen=$1 variant=$2 family=$3

# docker0           icc=false, two containers linked, one of them published
# br-b0a981d644bf   nat; MySQL published, and on the loopback address a web
#                   server; interface wg0 is trusted where there is such a thing
# br-be2db5e852a0   routed, a name server published
# br-00c0ffee0001   nat-unprotected (nat in generation a, which has no such)
# backend0          nat, custom name, SCTP published
# br-77e01c2f9a3b   internal
# vault0            internal, custom name, icc=false
# docker_gwbridge   the swarm's, icc=false; in IPv4 an ingress port
bridges="docker0 br-b0a981d644bf br-be2db5e852a0 br-00c0ffee0001 backend0
	docker_gwbridge"
internals="br-77e01c2f9a3b vault0"

if [ "$family" = 4 ]; then
	name=iptables host=/32 any=127.0.0.0/8 icmp=icmp set=docker-ext-bridges-v4
	type=inet
else
	name=ip6tables host=/128 any=::1/128 icmp=icmpv6
	set=docker-ext-bridges-v6 type=inet6
fi
one=DOCKER-ISOLATION-STAGE-1
two=DOCKER-ISOLATION-STAGE-2

rule()
{
	"$name-$variant" "$@"
}

# number BRIDGE: which subnet it has
number()
{
	case $1 in
	docker0) echo 17 ;;
	br-b0a981d644bf) echo 144 ;;
	br-be2db5e852a0) echo 19 ;;
	br-00c0ffee0001) echo 20 ;;
	backend0) echo 21 ;;
	docker_gwbridge) echo 22 ;;
	br-77e01c2f9a3b) echo 30 ;;
	vault0) echo 31 ;;
	esac
}

# addr BRIDGE NUMBER, subnet BRIDGE
addr()
{
	if [ "$family" = 4 ]; then
		echo "172.$(number "$1").0.$2"
	else
		echo "fd00:$(number "$1")::$2"
	fi
}

subnet()
{
	if [ "$family" = 4 ]; then
		echo "172.$(number "$1").0.0/16"
	else
		echo "fd00:$(number "$1")::/64"
	fi
}

# destination BRIDGE NUMBER PORT, as DNAT wants it
destination()
{
	if [ "$family" = 4 ]; then
		echo "$(addr "$1" "$2"):$3"
	else
		echo "[$(addr "$1" "$2")]:$3"
	fi
}

without_icc()
{
	case $1 in
	docker0 | docker_gwbridge | vault0) return 0 ;;
	esac
	return 1
}

# mode BRIDGE
mode()
{
	case $gen/$1 in
	*/br-be2db5e852a0) echo routed ;;
	a/*) echo nat ;;
	*/br-00c0ffee0001) echo nat-unprotected ;;
	*) echo nat ;;
	esac
}

chains()
{
	local chains=DOCKER
	case $gen in
	a | b0) chains+=" $one $two" ;;
	b1 | b2)
		chains+=" DOCKER-BRIDGE DOCKER-CT DOCKER-FORWARD $one $two" ;;
	c) chains+=" DOCKER-BRIDGE DOCKER-CT DOCKER-FORWARD DOCKER-INTERNAL" ;;
	esac
	for chain in $chains DOCKER-USER; do
		rule -N "$chain"
	done
	rule -t nat -N DOCKER
	rule -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
	rule -t nat -A OUTPUT ! -d $any -m addrtype --dst-type LOCAL -j DOCKER
	[ "$gen" != b0 ] || ipset create $set hash:net,iface family $type
}

jumps()
{
	rule -A FORWARD -j DOCKER-USER
	case $gen in
	a) rule -A FORWARD -j $one ;;
	b0)
		rule -A FORWARD -m set --match-set $set dst -m conntrack \
			--ctstate RELATED,ESTABLISHED -j ACCEPT
		rule -A FORWARD -j $one
		rule -A FORWARD -m set --match-set $set dst -j DOCKER ;;
	b1 | b2)
		rule -A FORWARD -j DOCKER-FORWARD
		rule -A DOCKER-FORWARD -j DOCKER-CT
		rule -A DOCKER-FORWARD -j $one
		rule -A DOCKER-FORWARD -j DOCKER-BRIDGE ;;
	c)
		rule -A FORWARD -j DOCKER-FORWARD
		rule -A DOCKER-FORWARD -m mark --mark 0x1/0x3 -j ACCEPT
		rule -A DOCKER-FORWARD -j DOCKER-CT
		rule -A DOCKER-FORWARD -j DOCKER-INTERNAL
		rule -A DOCKER-FORWARD -j DOCKER-BRIDGE ;;
	esac
}

# isolate BRIDGE: the two stages
isolate()
{
	rule -A $one -i "$1" ! -o "$1" -j $two
	rule -I $two -o "$1" -j DROP
	if [ "$gen" != a ] && [ "$(mode "$1")" = routed ]; then
		rule -I $one -o "$1" -j RETURN
		rule -I $one -i "$1" -m conntrack --ctstate \
			RELATED,ESTABLISHED -j ACCEPT
	fi
}

# outgoing CHAIN BRIDGE: generation b and c
outgoing()
{
	if without_icc "$2"; then
		rule -A "$1" -i "$2" -o "$2" -j DROP
		rule -A "$1" -i "$2" ! -o "$2" -j ACCEPT
	else
		rule -A "$1" -i "$2" -j ACCEPT
	fi
}

# incoming BRIDGE: the end of chain DOCKER since generation b
incoming()
{
	case $(mode "$1") in
	nat-unprotected) rule -A DOCKER ! -i "$1" -o "$1" -j ACCEPT ;;
	routed)
		rule -A DOCKER -o "$1" -p $icmp -j ACCEPT
		rule -A DOCKER ! -i "$1" -o "$1" -j DROP ;;
	nat) rule -A DOCKER ! -i "$1" -o "$1" -j DROP ;;
	esac
}

network()
{
	local br=$1
	case $gen in
	a)
		rule -A FORWARD -o "$br" -m conntrack --ctstate \
			RELATED,ESTABLISHED -j ACCEPT
		rule -A FORWARD -o "$br" -j DOCKER
		rule -A FORWARD -i "$br" ! -o "$br" -j ACCEPT
		without_icc "$br" ||
			rule -A FORWARD -i "$br" -o "$br" -j ACCEPT
		isolate "$br" ;;
	b0)
		outgoing FORWARD "$br"
		incoming "$br"
		isolate "$br" ;;
	b1 | b2 | c)
		rule -A DOCKER-CT -o "$br" -m conntrack --ctstate \
			RELATED,ESTABLISHED -j ACCEPT
		rule -A DOCKER-BRIDGE -o "$br" -j DOCKER
		outgoing DOCKER-FORWARD "$br"
		incoming "$br"
		[ "$gen" = c ] || isolate "$br" ;;
	esac
	[ "$gen" = c ] || rule -t nat -A DOCKER -i "$br" -j RETURN
	[ "$(mode "$br")" = routed ] || rule -t nat -A POSTROUTING \
		-s "$(subnet "$br")" ! -o "$br" -j MASQUERADE
}

internal()
{
	local br=$1 chain=$one icc=FORWARD verdict=ACCEPT
	[ "$gen" != c ] || chain=DOCKER-INTERNAL
	case $gen in
	b1 | b2 | c) icc=DOCKER-FORWARD ;;
	esac
	! without_icc "$br" || verdict=DROP
	if [ "$family" = 4 ]; then
		rule -I $chain ! -d "$(subnet "$br")" -i "$br" -j DROP
		rule -I $chain ! -s "$(subnet "$br")" -o "$br" -j DROP
	else
		rule -I $chain ! -d "$(subnet "$br")" -i "$br" ! -o "$br" \
			-j DROP
		rule -I $chain ! -s "$(subnet "$br")" ! -i "$br" -o "$br" \
			-j DROP
	fi
	rule -A $icc -i "$br" -o "$br" -j $verdict
}

# port BRIDGE NUMBER PROTO PORT HOST-PORT [HOST-ADDRESS]
port()
{
	local br=$1 proto=$3 to how=-I on=()
	[ "$gen" != a ] || how=-A
	[ "$(mode "$br")" = nat-unprotected ] ||
		rule $how DOCKER -d "$(addr "$br" "$2")$host" ! -i "$br" \
			-o "$br" -p "$proto" --dport "$4" -j ACCEPT
	[ "$(mode "$br")" != routed ] || return 0
	to=$(destination "$br" "$2" "$4")
	[ -z "${6:-}" ] || on=(-d "$6/32")
	rule -t nat -A DOCKER "${on[@]}" ! -i "$br" -p "$proto" --dport "$5" \
		-j DNAT --to-destination "$to"
	[ "$(mode "$br")" = nat ] || return 0
	case $gen in
	b0 | b1)
		rule -t raw -A PREROUTING -d "$(addr "$br" "$2")$host" \
			! -i "$br" -p "$proto" --dport "$4" -j DROP ;;
	esac
	[ -z "${6:-}" ] || [ "$gen" = a ] ||
		rule -t raw -A PREROUTING -d "$6/32" ! -i lo -p "$proto" \
			--dport "$5" -j DROP
}

# endpoint BRIDGE NUMBER
endpoint()
{
	local to
	to=$(addr "$1" "$2")$host
	case $gen/$(mode "$1") in
	b2/nat | c/nat) ;;
	*) return 0 ;;
	esac
	[ "$1" != br-b0a981d644bf ] ||
		rule -t raw -A PREROUTING -d "$to" -i wg0 -j ACCEPT
	rule -t raw -A PREROUTING -d "$to" ! -i "$1" -j DROP
}

# link PARENT CHILD PORT, both of docker0
link()
{
	local from to
	from=$(addr docker0 "$1")$host to=$(addr docker0 "$2")$host
	rule -A DOCKER -s "$from" -d "$to" -i docker0 -o docker0 -p tcp \
		--dport "$3" -j ACCEPT
	rule -A DOCKER -s "$to" -d "$from" -i docker0 -o docker0 -p tcp \
		--sport "$3" -j ACCEPT
}

ingress()
{
	rule -N DOCKER-INGRESS
	rule -A DOCKER-INGRESS -p tcp --dport 8443 -j ACCEPT
	rule -A DOCKER-INGRESS -p tcp --sport 8443 -m conntrack \
		--ctstate RELATED,ESTABLISHED -j ACCEPT
	rule -A DOCKER-INGRESS -j RETURN
	case $gen in
	a | b0) rule -I FORWARD 2 -j DOCKER-INGRESS ;;
	*) rule -I DOCKER-FORWARD -j DOCKER-INGRESS ;;
	esac
}

chains
jumps
for br in $bridges; do
	network "$br"
done
for br in $internals; do
	internal "$br"
done
if [ "$gen" = a ]; then
	for br in docker0 docker_gwbridge; do
		rule -A FORWARD -i "$br" -o "$br" -j DROP
	done
	rule -A $one -j RETURN
	rule -A $two -j RETURN
fi
case $gen in
a | b0 | b1) rule -A DOCKER-USER -j RETURN ;;
esac
for br in docker0 br-b0a981d644bf br-be2db5e852a0 br-00c0ffee0001 backend0; do
	endpoint "$br" 2
	endpoint "$br" 3
done
port docker0 2 tcp 80 8000
port br-b0a981d644bf 2 tcp 3306 3306
[ "$family" = 6 ] || port br-b0a981d644bf 3 tcp 80 8080 127.0.0.1
port br-be2db5e852a0 2 udp 53 53
port br-00c0ffee0001 2 tcp 443 443
port backend0 2 sctp 132 132
link 2 3 5432
[ "$family" = 6 ] || ingress
"$name-$variant-save" -c
