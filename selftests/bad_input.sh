#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Wrong values for the module's parameters and for its files.
#
# Shows: each is refused with EINVAL (ENOMEM if there is too little memory), the kernel's
# log names the parameter or file, and nothing changes; groups of hooks are switched off
# and on; modes and owners of all files.
#
# Modes: icount
# Needs: root, debugfs, python3; it removes the module if it is there, and leaves it
# loaded.

# shellcheck disable=SC2317 # check() calls by name
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# Since the mark the log has a line of the module with that text.
log_has() {
	log_since_mark | grep -qF "tcp_teardown: $1"
}

# attempt FILE TEXT: write it in one call; $error is the error's name, or -.
attempt() {
	local message

	# shellcheck disable=SC2320 # a failed write is what it looks for
	message=$(LC_ALL=C printf '%s' "$2" 2>&1 >"$1")
	case $message in
	'') error=- ;;
	*'Invalid argument'*) error=EINVAL ;;
	*'Cannot allocate memory'*) error=ENOMEM ;;
	*) error=$message ;;
	esac
}

# Everything that a write could change.
state() {
	cat "$debugfs"/{tracing_on,overwrite,buffer_size_kb}
	awk '!/^#/ { print $1, $2, $3, $4 }' "$debugfs/hooks"
	# Except new records: a minisock of an earlier test may end.
	grep -E '^(overwritten|dropped)' "$debugfs/stats"
}

# refused FILE TEXT [ERROR]: the log is rate limited, so try again later.
refused() {
	local before after

	before=$(state)
	mark_log
	attempt "$debugfs/$1" "$2"
	check "$1: '${2:0:40}': $error, not ${3:-EINVAL}" [ "$error" = "${3:-EINVAL}" ]
	if ! log_has "$1: "; then
		sleep 5.5
		mark_log
		attempt "$debugfs/$1" "$2"
		check "$1: '${2:0:40}': nothing in the log" log_has "$1: "
	fi
	after=$(state)
	check "$1: '${2:0:40}' changed something" [ "$before" = "$after" ]
}

test_numbers() {
	local name

	for name in tracing_on overwrite; do
		for text in 2 -1 on; do
			refused $name "$text"
		done
		result "$name: wrong values"
	done
	for text in 0 3 1048577 '4 8' $'\n'; do
		refused buffer_size_kb "$text"
	done
	# Truncated, this would be 64.
	refused buffer_size_kb "$(printf '%034d%s' 10 00)"
	result "buffer_size_kb: wrong values"
}

test_hooks() {
	local text

	for text in +nosuch foo -transitions $'\n' + "+$(printf '%064d' 0)"; do
		refused hooks "$text"
	done
	result "hooks: wrong values"
}

# refused_parameter NAME=VALUE [ERROR]
refused_parameter() {
	local message left

	mark_log
	message=$(insert "$1" 2>&1) && check "$1 is taken" false
	check "$1: $message" grep -q "${2:-Invalid parameters}" <<<"$message"
	check "$1: nothing in the log that names it" log_has "${3:-${1%%=*}: }"
	for left in "$debugfs" "$proc" /sys/module/tcp_teardown; do
		check "$1: $left is left" [ ! -e "$left" ]
	done
}

test_parameters() {
	rmmod tcp_teardown
	for text in buffer_size_kb=3 buffer_size_kb=1048577 buffer_total_kb=3 \
		buffer_total_kb=0 buffer_total_kb=1073741825 attach=foo attach= \
		max_connections=1023 max_connections=4294967295; do
		refused_parameter "$text"
	done
	refused_parameter groups=nosuch '' 'groups: '
	refused_parameter groups=resets,nosuch '' 'groups: '
	if [ "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)" -lt \
		$((1048576 * $(nproc))) ]; then
		refused_parameter "buffer_size_kb=1048576 buffer_total_kb=1073741824" \
			'Cannot allocate memory'
	fi
	check "it does not load again" insert
	result "parameters: wrong values"
}

