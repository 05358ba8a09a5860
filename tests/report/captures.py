"""Writes small captures: TCP connections with what a test wants them to say."""
import struct

CLIENT, SERVER = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])


class Capture:
    def __init__(self):
        self.frames, self.now_us = [], 1764000000 * 10**6

    def wait(self, us):
        self.now_us += us

    def packet(self, from_client, port, seq, ack, flags, payload=b""):
        """One TCP packet over Ethernet and IPv4; checksums are left out, as an offloading card does."""
        ports = (port, 80) if from_client else (80, port)
        ends = (CLIENT, SERVER) if from_client else (SERVER, CLIENT)
        tcp = struct.pack(">HHIIBBHHH", *ports, seq & 0xffffffff, ack & 0xffffffff, 0x50, flags, 65535, 0, 0) + payload
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0, *ends) + tcp
        self.frames.append((self.now_us, b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + ip))

    def send(self, from_client, port, seq, ack, data):
        for at in range(0, len(data), 60000):
            self.packet(from_client, port, seq + at, ack, 0x18, data[at:at + 60000])
            self.wait(3)

    def call(self, port, request, response, wait_us=5000):
        """A connection with one exchange on it, closed by the client."""
        self.packet(True, port, 1000, 0, 0x02)
        self.wait(200)
        self.packet(False, port, 5000, 1001, 0x12)
        self.wait(20)
        self.packet(True, port, 1001, 5001, 0x10)
        self.wait(30)
        self.send(True, port, 1001, 5001, request)
        self.wait(wait_us)
        self.send(False, port, 5001, 1001 + len(request), response)
        self.wait(20)
        self.packet(True, port, 1001 + len(request), 5001 + len(response), 0x11)
        self.wait(50)

    def calls(self, port, pairs):
        """One connection that is kept: (request, response, wait_us)..., open at the end."""
        seq, ack = 1001, 5001
        self.packet(True, port, 1000, 0, 0x02)
        self.wait(200)
        self.packet(False, port, 5000, 1001, 0x12)
        self.wait(20)
        self.packet(True, port, 1001, 5001, 0x10)
        for request, response, wait_us in pairs:
            self.wait(300)
            self.send(True, port, seq, ack, request)
            self.wait(wait_us)
            seq += len(request)
            self.send(False, port, ack, seq, response)
            ack += len(response)

    def refuse(self, port):
        self.packet(True, port, 1000, 0, 0x02)
        self.wait(100)
        self.packet(False, port, 0, 1001, 0x14)
        self.wait(100)

    def write(self, path):
        with open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
            for us, frame in self.frames:
                f.write(struct.pack("<IIII", us // 10**6, us % 10**6, len(frame), len(frame)) + frame)


def response(status=b"200 OK", body=b"hi", fields=b""):
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n" % len(body) + fields + b"\r\n" + body


def many(path, count, slow_every=97):
    """`count` calls on kept connections, some of them failed or slow: for measuring."""
    c = Capture()
    for port in range(count // 50):
        pairs = []
        for k in range(50):
            n = port * 50 + k
            ok = n % 41 != 0
            request = b"GET /v1/item/%d?page=%d HTTP/1.1\r\nHost: shop-%d.test\r\nX-Request-Id: r-%d\r\n\r\n" % (n, n % 7, n % 5, n)
            pairs.append((request, response(b"200 OK" if ok else b"503 Service Unavailable", b"x" * (n % 200)), 800000 if n % slow_every == 0 else 2000 + n % 9000))
        c.calls(1024 + port % 60000, pairs)
    c.write(path)
