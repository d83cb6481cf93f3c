#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""usage: profile.py log DIRECTORY FILE | function|instruction DIRECTORY CONNECTIONS

The host's side of scripts/bench/profile: has QEMU log into FILE between two words
of the guest; then makes a profile of both logs.
"""
import bisect
import collections
import os
import re
import socket
import sys
import time


def connect(path):
    """To a socket that QEMU is about to make."""
    for _ in range(6000):
        try:
            s = socket.socket(socket.AF_UNIX)
            s.connect(path)
            return s
        except OSError:
            time.sleep(0.1)
    sys.exit(f"profile: no {path}")


class Monitor:
    def __init__(self, path):
        self.socket = connect(path)
        self.answer()

    def answer(self):
        said = b""
        while not said.endswith(b"(qemu) "):
            said += self.socket.recv(4096)

    def do(self, command):
        self.socket.sendall(command.encode() + b"\n")
        self.answer()


def take_log(directory, to):
    monitor = Monitor(f"{directory}/monitor")
    port = connect(f"{directory}/port")
    guest = port.makefile("rw")
    guest.readline()
    monitor.do("log exec,nochain,in_asm")
    guest.write("go\n")
    guest.flush()
    guest.readline()
    monitor.do("log none")
    os.rename(f"{directory}/log", to)
    for path in "monitor", "port":
        os.unlink(f"{directory}/{path}")
    guest.write("go\n")
    guest.flush()


def executed(path):
    """How often each instruction was: {address: times}."""
    blocks, block, times = {}, None, collections.Counter()
    for line in open(path, errors="replace"):
        if line.startswith("Trace "):
            times[int(line.split("/")[1], 16)] += 1
            block = None
        elif line.startswith("IN:"):
            block = []
        elif block is not None and (m := re.match(r"(?:0x)?([0-9a-f]{8,16}):", line)):
            if not block:
                blocks[int(m[1], 16)] = block
            block.append(int(m[1], 16))
    counts = collections.Counter()
    for start, n in times.items():
        for address in blocks.get(start, [start]):
            counts[address] += n
    return counts


class Symbols:
    def __init__(self, path):
        found = {}
        for line in open(path):
            address, kind, name, *module = line.split()
            if kind.lower() in "tw":
                found[int(address, 16)] = name + "".join(" " + m for m in module)
        self.addresses = sorted(found)
        self.names = [found[a] for a in self.addresses]

    def find(self, address):
        """The function and the offset in it."""
        if address < 1 << 47:
            return "(user space)", address
        i = bisect.bisect(self.addresses, address) - 1
        return self.names[i], address - self.addresses[i]


def by_function(path, symbols):
    sums = collections.Counter()
    for address, n in executed(path).items():
        sums[symbols.find(address)[0]] += n
    return sums


def tell_functions(directory, connections):
    both = [by_function(f"{directory}/{run}.log", Symbols(f"{directory}/{run}.symbols"))
            for run in ("without", "with")]
    rows = [(both[1][f] - both[0][f], both[0][f], both[1][f], f) for f in both[0] | both[1]]
    print(f"{'added':>9} {'without':>9} {'with':>9}  function, per connection")
    for row in sorted(rows, reverse=True):
        if abs(row[0]) >= connections:
            print("%9.1f %9.1f %9.1f " % tuple(n / connections for n in row[:3]), row[3])
    print("%9.1f" % (sum(r[0] for r in rows) / connections), "in all")


def tell_instructions(directory, connections):
    symbols = Symbols(f"{directory}/with.symbols")
    for address, n in sorted(executed(f"{directory}/with.log").items()):
        name, offset = symbols.find(address)
        if name.endswith("[tcp_teardown]"):
            print(f"{n / connections:9.2f}  {name.split()[0]}+{offset:#x}")


if sys.argv[1] == "log":
    take_log(*sys.argv[2:])
else:
    {"function": tell_functions, "instruction": tell_instructions}[sys.argv[1]](
        sys.argv[2], int(sys.argv[3]))
