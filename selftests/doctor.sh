#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: selftests/doctor.sh [TROUBLE...]
#
# tcp-teardown doctor, in front of real troubles.
#
# Shows: each trouble that doctor/play.py brings about, by nginx, haproxy, redis, node and
# others, in a network namespace of its own, is found by its name, with the facts, the owner
# and the certainty that it has; what is fine is called so, with status 0; without root,
# without hooks and without records it says what it did not see.
#
# Needs: root, debugfs, nftables, the servers, tcp-teardown beside the other programs. The
# module is loaded.
#
# The troubles come at the same time, and are looked at once: when they are a minute old.
# Time is real, as a TIME_WAIT has to last until then, and a FIN must not be sent again just
# because idle time was skipped.
#
# With less than two CPUs of the machine for itself it takes longer than a test may, so it is
# run by name, alone: scripts/vm -k 6.1 -t 900 -- selftests/run -o DIR -t 800 doctor.sh
#
# Modes: by name

# shellcheck disable=SC2317 # case functions are called by name
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
here=$(dirname "$(readlink -f "$0")")
tool=${TT_OUTPUT:-../build/selftests}/tcp-teardown
age=66		# seconds; what is older than 60 is looked at
tmp=$(mktemp -d)
pages=(many_time_wait many_close_wait lost_fin lost_last_ack)
playing=() players=()
trap 'stop; rm -rf "$tmp"' EXIT

