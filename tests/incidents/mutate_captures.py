#!/usr/bin/env python3
"""Mutants of an incident's capture, as it might have been taken or have happened, and what may be said of each.

mutate_captures.py CAPTURE.pcap[.zst] KIND OUT.pcap [SINCE UNTIL]     makes one by hand

Kinds that keep the truth, or hide it: cut_before, begin_inside, end_inside, cut_after, drop1, one_direction, clock, far60,
far300. Kinds that make a fault of their own in what was healthy (a healthy capture, or the part before the incident):
slow60, slow300, refused, status500, dns_refused, dns_nxdomain. See keeping() and making() for the verdicts.
"""

import os, random, sys
from collections import defaultdict

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from faults import dns, refused, status500
from pcap import ACK, SYN, moved, read, text, write
from verdicts import Expected, Fault, Truth, allowance, standing

KEEPING = 'cut_before begin_inside end_inside cut_after drop1 one_direction clock far60 far300'.split()
MAKING = 'slow60 slow300 refused status500 dns_refused dns_nxdomain'.split()
# What cost nothing nearby; and calls that a kept connection now takes one upon another.
COSTLY = allowance('conn.churn', 'conn.pool_wait')
SMALL_WHEN_FAR = {'dns.search_list', 'conn.churn', 'tcp.nagle'}  # causes that count by their share of a call
FILLED_WHEN_FAR = {'client.stopped'}  # requests are moved into the time in which their process stood still


def between(capture, since, until):
    """By place in the file, for the clock may have been set."""
    zero, frames = capture.frames[0].t, capture.frames
    begin = next((i for i, f in enumerate(frames) if (f.t - zero) / 1e9 >= since), len(frames))
    end = next((i for i in range(begin, len(frames)) if (frames[i].t - zero) / 1e9 >= until), len(frames))
    return capture.with_frames(frames[begin:end])


def drop1(capture):
    dice = random.Random(7)
    return capture.with_frames([f for f in capture.frames if dice.random() >= 0.01])


def one_direction(capture):
    """Only what servers send, and of UDP what comes from a well-known port."""
    sides = capture.servers()
    return capture.with_frames(
        [f for f in capture.frames if f.proto == 6 and sides[f.flow()] == f.src or f.proto == 17 and f.src[1] < 1024]
    )


def clock(capture, by=5e9):
    middle = (capture.frames[0].t + capture.frames[-1].t) // 2
    return capture.with_frames([moved(f, by) if f.t >= middle else f for f in capture.frames])


def reactions(capture, sides):
    """How long the client of each flow takes to acknowledge the SYN-ACK, its way here included; at least 0.5 ms."""
    syn_acks, found = {}, defaultdict(lambda: 500000)
    for f in capture.frames:
        if f.proto != 6:
            continue
        if f.flags & (SYN | ACK) == SYN | ACK:
            syn_acks[f.flow()] = f.t
        elif f.src != sides[f.flow()] and f.flow() in syn_acks:
            found[f.flow()] = max(500000, f.t - syn_acks.pop(f.flow()))
    return found


def later(capture, address, ms, since=0):
    """What the address sends comes so many ms later, and what the peer does upon it too: its ACKs, its next
    request if that was quick. It ends when it ended.
    """
    zero, late, last, out = capture.frames[0].t, defaultdict(int), {}, []
    sides, end = capture.servers(), max(f.t for f in capture.frames)
    reaction = reactions(capture, sides)
    for f in capture.frames:
        if f.proto != 6 or sides[f.flow()][0] != address or (f.t - zero) / 1e9 < since:
            out.append(f)
            continue
        flow = f.flow()
        if f.src[0] == address:
            by = ms * 1e6 + late[flow]
            last[flow] = (f.t, f.t + by)
        else:
            then, shifted = last.get(flow, (f.t, 0))
            by = max(0, shifted + min(f.t - then, reaction[flow]) - f.t)
            late[flow] = by
        out.append(moved(f, by))
    return capture.with_frames(sorted((f for f in out if f.t <= end), key=lambda f: f.t))


MADE = {
    'refused': (
        refused,
        [
            'conn.refused',
            'dns.address_refuses',
            'conn.backlog_reset',
            'conn.refused_by_middle',
            'dns.stale_ttl',
            'dns.changed',
        ],
        ['server', 'network', 'client', 'name_service'],
    ),
    'status500': (status500, ['http.error_cluster', 'http.who_answered'], ['server', 'proxy']),
    'dns_refused': (lambda c: dns(c, 5, False), ['dns.server_failure'], ['resolver', 'name_service']),
    'dns_nxdomain': (lambda c: dns(c, 3, True), ['dns.not_found'], ['name_service']),
}
LONGER_PATH = ['conn.slow_path', 'conn.slow_handshake', 'time.step', 'tcp.bufferbloat']


