#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# usage: selftests/teardown/two_hosts.py host-a | host-b
#        selftests/teardown/two_hosts.py merged TOOL DIR
#
# Run by two_hosts: in each guest it closes connections and records its end in $VM_OUT; at the
# end, outside, it merges what both have left in DIR, and looks at each ladder. host-a connects.

import glob
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time

ADDRESS = {"host-a": "10.9.0.1", "host-b": "10.9.0.2"}
CONTROL, CLOCK = 7000, 7001
# What happens at each port.
WHOLE, LOST_FIN, LOST_ACK, B_FIRST, LOSSY = 7300, 7301, 7302, 7303, 7310
LOSSY_COUNT = 12
AHEAD = 3.5
SOON = 120


def run(*words):
    subprocess.run(words, check=True)


# --- in a guest ---------------------------------------------------------------

def tc(*words):
    run("tc", "qdisc", *words)


def set_up(name):
    run("modprobe", "-a", "virtio_net", "sch_netem", "sch_prio", "cls_u32")
    run("ip", "link", "set", "eth0", "up")
    run("ip", "addr", "add", ADDRESS[name] + "/24", "dev", "eth0")
    # What goes to or comes from these ports passes a netem of its own.
    tc("add", "dev", "eth0", "root", "handle", "1:", "prio", "priomap", *["0"] * 16)
    tc("add", "dev", "eth0", "parent", "1:2", "handle", "20:", "netem", "loss", "0%")
    tc("add", "dev", "eth0", "parent", "1:3", "handle", "30:", "netem", "loss", "20%")
    for port, band in (LOST_FIN, "1:2"), (LOST_ACK, "1:2"), (LOSSY, "1:3"):
        for side in "sport", "dport":
            run("tc", "filter", "add", "dev", "eth0", "parent", "1:", "protocol", "ip", "u32",
                "match", "ip", side, str(port), "0xffff", "flowid", band)
    if name == "host-b":
        time.clock_settime(time.CLOCK_REALTIME, time.time() + AHEAD)
    run("hostname", name)
    run("insmod", glob.glob(f"build/{os.uname().release}/tcp_teardown.ko")[0], "groups=all")


def lose(all_of_it):
    """On LOST_FIN and LOST_ACK."""
    tc("change", "dev", "eth0", "parent", "1:2", "handle", "20:", "netem", "loss",
       "100%" if all_of_it else "0%")


class Recorder:
    def __init__(self, name):
        self.tool = subprocess.Popen(
            [os.environ["TT_OUTPUT"] + "/tcp-teardown", "record", "-o",
             f"{os.environ['VM_OUT']}/{name}.tdr", "port >= 7300 && port <= 7310"])
        time.sleep(1)

    def end(self):
        self.tool.send_signal(signal.SIGINT)
        assert self.tool.wait(SOON) == 0


def listen(port):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((ADDRESS["host-b"], port))
    sock.listen(64)
    return sock


def real():
    return time.clock_gettime_ns(time.CLOCK_REALTIME)


class Clock:
    """How far the other clock is ahead, by datagrams there and back."""

    def __init__(self):
        self.low, self.high = -1 << 62, 1 << 62
        self.sock = socket.socket(type=socket.SOCK_DGRAM)
        self.sock.settimeout(1)

    def ask(self):
        for _ in range(20):
            sent = real()
            try:
                self.sock.sendto(b"?", (ADDRESS["host-b"], CLOCK))
                there = struct.unpack("q", self.sock.recv(8))[0]
            except TimeoutError:
                continue
            self.low, self.high = max(self.low, there - real()), min(self.high, there - sent)


def tell_clock():
    """In a child: what the time is, to whom asks."""
    sock = socket.socket(type=socket.SOCK_DGRAM)
    sock.bind((ADDRESS["host-b"], CLOCK))
    sock.settimeout(None)
    if os.fork():
        return
    while True:
        _, asker = sock.recvfrom(8)
        sock.sendto(struct.pack("q", real()), asker)


def connect(port):
    until = time.time() + SOON
    while True:
        try:
            return socket.create_connection((ADDRESS["host-b"], port), SOON)
        except OSError:
            assert time.time() < until, f"no host-b at {port}"
            time.sleep(0.2)


def exchange(end, first):
    """Some data each way, so that nothing is left of it; host-a begins."""
    end.settimeout(SOON)
    for turn in (True, False):
        if turn == first:
            end.sendall(b"data")
        else:
            assert end.recv(4) == b"data"
    time.sleep(0.3)


def wait_for_fin(end):
    assert end.recv(1) == b""


def host_a():
    control = connect(CONTROL).makefile("rw")

    def other(word):
        """host-b does that, and says so when it is done."""
        control.write(word + "\n")
        control.flush()
        assert control.readline().strip() == word

    clock = Clock()
    clock.ask()
    recorder = Recorder("host-a")
    for port in WHOLE, LOST_FIN, LOST_ACK, B_FIRST:
        end = connect(port)
        exchange(end, True)
        if port == LOST_FIN:
            lose(True)
        if port != B_FIRST:
            end.shutdown(socket.SHUT_WR)
        if port == LOST_FIN:
            lose(False)
        if port == LOST_ACK:
            other("read to the end")
            lose(True)
        other("close")
        if port == LOST_ACK:
            lose(False)
        wait_for_fin(end)
        end.close()
        clock.ask()
    for i in range(LOSSY_COUNT):
        end = connect(LOSSY)
        exchange(end, True)
        if i % 2:
            other("close")
            wait_for_fin(end)
            end.close()
        else:
            end.close()
            other("close")
    # FINs and ACKs are sent again meanwhile.
    time.sleep(5)
    clock.ask()
    other("end")
    recorder.end()
    with open(f"{os.environ['VM_OUT']}/host-a.clock", "w", encoding="ascii") as file:
        json.dump([clock.low / 1e9, clock.high / 1e9], file)


