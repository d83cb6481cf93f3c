#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Runs the commands of docs/troubles.md where doctor/play.py has brought the trouble about.

usage: page.py PAGE TROUBLE [NEW]

In the part of the page that names TROUBLE, each indented block is what lines of
HOST$ COMMAND gave. They are run again, each in that host's network namespace. What they
give must have the shape that the page shows: the same lines, without numbers and blanks, in
any order. With NEW the page is written there, with what they gave now.
"""

import os
import re
import subprocess
import sys

PROMPT = re.compile(r"    (\w+)\$ (.*)")
BOOT = re.compile(r"# host \S+ boot .")
DEBUGFS = "/sys/kernel/debug/tcp_teardown"


def run(trouble, host, command):
    """As a shell on that host, which sees its own records alone, and has its own boot."""
    netns = os.stat(f"/run/netns/{trouble}_{host}").st_ino
    view = f"{trouble}_{host}.trace"
    with open(f"{DEBUGFS}/trace", encoding="utf8") as trace, \
            open(view, "w", encoding="utf8") as mine:
        boot = f"# host {host} boot {ord(host[0]) % 10}"
        mine.writelines(BOOT.sub(boot, line) for line in trace
                        if line.startswith("#") or f" {netns} " in line)
    script = f"mount --bind {view} {DEBUGFS}/trace; {command}"
    done = subprocess.run(["nsenter", f"--net=/run/netns/{trouble}_{host}", "unshare", "-m",
                           "bash", "-c", script], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return [line.rstrip() for line in done.stdout.decode("utf8", "replace").splitlines()]


def shape(lines):
    """Without what differs from run to run: in a ladder of two hosts that is, within the
    clocks' uncertainty, what came before and what came again."""
    shaped = set()
    for line in lines:
        line = re.sub(r"\b(?=[0-9a-f]*[0-9])[0-9a-f]+\b", "0", line)
        line = re.sub(r"[0-9][0-9,.]*", "0", line)
        line = re.sub(r"(?:0(?:min|sec|ms))+", "0", line)
        line = re.sub(r"0 ?(?:min|ms|sec|s|m|h)\b", "0", line)
        line = re.sub(r"\bagain\b|\s", "", re.sub("[-+]0", "0", line))
        shaped.add(line)
    return "".join(sorted(shaped))


def part_of(lines, trouble):
    """Where the part begins and ends: between two titles, and it names the trouble."""
    starts = [i for i, line in enumerate(lines) if line.startswith("## ")] + [len(lines)]
    for first, last in zip(starts, starts[1:]):
        if any(f"`{trouble}`" in line for line in lines[first:last]):
            return first, last
    raise KeyError(f"the page has nothing of {trouble}")


def main():
    page, trouble = sys.argv[1:3]
    with open(page, encoding="utf8") as file:
        lines = file.read().splitlines()
    i, last = part_of(lines, trouble)
    new, differs = lines[:i], False
    while i < last:
        new.append(lines[i])
        match = PROMPT.match(lines[i])
        i += 1
        if not match:
            continue
        shown = i
        while i < last and lines[i].startswith("    ") and not PROMPT.match(lines[i]):
            i += 1
        wanted, given = lines[shown:i], run(trouble, *match.groups())
        new += [f"    {line}".rstrip() for line in given]
        if shape(wanted) != shape(given):
            differs = True
            print(f"{match[1]}$ {match[2]}", "the page:", *wanted, "now:", *given, sep="\n")
    if len(sys.argv) > 3:
        with open(sys.argv[3], "w", encoding="utf8") as file:
            file.write("\n".join(new + lines[last:]) + "\n")
    elif differs:
        sys.exit(1)


if __name__ == "__main__":
    main()
