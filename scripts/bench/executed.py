#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""usage: scripts/bench/executed.py values|own|instructions|functions DIRECTORY NAME...

Prints what scripts/bench/executed has left in DIRECTORY, for each NAME as the difference
to the bare kernel, per connection. With functions, NAME may be followed by LEAST:

  values        what instruction counts hide, as scripts/bench/report reads it
  own           instructions of the module's own functions, and cache lines that they
                write; and instructions of its pool of memory, the slab's for it included
  functions     calls and instructions of each function; they sum up to the cost. Those
                that add fewer than LEAST (0.5) instructions are one row
  instructions  each instruction of the module, to be laid beside objdump -d
"""
import bisect
import collections
import re
import sys

MODULE = "[tcp_teardown]"


class Symbols:
    def __init__(self, path):
        found = {}
        for line in open(path):
            address, kind, name, *module = line.split()
            if kind.lower() in "tw":
                found[int(address, 16)] = " ".join([name, *module])
        self.addresses = sorted(found)
        self.names = [found[a] for a in self.addresses]

    def find(self, address):
        """The function and the offset in it."""
        if not address:
            return "(user space)", -1
        i = bisect.bisect(self.addresses, address) - 1
        return self.names[i], address - self.addresses[i]


class Run:
    """What was counted with NAME, the minute without a connection taken off."""

    def __init__(self, directory, name):
        path = f"{directory}/{name}"
        self.symbols = Symbols(path + ".symbols")
        idle, total, self.connections = map(int, open(path + ".busy").read().split())
        self.is_timed = total > 0
        self.busy = (total - idle) / self.connections
        self.times, self.lines, self.what = collections.Counter(), collections.Counter(), {}
        self.take(path + ".conns", 1)
        self.take(path + ".idle", -1)

    def take(self, path, sign):
        for line in open(path):
            address, times, lines, what = line.split()
            address = int(address, 16)
            self.times[address] += sign * int(times) / self.connections
            self.lines[address] += sign * int(lines) / self.connections
            self.what[address] = what

    def is_ours(self, address):
        return self.symbols.find(address)[0].endswith(MODULE)

    def count(self, letter):
        """Executions of the instructions that are such."""
        return sum(n for a, n in self.times.items() if letter in self.what[a])

    def of_ours(self, counts):
        return sum(n for a, n in counts.items() if n and self.is_ours(a))

    def bucket_locks(self):
        return self.of_ours({a: n for a, n in self.times.items() if "b" in self.what[a]})

    def by_function(self):
        """{function: [calls, instructions]}"""
        sums = collections.defaultdict(lambda: [0, 0])
        for address, n in self.times.items():
            function, offset = self.symbols.find(address)
            sums[function][1] += n
            if offset == 0:
                sums[function][0] += n
        return sums


def tell_values(directory, names):
    base = Run(directory, "base")
    for name in names:
        run = Run(directory, name)
        for what, value, unit in (
                ("locked", run.count("l") - base.count("l"), "locked insn"),
                ("irqs_off", run.count("c") - base.count("c"), "times"),
                ("lookups", run.bucket_locks(), "bit locks of the module"),
                ("lines", run.of_ours(run.lines), "cache lines")):
            print(f"value conn_{name}_{what} {value:.2f} {unit}/connection")
    if not base.is_timed:
        tell_sums(directory, base, names)
    print(f"value conn_base_locked {base.count('l'):.2f} locked insn/connection")
    print(f"value conn_base_irqs_off {base.count('c'):.2f} times/connection")


def tell_sums(directory, base, names):
    """Where the kernel does not tell its idle time, instead of what the bench measures by it."""
    before = sum(base.times.values())
    print(f"value conn_base_insn {before:.0f} insn/connection")
    for name in names:
        more = sum(Run(directory, name).times.values()) - before
        print(f"value conn_{name}_insn {more:.0f} insn/connection")
        print(f"value conn_{name}_pct {100 * more / before:.2f} %")


def tell_own(directory, names):
    """With one CPU and with two, to be compared."""
    for name in names:
        run = Run(directory, name)
        bulk = sum(n for function, (_, n) in run.by_function().items()
                   if re.match("kmem_cache_(alloc|free)_bulk|conn_pool_|depot_", function))
        print(f"value {name}_own_insn {run.of_ours(run.times):.1f} insn/connection")
        print(f"value {name}_pool_insn {bulk:.1f} insn/connection")
        print(f"value {name}_own_lines {run.of_ours(run.lines):.2f} cache lines/connection")


def tell_functions(directory, names):
    base, run = Run(directory, "base"), Run(directory, names[0])
    before, after = base.by_function(), run.by_function()
    rows = [(*(a - b for a, b in zip(after[f], before[f])), *before[f], *after[f], f)
            for f in set(before) | set(after)]
    least = float(names[1]) if len(names) > 1 else 0.5
    shown = [r for r in rows if abs(r[1]) >= least]
    total = sum(r[1] for r in rows)
    cost = run.busy - base.busy
    print(f"{'added':>19} {'bare':>19} {'with':>19}\n" +
          f"{'calls':>9} {'insn':>9} " * 3 + " function, per connection")
    for row in sorted(shown, key=lambda r: -r[1]):
        print("%9.2f %9.1f " * 3 % row[:6], row[6])
    for value, words in (
            (total - sum(r[1] for r in shown), f"in {len(rows) - len(shown)} other functions"),
            (total, "in all"),
            (cost - total, "remainder: what runs while the kernel takes the CPU for idle"),
            (cost, "the cost, as the bench measures it"))[:None if run.is_timed else 2]:
        print(f"{'':9} {value:9.1f}  {words}")


def tell_instructions(directory, names):
    run = Run(directory, names[0])
    for address, n in sorted(run.times.items()):
        function, offset = run.symbols.find(address)
        if function.endswith(MODULE):
            print(f"{n:9.2f} {run.lines[address]:9.2f} {run.what[address]:2}"
                  f"  {function.split()[0]}+{offset:#x}")


{"values": tell_values, "own": tell_own, "functions": tell_functions,
 "instructions": tell_instructions}[sys.argv[1]](sys.argv[2], sys.argv[3:])