# connections N: over IPv4 and IPv6, in a namespace; minisocks remain.
connections() {
	ip netns exec tt-input python3 - "$1" <<-'END'
		import socket, sys
		for n in range(int(sys.argv[1])):
		    family = (socket.AF_INET, socket.AF_INET6)[n % 2]
		    with socket.socket(family) as s, socket.socket(family) as c:
		        s.bind((("127.0.0.1", "::1")[n % 2], 0))
		        s.listen()
		        c.connect(s.getsockname())
		        a, _ = s.accept()
		        c.shutdown(socket.SHUT_WR)
		        a.recv(1)
		        a.close()
		        c.recv(1)
	END
}

# events WORD: how many records have that event or detail; "state": how many have a
# transition.
events() {
	awk -v word="$1" '!/^#/ && (word == "state" ? $11 ~ />/ : $7 == word ||
		index($0 " ", "=" word " ")) { n++ } END { print n + 0 }' "$debugfs/trace"
}

# switched WORD GROUP: without the group no record has WORD; with it, records have it
# again.
switched() {
	echo >"$debugfs/trace"
	connections 2
	check "no $1 to begin with" [ "$(events "$1")" -gt 0 ]
	check "-$2" eval "echo -$2 >$debugfs/hooks"
	# shellcheck disable=SC2016 # awk's
	check "hooks does not tell that $2 is off" \
		awk -v group="$2" '$2 == group && $4 != "off" { exit 1 }' "$debugfs/hooks"
	echo >"$debugfs/trace"
	connections 2
	check "$(events "$1") records of $1 without $2" [ "$(events "$1")" = 0 ]
	check "$(events state) transitions" [ "$(events state)" -ge 12 ]
	check "+$2" eval "echo +$2 >$debugfs/hooks"
	connections 2
	check "no $1 after +$2" [ "$(events "$1")" -gt 0 ]
}

# remembered NETNS: whether a connection of that namespace is tracked. Other namespaces
# may hold orphans of another test, which the module adopts when it is loaded.
remembered() {
	awk -v netns="$1" '$1 == netns { n++ } END { exit !n }' "$debugfs/connections"
}

# Minisocks that are created with the group, without it, and that exist when it is
# switched on again.
test_groups() {
	local n=0 netns

	ip netns add tt-input
	ip -n tt-input link set lo up
	for pair in rcv:ACK,segments close,calls born,timewait; do
		switched "${pair%,*}" "${pair#*,}"
		result "-${pair#*,} and +${pair#*,}"
	done
	netns=$(ip netns exec tt-input readlink /proc/self/ns/net | tr -dc '0-9')
	ip netns del tt-input
	until ! remembered "$netns"; do
		[ $((n++)) -lt 200 ] || break
		sleep 0.05
	done
	check "tracked after 10 s: $(cut -c1-120 "$debugfs/connections" | head -n 5 | tr "\n" ";")" \
		[ $n -lt 200 ]
	result "minisocks from before, during and after are untracked when they end"
}

test_modes() {
	local want

	want=$(cd "$debugfs" && find . -type f | sort | awk '{
		mode = "400" }
		/\/(trace|tracing_on|overwrite|buffer_size_kb|hooks|filter|half_closed_data)$/ { mode = "600" }
		{ print $0, mode, "0:0" }')
	check "debugfs" diff <(echo "$want") \
		<(cd "$debugfs" && find . -type f | sort | xargs stat -c '%n %a %u:%g')
	check "/proc" [ "$(stat -c '%a %u:%g' "$proc"/* | sort -u)" = '444 0:0' ]
	check "parameters" [ "$(stat -c '%a %u:%g' /sys/module/tcp_teardown/parameters/* |
		sort -u)" = '444 0:0' ]
	result "modes and owners"
}

[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -e "$module" ] || skip_all "no $module"
unload || skip_all "in use"
insert || exit 1
[ -d "$debugfs" ] || skip_all "needs debugfs"
plan 10
test_modes
test_groups
test_numbers
test_hooks
test_parameters
exit "$failed"
