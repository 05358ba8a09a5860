#!/bin/sh
# compile.sh ROOT: every source file compiles for other systems: macOS on arm64, Linux with musl, Linux on arm64. Needs zig, which
# brings their headers (`pip install ziglang`); those of the dependencies are taken from this machine. Two minutes; not part of ctest.
set -eu
root=$(cd "$1" && pwd)
zig=$(command -v zig || python3 -c 'import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), "zig"))' 2>/dev/null) ||
    { echo "skipped: needs zig (pip install ziglang)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# The dependencies' headers alone: others of this machine are its C library's.
for name in pcap pcap.h pcap-bpf.h cjson zlib.h zconf.h libdeflate.h zstd.h zstd_errors.h lz4.h lz4frame.h lzma lzma.h nghttp2 sqlite3.h openssl llhttp.h; do
    for folder in /usr/include "/usr/include/$(cc -print-multiarch)" /usr/share/include/llhttp; do
        [ ! -e "$folder/$name" ] || cp -rL "$folder/$name" "$work/"
    done
    [ -e "$work/$name" ] || { echo "skipped: needs the headers that README's test command installs ($name is missing)"; exit 77; }
done

cat > "$work/one.sh" <<END
#!/bin/sh
# one.sh TARGET FILE
name=$work/\$1-\$(echo "\$2" | tr / _)
"$zig" cc -target "\$1" -c -o "\$name.o" -std=c11 -D_GNU_SOURCE -DP2T_VERSION=0 -DP2T_HAVE_SQLITE -Isrc -Iinclude -isystem "$work" "\$2" \\
    >"\$name.log" 2>&1 || { echo "\$1: \$2"; grep -m 3 error: "\$name.log" || cat "\$name.log"; }
rm -f "\$name.o"
END
chmod +x "$work/one.sh"
cd "$root"
failed=0
for target in aarch64-macos x86_64-linux-musl aarch64-linux-gnu; do
    find src -name '*.c' | sort | xargs -P "$(nproc)" -n 1 "$work/one.sh" "$target" > "$work/$target.txt"
    cat "$work/$target.txt"
    [ ! -s "$work/$target.txt" ] || failed=1
    echo "$target: $(find src -name '*.c' | wc -l) files"
done
exit $failed
