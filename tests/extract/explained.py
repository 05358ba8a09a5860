#!/usr/bin/env python3
"""explained.py PROGRAM CAPTURE...: `explain` names every packet that an exchange rests on, and what it proves.

For each exchange of the captures, up to some of each, the JSON must be an array of one object whose packets stand in the order of
time; each event and each finding of the NDJSON must be named at every packet of its evidence; an event that a packet marks must have
the packet's time. The text names the same packets, the outcome and the error."""
import json
import random
import subprocess
import sys

PROGRAM, CAPTURES = sys.argv[1], sys.argv[2:]
PER_CAPTURE = 3
faults = checked = 0


def check(good, *what):
    global faults
    if not good:
        faults += 1
        print("FAIL", *what)


def run(*command):
    return subprocess.run([PROGRAM, *command], capture_output=True, timeout=120)


def proofs_of(x):
    """(file, packet) -> what it proves"""
    found = {}
    for e in x["events"]:
        for file, packet in e["evidence"]:
            found.setdefault((x["files"][file], packet), set()).add(e["hook"])
    for f in x["findings"]:
        for file, packet in f["evidence"]:
            found.setdefault((x["files"][file], packet), set()).add(f["code"])
    return found


def check_one(capture, x):
    global checked
    checked += 1
    name = f"{capture} {x['id']}:"
    told = run("explain", "-q", "--id", x["id"], "-T", "json", capture)
    array = json.loads(told.stdout)
    check([y["id"] for y in array] == [x["id"]], name, "not one object of that id")
    y = array[0]
    check(all(y[key] == x[key] for key in ("outcome", "error", "method", "url", "status", "start", "end")), name, "head")
    rows = {(p["file"], p["packet"]): p for p in y["packets"]}
    named = {at: {q.get("hook") or q["finding"] for q in p["proves"]} for at, p in rows.items() if p["proves"]}
    wanted = proofs_of(x)
    for at, proves in wanted.items():
        check(named.get(at) == proves, name, at, "proves", proves, "told is", named.get(at))
    check(set(named) <= set(wanted), name, "packets that prove nothing")
    marked = {e["time"] for e in x["events"] if e["basis"] == "observed"}
    for p in y["packets"]:
        if any(q.get("stand") == "marks" for q in p["proves"]):
            check(p["time"] in marked, name, "marks something at another time", p["packet"])
    check([f["code"] for f in y["findings"]] == [f["code"] for f in x["findings"]], name, "findings")
    text = run("explain", "-q", "--id", x["id"], capture).stdout.decode()
    check(x["id"] in text and f"outcome {x['outcome']}" in text, name, "text")
    for _, packet in wanted:
        check(f"#{packet} " in text, name, "the text lacks packet", packet)


random.seed(3)
for capture in CAPTURES:
    told = run("-q", "--all", "-T", "ndjson", capture).stdout.splitlines()
    for line in random.sample(told, min(PER_CAPTURE, len(told))):
        check_one(capture, json.loads(line))

unknown = run("explain", "--id", "1234567812345678", CAPTURES[0])
check(unknown.returncode == 1 and b"no exchange" in unknown.stderr and not unknown.stdout, "an unknown id", unknown)
from_pipe = run("explain", "--id", "1", "-")
check(from_pipe.returncode == 2 and b"twice" in from_pipe.stderr, "standard input", from_pipe)
print(f"{checked} exchanges explained, {faults} faults")
sys.exit(1 if faults or not checked else 0)
