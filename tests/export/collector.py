#!/usr/bin/env python3
"""collector.py PROGRAM COLLECTOR CAPTURE...: what `-T otlp` writes goes into a collector of OpenTelemetry (OTLP over HTTP), which hands
on what it took, as JSON: each request is accepted whole, and no span, attribute, event, id, time or status is lost or changed."""
import http.server
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

PROGRAM, COLLECTOR, CAPTURES = sys.argv[1], sys.argv[2], sys.argv[3:]
faults = 0

CONFIG = """
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{into}"}}}}}}}}
exporters: {{otlphttp: {{endpoint: "http://127.0.0.1:{out}", encoding: json, compression: none,
             sending_queue: {{enabled: false}}, retry_on_failure: {{enabled: false}}}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [otlphttp]}}}}
"""


def check(good, *what):
    global faults
    if not good:
        faults += 1
        if faults < 30:
            print("FAIL", *what)


class Taker(http.server.BaseHTTPRequestHandler):
    """What the collector hands on."""
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one segment an answer: head and body apart would wait for the collector's ACK
    taken = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Taker.taken.append(json.loads(body))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def post(port, line):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/traces", line, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


def wait_for(port, process):
    for _ in range(600):
        if process.poll() is not None:
            sys.exit("the collector ended: " + process.stderr.read().decode()[-600:])
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit("the collector does not listen")


def plain(value):
    """One form of JSON's many for a protobuf message: attributes by key, numbers as numbers, what is empty or zero left out."""
    if isinstance(value, list):
        if value and all(isinstance(v, dict) and set(v) == {"key", "value"} for v in value):
            return {v["key"]: plain(v["value"]) for v in value}
        return [plain(v) for v in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, member in value.items():
        if key in ("intValue", "startTimeUnixNano", "endTimeUnixNano", "timeUnixNano"):
            member = int(member)
        member = plain(member)
        if key.endswith("Value") or member not in ({}, [], "", 0, None):
            out[key] = member
    return out


def check_capture(capture, port):
    told = subprocess.run([PROGRAM, "-q", "--all", "-T", "otlp", capture], capture_output=True, timeout=120).stdout.splitlines()
    for number, line in enumerate(told, 1):
        Taker.taken.clear()
        status, answer = post(port, line)
        name = f"{capture}, line {number}"
        check(status == 200 and json.loads(answer or b"{}") in ({}, {"partialSuccess": {}}), name, status, answer[:300])
        check(len(Taker.taken) == 1, name, len(Taker.taken), "requests handed on")
        for taken in Taker.taken[:1]:
            check(plain(taken) == plain(json.loads(line)), name, "is handed on otherwise:\n", plain(json.loads(line)), "\n", plain(taken))
    return len(told)


with tempfile.TemporaryDirectory() as work:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    into, config = free_port(), os.path.join(work, "config.yaml")
    with open(config, "w") as f:
        f.write(CONFIG.format(into=into, out=server.server_address[1]))
    collector = subprocess.Popen([COLLECTOR, "--config", config], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_for(into, collector)
        calls = sum(check_capture(c, into) for c in CAPTURES)
    finally:
        collector.terminate()
        collector.communicate()
        server.shutdown()
print(f"{calls} calls through the collector, {faults} faults")
sys.exit(1 if faults or not calls else 0)
