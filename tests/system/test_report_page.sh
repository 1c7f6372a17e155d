#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The report's page in a real browser, headless Chromium: at a desk, on a
# phone and on A4, light and dark, with names that attack it; by rules of ours
# and those of axe-core, which npm fetches each time (AXE=FILE: an axe.min.js
# that is there). SHOTS=DIR keeps the pictures, for a person to look at.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."

BUILD=${BUILD:-build}
PERIOD=(-S 2026-11-23T09:00:00Z -U 2026-11-23T21:00:00Z)
AXE_VERSION=4.14.1
dir=$(mktemp -d) count=0 failed=0 message=0 browser_pid='' session='' no_axe=''

clean_up()
{
	[ -z "$browser_pid" ] || kill -KILL -- "-$browser_pid" 2>/dev/null || :
	wait 2>/dev/null || :
	rm -rf "$dir"
}
trap clean_up EXIT

skip_all()
{
	echo "1..0 # SKIP $1"
	exit 0
}

# result SENTENCE TEXT: ok when there is nothing to say
result()
{
	count=$((count + 1))
	if [ -z "$2" ]; then
		echo "ok $count - $1"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $count - $1"
	head -n 20 <<<"$2" | cut -c1-300 | sed 's/^/# /'
}

make_page()
{
	sqlite3 "$dir/world.db" <schema.sql &&
		sqlite3 "$dir/world.db" 'PRAGMA journal_mode = WAL' &&
		sqlite3 "$dir/world.db" <tests/system/report_world.sql
	# 3: the world has gaps
	"$BUILD/bridgeaudit" --db "$dir/world.db" report "${PERIOD[@]}" \
		--framework pci-dss-4.0.1 -o html >"$dir/page.html" ||
		[ $? = 3 ]
}

# The browser reads commands from descriptor 3 and answers on 4.
start_browser()
{
	mkfifo "$dir/to" "$dir/from"
	set -m
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars \
		--disable-dev-shm-usage --no-first-run \
		--disable-background-networking --remote-debugging-pipe \
		--user-data-dir="$dir/profile" about:blank \
		3<"$dir/to" 4>"$dir/from" >"$dir/browser.log" 2>&1 &
	browser_pid=$!
	set +m
	exec {to}>"$dir/to" {from}<"$dir/from"
}

# tell METHOD [PARAMETERS]: the result is in $answer; what it says of itself
# goes into the file events. Parameters may be longer than an argument can be.
tell()
{
	local line
	message=$((message + 1))
	jq -c --arg m "$1" --argjson i "$message" --arg s "$session" \
		'{id: $i, method: $m, params: .} +
		if $s == "" then {} else {sessionId: $s} end' \
		<<<"${2:-{\}}" |
		tr '\n' '\0' >&"$to"
	while IFS= read -r -d '' -t 240 line <&"$from"; do
		if [[ $line == "{\"id\":$message,"* ]]; then
			answer=$line
			return
		fi
		printf '%s\n' "$line" >>"$dir/events"
	done
	echo "# no answer to $1" >&2
	return 1
}

open_page()
{
	local target
	tell Target.createTarget '{"url": "about:blank"}'
	target=$(jq -r .result.targetId <<<"$answer")
	tell Target.attachToTarget \
		"{\"targetId\": \"$target\", \"flatten\": true}"
	session=$(jq -r .result.sessionId <<<"$answer")
	tell Page.enable
	tell Runtime.enable
	tell Log.enable
	tell Page.navigate "{\"url\": \"file://$dir/page.html\"}"
	for _ in {1..100}; do
		tell Runtime.evaluate '{"expression": "document.readyState"}'
		[[ $answer != *complete* ]] || return 0
		sleep 0.1
	done
}

