#!/usr/bin/env python3
"""Makes the captures of ../own and their rows in ../truth.tsv.

make.py [-o FOLDER] [-k] [NAME...]     as root; -k keeps the working folder of each; NAME: the beginning of a name

Each incident runs in namespaces of its own (mounts, processes, network), which end with it. Needs ip, nft, ethtool, tcpdump, go,
openssl, zstd; and, for what uses them, node, java, nginx, haproxy, curl and a Python (P2T_PYTHON) with requests, httpx and grpcio.
"""
import argparse, fcntl, importlib, json, os, pkgutil, shutil, statistics, struct, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import families
from families import INCIDENTS

COLUMNS = 'file codes side subject since until calls failed half note not_to_blame evidence'.split()


def load():
    for module in pkgutil.iter_modules(families.__path__):
        importlib.import_module(f'families.{module.name}')


def build(folder):
    subprocess.run(['go', 'build', '-buildvcs=false', '-o', f'{folder}/peer', '.'], cwd=f'{HERE}/peer', check=True)
    if shutil.which('javac'):
        subprocess.run(['javac', '-d', folder, f'{HERE}/clients/Calls.java'], check=True)


def inside(name, work, tools):
    """In the namespaces: makes one incident and leaves capture.pcap and truth.json in work."""
    from lab import Lab
    incident = INCIDENTS[name]
    lab = Lab(work, f'{tools}/peer', os.environ.get('P2T_PYTHON', sys.executable), **incident.network)
    incident.describe(lab)
    lab.run()
    silent = [log for log in lab.logs if not os.path.exists(log) or not os.path.getsize(log)]
    if silent:
        raise RuntimeError(f'no call of {silent}')
    calls = [json.loads(l) for log in lab.logs for l in open(log)]
    with open(f'{work}/live.ndjson', 'w') as out:
        for c in sorted(calls, key=lambda c: c['start']):
            out.write(json.dumps(c) + '\n')
    if lab.capture_plan['step']:
        step_clock(f'{work}/capture.pcap', lab.begin + lab.capture_plan['step'][0], lab.capture_plan['step'][1])
    with open(f'{work}/truth.json', 'w') as out:
        json.dump(rows(lab, calls, first_frame(f'{work}/capture.pcap'), incident.half), out)


def seen(lab, shows, since, until, least, gap=0):
    """What tshark counts in the capture for each filter: in the truth's window (at least so many, with a gap of at least so many seconds), and in all."""
    decode = sum((['-d', f'tcp.port=={port},{kind}'] for port, kind in sorted(lab.listeners.items())), [])
    told = []
    for one in [shows] if isinstance(shows, str) else shows:
        done = subprocess.run(['tshark', '-n', '-r', f'{lab.work}/capture.pcap', *decode, '-Y', one, '-T', 'fields', '-e', 'frame.time_relative'],
                              capture_output=True, text=True)
        times = [float(t) for t in done.stdout.split()]
        inside = [t for t in times if since - 0.5 <= t <= until + 3]
        if len(inside) < least:
            raise RuntimeError(f'only {len(inside)} of it in the capture: {one} {done.stderr}')
        silence, begin = max(((b - a, a) for a, b in zip(inside, inside[1:])), default=(0, 0))
        if silence < gap:
            raise RuntimeError(f'no gap of {gap} s in the capture: {one}')
        told.append(f'{len(inside)} of {len(times)} ({inside[0]:.1f}..{inside[-1]:.1f} s{f", none from {begin:.1f} to {begin + silence:.1f} s" if gap else ""}) [{one}]')
    return '; '.join(told)


def first_frame(path):
    with open(path, 'rb') as f:
        head = f.read(40)
    return struct.unpack('<I', head[24:28])[0] + struct.unpack('<I', head[28:32])[0] / 1e6


