#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A real Docker 29 with its nftables backend: what its own tables drop and let
# in is recorded, to the packet, also while it makes and removes networks,
# containers and ports, and after it was restarted, also with its iptables
# backend and back. Run only where DOCKER29 names its archive (see root.sh).
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
# shellcheck source=tests/system/mirror.sh
. "$(dirname "$0")/mirror.sh"
: "${SUITES:=docker29}" "${VARIANTS:=nft}"
# shellcheck disable=SC2034 # check.sh's
TEST_DOCKERD=(--firewall-backend=nftables)

# Audited rules that Docker has, by their comments, both families.
docker_rules()
{
	tb_net nft list ruleset | awk '
		$1 == "table" { docker = $3 == "docker-bridges" }
		docker && /comment "(DROP DIRECT ACCESS|DROP REMOTE LOOPBACK|UNPUBLISHED PORT DROP|INTERNAL NETWORK (IN|E)GRESS)"/ {
			n++
		}
		END { print n + 0 }'
}

# As many drops of Docker's as the log says it watches, all in place.
all_mirrored()
{
	local have want
	want=$(docker_rules)
	have=$(tb_audit rules -o jsonl 2>/dev/null | jq -s '
		map(select(.verdict == "drop" and .state == "in place")) |
		length')
	[ "$want" -gt 0 ] && [ "$have" = "$want" ]
}

ready()
{
	tb_wait 100 all_mirrored && return
	echo "$(docker_rules) drops of Docker's; the log says:"
	tb_audit rules
	return 1
}

# A second publisher comes and goes, and a network with it.
more_and_less()
{
	tb_network extra 9
	tb_run shop extra -p 8090:80
	ready || return
	send_udp web "$(tb_ip4 shop)" 99
	recorded 1 '.dst_port == 99 and .dst_network == "extra" and
		.dst_container == "shop" and .verdict == "drop"' || return
	tb_docker rm -f shop >/dev/null &&
		tb_docker network rm extra >/dev/null && ready
}

restarted()
{
	tb_dockerd_stop && tb_dockerd_start || return
	tb_docker start web db vault >/dev/null || return
	DB4=$(tb_ip4 db) DB6=$(tb_ip6 db)
	tb_wait 50 addresses_ready web && tb_wait 50 addresses_ready db
	ready && probe
}

# Counts ahead of Docker's and of our rules what the trickle sends.
counter_before()
{
	tb_net nft -f - <<-END
	table inet count {
		counter sent { }
		chain prerouting {
			type filter hook prerouting priority -350;
			ip daddr $DB4 udp dport 4444 counter name sent
		}
	}
	END
}

sent()
{
	tb_net nft list counter inet count sent |
		awk '$1 == "packets" { print $2 }'
}

# Packets of the trickle in rows, and in the gaps.
told()
{
	local db
	db=$(tb_db)
	sqlite3 "$db" "SELECT coalesce(sum(packets), 0) FROM v_event
		WHERE dst_port = 4444"
	sqlite3 "$db" "SELECT coalesce(sum(packets), 0) FROM gap
		WHERE from_ns >= $CHURN_NS"
}

all_told()
{
	local rows gaps
	{ read -r rows; read -r gaps; } < <(told)
	[ "$((rows + gaps))" = "$(sent)" ]
}

# come_and_go NUMBER: a network, with a port, and with web in it
come_and_go()
{
	tb_network "churn$1" "$((20 + $1))" &&
		tb_run "box$1" "churn$1" -p "$((8100 + $1)):80" &&
		tb_docker network connect "churn$1" web &&
		tb_docker rm -f "box$1" >/dev/null &&
		tb_docker network disconnect "churn$1" web &&
		tb_docker network rm "churn$1" >/dev/null
}

# Networks, containers and ports come and go under a trickle; each of its
# packets is a row or counted in a gap.
churned()
{
	local i
	counter_before
	CHURN_NS=$(date +%s%N)
	trickle_start web "$DB4" 4444 2>/dev/null
	for ((i = 0; i < 8; i++)); do
		come_and_go "$i" || break
	done
	trickle_stop
	[ "$i" = 8 ] && ready || return
	tb_wait 150 all_told && [ "$(sent)" -gt 100 ] &&
		echo "# measured: $(sent) packets sent; in rows and gaps:" \
			"$(told | xargs)" && return
	echo "$(sent) packets sent; in rows and in gaps:" \
		"$(told | xargs)"
	return 1
}

published()
{
	tb_outside timeout 1 bash -c \
		"exec 3<>/dev/tcp/$TB_HOST4/8080" 2>/dev/null || :
	recorded 1 '.verdict == "accept" and .dst_port == 80 and
		.dst_network == "back" and .dst_container == "db"'
}

# The rules of each kind, to the packet, while none was written again. What is
# sent to an address that nobody has ends at the network's last rule.
each_kind()
{
	send_udp web 10.77.2.99 53
	send_udp web fd77:2::99 53
	as_counted 'UNPUBLISHED PORT DROP' && as_counted 'DROP DIRECT ACCESS' &&
		as_counted 'INTERNAL NETWORK INGRESS'
}

# The engine starts with another backend.
backend_is()
{
	tb_dockerd_stop && TB_DOCKERD=() && tb_dockerd_start "$@" || return
	tb_docker start web db vault >/dev/null || return
	DB4=$(tb_ip4 db)
}

with_iptables()
{
	backend_is --firewall-backend=iptables && tb_wait_covered &&
		probe_exact "$(first_chain)"
}

with_nftables()
{
	backend_is --firewall-backend=nftables && ready && probe
}

test_variant()
{
	seed
	seed_inside
	tb_logger_launch
	check 'every drop of the engine is watched' ready
	send_udp web "$DB4" 53 3
	send_udp web "$DB6" 53 2
	send_tcp web "$DB4" 3306
	send_ping web "$DB4"
	check 'from bridge to bridge is a drop' recorded 5 \
		'.verdict == "drop" and .src_network == "front" and
			.dst_network == "back" and .src_container == "web"
			and .dst_container == "db" and .proto == "udp"'
	send_udp web "$VAULT4" 53
	send_udp web "$VAULT6" 53
	send_udp vault "$DB4" 53
	check 'into an internal network and out of it' recorded 3 \
		'.verdict == "drop" and (.src_network == "inside" or
			.dst_network == "inside")'
	tb_outside bash -c "echo packet >/dev/udp/$DB4/7000"
	check 'direct access from outside' recorded 1 \
		'.verdict == "drop" and .dst_port == 7000 and
			.in_if == "eth0" and .dst_network == "back"'
	check 'as many rows as Docker counts' each_kind
	check 'a published port is an accept' published
	check 'a network and a port come and go' more_and_less
	check 'packets during such changes are accounted for' churned
	check 'the engine restarts' restarted
	check 'the engine changes to iptables' with_iptables
	check 'and back' with_nftables
	check 'the logger stops' tb_logger_stop
	check 'and takes its table out' no_table
}

check_main
