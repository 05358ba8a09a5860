#!/usr/bin/env python3
"""Runs the queries of samples/queries/README.md as they stand there, and holds their answers against each other and against
what pcap2trace's options choose.

usage: queries.py jq|sqlite|duckdb|clickhouse|options PROGRAM README FOLDER CAPTURE..."""
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

ENGINE, PROGRAM, README, FOLDER = sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])
CAPTURES = sys.argv[5:]
SAMPLES = README.parent
faults = 0


def hold(good, *text):
    global faults
    if not good:
        faults += 1
        print("WRONG:", *text)


def prepare():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    out = subprocess.run([PROGRAM, "-q", "-T", "ndjson", *CAPTURES], capture_output=True, check=True).stdout
    (FOLDER / "all.ndjson").write_bytes(out)
    # As in a folder of batch: a line about a file, and not about a call.
    (FOLDER / "manifest.ndjson").write_text('{"schema":"pcap2trace.window/1","sequence":1,"file":"a.pcap","first":null,"exchanges":0,"output":"b.ndjson"}\n')
    return [json.loads(line) for line in out.splitlines()]


def sections():
    for part in re.split(r"^## (?=\d)", README.read_text(encoding="utf-8"), flags=re.M)[1:]:
        number = int(part.split(".")[0])
        yield number, {name: text for name, text in re.findall(r"^```([a-z ]+)\n(.*?)^```", part, flags=re.M | re.S)}


