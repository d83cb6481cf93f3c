#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# tcp-teardown live on a host that has the module, while connections are made and closed.
#
# Shows: the count on each arrow is the module's, and so are those in boxes, the oldest
# connection in CLOSE_WAIT, and the records; rates move while connections are closed; a resize
# draws all again; a finding of doctor comes by itself; with -f the picture is made of records;
# after q, ^C, and when the module is unloaded, the terminal is as it was.
#
# Needs: root, debugfs, python3-pyte, tcp-teardown beside the other programs. It unloads the
# module, and leaves it loaded (TT_MODULE, TT_ARGS).
#
# Modes: icount

import os
import re
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
TOOL = os.path.join(os.environ.get("TT_OUTPUT", HERE + "/../build/selftests"), "tcp-teardown")
DEBUGFS = "/sys/kernel/debug/tcp_teardown"
RELEASE = os.uname().release
MODULE = os.environ.get("TT_MODULE", f"{HERE}/../build/{RELEASE}/tcp_teardown.ko")

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "teardown"))
try:
    from terminal import SOON, Terminal
except ModuleNotFoundError:
    Terminal = None

# Row and column of the picture of 80 by 24 where the count of each arrow is.
ARROWS = {
    ("ESTABLISHED", "FIN_WAIT1"): (5, 4),
    ("ESTABLISHED", "CLOSE_WAIT"): (5, 64),
    ("FIN_WAIT1", "FIN_WAIT2"): (10, 4),
    ("FIN_WAIT1", "TIME_WAIT"): (10, 24),
    ("FIN_WAIT1", "CLOSING"): (10, 44),
    ("CLOSE_WAIT", "LAST_ACK"): (10, 64),
    ("FIN_WAIT2", "TIME_WAIT"): (15, 4),
    ("CLOSING", "TIME_WAIT"): (15, 44),
    ("LAST_ACK", "CLOSE"): (15, 64),
    ("TIME_WAIT", "CLOSE"): (17, 45),
}
LABEL = re.compile(r"(\d+)  (<?[0-9.]+)/s")


def counted(name="summary"):
    """The module's lines of a name and a number."""
    with open(f"{DEBUGFS}/{name}", encoding="ascii") as file:
        return {words[0]: int(words[1]) for words in map(str.split, file)
                if len(words) == 2 and words[1].isdigit()}


def listed(state):
    with open(f"{DEBUGFS}/connections", encoding="ascii") as file:
        return [line.split() for line in file if f" {state} " in line]


def shown(term):
    """Count and rate of each arrow."""
    labels = {}
    for arrow, (row, column) in ARROWS.items():
        label = LABEL.match(term.screen.display[row][column:])
        if not label:
            return None
        labels[">".join(arrow)] = int(label[1]), label[2] not in ("0", "<0")
    return labels


class Traffic:
    """Connections that are made and closed, by either end first, until it ends."""

    def __init__(self):
        # The child is no copy of this one, which holds sockets.
        self.child = subprocess.Popen([sys.executable, __file__, "traffic"])

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.child.kill()
        self.child.wait()


def pair():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        return socket.create_connection(listener.getsockname()), listener.accept()[0]


def traffic():
    for i in range(1 << 30):
        ends = pair()
        for end in ends if i % 4 else reversed(ends):
            end.close()
        time.sleep(0.02)


def agrees(term):
    """What was counted before the picture, the picture, and what was counted after it."""
    before = counted()
    at_least = {name: before.get(name, 0) for name in map(">".join, ARROWS)}
    term.wait("picture of what was counted", lambda: (now := shown(term)) and all(
        now[name][0] >= count for name, count in at_least.items()))
    picture, after = shown(term), counted()
    for name, (count, _) in picture.items():
        assert count <= after.get(name, 0), f"{name}: {count} is more than {after.get(name)}"
    return picture, after


def arrows():
    term = Terminal(TOOL, "-i", "0.5")
    with Traffic():
        term.shows(r"v [1-9]\d*  [0-9.]+/s")
        for _ in range(5):
            picture, _ = agrees(term)
        term.wait("rate", lambda: shown(term)["ESTABLISHED>FIN_WAIT1"][1])
    assert min(picture[f"ESTABLISHED>{to}"][0] for to in ("FIN_WAIT1", "CLOSE_WAIT")) > 0
    # All is quiet, but for TIME_WAITs: the same, then.
    picture, after = agrees(term)
    for name, (count, _) in picture.items():
        if name != "TIME_WAIT>CLOSE":
            assert count == after.get(name, 0), f"{name}: {count}, counted {after.get(name, 0)}"
    os.write(term.fd, b"q")
    term.ends()


