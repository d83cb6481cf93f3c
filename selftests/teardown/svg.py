# SPDX-License-Identifier: GPL-2.0
"""A terminal's screen as a picture, of text that stays text."""

from xml.sax.saxutils import escape

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
