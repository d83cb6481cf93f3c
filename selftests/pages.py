#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# usage: selftests/pages.py [PAGE...]
#
# The transcripts of docs/: load-test, leak-hunt, fleet, bpf, four-way-close.
#
# Shows: each command of a page, run again in order, gives what the page shows: the same lines
# in the same order, without numbers, units and blanks (lib/transcript.py).
#
# Each page has a network namespace and a directory of its own, and a shell that keeps its
# state; a prompt HOST$ is a shell in the network namespace HOST that the page has made. $src is
# the project's directory. While a page sleeps for ten seconds or more, the next one runs.
#
# With TT_NEW=y the pages are written to $VM_OUT, with what the commands gave now: from a guest
# they come to build/out/.
#
# Needs: root, debugfs, tcp-teardown beside the other programs; each page the programs that are
# named below. The module is loaded.
#
# Modes: by name

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
PROJECT = os.path.dirname(HERE)
DOCS = f"{PROJECT}/docs"
OUTPUT = os.path.realpath(os.environ.get("TT_OUTPUT", HERE + "/../build/selftests"))
DEBUGFS = "/sys/kernel/debug/tcp_teardown"
TRACEFS = "/sys/kernel/tracing"
LIMIT = 90	# seconds, for one command

sys.dont_write_bytecode = True
sys.path.insert(0, HERE + "/lib")
from transcript import replay  # pylint: disable=wrong-import-position

# What each page needs. The one that sleeps for a minute comes first.
PAGES = {
    "leak-hunt": ("curl",),
    "load-test": ("nginx", "wrk"),
    "fleet": ("curl", "promtool"),
    "bpf": ("bpftrace", "clang", "/usr/include/bpf/bpf.h"),
    "four-way-close": ("tc",),
}


class Shell:
    """A bash that runs one command after another, and keeps its state."""

    def __init__(self, words, directory):
        script, self.script = os.pipe()
        self.program = subprocess.Popen(
            [*words, "bash", f"/dev/fd/{script}"], cwd=directory, pass_fds=[script],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"PATH": f"{OUTPUT}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                 "HOME": directory, "LANG": "C.UTF-8", "src": PROJECT})
        os.close(script)

    def run(self, command):
        """The lines that it prints; no more than come before the next command."""
        mark = b"--- the end of this command ---\n"
        os.write(self.script, command.encode() + b"\necho '" + mark.strip() + b"'\n")
        said, end = b"", time.monotonic() + LIMIT
        while not said.endswith(mark):
            left = max(0, end - time.monotonic())
            chunk = b""
            if select.select([self.program.stdout], [], [], left)[0]:
                chunk = os.read(self.program.stdout.fileno(), 65536)
            if not chunk:
                raise TimeoutError(f"the shell has ended, or runs for longer than {LIMIT} s: "
                                   f"{command}: {said.decode('utf8', 'replace')}")
            said += chunk
        return [line.rstrip() for line in
                said.decode("utf8", "replace").replace(mark.decode(), "").splitlines()]

    def netns(self):
        return os.stat(f"/proc/{self.program.pid}/ns/net").st_ino

    def end(self):
        os.close(self.script)
        self.program.kill()
        self.program.wait()
        self.program.stdout.close()


def processes_in(namespaces):
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.stat(f"/proc/{name}/ns/net").st_ino in namespaces:
                yield int(name)
        except OSError:
            pass


class Page:
    """One page, and what its commands gave."""

    def __init__(self, name):
        self.name = name
        self.missing = [word for word in PAGES[name]
                        if not os.path.exists(word) and not shutil.which(word)]
        self.path = f"{DOCS}/{name}.md"
        self.directory = tempfile.mkdtemp(prefix=f"{name}.")
        os.chmod(self.directory, 0o755)
        self.shells = {}
        self.wrong = []
        self.waits = threading.Event()
        self.took = 0

    def command(self, host, text):
        """Run it by the shell of that host, a network namespace that a command has made."""
        if host not in self.shells:
            enter = ["nsenter", f"--net=/run/netns/{host}"] if host else ["unshare", "-n"]
            self.shells[host] = Shell(enter, self.directory)
            if not host:
                self.shells[""].run("ip link set lo up")
        if re.match(r"sleep \d\d", text):
            self.waits.set()
        return self.shells[host].run(text)

    def run(self):
        began = time.monotonic()
        try:
            with open(self.path, encoding="utf8") as file:
                lines = file.read().splitlines()
            new, self.wrong = replay(lines, self.command)
            if os.environ.get("TT_NEW"):
                self.wrong = []
                out = os.environ.get("VM_OUT", ".")
                with open(f"{out}/{self.name}.md", "w", encoding="utf8") as file:
                    file.write("\n".join(new) + "\n")
        except OSError as error:
            self.wrong.append(str(error))
        self.took = time.monotonic() - began
        self.waits.set()
        self.clean()

    def clean(self):
        """End what the page has left."""
        namespaces = {shell.netns() for shell in self.shells.values()}
        for pid in processes_in(namespaces):
            os.kill(pid, signal.SIGKILL)
        for host, shell in self.shells.items():
            shell.end()
            if host:
                subprocess.run(["ip", "netns", "del", host], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.directory)

    def result(self, number):
        if self.missing:
            print(f"ok {number} docs/{self.name}.md # SKIP no {self.missing[0]}", flush=True)
            return True
        for text in self.wrong:
            print("\n".join("# " + line for line in text.splitlines()))
        print(f"# {self.name} took {self.took:.0f} s")
        print(f"{'not ' if self.wrong else ''}ok {number} docs/{self.name}.md", flush=True)
        return not self.wrong


def run_all(pages):
    """One after another, and while one waits for a minute, the others."""
    waiting = []
    for page in pages:
        waiting.append(threading.Thread(target=page.run))
        waiting[-1].start()
        page.waits.wait()
    for thread in waiting:
        thread.join()


def main():
    names = sys.argv[1:] or list(PAGES)
    why = (os.getuid() and "needs root" or
           not os.path.exists(f"{OUTPUT}/tcp-teardown") and f"no tcp-teardown at {OUTPUT}" or
           not os.path.isdir(DEBUGFS) and "no debugfs")
    print("KTAP version 1")
    if why:
        print(f"1..0 # SKIP {why}")
        return 4
    if not os.path.isdir(f"{TRACEFS}/events"):
        subprocess.run(["mount", "-t", "tracefs", "tracefs", TRACEFS], check=False)
    print(f"1..{len(names)}")
    pages = [Page(name) for name in names]
    run_all([page for page in pages if not page.missing])
    return 0 if all([page.result(number) for number, page in enumerate(pages, 1)]) else 1


if __name__ == "__main__":
    sys.exit(main())