def placed(text, xs):
    """With a moment and a trace id that the captures have."""
    times = sorted(x["start_us"] for x in xs if x["url"])
    ids = sorted(x["trace_id"] for x in xs if x["trace_id"])
    return text.replace("1764500000000000", str(times[len(times) * 2 // 3])).replace("checkout-4711", ids[len(ids) // 2])


# ---- the same in Python, for all engines to be held against ----


def failed(x):
    return (x["outcome"] not in ("ok", "incomplete") and x["error"] is not None) or (x["status"] or 0) >= 500 or ((x.get("grpc") or {}).get("status") or 0) > 0


def groups(xs, key):
    found = {}
    for x in xs:
        found.setdefault(key(x), []).append(x)
    return found.items()


def bad(xs):
    return sum(map(failed, xs))


def route(x):
    path = re.sub(r"[?#].*", "", re.sub(r"^[a-z]+://[^/]*", "", x["url"] or ""))
    return re.sub(r"/([^/v][^/]*[0-9]|[0-9]|v[^/0-9][^/]*[0-9]|v[0-9]+[^/0-9])[^/]*", "/*", path)


def ip(x):
    return x["connection"]["client"].rpartition(":")[0]


def slowest(xs):
    waits = lambda v: [x["phases_us"]["wait"] for x in v]
    rows = groups([x for x in xs if x["phases_us"]["wait"] is not None], lambda x: (x["host"], route(x)))
    rows = [(*k, len(v), sum(waits(v)) / len(v) / 1000, max(waits(v)) / 1000) for k, v in rows]
    return sorted(rows, key=lambda r: -r[3])[:10]


def first(xs):
    rows = [(k, *min((x["start_us"], x["outcome"]) for x in v), len(v)) for k, v in groups(filter(failed, xs), lambda x: x["host"])]
    return sorted(rows, key=lambda r: r[1])


def addresses(xs):
    """Calls by where they went, and dials by where they were to go: 1 for what failed."""
    calls = [(x["host"], x["connection"]["server"], int(failed(x)), 0) for x in xs if x["connection"]]
    dials = [(x["host"], e["args"]["addr"], int(e["args"]["err"] is not None), 1) for x in xs for e in x["events"] if e["hook"] == "ConnectDone"]
    hosts = {host for host, _, wrong, _ in calls + dials if wrong and host is not None}
    rows = []
    for key, v in groups([r for r in calls + dials if r[0] in hosts], lambda r: r[:2]):
        wrong = [sum(r[2] for r in v if r[3] == dial) for dial in (0, 1)]
        count = [sum(1 for r in v if r[3] == dial) for dial in (0, 1)]
        rows.append((*key, count[0], wrong[0], count[1], wrong[1]))
    return sorted(rows, key=lambda r: (-(r[3] + r[5]) / (r[2] + r[4]), -(r[3] + r[5]), r[1], r[0]))


def again(xs):
    rows = groups([x for x in xs if x["url"] and x["connection"]], lambda x: (ip(x), x["method"], x["url"]))
    rows = [(*k, len(v), bad(v)) for k, v in rows if len(v) > 1 and bad(v)]
    return sorted(rows, key=lambda r: (-r[3], *r[:3]))[:20]


def handshakes(xs):
    rows = groups([x for x in xs if x["kind"] != "connect" and x["connection"]], lambda x: x["host"])
    rows = [(k, len(v), sum(x["connection"]["reused"] is False for x in v), sum(x["phases_us"]["tls"] is not None for x in v)) for k, v in rows]
    return sorted(rows, key=lambda r: (-r[2] / r[1], r[0]))


def resolvers(xs):
    done = [(e["args"], x["phases_us"]["dns"]) for x in xs for e in x["events"] if e["hook"] == "DNSDone" and e["args"].get("server")]
    rows = [(k, len(v), sum(a["Err"] is not None for a, _ in v), max(us or 0 for _, us in v) / 1000) for k, v in groups(done, lambda d: d[0]["server"])]
    return sorted(rows, key=lambda r: (-round(r[3], 1), r[0]))


def never_left(xs):
    stuck = [x for x in xs if x["outcome"] in ("dns_error", "connect_error", "tls_error")]
    rows = [(*k, len(v), min(x["start_us"] for x in v)) for k, v in groups(stuck, lambda x: (x["host"], x["outcome"]))]
    return sorted(rows, key=lambda r: (-r[2], r[0], r[1]))


def changed(xs, moment):
    rows = []
    for host, v in groups([x for x in xs if x["host"] is not None], lambda x: x["host"]):
        then, now = [x for x in v if x["start_us"] < moment], [x for x in v if x["start_us"] >= moment]
        rows.append((host, len(then), len(now), bad(then), bad(now)))
    return sorted(rows)


def one_call(xs, trace_id):
    found = sorted((x for x in xs if x["trace_id"] == trace_id), key=lambda x: (x["start_us"], x["id"]))
    return [tuple(x[k] for k in ("id", "method", "host", "status", "outcome")) for x in found]


def limits(xs):
    total = [(x["phases_us"]["total"] / 1e6, x["outcome"]) for x in xs if failed(x) and x["phases_us"]["total"] is not None]
    hit = [(round(s), o) for s, o in total if s > 0.9 and abs(s - round(s)) <= round(s) * 0.02]
    return sorted((*k, len(v)) for k, v in groups(hit, lambda r: r))


def expected(xs):
    moment, trace_id = placed("1764500000000000 checkout-4711", xs).split()
    return {1: slowest(xs), 2: first(xs), 3: addresses(xs), 4: again(xs), 5: handshakes(xs), 6: resolvers(xs),
            7: never_left(xs), 8: changed(xs, int(moment)), 9: one_call(xs, trace_id), 10: limits(xs)}


# ---- the engines: each gives a function from a block to rows ----


def jq():
    hold((SAMPLES / "lib.jq").read_text() == re.search(r"```jq lib\n(.*?)```", README.read_text(), re.S)[1], "lib.jq is what README shows")
    lib = (SAMPLES / "lib.jq").read_text()

    def ask(text):
        out = subprocess.run(["jq", "-s", "-c", lib + text, *map(str, sorted(FOLDER.glob("*.ndjson")))], capture_output=True, check=False)
        hold(out.returncode == 0, "jq:", out.stderr.decode())
        return [json.loads(line) for line in out.stdout.splitlines()]

    return "jq", ask


def sqlite():
    done = subprocess.run([PROGRAM, "-q", "-o", str(FOLDER / "calls.sqlite"), *CAPTURES], capture_output=True, check=False)
    if b"without SQLite" in done.stderr:
        print("SKIPPED: this build has no SQLite")
        sys.exit(77)
    db = sqlite3.connect(FOLDER / "calls.sqlite")
    return "sql sqlite", lambda text: db.execute(text).fetchall()


def duckdb():
    import duckdb as engine

    db = engine.connect()
    db.execute((SAMPLES / "duckdb.sql").read_text().replace("/traces/", str(FOLDER) + "/"))
    return "sql duckdb", lambda text: db.execute(text).fetchall()


def clickhouse():
    from chdb import session

    s = session.Session(str(FOLDER / "chdb"))
    s.query("CREATE DATABASE test ENGINE = Atomic")
    s.query("USE test")
    s.query((SAMPLES / "clickhouse.sql").read_text())
    line = next(x for x in README.read_text().splitlines() if "clickhouse-client" in x)
    settings = ", ".join("%s = '%s'" % x for x in re.findall(r"--(\w+)=(\w+)", line))
    lines = re.search(r"`(grep .*?) \|", line)[1].replace("/traces/", str(FOLDER) + "/")
    (FOLDER / "loaded").write_bytes(subprocess.run(lines, shell=True, capture_output=True, check=True).stdout)
    columns = "id, trace_id, kind, outcome, error, method, url, host, status, grpc, connection, start, start_us, end_us, events, findings, phases_us"
    s.query(f"INSERT INTO exchanges ({columns}) SELECT {columns} FROM file('{FOLDER}/loaded', 'JSONEachRow', '{structure()}') SETTINGS {settings}")
    check_dashboard(lambda q: str(s.query(q, "JSONCompactEachRow")))
    hold(str(s.query("SELECT count() FROM exchanges")).strip() == str(sum(1 for _ in open(FOLDER / "all.ndjson", "rb"))), "each call is a row, and nothing else")
    ask = lambda text: [json.loads(x) for x in str(s.query(text.strip().rstrip(";"), "JSONCompactEachRow")).splitlines()]
    return "sql clickhouse", ask


def structure():
    """The table's own columns, as file() wants them."""
    text = (SAMPLES / "clickhouse.sql").read_text()
    body = text[text.index("(") + 1 : text.index("  route Nullable")].strip().rstrip(",")
    return re.sub(r"\s+", " ", body).replace("'", "\\'")


def check_dashboard(query):
    """Each panel's statement, with Grafana's macros filled in, is one that ClickHouse takes."""
    board = json.loads((SAMPLES / "grafana.json").read_text())
    texts = [target["rawSql"] for panel in board["panels"] for target in panel.get("targets", [])]
    hold(len(texts) >= 6, "a dashboard of", len(texts), "queries")
    for text in texts:
        text = text.replace("$__timeFilter(start)", "start > toDateTime64(0, 9)").replace("$__timeInterval(start)", "toStartOfInterval(start, INTERVAL 1 second)")
        hold("$" not in text, "a macro that is not known:", text)
        hold(query(text).strip() != "", "no rows:", text)


def same(a, b):
    return a == b or (isinstance(a, (int, float)) and isinstance(b, (int, float)) and abs(a - b) <= 0.051 + 1e-9 * abs(b))


def check_options(xs):
    """The options find what the queries count."""
    ids = lambda *options: [json.loads(x)["id"] for x in subprocess.run([PROGRAM, "-q", "-T", "ndjson", *options, *CAPTURES], capture_output=True, check=True).stdout.splitlines()]
    _, trace_id = placed("1764500000000000 checkout-4711", xs).split()
    hold(sorted(ids("--failed")) == sorted(x["id"] for x in xs if failed(x)), "--failed")
    hold(sorted(ids("--trace-id", trace_id)) == sorted(x["id"] for x in xs if x["trace_id"] == trace_id), "--trace-id")
    for number, blocks in sections():
        for line in blocks["sh"].splitlines():
            line, _, pipe = line.split("#")[0].partition("|")
            command = placed(line, xs).split()
            hold(command[0] == "pcap2trace", line)
            captures = {"/captures": CAPTURES, "/captures/yesterday.pcap": CAPTURES[:1], "/captures/today.pcap": CAPTURES[1:2]}
            words = [w for word in command[1:] for w in captures.get(word, [word])]
            out = subprocess.run([PROGRAM, *words], capture_output=True, check=False)
            hold(out.returncode == 0 and out.stdout.strip(), number, line, out.stderr.decode()[:300])
            if pipe.strip() == "head -1":
                earliest = min(x["start"] for x in xs if failed(x))
                hold(earliest[11:23] in out.stdout.decode().splitlines()[0], number, line, "begins with", earliest)
    print("options: each command answers")


# What the captures are there for: a dead address that no call failed at, and a service inside TLS.
KNOWN = {
    1: [("cases.claims.test", "")],
    3: [("routes.metro.test:7070", "172.23.7.43:7070")],
    5: [("cases.claims.test",), ("meteo.example",)],
}


def main():
    if ENGINE == "jq" and shutil.which("jq") is None:
        print("SKIPPED: jq is not installed")
        return 77
    xs = prepare()
    if ENGINE == "options":
        check_options(xs)
        return 1 if faults else 0
    try:
        name, ask = {"jq": jq, "sqlite": sqlite, "duckdb": duckdb, "clickhouse": clickhouse}[ENGINE]()
    except ImportError as missing:
        print("SKIPPED:", missing)
        return 77
    wanted = expected(xs)
    for number, blocks in sections():
        rows = [tuple(r) for r in ask(placed(blocks[name], xs))]
        good = len(rows) == len(wanted[number]) > 0 and all(same(a, b) for r, w in zip(rows, wanted[number]) for a, b in zip(r, w))
        hold(good, number, name, "\n  ", rows[:4], "\n  ", wanted[number][:4])
        hold(all(any(row[: len(known)] == known for row in rows) for known in KNOWN.get(number, [])), number, name, "does not show", KNOWN.get(number))
        print(f"{number}: {len(rows)} rows")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
