#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every kind of place where this engine drops or lets in: a packet is sent
# there, its event names the rule that decided, and in the end the log has as
# many packets of each rule as the kernel counted. With all words of --profile
# but egress, whose rules replies pass too.
#
# VARIANTS=nft halves the time.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
: "${SUITES:=bookworm trixie forky}"

# shellcheck disable=SC2034 # logger.sh's
TB_PROFILE=user,icc
GATEWAY=com.docker.network.bridge.gateway_mode_ipv

newer()
{
	[ "$(first_chain)" = PREROUTING ]
}

# A network with icc=false and a bridge of its own name; an internal one; a
# swarm's docker_gwbridge; and what only newer engines have.
networks()
{
	tb_network front 1
	tb_network back 2
	tb_network inside 3 --internal
	tb_network shut 4 -o com.docker.network.bridge.enable_icc=false \
		-o com.docker.network.bridge.name=shut0
	newer || return 0
	tb_network open 5 -o "${GATEWAY}4=nat-unprotected" \
		-o "${GATEWAY}6=nat-unprotected"
	tb_network routed 6 -o "${GATEWAY}4=routed" -o "${GATEWAY}6=routed"
	tb_network trusting 7 \
		-o com.docker.network.bridge.trusted_host_interfaces=eth0
}

containers()
{
	tb_run web front
	tb_run db back -p 8080:80
	tb_run shut1 shut
	tb_run shut2 shut
	tb_run vault inside
	! newer || {
		tb_run open open
		tb_run routed routed -p 81:81
		tb_run trusting trusting
		tb_run local back -p 127.0.0.1:8090:80
	}
}

# Without ip_vs in the kernel a swarm makes no DOCKER-INGRESS; so it is written
# as Docker writes it, for port 9000 of db.
ingress()
{
	local first=FORWARD
	! newer || first=DOCKER-FORWARD
	tb_docker swarm init --advertise-addr "$TB_HOST4" >/dev/null
	tb_wait 100 gwbridge_subnet >/dev/null
	tb_world iptables -w -N DOCKER-INGRESS 2>/dev/null || :
	tb_world iptables -w -I "$first" -j DOCKER-INGRESS
	tb_world iptables -w -I DOCKER-INGRESS -j RETURN
	tb_world iptables -w -I DOCKER-INGRESS -p tcp -m tcp --sport 9000 \
		-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	tb_world iptables -w -I DOCKER-INGRESS -p tcp -m tcp --dport 9000 \
		-j ACCEPT
	tb_world iptables -w -t nat -A PREROUTING -i eth0 -p tcp -m tcp \
		--dport 9000 -j DNAT --to-destination 10.77.2.2:9000
}

gwbridge_subnet()
{
	tb_docker network inspect docker_gwbridge -f \
		'{{range .IPAM.Config}}{{.Subnet}}{{end}}' 2>/dev/null
}

# Somebody's own rule; of IPv6 only where the engine has the chain.
user_rule()
{
	local cmd
	for cmd in iptables ip6tables; do
		tb_world "$cmd" -w -I DOCKER-USER -p udp -m udp --dport 7777 \
			-j DROP 2>/dev/null || [ "$cmd" = ip6tables ]
	done
}

# udp_out ADDRESS PORT, tcp_out ADDRESS PORT: from the client outside
udp_out()
{
	tb_outside bash -c "echo packet >/dev/udp/$1/$2"
}

tcp_out()
{
	! tb_outside timeout 0.8 bash -c "exec 3<>/dev/tcp/$1/$2"
} 2>/dev/null

# What comes in for 198.51.100.9 comes in for the loopback address.
to_loopback()
{
	tb_net nft -f - <<-END
	table netdev loopback {
		chain ingress {
			type filter hook ingress device eth0 priority 0;
			ip daddr 198.51.100.9 ip daddr set 127.0.0.1
		}
	}
	END
}

# IPv6 finds no neighbour where even that is dropped.
neighbour()
{
	local mac
	mac=$(tb_in "$2" ip -json link show eth0 | jq -r '.[0].address')
	tb_in "$1" ip neigh replace "$3" lladdr "$mac" dev eth0
}

send_all()
{
	local net
	# Addresses that nobody has end at the network's own rules.
	for net in 2 4; do
		send_udp web "10.77.$net.99" 53
		send_udp web "fd77:$net::99" 53
	done
	send_udp web 10.77.3.99 54
	send_udp web fd77:3::99 54
	send_udp vault 10.77.2.99 55
	send_udp vault fd77:2::99 55
	send_udp web "$DB4" 56
	send_udp web "$DB6" 56
	send_udp shut1 "$(tb_ip4 shut2)" 57
	send_udp shut1 "$(tb_ip6 shut2)" 57
	send_udp web "$TB_CLIENT4" 7777
	send_udp web "$TB_CLIENT6" 7777
	send_udp web "$(gwbridge_subnet | sed 's/\.[0-9]*\/.*/.99/')" 58
	tcp_out "$TB_HOST4" 8080
	tcp_out "$TB_HOST6" 8080
	tcp_out "$TB_HOST4" 9000
}

