#!/bin/sh
# run.sh data|hostile|browser PROGRAM FOLDER: the report's tests that need python3; browser wants Chromium, node, playwright-core
# and axe-core, too (their folder in NODE_PATH). What is missing is said, and skips the test (77).
what=$1 program=$2 folder=$3
here=$(dirname "$0")
root=$here/../..
incidents=$root/tests/incidents/captures golden=$root/tests/golden/captures

needs() {
    command -v "$1" >/dev/null 2>&1 || { echo "skipped: needs $1"; exit 77; }
}

page() { # page NAME CAPTURE...
    name=$1
    shift
    "$program" report -o "$folder/$name.html" "$@" || exit 1
}

needs python3
mkdir -p "$folder"
case $what in
data)
    exec python3 "$here/data_check.py" "$program" "$folder" "$root/samples/incident/incident.pcap" \
        "$incidents/03-dead-address-fan-out.pcap.zst" "$incidents/08-retry-storm.pcap.zst" "$incidents/12-h2-connection-window.pcap.zst" \
        "$incidents/11-healthy-h2-tls-far-away.pcap.zst" --keylog "$incidents/11-healthy-h2-tls-far-away.keylog.txt" \
        "$golden/h2c.pcap" "$golden/tls-keys.pcap.gz" --keylog "$golden/tls-keys.log"
    ;;
hostile)
    exec python3 "$here/hostile_check.py" "$program" "$folder" "$root/src/report/page"
    ;;
browser)
    needs node
    CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || { echo "skipped: needs chromium"; exit 77; }
    export CHROMIUM
    node -e 'require("playwright-core"); require.resolve("axe-core/axe.min.js")' 2>/dev/null ||
        { echo "skipped: needs playwright-core and axe-core of npm, and NODE_PATH that names their folder"; exit 77; }
    page incident "$root/samples/incident/incident.pcap"
    page storm "$incidents/08-retry-storm.pcap.zst"
    page changed --baseline "$incidents/16-healthy-with-noise.pcap.zst" "$incidents/08-retry-storm.pcap.zst"
    page healthy "$incidents/16-healthy-with-noise.pcap.zst"
    page causes "$incidents/17-stale-keep-alive-and-search-walk.pcap.zst"
    page h2 --keylog "$incidents/11-healthy-h2-tls-far-away.keylog.txt" "$incidents/11-healthy-h2-tls-far-away.pcap.zst"
    python3 "$here/hostile_check.py" "$program" "$folder" "$root/src/report/page" || exit 1
    (cd "$here" && python3 -c 'import sys, captures
for name, count in (("few", 1000), ("many", 100000)): captures.many(sys.argv[1] + "/" + name + ".pcap", count)' "$folder") || exit 1
    page few "$folder/few.pcap"
    page many "$folder/many.pcap"
    rm -f "$folder/few.pcap" "$folder/many.pcap"
    exec node "$here/browser.js" "$folder"
    ;;
esac
