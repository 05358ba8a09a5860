#!/usr/bin/env python3
"""exports.py PROGRAM CAPTURE...: what other tools are given says the same as NDJSON.

Of every exchange in `har`, `otlp` and `perfetto`: phases to the microsecond, every hook and its time, outcome and error. HAR: members
and types of its specification, timings that sum up, ssl inside connect, status 0 and an error where nothing was answered, and
har-validator where `node` finds it. OTLP: ids of the right length, parents that exist, children inside their call, no null, and
protobuf's own strict reader where opentelemetry-proto is installed. Perfetto: slices that begin and end."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM, CAPTURES = sys.argv[1], sys.argv[2:]
PHASES = ("blocked", "dns", "connect", "tls", "send", "wait", "receive", "total")
faults = 0


def check(good, *what):
    global faults
    if not good:
        faults += 1
        if faults < 30:
            print("FAIL", *what)


def written(form, capture):
    return subprocess.run([PROGRAM, "-q", "--all", "-T", form, capture], capture_output=True, timeout=120).stdout


def near(a, b, unit=0.001):
    """Both in microseconds: the same but for how doubles are printed."""
    return abs(a - b) < unit




# ---- HAR ----

HAR_TYPES = {
    "startedDateTime": str, "time": (int, float), "request": dict, "response": dict, "cache": dict, "timings": dict,
}
REQUEST_TYPES = {"method": str, "url": str, "httpVersion": str, "cookies": list, "headers": list, "queryString": list,
                 "headersSize": int, "bodySize": int}
RESPONSE_TYPES = {"status": int, "statusText": str, "httpVersion": str, "cookies": list, "headers": list, "content": dict,
                  "redirectURL": str, "headersSize": int, "bodySize": int}


def has_types(what, value, types):
    for name, kind in types.items():
        check(isinstance(value.get(name), kind) and not isinstance(value.get(name), bool), what, name, value.get(name))


def check_har_timings(name, x, entry):
    t, phases = entry["timings"], x["phases_us"]
    for part in ("blocked", "dns"):
        check(t[part] == -1 if phases[part] is None else near(t[part] * 1000, phases[part]), name, part)
    for part in ("send", "wait", "receive"):
        check(near(t[part] * 1000, phases[part] or 0), name, part)
    check((t["ssl"] == -1) == (phases["tls"] is None) and (t["ssl"] < 0 or t["ssl"] <= t["connect"]), name, "ssl")
    if phases["connect"] is not None:
        check(near(t["connect"] * 1000, phases["connect"] + (phases["tls"] or 0)), name, "connect")
    parts = [t[p] for p in ("blocked", "dns", "connect", "send", "wait", "receive") if t[p] > 0]
    check(near(entry["time"], sum(parts), 1e-5), name, "the sum", entry["time"], sum(parts))
    check(phases["total"] is None or near(entry["time"] * 1000, phases["total"], 0.01), name, "total")


def check_har_unknown(name, x, request):
    """What nobody knows is not told as if it were known, and is named."""
    encrypted = x["kind"] == "tls" or ((x["connection"] or {}).get("tls") is not None)
    unknown = {"method": x["method"] is None, "scheme": "://" not in (x["url"] or "") and not encrypted, "path": x["url"] is None}
    told = set(request.get("_unknown", []))
    check(told - {"host"} == {part for part in unknown if unknown[part]}, name, "_unknown", told)
    check("_unknown" not in request or told, name, "an empty list")
    check(request["method"] == (x["method"] or ""), name, "method", request["method"])
    if x["url"] is None:
        check(re.fullmatch(r"https?://[^/?#]+", request["url"]), name, "a path out of nothing", request["url"])
        check(("host" in told) == (request["url"] == "http://unknown"), name, "host", request["url"])


def check_har(capture, xs):
    log = json.loads(written("har", capture))["log"]
    check(log["version"] == "1.2" and len(log["pages"]) == (1 if xs else 0), capture, "log")
    check(len(log["entries"]) == len(xs), capture, "entries")
    for x, entry in zip(xs, log["entries"]):
        name = f"har {capture} {x['id']}"
        has_types(name, entry, HAR_TYPES)
        has_types(name, entry["request"], REQUEST_TYPES)
        has_types(name, entry["response"], RESPONSE_TYPES)
        check(entry["pageref"] == log["pages"][0]["id"], name, "page")
        check(entry["_id"] == x["id"] and entry["startedDateTime"] == x["start"], name, "id or start")
        check(entry["response"]["status"] == (x["status"] or 0), name, "status")
        check(entry["response"].get("_error") == (x["error"] or (None if x["outcome"] == "ok" else x["outcome"])), name, "error")
        check(re.match(r"https?://[^ \"<>\\^`{|}\x00-\x20\x7f-\uffff]+$", entry["request"]["url"]), name, entry["request"]["url"])
        hooks = [(e["hook"], e["time"], e["basis"], e["evidence"]) for e in x["events"]]
        told = [(e["hook"], e["time"], e["basis"], e["evidence"]) for e in entry["_events"]]
        check(hooks == told, name, "hooks")
        check_har_unknown(name, x, entry["request"])
        check_har_timings(name, x, entry)


# ---- OTLP ----


def attributes(holder):
    told = {a["key"]: next(iter(a["value"].values())) for a in holder["attributes"]}
    check(len(told) == len(holder["attributes"]), "otlp: a key comes twice", sorted(a["key"] for a in holder["attributes"]))
    return told


def unix_ns(text):
    import calendar
    import time

    day = calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
    return max(0, day * 10**9 + int(text[20:29]))


SPANS = {"GetConn": "http.getconn", "DNSStart": "http.dns", "ConnectStart": "http.connect", "TLSHandshakeStart": "http.tls",
         "WroteHeaders": "http.send", "GotFirstResponseByte": "http.receive"}


# What otelhttptrace v0.72 says of each span.
ATTRIBUTES = {
    "http.getconn": {"server.address", "http.remote", "http.local", "http.conn.reused", "http.conn.wasidle", "http.conn.idletime"},
    "http.dns": {"server.address", "http.dns.addrs"},
    "http.connect": {"http.remote", "http.conn.start.network", "http.conn.done.addr", "http.conn.done.network"},
    "http.tls": set(), "http.headers": set(), "http.send": set(), "http.receive": set(),
}
UNITS_NS = {"h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6, "\u00b5s": 1000, "ns": 1}


def go_duration_ns(text):
    return round(sum(float(n) * UNITS_NS[unit] for n, unit in re.findall(r"([0-9.]+)([a-z\u00b5]+)", text)))


def check_otlp_fields(name, x, told):
    """Fields of the request are attributes of the call, as of the span that was there before otelhttptrace's."""
    fields = {}
    for e in x["events"]:
        if e["hook"] == "WroteHeaderField" and e["args"]["key"]:
            fields.setdefault("http.request.header." + e["args"]["key"].lower(), ",".join(v for v in e["args"]["value"] or [] if v is not None))
    own = {k: v for k, v in told.items() if k.startswith("http.request.header.")}
    if all(re.fullmatch(r"[!#-\[\]-~]{1,127}", k) for k in fields):
        check(set(own) == set(fields), name, "fields", sorted(own), sorted(fields))
        check(all(own.get(k) in (v, "undefined" if not v else v) for k, v in fields.items()), name, "values of fields")


