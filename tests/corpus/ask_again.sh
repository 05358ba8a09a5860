#!/bin/sh
# What tshark counts in a capture when it is asked what we count: messages instead of frames, heads without waiting
# for their bodies, segments put in order, HTTP over TCP only, no messages quoted by ICMP.
#
# usage: ask_again.sh CAPTURE http_requests|http_responses|dns_messages|syn_packets
set -eu

fields() {
    tshark -n -r "$1" -o tcp.reassemble_out_of_order:TRUE -o http.desegment_body:FALSE -Y "$2" \
        -T fields -E occurrence=a -E aggregator=' ' -e "$3" 2>/dev/null | wc -w
}

case "$2" in
http_requests) fields "$1" 'tcp && http.request' http.request.method ;;
http_responses) fields "$1" 'tcp && http.response' http.response.code ;;
dns_messages) fields "$1" 'dns && !icmp && !icmpv6.type <= 4' dns.id ;;
syn_packets) fields "$1" 'tcp.flags.syn == 1 && tcp.flags.ack == 0 && !icmp && !icmpv6.type <= 4' tcp.stream ;;
esac
