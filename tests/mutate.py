#!/usr/bin/env python3
"""Mutates what a test must notice, one thing at a time, and tells which mutants live.

    tests/mutate.py [--build BUILD] [--only WORD] [--jobs N]

Run by hand; BUILD (default: build) is a built tree, whose static library gives what is not mutated. Mutated are

    finding     each code in the list, its severity there, and each use of a code in src/judge/findings
    argument    each hook argument's name and kind in the list, and each use of one in src/trace
    bound       each event_earliest() and event_latest() in src/trace: left out
    evidence    each event_evidence() there: left out
    basis       each basis given to event_add() there: the next one
    number      each constant and factor of time or size there: one more

and the tests are those with the label `mutation` (ctest -L mutation), linked anew with the mutant. A mutant is killed
when one of them fails, or when it does not compile. Each takes about a second. The table goes to standard output; the
exit status is 1 when one survived.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MADE = "tests/unit/judge/made.c"
BUILT = "tests/unit/trace/built.c"
TESTS = {
    "findings": ["tests/findings/findings_test.c", MADE],
    "judge_outcome": ["tests/unit/judge/outcome_test.c", MADE],
    "trace_dial": ["tests/unit/trace/dial_test.c", BUILT, MADE],
    "trace_http": ["tests/unit/trace/http_test.c", BUILT, MADE],
    "trace_tls": ["tests/unit/trace/tls_test.c", BUILT, MADE],
}
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O0", "-w"]
FINDINGS, HOOKS, OFFSETS = "include/pcap2trace/finding.h", "include/pcap2trace/hooks.h", "src/trace/offsets.h"


def files(*patterns):
    return sorted(str(p.relative_to(ROOT)) for pattern in patterns for p in ROOT.glob(pattern))


USES = {
    FINDINGS: ["src/judge/findings/names.c"],
    HOOKS: files("src/trace/*events.c"),
    OFFSETS: files("src/trace/*events.c"),
}


def next_of(word, words):
    return words[(words.index(word) + 1) % len(words)]


def found(kind, path, pattern, change, group=0):
    """A mutant for each match: the group is replaced by what change() makes of it."""
    text = (ROOT / path).read_text()
    for m in re.finditer(pattern, text):
        old, new = m.group(group), change(m.group(group))
        if new == old:
            continue
        line = text.count("\n", 0, m.start(group)) + 1
        mutated = text[: m.start(group)] + new + text[m.end(group):]
        yield kind, path, line, " ".join(old.split()), " ".join(new.split()) or "(left out)", mutated


def mutants():
    listed = (ROOT / FINDINGS).read_text()
    codes = re.findall(r'X\((\w+), "[a-z0-9_]+\.', listed)
    hooks = (ROOT / HOOKS).read_text()
    args, place = [], {}
    for first, hook, arg in re.findall(r'(X|FIRST)\((\w+), (\w+), "', hooks):
        args.append(f"P2T_ARG_{hook}_{arg}")
        place[args[-1]] = 0 if first == "FIRST" else place[args[-2]] + 1
    severities = ["ERROR", "WARNING", "INFO"]
    bases = ["P2T_OBSERVED", "P2T_INFERRED", "P2T_ASSUMED"]

    yield from found("finding", FINDINGS, r'"([a-z0-9_]+\.[a-z0-9_]+)"', lambda s: s + "x", 1)
    yield from found("finding", FINDINGS, r'\.[a-z0-9_]+", (ERROR|WARNING|INFO),', lambda s: next_of(s, severities), 1)
    for path in files("src/judge/findings/*.c"):
        yield from found("finding", path, r"P2T_FINDING_(\w+)", lambda s: next_of(s, codes) if s in codes else s, 1)
        yield from found("finding", path, r"P2T_SEVERITY_(\w+)", lambda s: next_of(s, severities), 1)
    yield from found("argument", HOOKS, r'(?:X|FIRST)\(\w+, \w+, "(\w+)"', lambda s: s + "x", 1)
    for path in files("src/trace/*_events.c"):
        yield from found("argument", path, r"(arg_\w+\(args, )(P2T_ARG_\w+)", lambda s: next_of(s, args), 2)
        yield from found("argument", path, r"event_args\(t, ev, (P2T_ARG_\w+)",
                         lambda s: next(a for a in args if place[a] == (place[s] + 1) % 8), 1)
    for path in files("src/trace/*_events.c"):
        yield from found("bound", path, r"event_(?:earliest|latest)\((?:[^()]|\([^()]*\))*\);", lambda s: ";")
        yield from found("evidence", path, r"event_evidence\((?:[^()]|\([^()]*\))*\);", lambda s: ";")
        yield from found("basis", path, r"\bP2T_(?:OBSERVED|INFERRED|ASSUMED)\b", lambda s: next_of(s, bases))
    yield from found("number", OFFSETS, r"_US = (\d+)", lambda s: str(int(s) + 1), 1)
    for path in files("src/trace/*_events.c", "src/trace/trace.c", "src/trace/phases.c"):
        yield from found("number", path, r"(?:_ns|_NS|BYTES) = (\d+)[,; ]", lambda s: str(int(s) + 1), 1)
        yield from found("number", path, r"/ (\d+)\b", lambda s: str(int(s) + 1), 1)


class Workshop:
    """A copy of the sources to be mutated, with objects of all that stays the same."""

    def __init__(self, build):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mutate-"))
        self.library = ROOT / build / "src" / "libpcap2trace.a"
        self.sources = files("src/judge/*.c", "src/judge/findings/*.c", "src/trace/*.c")
        link = (ROOT / build / "build.ninja").read_text()
        self.libraries = re.search(r"build tests/findings/test_findings:.*?LINK_LIBRARIES = (.*?)\n", link, re.S)[1]
        self.libraries = [w for w in self.libraries.split() if not w.endswith("libpcap2trace.a")]
        self.objects = {}
        for source in self.sources + sorted({s for test in TESTS.values() for s in test}):
            self.objects[source] = self.compile(source, self.dir, ROOT)

    def compile(self, source, into, overlay):
        target = into / (source.replace("/", "_") + ".o")
        path = overlay / source if (overlay / source).exists() else ROOT / source
        includes = [f"-I{base}/{d}" for base in (overlay, ROOT) for d in ("src", "include", "tests")]
        subprocess.run(["cc", *FLAGS, *includes, "-c", str(path), "-o", str(target)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return target

    def alive(self, objects, into):
        """Runs the tests; the name of the first that fails, or None."""
        for name, sources in TESTS.items():
            program = into / name
            linked = [str(objects[s]) for s in sources + self.sources]
            subprocess.run(["cc", *linked, str(self.library), *self.libraries, "-o", str(program)], check=True,
                           cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            done = subprocess.run([str(program)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
            if done.returncode != 0:
                return name
        return None

    def affected(self, path):
        """What is to be compiled again: enumerators do not move, and a list's texts are used in few places."""
        return USES.get(path, [path])

    def kill(self, mutant):
        kind, path, line, old, new, text = mutant
        into = pathlib.Path(tempfile.mkdtemp(dir=self.dir))
        (into / path).parent.mkdir(parents=True)
        (into / path).write_text(text)
        objects = dict(self.objects)
        try:
            for source in self.affected(path):
                objects[source] = self.compile(source, into, into)
            by = self.alive(objects, into)
        except subprocess.CalledProcessError:
            by = "compiler"
        except subprocess.TimeoutExpired:
            by = "timeout"
        finally:
            shutil.rmtree(into)
        return kind, path, line, old, new, by


