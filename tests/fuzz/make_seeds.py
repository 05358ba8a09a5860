#!/usr/bin/env python3
"""Writes the seeds of the http1, websocket, http2, conn and session targets (http2 has others, from real programs): make_seeds.py FOLDER (tests/fuzz/corpus)."""
import struct
import sys
from pathlib import Path

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n"

# ---- http1: a mode, then (op, length, bytes) ----
ASK, SAY, ASK_CUT, SAY_CUT, ASK_HOLE, SAY_HOLE, FIN, RESUME = range(8)


def http1(*steps, mode=1):
    out = bytes([mode])
    for op, what in steps:
        if isinstance(what, bytes):
            out += struct.pack(">BH", op, len(what)) + what
        else:
            out += struct.pack(">BH", op, what)
    return out


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: 1\r\n\r\n"
HTTP1 = {
    "keep-alive": http1((ASK, GET), (SAY, OK), (ASK, GET), (SAY, OK), (FIN, 0), (FIN, 1)),
    "pipelined": http1((ASK, GET * 6), (SAY, OK * 6)),
    "chunked": http1((ASK, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"), (SAY, CHUNKED)),
    "chunk-hole": http1((ASK, GET), (SAY, CHUNKED[:51]), (SAY_HOLE, 3), (SAY, CHUNKED[54:])),
    "length-hole": http1((ASK, GET), (SAY, b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nx"), (SAY_HOLE, 49), (SAY, OK)),
    "head-hole": http1((ASK, GET[:20]), (ASK_HOLE, 9), (ASK, GET), (SAY, OK)),
    "cut-heads": http1((ASK_CUT, GET[:25]), (SAY_CUT, OK[:30]), (ASK, GET), (SAY, OK)),
    "until-close": http1((ASK, b"GET / HTTP/1.0\r\n\r\n"), (SAY, b"HTTP/1.0 200 OK\r\n\r\nbody"), (FIN, 1)),
    "interim": http1((ASK, b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
                     (SAY, b"HTTP/1.1 100 C\r\n\r\n"), (ASK, b"xx"), (SAY, OK)),
    "refused-body": http1((ASK, b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
                          (SAY, b"HTTP/1.1 417 N\r\nContent-Length: 0\r\n\r\n"), (ASK, GET), (SAY, OK)),
    "connect": http1((ASK, b"CONNECT h:1 HTTP/1.1\r\n\r\n"), (SAY, b"HTTP/1.1 200 OK\r\n\r\n"), (RESUME, 0), (ASK, GET),
                     (SAY, OK)),
    "upgrade": http1((ASK, b"GET / HTTP/1.1\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
                     (SAY, b"HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\nbytes")),
    "websocket": http1((ASK, b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"),
                       (SAY, b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n\x81\x01x"), (ASK, b"\x82\x82\1\2\3\4ab"),
                       (SAY_HOLE, 3), (ASK, b"\x88\x82\1\2\3\4\2\xea"), (FIN, 0), (FIN, 1)),
    "h2c": http1((ASK, b"GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"),
                 (SAY, b"HTTP/1.1 101 S\r\nUpgrade: h2c\r\n\r\nframes"), (RESUME, 0), (ASK, GET), (SAY, OK)),
    "cr-alone": http1((ASK, b"GET / HTTP/1.1\r\nA: b\r\n\rX"), (ASK, b": 1\r\n\r\n"), (SAY, OK)),
    "odd-lines": http1((ASK, b"FROB /a b HTTP/1.1\r\nA: 1\r\n 2\r\nnonsense\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                       (SAY, b"HTTP/1.1 2000 X\r\n\r\n")),
    "mid-stream": http1((ASK, b"tail"), (SAY, b"tail"), (ASK, GET), (SAY, OK), mode=0),
    "orphan": http1((SAY, OK), (ASK, GET), (SAY, OK)),
    "not-http": http1((ASK, GET), (SAY, b"220 hi\r\n"), (ASK, GET), (SAY, OK)),
}


# ---- websocket: a flavour, then (hole, length, bytes) ----
def messages(flavour, *pieces):
    return bytes([flavour]) + b"".join(bytes([hole, len(data)]) + data for hole, data in pieces)


WEBSOCKET = {
    "frames": messages(0, (0, b"\x81\x05hello"), (0, b"\x82\x7e\0\x80" + bytes(100)), (0, bytes(28) + b"\x89\0\x8a\0"),
                       (0, b"\x01\x01a\x00\x01b\x80\x01c"), (0, b"\x88\x02\x03\xe8")),
    "masked": messages(0, (0, b"\x81\x85\1\2\3\4hello"), (0, b"\x88\x82\1\2\3\4\2\xea")),
    "long": messages(0, (255, b"\x82\x7f\x7f" + b"\xff" * 7)),
    "hole": messages(0, (200, b"\x82\x7e\1\0"), (0, bytes(56) + b"\x81\0")),
    "grpc": messages(1, (0, b"\0\0\0\0\2ab\0\0"), (0, b"\0\0\1z"), (0, b"\0\0\0\0\0")),
    "grpc-web": messages(2, (0, b"\0\0\0\0\1x\x80\0\0\0\x1fgrpc-status:0\r\n"), (0, b"grpc-message:a\r\n")),
    "grpc-web-text": messages(3, (0, b"AAAAAAF4")),
}


# ---- http2: joined in the middle, then (flags, length, bytes) ----
def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload) << 8 | kind) + bytes([flags]) + struct.pack(">I", stream) + payload


def block(*fields):
    return b"".join(b"\0" + bytes([len(n)]) + n + bytes([len(v)]) + v for n, v in fields)


def http2(*pieces):
    return b"\0" + b"".join(bytes([flags]) + struct.pack(">H", len(data)) + data for flags, data in pieces)


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
CALL = frame(1, 4, 1, block((b":method", b"POST"), (b":path", b"/a.B/C"), (b"content-type", b"application/grpc-web")))
ANSWER = frame(1, 4, 1, block((b":status", b"200"), (b"content-type", b"application/grpc-web")))
CONNECT = frame(1, 4, 3, block((b":method", b"CONNECT"), (b":protocol", b"websocket"), (b":path", b"/")))
HTTP2 = {
    "grpc": http2((0, PREFACE + CALL), (0, frame(0, 0, 1, b"\0\0\0\0\1x\0\0")), (0, frame(0, 1, 1, b"\0\0\0"))) +
    http2((1, ANSWER), (1, frame(0, 0, 1, b"\0\0\0\0\0\x80\0\0\0\x0fgrpc-status:0\r\n")),
          (1, frame(1, 5, 1, block((b"grpc-status", b"5")))))[1:],
    "websocket": http2((0, PREFACE + CONNECT), (1, frame(1, 4, 3, block((b":status", b"200")))),
                       (0, frame(0, 0, 3, b"\x81\x81\1\2\3\4x")), (1, frame(0, 8, 3, b"\1\x88\x02\x03\xf3y")),
                       (0, frame(3, 0, 3, b"\0\0\0\x08")), (1, frame(0, 1, 3))),
}


# ---- conn: op and connection, then its arguments ----
PROXY_2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13\xcb\0\x71\x09\xcb\0\x71\x01\xc8\x22\0\x50\x03\0\4abcd"


def conn_open(i, how=0):
    return bytes([3 + 8 * i, how])


def conn_say(i, up, data, kind=0):
    return bytes([(4 if up else 3) + 8 * i, kind, len(data)]) + data


def datagram(ports, data):
    return bytes([0, ports, len(data)]) + data


def query(name=b"a", ident=1, kind=1):
    return struct.pack(">6H", ident, 0x0100, 1, 0, 0, 0) + bytes([len(name)]) + name + struct.pack(">xHH", kind, 1)


def answer(name=b"a", ident=1, addr=b"\x0a\0\0\x02"):
    return (struct.pack(">6H", ident, 0x8180, 1, 1, 0, 0) + bytes([len(name)]) + name + struct.pack(">xHH", 1, 1) +
            struct.pack(">HHHIH", 0xC00C, 1, 1, 60, 4) + addr)


def framed(m):
    return struct.pack(">H", len(m)) + m


CONN = {
    "http": conn_open(0) + conn_say(0, True, GET) + conn_say(0, False, OK) + bytes([2, 0x84]) + bytes([1]),
    "http-prefix": conn_open(0) + conn_say(0, True, b"GE") + conn_say(0, True, GET[2:]) + conn_say(0, False, OK),
    "http-roles": conn_open(0, 1) + conn_say(0, False, GET) + conn_say(0, True, OK),
    "socks5": conn_open(0) + conn_say(0, True, b"\5\1\0") + conn_say(0, False, b"\5\0") +
    conn_say(0, True, b"\5\1\0\3\1h\0\x50") + conn_say(0, False, b"\5\0\0\1\0\0\0\0\0\0") + conn_say(0, True, GET) +
    conn_say(0, False, OK),
    "socks4-connect": conn_open(1) + conn_say(1, True, b"\4\1\0\x50\x0a\0\0\1\0") +
    conn_say(1, False, b"\0\x5a\0\0\0\0\0\0") + conn_say(1, True, b"CONNECT h:1 HTTP/1.1\r\n\r\n") +
    conn_say(1, False, b"HTTP/1.1 200 OK\r\n\r\n") + conn_say(1, True, GET),
    "socks-in-socks": conn_open(0) + conn_say(0, True, b"\5\1\0") + conn_say(0, False, b"\5\0") +
    conn_say(0, True, b"\5\1\0\3\1h\0\x50") + conn_say(0, False, b"\5\0\0\1\0\0\0\0\0\0") +
    conn_say(0, True, b"\5\1\0") + conn_say(0, False, b"\5\0"),
    "proxy-v1": conn_open(0) + conn_say(0, True, b"PROXY TCP4 192.0.2.9 192.0.2.1 51234 80\r\n" + GET) + conn_say(0, False, OK),
    "proxy-v2": conn_open(1) + conn_say(1, True, PROXY_2[:20]) + conn_say(1, True, PROXY_2[20:]) + conn_say(1, True, GET) +
    conn_say(1, False, OK),
    "dns-tcp": conn_open(2, 4) + conn_say(2, True, framed(query())) + conn_say(2, False, framed(answer())) +
    conn_say(2, False, b"", 0x7F) + conn_say(2, False, framed(answer())),
    "dns-tcp-any-port": conn_open(2) + conn_say(2, True, framed(query())) + conn_say(2, False, framed(answer())),
    "dns-udp": datagram(8, query()) + datagram(1, answer()) + datagram(4, query()) + datagram(18, query()),
    "tls": conn_open(3) + conn_say(3, True, b"\x16\3\1\0\x10\1" + bytes(15)) + conn_say(3, False, b"\x16\3\3\0\4\2" + bytes(3)),
    "bad-client": conn_open(0) + conn_say(0, True, b"hello") + conn_say(0, False, b"HTTP/1.1 400 B\r\nContent-Length: 0\r\n\r\n"),
    "h2c": conn_open(0) + conn_say(0, True, b"GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n") +
    conn_say(0, False, b"HTTP/1.1 101 S\r\nUpgrade: h2c\r\n\r\n" + frame(4, 0, 0)) +
    conn_say(0, True, PREFACE + frame(4, 0, 0)) + conn_say(0, False, frame(1, 5, 1, block((b":status", b"200")))) +
    conn_say(0, True, frame(1, 5, 3, block((b":method", b"GET"), (b":path", b"/")))),
    "http2-joined": conn_open(0, 1) + conn_say(0, False, frame(1, 5, 7, block((b":status", b"200")))) +
    conn_say(0, True, CONNECT),
    "websocket": conn_open(0) + conn_say(0, True, b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n") +
    conn_say(0, False, b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n\x81\x01x") +
    conn_say(0, True, b"\x88\x82\1\2\3\4\2\xea") + bytes([2, 0x84]) + bytes([1]),
    "http2": conn_open(0) + conn_say(0, True, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
}

# ---- session: capture files ----
CLIENT, SERVER, RESOLVER = b"\x0a\0\0\1", b"\x0a\0\0\2", b"\x0a\0\0\x35"
FIN_, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def ip(src, dst, proto, payload, ident):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, 0, 64, proto, 0, src, dst)
    return head + payload


def udp(src, sport, dst, dport, payload, ident=0):
    return ip(src, dst, 17, struct.pack(">4H", sport, dport, 8 + len(payload), 0) + payload, ident)


class Capture:
    """Packets 10 ms apart, raw IPv4."""

    def __init__(self):
        self.at, self.records, self.ident = 1_000_000_000_000_000, [], 1

    def add(self, packet, cut=None, wait=10_000):
        self.at += wait
        self.records.append((self.at, packet[:cut], len(packet)))
        self.ident += 1

    def pcap(self):
        out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
        for at, data, n in self.records:
            out += struct.pack("<4I", at // 1_000_000, at % 1_000_000, len(data), n) + data
        return out

    def pcapng(self):
        out = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
        out += struct.pack("<IIHHII", 1, 20, 101, 0, 65535, 20)
        for at, data, n in self.records:
            pad = -len(data) % 4
            total = 32 + len(data) + pad
            out += struct.pack("<IIIIIII", 6, total, 0, at >> 32, at & 0xFFFFFFFF, len(data), n)
            out += data + bytes(pad) + struct.pack("<I", total)
        return out

    def lookup(self, name=b"a", addr=SERVER):
        self.add(udp(CLIENT, 5353 + self.ident, RESOLVER, 53, query(name), self.ident))
        port = 5353 + self.ident - 1
        self.add(udp(RESOLVER, 53, CLIENT, port, answer(name, addr=addr), self.ident))


class Tcp:
    def __init__(self, capture, cport=40000, sport=80):
        self.c, self.ports, self.seq = capture, (cport, sport), [1000, 9000]

    def packet(self, up, flags, data=b"", seq=None, **how):
        me, peer = (0, 1) if up else (1, 0)
        ends = (CLIENT, SERVER) if up else (SERVER, CLIENT)
        ports = self.ports if up else self.ports[::-1]
        seq = self.seq[me] if seq is None else seq
        ack = self.seq[peer] if flags & ACK else 0
        tcp = struct.pack(">HHIIBBHHH", *ports, seq, ack, 0x50, flags, 8192, 0, 0) + data
        self.c.add(ip(*ends, 6, tcp, self.c.ident), **how)

    def open(self):
        self.packet(True, SYN)
        self.seq[0] += 1
        self.packet(False, SYN | ACK)
        self.seq[1] += 1
        self.packet(True, ACK)
        return self

    def say(self, up, data, captured=True, **how):
        if captured:
            self.packet(up, PSH | ACK, data, **how)
        self.seq[0 if up else 1] += len(data)
        return self

    def fin(self, up):
        self.packet(up, FIN_ | ACK)
        self.seq[0 if up else 1] += 1
        return self

    def ack(self, up):
        self.packet(up, ACK)
        return self


def sessions():
    c = Capture()
    c.lookup()
    t = Tcp(c).open().say(True, GET).say(False, OK).say(True, GET).say(False, OK).fin(True).fin(False).ack(True)
    yield "http", c.pcap()
    yield "http-ng", c.pcapng()

    c = Capture()
    t = Tcp(c, sport=8080).open().say(True, b"CONNECT h:1 HTTP/1.1\r\n\r\n")
    t.say(False, b"HTTP/1.1 200 OK\r\nVia: a very long name\r\n\r\n", cut=60).fin(True)
    t.say(False, b"more").fin(False)
    yield "connect-cut-response", c.pcap()

    c = Capture()
    t = Tcp(c).open().say(True, GET).say(False, OK[:10], captured=False).say(False, OK[10:]).ack(True)
    t.say(True, GET).say(False, OK).packet(False, RST | ACK)
    yield "hole-and-reset", c.pcap()

    c = Capture()
    c.lookup(b"b")
    t = Tcp(c)
    for wait in (10_000, 1_000_000, 2_000_000):
        t.packet(True, SYN, wait=wait)
    yield "no-answer", c.pcap()

    c = Capture()
    t = Tcp(c)
    t.packet(True, SYN)
    t.seq[0] += 1
    t.packet(False, RST | ACK)
    t = Tcp(c, cport=40001).open()
    t.fin(False)
    yield "refused-and-idle", c.pcap()

    c = Capture()
    for i in range(3):
        c.add(udp(CLIENT, 6000, RESOLVER, 53, query(b"gone", i), c.ident), wait=5_000_000)
    quoted = udp(CLIENT, 6000, RESOLVER, 53, query(b"gone", 2))
    c.add(ip(RESOLVER, CLIENT, 1, struct.pack(">BBHI", 3, 3, 0, 0) + quoted, c.ident))
    c.add(udp(RESOLVER, 53, CLIENT, 6000, struct.pack(">6H", 1, 0x8183, 1, 0, 0, 0) + query(b"gone", 1)[12:], c.ident))
    yield "dns-trouble", c.pcap()

    c = Capture()
    t = Tcp(c, sport=1080).open().say(True, b"\5\1\0").say(False, b"\5\0").say(True, b"\5\1\0\3\1h\0\x50")
    t.say(False, b"\5\0\0\1\0\0\0\0\0\0").say(True, GET).say(False, OK).fin(False).fin(True)
    yield "socks", c.pcap()

    c = Capture()
    t = Tcp(c, sport=53).open().say(True, framed(query())).say(False, framed(answer())).fin(True).fin(False)
    t = Tcp(c, cport=40002).open().say(True, b"hello\n").say(False, b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n")
    yield "dns-tcp-and-bad-client", c.pcap()

    c = Capture()
    t = Tcp(c).open().say(True, GET * 3).say(False, OK + OK[:20]).say(False, OK[20:])
    c.at -= 3_000_000_000
    t.say(False, b"HTTP/1.1 302 F\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n").say(True, GET)
    yield "backwards", c.pcap()

    c = Capture()
    t = Tcp(c).open()
    c.at += 9_000_000_000_000_000
    t.say(True, GET).say(False, OK)
    yield "far-in-time", c.pcapng()


def main(folder):
    for target, seeds in (("http1", HTTP1), ("websocket", WEBSOCKET), ("http2", HTTP2), ("conn", CONN), ("session", dict(sessions()))):
        for name, data in seeds.items():
            path = Path(folder) / target
            path.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)


if __name__ == "__main__":
    main(sys.argv[1])
