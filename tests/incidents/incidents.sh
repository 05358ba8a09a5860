#!/bin/sh
# incidents.sh SCRIPT PROGRAM ARGUMENTS...: runs judge.py or causes.py, which need python3 and zstd; skipped where these are missing.
here=$(cd "$(dirname "$0")" && pwd)
for tool in python3 zstd; do
    command -v "$tool" >/dev/null || { echo "skipped: needs $tool"; exit 77; }
done
script=$1
shift
exec python3 "$here/$script" "$@"
