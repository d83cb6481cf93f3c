#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The trace events by the tools that people have: perf, trace-cmd, bpftrace, bpftool, and
# a BPF program that libbpf loads (scripts/bpf/).
#
# Shows: each tool gets the same ends as the ring holds, with their words, without the
# module's BTF; while perf or a BPF program is attached the module cannot be removed, and
# afterwards it can; with the module's BTF (make BTF=1) a typed program loads, too.
#
# Needs: root, debugfs, tracefs, python3; the tools (scripts/harness/setup trace), and
# $TT_OUTPUT/bpf or ../build/bpf, made by make -C ../scripts/bpf. A tool that is not there
# is skipped.
#
# Modes: by name

# shellcheck disable=SC2317,SC2119 # check() calls by name; parameters are not needed
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
tracing=/sys/kernel/tracing
ends=${TT_OUTPUT:-.}/bpf/ends
[ -x "$ends" ] || ends=../build/bpf/ends

# Three ends that are not TIME_WAIT's: the second to close, and both of a reset.
make_closes() {
	python3 - <<-'END'
		import socket
		for unread in (False, True):
		    with socket.socket() as s, socket.socket() as c:
		        s.bind(("127.0.0.1", 0))
		        s.listen()
		        c.connect(s.getsockname())
		        a = s.accept()[0]
		        if unread:
		            c.send(b"unread")
		        a.close()
	END
}

# "id how" of each end in the ring, and of each that a tool has shown on stdin.
ends_held() {
	sed -nE 's/^ *[0-9.]+ +[0-9]+ +[0-9]+ +(\w+) .* end=(\S+) .*/\1 \2/p' $debugfs/trace | sort
}

ends_shown() {
	sed -nE '/teardown_end/s/.*sock_cookie=(0x)?(\w+) .* how=(\S+).*/\2 \3/p' | sort
}

# begin: forget all records.
begin() {
	echo >$debugfs/trace
}

# wait_for FILE TEXT: until a tool says so.
wait_for() {
	local tries

	for ((tries = 0; tries < 600; tries++)); do
		! grep -qs "$2" "$1" || return 0
		sleep 0.5
	done
	note "no '$2' from the tool:"
	sed 's/^/# /' "$1"
	return 1
}

by_perf() {
	local title="perf shows each end"

	if ! perf --version >"$dir/out" 2>&1; then
		skip "$title" "no perf"
		return
	fi
	begin
	perf record -q -a -o "$dir/perf" -e 'tcp_teardown:*' -- bash -c \
		"$(declare -f make_closes); make_closes; sleep 1; ! rmmod tcp_teardown" >"$dir/out" 2>&1
	check "perf record: $(cat "$dir/out")" grep -q 'in use' "$dir/out"
	check "removed while perf was attached" is_loaded
	same "$title" "$(ends_held)" "$(perf script -i "$dir/perf" 2>"$dir/out" | ends_shown)"
}

by_trace_cmd() {
	local title="trace-cmd shows each end"

	if ! command -v trace-cmd >/dev/null; then
		skip "$title" "no trace-cmd"
		return
	fi
	begin
	trace-cmd record -q -e tcp_teardown -o "$dir/dat" \
		bash -c "$(declare -f make_closes); make_closes; sleep 1" >"$dir/out" 2>&1
	same "$title" "$(ends_held)" "$(trace-cmd report -i "$dir/dat" 2>"$dir/out" | ends_shown)"
	trace-cmd reset >/dev/null 2>&1
}

# By the numbers, as bpftrace has them.
by_bpftrace() {
	local title="bpftrace counts each end" pid wanted

	if ! command -v bpftrace >/dev/null; then
		skip "$title" "no bpftrace"
		return
	fi
	begin
	bpftrace -e 'BEGIN { printf("attached\n"); }
		tracepoint:tcp_teardown:tcp_teardown_end { printf("end %x %d\n", args->sock_cookie, args->how); }' \
		>"$dir/out" 2>&1 &
	pid=$!
	check "bpftrace" wait_for "$dir/out" '^attached'
	make_closes
	sleep 2
	check "removed while bpftrace was attached" not rmmod tcp_teardown
	kill -INT "$pid"
	wait "$pid"
	wanted=$(ends_held | while read -r id how; do
		echo "$id $(sed -nE "s/^how:.* ([0-9]+)=$how( .*)?$/\1/p" $debugfs/format)"
	done)
	same "$title" "$wanted" "$(sed -n 's/^end //p' "$dir/out" | sort)"
}

by_libbpf() {
	local title="a BPF program gets the record by a raw tracepoint" pid

	if [ ! -x "$ends" ]; then
		skip "$title" "no $ends: make -C scripts/bpf"
		skip "bpftool shows it" "no $ends"
		return
	fi
	begin
	"$ends" >"$dir/ends" 2>"$dir/out" &
	pid=$!
	check "ends" wait_for "$dir/out" 'attached'
	make_closes
	sleep 2
	check "removed while a program was attached" not rmmod tcp_teardown
	bpftool link show >"$dir/links" 2>/dev/null
	kill "$pid"
	wait "$pid"
	same "$title" "$(ends_held)" "$(sed -nE 's/^id=(\w+) .* end=(\S+) .*/\1 \2/p' "$dir/ends" | sort)"
	if ! bpftool version >"$dir/out" 2>&1; then
		skip "bpftool shows it" "no bpftool"
		return
	fi
	check "$(cat "$dir/links")" grep -q 'tp .tcp_teardown_end.' "$dir/links"
	result "bpftool shows it"
}

by_btf() {
	local title="with the module's BTF a typed program loads"

	if [ ! -e /sys/kernel/btf/tcp_teardown ]; then
		skip "$title" "the module has no BTF"
	elif ! bpftool version >"$dir/out" 2>&1; then
		skip "$title" "no bpftool"
	else
		check "no typedef" grep -q "btf_trace_tcp_teardown_end" \
			<(bpftool btf dump -B /sys/kernel/btf/vmlinux file /sys/kernel/btf/tcp_teardown 2>&1)
		result "$title"
	fi
}

[ "$(id -u)" = 0 ] || skip_all "needs root"
mountpoint -q $tracing || mount -t tracefs tracefs $tracing 2>/dev/null
[ -d $tracing/events ] || skip_all "no tracefs"
is_loaded || skip_all "the module is not loaded"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
plan 7
by_perf
by_trace_cmd
by_libbpf
by_btf
by_bpftrace
mark_log
check "not removed" rmmod tcp_teardown
check "$(log_since_mark)" not grep -qE 'WARNING|BUG|Call Trace' <(log_since_mark)
result "afterwards the module can be removed"
insert
exit "$failed"
