#!/bin/sh
# Makes incident.pcap and incident.log anew: real programs in three network namespaces of its own.
# Needs root, Go, dnsmasq, tcpdump and iproute2. Takes about three seconds and cleans up after itself.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
pids=""
name=p2t$$

cleanup() {
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    for host in app dns shop; do ip netns del "$name-$host" 2>/dev/null || true; done
    ip link del "$name" 2>/dev/null || true
    rm -rf "$work" "/etc/netns/$name-app"
}
trap cleanup EXIT

ip link add "$name" type bridge
ip link set "$name" up
n=10
for host in app dns shop; do
    ip netns add "$name-$host"
    ip link add "v$n-$$" type veth peer name eth0 netns "$name-$host"
    ip link set "v$n-$$" master "$name" up
    ip -n "$name-$host" addr add "10.42.0.$n/24" dev eth0
    ip -n "$name-$host" link set eth0 up
    ip -n "$name-$host" link set lo up
    n=$((n + 10))
done
mkdir -p "/etc/netns/$name-app"
echo "nameserver 10.42.0.20" >"/etc/netns/$name-app/resolv.conf"

(cd "$here" && CGO_ENABLED=0 go build -o "$work/shop" .)

# payments exists in the zone, with a TXT record and no address: what an operator leaves behind
# who took the last endpoint away.
ip netns exec "$name-dns" dnsmasq --no-daemon --no-resolv --no-hosts --local=/shop.internal/ \
    --host-record=orders.shop.internal,10.42.0.30 --host-record=stock.shop.internal,10.42.0.30 \
    --txt-record=payments.shop.internal,moved >/dev/null 2>&1 &
pids="$pids $!"
ip netns exec "$name-shop" "$work/shop" serve 10.42.0.30:8080 &
pids="$pids $!"
ip netns exec "$name-app" tcpdump -i eth0 -n -U --time-stamp-precision=nano -w "$work/incident.pcap" \
    'port 53 or port 8080' 2>/dev/null &
tcpdump_pid=$!
pids="$pids $tcpdump_pid"
sleep 1
ip netns exec "$name-app" "$work/shop" >"$work/incident.log"
sleep 1
kill "$tcpdump_pid"
sleep 0.3
cp "$work/incident.pcap" "$work/incident.log" "$here/"
