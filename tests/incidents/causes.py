#!/usr/bin/env python3
"""Judges the causes that `summary` names on captures whose truth is known: FOLDER/truth.tsv (default: beside this file).

causes.py PROGRAM [--folder FOLDER] [--only PATTERN] [--half tune|judge] [--every N] [--mutations [KIND,...]] [--floor PERCENT] [--jobs N] [-v]

A capture is right when the true cause (code, side, subject) is the first one named, or both are the first two where
there are two, and when a healthy one has none (but what truth.tsv lets stand); and no cause may lie outside of its
capture's time. With --mutations the same is asked of
what mutate_captures.py makes of each. Prints a row for each that is wrong (-v: for all) and totals.

Exit status 1 if less than PERCENT (default 90) of those with a cause are right, in either half, or any healthy one, any
with two causes or any of captures/ is wrong; with --mutations: if less than PERCENT of the mutants are right. 77: no
`summary`.
"""

import argparse, concurrent.futures, datetime, fnmatch, json, os, subprocess, sys, tempfile
from collections import defaultdict

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import mutate_captures as mutate
import pcap
from verdicts import Expected, Truth, standing


def rows(folder, pattern, half):
    """{file: [Truth...]}, in the table's order."""
    found = defaultdict(list)
    with open(f'{folder}/truth.tsv') as f:
        names = f.readline().rstrip('\n').split('\t')
        for line in f:
            row = dict(zip(names, line.rstrip('\n').split('\t')))
            if (not half or row['half'] == half) and fnmatch.fnmatch(row['file'], f'*{pattern}*'):
                found[row['file']].append(Truth(row))
    return found


def causes(program, capture):
    """The causes named, best first; None and why where there are none to read."""
    done = subprocess.run([program, '-q', 'summary', '-T', 'json', capture], capture_output=True, text=True)
    try:
        told = json.loads(done.stdout)
        assert told['schema'] == 'pcap2trace.summary/1'
        stray = next((c for c in told['causes'] if strays(c, told)), None)
        if stray:
            return None, f"{brief(stray)} is of {stray['since']} until {stray['until']}, outside of the capture"
        return told['causes'], None
    except (ValueError, KeyError, AssertionError):
        return None, done.stderr.strip().splitlines()[-1:] or [f'exit status {done.returncode}']


def strays(cause, told):
    """Whether its times are over a second outside of the capture's, whose clock was not set."""
    if any(c['code'] == 'capture.clock' for c in told['causes']):
        return False
    first, since, until, last = (
        datetime.datetime.fromisoformat(t[:19])
        for t in (told['since'], cause['since'], cause['until'], told['until'])
    )
    second = datetime.timedelta(seconds=1)
    return not first - second <= since <= until <= last + second


def strings(x):
    if isinstance(x, dict):
        return [s for v in x.values() for s in strings(v)]
    return [s for v in x for s in strings(v)] if isinstance(x, list) else [x] if isinstance(x, str) else []


def names(told, subject):
    """Whether it is that name or address, with a port or without."""
    return subject in (told, told.rsplit(':', 1)[0].strip('[]'))


def fits(cause, truth):
    """An allowance has codes only; a code ending in .* is a family."""
    return (
        any(fnmatch.fnmatch(cause['code'], c) for c in truth.codes)
        and (not truth.sides or cause['side'] in truth.sides)
        and (not truth.subjects or any(names(told, s) for s in truth.subjects for told in strings(cause['subject'])))
    )


def right(told, expected):
    """Whether the causes told, in their order, are an expected verdict."""
    rest = [
        c
        for c in told
        if any(fits(c, t) for t in expected.required + expected.perhaps)
        or not any(fits(c, a) for a in expected.beside)
    ]
    if not expected.required:
        return not rest or any(fits(rest[0], t) for t in expected.perhaps)
    first = rest[: len(expected.required)]
    return (
        len(first) == len(expected.required)
        and all(any(fits(c, t) for t in expected.required) for c in first)
        and all(any(fits(c, t) for c in first) for t in expected.required)
    )


def plain(truths):
    if truths[0].healthy:
        return Expected(beside=standing(truths))
    return Expected(truths)


def brief(cause):
    subject = ' '.join(strings({k: v for k, v in cause['subject'].items() if k != 'kind'}))
    return f"{cause['code']} {cause['side']} {subject} {cause['calls']}/{cause['failed']}"


