#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Others at work on the functions that the module hooks: the function tracer, the function
# graph tracer, kprobes and a kretprobe of tracefs, programs of BPF at fentry and at the
# tracepoint inet_sock_set_state, and an ops of ftrace as livepatch has it.
#
# Shows: attached before the module and after it, all see each call, and the module's
# records are those that it makes alone; when one goes, the others go on; in the end no
# function is left hooked, and the log has no splat.
#
# Needs: root, debugfs, tracefs, python3. tcpconnlat and tcpstates of libbpf-tools, and
# redirect.ko (coexist/, by scripts/test -s tools), or these are left out, which the case says.
# With $TT_DEEP it also takes bcc's tcplife and bpftrace, which compile for minutes where
# the guest is emulated. Loads the module itself, with $TT_ARGS.
#
# Modes: by name

# shellcheck disable=SC2317,SC2119 # check() calls by name; parameters are not needed
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
tracing=/sys/kernel/tracing
instance=$tracing/instances/coexist
redirect=${TT_REDIRECT:-../build/coexist/$(uname -r)/redirect.ko}
functions=(tcp_rcv_state_process __tcp_close inet_twsk_kill tcp_fin)
connections=3
pids=() without=''

make_closes() {
	local i

	for ((i = 0; i < connections; i++)); do
		connect_and_close
	done
	sleep 0.5
}

# What the module holds, without numbers; sorted, as two ends race, and without what
# happens a minute later.
records() {
	awk '!/^#/ && $7 != "expired" { print $7, $11 }' $debugfs/trace | sort
}

is_there() {
	grep -qw "$1" "$tracing/available_filter_functions"
}

# watch NAME TEXT COMMAND...: in the background; it is ready once it has said TEXT.
watch() {
	local name=$1 text=$2 tries

	shift 2
	if ! command -v "$1" >/dev/null; then
		without+=" $name"
		return
	fi
	"$@" >>"$dir/$name" 2>&1 &	# it is truncated while it is written
	pids+=($!)
	for ((tries = 0; tries < 2400; tries++)); do
		! grep -qs "$text" "$dir/$name" || return 0
		sleep 0.5
	done
	note "$name does not begin: $(head -c 1000 "$dir/$name")"
	return 1
}

function_tracers_on() {
	local name

	mkdir -p "$instance"
	for name in "${functions[@]}"; do
		is_there "$name" || continue
		echo "$name" >>"$instance/set_ftrace_filter"
		echo "$name" >>"$tracing/set_ftrace_filter"
	done
	echo function >"$instance/current_tracer"
	echo function_graph >"$tracing/current_tracer"
}

kprobes_on() {
	printf '%s\n' 'p:coexist/rcv tcp_rcv_state_process' 'r:coexist/rcv_ret tcp_rcv_state_process' \
		'p:coexist/close __tcp_close' >>"$tracing/kprobe_events"
	echo 1 >"$tracing/events/coexist/enable"
}

others_on() {
	without=''
	check "function tracers" function_tracers_on
	check "kprobes" kprobes_on
	check "tcpconnlat" watch tcpconnlat PID stdbuf -oL tcpconnlat
	check "tcpstates" watch tcpstates SKADDR stdbuf -oL tcpstates
	if [ "${TT_DEEP:-}" ]; then
		check "tcplife" watch tcplife PID stdbuf -oL tcplife-bpfcc
		# shellcheck disable=SC2016
		check "bpftrace" watch bpftrace attached bpftrace -e 'BEGIN { printf("attached\n"); }
			kprobe:tcp_set_state { printf("set_state\n"); }
			kfunc:tcp_rcv_state_process { printf("rcv\n"); }'
	fi
	if [ -e "$redirect" ]; then
		check "redirect" insmod "$redirect"
	else
		without+=" redirect"
	fi
}

others_off() {
	local pid

	for pid in "${pids[@]}"; do
		kill -INT "$pid"
		wait "$pid"
	done
	pids=()
	! grep -q ^redirect /proc/modules || check "redirect stays" rmmod redirect
	echo 0 >"$tracing/events/coexist/enable"
	check "the kprobes stay" eval "echo >$tracing/kprobe_events"
	echo nop >"$tracing/current_tracer"
	echo nop >"$instance/current_tracer"
	echo >"$tracing/set_ftrace_filter"
	check "the instance stays" rmdir "$instance"
}

redirected() {
	cat /sys/module/redirect/parameters/calls 2>/dev/null
}

