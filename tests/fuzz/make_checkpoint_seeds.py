#!/usr/bin/env python3
"""Writes the seeds of the checkpoint target: what real checkpoints hold, without compression and checksum, and the frames
that come next. usage: make_checkpoint_seeds.py PROGRAM CAPTURES... FOLDER (tests/fuzz/corpus/checkpoint); needs zstd(1)"""
import os
import struct
import subprocess
import sys
import tempfile

FRAME, SEED_MAX = 5, 40000
program, captures, folder = sys.argv[1], sys.argv[2:-1], sys.argv[-1]


def packets(data):
    """The file header, and each record of a pcap file (little-endian)."""
    at, out = 24, []
    while at + 16 <= len(data):
        n = struct.unpack_from("<I", data, at + 8)[0]
        out.append(data[at : at + 16 + n])
        at += 16 + n
    return data[:24], out


def frame(header, packet, number):
    seconds, part, cut, length = struct.unpack_from("<IIII", packet)
    scale = 1 if header[:4] == b"\x4d\x3c\xb2\xa1" else 1000
    link = struct.unpack_from("<I", header, 20)[0]
    body = struct.pack("<QQIIII", seconds * 10**9 + part * scale, number, 1, 0, link, length) + packet[16:]
    return struct.pack("<BI", FRAME, len(body)) + body


def checkpoint(header, before):
    """The records after a run over the packets, unpacked."""
    with tempfile.TemporaryDirectory() as work:
        os.mkdir(work + "/in")
        open(work + "/in/0.pcap", "wb").write(header + b"".join(before))
        subprocess.run([program, "batch", "--settle", "0", "--out", work + "/out", work + "/in"], check=True)
        packed = open(work + "/out/.pcap2trace/all.checkpoint", "rb").read()
        return subprocess.run(["zstd", "-dcq"], input=packed[12:], stdout=subprocess.PIPE, check=True).stdout


os.makedirs(folder, exist_ok=True)
for path in captures:
    header, all_of_it = packets(open(path, "rb").read())
    for part in (1, 2, 3):
        cut = len(all_of_it) * part // 4
        seed = checkpoint(header, all_of_it[:cut])
        seed += b"".join(frame(header, p, i + 1) for i, p in enumerate(all_of_it[cut : cut + 60]))
        name = "%s-%d" % (os.path.splitext(os.path.basename(path))[0], part)
        if len(seed) <= SEED_MAX:
            open(os.path.join(folder, name), "wb").write(seed)
        else:
            print(name, "is too long:", len(seed))
