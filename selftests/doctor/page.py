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

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../lib"))
from transcript import masked, replay  # pylint: disable=wrong-import-position

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
    """In a ladder of two hosts it differs, within the clocks' uncertainty, what came before and
    what came again."""
    return sorted({masked(re.sub(r"\bagain\b", "", line)) for line in lines} - {""})


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
    new, differences = replay(lines, lambda host, command: run(trouble, host, command), shape,
                              *part_of(lines, trouble))
    if len(sys.argv) > 3:
        with open(sys.argv[3], "w", encoding="utf8") as file:
            file.write("\n".join(new) + "\n")
    elif differences:
        print("\n".join(differences))
        sys.exit(1)


if __name__ == "__main__":
    main()
