#!/usr/bin/env python3
"""Holds what the program claims of a capture against all packets of the file, as tshark dissects them.

usage: contradictions.py PROGRAM [--old PROGRAM] [--cache FOLDER] [-v] CAPTURE_OR_FOLDER...

A claim ("this address answered no SYN") is contradicted when a packet anywhere in the file says otherwise. Prints, for each
kind, how many claims there are and how many are contradicted, with -v also which packet contradicts. Rows of explained.tsv
are claims that stand although the checker sees a contradiction. --old also prints the uncontradicted claims of an older
program that the new one no longer makes, and what it says of the exchange instead. --cache keeps what was found for each
program and capture, so that an interrupted run goes on. Exit status: 0 none is contradicted, 1 some are, 77 a tool is
missing.
"""
import collections
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

FIELDS = ("frame.number frame.time_epoch frame.len frame.cap_len ip.src ip.dst ipv6.src ipv6.dst tcp.srcport tcp.dstport "
          "tcp.flags tcp.seq_raw tcp.ack_raw tcp.len tcp.payload udp.srcport udp.dstport dns.id dns.flags.response "
          "dns.flags.rcode dns.qry.name dns.a dns.aaaa icmp.type icmpv6.type dns.count.answers").split()
FIN, SYN, RST, ACK = 1, 2, 4, 16
NEAR_S = 0.01  # other lookups of the name may have other answers
LIMIT_S = 60  # for one file, each of the program and tshark


class Packet:
    """One TCP or DNS packet. Addresses are the innermost ones: a tunnel's are not those of the claim."""

    def __init__(self, row):
        get = dict(zip(FIELDS, row))
        last = lambda name: get.get(name, "").split(",")[-1]
        number = lambda name: int(last(name), 0) if last(name) else 0
        self.n = int(get["frame.number"])
        self.time = float(get["frame.time_epoch"] or 0)
        self.cut = get["frame.len"] != get["frame.cap_len"]
        self.src_ip = last("ip.src") or last("ipv6.src")
        self.dst_ip = last("ip.dst") or last("ipv6.dst")
        self.tcp = bool(get["tcp.flags"])
        port = "tcp" if self.tcp else "udp"
        self.src = (self.src_ip, number(port + ".srcport"))
        self.dst = (self.dst_ip, number(port + ".dstport"))
        self.flags = number("tcp.flags")
        self.seq, self.ack, self.len = number("tcp.seq_raw"), number("tcp.ack_raw"), number("tcp.len")
        self.payload = bytes.fromhex(last("tcp.payload")[:64].replace(":", ""))
        self.dns = bool(get["dns.id"])
        self.id = get["dns.id"].split(",")
        self.response = "1" in get["dns.flags.response"] or "True" in get["dns.flags.response"]
        self.rcode = number("dns.flags.rcode")
        self.names = [plain(name) for name in get["dns.qry.name"].split(",") if name]
        self.addresses = bool(get["dns.a"] or get["dns.aaaa"])
        self.quote = bool(get["icmp.type"] or get["icmpv6.type"])

    def has(self, flags):
        return self.flags & flags == flags


def plain(name):
    return name.lower().rstrip(".")


def endpoint(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def packets_of(path):
    command = ["tshark", "-n", "-r", path, "-o", "tcp.desegment_tcp_streams:FALSE", "-o", "tcp.analyze_sequence_numbers:TRUE",
               "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=,"]
    for field in FIELDS:
        command += ["-e", field]
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=LIMIT_S).stdout
    rows = (line.split("\t") for line in out.decode("utf-8", "replace").split("\n"))
    return {p.n: p for p in (Packet(row) for row in rows if len(row) == len(FIELDS) and row[0].isdigit())}


