# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Docker 29's nftables backend as far as its tables go: from networks,
# endpoints and ports, the text of `ip docker-bridges` and `ip6 docker-bridges`
# as it writes them, whole or chain by chain.
#
#   docker29_tables                  both, to be loaded
#   docker29_table FAMILY            one; FAMILY is 4 or 6 in all of these
#   docker29_refill FAMILY CHAIN...  one batch that flushes and refills chains
#
# What there is, in the state that callers change:
#   D29_NETS       bridges in the order in which they were made
#   D29_MODE       of each: nat, routed, nat-unprotected or internal
#   D29_NO_ICC     bridges with icc=false, as keys
#   D29_ENDPOINTS  "bridge host", in order
#   D29_PORTS      "bridge host protocol port host-port [host-address]"
#
# Sourced after lab.sh, which knows the addresses.

D29_NETS=(docker0 br-b0a981d644bf br-be2db5e852a0 br-00c0ffee0001 backend0
	br-77e01c2f9a3b vault0)
declare -A D29_MODE=(
	[docker0]=nat [br-b0a981d644bf]=nat [br-be2db5e852a0]=routed
	[br-00c0ffee0001]=nat-unprotected [backend0]=nat
	[br-77e01c2f9a3b]=internal [vault0]=internal
)
declare -A D29_NO_ICC=([docker0]=1 [vault0]=1)
D29_ENDPOINTS=("docker0 2" "docker0 3" "br-b0a981d644bf 2" "br-b0a981d644bf 3"
	"br-be2db5e852a0 2" "br-00c0ffee0001 2" "br-00c0ffee0001 3"
	"backend0 2" "br-77e01c2f9a3b 2" "br-77e01c2f9a3b 3" "vault0 2"
	"vault0 3")
D29_PORTS=("docker0 2 tcp 80 8000" "br-b0a981d644bf 2 tcp 3306 3306"
	"br-b0a981d644bf 3 tcp 80 8080 127.0.0.1"
	"br-be2db5e852a0 2 udp 53 53" "br-00c0ffee0001 2 tcp 443 443"
	"backend0 2 sctp 132 132")
# What --bridge-accept-fwmark lets in, and trusted_host_interfaces by bridge.
D29_MARK='meta mark & 0x00000003 == 0x00000001'
declare -A D29_TRUSTED=([br-b0a981d644bf]=wg0)

d29_ip()
{
	if [ "$1" = 4 ]; then echo ip; else echo ip6; fi
}

d29_raw_rules()
{
	local family=$1 ip bridge host proto cp hp on from
	ip=$(d29_ip "$family")
	while read -r bridge host; do
		[ "${D29_MODE[$bridge]:-}" = nat ] || continue
		from="\"$bridge\""
		[ -z "${D29_TRUSTED[$bridge]:-}" ] ||
			from="{ $from, \"${D29_TRUSTED[$bridge]}\" }"
		echo "$ip daddr $(lab_ip "$family" "$bridge" "$host") iifname" \
			"!= $from counter drop comment \"DROP DIRECT ACCESS\""
	done < <(printf '%s\n' "${D29_ENDPOINTS[@]}")
	[ "$family" = 4 ] || return 0
	while read -r bridge host proto cp hp on; do
		[ -z "$on" ] || echo "iifname != \"lo\" ip daddr $on $proto dport" \
			"$hp counter drop comment \"DROP REMOTE LOOPBACK\""
	done < <(printf '%s\n' "${D29_PORTS[@]}")
}

d29_dnat_rules()
{
	local family=$1 bridge host proto cp hp on to
	while read -r bridge host proto cp hp on; do
		[ "${D29_MODE[$bridge]:-}" = nat ] ||
			[ "${D29_MODE[$bridge]:-}" = nat-unprotected ] || continue
		[ -z "$on" ] || [ "$family" = 4 ] || continue
		to=$(lab_ip "$family" "$bridge" "$host")
		[ "$family" = 4 ] || to="[$to]"
		echo "${on:+ip daddr $on }iifname != \"$bridge\" $proto dport $hp" \
			"counter dnat to $to:$cp comment \"DNAT\""
	done < <(printf '%s\n' "${D29_PORTS[@]}")
}

# The two containers of docker0 are linked.
d29_link_rules()
{
	local family=$1 ip a b
	ip=$(d29_ip "$family") a=$(lab_ip "$family" docker0 2)
	b=$(lab_ip "$family" docker0 3)
	echo "$ip saddr $a $ip daddr $b tcp dport 5432 counter accept"
	echo "$ip saddr $b $ip daddr $a tcp sport 5432 counter accept"
}

d29_port_rules()
{
	local family=$1 of=$2 ip bridge host proto cp hp on
	ip=$(d29_ip "$family")
	while read -r bridge host proto cp hp on; do
		[ "$bridge" = "$of" ] || continue
		[ -z "$on" ] || [ "$family" = 4 ] || continue
		echo "$ip daddr $(lab_ip "$family" "$bridge" "$host")" \
			"$proto dport $cp counter accept"
	done < <(printf '%s\n' "${D29_PORTS[@]}")
}

