"""A capture of one HTTP call per request head, made by hand: raw IPv4, one connection each."""
import struct

CLIENT, SERVER = b"\x0a\x01\x09\x01", b"\x0a\x01\x09\x07"


def packet(from_client, port, seq, ack, flags, data=b""):
    ends = (port, 8080) if from_client else (8080, port)
    tcp = struct.pack(">HHIIBBHHH", *ends, seq, ack, 5 << 4, flags, 65535, 0, 0) + data
    addresses = CLIENT + SERVER if from_client else SERVER + CLIENT
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + addresses + tcp


def call(port, request, response):
    syn, fin_ack, ack, push = 0x02, 0x11, 0x10, 0x18
    done, answered = 1 + len(request), 1 + len(response)
    return [packet(True, port, 0, 0, syn), packet(False, port, 0, 1, syn | ack), packet(True, port, 1, 1, ack),
            packet(True, port, 1, 1, push, request), packet(False, port, 1, done, push, response),
            packet(True, port, done, answered, fin_ack), packet(False, port, answered, done + 1, fin_ack)]


def capture(requests, start=1767323045, apart_us=1000, call_apart_s=1):
    """The bytes of a pcap: `requests` are heads with their bodies; each is answered by 200."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    for i, request in enumerate(requests):
        for k, p in enumerate(call(40000 + i, request, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")):
            out += struct.pack("<IIII", start + i * call_apart_s, k * apart_us, len(p), len(p)) + p
    return out
