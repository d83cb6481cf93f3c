#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Brings about the troubles that tcp-teardown doctor finds; run by doctor.sh.

usage: play.py TROUBLE...

Each in the network namespace of its name, all at the same time. "ready TROUBLE PID" says
that it is there and which process brought it about; that holds its sockets until it is
killed.
"""

import ctypes
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback

PORT = 7005
HTTP = 8080
COUNT = 6
CLONE_NEWNET = 0x40000000
TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 19, 20, 21
HOST = "127.0.0.1"
GET = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"

held = []
started = []
directory = ""


def enter(name):
    """The network namespace that ip netns has made."""
    with open(f"/run/netns/{name}", encoding="ascii") as file:
        if ctypes.CDLL(None).setns(file.fileno(), CLONE_NEWNET):
            raise OSError(f"cannot enter {name}")


def run(*words, **options):
    subprocess.run(words, check=True, **options)


def calm(seconds=3):
    """Nothing is sent again that was only late: the machine may be busy. An orphan waits in
    FIN_WAIT2 for three and a half times as long."""
    run(*f"ip route replace local {HOST} dev lo table local proto kernel scope host "
        f"src {HOST} rto_min {seconds}s".split())
    sysctl("ipv4/tcp_early_retrans", 0)


def until(condition, what, seconds=60):
    """Wait, as a machine that is busy needs longer."""
    for _ in range(seconds * 50):
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise TimeoutError(what)


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


def counter(name):
    """Of the kernel, in this namespace."""
    with open("/proc/net/netstat", encoding="ascii") as file:
        names, values = [next(file).split() for _ in range(2)]
    return int(values[names.index(name)])


def sockets(state, port):
    """How many are in that state (a number as in /proc/net/tcp) with that local port."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    return sum(row[3] == f"{state:02X}" and row[1].endswith(f":{port:04X}") for row in rows)


# In which segments get lost on purpose.
LOSSY = ("netem", "last_ack", "gone")
ESTABLISHED, FIN_WAIT1, FIN_WAIT2, TIME_WAIT = 1, 4, 5, 6
CLOSE_WAIT, LAST_ACK, LISTEN = 8, 9, 10


def nft(rule, hook="input"):
    """Drop what arrives, or is forwarded, and fits the rule; "" drops nothing any more."""
    run("nft", "flush", "ruleset")
    if rule:
        run("nft", f"add table ip t; add chain ip t c {{ type filter hook {hook} priority 0; }}; "
            f"add rule ip t c {rule} drop")


# --- servers ---------------------------------------------------------------------------


def start(ready, *words):
    """A program, in the background, when it is ready."""
    with open(f"{directory}/log", "ab") as log:
        program = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   cwd=directory)
    started.append(program)
    until(lambda: program.poll() is not None or ready(), f"no {words[0]}")
    if program.poll() is not None:
        with open(f"{directory}/log", encoding="utf8") as log:
            raise ChildProcessError(f"{words}: {log.read()}")
    return program.pid


def serve(port, *words):
    """A server; it listens when this returns."""
    return start(lambda: sockets(LISTEN, port), *words)


def write(name, text):
    with open(f"{directory}/{name}", "w", encoding="ascii") as file:
        file.write(text)
    return f"{directory}/{name}"


