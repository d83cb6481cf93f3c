#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scripts/check-kernel says "traced completely" on this kernel. Of copies of the module
# in which a hook is renamed it says which hook is at fault, and what is not seen.
#
#	inet_twsk_kilX			no such function: absent
#	tcp_enter_cwr, not tcp_time_wait	has such a socket, and nobody calls it: blind
#	tcp_send_fin, not tcp_send_ack	called for something else: wrong, and garbage
#	groups=calls,resets,segments	off
#	attach=kprobe			complete, too
#	loaded already, not root	refused
#
# Modes: icount
#
# Needs: root, debugfs, a TUN device, a kernel that may unload modules; it removes the
# module if it is there, and leaves it loaded.

module=${TT_MODULE:-../build/$(uname -r)/tcp_teardown.ko}
check=../scripts/check-kernel
program=${TT_OUTPUT:-.}/check_kernel
planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
case_failed='' done=0 failed=0

skip_all() {
	echo "KTAP version 1"
	echo "1..0 # SKIP $*"
	exit 4
}

result() {
	done=$((done + 1))
	if [ -n "$case_failed" ]; then
		echo "not ok $done $*"
		sed 's/^/# /' "$planted/out"
		failed=1
	else
		echo "ok $done $*"
	fi
	case_failed=''
}

# expect STATUS PATTERN [ARG...]: of the exit, and in what is said.
expect() {
	local status pattern=$2 want=$1

	shift 2
	"$check" -b "$program" -m "$module" "$@" >"$planted/out" 2>&1
	status=$?
	[ "$status" = "$want" ] || { echo "# status $status, not $want"; case_failed=y; }
	said "$pattern"
	[ ! -d /sys/module/tcp_teardown ] || { echo "# it is not removed"; case_failed=y; }
}

said() {
	grep -qE "$1" "$planted/out" || { echo "# does not say: $1"; case_failed=y; }
}

# plant NAME OTHER: a copy in which a hook has another name, of the same length.
plant() {
	LC_ALL=C sed "s/\\x00$1\\x00/\\x00$2\\x00/g" "$module" >"$planted/tcp_teardown.ko"
	! cmp -s "$module" "$planted/tcp_teardown.ko" || { echo "# nothing is planted"; case_failed=y; }
}

test_refused() {
	insmod "$module"
	"$check" -b "$program" -m "$module" >"$planted/out"
	[ $? = 2 ] || case_failed=y
	said '^could not be checked: the module is loaded already'
	[ -d /sys/module/tcp_teardown ] || case_failed=y
	rmmod tcp_teardown
	expect 2 '^could not be checked: there is no /nowhere.ko' -m /nowhere.ko
	result "a module that is loaded, or not there: refused"
}

test_complete() {
	expect 0 '^traced completely$' "$@"
	[ "$(tail -n 1 "$planted/out")" = "traced completely" ] || case_failed=y
	result "this kernel: traced completely ($*)"
}

test_absent() {
	plant inet_twsk_kill inet_twsk_kilX
	expect 1 '^not traced completely:$' -q -m "$planted/tcp_teardown.ko"
	said '^  inet_twsk_kilX is absent \((no such function|its prototype is not in BTF)\)$'
	said '^  there is no hook for it: the end of a TIME_WAIT is not seen$'
	result "a hook that is absent is named"
}

test_blind() {
	plant tcp_time_wait tcp_enter_cwr
	expect 1 '^  tcp_enter_cwr is attached and never called$' -q -m "$planted/tcp_teardown.ko"
	said '^  there is no hook for it: a TIME_WAIT that is refused is not seen$'
	said 'IPv4: refused in [A-Z0-9_]+.*: missing'
	result "a hook that is never called is named"
}

test_wrong() {
	plant tcp_send_ack tcp_send_fin
	expect 1 '^  there is no hook for it: ACKs that a closing socket sends are not seen$' \
		-q -m "$planted/tcp_teardown.ko"
	said 'IPv4: ack ACK in FIN_WAIT1 seq [0-9]+ ack [0-9]+: nothing like that was done'
	result "a hook that is called for something else is named"
}

test_off() {
	expect 1 '^  inet_twsk_kill is switched off: the end of a TIME_WAIT is not seen$' \
		-q -p groups=segments,resets,calls
	result "hooks that are off are named"
}

[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -x "$check" ] || skip_all "no $check"
[ -x "$program" ] || skip_all "no $program"
[ -e "$module" ] || skip_all "no $module"
[ -e /dev/net/tun ] || skip_all "no TUN device"
echo "KTAP version 1"
echo "1..7"
[ ! -d /sys/module/tcp_teardown ] || rmmod tcp_teardown || exit 1
test_refused
test_complete
test_complete -q -p attach=kprobe
test_absent
test_blind
test_wrong
test_off
# shellcheck disable=SC2086 # parameters are words
insmod "$module" $TT_ARGS || failed=1
exit "$failed"
