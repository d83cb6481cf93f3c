#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The trace events, by tracefs alone.
#
# Shows: their fields leave no hole; their words are those of the file format; they show
# the same moments as the ring, in the same order and with the same numbers; a filter of
# the module refuses both; with tracing_on 0, and where a ring that may not overwrite is
# full, they come nevertheless, and have no number; a filter and a histogram of tracefs
# work as in docs/trace-events.md; disabled there are none; no kernel address is in them;
# the module can be removed while they are enabled.
#
# Modes: icount
#
# Needs: root, debugfs, tracefs with histograms. Loads the module itself.

# shellcheck disable=SC2317,SC2119 # check() calls by name; parameters are not needed
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
tracing=/sys/kernel/tracing
events=$tracing/events/tcp_teardown
page=../docs/trace-events.md

# Two ends of two connections each: one closed in order, one with unread data.
make_closes() {
	python3 - <<-'END'
		import socket
		for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
		    with socket.socket(family) as s, socket.socket(family) as c:
		        s.bind((host, 0))
		        s.listen()
		        c.connect(s.getsockname())
		        a = s.accept()[0]
		        if family == socket.AF_INET6:
		            a.send(b"unread")
		            c.recv(1)
		        a.close()
	END
}

# Something after which no record of make_closes() comes but the end of a TIME_WAIT.
settle() {
	local before=-1

	while [ "$(stat_of written)" != "$before" ]; do
		before=$(stat_of written)
		sleep 0.3
	done
}

clear_both() {
	echo >$debugfs/trace
	echo >$tracing/trace
}

# Fields that do not begin where the one before them ends, or where it is aligned to.
holes() {
	local file

	for file in "$events"/*/format; do
		sed -nE 's/.*field:([^;]*);.*offset:([0-9]+);.*size:([0-9]+);.*/\2 \3 \1/p' "$file" | awk '
			$1 != end + 0 { print "before " $NF }
			{ end = $1 + $2 }
			END { if (end % 8) print "at the end, " end }'
	done
}

# number=word of the enum NAME, one a line, by the file format.
words_wanted() {
	sed -n "s/^$1: //p" $debugfs/format | tr ' ' '\n' | sort
}

# The same of what an event prints of its field: words_shown EVENT FIELD.
words_shown() {
	grep -oE "__print_[a-z]+\(REC->$2, [^)]*\)" "$events/tcp_teardown_$1/format" |
		grep -oE '\{ [^}]*\}' | sed -E 's/\{ ([^,]*), "([^"]*)" \}/\1=\2/; s/^0=-$//' |
		sed -E 's/^0x0*([0-9a-f]+=)/0x\1/' | grep . | sort
}

check_words() {
	local kind

	for kind in call segment reset timewait connect; do
		check "words of $kind" [ "$(words_wanted "what of $kind")" = "$(words_shown $kind what)" ]
	done
	check "states" [ "$(words_wanted old_state | grep -v '^0=')" = "$(words_shown state oldstate)" ]
	check "states" [ "$(words_wanted new_state | grep -v '^0=')" = "$(words_shown end newstate)" ]
	check "how" [ "$(words_wanted how)" = "$(words_shown end how)" ]
	check "first" [ "$(words_wanted first)" = "$(words_shown end first)" ]
	check "set_off" [ "$(words_wanted set_off)" = "$(words_shown end set_off)" ]
	check "reasons" [ "$(words_wanted reason)" = "$(words_shown reset reason)" ]
	check "timewait" [ "$(words_wanted timewait)" = "$(words_shown call timewait)" ]
	check "flags" [ "$(words_wanted flags)" = "$(words_shown call flags)" ]
	check "TCP's flags" [ "$(words_wanted tcp_flags)" = "$(words_shown reset tcp_flags)" ]
}

# "id seq ack win old>new" of each event but the ends, and of each record.
moments_shown() {
	sed -nE '/tcp_teardown_end:/d; s/.* sock_cookie=(\w+) .* oldstate=(\S+) newstate=(\S+) seq=(\w+) ack=(\w+) window=(\w+) .*/\1 \4 \5 \6 \2>\3/p' $tracing/trace |
		sed -E 's/ (\S+)>\1$/ \1/' | sort
}

moments_held() {
	awk '!/^#/ { print $4, $8, $9, $10, $11 }' $debugfs/trace | sort
}

ends_shown() {
	sed -nE 's/.* tcp_teardown_end: first=(\S+) set_off=(\S+) .* sock_cookie=(\w+) .* how=(\S+) pid=.*/\3 \4 \1 \2/p' $tracing/trace | sort
}