def check_otlp_attributes(name, x, spans):
    got = next((e["args"] for e in x["events"] if e["hook"] == "GotConn"), None)
    parents = {s["spanId"]: s["name"] for s in spans}
    for s in spans:
        told = attributes(s)
        check(set(told) <= ATTRIBUTES[s["name"]], name, s["name"], "attributes", sorted(told))
        parent = parents.get(s["parentSpanId"])
        check(parent in (None, "http.getconn") and (parent is None or s["name"] in ("http.dns", "http.connect", "http.tls")), name, s["name"], parent)
        if s["name"] == "http.getconn" and got is not None:
            idle = got["IdleTime"] if got["WasIdle"] else None
            check((idle is None) == ("http.conn.idletime" not in told), name, "idle time", told, got)
            check(idle is None or abs(go_duration_ns(told["http.conn.idletime"]) - idle) <= 1, name, "idle time", told, idle)
    notes = [e["name"] for s in spans for e in s.get("events", [])]
    hooks = {"Wait100Continue": "GOT 100 - Wait", "Got100Continue": "GOT 100 - Continue", "Got1xxResponse": "GOT 1xx"}
    check(sorted(notes) == sorted(hooks[e["hook"]] for e in x["events"] if e["hook"] in hooks), name, "notes", notes)


