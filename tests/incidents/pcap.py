"""Packets of a pcap file, read and written, with what mutations need of them: ends, flags, lengths, checksums."""

import ipaddress, struct, subprocess
from collections import Counter, defaultdict

SYN, RST, ACK = 2, 4, 16
HEADERS = {0: 4, 1: 14, 12: 0, 101: 0, 113: 16, 276: 20}  # link type: what stands before IP


class Frame:
    """A packet with what the mutations need of it; src and dst are (address, port)."""

    __slots__ = ('t', 'data', 'size', 'l3', 'l4', 'body', 'proto', 'src', 'dst', 'flags')

    def __init__(self, t, data, size, link):
        self.t, self.data, self.size = t, data, size
        self.proto = self.src = self.dst = self.l4 = self.body = None
        self.flags = 0
        self.l3 = HEADERS[link]
        while link == 1 and data[self.l3 - 2 : self.l3] == b'\x81\0':
            self.l3 += 4
        self.parse()

    def parse(self):
        d, at = self.data, self.l3
        if len(d) < at + 20:
            return
        if d[at] >> 4 == 4:
            self.proto, self.l4 = d[at + 9], at + 4 * (d[at] & 15)
            ends = d[at + 12 : at + 16], d[at + 16 : at + 20]
        elif d[at] >> 4 == 6 and len(d) >= at + 40:
            self.proto, self.l4 = d[at + 6], at + 40
            ends = d[at + 8 : at + 24], d[at + 24 : at + 40]
        if self.proto not in (6, 17) or len(d) < self.l4 + (14 if self.proto == 6 else 8):
            self.proto = None
            return
        ports = struct.unpack_from('!HH', d, self.l4)
        self.src, self.dst = (ends[0], ports[0]), (ends[1], ports[1])
        self.flags = d[self.l4 + 13] if self.proto == 6 else 0
        self.body = self.l4 + (4 * (d[self.l4 + 12] >> 4) if self.proto == 6 else 8)

    def flow(self):
        return (self.src, self.dst) if self.src < self.dst else (self.dst, self.src)

    def payload(self):
        end = self.l3 + (
            struct.unpack_from('!H', self.data, self.l3 + 2)[0]
            if self.data[self.l3] >> 4 == 4
            else 40 + struct.unpack_from('!H', self.data, self.l3 + 4)[0]
        )
        return self.data[self.body : end]


def text(address):
    if len(address) == 4:
        return '.'.join(map(str, address))
    return str(ipaddress.ip_address(address))


class Capture:
    def __init__(self, head, link, frames):
        self.head, self.link, self.frames = head, link, frames
        self.sides = None

    def servers(self):
        """For each TCP flow the end that serves: the one that was dialled, else the one that more flows share."""
        if self.sides is None:
            flows, self.sides = defaultdict(dict), {}
            for f in self.frames:
                if f.proto == 6:
                    known = flows[f.flow()]
                    if f.flags & (SYN | ACK) == SYN:
                        known['server'] = f.dst
                    elif f.flags & SYN:
                        known['server'] = f.src
            shared = Counter(end for flow in flows for end in flow)
            for flow, known in flows.items():
                self.sides[flow] = known.get('server') or max(flow, key=lambda e: (shared[e], -e[1]))
        return self.sides

    def with_frames(self, frames):
        return Capture(self.head, self.link, frames)

    def span(self):
        return (self.frames[-1].t - self.frames[0].t) / 1e9 if self.frames else 0

    def busiest(self, avoid=()):
        """The address that serves the most packets, is no client too, and is not one of those to avoid (texts)."""
        sides = self.servers()
        count = Counter(sides[f.flow()][0] for f in self.frames if f.proto == 6)
        clients = {end[0] for flow, server in sides.items() for end in flow if end != server}
        return next((a for a, _ in count.most_common() if a not in clients and text(a) not in avoid), None)


def read(path):
    raw = (
        subprocess.run(['zstd', '-dcq', path], check=True, capture_output=True).stdout
        if path.endswith('.zst')
        else open(path, 'rb').read()
    )
    magic = struct.unpack_from('<I', raw)[0]
    if magic not in (0xA1B2C3D4, 0xA1B23C4D):
        raise ValueError(f'{path}: not a pcap of this byte order')
    unit, link, at, frames = 1000 if magic == 0xA1B2C3D4 else 1, struct.unpack_from('<I', raw, 20)[0], 24, []
    while at + 16 <= len(raw):
        sec, part, kept, size = struct.unpack_from('<IIII', raw, at)
        frames.append(Frame(sec * 1000000000 + part * unit, raw[at + 16 : at + 16 + kept], size, link))
        at += 16 + kept
    return Capture(raw[:24], link, frames)


def write(capture, path):
    """In nanoseconds, in order of time unless the clock was set."""
    with open(path, 'wb') as out:
        out.write(struct.pack('<I', 0xA1B23C4D) + capture.head[4:])
        for f in capture.frames:
            out.write(
                struct.pack('<IIII', f.t // 1000000000, f.t % 1000000000, len(f.data), max(f.size, len(f.data)))
                + f.data
            )


def moved(f, by):
    copy = Frame.__new__(Frame)
    for name in Frame.__slots__:
        setattr(copy, name, getattr(f, name))
    copy.t += int(by)
    return copy


def changed(f, data, link):
    """With what was captured of it replaced; what was not captured stays so."""
    return Frame(f.t, data, len(data) + f.size - len(f.data), link)


def lengths(data, l3, l4, proto):
    """Sets the lengths and the checksums of IP and of what it carries."""
    data = bytearray(data)
    size = len(data) - l4
    if proto == 17:
        struct.pack_into('!H', data, l4 + 4, size)
    if data[l3] >> 4 == 4:
        struct.pack_into('!H', data, l3 + 2, len(data) - l3)
        data[l3 + 10 : l3 + 12] = b'\0\0'
        struct.pack_into('!H', data, l3 + 10, checksum(data[l3:l4]))
        pseudo = data[l3 + 12 : l3 + 20]
    else:
        struct.pack_into('!H', data, l3 + 4, size)
        pseudo = data[l3 + 8 : l3 + 40]
    at = l4 + (16 if proto == 6 else 6)
    data[at : at + 2] = b'\0\0'
    struct.pack_into('!H', data, at, checksum(bytes(pseudo) + struct.pack('!HH', proto, size) + data[l4:]) or 0xFFFF)
    return bytes(data)


def checksum(data):
    data = bytes(data) + b'\0' * (len(data) & 1)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
