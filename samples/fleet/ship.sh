#!/bin/sh
# ship.sh TRACES CAPTURES REMOTE [ONCE]: brings what batch wrote to REMOTE/NODE/, an rclone remote (store:traces), and keeps the node's disk
# small. Every minute, or once.
#   - SHIP=all (default): exchanges move there once they are two minutes old, with the states of their windows and of hours and days;
#   - SHIP=sums: only the states of hours and days go there; exchanges stay here for KEEP_MINUTES;
#   - states of windows stay here for a day: the sums of hours and days are made of them;
#   - captures are removed after KEEP_MINUTES (60). They never leave the node.
set -eu
traces=$1 captures=$2 remote=$3/${NODE:-$(hostname)} keep=${KEEP_MINUTES:-60}

# The manifest last: what it names is there.
ship() {
    if [ "${SHIP:-all}" = all ]; then
        rclone move --min-age "${MIN_AGE:-2m}" --include '/0*.ndjson.zst' "$traces" "$remote" &&
            rclone copy --include '/0*.summary.zst' "$traces" "$remote" || return
    fi
    rclone copy --include '/{hour,day}-*.summary.zst' "$traces" "$remote" && rclone copy --include '/manifest.ndjson' "$traces" "$remote"
}

while :; do
    ship || echo "ship.sh: rclone failed; the next round goes on" >&2
    [ "${SHIP:-all}" = all ] || find "$traces" -maxdepth 1 -name '0*.ndjson.zst' -mmin "+$keep" -delete
    find "$traces" -maxdepth 1 -name '0*.summary.zst' -mmin +1500 -delete
    find "$captures" -maxdepth 1 -name '*.pcap' -mmin "+$keep" -delete
    [ "${4:-}" != ONCE ] || exit 0
    sleep 60
done
