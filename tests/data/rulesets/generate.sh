#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Prints what iptables-save says on a host with Docker 20.10 to 27: docker0,
# a network with a published MySQL and web server, another one, and an
# internal one. The seed-*.txt files here are its output. Run it in a network
# namespace of its own: unshare -n ./generate.sh nft|legacy 4|6
set -eu

variant=$1
if [ "$2" = 4 ]; then
	name=iptables
	db=192.168.144.2 web=192.168.144.4 host=/32 to_db=$db to_web=$web
	inside=172.20.0.0/16 local=127.0.0.0/8
	nets="br-b0a981d644bf=192.168.144.0/20 br-be2db5e852a0=172.19.0.0/16
		docker0=172.17.0.0/16"
else
	name=ip6tables
	db=fd00:144::2 web=fd00:144::4 host=/128 to_db="[$db]" to_web="[$web]"
	inside=fd00:20::/64 local=::1/128
	nets="br-b0a981d644bf=fd00:144::/64 br-be2db5e852a0=fd00:19::/64
		docker0=fd00:17::/64"
fi
bridge="br-b0a981d644bf"
internal="br-77e01c2f9a3b"
one=DOCKER-ISOLATION-STAGE-1
two=DOCKER-ISOLATION-STAGE-2

rule() {
	"$name-$variant" "$@"
}

for chain in DOCKER $one $two DOCKER-USER; do
	rule -N "$chain"
done
rule -P FORWARD DROP
rule -t nat -N DOCKER
rule -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
rule -t nat -A OUTPUT ! -d $local -m addrtype --dst-type LOCAL -j DOCKER
for net in $nets; do
	br=${net%%=*}
	rule -A FORWARD -o "$br" -m conntrack --ctstate RELATED,ESTABLISHED \
		-j ACCEPT
	rule -A FORWARD -o "$br" -j DOCKER
	rule -A FORWARD -i "$br" ! -o "$br" -j ACCEPT
	rule -A FORWARD -i "$br" -o "$br" -j ACCEPT
	rule -A $one -i "$br" ! -o "$br" -j $two
	rule -A $two -o "$br" -j DROP
	rule -t nat -A POSTROUTING -s "${net#*=}" ! -o "$br" -j MASQUERADE
	rule -t nat -A DOCKER -i "$br" -j RETURN
done
rule -A FORWARD -i $internal -o $internal -j ACCEPT
if [ "$2" = 4 ]; then
	rule -I $one ! -d $inside -i $internal -j DROP
	rule -I $one ! -s $inside -o $internal -j DROP
else
	rule -I $one ! -d $inside -i $internal ! -o $internal -j DROP
	rule -I $one ! -s $inside ! -i $internal -o $internal -j DROP
fi
rule -A $one -j RETURN
rule -A $two -j RETURN
rule -A DOCKER-USER -j RETURN
rule -I FORWARD -j $one
rule -I FORWARD -j DOCKER-USER
rule -A DOCKER -d $db$host ! -i $bridge -o $bridge -p tcp --dport 3306 -j ACCEPT
rule -A DOCKER -d $web$host ! -i $bridge -o $bridge -p tcp --dport 80 -j ACCEPT
rule -t nat -A DOCKER ! -i $bridge -p tcp --dport 3306 -j DNAT \
	--to-destination "$to_db:3306"
rule -t nat -A DOCKER ! -i $bridge -p tcp --dport 8080 -j DNAT \
	--to-destination "$to_web:80"
"$name-$variant-save" -c
