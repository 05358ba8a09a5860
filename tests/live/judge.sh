#!/usr/bin/env bash
# Holds what run.sh left in DIR against the program: a table per scenario and hook, exit 1 where it misses a bar.
# usage: judge.sh DIR PCAP2TRACE [busy]     busy: what is late by less than 100 ms is the machine's scheduling
set -euo pipefail
dir=$1
program=$2
while read -r name _ <&3; do
    status=0
    "$program" compare -T json --keylog "$dir/$name.keys" --live "$dir/$name.live" "$dir/$name.pcap" \
        >"$dir/$name.json" 2>"$dir/$name.compare" || status=$?
    if [ $status -gt 1 ]; then
        cat "$dir/$name.compare" >&2
        exit 1
    fi
done 3<"$dir/scenarios"
exec "$dir/lab" judge "$dir" "${@:3}"