def making(kind, base):
    """The mutant and its one expected cause; None where the capture has too little for it."""
    if kind in MADE:
        make, codes, sides = MADE[kind]
        done = make(base)
        return done and (done[0], Expected([Fault(codes, sides, [done[1]])], beside=[COSTLY]))
    address = base.busiest()
    if not address or sum(f.proto == 6 and f.src[0] == address and len(f.payload()) > 0 for f in base.frames) < 60:
        return None
    made = later(base, address, int(kind[4:]), base.span() / 2)
    if kind == 'slow300':
        return made, Expected([Fault(LONGER_PATH, ['network'], [text(address)])], beside=[COSTLY])
    # 60 ms are little against some services' own time.
    fault = Fault(LONGER_PATH + ['http.think_time'], ['network', 'server'], [text(address)])
    return made, Expected(perhaps=[fault], beside=[COSTLY])


def healthy_part(capture, truths):
    """What is healthy of a capture, from 0 to the first fault; None if that is too short."""
    if any(c.startswith('capture.') for t in truths for c in t.codes):
        return None
    if truths[0].healthy:
        return capture
    since = min(t.since for t in truths)
    return between(capture, 0, since - 0.3) if since >= 4 else None


WHOLE = {
    'drop1': (drop1, 'capture.drops'),
    'clock': (clock, 'capture.clock'),
    'one_direction': (one_direction, 'capture.one_direction'),
}


def speaks_http2(capture):
    """Then a lost packet takes the meaning of all headers after it."""
    return any(b'PRI * HTTP/2.0' in f.data for f in capture.frames)


def keeping(kind, capture, truths):
    """The mutant and what is expected of it; None where it makes no sense."""
    real = [] if truths[0].healthy else truths
    beside = standing(truths)
    if kind in WHOLE:
        make, said = WHOLE[kind]
        beside += [allowance(said)]
        sure = kind == 'clock' or kind == 'drop1' and not speaks_http2(capture)
        return make(capture), Expected(real, beside=beside) if sure else Expected(perhaps=real, beside=beside)
    if kind in ('far60', 'far300'):
        address = capture.busiest({s for t in truths for s in t.subjects})
        set_back = any('capture.clock' in t.codes for t in truths)  # sorting by time would undo it
        if address is None or truths[0].healthy and beside or set_back:
            return None
        made = later(capture, address, int(kind[3:]))
        small = [t for t in real if (SMALL_WHEN_FAR | FILLED_WHEN_FAR) & set(t.codes)]
        return made, Expected(perhaps=real, beside=[COSTLY]) if small else Expected(real, beside=[COSTLY])
    return cutting(kind, capture, real, beside) if real else None


def cutting(kind, capture, real, beside):
    """A part of an incident's capture."""
    since, until = min(t.since for t in real), min(max(t.until for t in real), capture.span())
    middle = (since + until) / 2
    if kind == 'cut_before':
        return (between(capture, 0, since - 0.3), Expected(beside=beside)) if since >= 3 else None
    if kind == 'cut_after':
        rest = between(capture, until + 3, 1e9)
        return (rest, Expected(perhaps=real, beside=beside)) if capture.span() - until >= 6 else None
    if kind == 'begin_inside':
        # A change before the capture is not in it.
        late = [Fault(['conn.no_answer'], [], []) for t in real if 'dns.changed' in t.codes]
        return between(capture, middle, 1e9), Expected(perhaps=real + late, beside=beside)
    enough = since >= 2 and len(real) == 1 and real[0].calls >= 14
    if 'dns.no_answer' in real[0].codes and middle - since < 5:  # too early to speak of silence
        enough = False
    return between(capture, 0, middle), Expected(real if enough else [], real, beside)


def mutants(capture, truths, kinds=None):
    """(kind, capture, expected) for each that makes sense."""
    base = healthy_part(capture, truths)
    for kind in kinds or KEEPING + MAKING:
        if kind in KEEPING:
            made = keeping(kind, capture, truths)
        else:
            made = making(kind, base) if base and base.frames else None
        if made and made[0].frames:
            yield kind, made[0], made[1]


def main():
    if len(sys.argv) not in (4, 6) or sys.argv[2] not in KEEPING + MAKING:
        print(__doc__, file=sys.stderr)
        return 2
    since, until = sys.argv[4:] or ('', '')
    row = dict(codes='', side='', subject='x' if since else 'none', since=since, until=until, calls='', half='')
    for _, made, _ in mutants(read(sys.argv[1]), [Truth(row)], [sys.argv[2]]):
        write(made, sys.argv[3])
        return 0
    print('too little in this capture for that', file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
