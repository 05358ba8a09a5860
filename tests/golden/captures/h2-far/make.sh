#!/usr/bin/env bash
# Makes the captures ../h2-far-*: HTTP/2 inside TLS over the laboratory's link with its delay and loss, beside the keys.
# usage: make.sh FOLDER     as root; needs nginx, curl, Go, Java, tcpdump, openssl and /dev/net/tun
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
work=$(mktemp -d)
near=far-c$$ far=far-s$$ ids=()
finish() {
    trap - EXIT
    for id in "${ids[@]}"; do kill "$id" 2>/dev/null || true; done
    wait 2>/dev/null || true
    ip netns del "$near" 2>/dev/null || true
    ip netns del "$far" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

start() { "$@" >"$work/started.log" 2>&1 & ids+=($!); }
until_there() { for _ in $(seq 100); do if "$@" >"$work/waited.log" 2>&1; then return; fi; sleep 0.05; done; echo "not there: $*" >&2; exit 1; }

(cd "$here/../../../live/lab" && go build -buildvcs=false -o "$work/lab" .)
(cd "$here" && go build -buildvcs=false -o "$work/gen" . && javac -d "$work" Client.java)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=far.test \
    -addext subjectAltName=IP:10.79.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>"$work/openssl.log"
cat >"$work/nginx.conf" <<EOF
user root; worker_processes 1; daemon off; pid $work/nginx.pid; error_log $work/nginx.err crit; events { }
http {
    access_log off; client_body_temp_path $work/b; proxy_temp_path $work/p; fastcgi_temp_path $work/f; uwsgi_temp_path $work/u; scgi_temp_path $work/s;
    server {
        listen 10.79.0.1:8443 ssl http2; ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem;
        location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://127.0.0.1:8080; }
    }
}
EOF

# NAME DELAY(one way) LOSS(percent) COMMAND...: the keys are the server's, or nginx's client's.
capture() {
    local name=$1 delay=$2 loss=$3
    shift 3
    ip netns add "$near"
    ip netns add "$far"
    start "$work/lab" link "tc$$" "ts$$" "$delay" "$loss"
    until_there ip link show "ts$$"
    ip link set "tc$$" netns "$near"
    ip link set "ts$$" netns "$far"
    for end in "$near tc$$ 2" "$far ts$$ 1"; do
        set -- $end -- "$@"
        ip -n "$1" addr add "10.79.0.$3/24" dev "$2"
        ip -n "$1" link set "$2" up
        ip -n "$1" link set lo up
        shift 4
    done
    start ip netns exec "$far" "$work/gen" server "$work/cert.pem" "$work/key.pem" "$work/server.keys"
    start ip netns exec "$far" "$work/gen" plain
    start ip netns exec "$far" nginx -c "$work/nginx.conf"
    until_there ip netns exec "$near" curl -sk -o /dev/null https://10.79.0.1:8443/
    until_there ip netns exec "$near" curl -sk -o /dev/null https://10.79.0.1:9443/
    : >"$work/server.keys"
    : >"$work/client.keys"
    start ip netns exec "$near" tcpdump -i "tc$$" -U -s 0 -Z root -w "$out/h2-far-$name.pcap" tcp
    sleep 1
    ip netns exec "$near" "$@"
    sleep 1
    finish_capture "$name"
}

finish_capture() {
    for id in "${ids[@]}"; do kill "$id" 2>/dev/null || true; done
    wait 2>/dev/null || true
    ids=()
    ip netns del "$near"
    ip netns del "$far"
    tr -d '\0' <"$work/server.keys" >"$out/h2-far-$1.keys"
    cat "$work/client.keys" >>"$out/h2-far-$1.keys"
    gzip -9nf "$out/h2-far-$1.pcap"
}

"$work/gen" paths https://10.79.0.1:9443 >"$work/paths"
client() { echo "$work/gen" client "$1" "$work/client.keys" "$2"; }
java="java -cp $work Client https://10.79.0.1:9443 $work/cert.pem"
capture 5-curl-go 2500us 0.5 curl -sk --http2 -K "$work/paths"
capture 30-go-nginx 15ms 0.5 $(client https://10.79.0.1:8443 3)
capture 30-java-go 15ms 0.5 $java 3
capture 30-go-go 15ms 0 $(client https://10.79.0.1:9443 4)
capture 100-go-go 50ms 0 $(client https://10.79.0.1:9443 4)
capture 100-java-go 50ms 0 $java 4
curls() { echo "env SSLKEYLOGFILE=$work/client.keys curl -sk --http2 --parallel --parallel-max 4 -K $work/paths"; }
capture 30-curls-go 15ms 0 $(curls) # resets streams that were answered
# Several at once: many heads in a packet, with updates before some; and bodies as short as heads.
"$work/gen" paths https://10.79.0.1:8443 >"$work/paths"
capture 30-curls-nginx 15ms 0.5 $(curls)
capture 5-go-short 2500us 0 $(client https://10.79.0.1:9443 3) 50
