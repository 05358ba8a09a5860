#!/usr/bin/env python3
"""hidden.py PROGRAM FOLDER: secrets and bodies are not in an extract, whatever the packets are wrapped in.

FOLDER has captures full of secrets; others are made here: one exchange, whose request and answer hold MARKERs where they are
secret, in segments of every size, out of order, repeated with other bytes, as IP fragments, in tunnels, cut. The extract must
hold no MARKER, be told of as the capture is, and keep right every checksum that was right."""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

from packets import ether, fragments, ip, pcap, pcapng_frames, tcp, tcp_checksum_is_right, udp

PROGRAM = sys.argv[1]
CLIENT, SERVER = ("10.1.0.1", 40000), ("10.1.0.2", 80)
SYN, ACK, FIN_ACK = 2, 16, 17
faults = 0


def check(name, good, *what):
    global faults
    if not good:
        faults += 1
        print("FAIL", name, *what)


def run(*command):
    return subprocess.run([PROGRAM, *command], capture_output=True, timeout=60)


def told(path):
    return [json.loads(line) for line in run("--all", "-q", "-T", "ndjson", path).stdout.splitlines()]


def essence(x):
    hooks = [(e["hook"], e["time"], e["bounds_us"]) for e in x["events"]]
    return x["kind"], x["outcome"], x["error"], x["url"], x["status"], x["phases_us"], hooks


def extract(folder, capture, ident, *options):
    path = os.path.join(folder, "x.pcapng")
    done = run("extract", "--id", ident, "-w", path, *options, capture)
    with open(path, "rb") as f:
        return path, f.read(), done.stderr.decode()


# ---- what is sent ----

REQUEST = (
    b"POST /a?token=MARKER1&b=2 HTTP/1.1\r\nHost: shop.test\r\nAuthorization: Basic MARKER2==\r\n"
    b"X-Api-Key: one\r\n MARKER3\r\nCookie: a=MARKER4\r\nContent-Length: 14\r\n\r\npassw=MARKER5\n"
)
ANSWER = (
    b"HTTP/1.1 200 OK\r\nSet-Cookie: s=MARKER6; Path=/\r\nLocation: http://u:MARKER7@x/\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nb;x=MARKER8\r\n hi MARKER9\r\n0\r\nX-Token: MARKERa\r\n\r\n"
)


def segments(src, dst, seq, ack, data, size):
    return [(src, dst, tcp(src, dst, seq + at, ack, ACK, data[at : at + size])) for at in range(0, len(data), size)]


def exchange(size=1400, request=REQUEST, answer=ANSWER):
    """(src, dst, segment): handshake, request, answer, end."""
    yield CLIENT, SERVER, tcp(CLIENT, SERVER, 999, 0, SYN)
    yield SERVER, CLIENT, tcp(SERVER, CLIENT, 4999, 1000, SYN | ACK)
    yield CLIENT, SERVER, tcp(CLIENT, SERVER, 1000, 5000, ACK)
    yield from segments(CLIENT, SERVER, 1000, 5000, request, size)
    yield from segments(SERVER, CLIENT, 5000, 1000 + len(request), answer, size)
    yield CLIENT, SERVER, tcp(CLIENT, SERVER, 1000 + len(request), 5000 + len(answer), FIN_ACK)
    yield SERVER, CLIENT, tcp(SERVER, CLIENT, 5000 + len(answer), 1001 + len(request), FIN_ACK)


def datagram(src, dst, segment):
    return ip(src[0], dst[0], 6, segment)


def plain(src, dst, segment):
    yield ether(datagram(src, dst, segment))


def in_vlan(src, dst, segment):
    yield ether(struct.pack(">HH", 7, 0x0800) + datagram(src, dst, segment), 0x8100)


def in_gre(src, dst, segment):
    yield ether(ip("192.0.2.1", "192.0.2.2", 47, struct.pack(">HH", 0, 0x0800) + datagram(src, dst, segment)))


