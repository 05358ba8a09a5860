"""Captures cut into the files of a rotation."""
import gzip
import os
import struct
import subprocess


def content(path):
    if path.endswith(".gz"):
        with gzip.open(path, "rb") as f:
            return f.read()
    if not path.endswith(".zst"):
        with open(path, "rb") as f:
            return f.read()
    return subprocess.run(["zstd", "-dcq", path], stdout=subprocess.PIPE, check=True).stdout


def split(capture, folder, pieces):
    """Writes a pcap as so many files, and gives their paths."""
    data = content(capture)
    order = {b"\xd4\xc3\xb2\xa1": "<I", b"\x4d\x3c\xb2\xa1": "<I"}[data[:4]]
    os.makedirs(folder)
    at, records, paths = 24, [], []
    while at < len(data):
        end = at + 16 + struct.unpack(order, data[at + 8:at + 12])[0]
        records.append(data[at:end])
        at = end
    step = -(-len(records) // pieces)
    for i in range(0, len(records), step):
        paths.append(os.path.join(folder, f"{i:05}.pcap"))
        with open(paths[-1], "wb") as f:
            f.write(data[:24] + b"".join(records[i:i + step]))
    return paths


def later(capture, path, seconds):
    """The same packets, so many seconds later."""
    data, at = bytearray(content(capture)), 24
    while at < len(data):
        when, _, length = struct.unpack("<III", data[at:at + 12])
        data[at:at + 4] = struct.pack("<I", when + seconds)
        at += 16 + length
    with open(path, "wb") as f:
        f.write(data)
