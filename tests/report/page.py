"""Unpacks a page of `report`, as its own script does, and makes of each row what -T ndjson says of the exchange."""
import base64
import gzip
import json
import re

BLOCK = re.compile(r'<script type="application/gzip" id="([^"<>]+)">([A-Za-z0-9+/=]*)</script>')
CLASSES = ("observed", "inferred", "assumed")
SEVERITIES = ("error", "warning", "info")


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def part(self):
        n = self.number()
        self.at += n
        assert self.at <= len(self.data)
        return self.data[self.at - n:self.at]


def numbers(data):
    reader, out = Reader(data), []
    while reader.at < len(data):
        out.append(reader.number())
    return out


def wrapped(value):
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def differences(values):
    out, last = [], 0
    for v in values:
        last = wrapped(last + (v >> 1 ^ -(v & 1)))
        out.append(last)
    return out


def column(data, kind, texts):
    if kind == "i":
        return [int.from_bytes(data[i:i + 8], "little") for i in range(0, len(data), 8)]
    values = numbers(data)
    if kind == "k":
        return [v - 1 if v > 0 else None for v in values]
    if kind == "d":
        return differences(values)
    return [texts[v] for v in values] if kind == "t" else values


def table(data, columns):
    reader = Reader(data)
    rows, count = reader.number(), reader.number()
    lengths, blob = numbers(reader.part()), reader.part()
    assert len(lengths) == count and sum(lengths) == len(blob)
    texts, at = [None], 0
    for n in lengths:
        texts.append(blob[at:at + n].decode("utf-8"))  # strict: the page holds valid UTF-8 only
        at += n
    out = {name: column(reader.part(), kind, texts) for name, kind in columns}
    assert reader.at == len(data)
    return rows, out


class Page:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.html = f.read()
        self.blocks = dict(BLOCK.findall(self.html))
        self.contents = json.loads(self.plain("contents"))

    def plain(self, name):
        return gzip.decompress(base64.b64decode(self.blocks[name], validate=True))

    def summary(self):
        return json.loads(self.plain("summary"))

    def markup(self):
        """The page without its data, style and script."""
        return re.sub(r"<(script|style)\b.*?</\1>", "", self.html, flags=re.S)

    def lanes(self):
        for name, rows in self.contents["lane_groups"]:
            n, columns = table(self.plain(name), self.contents["lane_columns"])
            assert n == rows
            for i in range(rows):
                yield {key: values[i] for key, values in columns.items()}

    def rows(self):
        """Of each exchange its row, and its details or None."""
        for name, rows in self.contents["row_groups"]:
            n, columns = table(self.plain(name), self.contents["row_columns"])
            assert n == rows <= 4096
            details = self.details("d" + name[1:], rows)
            for i in range(rows):
                yield {key: values[i] for key, values in columns.items()}, details[i]

    def details(self, name, rows):
        if name not in self.blocks:
            return [None] * rows
        n, columns = table(self.plain(name), self.contents["detail_columns"])
        assert n == rows
        return Details(columns).rows(rows)

    def exchange(self, row, detail):
        return Exchange(self, row, detail).json()