d29_in_rules()
{
	local family=$1 bridge=$2 icc=accept
	[ -z "${D29_NO_ICC[$bridge]:-}" ] || icc=drop
	echo "ct state established,related counter accept"
	if [ "${D29_MODE[$bridge]}" = internal ]; then
		echo "iifname != \"$bridge\" counter drop" \
			"comment \"INTERNAL NETWORK INGRESS\""
		echo "counter $icc comment \"ICC\""
		return
	fi
	case $family${D29_MODE[$bridge]} in
	4routed) echo 'ip protocol icmp counter accept comment "ICMP"' ;;
	6routed) echo 'meta l4proto ipv6-icmp counter accept comment "ICMP"' ;;
	esac
	echo "$D29_MARK counter accept comment \"ALLOW FW MARK\""
	[ "$bridge" != docker0 ] || d29_link_rules "$family"
	echo "iifname \"$bridge\" counter $icc comment \"ICC\""
	if [ "${D29_MODE[$bridge]}" = nat-unprotected ]; then
		echo 'counter accept comment "UNPROTECTED"'
		return
	fi
	d29_port_rules "$family" "$bridge"
	echo 'counter drop comment "UNPUBLISHED PORT DROP"'
}

d29_out_rules()
{
	echo "ct state established,related counter accept"
	if [ "${D29_MODE[$2]}" = internal ]; then
		echo "oifname != \"$2\" counter drop" \
			"comment \"INTERNAL NETWORK EGRESS\""
	else
		echo "counter accept comment \"OUTGOING\""
	fi
}

d29_masquerade_rules()
{
	case ${D29_MODE[$2]} in
	nat | nat-unprotected)
		echo "oifname != \"$2\" $(d29_ip "$1") saddr" \
			"$(lab_subnet "$1" "$2") counter masquerade" \
			"comment \"MASQUERADE\"" ;;
	esac
}

# d29_rules FAMILY CHAIN: the rules of any chain but the base chains' own
d29_rules()
{
	case $2 in
	raw-PREROUTING) d29_raw_rules "$1" ;;
	nat-prerouting-and-output) d29_dnat_rules "$1" ;;
	filter-forward-in__*) d29_in_rules "$1" "${2#*__}" ;;
	filter-forward-out__*) d29_out_rules "$1" "${2#*__}" ;;
	nat-postrouting-out__*) d29_masquerade_rules "$1" "${2#*__}" ;;
	esac
}

d29_map()
{
	local name=$1 chain=$2 bridge
	echo "map $name {"
	echo "type ifname : verdict"
	[ ${#D29_NETS[@]} = 0 ] || echo "elements = {"
	for bridge in "${D29_NETS[@]}"; do
		echo "\"$bridge\" : jump ${chain}__$bridge,"
	done
	[ ${#D29_NETS[@]} = 0 ] || echo "}"
	echo "}"
}

# Chains have to be there before a map of the same batch leads to them; nft
# sees to that within one table block.
docker29_table()
{
	local family=$1 bridge kind not=''
	[ "$family" = 6 ] || not='ip daddr != 127.0.0.0/8 '
	echo "table $(d29_ip "$family") docker-bridges {"
	d29_map filter-forward-in-jumps filter-forward-in
	d29_map filter-forward-out-jumps filter-forward-out
	d29_map nat-postrouting-in-jumps nat-postrouting-in
	d29_map nat-postrouting-out-jumps nat-postrouting-out
	cat <<-END
	chain filter-FORWARD {
		type filter hook forward priority filter; policy accept;
		oifname vmap @filter-forward-in-jumps
		iifname vmap @filter-forward-out-jumps
	}
	chain nat-PREROUTING {
		type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local counter jump nat-prerouting-and-output
	}
	chain nat-OUTPUT {
		type nat hook output priority -100; policy accept;
		${not}fib daddr type local counter jump nat-prerouting-and-output
	}
	chain nat-POSTROUTING {
		type nat hook postrouting priority srcnat; policy accept;
		iifname vmap @nat-postrouting-out-jumps
		oifname vmap @nat-postrouting-in-jumps
	}
	chain raw-PREROUTING {
		type filter hook prerouting priority raw; policy accept;
		$(d29_rules "$family" raw-PREROUTING)
	}
	chain nat-prerouting-and-output {
		$(d29_rules "$family" nat-prerouting-and-output)
	}
	END
	for bridge in "${D29_NETS[@]}"; do
		for kind in filter-forward-in filter-forward-out \
			nat-postrouting-in nat-postrouting-out; do
			echo "chain ${kind}__$bridge {"
			d29_rules "$family" "${kind}__$bridge"
			echo "}"
		done
	done
	echo "}"
}

docker29_tables()
{
	docker29_table 4
	docker29_table 6
}

docker29_refill()
{
	local family=$1 chain
	shift
	for chain; do
		echo "flush chain $(d29_ip "$family") docker-bridges $chain"
	done
	echo "table $(d29_ip "$family") docker-bridges {"
	for chain; do
		echo "chain $chain {"
		d29_rules "$family" "$chain"
		echo "}"
	done
	echo "}"
}
