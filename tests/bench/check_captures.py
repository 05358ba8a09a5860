#!/usr/bin/env python3
"""Holds what the program finds in the captures of make_captures.sh against nginx's own log of them: prints both counts of
each, and fails where a request is missing or told twice. Without keys, TLS hides requests: those captures are counted only.
usage: check_captures.py PROGRAM FOLDER"""
import collections
import glob
import json
import os
import subprocess
import sys
import urllib.parse

program, folder = sys.argv[1:]


def served(path):
    """(method, path, status) of each line of the log."""
    for line in open(path):
        method, uri, status, _ = line.split()
        yield method, uri.partition("?")[0], int(status)


def told(capture):
    words = [program, "-q", "--all", "-T", "ndjson"]
    keys = capture[: -len("pcap")] + "keys"
    if os.path.exists(keys):
        words += ["--keylog", keys]
    run = subprocess.run(words + [capture], stdout=subprocess.PIPE, check=True)
    for line in run.stdout.splitlines():
        x = json.loads(line)
        if x["kind"] == "tls" and x["outcome"] == "ok":
            yield None
        elif x["kind"] in ("http1", "http2") and x["status"] is not None:
            yield x["method"], urllib.parse.urlsplit(x["url"]).path, x["status"]


bad = 0
for capture in sorted(glob.glob(folder + "/*.pcap")):
    log = collections.Counter(served(capture[: -len("pcap")] + "log"))
    found = collections.Counter(told(capture))
    hidden = found.pop(None, 0)
    missing, more = log - found, found - log
    wrong = not hidden and (missing or more)
    bad += bool(wrong)
    print(
        "%-10s served %7d  told %7d%s  %s"
        % (
            os.path.basename(capture)[: -len(".pcap")],
            sum(log.values()),
            sum(found.values()) + hidden,
            " (by records)" if hidden else "",
            "missing %s, more %s" % (dict(missing), dict(more)) if wrong else "",
        )
    )
sys.exit(bad != 0)
