"""Small captures made by hand: packets of IPv4, TCP, UDP, DNS, ICMP and TLS records, each with its time in seconds."""

import ipaddress, struct

from pcap import checksum

FIN, SYN, RST, PUSH, ACK = 1, 2, 4, 8, 16
BEGIN = 1_700_000_000


def ip(source, target, protocol, payload, ttl=64):
    a, b = ipaddress.ip_address(source), ipaddress.ip_address(target)
    if a.version == 6:
        return struct.pack('!IHBB', 6 << 28, len(payload), protocol, ttl) + a.packed + b.packed + payload
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(payload), 1, 0x4000, ttl, protocol, 0) + a.packed + b.packed
    return head[:10] + struct.pack('!H', checksum(head)) + head[12:] + payload


def split(end):
    host, port = end.rsplit(':', 1)
    return host.strip('[]'), int(port)


class Capture:
    """Packets with their times; number n is that of the n-th call."""

    def __init__(self):
        self.packets = []

    def add(self, at, packet):
        self.packets.append((at, packet))

    def tcp(self, at, source, target, flags, seq=0, ack=0, data=b'', window=64000, options=b''):
        (a, a_port), (b, b_port) = split(source), split(target)
        options += b'\0' * (-len(options) % 4)
        head = struct.pack('!HHIIBBHHH', a_port, b_port, seq, ack, (20 + len(options)) << 2, flags, window, 0, 0)
        self.add(at, ip(a, b, 6, head + options + data))

    def udp(self, at, source, target, data):
        (a, a_port), (b, b_port) = split(source), split(target)
        self.add(at, ip(a, b, 17, struct.pack('!HHHH', a_port, b_port, 8 + len(data), 0) + data))

    def icmp(self, at, sender, target, kind, code, quoted):
        self.add(at, ip(sender, target, 1, struct.pack('!BBHI', kind, code, 0, 0) + quoted))

    def refused(self, at, client, server):
        self.tcp(at, client, server, SYN, 100)
        self.tcp(at + 0.0001, server, client, RST | ACK, 0, 101)

    def connect(self, at, client, server, rtt=0.001):
        """rtt: there and back."""
        self.tcp(at, client, server, SYN, 100, options=b'\2\4\5\xb4')
        self.tcp(at + rtt, server, client, SYN | ACK, 500, 101, options=b'\2\4\5\xb4')
        self.tcp(at + rtt + 0.0001, client, server, ACK, 101, 501)

    def write(self, path):
        with open(path, 'wb') as out:
            out.write(struct.pack('<IHHiIII', 0xA1B23C4D, 2, 4, 0, 0, 65535, 101))
            for at, packet in self.packets:
                out.write(struct.pack('<IIII', BEGIN + int(at), int(at % 1 * 1e9), len(packet), len(packet)) + packet)


class Talk:
    """A connection whose sides take turns; each says() is acknowledged 0.1 ms later, unless told otherwise."""

    def __init__(self, capture, at, client, server, rtt=0.001):
        self.capture, self.client, self.server = capture, client, server
        self.next = {client: 101, server: 501}
        capture.connect(at, client, server, rtt)

    def says(self, at, who, data, acked=True):
        peer = self.server if who == self.client else self.client
        self.capture.tcp(at, who, peer, PUSH | ACK, self.next[who], self.next[peer], data)
        self.next[who] += len(data)
        if acked:
            self.capture.tcp(at + 0.0001, peer, who, ACK, self.next[peer], self.next[who])

    def ends(self, at, who, flags=FIN | ACK):
        peer = self.server if who == self.client else self.client
        self.capture.tcp(at, who, peer, flags, self.next[who], self.next[peer])
        if flags & FIN:
            self.next[who] += 1


def name(text):
    return b''.join(bytes([len(part)]) + part.encode() for part in text.split('.')) + b'\0'


def question(number, asked, kind=1):
    return struct.pack('!HHHHHH', number, 0x0100, 1, 0, 0, 0) + name(asked) + struct.pack('!HH', kind, 1)


def answer(number, asked, kind=1, rcode=0, address=None):
    head = struct.pack('!HHHHHH', number, 0x8180 | rcode, 1, address is not None, 0, 0)
    data = ipaddress.ip_address(address).packed if address else b''
    record = struct.pack('!HHHIH', 0xC00C, kind, 1, 60, len(data)) + data if address else b''
    return head + name(asked) + struct.pack('!HH', kind, 1) + record


def record(kind, data, version=0x0303):
    return struct.pack('!BHH', kind, version, len(data)) + data


def handshake(kind, body):
    return record(22, bytes([kind]) + len(body).to_bytes(3, 'big') + body)


def extension(kind, body):
    return struct.pack('!HH', kind, len(body)) + body


def client_hello(host='', padding=0, h2=False):
    """Offers TLS 1.3 and 1.2, and HTTP/2; longer by so many bytes."""
    extensions = extension(43, b'\4\3\4\3\3') + (extension(16, b'\0\3\2h2') if h2 else b'')
    if host:
        extensions += extension(0, struct.pack('!HBH', len(host) + 3, 0, len(host)) + host.encode())
    if padding:
        extensions += extension(21, b'\0' * padding)
    return handshake(1, b'\3\3' + b'r' * 32 + b'\0' + struct.pack('!HHH', 4, 0x1301, 0xC02F) + b'\1\0' +
                     struct.pack('!H', len(extensions)) + extensions)


def server_hello(tls13):
    extensions = struct.pack('!HHH', 43, 2, 0x0304) if tls13 else b''
    return handshake(2, b'\3\3' + b's' * 32 + b'\0' + struct.pack('!HB', 0x1301 if tls13 else 0xC02F, 0) +
                     struct.pack('!H', len(extensions)) + extensions)


PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'


def frame(kind, stream=0, payload=b'', flags=0):
    """Of HTTP/2: 1 HEADERS, 4 SETTINGS, 7 GOAWAY."""
    return len(payload).to_bytes(3, 'big') + struct.pack('!BBI', kind, flags, stream) + payload


def h2_request(stream, host):
    """GET / without a body."""
    return frame(1, stream, b'\x82\x86\x84\x01' + bytes([len(host)]) + host.encode(), 5)


def h2_answer(stream):
    """200 without a body."""
    return frame(1, stream, b'\x88', 5)


def goaway(last, code, debug=b''):
    return frame(7, 0, struct.pack('!II', last, code) + debug)
