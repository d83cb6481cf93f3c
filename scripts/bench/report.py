#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""usage: scripts/bench/report.py SAMPLES"""
import statistics
import sys

def main():
    samples, seens = {}, {}
    for line in open(sys.argv[1]):
        kind, name, *values = line.split()
        if kind == "seen":
            seens[name] = values
        if kind != "conns":
            continue
        total, closed, idle = map(int, values)
        samples.setdefault(name, []).append((total, closed, idle))
    print(f"{'name':16} {'added':>8} {'pct':>6} {'spread':>7} {'to close':>9} {'after':>7} {'idle':>6} seen lost")
    for name, values in samples.items():
        base = samples["base_v6" if name.endswith("_v6") else "base"]
        of = lambda s, i: statistics.median(v[i] for v in s)
        total = of(values, 0)
        ref = of(base, 0)
        added = total - ref if values is not base else total
        closed = of(values, 1) - (of(base, 1) if values is not base else 0)
        spread = max(v[0] for v in values) - min(v[0] for v in values)
        print(f"{name:16} {added:8.0f} {100*added/ref:6.2f} {spread:7.0f} {closed:9.0f} "
              f"{added-closed:7.0f} {of(values, 2):6.0f} {' '.join(seens.get(name, '-'))}")

main()
