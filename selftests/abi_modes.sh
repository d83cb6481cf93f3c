#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Modes and owners of all files, compared with docs/abi.
#
# Shows: docs/abi describes each file that exists, and each described file exists, with
# the described mode, owned by root; only root may enter debugfs. The same for the
# module's parameters.
#
# Needs: root, debugfs, ../docs/abi. The module is loaded.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
abi=../docs/abi
parameters=/sys/module/tcp_teardown/parameters

# "path mode" of each file in docs/abi: What: lines share the next mode.
described() {
	awk '
		$1 == "What:" { path[n++] = $2; next }
		n && match($0, /Mode [0-7]+/) {
			for (i = 0; i < n; i++)
				print path[i], substr($0, RSTART + 6, RLENGTH - 6)
			n = 0
		}' "$1"
}

# The same of the existing files; CPU numbers as in docs/abi.
there() {
	find "$@" -type f -printf '%p %m\n' | sed -E 's,per_cpu/cpu[0-9]+,per_cpu/cpuN,' | sort -u
}

owners() {
	find "$@" -printf '%u:%g\n' | sort -u
}

[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -d "$abi" ] || skip_all "no $abi"
[ -d "$debugfs" ] || skip_all "the module is not loaded"
plan 6
same "docs/abi gives the mode of each file in debugfs" "$(described $abi/debugfs-tcp_teardown | sort)" "$(there $debugfs)"
same "each CPU has the same files" "$(find $debugfs/per_cpu/cpu0 -printf '%f %m\n' | tail -n +2 | sort)" \
	"$(find $debugfs/per_cpu -type f -printf '%f %m\n' | sort -u)"
same "docs/abi gives the mode of each file in /proc" "$(described $abi/procfs-tcp_teardown | sort)" "$(there $proc)"
same "docs/abi lists each parameter" "$(awk '$1 == "What:" { print $2, 444 }' $abi/module-parameters | sort)" \
	"$(find $parameters -type f -printf '%f %m\n' | sort)"
same "root owns all files" root:root "$(owners $debugfs $proc $parameters)"
same "only root may enter debugfs" 700 "$(stat -c %a /sys/kernel/debug)"
exit "$failed"
