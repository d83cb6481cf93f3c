#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# usage: selftests/teardown/pictures.py TOOL [CHECK...]
#
# "tcp-teardown live" in a terminal of its own: what it shows in several sizes, and that the
# terminal is as it was, whatever ends it. Ends with status 0 if all of it is so.

import functools
import os
import re
import shutil
import signal
import sys
import tempfile
import termios
import time

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import terminal
from terminal import SOON

HERE = os.path.dirname(os.path.realpath(__file__))
Terminal = functools.partial(terminal.Terminal, sys.argv[1])


def module(tmp):
    """A copy of the module's files that can be changed."""
    to = os.path.join(tmp, "module")
    shutil.copytree(os.path.join(HERE, "module"), to)
    return to


def change(directory, name, old, new):
    path = os.path.join(directory, name)
    with open(path, encoding="ascii") as file:
        text = file.read()
    assert re.search(old, text)
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(re.sub(old, new, text))
    os.rename(path + ".new", path)


def sizes(tmp):
    """The diagram fills what there is; with less than 80 by 24 it is a table."""
    directory = module(tmp)
    term = Terminal("-d", directory, "-i", "0.5")
    term.shows(r"CLOSE_WAIT 2 .*\n")
    term.shows(r"closed first local 6329 \(50 %\), peer 6327")
    lines = term.text().split("\n")
    assert lines[0].startswith("tcp-teardown live: this host") and lines[0].endswith("q ends")
    assert lines[1] == "+" + 78 * "-" + "+" and lines[23].startswith("210 records, 40 lost")
    term.resize(120, 40)
    term.shows(r"\n\+-{118}\+\n")
    term.shows(r"in CLOSE_WAIT, the oldest first\n +917 s  127.0.0.1:7005")
    assert "38892" not in term.text()    # in TIME_WAIT
    term.resize(100, 20)
    term.shows(r"state           now  entered")
    assert "+--" not in term.text()
    term.resize(40, 10)
    term.shows(r"state           now  entered")
    term.shows(r"210 records, 40 lost$")
    assert "+--" not in term.text()
    for width, height in (1, 1), (500, 300), (80, 24):
        term.resize(width, height)
        time.sleep(0.2)
        term.read(1)
    term.shows(r"\n\+-{78}\+\n")
    os.write(term.fd, b"q")
    term.ends()


def moves(tmp):
    """What the module counts is shown one interval later, with its rate."""
    directory = module(tmp)
    term = Terminal("-d", directory, "-i", "1")
    term.shows(r"v 6327  0/s")
    change(directory, "summary", r"(ESTABLISHED>FIN_WAIT1 *)6327", r"\g<1>6427")
    change(directory, "connections", r"TIME_WAIT ", "CLOSE_WAIT")
    term.shows(r"v 6427  (100|9\d|\d\d)/s")
    term.shows(r"CLOSE_WAIT 3")
    os.unlink(os.path.join(directory, "summary"))
    term.ends(2)
    # Where it can be read: behind the picture.
    assert re.search(rb"1049l.*summary: No such file", term.bytes, re.S)


def host(tmp):
    """A copy of a host's files that can be changed."""
    to = os.path.join(tmp, "host")
    shutil.copytree(os.path.join(HERE, "doctor/host"), to, symlinks=True)
    return to


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return file.read().split()


def findings(tmp):
    """The doctor's, as many as there is room for; and of the latest look."""
    root = host(tmp)
    os.chdir(tmp)
    term = Terminal("--root", "host", "-i", "0.3")
    leak = r"LEAK CLOSE_WAIT 12, oldest 3 h 12 m or more \(\w+\)"
    term.shows(rf"^findings {leak} +and \d+ more$")
    lines = term.text().split("\n")
    assert re.match(r"tcp-teardown live: host +5000 records, 1000 lost; \d\d:", lines[0]), lines[0]
    assert lines[22].startswith("oldest CLOSE_WAIT 11520 s")
    assert term.screen.buffer[23][9].fg == "red" and term.screen.buffer[22][9].fg == "default"
    term.resize(130, 40)
    term.shows(rf"\nfindings {leak}\n {{9}}PORTS 9 times .*(\n {{9}}[A-Z]+ .*){{4}} and \d+ more\n")
    term.shows(r"5000 records, 1000 lost: not read in time; counts are complete; \d\d:")
    term.shows(r"in CLOSE_WAIT, the oldest first\n +11520 s")
    term.resize(100, 60)
    term.shows(r"\n {9}QUEUE an accept queue was full 25 times")
    assert "more" not in term.text().split("QUEUE")[1]
    term.resize(80, 10)
    term.shows(r"5000 records, 1000 lost; \d+ findings$")
    # The next look finds less of it.
    term.resize(80, 24)
    change("host/sys/kernel/debug/tcp_teardown", "connections", r"(?s)\n.*", "\n")
    term.shows(r"^findings LEAK CLOSE_WAIT 12 \(")
    os.write(term.fd, b"q")
    term.ends()


