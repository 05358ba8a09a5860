#!/usr/bin/env python3
"""Holds `transport` against what the programs and routers of lab.sh say.

usage: judge.py PROGRAM FOLDER RUN..."""
import json
import subprocess
import sys
from pathlib import Path

PLACES = ("client", "middle", "end")
SHARE = 0.99
# A busy machine runs a program this much later than it could.
SCHEDULER_US = 25000


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def told_by(program, capture):
    """Exchanges with a request, by the client's port and their number on the connection."""
    out = subprocess.run([program, "-q", "-T", "ndjson", str(capture)], capture_output=True, check=True).stdout
    told = {}
    for line in out.decode().splitlines():
        x = json.loads(line)
        if x["kind"] in ("http1", "tls") and x["phases_us"]["wait"] is not None:
            told[int(x["connection"]["client"].rpartition(":")[2]), x["connection"]["exchange"]] = x
    return told


class Side:
    """What has come of one side of a connection; segments may begin anywhere in an earlier one, as offload cuts them."""

    def __init__(self, begin):
        self.begin, self.end, self.holes = begin, 0, []

    def is_new(self, begin):
        at = begin - self.begin & 0xFFFFFFFF
        return at >= self.end or any(low <= at < high for low, high in self.holes)

    def take(self, begin, length):
        at = begin - self.begin & 0xFFFFFFFF
        if at > self.end:
            self.holes.append((self.end, at))
        self.holes = [rest for low, high in self.holes for rest in ((low, min(high, at)), (max(low, at + length), high)) if rest[0] < rest[1]]
        self.end = max(self.end, at + length)


def sent_again(capture):
    """The client's ports of connections with bytes that came twice: on a machine that was late, timers repeat what was not
    lost."""
    data, at, syns, sides, found = capture.read_bytes(), 24, set(), {}, set()
    skip = {1: 14, 101: 0}[int.from_bytes(data[20:24], "little")]
    while at + 16 <= len(data):
        n = int.from_bytes(data[at + 8 : at + 12], "little")
        ip = data[at + 16 + skip : at + 16 + n]
        at += 16 + n
        tcp = ip[(ip[0] & 15) * 4 :]
        ports = int.from_bytes(tcp[:2], "big"), int.from_bytes(tcp[2:4], "big")
        payload = int.from_bytes(ip[2:4], "big") - (ip[0] & 15) * 4 - (tcp[12] >> 4) * 4
        begin = int.from_bytes(tcp[4:8], "big")
        if tcp[13] & 2:
            if (*ports, begin) in syns:
                found.add(max(ports))
            syns.add((*ports, begin))
            sides[ports] = Side(begin + 1)
        elif payload > 0 and ports in sides and not sides[ports].is_new(begin):
            found.add(max(ports))
        if payload > 0 and ports in sides:
            sides[ports].take(begin, payload)
    return found


def within(told_us, true_us):
    return abs(told_us - true_us) <= max(1000, true_us * 0.05)


def message_of(x, name):
    return (x["transport"] or {}).get(name, {})


def codes_of(x):
    return {f["code"] for f in x["findings"]}


def server_us(x):
    return (x["transport"] or {}).get("server_us", {}).get("value", -(10**9))


def is_bounded(x, true_us):
    told = (x["transport"] or {}).get("server_us", {})
    low, high = told.get("low", told.get("value", 10**9)), told.get("high", told.get("value", -1))
    return low - 1000 - true_us * 0.05 <= true_us <= high + 1000 + true_us * 0.05


def held_us(x):
    """Of the wait: lost segments of the request."""
    return message_of(x, "request").get("stalled_us", 0)


def fastest_us(x):
    return (x["transport"] or {}).get("rtt_us", {}).get("server", {}).get("min", 0)


def repeated(told):
    return {key for key, x in told.items() if message_of(x, "response").get("retransmitted", 0) > 0}


