# shellcheck shell=bash disable=SC2154 # shared with guest
# SPDX-License-Identifier: GPL-2.0
#
# The configurations of the module that are measured: start_NAME, stop_NAME. To be sourced
# by guest. stop_NAME sets $seen to the records per connection, which shows that the
# module ran, and $lost to how many were lost, not counting those that were overwritten
# without a reader.

debugfs=/sys/kernel/debug/tcp_teardown

# 7.x does not, so busy.c can't say how long the CPU was busy.
tells_idle_time() {
	grep -q '\.idle_sleeptime' /proc/timer_list
}

# Parameters of the caller's come last, and count.
parameters=()

insert() {
	insmod "build/$(uname -r)/tcp_teardown.ko" "$@" "${parameters[@]}"
}

stat_of() {
	awk -v name="$1" '$1 == name { print $2 }' $debugfs/stats
}

stop_module() {
	seen_of "$(stat_of written)" "$(stat_of dropped)"
	rmmod tcp_teardown
}

start_loaded_off() {
	insert
	echo 0 >$debugfs/tracing_on
}

start_transitions() { insert groups=transitions,timewait; }
start_all() { insert; }
start_all_v6() { insert; }
start_acks() { insert groups=transitions,segments,timewait,resets,calls,acks; }
start_opens() { insert groups=transitions,segments,timewait,resets,calls,opens; }

start_filtered_out() {
	insert
	echo 'port == 1' >$debugfs/filter
}

start_filtered_in() {
	insert
	echo 'port != 1' >$debugfs/filter
}

# read_from SOURCE: into a file in memory, until the module is stopped.
read_from() {
	cat "$1" >"$out/read" &
	reader=$!
}

# The file is complete: the reader has had a minute.
stop_reader() {
	kill "$reader"
	wait "$reader" || true
	[ "$(stat_of read)" = "$(stat_of written)" ] || {
		echo "guest: the reader missed records" >&2
		exit 1
	}
	rm "$out/read"
	stop_module
}

start_raw_reader() { insert; read_from $debugfs/per_cpu/cpu0/trace_pipe_raw; }
start_text_reader() { insert; read_from $debugfs/trace_pipe; }

for name in loaded_off transitions all all_v6 acks opens filtered_out filtered_in; do
	eval "stop_$name() { stop_module; }"
done
for name in raw_reader text_reader; do
	eval "stop_$name() { stop_reader; }"
done
