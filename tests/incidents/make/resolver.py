#!/usr/bin/env python3
"""resolver.py CONFIG: a small DNS server over UDP and TCP whose answers, delays and silences follow a plan.

CONFIG: Listen (addresses), Names {name: {A, AAAA, ttl, cname}}, Ms (delay of an answer), Changes [[second, name, addresses]],
Faults [{since, until, name (shell pattern), type, do, ms, share}] with do one of servfail, refused, nxdomain, empty,
silent, slow, truncate.
"""

import asyncio, fnmatch, ipaddress, json, random, struct, sys, time

TYPES = {1: 'A', 28: 'AAAA'}
RCODES = {'servfail': 2, 'refused': 5, 'nxdomain': 3}


class Zone:
    def __init__(self, config):
        self.__dict__.update({k.lower(): v for k, v in config.items()}, turn=0)

    def now(self):
        return time.time() - self.begin

    def addresses(self, name, kind):
        entry = self.names.get(name)
        for second, changed, addresses in self.changes:
            if changed == name and self.now() >= second:
                entry = (
                    None
                    if addresses is None
                    else dict(
                        entry or {'ttl': 30},
                        A=[a for a in addresses if ':' not in a],
                        AAAA=[a for a in addresses if ':' in a],
                    )
                )
        if entry is None:
            return None, 0
        found = entry.get(kind, [])
        if self.rotate and found:
            self.turn += 1
            found = found[self.turn % len(found) :] + found[: self.turn % len(found)]
        return found, entry.get('ttl', 30)

    def fault(self, name, kind):
        for f in self.faults:
            if (
                f['since'] <= self.now() < f.get('until', 1e9)
                and fnmatch.fnmatch(name, f.get('name', '*'))
                and f.get('type', kind) == kind
                and random.random() < f.get('share', 1)
            ):
                return f
        return {}


def question(message):
    at, labels = 12, []
    while message[at]:
        labels.append(message[at + 1 : at + 1 + message[at]].decode('latin1'))
        at += 1 + message[at]
    return '.'.join(labels).lower(), struct.unpack('!H', message[at + 1 : at + 3])[0], message[12 : at + 5]


def soa(name):
    zone = name.split('.', 1)[-1] or name
    packed = b''.join(bytes([len(l)]) + l.encode() for l in zone.split('.')) + b'\0'
    body = b'\3ns1' + packed + b'\4host' + packed + struct.pack('!5I', 2026113000, 3600, 600, 86400, 15)
    return packed + struct.pack('!HHIH', 6, 1, 15, len(body)) + body


def reply(message, zone, tcp):
    """The answer and its delay in ms; None for silence."""
    name, number, asked = question(message)
    kind = TYPES.get(number, str(number))
    f = zone.fault(name, kind)
    do = f.get('do')
    delay = random.uniform(*f.get('ms', zone.ms))
    if do == 'silent':
        return None, 0
    found, ttl = zone.addresses(name, kind)
    rcode = RCODES.get(do, 3 if found is None else 0)
    truncated = do == 'truncate' and not tcp
    answers = [] if rcode or truncated or do == 'empty' else found or []
    flags = 0x8180 | rcode | (0x0200 if truncated else 0)
    negative = not answers and not truncated and rcode in (0, 3)
    records = b''.join(
        b'\xc0\x0c' + struct.pack('!HHIH', number, 1, ttl, len(a)) + a
        for a in (ipaddress.ip_address(x).packed for x in answers)
    )
    return (
        message[:2]
        + struct.pack('!HHHHH', flags, 1, len(answers), int(negative), 0)
        + asked
        + records
        + (soa(name) if negative else b''),
        delay,
    )


class Udp(asyncio.DatagramProtocol):
    def __init__(self, zone):
        self.zone = zone

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        answer, delay = reply(data, self.zone, False)
        if answer:
            asyncio.get_running_loop().call_later(delay / 1e3, self.transport.sendto, answer, peer)


async def tcp(zone, reader, writer):
    try:
        while True:
            size = struct.unpack('!H', await reader.readexactly(2))[0]
            answer, delay = reply(await reader.readexactly(size), zone, True)
            await asyncio.sleep(delay / 1e3)
            if answer:
                writer.write(struct.pack('!H', len(answer)) + answer)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main():
    with open(sys.argv[1]) as f:
        zone = Zone(json.load(f))
    loop = asyncio.get_running_loop()
    for address in zone.listen:
        await loop.create_datagram_endpoint(lambda: Udp(zone), local_addr=(address, 53))
        if getattr(zone, 'tcp', True):
            await asyncio.start_server(lambda r, w: tcp(zone, r, w), address, 53)
    print('ready', flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