def check_otlp_places(name, x, told):
    """Addresses and ports apart, as the semantic conventions have them."""
    ends = {"local": x["connection"]["client"], "peer": x["connection"]["server"]} if x["connection"] else {}
    for end, text in ends.items():
        if text is None:
            continue
        address, port = told["network." + end + ".address"], told["network." + end + ".port"]
        check(text == (f"[{address}]:{port}" if ":" in address else f"{address}:{port}"), name, end, address, port, text)
    if x["host"] is not None and "server.port" in told:
        written_port = re.fullmatch(r".*:([0-9]{1,5})", x["host"] or "")
        check(told["server.port"] == (written_port[1] if written_port else "443" if x["url"].startswith("https:") else "80"), name, "port", told)
    if "error.type" in told:
        check(told["error.type"] not in ("ok", "incomplete", "0"), name, "the type of an error", told["error.type"])


def check_otlp_spans(name, x, call, spans):
    ids = {call["spanId"]} | {s["spanId"] for s in spans}
    check(len(ids) == 1 + len(spans), name, "span ids are not unique")
    for s in [call] + spans:
        check(re.fullmatch("[0-9a-f]{32}", s["traceId"]) and s["traceId"].strip("0"), name, "trace id")
        check(re.fullmatch("[0-9a-f]{16}", s["spanId"]) and s["spanId"].strip("0"), name, "span id")
        check(s["traceId"] == call["traceId"], name, "another trace")
        check(int(s["startTimeUnixNano"]) <= int(s["endTimeUnixNano"]), name, "ends before it begins", s["name"])
    for s in spans:
        check(s["parentSpanId"] in ids, name, "no parent", s["name"])
        check(int(call["startTimeUnixNano"]) <= int(s["startTimeUnixNano"]), name, "begins before its call", s["name"])
        check(int(s["endTimeUnixNano"]) <= int(call["endTimeUnixNano"]), name, "ends after its call", s["name"])
    for hook, span in SPANS.items():
        times = sorted(unix_ns(e["time"]) for e in x["events"] if e["hook"] == hook)
        if hook in ("GetConn", "TLSHandshakeStart", "WroteHeaders", "GotFirstResponseByte"):
            times = times[:1]
        starts = sorted(int(s["startTimeUnixNano"]) for s in spans if s["name"] == span)
        check(times == starts, name, span, "times", times, starts)


def is_failed(x):
    grpc = (x.get("grpc") or {}).get("status")
    return (x["outcome"] not in ("ok", "incomplete") and x["error"] is not None) or (x["status"] or 0) >= 500 or grpc not in (None, 0)


def no_null(value):
    if isinstance(value, dict):
        return all(no_null(v) for v in value.values())
    return all(no_null(v) for v in value) if isinstance(value, list) else value is not None


def check_otlp(capture, xs):
    lines = written("otlp", capture).splitlines()
    check(len(lines) == len(xs), capture, "lines")
    for x, line in zip(xs, lines):
        name = f"otlp {capture} {x['id']}"
        request = json.loads(line)
        check(no_null(request), name, "null")
        own, hooks = request["resourceSpans"][0]["scopeSpans"]
        call = own["spans"][0]
        told = attributes(call)
        check(told["pcap2trace.id"] == x["id"] and told["pcap2trace.outcome"] == x["outcome"], name, "id or outcome")
        for phase in PHASES:
            value, wanted = told.get("pcap2trace.phases_us." + phase), x["phases_us"][phase]
            check((value is None) == (wanted is None) and (value is None or near(value, wanted)), name, phase)
        check([(e["name"], int(e["timeUnixNano"])) for e in call["events"]] ==
              [(e["hook"], unix_ns(e["time"])) for e in x["events"]], name, "hooks")
        check((call["status"].get("code") == 2) == is_failed(x), name, "status of the span", call["status"])
        check(("error.type" in told) == is_failed(x), name, "the type of an error")
        check_otlp_fields(name, x, told)
        check_otlp_places(name, x, told)
        check_otlp_attributes(name, x, hooks["spans"])
        check_otlp_spans(name, x, call, hooks["spans"])


