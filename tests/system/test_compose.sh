#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Services of compose under their own names: in rows, counts and sentences. By
# docker-compose where it is installed, else by the labels that it writes.
set -euo pipefail
# shellcheck source=tests/system/seed.sh
. "$(dirname "$0")/seed.sh"
: "${SUITES:=bookworm:nft}"

# The project shop: web in front, db in data.
up()
{
	if ! command -v docker-compose >/dev/null; then
		by_hand
		return
	fi
	mkdir "$TB_DIR/shop"
	cat >"$TB_DIR/shop/docker-compose.yml" <<-END
	version: "3.7"
	services:
	  web:
	    image: box
	    init: true
	    networks: [front]
	  db:
	    image: box
	    init: true
	    networks: [data]
	networks:
	  front: {}
	  data: {}
	END
	(cd "$TB_DIR/shop" &&
		DOCKER_HOST=unix://$TB_DIR/run/docker.sock docker-compose up -d) ||
		return
	note "by docker-compose $(docker-compose version --short)"
}

# labels SERVICE: as versions 1 and 2 write them
labels()
{
	local label
	for label in "project=shop" "service=$1" container-number=1 \
		oneoff=False "config-hash=$(printf '%064d' 7)"; do
		echo "--label=com.docker.compose.$label"
	done
}

by_hand()
{
	local network
	for network in shop_front shop_data; do
		tb_docker network create \
			--label com.docker.compose.project=shop "$network" \
			>/dev/null || return
	done
	# version 1 puts its names together with "_", version 2 with "-"
	# shellcheck disable=SC2046
	tb_run shop_web_1 shop_front $(labels web) || return
	# shellcheck disable=SC2046
	tb_run shop-db-1 shop_data $(labels db) || return
	note "by labels"
}

# The container of a service.
of()
{
	tb_docker ps --format '{{.Names}}' \
		--filter "label=com.docker.compose.service=$1"
}

rows()
{
	send_udp "$(of web)" "$(tb_ip4 "$(of db)")" 6100 2
	recorded 2 '.dst_port == 6100 and .src_project == "shop" and
		.src_service == "web" and .src_network == "shop_front" and
		.dst_project == "shop" and .dst_service == "db" and
		.dst_network == "shop_data"'
}

counts()
{
	equal services 'web|db|drop|2' "$(answer matrix --by service -o jsonl |
		jq -r '[.src_service, .dst_service, .verdict, .packets] |
			join("|")')"
	equal projects 'shop|shop|2' "$(answer top --by project -o jsonl |
		jq -r '[.src_project, .dst_project, .packets] | join("|")')"
	equal 'found by service' 2 \
		"$(answer log -o jsonl --to-service db | wc -l)"
	equal 'found by project' 2 \
		"$(answer log -o jsonl --from-project shop | wc -l)"
}

sentences()
{
	local side='in network shop_'
	answer log -o text -n 1 >"$TB_DIR/sentence"
	grep -q "shop/web (.*) ${side}front tried udp port 6100 of shop/db (" \
		"$TB_DIR/sentence" || return
	grep -q ") ${side}data; it was dropped by .* To allow it: docker \
network connect shop_data $(of web);" "$TB_DIR/sentence"
}

test_variant()
{
	tb_logger_start
	check 'a project is up' up
	check 'every audited rule is watched' tb_wait_covered
	check 'rows have projects and services' rows
	check 'they are counted, and asked for' counts
	check 'a sentence names them as compose does' sentences
	check 'the log has as many packets of each rule as the kernel' tb_exact
	check 'it ends cleanly' tb_logger_stop
}

check_main
