"""Runs the import statements of samples/fleet/README.md, as they stand there, over the traces in a folder.
usage: load.py duckdb|clickhouse README FOLDER"""
import collections
import glob
import json
import re
import sys

what, readme, work = sys.argv[1:]
text = open(readme).read()
statements = re.findall(r"```sql\n(.*?)```", text, re.S)
written = [json.loads(line) for name in glob.glob(work + "/traces/*/0*.ndjson") for line in open(name)]


def duckdb():
    import duckdb

    con = duckdb.connect()
    create, query = [s for s in statements[0].replace("/traces/", work + "/traces/").split(";") if s.strip()]
    con.execute(create)
    hosts = con.execute(query).fetchall()
    rows = con.execute("SELECT id, status, phases_us.wait, epoch_us(start), start_us, end_us FROM exchanges").fetchall()
    return hosts, rows, written


def clickhouse():
    from chdb import session

    s = session.Session(work + "/chdb")
    s.query("CREATE DATABASE test ENGINE = Atomic")
    s.query("USE test")
    s.query(statements[1])
    line = next(x for x in text.splitlines() if "clickhouse-client" in x)
    assert "INSERT INTO exchanges FORMAT JSONEachRow" in line
    settings = ", ".join("%s = '%s'" % x for x in re.findall(r"--(\w+)=(\w+)", line))
    for _ in range(2):  # a repeated import is harmless
        s.query("INSERT INTO exchanges SELECT * FROM file('%s/traces/*/0*.ndjson', 'JSONEachRow') SETTINGS %s" % (work, settings))
    ask = lambda q: [json.loads(x) for x in str(s.query(q, "JSONCompactEachRow")).splitlines()]
    hosts = ask("SELECT host, count() FROM exchanges FINAL GROUP BY host")
    rows = ask("SELECT id, status, phases_us.wait, toInt64(toUnixTimestamp64Micro(start)), start_us, end_us FROM exchanges FINAL")
    return hosts, rows, list({x["id"]: x for x in written}.values())


def microseconds(time):
    seconds, fraction = re.fullmatch(r"(.*)\.(\d{6})\d*Z", time).groups()
    import calendar
    import time as clock

    return calendar.timegm(clock.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) * 1000000 + int(fraction)


hosts, rows, expected = {"duckdb": duckdb, "clickhouse": clickhouse}[what]()
counts = collections.Counter(x["host"] for x in expected)
assert {h[0]: int(h[1]) for h in hosts} == dict(counts), (hosts, counts)
order = lambda rows: sorted(rows, key=str)
assert order((r[0], r[1], r[2], *map(int, r[3:])) for r in rows) == order(
    (x["id"], x["status"], x["phases_us"]["wait"], microseconds(x["start"]), x["start_us"], x["end_us"]) for x in expected
)
assert all(x["start_us"] == microseconds(x["start"]) for x in expected)
print("%d rows of %d hosts" % (len(rows), len(hosts)))