class Capture:
    def __init__(self, path):
        self.packets = packets_of(path)
        self.all = [p for p in self.packets.values() if not p.quote]
        self.flows = collections.defaultdict(list)
        for p in self.all:
            if p.tcp:
                self.flows[frozenset((p.src, p.dst))].append(p)
        for flow in self.flows.values():
            flow.sort(key=lambda p: (p.time, p.n))
        self.dns = sorted((p for p in self.all if p.dns), key=lambda p: (p.time, p.n))

    def attempt(self, syn):
        """The packets of the port's use that this SYN begins or repeats, and the SYN's next use."""
        flow = self.flows[frozenset((syn.src, syn.dst))]
        own = []
        for p in flow:
            if p.has(SYN) and not p.flags & ACK and p.src == syn.src and p.seq != syn.seq and p.time > syn.time:
                break
            if (p.time, p.n) >= (syn.time, syn.n):
                own.append(p)
        return own

    def life(self, client, server, at):
        """The packets of the connection that packet `at` belongs to: from its SYN to the port's next one."""
        own, seq = [], None
        for p in self.flows.get(frozenset((client, server)), []):
            if p.has(SYN) and not p.flags & ACK and p.src == client and p.seq != seq:
                if any(q.n == at for q in own):
                    break
                own, seq = [], p.seq
            own.append(p)
        return own


class Claim:
    def __init__(self, exchange, code, text, evidence):
        self.exchange, self.code, self.text = exchange, code, text
        self.numbers = [n for _, n in evidence]
        connection = exchange["connection"] or {}
        self.client = endpoint(connection["client"]) if connection.get("client") else None
        self.server = endpoint(connection["server"]) if connection.get("server") else None

    def life(self, capture):
        return capture.life(self.client, self.server, self.numbers[0]) if self.client and self.server and self.numbers else []


def claims_of(program, path):
    run = subprocess.run([program, "--all", "-T", "ndjson", "-j", "1", path], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, timeout=LIMIT_S)
    for line in run.stdout.decode("utf-8", "replace").splitlines():
        exchange = json.loads(line)
        for finding in exchange["findings"]:
            if finding["code"] in CHECKS:
                yield Claim(exchange, finding["code"], finding["text"], finding["evidence"])
        if exchange["outcome"] == "no_response":
            wrote = [e["evidence"] for e in exchange["events"] if e["hook"] in ("WroteRequest", "WroteHeaders")]
            yield Claim(exchange, "outcome.no_response", "", wrote[-1] if wrote else [])


def answers(syn, own):
    return [p for p in own if p.src == syn.dst and p.has(SYN | ACK) and p.ack == (syn.seq + 1) % 2**32]


def acknowledged(syn, own):
    for answer in answers(syn, own):
        for p in own:
            if (p.src == syn.src and p.has(ACK) and not p.flags & (RST | SYN) and (p.time, p.n) > (answer.time, answer.n)
                    and p.ack == (answer.seq + 1) % 2**32):
                return p
    return None


def refusal(syn, own):
    return next((p for p in own if p.src == syn.dst and p.has(RST) and (not p.has(ACK) or p.ack == (syn.seq + 1) % 2**32)),
                None)


def syns(claim, capture):
    found = [capture.packets.get(n) for n in claim.numbers]
    return [p for p in found if p and p.tcp and p.has(SYN) and not p.flags & ACK and not p.quote]


def no_answer(claim, capture):
    within = re.search(r"to one SYN is in the capture within ([\d.]+) s", claim.text)
    for syn in syns(claim, capture):
        own = capture.attempt(syn)
        if within:
            own = [p for p in own if p.time <= syn.time + float(within.group(1))]
        for p in answers(syn, own) + [refusal(syn, own)]:
            if p:
                return f"packet {p.n} answers SYN {syn.n}"
    return None


def unacknowledged(claim, capture):
    for syn in syns(claim, capture):
        p = acknowledged(syn, capture.attempt(syn))
        if p:
            return f"packet {p.n} acknowledges"
    found = [capture.packets[n] for n in claim.numbers if n in capture.packets and capture.packets[n].has(SYN | ACK)]
    if not found and not any(answers(s, capture.attempt(s)) for s in syns(claim, capture)):
        return "no SYN-ACK"
    return None


def refused(claim, capture):
    found = [capture.packets.get(n) for n in claim.numbers]
    resets = [p for p in found if p and p.tcp and p.has(RST)]
    if not resets and not any(p and p.quote for p in found):
        return "no RST among the evidence"
    for syn in syns(claim, capture):
        p = acknowledged(syn, capture.attempt(syn))
        if p and all((p.time, p.n) < (r.time, r.n) for r in resets):
            return f"packet {p.n} acknowledges before the RST"
    return None