stop() {
	local name pid

	for name in "${playing[@]}"; do
		for pid in $(ip netns pids "$name" 2>/dev/null); do
			kill -KILL "$pid"
		done
		ip netns del "$name"
	done 2>/dev/null
	[ ${#players[@]} = 0 ] || wait "${players[@]}" 2>/dev/null
	playing=() players=()
}

# Those of docs/troubles.md have two hosts.
hosts_of() {
	local name

	for name; do
		case " ${pages[*]} " in *" $name "*) echo "${name}_client" "${name}_server" ;; esac
	done
}

# play TROUBLE...: they are there, or have failed, when this returns.
play() {
	local name _

	[ $# != 0 ] || return 0
	for name in "$@" $(hosts_of "$@"); do
		ip netns add "$name"
		playing+=("$name")
	done
	TMPDIR=$tmp "$here/doctor/play.py" "$@" >>"$tmp/play" 2>"$tmp/$1.play" &
	players+=("$!")
	for _ in {1..1800}; do
		for name; do
			grep -q "^[a-z]* $name " "$tmp/play" || break
		done
		! grep -q "^[a-z]* $name " "$tmp/play" || break
		sleep 0.1
	done
	grep -q '^failed' "$tmp/play" || return 0
	sed 's/^/# /' "$tmp/play" "$tmp/$1.play"
	return 1
}

netns_of() {
	stat -Lc %i "/run/netns/$1"
}

# look: what the doctor says of all namespaces.
look() {
	"$tool" doctor -j "$@" >"$tmp/all" 2>"$tmp/err"
	sed 's/^/# /' "$tmp/err"
}

# found TROUBLE WORD...: there, the findings that are not fine are these.
found() {
	local netns word

	netns=$(netns_of "$1")
	pid=$(awk -v name="$1" '$2 == name && $1 == "ready" { print $3 }' "$tmp/play")
	[ "$pid" ] || { echo "$1 did not come about"; return 1; }
	shift
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

leak_python() {
	found leak_python LEAK PEER &&
		has LEAK 'CLOSE_WAIT 120' '"certainty":"certain"' 'oldest [0-9]* [sm]' \
			"play.py\[$pid\], port 7005: 120, 60 of them with unread" &&
		has PEER '120 connections whose peer never sent'
}

leak_node() {
	found leak_node LEAK PEER &&
		has LEAK 'CLOSE_WAIT 6' '"certainty":"likely"' 'long answer' \
			'node[-A-Za-z]*\[[0-9]*\], port 8080: 6, all that came was read'
}

leak_pool() {
	found leak_pool LEAK PEER &&
		has LEAK "play.py\[$pid\], to 127.0.0.1:6379: 6" &&
		has PEER '6 connections whose peer' 'redis-server, port 6379: 6'
}

held_open() {
	found held_open HELD LEAK &&
		has HELD 'FIN_WAIT2 with a descriptor: 6, oldest [0-9]* [sm]' \
			"play.py\[$pid\], to 127.0.0.1:7005: 6"
}

waits() {
	found waits WAIT && has WAIT "wait for the peer's window: 1 now" 'to 127.0.0.1:7005: [0-9]* bytes'
}

full() {
	found full ACK FULL && has ACK '16 reset' &&
		has FULL 'TIME_WAIT [0-4] of 4; 16 were refused' '"certainty":"certain"' \
			'nginx, port 8080: 16'
}

ports() {
	found ports PORTS &&
		has PORTS '15 times connect() found no local port' \
			'node[-A-Za-z]*\[[0-9]*\] to 127.0.0.1:6379: 15' \
			'The range has 10 ports' 'tcp_fin_timeout does not shorten TIME_WAIT' 'tcp_tw_recycle'
}

netem() {
	found netem ACK FINS && has FINS 'FINs sent again by who closed first: [1-9]' 'to 127.0.0.1: [1-9]'
}

last_ack() {
	found last_ack ACK &&
		has ACK 'last ACK: \([0-9]*\) FINs came again, \1 were sent again, 0 reset' 'TIME_WAIT was there'
}

gone() {
	found gone FINS GONE && has GONE 'FINs given up: 6 after all' 'tcp_orphan_retries is 1'
}

unread() {
	found unread RESET && has RESET ': 6 of ' 'nginx, port 8080: 6'
}

race() {
	# Of each the balancer's FIN is answered with a RST, too.
	found race RACE || { found race ACK RACE && has ACK 'data came after its close'; } || return 1
	has RACE 'connections were closed here' 'node[-A-Za-z]*, port 8080: [1-9]'
}

syn() {
	found syn SYN &&
		has SYN '5 SYNs came' 'older timestamp): 3; by its sequence number, which is not newer: 2'
}

queue() {
	found queue QUEUE && has QUEUE 'accept queue was full [1-9]' \
		'redis-server\[[0-9]*\], port 6379: 3 wait for accept'
}

queue_reset() {
	found queue_reset QUEUE && has QUEUE '[1-9] answered with a RST' 'tcp_abort_on_overflow 1'
}

never_accepted() {
	found never_accepted QUEUE PEER && has QUEUE '3 peers closed before accept()'
}

bystander() {
	found bystander
}

# Its records are seen, but not those of segments.
without_hooks() {
	echo -segments >"$debugfs/hooks"
	look
	echo +segments >"$debugfs/hooks"
	found leak_node LEAK PEER && has LEAK '"certainty":"possible"' 'hooks: .* off'
}

without_root() {
	ip netns exec leak_node setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$tool" doctor >"$tmp/out" 2>&1
	[ $? = 1 ] || { cat "$tmp/out"; return 1; }
	cat "$tmp/out"
	grep -q '^LEAK .*CLOSE_WAIT 6,.* oldest [0-9]* [sm]' "$tmp/out" &&
		grep -q 'a process of uid 0,.* port 8080: 6' "$tmp/out" &&
		grep -q '^# not seen: .*not root' "$tmp/out"
}

# What was before is not counted, nor is what trace no longer has.
since() {
	ip netns exec unread cat /proc/net/tcp_teardown/summary /proc/net/netstat >"$tmp/before"
	echo >"$debugfs/trace"
	look --since "$tmp/before"
	found unread
}

# Only the first namespace has the bound.
orphans() {
	local bound=/proc/sys/net/ipv4/tcp_max_orphans before

	before=$(cat "$bound")
	echo 2 >"$bound"
	play orphans
	look
	echo "$before" >"$bound"
	found orphans ORPHAN && has ORPHAN '[0-9]* were killed' 'nginx, port 8080: '
}

# Status 0 is for a host where nothing is wrong: seen from that namespace alone.
healthy() {
	found healthy && has FINE 'TIME_WAIT [0-9,]* of' 'Who closes first' 'CLOSE_WAIT 0' \
		'tcp_fin_timeout is for' 'FINs sent again by who closed first: [0-9]* of' \
		'unread data: [0-9]* of' 'no accept queue' || return 1
	ip netns exec healthy setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$tool" doctor >"$tmp/out" 2>&1 || { cat "$tmp/out"; return 1; }
	grep -q '^FINE   TIME_WAIT [0-9,]* of' "$tmp/out" && ! grep -v '^FINE\|^ \|^#' "$tmp/out"
}

# The commands of docs/troubles.md give what they show there; with TT_NEW that is written.
page() {
	local page=$here/../docs/troubles.md new=''

	if [ "${TT_NEW:-}" ]; then
		new=$VM_OUT/troubles.md
		[ ! -e "$new" ] || page=$new
	fi
	(cd "$tmp/$1" && PATH="${tool%/*}:$PATH" \
		"$here/doctor/page.py" "$page" "$1" ${new:+"$new"})
}
many_time_wait() {
	page many_time_wait
}

many_close_wait() {
	page many_close_wait
}

lost_fin() {
	page lost_fin
}

lost_last_ack() {
	page lost_last_ack
}

# try NAME: one case.
try() {
	case " ${pages[*]} " in *" $1 "*)
		[ -e "$here/../docs/troubles.md" ] || { skip "$1" "no docs/troubles.md"; return; }
		;;
	esac
	check "it is not as it should be" "$1" >"$tmp/log" 2>&1 || sed 's/^# //; s/^/# /' "$tmp/log"
	result "$1"
}

try_each() {
	local name

	for name; do
		try "$name"
	done
}

# named NAME...: those of them that were asked for.
named() {
	local name

	for name; do
		[[ -z $asked || " $asked " = *" $name "* ]] && echo "$name"
	done
}

asked=$*
mapfile -t aged < <(named leak_python leak_node leak_pool held_open never_accepted)
mapfile -t aged_page < <(named many_close_wait)
mapfile -t others < <(named waits full ports netem last_ack gone unread race syn \
	queue queue_reset)
# Soon over: FINs are sent again for a minute or two, and a TIME_WAIT is there for one.
mapfile -t fresh < <(named lost_fin lost_last_ack)
mapfile -t freshest < <(named many_time_wait)
mapfile -t fine < <(named bystander healthy)
mapfile -t afterwards < <(named without_hooks without_root since orphans)
[ -x "$tool" ] || skip_all "no tcp-teardown at $tool"
[ -d "$debugfs" ] || skip_all "no debugfs"
for program in nft nginx haproxy redis-server node curl wrk tcpdump; do
	command -v "$program" >"$tmp/which" || skip_all "no $program"
done
all=("${aged[@]}" "${aged_page[@]}" "${others[@]}" "${fresh[@]}" "${freshest[@]}" "${fine[@]}"
	"${afterwards[@]}")
plan ${#all[@]}
size=$(cat "$debugfs/buffer_size_kb")
echo 32768 >"$debugfs/buffer_size_kb"
play "${aged[@]}" "${aged_page[@]}"
young=$SECONDS
play "${others[@]}"
play "${fresh[@]}"
try_each "${fresh[@]}"
play "${freshest[@]}"
try_each "${freshest[@]}"
wait=$((young + age - SECONDS))
sleep $((wait > 0 ? wait : 0))
try_each "${aged_page[@]}"
play "${fine[@]}"
note "looked at after $SECONDS s"
look
try_each "${aged[@]}" "${others[@]}" "${fine[@]}" "${afterwards[@]}"
stop
echo "$size" >"$debugfs/buffer_size_kb"
note "all of it took $SECONDS s"
exit "$failed"
