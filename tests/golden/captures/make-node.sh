#!/bin/sh
# Makes node-any.pcap anew: a "node" that routes and translates addresses between an application and a server, as
# kube-proxy does, captured on all its interfaces at once (tcpdump -i any). Each packet is there twice, once with the
# service's address and once with the server's.
# Needs root, Go, tcpdump, nftables and iproute2; works in three network namespaces of its own, for two seconds.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
pids=""
name=p2tn$$

cleanup() {
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    for host in app node pod; do ip netns del "$name-$host" 2>/dev/null || true; done
    rm -rf "$work" "/etc/netns/$name-app"
}
trap cleanup EXIT

on() { host=$1; shift; ip netns exec "$name-$host" "$@"; }

for host in app node pod; do ip netns add "$name-$host"; on "$host" ip link set lo up; done
ip link add "va$$" netns "$name-app" type veth peer name va netns "$name-node"
ip link add "vp$$" netns "$name-pod" type veth peer name vp netns "$name-node"
on app ip addr add 10.43.1.10/24 dev "va$$"
on pod ip addr add 10.43.2.20/24 dev "vp$$"
on node ip addr add 10.43.1.1/24 dev va
on node ip addr add 10.43.2.1/24 dev vp
on app ip link set "va$$" up; on pod ip link set "vp$$" up; on node ip link set va up; on node ip link set vp up
on app ip route add default via 10.43.1.1
on pod ip route add default via 10.43.2.1
on node sysctl -qw net.ipv4.ip_forward=1
on node nft -f - <<'NFT'
table ip nat {
    chain prerouting {
        type nat hook prerouting priority dstnat;
        ip daddr 10.96.0.7 tcp dport 80 dnat to 10.43.2.20:8080
    }
}
NFT
mkdir -p "/etc/netns/$name-app"
echo "10.96.0.7 orders.shop.internal stock.shop.internal payments.shop.internal" >"$work/hosts"
cp "$work/hosts" "/etc/netns/$name-app/hosts"

(cd "$here/../../../samples/incident" && CGO_ENABLED=0 go build -o "$work/shop" .)
on pod "$work/shop" serve 10.43.2.20:8080 &
pids="$pids $!"
on node tcpdump -i any -n -U -w "$work/node-any.pcap" 'tcp' 2>/dev/null &
pids="$pids $!"
sleep 1
for i in 1 2; do
    on app curl -sS -m 5 -o /dev/null -o /dev/null "http://orders.shop.internal/v1/orders/$i" \
        "http://orders.shop.internal/v1/orders/$i/items"
done
sleep 1
kill $pids 2>/dev/null || true
sleep 0.3
cp "$work/node-any.pcap" "$here/"
