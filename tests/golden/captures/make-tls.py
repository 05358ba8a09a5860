#!/usr/bin/env python3
"""Makes tls.pcap anew: OpenSSL's client and server (Python's ssl over memory), each conversation a TCP connection of
its own, on the server port that tls_test.c knows it by. Needs python3 and openssl."""
import os, ssl, struct, subprocess, sys, tempfile

here = os.path.dirname(os.path.abspath(__file__))
V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def certificate(folder, name, days, subject):
    base = os.path.join(folder, name)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", base + ".key", "-out", base + ".pem", "-days", str(days), "-subj", "/CN=" + subject,
                    "-addext", "subjectAltName=DNS:" + subject], check=True, capture_output=True)
    return base


def context(server, version, base=None, verify=None, alpn=None, curve=None):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    c.minimum_version = c.maximum_version = version
    c.check_hostname = False
    c.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    if verify:
        c.load_verify_locations(verify + ".pem")
    if base:
        c.load_cert_chain(base + ".pem", base + ".key")
    if alpn:
        c.set_alpn_protocols(alpn)
    if curve:
        c.set_ecdh_curve(curve)
    return c


class Conversation:
    def __init__(self, client, server, name="seed.test", session=None):
        self.turns, self.dead = [], set()
        self.bio = [ssl.MemoryBIO() for _ in range(4)]  # client in, client out, server in, server out
        self.client = client.wrap_bio(self.bio[0], self.bio[1], server_hostname=name, session=session)
        self.server = server.wrap_bio(self.bio[2], self.bio[3], server_side=True)
        for _ in range(6):
            self.step(self.client, self.client.do_handshake)
            self.step(self.server, self.server.do_handshake)

    def move(self):
        for out, to, side in ((1, 2, 0), (3, 0, 1)):
            b = self.bio[out].read()
            if b:
                self.turns.append((side, b))
                self.bio[to].write(b)

    def step(self, who, f):
        if who not in self.dead:
            try:
                f()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                self.dead.add(who)
        self.move()

    def send(self, n):
        self.step(self.client, lambda: self.client.write(b"q" * n))

    def answer(self, n):
        self.step(self.server, lambda: self.server.read(1 << 20))
        self.step(self.server, lambda: self.server.write(b"a" * n))
        self.step(self.client, lambda: self.client.read(1 << 20))

    def close(self):
        self.step(self.client, self.client.unwrap)
        self.step(self.server, self.server.unwrap)
        return self.turns


def requests(c, *sizes):
    for q, a in sizes:
        c.send(q)
        c.answer(a)
    return c.close()


def conversations(folder):
    good = certificate(folder, "good", 36500, "seed.test")
    server12, server13 = context(True, V12, good), context(True, V13, good)
    client12, client13 = context(False, V12), context(False, V13)
    yield requests(Conversation(client13, server13), (100, 200), (1200, 40), (100, 50000))
    first = Conversation(client13, server13)
    requests(first, (100, 200))
    yield requests(Conversation(client13, server13, session=first.client.session), (100, 200))
    yield requests(Conversation(client12, server12), (100, 200), (1200, 40), (100, 50000))
    first = Conversation(client12, server12)
    requests(first, (100, 200))
    yield requests(Conversation(client12, server12, session=first.client.session), (100, 200))
    yield requests(Conversation(client13, context(True, V13, good, curve="secp384r1")), (100, 200))
    upload = Conversation(client13, server13)
    turns = len(upload.turns)
    upload.send(1186)
    upload.send(900)
    tickets = [t for t in upload.turns[turns - 1:] if t[0] == 1]
    rest = [t for t in upload.turns[turns - 1:] if t[0] == 0]
    upload.turns[turns - 1:] = [rest[0]] + tickets + rest[1:]  # tickets that cross the request
    upload.answer(300)
    yield upload.close()
    yield requests(Conversation(client13, context(True, V13, good, verify=good)), (100, 200))
    yield requests(Conversation(context(False, V13, good), context(True, V13, good, verify=good)), (100, 200))
    yield requests(Conversation(client12, context(True, V12, good, verify=good)))
    other = certificate(folder, "other", 36500, "other.test")
    yield requests(Conversation(context(False, V12, verify=good), context(True, V12, other)))
    yield requests(Conversation(context(False, V13, verify=good), context(True, V13, other)))
    yield requests(Conversation(client12, context(True, V13, good)))
    yield requests(Conversation(context(False, V12, alpn=["h2", "http/1.1"]), context(True, V12, good, alpn=["http/1.1"])), (100, 200))
    hello = Conversation(client13, server13).turns[0]
    yield [hello, (1, b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")]
    yield [hello, (1, b"SSH-2.0-OpenSSH_9.2\r\n")]
    yield [hello]


def tcp(ts, way, port, seq, ack, flags, payload):
    a, b = (b"\x0a\x00\x00\x01", 40000 + port), (b"\x0a\x00\x00\x02", port)
    (sip, sport), (dip, dport) = (a, b) if way == 0 else (b, a)
    seg = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 65535, 0, 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(seg), port, 0, 64, 6, 0, sip, dip)
    frame = b"\0\0\0\0\0\2\0\0\0\0\0\1\x08\0" + ip + seg
    return struct.pack("<IIII", ts // 10**6, ts % 10**6, len(frame), len(frame)) + frame


def connection(ts, port, turns):
    seq = [1000, 2000]
    out = [tcp(ts, 0, port, 999, 0, 2, b""), tcp(ts + 10, 1, port, 1999, 1000, 18, b""), tcp(ts + 20, 0, port, 1000, 2000, 16, b"")]
    ts += 50
    for way, data in turns:
        for at in range(0, len(data), 1448):
            piece = data[at:at + 1448]
            out.append(tcp(ts, way, port, seq[way], seq[1 - way], 24, piece))
            seq[way] += len(piece)
            ts += 10
        ts += 300
    for way in (0, 1):
        out.append(tcp(ts + 10000 + way * 20, way, port, seq[way], seq[1 - way], 17, b""))
        seq[way] += 1
    return b"".join(out)


with tempfile.TemporaryDirectory() as folder, open(os.path.join(here, "tls.pcap"), "wb") as f:
    f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    for i, turns in enumerate(conversations(folder)):
        f.write(connection(1798761600 * 10**6 + i * 100000, 1001 + i, turns))