# look NAME WIDTH MEDIA SCHEME [SHOTS-HEIGHT]
look()
{
	tell Emulation.setDeviceMetricsOverride "{\"width\": $2,
		\"height\": 900, \"deviceScaleFactor\": 1, \"mobile\": false}"
	tell Emulation.setEmulatedMedia "{\"media\": \"$3\", \"features\":
		[{\"name\": \"prefers-color-scheme\", \"value\": \"$4\"}]}"
	tell Runtime.evaluate "$(jq -n --rawfile e tests/system/report_page.js \
		'{expression: $e, returnByValue: true}')"
	result "$1: headings, texts, contrast, width, and nothing foreign" \
		"$(jq -r 'if .result.result.value then .result.result.value[]
			else . end' <<<"$answer")"
	[ -z "${SHOTS:-}" ] || shoot "$1" "$2"
	[ -n "$no_axe" ] || ask_axe "$1"
}

# All of it: what is cut off may be far below.
shoot()
{
	local height
	tell Page.getLayoutMetrics
	height=$(jq '.result.cssContentSize.height' <<<"$answer")
	tell Page.captureScreenshot "{\"captureBeyondViewport\": true, \"clip\":
		{\"x\": 0, \"y\": 0, \"width\": $2,
		\"height\": $height, \"scale\": 1}}"
	jq -r .result.data <<<"$answer" | base64 -d >"$SHOTS/${1// /-}.png"
}

# Into a directory that goes with the test: nothing of it is ours.
get_axe()
{
	[ -z "${AXE:-}" ] || return 0
	AXE=$dir/package/axe.min.js
	command -v npm >/dev/null || {
		no_axe='npm is not installed'
		return
	}
	(cd "$dir" && npm_config_cache=$dir/npm timeout 120 npm pack --silent \
		"axe-core@$AXE_VERSION" >npm.log 2>&1 </dev/null &&
		tar xzf "axe-core-$AXE_VERSION.tgz" package/axe.min.js) ||
		no_axe="npm can't fetch axe-core $AXE_VERSION"
}

ask_axe()
{
	tell Page.setBypassCSP '{"enabled": true}'
	tell Runtime.evaluate "$(jq -n --rawfile e "$AXE" '{expression: $e}')"
	tell Runtime.evaluate '{"expression":
		"axe.run().then((r) => r.violations.map((v) => v.id + \": \" + v.help + \": \" + v.nodes[0].html))",
		"awaitPromise": true, "returnByValue": true}'
	result "$1: axe-core finds nothing" \
		"$(jq -r 'if .result.result.value then .result.result.value[]
			else . end' <<<"$answer")"
}

prints_pdf()
{
	local status=0
	"$BUILD/bridgeaudit" --db "$dir/world.db" report "${PERIOD[@]}" \
		-o pdf >"$dir/page.pdf" 2>"$dir/pdf.err" || status=$?
	[ "$status" = 3 ] || {
		echo "exit status $status: $(cat "$dir/pdf.err")"
		return
	}
	[ "$(head -c 5 "$dir/page.pdf")" = %PDF- ] || echo 'it is no PDF'
	[ -z "$(ls "$dir/tmp")" ] || echo "left behind: $(ls "$dir/tmp")"
}

# Every picture, and rows where the world has something.
pictures()
{
	local part
	for part in 'Heat map:' 'Who talks to whom:' 'Timeline:' \
		'Table: Who tried' 'Table: Top' 'Table: New' \
		'Table: Published' 'Table: Addresses' 'Table: Spoofed' \
		'Table: Rules' 'Table: What was lost' 'Table: Probes' \
		'Table: Who read'; do
		grep -q "aria-label=\"$part" "$dir/page.html" ||
			echo "no '$part'"
	done
	# nobody looked at the host, nobody said how many rows he read
	sed -n '/<section id="blind"/,/<\/section>/p' "$dir/page.html" |
		grep 'None\.' || :
	sed -n 's/.*only counted//p' "$dir/page.html" | sed 's/<[^>]*>/|/g' |
		grep -q '||140||–||–||' || echo 'more is known than was said'
}

for tool in chromium jq sqlite3; do
	command -v "$tool" >/dev/null || skip_all "$tool is not installed"
done
result 'the page is made' "$(make_page 2>&1 >/dev/null | grep -v coverage)"
result 'it has all pictures and tables' "$(pictures)"
get_axe
start_browser
open_page
look 'desk light' 1200 screen light
look 'desk dark' 1200 screen dark
look 'phone light' 360 screen light
look 'phone dark' 360 screen dark
look 'A4 light' 688 print light
look 'A4 dark' 688 print dark
[ -z "$no_axe" ] || {
	count=$((count + 1))
	echo "ok $count - axe-core finds nothing # SKIP $no_axe"
}
result 'the browser complains of nothing' \
	"$(grep -E '"(Log.entryAdded|Runtime.exceptionThrown|Runtime.consoleAPICalled|Page.javascriptDialogOpening)"' "$dir/events" || :)"
mkdir "$dir/tmp"
result 'a PDF is printed, and nothing left behind' \
	"$(TMPDIR="$dir/tmp" prints_pdf)"
echo "1..$count"
[ "$failed" = 0 ]
