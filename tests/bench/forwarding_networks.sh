# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For forwarding.sh: what twins of DOCKER-ISOLATION-STAGE-2 (Docker up to 28)
# cost a packet that leaves a container for a host outside, by the number of
# networks and in either iptables. Its rules are loaded again and again in turn,
# and each time some rounds are measured:
#
#   none	Docker's alone
#   each	with a twin before each rule, as before there was a side chain and
#		as it is now where somebody has a rule between Docker's
#   aside	with twins in the side chain
#
# One line for each generation, iptables, and number of networks: the least of
# TURNS, for all else only adds, and ratios to none. What is loaded is elsewhere
# in memory each time, so only on a quiet machine, with many turns, does it say
# more than the lines "twins" and "aside" of the other table.
# shellcheck disable=SC2154 # build is forwarding.sh's

stage_rules()
{
	local gen=$1 nets=$2 i br
	printf '*filter\n'
	printf ':%s - [0:0]\n' DOCKER DOCKER-USER \
		DOCKER-ISOLATION-STAGE-{1,2}
	if [ "$gen" != a ]; then
		rules_iptables "$gen" 4 0 "$nets" |
			sed -n '/^\*filter/,/^COMMIT/p' | sed '1d;$d' |
			grep -v '^:DOCKER\(-USER\|-ISOLATION.*\)\? -'
		echo COMMIT
		return
	fi
	echo '-A FORWARD -j DOCKER-USER'
	echo '-A FORWARD -j DOCKER-ISOLATION-STAGE-1'
	for ((i = nets - 1; i >= 0; i--)); do
		br=$(bridge $i)
		cat <<-END
		-A FORWARD -o $br -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A FORWARD -o $br -j DOCKER
		-A FORWARD -i $br ! -o $br -j ACCEPT
		-A FORWARD -i $br -o $br -j ACCEPT
		-A DOCKER-ISOLATION-STAGE-1 -i $br ! -o $br -j DOCKER-ISOLATION-STAGE-2
		-A DOCKER-ISOLATION-STAGE-2 -o $br -j DROP
		END
	done
	echo '-A DOCKER-ISOLATION-STAGE-1 -j RETURN'
	echo '-A DOCKER-ISOLATION-STAGE-2 -j RETURN'
	echo '-A DOCKER-USER -j RETURN'
	echo COMMIT
}

# stage_plan VARIANT: what our planner makes of the rules, in force
stage_plan()
{
	in_world "iptables-$1-save" -t filter | "$build/bridgeauditd" --plan |
		in_world "iptables-$1-restore" --noflush
}

# stage_load VARIANT FORM
stage_load()
{
	local other=(DOCKER-ISOLATION-STAGE-2 -p 254 -j ACCEPT)
	in_world nft flush ruleset
	in_world "iptables-$1-restore" </run/bench/stage
	in_world nft -f - <<<"table ip nat {
		chain post {
			type nat hook postrouting priority srcnat;
			ip saddr 172.30.0.0/16 oifname eth0 masquerade
		}
	}"
	case $2 in
	each)
		in_world "iptables-$1" -I "${other[0]}" 2 "${other[@]:1}"
		stage_plan "$1"
		in_world "iptables-$1" -D "${other[@]}"
		;;
	aside) stage_plan "$1" ;;
	esac
	in_world nft -f - <<<'table inet nothing0 { flags dormant; }'
}

# ns per packet with what is loaded now
stage_measure()
{
	"$build/tests/bench/forwarding" out "$ROUNDS" 1 \
		/run/netns/{world,client,server} nothing | cut -d' ' -f2
}

ratio()
{
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f\n", a / b }'
}

bench_networks()
{
	local gen=$1 variant=$2 nets=$3 form turn dir=/run/bench/turns
	mkdir -p "$dir"
	rm -f "$dir"/*
	stage_rules "$gen" "$nets" >/run/bench/stage
	for ((turn = 0; turn < TURNS; turn++)); do
		for form in none each aside; do
			stage_load "$variant" $form
			stage_measure >>"$dir/$form"
		done
	done
	for form in none each aside; do
		sort -g "$dir/$form" | head -n 1
	done | xargs | {
		read -r none each aside
		# shellcheck disable=SC2059
		printf "$stage_row" "$gen" "$variant" "$nets" \
			"$none" "$((each - none))" "$((aside - none))" \
			"$(ratio "$each" "$none")" "$(ratio "$aside" "$none")"
	}
}

stage_row='%-10s %-8s %8s %8s %8s %8s %8s %8s\n'

# Legacy tables stay once they are there, and cost a packet something: last.
bench_all_networks()
{
	local gen variant nets
	# shellcheck disable=SC2059
	printf "$stage_row" generation iptables networks none each aside \
		each/none aside/none
	for variant in $STAGE_VARIANTS; do
		for gen in $STAGE_GENERATIONS; do
			for nets in $NETWORKS; do
				bench_networks "$gen" "$variant" "$nets"
			done
		done
	done
}
