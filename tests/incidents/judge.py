#!/usr/bin/env python3
"""Holds the rebuilt calls of an incident against what its clients saw.

judge.py PROGRAM FOLDER [-v] [NAME...]

FOLDER has NAME.pcap.zst and NAME.live.ndjson.zst: a line for each call with start, end (epoch seconds), status, error
and request_id. A call counts when its id stands in clear text in the capture; then its exchange must have the same
outcome and a total within 25 ms + 10% of the live one. Where a wait leaves no packet (07: the client's own pool;
13: a stopped process), the live call is compared from its request's first packet on. Exit status 1 below 99.7%.
"""
import datetime, json, os, re, subprocess, sys

NO_PACKET = ('07-', '13-')


def zstd(path):
    return subprocess.run(['zstd', '-dcq', path], check=True, capture_output=True).stdout


def seconds(text):
    whole, fraction = text.rstrip('Z').split('.')
    return datetime.datetime.fromisoformat(whole + '+00:00').timestamp() + float('0.' + fraction)


def exchanges(program, capture, keylog):
    command = [program, '-q', '--all', '-T', 'ndjson', '--show-secrets'] + (['--keylog', keylog] if keylog else []) + [capture]
    found = {}
    for line in subprocess.run(command, capture_output=True).stdout.splitlines():
        x = json.loads(line)
        if x['trace_id']:
            found.setdefault(x['trace_id'], []).append(x)
    return found


def live_outcome(call):
    return 'answered' if call['status'] else 'failed'


def wire_outcome(x):
    if x['outcome'] == 'incomplete':
        return 'answered' if x['status'] else 'incomplete'
    return 'answered' if x['status'] and x['outcome'] == 'ok' else 'failed'


def last_of(candidates):
    """The attempt that the application saw: the last one."""
    return max(candidates, key=lambda x: x['start'])


def judge(program, folder, name, verbose):
    capture = f'{folder}/{name}.pcap.zst'
    keylog = f'{folder}/{name}.keylog.txt'
    found = exchanges(program, capture, keylog if os.path.exists(keylog) else None)
    clear = zstd(capture)
    calls = [json.loads(l) for l in zstd(f'{folder}/{name}.live.ndjson.zst').splitlines()]
    good = total = 0
    for call in calls:
        i = call.get('request_id')
        if not i or (i.encode() not in clear and i not in found):
            continue
        total += 1
        if i not in found:
            why = 'not found'
        else:
            first, x = min(found[i], key=lambda e: e['start']), last_of(found[i])
            start = seconds(first['start'])
            live = call['end'] - (max(call['start'], start) if name.startswith(NO_PACKET) else call['start'])
            wire = seconds(x['end']) - start
            why = None
            if live_outcome(call) != wire_outcome(x):
                why = f"live {call['status']} {call.get('error')}, told {x['outcome']} {x['status']} {x['error']}"
            elif abs(wire - live) > 0.025 + 0.1 * live:
                why = f'live {live * 1e3:.1f} ms, told {wire * 1e3:.1f}'
        good += why is None
        if why and verbose:
            print(f"  {name[:2]} {call['client']}/{call['stream']} {i} at {call['start']:.3f}: {why}")
    print(f'{name}: {good} of {total} calls agree')
    return good, total


def main():
    arguments = [a for a in sys.argv[1:] if a != '-v']
    program, folder, names = arguments[0], arguments[1], arguments[2:]
    every = sorted(f[:-len('.pcap.zst')] for f in os.listdir(folder) if f.endswith('.pcap.zst'))
    chosen = [n for n in every if not names or any(n.startswith(w) for w in names)]
    sums = [judge(program, folder, n, '-v' in sys.argv) for n in chosen]
    good, total = (sum(s) for s in zip(*sums))
    print(f'{good} of {total}: {100 * good / total:.2f}%')
    return 0 if total and good >= 0.997 * total else 1


sys.exit(main())
