#!/bin/bash
# foreign.sh PROGRAM WORK ARCH...: builds for other processors of Debian 12 (arm64, s390x, ...), runs unit, laboratory and field tests there
# under qemu, and compares what the program writes of all captures of the repository with what PROGRAM, of this machine, writes. Needs
# root and apt-get install debootstrap qemu-user-static gcc-aarch64-linux-gnu gcc-s390x-linux-gnu. Ten minutes for each; not part of ctest.
set -euo pipefail
program=$(realpath "$1")
work=$2
shift 2
source=$(cd "$(dirname "$0")/../.." && pwd)
packages=libc6-dev,libpcap-dev,libcjson-dev,zlib1g-dev,libdeflate-dev,libzstd-dev,liblz4-dev,liblzma-dev,libnghttp2-dev,libssl-dev,libsqlite3-dev,libcmocka-dev,node-llhttp

skip() { echo "skipped: $1"; exit 77; }

# The libraries of that processor, unpacked: nothing of them is installed here.
make_root() {
    local arch=$1 root=$2 suite
    [ -e "$root/whole" ] && return
    suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    rm -rf "$root"
    debootstrap --foreign --variant=minbase --arch="$arch" --include="$packages" "$suite" "$root" > "$root.log" 2>&1 ||
        { tail -3 "$root.log"; skip "debootstrap of $arch failed"; }
    for package in "$root"/var/cache/apt/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root"
    done
    touch "$root/whole"
}

build() {
    local triplet=$1 processor=$2 root=$3 out=$4
    cat > "$out.cmake" <<END
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR $processor)
set(CMAKE_C_COMPILER $triplet-gcc)
set(CMAKE_SYSROOT $root)
set(CMAKE_LIBRARY_ARCHITECTURE $triplet)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-$processor-static;-L;$root)
END
    cmake -S "$source" -B "$out" -G Ninja --toolchain "$out.cmake" -DP2T_WERROR=ON -DP2T_LTO=OFF -DP2T_BENCH=OFF \
        ${LAUNCHER:+-DCMAKE_C_COMPILER_LAUNCHER=$LAUNCHER} > "$out.log"
    cmake --build "$out" >> "$out.log" || { tail -20 "$out.log"; exit 1; }
}

# What both write of each capture, and how often they differ.
compare() {
    local differ=0 n=0 capture keys
    while read -r capture; do
        keys=$(ls "${capture%%.pcap*}".keys "${capture%%.pcap*}".keylog.txt 2> /dev/null | head -1) || true
        for command in "trace -T ndjson --all" "trace -T text" "summary -T json"; do
            # shellcheck disable=SC2086 # words
            if ! cmp -s <("$program" $command -q ${keys:+--keylog "$keys"} "$capture" 2>&1) \
                <("$@" $command -q ${keys:+--keylog "$keys"} "$capture" 2>&1); then
                echo "differs: $command $capture"
                differ=$((differ + 1))
            fi
            n=$((n + 1))
        done
    done < <(find "$source/tests/golden" "$source/tests/incidents" "$source/tests/batch" "$source/samples" -name '*.pcap*' | sort)
    echo "$n outputs, $differ differ"
    [ "$n" -gt 500 ] && [ "$differ" = 0 ]
}

# A batch that one began and the other ends, against one that this machine does alone; and the states of its windows.
carry_over() {
    local folder=$1
    shift
    rm -rf "$folder"
    mkdir -p "$folder/in"
    zstd -dqc "$source/tests/incidents/captures/04-first-resolver-silent.pcap.zst" > "$folder/whole.pcap"
    head -c 200000 "$folder/whole.pcap" > "$folder/in/a.pcap"
    "$program" batch -q --settle 0 --out "$folder/alone" "$folder/in" || true
    "$@" batch -q --settle 0 --out "$folder/both" "$folder/in" || true
    cp "$folder/whole.pcap" "$folder/in/a.pcap"
    "$program" batch -q --final --out "$folder/alone" "$folder/in"
    "$program" batch -q --final --out "$folder/both" "$folder/in"
    for name in "$folder"/alone/0*.ndjson; do cmp "$name" "$folder/both/${name##*/}"; done
    cmp <("$program" summary -q -T json "$folder/alone") <("$@" summary -q -T json "$folder/both")
    echo "a batch of both is the same"
}

# What runs in the emulator. Not: tests that start the program themselves, which would start it without, and five that take too long.
run_tests() {
    ctest --test-dir "$1" --show-only=json-v1 > "$1/tests.json"
    python3 - "$1/tests.json" > "$1/tests.txt" << 'END'
import json, re, sys
not_here = re.compile(r'cli_program|findings.*|batch_(?!unit).*|growth.*|memory.*|robust.*|make_capture|jobs|session_forged|input_ahead_same|input_compression|reread_captures|compare|compare_field|compare_lab|secrets|man_page')
for test in json.load(open(sys.argv[1]))['tests']:
    if 'qemu-' in test.get('command', [''])[0] and not not_here.fullmatch(test['name']):
        print(test['name'])
END
    [ "$(wc -l < "$1/tests.txt")" -gt 100 ] || { echo "only $(wc -l < "$1/tests.txt") tests"; exit 1; }
    ctest --test-dir "$1" --output-on-failure -j 2 -R "^($(paste -sd '|' "$1/tests.txt"))\$"
}

mkdir -p "$work"
work=$(realpath "$work")
LAUNCHER=$(command -v ccache || true)
for arch in "$@"; do
    case $arch in
    arm64) triplet=aarch64-linux-gnu processor=aarch64 ;;
    s390x) triplet=s390x-linux-gnu processor=s390x ;;
    *) echo "foreign.sh knows arm64 and s390x, not $arch" >&2; exit 2 ;;
    esac
    for tool in debootstrap "qemu-$processor-static" "$triplet-gcc" zstd; do
        command -v "$tool" > /dev/null || skip "needs $tool"
    done
    [ "$(id -u)" = 0 ] || skip "debootstrap needs root"
    make_root "$arch" "$work/root-$arch"
    build "$triplet" "$processor" "$work/root-$arch" "$work/build-$arch"
    emulated=(qemu-$processor-static -L "$work/root-$arch" "$work/build-$arch/src/cli/pcap2trace")
    echo "== $arch: $("${emulated[@]}" --version | head -1), $(file -b "$work/build-$arch/src/cli/pcap2trace" | cut -d, -f1-2)"
    compare "${emulated[@]}"
    carry_over "$work/carried-$arch" "${emulated[@]}"
    run_tests "$work/build-$arch"
done
