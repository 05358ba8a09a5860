#!/usr/bin/env bash
# Runs the live laboratory: real clients against scripted servers in two network namespaces, captured at the client.
# usage: run.sh OUT_DIR [short|full|SCENARIO...]     leaves NAME.pcap, NAME.live (the live hooks) and NAME.keys per scenario
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1
shift
set=${1:-short}

skip() {
    echo "SKIPPED: $1"
    exit 77
}
[ "$(id -u)" = 0 ] || skip "network namespaces need root"
for tool in go tcpdump ip; do
    command -v $tool >/dev/null || skip "$tool is not installed"
done
[ -e /dev/net/tun ] || skip "there is no /dev/net/tun"

mkdir -p "$out"
out=$(cd "$out" && pwd)
client=p2tc$$
server=p2ts$$
ids=()

finish() {
    trap - EXIT
    for id in "${ids[@]}"; do kill "$id" 2>/dev/null || true; done
    wait 2>/dev/null || true
    ip netns del "$client" 2>/dev/null || true
    ip netns del "$server" 2>/dev/null || true
    rm -rf "/etc/netns/$client"
}
trap finish EXIT
trap 'exit 130' INT TERM

(cd "$here/lab" && go build -o "$out/lab" .)

# Starts a program in a namespace and waits for its word that it is ready.
start() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 &
    ids+=($!)
    for _ in $(seq 100); do
        if grep -qs "ready\|listening on" "$log"; then return; fi
        sleep 0.05
    done
    echo "does not start: $*" >&2
    cat "$log" >&2
    exit 1
}

ip netns add "$client"
ip netns add "$server"
start "$out/link.log" "$out/lab" link "tc$$" "ts$$" 10ms 1
ip link set "tc$$" netns "$client"
ip link set "ts$$" netns "$server"
ip link add "vc$$" netns "$client" type veth peer name "vs$$" netns "$server"
in_client="ip netns exec $client"
in_server="ip netns exec $server"
for ns in "$client" "$server"; do
    ip -n "$ns" link set lo up
    ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
done
ip -n "$client" addr add 10.77.0.2/24 dev "vc$$"
ip -n "$client" addr add fd77::2/64 dev "vc$$" nodad
ip -n "$server" addr add fd77::1/64 dev "vs$$" nodad
ip -n "$server" addr add fd77::9/64 dev "vs$$" nodad
for last in 1 8 9 11 12 13 14 15 16 53; do ip -n "$server" addr add 10.77.0.$last/24 dev "vs$$"; done
ip -n "$client" addr add 10.79.0.2/24 dev "tc$$"
for last in 1 11 12 13 14 15 16 53; do ip -n "$server" addr add 10.79.0.$last/24 dev "ts$$"; done
ip -n "$client" link set "vc$$" up
ip -n "$server" link set "vs$$" up
ip -n "$client" link set "tc$$" up
ip -n "$server" link set "ts$$" up
# What does not answer: silence, an ICMP error of the network, one of a filter.
$in_server sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0
ip -n "$client" route add 10.78.0.0/16 via 10.77.0.1
ip -n "$client" -6 route add fd78:1::/64 via fd77::1
ip -n "$server" route add blackhole 10.78.1.0/24
ip -n "$server" route add unreachable 10.78.2.0/24
ip -n "$server" route add prohibit 10.78.3.0/24
ip -n "$server" -6 route add blackhole fd78:1::/64

start "$out/dns.log" $in_server "$out/lab" dns 10.77.0.53:53 10.79.0.53:53
start "$out/server.log" $in_server "$out/lab" server "$out/authority.pem"

resolv() {
    mkdir -p "/etc/netns/$client"
    case $1 in
    one) echo "nameserver 10.77.0.53" ;;
    wan) echo "nameserver 10.79.0.53" ;;
    fast) printf 'nameserver 10.77.0.53\noptions timeout:1 attempts:2\n' ;;
    search) printf 'nameserver 10.77.0.53\nsearch ns.svc.cluster.lab svc.cluster.lab cluster.lab\noptions ndots:5\n' ;;
    two) printf 'nameserver 10.78.1.53\nnameserver 10.77.0.53\noptions timeout:1 attempts:2\n' ;;
    closed) printf 'nameserver 10.77.0.1\nnameserver 10.77.0.53\n' ;;
    esac >"/etc/netns/$client/resolv.conf"
}

run_one() {
    local name=$1 resolver=$2 id
    resolv "$3"
    start "$out/$name.tcpdump" $in_client tcpdump -i any -U -s 0 -B 65536 --immediate-mode --time-stamp-precision=nano -Z root \
        -w "$out/$name.pcap" "tcp or udp or icmp or icmp6"
    id=${ids[-1]}
    GODEBUG=netdns=$resolver timeout 60 $in_client "$out/lab" client "$name" "$out/authority.pem" "$out/$name.keys" "$out/$name.live"
    sleep 0.1
    kill -INT "$id"
    wait "$id" || true
    unset 'ids[-1]'
}

case $set in
short | full) "$out/lab" list "$set" >"$out/scenarios" ;;
*) for name in "$@"; do "$out/lab" list full | grep "^$name " || { echo "no scenario $name" >&2; exit 1; }; done >"$out/scenarios" ;;
esac
while read -r name resolver conf <&3; do
    run_one "$name" "$resolver" "$conf"
done 3<"$out/scenarios"
echo "$(wc -l <"$out/scenarios") scenarios, $(cat "$out"/*.live | wc -l) live records"