ends_held() {
	sed -nE 's/^ *[0-9.]+ +[0-9]+ +[0-9]+ +(\w+) .* end=(\S+) first=(\S+) by=(\S+) .*/\1 \2 \3 \4/p' $debugfs/trace | sort
}

count_shown() {
	grep -c ' tcp_teardown_[a-z]*: ' $tracing/trace
}

# What a trigger of docs/trace-events.md counts: "key count".
histogram() {
	sed -nE 's/^\{ (.*) \} hitcount: *([0-9]+).*/\1 \2/p' "$1"
}

# The first command of the page that writes to this file.
of_page() {
	sed -n "s,^    # \(echo .*$1\)\$,\1,p" $page | head -n 1
}

in_tracefs() {
	(cd $tracing && eval "$1")
}

[ "$(id -u)" = 0 ] || skip_all "needs root"
mountpoint -q $tracing || mount -t tracefs tracefs $tracing 2>/dev/null
[ -d $tracing/events ] || skip_all "no tracefs"
command -v python3 >/dev/null || skip_all "needs python3"
unload
trap 'unload; echo >$tracing/trace' EXIT
insert
plan 10

check "events: $(ls $events)" [ "$(find $events -name 'tcp_teardown_*' | wc -l)" = 7 ]
check "holes: $(holes)" [ -z "$(holes)" ]
result "the fields leave no hole"

check_words
result "the words are those of the file format"

echo 0 >$tracing/tracing_on
echo 1 >$tracing/tracing_on
echo 1 >$events/enable
clear_both
make_closes
settle
same "each record is shown" "$(moments_held)" "$(moments_shown)"
same "so is each end" "$(ends_held)" "$(ends_shown)"

check "an address" not grep -E 'ffff[89a-f][0-9a-f]{11}' $tracing/trace
result "no kernel address is shown"

echo 'state == TIME_WAIT' >$debugfs/filter
clear_both
make_closes
settle
check "held: $(moments_held)" [ -n "$(moments_held)" ]
same "the module's filter is for both" "$(moments_held)" "$(moments_shown)"
echo 0 >$debugfs/filter

# Only what the ring has not taken.
echo 'number == 0' >$events/filter
clear_both
make_closes
settle
check "$(count_shown) without a number" [ "$(count_shown)" = 0 ]
echo 0 >$debugfs/tracing_on
make_closes
sleep 1
check "none with tracing_on 0" [ "$(count_shown)" -gt 10 ]
echo 1 >$debugfs/tracing_on
echo 0 >$debugfs/overwrite
echo 4 >$debugfs/buffer_size_kb
for _ in 1 2 3 4; do
	make_closes
done
echo >$tracing/trace
make_closes
sleep 1
check "none with a full ring" [ "$(count_shown)" -gt 10 ]
check "dropped: $(stat_of dropped)" [ "$(stat_of dropped)" -gt 10 ]
result "what the ring has not taken is shown, without a number"
echo 1 >$debugfs/overwrite
echo 0 >$events/filter

set_filter=$(of_page tcp_teardown_end/filter)
set_trigger=$(of_page tcp_teardown_end/trigger)
in_tracefs "$set_filter"
in_tracefs "$set_trigger"
clear_both
make_closes
settle
check "the page has no filter" [ -n "$set_filter" ]
check "the page has no trigger" [ -n "$set_trigger" ]
check "filtered: $(grep -c 'tcp_teardown_end:' $tracing/trace)" \
	[ "$(grep -c 'tcp_teardown_end:' $tracing/trace)" = "$(ends_held | grep -cE ' (reset_sent|reset_received) ')" ]
check "histogram: $(histogram $events/tcp_teardown_end/hist)" \
	[ "$(histogram $events/tcp_teardown_end/hist | awk '{ sum += $NF } END { print sum }')" = "$(ends_held | wc -l)" ]
result "a filter and a histogram work as documented"
in_tracefs "${set_trigger/hist/!hist}"
echo 0 >$events/tcp_teardown_end/filter

echo 0 >$events/enable
clear_both
make_closes
settle
check "$(count_shown) shown" [ "$(count_shown)" = 0 ]
check "none held" [ "$(moments_held | wc -l)" -gt 10 ]
result "disabled they are not there"

echo 1 >$events/enable
mark_log
make_closes
check "not removed" rmmod tcp_teardown
check "a directory is left" [ ! -d $events ]
check "$(log_since_mark)" not grep -qE 'WARNING|BUG|Call Trace' <(log_since_mark)
result "the module can be removed while they are enabled"
exit "$failed"
