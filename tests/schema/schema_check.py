#!/usr/bin/env python3
"""schema_check.py PROGRAM SCRATCH: what the program writes over the captures of the laboratory, the field and the incidents is of
the JSON Schemas in src/doc/schema/, and their enums are the program's lists. Needs python3-jsonschema; without it only the lists are held
against the schemas. `schema_check.py PROGRAM --update` writes the lists into the schemas."""
import copy, glob, json, os, shutil, subprocess, sys

import lists

TESTS = os.path.join(lists.ROOT, 'tests')
FOLDERS = ['golden/lab', 'golden/field', 'golden/captures', 'golden/h2', 'incidents/captures', 'incidents/own']


def load():
    schemas = {}
    for path in sorted(glob.glob(os.path.join(lists.SCHEMAS, '*.schema.json'))):
        with open(path) as f:
            schemas[os.path.basename(path)[:-len('.schema.json')]] = json.load(f)
    return schemas


def check_lists(program, schemas, update):
    stale = []
    for name, schema in schemas.items():
        assert schema['title'] == 'pcap2trace.' + name.replace('-', '/', 1), f'{name}: its title is {schema["title"]}'
        text = lists.layout(lists.current(program, schema)) + '\n'
        path = os.path.join(lists.SCHEMAS, name + '.schema.json')
        with open(path) as f:
            if f.read() == text:
                continue
        stale.append(name)
        if update:
            with open(path, 'w') as f:
                f.write(text)
    if stale and not update:
        sys.exit(f'{", ".join(stale)}: not what the lists of the program say: run schema_check.py PROGRAM --update')


class Checker:
    def __init__(self, schemas):
        from jsonschema import Draft202012Validator
        self.of = {}
        self.counts = dict.fromkeys(schemas, 0)
        for name, schema in schemas.items():
            Draft202012Validator.check_schema(schema)
            self.of[name] = Draft202012Validator(schema)

    def accept(self, name, value, where):
        for error in self.of[name].iter_errors(value):
            sys.exit(f'{where}: not of {name}: {error.json_path}: {error.message}')
        self.counts[name] += 1

    def refuse(self, name, value, why):
        assert not self.of[name].is_valid(value), f'{name} takes {why}'


def run(program, *arguments, codes=(0, 1)):
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    assert done.returncode in codes, (arguments, done.returncode, done.stderr)
    return done.stdout


def captures(folder):
    return sorted(p for p in glob.glob(os.path.join(TESTS, folder, '*.pcap*')))


def keys_of(path):
    stem = path[:path.index('.pcap')]
    found = [p for p in (stem + '.keys', stem + '.keylog', stem + '.keylog.txt', stem + '.log') if os.path.exists(p)]
    return ['--keylog', found[0]] if found else []


def form(x):
    """Exchanges alike in all that a schema can mind: one of each is enough."""
    return json.dumps([x['kind'], x['outcome'], sorted(x), sorted(f['code'] for f in x['findings']), sorted((x['transport'] or {}).items(), key=str) and
                       sorted(x['transport']), sorted({(e['hook'], len(e['args']), e['basis']) for e in x['events']}), sorted({l['relation'] for l in x['links']})])


def spoiled(x):
    """Copies of an exchange, each with something that no exchange may have."""
    def copied(change):
        y = copy.deepcopy(x)
        change(y)
        return y
    yield 'an unknown member', copied(lambda y: y.update(surprise=1))
    yield 'an unknown finding', copied(lambda y: y['findings'].append({'code': 'dns.new', 'severity': 'info', 'text': 'x', 'evidence': []}))
    yield 'an unknown argument', copied(lambda y: y['events'][0]['args'].update(surprise=1))
    yield 'an unknown hook', copied(lambda y: y['events'][0].update(hook='GotLost'))
    yield 'bounds that leave the time out', copied(lambda y: y['events'][0].update(bounds_us=[1.0, 2.0]))
    yield 'a time without nanoseconds', copied(lambda y: y.update(start='2026-01-02T03:04:05Z'))


def check_exchanges(program, check):
    seen, total = set(), 0
    for path in (p for folder in FOLDERS for p in captures(folder)):
        lines = run(program, '-q', '--all', '-T', 'ndjson', *keys_of(path), path).splitlines()
        for line in lines[:100] + lines[100::10]:
            x = json.loads(line)
            total += 1
            if form(x) in seen:
                continue
            seen.add(form(x))
            check.accept('exchange-2', x, f'{path}: {x["id"]}')
    for why, bad in spoiled(x):
        check.refuse('exchange-2', bad, why)
    assert total > 5000 and len(seen) > 300, (total, len(seen))
    return total


def compact_form(x):
    """As form() of the compact one: its events by hook, and how long they and their lists of arguments are."""
    events = sorted({(e[0], len(e) > 1 and isinstance(e[1], (int, float)), tuple(len(a) for a in e[1:] if isinstance(a, list))) for e in x.get('events', [])})
    return json.dumps([x['kind'], x['outcome'], sorted(x), sorted(f[0] for f in x.get('findings', [])), sorted(x.get('transport', {})),
                       sorted(x.get('connection', {})), events, sorted({link[0] for link in x.get('links', [])})])


