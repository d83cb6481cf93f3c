#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# usage: selftests/teardown/svg.py TOOL >docs/live.svg
#
# Draws "tcp-teardown live" as a terminal of 100 by 34 shows it, of the host in doctor/host,
# whose counters go on meanwhile.

import os
import re
import shutil
import sys
import tempfile
from xml.sax.saxutils import escape

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
from terminal import Terminal

HERE = os.path.dirname(os.path.realpath(__file__))
SUMMARY = "web1/sys/kernel/debug/tcp_teardown/summary"

WIDTH, HEIGHT, MARGIN = 8.4, 17, 10
COLOURS = {"default": "#d4d4d4", "red": "#ff6b68"}


def runs(line, columns):
    """Columns of a line that look alike: where they begin, the text, a look."""
    begin = 0
    for x in range(1, columns + 1):
        if x < columns and (line[x].fg, line[x].bold) == (line[begin].fg, line[begin].bold):
            continue
        yield begin, "".join(line[i].data for i in range(begin, x)), line[begin]
        begin = x


def svg(screen):
    width, height = screen.columns * WIDTH + 2 * MARGIN, screen.lines * HEIGHT + 2 * MARGIN
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
           f'width="{width:.0f}" height="{height}">\n'
           f'<rect width="100%" height="100%" rx="6" fill="#1e1e1e"/>\n'
           f'<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">\n')
    for y in range(screen.lines):
        for x, text, look in runs(screen.buffer[y], screen.columns):
            shown = text.strip()
            if not shown:
                continue
            x += len(text) - len(text.lstrip())
            bold = ' font-weight="bold"' if look.bold else ""
            colour = COLOURS.get(look.fg, COLOURS["default"])
            yield (f'<text x="{MARGIN + x * WIDTH:.1f}" y="{MARGIN + y * HEIGHT + 13}" '
                   f'textLength="{len(shown) * WIDTH:.1f}" xml:space="preserve" '
                   f'fill="{colour}"{bold}>{escape(shown)}</text>\n')
    yield "</g>\n</svg>\n"


def go_on(share):
    """Each transition and end was counted more often, by that part of what there is."""
    with open(SUMMARY, encoding="ascii") as file:
        text = re.sub(r"^(\w+>\w+|end=\S+|first=\w+) +(\d+)$",
                      lambda m: f"{m[1]} {int(m[2]) + int(m[2]) // share}", file.read(), flags=re.M)
    with open(SUMMARY + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.rename(SUMMARY + ".new", SUMMARY)


def main():
    with tempfile.TemporaryDirectory() as tmp:
        tool = os.path.realpath(sys.argv[1])
        os.chdir(tmp)
        shutil.copytree(os.path.join(HERE, "doctor/host"), "web1", symlinks=True)
        term = Terminal(tool, "--root", "web1", width=100, height=34)
        term.shows(r"^findings [A-Z]+ ")
        go_on(20)
        term.shows(r"v \d+  [1-9]")
        sys.stdout.writelines(svg(term.screen))
        os.write(term.fd, b"q")
        term.ends()


if __name__ == "__main__":
    main()
