#!/usr/bin/env bash
# Runs the live laboratory: real clients against scripted servers in two network namespaces, captured at the client.
# usage: run.sh OUT_DIR [short|full|others|SCENARIO...]     leaves NAME.pcap, NAME.live (the live hooks) and NAME.keys per scenario
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
samples=$(cd "$here/../../samples/live" && pwd)

skip() {
    echo "SKIPPED: $1"
    exit 77
}
for tool in go tcpdump ip unshare; do
    command -v $tool >/dev/null || skip "$tool is not installed"
done
# Mounts, and for users other than root all else, are in namespaces that nobody else sees and that end with this script.
if [ -z "${P2T_LAB_INSIDE:-}" ]; then
    own=-m
    [ "$(id -u)" = 0 ] || own="-U --map-current-user --keep-caps -n -m"
    unshare $own true 2>/dev/null || skip "namespaces are not allowed here"
    P2T_LAB_INSIDE=1 exec unshare $own "$0" "$@"
fi
out=$1
shift
set=${1:-short}

mkdir -p "$out"
out=$(cd "$out" && pwd)
client=p2tc$$
server=p2ts$$
pod=p2tp$$
ids=()

finish() {
    trap - EXIT
    for id in "${ids[@]}"; do kill "$id" 2>/dev/null || true; done
    sleep 0.1
    for id in "${ids[@]}"; do kill -KILL "$id" 2>/dev/null || true; done
    wait 2>/dev/null || true
    ip netns del "$client" 2>/dev/null || true
    ip netns del "$server" 2>/dev/null || true
    ip netns del "$pod" 2>/dev/null || true
}
trap finish EXIT
trap 'exit 130' INT TERM

(cd "$here/lab" && go build -buildvcs=false -o "$out/lab" .)

# Starts a program in a namespace and waits for its word that it is ready.
start() {
    local log=$1
    shift
    : >"$log"
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

# The names that ip netns gives, and the client's resolv.conf.
mount -t tmpfs tmpfs /run
: >"$out/resolv.conf"
target=$(readlink -m /etc/resolv.conf)
[ -e "$target" ] || { mkdir -p "$(dirname "$target")" && : >"$target"; }
mount --bind "$out/resolv.conf" "$target"
ip netns add "$client"
ip netns add "$server"
wide=yes
(exec 9<>/dev/net/tun) 2>/dev/null || wide=
if [ -n "$wide" ]; then
    start "$out/link.log" "$out/lab" link "tc$$" "ts$$" 10ms 1
    ip link set "tc$$" netns "$client"
    ip link set "ts$$" netns "$server"
fi
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
ip -n "$client" link set "vc$$" up
ip -n "$server" link set "vs$$" up
far=lo
if [ -n "$wide" ]; then
    far=ts$$
    ip -n "$client" addr add 10.79.0.2/24 dev "tc$$"
    ip -n "$client" link set "tc$$" up
    ip -n "$server" link set "ts$$" up
fi
for last in 1 11 12 13 14 15 16 53; do ip -n "$server" addr add 10.79.0.$last/24 dev "$far"; done
# What does not answer: silence, an ICMP error of the network, one of a filter.
$in_server sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0
ip -n "$client" route add 10.78.0.0/16 via 10.77.0.1
ip -n "$client" -6 route add fd78:1::/64 via fd77::1
ip -n "$server" route add blackhole 10.78.1.0/24
ip -n "$server" route add unreachable 10.78.2.0/24
ip -n "$server" route add prohibit 10.78.3.0/24
ip -n "$server" -6 route add blackhole fd78:1::/64

# Behind the client's address: what comes from there is seen before and after it is translated.
masquerade=
if command -v nft >/dev/null; then
    masquerade=yes
    ip netns add "$pod"
    ip link add "vi$$" netns "$client" type veth peer name "vp$$" netns "$pod"
    ip -n "$client" addr add 10.76.0.1/24 dev "vi$$"
    ip -n "$client" link set "vi$$" up
    ip -n "$pod" addr add 10.76.0.2/24 dev "vp$$"
    ip -n "$pod" link set "vp$$" up
    ip -n "$pod" link set lo up
    ip -n "$pod" route add default via 10.76.0.1
    $in_client sysctl -qw net.ipv4.ip_forward=1
    $in_client nft "add table ip p2t; add chain ip p2t out { type nat hook postrouting priority srcnat; };
        add rule ip p2t out ip saddr 10.76.0.0/24 masquerade" || masquerade=
fi

start "$out/dns.log" $in_server "$out/lab" dns 10.77.0.53:53 10.79.0.53:53
start "$out/server.log" $in_server "$out/lab" server "$out/authority.pem"

resolv() {
    case $1 in
    one) echo "nameserver 10.77.0.53" ;;
    wan) echo "nameserver 10.79.0.53" ;;
    fast) printf 'nameserver 10.77.0.53\noptions timeout:1 attempts:2\n' ;;
    search) printf 'nameserver 10.77.0.53\nsearch ns.svc.cluster.lab svc.cluster.lab cluster.lab\noptions ndots:5\n' ;;
    two) printf 'nameserver 10.78.1.53\nnameserver 10.77.0.53\noptions timeout:1 attempts:2\n' ;;
    closed) printf 'nameserver 10.77.0.1\nnameserver 10.77.0.53\n' ;;
    esac >"$out/resolv.conf"
}

