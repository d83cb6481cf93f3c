#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module is loaded and unloaded while connections are made and closed: 15 times where
# time is skipped (VM_MODE is icount; fewer by TT_SLOW), otherwise a few times.
#
# Shows: each time it traces; nothing is left behind in /proc/net, debugfs,
# /proc/slabinfo, ftrace and kprobes; the kernel's log has nothing unexpected; an open
# file in debugfs prevents the removal, a reader in /proc does not.
#
# Modes: icount
#
# In other guests it runs only if named, with VM_ACCEL=tcg-single: QEMU's multi-threaded
# TCG crashes when the text of a busy kernel is patched.
#
# Needs: root, debugfs, tracefs, python3, a kernel that may unload modules; it removes the
# module if it is there, and leaves it loaded. Parameters of the module are taken from
# TT_ARGS; then everything is repeated with attach=kprobe.

# shellcheck disable=SC2317 # check() calls by name
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
traffic_pid=''

# With all hooks, also those that are off by default.
load() {
	# shellcheck disable=SC2086 # parameters are words
	insert $args groups=all
}

# Make connections over IPv4 and IPv6 until killed, as fast as possible, or 50 per second
# where time is skipped. With a number: so many, then end.
traffic() {
	exec python3 - "$@" <<-'END'
		import os, socket, sys, time
		def listen(family, address):
		    s = socket.socket(family)
		    s.bind((address, 0))
		    s.listen(8)
		    return family, s
		listeners = [listen(socket.AF_INET, "127.0.0.1"),
		             listen(socket.AF_INET6, "::1")]
		n, end = 0, int(sys.argv[1]) if len(sys.argv) > 1 else -1
		while n != end:
		    family, listener = listeners[n % 2]
		    client = socket.socket(family)
		    client.connect(listener.getsockname())
		    server, _ = listener.accept()
		    for s in (client, server) if n % 4 < 2 else (server, client):
		        s.close()
		    n += 1
		    if end < 0 and os.environ.get("VM_MODE") == "icount":
		        time.sleep(0.02)
	END
}

# Where time is skipped, it is also skipped while the host reads a file.
patience=60
[ "${VM_MODE:-}" != icount ] || patience=1000

# ever COMMAND...: wait until it succeeds.
ever() {
	local n=0

	until "$@"; do
		[ $((n++)) -lt $((patience * 20)) ] || return 1
		sleep 0.05
	done
}

wrote() {
	[ "$(stat_of written)" -gt "$1" ]
}

is_attached() {
	awk '/^#/ || $4 == "attached" || $NF == "needed" { next } { exit 1 }' "$debugfs/hooks"
}

# What the module has left behind, which must be nothing.
leftovers() {
	local file

	for file in "$proc" "$debugfs" /sys/module/tcp_teardown \
		/sys/kernel/slab/tcp_teardown_conn; do
		[ ! -e "$file" ] || echo "$file"
	done
	grep -s 'tcp_teardown' /proc/slabinfo /proc/modules
	grep -sE 'tcp_teardown|tcp_fin|inet_twsk' /sys/kernel/tracing/enabled_functions \
		/sys/kernel/debug/kprobes/list
}

is_clean() {
	local left

	left=$(leftovers)
	[ -z "$left" ] || note "left: $left"
	[ -z "$left" ]
}

# The kernel's log since the test's last mark, without the expected lines.
log_is_clean() {
	local lines

	lines=$(log_since_mark |
		grep -vE 'tcp_teardown: (loading out-of-tree|module verification)|hrtimer: interrupt took')
	[ -z "$lines" ] || note "log: $lines"
	[ -z "$lines" ]
}

# Load it, check that it traces, unload it.
turn() {
	check "load" load || return
	check "a hook is not attached" is_attached
	check "no records" ever wrote 10
	check "nothing in summary" grep -qE '^call_close +[1-9]' "$proc/summary"
	check "unload" rmmod tcp_teardown
	check "something is left" is_clean
}

test_turns() {
	local n

	mark_log
	for ((n = 0; n < $1; n++)); do
		turn
		[ -z "$case_failed" ] || { note "turn $n"; break; }
	done
	check "log" log_is_clean
	result "load, trace, unload $1 times $2"
}

# An open file in debugfs prevents the removal.
test_debugfs_open() {
	local file name

	load
	for name in trace trace_pipe stats hooks overwrite connections README \
		per_cpu/cpu0/trace_pipe_raw; do
		exec {file}<"$debugfs/$name"
		check "$name is open and the module was removed" \
			eval '! rmmod tcp_teardown 2>/dev/null'
		exec {file}<&-
	done
	check "traffic" eval '(traffic 2)'
	check "no records after that" ever wrote 10
	check "unload" rmmod tcp_teardown
	check "something is left" is_clean
	result "an open file of debugfs prevents the removal"
}

# A file in /proc does not; its reader gets an error or the end of the file.
test_proc_open() {
	local file summary connections status

	mark_log
	load
	(traffic 50)
	exec {summary}<"$proc/summary" {connections}<"$proc/connections"
	read -r -n 5 -u "$connections"
	check "unload" rmmod tcp_teardown
	for file in $summary $connections; do
		timeout "$patience" cat <&"$file" >/dev/null 2>&1
		status=$?
		check "a reader hangs" [ $status -lt 124 ]
	done
	exec {summary}<&- {connections}<&-
	check "something is left" is_clean
	check "log" log_is_clean
	result "unload with files of /proc open"
}

# Readers open and close files while it is unloaded.
test_readers() {
	local pid n

	mark_log
	while :; do cat "$proc"/* "$debugfs"/{trace,stats,hooks,connections}; done \
		>/dev/null 2>&1 &
	pid=$!
	for n in 1 2; do
		load
		(traffic 2)
		check "unload $n" ever eval 'rmmod tcp_teardown 2>/dev/null'
	done
	kill $pid
	wait $pid 2>/dev/null
	check "something is left" is_clean
	check "log" log_is_clean
	result "unload while readers open and close files"
}

start_traffic() {
	traffic >/dev/null &
	traffic_pid=$!
}

stop_traffic() {
	kill "$traffic_pid"
	wait "$traffic_pid" 2>/dev/null
	traffic_pid=''
}

# all ARGS TURNS TURNS_ICOUNT
all() {
	local turns=$2

	[ "$VM_MODE" != icount ] || turns=$(($3 / ${TT_SLOW:-1}))
	start_traffic
	test_turns "$turns" "under traffic ($1)"
	stop_traffic
}

[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -e "$module" ] || skip_all "no $module"
[ -d /sys/kernel/debug/kprobes ] || skip_all "needs debugfs and kprobes"
unload || skip_all "in use"
plan 5
args=''
all "${TT_ARGS:-auto}" 4 15
test_debugfs_open
test_proc_open
test_readers
args=attach=kprobe
all "attach=kprobe" 2 5
insert || failed=1
exit "$failed"
