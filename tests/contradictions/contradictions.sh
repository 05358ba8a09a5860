#!/bin/sh
# contradictions.sh PROGRAM PATH...: no claim about these captures is contradicted by a packet of theirs.
here=$(cd "$(dirname "$0")" && pwd)
for tool in python3 tshark; do
    command -v "$tool" >/dev/null || { echo "skipped: needs $tool"; exit 77; }
done
program=$1
shift
exec python3 "$here/contradictions.py" "$program" -v "$@"
