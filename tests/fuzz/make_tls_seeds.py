#!/usr/bin/env python3
"""Writes the tls target's seeds with keys: make_tls_seeds.py FOLDER (tests/fuzz/corpus/tls). The connection whose
client random is all zeros is the one that the target has secrets of; steps with 8 are sealed by the target."""
import struct
import sys


def H(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def rec(kind, body, version=0x0301):
    return struct.pack(">BHH", kind, version, len(body)) + body


def ext(kind, body):
    return struct.pack(">HH", kind, len(body)) + body


def ch(exts=b"", ciphers=b"\x13\x01\xc0\x2f\x00\x05\x00\x2f"):
    e = ext(43, b"\x04\x03\x04\x03\x03") + exts
    return rec(22, H(1, b"\x03\x03" + bytes(33) + struct.pack(">H", len(ciphers)) + ciphers + b"\x01\x00" +
                     struct.pack(">H", len(e)) + e))


def sh(cipher, v13=True, exts=b"", version=b"\x03\x03"):
    e = (ext(43, b"\x03\x04") if v13 else b"") + exts
    return rec(22, H(2, version + b"\x01" * 32 + b"\x00" + cipher + b"\x00" + struct.pack(">H", len(e)) + e))


def step(way, data, what=0):
    return bytes([what | 2 | way]) + struct.pack(">H", len(data)) + data


def ee(exts=b""):
    return H(8, struct.pack(">H", len(exts)) + exts) + b"\x16"


def with_keys(*steps):
    return b"\x02" + b"".join(steps)


SEAL_HS, SEAL_APP = 8, 24  # under the secret of the handshake, of the data behind it
HANDSHAKE, ALERT, DATA = b"\x16", b"\x15", b"\x17"  # TLS 1.3's inner types
GET = b"GET / HTTP/1.1\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n\r\n"
FINISHED = H(20, bytes(32)) + HANDSHAKE
BEGIN = [step(0, ch()), step(1, sh(b"\x13\x01")), step(1, ee(ext(16, b"\x00\x03\x02h2")), SEAL_HS)]
END = [step(1, FINISHED, SEAL_HS), step(0, FINISHED, SEAL_HS)]
DONE = BEGIN + END


def old(cipher, finished, *more, version=0x0301, hello=b"", answer=b"", key_exchange=b"\x00\x20" + bytes(32)):
    """Up to TLS 1.2: nobody seals what follows, so that nothing of it opens."""
    return with_keys(
        step(0, ch(hello)), step(1, sh(cipher, False, answer, struct.pack(">H", version if version < 0x301 else 0x303))),
        step(0, rec(22, H(16, key_exchange), version) + rec(20, b"\x01", version) + rec(22, bytes(finished), version)),
        *more)


SEEDS = {
    "keys13": with_keys(*DONE, step(0, GET + DATA, SEAL_APP), step(1, OK + DATA, SEAL_APP),
                        step(1, b"\x01\x00" + ALERT, SEAL_APP)),
    "keys13-key-update": with_keys(*DONE, step(0, H(24, b"\x01") + HANDSHAKE, SEAL_APP), step(0, GET + DATA, SEAL_APP)),
    "keys13-padding": with_keys(*DONE, step(0, GET + DATA + bytes(40), SEAL_APP), step(1, bytes(8), SEAL_APP)),
    "keys13-early": with_keys(step(0, ch(ext(42, b""))), step(0, GET + DATA, SEAL_APP),
                              step(1, sh(b"\x13\x01", exts=ext(41, b"\0\0"))), step(1, ee(ext(42, b"")), SEAL_HS),
                              step(0, H(5, b"") + HANDSHAKE, SEAL_HS)),
    "keys13-certificate": with_keys(
        *BEGIN, step(1, H(11, b"\0\0\0\x08\0\0\x03abc\0\0") + HANDSHAKE, SEAL_HS), *END),
    "keys13-wrong": with_keys(*DONE, step(0, rec(23, bytes(60), 0x303)), step(0, rec(23, bytes(60), 0x303))),
    "keys13-cut": with_keys(*DONE, bytes([SEAL_APP | 2 | 4]) + struct.pack(">H", 20) + b"\x05" + GET + DATA),
    "keys12-null": old(b"\x00\x02", 36, step(1, rec(20, b"\x01") + rec(22, bytes(40), 0x303)),
                       step(0, rec(23, bytes(40), 0x303))),
    "keys12-rc4": old(b"\x00\x05", 36, step(1, rec(20, b"\x01") + rec(22, bytes(40), 0x303))),
    "keys12-cbc-etm": old(b"\x00\x2f", 64, hello=ext(22, b""), answer=ext(22, b"") + ext(23, b"")),
    "keys-ssl3": old(b"\x00\x2f", 64, version=0x0300, key_exchange=bytes(48)),
}
for name, seed in SEEDS.items():
    with open(sys.argv[1] + "/" + name, "wb") as f:
        f.write(seed)