def step_clock(path, when, by):
    """The clock of the capturing host is set by so many seconds at that time."""
    with open(path, 'rb') as f:
        data = bytearray(f.read())
    at = 24
    while at < len(data):
        sec, usec, size = struct.unpack_from('<III', data, at)
        if sec + usec / 1e6 >= when:
            t = round((sec + by) * 1e6 + usec)
            struct.pack_into('<II', data, at, t // 1000000, t % 1000000)
        at += 16 + size
    with open(path, 'wb') as f:
        f.write(data)


def rows(lab, calls, zero, half):
    if lab.quiet:
        return [dict(codes=lab.quiet['allowed'], side=lab.quiet['side'], subject='none', since='', until='', calls='', failed='', half=half, note=lab.quiet['note'], not_to_blame='',
                     evidence=seen(lab, lab.quiet['shows'], 0, lab.seconds, 1) if lab.quiet['shows'] else '')]
    found = []
    for t in lab.truths:
        hit, failed, of = count(calls, t['callers'], t['bad'], lab.begin + t['since'], lab.begin + (lab.seconds if t['until'] == 'end' else t['until']))
        shift = lab.begin - zero
        if (t['since'], t['until']) == (0, 'end'):
            hit = of
        until = (lab.seconds if t['until'] == 'end' else t['until']) + shift
        evidence = seen(lab, t['shows'], t['since'] + shift, until, t['least'], t['gap'])
        found.append(dict(t, since=f"{max(0, t['since'] + shift):.1f}", until='end' if t['until'] == 'end' else f'{until:.1f}', evidence=evidence, calls=f'{hit} of {of}',
                          failed=failed, half=half))
    return found


def count(calls, callers, bad, since, until):
    """Calls of those callers in the window that failed, had such a status, or took over three times their usual and 50 ms more; the failed ones; all."""
    own = [c for c in calls if not callers or c['stream'] in callers]
    within = [c for c in own if c['end'] >= since and c['start'] < until]
    usual = {}
    for c in own:
        usual.setdefault(c['stream'], []).append(c['end'] - c['start'])
    usual = {s: statistics.quantiles(v, n=4)[0] if len(v) > 1 else v[0] for s, v in usual.items()}
    failed = [c for c in within if not c['status'] or c['status'] >= 500]
    slow = [c for c in within if c not in failed and (c['status'] >= bad or c['end'] - c['start'] > max(3 * usual[c['stream']], usual[c['stream']] + 0.05))]
    return len(failed) + len(slow), len(failed), len(within)


def truth_rows(path):
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return [dict(zip(COLUMNS, l.rstrip('\n').split('\t'))) for l in f if not l.startswith(('#', 'file\t'))]


def write_truth(path, name, new):
    lock = os.open(os.path.dirname(path), os.O_RDONLY)  # another make.py may run
    fcntl.flock(lock, fcntl.LOCK_EX)
    kept = [r for r in truth_rows(path) if r['file'] != name]
    kept += [dict(r, file=name) for r in new]
    with open(path, 'w') as out:
        out.write('\t'.join(COLUMNS) + '\n')
        for r in sorted(kept, key=lambda r: r['file']):
            out.write('\t'.join(str(r[c]) for c in COLUMNS) + '\n')
    os.close(lock)


def make(name, tools, out, keep):
    work = tempfile.mkdtemp(prefix=f'incident-{name}-')
    command = ['unshare', '-m', '-n', '-p', '-f', '--kill-child', '--mount-proc', 'timeout', '90', sys.executable, __file__, '--inside', work, tools, name]
    for _ in range(3):  # a busy machine may be too slow to start it all
        done = subprocess.run(command, capture_output=True, text=True)
        if 'too slow' not in done.stderr:
            break
    if done.returncode:
        print(f'{name}: {done.stderr.strip().splitlines()[-1:]} ({work})')
        return False
    for source, target in (('capture.pcap', f'{name}.pcap.zst'), ('live.ndjson', f'{name}.live.ndjson.zst')):
        subprocess.run(['zstd', '-19', '-q', '-f', f'{work}/{source}', '-o', f'{out}/{target}'], check=True)
    with open(f'{work}/truth.json') as f:
        new = json.load(f)
    write_truth(f'{os.path.dirname(out)}/truth.tsv', f'{os.path.basename(out)}/{name}.pcap.zst', new)
    for r in new:
        print(f"{name}: {os.path.getsize(f'{out}/{name}.pcap.zst') // 1024} kB; {r['codes']} {r['side']} {r['subject']} {r['since']}..{r['until']} calls {r['calls']} failed {r['failed']}"
              + (f' ({work})' if keep else ''))
    if not keep:
        shutil.rmtree(work)
    return True


def main():
    load()
    if sys.argv[1:2] == ['--inside']:
        inside(sys.argv[4], sys.argv[2], sys.argv[3])
        return 0
    parser = argparse.ArgumentParser()
    parser.add_argument('-o', default=os.path.join(HERE, '..', 'own'))
    parser.add_argument('-k', action='store_true')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()
    out = os.path.abspath(options.o)
    os.makedirs(out, exist_ok=True)
    tools = tempfile.mkdtemp(prefix='incident-tools-')
    build(tools)
    chosen = [n for n in sorted(INCIDENTS) if not options.names or n.startswith(tuple(options.names))]
    good = [make(n, tools, out, options.k) for n in chosen]
    shutil.rmtree(tools)
    return 0 if all(good) else 1


sys.exit(main())