def spoiled_compact(x):
    def copied(change):
        y = copy.deepcopy(x)
        change(y)
        return y
    first = x['events'][0]
    assert isinstance(first[1], (int, float)), first
    yield 'an unknown member', copied(lambda y: y.update(surprise=1))
    yield 'null instead of nothing', copied(lambda y: y.update(error=None))
    yield 'an empty list', copied(lambda y: y.update(findings=[]))
    yield 'an unknown hook', copied(lambda y: y['events'][0].__setitem__(0, 'GotLost'))
    yield 'a basis by its name', copied(lambda y: y['events'][0].__setitem__(2, 'observed'))
    yield 'bounds that leave the time out', copied(lambda y: y['events'][0].__setitem__(3, 1.5))
    yield 'an argument too many', copied(lambda y: y['events'][0].append(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']))
    yield 'an event without a moment and with half of one', copied(lambda y: y['events'].append(first[:3]))
    yield 'the schema of the full form', copied(lambda y: y.update(schema='pcap2trace.exchange/2'))


def check_compact(program, check):
    seen, whole = set(), None
    for path in (p for folder in FOLDERS for p in captures(folder)):
        for line in run(program, '-q', '--all', '-T', 'ndjson', '--compact', *keys_of(path), path).splitlines():
            x = json.loads(line)
            if compact_form(x) in seen:
                continue
            seen.add(compact_form(x))
            check.accept('exchange-2-compact', x, f'{path}: {x["id"]}')
            whole = x if len(x.get('events', [])) > 3 else whole
    for why, bad in spoiled_compact(whole):
        check.refuse('exchange-2-compact', bad, why)
    assert len(seen) > 300, len(seen)


def disturbed(lines):
    """Live traces that agree with none, some or all of what they were made of: a hook out of place, one missing, an error, nobody's."""
    for i, x in enumerate(json.loads(line) for line in lines):
        if i % 4 == 1 and x['events']:
            x['events'][-1]['time'] = x['start'][:11] + '00:00:00Z'
        if i % 4 == 2:
            x['events'] = x['events'][1:]
            x['error'] = 'something else'
        if i % 4 == 3:
            x['id'], x['url'], x['host'], x['connection'] = '0' * 16, 'http://nowhere.example/', 'nowhere.example', None
        yield {**x, 'schema': 'pcap2trace.live/1'}


def check_compared(program, check):
    pairs = 0
    for path in captures('golden/lab') + captures('golden/field'):
        traces = list(disturbed(run(program, '-q', '-T', 'ndjson', path).splitlines()[:12]))
        for trace in traces:
            check.accept('live-1', trace, path)
        live = '\n'.join(json.dumps(trace) for trace in traces)
        done = subprocess.run([program, 'compare', '-q', '-T', 'json', '--live', '-', path], input=live, capture_output=True, text=True)
        if done.stdout:
            result = json.loads(done.stdout)
            check.accept('compare-1', result, path)
            pairs += len(result['pairs'])
    check.refuse('compare-1', {**result, 'surprise': 1}, 'an unknown member')
    incident = os.path.join(lists.ROOT, 'samples/incident/incident')
    check.accept('compare-1', json.loads(run(program, 'compare', '-q', '-T', 'json', '--live', incident + '.log', incident + '.pcap')), incident)
    assert pairs > 100, pairs


def check_summaries(program, check):
    for path in captures('incidents/captures') + captures('golden/field'):
        s = json.loads(run(program, 'summary', '-q', '-T', 'json', path))
        check.accept('summary-1', s, path)
        for cause in s['causes'][:1]:
            for example in cause['examples'][:1]:
                for told in [json.loads(run(program, 'explain', '-q', '-T', 'json', '--id', example, path))]:
                    check.accept('explain-1', told, f'{path}: {example}')
    check.refuse('summary-1', {**s, 'surprise': 1}, 'an unknown member')
    check.refuse('explain-1', [{**told[0], 'outcome': 'lost'}], 'an unknown outcome')


def check_batches(program, check, scratch):
    shutil.rmtree(scratch, ignore_errors=True)
    folder, out = os.path.join(scratch, 'captures'), os.path.join(scratch, 'out')
    os.makedirs(folder)
    for path in captures('golden/lab')[:6]:
        shutil.copy(path, folder)
    run(program, 'batch', '-q', '--settle', '0', '--final', '--out', out, folder, codes=(0,))
    with open(os.path.join(out, 'manifest.ndjson')) as f:
        windows = [json.loads(line) for line in f]
    for window in windows:
        check.accept('window-1', window, out)
    assert len(windows) >= 6 and {x['file'] for x in windows} >= set(os.listdir(folder)), windows
    check.refuse('window-1', {**windows[0], 'surprise': 1}, 'an unknown member')
    with open(os.path.join(out, windows[0]['output'])) as f:
        some = json.loads(f.readline())['id']
    shutil.move(folder, folder + '-gone')
    gone = json.loads(run(program, 'explain', '-q', '-T', 'json', '--id', some, out))
    assert gone[0]['events'] and not gone[0]['packets'], gone
    check.accept('explain-1', gone, 'without captures')
    shutil.move(folder + '-gone', folder)
    for line in run(program, 'plan', folder, codes=(0,)).splitlines():
        check.accept('shard-1', json.loads(line), 'plan')
    check.refuse('shard-1', {**json.loads(line), 'shard': -1}, 'a negative number')


def main():
    program, rest = sys.argv[1], sys.argv[2]
    schemas = load()
    check_lists(program, schemas, rest == '--update')
    if rest == '--update':
        return 0
    try:
        check = Checker(schemas)
    except ImportError:
        print('skipped: needs python3-jsonschema (the lists in the schemas are right)')
        return 77
    total = check_exchanges(program, check)
    check_compact(program, check)
    check_compared(program, check)
    check_summaries(program, check)
    check_batches(program, check, rest)
    unused = [name for name, n in check.counts.items() if n == 0]
    assert not unused, f'no output was of {unused}'
    print(f'{total} exchanges; checked:', ', '.join(f'{n} {name}' for name, n in check.counts.items()))
    return 0


sys.exit(main())
