#!/usr/bin/env python3
"""messages.py ROOT [--update]: every text in the program that a person may read, held against messages.txt beside this file.

A new or changed message fails the test until it was read: is it plain English, does it say what is wrong, where, and what to
do? Then --update writes the list anew. A text is a string literal of two words or more; adjacent literals are one."""
import os, re, sys

LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "messages.txt")
# SQL, roff and shell; notes that nothing prints.
SKIPPED = ("src/cli/generate/", "src/cli/sqlite", "src/correlate/times.h")
ASSERTION = re.compile(r"_Static_assert\s*\((?:[^()]|\([^()]*\))*\)\s*;")
TOKEN = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'|\\\n|\s+|[^"'/\s\\]+|.""", re.S)
PAGE_TEXT = re.compile(r""""((?:\\.|[^"\\\n])*)"|'((?:\\.|[^'\\\n])*)'|`((?:\\.|[^`\\])*)`|>([^<>{}]+)<""")
COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.S)


def sources(root):
    for top in ("src", "include"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), root)
                if name.endswith((".c", ".h", ".js", ".html")) and not path.startswith(SKIPPED):
                    yield path


def literals_of_c(text):
    """Adjacent literals joined, as the compiler joins them; a macro between two (PRIu64) stands as %."""
    joined, pending = [], None
    for token in TOKEN.findall(ASSERTION.sub("", text)):
        if token[0] == '"':
            pending = (pending or "") + token[1:-1]
        elif token.isspace() or token.startswith(("//", "/*")) or token == "\\\n":
            continue
        elif pending is not None:
            joined.append(pending)
            pending = None
    return joined


def literals_of_page(text):
    return [next(filter(None, groups), "") for groups in PAGE_TEXT.findall(COMMENT.sub(" ", text))]


def is_message(literal):
    """Two words with a space between, and not made for programs."""
    plain = re.sub(r"%[-0-9.*]*(?:l|ll|z)?[a-z]", "%", literal)
    if re.search(r'^[.\\#]|[{}<>]|\\"|=>|^ *(SELECT|INSERT|CREATE|PRAGMA)|^[MmLlHhVv][0-9 ]', plain):
        return bool(re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", plain))
    return bool(re.search(r"[A-Za-z%)'\",:;] +[A-Za-z%('\",]", plain) and re.search(r"[A-Za-z]{2,}", plain.replace("\\n", " ")))


def messages(root):
    found = set()
    for path in sources(root):
        with open(os.path.join(root, path), encoding="utf-8") as f:
            text = f.read()
        literals = literals_of_c(text) if path.endswith((".c", ".h")) else literals_of_page(text)
        found |= {(os.path.dirname(path), " ".join(s.split())) for s in literals if is_message(s)}
    return [f"{folder}\t{text}\n" for folder, text in sorted(found)]


def main():
    now = messages(sys.argv[1])
    if sys.argv[2:] == ["--update"]:
        with open(LIST, "w", encoding="utf-8") as f:
            f.writelines(now)
        return 0
    with open(LIST, encoding="utf-8") as f:
        known = f.readlines()
    new, gone = sorted(set(now) - set(known)), sorted(set(known) - set(now))
    for line in new:
        print("not read yet:", line, end="")
    for line in gone:
        print("no longer there:", line, end="")
    print(f"{len(now)} messages")
    if new or gone:
        print("Read them as a user would, then: tests/messages/messages.py . --update")
    return 1 if new or gone or len(now) < 500 else 0


if __name__ == "__main__":
    sys.exit(main())
