#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Brings about the troubles that tcp-teardown doctor finds; run by doctor.sh.

usage: play.py TROUBLE

In a network namespace of its own, with its loopback device up. It prints "ready" when the
trouble is there, and holds its sockets until it is killed.
"""

import os
import signal
import socket
import struct
import subprocess
import sys
import time

PORT = 7005
COUNT = 6
TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 19, 20, 21
HOST = "127.0.0.1"

held = []


def listen(backlog=64, port=PORT):
    """A listener that is held."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(backlog)
    held.append(listener)
    return listener


def pairs(count=COUNT, listener=None):
    """So many connections: the client's end, the server's end."""
    listener = listener or listen()
    made = []
    for _ in range(count):
        client = socket.create_connection(listener.getsockname())
        made.append((client, listener.accept()[0]))
    return made


def sysctl(name, value):
    with open(f"/proc/sys/net/{name}", "w", encoding="ascii") as file:
        file.write(str(value))


def nft(rule):
    """Drop what arrives and fits the rule; "" drops nothing any more."""
    subprocess.run(["nft", "flush", "ruleset"], check=True)
    if rule:
        subprocess.run(["nft", "add table ip t; add chain ip t in "
                        "{ type filter hook input priority 0; }; "
                        f"add rule ip t in {rule} drop"], check=True)


def orderly(count, listener=None):
    """Ends as they should be, by either side."""
    for i, (client, server) in enumerate(pairs(count, listener)):
        first, second = (client, server) if i % 2 else (server, client)
        first.close()
        time.sleep(0.01)
        second.recv(1)
        second.close()
    time.sleep(0.1)


def leak():
    """The server reads half of them, and closes none."""
    for i, (client, server) in enumerate(pairs()):
        client.send(b"x" * 100)
        if i % 2:
            server.recv(100)
        client.close()
        held.append(server)


def bystander():
    """The same, but no process is to blame: a long answer is still being sent."""
    listener = listen()
    orderly(20, listener)
    for client, server in pairs(1, listener):
        client.shutdown(socket.SHUT_WR)
        held.extend((client, server))
    time.sleep(1)


def full():
    """More closes than there may be minisocks."""
    sysctl("ipv4/tcp_max_tw_buckets", 4)
    for client, server in pairs(20):
        client.close()
        time.sleep(0.01)
        server.close()
    time.sleep(0.1)


def ports():
    """More connections to one destination than there are local ports."""
    sysctl("ipv4/ip_local_port_range", "40000 40009")
    listener = listen()
    failed = 0
    for _ in range(25):
        try:
            client = socket.create_connection((HOST, PORT))
        except OSError:
            failed += 1
            continue
        server = listener.accept()[0]
        held.append(client)
        held.append(server)
    assert failed == 15, failed


def fins():
    """The first FIN of each is dropped."""
    made = pairs()
    nft(f"tcp dport {PORT} tcp flags & fin == fin")
    for client, _ in made:
        client.close()
    time.sleep(0.1)
    nft("")
    time.sleep(2)
    for _, server in made:
        server.close()
    time.sleep(1)


def last_ack():
    """The last ACK is dropped, and the one that a FIN sent again brings is not."""
    made = pairs()
    for client, _ in made:
        client.close()
    time.sleep(0.1)
    nft(f"tcp dport {PORT}")
    for _, server in made:
        server.close()
    time.sleep(0.1)
    nft("")
    time.sleep(2)


def gone():
    """The peer can't be reached any more, and one retry is allowed."""
    sysctl("ipv4/tcp_orphan_retries", 1)
    made = pairs()
    nft(f"tcp dport {PORT}")
    for client, server in made:
        client.close()
        held.append(server)
    time.sleep(5)


def waits():
    """The peer's process does not read."""
    for client, server in pairs(1):
        client.setblocking(False)
        try:
            while True:
                client.send(b"x" * 65536)
        except BlockingIOError:
            pass
        client.close()
        held.append(server)
    time.sleep(5)


def held_open():
    """shutdown() without close(), and a peer that does not close."""
    for client, server in pairs():
        client.shutdown(socket.SHUT_WR)
        held.extend((client, server))


def orphans():
    """FINs that nobody acknowledges; the caller lets the host have few orphans."""
    made = pairs(12)
    nft(f"tcp dport {PORT}")
    for client, server in made:
        client.close()
        held.append(server)
        time.sleep(0.3)


def unread():
    """The client closes without reading what came."""
    for client, server in pairs():
        server.send(b"x" * 100)
        time.sleep(0.01)
        client.close()
        server.close()


def race():
    """The server ends idle connections that the client uses again."""
    for client, server in pairs():
        server.close()
        time.sleep(0.01)
        client.send(b"one more request")
        held.append(client)
    time.sleep(0.1)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def send_syn(source, port, seq, tsval=None):
    """A SYN of our own making."""
    options = b"" if tsval is None else struct.pack("!BBBBII", 1, 1, 8, 10, tsval, 0)
    offset = (20 + len(options)) // 4 << 4
    head = struct.pack("!HHIIBBHHH", source, port, seq & 0xffffffff, 0, offset, 2, 1024, 0, 0)
    pseudo = socket.inet_aton(HOST) * 2 + struct.pack("!BBH", 0, 6, len(head + options))
    head = head[:16] + struct.pack("!H", checksum(pseudo + head + options)) + head[18:]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
        raw.sendto(head + options, (HOST, 0))


def next_seq(client):
    """What the socket sends next."""
    client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, 2)
    seq = client.getsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ) & 0xffffffff
    client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, -1)
    return seq


def syn():
    """SYNs at a TIME_WAIT: two of an older number, three that PAWS refuses."""
    for i, (client, server) in enumerate(pairs(5)):
        source, seq = client.getsockname()[1], next_seq(client)
        server.close()
        time.sleep(0.01)
        client.close()
        time.sleep(1.1)
        if i < 2:
            send_syn(source, PORT, seq - 1000)
        else:
            send_syn(source, PORT, seq + 100000, 1)
        time.sleep(0.01)


def connect(count):
    """So many that nobody accepts."""
    for _ in range(count):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex((HOST, PORT))
        held.append(client)


def queue():
    """Nobody accepts, and the queue is short."""
    listen(0)
    connect(4)
    time.sleep(2)


def queue_reset():
    """The same, with tcp_abort_on_overflow. A SYN is dropped where the queue is full
    already; so these come before the ACKs that fill it."""
    sysctl("ipv4/tcp_abort_on_overflow", 1)
    listen(4)
    connect(3)
    time.sleep(0.1)
    nft(f"tcp dport {PORT} tcp flags & (syn | ack) == ack")
    connect(4)
    time.sleep(0.1)
    nft("")
    time.sleep(4)


def never_accepted():
    """Clients that went before anybody has accepted them."""
    listen()
    for _ in range(3):
        socket.create_connection((HOST, PORT)).close()


def healthy():
    """Nothing is wrong."""
    orderly(60)


def main():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    globals()[sys.argv[1]]()
    print("ready", flush=True)
    time.sleep(100000)


if __name__ == "__main__":
    main()
