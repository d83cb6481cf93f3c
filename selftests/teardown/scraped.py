#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# usage: selftests/teardown/scraped.py TOOL [DIR]
#
# Debian's Prometheus scrapes "tcp-teardown metrics --serve", and prometheus-node-exporter,
# whose textfile collector reads what "metrics -o" wrote; queries show the values. It takes
# the alert rules, and each expression of the dashboard is one that it can evaluate, of
# metrics that are there. DIR has the module's files (those kept beside this). Ends with status
# 0 if all of it is so.

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

TOOL = sys.argv[1]
HERE = os.path.dirname(os.path.realpath(__file__))
FILES = sys.argv[2] if len(sys.argv) > 2 else os.path.join(HERE, "module")
SHIPPED = os.path.join(HERE, "../../scripts/teardown")
# A guest may be slow; where time is skipped, it is while the machine outside reads a file, too.
SOON = 36000 if os.environ.get("VM_MODE") == "icount" else 120


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def wait(what, ask):
    until = time.time() + SOON
    while True:
        try:
            got = ask()
            if got:
                return got
        except OSError as error:
            got = error
        assert time.time() < until, f"no {what}: {got}"
        time.sleep(0.3)


def begin(log, *args, **more):
    with open(log, "wb") as file:
        return subprocess.Popen(args, stdout=file, stderr=file, **more)


