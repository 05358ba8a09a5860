#!/bin/sh
# Prints what tshark reads in the public captures that hold HTTP/2, in the clear or with secrets of their own:
#   public.sh FOLDER >public.tsv
# TCP stream replaced by the capture's name; ports that tshark does not know are named here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
streams() {
    name=$1
    shift
    "$here/h2_streams.py" "$folder/$name" "$@" | cut -f2- | while IFS= read -r line; do printf '%s\t%s\n' "$name" "$line"; done
}
folder=$1
s=OISF+suricata-verify/tests
streams $s/app-layer-protocol-exact/input.pcap
streams $s/bug-5929-02/http2_multiple_headers.pcap
streams $s/dns-over-http2-post/dns_over_https_POST.pcap
streams $s/http2-continuation/input.pcap
streams $s/http2-deflate-case/input.pcap
streams $s/http2-errorcode/input.pcap -d tcp.port==6233,http2
streams arkime+arkime/tests/pcap/http2-nghttp2.pcap
streams deepflowio+deepflow/agent/resources/test/flow_generator/http/grpc-service-name.pcap -d tcp.port==38888,http2
streams mikekap+pcap2har/tests/resources/firefox-tls13-facebook-dsb.pcapng
streams mikekap+pcap2har/tests/resources/http2-dump.pcap
