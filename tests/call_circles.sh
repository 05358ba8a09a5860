#!/bin/sh
# Files of src/ that call each other in a loop, read from the object files: call_circles.sh READELF BUILD_DIR
#
# A loop means that none of its files can be understood, tested or moved without all the others. A new one fails here:
# move the function that both sides need down into a file of its own. readelf sees the plain half of the fat objects of
# a build with link-time optimisation, so that any build will do.
set -eu
readelf=$1
build=$2

# Loops that may stay, two at most, each with its reason above it: the files of one loop on a line.
allowed=''

find "$build/src" -name '*.c.o' -exec "$readelf" -sW {} + | awk -v allowed="$allowed" '
function file_of(path) { # .../src/flow/CMakeFiles/p2t_flow.dir/key.c.o -> flow/key.c
    sub(/.*\/src\//, "", path)
    sub(/CMakeFiles\/[^\/]*\.dir\//, "", path)
    sub(/\.o$/, "", path)
    return path
}

function read_list(text, list, kind,    lines, words, n, i, j, count) {
    n = split(text, lines, "\n")
    for (i = 1; i <= n; i++) {
        if (split(lines[i], words, " ") == 0)
            continue
        count++
        for (j in words)
            list[words[j]] = kind count
    }
    return count + 0
}

# Tarjan: strongly connected components of more than one file.
function visit(v,    w, callees, n, i, size, members) {
    number[v] = lowest[v] = ++visited
    stack[++depth] = v
    on_stack[v] = 1
    n = split(calls[v], callees, " ")
    for (i = 1; i <= n; i++) {
        w = callees[i]
        if (!(w in number)) {
            visit(w)
            if (lowest[w] < lowest[v])
                lowest[v] = lowest[w]
        } else if (on_stack[w] && number[w] < lowest[v])
            lowest[v] = number[w]
    }
    if (lowest[v] != number[v])
        return
    do {
        w = stack[depth--]
        on_stack[w] = 0
        members[++size] = w
    } while (w != v)
    if (size > 1)
        report(members, size)
}

# A loop is known when all of its files stand on one line of a list.
function report(members, size,    i, entry, known) {
    entry = permitted[members[1]]
    known = entry != ""
    for (i = 2; i <= size; i++)
        known = known && permitted[members[i]] == entry
    if (known) {
        found[entry] = 1
        return
    }
    failed = 1
    printf "%d files call each other in a loop:\n", size
    for (i = 1; i <= size; i++)
        explain(members[i], members, size)
}

function explain(file, members, size,    i) {
    for (i = 1; i <= size; i++)
        if ((file, members[i]) in example)
            printf "  %s -> %s: %s\n", file, members[i], example[file, members[i]]
}

/^File: / { file = file_of($2); files[file] = 1; next }
$5 != "GLOBAL" && $5 != "WEAK" { next }
$7 == "UND" { needs[file] = needs[file] " " $8; next }
{ definer[$8] = file; symbols++ }

END {
    count = read_list(allowed, permitted, "allowed ")
    for (file in needs) {
        n = split(needs[file], names, " ")
        for (i = 1; i <= n; i++) {
            other = definer[names[i]]
            if (other == "" || other == file || (file, other) in example)
                continue
            example[file, other] = names[i]
            calls[file] = calls[file] " " other
            edges++
        }
    }
    if (symbols < 500 || edges < 500) {
        printf "only %d symbols and %d calls between files found: nothing was checked\n", symbols, edges
        exit 1
    }
    for (file in files)
        if (!(file in number))
            visit(file)
    if (count > 2) {
        print "more than two loops are allowed"
        failed = 1
    }
    for (i = 1; i <= count; i++)
        if (!(("allowed " i) in found)) {
            printf "allowed loop %d is gone: take it off the list\n", i
            failed = 1
        }
    if (failed)
        exit 1
    printf "%d calls between files, and no loop that is not allowed\n", edges
}'
