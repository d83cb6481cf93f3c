#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tcp-teardown metrics on a host that has the module.
#
# Shows: each value is the module's own counter; promtool has nothing to say; what --serve
# answers is the same; Prometheus scrapes it, and node_exporter's textfile collector, while
# connections are made and closed, and all rules and queries that are shipped can be evaluated.
#
# Needs: root, debugfs, tcp-teardown beside the other programs; curl, prometheus and
# prometheus-node-exporter, each case what it names. The module is loaded.
#
# Modes: icount

# shellcheck disable=SC2317 # check() calls by name
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
here=$(dirname "$(readlink -f "$0")")
tool=${TT_OUTPUT:-../build/selftests}/tcp-teardown
tmp=$(mktemp -d)
pid=''
trap 'stop; rm -rf "$tmp"' EXIT

stop() {
	[ -z "$pid" ] || { kill "$pid"; wait "$pid"; } 2>/dev/null
	pid=''
}

# The module's counters, as "NAME COUNT".
counters() {
	awk '!/^#/ && NF == 2' "$debugfs/summary"
}

# sample NAME [LABELS]: its value in $tmp/metrics; 0 where it is not there, as in summary.
sample() {
	awk -v name="$1${2:+{$2\}}" '$1 == name { value = $2 } END { print value + 0 }' "$tmp/metrics"
}

# agree COUNTER SAMPLE [LABELS]
agree() {
	local count

	count=$(awk -v name="$1" '$1 == name { n = $2 } END { print n + 0 }' "$tmp/counters")
	[ "$count" = "$(sample "${@:2}")" ] || { note "$1 is $count, $2 $3 $(sample "${@:2}")"; return 1; }
}

# Of a moment in which nothing was counted.
take() {
	local try

	for try in {1..50}; do
		counters >"$tmp/counters"
		"$tool" metrics -p >"$tmp/metrics" || return 1
		counters | cmp -s - "$tmp/counters" && return
	done
	note "it goes on counting, at try $try"
	return 1
}

# Each line of summary that is a transition, an end or who closed first, and none is left.
values() {
	local name count how by status=0 seen=0

	for _ in 1 2 3 4 5; do connect_and_close; done
	take || return 1
	while read -r name count; do
		case $name in
		*\>*) agree "$name" tcp_teardown_transitions_total \
			"from=\"${name%>*}\",to=\"${name#*>}\"" ;;
		end=*,by=*) how=${name#end=} by=${name##*=}
			agree "$name" tcp_teardown_ended_total "how=\"${how%,*}\",set_off=\"$by\"" ;;
		first=*) agree "$name" tcp_teardown_first_closed_total "first=\"${name#*=}\"" ;;
		*) continue ;;
		esac || status=1
		seen=$((seen + (count > 0)))
	done <"$tmp/counters"
	[ "$status" = 0 ] && [ "$seen" -ge 6 ] &&
		agree rst_sent_for_NO_SOCKET tcp_teardown_resets_sent_total 'reason="NO_SOCKET"' &&
		[ "$(sample tcp_teardown_records_total)" -gt 0 ]
}

promtool_is_silent() {
	"$tool" metrics -p | promtool check metrics >"$tmp/said" 2>&1 || cat "$tmp/said"
	[ ! -s "$tmp/said" ]
}

serves() {
	local port _

	"$tool" metrics --serve 0 2>"$tmp/err" &
	pid=$!
	for _ in {1..600}; do
		port=$(sed -n 's|.*http://127.0.0.1:\([0-9]*\)/.*|\1|p' "$tmp/err")
		[ -z "$port" ] || break
		sleep 0.1
	done
	# Its own connection is one of those that are counted, afterwards.
	curl -sSf -D "$tmp/head" "http://127.0.0.1:$port/metrics" >"$tmp/metrics" &&
		grep -q '^Content-Type: text/plain; version=0.0.4' "$tmp/head" &&
		promtool check metrics <"$tmp/metrics" &&
		curl -sSf -H 'Accept: application/openmetrics-text' "http://127.0.0.1:$port/metrics" |
			tail -n 1 | grep -qx '# EOF' &&
		[ "$(sample tcp_teardown_transitions_total 'from="ESTABLISHED",to="FIN_WAIT1"')" -ge 5 ]
	local status=$?
	stop
	return "$status"
}

prometheus_scrapes() {
	/usr/bin/python3 "$here/teardown/scraped.py" "$tool" "$debugfs" >"$tmp/said" 2>&1 ||
		{ tail -n 30 "$tmp/said" | sed 's/^/# /'; return 1; }
}

# try PROGRAM TITLE COMMAND
try() {
	if ! command -v "$1" >/dev/null; then
		skip "$2" "no $1"
		return
	fi
	check "$3 failed" "$3"
	result "$2"
}

[ -x "$tool" ] || skip_all "no tcp-teardown at $tool"
[ -d "$debugfs" ] || skip_all "no debugfs"
plan 4
check "values differ" values
result "values are the module's"
try promtool "promtool has nothing to say" promtool_is_silent
try curl "--serve answers" serves
try prometheus "Prometheus and the textfile collector read them" prometheus_scrapes
exit "$failed"
