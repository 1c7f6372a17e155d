#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker 29's nftables backend: what its own tables drop and let in is recorded
# from a table of ours beside them, also while it rewrites its chains. Debian
# has no Docker 29 yet, so its tables are written here as it writes them, for
# the bridges of an engine that was told to leave the firewall alone.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
# shellcheck source=tests/system/mirror.sh
. "$(dirname "$0")/mirror.sh"
# There is no iptables in this.
: "${VARIANTS:=nft}"
# shellcheck disable=SC2034 # check.sh's
TEST_DOCKERD=(--iptables=false --ip6tables=false)

# docker_tables: for both families, from the bridges and addresses there are
docker_tables()
{
	docker_table ip "$DB4" "$(tb_ip4 web)" icmp
	docker_table ip6 "$DB6" "$(tb_ip6 web)" ipv6-icmp
}

docker_table()
{
	local family=$1 db=$2 web=$3 front back inside
	front=$(tb_bridge front) back=$(tb_bridge back)
	inside=$(tb_bridge inside)
	cat <<-END
	table $family docker-bridges {
		map filter-forward-in-jumps {
			type ifname : verdict
			elements = { "$front" : jump filter-forward-in__$front,
				"$back" : jump filter-forward-in__$back,
				"$inside" : jump filter-forward-in__$inside }
		}
		map filter-forward-out-jumps {
			type ifname : verdict
			elements = { "$front" : jump filter-forward-out__$front,
				"$back" : jump filter-forward-out__$back,
				"$inside" : jump filter-forward-out__$inside }
		}
		chain filter-FORWARD {
			type filter hook forward priority filter; policy accept;
			oifname vmap @filter-forward-in-jumps
			iifname vmap @filter-forward-out-jumps
		}
		chain raw-PREROUTING {
			type filter hook prerouting priority raw; policy accept;
			$family daddr $web iifname != "$front" counter drop comment "DROP DIRECT ACCESS"
		}
		$(network_chains "$front" '')
		$(network_chains "$back" \
			"$family daddr $db tcp dport 80 counter accept")
		chain filter-forward-in__$inside {
			ct state established,related counter accept
			iifname != "$inside" counter drop comment "INTERNAL NETWORK INGRESS"
			counter accept comment "ICC"
		}
		chain filter-forward-out__$inside {
			ct state established,related counter accept
			oifname != "$inside" counter drop comment "INTERNAL NETWORK EGRESS"
		}
	}
	END
}

network_chains()
{
	cat <<-END
	chain filter-forward-in__$1 {
		ct state established,related counter accept
		iifname "$1" counter accept comment "ICC"
		$2
		counter drop comment "UNPUBLISHED PORT DROP"
	}
	chain filter-forward-out__$1 {
		ct state established,related counter accept
		counter accept comment "OUTGOING"
	}
	END
}

# Flushes one chain and refills it in one batch, as each change does there;
# its counters start again.
refill()
{
	local back
	back=$(tb_bridge back)
	tb_net nft -f - <<-END
	flush chain ip docker-bridges filter-forward-in__$back
	table ip docker-bridges {
		chain filter-forward-in__$back {
			ct state established,related counter accept
			iifname "$back" counter accept comment "ICC"
			$1
			ip daddr $DB4 tcp dport 80 counter accept
			counter drop comment "UNPUBLISHED PORT DROP"
		}
	}
	END
}

# The network that lets in all, as one that somebody broke.
open_up()
{
	local back
	back=$(tb_bridge back)
	tb_net nft -f - <<-END
	flush chain ip docker-bridges filter-forward-in__$back
	add rule ip docker-bridges filter-forward-in__$back counter accept
	END
}

# What passes is recorded, with both networks; and not what a port explains.
witnessed()
{
	send_udp web "$DB4" 5353 2
	recorded 2 '.verdict == "pass" and .dst_port == 5353 and
		.src_network == "front" and .dst_network == "back"' || return
	equal 'rows of the published port' 0 \
		"$(events_where '.verdict == "pass" and .dst_port == 80')"
}

