#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: selftests/planted/load.sh DIR
#
# Loads modules that were built with wrong assumptions about the kernel:
# scripts/module-plants has built them, as DIR/NAME/tcp_teardown.ko.
#
# Shows: a module built with a different size of a structure, or with a member at another
# offset, does not load, and the log says which; a static function with another prototype
# is not hooked, the file hooks names the argument, and the records that depend on it are
# still correct; a function that the compiler has split is reported in hooks.
#
# Needs: root, debugfs, BTF of the kernel, python3.

# shellcheck disable=SC2317 # check() calls by name
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/../lib.sh"
dir=$1

# concluded TITLE: the end of a case; the module is removed.
concluded() {
	result "$@"
	unload
}

# load NAME PARAMETER...
load() {
	mark_log
	insmod "$dir/$1/tcp_teardown.ko" "${@:2}"
}

log_has() {
	log_since_mark | grep -qE "$1"
}

hooks_has() {
	grep -qE "$1" "$debugfs/hooks"
}

refused() {
	check "$1 loads" not load "$1" 2>/dev/null
	check "the log does not say why" log_has "$2"
	concluded "$3"
}

# A counter that is 0 has no line.
counter() {
	awk -v name="$1" '$1 == name { value = $2 } END { print value + 0 }' \
		/proc/net/tcp_teardown/summary
}

# One connection whose first closer ends as a minisock, in TIME_WAIT.
end_in_time_wait() {
	python3 -c '
import socket, time
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server = listener.accept()[0]
client.close()
server.recv(1)
server.close()
time.sleep(70)'
}

static_kill() {
	check "static_kill does not load" load static_kill
	check "hooks does not say why" \
		hooks_has '^inet_twsk_kill .* absent .*argument 1 is not struct sock \* tw$'
	check "hooks does not say what is lost" \
		hooks_has '^# not seen: when and why a minisock dies \(inet_twsk_kill: '
	check "births are not seen" hooks_has '^inet_twsk_hashdance.* attached '
	end_in_time_wait
	check "$(counter minisock_death_unseen) died unseen" [ "$(counter minisock_death_unseen)" = 1 ]
	check "$(counter minisock_killed) were killed" [ "$(counter minisock_killed)" = 0 ]
	check "there is no verdict" grep -qE '^end=(three|four)_way +2$' /proc/net/tcp_teardown/summary
	check "a connection is left" not grep -v '^#' /proc/net/tcp_teardown/connections
	concluded "deaths without their hook: births, verdicts and the memory are right"
}

static_ack() {
	check "static_ack does not load" load static_ack groups=all
	check "hooks does not say why" \
		hooks_has '^tcp_v4_send_ack .* absent .*argument 3 is not u32 ack$'
	check "its twin is not attached" hooks_has '^tcp_v6_send_response .* attached '
	concluded "a static function whose arguments have changed places is not hooked"
}

split() {
	check "split does not load" load split groups=all
	check "hooks does not tell of the part" \
		hooks_has '^# perhaps not seen: ACKs sent \(the compiler has split __tcp_send_ack\.(part|isra|constprop)\.[0-9]+ off'
	concluded "a function that is split is reported"
}

[ -e /sys/kernel/btf/vmlinux ] || skip_all "this kernel has no BTF"
unload || exit 1
plan 6
refused size 'struct sock_common: size is [0-9]+ in this kernel, and [0-9]+ in that' \
	"a structure of another size"
refused offset 'struct tcp_sock: rcv_nxt is [0-9]+ in this kernel, and [0-9]+ in that' \
	"a member in another place"
refused member 'struct tcp_sock: this kernel has no write_sequence' "a member that is not there"
static_ack
static_kill
if grep -qE ' __tcp_send_ack\.(part|isra|constprop)' /proc/kallsyms; then
	split
else
	skip "a function that is split is reported" "__tcp_send_ack() is whole in this kernel"
fi
exit "$failed"
