"""Processes and hosts that stand still, and load."""

from . import incident

SMALL = [dict(Path='/', Delay=[4, 12], Size=[300, 900])]


def three(lab, net, first, names, ports):
    for i, n in enumerate(names):
        lab.host(n, first + i, resolvers=[f'{net}.2'])
        lab.name(n)
        lab.serve(n, dict(Port=ports + i, Routes=SMALL))


@incident('69-python-process-stopped', 'tune', net='10.121.2', domain='dock.test', seconds=16)
def python_stopped(lab):
    """A Python process is stopped (SIGSTOP) for 3.6 s; curl and Go on the same host go on. Seen at the bridge."""
    lab.host('ns', 2)
    lab.host('agent', 80, resolvers=['10.121.2.2'])
    lab.dns('ns')
    three(lab, '10.121.2', 171, ('cargo', 'gates', 'scales'), 9410)
    frozen = lab.other(
        'agent',
        'requests',
        *[
            dict(Name=n, URL=f'http://{n}.dock.test:{p}/{n}/{{n}}', Every=[90, 180])
            for n, p in (('cargo', 9410), ('gates', 9411), ('scales', 9412))
        ],
    )
    lab.other('agent', 'curl', dict(Name='curl', URL='http://gates.dock.test:9411/health', Every=[400, 600]))
    lab.go('agent', dict(Name='go', URL='http://cargo.dock.test:9410/watch/{n}', Every=[150, 300]))
    lab.stop(frozen, 6.0, 9.6)
    lab.capture()
    lab.truth(
        'client.stopped',
        'client',
        '10.121.2.80',
        since=6.0,
        until=9.6,
        callers=['cargo', 'gates', 'scales'],
        note='the Python process stood still, others of its host did not; few calls are slow on the wire',
        not_to_blame='cargo; gates; scales; network',
        shows='http.user_agent contains "python-requests"',
        gap=3.3,
    )


@incident('70-event-loop-blocked', 'judge', net='10.122.3', domain='canteen.test', seconds=15)
def loop_blocked(lab):
    """node computes for 2.8 s: no timer, no answer read; Python on the same host goes on."""
    lab.host('ns', 2)
    lab.host('bff', 81, resolvers=['10.122.3.2'])
    lab.dns('ns')
    three(lab, '10.122.3', 174, ('meals', 'cards', 'users'), 9420)
    lab.other(
        'bff',
        'node',
        *[
            dict(Name=n, URL=f'http://{n}.canteen.test:{p}/{n}/{{n}}', Every=[60, 120])
            for n, p in (('meals', 9420), ('cards', 9421), ('users', 9422))
        ],
        options=dict(block=[5.5, 2800]),
    )
    lab.other('bff', 'requests', dict(Name='py', URL='http://cards.canteen.test:9421/py/{n}', Every=[150, 250]))
    lab.capture('bff')
    lab.truth(
        'client.stopped',
        'client',
        '10.122.3.81',
        since=5.5,
        until=8.3,
        callers=['meals', 'cards', 'users'],
        note='the node process did nothing for 2.8 s',
        not_to_blame='meals; cards; users; network',
        shows='http.user_agent contains "node-bff"',
        gap=2.5,
    )


@incident('71-host-stands-still-again-and-again', 'judge', net='10.123.4', domain='bakery.test', seconds=16)
def periodic(lab):
    """One process serves three ports and is stopped for 0.45 s every 2 s from 5 s on (a pause of garbage
    collection, or of the VM).
    """
    lab.host('ns', 2)
    lab.host('shop', 82, resolvers=['10.123.4.2'])
    lab.host('oven', 177, resolvers=['10.123.4.2'])
    lab.host('till', 178)
    for n in ('dough', 'bread', 'cakes'):
        lab.name('oven', n)
    lab.name('till')
    lab.dns('ns')
    all_three = lab.serve('oven', *[dict(Port=9430 + i, Routes=SMALL) for i in range(3)])
    lab.serve('till', dict(Port=9433, Routes=SMALL))
    for k in range(5):
        lab.stop(all_three, 5 + 2 * k, 5.45 + 2 * k)
    lab.go(
        'shop',
        *[
            dict(Name=n, URL=f'http://{n}.bakery.test:{9430 + i}/{n}/{{n}}', Every=[40, 80])
            for i, n in enumerate(('dough', 'bread', 'cakes'))
        ],
        dict(Name='till', URL='http://till.bakery.test:9433/t/{n}', Every=[60, 120]),
    )
    lab.capture('shop')
    lab.truth(
        'time.periodic|http.think_time',
        'server',
        '10.123.4.177',
        since=5,
        until=13.5,
        callers=['dough', 'bread', 'cakes'],
        note='the process (three services) stands still for 0.45 s every 2 s',
        not_to_blame='network; till; shop',
        shows='ip.src==10.123.4.177 && http.response && http.time>0.2',
    )


@incident('72-second-client-fills-the-worker', 'tune', net='10.124.5', domain='press.test', seconds=16)
def load(lab):
    """A server with one worker of 18 ms a call: a batch of another host doubles the load at 6 s and calls queue
    for it.
    """
    lab.host('ns', 2)
    lab.host('web', 83, resolvers=['10.124.5.2'])
    lab.host('batch', 84, resolvers=['10.124.5.2'])
    lab.host('render', 179)
    lab.host('fonts', 180)
    lab.name('render')
    lab.name('fonts')
    lab.dns('ns')
    lab.serve('render', dict(Port=9440, Workers=1, Routes=[dict(Path='/', Delay=[15, 20], Size=[500, 900])]))
    lab.serve('fonts', dict(Port=9441, Routes=SMALL))
    lab.go(
        'web',
        dict(Name='render', URL='http://render.press.test:9440/page/{n}', Every=[60, 120]),
        dict(Name='fonts', URL='http://fonts.press.test:9441/f/{n}', Every=[100, 200]),
    )
    lab.go(
        'batch',
        dict(Name='batch', URL='http://render.press.test:9440/book/{n}', Every=[14, 20], Since=6, Until=10),
        pools={'': dict(MaxIdle=60)},
    )
    lab.capture('render')
    lab.truth(
        'time.load|http.think_time',
        'server|client',
        'render.press.test|10.124.5.179',
        since=6,
        until=12.5,
        callers=['render', 'batch'],
        note='one worker; more calls than it can do since the batch began',
        not_to_blame='network; fonts',
        shows='http.response && tcp.srcport==9440 && http.time>0.1',
    )