def nginx(more="", address=HOST, answer='200 "hello\\n"'):
    temporary = "".join(f"{kind}_temp_path {directory}/{kind};" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    conf = write("nginx.conf", f"""
        worker_processes 1; daemon off; pid {directory}/nginx.pid;
        events {{ worker_connections 1024; }}
        http {{
            access_log off; {temporary} {more}
            server {{
                listen {address}:{HTTP};
                location / {{ return {answer}; }}
            }}
        }}
        """)
    os.chmod(directory, 0o755)
    return serve(HTTP, "nginx", "-c", conf, "-e", f"{directory}/log")


def haproxy(more, server):
    port = HTTP + 1
    conf = write("haproxy.cfg", f"""
        global
            nbthread 1
        defaults
            mode http
            timeout connect 20s
            timeout client 60s
            timeout server 60s
            {more}
        listen web
            bind {HOST}:{port}
            server one {HOST}:{HTTP} {server}
        """.replace("            ", "    ") + "\n")
    return serve(port, "haproxy", "-q", "-db", "-f", conf)


def redis(*options, address=HOST):
    return serve(6379, "redis-server", "--bind", address, "--port", "6379", "--save", "",
                 *options)


def node(script):
    return serve(HTTP, "node", "-e", script)


def connect(port=HTTP, address=HOST):
    return socket.create_connection((address, port))


def ask(client):
    """A request, and its answer."""
    client.sendall(GET)
    assert client.recv(4096), "no answer"


# --- closes that nobody makes ----------------------------------------------------------


def leak_python():
    """The server reads half of what comes, and closes nothing."""
    sysctl("ipv4/tcp_fin_timeout", 5)
    for i, (client, server) in enumerate(pairs(120)):
        client.send(b"x" * 100)
        if i % 2:
            server.recv(100)
        client.close()
        held.append(server)


HALF_OPEN = f"""
    require('net').createServer({{ allowHalfOpen: true }}, s => s.resume())
        .listen({HTTP}, '0.0.0.0')
    """


def leak_node():
    """The server lets its side open when the client has shut down, and forgets it."""
    sysctl("ipv4/tcp_fin_timeout", 5)
    node(HALF_OPEN)
    for _ in range(COUNT):
        with connect() as client:
            client.send(b"x" * 100)
    until(lambda: sockets(CLOSE_WAIT, HTTP) == COUNT, "no CLOSE_WAIT")


def leak_pool():
    """Redis ends idle connections, and the client's pool does not look."""
    sysctl("ipv4/tcp_fin_timeout", 5)
    redis("--timeout", "1")
    held.extend(connect(6379) for _ in range(COUNT))
    until(lambda: sockets(FIN_WAIT2, 6379) == COUNT, "redis closes nothing")


def held_open():
    """shutdown() without close(), and a peer that does not close."""
    for client, server in pairs():
        client.shutdown(socket.SHUT_WR)
        held.extend((client, server))


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


# --- TIME_WAIT and ports ---------------------------------------------------------------


def full():
    """nginx closes first, and there may be but few minisocks."""
    sysctl("ipv4/tcp_max_tw_buckets", 4)
    nginx("keepalive_timeout 0;")
    for _ in range(20):
        client = connect()
        ask(client)
        until(lambda: client.recv(1) == b"", "nginx does not close")
        # The FIN's ACK goes before this side's FIN.
        until(lambda: not sockets(FIN_WAIT1, HTTP), "no ACK")
        client.close()


def ports():
    """Node asks redis by a new connection each time, as fast as it can."""
    sysctl("ipv4/ip_local_port_range", "40000 40009")
    sysctl("ipv4/tcp_tw_reuse", 0)
    redis()
    node(f"""
        const net = require('net');
        let failed = 0;
        net.createServer().listen({HTTP}, '{HOST}');
        function next(left) {{
            if (!left)
                return;
            const s = net.connect(6379, '{HOST}', () => s.end());
            s.on('error', () => failed++).on('close', () => next(left - 1)).resume();
        }}
        next(25);
        """)
    until(lambda: counted("connect_no_local_port") == 15, "ports were found")


def counted(name):
    """By the module, in this namespace."""
    with open("/proc/net/tcp_teardown/summary", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(name + " "))


# --- what gets lost --------------------------------------------------------------------


def netem():
    """nginx closes first, and three segments of ten get lost."""
    run("tc", "qdisc", "add", "dev", "lo", "root", "netem", "loss", "30%")
    nginx("keepalive_timeout 0;")
    url = f"http://{HOST}:{HTTP}/[1-60]"
    subprocess.run(["curl", "-s", "-Z", "--parallel-max", "20", "-m", "40", url], check=False,
                   stdout=subprocess.DEVNULL)


def last_ack():
    """A firewall drops the last ACK; the one that a FIN sent again brings it lets through."""
    made = pairs()
    for client, _ in made:
        client.close()
    until(lambda: sockets(CLOSE_WAIT, PORT) == COUNT, "no CLOSE_WAIT")
    nft(f"tcp dport {PORT}")
    for _, server in made:
        server.close()
    until(lambda: sockets(LAST_ACK, PORT) == COUNT, "no LAST_ACK")
    nft("")
    until(lambda: not sockets(LAST_ACK, PORT), "LAST_ACK stays")


def gone():
    """The clients of nginx can't be reached any more, and one retry is allowed."""
    sysctl("ipv4/tcp_orphan_retries", 1)
    master = nginx()
    for _ in range(COUNT):
        client = connect()
        ask(client)
        held.append(client)
    nft(f"tcp dport {HTTP}")
    # It ends idle connections at once.
    os.kill(master, signal.SIGQUIT)
    until(lambda: not sockets(ESTABLISHED, HTTP), "nginx does not close")
    until(lambda: not sockets(FIN_WAIT1, HTTP), "FIN_WAIT1 stays")
    for client in held:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()


def orphans():
    """FINs of nginx that nobody acknowledges; the caller lets the host have few orphans."""
    calm(30)
    nginx("keepalive_timeout 1s;")
    for _ in range(12):
        client = connect()
        ask(client)
        held.append(client)
        # The kernel counts orphans ten times a second.
        time.sleep(0.3)
        if len(held) == 1:
            nft(f"tcp dport {HTTP} tcp flags & (syn | psh | ack) == ack")
    until(lambda: counter("TCPAbortOnMemory") >= 3, "none was killed")


# --- resets ----------------------------------------------------------------------------


def unread():
    """nginx is told to close without an answer, and does not read what else comes."""
    nginx(answer="444")
    for _ in range(COUNT):
        client = connect()
        client.sendall(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n" +
                       b"x" * 10000)
        held.append(client)
    until(lambda: counter("TCPAbortOnClose") == COUNT, "no reset")


def idle_time():
    """How long the server keeps a connection that is idle."""
    client = connect()
    ask(client)
    began = time.monotonic()
    assert client.recv(1) == b""
    client.close()
    return time.monotonic() - began


def race():
    """Node ends idle connections after five seconds, and haproxy, which keeps them for
    longer, uses them again in that moment: while the FIN is on its way. The requests come
    one after another, from before that moment until after it."""
    way = 0.4
    node("require('http').createServer((q, r) => r.end('hello'))"
         f".listen({HTTP}, '{HOST}')")
    idle = idle_time()
    haproxy("http-reuse always", "pool-purge-delay 1h")
    run("tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", f"{int(way * 1000)}ms")
    for _ in range(6):
        clients = [connect(HTTP + 1) for _ in range(8)]
        for client in clients:
            client.sendall(GET)
        for client in clients:
            client.recv(4096)
        time.sleep(idle - 3 * way - 3.5 * 0.2)
        for client in clients:
            client.sendall(GET)
            time.sleep(0.2)
        for client in clients:
            client.recv(4096)
            client.close()
        if counted("end=reset_sent,by=data") >= 3:
            break


# --- handshakes ------------------------------------------------------------------------


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
        client.recv(1)
        client.close()
        until(lambda: sockets(TIME_WAIT, PORT), "no TIME_WAIT")
        time.sleep(1.1)
        if i < 2:
            send_syn(source, PORT, seq - (1 << 24))
        else:
            send_syn(source, PORT, seq + 100000, 1)
        time.sleep(0.01)


def begin_connects(count, port):
    """So many that nobody accepts."""
    for _ in range(count):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex((HOST, port))
        held.append(client)


def queue():
    """Redis hangs, and its queue is short."""
    os.kill(redis("--tcp-backlog", "2"), signal.SIGSTOP)
    begin_connects(6, 6379)
    until(lambda: counter("ListenOverflows") >= 1, "no queue is full")


def queue_reset():
    """The same, with tcp_abort_on_overflow. A SYN is dropped where the queue is full
    already; so these come before the ACKs that fill it."""
    sysctl("ipv4/tcp_abort_on_overflow", 1)
    listen(4)
    begin_connects(3, PORT)
    time.sleep(0.1)
    nft(f"tcp dport {PORT} tcp flags & (syn | ack) == ack")
    begin_connects(4, PORT)
    time.sleep(0.1)
    nft("")
    time.sleep(4)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return file.read()


def never_accepted():
    """Clients that went before nginx, which hangs, has accepted them."""
    sysctl("ipv4/tcp_fin_timeout", 5)
    master = nginx()
    os.kill(int(until(lambda: children(master), "no worker")), signal.SIGSTOP)
    for _ in range(3):
        connect().close()


# --- nothing is wrong ------------------------------------------------------------------


def orderly(count, listener=None):
    """Ends as they should be, by either side."""
    for i, (client, server) in enumerate(pairs(count, listener)):
        first, second = (client, server) if i % 2 else (server, client)
        first.close()
        second.recv(1)
        second.close()


def bystander():
    """CLOSE_WAIT, but a long answer is still being sent."""
    listener = listen()
    orderly(20, listener)
    for client, server in pairs(1, listener):
        client.shutdown(socket.SHUT_WR)
        held.extend((client, server))


def healthy():
    """nginx, haproxy in front, and wrk, which asks both. At its end wrk leaves connections in
    the middle of an answer: one here."""
    nginx("keepalive_timeout 0;")
    haproxy("option http-server-close", "")
    for port in HTTP, HTTP + 1:
        run("wrk", "-t", "1", "-c", "1", "-d", "3s", "-H", "Connection: close",
            f"http://{HOST}:{port}/", stdout=subprocess.DEVNULL)


# --- those of docs/troubles.md: two hosts, and a router between them --------------------

PAGE = ("many_time_wait", "many_close_wait", "lost_fin", "lost_last_ack")


def hosts(name):
    """Joins them to this namespace, which is the router. Returns the server's address."""
    net = PAGE.index(name) + 1
    sysctl("ipv4/ip_forward", 1)
    for i, host in enumerate(("client", "server")):
        run(*f"ip link add {host} type veth peer name eth0 netns {name}_{host}".split())
        run(*f"ip addr add 10.{net}.{i}.1/24 dev {host}".split())
        run(*f"ip link set {host} up".split())
        for words in ("link set lo up", f"addr add 10.{net}.{i}.2/24 dev eth0",
                      "link set eth0 up", f"route add default via 10.{net}.{i}.1"):
            run(*f"ip -n {name}_{host} {words}".split())
        enter(f"{name}_{host}")
        # A packet socket is in the list as soon as it captures.
        start(captures, "tcpdump", "-i", "eth0", "-U", "-Z", "root", "-w", f"{host}.pcap", "tcp")
        enter(name)
    return f"10.{net}.1.2"


def captures():
    with open("/proc/net/packet", encoding="ascii") as file:
        return len(file.readlines()) > 1


def many_time_wait():
    """A job on the client asks redis by a new connection each time."""
    server = hosts("many_time_wait")
    enter("many_time_wait_server")
    redis("--protected-mode", "no", address=server)
    enter("many_time_wait_client")
    # It warns that tcp_tw_reuse should be set.
    run(*f"redis-benchmark -h {server} -n 300 -c 1 -k 0 -t ping_mbulk -q".split(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def many_close_wait():
    """The node of leak_node()."""
    server = hosts("many_close_wait")
    enter("many_close_wait_server")
    node(HALF_OPEN)
    enter("many_close_wait_client")
    for _ in range(COUNT):
        with connect(address=server) as client:
            client.send(b"x" * 100)
    enter("many_close_wait_server")
    until(lambda: sockets(CLOSE_WAIT, HTTP) == COUNT, "no CLOSE_WAIT")


def lost_fin():
    """A firewall on the way lets no FIN of nginx through, which ends idle connections."""
    server = hosts("lost_fin")
    enter("lost_fin_server")
    nginx("keepalive_timeout 1s;", address=server)
    enter("lost_fin")
    nft(f"ip saddr {server} tcp flags & fin == fin", "forward")
    enter("lost_fin_client")
    for _ in range(3):
        held.append(connect(address=server))
        ask(held[-1])
    enter("lost_fin_server")
    until(lambda: counted("fin_sent_again") >= 9, "no FIN is sent again")


def lost_last_ack():
    """The client closes first. A firewall on the way takes no ACK to the server any more that
    carries nothing. Node closes later than the ACK of the client's FIN is sent."""
    server = hosts("lost_last_ack")
    enter("lost_last_ack_server")
    node(f"""
        require('net').createServer({{ allowHalfOpen: true }}, s =>
            s.resume().on('end', () => setTimeout(() => s.end(), 500))
        ).listen({HTTP}, '{server}')
        """)
    enter("lost_last_ack_client")
    client = connect(address=server)
    enter("lost_last_ack")
    nft(f"ip daddr {server} tcp flags & (fin | syn | psh | ack) == ack", "forward")
    client.close()
    enter("lost_last_ack_server")
    until(lambda: counted("fin_sent_again") >= 4, "no FIN is sent again")


def play(name):
    """In a process of its own."""
    global directory
    directory = f"{os.environ['TMPDIR']}/{name}"
    os.mkdir(directory)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    try:
        enter(name)
        run("ip", "link", "set", "lo", "up")
        if name not in LOSSY + PAGE:
            calm()
        globals()[name]()
        print("ready", name, os.getpid(), flush=True)
        while True:
            time.sleep(100000)
    except Exception:  # pylint: disable=broad-except # told, whatever it is
        traceback.print_exc()
        print("failed", name, os.getpid(), flush=True)
    os._exit(1)


def main():
    for name in sys.argv[1:]:
        if not os.fork():
            play(name)
    for _ in sys.argv[1:]:
        os.wait()


if __name__ == "__main__":
    main()
