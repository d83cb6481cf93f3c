#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# usage: selftests/teardown/served.py TOOL [CHECK...]
#
# "tcp-teardown metrics --serve" as a client meets it: what is answered, and that neither
# clients that are slow, many, or wrong keep it from the next one. Ends with status 0 if all
# of it is so.

import os
import re
import signal
import socket
import subprocess
import sys
import time

TOOL = sys.argv[1]
HERE = os.path.dirname(os.path.realpath(__file__))
SOON = 20
TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Server:
    """The tool, at a port that was free."""

    def __init__(self, address="0", directory=os.path.join(HERE, "module")):
        self.tool = subprocess.Popen([TOOL, "metrics", "-d", directory, "--serve", address],
                                     stderr=subprocess.PIPE, text=True)
        line = self.tool.stderr.readline()
        found = re.search(r"http://\[?([0-9.:a-f]*?)\]?:(\d+)/metrics", line)
        assert found, line
        self.host, self.port = found.group(1), int(found.group(2))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.tool.kill()
        self.tool.wait()
        self.tool.stderr.close()

    def connect(self):
        return socket.create_connection((self.host, self.port), SOON)

    def ask(self, request):
        """Status, fields and body of the answer, to its end."""
        with self.connect() as client:
            client.sendall(request)
            return receive(client)


def receive(client):
    got = b""
    while new := client.recv(65536):
        got += new
    head, _, body = got.partition(b"\r\n\r\n")
    lines = head.decode("ascii").split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines[1:])
    return int(lines[0].split()[1]), fields, body


def get(path="/metrics", fields="", method="GET", version="HTTP/1.1"):
    return f"{method} {path} {version}\r\nHost: x\r\n{fields}\r\n".encode()


def printed(*args):
    return subprocess.run([TOOL, "metrics", "-d", os.path.join(HERE, "module"), *args],
                          check=True, capture_output=True).stdout


def answers():
    """What is asked for, in the form that is accepted, and nothing else."""
    with Server() as server:
        status, fields, body = server.ask(get())
        assert (status, fields["Content-Type"], body) == (200, TEXT, printed("-p"))
        assert fields["Connection"] == "close" and fields["Content-Length"] == str(len(body))
        status, fields, body = server.ask(get(fields="accept: x, application/openmetrics-text\r\n"))
        assert (status, fields["Content-Type"], body) == (200, OPEN, printed())
        status, fields, body = server.ask(get(method="HEAD"))
        assert (status, body, fields["Content-Length"]) == (200, b"", str(len(printed("-p"))))
        for good in (get("/metrics?a=/b"), get("http://other:1/metrics"),
                     b"GET /metrics HTTP/1.0\n\n", get(version="HTTP/1.7")):
            assert server.ask(good)[0] == 200, good
        for status, bad in (
                (404, get("/")), (404, get("/metrics/")), (404, get("/metric")),
                (404, get("/metricsx")), (404, get("/../etc/passwd")), (405, get(method="POST")),
                (405, get(method="get")), (505, get(version="HTTP/2.0")),
                (400, get("metrics")), (400, get("*")), (400, get("/a b")), (400, b"\x16\3\1\n"),
                (400, b"GET /metrics\r\n\r\n"), (400, b"GET /metrics HTTP/1.1\r\n\r\n"),
                (400, get(fields="Host: y\r\n")), (400, get(fields=" folded\r\n")),
                (400, get(fields="a : b\r\n")), (400, get(fields="a\r\n")),
                (400, get(fields="a: \0\r\n")), (400, get(fields="a: b\rc\r\n")),
                (431, b"GET /" + 8192 * b"x"), (431, get(fields="a: b\r\n" * 2000))):
            got = server.ask(bad)
            assert got[0] == status, (bad[:60], got)
            assert got[2].startswith(str(status).encode())
            assert ("Allow" in got[1]) == (status == 405)


def ends_in_order():
    """What a client still sends is read: no reset, which could take the answer away."""
    with Server() as server:
        with server.connect() as client:
            client.sendall(get(method="POST", fields="Content-Length: 100000\r\n") + 5000 * b"x")
            time.sleep(0.3)
            client.sendall(50000 * b"x")
            assert receive(client)[0] == 405
            client.sendall(b"y")
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""


def slow():
    """Piece by piece is good; too slow is answered so; and nobody waits for them."""
    with Server() as server:
        waiting = server.connect()
        waiting.sendall(b"GET /met")
        with server.connect() as client:
            for piece in get():
                client.sendall(bytes([piece]))
                time.sleep(0.01)
            assert receive(client)[0] == 200
        begin = time.time()
        status = receive(waiting)[0]
        assert status == 408 and time.time() - begin < 10
        waiting.close()
        # Gone in the middle.
        for request in b"", b"GET", get():
            client = server.connect()
            client.sendall(request)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
        assert server.ask(get())[0] == 200


def cpu_time(pid):
    """In ticks, of which a second has 100."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13]))


def many():
    """More than there may be at a time: the others wait, and each is served."""
    with Server() as server:
        idle = [server.connect() for _ in range(16)]
        time.sleep(0.3)
        files = len(os.listdir(f"/proc/{server.tool.pid}/fd"))
        others = [server.connect() for _ in range(10)]
        for client in others:
            client.sendall(get())
        spent = cpu_time(server.tool.pid)
        time.sleep(1)
        assert len(os.listdir(f"/proc/{server.tool.pid}/fd")) == files, "a bound"
        assert cpu_time(server.tool.pid) - spent < 5, "it does not wait"
        for client in others:
            assert receive(client)[0] == 200
            client.close()
        for client in idle:
            client.close()


def no_module():
    """The module may come later."""
    with Server(directory="/nonexistent") as server:
        if os.path.exists("/proc/net/tcp_teardown/summary"):
            return
        status, fields, body = server.ask(get())
        assert status == 503 and body.startswith(b"503"), (status, fields, body)


def begins_and_ends():
    """At an address, which one alone has; until it is interrupted."""
    with Server("[::1]:0") as server:
        assert server.host == "::1" and server.ask(get())[0] == 200
    with Server() as server:
        assert server.host == "127.0.0.1"
        taken = subprocess.run([TOOL, "metrics", "--serve", str(server.port)], check=False,
                               capture_output=True)
        assert taken.returncode == 2 and b"in use" in taken.stderr, taken
        with server.connect():
            begin = time.time()
            server.tool.send_signal(signal.SIGTERM)
            assert server.tool.wait(SOON) == 0 and time.time() - begin < 3
    for wrong in "localhost:1", "1.2.3.4", "::1:9", "[::1]", ":9", "99999", "-1", "", "x:1":
        got = subprocess.run([TOOL, "metrics", "--serve", wrong], check=False,
                             capture_output=True)
        assert got.returncode == 2 and got.stderr.count(b"\n") == 1, (wrong, got)


CHECKS = [answers, ends_in_order, slow, many, no_module, begins_and_ends]

if __name__ == "__main__":
    failed = 0
    for check in CHECKS:
        if sys.argv[2:] and check.__name__ not in sys.argv[2:]:
            continue
        try:
            check()
            print(f"{check.__name__}: ok", flush=True)
        except (AssertionError, OSError) as error:
            failed += 1
            print(f"{check.__name__}: {error!r}", flush=True)
            sys.excepthook(*sys.exc_info())
    sys.exit(failed != 0)
