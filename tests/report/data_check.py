#!/usr/bin/env python3
"""data_check.py PROGRAM FOLDER CAPTURE [--keylog FILE] ...: what the page of each capture holds is what -T ndjson and
`summary` say of it, and the page is the same for any number of threads."""
import calendar
import hashlib
import base64
import json
import os
import re
import subprocess
import sys
import time

import page


def ns(text):
    seconds = calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
    return seconds * 10**9 + int(text[20:29])


def expected(line):
    """The exchange of a line of NDJSON, as far as the page holds it."""
    x = json.loads(line)
    for key in ("schema", "trace_id_source", "start_us", "end_us"):
        x.pop(key)
    x["start"], x["end"] = ns(x["start"]), ns(x["end"])
    x["finding"] = x["findings"][0]["code"] if x["findings"] else None
    for event in x["events"]:
        event["time"] = ns(event["time"])
    if x["connection"]:
        x["connection"].pop("network")
        if x["connection"]["tls"]:
            x["connection"]["tls"].pop("ja4", None)
    return x


def output(*command):
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert run.returncode in (0, 1), (command, run.returncode, run.stderr)
    return run.stdout


def differ(have, want, path=""):
    if isinstance(have, dict) and isinstance(want, dict):
        for key in sorted(set(have) | set(want)):
            if have.get(key) != want.get(key):
                return differ(have.get(key), want.get(key), f"{path}.{key}")
    if isinstance(have, list) and isinstance(want, list) and len(have) == len(want):
        for i, (a, b) in enumerate(zip(have, want)):
            if a != b:
                return differ(a, b, f"{path}[{i}]")
    return f"{path}: the page has {have!r}, ndjson {want!r}"


def check_policy(p):
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', p.html).group(1)
    for name, tag in (("script", "script"), ("style", "style")):
        parts = re.findall(rf"<{tag}>(.*?)</{tag}>", p.html, flags=re.S)
        assert len(parts) == 1, f"{len(parts)} elements {tag}"
        digest = base64.b64encode(hashlib.sha256(parts[0].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy, f"the policy does not name the {name}"
    assert policy.startswith("default-src 'none'; ") and policy.endswith("img-src data:; base-uri 'none'; form-action 'none'")
    assert "http://" not in p.markup() and "https://" not in p.markup(), "the page names something outside"


def check_summary(program, arguments, p):
    assert p.summary() == json.loads(output(program, "summary", "-T", "json", *arguments))
    # A terminal or a pipe breaks its lines, the page's clipboard does not.
    assert p.plain("verdict-text").split() == output(program, "summary", *arguments).split()
    assert p.plain("doctor-text").split() == output(program, "doctor", *arguments).split()
    hits, at = p.plain("hits"), 0
    for cause in p.summary()["causes"]:
        n = int.from_bytes(hits[at:at + 4], "little")
        ids = ["%016x" % int.from_bytes(hits[i:i + 8], "little") for i in range(at + 4, at + 4 + 8 * n, 8)]
        assert ids[:len(cause["examples"])] == cause["examples"], (ids, cause)
        at += 4 + 8 * n
    assert at == len(hits)


def check(program, folder, arguments):
    one, more = os.path.join(folder, "one.html"), os.path.join(folder, "more.html")
    output(program, "report", "-j", "1", "-o", one, *arguments)
    output(program, "report", "-j", "4", "-o", more, *arguments)
    p = page.Page(one)
    with open(more, encoding="utf-8") as f:
        assert f.read() == p.html, "-j changes the page"
    check_policy(p)
    check_summary(program, arguments, p)
    want = [expected(line) for line in output(program, "-T", "ndjson", "--all", *arguments).decode().splitlines()]
    want = {x["id"]: x for x in want}
    rows = 0
    for row, detail in p.rows():
        have = p.exchange(row, detail)
        rows += 1
        assert have["id"] in want, have["id"]
        assert have == want[have["id"]], f'{have["id"]} {differ(have, want[have["id"]])}'
    assert rows == len(want), f"{rows} rows of {len(want)} exchanges"
    connections = {row["conn"] for row, _ in p.rows()} - {None}
    missing = connections - {lane["id"] for lane in p.lanes()}
    assert not missing, f"connections without a lane: {missing}"
    return rows


def main():
    program, folder, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
    os.makedirs(folder, exist_ok=True)
    total, captures = 0, 0
    while rest:
        n = 3 if rest[1:2] == ["--keylog"] else 1
        try:
            total += check(program, folder, rest[:n])
        except AssertionError as error:
            sys.exit(f"{rest[0]}: {error}")
        captures, rest = captures + 1, rest[n:]
    print(f"{total} exchanges of {captures} captures are in their pages as in the NDJSON")
    if total == 0:
        sys.exit("nothing was compared")


if __name__ == "__main__":
    main()
