#!/usr/bin/env bash
# Makes h2-far-30-go-many, -30-go-dials, -30-curls-node, -30-curls-post, -30-curls-counted and -100-chromium-post, beside the keys.
# usage: crowd.sh FOLDER     as root; needs Go, node, curl, Chromium, tcpdump and /dev/net/tun
set -euo pipefail
if [ -z "${CROWD_INSIDE:-}" ]; then CROWD_INSIDE=1 exec unshare -m timeout -k 5 300 "$0" "$@"; fi
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
work=$(mktemp -d)
near=crowd-c$$ far=crowd-s$$ ids=()
stop_all() {
    for id in "${ids[@]}"; do kill "$id" 2>/dev/null || true; done
    wait 2>/dev/null || true
    ids=()
    ip netns del "$near" 2>/dev/null || true
    ip netns del "$far" 2>/dev/null || true
}
trap 'stop_all; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

start() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 &
    ids+=($!)
    for _ in $(seq 200); do if grep -qs "ready\|listening on" "$log"; then return; fi; sleep 0.05; done
    echo "does not start: $*" >&2
    exit 1
}

mount -t tmpfs tmpfs /run
echo "nameserver 10.79.0.53" >/run/resolv.conf
mount --bind /run/resolv.conf "$(readlink -m /etc/resolv.conf)"
(cd "$here/../../../../live/lab" && go build -buildvcs=false -o "$work/lab" .)
(cd "$here" && go build -buildvcs=false -o "$work/crowd" .)
"$work/crowd" cert "$work"

# DELAY(one way) LOSS(percent)
path() {
    ip netns add "$near"
    ip netns add "$far"
    start "$work/link.log" "$work/lab" link "cc$$" "cs$$" "$1" "$2"
    ip link set "cc$$" netns "$near"
    ip link set "cs$$" netns "$far"
    ip -n "$near" addr add 10.79.0.2/24 dev "cc$$"
    ip -n "$far" addr add 10.79.0.1/24 dev "cs$$"
    ip -n "$far" addr add 10.79.0.53/24 dev "cs$$"
    ip -n "$near" link set "cc$$" up
    ip -n "$far" link set "cs$$" up
    : >"$work/keys"
    start "$work/dns.log" ip netns exec "$far" "$work/lab" dns 10.79.0.53:53
    start "$work/go.log" ip netns exec "$far" "$work/crowd" server 10.79.0.1:8443 "$work" "$work/keys"
    start "$work/node.log" ip netns exec "$far" node "$here/server.mjs" 10.79.0.1 9443 "$work" "$work/keys" "$work/crowd"
}

curls() { # PORT KIND SEED
    local next=
    "$work/crowd" plan "$2" "$3" | while read -r _ _ bytes ms up; do
        echo $next
        printf 'url = "https://10.79.0.1:%s/r?bytes=%s&ms=%s"\noutput = /dev/null\nsilent\ninsecure\n' "$1" "$bytes" "$ms"
        if [ "$up" != 0 ]; then
            head -c "$up" /dev/zero >"$work/up$up"
            echo "data-binary = \"@$work/up$up\""
        fi
        next=next
    done >"$work/curls"
    curl --parallel --parallel-max "$("$work/crowd" plan "$2" "$3" | cut -d ' ' -f 1 | sort -u | wc -l)" -K "$work/curls"
}

chromium_page() { # PORT KIND SEED
    chromium --headless --no-sandbox --disable-gpu --ignore-certificate-errors --disable-background-networking --disable-quic \
        --no-first-run --user-data-dir="$work/profile" "https://10.79.0.1:$1/page/$2-$3" >"$work/chromium.log" 2>&1 &
    local id=$!
    for _ in $(seq 300); do if grep -qs done "$work"/go.log "$work"/node.log; then break; fi; sleep 0.1; done
    kill "$id"
    wait "$id" || true
}

# NAME COMMAND...
capture() {
    local name=$1
    shift
    start "$work/tcpdump.log" ip netns exec "$near" tcpdump -i "cc$$" -U -s 0 -B 65536 -Z root --immediate-mode --time-stamp-precision=nano \
        -w "$out/h2-far-$name.pcap" "tcp or udp"
    export -f curls chromium_page
    export work
    ip netns exec "$near" bash -c '"$@"' _ "$@"
    sleep 1
    stop_all
    cp "$work/keys" "$out/h2-far-$name.keys"
    gzip -9nf "$out/h2-far-$name.pcap"
}

go_calls() { echo env GODEBUG=netdns=go "$work/crowd" client "$1" "$2" "$3" "$work"; }
path 15ms 0 && capture 30-go-many $(go_calls https://10.79.0.1:8443 many 7)
path 15ms 0.5 && capture 30-go-dials $(go_calls https://wan.lab:8443 many2 5)
path 15ms 0 && capture 30-curls-node curls 9443 many 7
path 15ms 0 && capture 30-curls-post curls 8443 post2 11
path 15ms 0 && capture 30-curls-counted curls 9443 few2 11
path 50ms 0 && capture 100-chromium-post chromium_page 9443 post2 11
