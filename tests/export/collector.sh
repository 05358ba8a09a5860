#!/bin/sh
# collector.sh PROGRAM FOLDER CAPTURE...: builds a collector in FOLDER (minutes the first time, and its modules are fetched), and runs
# collector.py. Without Go or its modules: 77.
here=$(cd "$(dirname "$0")" && pwd)
program=$1 folder=$2
shift 2
PATH=$PATH:/usr/local/go/bin
command -v go >/dev/null || { echo "skipped: needs go"; exit 77; }
(cd "$here/collector" && go mod download) || { echo "skipped: needs the collector's Go modules"; exit 77; }
mkdir -p "$folder"
(cd "$here/collector" && go build -buildvcs=false -o "$folder/collector" .) || exit 1
exec python3 "$here/collector.py" "$program" "$folder/collector" "$@"
