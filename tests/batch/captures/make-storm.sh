#!/bin/sh
# Makes storm.pcap.zst anew: 1,200 calls of a real Go client over kept and new connections, from the live laboratory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$here/../../live/run.sh" "$work" storm-idle
zstd -q -19 -f "$work/storm-idle.pcap" -o "$here/storm.pcap.zst"
