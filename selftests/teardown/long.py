#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# usage: selftests/teardown/long.py TOOL MAKER
#
# Records through a pipe, made by MAKER (selftests/host/long_make.c): "list" has each end, and a
# hundred times as many take no more memory; meanwhile it says how far it is. Ends with status 0 if
# all of it is so.

import os
import pty
import subprocess
import sys
import time

TOOL, MAKER = sys.argv[1:3]
FEW, MANY = 20000, 2000000


def peak(records):
    """The most memory that list had, in KB, and how many ends it listed."""
    with subprocess.Popen([MAKER, str(records)], stdout=subprocess.PIPE) as maker:
        with subprocess.Popen([TOOL, "list"], stdin=maker.stdout,
                              stdout=subprocess.PIPE) as tool:
            maker.stdout.close()
            ends = sum(1 for _ in tool.stdout)
            _, status, usage = os.wait4(tool.pid, 0)
            tool.returncode = os.waitstatus_to_exitcode(status)
            assert tool.returncode == 0
    return usage.ru_maxrss, ends - 1


def progress():
    """On a terminal at stderr, where stdout is none; and gone at the end."""
    stream = subprocess.run([MAKER, str(FEW)], check=True, capture_output=True).stdout
    master, slave = pty.openpty()
    with subprocess.Popen([TOOL, "list"], stdin=subprocess.PIPE, stderr=slave,
                          stdout=subprocess.DEVNULL) as tool:
        half = len(stream) // 512 * 256
        tool.stdin.write(stream[:half])
        tool.stdin.flush()
        time.sleep(2.5)
        tool.stdin.write(stream[half:])
        tool.stdin.close()
        assert tool.wait() == 0
    os.close(slave)
    said = b""
    try:
        while new := os.read(master, 65536):
            said += new
    except OSError:     # all have closed it
        pass
    assert b" records, " in said and b" MB read\r" in said and said.endswith(b"\x1b[K"), said


few, few_ends = peak(FEW)
many, many_ends = peak(MANY)
assert (few_ends, many_ends) == (FEW // 4, MANY // 4), (few_ends, many_ends)
assert many < few + 4096, f"{few} KB, then {many} KB"
progress()
print(f"{MANY} records in {many} KB")
