#!/usr/bin/env python3
"""rollup_check.py PROGRAM CAPTURE SCRATCH: hours and days of windows are summed up, the same whatever starts batch had, and the
summary is the same with them, without them, and where one is damaged."""
import glob
import json
import os
import shutil
import struct
import subprocess
import sys

import pieces

MINUTES = 40  # between the beginnings of two files: the second day begins at the 36th or before


def run(program, *arguments, code=0):
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == code, (arguments, done.returncode, done.stderr.decode())
    return done.stdout


def move(path, seconds):
    """All packets of the file come so much later."""
    with open(path, "rb") as f:
        data = bytearray(f.read())
    at = 24
    while at < len(data):
        time, _, captured = struct.unpack("<III", data[at:at + 12])
        struct.pack_into("<I", data, at, time + seconds)
        at += 16 + captured
    with open(path, "wb") as f:
        f.write(data)


def sums(out):
    found = {}
    for path in glob.glob(os.path.join(out, "[hd]*.summary.zst")):
        with open(path, "rb") as f:
            found[os.path.basename(path)] = f.read()
    return found


def ranges(found, unit):
    return sorted(tuple(int(n) for n in name.split(".")[0].split("-")[1:]) for name in found if name.startswith(unit))


def growing(program, folder, scratch):
    """The same files in the same folder, whose name is in the states, and many starts."""
    all_, out = os.path.join(scratch, "all"), os.path.join(scratch, "growing-out")
    os.rename(folder, all_)
    os.mkdir(folder)
    for i, name in enumerate(sorted(os.listdir(all_))):
        shutil.copy(os.path.join(all_, name), folder)
        if i % 3 == 0:
            run(program, "batch", "--settle", "0", "--out", out, folder)
    run(program, "batch", "--settle", "0", "--out", out, folder)
    return sums(out)


def without_periods(summary):
    all_ = json.loads(summary)
    all_.pop("periods", None)
    return all_


def main():
    program, capture, scratch = sys.argv[1:]
    shutil.rmtree(scratch, ignore_errors=True)
    os.makedirs(scratch)
    folder, out = os.path.join(scratch, "in"), os.path.join(scratch, "out")
    files = pieces.split(capture, folder, 48)
    assert len(files) >= 48, len(files)
    for i, path in enumerate(files):
        move(path, i * MINUTES * 60)
    run(program, "batch", "--settle", "0", "--out", out, folder)
    found = sums(out)
    hours, days = ranges(found, "hour"), ranges(found, "day")
    assert len(hours) > 20 and 1 <= len(days) <= 2, (hours, days)
    for list_ in (hours, days):  # without a gap, and the last one is still open
        assert list_[0][0] == 1 and all(a[1] + 1 == b[0] for a, b in zip(list_, list_[1:])), list_
        assert list_[-1][1] < len(files)
    assert found == growing(program, folder, scratch), "they depend on the starts"

    told = run(program, "summary", "-T", "json", out)
    own = run(program, "summary", "-T", "json", folder)
    # Connections that are still open are not in the sums yet: the last periods, which they fill, are not known there.
    assert without_periods(told) == without_periods(own), "what is still open is no part of it, or it is another summary"
    kept = os.path.join(scratch, "kept")
    os.mkdir(kept)
    for name in found:
        shutil.move(os.path.join(out, name), kept)
    assert run(program, "summary", "-T", "json", out) == told, "without them it is another summary"
    for name in found:
        shutil.copy(os.path.join(kept, name), out)
    with open(os.path.join(out, "day-%08d-%08d.summary.zst" % days[0]), "r+b") as f:
        f.truncate(40)
    assert run(program, "summary", "-T", "json", out) == told, "a damaged one changes it"
    shutil.copy(os.path.join(kept, "day-%08d-%08d.summary.zst" % days[0]), out)
    for number in range(1, days[0][1] + 1):
        os.remove(glob.glob(os.path.join(out, "%08d-*.summary.zst" % number))[0])
    assert run(program, "summary", "-T", "json", out) == told, "the states of a summed day are read"
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