@incident('73-java-process-stopped', 'judge', net='10.125.6', domain='rail.test', seconds=16)
def java_stopped(lab):
    """A Java process is stopped for 2.6 s; seen at its host with -i any."""
    lab.host('ns', 2)
    lab.host('ops', 85, resolvers=['10.125.6.2'])
    lab.dns('ns')
    three(lab, '10.125.6', 181, ('tracks', 'signals', 'crews'), 9450)
    frozen = lab.other(
        'ops',
        'java',
        *[
            dict(Name=n, URL=f'http://{n}.rail.test:{p}/{n}/{{n}}', Every=[70, 140])
            for n, p in (('tracks', 9450), ('signals', 9451), ('crews', 9452))
        ],
    )
    lab.go('ops', dict(Name='go', URL='http://crews.rail.test:9452/watch/{n}', Every=[100, 200]))
    lab.stop(frozen, 7.0, 9.6)
    lab.capture('ops', 'any')
    lab.truth(
        'client.stopped',
        'client',
        '10.125.6.85',
        since=7.0,
        until=9.6,
        callers=['tracks', 'signals', 'crews'],
        note='the Java process stood still; Go on the same host did not',
        not_to_blame='tracks; signals; crews; network',
        shows='http.user_agent contains "Java-http-client"',
        gap=2.3,
    )


@incident('74-server-process-stopped-once', 'tune', net='10.126.7', domain='museum.test', seconds=15)
def server_stopped(lab):
    """A server's process is stopped once for 2.4 s: its kernel goes on acknowledging and accepting; HTTP/2
    without TLS beside HTTP/1.1.
    """
    lab.host('ns', 2)
    lab.host('guide', 86, resolvers=['10.126.7.2'])
    lab.host('rooms', 184)
    lab.host('tickets', 185)
    lab.name('rooms')
    lab.name('tickets')
    lab.dns('ns')
    frozen = lab.serve('rooms', dict(Port=9460, H2C=True, Routes=SMALL))
    lab.serve('tickets', dict(Port=9461, Routes=SMALL))
    lab.go(
        'guide',
        dict(Name='rooms', URL='http://rooms.museum.test:9460/r/{n}', Every=[60, 140], Pool='h2'),
        dict(Name='rooms1', URL='http://rooms.museum.test:9460/old/{n}', Every=[100, 200]),
        dict(Name='tickets', URL='http://tickets.museum.test:9461/t/{n}', Every=[100, 200]),
        pools={'h2': dict(Proto='h2c')},
    )
    lab.stop(frozen, 6.0, 8.4)
    lab.capture('guide')
    lab.truth(
        'http.think_time|time.periodic|conn.accept_queue',
        'server',
        'rooms.museum.test|10.126.7.184',
        since=6,
        until=8.4,
        callers=['rooms', 'rooms1'],
        note='the process stood still for 2.4 s, its kernel acknowledged',
        not_to_blame='network; tickets',
        shows='ip.src==10.126.7.184 && tcp.len>0',
        gap=2.2,
    )


@incident('168-tls-server-pauses', 'judge', net='10.247.9', domain='kiln.test', seconds=11, v6='fd53:1:9', v4=False)
def tls_pauses(lab):
    """A server of TLS and HTTP/2 stands still for 0.3 s every 1.5 s; seen at its host, IPv6, without keys. Another server of
    its host goes on."""
    lab.host('ns', 2, resolvers=['fd53:1:9::2'])
    lab.host('yard', 60, resolvers=['fd53:1:9::2'])
    lab.host('oven', 61, resolvers=['fd53:1:9::2'])
    lab.name('oven')
    lab.dns('ns')
    cert, key = lab.certificate('oven.kiln.test')
    slow = lab.serve('oven', dict(Port=9871, Cert=cert, Key=key, Routes=SMALL))
    lab.serve('oven', dict(Port=9872, Routes=SMALL), label='other')
    for k in range(5):
        lab.stop(slow, 2.5 + 1.5 * k, 2.8 + 1.5 * k)
    for kind, pool in (('h2', dict(Proto='h2')), ('h1', {})):
        lab.go(
            'yard',
            dict(Name=kind, URL=f'https://oven.kiln.test:9871/{kind}/{{n}}', Every=[90, 170], Workers=3, Pool='p'),
            pools={'p': dict(pool, MaxIdle=4)},
            label=kind,
            ca=lab.authority(),
        )
    lab.go('yard', dict(Name='other', URL='http://oven.kiln.test:9872/o/{n}', Every=[60, 120]), label='plain')
    lab.capture('oven')
    lab.truth(
        'time.periodic|http.think_time',
        'server',
        'fd53:1:9::3d',
        since=2.5,
        until=8.8,
        callers=['h1', 'h2'],
        note='the process stands still for 0.3 s every 1.5 s, its kernel acknowledges; port 9872 of the host goes on',
        not_to_blame='network; port 9872',
        shows='tcp.srcport==9871 && tcp.len>0',
    )