def read(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


def printed(*args):
    return subprocess.run([TOOL, "metrics", "-d", FILES, *args], check=True, capture_output=True,
                          text=True).stdout


def parse(line):
    """Name and labels of a sample."""
    name, _, labels = line.rsplit(" ", 1)[0].rstrip("}").partition("{")
    return name, dict(re.findall(r'(\w+)="([^"]*)"', labels))


def key_of(name, labels):
    """The same of both forms: bounds are numbers, and who scrapes adds job and instance."""
    return name, tuple(sorted((key, str(float(value)) if key == "le" else value)
                              for key, value in labels.items()
                              if key not in ("job", "instance")))


def expressions():
    """Those of the dashboard, with Grafana's variables filled in."""
    with open(os.path.join(SHIPPED, "dashboard.json"), encoding="utf-8") as file:
        dashboard = json.load(file)
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*")


class Servers:
    """All of them, in one directory."""

    def __init__(self, tmp):
        self.tmp = tmp
        self.running = []

    def path(self, name):
        return os.path.join(self.tmp, name)

    def start(self):
        textfile = self.path("textfile")
        os.mkdir(textfile)
        subprocess.run([TOOL, "metrics", "-d", FILES, "-o", textfile + "/tcp_teardown.prom"],
                       check=True)
        ports = [free_port() for _ in range(3)]
        self.url = f"http://127.0.0.1:{ports[2]}"
        with open(self.path("prometheus.yml"), "w", encoding="ascii") as file:
            file.write(f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{os.path.realpath(SHIPPED)}/alerts.yml]
scrape_configs:
  - {{job_name: tool, static_configs: [{{targets: ["127.0.0.1:{ports[0]}"]}}]}}
  - {{job_name: textfile, static_configs: [{{targets: ["127.0.0.1:{ports[1]}"]}}]}}
""")
        self.running += [
            begin(self.path("tool.log"), TOOL, "metrics", "-d", FILES, "--serve", str(ports[0])),
            begin(self.path("node.log"), "prometheus-node-exporter",
                  "--collector.disable-defaults", "--collector.textfile",
                  f"--collector.textfile.directory={textfile}",
                  f"--web.listen-address=127.0.0.1:{ports[1]}"),
            begin(self.path("prometheus.log"), "prometheus",
                  f"--config.file={self.path('prometheus.yml')}",
                  f"--storage.tsdb.path={self.path('data')}",
                  f"--web.listen-address=127.0.0.1:{ports[2]}", env={**os.environ, "TZ": "UTC"})]
        self.node = f"http://127.0.0.1:{ports[1]}/metrics"

    def stop(self):
        for server in reversed(self.running):
            server.terminate()
        for server in self.running:
            server.wait()

    def query(self, expr):
        answer = json.loads(read(f"{self.url}/api/v1/query?" +
                                 urllib.parse.urlencode({"query": expr})))
        assert answer["status"] == "success", answer
        return {tuple(sorted(sample["metric"].items())): float(sample["value"][1])
                for sample in answer["data"]["result"]}

    def value(self, expr):
        return next(iter(self.query(expr).values()), None)


def check(servers):
    printed_now = {key_of(*parse(line)): float(line.rsplit(" ", 1)[1])
                   for line in printed().splitlines() if line[0] != "#"}
    for job in "tool", "textfile":
        wait(f"scrape of {job}", lambda: servers.value(f'up{{job="{job}"}}') == 1)
        wait(f"sample of {job}", lambda: servers.query(
            f'tcp_teardown_connections{{state="LAST_ACK",job="{job}"}}'))
        got = {}
        for labels, number in servers.query(f'{{__name__=~"tcp_teardown_.*",job="{job}"}}').items():
            labels = dict(labels)
            got[key_of(labels.pop("__name__"), labels)] = number
        assert printed_now.keys() <= got.keys(), printed_now.keys() - got.keys()
        # Of the module itself, they have moved on.
        if FILES == os.path.join(HERE, "module"):
            assert printed_now.items() <= got.items(), set(printed_now.items()) - set(got.items())
    # The types, as Prometheus has them of each.
    meta = json.loads(read(f"{servers.url}/api/v1/metadata"))["data"]
    types = {name: {entry["type"] for entry in entries} for name, entries in meta.items()}
    assert types["tcp_teardown_state_duration_seconds"] == {"histogram"}, types
    assert types["tcp_teardown_connections"] == {"gauge"}, types
    assert types["tcp_teardown_records_total"] == {"counter"}, types
    scraped = read(servers.node)
    assert "node_textfile_scrape_error 0" in scraped, scraped
    assert "# TYPE tcp_teardown_transitions_total counter" in scraped
    return len(printed_now)


def names_there():
    """Of all samples that there may be: a family may have none yet."""
    types = re.findall(r"# TYPE (\S+) (\S+)", printed("-p"))
    return {name + ("_bucket" if kind == "histogram" else "") for name, kind in types}


def check_dashboard(servers, names):
    found = list(expressions())
    assert len(found) > 10
    for expr in found:
        used = set(re.findall(r"\btcp_teardown_\w+", expr))
        assert used and used <= names, f"{expr}: {used - names}"
        servers.query(expr)
    return len(found)


def check_rules(servers, names):
    with open(os.path.join(SHIPPED, "alerts.yml"), encoding="utf-8") as file:
        used = set(re.findall(r"\btcp_teardown_\w+", re.sub(r"#.*|name:.*", "", file.read())))
    used -= {"tcp_teardown_s"}    # "tcp_teardown's records", in words
    assert used and used <= names, used - names
    rules = wait("evaluation of the rules", lambda: [
        rule for group in json.loads(read(f"{servers.url}/api/v1/rules"))["data"]["groups"]
        for rule in group["rules"] if rule["health"] != "unknown"])
    assert len(rules) == 6 and all(rule["health"] == "ok" for rule in rules), rules
    return len(rules)


def main():
    with tempfile.TemporaryDirectory() as tmp:
        servers = Servers(tmp)
        try:
            servers.start()
            nr, names = check(servers), names_there()
            exprs = check_dashboard(servers, names)
            rules = check_rules(servers, names)
        except BaseException:
            for name in "tool", "node", "prometheus":
                if os.path.exists(servers.path(name + ".log")):
                    with open(servers.path(name + ".log"), encoding="utf-8") as file:
                        print(name, file.read()[-2000:])
            raise
        finally:
            servers.stop()
        print(f"{nr} values, {exprs} expressions, {rules} rules")


if __name__ == "__main__":
    main()
