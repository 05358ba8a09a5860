"""Captures cut into the files of a rotation."""
import os
import struct
import subprocess


def content(path):
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
