#!/bin/sh
# Makes h2c.pcap anew: HTTP/2 without TLS between real programs, in a network namespace of its own, for five seconds.
#   curl with prior knowledge, nghttp (three concurrent streams),
#   h2load (2 connections, 10 concurrent streams, 40 requests).
# Needs root, curl, tcpdump, iproute2, nghttp2-server and nghttp2-client.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
pids=""
ns=p2th$$

cleanup() {
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    ip netns del "$ns" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

ip netns add "$ns"
ip -n "$ns" link set lo up
mkdir "$work/root"
for i in 1 2 3; do head -c ${i}000 /dev/zero | tr '\0' "$i" >"$work/root/$i.txt"; done
ip netns exec "$ns" nghttpd --no-tls -d "$work/root" 8080 >/dev/null 2>&1 &
pids="$pids $!"
ip netns exec "$ns" tcpdump -i lo -n -U --immediate-mode -w "$work/h2c.pcap" 'port 8080' 2>/dev/null &
pids="$pids $!"
sleep 3
in_ns() { ip netns exec "$ns" "$@" >/dev/null 2>&1 || true; }
in_ns curl -sS -m 5 --http2-prior-knowledge http://127.0.0.1:8080/1.txt
in_ns nghttp -n http://127.0.0.1:8080/1.txt http://127.0.0.1:8080/2.txt http://127.0.0.1:8080/3.txt
in_ns h2load -n 40 -c 2 -m 10 http://127.0.0.1:8080/1.txt
sleep 2
kill $pids 2>/dev/null || true
sleep 0.3
cp "$work/h2c.pcap" "$here/"
