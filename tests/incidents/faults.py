"""Faults made in what was healthy, from the middle of a capture on: each gives the mutant and its subject, or None."""

import struct
from collections import Counter
from pcap import ACK, RST, SYN, changed, lengths, text


def middle_of(capture):
    return capture.frames[0].t + (capture.frames[-1].t - capture.frames[0].t) // 2


def refused(capture):
    """New connections to the service with the most of them are refused from the middle on; returns the subject
    too.
    """
    since = middle_of(capture)
    dials = Counter(
        f.src for f in capture.frames if f.proto == 6 and f.flags & (SYN | ACK) == SYN | ACK and f.t >= since
    )
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
    head = bytearray(f.data[: f.l4 + 20])
    struct.pack_into('!I', head, f.l4 + 4, 0)
    head[f.l4 + 12 : f.l4 + 16] = bytes([0x50, RST | ACK, 0, 0])
    return lengths(head, f.l3, f.l4, 6)


GOOD, BAD = b'HTTP/1.1 200', b'HTTP/1.1 500'


def status500(capture):
    """The answers 200 of the service with the most of them become 500 in the third quarter."""
    begin, end = middle_of(capture), capture.frames[0].t + (capture.frames[-1].t - capture.frames[0].t) * 3 // 4
    answers = [f for f in capture.frames if f.proto == 6 and begin <= f.t < end and f.data[f.body :].startswith(GOOD)]
    found = Counter(f.src for f in answers).most_common(1)
    if not found or found[0][1] < 10:
        return None
    hit = {id(f) for f in answers if f.src == found[0][0]}
    return capture.with_frames([failed(f, capture.link) if id(f) in hit else f for f in capture.frames]), text(
        found[0][0][0]
    )


def failed(f, link):
    data = f.data[: f.body] + BAD + f.data[f.body + len(BAD) :]
    whole = f.size == len(f.data)  # a cut one keeps its lengths, and a checksum that nobody can check
    return changed(f, lengths(data, f.l3, f.l4, 6) if whole else data, link)


def question(payload):
    at, labels = 12, []
    while payload[at]:
        labels.append(payload[at + 1 : at + 1 + payload[at]].decode('latin1'))
        at += 1 + payload[at]
    return '.'.join(labels).lower(), struct.unpack('!H', payload[at + 1 : at + 3])[0], at + 5


def dns(capture, rcode, one_name):
    """From the middle on the answers that had an address (all of a resolver's, or one name's) are an error, and
    nobody dials.
    """
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
                f = changed(
                    f,
                    lengths(
                        f.data[: f.body] + p[:2] + struct.pack('!HHHHH', 0x8180 | rcode, 1, 0, 0, 0) + p[12:end],
                        f.l3,
                        f.l4,
                        17,
                    ),
                    capture.link,
                )
        out.append(f)
    return capture.with_frames(out)


def found_addresses(p):
    """The addresses of an answer whose names are all pointers."""
    at, found = question(p)[2], []
    for _ in range(struct.unpack('!H', p[6:8])[0]):
        if p[at] < 0xC0:
            return found
        size = struct.unpack('!H', p[at + 10 : at + 12])[0]
        found.append(p[at + 12 : at + 12 + size])
        at += 12 + size
    return found
