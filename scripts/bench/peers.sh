# shellcheck shell=bash disable=SC2034,SC2154 # shared with guest
# SPDX-License-Identifier: GPL-2.0
#
# Other tools that can trace how TCP connections end, each configured to see as much as it
# can: start_peer_NAME, stop_peer_NAME. To be sourced by guest. Their output goes into a
# file in memory, as the module's does. stop_peer_NAME leaves in $seen the events that a
# connection had, and in $lost how many were lost.

tracefs=/sys/kernel/tracing
state_event=sock:inet_sock_set_state

# Tools that take long to start keep running for all their samples.
slow=(peer_bpftrace_count peer_bpftrace_print peer_tcpstates peer_tcpstates_bcc
	peer_tcplife peer_tcplife_bcc)

# What all samples since the start have made.
made() {
	echo $((connections * samples))
}

# seen_of EVENTS LOST
seen_of() {
	seen=$(awk -v n="$1" -v c="$(made)" 'BEGIN { printf "%.2f", n / c }')
	lost=$2
}

# background COMMAND...: run it until it is stopped; its output goes to files.
background() {
	"$@" >"$out/stdout" 2>"$out/stderr" </dev/null &
	peer=$!
}

# until_says FILE PATTERN: wait until it is ready. Time is skipped meanwhile.
until_says() {
	until grep -q "$2" "$out/$1"; do
		kill -0 "$peer" 2>/dev/null || { cat "$out/stderr" >&2; return 1; }
		sleep 1
	done
}

# until_polls: wait until it waits for events, not for the host's disk.
until_polls() {
	local call

	until read -r call _ <"/proc/$peer/syscall" && [ "$call" = 7 ]; do
		kill -0 "$peer" || return 1
		sleep 1
	done
}

interrupt() {
	kill -INT "$peer"
	wait "$peer" || true
}

# number_before WORDS FILE: the sum of the numbers before WORDS.
number_before() {
	grep -oE "[0-9]+ $1" "$out/$2" | awk '{ n += $1 } END { print n + 0 }'
}

# --- ftrace ------------------------------------------------------------------

ring_stat() {
	awk -F': ' -v name="$1" '$1 == name { print $2 }' $tracefs/per_cpu/cpu0/stats
}

# Its ring is as large as the module's.
ftrace_clear() {
	echo 4096 >$tracefs/buffer_size_kb
	echo >$tracefs/trace
}

# Overwritten events count as seen, because there is no reader, as with the module.
ftrace_seen() {
	seen_of $(($(ring_stat entries) + $(ring_stat overrun))) "$(ring_stat 'dropped events')"
	echo >$tracefs/trace
}

start_peer_ftrace_state() {
	ftrace_clear
	echo 1 >$tracefs/events/${state_event/:/\/}/enable
}

stop_peer_ftrace_state() {
	echo 0 >$tracefs/events/${state_event/:/\/}/enable
	ftrace_seen
}

# What the module hooks: "tracepoint NAME" or "function NAME".
hooked() {
	insert
	awk '$4 == "attached" { print $3 == "tracepoint" ? $3 : "function", $1 }' "$debugfs/hooks"
	rmmod tcp_teardown
}

