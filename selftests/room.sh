#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The default of max_connections: without the parameter, with 0, and with a higher
# tcp_max_tw_buckets.
#
# Shows: the parameter's file and stats show the number in force: a sixteenth of the
# memory, by the size of an object of the slab, or four thirds of tcp_max_tw_buckets,
# within the bounds; the hash table is a small part of the memory.
#
# Needs: root, debugfs; it loads the module itself.

# shellcheck disable=SC2317 # check() calls by name
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
parameter=/sys/module/tcp_teardown/parameters/max_connections
buckets=/proc/sys/net/ipv4/tcp_max_tw_buckets

load() {
	unload
	insert "$@"
}

# shown: the number, equal in both files.
shown() {
	check "stats has another number" [ "$(stat_of connections_max)" = "$(cat "$parameter")" ]
	cat "$parameter"
}

# Computed from the kernel's pages and the connections in one: within 2 % of the number
# shown.
by_memory() {
	local kilobytes size each

	kilobytes=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)
	size=$(cat /sys/kernel/slab/tcp_teardown_conn/slab_size)
	each=$((4096 / size))
	echo $((kilobytes * each / 64))
}

is_about() {
	[ "$1" -ge $(($2 * 98 / 100)) ] && [ "$1" -le $(($2 * 102 / 100)) ]
}

plan 4
before=$(cat "$buckets")
load
want=$(by_memory)
[ "$want" -ge $((before + before / 3)) ] || want=$((before + before / 3))
check "$(shown), not $want" is_about "$(shown)" "$want"
# Half of it, rounded up to a power of two, in pointers: at most 8 bytes per connection.
check "$(shown) is more than an 800th of the memory for the hash table" \
	[ $(($(shown) * 8 / 1024)) -le $(($(awk '/^MemTotal/ { print $2 }' /proc/meminfo) / 400)) ]
result "without the parameter the limit follows the memory"
load max_connections=0
check "$(shown), not $want" is_about "$(shown)" "$want"
result "max_connections=0 means the same"
echo $((want * 2)) >"$buckets"
load
more=$((want * 2 + want * 2 / 3))
check "$(shown), not $more" [ "$(shown)" = "$more" ]
echo 100000000 >"$buckets"
load
check "$(shown) is beyond the bounds" [ "$(shown)" = 16777216 ]
result "the limit follows tcp_max_tw_buckets, within bounds"
echo "$before" >"$buckets"
load max_connections=2000
check "$(shown), not 2000" [ "$(shown)" = 2000 ]
result "a given number is used"
load
exit "$failed"
