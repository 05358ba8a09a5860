#!/bin/sh
# parallel.sh MANIFEST OUT WORKERS [OPTION...]: as many workers on this machine, each with its part of the shards.
set -eu
manifest=$1
out=$2
workers=$3
shift 3
seq 0 $((workers - 1)) | parallel --jobs "$workers" "${PCAP2TRACE:-pcap2trace}" batch --manifest "$manifest" --shard {}/"$workers" --out "$out" "$@"
