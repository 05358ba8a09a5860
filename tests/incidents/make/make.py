#!/usr/bin/env python3
"""Makes the captures of ../own and their rows in ../truth.tsv.

make.py [-o FOLDER] [-k] [NAME...]     as root; -k keeps each one's working folder; NAME: the beginning of a name
make.py -o FOLDER --random SEED[:COUNT] [NAME...]     instead: incidents by chance (families/random.py)

Each incident runs in namespaces of its own (mounts, processes, network), which end with it. Needs ip, nft, ethtool,
tcpdump, tshark, go, openssl and zstd; and, for what uses them, node, java, nginx, haproxy, curl and a Python (P2T_PYTHON)
with requests, httpx and grpcio (and aiohttp and urllib3 for those by chance).
"""

import argparse, importlib, json, os, pkgutil, shutil, struct, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import families, opaque, truth
from families import INCIDENTS

INSIDE = 'unshare -m -n -p -f --kill-child --mount-proc timeout 90'.split()


def load():
    chance = bool(os.environ.get('INCIDENTS_RANDOM'))
    for module in pkgutil.iter_modules(families.__path__):
        if (module.name == 'random') == chance:
            importlib.import_module(f'families.{module.name}')


def build(folder):
    subprocess.run(['go', 'build', '-buildvcs=false', '-o', f'{folder}/peer', '.'], cwd=f'{HERE}/peer', check=True)
    if shutil.which('javac'):
        subprocess.run(['javac', '-d', folder, f'{HERE}/clients/Calls.java'], check=True)


def inside(work, tools, name):
    """In the namespaces: runs one incident and leaves capture.pcap, live.ndjson and truth.json in work."""
    from lab import Lab

    incident = INCIDENTS[name]
    lab = Lab(work, f'{tools}/peer', os.environ.get('P2T_PYTHON', sys.executable), **incident.network)
    incident.describe(lab)
    lab.run()
    silent = [log for log in lab.logs if not os.path.exists(log) or not os.path.getsize(log)]
    if silent:
        raise RuntimeError(f'no call of {silent}')
    calls = sorted((json.loads(l) for log in lab.logs for l in open(log)), key=lambda c: c['start'])
    with open(f'{work}/live.ndjson', 'w') as out:
        out.writelines(json.dumps(c) + '\n' for c in calls)
    if lab.capture_plan['step']:
        second, by = lab.capture_plan['step']
        set_clock(f'{work}/capture.pcap', lab.begin + second, by)
    with open(f'{work}/truth.json', 'w') as out:
        json.dump(truth.rows(lab, calls, incident.half), out)


def set_clock(path, when, by):
    """What the capture would say had its host's clock been set by so many seconds at that time."""
    with open(path, 'rb') as f:
        data = bytearray(f.read())
    at = 24
    while at < len(data):
        second, micro, size = struct.unpack_from('<III', data, at)
        if second + micro / 1e6 >= when:
            struct.pack_into('<II', data, at, *divmod(round((second + by) * 1e6 + micro), 1000000))
        at += 16 + size
    with open(path, 'wb') as f:
        f.write(data)


def make(name, tools, out, keep):
    work = tempfile.mkdtemp(prefix=f'incident-{name}-')
    for _ in range(3):  # a busy machine may be too slow to start it all
        command = [*INSIDE, sys.executable, __file__, '--inside', work, tools, name]
        done = subprocess.run(command, capture_output=True, text=True)
        if 'too slow' not in done.stderr:
            break
    if done.returncode:
        print(f'{name}: {done.stderr.strip()[-400:]} ({work})', flush=True)
        return False
    opaque.write(f'{work}/capture.pcap', opaque.blank(f'{work}/capture.pcap'))
    for source, target in (('capture.pcap', f'{name}.pcap.zst'), ('live.ndjson', f'{name}.live.ndjson.zst')):
        subprocess.run(['zstd', '--ultra', '-22', '-q', '-f', f'{work}/{source}', '-o', f'{out}/{target}'], check=True)
    with open(f'{work}/truth.json') as f:
        rows = json.load(f)
    truth.replace(f'{os.path.dirname(out)}/truth.tsv', f'{os.path.basename(out)}/{name}.pcap.zst', rows)
    for r in rows:
        told = ' '.join(str(r[c]) for c in ('codes', 'side', 'subject', 'since', 'until', 'calls', 'failed'))
        size = os.path.getsize(f'{out}/{name}.pcap.zst') // 1024
        print(f'{name}: {size} kB; {told}' + (f' ({work})' if keep else ''), flush=True)
    if not keep:
        shutil.rmtree(work)
    return True


def main():
    if sys.argv[1:2] == ['--inside']:
        load()
        inside(*sys.argv[2:])
        return 0
    parser = argparse.ArgumentParser()
    parser.add_argument('-o')
    parser.add_argument('-k', action='store_true')
    parser.add_argument('--random', metavar='SEED[:COUNT]')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()
    if options.random and not options.o:
        parser.error('--random needs -o: its incidents are none of ours')
    os.environ['INCIDENTS_RANDOM'] = options.random or ''
    load()
    out = os.path.abspath(options.o or os.path.join(HERE, '..', 'own'))
    os.makedirs(out, exist_ok=True)
    tools = tempfile.mkdtemp(prefix='incident-tools-')
    build(tools)
    chosen = [n for n in sorted(INCIDENTS) if not options.names or n.startswith(tuple(options.names))]
    good = [make(n, tools, out, options.k) for n in chosen]
    shutil.rmtree(tools)
    return 0 if all(good) else 1


sys.exit(main())
