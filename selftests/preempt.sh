#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The record path does not rely on its caller to disable preemption: kernels after
# 6.18 call the probes of tracepoints preemptible, and ftrace does not promise it.
#
# Shows, in the module's machine code: each probe of a tracepoint and each handler of a
# function raises the preempt count before it calls anything or accesses per-CPU memory,
# and lowers it again. On PREEMPT_RT a spinlock may sleep, so it may not be taken with
# preemption disabled. The module takes only these: those of the kernel's tables, when it
# adopts connections, in process context; that of its list of namespaces, when one is
# created; and the raw spinlock of its depot. Its buckets have bit locks, and its mutexes
# are for process context, where DEBUG_ATOMIC_SLEEP checks them.
#
# Needs: objdump, nm. The handlers are checked if the kernel has a preempt count
# (CONFIG_PREEMPT_COUNT) and the architecture is x86-64. The count has 32 bits up to 7.2,
# then 64.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# The code of the hooks' handlers, each instruction on one line with its relocation. What the
# compiler has moved out of them, as NAME.cold, is entered in their middle.
handlers() {
	objdump -dr --no-show-raw-insn -j .text "$plain" | awk '
		/^[0-9a-f]+ <.*>:$/ { on = $2 ~ /^<(probe|entry)_/ && $2 !~ /\.cold>:$/ }
		!on { next }
		/R_X86_64_/ { line = line " " $NF; next }
		{ print line; line = $0 }
		END { print line }'
}

# The handlers' faults, and the number of handlers.
judge() {
	awk '
		function fault(what) { print "# " name " " what }
		function leave() {
			if (name != "" && !up) fault("does not disable preemption")
			if (name != "" && !down) fault("does not enable it again")
		}
		/^[0-9a-f]+ <.*>:$/ { leave(); name = $2; up = down = 0; handlers++; next }
		/%gs:.*(preempt_count|pcpu_hot)/ { up = up || /inc[lq]/; down = down || /dec[lq]/; next }
		/__fentry__|thunk|__tsan_func_entry/ { next }
		/%gs:|call/ && !up { fault("first does: " $0) }
		END {
			leave()
			print handlers + 0
		}'
}

# Why the handlers can't be checked here; empty if they can.
unreadable() {
	if [ "$(uname -m)" != x86_64 ]; then
		echo "reads x86-64 alone"
	elif ! grep -qE ' (__preempt_count|pcpu_hot)$' /proc/kallsyms; then
		echo "this kernel has no preempt count"
	elif ! modinfo -F vermagic "$module" | grep -qE ' preempt(_rt)? '; then
		echo "this kernel is never preempted, and counts nothing"
	fi
}

check_handlers() {
	local said faults handlers why

	why=$(unreadable)
	if [ "$why" ]; then
		skip "handlers disable preemption themselves" "$why"
		return
	fi
	said=$(handlers | judge)
	handlers=$(tail -n 1 <<<"$said")
	faults=$(grep '^#' <<<"$said")
	[ "$handlers" -ge 20 ] || faults+="$handlers handlers are not all"
	check "${faults#\# }" [ -z "$faults" ]
	result "$handlers handlers disable preemption themselves"
}

# Each function that takes a lock, and the lock.
locks() {
	objdump -dr --no-show-raw-insn "$plain" | awk '
		/^[0-9a-f]+ <.*>:$/ { name = $2 }
		/R_[A-Z0-9_]+[ \t]+_*(raw|rt)_(spin|read|write)_(try)?lock/ { print name, $NF }'
}

[ -e "$module" ] || skip_all "no $module"
command -v objdump >/dev/null || skip_all "needs objdump"
plain=$(mktemp)
trap 'rm -f "$plain"' EXIT
module_image >"$plain"
plan 2
check_handlers
taken=$(locks)
grep -q '^<adopt_' <<<"$taken" || taken+=" what adopts is not to be read"
wrong=$(grep -vE '^<adopt_|^<netns_init|^<depot_[a-z_.0-9]*>: _*raw_spin' <<<"$taken")
check "$wrong" [ -z "$wrong" ]
result "hooks take no spinlock or rwlock other than the depot's raw spinlock"
exit "$failed"
