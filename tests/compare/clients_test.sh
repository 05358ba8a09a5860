#!/bin/sh
# Real clients beside a real capture, in a network namespace of their own: one that is stopped for a while, one with a
# slow server, and curl; or, with samples_test.py, those of samples/live/. clients_test.sh PROGRAM [SCRIPT]
for tool in python3 tcpdump unshare; do
    command -v $tool >/dev/null || { echo "skipped: $tool is not there"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: only root can capture"; exit 77; }
unshare -n true 2>/dev/null || { echo "skipped: network namespaces cannot be made here"; exit 77; }
exec unshare -n python3 "$(dirname "$0")/${2:-clients_test.py}" "$1"