def in_vxlan(src, dst, segment):
    inner = struct.pack(">II", 0x08000000, 42 << 8) + ether(datagram(src, dst, segment))
    ends = ("192.0.2.1", 5555), ("192.0.2.2", 4789)
    yield ether(ip("192.0.2.1", "192.0.2.2", 17, udp(*ends, inner)))


def in_gtp(src, dst, segment):
    inner = datagram(src, dst, segment)
    ends = ("192.0.2.1", 2152), ("192.0.2.2", 2152)
    yield ether(ip("192.0.2.1", "192.0.2.2", 17, udp(*ends, struct.pack(">BBHI", 0x30, 255, len(inner), 9) + inner)))


def in_fragments(src, dst, segment):
    ident = struct.unpack(">I", segment[4:8])[0] % 60000 + len(segment)
    if len(segment) <= 64:
        yield from plain(src, dst, segment)
    else:
        yield from (ether(f) for f in fragments(src[0], dst[0], 6, segment, ident))


def frames(wrap, packets):
    t = 1700000000.0
    for src, dst, segment in packets:
        for frame in wrap(src, dst, segment):
            t += 0.001
            yield t, frame


# ---- what is looked at ----


def right_checksums(data):
    """Of the segments that lie in Ethernet and IPv4 and nothing else."""
    right = []
    for link, _, frame, wire, _ in pcapng_frames(data):
        if link != 1 or len(frame) < wire or frame[12:14] != b"\x08\0" or frame[23] != 6 or frame[20:22] != b"\0\0":
            continue
        total = struct.unpack(">H", frame[16:18])[0]
        src, dst = (".".join(map(str, frame[at : at + 4])) for at in (26, 30))
        right.append(tcp_checksum_is_right(frame[34 : 14 + total], src, dst))
    return right


def joined(frames_of_it):
    """Everything there is, and the segments' bytes one behind the other: segments may be smaller than a secret."""
    return b"".join(frames_of_it) + b"".join(frame[54:] for frame in frames_of_it)


def bytes_of(data):
    return joined([frame for _, _, frame, _, _ in pcapng_frames(data)])


def try_frames(name, all_frames, same=True):
    all_frames = list(all_frames)
    with tempfile.TemporaryDirectory() as folder:
        capture = os.path.join(folder, "c.pcap")
        with open(capture, "wb") as f:
            f.write(pcap(all_frames))
        check(name, b"MARKER" in joined([f[1] for f in all_frames]), "there is nothing to hide")
        exchanges = told(capture)
        check(name, exchanges, "nothing is told of the capture")
        for x in exchanges:
            path, data, said = extract(folder, capture, x["id"])
            check(name, b"MARKER" not in bytes_of(data), "a secret is in the extract of", x["id"])
            check(name, all(right_checksums(data)), "a checksum is wrong")
            again = [essence(y) for y in told(path) if y["id"] == x["id"]]
            if same:
                check(name, again == [essence(x)], "told otherwise:", again, essence(x), said)
            shown = extract(folder, capture, x["id"], "--show-secrets")[1]
            check(name, b"MARKER" in bytes_of(shown) or not same, "--show-secrets does not show them")


def shuffled(packets, seed):
    """Some segments change places with the next one."""
    packets = list(packets)
    chance = random.Random(seed)
    for i in range(3, len(packets) - 3):
        if chance.random() < 0.3:
            packets[i], packets[i + 1] = packets[i + 1], packets[i]
    return packets


def forged(packets):
    """Each segment comes again with other bytes: what was seen first counts."""
    for src, dst, segment in packets:
        yield src, dst, segment
        if len(segment) > 20:
            seq, ack = struct.unpack(">II", segment[4:12])
            yield src, dst, tcp(src, dst, seq, ack, ACK, (b"MARKERf" * 300)[: len(segment) - 20])


