#!/usr/bin/env python3
"""Holds how many failures are told of an incident against how many its clients had, each kind by itself: neither one told
twice nor one hidden in another call's story.

counts.py PROGRAM FOLDER... [-v]

FOLDER has NAME.pcap.zst and NAME.live.ndjson.zst. Kinds: dns (names that gave no address), refused, and failed (all of them);
failures that the capture's end left open may be any of the clients'. Where the numbers differ, APART says why; an entry that
does not differ any more is an error, too.
"""
import glob, json, os, re, subprocess, sys

SHARED = 'calls of one client share a lookup'
ELSEWHERE = 'the capture has not all of the clients'
BOTH_LEGS = 'the capture has both legs of a proxy'
ONE_WAY = 'the capture has one direction'
TWICE = "Java's client dials once more before it fails"
QUICK = 'gRPC fails calls at once while it waits before it dials again'
TCP = 'the truncated answer, then TCP refused: the client names the latter'
APART = {
    ('01-empty', 'dns'): SHARED,
    ('06-upstream', 'dns'): ELSEWHERE,
    ('06-upstream', 'failed'): BOTH_LEGS,
    ('109-redirect', 'failed'): 'each answer is a redirection, and the client follows no more',
    ('116-second', 'refused'): TWICE,
    ('116-second', 'failed'): TWICE,
    ('128-upstream', 'refused'): BOTH_LEGS,
    ('128-upstream', 'failed'): BOTH_LEGS,
    ('139-one', 'dns'): ONE_WAY,
    ('14-accept', 'failed'): 'three dials outlive their calls, and succeed',
    ('16-healthy', 'failed'): 'a client looks at the head only, and takes that for a success',
    ('142-grpc', 'refused'): QUICK,
    ('142-grpc', 'failed'): QUICK,
    ('162-ports', 'failed'): 'no port is left: nothing leaves the host',
    ('23-servfail', 'dns'): SHARED,
    ('23-servfail', 'failed'): SHARED,
    ('26-answer', 'dns'): TCP,
    ('26-answer', 'refused'): TCP,
    ('29-resolver', 'dns'): 'its clients name the refused question',
    ('29-resolver', 'refused'): 'its clients name the refused question',
    ('30-resolver', 'dns'): SHARED,
    ('30-resolver', 'failed'): SHARED,
    ('59-upstream', 'failed'): BOTH_LEGS,
}


def zstd(path):
    return subprocess.run(['zstd', '-dcq', path], check=True, capture_output=True).stdout


def live_kind(error):
    if re.search(r'no such host|not known|ENOTFOUND|EAI_|getaddrinfo|resol|server misbehaving|NXDOMAIN', error, re.I):
        return 'dns'
    return 'refused' if re.search(r'refused', error, re.I) else 'other'


def count_live(path):
    counts = {'dns': 0, 'refused': 0, 'failed': 0}
    for line in zstd(path).splitlines():
        error = json.loads(line).get('error')
        if not error:
            continue
        counts['failed'] += 1
        if live_kind(error) != 'other':
            counts[live_kind(error)] += 1
    return counts


def count_told(program, capture):
    counts, still_open = {'dns': 0, 'refused': 0, 'failed': 0}, 0
    out = subprocess.run([program, '-q', '--all', '-T', 'ndjson', capture], check=True, capture_output=True).stdout
    for line in out.splitlines():
        x = json.loads(line)
        codes = {f['code'] for f in x['findings']}
        still_open += x['outcome'] == 'incomplete'
        if x['outcome'] in ('ok', 'incomplete') or x['error'] is None or 'conn.canceled' in codes:
            continue
        counts['failed'] += 1
        counts['dns'] += x['outcome'] == 'dns_error'
        counts['refused'] += x['outcome'] == 'connect_error' and 'conn.refused' in codes
    return counts, still_open


def main():
    program, folders, verbose = sys.argv[1], [a for a in sys.argv[2:] if a != '-v'], '-v' in sys.argv
    wrong = same = 0
    for folder in folders:
        for capture in sorted(glob.glob(os.path.join(folder, '*.pcap.zst'))):
            live = capture.replace('.pcap.zst', '.live.ndjson.zst')
            if not os.path.exists(live):
                continue
            name = '-'.join(os.path.basename(capture).split('-')[:2]).replace('.pcap.zst', '')
            saw, (told, still_open) = count_live(live), count_told(program, capture)
            for kind in saw:
                reason = APART.get((name, kind))
                unseen = still_open if kind == 'failed' else 0
                if (told[kind] <= saw[kind] <= told[kind] + unseen) == (reason is None):
                    same += reason is None
                    if verbose and reason:
                        print(f'{name} {kind}: {saw[kind]} live, {told[kind]} told: {reason}')
                    continue
                wrong += 1
                print(f'{name} {kind}: {saw[kind]} live, {told[kind]} told' + ('; no longer apart' if reason else ''))
    print(f'{same} numbers are the same, {len(APART)} apart with a reason, {wrong} wrong')
    return wrong > 0


sys.exit(main())