def boxes():
    held = [pair() for _ in range(4)]
    for client, server in held:
        client.send(b"unread")
        client.shutdown(socket.SHUT_WR)
    waiting = listed("CLOSE_WAIT")
    assert len(waiting) >= 4
    term = Terminal(TOOL, "-i", "0.5")
    term.shows(rf"\| CLOSE_WAIT {len(waiting)} ")
    term.shows(rf"\| FIN_WAIT2 {len(listed('FIN_WAIT2'))} ")
    oldest = waiting[0]
    term.shows(rf"oldest CLOSE_WAIT \d+ s, {oldest[4]} from {oldest[5]}, 6 unread")
    stats = counted("stats")
    term.shows(rf"^tcp-teardown live: this host +{stats['written']} records, \d+ lost; ")
    # With unread data that is a reset, and a finding.
    for client, server in held:
        server.close()
        client.close()
    term.shows(r"^(findings|        ) RESET close\(\) with unread data|and \d+ more")
    term.resize(120, 50)
    term.shows(r"RESET close\(\) with unread data, which resets: [1-9]")
    os.write(term.fd, b"\x03")
    term.ends()


def sizes():
    term = Terminal(TOOL, "-i", "0.5")
    with Traffic():
        for width, height in (80, 24), (132, 50), (81, 24):
            term.resize(width, height)
            unit = min(width // 4, 32)
            term.shows(rf"^\+-{{{4 * unit - 2}}}\+$")
        term.resize(60, 12)
        term.shows(r"^state           now  entered")
        term.resize(80, 24)
        term.shows(r"^\+-{78}\+$")
        agrees(term)
    os.write(term.fd, b"q")
    term.ends()


def follows():
    """The records as they come; then ^C, and the terminal is the shell's."""
    with open(f"{DEBUGFS}/trace", "w", encoding="ascii"):
        pass
    term = Terminal(TOOL, "-f", "-i", "0.5")
    with Traffic():
        term.shows(r"v [1-9]\d*  [0-9.]+/s")
        term.shows(r"^ended [1-9]\d*")
    os.kill(term.pid, signal.SIGINT)
    term.ends()


def unload():
    return subprocess.run(["rmmod", "tcp_teardown"], capture_output=True, check=False)


def load():
    subprocess.run(["insmod", MODULE, *os.environ.get("TT_ARGS", "").split()], check=True)


def unloaded():
    """It ends with the module, says so where that can be read, and keeps nobody from it."""
    term = Terminal(TOOL, "-i", "0.5")
    term.shows(r"^findings (?!not looked)")
    until = time.time() + SOON
    while (done := unload()).returncode:     # it reads right now
        assert time.time() < until, done.stderr
        term.read(0.01)
    try:
        term.ends(2)
        assert re.search(rb"1049l.*summary: No such file", term.bytes, re.S), term.bytes[-300:]
    finally:
        load()


CASES = {
    "counts on arrows are the module's": arrows,
    "boxes, the oldest CLOSE_WAIT, records and findings": boxes,
    "in other sizes": sizes,
    "-f, of records": follows,
    "the module is unloaded": unloaded,
}


def main():
    print("KTAP version 1")
    why = (not Terminal and "no python3-pyte" or
           not os.path.exists(TOOL) and f"no tcp-teardown at {TOOL}" or
           not os.path.isdir(DEBUGFS) and "no debugfs")
    if why:
        print(f"1..0 # SKIP {why}")
        return 4
    print(f"1..{len(CASES)}")
    failed = 0
    for number, (title, case) in enumerate(CASES.items(), 1):
        try:
            case()
            print(f"ok {number} {title}", flush=True)
        except (AssertionError, OSError) as error:
            failed = 1
            print("\n".join("# " + line for line in str(error).splitlines()))
            print(f"not ok {number} {title}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(traffic() if sys.argv[1:] == ["traffic"] else main())
