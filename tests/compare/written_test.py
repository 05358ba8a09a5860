#!/usr/bin/env python3
"""written_test.py PROGRAM CAPTURE...: compare --live reads what the program writes in any of its forms alike: NDJSON and its compact
form, plain and compressed, from a file and from a pipe. All say the same, to the byte; what is damaged is said."""
import gzip
import os
import subprocess
import sys
import tempfile

PROGRAM, CAPTURES = os.path.abspath(sys.argv[1]), [os.path.abspath(c) for c in sys.argv[2:]]
FORMS = {"full": [], "compact": ["--compact"]}
faults = 0


def check(good, *what):
    global faults
    if not good:
        faults += 1
        print("FAIL", *what)


def run(*args, cwd, stdin=None):
    return subprocess.run([PROGRAM, *args], cwd=cwd, input=stdin, capture_output=True, timeout=120)


def compared(folder, live, capture, stdin=None):
    done = run("compare", "--all", "-T", "json", "--live", live, capture, cwd=folder, stdin=stdin)
    name = b'"file":"%s"' % live.encode()
    said = done.stderr.replace(b"pcap2trace: %s: " % live.encode(), b"pcap2trace: LIVE: ")
    return done.returncode, done.stdout.replace(name, b'"file":"LIVE"'), said


def check_capture(work, capture):
    told = {}
    for form, options in FORMS.items():
        run("-q", "--all", "-T", "ndjson", *options, "-o", "traces", capture, cwd=work)
        run("-q", "--all", "-T", "ndjson", *options, "-o", "traces.zst", capture, cwd=work)
        with open(os.path.join(work, "traces"), "rb") as f:
            text = f.read()
        with gzip.open(os.path.join(work, "traces.gz"), "wb") as f:
            f.write(text)
        for live in ("traces", "traces.zst", "traces.gz"):
            told[form, live] = compared(work, live, capture)
        told[form, "-"] = compared(work, "-", capture, text)
    first = told["full", "traces"]
    for (form, live), result in told.items():
        check(result == first, capture, form, live, result[0], result[2][:300], "but full:", first[0], first[2][:300])
    return first[1].count(b'"in_bounds"')


def check_damage(work, capture):
    run("-q", "-T", "ndjson", "-o", "d.zst", capture, cwd=work)
    path = os.path.join(work, "d.zst")
    with open(path, "r+b") as f:
        f.truncate(os.path.getsize(path) - 20)
    done = run("compare", "--live", "d.zst", capture, cwd=work)
    check(done.returncode == 2 and b"d.zst: " in done.stderr, "cut compression", done.returncode, done.stderr)
    with open(path, "wb") as f:
        f.write(b'{"schema":"pcap2trace.exchange/2-compact","id":"00","events":7}\n')
    done = run("compare", "--live", "d.zst", capture, cwd=work)
    check(done.returncode == 2 and b"d.zst:1: " in done.stderr, "a compact line that is none", done.returncode, done.stderr)


def check_no_traces(work, capture):
    with open(os.path.join(work, "plain.log"), "w") as f:
        f.write('{"method":"GET","url":"http://h/","start":1.5,"end":2.5,"status":200}\nready\n')
    for name, text in ("out", "kept"), ("out.json", "kept"):
        with open(os.path.join(work, name), "w") as f:
            f.write(text)
        for options in ([], ["-q"], ["-o", name]):
            done = run("compare", *options, "--live", "plain.log", capture, cwd=work)
            check(done.returncode == 2 and done.stdout == b"", "no traces, no comparison", options, done.returncode, done.stdout[:200])
            check(done.stderr.count(b"\n") == 1 and b"plain.log: " in done.stderr and b"2 other lines" in done.stderr
                  and b"curl -w" in done.stderr, "no traces: one line says what is read", options, done.stderr)
        with open(os.path.join(work, name)) as f:
            check(f.read() == text, "no traces: the older result stays", name)
    done = run("compare", "--live", "none.log", capture, cwd=work)
    check(done.returncode == 2 and b"none.log: No such file" in done.stderr and b"curl -w" not in done.stderr, "no file", done.stderr)


with tempfile.TemporaryDirectory() as folder:
    hooks = sum(check_capture(folder, c) for c in CAPTURES)
    check_damage(folder, CAPTURES[0])
    check_no_traces(folder, CAPTURES[0])
print(f"{hooks} hooks compared, {faults} faults")
sys.exit(1 if faults or not hooks else 0)
