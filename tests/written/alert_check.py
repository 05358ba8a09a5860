#!/usr/bin/env python3
"""alert_check.py PROGRAM INCIDENTS SCRATCH: `batch --alert` names the windows in trouble and no others, the same whether it runs
on or is started anew for each file, and what waits for an answer."""
import glob
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys

import pieces

# Each incident, and what must be said of at least one of its windows; None: nothing of any.
TOLD = {
    "01": "most: dns_error at ",
    "02": None,
    "06": "most: no_response at ",
    "08": "; http.retry_storm (calls are abandoned and retried, which creates the load)",
    "11": None,
    "15": None,
    "16": None,
    "18": "; http.who_answered (a proxy returns errors of its own)",
}


def failed(x):
    return (x["outcome"] not in ("ok", "incomplete") and x["error"] is not None) or (x["status"] or 0) >= 500 or ((x.get("grpc") or {}).get("status") or 0) > 0


def is_call(x):
    """Not a lookup or a connection that went well and carried nothing."""
    return x["outcome"] != "ok" or x["kind"].startswith("http") or any(e["hook"] == "WroteRequest" for e in x["events"])


def causes_of(program, out, name):
    """Those of a summary of that window alone."""
    alone = os.path.join(os.path.dirname(out), "alone")
    os.makedirs(alone)
    state = name.replace(".ndjson", ".summary.zst")
    for file in (name, state):
        shutil.copy(os.path.join(out, file), alone)
    with open(os.path.join(out, "manifest.ndjson"), encoding="utf-8") as f, open(os.path.join(alone, "manifest.ndjson"), "w", encoding="utf-8") as g:
        g.writelines(line for line in f if f'"output":"{name}"' in line)
    run = subprocess.run([program, "summary", "-T", "json", alone], stdout=subprocess.PIPE, check=True)
    shutil.rmtree(alone)
    return {c["code"] for c in json.loads(run.stdout)["causes"]}


def check_numbers(program, out, lines):
    """Each line's numbers are those of the window's own exchanges, and each window that should have one has one."""
    before, told = [0, 0], {re.search(r" (\S+\.ndjson): ", " " + line)[1]: line for line in lines}
    for path in sorted(glob.glob(os.path.join(out, "*.ndjson"))):
        name = os.path.basename(path)
        if name == "manifest.ndjson":
            continue
        with open(path, encoding="utf-8") as f:
            xs = [x for x in map(json.loads, f) if is_call(x)]
        bad = sum(map(failed, xs))
        said = f": {bad} of {len(xs)} calls failed (before: {before[0]} of {before[1]}), most: "
        usual = before[0] / before[1] if before[1] else float("inf")
        trouble = bad >= 3 and bad >= len(xs) // 20 and (bad >= len(xs) - bad or bad / len(xs) >= 2.5 * usual)
        assert (said in told.get(name, "")) == trouble, (name, said, told.get(name))
        if trouble:
            assert causes_of(program, out, name) >= set(re.findall(r"; ([a-z0-9_.]+) \(", told[name])), (name, told[name])
        before = [before[0] + bad, before[1] + len(xs)]


def batch(program, out, folder, *options):
    run = subprocess.run([program, "batch", "--alert", "--settle", "0", "--out", out, *options, folder],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert run.returncode == 0 and run.stderr == b"", (run.returncode, run.stderr.decode())
    return run.stdout.decode().splitlines()


def one_by_one(program, scratch, files):
    """A start for each file; each begins with what the one before left on the disk."""
    folder, out, lines = os.path.join(scratch, "growing"), os.path.join(scratch, "growing-out"), []
    os.mkdir(folder)
    for path in files:
        shutil.copy(path, folder)
        lines += batch(program, out, folder, "--all")
    lines += batch(program, out, folder, "--final", "--all")
    shutil.rmtree(folder)
    shutil.rmtree(out)
    return lines


def check_incident(program, capture, told, scratch):
    folder, out = os.path.join(scratch, "in"), os.path.join(scratch, "out")
    files = pieces.split(capture, folder, 6)
    lines = batch(program, out, folder, "--final", "--all")
    assert lines == one_by_one(program, scratch, files), capture
    if told is None:
        assert not lines, (capture, lines)
    else:
        assert any(told in line for line in lines), (capture, lines)
    check_numbers(program, out, lines)
    assert batch(program, out, folder) == [], "told twice"
    shutil.rmtree(folder)
    shutil.rmtree(out)
    return len(lines)


def check_final(program, capture, scratch):
    """A window of --final has no packets of its own; its line says when the last ones were."""
    folder, out = os.path.join(scratch, "in"), os.path.join(scratch, "out")
    os.mkdir(folder)
    shutil.copy(capture, folder)
    [first] = batch(program, out, folder)
    [last] = batch(program, out, folder, "--final")
    when = re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", last)
    assert when and "-final.ndjson: " in last and first.startswith(when[0]), (first, last)
    shutil.rmtree(folder)
    shutil.rmtree(out)


# ---- waits ----


def ipv4(src, dst, protocol, payload):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0, socket.inet_aton(src),
                       socket.inet_aton(dst))
    return head + payload


def syn(port, server, server_port, sequence):
    return ipv4("10.0.0.1", server, 6, struct.pack(">HHIIBBHHH", port, server_port, sequence, 0, 0x50, 2, 64240, 0, 0))


def question(port, server, name):
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0"
    dns = struct.pack(">HHHHHH", port, 0x0100, 1, 0, 0, 0) + labels + struct.pack(">HH", 1, 1)
    return ipv4("10.0.0.1", server, 17, struct.pack(">HHHH", port, 53, 8 + len(dns), 0) + dns)


def write_pcap(path, packets):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for seconds, packet in packets:
            f.write(struct.pack("<IIII", 1795329131 + seconds, 0, len(packet), len(packet)) + packet)


def check_waits(program, scratch):
    """A dial and a lookup begin in the first file; in the second one they have waited for more than 30 s."""
    folder, out = os.path.join(scratch, "waits"), os.path.join(scratch, "waits-out")
    os.mkdir(folder)
    first = [(s, syn(40000, "10.0.0.9", 443, 1)) for s in (0, 1, 3, 7, 15)]
    first += [(s, question(50000, "10.0.0.2", "silent.test")) for s in (2, 12, 22)]
    write_pcap(os.path.join(folder, "a.pcap"), sorted(first, key=lambda row: row[0]))
    write_pcap(os.path.join(folder, "b.pcap"), [(31, syn(40000, "10.0.0.9", 443, 1)),
                                                (33, question(50001, "10.0.0.2", "other.test"))])
    lines = batch(program, out, folder)
    assert len(lines) == 1, lines
    assert "b.pcap.ndjson: 1 dial without an answer for over 30 s, the first to 10.0.0.9:443 since " in lines[0], lines
    assert ": 1 lookup without an answer for over 30 s, the first at 10.0.0.2:53 since " in lines[0], lines


def main():
    program, incidents, scratch = sys.argv[1:]
    if shutil.which("zstd") is None:
        print("zstd is missing: the incidents cannot be unpacked")
        sys.exit(77)
    shutil.rmtree(scratch, ignore_errors=True)
    os.makedirs(scratch)
    told = 0
    for number, what in TOLD.items():
        told += check_incident(program, glob.glob(os.path.join(incidents, number + "-*.pcap.zst"))[0], what, scratch)
    assert told >= 10, told
    check_final(program, glob.glob(os.path.join(incidents, "../own/112-*.pcap.zst"))[0], scratch)
    check_waits(program, scratch)
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
