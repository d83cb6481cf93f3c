#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A second copy of the module: the same file again, and a copy with another module name.
#
# Shows: neither loads, the kernel's log says why, without a splat, and the first works
# on.
#
# Needs: root, debugfs, objdump. The module is loaded before and after.

# shellcheck disable=SC2317 # check() calls by name
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# renamed FILE: a copy with the name tcp_teardowm. The name is in the section of struct
# module, whose relocations must stay.
renamed() {
	local at size within

	read -r size at < <(objdump -h "$plain" |
		awk '$2 == ".gnu.linkonce.this_module" { print "0x" $3, "0x" $6 }')
	cp "$plain" "$1"
	within=$(tail -c +$((at + 1)) "$1" | head -c $((size)) | grep -abo tcp_teardown |
		head -n 1 | cut -d : -f 1)
	[ -n "$within" ] &&
		printf m | dd of="$1" bs=1 seek=$((at + within + 11)) conv=notrunc status=none
}

no_splat() {
	! grep -qE "WARNING|Call Trace|BUG" <<<"$1"
}

# refused FILE ERROR TEXT: the load fails with that error and a line in the log.
refused() {
	local message log

	mark_log
	message=$(LC_ALL=C insmod "$1" 2>&1) && check "$1 was loaded" false
	check "insmod says: $message" grep -q "$2" <<<"$message"
	log=$(log_since_mark)
	check "the log says: $log" grep -q "$3" <<<"$log $message"
	check "a splat: $log" no_splat "$log"
}

need_module
command -v objdump >/dev/null || skip_all "needs objdump"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
plain=$dir/tcp_teardown.ko
module_image >"$plain"
plan 2
refused "$module" 'File exists' 'File exists'
check "no records any more" records_come
result "a second copy of the same file is refused"
check "can't be renamed" renamed "$dir/other.ko"
refused "$dir/other.ko" 'Invalid module format' 'exports duplicate symbol'
check "no records any more" records_come
check "something is left of it" not grep -q tcp_teardowm /proc/modules
result "a copy under another name is refused"
exit "$failed"
