#!/bin/sh
# static_test.sh SOURCE WORK: samples/fleet/static.sh makes a program that runs in a root with nothing else in it. Minutes; not part of ctest.
set -eu
mkdir -p "$2/root/tmp"
"$1/samples/fleet/static.sh" "$2/root"
cp "$1/samples/incident/incident.pcap" "$2/root/"
for words in "summary" "-f port\ 53" "report -o /tmp/report.html" "-o /tmp/calls.sqlite" "batch --final --out /tmp/out"; do
    case $words in batch*) capture=/ ;; *) capture=/incident.pcap ;; esac
    eval "chroot '$2/root' /pcap2trace $words $capture" > "$2/said" || { echo "$words failed"; exit 1; }
done
chroot "$2/root" /pcap2trace summary /tmp/out | grep 'exists but has no address'
