#!/bin/sh
# static.sh FOLDER: builds pcap2trace linked statically, into FOLDER/pcap2trace: a file to copy to any Linux of this processor. On Debian
# 12, as root, after the packages that the README installs to build. cJSON is compiled along: Debian has no static library of it.
set -eu
mkdir -p "$1"
out=$(cd "$1" && pwd)
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# The sources of cJSON as Debian has them; the machine's own list of sources stays as it is.
mkdir -p "$work/lists/partial" "$work/parts"
. /etc/os-release
cat > "$work/parts/sources.sources" <<END
Types: deb-src
URIs: http://deb.debian.org/debian
Suites: $VERSION_CODENAME
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
apt="-q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$work/parts -o Dir::State::lists=$work/lists -o APT::Sandbox::User=root"
cd "$work"
# shellcheck disable=SC2086 # words
apt-get $apt update > apt.log 2>&1 && apt-get $apt source --download-only cjson >> apt.log 2>&1 || { cat apt.log; exit 1; }
mkdir cjson
tar -xf cjson_*.orig.tar.* -C cjson --strip-components=1

cmake -S "$source" -B "$work/build" -G Ninja -DP2T_STATIC=ON -DP2T_CJSON_SOURCE="$work/cjson" -DBUILD_TESTING=OFF > cmake.log || { cat cmake.log; exit 1; }
cmake --build "$work/build" > build.log 2>&1 || { tail -20 build.log; exit 1; }
strip -o "$out/pcap2trace" "$work/build/src/cli/pcap2trace"
ls -l "$out/pcap2trace"
