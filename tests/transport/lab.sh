#!/usr/bin/env bash
# Transport against truth: a client, a router and a server in network namespaces, with known delays, losses, pauses and shut
# windows, captured at both ends and in the middle; judge.py holds what is told against what the programs and the router
# say themselves.
# usage: lab.sh PROGRAM OUT_DIR
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

skip() {
    echo "SKIPPED: $1"
    exit 77
}
for tool in ip nft go tcpdump python3 openssl unshare; do
    command -v $tool >/dev/null || skip "$tool is not installed"
done
if [ -z "${P2T_LAB_INSIDE:-}" ]; then
    own=-m
    [ "$(id -u)" = 0 ] || own="-U --map-current-user --keep-caps -n -m"
    unshare $own true 2>/dev/null || skip "namespaces are not allowed here"
    P2T_LAB_INSIDE=1 exec unshare $own "$0" "$@"
fi
program=$1
out=$2
mkdir -p "$out"
out=$(cd "$out" && pwd)
nodes=(client middle server)
ids=()
links=()

in_ns() {
    local node=$1
    shift
    ip netns exec "p2tt$$$node" "$@"
}

stop() {
    for id in "${ids[@]}"; do kill "$id" 2>/dev/null || true; done
    for id in "${ids[@]}"; do wait "$id" 2>/dev/null || true; done
    ids=()
}

finish() {
    trap - EXIT
    stop
    for id in "${links[@]}"; do kill "$id" 2>/dev/null || true; done
    for node in "${nodes[@]}"; do ip netns del "p2tt$$$node" 2>/dev/null || true; done
}
trap finish EXIT
trap 'exit 130' INT TERM

(cd "$here/../live/lab" && go build -buildvcs=false -o "$out/lab" .) || skip "the link cannot be built"
[ -c /dev/net/tun ] || skip "there are no tun devices here"

# ---- the way: 10.77 is far, 4 ms on either side of the router, in segments of an MSS; 10.78 is near, with offload ----

for node in "${nodes[@]}"; do
    ip netns add "p2tt$$$node" 2>/dev/null || skip "namespaces cannot be made here"
    in_ns "$node" ip link set lo up
done
in_ns middle sysctl -qw net.ipv4.ip_forward=1

# join NET LEFT-NODE LEFT-DEVICE RIGHT-NODE RIGHT-DEVICE: both are up, with .1 and .2 of the net
join() {
    in_ns "$2" ip addr add "$1.1/24" dev "$3"
    in_ns "$4" ip addr add "$1.2/24" dev "$5"
    in_ns "$2" ip link set "$3" up
    in_ns "$4" ip link set "$5" up
}

far() {
    local a="p2ta$$$3" b="p2tb$$$5"
    "$out/lab" link "$a" "$b" 4ms 0 >"$out/link-$3.log" 2>&1 &
    links+=($!)
    ready "$out/link-$3.log" ready
    ip link set "$a" netns "p2tt$$$2" name "$3"
    ip link set "$b" netns "p2tt$$$4" name "$5"
    join "$@"
}

near() {
    ip link add "$3" netns "p2tt$$$2" type veth peer name "$5" netns "p2tt$$$4"
    join "$@"
}

ready() {
    for _ in $(seq 100); do
        if grep -qs "$2" "$1"; then return; fi
        sleep 0.05
    done
    echo "does not start: $1" >&2
    cat "$1" >&2
    exit 1
}

far 10.77.0 client far middle fl
far 10.77.1 middle fr server far
near 10.78.0 client near middle nl
near 10.78.1 middle nr server near
for net in 77 78; do
    in_ns client ip route add 10.$net.1.0/24 via 10.$net.0.2
    in_ns server ip route add 10.$net.0.0/24 via 10.$net.1.1
done

# The router drops every 23rd packet with bytes of the client, and every 31st of the server's, and counts them. It is captured
# on the client's side: before it drops the client's, and after it has dropped the server's.
lossy() {
    in_ns middle nft -f - <<'RULES'
table ip lab {
    chain forward {
        type filter hook forward priority 0;
        tcp dport 8080 ip length > 80 numgen inc mod 23 == 22 counter drop
        tcp sport 8080 ip length > 80 numgen inc mod 31 == 30 counter drop
    }
}
RULES
}

dropped() {
    in_ns middle nft list table ip lab | sed -n "s/.*tcp $1 8080.*counter packets \\([0-9]*\\).*/\\1/p"
}

lossless() {
    echo "{\"client\": $(dropped dport), \"server\": $(dropped sport)}" >"$out/$1.drops"
    in_ns middle nft delete table ip lab
}

capture() {
    local file=$1 node=$2 side=$3
    ip netns exec "p2tt$$$node" tcpdump -q --immediate-mode -U -B 16384 -i "$side" -w "$file" tcp port 8080 2>"$file.log" &
    ids+=($!)
    ready "$file.log" "listening on"
}

# run NAME WAY SET [tls]
run() {
    local name=$1 way=$2 set=$3 tls=${4:-} address=10.77.1.2
    if [ "$way" = near ]; then address=10.78.1.2; fi
    rm -f "$out/$name".*
    ip netns exec "p2tt$$server" python3 "$here/calls.py" server $address 8080 "$out/$name.server" \
        ${tls:+"$out/certificate.pem"} >"$out/$name.ready" 2>&1 &
    ids+=($!)
    ready "$out/$name.ready" ready
    capture "$out/$name.client.pcap" client "$way"
    capture "$out/$name.middle.pcap" middle "${way:0:1}l"
    capture "$out/$name.end.pcap" server "$way"
    if [ "$set" = loss ]; then lossy; fi
    in_ns client python3 "$here/calls.py" client $address 8080 "$out/$name.calls" "$set" $tls
    sleep 0.5
    if [ "$set" = loss ]; then lossless "$name"; fi
    stop
}

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=lab.test -keyout "$out/certificate.pem" \
    -out "$out/certificate.crt" 2>/dev/null
cat "$out/certificate.crt" >>"$out/certificate.pem"

run offload-quiet near quiet
run offload-stalls near stalls
run quiet far quiet
run loss far loss
run stalls far stalls
run tls-quiet far quiet tls
python3 "$here/judge.py" "$program" "$out" offload-quiet offload-stalls quiet loss stalls tls-quiet
