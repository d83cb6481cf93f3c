#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel is locked down while the module is loaded: first "integrity", then
# "confidentiality". This can't be undone, so the test needs a separate guest.
#
# Shows: files of mode 0600 cannot be opened, not even for reading, and nothing can be
# written; files of mode 0400 and of /proc can be read; records are made; trace events can
# be used under "integrity", and under "confidentiality" only by perf, as
# docs/trace-events.md says; the module can be removed, and leaves nothing.
#
# Needs: root, debugfs, lockdown; a module that need not be signed at load. Without perf, or
# ../../build/bpf (make -C ../../scripts/bpf), the trace events are not tried with these.

# shellcheck disable=SC2317 # check() calls by name
# shellcheck source=selftests/lib.sh
. ./lib.sh
lockdown=/sys/kernel/security/lockdown
tracing=/sys/kernel/tracing
ends=$(dirname "$0")/../../build/bpf/ends

# The files that can be opened for reading, and for writing: one path per line.
readable() {
	local file

	for file in $(find "$debugfs" "$proc" -type f | sort); do
		if dd if="$file" iflag=nonblock of=/dev/null count=0 2>/dev/null; then
			echo "$file"
		fi
	done
}

writable() {
	local file

	for file in $(find "$debugfs" -type f | sort); do
		# shellcheck disable=SC2015 # both fail alike
		( : >>"$file" ) 2>/dev/null && echo "$file" || true
	done
}

of_mode() {
	find "$debugfs" "$proc" -type f -perm "$@" | sort
}

# The ways in which an event is seen, of those that can be tried here.
tried() {
	echo tracefs
	! perf --version >/dev/null 2>&1 || echo perf
	[ ! -x "$ends" ] || echo bpf
}

by_tracefs() {
	echo 1 >"$tracing/events/tcp_teardown/enable" || return
	echo >"$tracing/trace"
	connect_and_close
	grep -q tcp_teardown_end: "$tracing/trace"
}

by_perf() {
	perf stat -x , -a -e tcp_teardown:tcp_teardown_end -- \
		bash -c "$(declare -f connect_and_close); connect_and_close" 2>&1 |
		grep -qE '^[1-9][0-9]*,.*tcp_teardown_end'
}

by_bpf() {
	local out pid

	out=$(mktemp)
	"$ends" >"$out" 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null && ! grep -q attached "$out"; do
		sleep 0.2
	done
	connect_and_close
	sleep 1
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	grep -q end= "$out"
}

ways() {
	local way

	for way in $(tried); do
		# shellcheck disable=SC2015 # a way that fails is none
		"by_$way" 2>/dev/null && echo "$way" || true
	done
}

level() {
	echo "$1" >"$lockdown"
	check "$(cat $lockdown)" grep -q "\[$1\]" "$lockdown"
	check "can be read: $(readable)" [ "$(readable)" = "$(of_mode /0444 ! -perm /0200)" ]
	check "can be written: $(writable)" [ -z "$(writable)" ]
	check "no records" records_come
	check "nothing in summary" grep -qE '^call_close +[1-9]' "$proc/summary"
	seen=$(ways)
	check "events are seen by: ${seen:-none}" [ "$seen" = "$2" ]
	result "lockdown=$1"
}

need_module
mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
[ -w "$lockdown" ] || skip_all "no lockdown"
mountpoint -q $tracing || mount -t tracefs tracefs $tracing
plan 4
check "cannot be read before that" [ "$(readable)" = "$(of_mode /0444)" ]
check "cannot be written before that" [ -z "$(comm -13 <(writable) <(of_mode /0200))" ]
seen=$(ways)
check "events are seen by: ${seen:-none}" [ "$seen" = "$(tried)" ]
result "none yet; events can be tried by $(tried | xargs)"
level integrity "$(tried)"
level confidentiality "$(tried | grep perf)"
check "not removed" rmmod tcp_teardown
check "a module is left" not grep -q tcp_teardown /proc/modules
check "a file is left" [ ! -d "$debugfs" ]
check "a file is left in /proc" [ ! -d "$proc" ]
result "the module can be removed"
exit "$failed"
