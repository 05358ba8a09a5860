#!/bin/sh
# Makes tls-keys.pcap.gz and tls-keys.log anew: HTTP/1 over every cipher suite that OpenSSL here offers for certificates of
# both kinds (TLS 1.0 to 1.3; with and without encrypt-then-MAC), key updates, resumption, early data, and HTTP/2, in a
# network namespace of its own, for half a minute. The path of a request names its suite: GET /TLS_AES_128_GCM_SHA256.
# Needs root, openssl, curl, tcpdump, iproute2 and nghttp2-server.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
pids=""
ns=p2tk$$
log=$work/tls-keys.log

cleanup() {
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    ip netns del "$ns" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

certificate() { # name, algorithm options
    name=$1
    shift
    openssl req -x509 -nodes -days 3650 -subj /CN=localhost -addext subjectAltName=DNS:localhost "$@" \
        -keyout "$work/$name.key" -out "$work/$name.pem" 2>/dev/null
}
in_ns() { ip netns exec "$ns" "$@"; }
serve() { # port, options
    port=$1
    shift
    ip netns exec "$ns" openssl s_server -accept "$port" -cert "$work/rsa.pem" -key "$work/rsa.key" -dcert "$work/ec.pem" \
        -dkey "$work/ec.key" -cipher 'ALL:@SECLEVEL=0' -ciphersuites "$v13" "$@" >/dev/null 2>&1 &
    pids="$pids $!"
}
ask() { # port, path, options
    port=$1 path=$2
    shift 2
    printf 'hello\n' >"$work/$path"
    printf 'GET /%s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$path" |
        in_ns timeout 5 openssl s_client -connect "127.0.0.1:$port" -servername localhost -keylogfile "$log" -ign_eof \
            "$@" >/dev/null 2>&1 || true
}

v13=TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256
certificate rsa -newkey rsa:2048
certificate ec -newkey ec -pkeyopt ec_paramgen_curve:prime256v1
ip netns add "$ns"
ip -n "$ns" link set lo up
cd "$work"
serve 4433 -WWW
# It answers whoever asks, in time with what the clients below do.
{
    sleep 4
    for i in 1 2 3; do
        printf 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n'
        sleep 5
    done
} | ip netns exec "$ns" openssl s_server -accept 4434 -cert rsa.pem -key rsa.key -early_data -naccept 3 >/dev/null 2>&1 &
pids="$pids $!"
mkdir "$work/root"
echo hello >"$work/root/h2"
ip netns exec "$ns" nghttpd -d "$work/root" 4435 "$work/rsa.key" "$work/rsa.pem" >/dev/null 2>&1 &
pids="$pids $!"
ip netns exec "$ns" tcpdump -i lo -n -s 0 -U --immediate-mode -w "$work/tls-keys.pcap" 'tcp portrange 4433-4435' 2>/dev/null &
pids="$pids $!"
sleep 1
printf 'GET /early-data HTTP/1.1\r\nHost: localhost\r\n\r\n' >early
{
    printf 'GET /before-early-data HTTP/1.1\r\nHost: localhost\r\n\r\n'
    sleep 5
} | in_ns timeout 8 openssl s_client -connect 127.0.0.1:4434 -tls1_3 -sess_out session -keylogfile "$log" >/dev/null 2>&1 || true
sleep 5 | in_ns timeout 8 openssl s_client -connect 127.0.0.1:4434 -tls1_3 -sess_in session -early_data early \
    -keylogfile "$log" >/dev/null 2>&1 || true
# K: update both sides' keys; k: the client's. s_client takes them at the start of a line.
{
    sleep 0.3
    printf 'K\n'
    sleep 0.3
    printf 'k\n'
    sleep 0.3
    printf 'GET /key-update HTTP/1.1\r\nHost: localhost\r\n\r\n'
    sleep 5
} | in_ns timeout 8 openssl s_client -connect 127.0.0.1:4434 -tls1_3 -keylogfile "$log" >/dev/null 2>&1 || true
for suite in $(echo $v13 | tr : ' '); do
    ask 4433 "$suite" -tls1_3 -ciphersuites "$suite"
done
for suite in $(openssl ciphers -s -tls1_2 'ALL:!aNULL:!aDSS:!PSK:!SRP:@SECLEVEL=0' | tr : ' '); do
    case $suite in TLS_*) continue ;; esac
    ask 4433 "$suite" -tls1_2 -cipher "$suite:@SECLEVEL=0"
done
for suite in ECDHE-RSA-AES128-SHA ECDHE-RSA-AES256-SHA384; do
    ask 4433 "$suite-mac-then-encrypt" -tls1_2 -cipher "$suite:@SECLEVEL=0" -no_etm
done
for suite in AES128-SHA ECDHE-RSA-AES256-SHA ECDHE-ECDSA-AES128-SHA; do
    ask 4433 "$suite-tls1.0" -tls1 -cipher "$suite:@SECLEVEL=0"
    ask 4433 "$suite-tls1.1" -tls1_1 -cipher "$suite:@SECLEVEL=0"
    ask 4433 "$suite-tls1.1-mac-then-encrypt" -tls1_1 -cipher "$suite:@SECLEVEL=0" -no_etm
    ask 4433 "$suite-tls1.0-mac-then-encrypt" -tls1 -cipher "$suite:@SECLEVEL=0" -no_etm
done
for version in tls1_2 tls1_3; do
    ask 4433 "full-$version" "-$version" -sess_out "$work/$version"
    ask 4433 "resumed-$version" "-$version" -sess_in "$work/$version"
done
SSLKEYLOGFILE=$log
export SSLKEYLOGFILE
in_ns curl -sSk -m 5 --http2 "https://127.0.0.1:4435/h2" "https://127.0.0.1:4435/h2" >/dev/null 2>&1 || true
in_ns curl -sSk -m 5 --http2 --tls-max 1.2 "https://127.0.0.1:4435/h2" >/dev/null 2>&1 || true
sleep 1
kill $pids 2>/dev/null || true
sleep 0.3
gzip -9n <"$work/tls-keys.pcap" >"$here/tls-keys.pcap.gz"
grep -v '^#' "$log" | grep -v EXPORTER >"$here/tls-keys.log"