def no_findings(tmp):
    """None; and none, where not all could be seen."""
    root = host(tmp)
    for name in "tcp_teardown/summary", "netstat", "sockstat", "tcp6":
        with open(f"{root}/proc/net/{name}", "w", encoding="ascii"):
            pass
    change(f"{root}/proc/net", "tcp", r"(?s)\n.*", "\n")
    debugfs = f"{root}/sys/kernel/debug/tcp_teardown"
    change(debugfs, "connections", r"(?s)\n.*", "\n")
    change(debugfs, "trace", r"(?s)\n.*", "\n")
    term = Terminal("--root", root)
    term.shows(r"^findings none$")
    os.unlink(f"{debugfs}/stats")
    term.shows(r"^findings none, but not all was seen: tcp-teardown doctor$")
    os.write(term.fd, b"q")
    term.ends()


def slow_doctor(tmp):
    """One that takes for ever keeps nobody waiting, and is not left behind."""
    root = host(tmp)
    os.unlink(f"{root}/proc/net/tcp")
    os.mkfifo(f"{root}/proc/net/tcp")
    for end in b"q", b"\x03":
        term = Terminal("--root", root, "-i", "0.3")
        term.shows(r"^findings not looked for yet$")
        term.wait("doctor", lambda: children(term.pid))
        doctor = children(term.pid)[0]
        term.resize(90, 24)
        term.shows(r"\n\+-{86}\+\n")
        os.write(term.fd, end)
        term.ends()
        assert not os.path.exists(f"/proc/{doctor}")


def endings(tmp):
    """Each way to end it leaves the terminal as it was."""
    for end in "q", "Q", "\x03", signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT:
        term = Terminal("-d", os.path.join(HERE, "module"))
        term.shows("CLOSE_WAIT 2")
        assert termios.tcgetattr(term.slave) != term.before
        if isinstance(end, str):
            os.write(term.fd, b"xyz" + end.encode())
        else:
            os.kill(term.pid, end)
        term.ends()
    # The terminal goes: there is none to look at.
    term = Terminal("-d", os.path.join(HERE, "module"))
    term.shows("CLOSE_WAIT 2")
    os.close(term.slave)
    os.close(term.fd)
    until = time.time() + SOON
    while not term.has_ended():
        assert time.time() < until
        time.sleep(0.05)


def stops(tmp):
    """^Z gives the terminal back, and fg takes it again."""
    term = Terminal("-d", os.path.join(HERE, "module"))
    term.shows("CLOSE_WAIT 2")
    os.write(term.fd, b"\x1a")
    assert os.WIFSTOPPED(os.waitpid(term.pid, os.WUNTRACED)[1])
    term.read(0.2)
    term.is_as_it_was()
    seen = len(term.bytes)
    os.kill(term.pid, signal.SIGCONT)
    term.wait("picture", lambda: b"1049h" in term.bytes[seen:] and b"ESTAB" in term.bytes[seen:])
    os.write(term.fd, b"q")
    term.ends()


def stuck(tmp):
    """A terminal that takes nothing any more does not keep it."""
    term = Terminal("-d", os.path.join(HERE, "module"), "-i", "0.1", width=400, height=150)
    time.sleep(3)
    os.kill(term.pid, signal.SIGTERM)
    until = time.time() + SOON
    while not term.has_ended():
        assert time.time() < until, "it does not end"
        time.sleep(0.05)


def records(tmp):
    """Records of a pipe as they come; at their end the picture stays, as text."""
    with open(os.path.join(HERE, "demo.txt"), "rb") as file:
        lines = file.readlines()
    reader, writer = os.pipe()
    term = Terminal("-i", "0.2", stdin=reader)
    os.close(reader)
    os.write(writer, b"".join(lines[:20]))
    term.shows("tcp-teardown live: stdin")
    term.shows(r"v [1-9]\d*  ")
    os.write(writer, b"# cpu 0 lost 7 records here, not read in time\n" + b"".join(lines[20:]))
    term.shows("7 lost: all counts are too low")
    assert b"\x1b[0;1;31m" in term.bytes
    os.write(writer, b"noise\n")
    os.close(writer)
    term.ends(2)
    shown = term.bytes[term.bytes.rindex(b"1049l"):]
    assert b"noise" in shown and b"rates: mean of" in shown and b"7 lost" in shown
    # A key ends it, and records go on coming.
    reader, writer = os.pipe()
    term = Terminal(stdin=reader, env={"NO_COLOR": "1"})
    os.close(reader)
    os.write(writer, b"".join(lines[:5]))
    os.write(writer, b"# cpu 0 lost 7 records here, not read in time\n" + lines[5])
    term.shows("7 lost")
    os.write(term.fd, b"q")
    term.ends()
    assert b";31m" not in term.bytes


def dumb(tmp):
    """A dumb terminal gets a message instead."""
    term = Terminal("-d", os.path.join(HERE, "module"), env={"TERM": "dumb"})
    term.wait("end", term.has_ended)
    term.read(0.1)
    assert term.status == 2 and b"TERM=dumb" in term.bytes and b"\x1b" not in term.bytes


CHECKS = [sizes, moves, findings, no_findings, slow_doctor, endings, stops, stuck, records, dumb]

if __name__ == "__main__":
    failed = 0
    for check in CHECKS:
        if sys.argv[2:] and check.__name__ not in sys.argv[2:]:
            continue
        with tempfile.TemporaryDirectory() as place:
            try:
                check(place)
                print(f"{check.__name__}: ok", flush=True)
            except AssertionError as error:
                failed += 1
                print(f"{check.__name__}: {error}", flush=True)
                sys.excepthook(*sys.exc_info())
    sys.exit(failed != 0)
