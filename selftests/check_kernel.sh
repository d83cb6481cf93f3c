#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scripts/check-kernel says "traced completely" on this kernel. For copies of the module
# in which a hook is renamed, it says which hook is at fault, and what is not seen.
#
#	inet_twsk_kilX			no such function: absent
#	tcp_enter_cwr, not tcp_time_wait	takes a socket, and is not called: blind
#	tcp_send_fin, not tcp_send_ack	called at other events: wrong, and garbage
#	groups=calls,resets,segments	off
#	attach=kprobe			complete, too
#	loaded already, not root	refused
#
# Modes: icount
#
# Needs: root, debugfs, a TUN device, a kernel that may unload modules; it removes the
# module if it is there, and leaves it loaded.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
checker=../scripts/check-kernel
program=${TT_OUTPUT:-.}/check_kernel
planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT

# concluded TITLE: the end of a case, with the output of check-kernel if it failed.
concluded() {
	[ -z "$case_failed" ] || sed 's/^/# /' "$planted/out"
	result "$@"
}

# expect STATUS PATTERN [ARG...]: check-kernel's exit status, and a pattern in its output.
expect() {
	local status pattern=$2 want=$1

	shift 2
	"$checker" -b "$program" -m "$module" "$@" >"$planted/out" 2>&1
	status=$?
	check "status $status, not $want" [ "$status" = "$want" ]
	said "$pattern"
	check "the module is still loaded" not is_loaded
}

said() {
	check "does not say: $1" grep -qE "$1" "$planted/out"
}

# plant NAME OTHER: copy the module and rename a hook; OTHER has the same length.
plant() {
	LC_ALL=C sed "s/\\x00$1\\x00/\\x00$2\\x00/g" "$module" >"$planted/tcp_teardown.ko"
	check "nothing is planted" not cmp -s "$module" "$planted/tcp_teardown.ko"
}

test_refused() {
	insmod "$module"
	"$checker" -b "$program" -m "$module" >"$planted/out"
	check "status $?, not 2" [ $? = 2 ]
	said '^could not be checked: the module is loaded already'
	check "the module was removed" is_loaded
	rmmod tcp_teardown
	expect 2 '^could not be checked: there is no /nowhere.ko' -m /nowhere.ko
	concluded "a module that is loaded, or not there: refused"
}

test_complete() {
	expect 0 '^traced completely$' "$@"
	check "that is not the last line" [ "$(tail -n 1 "$planted/out")" = "traced completely" ]
	concluded "this kernel: traced completely ($*)"
}

test_absent() {
	plant inet_twsk_kill inet_twsk_kilX
	expect 1 '^not traced completely:$' -q -m "$planted/tcp_teardown.ko"
	said '^  inet_twsk_kilX is absent \((no such function|its prototype is not in BTF)\)$'
	said '^  there is no hook for it: the end of a TIME_WAIT is not seen$'
	concluded "a hook that is absent is named"
}

test_blind() {
	plant tcp_time_wait tcp_enter_cwr
	expect 1 '^  tcp_enter_cwr is attached and never called$' -q -m "$planted/tcp_teardown.ko"
	said '^  there is no hook for it: a TIME_WAIT that is refused is not seen$'
	said 'IPv4: refused in [A-Z0-9_]+.*: missing'
	concluded "a hook that is never called is named"
}

test_wrong() {
	plant tcp_send_ack tcp_send_fin
	expect 1 '^  there is no hook for it: ACKs that a closing socket sends are not seen$' \
		-q -m "$planted/tcp_teardown.ko"
	said 'IPv4: ack ACK in FIN_WAIT1 seq [0-9]+ ack [0-9]+: nothing like that was done'
	concluded "a hook that is called for something else is named"
}

test_off() {
	expect 1 '^  inet_twsk_kill is switched off: the end of a TIME_WAIT is not seen$' \
		-q -p groups=segments,resets,calls
	concluded "hooks that are off are named"
}

[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -x "$checker" ] || skip_all "no $checker"
[ -x "$program" ] || skip_all "no $program"
[ -e "$module" ] || skip_all "no $module"
[ -e /dev/net/tun ] || modprobe -q tun || skip_all "no TUN device"
plan 7
unload || exit 1
test_refused
test_complete
test_complete -q -p attach=kprobe
test_absent
test_blind
test_wrong
test_off
# shellcheck disable=SC2119 # no parameters
insert || failed=1
exit "$failed"
