#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel is locked down while the module is loaded: "integrity", and then
# "confidentiality". There is no way back: a guest of its own is needed.
#
# Shows: files of mode 0600 cannot be opened, not even to be read, nothing can be
# written; those of mode 0400 and /proc can; records come; the module can be removed,
# and leaves nothing.
#
# Needs: root, debugfs, lockdown; a module that need not be signed at load.

# shellcheck disable=SC2317 # check() calls by name
debugfs=/sys/kernel/debug/tcp_teardown
proc=/proc/net/tcp_teardown
lockdown=/sys/kernel/security/lockdown
case_failed='' done=0 failed=0

# check TEXT COMMAND...: it succeeds.
check() {
	local text=$1

	shift
	"$@" && return
	echo "# $text"
	case_failed=y
}

result() {
	done=$((done + 1))
	if [ -n "$case_failed" ]; then
		echo "not ok $done $*"
		failed=1
	else
		echo "ok $done $*"
	fi
	case_failed=''
}

skip_all() {
	echo "KTAP version 1"
	echo "1..0 # SKIP $*"
	exit 4
}

written() {
	awk '$1 == "written" { print $2 }' "$debugfs/stats"
}

traces() {
	local before

	before=$(written)
	python3 - <<-'END'
		import socket
		with socket.socket() as s, socket.socket() as c:
		    s.bind(("127.0.0.1", 0))
		    s.listen()
		    c.connect(s.getsockname())
		    s.accept()[0].close()
	END
	[ "$(written)" -gt "$before" ]
}

# What can be opened to be read, and to be written: one path a line.
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

level() {
	echo "$1" >"$lockdown"
	check "$(cat $lockdown)" grep -q "\[$1\]" "$lockdown"
	check "can be read: $(readable)" [ "$(readable)" = "$(of_mode /0444 ! -perm /0200)" ]
	check "can be written: $(writable)" [ -z "$(writable)" ]
	check "no records" traces
	check "nothing in summary" grep -qE '^call_close +[1-9]' "$proc/summary"
	result "lockdown=$1"
}

[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -d "$debugfs" ] || skip_all "the module is not loaded"
mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
[ -w "$lockdown" ] || skip_all "no lockdown"
echo "KTAP version 1"
echo "1..4"
check "cannot be read before that" [ "$(readable)" = "$(of_mode /0444)" ]
check "cannot be written before that" [ -z "$(comm -13 <(writable) <(of_mode /0200))" ]
result "none yet"
level integrity
level confidentiality
check "not removed" rmmod tcp_teardown
check "a module is left" eval '! grep -q tcp_teardown /proc/modules'
check "a file is left" [ ! -d "$debugfs" ]
check "a file is left in /proc" [ ! -d "$proc" ]
result "the module can be removed"
exit "$failed"
