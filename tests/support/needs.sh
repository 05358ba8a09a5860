#!/bin/sh
# needs.sh PATH COMMAND...: runs a test of captures that are not part of the repository, or says what is missing and
# skips it (77).
path=$1
shift
if [ ! -e "$path" ]; then
    echo "skipped: needs $path, which is not here (set P2T_CAPTURES to the folder that holds it)"
    exit 77
fi
exec "$@"