def conn_open(claim, capture):
    for syn in syns(claim, capture):
        own = capture.attempt(syn)
        p = acknowledged(syn, own) or refusal(syn, own)
        if p:
            return f"packet {p.n} settles SYN {syn.n}"
    return None


def challenged(claim, capture):
    for syn in syns(claim, capture):
        for p in capture.attempt(syn):
            if p.src == syn.dst and p.has(ACK) and not p.flags & (SYN | RST) and p.ack != (syn.seq + 1) % 2**32:
                return None
    return "no such ACK" if syns(claim, capture) else None


def queries(claim, capture):
    """The evidence's queries and those of the same client for the same name between them."""
    own = [capture.packets[n] for n in claim.numbers if n in capture.packets]
    own = [p for p in own if p.dns and not p.response]
    if not own:
        return []
    names = {name for p in own for name in p.names}
    first, last = min(p.time for p in own), max(p.time for p in own)
    return [p for p in capture.dns if not p.response and p.src_ip == own[0].src_ip and names & set(p.names)
            and first <= p.time <= last]


def dns_unanswered(claim, capture):
    if re.search(r"\d+ of \d+ queries", claim.text):
        return None  # that some were answered is said
    for q in queries(claim, capture):
        for p in capture.dns:
            if (p.response and p.dst == q.src and p.src == q.dst and set(p.id) & set(q.id) and p.time >= q.time
                    and (not p.names or set(p.names) & set(q.names))):
                return f"packet {p.n} answers query {q.n}"
    return None


def name_in(text):
    found = re.match(r"(?:the name server answered for )?(\S+?),? ", text)
    return plain(found.group(1)) if found else None


def dns_no_address(claim, capture):
    own = [capture.packets[n] for n in claim.numbers if n in capture.packets and capture.packets[n].dns]
    if not own:
        return None
    name = name_in(claim.text)
    clients = {p.dst_ip if p.response else p.src_ip for p in own}
    first, last = min(p.time for p in own) - NEAR_S, max(p.time for p in own) + NEAR_S
    for p in capture.dns:
        if p.response and p.addresses and name in p.names and p.dst_ip in clients and first <= p.time <= last:
            return f"packet {p.n} has addresses of {name}"
    return None


def dns_cut(claim, capture):
    own = [capture.packets[n] for n in claim.numbers if n in capture.packets]
    for p in own:
        if p.dns and p.response and p.addresses and not p.cut:
            return f"packet {p.n} has addresses, whole"
    return None


def closings(life, who):
    return [p for p in life if p.src == who and p.flags & (FIN | RST)]


def closed_first(claim, capture, blamed, other):
    life = claim.life(capture)
    mine, others = closings(life, blamed), closings(life, other)
    if not mine and life and not any(p.cut for p in life):
        return "no FIN or RST of the blamed side"
    if mine and others and (others[0].time, others[0].n) < (mine[0].time, mine[0].n):
        return f"packet {others[0].n} of the other side came before {mine[0].n}"
    return None


def closed_by_client(claim, capture):
    return closed_first(claim, capture, claim.client, claim.server)


def closed_by_server(claim, capture):
    return closed_first(claim, capture, claim.server, claim.client)


def stale_reuse(claim, capture):
    life = claim.life(capture)
    if life and not closings(life, claim.server):
        return "no FIN or RST of the server"
    return None


def after(a, b):
    return 0 < (a - b) % 2**32 < 2**31


def lost_on_way(claim, capture):
    life = claim.life(capture)
    segments = [p for p in life if p.n in claim.numbers and p.src == claim.server and p.len]
    acks = [p for p in life if p.src == claim.client and p.has(ACK)]
    for segment in segments:
        p = next((p for p in acks if not after((segment.seq + segment.len) % 2**32, p.ack) and p.time >= segment.time), None)
        if p:
            return f"packet {p.n} acknowledges segment {segment.n}"
    return None