# Docker's tables go, one after the other, and with them all that named the
# bridges: what passes then is what the witness is for.
witness_stays()
{
	local began
	began=$(date +%s%N)
	tb_net nft delete table ip docker-bridges
	tb_wait 50 no_watch_of ip-filter-forward-in || return
	tb_net nft delete table ip6 docker-bridges
	tb_wait 50 no_watch_of filter-forward-in || return
	send_udp web "$DB4" 5454 3
	send_udp web "$DB6" 5454 2
	recorded 5 '.verdict == "pass" and .dst_port == 5454 and
		.dst_network == "back"' || return
	docker_tables | tb_net nft -f -
	tb_wait 50 mirrored 12 || return
	equal 'intervals of the witness that ended' '' "$(sqlite3 "$(tb_db)" \
		"SELECT family, state, (to_ns - $began) / 1000000
		FROM coverage JOIN rule ON rule.id = coverage.rule
		WHERE chain = 'witness' AND to_ns > $began")"
}

no_watch_of()
{
	! tb_net nft list table inet bridgeaudit | grep -q "$1"
}

# A chain that is hooked later, at the same priority, comes before Docker's.
# somebody_decides_first PORT
somebody_decides_first()
{
	tb_net nft -f - <<-END
	table ip somebody {
		chain forward {
			type filter hook forward priority filter;
			ip daddr $DB4 udp dport $1 drop
		}
	}
	END
	send_udp web "$DB4" "$1" 3
	recorded 3 ".dst_port == $1 and
		(.marks | tostring | contains(\"overlogged\"))" || return
	tb_net nft delete table ip somebody
}

test_variant()
{
	seed
	seed_inside
	docker_tables | tb_net nft -f -
	tb_logger_launch
	check 'the rules of both tables are mirrored' tb_wait 100 mirrored 12

	send_udp web "$DB4" 53 3
	send_udp web "$DB6" 53 2
	send_tcp web "$DB4" 3306
	send_ping web "$DB4"
	check 'an unpublished port is a drop, as often as Docker counts' \
		as_counted 'UNPUBLISHED PORT DROP'
	check 'with both networks' recorded 5 \
		'.verdict == "drop" and .src_network == "front" and
			.dst_network == "back" and .proto == "udp"'
	send_udp db "$(tb_ip4 web)" 53
	send_udp db "$(tb_ip6 web)" 53
	check 'direct access is a drop, before routing' \
		as_counted 'DROP DIRECT ACCESS'
	check 'with the network that the rule protects' recorded 2 \
		'.src_network == "back" and .dst_network == "front" and
			(has("out_if") | not)'
	send_udp web "$VAULT4" 53
	send_udp vault "$DB4" 53
	check 'into an internal network is a drop' \
		as_counted 'INTERNAL NETWORK INGRESS'
	# Its answer is stopped: nobody may reach web directly either.
	tb_in web timeout 1 bash -c "exec 3<>/dev/tcp/$DB4/80" 2>/dev/null || :
	check 'a published port is an accept' recorded 1 \
		'.verdict == "accept" and .dst_port == 80 and
			.dst_network == "back"'

	refill 'ip daddr 10.77.2.77 tcp dport 81 counter accept'
	check 'a chain that Docker refilled is mirrored again' \
		tb_wait 50 mirrored 13
	check 'and watched' probe
	open_up
	tb_wait 50 mirrored 11 || :
	check 'what passes between bridges is witnessed' witnessed
	tb_net nft delete table inet bridgeaudit
	check 'our table is made again when somebody deletes it' \
		tb_wait 50 own_table
	refill ''
	tb_wait 50 mirrored 12 || :
	check 'and watched again' probe
	check 'what another table stops first is no sure row of Docker'"'"'s' \
		somebody_decides_first 7171
	check 'without his tables the witness stays' witness_stays
	check 'nor is one when they were made just now' \
		somebody_decides_first 7272
	check 'the logger stops' tb_logger_stop
	check 'and takes its table out' no_table
}

check_main