def wanted(expected):
    def names(truths):
        return ' + '.join(' '.join('|'.join(part) for part in (t.codes, t.sides, t.subjects)) for t in truths)

    say = names(expected.required) or ' or '.join(filter(None, ['silence', names(expected.perhaps)]))
    return say + (f', beside {names(expected.beside)}' if expected.beside else '')


class Result:
    def __init__(self, file, kind, half, expected, told, why):
        self.folder, self.name = os.path.dirname(file), os.path.basename(file)[: -len('.pcap.zst')]
        self.kind, self.half, self.expected, self.told, self.why = kind, half, expected, told, why
        self.good = told is not None and right(told, expected)
        self.two = len(expected.required) > 1
        self.healthy = not expected.required  # at least of this cut

    def line(self):
        said = (
            f'cannot be read: {self.why}' if self.told is None else '; '.join(map(brief, self.told[:3])) or 'silence'
        )
        return f"{'right' if self.good else 'WRONG'} {self.kind:12} {self.name}\n      said   {said}" + (
            '' if self.good else f'\n      wanted {wanted(self.expected)}'
        )


def judge(program, home, file, truths, kinds):
    """All results of one capture: itself, or its mutants."""
    path = f'{home}/{file}'
    if not kinds:
        return [Result(file, 'plain', truths[0].half, plain(truths), *causes(program, path))]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, capture, expected in mutate.mutants(pcap.read(path), truths, kinds):
            pcap.write(capture, f'{folder}/{kind}.pcap')
            found.append(Result(file, kind, truths[0].half, expected, *causes(program, f'{folder}/{kind}.pcap')))
            os.unlink(f'{folder}/{kind}.pcap')
    return found


def share(results):
    good = sum(r.good for r in results)
    return f'{good} of {len(results)}' + (f' ({100 * good / len(results):.0f}%)' if results else '')


def totals(results):
    mutated = any(r.kind != 'plain' for r in results)
    key = (lambda r: r.kind) if mutated else (lambda r: r.half)
    print(f"\n{'':14}{'with causes':>18}{'two of them':>18}{'may be silent' if mutated else 'healthy':>18}")
    groups = [(k, [r for r in results if key(r) == k]) for k in dict.fromkeys(map(key, results))]
    for label, group in groups + [('all', results)]:
        columns = ([r for r in group if not r.healthy], [r for r in group if r.two], [r for r in group if r.healthy])
        print(f'{label:14}' + ''.join(f'{share(c):>18}' for c in columns))


def reached(results, floor):
    return 100 * sum(r.good for r in results) >= floor * len(results)


# What is known to be wrong, and why. One that comes out right must be taken off.
KNOWN = {}


def passed(results, floor):
    for r in results:
        if r.name in KNOWN and r.kind == 'plain':
            print(f'known: {r.name}: {KNOWN[r.name]}')
            if r.good:
                print('  but it is right: take it off the list')
                return False
    sure = [r for r in results if (r.healthy or r.two or r.folder == 'captures') and r.name not in KNOWN]
    return reached(sure, 100) and all(
        reached([r for r in results if r.half == h and not r.healthy], floor) for h in ('tune', 'judge')
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('program')
    parser.add_argument('--folder', default=HERE)
    parser.add_argument('--only', default='')
    parser.add_argument('--half', choices=('tune', 'judge'))
    parser.add_argument('--every', type=int, default=1, help='take every Nth capture only')
    parser.add_argument('--mutations', nargs='?', const=','.join(mutate.KEEPING + mutate.MAKING))
    parser.add_argument('--floor', type=float, default=90)
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('-v', action='store_true')
    options = parser.parse_args()
    if subprocess.run([options.program, 'summary', '--help'], capture_output=True).returncode:
        print('skipped: the program has no summary')
        return 77
    kinds = options.mutations.split(',') if options.mutations else None
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        work = [
            pool.submit(judge, options.program, options.folder, f, t, kinds)
            for f, t in list(rows(options.folder, options.only, options.half).items())[:: options.every]
        ]
        results = [r for w in work for r in w.result()]
    for r in results:
        if options.v or not r.good:
            print(r.line())
    totals(results)
    return 0 if results and (reached(results, options.floor) if kinds else passed(results, options.floor)) else 1


if __name__ == '__main__':
    sys.exit(main())