def host_b():
    listeners = {port: listen(port) for port in
                 (CONTROL, WHOLE, LOST_FIN, LOST_ACK, B_FIRST, LOSSY)}
    tell_clock()
    recorder = Recorder("host-b")
    control = listeners[CONTROL].accept()[0].makefile("rw")

    def done(word):
        control.write(word + "\n")
        control.flush()

    def order(word):
        assert control.readline().strip() == word
        return word

    for port in [WHOLE, LOST_FIN, LOST_ACK, B_FIRST] + [LOSSY] * LOSSY_COUNT:
        end = listeners[port].accept()[0]
        exchange(end, False)
        if port == LOST_ACK:
            order("read to the end")
            wait_for_fin(end)
            done("read to the end")
        order("close")
        if port in (WHOLE, LOST_FIN):
            wait_for_fin(end)
        end.close()
        done("close")
    order("end")
    recorder.end()
    done("end")


# --- outside ------------------------------------------------------------------

class Merged:
    def __init__(self, tool, directory):
        self.tool, self.directory = tool, directory

    def ladders(self, port, *options):
        text = subprocess.run(
            [self.tool, "merge", *options, *(f"{self.directory}/{name}.tdr" for name in ADDRESS),
             f"port == {port}"], check=True, capture_output=True, text=True).stdout
        self.clocks, *ladders = re.split(r"\n(?=\S.*\n  A  )", text)
        return ladders

    def ladder(self, port):
        ladders = self.ladders(port)
        assert len(ladders) == 1, ladders
        print(ladders[0])
        return ladders[0]


def is_of_both(ladder):
    """Each end is known by its own records."""
    ends = re.findall(r"^  [AB]  (\S+):\d+ +id +\S+", ladder, re.M)
    assert sorted(ends) == sorted(ADDRESS.values()), ladder


def has(ladder, *patterns):
    """These, one row after the other."""
    at = 0
    for pattern in patterns:
        found = re.compile(pattern, re.M).search(ladder, at)
        assert found, f"no {pattern} in\n{ladder}"
        at = found.end()


def merged(tool, directory):
    merge = Merged(tool, directory)
    whole = merge.ladder(WHOLE)
    is_of_both(whole)
    assert "not received" not in whole and "again" not in whole
    has(whole, r"A>B FIN,ACK by shutdown_wr\(\) .*ESTABLISHED>FIN_WAIT1 +ESTABLISHED>CLOSE_WAIT$",
        r"B>A FIN,ACK by close\(\) .*TIME_WAIT +LAST_ACK$", r"A>B ACK .* CLOSE$")
    fin = merge.ladder(LOST_FIN)
    is_of_both(fin)
    has(fin, r"A>B FIN,ACK by shutdown_wr\(\) \(not received\) .*ESTABLISHED>FIN_WAIT1$",
        r"A>B FIN,ACK again .* ESTABLISHED>CLOSE_WAIT$")
    ack = merge.ladder(LOST_ACK)
    is_of_both(ack)
    has(ack, r"B>A FIN,ACK by close\(\) .*TIME_WAIT +LAST_ACK$", r"A>B ACK \(not received\)",
        r"B>A FIN,ACK again", r"A>B ACK .* CLOSE$")
    first = merge.ladder(B_FIRST)
    is_of_both(first)
    has(first, r"^  A  10\.9\.0\.2:7303 ", r"A>B FIN,ACK by close\(\) .*>FIN_WAIT1 ")
    lossy = merge.ladders(LOSSY)
    assert len(lossy) == LOSSY_COUNT, len(lossy)
    for ladder in lossy:
        is_of_both(ladder)
    lost = sum("not received" in ladder for ladder in lossy)
    again = sum("again" in ladder for ladder in lossy)
    assert lost and again, (lost, again)
    clocks(merge, directory)
    print(f"{len(lossy)} with losses: {lost} with a segment that was not received")


def clocks(merge, directory):
    """As merge has them, and as the guests have measured them."""
    print(merge.clocks)
    found = re.search(r"is ([-+][\d.]+) s from host-a, \+- ([\d.]+) s", merge.clocks)
    assert found, merge.clocks
    ahead, by = map(float, found.groups())
    with open(f"{directory}/host-a.clock", encoding="ascii") as file:
        low, high = json.load(file)
    print(f"# measured: {low:+.6f} to {high:+.6f} s")
    assert ahead - by <= high and ahead + by >= low, (low, high)
    assert ahead - by - 2 < AHEAD < ahead + by + 2


if __name__ == "__main__":
    if sys.argv[1] == "merged":
        merged(*sys.argv[2:])
    else:
        socket.setdefaulttimeout(SOON)
        set_up(sys.argv[1])
        {"host-a": host_a, "host-b": host_b}[sys.argv[1]]()
