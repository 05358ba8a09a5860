#!/bin/bash
# package_test.sh BUILD SOURCE WORK: makes the .deb packages of a build, installs them into a root of their own, runs the program, its
# manual page, completions and the embedding sample there, and removes them: nothing stays behind. The root is this machine's, under an
# overlay; with FRESH=1 a new one by debootstrap, and lintian looks at the packages (minutes). Needs root, dpkg and cpack, and may mount in a namespace of its own.
set -euo pipefail
build=$1 source=$2 work=$3

skip() { echo "skipped: $1"; exit 77; }
fail() { echo "$1" >&2; exit 1; }

if [ "${4:-}" != inside ]; then
    for tool in cpack dpkg dpkg-shlibdeps unshare gzip pkg-config; do
        command -v $tool > /dev/null || skip "needs $tool"
    done
    [ "$(id -u)" = 0 ] || skip "needs root, to mount and to install"
    unshare --mount true 2> /dev/null || skip "may not make a mount namespace"
    rm -rf "$work"
    mkdir -p "$work"
    exec unshare --mount "$0" "$build" "$source" "$work" inside
fi

mount --make-rprivate /
# Its own file system: an overlay does not take folders of another overlay for its upper one.
mount -t tmpfs none "$work"
mkdir "$work/debs" "$work/root" "$work/upper" "$work/overlay"
(cd "$build" && cpack -G DEB -B "$work/debs" > "$work/cpack.log" 2>&1) || fail "cpack: $(tail -5 "$work/cpack.log")"
if [ "${FRESH:-}" = 1 ] && command -v lintian > /dev/null; then
    # Who publishes packages says who answers for them: P2T_MAINTAINER.
    lintian --allow-root --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog --fail-on error "$work"/debs/*.deb > "$work/lintian.log" 2>&1 ||
        { cat "$work/lintian.log"; fail "lintian found errors"; }
    echo "lintian: no error"
fi

root=$work/root
if [ "${FRESH:-}" = 1 ]; then
    debootstrap --variant=minbase "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" "$root" > "$work/debootstrap.log" 2>&1
    chroot "$root" apt-get install -q -y --no-install-recommends gcc libc6-dev pkg-config man-db bash-completion zsh fish > "$work/apt.log" 2>&1
else
    mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/overlay" "$root" 2> /dev/null || skip "may not mount an overlay over this machine's root"
fi
mount -t proc proc "$root/proc"
mkdir -p "$root/tmp/p"
cp "$work"/debs/*.deb "$source/samples/incident/incident.pcap" "$source/samples/embed.c" "$root/tmp/p/"

inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C TERM=dumb DEBIAN_FRONTEND=noninteractive "$@"; }
# What is in the root, but for what dpkg and ldconfig keep of their own.
everything() {
    (cd "$root" && find usr etc opt var -xdev \( -path var/lib/dpkg -o -path var/cache -o -path var/lib/apt -o -path var/log -o -path etc/ld.so.cache \) -prune -o -print | sort)
}

inside dpkg --purge libpcap2trace-dev pcap2trace libpcap2trace0 > /dev/null 2>&1 || true
if [ "${FRESH:-}" = 1 ]; then # what the packages depend on is not theirs
    depends=$(for deb in "$work"/debs/*.deb; do dpkg-deb -f "$deb" Depends | tr ',' '\n' | sed 's/(.*//; s/ //g' | grep -v pcap2trace; done | sort -u)
    # shellcheck disable=SC2086 # words
    inside apt-get install -q -y --no-install-recommends $depends > "$work/apt.log" 2>&1
fi
everything > "$work/before"
if ! inside sh -c 'dpkg -i /tmp/p/*.deb' > "$work/dpkg.log" 2>&1; then
    grep -q 'dependency problems' "$work/dpkg.log" && [ "${FRESH:-}" != 1 ] && skip "this machine lacks what the packages depend on: $(grep 'depends on' "$work/dpkg.log" | head -2)"
    fail "dpkg -i: $(tail -5 "$work/dpkg.log")"
fi

inside pcap2trace --version | head -1
inside pcap2trace summary /tmp/p/incident.pcap > "$work/summary"
grep -q 'exists but has no address' "$work/summary" || fail "the program says: $(cat "$work/summary")"
file=$(inside readlink -f /usr/bin/pcap2trace)
! readelf -S "$root$file" | grep -q '\.debug_info' || fail "the program is not stripped"
inside dpkg -L pcap2trace > "$work/files"
grep -q '/usr/share/pcap2trace/schema/exchange-' "$work/files" || fail "no JSON Schemas"
grep -qE '/man1/pcap2trace\.1\.gz$' "$work/files" || fail "no manual page"
for page in $(grep -E '/man[15]/.*\.gz$' "$work/files"); do
    if inside sh -c 'command -v man' > /dev/null; then
        inside sh -c "MANWIDTH=80 man --warnings -l $page 2>&1 >/dev/null | head -3" > "$work/man"
        [ ! -s "$work/man" ] || fail "man $page: $(cat "$work/man")"
    fi
done
for completion in $(grep -E '/(bash-completion|site-functions|vendor-completions|vendor_completions\.d)/.*[^/]$' "$work/files"); do
    [ -f "$root$completion" ] || continue
    case $completion in
    */bash-completion/*) inside bash -c ". $completion && complete -p pcap2trace" ;;
    *.fish) ! inside sh -c 'command -v fish' > /dev/null || inside fish --no-execute "$completion" ;;
    *) ! inside sh -c 'command -v zsh' > /dev/null || inside zsh -n "$completion" ;;
    esac || fail "$completion does not work"
    echo "completion: $completion"
done
# The shared library is found at once: the package tells ldconfig.
if inside sh -c 'command -v cc && command -v pkg-config' > /dev/null; then
    inside sh -c 'cd /tmp/p && cc embed.c -o embed $(pkg-config --cflags --libs pcap2trace) && ./embed incident.pcap' > "$work/embed"
    grep -q dns_error "$work/embed" || fail "embed.c: $(cat "$work/embed")"
    inside sh -c 'readelf -d /tmp/p/embed | grep -q libpcap2trace.so.0' || fail "embed.c took another library"
    echo "embed.c: $(wc -l < "$work/embed") lines"
fi

inside dpkg --purge libpcap2trace-dev pcap2trace libpcap2trace0 > "$work/dpkg.log" 2>&1 || fail "dpkg --purge: $(tail -5 "$work/dpkg.log")"
everything > "$work/after"
diff "$work/before" "$work/after" || fail "files stayed behind"
[ ! -e "$root/usr/share/pcap2trace" ] || fail "/usr/share/pcap2trace stayed behind"
echo "installed, run and removed without a trace"
