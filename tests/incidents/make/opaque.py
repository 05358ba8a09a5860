#!/usr/bin/env python3
"""opaque.py CAPTURE.pcap[.zst]...: writes zeros where TLS encrypted application data, in place.

Nobody can read those bytes without keys, which the incidents do not have; zeros compress. Lengths, times and all that is in
the clear stay, TCP checksums are made anew."""

import os, struct, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.dont_write_bytecode = True
import pcap

APPLICATION_DATA, HELLO = 23, 22


class Stream:
    """One direction of a connection: its bytes from the first SYN on, as far as they came in any order."""

    def __init__(self, first):
        self.first, self.parts = first, {}

    def offset(self, seq):
        return (seq - self.first) & 0xFFFFFFFF

    def take(self, seq, data):
        at = self.offset(seq)
        if data and at < 1 << 31 and len(data) > len(self.parts.get(at, b'')):
            self.parts[at] = data

    def bytes(self):
        """Up to the first byte that is missing."""
        out = bytearray()
        for at in sorted(self.parts):
            if at > len(out):
                break
            out += self.parts[at][len(out) - at :]
        return bytes(out)

    def opaque(self):
        """[from, to) of what is encrypted, in the stream; nothing where it is not TLS."""
        data, at, found = self.bytes(), 0, []
        while at + 5 <= len(data):
            kind, version, size = struct.unpack_from('!BHH', data, at)
            if kind not in (20, 21, HELLO, APPLICATION_DATA) or version >> 8 != 3 or (at == 0 and kind != HELLO):
                return found
            if kind == APPLICATION_DATA:
                found.append((at + 5, at + 5 + size))
            at += 5 + size
        return found


def seq_of(f):
    return struct.unpack_from('!I', f.data, f.l4 + 4)[0]


def streams_of(frames):
    """Each frame of a connection that was seen to begin, with its stream."""
    found = {}
    for f in frames:
        if f.proto != 6:
            continue
        if f.flags & pcap.SYN:
            found[f.src, f.dst] = Stream((seq_of(f) + 1) & 0xFFFFFFFF)
        if (f.src, f.dst) in found:
            yield f, found[f.src, f.dst]


def blanked(f, stream, ranges):
    """The frame's bytes with zeros in them; None: it has none of those."""
    payload = f.payload()
    begin, data, hit = stream.offset(seq_of(f)), bytearray(f.data), False
    for start, end in ranges:
        a, b = max(start - begin, 0), min(end - begin, len(payload))
        if a < b:
            data[f.body + a : f.body + b] = bytes(b - a)
            hit = True
    if not hit:
        return None
    whole = f.size == len(f.data)
    return pcap.lengths(data[: f.body + len(payload)], f.l3, f.l4, 6) if whole else bytes(data)


def blank(path):
    """The capture's bytes without what is opaque."""
    raw = read(path)
    frames = pcap.read(path).frames
    known = list(streams_of(frames))
    for f, stream in known:
        stream.take(seq_of(f), f.payload())
    ranges = {id(s): s.opaque() for _, s in known}
    new = {id(f): blanked(f, s, ranges[id(s)]) for f, s in known if ranges[id(s)] and f.payload()}
    out, at = bytearray(raw[:24]), 24
    for f in frames:
        head, data = raw[at : at + 16], raw[at + 16 : at + 16 + len(f.data)]
        at += 16 + len(f.data)
        fresh = new.get(id(f)) or data
        out += head + fresh + data[len(fresh) :]
    return bytes(out)


def read(path):
    if path.endswith('.zst'):
        return subprocess.run(['zstd', '-dcq', path], check=True, capture_output=True).stdout
    with open(path, 'rb') as f:
        return f.read()


def write(path, data):
    with open(path, 'wb') as out:
        out.write(data)


def main():
    for path in sys.argv[1:]:
        plain = path.removesuffix('.zst')
        write(plain + '.new', blank(path))
        if path.endswith('.zst'):
            subprocess.run(['zstd', '--ultra', '-22', '-q', '-f', plain + '.new', '-o', path], check=True)
            os.unlink(plain + '.new')
        else:
            os.rename(plain + '.new', path)


if __name__ == '__main__':
    main()
