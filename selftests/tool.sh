#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tcp-teardown on a host with the module.
#
# Shows: "record" writes each record of all CPUs, with the host's kernel and the module's
# stats, and ^C leaves a complete file; "show -f" shows a connection soon after its end;
# "export pcapng -f" writes continuously; "show" and "list" read trace.
#
# Needs: root, debugfs, tcp-teardown beside the other programs. The module is loaded.

# shellcheck disable=SC2317 # try() calls by name
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
tool=${TT_OUTPUT:-../build/selftests}/tcp-teardown
port=7999
pid=''
tmp=$(mktemp -d)
trap 'stop; rm -rf "$tmp"' EXIT

# After a failure stop the reader, because it would take the records.
stop() {
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
	pid=''
}

# try TITLE COMMAND...: one case, with the output of COMMAND if it fails.
try() {
	if ! check "$2 failed" "${@:2}" >"$tmp/log" 2>&1; then
		stop
		sed 's/^# //; s/^/# /' "$tmp/log"
	fi
	result "$1"
}

# refused COUNT: so many connections to a port where nobody listens.
refused() {
	local i

	for ((i = 0; i < $1; i++)); do
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
	done
}

# soon COMMAND...: it succeeds within ten seconds.
soon() {
	local try

	for try in {1..100}; do
		! "$@" || return 0
		sleep 0.1
	done
	echo "not at try $try"
	return 1
}

# begin ARGS...: start the tool in the background, and wait until it has opened its files.
begin() {
	"$tool" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null &
	pid=$!
	soon eval "readlink /proc/$pid/fd/* | grep -q trace_pipe"
}

# ^C ends it, with status 0.
end() {
	local status=0

	kill -INT "$pid"
	wait "$pid" || status=$?
	pid=''
	cat "$tmp/err"
	[ "$status" = 0 ]
}

# Wait until the records of all CPUs have been read.
all_read() {
	awk '$1 == "pending" { exit $2 != 0 }' "$debugfs/stats"
}

records() {
	begin record -o "$tmp/recording" || return 1
	refused 50
	soon all_read && end || return 1
	[ "$("$tool" list "$tmp/recording" "port == $port && end == refused" | grep -c refused)" = 50 ] &&
		grep -qaF "kernel $(uname -r)" "$tmp/recording" &&
		grep -qa '^overwritten' "$tmp/recording"
}

shows() {
	begin show -f "port == $port" || return 1
	refused 1
	soon grep -q '^refused' "$tmp/out" && end && [ "$(grep -c '^refused' "$tmp/out")" = 1 ]
}

# A RST with its socket and its sender: one packet block, of type 6.
captures() {
	begin export pcapng -f "port == $port" || return 1
	refused 1
	soon eval "[ \$(stat -c %s $tmp/out) -gt 200 ]" && end &&
		[ "$(od -An -v -tx4 -w4 "$tmp/out" | grep -c '^ 00000006$')" -ge 1 ]
}

reads_trace() {
	refused 2
	[ "$("$tool" list "$debugfs/trace" "port == $port" | grep -c refused)" = 2 ] &&
		"$tool" show -w "$debugfs/trace" "port == $port" | grep -q 'A>B RST,ACK' &&
		"$tool" export json "$debugfs/trace" | grep -q '"event":"reply"'
}

[ -x "$tool" ] || skip_all "no tcp-teardown at $tool"
[ -d "$debugfs" ] || skip_all "no debugfs"
plan 4
echo >"$debugfs/trace"
try "record has all of them" records
try "show -f shows them as they end" shows
try "export pcapng -f writes as it goes" captures
try "list and show read trace" reads_trace
exit "$failed"
