#!/usr/bin/env python3
"""What may happen to a capture, or might have happened in it: mutants of an incident's capture and what may be said of each.

mutate_captures.py CAPTURE.pcap[.zst] KIND OUT.pcap [SINCE UNTIL]     makes one by hand

Kinds that keep the truth (or hide it): cut_before, begin_inside, end_inside, cut_after, drop1, one_direction, clock, far60,
far300. Kinds that make a fault of their own in what was healthy (a healthy capture, or the part before the incident): slow60,
slow300, refused, status500, dns_refused, dns_nxdomain. See expected() for the verdict each allows.
"""
import random, struct, subprocess, sys
from collections import Counter, defaultdict

KEEPING = 'cut_before begin_inside end_inside cut_after drop1 one_direction clock far60 far300'.split()
MAKING = 'slow60 slow300 refused status500 dns_refused dns_nxdomain'.split()
HEADERS = {0: (4, None), 1: (14, 12), 12: (0, None), 101: (0, None), 113: (16, 14), 276: (20, 0)}  # link type: length, where the protocol stands
SYN, RST, ACK = 2, 4, 16


class Frame:
    """A packet with what the mutations need of it; src and dst are (address, port)."""
    __slots__ = ('t', 'data', 'size', 'l3', 'l4', 'body', 'proto', 'src', 'dst', 'flags')

    def __init__(self, t, data, size, link):
        self.t, self.data, self.size = t, data, size
        self.proto = self.src = self.dst = self.l4 = self.body = None
        self.flags = 0
        length, kind = HEADERS[link]
        while link == 1 and data[kind:kind + 2] == b'\x81\0':
            length, kind = length + 4, kind + 4
        self.l3 = length
        self.parse()

    def parse(self):
        d, at = self.data, self.l3
        if len(d) < at + 20:
            return
        if d[at] >> 4 == 4:
            self.proto, self.l4 = d[at + 9], at + 4 * (d[at] & 15)
            ends = d[at + 12:at + 16], d[at + 16:at + 20]
        elif d[at] >> 4 == 6 and len(d) >= at + 40:
            self.proto, self.l4 = d[at + 6], at + 40
            ends = d[at + 8:at + 24], d[at + 24:at + 40]
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
        end = self.l3 + (struct.unpack_from('!H', self.data, self.l3 + 2)[0] if self.data[self.l3] >> 4 == 4 else 40 + struct.unpack_from('!H', self.data, self.l3 + 4)[0])
        return self.data[self.body:end]


def text(address):
    if len(address) == 4:
        return '.'.join(map(str, address))
    import ipaddress
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
        """The address that serves the most flows' packets, not one of those to avoid (texts)."""
        count = Counter(self.servers()[f.flow()][0] for f in self.frames if f.proto == 6)
        return next((a for a, _ in count.most_common() if text(a) not in avoid), None)


def read(path):
    raw = subprocess.run(['zstd', '-dcq', path], check=True, capture_output=True).stdout if path.endswith('.zst') else open(path, 'rb').read()
    magic = struct.unpack_from('<I', raw)[0]
    if magic not in (0xa1b2c3d4, 0xa1b23c4d):
        raise ValueError(f'{path}: not a pcap of this byte order')
    unit, link, at, frames = 1000 if magic == 0xa1b2c3d4 else 1, struct.unpack_from('<I', raw, 20)[0], 24, []
    while at + 16 <= len(raw):
        sec, part, kept, size = struct.unpack_from('<IIII', raw, at)
        frames.append(Frame(sec * 1000000000 + part * unit, raw[at + 16:at + 16 + kept], size, link))
        at += 16 + kept
    return Capture(raw[:24], link, frames)


