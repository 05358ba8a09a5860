#!/bin/sh
# importer.sh PROGRAM CAPTURE...: importer.js, where what it needs is there; 77 elsewhere.
here=$(dirname "$0")
command -v node >/dev/null || { echo "skipped: needs node"; exit 77; }
CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || { echo "skipped: needs chromium"; exit 77; }
export CHROMIUM
node -e 'require("playwright-core")' 2>/dev/null ||
    { echo "skipped: needs playwright-core of npm, and NODE_PATH that names its folder"; exit 77; }
exec node "$here/importer.js" "$@"
