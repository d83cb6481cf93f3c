#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel is locked down while the module is loaded: first "integrity", then
# "confidentiality". This can't be undone, so the test needs a separate guest.
#
# Shows: files of mode 0600 cannot be opened, not even for reading, and nothing can be
# written; files of mode 0400 and of /proc can be read; records are made; the module can
# be removed, and leaves nothing.
#
# Needs: root, debugfs, lockdown; a module that need not be signed at load.

# shellcheck disable=SC2317 # check() calls by name
# shellcheck source=selftests/lib.sh
. ./lib.sh
lockdown=/sys/kernel/security/lockdown

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

level() {
	echo "$1" >"$lockdown"
	check "$(cat $lockdown)" grep -q "\[$1\]" "$lockdown"
	check "can be read: $(readable)" [ "$(readable)" = "$(of_mode /0444 ! -perm /0200)" ]
	check "can be written: $(writable)" [ -z "$(writable)" ]
	check "no records" records_come
	check "nothing in summary" grep -qE '^call_close +[1-9]' "$proc/summary"
	result "lockdown=$1"
}

need_module
mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
[ -w "$lockdown" ] || skip_all "no lockdown"
plan 4
check "cannot be read before that" [ "$(readable)" = "$(of_mode /0444)" ]
check "cannot be written before that" [ -z "$(comm -13 <(writable) <(of_mode /0200))" ]
result "lockdown=none"
level integrity
level confidentiality
check "not removed" rmmod tcp_teardown
check "a module is left" not grep -q tcp_teardown /proc/modules
check "a file is left" [ ! -d "$debugfs" ]
check "a file is left in /proc" [ ! -d "$proc" ]
result "the module can be removed"
exit "$failed"
