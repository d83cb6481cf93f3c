# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Shared by the shell tests: cases in KTAP, the module, its files, the kernel's log. The
# module is $TT_MODULE, or the one that modprobe would load if that is not set; $TT_ARGS
# are its parameters. To be sourced:
#
#	. "$(dirname "$0")/lib.sh"
#	plan 1
#	check "what is wrong if it fails" COMMAND...
#	result "what the case shows"
#	exit "$failed"

# shellcheck disable=SC2034 # used by the scripts that source this
debugfs=/sys/kernel/debug/tcp_teardown
proc=/proc/net/tcp_teardown
module=${TT_MODULE:-$(modinfo -n tcp_teardown 2>/dev/null)}
case_failed='' cases=0 failed=0 log_marks=0

note() {
	echo "# $*"
}

skip_all() {
	echo "KTAP version 1"
	echo "1..0 # SKIP $*"
	exit 4
}

# plan CASES: called before the first case.
plan() {
	echo "KTAP version 1"
	echo "1..$1"
}

# check TEXT COMMAND...: unless COMMAND succeeds, the case fails with TEXT.
check() {
	local text=$1

	shift
	"$@" && return
	note "$text"
	case_failed=y
	return 1
}

# result TITLE: the end of a case.
result() {
	cases=$((cases + 1))
	if [ -n "$case_failed" ]; then
		echo "not ok $cases $*"
		failed=1
	else
		echo "ok $cases $*"
	fi
	case_failed=''
}

# skip TITLE WHY: a case that can't run here.
skip() {
	cases=$((cases + 1))
	echo "ok $cases $1 # SKIP $2"
}

# same TITLE WANTED FOUND: a case in which both texts must be equal, and not empty.
same() {
	check "nothing was wanted" [ -n "$2" ]
	check "wanted and found differ" [ "$2" = "$3" ] ||
		diff <(echo "$2") <(echo "$3") | sed 's/^/# /'
	result "$1"
}

not() {
	! "$@"
}

# insert PARAMETER...: load the module.
# shellcheck disable=SC2120 # some tests pass none
insert() {
	# shellcheck disable=SC2086 # parameters are words
	insmod "$module" ${TT_ARGS:-} "$@"
}

# module_image: the module's bytes, decompressed.
module_image() {
	case $module in
	*.xz) xz -dc "$module" ;;
	*.zst) zstd -dcq "$module" ;;
	*.gz) gzip -dc "$module" ;;
	*) cat "$module" ;;
	esac
}

# For a test of the loaded module: load it if it is not.
need_module() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	[ -e "$module" ] || skip_all "no module: set TT_MODULE, or install one for modprobe"
	# shellcheck disable=SC2119 # none here
	is_loaded || insert || exit 1
	[ -d "$debugfs" ] || skip_all "needs debugfs"
}

is_loaded() {
	[ -d /sys/module/tcp_teardown ]
}

unload() {
	! is_loaded || rmmod tcp_teardown
}

# stat_of NAME: a figure of the file "stats".
stat_of() {
	awk -v name="$1" '$1 == name { print $2 }' "$debugfs/stats"
}

# A line in the kernel's log, after which log_since_mark() begins.
mark_log() {
	log_marks=$((log_marks + 1))
	echo "<7>${0##*/} mark $$ $log_marks" >/dev/kmsg
}

log_since_mark() {
	dmesg | sed "1,/${0##*/} mark $$ $log_marks\$/d"
}

# One connection over loopback, opened and closed.
connect_and_close() {
	python3 - <<-'END'
		import socket
		with socket.socket() as s, socket.socket() as c:
		    s.bind(("127.0.0.1", 0))
		    s.listen()
		    c.connect(s.getsockname())
		    s.accept()[0].close()
	END
}

# Whether the module writes records.
records_come() {
	local before

	before=$(stat_of written)
	connect_and_close
	[ "$(stat_of written)" -gt "$before" ]
}