start_peer_ftrace_kprobes() {
	local kind name

	hooked >"$out/hooked"
	ftrace_clear
	while read -r kind name; do
		if [ "$kind" = tracepoint ]; then
			echo 1 | tee $tracefs/events/*/"$name"/enable >/dev/null
		else
			echo "p:bench/$name $name \$arg1 \$arg2" >>$tracefs/kprobe_events
		fi
	done <"$out/hooked"
	echo 1 >$tracefs/events/bench/enable
}

stop_peer_ftrace_kprobes() {
	echo 0 >$tracefs/events/enable
	ftrace_seen
	echo >$tracefs/kprobe_events
}

start_peer_tracecmd() {
	background trace-cmd record -e $state_event -o "$out/dat"
	until [ "$(cat $tracefs/events/${state_event/:/\/}/enable)" = 1 ]; do sleep 1; done
	sleep 10
}

stop_peer_tracecmd() {
	interrupt
	trace-cmd report -i "$out/dat" >"$out/report" 2>&1
	seen_of "$(grep -c inet_sock_set_state: "$out/report")" \
		"$(number_before 'EVENTS DROPPED' report)"
	rm "$out/dat"
}

# --- perf, tcpdump -----------------------------------------------------------

start_peer_perf() {
	background perf record -a -e $state_event -o "$out/data"
	until_polls
}

stop_peer_perf() {
	interrupt
	perf script -i "$out/data" >"$out/report" 2>"$out/stderr"
	perf report -i "$out/data" --stats >"$out/stats" 2>/dev/null
	seen_of "$(grep -c inet_sock_set_state: "$out/report")" \
		"$(awk '/LOST/ { n += $NF } END { print n + 0 }' "$out/stats")"
	rm "$out/data"
}

start_peer_tcpdump() {
	background tcpdump -i lo -w "$out/pcap" 'tcp[tcpflags] & (tcp-fin|tcp-rst) != 0'
	until_says stderr 'listening on'
}

stop_peer_tcpdump() {
	interrupt
	seen_of "$(number_before 'packets captured' stderr)" \
		"$(number_before 'packets dropped by kernel' stderr)"
	rm "$out/pcap"
}

# --- BPF ---------------------------------------------------------------------

start_peer_bpftrace_count() {
	# shellcheck disable=SC2016 # bpftrace's own
	background bpftrace -e "tracepoint:$state_event"'
		/args->protocol == 6/ { @[args->oldstate, args->newstate] = count(); }'
	until_says stdout Attaching
	sleep 5
}

stop_peer_bpftrace_count() {
	interrupt
	seen_of "$(awk '/^@/ { n += $NF } END { print n + 0 }' "$out/stdout")" 0
}

start_peer_bpftrace_print() {
	# shellcheck disable=SC2016 # bpftrace's own
	background bpftrace -e "tracepoint:$state_event"'
		/args->protocol == 6/ { printf("%llu %d %s %s:%d %s:%d %d %d\n", nsecs, pid, comm,
			ntop(args->saddr), args->sport, ntop(args->daddr), args->dport,
			args->oldstate, args->newstate); }'
	until_says stdout Attaching
	sleep 5
}

stop_peer_bpftrace_print() {
	interrupt
	seen_of "$(grep -cE '^[0-9]+ ' "$out/stdout")" \
		"$(number_before events stderr)"
}

# start_lines COMMAND...: it prints a line an event, below a head.
start_lines() {
	background env PYTHONUNBUFFERED=1 stdbuf -oL "$@"
	until_says stdout 'COMM' || { why="it ended before it printed anything"; return 1; }
	sleep 5
}

stop_lines() {
	interrupt
	seen_of "$(grep -c '127\.0\.0\.1' "$out/stdout")" "$(number_before samples stderr)"
}

# bcc compiles against the kernel's headers, which it looks up by uname -r. $headers is
# the host's directory.
provide_headers() {
	local modules=/lib/modules/$(uname -r) common=("${headers%/*}"/linux-headers-*-common)

	[ ! -e "$modules/build/include" ] || return 0
	mkdir "$out/modules"
	ln -s "$headers" "$out/modules/build"
	ln -s "${common[0]}" "$out/modules/source"
	mount --bind "$out/modules" "$modules"
}

start_peer_tcpstates() { start_lines tcpstates; }
start_peer_tcplife() { start_lines tcplife; }
start_peer_tcpstates_bcc() { provide_headers; start_lines tcpstates-bpfcc; }
start_peer_tcplife_bcc() { provide_headers; start_lines tcplife-bpfcc; }

# shellcheck disable=SC2034 # guest prints it
start_peer_retis() {
	why="no suite of Debian's archive has it, up to sid of November 2026"
	return 1
}

for name in tcpstates tcplife tcpstates_bcc tcplife_bcc; do
	eval "stop_peer_$name() { stop_lines; }"
done
