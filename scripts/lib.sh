# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Shared by the scripts: paths, messages, locks. To be sourced.

# shellcheck disable=SC2034 # used by the scripts that source this
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cache=${TCP_TEARDOWN_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/tcp_teardown}

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# 125: the harness itself has failed.
die() {
	say "$*"
	exit 125
}

# Print the usage, which is the header comment of the calling script. Every script that
# sources this answers -h.
usage() {
	sed -n '/^# usage: /,$ { /^#/!q; s/^# \{0,1\}//; p }' "$0"
}

case ${1:-} in
-h | --help) usage; exit 0 ;;
esac

# locked NAME COMMAND...: run COMMAND while holding this lock.
locked() {
	local lock="$cache/locks/$1"

	shift
	mkdir -p "${lock%/*}"
	(
		flock 9
		"$@" 9>&-
	) 9>"$lock"
}

# as_root COMMAND...: directly, or by sudo if that is allowed.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

# Fetch the package lists, at most once in ten minutes over all scripts.
apt_update() {
	local stamp="$cache/apt-updated"

	[ -z "$(find "$stamp" -mmin -10 2>/dev/null)" ] || return 0
	say "apt-get update"
	as_root apt-get -qq -o DPkg::Lock::Timeout=300 update >&2 &&
		mkdir -p "$cache" && touch "$stamp"
}

# counts FILE STATUS: set $passed, $failed and $skipped from the output of selftests/run
# in FILE. A run that did not end properly counts as one more failure.
# shellcheck disable=SC2034 # the callers read them
counts() {
	local file=$1 status=$2 last

	last=$(grep -aE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$file" | tail -n 1) || true
	read -r passed failed skipped < <(tr -dc '0-9 \n' <<<"${last:-0 passed, 0 failed, 0 skipped}")
	[ -n "$last" ] && { [ "$status" = 0 ] || [ "$failed" != 0 ]; } || failed=$((failed + 1))
	[ "$status" -lt 124 ] || failed=$((failed + 1))
}
