#!/bin/sh
# doc_files.sh ROOT: every file or folder of the repository that the documents name between backticks must exist. A name
# counts when it begins with a folder of the top level; "src/write/json/json.h" and "tests/golden/lab/" do, "FILE" and
# "build/..." do not.
cd "$1" || exit 2
documents="src/README.md .github/CONTRIBUTING.md CHANGELOG.md src/doc/answers.md src/doc/architecture.md src/doc/batch.md src/doc/causes.md src/doc/compare.md src/doc/contract.md src/doc/hooks.md src/doc/input.md src/doc/limits.md src/doc/output.md src/doc/trust.md src/doc/versions.md src/doc/systems.md src/doc/packages.md .github/SECURITY.md"
missing=0
named=0
for document in $documents; do
    [ -f "$document" ] || { echo "missing document: $document"; missing=1; continue; }
    # A name in capitals (NAME_fuzz.c) or with <...> stands for many.
    for name in $(grep -oE '`(src|include|samples|tests|\.ci|\.cmake|\.github)/[^` ]+`|`(README|CHANGELOG)\.md`' "$document" | tr -d '`' |
                  grep -vE '[A-Z]{4,}_|[<*]' | sort -u); do
        named=$((named + 1))
        [ -e "$name" ] || { echo "$document names $name, which is not there"; missing=1; }
    done
done
[ "$named" -ge 50 ] || { echo "only $named names found: the documents were not checked"; exit 1; }
echo "$named names in documents"
exit $missing
