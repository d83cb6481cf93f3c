#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# docs/records.md and docs/filter.md, compared with the module.
#
# Shows: the tables of the binary record and its header equal the file format, row by row;
# docs/records.md has each word of each enum, and its tables have no others; the
# documented details of a line are those that the source prints; the documented filter
# fields are those that the module accepts.
#
# Needs: root, debugfs, ../docs, ../module. The module is loaded.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
records=../docs/records.md
filter=../docs/filter.md
details=../module/format/format_detail.c
fields=../module/filter/filter_field.c
format=$debugfs/format

# "offset bytes field" of header and record, in the file and in the two tables.
format_fields() {
	sed -nE 's/^\tfield:__u[0-9]+ (\w+)(\[[0-9]+\])?;\toffset:([0-9]+);\tsize:([0-9]+);.*/\3 \4 \1/p' $format
}

described_fields() {
	sed -nE '/^## Binary/,$s/^\| ([0-9]+) \| ([0-9]+) \| (\w+) \|.*/\1 \2 \3/p' $records
}

# The text between ` and `, one per line.
quoted() {
	grep -o "\`[^\`]*\`" "$@" | tr -d '\`' | sort -u
}

# All words of all enums: "NAME: 1=word 2=word".
format_words() {
	sed -nE 's/^[a-z_ ]+: ([0-9].*=.*)/\1/p' $format | tr ' ' '\n' | sed 's/^[^=]*=//' | sort -u
}

# The first column of the tables with words, except the forms of a RST.
table_words() {
	sed -n '/^### event/,/^### details/p; /^### The end/,/^## One close/p' $records |
		grep '^| `' | cut -d '|' -f 2 | quoted - | grep -v ':RST' | sort -u
}

source_details() {
	grep -oE '" \w+="' $details | tr -d '" ' | sort -u
}

described_details() {
	sed -n '/^### details/,/^| mark/p' $records | grep '^| `' | cut -d '|' -f 2 | quoted - | sort -u
}

source_filter() {
	sed -nE 's/^\t\{ "(\w+)", FILTER_.*/\1/p' $fields | sort -u
}

described_filter() {
	sed -n '/^| field/,/^$/p' $filter | grep '^| `' | cut -d '|' -f 2 | quoted - | sort -u
}

[ "$(id -u)" = 0 ] || skip_all "needs root"
for file in $records $filter $details $fields $format; do
	[ -r "$file" ] || skip_all "no $file"
done
plan 5
same "the tables describe the binary record" "$(format_fields)" "$(described_fields)"
same "each word is described" "$(format_words)" "$(comm -12 <(format_words) <(quoted $records))"
same "no unknown word is described" "$(table_words)" "$(comm -12 <(format_words) <(table_words))"
same "each detail of a line is described" "$(source_details)" "$(described_details)"
same "each filter field is described" "$(source_filter)" "$(described_filter)"
exit "$failed"
