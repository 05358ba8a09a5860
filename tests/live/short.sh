#!/usr/bin/env bash
# The short set of the laboratory, on a machine that may be busy: what is late by scheduling is not held against anybody.
# usage: short.sh PCAP2TRACE
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$here/run.sh" "$dir" short
"$here/judge.sh" "$dir" "$1" busy
