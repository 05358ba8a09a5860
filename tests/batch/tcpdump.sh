#!/usr/bin/env bash
# A real tcpdump that rotates every second, as its user would name the files, followed while it runs.
# usage: tcpdump.sh PROGRAM
set -euo pipefail
program=$1
work=$(mktemp -d)
ids=()
finish() {
    trap - EXIT
    for id in "${ids[@]}"; do kill "$id" 2>/dev/null || true; done
    wait 2>/dev/null || true
    ip netns del "p2tb$$" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
skip() {
    echo "SKIPPED: $1"
    exit 77
}
[ "$(id -u)" = 0 ] || skip "capturing needs root"
for tool in tcpdump ip python3; do command -v $tool >/dev/null || skip "$tool is not installed"; done
ip netns add "p2tb$$" 2>/dev/null || skip "network namespaces cannot be made here"
in="ip netns exec p2tb$$"
$in ip link set lo up
mkdir "$work/in"
chmod 777 "$work/in"

"$program" batch --follow --settle 2 --out "$work/out" "$work/in" 2>"$work/batch.err" &
batch=$!
ids+=($batch)
$in tcpdump -i lo -U --immediate-mode -Z root -G 1 -w "$work/in/calls-%H%M%S.pcap" 'tcp port 8080' 2>"$work/tcpdump.err" &
tcpdump=$!
ids+=($tcpdump)
for _ in $(seq 50); do grep -q listening "$work/tcpdump.err" && break; sleep 0.1; done
# A server and a client that keeps its connection over every rotation.
timeout 30 $in python3 - <<'PYTHON'
import http.client, http.server, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"hi")
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
client = http.client.HTTPConnection("127.0.0.1", 8080)
for i in range(30):
    client.request("GET", "/%d" % i)
    client.getresponse().read()
    time.sleep(0.12)
client.close()
PYTHON
sleep 0.2
kill -INT "$tcpdump"
wait "$tcpdump" || true
kill -TERM "$batch"
wait "$batch"
"$program" batch --final --out "$work/out" "$work/in"
[ ! -s "$work/batch.err" ] || { cat "$work/batch.err"; exit 1; }
files=$(find "$work/in" -type f | wc -l)
[ "$files" -ge 3 ] || { echo "only $files files: nothing was rotated"; exit 1; }
calls=$(cat "$work"/out/0*.ndjson | grep -c '"kind":"http1","outcome":"ok"')
positions=$(cat "$work"/out/0*.ndjson | grep -o '"exchange":[0-9]*' | sort -u | wc -l)
[ "$calls" = 30 ] && [ "$positions" = 30 ] || { echo "$calls calls at $positions positions, not 30"; exit 1; }
echo "30 calls over $files files of tcpdump"
