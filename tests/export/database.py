#!/usr/bin/env python3
"""database.py PROGRAM CAPTURE...: -o FILE.sqlite says what NDJSON says, and a kill leaves a database that opens.

Of each capture: exchanges, hooks, findings, packets and phases are those of NDJSON; every view can be read; strings of the wire are text.
The last capture's run is then killed at 50 instants: what is left passes SQLite's integrity check, and holds the first exchanges, as many
as were committed. A file that is no database of ours is not touched. 77: this build has no SQLite."""
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

PROGRAM, CAPTURES = sys.argv[1], sys.argv[2:]
PHASES = ("blocked", "dns", "connect", "tls", "send", "wait", "receive", "total")
faults = 0


def check(good, *what):
    global faults
    if not good:
        faults += 1
        print("FAIL", *what)


def write(path, *captures):
    return subprocess.run([PROGRAM, "-q", "--all", "-o", path, *captures], capture_output=True, timeout=120)


def told(*captures):
    out = subprocess.run([PROGRAM, "-q", "--all", "-T", "ndjson", *captures], capture_output=True, timeout=120).stdout
    return [json.loads(line) for line in out.splitlines()]


def hooks_of(row):
    """Header fields written at one moment are one row, whose args are a list."""
    args = json.loads(row["args"])
    each = args if row["hook"] == "WroteHeaderField" else [args]
    return [(row["seq"] + i, row["hook"], row["basis"], a) for i, a in enumerate(each)]


def check_exchange(db, n, x):
    row = db.execute("SELECT * FROM exchanges WHERE n = ?", (n,)).fetchone()
    for name in ("id", "trace_id", "kind", "outcome", "error", "method", "url", "host", "status", "start", "start_us", "end_us"):
        check(row[name] == x[name] or (x[name] and "\0" in str(x[name])), x["id"], name, row[name], x[name])
    for phase in PHASES:
        value, wanted = row[phase + "_us"], x["phases_us"][phase]
        check((value is None) == (wanted is None) and (value is None or abs(value - wanted) < 0.001), x["id"], phase)
    events = db.execute("SELECT seq, hook, basis, args FROM events WHERE exchange = ? ORDER BY seq", (n,)).fetchall()
    check([hook for e in events for hook in hooks_of(e)] ==
          [(i, e["hook"], e["basis"], e["args"]) for i, e in enumerate(x["events"])], x["id"], "events")
    rows = {e["seq"] for e in events}
    findings = db.execute("SELECT code, text FROM findings WHERE exchange = ? ORDER BY seq", (n,)).fetchall()
    check([tuple(f) for f in findings] == [(f["code"], f["text"]) for f in x["findings"]], x["id"], "findings")
    packets = db.execute("SELECT of, seq, path, packet FROM packets JOIN files ON files.n = file WHERE exchange = ?", (n,)).fetchall()
    wanted = [(kind, i, x["files"][f], p) for kind, list_of in (("event", x["events"]), ("finding", x["findings"]))
              for i, e in enumerate(list_of) if kind == "finding" or i in rows for f, p in e["evidence"]]
    check(sorted(map(tuple, packets)) == sorted(wanted), x["id"], "packets")
    links = db.execute("SELECT relation, id FROM links WHERE exchange = ?", (n,)).fetchall()
    check(sorted(map(tuple, links)) == sorted((k["relation"], k["id"]) for k in x["links"]), x["id"], "links")


def check_captures(folder, *captures):
    path, capture = os.path.join(folder, "c.sqlite"), " ".join(captures)
    done = write(path, *captures)
    if b"without SQLite" in done.stderr:
        print("this build has no SQLite")
        sys.exit(77)
    xs = told(*captures)
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA query_only = 1")
    check(db.execute("SELECT count(*) FROM exchanges").fetchone()[0] == len(xs), capture, "exchanges")
    for n, x in enumerate(xs, 1):
        check_exchange(db, n, x)
    for view in db.execute("SELECT name FROM sqlite_schema WHERE type = 'view'").fetchall():
        db.execute(f"SELECT * FROM {view['name']}").fetchall()
    check(db.execute("SELECT value FROM meta WHERE key = 'complete'").fetchone()[0] == "yes", capture, "complete")
    db.close()
    return len(xs)


def check_left(folder, path, i, replaces):
    """Only who replaces a file has another name for an instant, and that of a whole database. How many did that: few."""
    left = set(os.listdir(folder)) - {os.path.basename(path), os.path.basename(path) + "-journal"}
    check(len(left) <= replaces or not sys.platform.startswith("linux"), "killed", i, "leaves", left)
    for name in left:
        db = sqlite3.connect(os.path.join(folder, name))
        check(db.execute("SELECT count(*) FROM exchanges").fetchone()[0] == 0, "killed", i, "leaves no whole file", name)
        db.close()
        os.unlink(os.path.join(folder, name))
    return len(left)


def check_killed(path, ids, i):
    db = sqlite3.connect(path)
    check(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "killed", i, "integrity")
    there = [row[0] for row in db.execute("SELECT id FROM exchanges ORDER BY n")]
    check(there == ids[: len(there)], "killed", i, "not the first exchanges")
    complete = db.execute("SELECT count(*) FROM meta WHERE key = 'complete'").fetchone()[0]
    check(not complete or there == ids, "killed", i, "called complete")
    db.close()


def check_kills(folder, capture):
    """What stands under the name is a database with its tables, from the first moment on."""
    folder = os.path.join(folder, "kills")
    os.mkdir(folder)
    path = os.path.join(folder, "k.sqlite")
    begun = time.monotonic()
    write(path, capture)
    whole = time.monotonic() - begun
    ids = [x["id"] for x in told(capture)]
    left = 0
    for i in range(100):
        replaces = os.path.exists(path)
        process = subprocess.Popen([PROGRAM, "-q", "--all", "-o", path, capture])
        time.sleep(whole * i / 45 if i < 50 else 0.03 * (i - 50) / 50)
        process.send_signal(signal.SIGKILL)
        process.wait()
        left += check_left(folder, path, i, replaces)
        if os.path.exists(path) or replaces:
            check_killed(path, ids, i)
        if i % 3 == 0 and os.path.exists(path):
            os.unlink(path)  # and not its journal, as somebody might
        elif i % 3 == 1:
            write(path, capture)
            check_killed(path, ids, i)
    # Half of the kills aim at that instant, which is longer where the disk is busy.
    check(left <= 20, "names are left by", left, "kills of 100")


def check_others(folder, capture):
    path = os.path.join(folder, "notes.sqlite")
    with open(path, "w") as f:
        f.write("my notes, which are no database")
    done = write(path, capture)
    with open(path) as f:
        check(done.returncode == 1 and f.read().startswith("my notes"), "a file of somebody else", done.stderr)
    os.unlink(path)
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE mine(x)")
    other.commit()
    other.close()
    done = write(path, capture)
    check(done.returncode == 1 and b"no database of pcap2trace" in done.stderr, "a database of somebody else", done.stderr)
    os.mkdir(path + ".sqlite")
    done = write(path + ".sqlite", capture)
    check(done.returncode == 1 and b"has to be a file" in done.stderr, "a folder", done.stderr)


with tempfile.TemporaryDirectory() as work:
    count = sum(check_captures(work, capture) for capture in CAPTURES)
    check_captures(work, *CAPTURES[:20])
    check_kills(work, CAPTURES[-1])
    check_others(work, CAPTURES[0])
print(f"{count} exchanges, {faults} faults")
sys.exit(1 if faults or not count else 0)
