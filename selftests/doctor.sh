#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tcp-teardown doctor, in front of real troubles.
#
# Shows: each trouble that doctor/play.py brings about, in a network namespace of its own,
# is found by its name, with the facts, the owner and the certainty that it has; what is
# fine is called so, with status 0; without root, without hooks and without the module it
# says what it did not see.
#
# Needs: root, debugfs, nftables, tcp-teardown beside the other programs. The module is
# loaded.
#
# An age may be more than what was waited for: time is skipped, by minutes where the machine
# outside is busy. So full, ports, fins and orphans, in which TIME_WAIT must last or a FIN be
# sent again just once, run only where they are named, on a machine that does nothing else.
#
# Modes: icount

dir=/sys/kernel/debug/tcp_teardown
here=$(dirname "$(readlink -f "$0")")
tool=${TT_OUTPUT:-../build/selftests}/tcp-teardown
done=0 failed=0
pid='' netns=''
tmp=$(mktemp -d)
trap 'stop; rm -rf "$tmp"' EXIT

stop() {
	[ -z "$pid" ] || { kill "$pid"; wait "$pid"; } 2>/dev/null
	ip netns del doctor 2>/dev/null
	pid=''
}

check() {
	local name=$1

	shift
	done=$((done + 1))
	if "$@" >"$tmp/log" 2>&1; then
		echo "ok $done $name"
	else
		sed 's/^/# /' "$tmp/log"
		echo "not ok $done $name"
		failed=1
	fi
	stop
}

skip_all() {
	echo "KTAP version 1"
	echo "1..0 # SKIP $*"
	exit 4
}

# play TROUBLE [SECONDS]: and so long afterwards.
play() {
	local _

	echo >"$dir/trace"
	ip netns add doctor && ip -n doctor link set lo up || return 1
	netns=$(stat -Lc %i /run/netns/doctor)
	ip netns exec doctor "$here/doctor/play.py" "$1" >"$tmp/play" 2>&1 &
	pid=$!
	for _ in {1..600}; do
		! grep -q ready "$tmp/play" || break
		kill -0 "$pid" || break
		sleep 0.1
	done
	cat "$tmp/play"
	grep -q ready "$tmp/play" || return 1
	sleep "${2:-0}"
}

# doctor WORDS...: the findings of that namespace that are not fine are these.
doctor() {
	local word

	"$tool" doctor -j >"$tmp/all" 2>"$tmp/err"
	cat "$tmp/err"
	[ ! -s "$tmp/err" ] || return 1
	grep -F "\"netns\":$netns," "$tmp/all" >"$tmp/found"
	cat "$tmp/found"
	diff <(for word; do echo "$word"; done | sort) \
		<(sed 's/.*"word":"\([A-Z]*\)".*/\1/' "$tmp/found" | grep -v FINE | sort)
}

# has WORD PATTERN...: that finding has each of them.
has() {
	local pattern

	for pattern in "${@:2}"; do
		grep "\"word\":\"$1\"" "$tmp/found" | grep -q -- "$pattern" && continue
		echo "$1 has no $pattern"
		return 1
	done
}

leak() {
	play leak 70 && doctor LEAK PEER &&
		has LEAK 'CLOSE_WAIT 6' '"certainty":"likely"' "play.py\[$pid\], port 7005: 6, 3 of them with unread" \
			'oldest [0-9]* [sm]' 'long answer' || return 1
	sleep 600
	doctor LEAK PEER && has LEAK '"certainty":"certain"' 'oldest [0-9]* m' &&
		has PEER '6 connections whose peer never sent'
}

full() {
	play full && doctor FULL ACK && has ACK '16 reset' && has FULL 'TIME_WAIT 4 of 4.*; 16 were refused' '"certainty":"certain"'
}

ports() {
	play ports && doctor PORTS &&
		has PORTS '15 times connect() found no local port' '10 of 10 ports are in use to 127.0.0.1:7005' \
			"play.py\[$pid\] to 127.0.0.1:7005: 15" 'The range has 10 ports'
}

fins() {
	play fins && doctor FINS && has FINS 'FINs sent again by who closed first: 6 of 12' \
		'to 127.0.0.1: 6' 'look alike'
}

last_ack() {
	play last_ack && doctor ACK &&
		has ACK 'last ACK: \([0-9]*\) FINs came again, \1 were sent again, 0 reset' 'TIME_WAIT was there'
}

