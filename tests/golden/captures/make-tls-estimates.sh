#!/bin/sh
# Makes tls-estimates.pcap.gz and tls-estimates.log anew: Go's client, curl and Chromium talk to a Go server, HTTP/1.1 and
# HTTP/2 over TLS, each on a port of its own (tls_estimates_test.c names them), in a network namespace of its own, for
# half a minute. Needs root, go, curl, chromium, openssl, tcpdump, iproute2.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
log=$work/keys.log
pids=""
ns=p2te$$

cleanup() {
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    ip netns del "$ns" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
in_ns() { ip netns exec "$ns" "$@"; }

openssl req -x509 -nodes -days 36500 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
cp "$here/make-tls-estimates.go" "$work/main.go"
(cd "$work" && GOFLAGS=-mod=mod GOPATH=$work/go GOCACHE=$work/cache go build -o both main.go)
ip netns add "$ns"
ip -n "$ns" link set lo up
in_ns "$work/both" server "$work/cert.pem" "$work/key.pem" &
pids="$pids $!"
in_ns tcpdump -i lo -n -s 0 -U --immediate-mode -w "$work/all.pcap" 'tcp portrange 8001-8006' 2>/dev/null &
dump=$!
pids="$pids $dump"
sleep 1

for port in 8001 8002; do
    in_ns "$work/both" client "https://127.0.0.1:$port/a" "$log"
done
SSLKEYLOGFILE=$log
export SSLKEYLOGFILE
head -c 3000 /dev/zero >"$work/body"
for port in 8003 8004; do
    url="https://127.0.0.1:$port/a"
    in_ns curl -sk "$url?n=10" "$url?n=2000&ms=4" "$url?n=300&ms=1" "$url?n=9000" "$url?n=0&ms=7" "$url?n=700&pieces=3" \
        "$url?n=10&i=2" "$url?n=20&i=3" >/dev/null
    in_ns curl -sk --data-binary "@$work/body" "$url?n=10&ms=3" --next -sk -T "$work/body" "$url?n=100" --next -skI "$url?n=5" \
        --next -sk "$url?n=50" >/dev/null
    in_ns curl -skZ --parallel-max 4 "$url?n=[100-2000:100]&ms=3" >/dev/null 2>&1
    in_ns curl -sk --tlsv1.2 --tls-max 1.2 "$url?n=10" "$url?n=500&ms=5" "$url?n=70" >/dev/null
done
for port in 8005 8006; do
    in_ns timeout 25 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --ignore-certificate-errors \
        --user-data-dir="$work/profile$port" --virtual-time-budget=6000 --dump-dom "https://127.0.0.1:$port/page" \
        >/dev/null 2>&1 || true
done
sleep 1
kill -INT "$dump"
sleep 0.5
gzip -9n <"$work/all.pcap" >"$here/tls-estimates.pcap.gz"
grep -v '^#' "$log" | grep -v EXPORTER >"$here/tls-estimates.log"