begin() {
	local name

	echo >"$tracing/trace"
	echo >"$instance/trace"
	for name in tcpconnlat tcpstates tcplife bpftrace; do
		: >"$dir/$name"
	done
	[ ! -d $debugfs ] || echo >$debugfs/trace
	before=$(redirected)
	hits=$(hits_of tcp_rcv_state_process)
}

hits_of() {
	[ ! -d $debugfs ] || awk -v name="$1" '$1 == name { sum += $5 } END { print sum + 0 }' $debugfs/hooks
}

count() {
	grep -c "$1" "$2"
}

# All others have seen each call: as often as the function tracer, which is at least once
# for each connection and end.
others_see() {
	local calls

	calls=$(count ': tcp_rcv_state_process <-' "$instance/trace")
	check "the function tracer saw $calls" [ "$calls" -ge $((connections * 3)) ]
	check "function_graph saw $(count 'tcp_rcv_state_process()' "$tracing/trace") of $calls" \
		[ "$(count 'tcp_rcv_state_process()' "$tracing/trace")" = "$calls" ]
	check "a kprobe saw $(count ' rcv: ' "$tracing/trace") of $calls" \
		[ "$(count ' rcv: ' "$tracing/trace")" = "$calls" ]
	check "a kretprobe saw $(count ' rcv_ret: ' "$tracing/trace") of $calls" \
		[ "$(count ' rcv_ret: ' "$tracing/trace")" = "$calls" ]
	check "a kprobe saw $(count ' close: ' "$tracing/trace") closes" \
		[ "$(count ' close: ' "$tracing/trace")" = "$(count ': __tcp_close <-' "$instance/trace")" ]
	[[ $without = *redirect* ]] || check "redirect saw $(($(redirected) - before)) of $calls" \
		[ $(($(redirected) - before)) = "$calls" ]
	[[ $without = *tcpconnlat* ]] || check "tcpconnlat saw: $(cat "$dir/tcpconnlat")" \
		[ "$(count python3 "$dir/tcpconnlat")" = "$connections" ]
	[[ $without = *tcpstates* ]] || check "tcpstates saw: $(cat "$dir/tcpstates")" \
		[ "$(count 'LAST_ACK .*CLOSE' "$dir/tcpstates")" = "$connections" ]
	[ -z "${TT_DEEP:-}" ] || check "tcplife saw: $(cat "$dir/tcplife")" \
		[ "$(count python3 "$dir/tcplife")" -ge "$connections" ]
	[ -z "${TT_DEEP:-}" ] || check "bpftrace saw $(count ^rcv "$dir/bpftrace")" \
		[ "$(count ^rcv "$dir/bpftrace")" = "$calls" ]
}

ours_sees() {
	check "other records" [ "$(records)" = "$alone" ] || diff <(echo "$alone") <(records) | sed 's/^/# /'
	[ ! -d "$instance" ] || check "the module saw $(($(hits_of tcp_rcv_state_process) - hits))" \
		[ $(($(hits_of tcp_rcv_state_process) - hits)) = "$(count ': tcp_rcv_state_process <-' "$instance/trace")" ]
}

# Once nobody is left.
is_clean() {
	check "hooked: $(cat "$tracing/enabled_functions")" [ -z "$(cat "$tracing/enabled_functions")" ]
	check "kprobes: $(cat /sys/kernel/debug/kprobes/list)" [ -z "$(cat /sys/kernel/debug/kprobes/list)" ]
	check "$(log_since_mark)" not grep -qE 'WARNING|BUG|Call Trace|ftrace:.*fail' <(log_since_mark)
}

[ "$(id -u)" = 0 ] || skip_all "needs root"
mountpoint -q "$tracing" || mount -t tracefs tracefs "$tracing" 2>/dev/null
[ -e "$tracing/available_filter_functions" ] || skip_all "no function tracer"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unload
plan 6
mark_log

insert
make_closes
echo >$debugfs/trace
make_closes
alone=$(records)
check "no records" [ "$(grep -c CLOSE <<<"$alone")" -ge "$connections" ]
unload
is_clean
result "the module alone"

others_on
insert
begin
make_closes
others_see
ours_sees
result "others were there first: all see each call${without:+, but not tried:$without}"
others_off
echo >$debugfs/trace
make_closes
ours_sees
result "the others have gone, the module goes on"
unload
is_clean
result "nothing is left"

insert
others_on
begin
make_closes
others_see
ours_sees
result "the module was there first: all see each call${without:+, but not tried:$without}"
unload
begin
make_closes
others_see
others_off
is_clean
result "the module has gone, the others go on, and nothing is left"
[ -d /sys/module/tcp_teardown ] || insert
exit "$failed"
