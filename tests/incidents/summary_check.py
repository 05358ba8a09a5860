#!/usr/bin/env python3
"""summary_check.py PROGRAM: what `summary -T json` writes has the shape of src/doc/schema/summary-1.schema.json, and is the same for any
number of threads and however the capture is cut into files. The schema needs python3-jsonschema; without it, only members
and codes are checked."""
import json, os, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import pcap

CAPTURES = ['captures/01-empty-answer-go-and-glibc', 'captures/06-upstream-reset-behind-proxy', 'captures/09-receiver-window-closed',
            'captures/12-h2-connection-window', 'captures/14-accept-queue-full', 'captures/16-healthy-with-noise',
            'captures/17-stale-keep-alive-and-search-walk', 'own/26-answer-too-big', 'own/48-certificate-expired']


def summary(program, options, paths):
    run = subprocess.run([program, 'summary', '-q', '-T', 'json', *options, *paths], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f'{paths[0]}: exit {run.returncode}: {run.stderr}')
    return run.stdout


def cut(path, parts, folder):
    """The capture in so many files."""
    capture, names = pcap.read(path), []
    for i in range(parts):
        frames = capture.frames[len(capture.frames) * i // parts:len(capture.frames) * (i + 1) // parts]
        names.append(os.path.join(folder, f'{i}.pcap'))
        pcap.write(capture.with_frames(frames), names[-1])
    return names


def without_files(text):
    """Evidence names files: of a cut capture others."""
    summary = json.loads(text)
    for cause in summary['causes']:
        cause['evidence'] = len(cause['evidence'])
    return summary


def halves(name, at, folder):
    """The capture before and after so many seconds."""
    capture = pcap.read(os.path.join(HERE, name + '.pcap.zst'))
    paths = [os.path.join(folder, 'before.pcap'), os.path.join(folder, 'after.pcap')]
    limit = capture.frames[0].t + int(at * 1e9)
    pcap.write(capture.with_frames([f for f in capture.frames if f.t < limit - 200_000_000]), paths[0])
    pcap.write(capture.with_frames([f for f in capture.frames if f.t >= limit]), paths[1])
    return paths


# What is slow from the first packet on is told by the baseline alone: capture, when its incident began, kind, quantile, phase, route.
CHANGES = [('own/129-one-replica-is-slow', 5, 'slower', 'p90', 'wait', '/relics/*'), ('own/24-resolver-slow', 5, 'slower', 'p50', 'dns', '/b/*'),
           ('own/36-path-got-longer', 6, 'slower', 'p50', 'wait', '/t/*'),
           ('captures/18-load-balancer-503', 6, 'fails_more', None, None, None)]


def check_baselines(program, check):
    for name, at, kind, quantile, phase, route in CHANGES:
        with tempfile.TemporaryDirectory() as folder:
            before, after = halves(name, at, folder)
            found = json.loads(summary(program, ['--baseline', before], [after]))
            same = json.loads(summary(program, ['--baseline', after], [after]))
        for error in (*check.iter_errors(found), *check.iter_errors(same)) if check else ():
            sys.exit(f'{name} with a baseline: {error.json_path}: {error.message}')
        changes = [c for c in found['baseline']['changes'] if c['kind'] == kind]
        assert changes, (name, found['baseline'])
        if quantile:
            assert any((c['quantile'], c['phase'], c['route']) == (quantile, phase, route) for c in changes), (name, changes)
        assert found['causes'] and not found['causes'][0]['in_baseline'], name
        assert same['baseline']['changes'] == [] and same['baseline']['new'] == [] == same['baseline']['gone'], (name, same['baseline'])
        assert all(c['in_baseline'] for c in same['causes'] if c['code'] in {x['code'] for x in found['causes']}) or not same['causes'], name
    return len(CHANGES)


# Questions without an answer, ICMP, clocks: what a restart must not forget.
CARRIED = ['captures/04-first-resolver-silent', 'own/22-parallel-question-lost', 'own/29-resolver-process-gone', 'own/79-clock-set-forward']


def batch(program, folder, out, *options):
    subprocess.run([program, 'batch', '-q', '--out', out, '--settle', '0', *options, folder], check=True)


def check_manifests(program, check):
    """A manifest that is cut, empty, repeated or no file at all is said, and nothing is counted twice."""
    with tempfile.TemporaryDirectory() as folder:
        captures, out, manifest = (os.path.join(folder, x) for x in ('captures', 'out', 'out/manifest.ndjson'))
        os.mkdir(captures)
        cut(os.path.join(HERE, CAPTURES[0] + '.pcap.zst'), 3, captures)
        batch(program, captures, out, '--final')
        with open(manifest) as f:
            whole, lines = summary(program, [], [out]), f.read()

        def read(text, *paths):
            if text is not None:
                with open(manifest, 'w') as f:
                    f.write(text)
            return subprocess.run([program, 'summary', '-T', 'json', *(paths or [out])], capture_output=True, text=True, timeout=60)

        for text, said in ((lines[:-20], 'is cut'), ('', 'names no window'), (lines + lines, 'out of order')):
            run = read(text)
            assert run.returncode == 1 and said in run.stderr, (said, run)
        assert run.stdout == whole
        run = read(lines, out, out)
        assert run.returncode == 2 and 'twice' in run.stderr, run
        state = os.path.join(out, next(name for name in sorted(os.listdir(out)) if name.endswith('.summary.zst')))
        for path in state, manifest:
            os.remove(path)
            os.mkfifo(path)
            run = read(None)
            assert run.returncode == 1 and f'{path}: is not a regular file' in run.stderr, run


def check_batches(program, check):
    """What batch wrote of a growing folder, by a process for each file, adds up to what the captures say."""
    for name in (*CAPTURES, *CARRIED):
        with tempfile.TemporaryDirectory() as folder:
            captures, out, later = (os.path.join(folder, x) for x in ('captures', 'out', 'later'))
            os.mkdir(captures)
            os.mkdir(later)
            parts = cut(os.path.join(HERE, name + '.pcap.zst'), 5, later)
            for part in parts:
                os.rename(part, os.path.join(captures, os.path.basename(part)))
                batch(program, captures, out)
            batch(program, captures, out, '--final')
            added = summary(program, [], [out])
            whole = summary(program, [], [captures])
        for error in check.iter_errors(json.loads(added)) if check else ():
            sys.exit(f'{name} in batch: {error.json_path}: {error.message}')
        assert without_files(added) == without_files(whole), f'{name}: batch adds up to something else'
    return len(CAPTURES) + len(CARRIED)


def main():
    program = sys.argv[1]
    with open(os.path.join(HERE, '../../src/doc/schema/summary-1.schema.json')) as f:
        schema = json.load(f)
    try:
        from jsonschema import Draft202012Validator
        check = Draft202012Validator(schema)
    except ImportError:
        check = None
    codes = {json.loads(line)['code'] for line in
             subprocess.run([program, '--list', 'causes'], capture_output=True, text=True, check=True).stdout.splitlines()}
    causes = 0
    for name in CAPTURES:
        path = os.path.join(HERE, name + '.pcap.zst')
        whole = summary(program, ['-j', '1'], [path])
        for error in check.iter_errors(json.loads(whole)) if check else ():
            sys.exit(f'{name}: {error.json_path}: {error.message}')
        assert set(json.loads(whole)) == set(schema['required']), name
        # As many calls as a list has lines and as its services have.
        lines = subprocess.run([program, '-T', 'lines', path], capture_output=True, check=True).stdout.count(b'\n')
        assert json.loads(whole)['calls'] == lines == sum(r['calls'] for r in json.loads(whole)['services']), (name, lines)
        for cause in json.loads(whole)['causes']:
            assert cause['code'] in codes, (name, cause['code'])
            causes += 1
        for jobs in '2', '3':
            assert summary(program, ['-j', jobs], [path]) == whole, f'{name}: another result with -j {jobs}'
        with tempfile.TemporaryDirectory() as folder:
            parts = cut(path, 5, folder)
            assert without_files(summary(program, ['-j', '2'], parts)) == without_files(whole), f'{name}: another result in 5 files'
    assert causes >= 8, causes
    baselines = check_baselines(program, check)
    batches = check_batches(program, check)
    check_manifests(program, check)
    print(f'{len(CAPTURES)} captures, {causes} causes, {baselines} baselines, {batches} batches' + ('' if check else '; no jsonschema here: shapes were not checked'))


main()