class Details:
    """Walks over columns that have a value for each file, event, finding, link or packet."""
    ROW = ("request_header", "request_body", "request_type", "request_proto", "response_header", "response_type",
           "response_proto", "position", "nat_server", "nat_client", "proxy", "vantage", "rtt", "tls_version",
           "tls_cipher", "tls_alpn", "tls_name", "tls_flags", "more")

    def __init__(self, columns):
        self.columns, self.at = columns, dict.fromkeys(columns, 0)

    def take(self, name):
        self.at[name] += 1
        return self.columns[name][self.at[name] - 1]

    def packets(self, count, file, packet):
        return [[self.take(file), self.take(packet)] for _ in range(self.take(count))]

    def rows(self, n):
        out = [self.row(i) for i in range(n)]
        for name, values in self.columns.items():
            assert name in self.ROW or self.at[name] == len(values), name
        return out

    def moment(self, code, before):
        at, early, late = self.take("time") - before, self.take("earliest"), self.take("latest")
        return {"at": at, "bounds": [-early if code & 256 else None, late if code & 512 else None],
                "evidence": self.packets("event_packets", "packet_file", "packet")}

    def events(self, n):
        before = self.columns["time"][self.at["time"] - 1] if self.at["time"] > 0 else 0
        events, moment = [], None
        for _ in range(n):
            code = self.take("hook")
            moment = moment if code & 32 else self.moment(code, before)
            events.append({"hook": code & 31, "basis": CLASSES[code >> 6 & 3],
                           "args": json.loads(self.take("args") or "{}"), **moment})
        return events

    def row(self, i):
        row = {name: self.columns[name][i] for name in self.ROW}
        row["files"] = [self.take("file") for _ in range(self.take("files"))]
        row["events"] = self.events(self.take("events"))
        row["findings"] = [{"code": self.take("code"), "severity": SEVERITIES[self.take("severity")], "text": self.take("text"),
                            "evidence": self.packets("finding_packets", "finding_file", "finding_packet")}
                           for _ in range(self.take("findings"))]
        row["links"] = [{"relation": self.take("relation"), "id": "%016x" % self.take("link")} for _ in range(self.take("links"))]
        return row


def us(ns):
    return None if ns is None else round(ns / 1000, 3)


class Exchange:
    """One exchange, put together again with the names of the NDJSON; times are ns since 1970."""

    def __init__(self, page, row, detail):
        self.contents, self.row, self.detail = page.contents, row, detail
        self.start = int(page.contents["base_ns"]) + row["start"]

    def json(self):
        r, d, c = self.row, self.detail, self.contents
        out = {"id": "%016x" % r["id"], "trace_id": r["trace"], "kind": c["kinds"][r["kind"]], "outcome": c["outcomes"][r["outcome"]],
               "error": r["error"], "method": r["method"], "url": r["url"], "host": r["host"], "status": r["status"] or None,
               "start": self.start, "end": self.start + r["duration"], "connection": self.connection(),
               "phases_us": {p: us(r[p]) for p in ("blocked", "dns", "connect", "tls", "send", "wait", "receive", "total")},
               "finding": r["finding"]}
        if d is None:
            return out
        out["request_proto"], out["response_proto"] = d["request_proto"], d["response_proto"]
        out["request"] = {"header_bytes": d["request_header"], "body_bytes": d["request_body"], "content_type": d["request_type"]}
        out["response"] = {"header_bytes": d["response_header"], "body_bytes": r["bytes"], "content_type": d["response_type"]}
        out["events"] = [self.event(e) for e in d["events"]]
        out.update({key: d[key] for key in ("findings", "links", "files")})
        out.update(json.loads(d["more"] or "{}"))
        return out

    def event(self, e):
        return {"hook": self.contents["hooks"][e["hook"]], "time": self.start + e["at"], "basis": e["basis"],
                "bounds_us": [us(b) for b in e["bounds"]], "evidence": e["evidence"], "args": e["args"]}

    def connection(self):
        r, d = self.row, self.detail
        if r["conn"] is None:
            return None
        out = {"id": r["conn"], "client": r["client"], "server": r["server"], "stream": r["stream"],
               "reused": bool(r["flags"] & 8) if r["flags"] & 16 else None}
        if d is None:
            return out
        out.update({"exchange": d["position"], "proxy": d["proxy"], "vantage": d["vantage"], "rtt_us": us(d["rtt"])})
        out.update({key: d[key] for key in ("nat_server", "nat_client") if d[key] is not None})
        flags = d["tls_flags"]
        out["tls"] = {"version": d["tls_version"], "cipher": d["tls_cipher"], "alpn": d["tls_alpn"], "server_name": d["tls_name"],
                      "resumed": bool(flags & 2), "decrypted": bool(flags & 4)} if flags & 1 else None
        return out