gone() {
	play gone && doctor GONE FINS && has GONE 'FINs given up: 6 after all' 'tcp_orphan_retries is 1'
}

waits() {
	play waits && doctor WAIT && has WAIT "wait for the peer's window: 1 now" 'to 127.0.0.1:7005: [0-9]* bytes'
}

held() {
	play held_open 70 && doctor HELD LEAK &&
		has HELD 'FIN_WAIT2 with a descriptor: 6, oldest [0-9]* [sm]' "play.py\[$pid\], to 127.0.0.1:7005: 6"
}

# Only the first namespace has the bound.
orphans() {
	local bound=/proc/sys/net/ipv4/tcp_max_orphans before status

	before=$(cat $bound)
	echo 2 >$bound
	play orphans 1 && doctor ORPHAN && has ORPHAN '[0-9]* were killed' 'play.py, port 7005: '
	status=$?
	echo "$before" >$bound
	return $status
}

unread() {
	play unread && doctor RESET && has RESET ': 6 of 12 ends' 'play.py, port 7005: 6'
}

race() {
	play race && doctor RACE && has RACE '6 connections were closed here' 'play.py, port 7005: 6'
}

syn() {
	play syn && doctor SYN &&
		has SYN '5 SYNs came' 'older timestamp): 3; by its sequence number, which is not newer: 2'
}

queue() {
	play queue && doctor QUEUE && has QUEUE 'accept queue was full [1-9]' 'port 7005: 1 wait for accept'
}

queue_reset() {
	play queue_reset && doctor QUEUE && has QUEUE '[1-9] answered with a RST' 'tcp_abort_on_overflow 1'
}

never_accepted() {
	play never_accepted 70 && doctor QUEUE PEER && has QUEUE '3 peers closed before accept()'
}

# Status 0 is for a host where nothing is wrong: seen from that namespace alone.
healthy() {
	play healthy && doctor && has FINE 'TIME_WAIT [0-9]* of' 'CLOSE_WAIT 0' 'FINs sent again 0 of 120' \
		'unread data: 0 of' 'no accept queue' || return 1
	ip netns exec doctor setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$tool" doctor >"$tmp/out" 2>&1 || { cat "$tmp/out"; return 1; }
	grep -q '^FINE   TIME_WAIT [0-9]* of' "$tmp/out" && ! grep -v '^FINE\|^ \|^#' "$tmp/out"
}

without_hooks() {
	echo -segments >"$dir/hooks"
	play leak 700 && doctor LEAK PEER
	local status=$?

	echo +segments >"$dir/hooks"
	[ "$status" = 0 ] && has LEAK '"certainty":"likely"' 'hooks: .* off'
}

without_root() {
	play leak 700 || return 1
	ip netns exec doctor setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$tool" doctor >"$tmp/out" 2>&1
	[ $? = 1 ] || { cat "$tmp/out"; return 1; }
	cat "$tmp/out"
	grep -q '^LEAK .*CLOSE_WAIT 6, oldest [0-9]* m' "$tmp/out" &&
		grep -q 'a process of uid 0,.* port 7005: 6' "$tmp/out" &&
		grep -q '^# not seen: .*not root' "$tmp/out"
}

# What was before is not counted, nor is what trace no longer has.
since() {
	play unread && doctor RESET || return 1
	ip netns exec doctor cat /proc/net/tcp_teardown/summary /proc/net/netstat >"$tmp/before"
	echo >"$dir/trace"
	"$tool" doctor -j --since "$tmp/before" >"$tmp/all"
	grep -F "\"netns\":$netns," "$tmp/all"
	! grep -F "\"netns\":$netns," "$tmp/all" | grep RESET
}

[ -x "$tool" ] || skip_all "no tcp-teardown at $tool"
[ -d "$dir" ] || skip_all "no debugfs"
[ -x /usr/sbin/nft ] || skip_all "no nftables"
tests=(healthy leak last_ack gone waits held unread race syn queue queue_reset
	never_accepted without_hooks without_root since)
[ $# = 0 ] || tests=("$@")
echo "KTAP version 1"
echo "1..${#tests[@]}"
for test in "${tests[@]}"; do
	check "$test" "$test"
done
[ "$failed" = 0 ]
