"""The rows of truth.tsv: what was done, whom it hit by the clients' own logs, and what tshark sees of it in the capture."""

import fcntl, os, statistics, struct, subprocess

COLUMNS = 'file codes side subject since until calls failed half note not_to_blame evidence'.split()


def first_frame(path):
    with open(path, 'rb') as f:
        head = f.read(32)
    seconds, micros = struct.unpack_from('<II', head, 24)
    return seconds + micros / 1e6


def rows(lab, calls, half):
    """Those of one incident; RuntimeError where its fault is not to be seen."""
    if lab.quiet:
        q = lab.quiet
        evidence = seen(lab, q['shows'], 0, lab.seconds, 1)
        empty = dict.fromkeys(COLUMNS, '')
        return [
            dict(
                empty,
                codes=q['allowed'],
                side=q['side'],
                subject='none',
                half=half,
                note=q['note'],
                evidence=evidence,
            )
        ]
    shift = lab.begin - first_frame(f'{lab.work}/capture.pcap')
    return [row(lab, t, calls, shift, half) for t in lab.truths]


def row(lab, t, calls, shift, half):
    last = lab.seconds if t['until'] == 'end' else t['until']
    hit, failed, of = count(calls, t, lab.begin + t['since'], lab.begin + last)
    if t['since'] == 0 and t['until'] == 'end':
        hit = of
    evidence = seen(lab, t['shows'], t['since'] + shift, last + shift, t['least'], t['gap'])
    since, until = f"{max(0, t['since'] + shift):.1f}", 'end' if t['until'] == 'end' else f'{last + shift:.1f}'
    return dict(t, since=since, until=until, calls=f'{hit} of {of}', failed=failed, half=half, evidence=evidence)


def seen(lab, shows, since, until, least, gap=0):
    """What tshark counts for each filter in the window (at least so many, with a gap of so many seconds) and in all."""
    decode = sum((['-d', f'tcp.port=={port},{kind}'] for port, kind in sorted(lab.listeners.items())), [])
    read = ['tshark', '-n', '-r', f'{lab.work}/capture.pcap', *decode, '-T', 'fields', '-e', 'frame.time_relative']
    told = []
    for one in [shows] if isinstance(shows, str) else shows:
        done = subprocess.run([*read, '-Y', one], capture_output=True, text=True)
        times = [float(t) for t in done.stdout.split()]
        inside = [t for t in times if since - 0.5 <= t <= until + 3]
        silence, begin = max(((b - a, a) for a, b in zip(inside, inside[1:])), default=(0, 0))
        if len(inside) < least or silence < gap:
            raise RuntimeError(
                f'{len(inside)} of it in the capture, longest gap {silence:.1f} s: {one} {done.stderr}'
            )
        none = f', none from {begin:.1f} to {begin + silence:.1f} s' if gap else ''
        told.append(f'{len(inside)} of {len(times)} ({inside[0]:.1f}..{inside[-1]:.1f} s{none}) [{one}]')
    return '; '.join(told)


def count(calls, t, since, until):
    """Calls of its callers in the window that were hit (failed, of a bad status, or over three times their usual and 50 ms
    more), that failed, and all.
    """
    own = [c for c in calls if not t['callers'] or c['stream'] in t['callers']]
    within = [c for c in own if c['end'] >= since and c['start'] < until]
    lasted = {}
    for c in own:
        lasted.setdefault(c['stream'], []).append(c['end'] - c['start'])
    usual = {s: statistics.quantiles(v, n=4)[0] if len(v) > 1 else v[0] for s, v in lasted.items()}

    def hit(c):
        limit = max(3 * usual[c['stream']], usual[c['stream']] + 0.05)
        return not c['status'] or c['status'] >= t['bad'] or c['end'] - c['start'] > limit

    failed = sum(not c['status'] or c['status'] >= 500 for c in within)
    return sum(map(hit, within)), failed, len(within)


def read(path):
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return [dict(zip(COLUMNS, l.rstrip('\n').split('\t'))) for l in f][1:]


def replace(path, name, new):
    """Puts the rows of one file in the place of its old ones."""
    lock = os.open(os.path.dirname(path), os.O_RDONLY)  # another make.py may run
    fcntl.flock(lock, fcntl.LOCK_EX)
    every = [r for r in read(path) if r['file'] != name] + [dict(r, file=name) for r in new]
    with open(path, 'w') as out:
        out.write('\t'.join(COLUMNS) + '\n')
        out.writelines('\t'.join(str(r[c]) for c in COLUMNS) + '\n' for r in sorted(every, key=lambda r: r['file']))
    os.close(lock)
