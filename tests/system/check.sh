# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a system test file is made of: numbered sentences that hold or don't,
# for each iptables variant, and at the end that nothing was left behind.
#
#   check SENTENCE COMMAND [ARG...]   ok when the command succeeds, and each
#                                     command in it that nothing like || asks;
#                                     shows its output, and which failed
#   note TEXT                         a measurement for the reader
#   check_main                        run the file: test_variant VARIANT each,
#                                     with the engine of each suite in SUITES;
#                                     an entry SUITE:VARIANT is only that one

CHECK_COUNT=0 CHECK_FAILED=0 CHECK_PREFIX='' CHECK_UNEQUAL=0
CHECK_INSIDE='' CHECK_STEPS=''

# What a check printed: a file without a name, so none can be left. $$ is not
# the shell that sources this when that is a subshell.
CHECK_OUT=$(mktemp)
exec {CHECK_FD}<>"$CHECK_OUT"
rm "$CHECK_OUT"
CHECK_OUT=/proc/$BASHPID/fd/$CHECK_FD

# Whether what fails was asked by `! function`: bash runs the trap for what is
# in it all the same, where errexit is off.
step_is_asked()
{
	local i line
	for ((i = 2; i + 1 < ${#FUNCNAME[@]}; i++)); do
		[ "${FUNCNAME[i]}" != check ] || return 1
		line=$(sed -n "${BASH_LINENO[i]}p" "${BASH_SOURCE[i + 1]}")
		[[ ! $line =~ (^|[^[:alnum:]_-])!\ "${FUNCNAME[i]}"($|[^[:alnum:]_-]) ]] ||
			return 0
	done
	return 1
}

# A command failed, and nothing asked whether it would: errexit ends the file
# here; in a check it is off, so that the check goes on and tells all of them.
step_failed()
{
	local step
	# What a subshell does, $() or (), is for its caller to judge.
	[ "$BASHPID" = "$$" ] && [ "$3" != check ] || return 0
	! step_is_asked || return 0
	step="# failed: ${2##*/}:$1:$(sed -n "${1}p" "$2")"
	if [ -n "$CHECK_INSIDE" ]; then
		CHECK_STEPS+=$step$'\n'
	elif [[ $- == *e* ]]; then
		echo "$step"
	fi
}
set -E
trap 'step_failed "$LINENO" "${BASH_SOURCE[0]}" "${FUNCNAME[0]-}"' ERR

check()
{
	local sentence=$CHECK_PREFIX$1 status=0
	shift
	CHECK_COUNT=$((CHECK_COUNT + 1)) CHECK_UNEQUAL=0 CHECK_STEPS=''
	: >"$CHECK_OUT"
	# In this shell: what it starts and sets must stay.
	set +e
	CHECK_INSIDE=yes
	"$@" >>"$CHECK_OUT" 2>&1
	status=$?
	CHECK_INSIDE=''
	set -e
	if [ "$status$CHECK_UNEQUAL" = 00 ] && [ -z "$CHECK_STEPS" ]; then
		echo "ok $CHECK_COUNT - $sentence"
		# A note in it has its mark already.
		sed -E 's/^(# )?/# /' "$CHECK_OUT"
		return
	fi
	CHECK_FAILED=$((CHECK_FAILED + 1))
	echo "not ok $CHECK_COUNT - $sentence"
	echo "# $* returned $status" | tr '\n\t' '  '
	echo
	printf '%s' "$CHECK_STEPS"
	head -n 60 "$CHECK_OUT" | sed -E 's/^(# )?/# /'
	[ ! -s "$TB_DIR/logger.log" ] || {
		echo "# the logger's last words:"
		tail -n 15 "$TB_DIR/logger.log" | sed 's/^/#   /'
	}
}

skip()
{
	CHECK_COUNT=$((CHECK_COUNT + 1))
	echo "ok $CHECK_COUNT - $CHECK_PREFIX$1 # SKIP $2"
}

note()
{
	echo "# measured: $CHECK_PREFIX$*"
}

# equal WHAT EXPECTED GOT
equal()
{
	[ "$2" = "$3" ] && return
	CHECK_UNEQUAL=1
	printf '%s: expected\n%s\nbut got\n%s\n' "$1" "$2" "$3"
	return 1
}

# fails_with STATUS PATTERN COMMAND...: exit status and a line it must say
fails_with()
{
	local status=$1 pattern=$2 out got=0
	shift 2
	out=$("$@" 2>&1) || got=$?
	# No pipe: it would fail when grep leaves before all is written to it.
	grep -qE -- "$pattern" <<<"$out" || {
		printf '"%s" not in: %s\n' "$pattern" "$out"
		return 1
	}
	equal 'exit status' "$status" "$got"
}

# What the host must look like before and after: its links, and any firewall
# rule of ours that strayed out of the test's namespaces.
host_state()
{
	local cmd
	ip -brief link | awk '{ sub("@.*", "", $1); print $1 }' |
		grep -vE '^(veth|br-)' || :
	for cmd in {ip,ip6}tables-{nft,legacy}-save; do
		! command -v "$cmd" >/dev/null ||
			"$cmd" 2>/dev/null | grep bridgeaudit || :
	done
}

# The pattern by file: on its command line grep would find itself.
left_of()
{
	grep -l -a -F -f <(echo "$1") /proc/[0-9]*/cmdline \
		/proc/[0-9]*/mounts 2>/dev/null || :
}

none_left_of()
{
	[ -z "$(left_of "$1")" ]
}

host_is_clean()
{
	local dir=$1 pid=$2 before=$3
	equal "the host's links and rules" "$before" "$(host_state)"
	# Who was killed last needs a moment to be gone.
	tb_wait 50 none_left_of "$dir" || :
	equal 'processes and mounts' '' "$(left_of "$dir")"
	equal 'directory' '' "$(ls -d "$dir" 2>/dev/null || :)"
	equal 'control groups' '' \
		"$(find /sys/fs/cgroup -type d -name "bridgeaudit-$pid" || :)"
}

check_variant()
{
	local variant=$1 before dir pid
	CHECK_PREFIX="$TB_SUITE $variant: "
	if [ "$variant" = legacy ] && ! unshare --net iptables-legacy -L -n \
		>/dev/null 2>&1; then
		skip 'this file' 'no legacy iptables in this kernel'
		return
	fi
	before=$(host_state)
	tb_start "$variant" ${TEST_DOCKERD:+"${TEST_DOCKERD[@]}"}
	dir=$TB_DIR pid=$TB_PID
	test_variant "$variant"
	tb_stop
	check 'nothing is left behind' host_is_clean "$dir" "$pid" "$before"
}

# Each engine of SUITES (see root.sh) with each iptables of VARIANTS.
check_main()
{
	local reason entry variant variants
	for entry in ${SUITES:-bookworm}; do
		TB_SUITE=${entry%:*} variants=${VARIANTS:-nft legacy}
		[ "$TB_SUITE" = "$entry" ] || variants=${entry#*:}
		# shellcheck disable=SC2034 # testbed.sh's
		TB_ROOT=''
		reason=$(tb_missing)
		if [ -n "$reason" ]; then
			CHECK_PREFIX="$TB_SUITE: "
			skip 'this file' "$reason"
			continue
		fi
		for variant in $variants; do
			check_variant "$variant"
		done
	done
	echo "1..$CHECK_COUNT"
	[ "$CHECK_FAILED" = 0 ]
}
