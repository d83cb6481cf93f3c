# SPDX-License-Identifier: GPL-2.0
"""From the text of trace to connections, and to the rows of their tables."""

FIN, RST = "FIN", "RST"
COLUMNS = "time cpu netns id local peer kind what seq ack win".split()
# What the socket does of its own accord, before the FIN is queued.
OWN_STEPS = ("FIN_WAIT1", "LAST_ACK")
# Seconds in which a segment or a call has its effect.
AT_ONCE = 0.005


class Record:
    """One line of trace; ValueError if it is none."""

    def __init__(self, line):
        fields = line.split()
        if len(fields) < len(COLUMNS):
            raise ValueError(line)
        for name, value in zip(COLUMNS, fields):
            setattr(self, name, value)
        self.time = float(self.time)
        self.seq, self.ack, self.win = int(self.seq), int(self.ack), int(self.win)
        details = fields[len(COLUMNS) :]
        self.details = dict(d.split("=", 1) for d in details if "=" in d)
        self.inferred = "inferred" in details
        self.flags = self.details.get("flags", "")
        if self.kind == "segment":
            self.what, self.flags = self.what.split(":")

    def detail(self, name):
        return int(self.details.get(name, 0))

    @property
    def last_seq(self):
        """The number of a FIN, behind the payload that it came with."""
        return (self.seq + self.detail("len")) % 2**32


class Row:
    """A line of the table: a segment, a call or a timer."""

    def __init__(self, record, end, text, sender=None):
        self.record, self.end, self.text = record, end, text
        self.time = self.arrived = record.time
        self.sender = sender  # of a segment: 0 for A, 1 for B
        self.steps = ([], [])  # the states that A and B go through


