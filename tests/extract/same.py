#!/usr/bin/env python3
"""Extracts exchanges and reads them again: the same must be told of each.

same.py PROGRAM [--of N] [--per N] [--seed N] [--tshark] [--minimal] CAPTURE...

Of each capture up to --per exchanges are taken at random, of all captures together up to --of. Id, kind, outcome, error,
status, hooks with their times and bounds, and phases must be the same, with secrets overwritten and without. An extract that says
itself that it differs is counted, and there may be 1 of each 100, begun or whole, of those; one that differs and does not say so is a failure. With
--tshark no packet may be malformed that was not so in the capture, but for bodies and what is no HTTP. Exit status 0, 1 or 77: nothing to test with."""
import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

FIELDS = ("kind", "outcome", "error", "status", "phases_us")


def run(*command):
    return subprocess.run(command, capture_output=True, timeout=300)


def exchanges(program, capture, options):
    out = run(program, "--all", "-q", "-T", "ndjson", *options, capture).stdout
    return [json.loads(line) for line in out.splitlines()]


def essence(x):
    told = {name: x[name] for name in FIELDS}
    told["hooks"] = [(e["hook"], e["time"], e["basis"], e["bounds_us"]) for e in x["events"]]
    return told


def differs(a, b):
    if b is None:
        return "id"
    return next((name for name in a if a[name] != b[name]), None)


def keys_of(capture):
    base = capture.split(".pcap")[0]
    for path in (base + ".keys", base + ".log"):
        if os.path.exists(path):
            with open(path, "rb") as f:
                if b"CLIENT_" in f.read(65536):
                    return ["--keylog", path]
    return []


def brings_secrets(capture):
    """Without those of the capture, the extract is told of as without keys."""
    with open(capture, "rb") as f:
        data = f.read()
    return b"CLIENT_RANDOM " in data or b"CLIENT_TRAFFIC_SECRET_0 " in data


def unpacked(capture, folder):
    """tshark reads no zstd."""
    if not capture.endswith(".zst"):
        return capture
    path = os.path.join(folder, "capture")
    with open(path, "wb") as f:
        subprocess.run(["zstd", "-dcq", capture], stdout=f, check=True)
    return path


# What is not among these is a body, or no HTTP: it is overwritten whole, and what takes it for an image or for VNC stumbles.
KEPT = {"Ethernet", "IPv4", "IPv6", "ICMP", "ICMPv6", "ARP", "TCP", "UDP", "DNS", "TLS", "HTTP", "HTTP2", "WebSocket", "GRPC", "SOCKS"}
BODY = "HTTP body subdissector failed, trying heuristic subdissector"


def is_kept(protocols, messages, malformed):
    names = re.findall(r"\[Malformed Packet: (\w+)", malformed)
    in_body = {"DNS"} if "http" in protocols else set()
    innermost = protocols.rsplit(":", 1)[-1].lower()
    return bool((KEPT - in_body) & set(names)) if names else BODY not in messages and innermost in {name.lower() for name in KEPT}


def malformed(capture):
    out = run("tshark", "-2", "-r", capture, "-Y", "_ws.malformed", "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.protocols",
              "-e", "_ws.expert.message", "-e", "_ws.malformed").stdout.decode()
    rows = [line.split("\t") for line in out.splitlines()]
    return {time for time, *what in rows if is_kept(*what)}


class Check:
    def __init__(self, args):
        self.args = args
        self.checked = self.said = self.bad = 0

    def fail(self, *what):
        self.bad += 1
        print("FAIL", *what)

    def one(self, capture, options, more, x, before):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.pcapng")
            done = run(self.args.program, "extract", "--id", x["id"], "-w", path, *options, *more, capture)
            self.checked += 1
            if done.returncode not in (0, 1) or not os.path.exists(path):
                return self.fail(capture, x["id"], "status", done.returncode, done.stderr.decode())
            said = b"gives a different result" in done.stderr
            again = {y["id"]: y for y in exchanges(self.args.program, path, options)}
            what = differs(essence(x), essence(again[x["id"]]) if x["id"] in again else None)
            new = malformed(path) - before if self.args.tshark and not said else set()
        if new:
            self.fail(capture, x["id"], *options, "malformed for tshark:", *sorted(new))
        if (what is not None) != said:
            self.fail(capture, x["id"], *options, "differs in", what, "and says" if said else "and does not say so")
        elif said:
            self.said += 1
            print("differs, and says so:", capture, x["id"], *options, what)

    def capture(self, path, count):
        options = keys_of(path) + (["--show-secrets"] if random.randrange(4) == 0 else [])
        if brings_secrets(path):
            options, more = ["--show-secrets"], ["--with-secrets"]
        else:
            more = []
        all_of_it = exchanges(self.args.program, path, options)
        chosen = all_of_it if len(all_of_it) <= count else random.sample(all_of_it, count)
        with tempfile.TemporaryDirectory() as folder:
            before = malformed(unpacked(path, folder)) if self.args.tshark and chosen else set()
        for x in chosen:
            self.one(path, options, more, x, before)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("captures", nargs="+")
    parser.add_argument("--of", type=int, default=1 << 30)
    parser.add_argument("--per", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tshark", action="store_true")
    args = parser.parse_args()
    if args.tshark and not (shutil.which("tshark") and shutil.which("zstd")):
        print("no tshark or no zstd here")
        return 77
    random.seed(args.seed)
    random.shuffle(args.captures)
    check = Check(args)
    for path in args.captures:
        if check.checked < args.of:
            check.capture(path, min(args.per, args.of - check.checked))
    print(f"{check.checked} exchanges extracted, {check.said} of which say themselves that they differ, {check.bad} faults")
    if check.checked == 0:
        return 77
    return 1 if check.bad > 0 or check.said > -(-check.checked // 100) else 0


if __name__ == "__main__":
    sys.exit(main())
