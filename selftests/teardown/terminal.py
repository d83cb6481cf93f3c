# SPDX-License-Identifier: GPL-2.0
"""A terminal with "tcp-teardown live" in it: keys, sizes, what is shown, and how it is left."""

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
import pyte

# Where time is skipped, it is while the machine outside reads a file, too.
SOON = 3600 if os.environ.get("VM_MODE") == "icount" else 20


class Terminal:
    """A terminal with the tool in it, as the leader of its session."""

    def __init__(self, tool, *args, width=80, height=24, stdin=None, env=None):
        self.bytes = b""
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.ByteStream(self.screen)
        self.fd, slave = pty.openpty()
        self.name = os.ttyname(slave)
        self.slave = slave
        self.resize(width, height)
        self.before = termios.tcgetattr(slave)
        self.status = None
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in 0, 1, 2:
                os.dup2(stdin if fd == 0 and stdin is not None else slave, fd)
            os.closerange(3, 100)
            os.environ.pop("NO_COLOR", None)
            os.environ.update({"TERM": "xterm"}, **(env or {}))
            os.execv(tool, [tool, "live", *args])

    def resize(self, width, height):
        self.screen.resize(height, width)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return
        try:
            new = os.read(self.fd, 65536)
        except OSError:     # all have closed it
            return
        self.bytes += new
        self.stream.feed(new)

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait(self, what, is_there):
        until = time.time() + SOON
        while not is_there():
            if time.time() > until:
                raise AssertionError(f"no {what}:\n{self.text()}\n{self.bytes[-500:]!r}")
            self.read(0.1)

    def shows(self, pattern):
        self.wait(pattern, lambda: re.search(pattern, self.text(), re.M))

    def has_ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None

    def is_as_it_was(self):
        assert termios.tcgetattr(self.slave) == self.before, "the terminal's modes"
        shown = re.findall(rb"\x1b\[\?(1049|25)([hl])", self.bytes)
        assert [s for s in shown if s[0] == b"1049"][-1][1] == b"l", "the alternate screen"
        assert [s for s in shown if s[0] == b"25"][-1][1] == b"h", "the cursor"

    def ends(self, status=0):
        self.wait("end", self.has_ended)
        for _ in range(5):
            self.read(0.05)
        assert self.status == status, f"status {self.status}: {self.bytes[-300:]!r}"
        self.is_as_it_was()
