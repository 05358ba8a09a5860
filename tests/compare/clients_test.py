"""What compare says of clients that were really slow, and of what was really slow for them."""
import fcntl
import http.server
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

STOPPED_S = 0.3
ANSWER_S = {"/quick": 0, "/stopped": 0.1, "/slow": 0.3}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(ANSWER_S[self.path])
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


def client(port, path, name):
    """Logs its hooks as a Go client would; tells its parent when the request is out."""
    events = []

    def hook(name, **args):
        ns = time.time_ns()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9))
        events.append({"hook": name, "time": "%s.%09dZ" % (stamp, ns % 10**9), "args": args})

    address = "127.0.0.1:%d" % port
    head = "GET %s HTTP/1.1\r\nHost: %s\r\nX-Request-Id: %s\r\n\r\n" % (path, address, name)
    hook("GetConn", hostPort=address)
    hook("ConnectStart", network="tcp", addr=address)
    s = socket.create_connection(("127.0.0.1", port))
    hook("ConnectDone", network="tcp", addr=address, err=None)
    hook("GotConn", Reused=False, LocalAddr="127.0.0.1:%d" % s.getsockname()[1], RemoteAddr=address)
    hook("WroteHeaders")
    hook("WroteRequest", Err=None)
    s.sendall(head.encode())
    print("sent", flush=True)
    s.recv(1)
    hook("GotFirstResponseByte")
    while b"ok" not in s.recv(4096):
        pass
    hooks = [e["hook"] for e in events]
    print(json.dumps({"schema": "pcap2trace.live/1", "trace_id": name, "method": "GET", "error": None, "hooks": hooks,
                      "url": "http://%s%s" % (address, path), "events": events}), flush=True)


def run_client(port, path, stop):
    p = subprocess.Popen([sys.executable, __file__, "client", str(port), path, "call" + path.replace("/", "-")],
                         stdout=subprocess.PIPE, text=True)
    assert p.stdout.readline() == "sent\n"
    if stop:
        os.kill(p.pid, signal.SIGSTOP)
        time.sleep(STOPPED_S)
        os.kill(p.pid, signal.SIGCONT)
    line = p.stdout.readline()
    assert p.wait(timeout=10) == 0
    return line


class Capture:
    def __init__(self, path):
        self.tcpdump = subprocess.Popen(["tcpdump", "-i", "lo", "-w", path, "--immediate-mode", "-U", "-Z", "root"],
                                        stderr=subprocess.PIPE, text=True)
        while "listening on" not in self.tcpdump.stderr.readline():
            assert self.tcpdump.poll() is None

    def __enter__(self):
        return self

    def __exit__(self, *args):
        time.sleep(0.2)
        self.tcpdump.send_signal(signal.SIGINT)
        self.tcpdump.wait(timeout=10)


def compare(program, live, capture, expected):
    p = subprocess.run([program, "compare", "-T", "json", "--tolerance", "20ms", "--live", live, capture],
                       stdout=subprocess.PIPE, text=True, timeout=20)
    assert p.returncode == expected, (p.returncode, p.stdout)
    return json.loads(p.stdout)


def test_stopped_and_slow(program, folder, port):
    live, capture = folder + "/live.ndjson", folder + "/live.pcap"
    with Capture(capture), open(live, "w") as log:
        for path in ANSWER_S:
            log.write(run_client(port, path, path == "/stopped"))
    result = compare(program, live, capture, 0)
    pairs = {p["live"]["trace_id"]: p for p in result["pairs"]}
    assert len(pairs) == 3 and all(p["joined_by"] == "id" for p in pairs.values())

    stopped = pairs["call-stopped"]
    late = [r for r in stopped["reasons"] if r["where"] == "client"]
    assert len(late) == 1 and "GotFirstResponseByte" in late[0]["text"], stopped["reasons"]
    assert 150e3 < late[0]["us"] < 400e3, late
    assert stopped["spent_us"]["client"] > 150e3 and 50e3 < stopped["spent_us"]["server"] < 150e3, stopped["spent_us"]

    slow = pairs["call-slow"]
    assert slow["reasons"] == [] and slow["spent_us"]["server"] > 250e3, (slow["reasons"], slow["spent_us"])
    assert pairs["call-quick"]["reasons"] == []
    print("stopped: %s" % late[0]["text"])


def test_curl(program, folder, port):
    live, capture = folder + "/curl.json", folder + "/curl.pcap"
    if shutil.which("curl") is None:
        print("curl is not there: its part is left out")
        return
    with Capture(capture), open(live, "w") as log:
        for path in ["/quick", "/slow", "/stopped"] * 3:
            subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{json}\\n", "http://127.0.0.1:%d%s" % (port, path)],
                           stdout=log, check=True, timeout=10)
    result = compare(program, live, capture, 0)
    assert [s["form"] for s in result["sources"]] == ["curl transfers"]
    assert len(result["pairs"]) == 9 and all(p["joined_by"] == "address" for p in result["pairs"])
    durations = result["durations"]
    for name in ["connect", "starttransfer", "total"]:
        assert durations[name]["n"] == 9 and durations[name]["p95_us"] < 50e3, durations
    print("curl: |live - wire| p95 in us: %s" % {k: v["p95_us"] for k, v in durations.items()})


def lo_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x8 | 0x40))  # SIOCSIFFLAGS: up, loopback, running


def main(program):
    lo_up()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        test_stopped_and_slow(program, folder, server.server_port)
        test_curl(program, folder, server.server_port)


if __name__ == "__main__":
    if sys.argv[1] == "client":
        client(int(sys.argv[2]), sys.argv[3], sys.argv[4])
    else:
        main(sys.argv[1])
