#!/bin/sh
# pages_check.sh FOLDER PAGE...: the manual pages below FOLDER, and others, are without a warning. Skipped (77) where no
# program is there to say so.
folder=$1
shift
status=77
if command -v mandoc > /dev/null; then
    status=0
    mandoc -T lint -W warning "$@" "$folder"/*.[15] || exit 1
fi
if command -v man > /dev/null; then
    status=0
    for page in "$@" "$folder"/*.[15]; do
        said=$(MANWIDTH=80 man --warnings -l "$page" 2>&1 > /dev/null)
        [ -z "$said" ] || { echo "$page: $said"; exit 1; }
    done
fi
[ $status = 0 ] || echo "neither mandoc nor man is installed: skipped"
exit $status