def check_protobuf(capture):
    try:
        from google.protobuf import json_format
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    except ImportError:
        return False
    for line in written("otlp", capture).splitlines():
        try:
            json_format.Parse(line, ExportTraceServiceRequest())
        except json_format.ParseError as e:
            check(False, "otlp", capture, "protobuf's reader:", e)
    return True


# ---- Perfetto ----


def check_perfetto(capture, xs):
    events = json.loads(written("perfetto", capture))["traceEvents"]
    open_slices, calls, instants = {}, {}, {}
    for e in events:
        slice_id = e.get("id2", {}).get("local")
        if e["ph"] == "b":
            check(slice_id not in open_slices, "perfetto", capture, "begun twice", slice_id)
            open_slices[slice_id] = e["ts"]
            if e["cat"] == "call":
                calls[e["args"]["id"]] = e
        elif e["ph"] == "e":
            check(open_slices.pop(slice_id, 1e300) <= e["ts"], "perfetto", capture, "ends before it begins", slice_id)
        elif e["ph"] == "n":
            instants.setdefault(slice_id.split(".")[0], []).append(e["name"])
    check(not open_slices, "perfetto", capture, "never ends", open_slices)
    check(set(calls) == {x["id"] for x in xs}, "perfetto", capture, "calls")
    for x in xs:
        check(calls[x["id"]]["args"]["phases_us"] == x["phases_us"], "perfetto", capture, x["id"], "phases")
        check(instants.get(x["id"], []) == [e["hook"] for e in x["events"]], "perfetto", capture, x["id"], "hooks")


# ---- har-validator ----

VALIDATOR = """
import { createRequire } from 'module'; import fs from 'fs';
const require = createRequire(process.env.P2T_NODE_FROM + '/x.js'); const v = require('har-validator');
for (const f of process.argv.slice(2)) try { await v.har(JSON.parse(fs.readFileSync(f))) }
catch (e) { console.log(f, JSON.stringify(e.errors || e.message).slice(0, 400)); process.exitCode = 1 }
"""


def validate_hars(folder, hars):
    script = os.path.join(folder, "v.mjs")
    with open(script, "w") as f:
        f.write(VALIDATOR)
    place = os.environ.get("P2T_NODE_FROM", os.getcwd())
    probe = ["node", "-e", f"require('module').createRequire({json.dumps(place + '/x.js')}).resolve('har-validator')"]
    if shutil.which("node") is None or subprocess.run(probe, capture_output=True).returncode != 0:
        print("har-validator is not here (npm install har-validator, and P2T_NODE_FROM=FOLDER): its rules were not asked")
        return
    done = subprocess.run(["node", script, *hars], capture_output=True, env={**os.environ, "P2T_NODE_FROM": place})
    check(done.returncode == 0, "har-validator:", done.stdout.decode(), done.stderr.decode()[:300])
    print(f"har-validator takes {len(hars)} files")


with tempfile.TemporaryDirectory() as work:
    hars, protobuf, count = [], True, 0
    for capture in CAPTURES:
        xs = [json.loads(line) for line in written("ndjson", capture).splitlines()]
        count += len(xs)
        check_har(capture, xs)
        check_otlp(capture, xs)
        check_perfetto(capture, xs)
        protobuf = protobuf and check_protobuf(capture)
        hars.append(os.path.join(work, f"{len(hars)}.har"))
        with open(hars[-1], "wb") as f:
            f.write(written("har", capture))
    validate_hars(work, hars)
if not protobuf:
    print("opentelemetry-proto is not here: protobuf's own reader was not asked")
print(f"{count} exchanges in three formats, {faults} faults")
sys.exit(1 if faults or not count else 0)