send_newer()
{
	local name
	udp_out "$DB4" 60
	udp_out "$DB6" 60
	udp_out 10.77.2.99 61
	udp_out fd77:2::99 61
	for name in open routed trusting; do
		udp_out "$(tb_ip4 "$name")" 62
		udp_out "$(tb_ip6 "$name")" 62
	done
	tcp_out "$(tb_ip4 routed)" 81
	tcp_out "$(tb_ip6 routed)" 81
	to_loopback
	tcp_out 198.51.100.9 8090
}

# both SENTENCE CHAIN VERDICT CONDITION [COUNT]: with IPv4 and with IPv6
both()
{
	check "$1, IPv4" recorded 1 ".chain == \"$2\" and .verdict == \"$3\" \
		and ($4) and (.src_ip | contains(\":\") | not)"
	check "$1, IPv6" recorded 1 ".chain == \"$2\" and .verdict == \"$3\" \
		and ($4) and (.src_ip | contains(\":\"))"
}

older_and_newer()
{
	local icc=FORWARD
	! newer || icc=DOCKER-FORWARD
	both 'to a network: isolation' "$(between_chain)" drop \
		'.src_network == "front" and .dst_network == "back" and
			.dst_port == 53'
	both 'to a network with a bridge of its own name' \
		"$(between_chain)" drop \
		'.dst_network == "shut" and .out_if == "shut0"'
	both 'into an internal network' "$(internal_chain)" drop \
		'.dst_network == "inside" and .dst_port == 54'
	both 'out of an internal network' "$(internal_chain)" drop \
		'.src_network == "inside" and .dst_port == 55'
	both 'to a container of another network' "$(first_chain)" drop \
		'.dst_network == "back" and .dst_port == 56'
	both 'within a network with icc=false' "$icc" drop \
		'.src_network == "shut" and .dst_network == "shut" and
			.dst_port == 57'
	check "somebody's own rule" recorded 1 '.chain == "DOCKER-USER" and
		.verdict == "drop" and .dst_port == 7777'
	check 'to docker_gwbridge' recorded 1 ".chain == \"$(between_chain)\""' and
		.dst_port == 58 and
		.verdict == "drop" and .out_if == "docker_gwbridge" and
		.dst_network == "docker_gwbridge"'
	both 'in at a published port' DOCKER accept \
		'.dst_network == "back" and .dst_port == 80'
	check "in at a swarm's published port, once" once \
		'.chain == "DOCKER-INGRESS" and .verdict == "accept" and
			.dst_port == 9000 and .dst_network == "back"'
}

once()
{
	recorded 1 "$1" && equal events 1 "$(events_where "$1")"
}

newer_only()
{
	both 'from outside straight at a container' PREROUTING drop \
		'.in_if == "eth0" and .dst_network == "back" and
			.dst_port == 60'
	both 'from outside at an unpublished port' DOCKER drop \
		'.in_if == "eth0" and .dst_port == 61'
	both 'in at any port of a network without protection' DOCKER accept \
		'.dst_network == "open" and .dst_port == 62'
	both 'at an unpublished port of a routed network' DOCKER drop \
		'.dst_network == "routed" and .dst_port == 62'
	both 'in at a published port of a routed network' DOCKER accept \
		'.dst_network == "routed" and .dst_port == 81'
	both 'from a trusted interface at an unpublished port' DOCKER drop \
		'.dst_network == "trusting" and .dst_port == 62'
	check 'from outside at a port of the loopback address' recorded 1 \
		'.chain == "PREROUTING" and .verdict == "drop" and
			.dst_ip == "127.0.0.1" and .dst_port == 8090'
}

test_variant()
{
	networks
	ingress
	user_rule
	tb_logger_start --profile drops,published,user,icc
	containers
	DB4=$(tb_ip4 db) DB6=$(tb_ip6 db)
	check 'every audited rule is watched' tb_wait_covered
	tb_in vault ip route replace default via 10.77.3.1
	tb_in vault ip -6 route replace default via fd77:3::1
	neighbour shut1 shut2 "$(tb_ip4 shut2)"
	neighbour shut1 shut2 "$(tb_ip6 shut2)"
	for name in web db shut1 shut2 vault; do
		tb_wait 50 addresses_ready "$name"
	done
	send_all
	! newer || send_newer
	older_and_newer
	! newer || newer_only
	check 'the log has as many packets of each rule as the kernel' tb_exact
	check 'nothing was lost' tb_audit status
}

check_main