def write(capture, path):
    """In nanoseconds, in order of time unless the clock was set."""
    with open(path, 'wb') as out:
        out.write(struct.pack('<I', 0xa1b23c4d) + capture.head[4:])
        for f in capture.frames:
            out.write(struct.pack('<IIII', f.t // 1000000000, f.t % 1000000000, len(f.data), max(f.size, len(f.data))) + f.data)


def moved(f, by):
    copy = Frame.__new__(Frame)
    for name in Frame.__slots__:
        setattr(copy, name, getattr(f, name))
    copy.t += int(by)
    return copy


def changed(f, data, link):
    return Frame(f.t, data, len(data), link)


# What keeps the truth.

def between(capture, since, until):
    zero = capture.frames[0].t
    return capture.with_frames([f for f in capture.frames if since <= (f.t - zero) / 1e9 < until])


def drop1(capture):
    dice = random.Random(7)
    return capture.with_frames([f for f in capture.frames if dice.random() >= 0.01])


def one_direction(capture):
    """Only what servers send, and of UDP what comes from a well-known port."""
    sides = capture.servers()
    return capture.with_frames([f for f in capture.frames if f.proto == 6 and sides[f.flow()] == f.src or f.proto == 17 and f.src[1] < 1024])


def clock(capture, by=5e9):
    middle = (capture.frames[0].t + capture.frames[-1].t) // 2
    return capture.with_frames([moved(f, by) if f.t >= middle else f for f in capture.frames])


def later(capture, address, ms, since=0):
    """What the address sends comes so many ms later, and what the peer does upon it too: its ACKs, its next request if that was quick."""
    zero, late, last, out = capture.frames[0].t, defaultdict(int), {}, []
    sides = capture.servers()
    for f in capture.frames:
        if f.proto != 6 or sides[f.flow()][0] != address or (f.t - zero) / 1e9 < since:
            out.append(f)
            continue
        flow = f.flow()
        if f.src[0] == address:
            by = ms * 1e6 + late[flow]
            last[flow] = (f.t, f.t + by)
        else:
            then, shifted = last.get(flow, (f.t, 0))
            by = max(0, shifted + min(f.t - then, 500000) - f.t)
            late[flow] = by
        out.append(moved(f, by))
    return capture.with_frames(sorted(out, key=lambda f: f.t))


# What makes a fault, in the later half.

def middle_of(capture):
    return capture.frames[0].t + (capture.frames[-1].t - capture.frames[0].t) // 2


def refused(capture):
    """New connections to the service with the most of them are refused from the middle on; returns the subject too."""
    since = middle_of(capture)
    dials = Counter(f.src for f in capture.frames if f.proto == 6 and f.flags & (SYN | ACK) == SYN | ACK and f.t >= since)
    if not dials or dials.most_common(1)[0][1] < 5:
        return None
    end = dials.most_common(1)[0][0]
    gone, out = set(), []
    for f in capture.frames:
        if f.proto == 6 and f.src == end and f.flags & (SYN | ACK) == SYN | ACK and f.t >= since:
            if f.flow() not in gone:
                out.append(changed(f, reset(f), capture.link))
            gone.add(f.flow())
        elif f.proto != 6 or f.flow() not in gone:
            out.append(f)
    return capture.with_frames(out), text(end[0])


def reset(f):
    """The SYN-ACK as the RST that a closed port answers with: no sequence number, no options."""
    head = bytearray(f.data[:f.l4 + 20])
    struct.pack_into('!I', head, f.l4 + 4, 0)
    head[f.l4 + 12:f.l4 + 16] = bytes([0x50, RST | ACK, 0, 0])
    return lengths(head, f.l3, f.l4, 6)


def lengths(data, l3, l4, proto):
    """Sets the lengths and the checksums of IP and of what it carries."""
    data = bytearray(data)
    size = len(data) - l4
    if proto == 17:
        struct.pack_into('!H', data, l4 + 4, size)
    if data[l3] >> 4 == 4:
        struct.pack_into('!H', data, l3 + 2, len(data) - l3)
        data[l3 + 10:l3 + 12] = b'\0\0'
        struct.pack_into('!H', data, l3 + 10, checksum(data[l3:l4]))
        pseudo = data[l3 + 12:l3 + 20]
    else:
        struct.pack_into('!H', data, l3 + 4, size)
        pseudo = data[l3 + 8:l3 + 40]
    at = l4 + (16 if proto == 6 else 6)
    data[at:at + 2] = b'\0\0'
    struct.pack_into('!H', data, at, checksum(bytes(pseudo) + struct.pack('!HH', proto, size) + data[l4:]) or 0xffff)
    return bytes(data)


def checksum(data):
    data = bytes(data) + b'\0' * (len(data) & 1)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def status500(capture):
    """The answers 200 of the service with the most of them become 500 in the third quarter."""
    begin, end = middle_of(capture), capture.frames[0].t + (capture.frames[-1].t - capture.frames[0].t) * 3 // 4
    found = Counter(f.src for f in capture.frames if f.proto == 6 and begin <= f.t < end and f.data[f.body:f.body + 12] == b'HTTP/1.1 200')
    if not found or found.most_common(1)[0][1] < 10:
        return None
    server = found.most_common(1)[0][0]
    out = []
    for f in capture.frames:
        hit = f.proto == 6 and f.src == server and begin <= f.t < end and f.data[f.body:f.body + 12] == b'HTTP/1.1 200'
        out.append(changed(f, lengths(f.data[:f.body] + b'HTTP/1.1 500' + f.data[f.body + 12:], f.l3, f.l4, 6), capture.link) if hit and f.size == len(f.data) else f)
    return capture.with_frames(out), text(server[0])


def question(payload):
    at, labels = 12, []
    while payload[at]:
        labels.append(payload[at + 1:at + 1 + payload[at]].decode('latin1'))
        at += 1 + payload[at]
    return '.'.join(labels).lower(), struct.unpack('!H', payload[at + 1:at + 3])[0], at + 5


def dns(capture, rcode, one_name):
    """From the middle on the answers that had an address (all of a resolver's, or one name's) are an error, and nobody dials."""
    since, answers, names = middle_of(capture), [], Counter()
    before = set()
    for f in capture.frames:
        if f.proto != 17 or f.src[1] != 53 or f.size != len(f.data):
            continue
        p = f.payload()
        name, kind, end = question(p)
        good = kind in (1, 28) and not p[3] & 15 and struct.unpack('!H', p[6:8])[0]
        if good and f.t < since:
            before.add((f.src[0], name))
        if good and f.t >= since and (f.src[0], name) in before:
            answers.append((f, name, end))
            names[name if one_name else f.src[0]] += 1
    if not names or names.most_common(1)[0][1] < 6:
        return None
    chosen = names.most_common(1)[0][0]
    hit = {id(f): (name, end) for f, name, end in answers if (name if one_name else f.src[0]) == chosen}
    addresses = {a for f, name, _ in answers if id(f) in hit for a in found_addresses(f.payload())}
    first = min(f.t for f, _, _ in answers if id(f) in hit)
    return denied(capture, hit, addresses, first, rcode, one_name), chosen if one_name else text(chosen)


def denied(capture, hit, addresses, first, rcode, one_name):
    asked, gone, out = {n for n, _ in hit.values()}, set(), []
    for f in capture.frames:
        if f.proto == 6 and f.t >= first and f.flags & (SYN | ACK) == SYN and f.dst[0] in addresses:
            gone.add(f.flow())
        if f.proto == 6 and f.flow() in gone:
            continue
        if f.proto == 17 and f.src[1] == 53 and f.t >= first and f.size == len(f.data):
            p = f.payload()
            name, _, end = question(p)
            if id(f) in hit or name in asked and (one_name or not p[3] & 15):
                f = changed(f, lengths(f.data[:f.body] + p[:2] + struct.pack('!HHHHH', 0x8180 | rcode, 1, 0, 0, 0) + p[12:end], f.l3, f.l4, 17), capture.link)
        out.append(f)
    return capture.with_frames(out)


def found_addresses(p):
    """The addresses of an answer whose names are all pointers."""
    at, found = question(p)[2], []
    for _ in range(struct.unpack('!H', p[6:8])[0]):
        if p[at] < 0xc0:
            return found
        size = struct.unpack('!H', p[at + 10:at + 12])[0]
        found.append(p[at + 12:at + 12 + size])
        at += 12 + size
    return found


# Mutants and verdicts.

class Truth:
    """A row: codes, sides and subjects that are right, and when."""

    def __init__(self, row):
        self.codes, self.sides, self.subjects = ([x for x in row[c].split('|') if x] for c in ('codes', 'side', 'subject'))
        self.since = float(row['since'] or 0)
        self.until = float('inf') if row['until'] in ('end', '') else float(row['until'])
        self.healthy = row['subject'] == 'none'
        first = row['calls'].split(' ')[0]
        self.calls = int(first) if first.isdigit() else 0
        self.half = row['half']


class Expected:
    """Verdicts that are right: the required causes first; or, where none is, silence or one of perhaps first. Those of beside may stand anywhere."""

    def __init__(self, required=(), perhaps=(), beside=()):
        self.required, self.perhaps, self.beside = list(required), list(perhaps), list(beside)


class Fault:
    def __init__(self, codes, sides, subjects):
        self.codes, self.sides, self.subjects = codes, sides, subjects


def allowance(*codes):
    return Fault(list(codes), [], [])


def standing(truths):
    """What may be said of a healthy capture that lacks something."""
    return [allowance(*truths[0].codes)] if truths[0].healthy and truths[0].codes else []


COSTLY = allowance('conn.churn')  # what cost nothing nearby


def making(kind, base):
    """The mutant and its one expected cause; None where the capture has too little for it."""
    if kind in ('slow60', 'slow300'):
        address, half = base.busiest(), base.span() / 2
        sent = sum(f.proto == 6 and f.src[0] == address and len(f.payload()) > 0 for f in base.frames)
        if sent < 60:
            return None
        fault = Fault(['conn.slow_path', 'conn.slow_handshake', 'time.step', 'tcp.bufferbloat'], ['network'], [text(address)])
        if kind == 'slow60':  # little against some services' own time
            fault = Fault(fault.codes + ['http.think_time'], ['network', 'server'], fault.subjects)
        return later(base, address, int(kind[4:]), half), fault
    done = {'refused': refused, 'status500': status500, 'dns_refused': lambda c: dns(c, 5, False), 'dns_nxdomain': lambda c: dns(c, 3, True)}[kind](base)
    if not done:
        return None
    codes = {'refused': ['conn.refused', 'dns.address_refuses', 'conn.backlog_reset', 'conn.refused_by_middle'], 'status500': ['http.error_cluster', 'http.who_answered'], 'dns_refused': ['dns.server_failure'], 'dns_nxdomain': ['dns.not_found']}[kind]
    sides = {'refused': ['server', 'network'], 'status500': ['server', 'proxy'], 'dns_refused': ['resolver', 'name_service'], 'dns_nxdomain': ['name_service']}[kind]
    return done[0], Fault(codes, sides, [done[1]])


def healthy_part(capture, truths):
    """What is healthy of a capture, from 0 to the first fault; None if that is too short."""
    if any(c.startswith('capture.') for t in truths for c in t.codes):
        return None
    if truths[0].healthy:
        return capture
    since = min(t.since for t in truths)
    return between(capture, 0, since - 0.3) if since >= 4 else None


def keeping(kind, capture, truths):
    """The mutant and what is expected of it; None where it makes no sense."""
    real = [] if truths[0].healthy else truths
    own = standing(truths)
    since = min(t.since for t in truths)
    until = min(max(t.until for t in truths), capture.span())
    if kind in ('drop1', 'clock', 'one_direction'):
        made = {'drop1': drop1, 'clock': clock, 'one_direction': one_direction}[kind](capture)
        extra = {'drop1': 'capture.drops', 'clock': 'capture.clock', 'one_direction': 'capture.one_direction'}[kind]
        if kind == 'one_direction':
            return made, Expected(perhaps=real, beside=own + [allowance(extra)])
        return made, Expected(real, beside=own + [allowance(extra)])
    if kind in ('far60', 'far300'):
        subjects = {s for t in truths for s in t.subjects}
        address = capture.busiest(subjects)
        if address is None or not real and truths[0].codes:
            return None
        return later(capture, address, int(kind[3:])), Expected(real, beside=own + [COSTLY])
    if not real or kind == 'cut_before' and since < 3 or kind == 'cut_after' and capture.span() - until < 6:
        return None
    if kind == 'cut_before':
        return between(capture, 0, since - 0.3), Expected()
    if kind == 'cut_after':
        return between(capture, until + 3, 1e9), Expected(perhaps=real)
    middle = (since + until) / 2
    if kind == 'begin_inside':
        return between(capture, middle, 1e9), Expected(perhaps=real)
    enough = since >= 2 and len(real) == 1 and real[0].calls >= 14
    return between(capture, 0, middle), Expected(real if enough else [], real)


def mutants(capture, truths, kinds=None):
    """(kind, capture, expected) for each that makes sense."""
    for kind in kinds or KEEPING + MAKING:
        if kind in KEEPING:
            made = keeping(kind, capture, truths)
        else:
            base = healthy_part(capture, truths)
            made = base and base.frames and making(kind, base)
            sure = [] if kind == 'slow60' else [made[1]] if made else []
            made = made and (made[0], Expected(sure, [made[1]], [COSTLY]))
        if made and made[0].frames:
            yield kind, made[0], made[1]


def main():
    if len(sys.argv) not in (4, 6) or sys.argv[2] not in KEEPING + MAKING:
        print(__doc__, file=sys.stderr)
        return 2
    since, until = sys.argv[4:] or ('', '')
    row = dict(codes='', side='', subject='x' if since else 'none', since=since, until=until, calls='', half='')
    for _, made, _ in mutants(read(sys.argv[1]), [Truth(row)], [sys.argv[2]]):
        write(made, sys.argv[3])
        return 0
    print('too little in this capture for that', file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