class Judge:
    def __init__(self):
        self.faults = []
        self.unjudged = []

    def hold(self, good, text):
        print(("  " if good else "WRONG: ") + text)
        if not good:
            self.faults.append(text)

    def server_time(self, where, calls, told, took, at_end):
        """Of the calls in which neither the machine was late to run the server, as the capture there shows, nor the link to
        carry the packets."""
        sure = [call for call in calls if call in told and self.was_prompt(told[call], at_end.get(call), took[call])]
        good = [call for call in sure if within(server_us(told[call]), took[call])]
        self.hold(all(call in told for call in calls), f"{where}: all of {len(calls)} calls are told")
        if len(sure) * 5 < len(calls):
            print(f"  NOT JUDGED: {where}: only {len(sure)} of {len(calls)} calls had no other delay: the machine is busy")
            self.unjudged.append(where)
            return
        print(f"  {where}: {len(sure)} of {len(calls)} calls had no other delay")
        self.hold(len(good) >= int(SHARE * len(sure)), f"{where}: server_us is right for {len(good)} of them")
        bounded = [call for call in sure if is_bounded(told[call], took[call])]
        self.hold(len(bounded) >= int(SHARE * len(sure)), f"{where}: and within its bounds for {len(bounded)}")

    @staticmethod
    def was_prompt(here, end, took_us):
        # Encrypting takes the server some of its time, too, which its log leaves out.
        late, slow = (700, 300) if here["kind"] == "tls" else (400, 500)
        if end is None or abs(end["phases_us"]["wait"] - held_us(end) - took_us) > late:
            return False
        on_way = here["phases_us"]["wait"] - held_us(here) - (end["phases_us"]["wait"] - held_us(end))
        return abs(on_way - fastest_us(here)) < slow

    def silence(self, where, told, late):
        """Nothing was lost, shut or paused, and nothing is told of it but what the machine itself was late."""
        for key, x in told.items():
            if key[0] in late:
                continue
            t = x["transport"] or {}
            said = [name for name in ("request", "response", "limit") if name in t]
            said += [name for name in ("idle_client_us", "idle_server_us") if t.get(name, 0) > SCHEDULER_US]
            said += [code for code in codes_of(x) if code.startswith("tcp.")]
            if said:
                self.hold(False, f"{where}: invented for {key}: {said} {t}")

    def losses(self, where, told, drops, at_end):
        """Each dropped packet was one call's, and was sent again: no two hit the same call, as they are far apart. Where a
        segment was lost before the capture, and none of the message came after it, its repeat looks like a late one."""
        hit = {
            name: {key for key, x in told.items() if message_of(x, name).get("stalled_us", 0) > 0}
            for name in ("request", "response")
        }
        if at_end is None:
            self.hold(not hit["request"], f"{where}: {len(hit['request'])} requests lost segments that cannot be seen here")
            again = repeated(told)
            self.hold(len(again) >= drops["server"], f"{where}: {len(again)} responses sent again for {drops['server']} losses")
            return
        sent = repeated(at_end)
        self.hold(len(hit["request"]) == drops["client"], f"{where}: {len(hit['request'])} of {drops['client']} requests")
        self.hold(hit["response"] <= sent, f"{where}: no response too many")
        self.hold(len(hit["response"]) * 2 >= drops["server"], f"{where}: {len(hit['response'])} of {drops['server']} responses")

    def stall(self, where, x, true_ms, said_us, what):
        self.hold(
            true_ms * 1000 * 0.8 <= said_us <= true_ms * 1000 * 1.25 + 20000,
            f"{where}: {what} of {true_ms} ms told as {said_us / 1000:.0f} ms",
        )

    def stalls(self, where, calls, told):
        for key, call in calls.items():
            x = told.get(key)
            self.hold(x is not None, f"{where}: {key} is told")
            if x is None:
                continue
            t = x["transport"] or {}
            if call.get("client_pause"):
                self.stall(where, x, call["client_pause"], message_of(x, "response").get("zero_window_us", 0), "client's shut window")
                self.hold("tcp.zero_window_client" in codes_of(x), f"{where}: and has its finding")
            elif call.get("read_pause"):
                self.stall(where, x, call["read_pause"], message_of(x, "request").get("zero_window_us", 0), "server's shut window")
                self.hold("tcp.zero_window_server" in codes_of(x), f"{where}: and has its finding")
            elif call.get("pause"):
                self.stall(where, x, call["pause"], t.get("idle_server_us", 0), "server's pause")
            elif call.get("send_pause"):
                self.stall(where, x, call["send_pause"], t.get("idle_client_us", 0), "client's pause")
            phases = x["phases_us"]
            said = sum(message_of(x, m).get(k, 0) for m in ("request", "response") for k in ("stalled_us", "zero_window_us"))
            self.hold(said <= phases["send"] + phases["wait"] + phases["receive"], f"{where}: no more than the phases")


def judge_run(judge, program, folder, run):
    calls = {(c["port"], c["number"]): c for c in lines(folder / f"{run}.calls")}
    took = {(c["port"], c["number"]): c["server_us"] for c in lines(folder / f"{run}.server")}
    all_told = {place: told_by(program, folder / f"{run}.{place}.pcap") for place in PLACES}
    end = all_told["end"]
    late = set().union(*(sent_again(folder / f"{run}.{place}.pcap") for place in PLACES))
    if late and run != "loss":
        print(f"  {run}: {len(late)} connections sent bytes again, though nothing was lost")
    for place, told in all_told.items():
        where = f"{run} at {place}"
        if run.endswith("stalls"):
            judge.stalls(where, calls, told)
            continue
        judge.server_time(where, calls, told, took, end)
        if run == "loss":
            drops = json.loads((folder / f"{run}.drops").read_text(encoding="ascii"))
            judge.losses(where, told, drops, None if place == "end" else end)
        else:
            judge.silence(where, told, late)


def main():
    program, folder, runs = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    judge = Judge()
    for run in runs:
        judge_run(judge, program, folder, run)
    print(f"{len(judge.faults)} wrong, {len(judge.unjudged)} not judged")
    if judge.faults:
        return 1
    return 77 if len(judge.unjudged) > len(runs) else 0


if __name__ == "__main__":
    sys.exit(main())