class Connection:
    """The records of one connection, of its one or two ends."""

    def __init__(self, record):
        self.netns = record.netns
        self.ends = [(record.local, record.peer), (record.peer, record.local)]
        self.ids = [None, None]
        self.owners = ["", ""]
        self.records = []
        self.rows = []
        self.base = {}
        self.scale = [0, 0]

    def takes(self, record):
        if record.netns != self.netns or (record.local, record.peer) not in self.ends:
            return False
        mine = self.ids[self.end_of(record)]
        return record.id == "0" or mine in (None, record.id)

    def add(self, record):
        end = self.end_of(record)
        if record.id != "0":
            self.ids[end] = record.id
        if record.kind == "call":
            self.owners[end] = record.details["comm"]
        # A minisock's records lack what those of the full socket had.
        self.scale[end] = max(self.scale[end], record.detail("wscale"))
        self.records.append(record)

    def end_of(self, record):
        return self.ends.index((record.local, record.peer))

    def has_port(self, port):
        return any(address.rsplit(":", 1)[1] == port for address in self.ends[0])

    def settle(self):
        """Let A be the end that acted first."""
        first = next((r for r in self.records if r.id != "0"), self.records[0])
        received = first.kind == "segment" and first.what == "rcv"
        if self.end_of(first) != received:
            self.ends.reverse()
            self.ids.reverse()
            self.owners.reverse()
            self.scale.reverse()

    # --- from records to rows ---

    def make_rows(self):
        held = ([], [])
        for record in self.records:
            end = self.end_of(record)
            make = getattr(self, "row_of_" + record.kind)
            row = make(record, end, held)
            if row:
                self.rows.append(row)
        for end in (0, 1):
            if held[end] and self.rows:
                self.rows[-1].steps[end].extend(held[end])
        self.find_base()

    def row_of_call(self, record, end, _held):
        text = record.what + "()"
        for name in ("unread", "unsent", "linger"):
            if record.detail(name) or name in record.details and name == "linger":
                text += f" {name}={record.detail(name)}"
        return Row(record, end, f"{'AB'[end]} {text}")

    def row_of_state(self, record, end, held):
        """A step belongs to the segment that brought it about."""
        old, new = record.what.split(">")
        if new in OWN_STEPS:
            held[end].append((old, new))
            return None
        for row in reversed(self.rows):
            if row.sender is not None and (row.sender != end or RST in row.text):
                if record.time - row.arrived > AT_ONCE:
                    break
                row.steps[end].append((old, new))
                return None
        last = self.rows[-1] if self.rows else None
        if last and last.end == end and last.record.kind == "call":
            if record.time - last.time < AT_ONCE:
                last.steps[end].append((old, new))
                return None
        row = Row(record, end, f"{'AB'[end]} on its own")
        row.steps[end].append((old, new))
        return row

    def row_of_segment(self, record, end, held):
        if record.what in ("queue", "resend"):
            row = self.sent(record, end)
            row.steps[end].extend(held[end])
            held[end].clear()
            return row
        if record.what == "left":
            return Row(record, end, f"{'AB'[end]} FIN has left by now")
        return self.received(record, end, FIN)

    def row_of_reset(self, record, end, _held):
        if record.what == "received":
            return self.received(record, end, RST)
        # Over loopback it may have arrived before the hook behind the sender runs.
        for row in reversed(self.rows):
            if row.sender == end and row.record.what == "received":
                if row.record.seq == record.seq:
                    return None
        return self.sent(record, end)

    def row_of_timewait(self, record, end, _held):
        if record.what == "rearmed":
            return Row(record, end, f"{'AB'[end]} timer starts over")
        if record.what == "refused":
            return Row(record, end, f"{'AB'[end]} is refused a TIME_WAIT")
        if record.what != "born" and self.rows and self.rows[-1].end == end:
            self.rows[-1].text = f"{'AB'[end]} {record.what.replace('_', ' ')}"
        return None

    def row_of_end(self, _record, _end, _held):
        """It stands in the heading: see verdict()."""

    def sent(self, record, end):
        text = f"{'AB'[end]}>{'BA'[end]} {record.flags}"
        if record.what == "resend":
            text += " again"
        if record.detail("unsent"):
            text += f" behind {record.detail('unsent')} bytes"
        return Row(record, end, text, end)

    def received(self, record, end, mark):
        """One row for a segment of which both ends tell."""
        text = f"{'BA'[end]}>{'AB'[end]} {record.flags}"
        if record.detail("len"):
            text += f" +{record.detail('len')} bytes"
        if record.what == "rcv_dup":
            text += " (had it)"
        elif record.what == "rcv_ooo":
            text += " (early)"
        for row in reversed(self.rows):
            sent = row.record
            if row.sender == 1 - end and row.end != end and mark in record.flags:
                if mark in sent.flags and sent.last_seq == record.last_seq:
                    again = " again" if sent.what == "resend" else ""
                    row.record, row.end, row.text = record, end, text + again
                    row.arrived = record.time
                    return None
        return Row(record, end, text, 1 - end)

    def verdict(self):
        """How it ended, in the words of the end that knows more of it."""
        ends = [r for r in self.records if r.kind == "end"]
        if not ends:
            return "still closing"
        ends.sort(key=lambda r: r.details["set_off"] == "peer")
        record, end = ends[0], self.end_of(ends[0])
        first = {"local": "AB"[end], "peer": "BA"[end], "both": "A and B"}
        text = record.what.replace("_", " ")
        if record.details["first"] in first:
            text += f", {first[record.details['first']]} closed first"
        if record.details["set_off"] not in ("peer", "unknown"):
            text += f", set off by {'AB'[end]}'s {record.details['set_off']}"
        return text

    def states(self, n, end):
        """The states that @end enters in row @n; in the first also where it was."""
        names = [new for _, new in self.rows[n].steps[end]]
        was = (r.what.split(">")[0] for r in self.records if self.is_step(r, end))
        if n == 0:
            names = [next(was, "")] + names
        return ">".join(names)

    def is_step(self, record, end):
        return record.kind == "state" and self.end_of(record) == end

    # --- relative numbers ---

    def find_base(self):
        """u, v and w, from the first numbers of each side and from the FINs."""
        for row in self.rows:
            if row.sender is None:
                continue
            side = "uv"[row.sender]
            if FIN in row.record.flags:
                number = row.record.last_seq
                self.base.setdefault("w" if side == "v" else "U", number)
            if row.record.seq or RST not in row.record.flags:
                self.base.setdefault(side, row.record.seq)
            if row.record.ack:
                self.base.setdefault("uv"[1 - row.sender], row.record.ack)
        if "U" in self.base:
            self.base["u"] = self.base.pop("U")

    def relative(self, number, side, fin_seen):
        """@number of the sending side @side, in its letters."""
        letter = "uv"[side]
        if letter == "v" and fin_seen and "w" in self.base:
            letter = "w"
        if letter not in self.base:
            return "-"
        distance = (number - self.base[letter] + 2**31) % 2**32 - 2**31
        if letter == "w" and distance < 0:
            return self.relative(number, side, False)
        return letter + (f"{distance:+d}" if distance else "")


def read_connections(lines):
    connections = []
    latest = {}
    for line in lines:
        if line.startswith("#") or not line.strip():
            continue
        record = Record(line)
        key = (record.netns, *sorted((record.local, record.peer)))
        connection = latest.get(key)
        if not connection or not connection.takes(record):
            connection = latest[key] = Connection(record)
            connections.append(connection)
        connection.add(record)
    for connection in connections:
        connection.settle()
        connection.make_rows()
    return connections
