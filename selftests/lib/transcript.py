# SPDX-License-Identifier: GPL-2.0
"""A page of docs/ as a transcript, whose commands can be run again.

An indented line HOST$ COMMAND, or $ COMMAND, is a command. A here-document, a quote ' that is
open, or a backslash or | at the end continues it. The indented lines after it, up to text or
the next command, are what it gave.
"""

import re

INDENT = "    "
PROMPT = re.compile(INDENT + r"(\w*)\$ (.*)")
HERE_DOCUMENT = re.compile(r"<<'?(\w+)'?")


class Command:
    """One command of a page: lines[first:shown] are the command, lines[shown:last] its output."""

    def __init__(self, lines, first, end):
        self.host, text = PROMPT.match(lines[first]).groups()
        shown = first + 1
        here = HERE_DOCUMENT.search(text)
        while shown < end and (here or text.count("'") % 2 or text.endswith(("\\", "|"))):
            line = lines[shown][len(INDENT):]
            text += "\n" + line
            shown += 1
            if here and line == here[1]:
                break
        last = at = shown
        while at < end and not PROMPT.match(lines[at]) and \
                (lines[at].startswith(INDENT) or not lines[at]):
            at += 1
            if lines[at - 1]:
                last = at
        self.text, self.shown, self.last = text, shown, last
        self.output = [line[len(INDENT):] for line in lines[shown:last]]


def masked(line):
    """A line without numbers, their units, and blanks: these differ from run to run."""
    line = re.sub(r"\b(id +|id=|sk:)[0-9a-f]+\b", r"\g<1>0", line)
    line = re.sub(r"\b(?=[0-9a-f]*[0-9])[0-9a-f]+\b", "0", line)
    line = re.sub(r"[0-9][0-9,.]*", "0", line)
    line = re.sub(r"(?:0(?:min|sec|ms|us))+", "0", line)
    line = re.sub(r"0 ?(?:min|ms|us|sec|s|m|h|[KM]B)\b", "0", line)
    return re.sub(r"\s", "", re.sub("[-+]0", "0", line))


def masked_lines(lines):
    """The shape of an output whose lines come in the same order each time."""
    return [masked(line) for line in lines]


def replay(lines, run, shape=masked_lines, first=0, end=None):
    """Run the commands of lines[first:end] by run(host, command), which returns lines.

    Returns the page with what they gave now, and for each output of another shape a text.
    """
    end = len(lines) if end is None else end
    new, differences, at = lines[:first], [], first
    while at < end:
        if not PROMPT.match(lines[at]):
            new.append(lines[at])
            at += 1
            continue
        command = Command(lines, at, end)
        given = run(command.host, command.text)
        while given and not given[-1]:
            given.pop()
        new += lines[at:command.shown] + [(INDENT + line).rstrip() for line in given]
        if shape(command.output) != shape(given):
            differences.append("\n".join([f"{command.host}$ {command.text}",
                                          "the page:", *command.output, "now:", *given]))
        at = command.last
    return new + lines[end:], differences