def show(row):
    kind, path, line, old, new, by = row
    killed = "survived" if by is None else "killed"
    print(f"{killed:8} {kind:8} {path}:{line}  {old} -> {new}  {by or ''}".rstrip(), flush=True)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    labelled = subprocess.run(["ctest", "--test-dir", str(ROOT / options.build), "-N", "-L", "mutation"],
                              capture_output=True, text=True, check=True).stdout
    if sorted(re.findall(r"Test +#\d+: (\w+)", labelled)) != sorted(TESTS):
        sys.exit("the tests with the label `mutation` are not those that this script knows")
    workshop = Workshop(options.build)
    try:
        if workshop.alive(workshop.objects, workshop.dir) is not None:
            sys.exit("the tests fail without any mutant")
        chosen = [m for m in mutants() if options.only in f"{m[0]} {m[1]}"]
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            rows = [show(row) for row in pool.map(workshop.kill, chosen)]
    finally:
        shutil.rmtree(workshop.dir)
    print(f"\n{'what':10}{'mutants':>8}{'killed':>8}{'survived':>10}")
    for kind in dict.fromkeys(r[0] for r in rows):
        of = [r for r in rows if r[0] == kind]
        lost = sum(r[5] is None for r in of)
        print(f"{kind:10}{len(of):8}{len(of) - lost:8}{lost:10}")
    survived = sum(r[5] is None for r in rows)
    print(f"{'all':10}{len(rows):8}{len(rows) - survived:8}{survived:10}")
    return survived > 0


if __name__ == "__main__":
    sys.exit(main())