def hole(life, sender):
    """Whether the capture lacks bytes of `sender`: between its segments, or acknowledged beyond them."""
    parts = [p for p in life if p.src == sender and (p.len or p.flags & (SYN | FIN)) and not p.flags & RST]
    if any(p.cut for p in parts):
        return True
    acks = [p.ack for p in life if p.dst == sender and p.has(ACK) and not p.flags & RST]
    if not parts:
        return len(set(acks)) > 1
    base = parts[0].seq
    offset = lambda seq: (seq - base + 2**31) % 2**32 - 2**31
    spans = sorted((offset(p.seq), offset(p.seq) + p.len + bool(p.flags & SYN) + bool(p.flags & FIN)) for p in parts)
    end = spans[0][0]
    for first, stop in spans:
        if first > end:
            return True
        end = max(end, stop)
    return any(offset(a) > end for a in acks) or any(offset(a) < spans[0][0] for a in acks)


def gap(claim, capture):
    life = claim.life(capture)
    if life and not any(p.has(SYN) and not p.flags & ACK for p in life):
        return None  # began before the capture: what it lacks there cannot be seen
    if life and not hole(life, claim.client) and not hole(life, claim.server):
        return "no byte of the connection is missing"
    return None


def tls_closed(claim, capture):
    life = claim.life(capture)
    if life and not closings(life, claim.server) and not closings(life, claim.client):
        return "no FIN or RST"
    return None


def no_response(claim, capture):
    if claim.exchange["kind"] != "http1" or not claim.numbers:
        return None
    life = claim.life(capture)
    request = next((p for p in life if p.n == claim.numbers[-1]), None)
    if not request:
        return None
    before = claim.exchange["connection"]["exchange"]  # requests of the connection, which are answered in their order
    starts = set()
    for p in life:
        later = (p.time, p.n) > (request.time, request.n)
        if later and (p.src == claim.client and p.flags & (FIN | RST) or p.src == claim.server and p.flags & RST):
            return None  # from here on it no longer listened
        if p.src == claim.server and re.match(rb"HTTP/1\.\d [2-5]\d\d", p.payload):
            starts.add(p.seq)
            if later and len(starts) > before:
                return f"packet {p.n} is a response"
    return None


CHECKS = {
    "conn.no_answer": no_answer, "conn.unacknowledged": unacknowledged, "conn.refused": refused, "conn.open": conn_open,
    "conn.challenged": challenged, "dns.no_answer": dns_unanswered, "dns.open": dns_unanswered,
    "dns.empty_answer": dns_no_address, "dns.not_found": dns_no_address, "dns.server_failure": dns_no_address,
    "dns.cut": dns_cut, "conn.closed_by_client": closed_by_client, "conn.closed_by_server": closed_by_server,
    "conn.stale_reuse": stale_reuse, "tcp.lost_on_way": lost_on_way, "capture.gap": gap, "tls.closed": tls_closed,
    "outcome.no_response": no_response,
}


def captures(paths):
    for path in paths:
        if os.path.isfile(path):
            yield path
        for folder, _, names in sorted(os.walk(path)):
            for name in sorted(names):
                if re.search(r"\.(pcap|pcapng|cap)(\.(gz|zst|lz4))?$", name):
                    yield os.path.join(folder, name)


def explained():
    """Pairs of a capture's path, as it ends, and a kind."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "explained.tsv")) as f:
        rows = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
    return [(path, code) for path, code, _ in rows]


class Tally:
    """Verdicts are lists: code, the exchange's id, packets, text, and what contradicts it or null."""

    def __init__(self):
        self.claims, self.against, self.explained = (collections.Counter() for _ in range(3))
        self.stands, self.rows = collections.defaultdict(list), explained()  # by path

    def add(self, path, verdict):
        code, _, _, _, why = verdict
        self.claims[code] += 1
        if not why:
            self.stands[path].append(verdict)
        elif any(path.endswith(end) and code == kind for end, kind in self.rows):
            self.explained[code] += 1
        else:
            self.against[code] += 1


def check(program, path, capture):
    verdicts = []
    for claim in claims_of(program, path):
        if capture[0] is None:
            capture[0] = Capture(path)
        verdicts.append([claim.code, claim.exchange["id"], claim.numbers, claim.text, CHECKS[claim.code](claim, capture[0])])
    return verdicts


