#!/bin/sh
# Makes the captures of this folder anew (or in the folder that $1 names), each in a network namespace of its own:
#   talk.*    talk.go with itself: gRPC-shaped calls and WebSockets over HTTP/1, h2c and TLS; talk.json is its own log
#   nghttp.*  nghttpd, nghttpx, nghttp and curl: prior knowledge, upgrade taken and refused, TLS, push, padding, heads that
#             need CONTINUATION frames, trailers, uploads, small windows; nghttp.tsv is what tshark reads in it
# Needs root, go, openssl, curl, tcpdump, iproute2, nghttp2-server, nghttp2-client, nghttp2-proxy, tshark.
# Half a minute; with "talk" as $2 only the first, in three seconds.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
what=${2:-all}
work=$(mktemp -d)
pids=""
ns=p2t2$$

cleanup() {
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    ip netns del "$ns" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

in_ns() { ip netns exec "$ns" timeout 20 "$@"; }
background() {
    ip netns exec "$ns" "$@" >/dev/null 2>&1 &
    pids="$pids $!"
}
# Immediate mode gives each packet a slot of the snapshot length: without a large buffer it drops some.
capture() {
    background tcpdump -i lo -n -s 262144 -U --immediate-mode -B 65536 --time-stamp-precision=nano -w "$work/$1.pcap" tcp
    capture_pid=$!
    sleep 1
}
keep() {
    sleep 0.5
    kill "$capture_pid"
    wait "$capture_pid" 2>/dev/null || true
    gzip -9n <"$work/$1.pcap" >"$out/$1.pcap.gz"
    cp "$work/$1.log" "$out/$1.log"
}

ip netns add "$ns"
ip -n "$ns" link set lo up
openssl req -x509 -nodes -days 3650 -subj /CN=localhost -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
    -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null

(cd "$work" && GO111MODULE=off go build -o talk "$here/talk.go")
capture talk
GODEBUG=http2xconnect=1 in_ns "$work/talk" "$work/cert.pem" "$work/key.pem" "$work/talk.log" "$work/talk.json"
keep talk
cp "$work/talk.json" "$out/"
[ "$what" = all ] || exit 0

mkdir "$work/root"
for i in 1 2 3; do head -c ${i}000 /dev/zero | tr '\0' "$i" >"$work/root/$i.txt"; done
head -c 70000 /dev/zero | tr '\0' 4 >"$work/root/4.txt"
large=$(head -c 3000 /dev/zero | tr '\0' x)
background nghttpd --no-tls -d "$work/root" --trailer 'x-checksum: 1' -b 16 --push=/1.txt=/2.txt,/3.txt 8080
background nghttpd -d "$work/root" --trailer 'x-checksum: 1' --echo-upload 8443 "$work/key.pem" "$work/cert.pem"
background python3 -m http.server -d "$work/root" --bind 127.0.0.1 8081
background nghttpx -f '127.0.0.1,8082;no-tls' -b 127.0.0.1,8081 --errorlog-file=/dev/null --accesslog-file=/dev/null
capture nghttp
SSLKEYLOGFILE=$work/nghttp.log
export SSLKEYLOGFILE
: >"$SSLKEYLOGFILE"
ask() { in_ns "$@" >/dev/null 2>&1 || true; }
u=http://127.0.0.1
s=https://127.0.0.1:8443
ask nghttp -n "$u:8080/1.txt" "$u:8080/2.txt" "$u:8080/missing.txt"
ask nghttp -n --no-push "$u:8080/1.txt"
ask nghttp -n -b 200 --trailer 'x-mine: 2' -d "$work/root/4.txt" "$u:8080/3.txt"
ask nghttp -n --continuation -H "x-large: $large" "$u:8080/2.txt"
ask nghttp -n -w 10 -W 10 "$u:8080/4.txt"
ask nghttp -n -m 20 "$u:8080/3.txt"
ask nghttp -n -u "$u:8082/1.txt" "$u:8082/2.txt"
ask nghttp -n -u "$u:8081/1.txt"
ask curl -sS -m 5 --http2-prior-knowledge "$u:8080/1.txt" "$u:8080/2.txt"
ask curl -sS -m 5 --http2 "$u:8082/3.txt" "$u:8082/1.txt"
ask curl -sS -m 5 --http2 "$u:8081/3.txt" "$u:8081/1.txt"
ask curl -sSk -m 5 --http2 "$s/1.txt" "$s/missing.txt"
ask curl -sSk -m 5 --http2 -I "$s/2.txt"
ask curl -sSk -m 5 --http2 -H "x-large: $large$large$large$large$large$large" --data-binary "@$work/root/4.txt" "$s/3.txt"
keep nghttp
"$here/h2_streams.py" "$work/nghttp.pcap" -o "tls.keylog_file:$work/nghttp.log" >"$out/nghttp.tsv"
