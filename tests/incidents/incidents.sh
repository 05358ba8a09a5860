#!/bin/sh
# incidents.sh PROGRAM: of the calls whose id stands in clear text in an incident's capture, 99.7% are told as their client
# saw them.
here=$(cd "$(dirname "$0")" && pwd)
for tool in python3 zstd; do
    command -v "$tool" >/dev/null || { echo "skipped: needs $tool"; exit 77; }
done
exec python3 "$here/judge.py" "$1" "$here/captures" -v