def own_captures():
    for size in (1, 2, 3, 7, 16, 61, 1400):
        try_frames(f"segments of {size}", frames(plain, exchange(size)))
    for wrap in (in_vlan, in_gre, in_vxlan, in_gtp, in_fragments):
        try_frames(wrap.__name__, frames(wrap, exchange()))
    for seed in range(8):
        try_frames(f"out of order {seed}", frames(plain, shuffled(exchange(11), seed)))
    try_frames("forged repeats", frames(plain, forged(exchange(50))))
    lost = list(frames(in_fragments, exchange()))
    for i in range(3, len(lost) - 2):
        try_frames(f"fragment {i} lost", lost[:i] + lost[i + 1 :], same=False)
    whole = list(frames(plain, exchange(50)))
    for i in range(3, len(whole) - 2):
        try_frames(f"segment {i} lost", whole[:i] + whole[i + 1 :], same=False)
    for snaplen in (60, 80, 96, 128, 200):
        cut = [(t, f, min(len(f), snaplen)) for t, f in frames(plain, exchange())]
        try_frames(f"cut to {snaplen}", cut, same=False)
    begun = list(frames(plain, exchange(50)))[5:]
    try_frames("joined later, cut", begun, same=False)
    for first in (b"\x16\x03\x01", b"SSH-2.0-x\r\n", b"\0\1\2", b"*1\r\n$4\r\nPING"):
        other = exchange(request=first + b" MARKER " * 40, answer=b"-ERR MARKER")
        try_frames(f"no HTTP {first!r}", frames(plain, other), same=False)


def given_captures(folder):
    markers = {"url-secrets": [b"SECRET-"], "header-secrets": [b"LEAK"], "h2-path-token": [b"TOPSECRET"],
               "query-secrets": [b"secret&", b"123secret", b"13secret", b"YWRtaW46aHVudGVyMg"]}
    for name, words in markers.items():
        capture = os.path.join(folder, name + ".pcap")
        with tempfile.TemporaryDirectory() as place:
            for x in told(capture):
                data = extract(place, capture, x["id"])[1]
                for word in words:
                    check(name, word not in data, x["id"], "shows", word)


def tls_secrets(folder):
    """--with-secrets gives the connection's own and no others; without it, none go along."""
    capture, keys = os.path.join(folder, "tls-keys.pcap.gz"), os.path.join(folder, "tls-keys.log")
    exchanges = [json.loads(line) for line in
                 run("-q", "-T", "ndjson", "--keylog", keys, capture).stdout.splitlines()]
    with open(keys, "rb") as f:
        lines = [line for line in f.read().splitlines() if line.count(b" ") == 2]
    decrypted = [x for x in exchanges if x["kind"] == "http1" and x["connection"]["tls"]][:3]
    check("secrets", decrypted, "nothing is decrypted in", capture)
    with tempfile.TemporaryDirectory() as place:
        for x in decrypted:
            keyed = ("--keylog", keys)
            path, data, said = extract(place, capture, x["id"], "--show-secrets", "--with-secrets", *keyed)
            brought = [line for line in lines if line in data]
            check("secrets", [y["url"] for y in told(path) if y["id"] == x["id"]] == [x["url"]], x["id"], said)
            check("secrets", brought and len({line.split()[1] for line in brought}) == 1, x["id"], brought)
            path, data, said = extract(place, capture, x["id"], "--show-secrets", *keyed)
            check("secrets", not any(line.split()[2] in data for line in lines), x["id"], "go along unasked")


def minimal(folder):
    """Only what something rests on: fewer packets, each with a comment."""
    capture = os.path.join(folder, "query-secrets.pcap")
    with tempfile.TemporaryDirectory() as place:
        for x in told(capture)[:3]:
            few = pcapng_frames(extract(place, capture, x["id"], "--minimal")[1])
            all_of_it = pcapng_frames(extract(place, capture, x["id"])[1])
            check("minimal", 0 < len(few) < len(all_of_it) and all(comment for *_, comment in few), x["id"])


own_captures()
given_captures(sys.argv[2])
tls_secrets(os.path.join(sys.argv[2], "..", "captures"))
minimal(sys.argv[2])
print(f"{faults} faults")
sys.exit(1 if faults else 0)
