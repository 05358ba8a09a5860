#!/bin/sh
# Lets talk.go talk anew, and runs the given test over what was captured. 77: something it needs is not here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
for program in go tcpdump ip openssl; do
    command -v "$program" >/dev/null || { echo "skipped: no $program"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: not root"; exit 77; }
go version | grep -Eq 'go1\.(2[4-9]|[3-9][0-9])' || { echo "skipped: $(go version) has no unencrypted HTTP/2"; exit 77; }
ns=p2tp$$
ip netns add "$ns" 2>/dev/null || { echo "skipped: no network namespaces"; exit 77; }
ip netns del "$ns"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$here/make-h2.sh" "$work" talk
"$1" "$work"