capture=
keep_user= # tcpdump gives root's rights away, and then cannot write
[ "$(id -u)" != 0 ] || keep_user="-Z root"
begin_capture() {
    local bytes=65535
    [[ $1 != snaplen-* ]] || bytes=${1#snaplen-}
    start "$out/$1.tcpdump" $in_client tcpdump -i any -U -s "$bytes" -B 131072 --immediate-mode --time-stamp-precision=nano $keep_user \
        -w "$out/$1.pcap" "tcp or udp or icmp or icmp6"
    capture=${ids[-1]}
    : >"$out/$1.keys"
    rm -f "$out/$1.live"
}

end_capture() {
    $in_client bash -c "printf 'the end of $1' >/dev/udp/10.77.0.1/9"
    for _ in $(seq 100); do
        if grep -aqs "the end of $1" "$out/$1.pcap"; then break; fi
        sleep 0.05
    done
    kill -INT "$capture"
    wait "$capture" || true
    unset 'ids[-1]'
    grep -v "^0 packets dropped" "$out/$1.tcpdump" | grep "packets dropped" | sed "s/^/$1: /" || true
}

go_client() {
    local name=$1 resolver=$2 where=$in_client
    [ "$name" != masquerade ] || where="ip netns exec $pod"
    resolv "$3"
    begin_capture "$name"
    GODEBUG=netdns=$resolver timeout 60 $where "$out/lab" client "$name" "$out/authority.pem" "$out/$name.keys" "$out/$name.live"
    end_capture "$name"
}

urls=(http://web.lab:8080/?bytes=100 "http://web.lab:8080/?bytes=5&ms=40" http://web.lab:8080/?bytes=900000
    http://web.lab:8080/?status=500 https://web.lab:8443/?bytes=50 https://web.lab:8444/?bytes=50 http://slow.lab:8080/?bytes=4)

# Others tell less than Go's hooks: what they tell is held against the same exchanges.
curl_client() {
    local n=0 url
    resolv one
    begin_capture curl
    for url in "${urls[@]}" "${urls[@]}" https://web.lab:9443/?bytes=70 https://wan.lab:8443/?bytes=70 http://nx.lab:8080/ http://web.lab:9/; do
        n=$((n + 1))
        TRACELOG="$out/curl.live" SSLKEYLOGFILE="$out/curl.keys" timeout 20 $in_client "$samples/curl/traced-curl" -s -o /dev/null \
            --cacert "$out/authority.pem" -H "X-Request-Id: curl-$n" "$url" || true
    done
    end_capture curl
}

node_client() {
    resolv one
    begin_capture node
    TRACELOG="$out/node.live" NODE_EXTRA_CA_CERTS="$out/authority.pem" timeout 60 $in_client node --import "$samples/node/tracelog.mjs" \
        --tls-keylog="$out/node.keys" "$here/node.mjs" "${urls[@]}" "${urls[@]}"
    end_capture node
}

# P2T_PYTHON: an interpreter that has the libraries.
python_client() {
    "${P2T_PYTHON:-python3}" -c "import $1" 2>/dev/null || { echo "SKIPPED: $1 is not installed for Python"; return; }
    resolv one
    begin_capture "$1"
    SSLKEYLOGFILE="$out/$1.keys" timeout 60 $in_client "${P2T_PYTHON:-python3}" "$here/clients.py" "$1" "$out/$1.live" "$out/authority.pem" \
        "${urls[@]}" "${urls[@]}"
    end_capture "$1"
    echo "$1" >>"$out/done"
}

# Java tells nobody its TLS secrets. OkHttp comes from Maven, if at all.
java_client() {
    local name=$1 class=$2 libraries=
    command -v javac >/dev/null || { echo "SKIPPED: $name, for there is no javac"; return; }
    mkdir -p "$out/java"
    if [ "$class" = OkHttp ]; then
        timeout 120 mvn -q -f "$here/java/pom.xml" dependency:build-classpath -Dmdep.outputFile="$out/java/libraries" >"$out/mvn.log" 2>&1 ||
            { echo "SKIPPED: $name, for Maven is not there or finds no OkHttp"; return; }
        libraries=$(cat "$out/java/libraries")
    fi
    javac -d "$out/java" -cp "$libraries" "$here/java/Trace.java" ${libraries:+"$samples/java/TraceLog.java"} "$here/java/$class.java"
    resolv one
    begin_capture "$name"
    timeout 60 $in_client java -cp "$out/java:$libraries" "$class" "$out/$name.live" "$out/authority.pem" "${urls[@]}" "${urls[@]}"
    end_capture "$name"
    echo "$name" >>"$out/done"
}

# The module comes from Go's proxy or cache, if at all.
grpc_client() {
    (cd "$here/grpc" && timeout 120 go build -buildvcs=false -o "$out/grpc" . 2>"$out/grpc.build") ||
        { echo "SKIPPED: grpc, for grpc-go is not to be had"; return; }
    start "$out/grpc.log" $in_server "$out/grpc" server 10.77.0.1:50051
    resolv one
    begin_capture grpc
    timeout 60 $in_client "$out/grpc" client web.lab:50051 "$out/grpc.live"
    end_capture grpc
    echo grpc >>"$out/done"
}

# The package that users copy, in a program that logs.
sample_client() {
    (cd "$here/../../samples/live" && go build -buildvcs=false -o "$out/sample" .)
    resolv one
    begin_capture sample
    timeout 20 $in_client "$out/sample" http://web.lab:8080/?bytes=100 "http://web.lab:8080/?bytes=5&ms=40" http://empty.lab:8080/ http://web.lab:9/ \
        http://web.lab:8080/?bytes=900000 2>"$out/sample.live" >"$out/sample.out"
    end_capture sample
}

run_one() {
    case $1 in
    masquerade)
        if [ -n "$masquerade" ]; then
            go_client "$@" && echo "$*" >>"$out/done"
        else
            echo "SKIPPED: $1, for nft is not there or may not translate addresses"
        fi
        ;;
    *wan*)
        if [ -n "$wide" ]; then
            go_client "$@" && echo "$*" >>"$out/done"
        else
            echo "SKIPPED: $1, for /dev/net/tun cannot be opened"
        fi
        ;;
    curl | node)
        if command -v "$1" >/dev/null; then
            "$1_client"
            echo "$*" >>"$out/done"
        else
            echo "SKIPPED: $1 is not installed"
        fi
        ;;
    aiohttp | httpx | requests) python_client "$1" ;;
    javanet) java_client javanet JavaNet ;;
    okhttp) java_client okhttp OkHttp ;;
    grpc) grpc_client ;;
    sample) sample_client && echo "$*" >>"$out/done" ;;
    *) go_client "$@" && echo "$*" >>"$out/done" ;;
    esac
}

others="curl node sample aiohttp httpx requests javanet okhttp grpc"
case $set in
others) printf '%s\n' $others >"$out/wanted" ;;
short) "$out/lab" list short >"$out/wanted" ;;
full) "$out/lab" list full >"$out/wanted" && printf '%s\n' $others >>"$out/wanted" ;;
*) for name in "$@"; do ("$out/lab" list full && printf '%s \n' $others) | grep "^$name " || { echo "no scenario $name" >&2; exit 1; }; done >"$out/wanted" ;;
esac
: >"$out/done"
while read -r name resolver conf <&3; do
    run_one "$name" $resolver $conf
done 3<"$out/wanted"
mv "$out/done" "$out/scenarios"
echo "$(wc -l <"$out/scenarios") scenarios, $(cat "$out"/*.live | wc -l) live records"
