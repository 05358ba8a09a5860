#!/usr/bin/env bash
# What Go's own client makes of the HTTP/1 responses of captures, held against what pcap2trace says.
# usage: oracle.sh PCAP2TRACE CAPTURE_OR_FOLDER...
# Go, tshark and zstd must be there: else 77. Prints each difference; 1 if one is not in explained.tsv.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$1
shift
PATH=$PATH:/usr/local/go/bin
for tool in go tshark zstd; do
    command -v "$tool" >/dev/null || { echo "$tool is missing"; exit 77; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
(cd "$here" && go build -buildvcs=false -o "$dir/oracle" .)
# tshark need not read zstd.
mkdir "$dir/captures"
find "$@" -name '*.zst' -type f | while read -r capture; do
    plain=$dir/captures/${capture#/}
    mkdir -p "$(dirname "$plain")"
    zstd -qdc "$capture" >"${plain%.zst}"
done
"$dir/oracle" "$program" "$here/explained.tsv" "$@" "$dir/captures"