def digest(data):
    return hashlib.sha256(data).hexdigest()[:32]


class Cache:
    def __init__(self, folder, programs):
        with open(__file__, "rb") as f:
            checker = f.read()
        self.folders = []
        for program in programs if folder else []:
            with open(program, "rb") as f:
                self.folders.append(os.path.join(folder, digest(f.read() + checker)))
        for each in self.folders:
            os.makedirs(each, exist_ok=True)

    def check(self, i, program, path, capture):
        if not self.folders:
            return check(program, path, capture)
        name = os.path.join(self.folders[i], digest(path.encode()))
        if os.path.exists(name):
            with open(name) as f:
                return json.load(f)
        verdicts = check(program, path, capture)
        with open(name + ".new", "w") as f:
            json.dump(verdicts, f)
        os.rename(name + ".new", name)
        return verdicts


def run(programs, paths, verbose, folder):
    tallies = [Tally() for _ in programs]
    cache = Cache(folder, programs)
    skipped = 0
    for path in captures(paths):
        capture = [None]  # dissected once, when the first claim asks for it
        for i, program in enumerate(programs):
            try:
                verdicts = cache.check(i, program, path, capture)
            except subprocess.TimeoutExpired:
                skipped += 1
                continue
            for verdict in verdicts:
                tallies[i].add(path, verdict)
                if verdict[4] and verbose and i == 0:
                    code, exchange, numbers, text, why = verdict
                    print(f"{path}: {code} {exchange} {numbers}: {text}\n    {why}", flush=True)
    return tallies, skipped


def same_subject(a, b):
    return a[1] == b[1] or bool(set(a[2]) & set(b[2]))


def gone_from(old, new):
    """The claims of `old` that `new` does not make, each with its path and the kinds of what `new` says instead."""
    for path, verdicts in old.stands.items():
        for verdict in verdicts:
            now = {other[0] for other in new.stands[path] if same_subject(verdict, other)}
            if verdict[0] not in now:
                yield path, verdict, sorted(now)


def show(tallies, skipped, verbose):
    heads = ["claims", "against", "explained"] + (["old", "against", "gone", "kept %"] if len(tallies) > 1 else [])
    print(f"{'kind':24}" + "".join(f"{head:>10}" for head in heads))
    gone = list(gone_from(tallies[1], tallies[0])) if len(tallies) > 1 else []
    for code in sorted(CHECKS):
        cells = [t[code] for t in (tallies[0].claims, tallies[0].against, tallies[0].explained)]
        if len(tallies) > 1:
            stood = sum(verdict[0] == code for verdicts in tallies[1].stands.values() for verdict in verdicts)
            left = sum(verdict[0] == code for _, verdict, _ in gone)
            kept = f"{100 * (stood - left) / stood:.1f}" if stood else "-"
            cells += [tallies[1].claims[code], tallies[1].against[code] + tallies[1].explained[code], left, kept]
        print(f"{code:24}" + "".join(f"{cell:>10}" for cell in cells))
    for path, (code, exchange, numbers, text, _), now in gone if verbose else []:
        print(f"gone: {path} {code} {exchange} {numbers}: {text}\n    now: {' '.join(now) or '-'}")
    if skipped:
        print(f"{skipped} files took longer than {LIMIT_S} s and were left out")
    if not sum(tallies[0].claims.values()):
        print("no claim at all: nothing was checked")
        return 1
    return 1 if sum(tallies[0].against.values()) else 0


def option(arguments, name):
    if name not in arguments:
        return None
    at = arguments.index(name)
    value = arguments[at + 1]
    del arguments[at:at + 2]
    return value


def main(arguments):
    if not shutil.which("tshark"):
        print("skipped: needs tshark")
        return 77
    verbose = "-v" in arguments
    arguments = [a for a in arguments if a != "-v"]
    old, folder = option(arguments, "--old"), option(arguments, "--cache")
    programs = [arguments.pop(0)] + ([old] if old else [])
    missing = [path for path in arguments if not os.path.exists(path)]
    if missing:
        print("skipped: needs", *missing)
        return 77
    return show(*run(programs, arguments, verbose, folder), verbose)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
